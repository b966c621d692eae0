/* SPDX-License-Identifier: Apache-2.0 */
/* What unpacking an archive would do: its members, which of them are meant, and which differ from the disk. */
#pragma once

#include "agent/system/archive/archive_compare.h"
#include "agent/system/archive/archive_select.h"

struct unarchive_member {
    struct archive_member member; /* path NULL: stripped to nothing, listed but never written */
    const char *change;           /* itemized change; NULL: there already */
    size_t number;                /* position in the archive */
};

struct unarchive_plan {
    struct unarchive_member *members; /* meant ones, in order; of two with one path only the last */
    size_t count, capacity;
    size_t total; /* all members of the archive */
    size_t changed;
    bool is_archive, is_zip, is_gzip;
};

struct unarchive_request {
    int fd;             /* the archive */
    const char *name;   /* its name, for messages */
    const char *folder; /* destination, links resolved */
    unsigned strip;
    struct archive_selection selection;
    struct archive_wishes wishes;
};

/* Reads the archive once. Refuses archives that would write through a symbolic link. wishes.is_zip is set here. */
bool unarchive_plan_make(struct unarchive_request *request, struct unarchive_plan *plan, struct error *err);
/* Reads it again and writes the members that differ. */
bool unarchive_plan_carry_out(struct unarchive_request *request, const struct unarchive_plan *plan, struct error *err);

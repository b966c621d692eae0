/* SPDX-License-Identifier: Apache-2.0 */
/* Is a member of an archive on disk already as it would be unpacked? And what owner, mode and time would it
 * get? */
#pragma once

#include "agent/system/archive/archive_extract.h"
#include "agent/system/host/system.h"

/* What is to come of the archive's owners and permissions. */
struct archive_wishes {
    const struct system *system;
    struct arena *arena;
    bool is_zip;     /* the archive's owners do not count, times have two-second steps, contents are compared */
    bool same_owner; /* tar unpacked by root: the archive's owners count */
    bool numeric_owner;
    bool touch, keep_newer, skip_old;
    bool has_owner, has_group; /* the user named them: uid, gid */
    unsigned uid, gid;
    bool has_mode;                      /* the user named one: it is set afterwards, the archive's is not compared */
    mode_t mask;                        /* permission bits taken off */
    const char *last_user, *last_group; /* looked up last */
    unsigned last_uid, last_gid;
};

/* What unpacking gives the member. */
struct archive_attributes archive_wishes_attributes(struct archive_wishes *wishes, const struct archive_member *member);
/* *change_out: NULL when the member is there as it should be (or is to be left), else an itemized change as
 * rsync writes it (">f++++++.??", ".f..t....??"). `path` is where the member goes. May read the member's
 * content. */
bool archive_member_compare(struct archive_wishes *wishes, struct archive_reader *reader,
                            const struct archive_member *member, const char *folder, const char **change_out,
                            struct error *err);

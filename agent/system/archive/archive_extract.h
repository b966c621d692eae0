/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing members of an archive beneath one folder. Never through a symbolic link, never outside; a file
 * appears whole or not at all. Owner and permission come from the caller, who knows the archive's kind and
 * the user's wishes.
 */
#pragma once

#include "agent/system/archive/archive.h"

struct archive_attributes {
    bool set_owner;
    uid_t uid;
    gid_t gid;
    mode_t mode;
    struct timespec mtime; /* tv_nsec may be UTIME_NOW */
};

struct archive_target;

bool archive_target_open(struct arena *arena, const char *folder, struct archive_target **out, struct error *err);
/* Writes the member that `reader` has just read. */
bool archive_target_write(struct archive_target *target, struct archive_reader *reader,
                          const struct archive_member *member, const struct archive_attributes *attributes,
                          struct error *err);
/* Notes what a folder shall have in the end, when everything is in it. */
void archive_target_note_folder(struct archive_target *target, const char *path,
                                const struct archive_attributes *attributes);
/* Gives folders their attributes and waits for the disk. */
bool archive_target_finish(struct archive_target *target, struct error *err);
/* False where a part of the path above the member is a symbolic link or no folder: *why_out tells. A missing
 * part is fine. */
bool archive_target_is_safe(struct archive_target *target, const char *path, const char **why_out);
void archive_target_close(struct archive_target *target);
void archive_target_guard(struct archive_target **target);
#define ARCHIVE_TARGET_SCOPED __attribute__((cleanup(archive_target_guard))) struct archive_target *

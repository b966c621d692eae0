/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside controller/service: a tar archive (POSIX ustar; sizes beyond 8 GiB as GNU tar writes them) of plain files, as far as a
 * backup needs one. Written beside its place, private (0600), brought to the disk and renamed; its last file SHA256SUMS names
 * the digest of every other, so that a damaged one is known before anything of it is used.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/error.h"

#define ARCHIVE_NAME_MAX 99
#define ARCHIVE_SUMS "SHA256SUMS"

#define ARCHIVE_TEMPORARY ".roost-backup-"

struct archive_out;

/* Beside `path`: ARCHIVE_TEMPORARY, this process's number, ".", `what`; whoever was killed is known by that number. */
const char *archive_temporary(struct arena *arena, const char *path, const char *what);

bool archive_create(const char *path, struct archive_out **out, struct error *err);
bool archive_add(struct archive_out *archive, const char *name, const char *path, struct error *err);
bool archive_finish(struct archive_out *archive, struct error *err); /* it is gone in any case */
void archive_abandon(struct archive_out *archive);                   /* NULL is fine */

/* Every file into `folder` under its name ("trust/ca.key"), 0600, and held against its digest; folders are made, 0700. Refused
 * by name: what is no such archive, is cut off or damaged, or has names that lead elsewhere. What was written stays. */
bool archive_unpack(const char *path, const char *folder, struct error *err);

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inode flags as lsattr and chattr spell them (letters of e2fsprogs 1.47), read and set by the kernel's
 * FS_IOC_ ioctls: neither program is needed.
 */
#pragma once

#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/error.h"
#include "common/value/value.h"

#define FILE_FLAGS_LETTERS 40

struct file_flags {
    unsigned bits;
    uint32_t version; /* inode generation */
    bool has_version;
};

/* False where the file or its file system has none (links, devices, procfs): no error is set. Links are not
 * followed. */
bool file_flags_get(const char *path, struct file_flags *out);
void file_flags_letters(unsigned bits, char out[FILE_FLAGS_LETTERS]); /* lsattr's order, without dashes */
/* Ansible's words for the letters: ["extents", "immutable"]; letters it has no word for are left out. */
struct value *file_flags_names(struct arena *arena, const char *letters);
/* What `text` ("=ai", "+i", "-d", "i") makes of `bits`. Letters chattr does not set are refused by name. */
bool file_flags_parse(const char *text, unsigned bits, unsigned *out, struct error *err);
bool file_flags_set(const char *path, unsigned bits, struct error *err);

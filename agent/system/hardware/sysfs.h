/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Small files of /sys and /proc behind the system's root folder, as numbers, text and names. Nothing here fails:
 * a file that is absent, unreadable, larger than the limit or no number counts as not there, so that the readers
 * above (gpu.h, kfd.h, hwmon.h ...) are straight lists of what they want. Only reading.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/system/host/system.h"

#define SYSFS_FILE_MAX ((size_t)64 * 1024)
#define SYSFS_TEXT_MAX ((size_t)4 * 1024 * 1024)
#define SYSFS_NAMES_MAX 4096

struct sysfs {
    const struct system *system;
    struct arena *arena;
};

/* The whole file; NULL when it is not there or larger than `limit`. A NUL is put behind it. */
char *sysfs_data(const struct sysfs *fs, const char *path, size_t limit, size_t *length_out);
/* The same as text: up to a NUL, what is no UTF-8 made '?'. */
char *sysfs_document(const struct sysfs *fs, const char *path, size_t limit);
/* `folder`/`file` without white space around it; NULL when it is not there or empty. What is no UTF-8 becomes '?'. */
const char *sysfs_text(const struct sysfs *fs, const char *folder, const char *file);
/* Decimal, or hexadecimal with 0x in front; nothing but a line end behind it. */
bool sysfs_number(const struct sysfs *fs, const char *folder, const char *file, int64_t *out);
/* "0x1586" as "1586" in lower case; NULL when it is no such number. */
const char *sysfs_hex(const struct sysfs *fs, const char *folder, const char *file);
bool sysfs_exists(const struct sysfs *fs, const char *folder, const char *file);
/* Last part of what the link points to, or NULL. */
const char *sysfs_link(const struct sysfs *fs, const char *folder, const char *file);
/* Names in a folder, sorted, NULL-terminated, at most SYSFS_NAMES_MAX; empty when there is no such folder. */
const char *const *sysfs_names(const struct sysfs *fs, const char *folder);
/* Those of the form prefix + number, in the order of the numbers. */
const char *const *sysfs_numbered(const struct sysfs *fs, const char *folder, const char *prefix);

/* For building maps: the key is put only if the file says something. */
void sysfs_put_text(const struct sysfs *fs, struct value *map, const char *key, const char *folder, const char *file);
void sysfs_put_number(const struct sysfs *fs, struct value *map, const char *key, const char *folder, const char *file);
/* The same, but a negative number counts as not known. */
void sysfs_put_count(const struct sysfs *fs, struct value *map, const char *key, const char *folder, const char *file);
void sysfs_put_hex(const struct sysfs *fs, struct value *map, const char *key, const char *folder, const char *file);
/* Puts the string unless it is NULL. */
void sysfs_put(const struct sysfs *fs, struct value *map, const char *key, const char *text);
void sysfs_put_real(const struct sysfs *fs, struct value *map, const char *key, double real);

/* SPDX-License-Identifier: Apache-2.0 */
/* Paths as text: no function here touches the file system but path_exists and its two sisters. */
#pragma once

#include <stdbool.h>

#include "common/base/arena.h"

char *path_join(struct arena *arena, const char *base, const char *path); /* absolute `path` wins */
char *path_dirname(struct arena *arena, const char *path);                /* as Python's os.path.dirname */
const char *path_basename(const char *path);                 /* as Python's os.path.basename: "" after "/" */
char *path_normalize(struct arena *arena, const char *path); /* as os.path.normpath */
char *path_absolute(struct arena *arena, const char *path);
char *path_expand_user(struct arena *arena, const char *path); /* ~ and ~user */
const char *path_extension(const char *path);                  /* ".yml", or "" */
bool path_is_inside(const char *path, const char *folder);     /* both normalized */

bool path_exists(const char *path);
bool path_is_file(const char *path);
bool path_is_folder(const char *path);

/* SPDX-License-Identifier: Apache-2.0 */
/* What may stand in the members of a piece: every text ends up in a unit file, on a command line or in a rule of the firewall. */
#pragma once

#include "common/placement/piece.h"

#define PIECE_TEXT_MAX ((size_t)32 * 1024)   /* one argument, one value of the environment */
#define PIECE_TEXTS_MAX ((size_t)256 * 1024) /* all of them together */
#define PIECE_ENVIRONMENT_MAX 128
#define PIECE_READ_MAX 64
#define PIECE_FILES_MAX 16 /* PIECE_TEXTS_MAX bytes together */

/* [a-z0-9] first, then [a-z0-9.-]; no ".."; neither "." nor "-" at the end. */
bool piece_name_check(const char *name, const char *what, struct error *err);
/* One line of UTF-8 without control characters but the tab. */
bool piece_text_check(const struct value *text, const char *what, struct error *err);
/* Absolute, without empty parts, "." and "..". */
bool piece_path_check(const char *path, const char *what, struct error *err);
/* Lists and maps of texts; NULL is fine. `names`: the keys are names of environment variables. */
bool piece_texts_check(const struct value *list, const char *what, size_t most, struct error *err);
bool piece_environment_check(const struct value *map, const char *what, struct error *err);
/* Map of texts of any number of lines, without NUL; names are plain: [A-Za-z0-9._-], no "." first. NULL is fine. */
bool piece_files_check(const struct value *files, struct error *err);
bool piece_ports_check(struct arena *arena, const struct value *ports, struct error *err);

/* SPDX-License-Identifier: Apache-2.0 */
/* What is made of a piece on this machine: its unit file, what it was made of, its secrets. Writing is atomic, removing twice is fine. */
#pragma once

#include "agent/pieces/piece_place.h"

/* How a piece is told from a changed one: its JSON with sorted keys. SECRET. */
char *piece_definition(struct arena *arena, const struct value *written);
/* What the unit that is there was made of; NULL: there is none, or it was not made whole. */
const char *piece_made_definition(const struct system *system, struct arena *arena, const char *name);
/* When that was, wall time; 0: it is not made. */
int64_t piece_made_us(const struct system *system, struct arena *arena, const char *name);
bool piece_made_write(const struct system *system, struct arena *arena, const struct placement_piece *piece,
                      const char *unit_text, struct error *err);
bool piece_made_remove(const struct system *system, struct arena *arena, const char *name, struct error *err);
/* Names of all that is made, by unit files and by folders; NULL-terminated. */
const char **piece_made_names(const struct system *system, struct arena *arena);
/* A file beside the units that has this text; *changed_out: it had another one. */
bool piece_unit_file_put(const struct system *system, struct arena *arena, const char *unit, const char *text,
                         bool *changed_out, struct error *err);
bool piece_unit_file_remove(const struct system *system, struct arena *arena, const char *unit, bool *changed_out,
                            struct error *err);

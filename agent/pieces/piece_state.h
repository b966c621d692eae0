/* SPDX-License-Identifier: Apache-2.0 */
/* What pieces leave on the disk: folders of state kept to a size, and what jobs write. */
#pragma once

#include "agent/pieces/piece_place.h"

#define STATE_YOUNG_S 60                       /* what was touched since then is in use, for all that is known */
#define OUTPUT_KEPT ((int64_t)8 * 1024 * 1024) /* of a job's output on the disk: what is before goes */

struct piece_trim {
    const char *state; /* name of the folder */
    int64_t most;      /* bytes that it may hold; 0: no limit */
    int64_t young_s;   /* files that were used so recently stay; 0: none does for that */
};
/* Removes the files that were used longest ago until the folder is small enough. Links are not followed. A folder that is not there is
 * fine. *freed_out: bytes. */
bool piece_state_trim(const struct system *system, struct arena *arena, const struct piece_trim *trim,
                      int64_t *freed_out, struct error *err);

/* An empty file for what the job is going to write; the folder is made. */
bool piece_output_begin(const struct system *system, struct arena *arena, const char *name, struct error *err);
/* While it runs: blocks of the file that are too long ago are given back. */
void piece_output_bound(const struct system *system, struct arena *arena, const char *name);
/* Its end as UTF-8, at most PIECE_OUTPUT_MAX bytes; "" when there is none. */
const char *piece_output_read(const struct system *system, struct arena *arena, const char *name);

/* A job runs once: the boot in which it was begun, or NULL. */
const char *piece_begun_read(const struct system *system, struct arena *arena, const char *name);
bool piece_begun_write(const struct system *system, struct arena *arena, const char *name, const char *boot,
                       struct error *err);
/* The output, and that it was begun. */
void piece_output_remove(const struct system *system, struct arena *arena, const char *name);
/* Outputs of pieces that are in none of these names (NULL-terminated) go. */
void piece_outputs_tidy(const struct system *system, struct arena *arena, const char *const *names);

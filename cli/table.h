/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows as a table that fits the terminal: columns as wide as what is in them, cut until the line fits: the widest ones first, and
 * the last one, which tells why, late. Where the output is no terminal nothing is cut.
 */
#pragma once

#include <stdio.h>

#include "common/base/arena.h"
#include "common/base/text.h"
#include "common/value/value.h"

struct table_column {
    const char *title, *key; /* the member of each row's map */
    bool is_time;            /* ISO 8601: shown as its age, "3 min" */
};

/* `columns`: of the terminal, 0: none. Absent and null members are shown as "-". */
void table_print(struct arena *arena, FILE *out, const struct value *rows, const struct table_column *layout,
                 size_t count, int columns);
/* Adds text that somebody else told: control characters, which could move the cursor or change the terminal's title, become "?". */
void table_add_told(struct text *out, const char *text);
/* "just now", "42 s", "3 min", "5 h", "12 d"; "in 3 min" for what lies ahead. */
const char *table_age(struct arena *arena, int64_t then_us, int64_t now_us);
/* The same of ISO 8601, from now; what is none is given back. */
const char *table_age_of(struct arena *arena, const char *iso);

/* SPDX-License-Identifier: Apache-2.0 */
/* The journal: what services have written, the last lines of one of them, and new lines as they come. Reading only. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/error.h"
#include "common/value/value.h"

#define JOURNAL_LINE_MAX ((size_t)4096) /* bytes of a line that are given */
#define JOURNAL_CURSOR_MAX 256

struct journal_query {
    const char *unit; /* full name */
    int64_t since_us; /* wall time */
    size_t lines;     /* at most; the last ones */
};

/* A list of texts, oldest first; empty where there is no journal. */
struct value *journal_last(struct arena *arena, const struct journal_query *query);

/* Follows some units from a moment on. */
struct journal_follow;
struct journal_from {
    int64_t since_us;   /* wall time: lines since then come first */
    const char *cursor; /* goes before: of a line; that line comes again, if it is still there. "": none */
};
/* NULL: there is no journal. */
struct journal_follow *journal_follow_new(const char *const *units, size_t count, const struct journal_from *from);
void journal_follow_free(struct journal_follow *follow); /* NULL is fine */
int journal_follow_fd(const struct journal_follow *follow);
short journal_follow_events(const struct journal_follow *follow);
/* When to look at the latest, by CLOCK_MONOTONIC in milliseconds; -1: when the descriptor says so. */
int64_t journal_follow_due_ms(const struct journal_follow *follow);

struct journal_line {
    const char *unit;   /* full name */
    const char *cursor; /* this line's place; no other has the same */
    int64_t at_us;
    const char *text; /* UTF-8 */
};
/* The next line, in `arena`; false: there is none now. */
bool journal_follow_next(struct journal_follow *follow, struct arena *arena, struct journal_line *out);

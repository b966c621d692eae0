/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growing byte string in an arena, and the few string helpers that libc lacks. `data` is always
 * NUL-terminated; the content may hold NUL bytes of its own, so use `length`.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"

struct text {
    struct arena *arena;
    char *data;
    size_t length, capacity;
};

struct text text_new(struct arena *arena);
void text_add(struct text *text, const char *string);
void text_add_n(struct text *text, const char *data, size_t length);
void text_add_char(struct text *text, char c);
void text_add_codepoint(struct text *text, uint32_t codepoint); /* as UTF-8 */
void text_printf(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_vprintf(struct text *text, const char *format, va_list args) __attribute__((format(printf, 2, 0)));
void text_truncate(struct text *text, size_t length);

bool text_equal(const char *a, const char *b); /* NULL equals only NULL */
bool text_starts(const char *string, const char *prefix);
bool text_ends(const char *string, const char *suffix);
bool text_in(const char *string, const char *const *list); /* NULL-terminated list */
/* Copy without leading and trailing white space. */
char *text_trim(struct arena *arena, const char *string, size_t length);
char *text_lower(char *string); /* ASCII letters, in place; returns it */
char *text_upper(char *string);
/* NULL-terminated array of the parts; empty parts are kept. */
char **text_split(struct arena *arena, const char *string, char separator, size_t *count_out);
/* One physical line of a text: *cursor moves behind it; false at the end. The newline is not part. */
bool text_line(const char **cursor, const char *end, const char **line_out, size_t *length_out);

bool text_to_int(const char *string, int64_t *out); /* whole string, decimal, no overflow */
bool text_to_real(const char *string, double *out);
/* Ansible's booleans: yes/no/on/off/true/false/1/0/y/n/t/f in any case. */
bool text_to_bool(const char *string, bool *out);

/* UTF-8. Invalid bytes count as one code point each. */
size_t text_utf8_count(const char *data, size_t length);
size_t text_utf8_offset(const char *data, size_t length, size_t index); /* byte offset of code point */
uint32_t text_utf8_next(const char *data, size_t length, size_t *offset);
bool text_utf8_valid(const char *data, size_t length);

/* The candidate nearest to `word` (edit distance <= a third of its length, at least 2), or NULL. */
const char *text_nearest(const char *word, const char *const *candidates, size_t count);

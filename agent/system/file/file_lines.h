/* SPDX-License-Identifier: Apache-2.0 */
/* A text file as its lines, each with its line end as it is: editing never touches the lines it does not mean. */
#pragma once

#include "common/base/arena.h"
#include "common/base/error.h"

struct file_line {
    const char *data; /* not NUL-terminated; "\n" included where there is one */
    size_t length;
};

struct file_lines {
    struct arena *arena;
    struct file_line *items;
    size_t count, capacity;
};

void file_lines_split(struct arena *arena, const char *data, size_t length, struct file_lines *out);
/* `text` gets a newline. */
void file_lines_insert(struct file_lines *lines, size_t index, const char *text);
/* As insert at the end; gives a last line without line end one first. */
void file_lines_append(struct file_lines *lines, const char *text);
void file_lines_remove(struct file_lines *lines, size_t index);
/* Line without its \r and \n equals `text`. */
bool file_line_is(const struct file_line *line, const char *text);
bool file_line_contains(const struct file_line *line, const char *text);
bool file_line_equal(const struct file_line *line, const char *data, size_t length);
/* All lines joined, NUL behind. */
char *file_lines_join(const struct file_lines *lines, size_t *length_out);

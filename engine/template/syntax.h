/* SPDX-License-Identifier: Apache-2.0 */
/* How a template is written: delimiters and white space rules, and the extensions that are on. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/template/template.h"

struct syntax {
    const char *variable_start, *variable_end;
    const char *block_start, *block_end;
    const char *comment_start, *comment_end;
    const char *line_statement; /* prefix, or NULL */
    const char *line_comment;   /* prefix, or NULL */
    const char *newline;        /* what "\n" in the text becomes */
    bool trim_blocks, lstrip_blocks, keep_trailing_newline;
    bool plain_strings; /* inside {{ }} a backslash is a backslash: strings of playbooks */
    bool autoescape;    /* plain Jinja2 only */
    uint64_t key;       /* syntax_hash(), if it is known */
};

#define SYNTAX_DEFAULT                                                                                                 \
    ((struct syntax){ .variable_start = "{{",                                                                          \
                      .variable_end = "}}",                                                                            \
                      .block_start = "{%",                                                                             \
                      .block_end = "%}",                                                                               \
                      .comment_start = "{#",                                                                           \
                      .comment_end = "#}",                                                                             \
                      .newline = "\n",                                                                                 \
                      .trim_blocks = true })

struct syntax syntax_from_options(const struct template_file_options *options);
/* Reads a first line "#jinja2: name: literal, ..." into `syntax`; *skip_out is the length of that line. */
bool syntax_read_header(struct syntax *syntax, struct arena *arena, const char *text, size_t length, size_t *skip_out,
                        struct error *err);
/* Changes whenever any setting does. */
uint64_t syntax_hash(const struct syntax *syntax);
/* True if the text holds the start of a variable, block or comment. */
bool syntax_in_text(const struct syntax *syntax, const char *text, size_t length);

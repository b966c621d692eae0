/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One error struct, owned by the caller's stack, filled by the function that failed and prefixed by
 * each layer that passes it on. Functions that can fail return bool and take it as last parameter;
 * `return error_set(err, ...)` is always false. An error is not a task's outcome (agent/task/result.h).
 */
#pragma once

#include <stdbool.h>

#include "common/base/limits.h"

enum error_kind {
    ERROR_GENERIC,     /* exit code 1 */
    ERROR_PARSE,       /* playbook, inventory, template source: exit code 4 */
    ERROR_OPTIONS,     /* command line: exit code 5 */
    ERROR_UNDEFINED,   /* a variable that does not exist was used */
    ERROR_UNREACHABLE, /* transport: this host only */
    ERROR_LIMIT,       /* a maximum of limits.h was passed */
    ERROR_CANCELLED,
    ERROR_PARTIAL, /* a run of chosen tasks only cannot tell: exit code 6 */
};

/* Where in a user's file. Lines and columns count from 1; 0 means unknown. The path is borrowed. */
struct source_position {
    const char *path;
    int line;
    int column;
};

struct error {
    enum error_kind kind;
    int line, column;
    char path[512];  /* empty when there is no position */
    char raised[64]; /* the class, where a Python program would end with an exception of its own; else empty */
    char text[LIMIT_ERROR_TEXT];
};

#define ERROR_INIT                                                                                                     \
    {                                                                                                                  \
        .kind = ERROR_GENERIC                                                                                          \
    }

bool error_set(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool error_set_kind(struct error *err, enum error_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Sets kind ERROR_PARSE and the position. */
bool error_set_at(struct error *err, const struct source_position *at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same with kind ERROR_GENERIC: where, but no parser's error. */
bool error_set_plain_at(struct error *err, const struct source_position *at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Appends ": " and strerror(errno). */
bool error_set_errno(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Puts "what: " before the text; position and kind stay. Always false. */
bool error_prefix(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* An exception of this class: the next text that is set is an error like any other again. Always false. */
bool error_raise(struct error *err, const char *class_name);
/* Gives the error a position if it has none yet. Always false. */
bool error_locate(struct error *err, const struct source_position *at);
void error_clear(struct error *err);

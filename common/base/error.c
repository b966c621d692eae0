/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Filling and prefixing the error struct. Texts are built in a buffer of their own first, so that the
 * old text may be an argument of the new one; what does not fit is cut at a character, never inside it.
 */
#include "common/base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define CUT_MARK "..."

/* Ends `text` (of which `wanted` bytes were asked for) with dots if it was cut. */
static void error_cut(char *text, int wanted)
{
    size_t end = LIMIT_ERROR_TEXT - sizeof(CUT_MARK);

    if (wanted < LIMIT_ERROR_TEXT)
        return;
    while (end > 0 && ((unsigned char)text[end] & 0xC0) == 0x80)
        end--;
    memcpy(text + end, CUT_MARK, sizeof(CUT_MARK));
}

static void error_format(char *out, const char *format, va_list args) __attribute__((format(printf, 2, 0)));
static void error_format(char *out, const char *format, va_list args)
{
    int saved = errno;
    int wanted = vsnprintf(out, LIMIT_ERROR_TEXT, format, args);

    if (wanted < 0)
        (void)snprintf(out, LIMIT_ERROR_TEXT, "(an error text could not be formatted)");
    error_cut(out, wanted);
    errno = saved;
}

static void error_position(struct error *err, const struct source_position *at)
{
    err->line = at == NULL ? 0 : at->line;
    err->column = at == NULL ? 0 : at->column;
    err->path[0] = '\0';
    if (at != NULL && at->path != NULL)
        (void)snprintf(err->path, sizeof(err->path), "%s", at->path);
}

static bool error_fill(struct error *err, enum error_kind kind, const struct source_position *at, const char *text)
{
    if (err == NULL)
        return false;
    err->kind = kind;
    err->raised[0] = '\0';
    error_position(err, at);
    (void)snprintf(err->text, sizeof(err->text), "%s", text);
    return false;
}

bool error_set(struct error *err, const char *format, ...)
{
    char text[LIMIT_ERROR_TEXT];
    va_list args;

    va_start(args, format);
    error_format(text, format, args);
    va_end(args);
    return error_fill(err, ERROR_GENERIC, NULL, text);
}

bool error_set_kind(struct error *err, enum error_kind kind, const char *format, ...)
{
    char text[LIMIT_ERROR_TEXT];
    va_list args;

    va_start(args, format);
    error_format(text, format, args);
    va_end(args);
    return error_fill(err, kind, NULL, text);
}

bool error_set_at(struct error *err, const struct source_position *at, const char *format, ...)
{
    char text[LIMIT_ERROR_TEXT];
    va_list args;

    va_start(args, format);
    error_format(text, format, args);
    va_end(args);
    return error_fill(err, ERROR_PARSE, at, text);
}

bool error_set_plain_at(struct error *err, const struct source_position *at, const char *format, ...)
{
    char text[LIMIT_ERROR_TEXT];
    va_list args;

    va_start(args, format);
    error_format(text, format, args);
    va_end(args);
    return error_fill(err, ERROR_GENERIC, at, text);
}

/* "before" + ": " + "after" into the error's text. */
static void error_join(struct error *err, const char *before, const char *after)
{
    char text[LIMIT_ERROR_TEXT];

    error_cut(text, snprintf(text, sizeof(text), "%s: %s", before, after));
    memcpy(err->text, text, sizeof(text));
}

bool error_set_errno(struct error *err, const char *format, ...)
{
    char text[LIMIT_ERROR_TEXT];
    char reason[256];
    int saved = errno;
    va_list args;

    va_start(args, format);
    error_format(text, format, args);
    va_end(args);
    error_fill(err, ERROR_GENERIC, NULL, text);
    if (err != NULL)
        error_join(err, text, strerror_r(saved, reason, sizeof(reason)));
    errno = saved;
    return false;
}

bool error_prefix(struct error *err, const char *format, ...)
{
    char text[LIMIT_ERROR_TEXT];
    va_list args;

    va_start(args, format);
    error_format(text, format, args);
    va_end(args);
    if (err != NULL)
        error_join(err, text, err->text);
    return false;
}

bool error_raise(struct error *err, const char *class_name)
{
    if (err != NULL)
        (void)snprintf(err->raised, sizeof(err->raised), "%s", class_name);
    return false;
}

bool error_locate(struct error *err, const struct source_position *at)
{
    bool has_position = err != NULL && (err->path[0] != '\0' || err->line > 0);

    if (err != NULL && !has_position)
        error_position(err, at);
    return false;
}

void error_clear(struct error *err)
{
    if (err == NULL)
        return;
    err->text[0] = err->raised[0] = '\0';
    err->kind = ERROR_GENERIC;
    error_position(err, NULL);
}

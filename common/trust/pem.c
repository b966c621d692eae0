/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PEM both ways.
 */
#include "common/trust/pem.h"

#include <string.h>

#include "common/base/hash.h"
#include "common/base/text.h"

#define BEGIN "-----BEGIN "
#define LINE 64
#define LABEL_MAX 40
#define DIGITS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
#define BLANKS " \t\r\n"

char *pem_text(struct arena *arena, const char *label, struct der der)
{
    struct text text = text_new(arena);
    const char *encoded = base64_encode(arena, der.data, der.length);
    size_t length = strlen(encoded);

    text_printf(&text, BEGIN "%s-----\n", label);
    for (size_t at = 0; at < length; at += LINE) {
        text_add_n(&text, encoded + at, length - at < LINE ? length - at : LINE);
        text_add_char(&text, '\n');
    }
    text_printf(&text, "-----END %s-----\n", label);
    return text.data;
}

/* There is a BEGIN line: says which one it is, if its label can be shown. */
static bool fail_label(const char *text, const char *label, struct error *err)
{
    const char *found = text_starts(text, BEGIN) ? text + strlen(BEGIN) : "";
    size_t length = strspn(found, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ");

    if (length == 0 || length > LABEL_MAX || !text_starts(found + length, "-----"))
        return error_set(err, "there is no line '" BEGIN "%s-----'", label);
    return error_set(err, "found a '%.*s', expected a '%s'", (int)length, found, label);
}

/* From behind BEGIN to before END, all of it base64. */
static bool pem_body(const char *body, const char *end_line, struct der *out, struct error *err)
{
    const char *end = strstr(body, end_line);
    size_t length, good = strspn(body, DIGITS BLANKS);

    if (end == NULL)
        return error_set(err, "it is cut off: there is no line '%s'", end_line);
    length = (size_t)(end - body);
    if (good < length)
        return error_set(err, "byte %zu behind the first line is no base64", good + 1);
    end += strlen(end_line);
    if (end[strspn(end, BLANKS)] != '\0')
        return error_set(err, "something follows the line '%s'", end_line);
    *out = (struct der){ (const unsigned char *)body, length };
    return true;
}

bool pem_read(struct arena *arena, const char *label, struct der text, size_t limit, struct der *out, struct error *err)
{
    char *begin_line = arena_printf(arena, BEGIN "%s-----", label);
    char *end_line = arena_printf(arena, "-----END %s-----", label);
    struct der body = { 0 };
    const char *copy;
    char *data = NULL;

    if (text.length > limit)
        return error_set_kind(err, ERROR_LIMIT, "%zu bytes are more than the %zu that are read at most", text.length,
                              limit);
    if (text.length == 0)
        return error_set(err, "it is empty, expected a '%s'", label);
    if (memchr(text.data, '\0', text.length) != NULL)
        return error_set(err, "it is no text, expected '" BEGIN "%s-----'", label);
    copy = arena_copy_n(arena, (const char *)text.data, text.length);
    copy += strspn(copy, BLANKS);
    if (!text_starts(copy, begin_line))
        return fail_label(copy, label, err);
    if (!pem_body(copy + strlen(begin_line), end_line, &body, err))
        return false;
    if (!base64_decode(arena, (const char *)body.data, body.length, &data, &body.length, err))
        return error_prefix(err, "the base64 in '%s'", label);
    *out = (struct der){ (const unsigned char *)data, body.length };
    return true;
}

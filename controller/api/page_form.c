/* SPDX-License-Identifier: Apache-2.0 */
/* Forms as browsers send them, and where they may come from and lead to. */
#include <string.h>

#include "common/base/text.h"
#include "controller/api/page.h"

#define FIELDS_MAX 64

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* "a+b%20c" -> "a b c" */
static bool part_decode(struct arena *arena, const char *data, size_t length, const char **out, struct error *err)
{
    struct text text = text_new(arena);

    text_add(&text, "");
    for (size_t i = 0; i < length; i++) {
        int high = -1, low = -1;

        if (data[i] != '%') {
            text_add_char(&text, data[i] == '+' ? ' ' : data[i]);
            continue;
        }
        if (i + 2 < length) {
            high = hex_digit(data[i + 1]);
            low = hex_digit(data[i + 2]);
        }
        if (high < 0 || low < 0)
            return error_set(err, "a %% in the form is not followed by two hexadecimal digits");
        text_add_char(&text, (char)(high * 16 + low));
        i += 2;
    }
    if (strlen(text.data) != text.length)
        return error_set(err, "the form holds a NUL byte");
    *out = text.data;
    return true;
}

static bool field_add(struct arena *arena, struct value *map, const char *field, size_t length, struct error *err)
{
    const char *equals = memchr(field, '=', length);
    size_t name_length = equals == NULL ? length : (size_t)(equals - field);
    const char *name = NULL, *value = "";

    if (!part_decode(arena, field, name_length, &name, err) ||
        (equals != NULL && !part_decode(arena, equals + 1, length - name_length - 1, &value, err)))
        return false;
    if (value_map_get(map, name) != NULL)
        return error_set(err, "the field '%s' is given twice", name);
    if (value_count(map) == FIELDS_MAX)
        return error_set(err, "the form has more than %d fields", FIELDS_MAX);
    value_map_put_string(arena, map, name, value);
    return true;
}

bool page_form_read(struct arena *arena, const char *text, size_t length, const struct value **out, struct error *err)
{
    struct value *map = value_map(arena);

    for (size_t at = 0; at < length;) {
        const char *end = memchr(text + at, '&', length - at);
        size_t field = end == NULL ? length - at : (size_t)(end - text) - at;

        if (field > 0 && !field_add(arena, map, text + at, field, err))
            return false;
        at += field + 1;
    }
    *out = map;
    return true;
}

bool page_origin_matches(const char *origin, const char *host)
{
    static const char scheme[] = "https://";

    return origin != NULL && host != NULL && *host != '\0' && text_starts(origin, scheme) &&
           strcmp(origin + strlen(scheme), host) == 0;
}

bool page_path_is_local(const char *path)
{
    if (path == NULL || path[0] != '/' || path[1] == '/')
        return false;
    for (const char *at = path; *at != '\0'; at++) {
        if ((unsigned char)*at <= ' ' || (unsigned char)*at >= 0x7f || *at == '\\')
            return false;
    }
    return true;
}

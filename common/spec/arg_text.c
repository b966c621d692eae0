/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arguments written as text: mappings as JSON, as a Python dict or as k=v pairs, and paths with ~ and $VARS.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/path.h"
#include "common/base/text.h"
#include "common/json/json.h"
#include "common/spec/arg_internal.h"
#include "common/value/value_python.h"

/* Ends a field: "key=value" becomes a pair. False: there is no equals sign in it. */
static bool field_end(struct arena *arena, struct value *map, struct text *field)
{
    char *equals = strchr(field->data, '=');

    if (field->length == 0)
        return true;
    if (equals == NULL)
        return false;
    value_map_put(arena, map, arena_copy_n(arena, field->data, (size_t)(equals - field->data)),
                  value_string(arena, equals + 1));
    text_truncate(field, 0);
    return true;
}

static bool map_from_pairs(struct arena *arena, const char *text, const struct value **out)
{
    struct value *map = value_map(arena);
    struct text field = text_new(arena);
    char quote = '\0';

    for (; *text != '\0'; text++) {
        if (*text == '\\' && text[1] != '\0')
            text_add_char(&field, *++text);
        else if (quote == '\0' && (*text == '\'' || *text == '"'))
            quote = *text;
        else if (quote != '\0' && *text == quote)
            quote = '\0';
        else if (quote != '\0' || strchr(", ", *text) == NULL)
            text_add_char(&field, *text);
        else if (!field_end(arena, map, &field))
            return false;
    }
    if (!field_end(arena, map, &field))
        return false;
    *out = map;
    return true;
}

bool arg_map_from_text(struct arena *arena, const char *text, const struct value **out)
{
    struct error ignored = ERROR_INIT;
    const struct value *value = NULL;
    size_t length;

    text = text_trim(arena, text, strlen(text));
    length = strlen(text);
    if (*text == '{') {
        if (!json_read(arena, text, length, NULL, &value, &ignored) &&
            !value_from_python(arena, text, length, &value, &ignored))
            return false;
        if (!value_is(value, VALUE_MAP))
            return false;
        *out = value;
        return true;
    }
    return strchr(text, '=') != NULL && map_from_pairs(arena, text, out);
}

/* Length of the variable's name at `at`, which stands behind the dollar sign; 0: no variable. */
static size_t variable_length(const char *at)
{
    size_t length = 0;

    if (*at == '{') {
        const char *close = strchr(at, '}');

        return close == NULL ? 0 : (size_t)(close - at) + 1;
    }
    while (isalnum((unsigned char)at[length]) || at[length] == '_')
        length++;
    return length;
}

const char *arg_expand_path(struct arena *arena, const char *path)
{
    struct text out;

    if (strchr(path, '$') == NULL)
        return *path == '~' ? path_expand_user(arena, path) : path;
    out = text_new(arena);
    while (*path != '\0') {
        size_t length = *path == '$' ? variable_length(path + 1) : 0;
        size_t brace = length > 0 && path[1] == '{';
        const char *name = arena_copy_n(arena, path + 1 + brace, length - 2 * brace);
        const char *value = length == 0 ? NULL : getenv(name);

        if (value != NULL)
            text_add(&out, value);
        else
            text_add_n(&out, path, length + 1);
        path += length + 1;
    }
    return path_expand_user(arena, out.data);
}

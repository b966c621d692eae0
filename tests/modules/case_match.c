/* SPDX-License-Identifier: Apache-2.0 */
/* Subset matching of result maps: says where the first difference is. Knows nothing of modules. */
#include "tests/modules/case_match.h"

#include <regex.h>
#include <string.h>

#include "common/base/text.h"
#include "common/json/json.h"
#include "common/value/value_python.h"

static const char *shown(struct arena *arena, const struct value *value)
{
    return value ? json_text(arena, value, JSON_PYTHON) : "absent";
}

static const char *match_regex(struct arena *arena, const char *where, const char *pattern, const struct value *actual)
{
    regex_t regex;
    const char *text = actual ? value_to_text(arena, actual) : "";

    if (regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB) != 0)
        return arena_printf(arena, "%s: the test's regular expression '%s' is broken", where, pattern);
    bool found = regexec(&regex, text, 0, NULL, 0) == 0;
    regfree(&regex);
    return found && actual ? NULL
                           : arena_printf(arena, "%s is %s, should match '%s'", where, shown(arena, actual), pattern);
}

static const char *match_map(struct arena *arena, const char *where, const struct value *expected,
                             const struct value *actual)
{
    if (!value_is(actual, VALUE_MAP))
        return arena_printf(arena, "%s is %s, should be a mapping", where, shown(arena, actual));
    for (size_t i = 0; i < value_count(expected); i++) {
        const struct value_pair *pair = value_pair_at(expected, i);
        const char *name = value_to_text(arena, pair->key);
        const char *problem = case_match(arena, arena_printf(arena, "%s.%s", where, name), pair->item,
                                         value_map_get_value(actual, pair->key));
        if (problem)
            return problem;
    }
    return NULL;
}

static const char *match_list(struct arena *arena, const char *where, const struct value *expected,
                              const struct value *actual)
{
    if (!value_is(actual, VALUE_LIST) || value_count(actual) != value_count(expected))
        return arena_printf(arena, "%s is %s, should be %s", where, shown(arena, actual), shown(arena, expected));
    for (size_t i = 0; i < value_count(expected); i++) {
        const char *problem =
            case_match(arena, arena_printf(arena, "%s[%zu]", where, i), value_item(expected, i), value_item(actual, i));
        if (problem)
            return problem;
    }
    return NULL;
}

const char *case_match(struct arena *arena, const char *where, const struct value *expected, const struct value *actual)
{
    const char *text = value_text(expected);

    if (text && text[0] == '~')
        return match_regex(arena, where, text + 1, actual);
    if (expected->kind == VALUE_MAP)
        return match_map(arena, where, expected, actual);
    if (expected->kind == VALUE_LIST)
        return match_list(arena, where, expected, actual);
    if (expected->kind == VALUE_NULL && (!actual || actual->kind == VALUE_NULL))
        return NULL;
    if (actual && actual->kind == expected->kind && value_equal(expected, actual))
        return NULL;
    return arena_printf(arena, "%s is %s, should be %s", where, shown(arena, actual), shown(arena, expected));
}

static const struct value *fill_text(struct arena *arena, const struct value *value, const char *folder)
{
    struct text out = text_new(arena);
    const char *at = value->as.string.data, *hit;

    while ((hit = strstr(at, "@T@")) != NULL) {
        text_add_n(&out, at, (size_t)(hit - at));
        text_add(&out, folder);
        at = hit + 3;
    }
    if (at == value->as.string.data)
        return value;
    text_add(&out, at);
    return value_string_borrow(arena, out.data, out.length);
}

const struct value *case_fill(struct arena *arena, const struct value *value, const char *folder)
{
    if (!value)
        return NULL;
    if (value->kind == VALUE_STRING)
        return fill_text(arena, value, folder);
    if (value->kind == VALUE_LIST) {
        struct value *list = value_list(arena);
        for (size_t i = 0; i < value_count(value); i++)
            value_list_add(arena, list, case_fill(arena, value_item(value, i), folder));
        return list;
    }
    if (value->kind == VALUE_MAP) {
        struct value *map = value_map(arena);
        for (size_t i = 0; i < value_count(value); i++) {
            const struct value_pair *pair = value_pair_at(value, i);
            value_map_put_value(arena, map, case_fill(arena, pair->key, folder), case_fill(arena, pair->item, folder));
        }
        return map;
    }
    return value;
}

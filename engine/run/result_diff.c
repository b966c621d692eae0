/* SPDX-License-Identifier: Apache-2.0 */
/* Differences that hold secrets are marked where a result arrives and withheld where it is shown. */
#include "engine/run/result_diff.h"

#include <string.h>

#include "common/base/text.h"

#define NOTICE "(the diff is withheld: it may show secret text%s)\n"

typedef const struct value *change_function(struct arena *arena, const struct value *diff, bool made_of_secrets);

/* A diff, or each of a list of them. */
static const struct value *each(struct arena *arena, const struct value *diff, bool made_of_secrets,
                                change_function *change)
{
    struct value *list;

    if (value_is(diff, VALUE_MAP))
        return change(arena, diff, made_of_secrets);
    if (!value_is(diff, VALUE_LIST))
        return made_of_secrets ? value_mark(arena, diff, VALUE_SECRET, 0) : diff;
    list = value_list(arena);
    for (size_t i = 0; i < value_count(diff); i++)
        value_list_add(arena, list, each(arena, value_item(diff, i), made_of_secrets, change));
    return list;
}

static bool is_header(const struct value_pair *pair)
{
    const char *key = value_text(pair->key);

    return key != NULL && text_ends(key, "_header");
}

static bool has_secret(const struct value *diff)
{
    for (size_t i = 0; i < value_count(diff); i++) {
        const struct value_pair *pair = value_pair_at(diff, i);

        if (!is_header(pair) && value_has_mark(pair->item, VALUE_SECRET))
            return true;
    }
    return false;
}

static bool side_is_attributes(const struct value *side)
{
    static const char *const names[] = { "atime",   "attributes", "group",  "mode",   "mtime", "owner", "path",
                                         "selevel", "serole",     "setype", "seuser", "src",   "state", NULL };

    for (size_t i = 0; i < value_count(side); i++) {
        const char *key = value_is(side, VALUE_MAP) ? value_text(value_pair_at(side, i)->key) : NULL;

        if (key == NULL || !text_in(key, names))
            return false;
    }
    return value_is(side, VALUE_MAP);
}

static const struct value *marked(struct arena *arena, const struct value *diff, bool made_of_secrets)
{
    bool is_attributes =
        side_is_attributes(value_map_get(diff, "before")) && side_is_attributes(value_map_get(diff, "after"));
    struct value *map;

    if (!has_secret(diff) && (!made_of_secrets || is_attributes))
        return diff;
    map = value_map(arena);
    for (size_t i = 0; i < value_count(diff); i++) {
        const struct value_pair *pair = value_pair_at(diff, i);
        bool is_side = !is_header(pair) && !value_is(pair->item, VALUE_BOOL);

        value_map_put_value(arena, map, pair->key,
                            is_side ? value_mark(arena, pair->item, VALUE_SECRET, 0) : pair->item);
    }
    return map;
}

void result_diff_mark(struct arena *arena, struct value *result, bool made_of_secrets)
{
    const struct value *diff = value_map_get(result, "diff");

    if (diff != NULL && (made_of_secrets || value_has_mark(diff, VALUE_SECRET)))
        value_map_put(arena, result, "diff", each(arena, diff, made_of_secrets, marked));
}

/* What does not differ is not shown anyway. */
static bool differs(const struct value *diff)
{
    const struct value *before = value_map_get(diff, "before"), *after = value_map_get(diff, "after");

    return value_map_get(diff, "prepared") != NULL || (before != NULL && after != NULL && !value_equal(before, after));
}

static bool begins_line(const char *text, size_t at)
{
    return at == 0 || text[at - 1] == '\n';
}

/* Bytes of `after` up to the lines that both end with. */
static size_t until_same_end(const char *before, const char *after)
{
    size_t old = strlen(before), end = strlen(after), length = end;

    for (; old > 0 && end > 0 && before[old - 1] == after[end - 1]; end--)
        old--;
    for (; end < length && !(begins_line(before, old) && begins_line(after, end)); end++)
        old++;
    return end;
}

/* Where to look: the lines of the new text between those that are the same above and below. */
static const char *place(struct arena *arena, const char *before, const char *after)
{
    size_t start = 0, end, above = 0, changed = 0;

    if (before == NULL || after == NULL || *before == '\0')
        return "";
    for (size_t i = 0; before[i] != '\0' && before[i] == after[i]; i++)
        if (before[i] == '\n') {
            above++;
            start = i + 1;
        }
    end = start + until_same_end(before + start, after + start);
    for (size_t i = start; i < end; i++)
        changed += after[i] == '\n' || i + 1 == end;
    if (changed == 0)
        return above == 0 ? "; its first lines go" : arena_printf(arena, "; lines after line %zu go", above);
    return changed == 1 ? arena_printf(arena, "; line %zu differs", above + 1)
                        : arena_printf(arena, "; lines %zu to %zu differ", above + 1, above + changed);
}

static const struct value *shown(struct arena *arena, const struct value *diff, bool made_of_secrets)
{
    struct value *map;

    (void)made_of_secrets;
    if (!has_secret(diff) || !differs(diff))
        return diff;
    map = value_map(arena);
    for (size_t i = 0; i < value_count(diff); i++) {
        const struct value_pair *pair = value_pair_at(diff, i);

        if (is_header(pair))
            value_map_put_value(arena, map, pair->key, pair->item);
    }
    value_map_put_string(
        arena, map, "prepared",
        arena_printf(arena, NOTICE, place(arena, value_map_text(diff, "before"), value_map_text(diff, "after"))));
    return map;
}

const struct value *result_diff_shown(struct arena *arena, const struct value *diff)
{
    return value_has_mark(diff, VALUE_SECRET) ? each(arena, diff, false, shown) : diff;
}

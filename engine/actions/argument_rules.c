/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of a specification that is data: what is required, exclusive, together, by condition; and choices. */
#include <stdlib.h>
#include <string.h>

#include "common/value/value_python.h"
#include "engine/actions/argument_check.h"

static bool is_given(const struct argument_level *level, const struct value *name)
{
    return value_map_get_value(level->given, name) != NULL;
}

/* How many of the names (a list, or one name) are given. */
static size_t given_count(const struct argument_level *level, const struct value *names)
{
    size_t count = 0;

    if (!value_is(names, VALUE_LIST))
        return is_given(level, names);
    for (size_t i = 0; i < value_count(names); i++)
        count += is_given(level, value_item(names, i));
    return count;
}

static const char *join(struct arena *arena, const struct value *names, const char *between)
{
    struct text text = text_new(arena);

    if (!value_is(names, VALUE_LIST))
        return value_to_text(arena, names);
    for (size_t i = 0; i < value_count(names); i++)
        text_printf(&text, "%s%s", i == 0 ? "" : between, value_to_text(arena, value_item(names, i)));
    return text.data;
}

void argument_exclusive(const struct argument_level *level)
{
    const struct value *groups = value_map_get(level->rules, "mutually_exclusive");
    struct arena *arena = level->check->arena;
    struct text text = text_new(arena);

    for (size_t i = 0; i < value_count(groups); i++) {
        const struct value *group = value_item(groups, i);

        if (given_count(level, group) > 1)
            text_printf(&text, "%s%s", text.length == 0 ? "" : ", ", join(arena, group, "|"));
    }
    if (text.length > 0)
        argument_complain_placed(level, arena_printf(arena, "parameters are mutually exclusive: %s", text.data));
}

static int name_order(const void *left, const void *right)
{
    const char *const *a = left, *const *b = right;

    return strcmp(*a, *b);
}

void argument_required(const struct argument_level *level)
{
    struct arena *arena = level->check->arena;
    const char **names = arena_new_array(arena, const char *, value_count(level->options) + 1);
    struct text text = text_new(arena);
    size_t count = 0;

    for (size_t i = 0; i < value_count(level->options); i++) {
        const struct value_pair *argument = value_pair_at(level->options, i);
        const struct value *required = value_map_get(argument->item, "required");

        if (required != NULL && value_truthy(required) && !is_given(level, argument->key))
            names[count++] = value_to_text(arena, argument->key);
    }
    qsort(names, count, sizeof(*names), name_order);
    for (size_t i = 0; i < count; i++)
        text_printf(&text, "%s%s", i == 0 ? "" : ", ", names[i]);
    if (count > 0)
        argument_complain_placed(level, arena_printf(arena, "missing required arguments: %s", text.data));
}

static bool list_holds(const struct value *list, const struct value *value)
{
    for (size_t i = 0; i < value_count(list); i++)
        if (value_equal(value_item(list, i), value))
            return true;
    return false;
}

/* YAML made a boolean of `yes`, which became "True": the only choice that means the same is taken instead. */
static const struct value *choice_meant(const struct value *choices, const struct value *value)
{
    const struct value *found = NULL;
    const char *text = value_text(value);
    bool wanted = text_equal(text, "True"), meaning = false;

    if (!wanted && !text_equal(text, "False"))
        return value;
    for (size_t i = 0; i < value_count(choices); i++) {
        const struct value *choice = value_item(choices, i);

        if (!value_is(choice, VALUE_STRING) || !text_to_bool(value_text(choice), &meaning) || meaning != wanted)
            continue;
        if (found != NULL)
            return value;
        found = choice;
    }
    return found == NULL ? value : found;
}

static void choices_of_list(const struct argument_level *level, const char *name, const struct value *list,
                            const struct value *choices)
{
    struct arena *arena = level->check->arena;
    struct value *wrong = value_list(arena);

    for (size_t i = 0; i < value_count(list); i++)
        if (!list_holds(choices, value_item(list, i)))
            value_list_add(arena, wrong, value_item(list, i));
    if (value_count(wrong) > 0)
        argument_complain_placed(level,
                                 arena_printf(arena, "value of %s must be one or more of: %s. Got no match for: %s",
                                              name, join(arena, choices, ", "), join(arena, wrong, ", ")));
}

static void choice_check(const struct argument_level *level, const struct value_pair *argument,
                         const struct value *choices)
{
    struct arena *arena = level->check->arena;
    const struct value *value = value_map_get_value(level->given, argument->key);
    const char *name = value_to_text(arena, argument->key), *place = argument_place(level);

    if (!value_is(choices, VALUE_LIST)) {
        argument_complain(level, "internal error: choices for argument %s are not iterable: %s%s%s", name,
                          value_to_text(arena, choices), place == NULL ? "" : " found in ", place == NULL ? "" : place);
        return;
    }
    if (value_is(value, VALUE_LIST)) {
        choices_of_list(level, name, value, choices);
        return;
    }
    if (value == NULL || list_holds(choices, value))
        return;
    if (choice_meant(choices, value) != value)
        value_map_put_value(arena, level->given, argument->key, choice_meant(choices, value));
    else
        argument_complain_placed(level, arena_printf(arena, "value of %s must be one of: %s, got: %s", name,
                                                     join(arena, choices, ", "), value_to_text(arena, value)));
}

void argument_choices(const struct argument_level *level)
{
    for (size_t i = 0; i < value_count(level->options); i++) {
        const struct value_pair *argument = value_pair_at(level->options, i);
        const struct value *choices = value_map_get(argument->item, "choices");

        if (choices != NULL && !value_is(choices, VALUE_NULL))
            choice_check(level, argument, choices);
    }
}

/* Of each sort of rule only the first that does not hold is named. */
static void together_check(const struct argument_level *level)
{
    const struct value *groups = value_map_get(level->rules, "required_together");
    struct arena *arena = level->check->arena;

    for (size_t i = 0; i < value_count(groups); i++) {
        const struct value *group = value_item(groups, i);
        size_t count = given_count(level, group);

        if (count == 0 || count >= value_count(group))
            continue;
        argument_complain_placed(level,
                                 arena_printf(arena, "parameters are required together: %s", join(arena, group, ", ")));
        return;
    }
}

static void one_of_check(const struct argument_level *level)
{
    const struct value *groups = value_map_get(level->rules, "required_one_of");
    struct arena *arena = level->check->arena;

    for (size_t i = 0; i < value_count(groups); i++) {
        if (given_count(level, value_item(groups, i)) > 0)
            continue;
        argument_complain_placed(level, arena_printf(arena, "one of the following is required: %s",
                                                     join(arena, value_item(groups, i), ", ")));
        return;
    }
}

/* Of a list of names (or one name) those that are not given. */
static struct value *not_given(const struct argument_level *level, const struct value *names, bool null_counts)
{
    struct arena *arena = level->check->arena;
    struct value *missing = value_list(arena);
    size_t count = value_is(names, VALUE_LIST) ? value_count(names) : 1;

    for (size_t i = 0; i < count; i++) {
        const struct value *name = value_is(names, VALUE_LIST) ? value_item(names, i) : names;
        const struct value *value = value_map_get_value(level->given, name);

        if (value == NULL || (!null_counts && value_is(value, VALUE_NULL)))
            value_list_add(arena, missing, name);
    }
    return missing;
}

/* [key, value, [names]] or [key, value, [names], true]: with true one of the names is enough. */
static void required_if_check(const struct argument_level *level)
{
    const struct value *rules = value_map_get(level->rules, "required_if");
    struct arena *arena = level->check->arena;

    for (size_t i = 0; i < value_count(rules); i++) {
        const struct value *rule = value_item(rules, i);
        const struct value *names = value_item(rule, 2), *value;
        bool is_any = value_count(rule) > 3 && value_truthy(value_item(rule, 3));
        struct value *missing;

        if (value_count(rule) < 3)
            continue;
        value = value_map_get_value(level->given, value_item(rule, 0));
        missing = not_given(level, names, true);
        if (value == NULL || !value_equal(value, value_item(rule, 1)) || value_count(missing) == 0 ||
            (is_any && value_count(missing) < value_count(names)))
            continue;
        argument_complain_placed(level, arena_printf(arena, "%s is %s but %s of the following are missing: %s",
                                                     value_to_text(arena, value_item(rule, 0)),
                                                     value_to_text(arena, value_item(rule, 1)), is_any ? "any" : "all",
                                                     join(arena, missing, ", ")));
        return;
    }
}

static void required_by_check(const struct argument_level *level)
{
    const struct value *rules = value_map_get(level->rules, "required_by");
    struct arena *arena = level->check->arena;

    for (size_t i = 0; value_is(rules, VALUE_MAP) && i < value_count(rules); i++) {
        const struct value_pair *rule = value_pair_at(rules, i);
        const struct value *value = value_map_get_value(level->given, rule->key);
        struct value *missing;

        if (value == NULL || value_is(value, VALUE_NULL))
            continue;
        missing = not_given(level, rule->item, false);
        if (value_count(missing) == 0)
            continue;
        argument_complain_placed(level, arena_printf(arena, "missing parameter(s) required by '%s': %s",
                                                     value_to_text(arena, rule->key), join(arena, missing, ", ")));
        return;
    }
}

void argument_relations(const struct argument_level *level)
{
    together_check(level);
    one_of_check(level);
    required_if_check(level);
    required_by_check(level);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* ansible.utils' filters on structures: paths into them, and keys that are kept, removed or replaced. */
#include <ctype.h>
#include <string.h>

#include "common/value/value_python.h"
#include "engine/template/filter.h"
#include "engine/template/pattern.h"
#include "engine/template/selector.h"
#include "engine/template/strings.h"
#include "engine/template/test.h"

/* --- get_path --- */

static bool members_get(void *context, struct arena *arena, const char *name, size_t length, const struct value **out,
                        struct error *err)
{
    (void)arena;
    (void)err;
    *out = value_map_get_n(context, name, length);
    return true;
}

static const struct value *in_list(struct eval *eval, const struct value *value, const struct value *want_list)
{
    struct value *list = eval_list(eval);

    value_list_add(eval->arena, list, value);
    return args_true(want_list, false) ? list : value;
}

/* "{{ path }}" with the members of the dict as its only variables. */
static const struct value *filter_get_path(struct eval *eval, const struct value *input, struct call_args *args)
{
    const struct value *path = eval_str(eval, args->bound[0]), *made = NULL;
    struct value *copy = eval_map(eval), *source;
    struct template_vars vars = { copy, members_get, NULL };
    struct template_call call = *eval->call;

    if (path == NULL)
        return NULL;
    if (input->kind != VALUE_MAP)
        return eval_fail_type(eval, "argument after ** must be a mapping, not %s", eval_type(input));
    for (size_t i = 0; i < input->as.map.count; i++)
        value_map_put_value(eval->arena, copy, input->as.map.pairs[i].key, input->as.map.pairs[i].item);
    call.vars = &vars;
    call.depth++;
    source = value_string(eval->arena, arena_printf(eval->arena, "{{ %s }}", path->as.string.data));
    source->marks |= VALUE_TRUSTED;
    if (!template_value(&call, source, &made, eval->err))
        return NULL;
    return in_list(eval, made, args->bound[1]);
}

/* --- to_paths --- */

static bool is_identifier(const char *text)
{
    if (!isalpha((unsigned char)*text) && *text != '_')
        return false;
    while (isalnum((unsigned char)*text) || *text == '_')
        text++;
    return *text == '\0';
}

static bool add_paths(struct eval *eval, struct value *out, const char *name, const struct value *value)
{
    bool is_map = value->kind == VALUE_MAP;

    if (!eval_step(eval))
        return false;
    if ((!is_map && value->kind != VALUE_LIST) || value_count(value) == 0) {
        if (*name != '\0' || (!is_map && value->kind != VALUE_LIST))
            value_map_put(eval->arena, out, name, value);
        return true;
    }
    for (size_t i = 0; i < value_count(value); i++) {
        const char *key = is_map ? value_to_text(eval->arena, value_pair_at(value, i)->key) : NULL, *inner;

        if (!is_map)
            inner = arena_printf(eval->arena, "%s[%zu]", name, i);
        else if (*name == '\0')
            inner = key;
        else
            inner = arena_printf(eval->arena, is_identifier(key) ? "%s.%s" : "%s['%s']", name, key);
        if (!add_paths(eval, out, inner, is_map ? value_pair_at(value, i)->item : value_item(value, i)))
            return false;
    }
    return true;
}

static const struct value *filter_to_paths(struct eval *eval, const struct value *input, struct call_args *args)
{
    const char *prepend = args_text(eval, args->bound[0], "", "prepend");
    struct value *out = eval_map(eval);

    if (prepend == NULL || !add_paths(eval, out, prepend, input))
        return NULL;
    return in_list(eval, out, args->bound[1]);
}

/* --- index_of --- */

#define INDEX_OF_FAILED "Error when using plugin 'index_of': "

/* A test by name, "!" or "not " before it turns it around. False: error set. */
static bool run_test(struct eval *eval, const struct value *item, const struct value *right, const char *name,
                     bool *out)
{
    bool invert = *name == '!' || text_starts(name, "not ");
    const char *bare = *name == '!' ? name + strspn(name, "!") : invert ? name + 4 : name;
    const struct value *items[2] = { NULL, right }, *first;
    struct call_args args = { .items = items, .count = right == NULL || right->kind == VALUE_NULL ? 1 : 2 };
    struct value *single = eval_list(eval);

    if (invert && strcmp(bare, "=") == 0)
        bare = "==";
    if (test_find(bare) == NULL)
        return eval_fail(
                   eval,
                   INDEX_OF_FAILED "Error encountered when testing value '%s' (type=%s) against '%s' (type=%s) with "
                                   "'%s'.  Error was: the test '%s' was not found.",
                   value_to_text(eval->arena, item), eval_type(item),
                   right == NULL ? "None" : value_to_text(eval->arena, right), eval_type(item), name, bare) != NULL;
    first = eval_text(eval, bare);
    items[0] = first;
    if (args.count == 2 && strcmp(bare, "in") == 0 && right->kind != VALUE_LIST) {
        value_list_add(eval->arena, single, right);
        items[1] = single;
    }
    if (!select_test(eval, item, &args, out))
        return false;
    *out = *out != invert;
    return true;
}

/* What is compared: the item or its member. NULL: there is none. */
static const struct value *compared(const struct value *item, const struct value *key)
{
    return key == NULL || key->kind == VALUE_NULL ? item : value_map_get_value(item, key);
}

/* "a, b and c" of the items that lack the key. */
static const struct value *fail_missing(struct eval *eval, const struct value *items, const struct value *key)
{
    struct text out = text_new(eval->arena), last = text_new(eval->arena);

    for (size_t i = 0; i < items->as.list.count; i++) {
        if (value_map_get_value(items->as.list.items[i], key) != NULL)
            continue;
        if (last.length > 0)
            text_printf(&out, "%s%s", out.length > 0 ? ", " : "", last.data);
        text_truncate(&last, 0);
        text_printf(&last, "'%s' was not found in '%s' at [%zu]", value_to_text(eval->arena, key),
                    value_to_text(eval->arena, items->as.list.items[i]), i);
    }
    return eval_fail(eval, INDEX_OF_FAILED "%s and %s. fail_on_missing=True", out.data, last.data);
}

static const struct value *filter_index_of(struct eval *eval, const struct value *input, struct call_args *args)
{
    const char *test = args_text(eval, args->bound[0], "", "test");
    const struct value *items = eval_items(eval, input), *key = args->bound[2];
    struct value *list = eval_list(eval);

    if (test == NULL || items == NULL)
        return NULL;
    for (size_t i = 0; i < items->as.list.count; i++) {
        const struct value *item = compared(items->as.list.items[i], key);
        bool holds = false;

        if (item == NULL && items->as.list.items[i]->kind != VALUE_MAP)
            return eval_fail(eval, INDEX_OF_FAILED "When a key name is provided, all list entries are required to be "
                                                   "dictionaries");
        if (item == NULL && args_true(args->bound[3], false))
            return fail_missing(eval, items, key);
        if (item != NULL && !run_test(eval, item, args->bound[1], test, &holds))
            return NULL;
        if (holds)
            value_list_add(eval->arena, list, eval_int(eval, (int64_t)i));
    }
    return list->as.list.count == 1 && !args_true(args->bound[4], false) ? list->as.list.items[0] : list;
}

/* --- keys --- */

enum match { MATCH_EQUAL, MATCH_START, MATCH_END, MATCH_REGEX };

struct keys {
    struct eval *eval;
    const struct value *targets;
    enum match match;
    bool failed;
};

static bool keys_open(struct keys *keys, struct eval *eval, const struct value *targets, const struct value *match)
{
    static const char *const names[] = { "equality", "starts_with", "ends_with", "regex" };
    const char *name = args_text(eval, match, "equality", "matching_parameter");

    if (name == NULL)
        return false;
    if (targets->kind == VALUE_STRING) /* "a,b" is a list, too */
        targets = strings_split(eval, targets, ",", -1);
    *keys = (struct keys){ .eval = eval, .targets = targets };
    if (targets == NULL)
        return false;
    for (size_t i = 0; i < 4; i++)
        if (strcmp(names[i], name) == 0) {
            keys->match = (enum match)i;
            return targets->kind == VALUE_LIST ||
                   eval_fail_type(eval, "target must be a list, not %s", eval_type(targets)) != NULL;
        }
    return eval_fail(eval, "value of matching_parameter must be one of: starts_with, ends_with, regex, got: %s",
                     name) != NULL;
}

static bool key_matches(struct keys *keys, const char *target, const struct value *key)
{
    const char *name = value_text(key);
    struct pattern_match match;
    struct regex *regex;
    enum pattern_status status;

    if (name == NULL || target == NULL || keys->failed)
        return false;
    if (keys->match == MATCH_START)
        return text_starts(name, target);
    if (keys->match == MATCH_END)
        return text_ends(name, target);
    if (keys->match == MATCH_EQUAL)
        return strcmp(name, target) == 0;
    regex = pattern_compile(keys->eval->env, target, strlen(target), 0, keys->eval->err);
    status = regex == NULL ? PATTERN_FAILED : pattern_match_at(regex, name, strlen(name), 0, &match, keys->eval->err);
    keys->failed = status == PATTERN_FAILED;
    return status == PATTERN_FOUND;
}

static bool is_target(struct keys *keys, const struct value *key)
{
    for (size_t i = 0; i < keys->targets->as.list.count; i++)
        if (key_matches(keys, value_text(keys->targets->as.list.items[i]), key))
            return true;
    return false;
}

static bool is_container(const struct value *value)
{
    return value->kind == VALUE_MAP || value->kind == VALUE_LIST;
}

static bool is_empty(const struct value *value)
{
    return is_container(value) && value_count(value) == 0;
}

static const struct value *keep(struct keys *keys, const struct value *value);

/* What is kept of a member that is a list: nothing if only text is left of it. */
static const struct value *keep_list(struct keys *keys, const struct value *made)
{
    struct value *list = eval_list(keys->eval);
    bool only_text = true;

    for (size_t i = 0; i < made->as.list.count; i++) {
        if (is_empty(made->as.list.items[i]))
            continue;
        only_text = only_text && made->as.list.items[i]->kind == VALUE_STRING;
        value_list_add(keys->eval->arena, list, made->as.list.items[i]);
    }
    return only_text ? NULL : list;
}

static const struct value *keep(struct keys *keys, const struct value *value)
{
    struct value *made = value->kind == VALUE_LIST ? eval_list(keys->eval) : eval_map(keys->eval);

    if (!is_container(value) || !eval_step(keys->eval)) {
        keys->failed |= is_container(value);
        return value;
    }
    for (size_t i = 0; value->kind == VALUE_LIST && i < value->as.list.count; i++)
        value_list_add(keys->eval->arena, made, keep(keys, value->as.list.items[i]));
    for (size_t i = 0; value->kind == VALUE_MAP && i < value->as.map.count; i++) {
        const struct value_pair *pair = &value->as.map.pairs[i];
        const struct value *item = pair->item;

        if (!is_container(item)) {
            if (is_target(keys, pair->key))
                value_map_put_value(keys->eval->arena, made, pair->key, item);
            continue;
        }
        item = keep(keys, item);
        if (item->kind == VALUE_LIST)
            item = keep_list(keys, item);
        if (item != NULL && !is_empty(item))
            value_map_put_value(keys->eval->arena, made, pair->key, item);
    }
    return made;
}

/* Members that are false go too, out of lists. */
static const struct value *without(struct keys *keys, const struct value *value)
{
    struct value *made = value->kind == VALUE_LIST ? eval_list(keys->eval) : eval_map(keys->eval);

    if (!is_container(value) || !eval_step(keys->eval)) {
        keys->failed |= is_container(value);
        return value;
    }
    for (size_t i = 0; value->kind == VALUE_LIST && i < value->as.list.count; i++) {
        const struct value *item = without(keys, value->as.list.items[i]);

        if (value_truthy(item))
            value_list_add(keys->eval->arena, made, item);
    }
    for (size_t i = 0; value->kind == VALUE_MAP && i < value->as.map.count; i++)
        if (!is_target(keys, value->as.map.pairs[i].key))
            value_map_put_value(keys->eval->arena, made, value->as.map.pairs[i].key,
                                without(keys, value->as.map.pairs[i].item));
    return made;
}

/* The new name of the key, or NULL. */
static const struct value *new_name(struct keys *keys, const struct value *target, const struct value *key)
{
    return key_matches(keys, value_map_text(target, "before"), key) ? value_map_get(target, "after") : NULL;
}

static const struct value *replaced(struct keys *keys, const struct value *value)
{
    struct arena *arena = keys->eval->arena;
    struct value *made = value->kind == VALUE_LIST ? eval_list(keys->eval) : eval_map(keys->eval);

    if (!is_container(value) || !eval_step(keys->eval)) {
        keys->failed |= is_container(value);
        return value;
    }
    for (size_t i = 0; value->kind == VALUE_LIST && i < value->as.list.count; i++)
        value_list_add(arena, made, replaced(keys, value->as.list.items[i]));
    for (size_t i = 0; value->kind == VALUE_MAP && i < value->as.map.count; i++)
        value_map_put_value(arena, made, value->as.map.pairs[i].key, replaced(keys, value->as.map.pairs[i].item));
    for (size_t t = 0; value->kind == VALUE_MAP && t < keys->targets->as.list.count; t++) {
        const struct value *before = value_copy(arena, made);

        for (size_t i = 0; i < before->as.map.count; i++) { /* a renamed key goes to the end */
            const struct value *name = new_name(keys, keys->targets->as.list.items[t], before->as.map.pairs[i].key);

            if (name == NULL)
                continue;
            value_map_remove(arena, made, before->as.map.pairs[i].key);
            value_map_put_value(arena, made, name, before->as.map.pairs[i].item);
        }
    }
    return made;
}

typedef const struct value *keys_run(struct keys *keys, const struct value *value);

static const struct value *on_keys(struct eval *eval, const struct value *input, const struct call_args *args,
                                   keys_run *run)
{
    struct keys keys;
    const struct value *made;

    if (!keys_open(&keys, eval, args->bound[0], args->bound[1]))
        return NULL;
    made = run(&keys, input);
    return keys.failed ? NULL : made;
}

static const struct value *filter_keep_keys(struct eval *eval, const struct value *input, struct call_args *args)
{
    if (!is_container(input))
        return eval_fail(eval, "Error when using plugin 'keep_keys': Input is not valid for keep operation");
    return on_keys(eval, input, args, keep);
}

static const struct value *filter_remove_keys(struct eval *eval, const struct value *input, struct call_args *args)
{
    if (!is_container(input))
        return eval_fail(eval, "Error when using plugin 'remove_keys': Input is not valid for attribute removal");
    return on_keys(eval, input, args, without);
}

static const struct value *filter_replace_keys(struct eval *eval, const struct value *input, struct call_args *args)
{
    if (!is_container(input))
        return eval_fail(eval, "Error when using plugin 'replace_keys': Input is not valid for replace operation");
    return on_keys(eval, input, args, replaced);
}

const struct filter filters_utils[] = {
    { "ansible.utils.get_path", filter_get_path, "path! wantlist", FILTER_KEEPS },
    { "ansible.utils.to_paths", filter_to_paths, "prepend wantlist", FILTER_KEEPS },
    { "ansible.utils.index_of", filter_index_of, "test! value key fail_on_missing wantlist", FILTER_KEEPS },
    { "ansible.utils.keep_keys", filter_keep_keys, "target! matching_parameter", FILTER_KEEPS },
    { "ansible.utils.remove_keys", filter_remove_keys, "target! matching_parameter", FILTER_KEEPS },
    { "ansible.utils.replace_keys", filter_replace_keys, "target! matching_parameter", FILTER_KEEPS },
    { .name = NULL },
};

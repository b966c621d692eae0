/* SPDX-License-Identifier: Apache-2.0 */
/* The registry of lookups, and what lookup(), query() and with_<name> have in common. */
#include "engine/template/lookup.h"

#include <string.h>

#include "common/base/path.h"
#include "common/base/text.h"
#include "common/value/value_python.h"
#include "engine/template/filter.h"
#include "engine/template/strings.h"

static const struct lookup *const families[] = { lookups_file, lookups_list, lookups_variable, lookups_program,
                                                 lookups_table };
#define FAMILIES (sizeof(families) / sizeof(families[0]))

const struct lookup *lookup_find(const char *name)
{
    name = builtin_short_name(name);
    for (size_t i = 0; i < FAMILIES; i++)
        for (const struct lookup *lookup = families[i]; lookup->name != NULL; lookup++)
            if (strcmp(lookup->name, name) == 0)
                return lookup;
    return NULL;
}

bool template_lookup_exists(const char *name)
{
    return lookup_find(name) != NULL;
}

const char *lookup_unknown(struct arena *arena, const char *name)
{
    const char *candidates[64], *nearest;
    size_t count = 0;

    for (size_t i = 0; i < FAMILIES; i++)
        for (const struct lookup *lookup = families[i]; lookup->name != NULL && count < 64; lookup++)
            candidates[count++] = lookup->name;
    nearest = text_nearest(builtin_short_name(name), candidates, count);
    if (nearest == NULL)
        return arena_printf(arena, "lookup plugin (%s) not found", name);
    return arena_printf(arena, "lookup plugin (%s) not found, did you mean '%s'?", name, nearest);
}

/* --- helpers of the families --- */

const char *lookup_term(struct eval *eval, const struct value *term)
{
    const struct value *text = eval_str(eval, term);

    return text == NULL ? NULL : text->as.string.data;
}

const char *lookup_option(const struct value *options, const char *name, const char *fallback)
{
    const struct value *found = value_map_get(options, name);

    return value_is(found, VALUE_STRING) ? found->as.string.data : fallback;
}

bool lookup_flag(const struct value *options, const char *name, bool fallback)
{
    const struct value *found = value_map_get(options, name);
    bool flag = fallback;

    if (value_is(found, VALUE_STRING))
        return text_to_bool(found->as.string.data, &flag) ? flag : fallback;
    return found == NULL ? fallback : value_truthy(found);
}

static const char *in_folder(struct eval *eval, const char *folder, const char *subfolder, const char *name)
{
    const char *inner = path_join(eval->arena, path_join(eval->arena, folder, subfolder), name);
    const char *plain = path_join(eval->arena, folder, name);

    if (path_exists(inner))
        return path_normalize(eval->arena, inner);
    return path_exists(plain) ? path_normalize(eval->arena, plain) : NULL;
}

const char *lookup_find_file(struct eval *eval, const char *subfolder, const char *name)
{
    const char *const *folders = eval->call->search_folders;
    const char *found = NULL, *full = path_expand_user(eval->arena, name);

    if (*full == '/')
        return path_exists(full) ? path_normalize(eval->arena, full) : NULL;
    for (size_t i = 0; folders != NULL && folders[i] != NULL && found == NULL; i++)
        found = in_folder(eval, folders[i], subfolder, full);
    return found;
}

/* --- calls --- */

/* Terms that are lists count as many terms, for lookups that flatten as with_items does they do it themselves. */
static const struct value *terms_of(struct eval *eval, const struct call_args *args)
{
    struct value *terms = eval_list(eval);

    for (uint32_t i = 1; i < args->count; i++) {
        if (args->items[i]->kind == VALUE_UNDEFINED)
            return eval_fail_undefined(eval, args->items[i]);
        value_list_add(eval->arena, terms, args->items[i]);
    }
    return terms;
}

static const struct value *options_of(struct eval *eval, const struct call_args *args)
{
    struct value *options = eval_map(eval);

    for (uint32_t i = 0; i < args->named_count; i++)
        if (strcmp(args->names[i], "wantlist") != 0 && strcmp(args->names[i], "errors") != 0)
            value_map_put(eval->arena, options, args->names[i], args->named[i]);
    return options;
}

static bool all_text(const struct value *list)
{
    for (size_t i = 0; i < list->as.list.count; i++)
        if (list->as.list.items[i]->kind != VALUE_STRING)
            return false;
    return true;
}

/* What lookup() without wantlist gives: strings joined by commas, a single value as it is. */
static const struct value *joined(struct eval *eval, const struct value *list)
{
    if (list->as.list.count == 0)
        return list;
    if (list->as.list.count == 1)
        return list->as.list.items[0];
    if (!all_text(list))
        return list;
    return value_mark(eval->arena, strings_join(eval, list, ",", false), list->as.list.items[0]->marks & VALUE_PRIVATE,
                      0);
}

/* errors='ignore' and 'warn' turn a failure into nothing; an undefined variable stays a failure. */
static const struct value *forgiven(struct eval *eval, const struct call_args *args, const char *name, bool want_list)
{
    const char *errors = value_text(args_named(args, "errors"));

    if (errors == NULL || strcmp(errors, "strict") == 0 || eval->err->kind == ERROR_UNDEFINED)
        return NULL;
    if (strcmp(errors, "warn") == 0)
        template_warn(eval->call,
                      arena_printf(eval->arena, "An error occurred while running the lookup plugin '%s': %s", name,
                                   eval->err->text));
    error_clear(eval->err);
    eval->type_error = eval->located = false;
    return want_list ? eval_list(eval) : value_null();
}

const struct value *lookup_call(struct eval *eval, struct call_args *args, bool want_list)
{
    const char *name = args->count > 0 ? value_text(args->items[0]) : NULL;
    const struct lookup *lookup = name == NULL ? NULL : lookup_find(name);
    const struct value *wanted = args_named(args, "wantlist"), *terms, *made;

    if (name == NULL)
        return eval_fail_type(eval, "lookup() missing 1 required positional argument: 'name'");
    if (lookup == NULL)
        return eval_fail(eval, "%s", lookup_unknown(eval->arena, name));
    want_list = want_list || (wanted != NULL && value_truthy(wanted));
    terms = terms_of(eval, args);
    made = terms == NULL ? NULL : lookup->run(eval, terms, options_of(eval, args));
    if (made == NULL)
        return forgiven(eval, args, name, want_list);
    eval->unsafe = true;
    return want_list ? made : joined(eval, made);
}

bool template_lookup(struct template_call *call, const char *name, const struct value *terms,
                     const struct value *options, const struct value **out, struct error *err)
{
    const struct lookup *lookup = lookup_find(name);
    struct eval eval = eval_new(call, err);
    const struct value *made;

    if (lookup == NULL)
        return error_set(err, "%s", lookup_unknown(call->arena, name));
    made = lookup->run(&eval, terms, options != NULL ? options : value_map(call->arena));
    if (made == NULL)
        return error_prefix(err, "lookup '%s'", name);
    *out = value_mark(call->arena, made, 0, VALUE_TUPLE); /* with_ items are variables: lists, not tuples */
    return true;
}

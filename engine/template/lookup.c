/* SPDX-License-Identifier: Apache-2.0 */
/* The registry of lookups, and what lookup(), query() and with_<name> have in common. */
#include "engine/template/lookup.h"

#include <string.h>

#include "common/base/path.h"
#include "common/base/text.h"
#include "common/value/value_python.h"
#include "engine/template/convert.h"
#include "engine/template/filter.h"
#include "engine/template/plugin.h"
#include "engine/template/strings.h"
#include "engine/template/template_plugin.h"

static const struct lookup *const families[] = { lookups_file,  lookups_list, lookups_variable, lookups_program,
                                                 lookups_table, lookups_ini,  lookups_password, lookups_sequence };
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

const char *template_lookup_nearest(const char *name)
{
    const char *candidates[64];
    size_t count = 0;

    for (size_t i = 0; i < FAMILIES; i++)
        for (const struct lookup *lookup = families[i]; lookup->name != NULL && count < 64; lookup++)
            candidates[count++] = lookup->name;
    return text_nearest(builtin_short_name(name), candidates, count);
}

const char *lookup_unknown(struct arena *arena, const char *name)
{
    const char *nearest = template_lookup_nearest(name);

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

    if (*full == '/' && path_exists(full))
        found = path_normalize(eval->arena, full);
    for (size_t i = 0; *full != '/' && folders != NULL && folders[i] != NULL && found == NULL; i++)
        found = in_folder(eval, folders[i], subfolder, full);
    eval->missed = found == NULL ? name : NULL;
    return found;
}

/* --- calls --- */

static bool is_template(const struct value *term, const void *context)
{
    (void)context;
    return term->kind == VALUE_STRING && value_text_is_template(term->as.string.data, term->as.string.length);
}

/* Ansible templates the terms once more: lookup('pipe', 'echo {{ name }}'). Nothing from outside may have gone into them. */
static const struct value *templated(struct eval *eval, const struct value *term)
{
    struct template_call call = *eval->call;
    const struct value *made = NULL;

    if (eval->unsafe || eval->plain || !value_holds(term, is_template, NULL, LIMIT_TEMPLATE_STEPS) || !eval_enter(eval))
        return term;
    call.depth++;
    term = value_mark(eval->arena, term, VALUE_TRUSTED, VALUE_STATIC);
    made = template_value(&call, term, &made, eval->err) ? made : NULL;
    eval->calls--;
    return made;
}

static const struct value *terms_of(struct eval *eval, const struct call_args *args)
{
    struct value *terms = eval_list(eval);

    for (uint32_t i = 1; i < args->count; i++) {
        const struct value *term = args->items[i];

        if (term->kind == VALUE_UNDEFINED)
            return eval_fail_undefined(eval, term);
        term = templated(eval, term);
        if (term == NULL)
            return NULL;
        value_list_add(eval->arena, terms, term);
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

/* Lookups whose own words Ansible passes on as they are; of the others it says that they failed. */
static bool speaks_plainly(const char *name)
{
    static const char *const names[] = { "first_found", "ini", "config", NULL };

    return text_in(builtin_short_name(name), names);
}

static const char *failed_text(struct eval *eval, const char *name)
{
    return arena_printf(eval->arena,
                        "An unhandled exception occurred while running the lookup plugin '%s'. Error was a <class "
                        "'%s'>, original message: %s",
                        name, eval->type_error ? "TypeError" : "ansible.errors.AnsibleError", eval->err->text);
}

/* errors='ignore' and 'warn' turn a failure into nothing; an undefined variable and a limit stay what they are. */
static const struct value *forgiven(struct eval *eval, const struct call_args *args, const char *name, bool want_list)
{
    const char *errors = value_text(args_named(args, "errors")), *text;
    bool is_strict = errors == NULL || (strcmp(errors, "warn") != 0 && strcmp(errors, "ignore") != 0);

    if (eval->err->kind == ERROR_UNDEFINED || eval->err->kind == ERROR_LIMIT || (is_strict && speaks_plainly(name)))
        return NULL;
    text = speaks_plainly(name)
               ? arena_printf(eval->arena, "Lookup failed but the error is being ignored: %s", eval->err->text)
               : failed_text(eval, name);
    error_clear(eval->err);
    eval->type_error = eval->located = false;
    if (is_strict)
        return eval_fail(eval, "%s", text);
    if (strcmp(errors, "warn") == 0)
        template_warn(eval->call, text);
    return want_list ? eval_list(eval) : value_null();
}

/* What a lookup gives is text from outside, even where it came from a playbook. */
static const struct value *from_outside(struct arena *arena, const struct value *made)
{
    return value_mark(arena, made, 0, VALUE_TRUSTED);
}

/* A file that is not there is warned of, however the failure is taken; first_found expects that. */
static const struct value *lookup_run(struct eval *eval, const struct lookup *lookup, const struct value *terms,
                                      const struct value *options)
{
    const struct value *made;

    eval->missed = NULL;
    made = lookup->run(eval, terms, options);
    if (made == NULL && eval->missed != NULL && !eval->call->is_hushed && strcmp(lookup->name, "first_found") != 0)
        template_warn(
            eval->call,
            arena_printf(eval->arena, "Unable to find '%s' in expected paths (use -vvvvv to see paths)", eval->missed));
    return made;
}

/* A plugin in Python deals with errors= itself. */
static const struct value *plugin_call(struct eval *eval, const char *name, const struct value *terms,
                                       const struct call_args *args, bool want_list)
{
    struct plugin_lookup lookup = { .name = name, .terms = terms, .args = args, .wants_list = want_list };
    const struct value *made = plugin_lookup_run(eval, &lookup);

    if (made == NULL)
        return NULL;
    eval->unsafe = true;
    if (lookup.is_forgiven)
        return want_list ? eval_list(eval) : value_null();
    made = from_outside(eval->arena, made);
    return want_list || made->kind != VALUE_LIST ? made : joined(eval, made);
}

const struct value *lookup_call(struct eval *eval, struct call_args *args, bool want_list)
{
    const char *name = args->count > 0 ? value_text(args->items[0]) : NULL;
    const struct lookup *lookup = name == NULL ? NULL : plugin_lookup(eval->env, name);
    const struct value *wanted = args_named(args, "wantlist"), *terms, *made;

    if (name == NULL)
        return eval_fail_type(eval, "lookup() missing 1 required positional argument: 'name'");
    if (lookup == NULL)
        return eval_fail(eval, "%s", plugin_missing(eval->env, eval->arena, TEMPLATE_LOOKUP, name));
    if (eval->call->lookups_off)
        return eval_fail(eval, "The lookup `%s` was found, however lookups were disabled from templating", name);
    want_list = want_list || (wanted != NULL && value_truthy(wanted));
    terms = terms_of(eval, args);
    if (terms != NULL && lookup->run == NULL)
        return plugin_call(eval, name, terms, args, want_list);
    made = terms == NULL ? NULL : lookup_run(eval, lookup, terms, options_of(eval, args));
    if (made == NULL)
        return forgiven(eval, args, name, want_list);
    eval->unsafe = true;
    made = from_outside(eval->arena, made);
    return want_list ? made : joined(eval, made);
}

/* Loops walk what can be walked: of a dict its names, unless the lookup itself takes or refuses it. NULL: error set. */
static const struct value *loop_terms(struct eval *eval, const char *name, const struct value *terms)
{
    static const char *const whole[] = { "dict", "first_found", NULL };
    static const char *const lists[] = { "list", "indexed_items", "community.general.flattened", "flattened", NULL };
    struct value *list;

    name = builtin_short_name(name);
    if (value_is(terms, VALUE_LIST))
        return terms;
    if (value_is_mapping(terms) && text_in(name, lists))
        return eval_fail(eval, "with_%s expects a list", strrchr(name, '.') == NULL ? name : strrchr(name, '.') + 1);
    if (value_is_mapping(terms) && strcmp(name, "random_choice") == 0 && value_truthy(terms))
        return eval_fail(eval, "Unable to choose random term: 0");
    if (value_is_mapping(terms) && !text_in(name, whole))
        return eval_shown_items(eval, terms);
    list = eval_list(eval);
    if (terms != NULL)
        value_list_add(eval->arena, list, terms);
    return list;
}

bool template_lookup(struct template_call *call, const char *name, const struct value *terms,
                     const struct value *options, const struct value **out, struct error *err)
{
    const struct lookup *lookup = plugin_lookup(call->env, name);
    struct eval eval = eval_new(call, err);
    struct plugin_lookup plugin = { .name = name, .wants_list = true };
    const struct value *made;

    if (lookup == NULL)
        return error_set(err, "%s", plugin_missing(call->env, call->arena, TEMPLATE_LOOKUP, name));
    terms = plugin.terms = loop_terms(&eval, name, terms);
    if (terms == NULL)
        made = NULL;
    else if (lookup->run == NULL)
        made = plugin_lookup_run(&eval, &plugin);
    else
        made = lookup_run(&eval, lookup, terms, options != NULL ? options : value_map(call->arena));
    made = made == NULL ? NULL : convert_to_leave(&eval, made);
    if (made == NULL) {
        if (eval.type_error)
            error_raise(err, "TypeError");
        if (err->kind == ERROR_GENERIC && err->path[0] == '\0')
            err->line = 1; /* counts as placed: loops show the message to the letter, as Ansible does */
        return false;
    }
    *out = from_outside(
        call->arena, value_mark(call->arena, made, 0, VALUE_TUPLE)); /* with_ items are variables: lists, not tuples */
    return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The door of this folder: values, arguments, expressions and whole files. Rules of ansible-core 2.14's
 * Templar without native types.
 */
#include "engine/template/template.h"

#include <string.h>

#include "common/base/text.h"
#include "common/value/value_python.h"
#include "engine/template/environment.h"
#include "engine/template/eval.h"
#include "engine/template/output.h"
#include "engine/template/render.h"
#include "engine/vault/vault.h"

enum mode {
    MODE_STRICT,
    MODE_ARGUMENTS,
};

static bool is_finished(const struct value *value)
{
    return (value->marks & VALUE_STATIC) != 0;
}

/* "{{ name }}" with a variable that is written as a number, a boolean or null gives just that. */
static const struct value *bare_variable(struct template_call *call, const struct template *tree, struct error *err,
                                         bool *failed_out)
{
    const struct template_vars *vars = call->vars;
    const struct value *found = NULL;
    bool scalar;

    *failed_out = false;
    if (tree->only_name == NULL || vars == NULL || !call->env->config.strict_undefined)
        return NULL;
    if (!vars->get(vars->context, call->arena, tree->only_name, strlen(tree->only_name), &found, err)) {
        *failed_out = err->kind != ERROR_UNDEFINED;
        return NULL;
    }
    if (found == NULL || (found->marks & VALUE_PRIVATE) != 0)
        return NULL;
    scalar = found->kind == VALUE_NULL || (found->kind >= VALUE_BOOL && found->kind <= VALUE_REAL);
    if (!scalar)
        return NULL;
    /* A variable that is itself "{{ other }}" is text by Ansible's rule: tell the layer above. */
    return call->depth > 0 ? value_mark(call->arena, found, VALUE_PRIVATE, 0) : found;
}

/* What !vault stands for. In a variable, one that no password opens is an error only when it is used (eval_vault.c). */
static const struct value *opened_vault(struct template_call *call, const struct value *input, struct error *err)
{
    const struct vault_door door = { call->decrypt, call->decrypt_context };
    const struct value *made = vault_inline_value(&door, call->arena, input, err);

    if (made != NULL || call->depth == 0)
        return made;
    error_clear(err);
    call->env->has_unopened = true;
    return input;
}

static const struct value *value_of_string(struct template_call *call, const struct value *input, struct error *err)
{
    struct render render = { .text = input->as.string.data,
                             .length = input->as.string.length,
                             .at = value_position(input),
                             .syntax = &call->env->plain,
                             .convert = true,
                             .keep_newlines = true };
    const struct value *made;
    struct template *tree = NULL;
    bool failed = false;

    if ((input->marks & VALUE_VAULT) != 0)
        return opened_vault(call, input, err);
    if ((input->marks & VALUE_TRUSTED) == 0 ||
        !syntax_in_text(&call->env->plain, input->as.string.data, input->as.string.length))
        return input;
    if (environment_parse(call->env, render.syntax, &(struct source){ render.text, render.length, false }, &tree,
                          err)) {
        made = bare_variable(call, tree, err, &failed);
        if (made != NULL || failed)
            return made;
    }
    made = render_run(call, &render, err);
    /* what a template makes is text like any other */
    return value_is(made, VALUE_STRING) && (made->marks & VALUE_VAULT) != 0
               ? value_mark(call->arena, made, 0, VALUE_VAULT)
               : made;
}

static const struct value *value_of(struct template_call *call, const struct value *input, enum mode mode,
                                    struct error *err);

static bool is_omit(const struct template_call *call, const struct value *value)
{
    const char *omit = call->env->config.omit_text;

    return omit != NULL && value->kind == VALUE_STRING && strcmp(value->as.string.data, omit) == 0;
}

/* A member; *skip_out: leave it out. */
static const struct value *member(struct template_call *call, const struct value *input, enum mode mode, bool *skip_out,
                                  struct error *err)
{
    const struct value *made = value_of(call, input, mode, err);

    if (made == NULL && call->env->config.level_2_19 && call->depth > 0 &&
        err->kind == ERROR_UNDEFINED) { /* only using it is an error */
        made = value_undefined(call->arena, err->text);
        call->env->has_undefined = true;
        error_clear(err);
    }
    *skip_out = mode == MODE_ARGUMENTS && (made == NULL ? err->kind == ERROR_UNDEFINED : is_omit(call, made));
    return made;
}

static const struct value *value_of_list(struct template_call *call, const struct value *input, enum mode mode,
                                         struct error *err)
{
    struct value *list = value_list(call->arena);
    bool skip = false;

    list->marks = (uint8_t)(input->marks & ~VALUE_PRIVATE);
    list->path = input->path;
    list->line = input->line;
    list->column = input->column;
    for (size_t i = 0; i < input->as.list.count; i++) {
        const struct value *made = member(call, input->as.list.items[i], mode, &skip, err);

        if (skip)
            continue;
        if (made == NULL)
            return NULL;
        value_list_add(call->arena, list, made);
    }
    return list;
}

static const struct value *value_of_map(struct template_call *call, const struct value *input, enum mode mode,
                                        struct error *err)
{
    struct value *map = value_map(call->arena);
    bool skip = false;

    map->marks = (uint8_t)(input->marks & ~VALUE_PRIVATE);
    map->path = input->path;
    map->line = input->line;
    map->column = input->column;
    for (size_t i = 0; i < input->as.map.count; i++) {
        const struct value_pair *pair = &input->as.map.pairs[i];
        const struct value *made = member(call, pair->item, mode, &skip, err);

        if (skip)
            continue;
        if (made == NULL)
            return NULL;
        value_map_put_value(call->arena, map, pair->key, made);
    }
    return map;
}

static const struct value *value_of(struct template_call *call, const struct value *input, enum mode mode,
                                    struct error *err)
{
    if (is_finished(input))
        return input;
    switch (input->kind) {
    case VALUE_STRING:
        return value_of_string(call, input, err);
    case VALUE_LIST:
        return value_of_list(call, input, mode, err);
    case VALUE_MAP:
        return value_of_map(call, input, mode, err);
    default:
        return input;
    }
}

static bool too_deep(const struct template_call *call, const char *text, struct error *err)
{
    if (call->depth <= LIMIT_TEMPLATE_CALLS)
        return false;
    error_set_kind(err, ERROR_LIMIT, "recursive loop detected in template string: %s", text);
    return true;
}

/*
 * Ansible makes lists of tuples when a variable that holds them is read: so what a task gets (to keep it) has none.
 * A variable that is written as a template keeps those that its expression makes.
 */
static const struct value *without_tuples(const struct template_call *call, const struct value *input,
                                          const struct value *value)
{
    bool is_read_again = call->depth > 0 && input->kind == VALUE_STRING;
    bool is_container = value->kind == VALUE_LIST || value->kind == VALUE_MAP;

    return is_container && !is_read_again ? value_mark(call->arena, value, 0, VALUE_TUPLE) : value;
}

static bool is_omit_of(const struct value *value, const void *call)
{
    return is_omit(call, value);
}

/* `left`: so many members are copied, as parts may be shared. */
static const struct value *omitted(const struct template_call *call, const struct value *value, int depth, size_t *left)
{
    struct value *copy;

    if (*left == 0)
        return value;
    --*left;
    if (depth > LIMIT_VALUE_DEPTH || (value->kind != VALUE_LIST && value->kind != VALUE_MAP))
        return value;
    copy = value->kind == VALUE_LIST ? value_list(call->arena) : value_map(call->arena);
    copy->marks = value->marks;
    for (size_t i = 0; value->kind == VALUE_LIST && i < value->as.list.count && *left != 0; i++)
        if (!is_omit(call, value->as.list.items[i]))
            value_list_add(call->arena, copy, omitted(call, value->as.list.items[i], depth + 1, left));
    for (size_t i = 0; value->kind == VALUE_MAP && i < value->as.map.count && *left != 0; i++)
        if (!is_omit(call, value->as.map.pairs[i].item))
            value_map_put_value(call->arena, copy, value->as.map.pairs[i].key,
                                omitted(call, value->as.map.pairs[i].item, depth + 1, left));
    return copy;
}

/* At level 2.19 members that are `omit` are left out wherever they are. */
static const struct value *without_omit(const struct template_call *call, const struct value *value)
{
    size_t left = LIMIT_TEMPLATE_STEPS;
    const struct value *copy;

    if (call->depth > 0 || !call->env->config.level_2_19 || !value_holds(value, is_omit_of, call, LIMIT_TEMPLATE_STEPS))
        return value;
    copy = omitted(call, value, 0, &left);
    return left > 0 ? copy : value;
}

static bool template_any(struct template_call *call, const struct value *input, enum mode mode,
                         const struct value **out, struct error *err)
{
    struct error unused;
    const struct value *made;

    if (is_finished(input)) {
        *out = input;
        return true;
    }
    if (err == NULL) {
        err = &unused;
        error_clear(err);
    }
    made = too_deep(call, input->kind == VALUE_STRING ? input->as.string.data : value_kind_text(input), err)
               ? NULL
               : value_of(call, input, mode, err);
    if (made == NULL || (call->depth == 0 && !template_is_opened(call, made, err)))
        return false;
    *out = without_omit(call, without_tuples(call, input, made));
    return true;
}

bool template_value(struct template_call *call, const struct value *input, const struct value **out, struct error *err)
{
    return template_any(call, input, MODE_STRICT, out, err);
}

bool template_arguments(struct template_call *call, const struct value *input, const struct value **out,
                        struct error *err)
{
    return template_any(call, input, MODE_ARGUMENTS, out, err);
}

bool template_expression(struct template_call *call, const char *text, size_t length, const struct source_position *at,
                         const struct value **out, struct error *err)
{
    struct render render = {
        .text = text, .length = length, .syntax = &call->env->bare, .convert = true, .is_expression = true
    };
    struct error unused;
    const struct value *made;

    error_clear(&unused);
    if (at != NULL)
        render.at = *at;
    made = render_run(call, &render, err == NULL ? &unused : err);
    if (made != NULL)
        *out = made;
    return made != NULL;
}

/* Is the text exactly "{{ name }}", perhaps with a newline behind it? */
static bool is_bare(const char *text, size_t length)
{
    length -= length > 0 && text[length - 1] == '\n';
    return length > 4 && memcmp(text, "{{", 2) == 0 && text[2] != '-' && text[2] != '+' && text[length - 3] != '-' &&
           memcmp(text + length - 2, "}}", 2) == 0;
}

/* Such a file gives the variable itself, without the newline, if it is a number, a boolean or null. NULL: it is not. */
static const struct value *bare_file(struct template_call *call, const struct render *render, bool plain_text,
                                     struct error *err)
{
    const struct template_env *env = call->env;
    const struct value *made;
    struct template *tree = NULL;
    bool failed = false;

    if (!is_bare(render->text, render->length) ||
        !environment_parse(call->env, render->syntax, &(struct source){ render->text, render->length, false }, &tree,
                           err)) {
        error_clear(err);
        return NULL;
    }
    made = bare_variable(call, tree, err, &failed);
    if (made == NULL)
        error_clear(err);
    if (made == NULL || made->kind != VALUE_NULL || env->native != NATIVE_OFF)
        return made;
    if (call->depth == 0)
        return NULL; /* the module template: text with its newline */
    return plain_text || env->config.native ? value_string(call->arena, "None") : made;
}

bool template_text(struct template_call *call, const char *text, size_t length,
                   const struct template_file_options *options, const struct value **out, struct error *err)
{
    struct syntax syntax = syntax_from_options(options);
    struct render render = { .text = text,
                             .length = length,
                             .at = { options->path, 1, 1 },
                             .syntax = &syntax,
                             .convert = !options->plain_text,
                             .keep_newlines = options->keep_trailing_newline };
    struct error unused;
    enum template_native native = call->env->native;
    const struct value *made;

    error_clear(&unused);
    err = err == NULL ? &unused : err;
    if (too_deep(call, text, err))
        return false;
    if (options->plain_text || options->not_native)
        call->env->native = NATIVE_OFF;
    if (call->env->config.strict_undefined)
        syntax.keep_trailing_newline = false; /* as Ansible: dropped by Jinja2, then put back */
    else
        render.keep_newlines = false;
    made = bare_file(call, &render, options->plain_text, err);
    if (made != NULL && made->kind != VALUE_STRING && options->plain_text)
        made = value_string(call->arena, value_to_text(call->arena, made));
    if (made == NULL)
        made = render_run(call, &render, err);
    call->env->native = native;
    if (made != NULL)
        *out = made;
    return made != NULL;
}

/* The list outlives the call and its arena. */
void template_warn(const struct template_call *call, const char *text)
{
    for (size_t i = 0; i < value_count(call->warnings); i++)
        if (text_equal(value_text(value_item(call->warnings, i)), text))
            return;
    if (call->warnings != NULL)
        value_list_add(call->env->arena, call->warnings, value_string(call->env->arena, text));
}

bool template_is_defined(const struct template_call *call, const struct value *value, struct error *err)
{
    struct template_call own = *call;
    struct eval eval = eval_new(&own, err);

    return !call->env->has_undefined || output_check_defined(&eval, value);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Binding call arguments to the parameters that a filter, test, method or global declares.
 */
#include "engine/template/args.h"

#include <string.h>

#include "engine/template/eval.h"

/* One declared name: its length; *required_out tells of "!". NULL at the end of the declaration. */
static const char *next_param(const char **cursor, size_t *length_out, bool *required_out)
{
    const char *at = *cursor + strspn(*cursor, " ");
    size_t length = strcspn(at, " !");

    if (*at == '\0')
        return NULL;
    *length_out = length;
    *required_out = at[length] == '!';
    *cursor = at + length + *required_out;
    return at;
}

static int param_index(const char *params, const char *name)
{
    const char *cursor = params, *at;
    size_t length = 0;
    bool required = false;

    for (int i = 0; (at = next_param(&cursor, &length, &required)) != NULL; i++)
        if (strlen(name) == length && memcmp(at, name, length) == 0)
            return i;
    return -1;
}

static bool bind_named(struct eval *eval, struct call_args *args, const char *what, const char *params)
{
    bool any = strstr(params, "**") != NULL;

    for (uint32_t i = 0; i < args->named_count; i++) {
        int index = param_index(params, args->names[i]);

        if (index < 0 && any)
            continue;
        if (index < 0)
            return eval_fail_type(eval, "%s() got an unexpected keyword argument '%s'", what, args->names[i]) != NULL;
        if (args->bound[index] != NULL)
            return eval_fail_type(eval, "%s() got multiple values for argument '%s'", what, args->names[i]) != NULL;
        args->bound[index] = args->named[i];
    }
    return true;
}

/* Is something required missing, or something given that is not declared? Words the error; always false. */
static bool bind_check(struct eval *eval, const struct call_args *args, const char *what, const char *params)
{
    const char *cursor = params, *at;
    size_t length = 0;
    bool required = false;
    uint32_t count = 0;

    for (; (at = next_param(&cursor, &length, &required)) != NULL && *at != '*'; count++)
        if (required && args->bound[count] == NULL && args->count <= count)
            return eval_fail_type(eval, "%s() missing 1 required positional argument: '%.*s'", what, (int)length, at) !=
                   NULL;
    return eval_fail_type(eval, "%s() takes %u positional arguments but %u were given", what, count + 1,
                          args->count + 1) != NULL;
}

/* The rest of the declaration from its first "*" on: may there be more positional arguments? */
static bool allows_more(const char *stars)
{
    return stars[0] == '*' && stars[1] != '*';
}

bool args_bind(struct eval *eval, struct call_args *args, const char *what, const char *params)
{
    const char *at = params;
    bool missing = false;
    uint32_t count = 0;

    if (params == NULL || (*params == '\0' && args->count == 0 && args->named_count == 0))
        return true;
    memset(args->bound, 0, sizeof(args->bound));
    if (args->named_count > 0 && !bind_named(eval, args, what, params))
        return false;
    /* one pass over the declaration: this runs for every call of every filter */
    while (*at != '\0' && *at != '*') {
        const struct value *given = count < args->count ? args->items[count] : NULL;

        if (given != NULL && args->bound[count] != NULL)
            return eval_fail_type(eval, "%s() got multiple values for an argument", what) != NULL;
        if (given != NULL)
            args->bound[count] = given;
        while (*at != ' ' && *at != '\0')
            missing |= *at++ == '!' && args->bound[count] == NULL;
        at += *at == ' ';
        count++;
    }
    return (!missing && (args->count <= count || allows_more(at))) || bind_check(eval, args, what, params);
}

const struct value *args_named(const struct call_args *args, const char *name)
{
    for (uint32_t i = 0; i < args->named_count; i++)
        if (strcmp(args->names[i], name) == 0)
            return args->named[i];
    return NULL;
}

struct call_args args_from(const struct call_args *args, uint32_t from)
{
    struct call_args rest = *args;

    rest.count = from < args->count ? args->count - from : 0;
    if (rest.count > 0)
        rest.items = args->items + from;
    return rest;
}

bool args_int(struct eval *eval, const struct value *value, int64_t fallback, int64_t *out)
{
    if (value == NULL || value->kind == VALUE_NULL) {
        *out = fallback;
        return true;
    }
    if (value->kind == VALUE_INT || value->kind == VALUE_BOOL) {
        *out = value->kind == VALUE_INT ? value->as.integer : value->as.boolean;
        return true;
    }
    if (value->kind == VALUE_UNDEFINED)
        return eval_fail_undefined(eval, value) != NULL;
    if (value->kind == VALUE_BIG)
        return eval_fail(eval, "Python int too large to convert to C ssize_t") != NULL;
    return eval_fail_type(eval, "'%s' object cannot be interpreted as an integer", eval_type(value)) != NULL;
}

const char *args_text(struct eval *eval, const struct value *value, const char *fallback, const char *what)
{
    if (value == NULL || value->kind == VALUE_NULL)
        return fallback;
    if (value->kind == VALUE_STRING)
        return value->as.string.data;
    if (value->kind == VALUE_UNDEFINED)
        eval_fail_undefined(eval, value);
    else
        eval_fail_type(eval, "%s must be a string, not %s", what, eval_type(value));
    return NULL;
}

bool args_true(const struct value *value, bool fallback)
{
    return value == NULL ? fallback : value_truthy(value);
}

const struct value *args_undefined(const struct eval *eval, const struct value *input, const struct call_args *args)
{
    if (!eval->env->config.level_2_19)
        return NULL;
    if (eval_is_strict(eval, input))
        return input;
    for (uint32_t i = 0; i < args->count; i++)
        if (eval_is_strict(eval, args->items[i]))
            return args->items[i];
    for (uint32_t i = 0; i < args->named_count; i++)
        if (eval_is_strict(eval, args->named[i]))
            return args->named[i];
    return NULL;
}

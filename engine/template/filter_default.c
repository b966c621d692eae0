/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Filters about presence and type: default, mandatory, ternary, bool, int, float, string, list, length.
 */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "engine/template/eval_expression.h"
#include "engine/template/filter.h"
#include "engine/template/object.h"
#include "engine/template/python_integer.h"
#include "engine/template/undefined.h"

static const struct value *filter_default(struct eval *eval, const struct value *input, struct call_args *args)
{
    bool absent = input->kind == VALUE_UNDEFINED || (args_true(args->bound[1], false) && !value_truthy(input));

    if (!absent)
        return input;
    return args->bound[0] == NULL ? eval_text(eval, "") : args->bound[0];
}

static const struct value *filter_mandatory(struct eval *eval, const struct value *input, struct call_args *args)
{
    const char *message = value_text(args->bound[0]), *name;

    if (input->kind != VALUE_UNDEFINED)
        return input;
    if (message != NULL)
        return eval_fail(eval, "%s", message);
    name = undefined_name(eval->arena, input);
    return name == NULL ? eval_fail(eval, "Mandatory variable  not defined.")
                        : eval_fail(eval, "Mandatory variable '%s'  not defined.", name);
}

static const struct value *filter_ternary(struct eval *eval, const struct value *input, struct call_args *args)
{
    (void)eval;
    if (input->kind == VALUE_NULL && args->bound[2] != NULL && args->bound[2]->kind != VALUE_NULL)
        return args->bound[2];
    return value_truthy(input) ? args->bound[0] : args->bound[1];
}

/* Ansible's bool: yes, on, 1 and true in any case are true, everything else is false. */
static const struct value *filter_bool(struct eval *eval, const struct value *input, struct call_args *args)
{
    static const char *const truths[] = { "yes", "on", "1", "true" };
    double number = 0;

    (void)args;
    if (input->kind == VALUE_NULL && eval->env->config.level_2_19)
        return value_bool(false);
    if (input->kind == VALUE_NULL || input->kind == VALUE_BOOL)
        return input;
    if (input->kind == VALUE_STRING)
        for (size_t i = 0; i < sizeof(truths) / sizeof(truths[0]); i++)
            if (strcasecmp(truths[i], input->as.string.data) == 0)
                return value_bool(true);
    return value_bool(eval_number(input, &number) && number == 1);
}

static char *without_underscores(struct eval *eval, const char *text)
{
    char *copy = text_trim(eval->arena, text, strlen(text)), *write = copy;

    for (const char *c = copy; *c != '\0'; c++)
        if (*c != '_' || !isdigit((unsigned char)c[1]))
            *write++ = *c;
    *write = '\0';
    return copy;
}

static const struct value *real_to_int(struct eval *eval, double real, const struct value *fallback)
{
    if (isnan(real))
        return fallback;
    if (isinf(real))
        return eval_fail(eval, "cannot convert float infinity to integer");
    return value_integer_real(eval->arena, real);
}

static const struct value *filter_int(struct eval *eval, const struct value *input, struct call_args *args)
{
    const struct value *fallback = args->bound[0] == NULL ? eval_int(eval, 0) : args->bound[0];
    const struct value *made;
    int64_t base = 10;
    double real = 0;
    const char *text;

    if (!args_int(eval, args->bound[1], 10, &base))
        return NULL;
    if (input->kind == VALUE_REAL)
        return real_to_int(eval, input->as.real, fallback);
    if (input->kind == VALUE_INT || input->kind == VALUE_BOOL)
        return eval_int(eval, input->kind == VALUE_INT ? input->as.integer : input->as.boolean);
    if (input->kind == VALUE_BIG)
        return input;
    if (input->kind != VALUE_STRING)
        return fallback;
    text = without_underscores(eval, input->as.string.data);
    made = python_integer_text(eval, text, base);
    if (made != NULL)
        return made;
    return text_to_real(text, &real) ? real_to_int(eval, real, fallback) : fallback;
}

static const struct value *filter_float(struct eval *eval, const struct value *input, struct call_args *args)
{
    double real = 0;
    bool good = eval_number(input, &real);

    if (!good && input->kind == VALUE_STRING)
        good = text_to_real(without_underscores(eval, input->as.string.data), &real);
    if (input->kind == VALUE_BIG && !python_real(eval, input, &real))
        return NULL;
    if (good)
        return value_real(eval->arena, real);
    return args->bound[0] == NULL ? value_real(eval->arena, 0) : args->bound[0];
}

static const struct value *filter_string(struct eval *eval, const struct value *input, struct call_args *args)
{
    (void)args;
    return eval_str(eval, input);
}

static const struct value *filter_list(struct eval *eval, const struct value *input, struct call_args *args)
{
    const struct value *items = eval_items(eval, input);
    struct value *list;

    (void)args;
    if (items == NULL)
        return NULL;
    list = eval_list(eval);
    for (size_t i = 0; i < items->as.list.count; i++)
        value_list_add(eval->arena, list, items->as.list.items[i]);
    return list;
}

static const struct value *filter_length(struct eval *eval, const struct value *input, struct call_args *args)
{
    const struct value *items;

    (void)args;
    if (input->kind == VALUE_STRING && (input->marks & VALUE_BYTES) != 0)
        return eval_int(eval, (int64_t)input->as.string.length);
    if (input->kind == VALUE_STRING)
        return eval_int(eval, (int64_t)text_utf8_count(input->as.string.data, input->as.string.length));
    if (input->kind == VALUE_MAP)
        return eval_int(eval, (int64_t)input->as.map.count);
    if (input->kind != VALUE_LIST && input->kind != VALUE_OBJECT && input->kind != VALUE_UNDEFINED)
        return eval_fail_type(eval, "object of type '%s' has no len()", eval_type(input));
    items = eval_items(eval, input);
    return items == NULL ? NULL : eval_int(eval, (int64_t)items->as.list.count);
}

static const struct value *filter_type_debug(struct eval *eval, const struct value *input, struct call_args *args)
{
    bool is_vault = input->kind == VALUE_STRING && (input->marks & VALUE_VAULT) != 0;
    const char *type = is_vault ? "AnsibleVaultEncryptedUnicode" : eval_type(input), *dot = strrchr(type, '.');

    (void)args;
    if (eval->env->config.level_2_19 && !is_vault) /* tags make no types of their own */
        return eval_text(eval, input->kind == VALUE_UNDEFINED ? "UndefinedMarker" : dot == NULL ? type : dot + 1);
    if (input->kind == VALUE_STRING && (input->marks & VALUE_PRIVATE) != 0)
        type = eval->unsafe ? "NativeJinjaUnsafeText" : "NativeJinjaText", dot = NULL;
    else if (!is_vault && input->kind == VALUE_STRING && strcmp(type, "str") == 0 && input->path != NULL &&
             (input->marks & VALUE_TRUSTED) != 0)
        type = "AnsibleUnicode", dot = NULL; /* written in a playbook */
    else if (!is_vault && input->kind == VALUE_STRING && strcmp(type, "str") == 0 && eval->unsafe &&
             (input->marks & VALUE_TRUSTED) == 0)
        type = "AnsibleUnsafeText", dot = NULL;           /* from outside, or made from such text */
    return eval_text(eval, dot == NULL ? type : dot + 1); /* without the module of the class */
}

const struct filter filters_default[] = {
    { "default", filter_default, "default_value boolean", FILTER_TAKES_UNDEFINED | FILTER_KEEPS },
    { "d", filter_default, "default_value boolean", FILTER_TAKES_UNDEFINED | FILTER_KEEPS },
    { "mandatory", filter_mandatory, "msg", FILTER_TAKES_UNDEFINED | FILTER_KEEPS },
    { "ternary", filter_ternary, "true_val! false_val! none_val", FILTER_KEEPS },
    { "bool", filter_bool, "", FILTER_KEEPS },
    { "int", filter_int, "default base", 0 },
    { "float", filter_float, "default", 0 },
    { "string", filter_string, "", FILTER_TEXT },
    { "list", filter_list, "", FILTER_KEEPS },
    { "length", filter_length, "", FILTER_KEEPS },
    { "count", filter_length, "", FILTER_KEEPS },
    { "type_debug", filter_type_debug, "", FILTER_TAKES_UNDEFINED | FILTER_TAKES_VAULT | FILTER_KEEPS },
    { .name = NULL },
};

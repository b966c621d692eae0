/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Collecting output. Undefined values fail here, None is nothing (unless in plain Jinja2).
 */
#include "engine/template/output.h"

#include <string.h>

#include "engine/template/object.h"
#include "engine/template/convert.h"

static bool is_2_19(const struct eval *eval)
{
    return eval->env->config.level_2_19 && !eval->plain;
}

static bool check_defined(struct eval *eval, const struct value *value, int depth)
{
    bool is_undefined = value->kind == VALUE_UNDEFINED && depth > 0 && is_2_19(eval);

    if (is_undefined || eval_is_strict(eval, value))
        return eval_fail_undefined(eval, value) != NULL;
    if (depth > LIMIT_VALUE_DEPTH) /* it is not printed either */
        return true;
    for (size_t i = 0; value->kind == VALUE_LIST && i < value->as.list.count; i++)
        if (!eval_step(eval) || !check_defined(eval, value->as.list.items[i], depth + 1))
            return false;
    for (size_t i = 0; value->kind == VALUE_MAP && i < value->as.map.count; i++)
        if (!eval_step(eval) || !check_defined(eval, value->as.map.pairs[i].item, depth + 1))
            return false;
    return true;
}

bool output_check_defined(struct eval *eval, const struct value *value)
{
    return check_defined(eval, value, 0);
}

static bool may_be_undefined(const struct eval *eval, const struct value *value)
{
    return eval->has_undefined || eval->env->has_undefined || value->kind == VALUE_UNDEFINED;
}

static bool is_container(const struct value *value)
{
    return value->kind == VALUE_LIST || value->kind == VALUE_MAP;
}

/* At level 2.19 the members of a variable are only an error when they are used. */
static bool is_left_for_later(const struct eval *eval, const struct output *out, const struct value *value)
{
    return is_2_19(eval) && eval->call->depth > 0 && out->pieces == 0 && is_container(value);
}

/* At level 2.19 text shows tuples as lists, and nothing of `omit`. */
static const struct value *as_shown(struct eval *eval, const struct value *value)
{
    const char *omit = eval->env->config.omit_text;

    if (!is_2_19(eval))
        return value;
    if (value->kind == VALUE_STRING)
        return omit != NULL && strcmp(value->as.string.data, omit) == 0 ? eval_string(eval, "", 0) : value;
    if (may_be_undefined(eval, value) && !output_check_defined(eval, value))
        return NULL;
    if (value->kind == VALUE_UNDEFINED)
        return eval_string(eval, "", 0);
    return is_container(value) ? value_mark(eval->arena, value, 0, VALUE_TUPLE) : value;
}

static void add_integer(struct text *out, int64_t integer)
{
    char digits[24];
    size_t at = sizeof(digits);
    uint64_t left = integer < 0 ? 0 - (uint64_t)integer : (uint64_t)integer;

    do
        digits[--at] = (char)('0' + left % 10);
    while ((left /= 10) > 0);
    if (integer < 0)
        digits[--at] = '-';
    text_add_n(out, digits + at, sizeof(digits) - at);
}

static bool add_text(struct eval *eval, struct output *out, const struct value *value)
{
    value = as_shown(eval, value);
    if (value == NULL || (eval->env->has_unopened && !eval_opened_deep(eval, value)))
        return false;
    if (value->kind == VALUE_STRING) { /* bytes too: Ansible decodes them here */
        text_add_n(&out->text, value->as.string.data, value->as.string.length);
        out->secret |= (value->marks & VALUE_SECRET) != 0;
    } else if (value->kind == VALUE_INT) {
        add_integer(&out->text, value->as.integer);
        out->secret |= (value->marks & VALUE_SECRET) != 0;
    } else {
        if (!eval_printable(eval, value))
            return false;
        object_str(&out->text, value);
        out->secret |= eval_is_secret(value) || eval_object_is_secret(eval, value);
        if (value->kind == VALUE_OBJECT && !eval_opened_deep(eval, value)) /* what it read came just now */
            return false;
    }
    if (out->text.length <= LIMIT_TEMPLATE_OUTPUT)
        return true;
    error_set_kind(eval->err, ERROR_LIMIT, "the template makes more than %d bytes", LIMIT_TEMPLATE_OUTPUT);
    return false;
}

bool output_value(struct eval *eval, struct output *out, const struct value *value)
{
    if (is_2_19(eval) ? value->kind == VALUE_NULL : value->kind == VALUE_UNDEFINED && !eval_is_strict(eval, value))
        return true;
    if (value->kind == VALUE_NULL && !eval->plain && eval->env->native == NATIVE_OFF && !eval->env->config.native)
        value = eval_string(eval, "", 0); /* with jinja2_native files that are rendered to text have None */
    if (may_be_undefined(eval, value) && !is_left_for_later(eval, out, value) && !output_check_defined(eval, value))
        return false;
    if (out->pieces++ == 0) {
        out->first = value->kind == VALUE_STRING && (value->marks & VALUE_BYTES) != 0
                         ? value_mark(eval->arena, value, 0, VALUE_BYTES)
                         : value;
        return true;
    }
    if (out->pieces == 2) {
        out->text = text_new(eval->arena);
        if (!add_text(eval, out, out->first))
            return false;
    }
    return add_text(eval, out, value);
}

const struct value *output_string(struct eval *eval, struct output *out)
{
    const struct value *only;
    struct value *made;

    if (out->pieces == 0)
        return eval_string(eval, "", 0);
    if (out->pieces == 1) {
        only = as_shown(eval, out->first);
        return only == NULL ? NULL : eval_str(eval, only);
    }
    made = value_string_borrow(eval->arena, out->text.data, out->text.length);
    if (out->secret)
        made->marks |= VALUE_SECRET;
    return made;
}

const struct value *output_result(struct eval *eval, struct output *out)
{
    const struct value *text;
    bool is_nothing = out->pieces == 1 && out->first->kind == VALUE_UNDEFINED; /* x if false */

    if (is_nothing && eval->env->native == NATIVE_VALUES)
        return eval->call->depth > 0 ? out->first : eval_fail_undefined(eval, out->first);
    if (eval->env->native != NATIVE_OFF && out->pieces == 0)
        return value_null();
    if (eval->env->native != NATIVE_OFF)
        return convert_native(eval, out->pieces == 1 ? out->first : output_string(eval, out));
    if (!eval->convert)
        return output_string(eval, out);
    if (out->pieces == 1)
        return convert_value(eval, out->first);
    text = output_string(eval, out);
    return convert_text(eval, text);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Collecting output. Undefined values fail here, None is nothing (unless in plain Jinja2).
 */
#include "engine/template/output.h"

#include "engine/template/object.h"
#include "engine/template/convert.h"

/* Fails on an undefined value anywhere beneath. */
static bool check_defined(struct eval *eval, const struct value *value)
{
    if (eval_is_strict(eval, value))
        return eval_fail_undefined(eval, value) != NULL;
    for (size_t i = 0; value->kind == VALUE_LIST && i < value->as.list.count; i++)
        if (!check_defined(eval, value->as.list.items[i]))
            return false;
    for (size_t i = 0; value->kind == VALUE_MAP && i < value->as.map.count; i++)
        if (!check_defined(eval, value->as.map.pairs[i].item))
            return false;
    return true;
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
    if (eval->env->has_unopened && !eval_opened_deep(eval, value))
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
    if (value->kind == VALUE_UNDEFINED && !eval_is_strict(eval, value))
        return true;
    if (!eval->plain && value->kind == VALUE_NULL && eval->env->native == NATIVE_OFF)
        value = eval_string(eval, "", 0);
    if ((eval->has_undefined || value->kind == VALUE_UNDEFINED) && !check_defined(eval, value))
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
    struct value *made;

    if (out->pieces == 0)
        return eval_string(eval, "", 0);
    if (out->pieces == 1)
        return eval_str(eval, out->first);
    made = value_string_borrow(eval->arena, out->text.data, out->text.length);
    if (out->secret)
        made->marks |= VALUE_SECRET;
    return made;
}

const struct value *output_result(struct eval *eval, struct output *out)
{
    const struct value *text;

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

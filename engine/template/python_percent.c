/* SPDX-License-Identifier: Apache-2.0 */
/* The % operator of str. */
#include <math.h>
#include <string.h>

#include "common/value/value_python.h"
#include "engine/template/eval_expression.h"
#include "engine/template/markup.h"
#include "engine/template/object.h"
#include "engine/template/python_ascii.h"
#include "engine/template/python_format.h"
#include "engine/template/python_integer.h"

struct percent {
    struct eval *eval;
    const char *data;
    size_t length, at;
    const struct value *args; /* a tuple's items are taken in turn, anything else is the only one */
    size_t next;
    bool tuple, by_name;
    bool markup; /* the format is HTML: text that goes in is escaped */
    struct text *out;
};

struct directive {
    bool left, zero;
    int64_t width;
    struct number_style number;
    const struct value *value; /* chosen by (name), or NULL */
};

static bool fail_type(struct percent *in, const char *what)
{
    return eval_fail_type(in->eval, "%s", what) != NULL;
}

static const struct value *next_value(struct percent *in)
{
    size_t count = in->tuple ? in->args->as.list.count : 1;

    if (in->next >= count || in->by_name) {
        eval_fail_type(in->eval, "not enough arguments for format string");
        return NULL;
    }
    return in->tuple ? in->args->as.list.items[in->next++] : (in->next++, in->args);
}

static bool read_name(struct percent *in, struct directive *out)
{
    size_t from = ++in->at;
    const struct value *key;
    int depth = 1;

    for (; in->at < in->length && depth > 0; in->at++)
        depth += in->data[in->at] == '(' ? 1 : in->data[in->at] == ')' ? -1 : 0;
    if (depth > 0)
        return eval_fail(in->eval, "incomplete format key") != NULL;
    if (in->args->kind != VALUE_MAP && in->args->kind != VALUE_OBJECT)
        return fail_type(in, "format requires a mapping");
    key = eval_string(in->eval, in->data + from, in->at - 1 - from);
    out->value = in->args->kind == VALUE_MAP ? value_map_get_value(in->args, key) : eval_item(in->eval, in->args, key);
    in->by_name = true;
    if (out->value == NULL)
        return in->args->kind == VALUE_MAP ? eval_fail(in->eval, "'%s'", key->as.string.data) != NULL : false;
    return true;
}

static void read_flags(struct percent *in, struct directive *out)
{
    for (; in->at < in->length && strchr("-+ #0", in->data[in->at]) != NULL && in->data[in->at] != '\0'; in->at++) {
        char flag = in->data[in->at];

        out->left |= flag == '-';
        out->zero |= flag == '0';
        out->number.alternate |= flag == '#';
        if (flag == '+' || (flag == ' ' && out->number.sign != '+'))
            out->number.sign = flag;
    }
}

/* Digits, or "*" for a value. */
static bool read_count(struct percent *in, int64_t *out)
{
    const struct value *value;

    if (in->at < in->length && in->data[in->at] == '*') {
        in->at++;
        value = next_value(in);
        if (value == NULL)
            return false;
        if (value->kind == VALUE_BIG)
            return args_int(in->eval, value, 0, out);
        if (value->kind != VALUE_INT && value->kind != VALUE_BOOL)
            return fail_type(in, "* wants int");
        *out = value->kind == VALUE_INT ? value->as.integer : value->as.boolean;
    }
    for (; in->at < in->length && in->data[in->at] >= '0' && in->data[in->at] <= '9'; in->at++)
        if (*out <= PYTHON_WIDTH_MAX)
            *out = *out * 10 + (in->data[in->at] - '0');
    if (*out > PYTHON_WIDTH_MAX || *out < -PYTHON_WIDTH_MAX)
        return eval_fail(in->eval, "width too big") != NULL;
    return true;
}

static bool read_directive(struct percent *in, struct directive *out)
{
    if (in->at < in->length && in->data[in->at] == '(' && !read_name(in, out))
        return false;
    read_flags(in, out);
    if (!read_count(in, &out->width))
        return false;
    if (out->width < 0) {
        out->left = true;
        out->width = -out->width;
    }
    if (in->at < in->length && in->data[in->at] == '.') {
        in->at++;
        out->number.precision = 0;
        if (!read_count(in, &out->number.precision))
            return false;
        out->number.precision = out->number.precision < 0 ? 0 : out->number.precision;
    }
    while (in->at < in->length && strchr("hlL", in->data[in->at]) != NULL && in->data[in->at] != '\0')
        in->at++;
    if (in->at >= in->length)
        return eval_fail(in->eval, "incomplete format") != NULL;
    out->number.type = in->data[in->at++];
    return true;
}

static void add_padded(struct percent *in, const struct directive *d, const char *data, size_t length)
{
    int64_t space = d->width - (int64_t)text_utf8_count(data, length);

    for (int64_t i = 0; i < space && !d->left; i++)
        text_add_char(in->out, ' ');
    text_add_n(in->out, data, length);
    for (int64_t i = 0; i < space && d->left; i++)
        text_add_char(in->out, ' ');
}

static struct text escaped(struct percent *in, const struct text *plain)
{
    struct text out = text_new(in->eval->arena);

    markup_escape(&out, plain->data, plain->length);
    return out;
}

static bool add_text(struct percent *in, const struct directive *d, const struct value *value)
{
    struct text text = text_new(in->eval->arena);
    size_t length;

    if (!eval_printable(in->eval, value))
        return false;
    if (d->number.type == 's')
        object_str(&text, value);
    else if (d->number.type == 'r')
        object_repr(&text, value);
    else
        python_ascii(&text, value);
    if (in->markup && (d->number.type != 's' || (value->marks & VALUE_MARKUP) == 0))
        text = escaped(in, &text);
    length =
        d->number.precision < 0 ? text.length : text_utf8_offset(text.data, text.length, (size_t)d->number.precision);
    add_padded(in, d, text.data, length);
    return true;
}

/* A real without its fraction. */
static bool add_whole(struct percent *in, struct directive *d, double real)
{
    struct text text = text_new(in->eval->arena);

    if (!isfinite(real))
        return eval_fail(in->eval, "cannot convert float %s to integer", isnan(real) ? "NaN" : "infinity") != NULL;
    d->number.type = 'd';
    if (!python_integer_add(in->eval, &text, value_integer_real(in->eval->arena, real), &d->number))
        return false;
    add_padded(in, d, text.data, text.length);
    return true;
}

static bool add_integer(struct percent *in, struct directive *d, const struct value *value)
{
    bool decimal = strchr("diu", d->number.type) != NULL;
    struct text text = text_new(in->eval->arena);

    if (value->kind == VALUE_REAL && decimal)
        return add_whole(in, d, value->as.real);
    if (!python_is_integer(value))
        return eval_fail_type(in->eval, "%%%c format: %s is required, not %s", d->number.type,
                              decimal ? "a real number" : "an integer", eval_type(value)) != NULL;
    d->number.type = decimal ? 'd' : d->number.type;
    if (!python_integer_add(in->eval, &text, value, &d->number))
        return false;
    add_padded(in, d, text.data, text.length);
    return true;
}

static bool add_real(struct percent *in, const struct directive *d, const struct value *value)
{
    struct text text = text_new(in->eval->arena);
    double real = 0;

    if (value->kind == VALUE_BIG && !python_real(in->eval, value, &real))
        return false;
    if (!eval_number(value, &real))
        return eval_fail_type(in->eval, "must be real number, not %s", eval_type(value)) != NULL;
    number_add_real(&text, real, &d->number);
    add_padded(in, d, text.data, text.length);
    return true;
}

static bool add_character(struct percent *in, const struct directive *d, const struct value *value)
{
    struct text text = text_new(in->eval->arena);

    if (value->kind == VALUE_STRING && text_utf8_count(value->as.string.data, value->as.string.length) == 1)
        text_add_n(&text, value->as.string.data, value->as.string.length);
    else if (value->kind == VALUE_BOOL)
        text_add_codepoint(&text, value->as.boolean);
    else if (!value_is_integer(value))
        return fail_type(in, "%c requires int or char");
    else if (value->kind == VALUE_BIG || value->as.integer < 0 || value->as.integer > 0x10FFFF)
        return eval_fail(in->eval, "%%c arg not in range(0x110000)") != NULL;
    else
        text_add_codepoint(&text, (uint32_t)value->as.integer);
    add_padded(in, d, text.data, text.length);
    return true;
}

static bool add_value(struct percent *in, struct directive *d)
{
    const char *known = "sradiuoxXeEfFgGc";
    const struct value *value;
    char type = d->number.type;

    if (type == '\0' || strchr(known, type) == NULL)
        return eval_fail(in->eval, "unsupported format character '%c' (0x%x) at index %zu", type, (unsigned char)type,
                         in->at - 1) != NULL;
    value = d->value == NULL ? next_value(in) : d->value;
    if (value == NULL)
        return false;
    if (value->kind == VALUE_UNDEFINED && !in->eval->plain)
        return eval_fail_undefined(in->eval, value) != NULL;
    d->number.zero_width = d->zero && !d->left ? (size_t)d->width : 0;
    if (strchr("sra", type) != NULL)
        return add_text(in, d, value);
    if (type == 'c')
        return add_character(in, d, value);
    return strchr("diuoxX", type) != NULL ? add_integer(in, d, value) : add_real(in, d, value);
}

static bool run(struct percent *in)
{
    while (in->at < in->length) {
        const char *found = memchr(in->data + in->at, '%', in->length - in->at);
        size_t plain = found == NULL ? in->length - in->at : (size_t)(found - in->data) - in->at;
        struct directive directive = { .number = { .sign = '-', .precision = -1 } };

        text_add_n(in->out, in->data + in->at, plain);
        in->at += plain + 1;
        if (found == NULL)
            break;
        if (!read_directive(in, &directive))
            return false;
        if (directive.number.type == '%')
            text_add_char(in->out, '%');
        else if (!add_value(in, &directive))
            return false;
    }
    return true;
}

const struct value *python_percent(struct eval *eval, const struct value *format, const struct value *args)
{
    struct text out = text_new(eval->arena);
    struct percent in = {
        .eval = eval, .data = format->as.string.data, .length = format->as.string.length, .args = args, .out = &out
    };
    bool mapping = args->kind == VALUE_MAP || args->kind == VALUE_OBJECT;
    const struct value *made;

    in.markup = (format->marks & VALUE_MARKUP) != 0;
    in.tuple = args->kind == VALUE_LIST && (args->marks & VALUE_TUPLE) != 0;
    if (!run(&in))
        return NULL;
    mapping |= args->kind == VALUE_LIST && !in.tuple;
    if (!mapping && in.next < (in.tuple ? args->as.list.count : 1))
        return eval_fail_type(eval, "not all arguments converted during string formatting");
    made = eval_taint(eval, eval_taint(eval, value_string_borrow(eval->arena, out.data, out.length), format), args);
    return in.markup ? value_mark(eval->arena, made, VALUE_MARKUP, 0) : made;
}

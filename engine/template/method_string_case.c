/* SPDX-License-Identifier: Apache-2.0 */
/* Methods of str that change case or fill up to a width. */
#include "engine/template/method.h"
#include "engine/template/strings.h"
#include "engine/template/text_case.h"

static const struct value *string_upper(struct eval *eval, const struct value *self, struct call_args *args)
{
    (void)args;
    return strings_case(eval, self, CASE_UPPER);
}

static const struct value *string_lower(struct eval *eval, const struct value *self, struct call_args *args)
{
    (void)args;
    return strings_case(eval, self, CASE_LOWER);
}

static const struct value *string_title(struct eval *eval, const struct value *self, struct call_args *args)
{
    (void)args;
    return strings_case(eval, self, CASE_TITLE);
}

static const struct value *string_capitalize(struct eval *eval, const struct value *self, struct call_args *args)
{
    (void)args;
    return strings_case(eval, self, CASE_CAPITALIZE);
}

static const struct value *string_swapcase(struct eval *eval, const struct value *self, struct call_args *args)
{
    (void)args;
    return strings_case(eval, self, CASE_SWAP);
}

/* How many code points are lacking to the width; false: error set. */
static bool lacking(struct eval *eval, const struct value *self, const struct call_args *args, size_t *out)
{
    int64_t width = 0, length = (int64_t)text_utf8_count(self->as.string.data, self->as.string.length);

    if (!args_int(eval, args->bound[0], 0, &width))
        return false;
    if (width > LIMIT_TEMPLATE_OUTPUT)
        return eval_fail(eval, "a width of %lld is too large", (long long)width) != NULL;
    *out = width > length ? (size_t)(width - length) : 0;
    return true;
}

static const char *fill_of(struct eval *eval, const struct call_args *args)
{
    const char *fill = args_text(eval, args->bound[1], " ", "The fill character");

    if (fill != NULL && text_utf8_count(fill, args->bound[1] == NULL ? 1 : args->bound[1]->as.string.length) != 1) {
        eval_fail_type(eval, "The fill character must be exactly one character long");
        return NULL;
    }
    return fill;
}

static const struct value *string_ljust(struct eval *eval, const struct value *self, struct call_args *args)
{
    size_t space = 0;
    const char *fill = fill_of(eval, args);

    return fill == NULL || !lacking(eval, self, args, &space) ? NULL : strings_pad(eval, self, 0, space, fill);
}

static const struct value *string_rjust(struct eval *eval, const struct value *self, struct call_args *args)
{
    size_t space = 0;
    const char *fill = fill_of(eval, args);

    return fill == NULL || !lacking(eval, self, args, &space) ? NULL : strings_pad(eval, self, space, 0, fill);
}

/* Of an odd space Python gives the greater half to the left if the width is odd. */
static const struct value *string_center(struct eval *eval, const struct value *self, struct call_args *args)
{
    size_t space = 0, length = text_utf8_count(self->as.string.data, self->as.string.length), left;
    const char *fill = fill_of(eval, args);

    if (fill == NULL || !lacking(eval, self, args, &space))
        return NULL;
    left = space / 2 + (space & (length + space) & 1);
    return strings_pad(eval, self, left, space - left, fill);
}

static const struct value *string_zfill(struct eval *eval, const struct value *self, struct call_args *args)
{
    struct text out = text_new(eval->arena);
    const char *data = self->as.string.data;
    size_t space = 0, sign = *data == '-' || *data == '+';

    if (!lacking(eval, self, args, &space))
        return NULL;
    text_add_n(&out, data, sign);
    for (; space > 0; space--)
        text_add_char(&out, '0');
    text_add_n(&out, data + sign, self->as.string.length - sign);
    return eval_string(eval, out.data, out.length);
}

static const struct value *string_expandtabs(struct eval *eval, const struct value *self, struct call_args *args)
{
    struct text out = text_new(eval->arena);
    int64_t size = 8, column = 0;

    if (!args_int(eval, args->bound[0], 8, &size))
        return NULL;
    if (size > 1024)
        return eval_fail(eval, "a tab size of %lld is too large", (long long)size);
    for (size_t at = 0; at < self->as.string.length;) {
        size_t from = at;
        uint32_t code = text_utf8_next(self->as.string.data, self->as.string.length, &at);

        if (code != '\t') {
            text_add_n(&out, self->as.string.data + from, at - from);
            column = code == '\n' || code == '\r' ? 0 : column + 1;
            continue;
        }
        for (int64_t fill = size > 0 ? size - column % size : 0; fill > 0; fill--, column++)
            text_add_char(&out, ' ');
    }
    return eval_string(eval, out.data, out.length);
}

/* Lower case for comparing: a sharp s is ss. */
static const struct value *string_casefold(struct eval *eval, const struct value *self, struct call_args *args)
{
    const struct value *lower = string_lower(eval, self, args);

    return lower == NULL ? NULL : strings_replace(eval, lower, eval_text(eval, "\xc3\x9f"), eval_text(eval, "ss"), -1);
}

/* maketrans('ab', 'xy', 'z') or maketrans({'a': 'x'}): codes to codes, texts or None. */
static const struct value *string_maketrans(struct eval *eval, const struct value *self, struct call_args *args)
{
    const struct value *from = args->bound[0], *to = args->bound[1], *drop = args->bound[2];
    struct value *map = eval_map(eval);

    (void)self;
    for (size_t i = 0; to == NULL && i < value_count(from) && from->kind == VALUE_MAP; i++) {
        const struct value_pair *pair = value_pair_at(from, i);
        const char *text = value_text(pair->key);
        size_t at = 0;
        const struct value *key =
            text == NULL ? pair->key : eval_int(eval, text_utf8_next(text, pair->key->as.string.length, &at));

        value_map_put_value(eval->arena, map, key, pair->item);
    }
    if (to == NULL)
        return from->kind == VALUE_MAP
                   ? map
                   : eval_fail_type(eval, "if you give only one argument to maketrans it must be a dict");
    if (from->kind != VALUE_STRING || to->kind != VALUE_STRING || (drop != NULL && drop->kind != VALUE_STRING))
        return eval_fail_type(eval, "maketrans() argument 2 must be str, not %s", eval_type(to));
    for (size_t i = 0, k = 0; i < from->as.string.length || k < to->as.string.length;) {
        if (i >= from->as.string.length || k >= to->as.string.length)
            return eval_fail(eval, "the first two maketrans arguments must have equal length");
        value_map_put_value(eval->arena, map,
                            eval_int(eval, text_utf8_next(from->as.string.data, from->as.string.length, &i)),
                            eval_int(eval, text_utf8_next(to->as.string.data, to->as.string.length, &k)));
    }
    for (size_t i = 0; drop != NULL && i < drop->as.string.length;)
        value_map_put_value(eval->arena, map,
                            eval_int(eval, text_utf8_next(drop->as.string.data, drop->as.string.length, &i)),
                            value_null());
    return map;
}

static const struct value *string_translate(struct eval *eval, const struct value *self, struct call_args *args)
{
    const struct value *map = args->bound[0];
    struct text out = text_new(eval->arena);

    if (map->kind != VALUE_MAP)
        return eval_fail_type(eval, "'%s' object is not subscriptable", eval_type(map));
    for (size_t at = 0; at < self->as.string.length;) {
        size_t from = at;
        uint32_t code = text_utf8_next(self->as.string.data, self->as.string.length, &at);
        const struct value *to = value_map_get_value(map, eval_int(eval, code));

        if (to == NULL)
            text_add_n(&out, self->as.string.data + from, at - from);
        else if (to->kind == VALUE_STRING)
            text_add_n(&out, to->as.string.data, to->as.string.length);
        else if (to->kind == VALUE_INT && to->as.integer >= 0 && to->as.integer < 0x110000)
            text_add_codepoint(&out, (uint32_t)to->as.integer);
        else if (to->kind != VALUE_NULL)
            return eval_fail_type(eval, "character mapping must return integer, None or str");
    }
    return eval_string(eval, out.data, out.length);
}

const struct method method_of_string_case[] = {
    { "upper", string_upper, "", false },
    { "lower", string_lower, "", false },
    { "casefold", string_casefold, "", false },
    { "title", string_title, "", false },
    { "capitalize", string_capitalize, "", false },
    { "swapcase", string_swapcase, "", false },
    { "ljust", string_ljust, "width! fillchar", false },
    { "rjust", string_rjust, "width! fillchar", false },
    { "center", string_center, "width! fillchar", false },
    { "zfill", string_zfill, "width!", false },
    { "expandtabs", string_expandtabs, "tabsize", false },
    { "maketrans", string_maketrans, "x! y z", false },
    { "translate", string_translate, "table!", false },
    { .name = NULL },
};

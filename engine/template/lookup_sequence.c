/* SPDX-License-Identifier: Apache-2.0 */
/* The lookup sequence: "[start-]end[/stride][:format]", or start=, end=, count=, stride= and format=. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/value/value_python.h"
#include "engine/template/lookup.h"
#include "engine/template/lookup_table.h"
#include "engine/template/python_format.h"

#define HEX "0123456789abcdefABCDEF"

struct sequence {
    int64_t start, end, count, stride;
    bool has_end, has_count;
    const char *format;
};

/* int(text, 0): a sign, then 0x, 0o, 0b or decimal digits without a leading zero. */
static bool read_number(const char *text, int64_t *out)
{
    const char *digits = text + (*text == '-' || *text == '+');
    int base = 10;
    char *end = NULL;
    long long number;

    if (digits[0] == '0' && digits[1] != '\0') {
        char kind = (char)(digits[1] | 0x20);

        base = kind == 'x' ? 16 : kind == 'o' ? 8 : kind == 'b' ? 2 : 10;
        if (base == 10 && digits[strspn(digits, "0")] != '\0')
            return false;
        digits += base == 10 ? 0 : 2;
    }
    if (strchr(HEX, *digits) == NULL || *digits == '\0')
        return false;
    errno = 0;
    number = strtoll(digits, &end, base);
    *out = *text == '-' ? -number : number;
    return *end == '\0' && errno == 0;
}

/* What may stand for a number in the short form; whether it is one is another question. */
static bool looks_like_number(const char *text)
{
    text += *text == '0' && text[1] != '\0';
    text += *text == 'x' || *text == 'X';
    return *text != '\0' && text[strspn(text, HEX)] == '\0';
}

static bool set_number(struct eval *eval, const char *name, const char *text, int64_t *out)
{
    return read_number(text, out) || eval_fail(eval, "can't parse %s=%s as integer", name, text) != NULL;
}

/* Cuts at the first such character and gives what is behind it, or NULL. */
static char *cut(char *text, char at)
{
    char *found = strchr(text, at);

    if (found == NULL)
        return NULL;
    *found = '\0';
    return found + 1;
}

/* False with *is_short_out: error set; without: the term is not of the short form. */
static bool read_short(struct eval *eval, const char *term, struct sequence *out, bool *is_short_out)
{
    char *text = arena_copy(eval->arena, term), *format = cut(text, ':'), *stride = cut(text, '/');
    char *end = cut(text, '-'), *start = end == NULL ? NULL : text;

    end = end == NULL ? text : end;
    *is_short_out = looks_like_number(end) && (start == NULL || looks_like_number(start)) &&
                    (stride == NULL || looks_like_number(stride)) && (format == NULL || *format != '\0');
    if (!*is_short_out)
        return false;
    out->has_end = true;
    out->format = format != NULL ? format : out->format;
    return (start == NULL || set_number(eval, "start", start, &out->start)) &&
           set_number(eval, "end", end, &out->end) &&
           (stride == NULL || set_number(eval, "stride", stride, &out->stride));
}

static bool read_pairs(struct eval *eval, const char *term, struct sequence *out)
{
    struct value *pairs = value_map(eval->arena), *others = value_list(eval->arena);
    const char *rest = table_pairs(eval, term, pairs);
    struct {
        const char *name;
        int64_t *target;
        bool *given;
    } fields[] = {
        { "start", &out->start, NULL },
        { "end", &out->end, &out->has_end },
        { "count", &out->count, &out->has_count },
        { "stride", &out->stride, NULL },
    };

    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        const char *text = value_map_text(pairs, fields[i].name);

        if (text == NULL)
            continue;
        if (!set_number(eval, fields[i].name, text, fields[i].target))
            return false;
        if (fields[i].given != NULL)
            *fields[i].given = true;
        value_map_remove(eval->arena, pairs, eval_text(eval, fields[i].name));
    }
    if (value_map_text(pairs, "format") != NULL)
        out->format = value_map_text(pairs, "format");
    value_map_remove(eval->arena, pairs, eval_text(eval, "format"));
    for (size_t i = 0; i < pairs->as.map.count; i++)
        value_list_add(eval->arena, others, pairs->as.map.pairs[i].key);
    if (*rest != '\0')
        value_list_add(eval->arena, others, eval_text(eval, "_raw_params"));
    return others->as.list.count == 0 ||
           eval_fail(eval, "unrecognized arguments to with_sequence: %s", value_to_text(eval->arena, others)) != NULL;
}

static bool check(struct eval *eval, struct sequence *out)
{
    const char *percent = strchr(out->format, '%');

    if (!out->has_end && !out->has_count)
        return eval_fail(eval, "must specify count or end in with_sequence") != NULL;
    if (out->has_end && out->has_count)
        return eval_fail(eval, "can't specify both count and end in with_sequence") != NULL;
    if (out->has_count && out->count == 0)
        out->start = out->end = out->stride = 0;
    else if (out->has_count && (__builtin_mul_overflow(out->count, out->stride, &out->count) ||
                                __builtin_add_overflow(out->start, out->count - 1, &out->end)))
        return eval_fail(eval, "a sequence of more than %d items", LIMIT_RANGE) != NULL;
    if (out->stride > 0 && out->end < out->start)
        return eval_fail(eval, "to count backwards make stride negative") != NULL;
    if (out->stride < 0 && out->end > out->start)
        return eval_fail(eval, "to count forward don't make stride negative") != NULL;
    if (percent == NULL || strchr(percent + 1, '%') != NULL)
        return eval_fail(eval, "bad formatting string: %s", out->format) != NULL;
    if (out->stride != 0 && ((double)out->end - (double)out->start) / (double)out->stride > LIMIT_RANGE)
        return eval_fail(eval, "a sequence of more than %d items", LIMIT_RANGE) != NULL;
    return true;
}

static bool add_items(struct eval *eval, const struct sequence *sequence, struct value *list)
{
    const struct value *format = eval_text(eval, sequence->format);
    int64_t number = sequence->start;
    bool more = sequence->stride != 0;

    while (more && (sequence->stride > 0 ? number <= sequence->end : number >= sequence->end)) {
        const struct value *text = python_percent(eval, format, eval_int(eval, number));

        if (text == NULL || !eval_step(eval)) {
            struct text shown = text_new(eval->arena);

            value_repr(&shown, format);
            eval->type_error = false;
            return eval_fail(eval, "problem formatting %lld with %s", (long long)number, shown.data) != NULL;
        }
        value_list_add(eval->arena, list, text);
        more = !__builtin_add_overflow(number, sequence->stride, &number);
    }
    return true;
}

static const struct value *lookup_sequence(struct eval *eval, const struct value *terms, const struct value *options)
{
    struct value *list = eval_list(eval);

    (void)options;
    for (size_t i = 0; i < terms->as.list.count; i++) {
        struct sequence sequence = { .start = 1, .stride = 1, .format = "%d" };
        const char *term = lookup_term(eval, terms->as.list.items[i]);
        bool is_short = false;

        if (term == NULL)
            return NULL;
        if (!read_short(eval, term, &sequence, &is_short) && (is_short || !read_pairs(eval, term, &sequence)))
            return NULL;
        if (!check(eval, &sequence) || !add_items(eval, &sequence, list))
            return NULL;
    }
    return list;
}

const struct lookup lookups_sequence[] = {
    { "sequence", lookup_sequence },
    { .name = NULL },
};

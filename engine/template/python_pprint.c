/* SPDX-License-Identifier: Apache-2.0 */
/* What does not fit on the rest of a line gets one line per item; long strings are cut between words. */
#include "engine/template/python_pprint.h"

#include <stdlib.h>
#include <string.h>

#include "engine/template/python_ascii.h"
#include "engine/template/strings.h"

#define WIDTH 80

struct printer {
    struct eval *eval;
    struct text *out;
};

static void print(struct printer *in, const struct value *value, int64_t indent, int64_t allowance, int level);

static int compare_keys(const void *a, const void *b)
{
    const struct value_pair *left = a, *right = b;
    int order = 0;

    if (value_compare(left->key, right->key, &order, NULL))
        return order;
    return strcmp(eval_type(left->key), eval_type(right->key));
}

/* A copy in which the keys of all maps are sorted. */
static const struct value *sorted(struct eval *eval, const struct value *value)
{
    struct value *made;
    struct value_pair *pairs;
    size_t count = value_count(value);

    if (value->kind == VALUE_LIST) {
        made = value_list(eval->arena);
        made->marks = value->marks;
        for (size_t i = 0; i < count; i++)
            value_list_add(eval->arena, made, sorted(eval, value->as.list.items[i]));
        return made;
    }
    if (value->kind != VALUE_MAP || count == 0)
        return value;
    made = value_map(eval->arena);
    pairs = arena_new_array(eval->arena, struct value_pair, count);
    memcpy(pairs, value->as.map.pairs, count * sizeof(*pairs));
    qsort(pairs, count, sizeof(*pairs), compare_keys);
    for (size_t i = 0; i < count; i++)
        value_map_put_value(eval->arena, made, pairs[i].key, sorted(eval, pairs[i].item));
    return made;
}

static int64_t add_repr(struct text *out, const struct value *value)
{
    size_t from = out->length;

    object_repr(out, value);
    return (int64_t)text_utf8_count(out->data + from, out->length - from);
}

static int64_t repr_width(struct printer *in, const struct value *value)
{
    struct text text = text_new(in->eval->arena);

    return add_repr(&text, value);
}

static void new_line(struct printer *in, int64_t indent)
{
    text_add_char(in->out, '\n');
    for (int64_t i = 0; i < indent; i++)
        text_add_char(in->out, ' ');
}

static void print_map(struct printer *in, const struct value *map, int64_t indent, int64_t allowance, int level)
{
    size_t count = map->as.map.count;

    text_add_char(in->out, '{');
    for (size_t i = 0; i < count; i++) {
        int64_t width = add_repr(in->out, map->as.map.pairs[i].key);

        text_add(in->out, ": ");
        print(in, map->as.map.pairs[i].item, indent + 1 + width + 2, i + 1 == count ? allowance + 1 : 1, level);
        if (i + 1 < count) {
            text_add_char(in->out, ',');
            new_line(in, indent + 1);
        }
    }
    text_add_char(in->out, '}');
}

static void print_list(struct printer *in, const struct value *list, int64_t indent, int64_t allowance, int level)
{
    bool tuple = (list->marks & VALUE_TUPLE) != 0;
    size_t count = list->as.list.count;
    const char *end = !tuple ? "]" : count == 1 ? ",)" : ")";

    text_add_char(in->out, tuple ? '(' : '[');
    for (size_t i = 0; i < count; i++) {
        if (i > 0) {
            text_add_char(in->out, ',');
            new_line(in, indent + 1);
        }
        print(in, list->as.list.items[i], indent + 1, i + 1 == count ? allowance + (int64_t)strlen(end) : 1, level);
    }
    text_add(in->out, end);
}

/* --- strings --- */

/* The end of a word and the blanks behind it. */
static size_t word_end(const char *data, size_t length, size_t at)
{
    while (at < length && strchr(" \t\n\v\f\r", data[at]) == NULL)
        at++;
    while (at < length && strchr(" \t\n\v\f\r", data[at]) != NULL)
        at++;
    return at;
}

/* Cuts one line into pieces that fit into `width`; the last piece leaves room for `allowance`. */
static void cut_line(struct printer *in, struct value *pieces, const struct value *line, int64_t width,
                     int64_t allowance)
{
    const char *data = line->as.string.data;
    size_t length = line->as.string.length, from = 0, end;

    for (size_t at = 0; at < length; at = end) {
        int64_t room = width;

        end = word_end(data, length, at);
        if (end == length)
            room -= allowance;
        if (repr_width(in, eval_string(in->eval, data + from, end - from)) > room && at > from) {
            value_list_add(in->eval->arena, pieces, eval_string(in->eval, data + from, at - from));
            from = at;
        }
    }
    if (from < length)
        value_list_add(in->eval->arena, pieces, eval_string(in->eval, data + from, length - from));
}

static void print_string(struct printer *in, const struct value *text, int64_t indent, int64_t allowance, int level)
{
    const struct value *lines = strings_splitlines(in->eval, text->as.string.data, text->as.string.length, true);
    struct value *pieces = value_list(in->eval->arena);
    int64_t extra = level == 1;

    for (size_t i = 0; i < lines->as.list.count; i++) {
        const struct value *line = lines->as.list.items[i];
        int64_t room = i + 1 == lines->as.list.count ? allowance + extra : 0;

        if (repr_width(in, line) <= WIDTH - indent - extra - room)
            value_list_add(in->eval->arena, pieces, line);
        else
            cut_line(in, pieces, line, WIDTH - indent - extra, room);
    }
    if (level == 1 && pieces->as.list.count > 1)
        text_add_char(in->out, '(');
    for (size_t i = 0; i < pieces->as.list.count; i++) {
        if (i > 0)
            new_line(in, indent + extra);
        add_repr(in->out, pieces->as.list.items[i]);
    }
    if (level == 1 && pieces->as.list.count > 1)
        text_add_char(in->out, ')');
}

static void print(struct printer *in, const struct value *value, int64_t indent, int64_t allowance, int level)
{
    if (level > LIMIT_VALUE_DEPTH || repr_width(in, value) <= WIDTH - indent - allowance)
        add_repr(in->out, value);
    else if (value->kind == VALUE_MAP)
        print_map(in, value, indent, allowance, level + 1);
    else if (value->kind == VALUE_LIST)
        print_list(in, value, indent, allowance, level + 1);
    else if (value->kind == VALUE_STRING && value->as.string.length > 0 && (value->marks & VALUE_BYTES) == 0)
        print_string(in, value, indent, allowance, level + 1);
    else
        add_repr(in->out, value);
}

void python_pprint(struct eval *eval, struct text *out, const struct value *value)
{
    struct printer in = { eval, out };

    print(&in, sorted(eval, value), 0, 0, 0);
}

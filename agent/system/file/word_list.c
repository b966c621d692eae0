/* SPDX-License-Identifier: Apache-2.0 */
/* A list of words that is an argv at any time. */
#include "agent/system/file/word_list.h"

#include <string.h>

#include "common/base/text.h"

#define FIRST_CAPACITY 16

struct word_list word_list_new(struct arena *arena)
{
    struct word_list list = { .arena = arena, .capacity = FIRST_CAPACITY };

    list.items = arena_new_array(arena, const char *, FIRST_CAPACITY);
    return list;
}

void word_list_add(struct word_list *list, const char *word)
{
    size_t size = list->capacity * sizeof(char *);

    if (word == NULL)
        return;
    if (list->count + 1 >= list->capacity) {
        list->items = arena_grow(list->arena, list->items, size, size * 2);
        list->capacity *= 2;
    }
    list->items[list->count++] = word;
    list->items[list->count] = NULL;
}

void word_list_add_pair(struct word_list *list, const char *option, const char *word)
{
    if (word == NULL)
        return;
    word_list_add(list, option);
    word_list_add(list, word);
}

void word_list_add_values(struct word_list *list, const struct value *strings)
{
    for (size_t i = 0; i < value_count(strings); i++)
        word_list_add(list, value_text(value_item(strings, i)));
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct word_list word_list_split(struct arena *arena, const char *text, size_t length)
{
    struct word_list list = word_list_new(arena);
    size_t at = 0, start;

    while (at < length) {
        while (at < length && is_blank(text[at]))
            at++;
        start = at;
        while (at < length && !is_blank(text[at]))
            at++;
        if (at > start)
            word_list_add(&list, arena_copy_n(arena, text + start, at - start));
    }
    return list;
}

char *word_list_join(const struct word_list *list, const char *separator)
{
    struct text out = text_new(list->arena);

    for (size_t i = 0; i < list->count; i++)
        text_printf(&out, "%s%s", i > 0 ? separator : "", list->items[i]);
    return out.data;
}

char *word_list_join_values(struct arena *arena, const struct value *strings, const char *separator)
{
    struct word_list list = word_list_new(arena);

    word_list_add_values(&list, strings);
    return word_list_join(&list, separator);
}

bool word_list_has(const struct word_list *list, const char *word)
{
    return text_in(word, (const char *const *)list->items);
}

struct value *word_list_values(const struct word_list *list)
{
    struct value *values = value_list(list->arena);

    for (size_t i = 0; i < list->count; i++)
        value_list_add(list->arena, values, value_string(list->arena, list->items[i]));
    return values;
}

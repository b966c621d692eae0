/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts that came out of vaults and must not be shown where they come back: in what commands print, in diffs.
 */
#include <string.h>

#include "common/value/value_python.h"
#include "engine/vault/vault_secrets.h"

#define HIDDEN_MIN 6   /* what is shorter is a word like any other; so long is also what texts are found by */
#define LINE_MIN 16    /* of a text of many lines (a key), each line counts from this length on */
#define OBJECT_DEPTH 4 /* of objects in a result: hostvars, a host, and what they lie in */
#define HIDDEN_MAX ((size_t)1 << 20)

/* Where those are that begin as `text` does: a result is gone through once, however many texts are hidden. */
static size_t bucket_of(const char *text)
{
    unsigned long long head = 0;

    memcpy(&head, text, HIDDEN_MIN);
    return (size_t)((head * 0x9E3779B97F4A7C15ULL) >> 32) % VAULT_HIDDEN_BUCKETS;
}

static const struct vault_hidden *hidden_find(const struct vault_secrets *secrets, const char *text, size_t length)
{
    const struct vault_hidden *hidden;

    if (length < HIDDEN_MIN || secrets->hidden == NULL)
        return NULL;
    for (hidden = secrets->hidden[bucket_of(text)]; hidden != NULL; hidden = hidden->next)
        if (hidden->length == length && memcmp(hidden->text, text, length) == 0)
            return hidden;
    return NULL;
}

static void hide_one(struct vault_secrets *secrets, const char *text, size_t length, size_t least)
{
    struct vault_hidden *hidden, **bucket;

    while (length > 0 && strchr(" \t\r\n", text[length - 1]) != NULL && text[length - 1] != '\0')
        length--;
    if (length < least || secrets->hidden_count >= HIDDEN_MAX || hidden_find(secrets, text, length) != NULL)
        return;
    if (secrets->hidden == NULL)
        secrets->hidden = locked_memory_alloc(secrets->memory, VAULT_HIDDEN_BUCKETS * sizeof(struct vault_hidden *));
    bucket = &secrets->hidden[bucket_of(text)];
    hidden = locked_memory_alloc(secrets->memory, sizeof(*hidden));
    *hidden = (struct vault_hidden){ *bucket, NULL, length };
    hidden->text = memcpy(vault_secrets_buffer(secrets, length + 1), text, length);
    *bucket = hidden;
    secrets->hidden_count++;
}

void vault_hide(struct vault_secrets *secrets, const char *text, size_t length)
{
    const char *cursor = text, *line = NULL;
    size_t line_length = 0;

    if (memchr(text, '\n', length) == NULL) {
        hide_one(secrets, text, length, HIDDEN_MIN);
        return;
    }
    while (text_line(&cursor, text + length, &line, &line_length))
        hide_one(secrets, line, line_length, cursor >= text + length && line == text ? HIDDEN_MIN : LINE_MIN);
}

/* One of them is in the text. */
static bool is_hidden(const struct vault_secrets *secrets, const struct value *value)
{
    const char *text = value->as.string.data;

    for (size_t left = value->as.string.length; left >= HIDDEN_MIN; left--, text++)
        for (const struct vault_hidden *hidden = secrets->hidden[bucket_of(text)]; hidden != NULL;
             hidden = hidden->next)
            if (hidden->length <= left && memcmp(hidden->text, text, hidden->length) == 0)
                return true;
    return false;
}

/* A number is hidden only if all of it is one that is hidden. */
static bool is_hidden_number(const struct vault_secrets *secrets, struct arena *arena, const struct value *number)
{
    const char *text = value_to_text(arena, number);

    text += text[0] == '-';
    return hidden_find(secrets, text, strlen(text)) != NULL;
}

static bool is_number(const struct value *value)
{
    return value->kind == VALUE_INT || value->kind == VALUE_BIG || value->kind == VALUE_REAL;
}

static const struct value *marked(const struct vault_secrets *secrets, struct arena *arena, const struct value *value,
                                  int depth);

static const struct value *marked_list(const struct vault_secrets *secrets, struct arena *arena,
                                       const struct value *list, int depth)
{
    struct value *copy = NULL;

    for (size_t i = 0; i < value_count(list); i++) {
        const struct value *old = value_item(list, i), *item = marked(secrets, arena, old, depth + 1);

        if (item == old)
            continue;
        if (copy == NULL) {
            copy = value_list(arena);
            for (size_t k = 0; k < value_count(list); k++)
                value_list_add(arena, copy, value_item(list, k));
            copy->marks = list->marks;
        }
        copy->as.list.items[i] = item;
    }
    return copy == NULL ? list : copy;
}

static const struct value *marked_map(const struct vault_secrets *secrets, struct arena *arena, const struct value *map,
                                      int depth)
{
    struct value *copy = NULL;

    for (size_t i = 0; i < value_count(map); i++) {
        const struct value_pair *pair = value_pair_at(map, i);
        bool is_facts =
            depth == 0 && value_text(pair->key) != NULL && strcmp(value_text(pair->key), "ansible_facts") == 0;
        const struct value *item = is_facts ? pair->item : marked(secrets, arena, pair->item, depth + 1);

        if (item == pair->item)
            continue;
        if (copy == NULL) {
            copy = value_map(arena);
            for (size_t k = 0; k < value_count(map); k++)
                value_map_put_value(arena, copy, value_pair_at(map, k)->key, value_pair_at(map, k)->item);
            copy->marks = map->marks;
        }
        value_map_put_value(arena, copy, pair->key, item);
    }
    return copy == NULL ? map : copy;
}

/* hostvars and its like: a map of what they hold, if a secret is in it. */
static const struct value *marked_object(const struct vault_secrets *secrets, struct arena *arena,
                                         const struct value *object, int depth)
{
    const struct value_object_ops *ops = object->as.object.ops;
    const struct value *keys = NULL;
    struct value *map = value_map(arena);
    bool is_secret = false;

    if (depth <= OBJECT_DEPTH && ops->keys != NULL && ops->get != NULL)
        keys = ops->keys(object->as.object.data, arena);
    for (size_t i = 0; i < value_count(keys); i++) {
        const char *key = value_text(value_item(keys, i));
        const struct value *item = key == NULL ? NULL : ops->get(object->as.object.data, arena, key, strlen(key));

        if (item == NULL)
            continue;
        item = marked(secrets, arena, item, depth + 1);
        is_secret = is_secret || value_has_mark(item, VALUE_SECRET);
        value_map_put(arena, map, key, item);
    }
    return is_secret ? map : object;
}

static const struct value *marked(const struct vault_secrets *secrets, struct arena *arena, const struct value *value,
                                  int depth)
{
    if (depth > LIMIT_VALUE_DEPTH || (value->marks & VALUE_SECRET) != 0)
        return value;
    if (value->kind == VALUE_STRING)
        return is_hidden(secrets, value) ? value_mark(arena, value, VALUE_SECRET, 0) : value;
    if (is_number(value))
        return is_hidden_number(secrets, arena, value) ? value_mark(arena, value, VALUE_SECRET, 0) : value;
    if (value->kind == VALUE_LIST)
        return marked_list(secrets, arena, value, depth);
    if (value->kind == VALUE_OBJECT)
        return marked_object(secrets, arena, value, depth);
    return value->kind == VALUE_MAP ? marked_map(secrets, arena, value, depth) : value;
}

struct value *vault_hidden_marked(const struct vault_secrets *secrets, struct arena *arena, struct value *result)
{
    union {
        const struct value *fixed;
        struct value *free;
    } made = { .free = result };

    if (result != NULL && secrets != NULL && secrets->hidden != NULL)
        made.fixed = marked(secrets, arena, result, 0); /* itself, or a copy of ours */
    return made.free;
}

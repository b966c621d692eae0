/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts that came out of vaults and must not be shown where they come back: in what commands print, in diffs.
 */
#include <string.h>

#include "common/value/value_python.h"
#include "engine/vault/vault_secrets.h"

#define HIDDEN_MIN 6   /* what is shorter is a word like any other */
#define LINE_MIN 16    /* of a text of many lines (a key), each line counts from this length on */
#define OBJECT_DEPTH 4 /* of objects in a result: hostvars, a host, and what they lie in */
#define HIDDEN_MAX ((size_t)1 << 20)
#define BUCKETS_FIRST 256

/* Texts are found by their first bytes: short ones by as many as all have, long ones by more, as many keys begin alike. */
static const size_t head_lengths[VAULT_HIDDEN_TABLES] = { HIDDEN_MIN, LINE_MIN };

static size_t bucket_of(const struct vault_hidden_table *table, const char *text, size_t head)
{
    unsigned long long hash = 0;

    for (size_t at = 0; at < head; at += sizeof(hash)) {
        unsigned long long part = 0;

        memcpy(&part, text + at, head - at < sizeof(part) ? head - at : sizeof(part));
        hash = (hash ^ part) * 0x9E3779B97F4A7C15ULL;
        hash ^= hash >> 32;
    }
    return (size_t)hash & (table->size - 1);
}

static size_t table_of(size_t length)
{
    return length >= LINE_MIN ? 1 : 0;
}

static const struct vault_hidden *hidden_find(const struct vault_secrets *secrets, const char *text, size_t length)
{
    const struct vault_hidden_table *table = &secrets->hidden[table_of(length)];
    const struct vault_hidden *hidden;

    if (length < HIDDEN_MIN || table->size == 0)
        return NULL;
    for (hidden = table->buckets[bucket_of(table, text, head_lengths[table_of(length)])]; hidden != NULL;
         hidden = hidden->next)
        if (hidden->length == length && memcmp(hidden->text, text, length) == 0)
            return hidden;
    return NULL;
}

/* Twice as many buckets: the texts stay where they are. The old buckets stay until all goes. */
static void table_grow(struct vault_secrets *secrets, struct vault_hidden_table *table, size_t head)
{
    struct vault_hidden_table grown = { .size = table->size == 0 ? BUCKETS_FIRST : 2 * table->size,
                                        .count = table->count };

    grown.buckets = locked_memory_alloc(secrets->memory, grown.size * sizeof(struct vault_hidden *));
    for (size_t i = 0; i < table->size; i++)
        for (struct vault_hidden *hidden = table->buckets[i], *next; hidden != NULL; hidden = next) {
            struct vault_hidden **bucket = &grown.buckets[bucket_of(&grown, hidden->text, head)];

            next = hidden->next;
            hidden->next = *bucket;
            *bucket = hidden;
        }
    *table = grown;
}

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

/* Blanks around it are not part of it: a line is found under another indentation too. */
static void hide_one(struct vault_secrets *secrets, const char *text, size_t length, size_t least)
{
    struct vault_hidden_table *table;
    struct vault_hidden *hidden, **bucket;
    size_t head;

    while (length > 0 && is_blank(text[length - 1]))
        length--;
    for (; length > 0 && is_blank(*text); text++)
        length--;
    table = &secrets->hidden[table_of(length)];
    head = head_lengths[table_of(length)];
    if (length < least || secrets->hidden_count >= HIDDEN_MAX || hidden_find(secrets, text, length) != NULL)
        return;
    if (table->count >= table->size)
        table_grow(secrets, table, head);
    bucket = &table->buckets[bucket_of(table, text, head)];
    hidden = locked_memory_alloc(secrets->memory, sizeof(*hidden));
    *hidden = (struct vault_hidden){ *bucket, NULL, length };
    hidden->text = memcpy(vault_secrets_buffer(secrets, length + 1), text, length);
    *bucket = hidden;
    table->count++;
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

/* One of them begins here, of `left` bytes. */
static bool begins_here(const struct vault_hidden_table *table, size_t head, const char *text, size_t left)
{
    if (table->size == 0 || left < head)
        return false;
    for (const struct vault_hidden *hidden = table->buckets[bucket_of(table, text, head)]; hidden != NULL;
         hidden = hidden->next)
        if (hidden->length <= left && memcmp(hidden->text, text, hidden->length) == 0)
            return true;
    return false;
}

static bool is_hidden(const struct vault_secrets *secrets, const struct value *value)
{
    const char *text = value->as.string.data;

    for (size_t left = value->as.string.length; left >= HIDDEN_MIN; left--, text++)
        for (size_t i = 0; i < VAULT_HIDDEN_TABLES; i++)
            if (begins_here(&secrets->hidden[i], head_lengths[i], text, left))
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
        const struct value *key = marked(secrets, arena, pair->key, depth + 1);

        if (item == pair->item && key == pair->key)
            continue;
        if (copy == NULL) {
            copy = value_map(arena);
            for (size_t k = 0; k < value_count(map); k++)
                value_map_put_value(arena, copy, value_pair_at(map, k)->key, value_pair_at(map, k)->item);
            copy->marks = map->marks;
        }
        copy->as.map.pairs[i].key = key;
        copy->as.map.pairs[i].item = item;
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

    if (result != NULL && secrets != NULL && secrets->hidden_count > 0)
        made.fixed = marked(secrets, arena, result, 0); /* itself, or a copy of ours */
    return made.free;
}

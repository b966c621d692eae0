/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ordered maps: pairs in an array, and for more than VALUE_MAP_SCAN pairs a hash index over it. The index
 * is an array of slots with linear probing: slot 0 holds the mask, the others a pair's position + 1.
 */
#include <string.h>

#include "common/base/hash.h"
#include "common/value/value_internal.h"

#define MAP_FIRST 4

/* A key that is looked for: by its bytes when it is a string (`value` may be NULL then). */
struct map_key {
    const struct value *value;
    const char *data;
    size_t length;
    uint64_t hash; /* set only where an index is used */
};

static struct map_key key_of_text(const char *data, size_t length)
{
    return (struct map_key){ .data = data, .length = length };
}

static struct map_key key_of(const struct value *value)
{
    if (value->kind == VALUE_STRING)
        return (struct map_key){ .value = value, .data = value->as.string.data, .length = value->as.string.length };
    return (struct map_key){ .value = value };
}

static bool key_matches(const struct map_key *key, const struct value *other)
{
    if (key->data == NULL)
        return other->kind != VALUE_STRING && value_equal(key->value, other);
    return other->kind == VALUE_STRING && other->as.string.length == key->length &&
           memcmp(other->as.string.data, key->data, key->length) == 0;
}

static uint64_t key_hash(const struct map_key *key)
{
    return key->data == NULL ? value_hash(key->value) : hash_quick(key->data, key->length);
}

static int64_t map_scan(const struct value *map, const struct map_key *key)
{
    for (uint32_t i = 0; i < map->as.map.count; i++) {
        if (key_matches(key, map->as.map.pairs[i].key))
            return i;
    }
    return -1;
}

static int64_t map_find(const struct value *map, const struct map_key *key)
{
    const uint32_t *slots = map->as.map.index;
    uint32_t mask;

    if (slots == NULL)
        return map_scan(map, key);
    mask = slots[0];
    for (uint32_t at = (uint32_t)key_hash(key) & mask; slots[at + 1] != 0; at = (at + 1) & mask) {
        if (key_matches(key, map->as.map.pairs[slots[at + 1] - 1].key))
            return slots[at + 1] - 1;
    }
    return -1;
}

static void map_index_add(struct value *map, uint32_t position)
{
    uint32_t *slots = map->as.map.index;
    struct map_key key = key_of(map->as.map.pairs[position].key);
    uint32_t at = (uint32_t)key_hash(&key) & slots[0];

    while (slots[at + 1] != 0)
        at = (at + 1) & slots[0];
    slots[at + 1] = position + 1;
}

void value_map_reindex(struct arena *arena, struct value *map)
{
    uint32_t size = 2 * VALUE_MAP_SCAN;

    if (map->as.map.count <= VALUE_MAP_SCAN) {
        map->as.map.index = NULL;
        return;
    }
    while (size < map->as.map.count * 2)
        size *= 2;
    size *= 2; /* room to grow before the next time */
    map->as.map.index = arena_new_array(arena, uint32_t, size + 1);
    map->as.map.index[0] = size - 1;
    for (uint32_t i = 0; i < map->as.map.count; i++)
        map_index_add(map, i);
}

void value_map_append(struct arena *arena, struct value *map, const struct value *key, const struct value *item)
{
    uint32_t capacity = map->as.map.capacity, count = map->as.map.count;

    if (count == capacity) {
        uint32_t wider = capacity < MAP_FIRST ? MAP_FIRST : capacity * 2;

        map->as.map.pairs = arena_grow(arena, map->as.map.pairs, capacity * sizeof(struct value_pair),
                                       wider * sizeof(struct value_pair));
        map->as.map.capacity = wider;
    }
    map->as.map.pairs[count] = (struct value_pair){ .key = key, .item = item };
    map->as.map.count = count + 1;
    if (map->as.map.index != NULL && (count + 1) * 2 <= map->as.map.index[0])
        map_index_add(map, count);
    else if (count >= VALUE_MAP_SCAN)
        value_map_reindex(arena, map);
}

int64_t value_map_find_text(const struct value *map, const char *key, size_t length)
{
    struct map_key wanted = key_of_text(key, length);

    return map_find(map, &wanted);
}

int64_t value_map_find(const struct value *map, const struct value *key)
{
    struct map_key wanted = key_of(key);

    return map_find(map, &wanted);
}

void value_map_put_value(struct arena *arena, struct value *map, const struct value *key, const struct value *item)
{
    int64_t position = value_map_find(map, key);

    if (position >= 0)
        map->as.map.pairs[position].item = item;
    else
        value_map_append(arena, map, key, item);
}

void value_map_put(struct arena *arena, struct value *map, const char *key, const struct value *item)
{
    size_t length = strlen(key);
    int64_t position = value_map_find_text(map, key, length);

    if (position >= 0)
        map->as.map.pairs[position].item = item;
    else
        value_map_append(arena, map, value_string_n(arena, key, length), item);
}

bool value_map_remove(struct arena *arena, struct value *map, const struct value *key)
{
    int64_t position = value_map_find(map, key);
    struct value_pair *pairs = map->as.map.pairs;
    size_t after;

    if (position < 0)
        return false;
    map->as.map.count--;
    after = map->as.map.count - (size_t)position;
    memmove(pairs + position, pairs + position + 1, after * sizeof(*pairs));
    value_map_reindex(arena, map);
    return true;
}

void value_map_put_string(struct arena *arena, struct value *map, const char *key, const char *string)
{
    value_map_put(arena, map, key, string == NULL ? value_null() : value_string(arena, string));
}

void value_map_put_int(struct arena *arena, struct value *map, const char *key, int64_t integer)
{
    value_map_put(arena, map, key, value_int(arena, integer));
}

void value_map_put_bool(struct arena *arena, struct value *map, const char *key, bool boolean)
{
    value_map_put(arena, map, key, value_bool(boolean));
}

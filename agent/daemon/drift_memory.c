/* SPDX-License-Identifier: Apache-2.0 */
/* {"whole": bool, "checked_us": n, "drifting": [resource], "looked": {resource: when it was in order after checked_us}} */
#include "agent/daemon/drift_memory.h"

#include <string.h>

#include "common/json/json.h"
#include "common/trust/private_file.h"

#define FILE_MAX ((size_t)4 * 1024 * 1024)

struct drift_memory {
    struct arena *arena;
    const char *path;
    bool is_whole;
    int64_t checked_us;            /* begin of the last whole run that was complete */
    struct value *before, *looked; /* resource -> true; resource -> since when it was in order */
    struct value *drifting, *ok;   /* found by this run: resource -> true */
};

static void names_put(struct drift_memory *memory, struct value *map, const struct value *list)
{
    for (size_t i = 0; value_is(list, VALUE_LIST) && i < value_count(list); i++)
        if (value_text(value_item(list, i)) != NULL)
            value_map_put(memory->arena, map, value_text(value_item(list, i)), value_bool(true));
}

static void memory_take(struct drift_memory *memory, const struct value *kept)
{
    const struct value *checked = value_map_get(kept, "checked_us"), *looked = value_map_get(kept, "looked");

    memory->is_whole = value_map_true(kept, "whole");
    memory->checked_us = value_is(checked, VALUE_INT) ? checked->as.integer : 0;
    names_put(memory, memory->before, value_map_get(kept, "drifting"));
    for (size_t i = 0; value_is(looked, VALUE_MAP) && i < value_count(looked); i++) {
        const struct value_pair *pair = value_pair_at(looked, i);

        if (value_text(pair->key) != NULL && value_is(pair->item, VALUE_INT))
            value_map_put(memory->arena, memory->looked, value_text(pair->key), pair->item);
    }
}

bool drift_memory_open(const char *path, struct drift_memory **out, struct error *err)
{
    struct arena *arena = arena_new();
    struct drift_memory *memory = arena_new_of(arena, struct drift_memory);
    const struct value *kept = NULL;
    struct der text;
    bool missing = false;

    *memory = (struct drift_memory){ .arena = arena,
                                     .path = arena_copy(arena, path),
                                     .before = value_map(arena),
                                     .looked = value_map(arena),
                                     .drifting = value_map(arena),
                                     .ok = value_map(arena) };
    *out = memory;
    if (!private_file_read(arena, path, FILE_MAX, &text, &missing, err))
        return false;
    if (missing)
        return true;
    if (!json_read(arena, (const char *)text.data, text.length, path, &kept, err))
        return false;
    memory_take(memory, kept);
    return true;
}

void drift_memory_free(struct drift_memory *memory)
{
    if (memory != NULL)
        arena_free(memory->arena);
}

void drift_memory_ok(struct drift_memory *memory, const char *resource)
{
    if (value_map_get(memory->drifting, resource) == NULL)
        value_map_put(memory->arena, memory->ok, resource, value_bool(true));
}

bool drift_memory_drifts(struct drift_memory *memory, const char *resource)
{
    if (value_count(memory->drifting) < DRIFT_MEMORY_MAX)
        value_map_put(memory->arena, memory->drifting, resource, value_bool(true));
    return value_map_get(memory->before, resource) == NULL;
}

int64_t drift_memory_last_ok_us(const struct drift_memory *memory, const char *resource)
{
    const struct value *looked = value_map_get(memory->looked, resource);

    return looked == NULL ? memory->checked_us : looked->as.integer;
}

/* What drifted before and does not now is in order again, by whatever hand; what was not looked at drifts on. */
static void before_compare(struct drift_memory *memory, const struct drift_end *end)
{
    for (size_t i = 0; i < value_count(memory->before); i++) {
        const char *resource = value_text(value_pair_at(memory->before, i)->key);
        bool was_looked = value_map_get(memory->ok, resource) != NULL;

        if (value_map_get(memory->drifting, resource) != NULL)
            continue;
        if (end->is_complete && (was_looked || !end->is_partial))
            end->mended(end->data, resource);
        else
            value_map_put(memory->arena, memory->drifting, resource, value_bool(true));
    }
}

static void looked_keep(struct drift_memory *memory, const struct drift_end *end)
{
    if (end->is_complete && !end->is_partial) {
        memory->checked_us = end->begin_us;
        memory->looked = value_map(memory->arena);
    }
    if (!end->is_partial)
        return;
    for (size_t i = 0; end->is_complete && i < value_count(memory->ok); i++) {
        const char *resource = value_text(value_pair_at(memory->ok, i)->key);

        if (value_map_get(memory->drifting, resource) == NULL && value_count(memory->looked) < DRIFT_MEMORY_MAX)
            value_map_put_int(memory->arena, memory->looked, resource, end->begin_us);
    }
}

static const struct value *names_list(struct drift_memory *memory)
{
    struct value *list = value_list(memory->arena);

    for (size_t i = 0; i < value_count(memory->drifting); i++)
        value_list_add(memory->arena, list, value_pair_at(memory->drifting, i)->key);
    return list;
}

bool drift_memory_end(struct drift_memory *memory, const struct drift_end *end, struct error *err)
{
    struct value *out = value_map(memory->arena);
    const char *text;

    before_compare(memory, end);
    looked_keep(memory, end);
    if (!end->is_partial)
        memory->is_whole = end->is_complete;
    value_map_put_bool(memory->arena, out, "whole", memory->is_whole);
    value_map_put_int(memory->arena, out, "checked_us", memory->checked_us);
    value_map_put(memory->arena, out, "drifting", names_list(memory));
    value_map_put(memory->arena, out, "looked", memory->looked);
    text = json_text(memory->arena, out, JSON_COMPACT);
    return private_file_write(memory->path, text, strlen(text), err);
}

size_t drift_memory_known(const struct drift_memory *memory)
{
    return value_count(memory->before);
}

size_t drift_memory_count(const struct drift_memory *memory)
{
    return value_count(memory->drifting);
}

bool drift_memory_is_whole(const struct drift_memory *memory)
{
    return memory->is_whole;
}

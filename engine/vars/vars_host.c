/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a run learns about a host: set_fact and registered results, include_vars, facts. Everything is copied into an arena of
 * the host's own, which is rebuilt when replaced values have made it grow (vars_world_collect), so that a run of any length
 * stays small.
 */
#include <string.h>

#include "common/base/limits.h"
#include "common/base/text.h"
#include "engine/vars/vars_internal.h"

#define COLLECT_MINIMUM ((size_t)1024 * 1024) /* garbage below this is not worth a copy */

static void facts_clear(struct vars_host *entry)
{
    entry->facts = value_map(entry->arena);
    entry->injected = value_map(entry->arena);
    entry->plain = value_map(entry->arena);
    entry->wrapper = value_map(entry->arena);
    value_map_put(entry->arena, entry->wrapper, "ansible_facts", entry->plain);
}

static struct vars_host *host_slot(struct arena *arena, struct vars_host **hosts, size_t *capacity, size_t number)
{
    if (number >= *capacity) {
        size_t wanted = *capacity == 0 ? 16 : *capacity;

        while (wanted <= number)
            wanted *= 2;
        *hosts = arena_grow(arena, *hosts, *capacity * sizeof(**hosts), wanted * sizeof(**hosts));
        *capacity = wanted;
    }
    return &(*hosts)[number];
}

struct vars_host *vars_host_of(struct vars_world *world, const struct inventory_host *host)
{
    struct vars_host *entry;

    if (host->number >= LIMIT_HOSTS)
        entry = host_slot(world->arena, &world->made_hosts, &world->made_capacity, host->number - LIMIT_HOSTS);
    else
        entry = host_slot(world->arena, &world->hosts, &world->host_capacity, host->number);
    if (entry->arena == NULL) {
        entry->arena = arena_new();
        entry->set = value_map(entry->arena);
        entry->included = value_map(entry->arena);
        facts_clear(entry);
        if (world->config.cache_folder != NULL && host->number < LIMIT_HOSTS)
            vars_cache_read(world, host);
    }
    return entry;
}

void vars_host_set(struct vars_world *world, const struct inventory_host *host, const char *name,
                   const struct value *value)
{
    struct vars_host *entry = vars_host_of(world, host);

    value_map_put(entry->arena, entry->set, name, value_copy(entry->arena, value));
}

void vars_host_include(struct vars_world *world, const struct inventory_host *host, const char *name,
                       const struct value *value)
{
    struct vars_host *entry = vars_host_of(world, host);

    value_map_put(entry->arena, entry->included, name, value_copy(entry->arena, value));
}

static void fact_add(struct vars_host *entry, const struct value_pair *pair)
{
    const char *name = value_text(pair->key);
    const struct value *value;

    if (name == NULL)
        return;
    value = value_copy(entry->arena, pair->item);
    value_map_put(entry->arena, entry->facts, name, value);
    value_map_put(entry->arena, entry->plain, vars_fact_plain_name(name), value);
    if (vars_fact_is_injectable(name))
        value_map_put(entry->arena, entry->injected, name, value);
}

void vars_host_add_facts(struct vars_world *world, const struct inventory_host *host, const struct value *facts)
{
    struct vars_host *entry = vars_host_of(world, host);

    for (size_t i = 0; i < value_count(facts); i++)
        fact_add(entry, value_pair_at(facts, i));
    entry->is_cache_old = true;
}

void vars_host_clear_facts(struct vars_world *world, const struct inventory_host *host)
{
    struct vars_host *entry = vars_host_of(world, host);

    facts_clear(entry);
    entry->is_cache_old = true;
}

const struct value *vars_host_facts(struct vars_world *world, const struct inventory_host *host)
{
    return vars_host_of(world, host)->facts;
}

bool vars_host_is_gathered(struct vars_world *world, const struct inventory_host *host)
{
    return value_map_true(vars_host_of(world, host)->facts, "_ansible_facts_gathered");
}

static struct value *map_move(struct arena *arena, const struct value *map)
{
    struct value *copy = value_map(arena);

    for (size_t i = 0; i < value_count(map); i++) {
        const struct value_pair *pair = value_pair_at(map, i);

        value_map_put_value(arena, copy, value_copy(arena, pair->key), value_copy(arena, pair->item));
    }
    return copy;
}

static void host_collect(struct vars_host *entry)
{
    struct arena *arena = arena_new(), *old = entry->arena;
    const struct value *facts = entry->facts;

    entry->set = map_move(arena, entry->set);
    entry->included = map_move(arena, entry->included);
    if (entry->file_names != NULL)
        entry->file_names = value_copy(arena, entry->file_names);
    entry->arena = arena;
    facts_clear(entry);
    for (size_t i = 0; i < value_count(facts); i++)
        fact_add(entry, value_pair_at(facts, i));
    entry->live = arena_used(arena);
    arena_free(old);
}

void vars_world_collect(struct vars_world *world)
{
    vars_cache_flush(world);
    for (size_t i = 0; i < world->host_capacity; i++) {
        struct vars_host *entry = &world->hosts[i];

        if (entry->arena != NULL && arena_used(entry->arena) > entry->live * 2 + COLLECT_MINIMUM)
            host_collect(entry);
    }
}

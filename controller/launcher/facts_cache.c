/* SPDX-License-Identifier: Apache-2.0 */
/* A table of nodes, each with an arena of its own. */
#include "controller/launcher/facts_cache.h"

#include <string.h>

#include "common/base/text.h"
#include "common/json/json.h"
#include "controller/store/store_node.h"

#define BUCKETS 1024

struct entry {
    struct entry *next;
    struct arena *arena;
    int64_t node_id, facts_us;
    const struct value *facts;
};

struct facts_cache {
    struct arena *arena;
    struct entry *first[BUCKETS];
    struct entry *replaced;
};

struct facts_cache *facts_cache_new(void)
{
    struct arena *arena = arena_new();
    struct facts_cache *cache = arena_new_of(arena, struct facts_cache);

    *cache = (struct facts_cache){ .arena = arena };
    return cache;
}

static void entries_free(struct entry **first)
{
    for (struct entry *entry = *first, *next = NULL; entry != NULL; entry = next) {
        next = entry->next;
        arena_free(entry->arena); /* it lies there itself */
    }
    *first = NULL;
}

void facts_cache_tidy(struct facts_cache *cache)
{
    if (cache != NULL)
        entries_free(&cache->replaced);
}

void facts_cache_free(struct facts_cache *cache)
{
    if (cache == NULL)
        return;
    facts_cache_tidy(cache);
    for (size_t i = 0; i < BUCKETS; i++)
        entries_free(&cache->first[i]);
    arena_free(cache->arena);
}

/* --- what is kept --- */

/* Under its own name, which may have Ansible's prefix. */
static void keep(struct arena *arena, struct value *out, const struct value *facts, const char *name)
{
    const char *const names[] = { name, arena_printf(arena, "ansible_%s", name) };

    for (size_t i = 0; i < 2; i++) {
        if (value_map_get(facts, names[i]) != NULL)
            value_map_put(arena, out, names[i], value_copy(arena, value_map_get(facts, names[i])));
    }
}

/* "br-0" of `interfaces` is the fact "br_0". */
static void keep_interfaces(struct arena *arena, struct value *out, const struct value *facts)
{
    const struct value *plain = value_map_get(facts, "interfaces");
    const struct value *names = plain != NULL ? plain : value_map_get(facts, "ansible_interfaces");

    for (size_t i = 0; i < value_count(names); i++) {
        char *name = arena_copy(arena, value_text(value_item(names, i)));

        if (name == NULL)
            continue;
        keep(arena, out, facts, name);
        for (char *at = name; *at != '\0'; at++)
            *at = *at == '-' || *at == ':' || *at == '.' ? '_' : *at;
        keep(arena, out, facts, name);
    }
}

static void keep_roost(struct arena *arena, struct value *out, const struct value *facts, const char *name)
{
    const struct value *roost = value_map_get(facts, name);
    struct value *kept = value_map(arena);

    if (roost == NULL)
        return;
    keep(arena, kept, roost, "memory");
    keep(arena, kept, roost, "gpus");
    value_map_put(arena, out, name, kept);
}

static const struct value *kept_of(struct arena *arena, const struct value *told)
{
    static const char *const names[] = { "default_ipv4",       "default_ipv6", "all_ipv4_addresses",
                                         "all_ipv6_addresses", "interfaces",   "processor_vcpus" };
    const struct value *inner = value_map_get(told, "ansible_facts"), *facts = inner != NULL ? inner : told;
    struct value *out = value_map(arena);

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        keep(arena, out, facts, names[i]);
    keep_interfaces(arena, out, facts);
    keep_roost(arena, out, facts, "roost");
    keep_roost(arena, out, facts, "ansible_roost");
    return out;
}

/* --- the table --- */

static struct entry *entry_read(const struct store_node *node)
{
    ARENA_SCOPED scratch = arena_new();
    struct arena *arena = arena_new();
    struct entry *entry = arena_new_of(arena, struct entry);
    const struct value *told = NULL;
    struct error ignored = ERROR_INIT;

    *entry = (struct entry){ .arena = arena, .node_id = node->id, .facts_us = node->facts_us };
    if (node->facts != NULL && json_read(scratch, node->facts, strlen(node->facts), NULL, &told, &ignored))
        entry->facts = kept_of(arena, told);
    return entry;
}

bool facts_cache_get(struct facts_cache *cache, struct store_connection *connection, int64_t node_id, int64_t facts_us,
                     const struct value **out, struct error *err)
{
    ARENA_SCOPED scratch = arena_new();
    struct entry **at = &cache->first[(uint64_t)node_id % BUCKETS], *entry = NULL;
    struct store_node *node = NULL;

    while (*at != NULL && (*at)->node_id != node_id)
        at = &(*at)->next;
    *out = *at == NULL || facts_us == 0 ? NULL : (*at)->facts;
    if (facts_us == 0 || (*at != NULL && (*at)->facts_us == facts_us))
        return true;
    if (!store_node_by_id(connection, scratch, node_id, &node, err))
        return false;
    if (node == NULL)
        return true;
    entry = entry_read(node);
    if (*at != NULL) {
        struct entry *old = *at;

        *at = old->next;
        old->next = cache->replaced;
        cache->replaced = old;
    }
    entry->next = *at;
    *at = entry;
    *out = entry->facts;
    return true;
}

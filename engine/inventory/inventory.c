/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hosts, groups and how they belong together. Knows nothing of files.
 */
#include "engine/inventory/inventory.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/hash.h"
#include "common/base/text.h"
#include "engine/inventory/inventory_internal.h"

/* --- names --- */

static size_t table_slot(const struct name_table *table, const char *name)
{
    size_t at = (size_t)hash_quick(name, strlen(name)) & (table->size - 1);

    while (table->slots[at].name != NULL && strcmp(table->slots[at].name, name) != 0)
        at = (at + 1) & (table->size - 1);
    return at;
}

void *name_table_get(const struct name_table *table, const char *name)
{
    return table->size == 0 ? NULL : table->slots[table_slot(table, name)].item;
}

static void table_grow(struct arena *arena, struct name_table *table)
{
    struct name_table grown = { .size = table->size == 0 ? 64 : table->size * 2, .count = table->count };

    grown.slots = arena_new_array(arena, struct name_slot, grown.size);
    for (size_t i = 0; i < table->size; i++) {
        if (table->slots[i].name != NULL)
            grown.slots[table_slot(&grown, table->slots[i].name)] = table->slots[i];
    }
    *table = grown;
}

void name_table_put(struct arena *arena, struct name_table *table, const char *name, void *item)
{
    size_t at;

    if (table->count * 4 >= table->size * 3)
        table_grow(arena, table);
    at = table_slot(table, name);
    if (table->slots[at].name == NULL)
        table->count++;
    table->slots[at] = (struct name_slot){ name, item };
}

/* --- arrays of pointers: room doubles at powers of two --- */

static void *array_room(struct arena *arena, void *items, size_t count)
{
    if (count == 0)
        return arena_alloc(arena, 4 * sizeof(void *));
    if (count >= 4 && (count & (count - 1)) == 0)
        return arena_grow(arena, items, count * sizeof(void *), 2 * count * sizeof(void *));
    return items;
}

#define ARRAY_ADD(arena, items, count, item)                                                                           \
    do {                                                                                                               \
        (items) = array_room((arena), (items), (count));                                                               \
        (items)[(count)++] = (item);                                                                                   \
    } while (0)

/* --- hosts and groups --- */

void inventory_begin(struct inventory *inventory)
{
    struct inventory_group *all = inventory_add_group(inventory, "all");

    inventory_add_child(inventory, all, inventory_add_group(inventory, "ungrouped"));
}

struct inventory *inventory_new(struct arena *arena)
{
    static const struct inventory_rules usual;
    struct inventory *inventory = arena_new_of(arena, struct inventory);

    inventory->arena = arena;
    inventory->index = arena_new_of(arena, struct inventory_index);
    inventory->index->rules = &usual;
    inventory->index->changes = value_list(arena);
    inventory->sources = value_list(arena);
    inventory_begin(inventory);
    return inventory;
}

void inventory_warn(struct inventory *inventory, struct value *warnings, const char *text)
{
    if (warnings == NULL)
        return;
    for (size_t i = 0; i < value_count(warnings); i++) {
        if (text_equal(value_text(value_item(warnings, i)), text))
            return;
    }
    value_list_add(inventory->arena, warnings, value_string(inventory->arena, text));
}

void inventory_note(struct inventory *inventory, const char *text)
{
    if (inventory->index->notes != NULL)
        value_list_add(inventory->arena, inventory->index->notes, value_string(inventory->arena, text));
}

void inventory_unread(struct inventory *inventory, const char *path)
{
    if (inventory->unread_count++ == 0)
        inventory->unread = path;
}

bool inventory_is_localhost(const char *name)
{
    return strcmp(name, "localhost") == 0 || strcmp(name, "127.0.0.1") == 0 || strcmp(name, "::1") == 0;
}

static const char *folder_of(struct arena *arena, const char *path)
{
    const char *slash = path == NULL ? NULL : strrchr(path, '/');

    return slash == NULL ? NULL : arena_copy_n(arena, path, slash == path ? 1 : (size_t)(slash - path));
}

static struct inventory_host *host_new(struct inventory *inventory, const char *name)
{
    struct arena *arena = inventory->arena;
    struct inventory_host *host = name_table_get(&inventory->index->known, name);

    if (host == NULL) {
        host = arena_new_of(arena, struct inventory_host);
        host->name = arena_copy(arena, name);
        host->number = (uint32_t)inventory->number_count;
        ARRAY_ADD(arena, inventory->numbered, inventory->number_count, host);
        name_table_put(arena, &inventory->index->known, host->name, host);
    } else {
        *host = (struct inventory_host){ .name = host->name, .number = host->number };
    }
    host->vars = value_map(arena);
    ARRAY_ADD(arena, inventory->hosts, inventory->host_count, host);
    return host;
}

struct inventory_host *inventory_add_host(struct inventory *inventory, const char *name)
{
    struct inventory_index *index = inventory->index;
    struct inventory_host *host = name_table_get(&index->hosts, name);

    if (host != NULL)
        return host;
    host = host_new(inventory, name);
    host->source_path = index->source;
    host->source_folder = folder_of(inventory->arena, index->source);
    name_table_put(inventory->arena, &index->hosts, host->name, host);
    if (!inventory_is_localhost(name))
        return host;
    if (index->localhost == NULL)
        index->localhost = host;
    else if (!index->localhost->is_implicit)
        inventory_warn(inventory, index->warnings,
                       arena_printf(inventory->arena,
                                    "A duplicate localhost-like entry was found (%s). First found localhost was %s",
                                    name, index->localhost->name));
    return host;
}

static struct inventory_host *implicit_localhost(struct inventory *inventory, const char *name)
{
    struct inventory_host *host = host_new(inventory, name);

    host->is_implicit = true;
    value_map_put_string(inventory->arena, host->vars, "ansible_python_interpreter", "/usr/bin/python3");
    value_map_put_string(inventory->arena, host->vars, "ansible_connection", "local");
    inventory->index->localhost = host;
    return host;
}

struct inventory_host *inventory_find_host(struct inventory *inventory, const char *name)
{
    struct inventory_host *host = name_table_get(&inventory->index->hosts, name);

    if (host != NULL || !inventory_is_localhost(name))
        return host;
    if (inventory->index->localhost != NULL)
        return inventory->index->localhost;
    return implicit_localhost(inventory, name);
}

struct inventory_group *inventory_find_group(struct inventory *inventory, const char *name)
{
    return name_table_get(&inventory->index->groups, name);
}

/* A character that a variable's name could not have. */
static bool is_odd(const char *name, size_t at)
{
    unsigned char c = (unsigned char)name[at];

    if (at == 0 && isdigit(c))
        return true;
    return !isalnum(c) && c != '_' && c < 0x80;
}

char *inventory_safe_name(struct arena *arena, const char *name)
{
    char *safe = arena_copy(arena, name);

    for (size_t i = 0; name[i] != '\0'; i++) {
        if (is_odd(name, i))
            safe[i] = '_';
    }
    return safe;
}

static bool is_odd_name(const char *name)
{
    for (size_t i = 0; name[i] != '\0'; i++) {
        if (is_odd(name, i))
            return true;
    }
    return false;
}

/* The name that the configuration lets the group have. */
const char *inventory_group_name(struct inventory *inventory, const char *name)
{
    const char *rule = inventory->index->rules->group_names;
    bool is_replaced = text_equal(rule, "always") || text_equal(rule, "silently");

    if (!is_odd_name(name) || text_equal(rule, "ignore"))
        return arena_copy(inventory->arena, name);
    if (!text_equal(rule, "silently"))
        inventory_warn(inventory, inventory->index->warnings,
                       arena_printf(inventory->arena,
                                    "Invalid characters were found in group names %s, use -vvvv to see details",
                                    is_replaced ? "and automatically replaced" : "but not replaced"));
    return is_replaced ? inventory_safe_name(inventory->arena, name) : arena_copy(inventory->arena, name);
}

struct inventory_group *inventory_add_group(struct inventory *inventory, const char *name)
{
    struct inventory_group *group = name_table_get(&inventory->index->groups, name);

    if (group != NULL)
        return group;
    name = inventory_group_name(inventory, name);
    group = name_table_get(&inventory->index->groups, name);
    if (group != NULL)
        return group;
    group = arena_new_of(inventory->arena, struct inventory_group);
    group->name = name;
    group->vars = value_map(inventory->arena);
    group->priority = 1;
    name_table_put(inventory->arena, &inventory->index->groups, group->name, group);
    ARRAY_ADD(inventory->arena, inventory->groups, inventory->group_count, group);
    return group;
}

void inventory_add_to_group(struct inventory *inventory, struct inventory_group *group, struct inventory_host *host)
{
    for (size_t i = 0; i < host->group_count; i++) {
        if (host->groups[i] == group)
            return;
    }
    ARRAY_ADD(inventory->arena, host->groups, host->group_count, group);
    ARRAY_ADD(inventory->arena, group->hosts, group->host_count, host);
}

static bool is_above(const struct inventory_group *ancestor, struct inventory_group *group, uint32_t walk)
{
    if (ancestor == group)
        return true;
    if (group->visited == walk)
        return false;
    group->visited = walk;
    for (size_t i = 0; i < group->parent_count; i++) {
        if (is_above(ancestor, group->parents[i], walk))
            return true;
    }
    return false;
}

bool inventory_is_above(struct inventory *inventory, const struct inventory_group *ancestor,
                        struct inventory_group *group)
{
    return is_above(ancestor, group, ++inventory->index->walk);
}

/* The group and those beneath it; false: one would be deeper than is allowed. */
static bool depth_raise(struct inventory_group *group, int depth)
{
    if (depth > LIMIT_GROUP_DEPTH)
        return false;
    if (group->depth >= depth)
        return true;
    group->depth = depth;
    for (size_t i = 0; i < group->child_count; i++) {
        if (!depth_raise(group->children[i], depth + 1))
            return false;
    }
    return true;
}

static bool is_child(const struct inventory_group *parent, const struct inventory_group *child)
{
    for (size_t i = 0; i < child->parent_count; i++) {
        if (child->parents[i] == parent)
            return true;
    }
    return false;
}

/* False: that would be too deep, and nothing was changed. */
static bool child_add(struct inventory *inventory, struct inventory_group *parent, struct inventory_group *child)
{
    ARRAY_ADD(inventory->arena, parent->children, parent->child_count, child);
    ARRAY_ADD(inventory->arena, child->parents, child->parent_count, parent);
    if (depth_raise(child, parent->depth + 1))
        return true;
    parent->child_count--;
    child->parent_count--;
    return false;
}

void inventory_add_child(struct inventory *inventory, struct inventory_group *parent, struct inventory_group *child)
{
    if (!is_child(parent, child) && !inventory_is_above(inventory, child, parent))
        child_add(inventory, parent, child);
}

bool inventory_try_child(struct inventory *inventory, struct inventory_group *parent, struct inventory_group *child,
                         struct error *err)
{
    if (parent == child)
        return error_set_kind(err, ERROR_PARSE, "can't add group '%s' to itself", child->name);
    if (is_child(parent, child))
        return true;
    if (inventory_is_above(inventory, child, parent))
        return error_set_kind(err, ERROR_PARSE,
                              "Adding group '%s' as child to '%s' creates a recursive dependency loop.", child->name,
                              parent->name);
    return child_add(inventory, parent, child) ||
           error_set_kind(err, ERROR_LIMIT, "groups may be nested at most %d levels deep ('%s' in '%s')",
                          LIMIT_GROUP_DEPTH, child->name, parent->name);
}

/* --- variables --- */

static void variable_set(struct inventory *inventory, struct value *vars, const struct value *key,
                         const struct value *item)
{
    const struct value *before = value_map_get_value(vars, key);

    if (inventory->index->rules->merges_hashes && value_is(before, VALUE_MAP) && value_is(item, VALUE_MAP))
        item = value_merge(inventory->arena, before, item, true);
    value_map_put_value(inventory->arena, vars, key, item);
}

void inventory_group_set(struct inventory *inventory, struct inventory_group *group, const struct value *key,
                         const struct value *item)
{
    int64_t priority = 0;

    if (!text_equal(value_text(key), "ansible_group_priority")) {
        variable_set(inventory, group->vars, key, item);
        return;
    }
    if (value_is(item, VALUE_INT))
        group->priority = (int)item->as.integer;
    else if (value_is(item, VALUE_STRING) && text_to_int(value_text(item), &priority))
        group->priority = (int)priority;
}

void inventory_host_set(struct inventory *inventory, struct inventory_host *host, const struct value *key,
                        const struct value *item)
{
    struct inventory_group *group = inventory_find_group(inventory, host->name);

    if (group != NULL) /* Ansible looks the name up among the groups first */
        inventory_group_set(inventory, group, key, item);
    else
        variable_set(inventory, host->vars, key, item);
}

/* --- relations --- */

static void host_leave(struct inventory_group *group, struct inventory_host *host)
{
    size_t kept = 0;

    for (size_t i = 0; i < host->group_count; i++) {
        if (host->groups[i] != group)
            host->groups[kept++] = host->groups[i];
    }
    host->group_count = kept;
}

/* Hosts of ungrouped that have another group by now leave it, all in one pass. */
static void ungrouped_clean(struct inventory *inventory)
{
    struct inventory_group *all = inventory->groups[0], *ungrouped = inventory->groups[1];
    size_t kept = 0;

    for (size_t i = 0; i < ungrouped->host_count; i++) {
        struct inventory_host *host = ungrouped->hosts[i];
        bool other = false;

        for (size_t g = 0; g < host->group_count; g++)
            other = other || (host->groups[g] != all && host->groups[g] != ungrouped);
        if (other)
            host_leave(ungrouped, host);
        else
            ungrouped->hosts[kept++] = host;
    }
    for (size_t i = kept; i < ungrouped->host_count; i++)
        ungrouped->hosts[i] = NULL;
    /* array_room counts by the count alone: the room of a shorter array is only larger than it thinks */
    ungrouped->host_count = kept;
}

void inventory_reconcile(struct inventory *inventory, struct value *warnings)
{
    struct inventory_group *all = inventory->groups[0];

    for (size_t i = 1; i < inventory->group_count; i++) {
        if (inventory->groups[i]->parent_count == 0)
            inventory_add_child(inventory, all, inventory->groups[i]);
        if (name_table_get(&inventory->index->hosts, inventory->groups[i]->name) != NULL)
            inventory_warn(inventory, warnings,
                           arena_printf(inventory->arena, "Found both group and host with same name: %s",
                                        inventory->groups[i]->name));
    }
    ungrouped_clean(inventory);
    for (size_t i = 0; i < inventory->host_count; i++) {
        struct inventory_host *host = inventory->hosts[i];

        if (!host->is_implicit && (host->group_count == 0 || (host->group_count == 1 && host->groups[0] == all)))
            inventory_add_to_group(inventory, inventory->groups[1], host);
    }
}

static void group_collect(struct arena *arena, struct inventory_group *group, uint32_t walk,
                          struct inventory_group ***list, size_t *count)
{
    if (group->visited == walk)
        return;
    group->visited = walk;
    ARRAY_ADD(arena, *list, *count, group);
    for (size_t i = 0; i < group->parent_count; i++)
        group_collect(arena, group->parents[i], walk, list, count);
}

static int group_compare(const void *a, const void *b)
{
    const struct inventory_group *x = *(struct inventory_group *const *)a, *y = *(struct inventory_group *const *)b;

    if (x->depth != y->depth)
        return x->depth < y->depth ? -1 : 1;
    if (x->priority != y->priority)
        return x->priority < y->priority ? -1 : 1;
    return strcmp(x->name, y->name);
}

struct inventory_group **inventory_host_groups(struct inventory *inventory, struct arena *arena,
                                               const struct inventory_host *host, size_t *count_out)
{
    struct inventory_group **list = NULL;
    size_t count = 0;

    inventory->index->walk++;
    for (size_t i = 0; i < host->group_count; i++)
        group_collect(arena, host->groups[i], inventory->index->walk, &list, &count);
    if (count > 0)
        qsort(list, count, sizeof(struct inventory_group *), group_compare);
    *count_out = count;
    return list;
}

/* The group and those below it, level by level, as Ansible lists them. */
static struct inventory_group **group_descendants(struct arena *arena, struct inventory *inventory,
                                                  const struct inventory_group *group, size_t *count_out)
{
    struct inventory_group **list = NULL;
    struct name_table seen = { 0 };
    size_t count = 0;

    ARRAY_ADD(arena, list, count, inventory_find_group(inventory, group->name));
    for (size_t i = 0; i < count; i++) {
        for (size_t c = 0; c < list[i]->child_count; c++) {
            struct inventory_group *child = list[i]->children[c];

            if (name_table_get(&seen, child->name) != NULL)
                continue;
            name_table_put(arena, &seen, child->name, child);
            ARRAY_ADD(arena, list, count, child);
        }
    }
    *count_out = count;
    return list;
}

struct inventory_host **inventory_group_hosts(struct inventory *inventory, struct arena *arena,
                                              const struct inventory_group *group, size_t *count_out)
{
    size_t group_count = 0, count = 0;
    struct inventory_group **groups = group_descendants(arena, inventory, group, &group_count);
    struct inventory_host **hosts = arena_new_array(arena, struct inventory_host *, inventory->host_count + 1);
    bool *seen = arena_new_array(arena, bool, inventory->number_count + 1);

    for (size_t g = 0; g < group_count; g++) {
        for (size_t i = 0; i < groups[g]->host_count; i++) {
            struct inventory_host *host = groups[g]->hosts[i];

            if (seen[host->number])
                continue;
            seen[host->number] = true;
            if (!(host->is_implicit && group == inventory->groups[0]))
                hosts[count++] = host;
        }
    }
    *count_out = count;
    return hosts;
}

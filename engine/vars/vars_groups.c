/* SPDX-License-Identifier: Apache-2.0 */
/* The variables about the inventory: groups, group_names. */
#include <stdlib.h>
#include <string.h>

#include "engine/vars/vars_groups.h"
#include "engine/vars/vars_internal.h"

/* The group and everything beneath it, level by level, each once. */
static struct inventory_group **descendants(struct arena *arena, const struct inventory *inventory,
                                            struct inventory_group *group, size_t *count_out)
{
    struct inventory_group **found = arena_new_array(arena, struct inventory_group *, inventory->group_count + 1);
    size_t count = 0;

    found[count++] = group;
    for (size_t next = 0; next < count; next++) {
        for (size_t i = 0; i < found[next]->child_count; i++) {
            struct inventory_group *child = found[next]->children[i];
            bool known = false;

            for (size_t j = 0; j < count && !known; j++)
                known = found[j] == child;
            if (!known)
                found[count++] = child;
        }
    }
    *count_out = count;
    return found;
}

static const struct value *group_hosts(struct arena *arena, const struct inventory *inventory,
                                       struct inventory_group *group)
{
    struct value *list = value_list(arena);
    bool *seen = arena_new_array(arena, bool, inventory->number_count + 1);
    size_t count = 0;
    struct inventory_group **groups = descendants(arena, inventory, group, &count);

    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < groups[i]->host_count; j++) {
            const struct inventory_host *host = groups[i]->hosts[j];

            if (host->is_implicit || seen[host->number])
                continue;
            seen[host->number] = true;
            value_list_add(arena, list, vars_own_text(arena, host->name, strlen(host->name)));
        }
    }
    return list;
}

const struct value *vars_groups_map(struct arena *arena, const struct inventory *inventory)
{
    struct value *map = value_map(arena);

    for (size_t i = 0; i < inventory->group_count; i++)
        value_map_put(arena, map, inventory->groups[i]->name, group_hosts(arena, inventory, inventory->groups[i]));
    return map;
}

static int name_compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const struct value *vars_group_names(struct arena *arena, struct inventory *inventory,
                                     const struct inventory_host *host)
{
    size_t count = 0, kept = 0;
    struct inventory_group **groups = inventory_host_groups(inventory, arena, host, &count);
    const char **names = arena_new_array(arena, const char *, count + 1);
    struct value *list = value_list(arena);

    for (size_t i = 0; i < count; i++)
        if (strcmp(groups[i]->name, "all") != 0)
            names[kept++] = groups[i]->name;
    qsort(names, kept, sizeof(*names), name_compare);
    for (size_t i = 0; i < kept; i++)
        value_list_add(arena, list, vars_own_text(arena, names[i], strlen(names[i])));
    return list;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happens to an inventory while plays run: add_host, group_by, and reading the sources again. Changes are kept, so that
 * they can be made again after that.
 */
#include "engine/inventory/inventory_change.h"

#include <string.h>

#include "engine/inventory/inventory_internal.h"

static bool is_member(const struct inventory_host *host, const struct inventory_group *group)
{
    for (size_t i = 0; i < host->group_count; i++) {
        if (host->groups[i] == group)
            return true;
    }
    return false;
}

static void change_keep(struct inventory *inventory, const struct value *change)
{
    value_list_add(inventory->arena, inventory->index->changes, value_copy(inventory->arena, change));
}

/* --- add_host --- */

/* As Ansible does it: the given values replace those of the same name. */
static bool vars_set(struct inventory *inventory, struct inventory_host *host, const struct value *vars)
{
    bool changed = false;

    for (size_t i = 0; i < value_map_count(vars); i++) {
        const struct value_pair *pair = value_pair_at(vars, i);
        const struct value *old = value_map_get_value(host->vars, pair->key);

        if (old != NULL && value_equal(old, pair->item))
            continue;
        value_map_put_value(inventory->arena, host->vars, value_copy(inventory->arena, pair->key),
                            value_copy(inventory->arena, pair->item));
        changed = true;
    }
    return changed;
}

static bool groups_set(struct inventory *inventory, struct inventory_host *host, const struct value *names)
{
    bool changed = false;

    for (size_t i = 0; i < value_count(names); i++) {
        struct inventory_group *group = inventory_add_group(inventory, value_text(value_item(names, i)));

        if (is_member(host, group))
            continue;
        inventory_add_to_group(inventory, group, host);
        changed = true;
    }
    return changed;
}

static bool host_change(struct inventory *inventory, const struct value *added, struct error *err)
{
    const char *name = value_map_text(added, "host_name");
    struct inventory_host *host = name_table_get(&inventory->index->hosts, name);
    bool changed = host == NULL;

    if (host == NULL && inventory->host_count >= LIMIT_HOSTS)
        return error_set_kind(err, ERROR_LIMIT, "an inventory may hold at most %d hosts", LIMIT_HOSTS);
    if (host == NULL) {
        host = inventory_add_host(inventory, name);
        inventory_add_to_group(inventory, inventory->groups[0], host);
    }
    changed = vars_set(inventory, host, value_map_get(added, "host_vars")) || changed;
    changed = groups_set(inventory, host, value_map_get(added, "groups")) || changed;
    if (changed)
        inventory_reconcile(inventory, inventory->index->warnings);
    return changed;
}

bool inventory_change_host(struct inventory *inventory, const struct value *added, bool *changed_out, struct error *err)
{
    error_clear(err);
    *changed_out = host_change(inventory, added, err);
    if (err->text[0] != '\0')
        return false;
    change_keep(inventory, added);
    return true;
}

/* --- group_by --- */

static struct inventory_group *group_of(struct inventory *inventory, const char *name, bool *changed)
{
    struct inventory_group *group = inventory_find_group(inventory, name);
    size_t before = inventory->group_count;

    if (group != NULL)
        return group;
    group = inventory_add_group(inventory, name);
    *changed = *changed || inventory->group_count > before;
    return group;
}

static bool parent_add(struct inventory *inventory, const char *name, struct inventory_group *group, bool *changed,
                       struct error *err)
{
    struct inventory_group *parent = group_of(inventory, name, changed);
    size_t before = group->parent_count;

    if (parent != group && !inventory_try_child(inventory, parent, group, err))
        return false;
    *changed = *changed || group->parent_count > before;
    return parent != group || error_set(err, "can't add group to itself");
}

static bool grouping_apply(struct inventory *inventory, const struct inventory_grouping *grouping, bool *changed,
                           struct error *err)
{
    struct inventory_host *host = inventory_find_host(inventory, grouping->host);
    struct inventory_group *group;

    if (host == NULL)
        return true; /* it is no longer in the sources */
    group = group_of(inventory, grouping->group, changed);
    for (size_t i = 0; i < value_count(grouping->parents); i++) {
        if (!parent_add(inventory, value_text(value_item(grouping->parents, i)), group, changed, err))
            return false;
    }
    if (!is_member(host, group)) {
        inventory_add_to_group(inventory, group, host);
        *changed = true;
    }
    if (*changed)
        inventory_reconcile(inventory, inventory->index->warnings);
    return true;
}

bool inventory_change_group(struct inventory *inventory, const struct inventory_grouping *grouping, bool *changed_out,
                            struct error *err)
{
    struct value *change = value_map(inventory->arena);

    *changed_out = false;
    if (!grouping_apply(inventory, grouping, changed_out, err))
        return false;
    value_map_put_string(inventory->arena, change, "host", grouping->host);
    value_map_put_string(inventory->arena, change, "group", grouping->group);
    value_map_put(inventory->arena, change, "parents", grouping->parents);
    change_keep(inventory, change);
    return true;
}

/* --- once more from the sources --- */

static bool change_again(struct inventory *inventory, const struct value *change, struct error *err)
{
    struct inventory_grouping grouping = { value_map_text(change, "host"), value_map_text(change, "group"),
                                           value_map_get(change, "parents") };
    bool changed = false;

    if (grouping.group != NULL)
        return grouping_apply(inventory, &grouping, &changed, err);
    error_clear(err);
    host_change(inventory, change, err);
    return err->text[0] == '\0';
}

bool inventory_refresh(struct inventory *inventory, const struct inventory_config *config, struct error *err)
{
    struct inventory_index *index = inventory->index;

    index->hosts = index->groups = (struct name_table){ 0 };
    index->localhost = NULL;
    index->folder_count = 0;
    index->folders = NULL;
    inventory->hosts = NULL;
    inventory->groups = NULL;
    inventory->host_count = inventory->group_count = 0;
    inventory->unread_count = 0;
    inventory->unread = NULL;
    inventory->sources = value_list(inventory->arena);
    inventory_begin(inventory);
    if (!inventory_read_sources(inventory, config, err))
        return false;
    for (size_t i = 0; i < value_count(index->changes); i++) {
        if (!change_again(inventory, value_item(index->changes, i), err))
            return false;
    }
    return true;
}

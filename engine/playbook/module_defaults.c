/* SPDX-License-Identifier: Apache-2.0 */
/*
 * module_defaults: keys become the names that tasks have after loading, groups are looked up in the collections' action_groups.
 * What a group means is remembered by the loader, for the run.
 */
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/value/value_python.h"
#include "engine/playbook/collection.h"
#include "engine/playbook/search.h"
#include "engine/playbook/task_action.h"

#define GROUP "group/"
#define LEGACY "ansible.legacy."
#define GROUPS_DEEP 16

/* Groups that ansible-core itself declares: each stands for those of collections. */
struct core_group {
    const char *name;
    const char *extends[6];
};

static const struct core_group core_groups[] = {
    { "acme", { "community.crypto.acme" } },
    { "aws", { "amazon.aws.aws", "community.aws.aws" } },
    { "azure", { "azure.azcollection.azure" } },
    { "cpm", { "wti.remote.cpm" } },
    { "docker", { "community.general.docker", "community.docker.docker" } },
    { "gcp", { "google.cloud.gcp" } },
    { "k8s",
      { "community.kubernetes.k8s", "community.general.k8s", "community.kubevirt.k8s", "community.okd.k8s",
        "kubernetes.core.k8s" } },
    { "os", { "openstack.cloud.os" } },
    { "ovirt", { "ovirt.ovirt.ovirt", "community.general.ovirt" } },
    { "testgroup", { "testns.testcoll.testgroup", "testns.testcoll.anothergroup" } },
    { "testlegacy", { NULL } },
    { "vmware", { "community.vmware.vmware" } },
};

struct group_read {
    struct playbook_loader *loader;
    struct value *members; /* texts */
    struct error *err;
};

static bool group_read(struct group_read *read, const char *name, int depth, bool *found_out);

/* Where a short name of old leads to, if no file of the user's own has it. */
static bool routed_find(struct playbook_loader *loader, const char *name, const char **out, struct error *err)
{
    const char *own = arena_printf(loader->arena, LEGACY "%s", name), *path = NULL;

    if (collection_is_qualified(name) || search_plugin(loader, NULL, "action", own) != NULL)
        return true;
    if (!search_module(loader, NULL, own, &path, err))
        return false;
    *out = path != NULL ? NULL : load_core_route(loader, name);
    return true;
}

/* The name that tasks of this module have after loading. */
static bool canonical(struct playbook_loader *loader, const char *name, const char **out, struct error *err)
{
    const struct playbook_config *config = &loader->config;
    const struct task_spec *spec = NULL;
    const char *routed = NULL;

    if (!load_name_route(loader, name, &name, err))
        return false;
    if (config->actions != NULL)
        spec = task_catalogue_find(config->actions, name);
    if (spec == NULL && config->modules != NULL)
        spec = task_catalogue_find(config->modules, name);
    *out = spec != NULL ? spec->name : task_action_short(name);
    if (spec == NULL && !routed_find(loader, *out, &routed, err))
        return false;
    *out = routed != NULL ? routed : *out;
    return true;
}

/* What a file of the user's own has: the defaults that are said of its short name or of ansible.legacy's. NULL: no such name. */
static const char *legacy(struct playbook_loader *loader, const char *name)
{
    if (strchr(name, '/') != NULL || (collection_is_qualified(name) && !text_starts(name, LEGACY)))
        return NULL;
    return arena_printf(loader->arena, LEGACY "%s", task_action_short(name));
}

static bool member_add(struct group_read *read, const char *collection, const char *name)
{
    const char *action = NULL;

    if (!collection_is_qualified(name))
        name = arena_printf(read->loader->arena, "%s.%s", collection, name);
    if (!canonical(read->loader, name, &action, read->err))
        return false;
    value_list_add(read->loader->arena, read->members, value_string(read->loader->arena, action));
    if (legacy(read->loader, name) != NULL)
        value_list_add(read->loader->arena, read->members,
                       value_string(read->loader->arena, legacy(read->loader, name)));
    return true;
}

static bool extend_read(struct group_read *read, const char *collection, const struct value *extend, int depth)
{
    const char *name = value_text(extend);
    bool ignored = false;

    for (size_t i = 0; value_is(extend, VALUE_LIST) && i < value_count(extend); i++)
        if (!extend_read(read, collection, value_item(extend, i), depth))
            return false;
    if (name == NULL)
        return true;
    if (!collection_is_qualified(name))
        name = arena_printf(read->loader->arena, "%s.%s", collection, name);
    return group_read(read, name, depth + 1, &ignored);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char *keys_joined(struct arena *arena, const struct value *map, const char *but)
{
    size_t count = value_map_count(map);
    const char **keys = arena_new_array(arena, const char *, count + 1);
    struct text out = text_new(arena);

    for (size_t i = 0; i < count; i++)
        keys[i] = value_to_text(arena, value_pair_at(map, i)->key);
    qsort(keys, count, sizeof(*keys), by_text);
    for (size_t i = 0; i < count; i++)
        if (!text_equal(keys[i], but))
            text_printf(&out, "%s%s", out.length == 0 ? "" : ", ", keys[i]);
    return out.data;
}

/* What is wrong with an entry that is no name; NULL: nothing. */
static const char *entry_fault(struct arena *arena, const struct value *entry, bool is_second)
{
    const struct value *metadata = value_map_get(entry, "metadata");
    const struct value *extend = value_map_get(metadata, "extend_group");

    if (metadata == NULL || value_count(entry) != 1)
        return arena_printf(arena, "The only expected key is metadata, but got keys: %s",
                            keys_joined(arena, entry, NULL));
    if (is_second)
        return "The group contains multiple metadata entries.";
    if (!value_is(metadata, VALUE_MAP))
        return arena_printf(arena, "The metadata is not a dictionary. Got %s", value_to_text(arena, metadata));
    if (value_count(metadata) > (extend != NULL))
        return arena_printf(arena, "The metadata contains unexpected keys: %s",
                            keys_joined(arena, metadata, "extend_group"));
    if (extend != NULL && !value_is(extend, VALUE_LIST) && !value_is(extend, VALUE_STRING))
        return arena_printf(arena,
                            "The metadata contains unexpected key types: extend_group is %s (expected type list)",
                            value_to_text(arena, extend));
    return NULL;
}

/* `seen` counts the entries with metadata. */
static bool entry_read(struct group_read *read, const struct value *entry, const char *group, size_t *seen)
{
    struct arena *arena = read->loader->arena;
    const char *fault = entry_fault(arena, entry, *seen > 0);

    if (fault != NULL && !read->loader->config.ignores_group_faults)
        load_warn_once(read->loader,
                       arena_printf(arena,
                                    "Invalid metadata was found for action_group %s while loading module_defaults. %s",
                                    group, fault));
    if (!value_is(value_map_get(entry, "metadata"), VALUE_MAP))
        return false;
    (*seen)++;
    return true;
}

static bool members_read(struct group_read *read, const char *group, const struct value *entries, int depth)
{
    const char *what = strrchr(group, '.');
    const char *collection = arena_copy_n(read->loader->arena, group, (size_t)(what - group));
    size_t seen = 0;

    for (size_t i = 0; i < value_count(entries); i++) {
        const struct value *entry = value_item(entries, i);

        if (value_is(entry, VALUE_STRING)) {
            if (!member_add(read, collection, value_text(entry)))
                return false;
            continue;
        }
        if (!entry_read(read, entry, group, &seen))
            continue;
        entry = value_map_get(value_map_get(entry, "metadata"), "extend_group");
        if (entry != NULL && !extend_read(read, collection, entry, depth))
            return false;
    }
    return true;
}

static bool core_group_read(struct group_read *read, const char *name, int depth, bool *found_out)
{
    for (size_t i = 0; i < sizeof(core_groups) / sizeof(core_groups[0]); i++) {
        bool ignored;

        if (strcmp(core_groups[i].name, name) != 0)
            continue;
        *found_out = true;
        if (strcmp(name, "testgroup") == 0 && !member_add(read, "ansible.builtin", "ping"))
            return false;
        if (strcmp(name, "testlegacy") == 0 && !member_add(read, "ansible.legacy", "legacy_ping"))
            return false;
        for (size_t n = 0; core_groups[i].extends[n] != NULL; n++)
            if (!group_read(read, core_groups[i].extends[n], depth + 1, &ignored))
                return false;
    }
    return true;
}

static bool group_read(struct group_read *read, const char *name, int depth, bool *found_out)
{
    struct arena *arena = read->loader->arena;
    const char *what = strrchr(name, '.') + 1;
    const char *owner = arena_copy_n(arena, name, (size_t)(what - name - 1));
    const struct collection *collection = NULL;
    const struct value *entries;

    if (depth > GROUPS_DEEP)
        return true;
    if (strcmp(owner, "ansible.builtin") == 0)
        return core_group_read(read, what, depth, found_out);
    if (!collection_find(read->loader, owner, &collection, read->err))
        return false;
    entries = collection == NULL ? NULL : value_map_get(collection->groups, name);
    if (entries == NULL && collection != NULL)
        entries = value_map_get(collection->groups, what);
    *found_out = entries != NULL;
    return members_read(read, name, entries, depth);
}

static bool group_resolve(const struct load_scope *scope, const struct value *key, const char *name, const char **out,
                          struct error *err)
{
    struct playbook_loader *loader = scope->loader;
    struct group_read read = { loader, value_list(loader->arena), err };
    struct source_position at = value_position(key);
    struct value *groups;
    bool found = false;

    if (!collection_is_qualified(name))
        name = arena_printf(loader->arena, "ansible.builtin.%s", name);
    *out = name;
    if (value_map_get(loader->groups, name) != NULL)
        return true;
    if (!group_read(&read, name, 0, &found))
        return error_locate(err, &at);
    if (!found)
        return error_set_at(err, &at, "Error loading module_defaults: could not resolve the module_defaults group %s",
                            name);
    if (loader->groups == NULL)
        loader->groups = value_map(loader->arena);
    groups = value_map(loader->arena);
    value_map_put(loader->arena, groups, name, read.members);
    loader->groups = value_merge(loader->arena, loader->groups, groups, false);
    return true;
}

static bool key_read(const struct load_scope *scope, const struct value *key, const char **out, struct error *err)
{
    const char *name = value_text(key), *group = NULL;
    struct source_position at = value_position(key);

    if (name == NULL)
        return error_set_at(err, &at, "a key of module_defaults must be the name of a module or group, not a %s",
                            value_kind_text(key));
    if (!text_starts(name, GROUP))
        return canonical(scope->loader, name, out, err) || error_locate(err, &at);
    if (!group_resolve(scope, key, name + strlen(GROUP), &group, err))
        return false;
    *out = arena_printf(scope->loader->arena, GROUP "%s", group);
    return true;
}

bool load_module_defaults(const struct load_scope *scope, const struct value *value, const struct value **out,
                          struct error *err)
{
    struct arena *arena = scope->loader->arena;
    struct source_position at = value_position(value);
    bool is_list = value_is(value, VALUE_LIST);
    struct value *list = value_list(arena);

    for (size_t i = 0; i < (is_list ? value_count(value) : 1); i++) {
        const struct value *map = is_list ? value_item(value, i) : value;
        struct value *named = value_map(arena);

        if (!value_is(map, VALUE_MAP))
            return error_set_at(err, &at,
                                "The field 'module_defaults' is supposed to be a dictionary or list of dictionaries, "
                                "the keys of which must be static action, module, or group names. Only the values may "
                                "contain templates. For example: {'ping': \"{{ ping_defaults }}\"}");
        for (size_t n = 0; n < value_count(map); n++) {
            const struct value *key = value_pair_at(map, n)->key;
            const char *name = NULL, *own = value_text(key);

            if (!key_read(scope, key, &name, err))
                return false;
            value_map_put(arena, named, name, value_pair_at(map, n)->item);
            own = legacy(scope->loader, own);
            if (own != NULL)
                value_map_put(arena, named, own, value_pair_at(map, n)->item);
        }
        value_list_add(arena, list, named);
    }
    *out = list;
    return true;
}

bool playbook_group_has(const struct playbook_loader *loader, const char *group, const char *action)
{
    const struct value *members = value_map_get(loader->groups, group);

    for (size_t i = 0; i < value_count(members); i++)
        if (text_equal(value_text(value_item(members, i)), action))
            return true;
    return false;
}

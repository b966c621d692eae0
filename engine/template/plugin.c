/* SPDX-License-Identifier: Apache-2.0 */
/* Names of plugins in Python, and what messages say of those that cannot be had. */
#include "engine/template/plugin.h"

#include <string.h>

struct plugin {
    const char *name;
    enum template_plugin kind;
    struct filter filter;
    struct test test;
    struct lookup lookup;
    struct plugin *next;
};

static const char *const kinds[] = { "filter", "test", "lookup" };

void template_env_plugins(struct template_env *env, const struct template_plugins *plugins)
{
    env->plugins = plugins;
}

static const struct plugin *plugin_new(struct template_env *env, enum template_plugin kind, const char *name,
                                       const char *path)
{
    struct plugin *plugin = arena_new_of(env->arena, struct plugin);

    *plugin = (struct plugin){ .name = arena_copy(env->arena, name), .kind = kind, .next = env->plugins_used };
    plugin->filter.name = plugin->test.name = plugin->lookup.name = plugin->name;
    plugin->filter.flags = FILTER_TAKES_UNDEFINED;
    env->plugins_used = plugin;
    if (env->plugin_paths == NULL)
        env->plugin_paths = value_map(env->arena);
    value_map_put_string(env->arena, env->plugin_paths, arena_printf(env->arena, "%s %s", kinds[kind], name), path);
    return plugin;
}

static const struct plugin *find(struct template_env *env, enum template_plugin kind, const char *name, bool is_ours)
{
    const struct plugin *plugin = env->plugins_used;
    const char *path, *ignored = NULL;

    if (env->plugins == NULL)
        return NULL;
    path = env->plugins->find(env->plugins->context, kind, name, is_ours, &ignored);
    if (path == NULL)
        return NULL;
    while (plugin != NULL && (plugin->kind != kind || strcmp(plugin->name, name) != 0))
        plugin = plugin->next;
    return plugin != NULL ? plugin : plugin_new(env, kind, name, path);
}

const struct filter *plugin_filter_or(struct template_env *env, const struct filter *own, const char *name)
{
    const struct plugin *plugin = find(env, TEMPLATE_FILTER, name, own != NULL);

    return plugin != NULL ? &plugin->filter : own;
}

const struct test *plugin_test_or(struct template_env *env, const struct test *own, const char *name)
{
    const struct plugin *plugin = find(env, TEMPLATE_TEST, name, own != NULL);

    return plugin != NULL ? &plugin->test : own;
}

const struct filter *plugin_filter(struct template_env *env, const char *name)
{
    return plugin_filter_or(env, filter_find(name), name);
}

const struct test *plugin_test(struct template_env *env, const char *name)
{
    return plugin_test_or(env, test_find(name), name);
}

const struct lookup *plugin_lookup(struct template_env *env, const char *name)
{
    const struct lookup *own = lookup_find(name);
    const struct plugin *plugin = find(env, TEMPLATE_LOOKUP, name, own != NULL);

    return plugin != NULL ? &plugin->lookup : own;
}

bool template_lookup_known(struct template_env *env, const char *name, const char **why_out)
{
    const char *why = NULL;

    if (env == NULL ? lookup_find(name) != NULL : plugin_lookup(env, name) != NULL)
        return true;
    if (env != NULL && env->plugins != NULL)
        (void)env->plugins->find(env->plugins->context, TEMPLATE_LOOKUP, name, false, &why);
    if (why_out != NULL)
        *why_out = why;
    return false;
}

const struct value *template_plugins_used(const struct template_env *env)
{
    return env->plugin_paths;
}

const char *plugin_missing(struct template_env *env, struct arena *arena, enum template_plugin kind, const char *name)
{
    const char *why = NULL;

    if (env->plugins != NULL && env->plugins->find(env->plugins->context, kind, name, false, &why) == NULL &&
        why != NULL)
        return arena_printf(arena, kind == TEMPLATE_LOOKUP ? "lookup plugin (%s) %s" : "Could not load \"%s\": it %s",
                            name, why);
    if (kind == TEMPLATE_LOOKUP)
        return lookup_unknown(arena, name);
    return kind == TEMPLATE_TEST ? test_unknown(arena, name) : filter_unknown(arena, name);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tasks whose action is a plugin in Python: of the playbook, a role, the setting action_plugins, a collection, or ansible-core's
 * own for a module that Roost does not have. Which one it is is found here; that ansible-core is there to run it, too.
 */
#include <string.h>

#include "common/base/text.h"
#include "engine/foreign/foreign.h"
#include "engine/playbook/collection.h"
#include "engine/playbook/search.h"

/* Modules of a network platform that share one action, named by what their names begin with. */
static const char *const networks[] = { "eos",  "nxos",     "ios",      "iosxr",   "junos", "enos",  "ce",     "vyos",
                                        "sros", "dellos9",  "dellos10", "dellos6", "asa",   "aruba", "aireos", "bigip",
                                        "onyx", "ironware", "netconf",  "exos",    "voss",  "slxos", NULL };

/* Is there an ansible-core? Asked once; NULL: yes, else why not. */
static const char *absence(struct playbook_loader *loader)
{
    struct foreign_python *python = loader->config.python;
    const struct foreign_question question = { "action.ready", value_map(loader->arena), NULL };
    const struct value *answer = NULL;
    struct error err = ERROR_INIT;

    if (python == NULL || python->ask == NULL)
        return "ansible-core is not to be had here";
    if (python->ask(python, loader->arena, &question, &answer, &err))
        return NULL;
    return arena_copy(loader->arena, err.text);
}

const char *load_action_take(struct playbook_loader *loader, struct node *node, const char *name, const char *path)
{
    const struct task_spec *runner =
        loader->config.actions == NULL ? NULL : task_catalogue_find(loader->config.actions, LOAD_ACTION_RUNNER);
    struct foreign_module *plugin;
    const char *why = runner == NULL ? "Roost does not run it here" : absence(loader);

    node->spec = NULL;
    if (why != NULL)
        return arena_printf(loader->arena,
                            "couldn't resolve module/action '%s': its action is a plugin in Python (%s); %s",
                            node->action_text, path, why);
    plugin = arena_new_of(loader->arena, struct foreign_module);
    plugin->path = arena_copy(loader->arena, path);
    plugin->name = arena_copy(loader->arena, name);
    plugin->kind = FOREIGN_ACTION;
    node->foreign = plugin;
    node->spec = runner;
    node->task_kind = TASK_ACTION;
    return NULL;
}

/* "ns.name" + what the module's name begins with, for the platforms above; NULL: it is none of them. */
static const char *network_action(struct playbook_loader *loader, const char *name)
{
    const char *dot = strrchr(name, '.'), *what = dot == NULL ? name : dot + 1;
    const char *prefix = arena_copy_n(loader->arena, what, strcspn(what, "_"));

    if (!text_in(prefix, networks))
        return NULL;
    return dot == NULL ? prefix : arena_printf(loader->arena, "%.*s.%s", (int)(dot - name), name, prefix);
}

/* Roost's own under its full name is not replaced by the collection's. */
static bool is_own(const struct playbook_loader *loader, const struct node *node, const char *name)
{
    if (node->spec == NULL || !collection_is_qualified(name))
        return false;
    return (loader->config.modules != NULL && task_catalogue_find(loader->config.modules, name) == node->spec) ||
           (loader->config.actions != NULL && task_catalogue_find(loader->config.actions, name) == node->spec);
}

static bool is_known(const struct playbook_config *config, const char *name)
{
    return (config->modules != NULL && task_catalogue_find(config->modules, name) != NULL) ||
           (config->actions != NULL && task_catalogue_find(config->actions, name) != NULL);
}

bool load_name_route(struct playbook_loader *loader, const char *name, const char **out, struct error *err)
{
    const char *action = NULL;

    *out = name;
    if (!collection_is_qualified(name))
        return true;
    if (!collection_route(loader, "action", name, &action, err))
        return false;
    if (!is_known(&loader->config, action) && search_plugin(loader, NULL, "action", action) == NULL)
        action = name;
    return collection_route(loader, "modules", action, out, err);
}

/* The plugin that a collection's meta/runtime.yml names, wherever that has moved to. */
static const char *action_named(struct playbook_loader *loader, struct node *node, const char *name)
{
    const char *action = collection_action(loader, node, name), *routed = NULL;
    struct error ignored = ERROR_INIT;

    if (action == NULL || !collection_is_qualified(action) ||
        !collection_route(loader, "action", action, &routed, &ignored))
        return action;
    return routed;
}

const char *load_full_name(struct playbook_loader *loader, const char *name, const char *path)
{
    const char *collection = collection_of_path(loader->arena, path);

    return collection == NULL || collection_is_qualified(name) ? name
                                                               : arena_printf(loader->arena, "%s.%s", collection, name);
}

const char *load_action(struct playbook_loader *loader, struct node *node, const char *name)
{
    const char *tried[] = { action_named(loader, node, name), node->action_text, name, network_action(loader, name) };

    if (is_own(loader, node, name))
        return NULL;
    for (size_t i = 0; i < sizeof(tried) / sizeof(tried[0]); i++) {
        const char *path = tried[i] == NULL ? NULL : search_plugin(loader, node, "action", tried[i]);

        if (path != NULL)
            return load_action_take(loader, node, load_full_name(loader, tried[i], path), path);
    }
    return NULL;
}

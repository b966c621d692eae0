/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tasks whose module is not Roost's own: a file of the user's or of a collection, or one that ansible-core has. What can be
 * known is known here: the kind of the file, and for Python that ansible-core is there and has packed it.
 */
#include <string.h>

#include "common/base/fd.h"
#include "common/base/limits.h"
#include "common/base/text.h"
#include "engine/foreign/foreign.h"
#include "engine/playbook/collection.h"
#include "engine/playbook/search.h"
#include "engine/playbook/task_action.h"

static struct foreign_request request_for(struct playbook_loader *loader, const char *name, const char *path)
{
    size_t count = value_count(loader->playbook_folders);
    const char **folders = arena_new_array(loader->arena, const char *, count + 1);

    for (size_t i = 0; i < count; i++)
        folders[i] = value_text(value_item(loader->playbook_folders, i));
    return (struct foreign_request){
        .name = name, .path = path, .utils = search_module_utils(loader), .playbooks = folders
    };
}

static bool python_pack(struct playbook_loader *loader, struct foreign_module *module, struct error *err)
{
    struct foreign_request request = request_for(loader, module->name, module->path);
    struct foreign_python *python = loader->config.python;

    if (python == NULL)
        return error_set(err, "ansible-core is not to be had here");
    return python->pack(python, loader->arena, &request, module, err);
}

static bool module_read(struct playbook_loader *loader, struct foreign_module *module, struct error *err)
{
    ARENA_SCOPED scratch = arena_new();
    char *data = NULL;
    size_t length = 0;

    if (!file_read(scratch, module->path, LIMIT_SOURCE_FILE, &data, &length, err) ||
        !foreign_kind_of(scratch, data, length, &module->kind, err))
        return false;
    foreign_first_line(loader->arena, data, length, &module->interpreter, &module->interpreter_words);
    if (module->kind == FOREIGN_POWERSHELL)
        return error_set(err, "it is written in PowerShell, which Roost does not run");
    if (module->kind != FOREIGN_PYTHON)
        return true;
    return python_pack(loader, module, err) ||
           error_prefix(err, "it is written in Python, and its arguments and helpers are packed by ansible-core");
}

/* Each file is read once in a run; so is what is wrong with it told. */
static const struct foreign_module *module_get(struct playbook_loader *loader, const char *name, const char *path,
                                               struct error *err)
{
    struct foreign_module *module = loader->foreign;

    while (module != NULL && strcmp(module->path, path) != 0)
        module = module->next;
    if (module != NULL)
        return module;
    module = arena_new_of(loader->arena, struct foreign_module);
    module->path = path;
    module->name = name;
    if (!module_read(loader, module, err))
        return NULL;
    module->next = loader->foreign;
    loader->foreign = module;
    return module;
}

static const char *sentence(struct playbook_loader *loader, struct node *node, const char *why)
{
    node->spec = NULL;
    return arena_printf(loader->arena, "couldn't resolve module/action '%s': %s", node->action_text, why);
}

/* Roost's own wins over a collection's of the same full name; a module in library/ wins over Roost's of the same short name. What is
 * done at the centre is not replaced: in Ansible, too, that is an action and not a module. */
static bool is_own(const struct playbook_loader *loader, const struct node *node)
{
    const char *collection = node->module_path == NULL ? NULL : collection_of_path(loader->arena, node->module_path);
    const char *full;

    if (node->spec == NULL || strcmp(node->spec->name, LOAD_FOREIGN_RUNNER) == 0 ||
        strcmp(node->spec->name, LOAD_ACTION_RUNNER) == 0)
        return false;
    if (node->module_path == NULL || node->task_kind == TASK_ACTION)
        return true;
    if (collection == NULL)
        return false;
    full = arena_printf(loader->arena, "%s.%s", collection, node->spec->name);
    return task_catalogue_find(loader->config.modules, full) == node->spec;
}

/* What only ansible-core knows where to find: its own, or of a collection that is installed with it. */
static bool core_ask(struct playbook_loader *loader, const char *name, struct foreign_found *out, struct error *err)
{
    const char *full = strchr(name, '.') == NULL ? arena_printf(loader->arena, "ansible.builtin.%s", name) : name;
    struct foreign_request request = request_for(loader, full, NULL);
    struct foreign_python *python = loader->config.python;

    *out = (struct foreign_found){ 0 };
    return python->find(python, loader->arena, &request, out, err);
}

static const char *core_find(struct playbook_loader *loader, struct node *node, const char *name)
{
    struct foreign_found found = { 0 };
    struct error err = ERROR_INIT;

    if (!core_ask(loader, name, &found, &err))
        return strchr(name, '.') != NULL
                   ? NULL
                   : sentence(loader, node,
                              arena_printf(loader->arena, "Roost does not have this module yet, and %s", err.text));
    if (found.action != NULL)
        return load_action_take(loader, node, name, found.action);
    node->module_path = found.path;
    return NULL;
}

const char *load_core_route(struct playbook_loader *loader, const char *name)
{
    struct foreign_found found = { 0 };
    struct error ignored = ERROR_INIT;

    if (loader->config.python == NULL || strpbrk(name, "./") != NULL || !core_ask(loader, name, &found, &ignored) ||
        found.name == NULL || !collection_is_qualified(found.name) || text_starts(found.name, "ansible.builtin."))
        return NULL;
    return arena_copy(loader->arena, found.name);
}

/* A file that lies in no collection belongs to ansible.legacy: the defaults of ansible.builtin's are not its own. */
static void defaults_name_set(struct playbook_loader *loader, struct node *node, const char *name, const char *path)
{
    if (collection_of_path(loader->arena, path) == NULL)
        node->defaults_name = arena_printf(loader->arena, "ansible.legacy.%s", task_action_short(name));
}

const char *load_foreign(const struct load_scope *scope, struct node *node, const char *name, bool asks_core)
{
    struct playbook_loader *loader = scope->loader;
    const char *why;
    const struct task_spec *runner =
        loader->config.actions == NULL ? NULL : task_catalogue_find(loader->config.actions, LOAD_FOREIGN_RUNNER);
    struct error err = ERROR_INIT;

    why = load_action(loader, node, name);
    if (node->foreign != NULL)
        defaults_name_set(loader, node, name, node->foreign->path);
    if (why != NULL || node->foreign != NULL)
        return why;
    if (is_own(loader, node))
        return NULL;
    node->spec = NULL;
    if (runner == NULL)
        return NULL;
    if (node->module_path != NULL)
        defaults_name_set(loader, node, name, node->module_path);
    if (node->module_path == NULL && asks_core && loader->config.python != NULL) {
        why = core_find(loader, node, name);
        if (why != NULL || node->foreign != NULL)
            return why;
    }
    if (node->module_path == NULL)
        return NULL;
    node->foreign = module_get(loader, name, node->module_path, &err);
    if (node->foreign == NULL)
        return sentence(loader, node, arena_printf(loader->arena, "%s (%s)", err.text, node->module_path));
    node->spec = runner;
    node->task_kind = TASK_ACTION;
    return NULL;
}

struct foreign_python *playbook_python(const struct playbook_loader *loader)
{
    return loader->config.python;
}

const struct task_spec *playbook_action_spec(const struct playbook_loader *loader, const char *name)
{
    return loader->config.actions == NULL ? NULL : task_catalogue_find(loader->config.actions, name);
}

struct playbook_places playbook_places(struct playbook_loader *loader)
{
    return (struct playbook_places){ loader->playbook_folders, loader->role_folders, search_module_utils(loader) };
}

/* Roost's own of that name, where Ansible would not take the file at `path`. */
static const struct task_spec *own_module(struct playbook_loader *loader, const char *name, const char *path)
{
    const struct task_spec *spec =
        loader->config.modules == NULL ? NULL : task_catalogue_find(loader->config.modules, name);
    const char *collection = path == NULL ? NULL : collection_of_path(loader->arena, path);

    if (spec == NULL || strcmp(spec->name, LOAD_FOREIGN_RUNNER) == 0 || (path != NULL && collection == NULL))
        return NULL;
    return collection == NULL || strchr(name, '.') != NULL ? spec : NULL;
}

bool playbook_module(struct playbook_loader *loader, const struct node *task, const char *name, bool wants_python,
                     struct playbook_module *out, struct error *err)
{
    struct foreign_found found = { 0 };
    const char *path = NULL;

    *out = (struct playbook_module){ 0 };
    name = arena_copy(loader->arena, name);
    if (collection_is_qualified(name) && !collection_route(loader, "modules", name, &name, err))
        return false;
    if (!search_module(loader, task, name, &path, err))
        return false;
    out->spec = wants_python ? NULL : own_module(loader, name, path);
    if (out->spec != NULL)
        return true;
    if (path == NULL && text_starts(name, "ansible.legacy."))
        name += strlen("ansible.legacy.");
    if (path == NULL && loader->config.python == NULL)
        return error_set(err, "ansible-core is not to be had here");
    if (path == NULL && !core_ask(loader, name, &found, err))
        return false;
    path = path != NULL ? path : found.path == NULL ? NULL : arena_copy(loader->arena, found.path);
    if (path == NULL)
        return error_set(err, "The module %s was not found in configured module paths", name);
    out->foreign = module_get(loader, name, path, err);
    return out->foreign != NULL || error_prefix(err, "%s", name);
}

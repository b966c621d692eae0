/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML text -> model. All that can be known before touching a host fails here: unknown keywords, modules, arguments, missing
 * roles and files, template syntax, unknown filters; each with file:line:column and the nearest valid name.
 */
#pragma once

#include "engine/playbook/model.h"
#include "engine/template/template.h"

struct playbook_loader;

struct foreign_python;

struct playbook_config {
    struct template_env *templates;
    const struct task_catalogue *modules; /* run on nodes */
    const struct task_catalogue *actions; /* run at the centre; wins over modules of the same name */
    const struct value *extra_vars;       /* for templated import paths; map or NULL */
    const char *const *role_folders;      /* roles_path, NULL-terminated; the playbook's roles/ comes first */
    const char *const
        *collection_folders; /* collections_path, NULL-terminated; the playbook's collections/ comes first */
    const char *const
        *module_folders; /* the setting library, NULL-terminated; after those beside playbooks and roles */
    const char *const *action_folders; /* the setting action_plugins, the same */
    const char *const
        *plugin_folders[3];        /* the settings filter_plugins, test_plugins, lookup_plugins, the same; or NULL */
    struct foreign_python *python; /* ansible-core beside us (engine/foreign), for modules in Python; or NULL */
    struct value *warnings;
    struct value *notes;        /* what is told at -vv, or NULL */
    const char *duplicate_keys; /* in YAML: "error", "ignore"; else a warning */
    bool ignores_group_faults;  /* the setting validate_action_group_metadata is off */
    bool (*decrypt)(void *context, const char *data, size_t length, const char **out, size_t *length_out,
                    struct error *err); /* vaulted files; NULL: an error */
    void *decrypt_context;
};

/* A module that an action plugin names: of Roost (spec), or a file (foreign). */
struct playbook_module {
    const struct task_spec *spec;
    const struct foreign_module *foreign;
};

/* The loader owns caches (files, roles) for one run; config's pointers must outlive it. */
struct playbook_loader *playbook_loader_new(struct arena *arena, const struct playbook_config *config);
bool playbook_load(struct playbook_loader *loader, const char *path, struct playbook **out, struct error *err);
/* "ns.name.site": a playbook of a collection that is there. */
bool playbook_is_qualified(struct playbook_loader *loader, const char *name);
/* A folder that counts like that of a playbook (--playbook-dir): its library/, collections/, *_plugins/. */
void playbook_add_folder(struct playbook_loader *loader, const char *folder);
/* A play made in memory (roost run): hosts, one task. */
bool playbook_from_value(struct playbook_loader *loader, const struct value *plays, const char *folder,
                         struct playbook **out, struct error *err);

/* Dynamic includes. `include` is the task; its path is templated by the caller. The nodes get `include` as parent. */
bool playbook_load_tasks(struct playbook_loader *loader, const struct node *include, const char *path, bool handlers,
                         struct node_list *out, struct error *err);
/* `task`, whose action was a template that names a module of the node or an action. Lives in the loader's arena. */
bool playbook_action(struct playbook_loader *loader, const struct node *task, const char *name, const struct node **out,
                     struct error *err);
/* What `task` would get under that name, actions left out. wants_python: Roost's own will not do. */
bool playbook_module(struct playbook_loader *loader, const struct node *task, const char *name, bool wants_python,
                     struct playbook_module *out, struct error *err);
/* Of the configuration, or NULL. */
struct foreign_python *playbook_python(const struct playbook_loader *loader);
const struct task_spec *playbook_action_spec(const struct playbook_loader *loader, const char *name);
/* Folders of playbooks, then of roles, that plugins may lie in; those of playbooks alone; of module_utils. Lists of texts. */
struct playbook_places {
    const struct value *playbooks, *roles;
    const char *const *utils; /* NULL-terminated */
};
struct playbook_places playbook_places(struct playbook_loader *loader);
struct role_request {
    const char *name, *tasks_from, *vars_from, *defaults_from, *handlers_from; /* NULL: main */
    const struct value *apply; /* map of keywords for every task inside, or NULL */
    bool allow_duplicates, is_public;
    bool skips_validation; /* rolespec_validate: false */
};
bool playbook_load_role(struct playbook_loader *loader, const struct node *include, const struct role_request *request,
                        struct role **out, struct error *err);
/* The nodes to run for a role, in order: those of its dependencies (each once per mention), then its own; and its handlers. */
struct node_list role_task_nodes(struct arena *arena, const struct role *role);
struct node_list role_handler_nodes(struct arena *arena, const struct role *role);
/* "role" of "ns.name.role" for a role of a collection; else its name. */
const char *role_short_name(const struct role *role);
/* Finds a task file, role file or template as Ansible searches: role's folder, dependent roles, play folder. NULL: none. */
const char *playbook_find_file(struct arena *arena, const struct node *node, const char *subfolder, const char *name);
/* Where a file that was not found was looked for, in Ansible's words ("\nSearched in:\n\t..."); "" for an absolute path. */
const char *playbook_searched(struct arena *arena, const struct node *node, const char *subfolder, const char *name);
/* Reads a variables file (YAML or JSON, vaulted or not): a map. */
bool playbook_read_vars(struct playbook_loader *loader, const char *path, const struct value **out, struct error *err);

/* Is the action in that group of module_defaults, by its full name ("ns.name.what")? */
bool playbook_group_has(const struct playbook_loader *loader, const char *group, const char *action);

/* The effective value of a keyword: the node's own, else its parents', else the play's. NULL: nowhere. */
const struct value *node_keyword(const struct node *node, enum keyword keyword);
/* Own and inherited values of a keyword that adds up (environment, module_defaults): a list, outermost first, the play's
 * included; a value that is a list is spread. NULL: nowhere. */
const struct value *node_keyword_list(struct arena *arena, const struct node *node, enum keyword keyword);
/* Own and inherited `when`, outermost first: a list, or NULL. */
const struct value *node_conditions(struct arena *arena, const struct node *node);
/* What was written under `tags:` as a list: "a, b" is two tags. NULL stays NULL. */
const struct value *node_tag_list(struct arena *arena, const struct value *written);
/* Own and inherited tags (strings, not templated). */
const struct value *node_tags(struct arena *arena, const struct node *node);
/* "role : name" as shown; the name may still hold templates. */
const char *node_title(struct arena *arena, const struct node *node);
/* The same with another name: what the node's has become; NULL or empty: none. */
const char *node_title_named(struct arena *arena, const struct node *node, const char *name);

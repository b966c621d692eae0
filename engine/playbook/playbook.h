/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML text -> model. All that can be known before touching a host fails here: unknown keywords, modules, arguments, missing
 * roles and files, template syntax, unknown filters; each with file:line:column and the nearest valid name.
 */
#pragma once

#include "engine/playbook/model.h"
#include "engine/template/template.h"

struct playbook_loader;

struct playbook_config {
    struct template_env *templates;
    const struct task_catalogue *modules; /* run on nodes */
    const struct task_catalogue *actions; /* run at the centre; wins over modules of the same name */
    const struct value *extra_vars;       /* for templated import paths; map or NULL */
    const char *const *role_folders;      /* roles_path, NULL-terminated; the playbook's roles/ comes first */
    struct value *warnings;
    bool (*decrypt)(void *context, struct arena *arena, const char *data, size_t length, const char **out,
                    size_t *length_out, struct error *err); /* vaulted files; NULL: an error */
    void *decrypt_context;
};

/* The loader owns caches (files, roles) for one run; config's pointers must outlive it. */
struct playbook_loader *playbook_loader_new(struct arena *arena, const struct playbook_config *config);
bool playbook_load(struct playbook_loader *loader, const char *path, struct playbook **out, struct error *err);
/* A play made in memory (roost run): hosts, one task. */
bool playbook_from_value(struct playbook_loader *loader, const struct value *plays, const char *folder,
                         struct playbook **out, struct error *err);

/* Dynamic includes. `include` is the task; its path is templated by the caller. The nodes get `include` as parent. */
bool playbook_load_tasks(struct playbook_loader *loader, const struct node *include, const char *path, bool handlers,
                         struct node_list *out, struct error *err);
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
/* Finds a task file, role file or template as Ansible searches: role's folder, dependent roles, play folder. NULL: none. */
const char *playbook_find_file(struct arena *arena, const struct node *node, const char *subfolder, const char *name);
/* Reads a variables file (YAML or JSON, vaulted or not): a map. */
bool playbook_read_vars(struct playbook_loader *loader, const char *path, const struct value **out, struct error *err);

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

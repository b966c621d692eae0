/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the loader share: the loader itself, and the scope a list of tasks is read in. Internal to
 * engine/playbook.
 */
#pragma once

#include "engine/playbook/load_state.h"

/* --- load_file.c --- */
bool load_file_read(struct playbook_loader *loader, const char *path, const struct value **out, struct error *err);
/* The same for variables: those of an encrypted file are SECRET. */
bool load_file_vars(struct playbook_loader *loader, const char *path, const struct value **out, struct error *err);
void load_warn(struct playbook_loader *loader, const char *text);
/* Unless it was told already. A deprecation begins with [DEPRECATION WARNING]: and is a whole sentence. */
void load_warn_once(struct playbook_loader *loader, const char *text);

/* --- load_missing.c --- */
void load_missing_add(struct playbook_loader *loader, const struct node *node, const char *text, const char *near);
/* `ok` if no module was missing; otherwise false with all of them named. Forgets them. */
bool load_missing_tell(struct playbook_loader *loader, bool ok, struct error *err);

/* --- load_node.c --- */
struct node *load_node_new(const struct load_scope *scope, enum node_kind kind, const struct source_position *at);
/* An implicit block below scope->parent. */
struct node *load_wrapper_new(const struct load_scope *scope, const struct source_position *at);
/* An implicit meta task: "flush_handlers", "role_complete". */
struct node *load_meta_new(const struct load_scope *scope, const char *what);
void load_list_add(struct arena *arena, struct node_list *list, struct node *node);
void load_list_extend(struct arena *arena, struct node_list *list, const struct node_list *more);
void load_roles_add(struct arena *arena, struct role ***roles, size_t *count, struct role *role);

/* --- load_keywords.c --- */
/* Stores one keyword after checking its form; `owner` is Play, Task ... for messages. */
bool load_keyword_put(const struct load_scope *scope, const struct value **keywords, enum keyword keyword,
                      const struct value *item, const char *owner, struct error *err);
/* Was it what a keyword's value looks like? The original tells that when the task is reached. */
bool load_keyword_is_form_error(const struct error *err);
/* "'x' is not a valid attribute for a Play", with the nearest keyword. Always false. */
bool load_keyword_unknown(const struct value *key, unsigned places, const char *owner, struct error *err);
/* The same of the map's pair `first`, and of all that follow it there and are unknown too. */
bool load_keywords_unknown(const struct value *map, size_t first, unsigned places, const char *owner,
                           struct error *err);
/* vars: a map or a list of maps with valid names; *out is one map. */
bool load_vars_read(struct arena *arena, const struct value *vars, const char *owner, const struct value **out,
                    struct error *err);

/* --- module_defaults.c --- */
/* A list of maps, whose keys are the names of tasks after loading or "group/ns.name.what". */
bool load_module_defaults(const struct load_scope *scope, const struct value *value, const struct value **out,
                          struct error *err);

/* --- reserved.c --- */
void load_reserved_check(const struct load_scope *scope);

/* --- load_block.c --- */
/* An implicit block with the keywords of `apply`; scope->parent itself when there are none. */
bool load_apply(const struct load_scope *scope, const struct value *apply, const struct source_position *at,
                const struct node **out, struct node **block_out, struct error *err);
/* `what` names the list in messages: "tasks". */
bool load_nodes(const struct load_scope *scope, const struct value *list, const char *what, struct node_list *out,
                struct error *err);

/* --- load_task.c --- */
bool load_task(const struct load_scope *scope, const struct value *task, struct node_list *out, struct error *err);

/* --- load_check.c: plan time --- */
bool load_check_task(const struct load_scope *scope, struct node *node, struct error *err);
/* Does somebody count on this task failing: a rescue, ignore_errors, failed_when? */
bool load_failure_is_expected(const struct node *node);
/* Fills action, spec, module_path and task_kind of an ordinary task. */
bool load_resolve(const struct load_scope *scope, struct node *node, const char *name, struct error *err);

/* --- load_foreign.c --- */
#define LOAD_FOREIGN_RUNNER "foreign_module" /* the action and the module that run them; no task may name it */
/* After Roost's own was looked for: takes what the user, a collection or (asks_core) ansible-core has under that name, if that is what
 * Ansible would take. NULL: done, though node->spec may be NULL still; else why it cannot be run. */
const char *load_foreign(const struct load_scope *scope, struct node *node, const char *name, bool asks_core);
/* The collection's module that ansible-core has for a short name of old; NULL: none that is there, or no ansible-core. */
const char *load_core_route(struct playbook_loader *loader, const char *name);

/* --- load_action.c --- */
#define LOAD_ACTION_RUNNER "python_action" /* the action that runs them; no task may name it */
/* Takes the action plugin in Python that Ansible would take for the task, if there is one. NULL: done, node->foreign is set when
 * there is; else why it cannot be run. */
const char *load_action(struct playbook_loader *loader, struct node *node, const char *name);
/* Follows redirections of actions, where they lead to one that is there, and of modules. False: as collection_route. */
bool load_name_route(struct playbook_loader *loader, const char *name, const char **out, struct error *err);
/* With the collection that the file is in, where `name` is a short one: what Ansible's loaders and module_defaults know. */
const char *load_full_name(struct playbook_loader *loader, const char *name, const char *path);
/* Takes the plugin at `path`, which Ansible's loader knows as `name`. */
const char *load_action_take(struct playbook_loader *loader, struct node *node, const char *name, const char *path);

/* --- load_import.c --- */
bool load_import_tasks(const struct load_scope *scope, struct node *import, const struct value *name,
                       struct node_list *out, struct error *err);
bool load_import_role(const struct load_scope *scope, struct node *import, struct node_list *out, struct error *err);
/* An import of a file that is not there, in Ansible's words. Always false. */
bool load_file_missing(const struct source_position *at, const char *path, struct error *err);
/* A name or path that must be known now: templated with extra, play, role and task variables. */
bool load_static_text(const struct load_scope *scope, const struct node *node, const struct value *text,
                      const char **out, struct error *err);
/* The same of any value; what is no template stays as it is. */
bool load_static_value(const struct load_scope *scope, const struct node *node, const struct value *value,
                       const struct value **out, struct error *err);

/* --- load_play.c --- */
struct load_import { /* what an import_playbook adds to its plays */
    const struct value *vars, *when, *tags;
};
bool load_play(struct playbook_loader *loader, const struct value *value, const char *path,
               const struct load_import *import, struct play **out, struct error *err);

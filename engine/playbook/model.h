/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A playbook after loading: plays, blocks, tasks, roles, handlers, every node with file:line:column. Read-only once loaded.
 * Static things are expanded (roles:, import_tasks, import_role, import_playbook: each becomes a block that carries the
 * keywords of the import); dynamic things (include_tasks, include_role) stay tasks and are loaded while the run goes on
 * through playbook_load_tasks / playbook_load_role. Everything lives in the run's arena.
 */
#pragma once

#include "common/base/arena.h"
#include "common/base/error.h"
#include "common/spec/arg_spec.h"
#include "common/value/value.h"
#include "engine/playbook/keyword.h"

enum node_kind { NODE_TASK, NODE_BLOCK };
enum node_task_kind {
    TASK_MODULE, /* runs on the node: spec from the module catalogue */
    TASK_ACTION, /* runs at the centre: spec from the action table */
    TASK_META,   /* meta: args._raw_params names it */
    TASK_INCLUDE_TASKS,
    TASK_INCLUDE_ROLE,
};

struct node_list {
    struct node **items;
    size_t count;
};

struct node {
    enum node_kind kind;
    struct source_position at;
    uint32_t number;           /* unique in the run, grows in load order */
    const struct node *parent; /* enclosing block or include; NULL: directly in the play */
    const struct play *play;
    const struct role *role;                     /* role the node belongs to, or NULL */
    const char *name;                            /* as written, may hold templates; NULL: none */
    const struct value *keywords[KEYWORD_COUNT]; /* as written on this node; NULL: absent */
    bool is_handler;
    bool is_implicit;   /* made by Roost or an import wrapper: not shown as task, carries keywords only */
    bool gives_params;  /* its variables rank as parameters of an include */
    bool is_role_end;   /* last node of a role's tasks: an implicit meta "role_complete", marks the role as run */
    bool is_unresolved; /* no such module, but the task has conditions: refused by name when it is reached
                                       * and not skipped. spec is NULL, unresolved_text is the whole sentence. */
    const char *unresolved_text;

    /* block */
    struct node_list tasks, rescue, always;

    /* task */
    enum node_task_kind task_kind;
    const char *action;                   /* short canonical name: "copy" */
    const char *action_text;              /* as written: "ansible.builtin.copy" */
    const char *defaults_name;            /* what module_defaults call it, where that is not `action`; or NULL */
    struct source_position action_at;     /* where it is written */
    const struct task_spec *spec;         /* NULL for meta and includes */
    const char *module_path;              /* a user's module of that name (library/, collections), or NULL */
    const struct foreign_module *foreign; /* what runs it when it is not Roost's own (engine/foreign), or NULL */
    const struct value *collections;      /* names, where a short name is looked for; or NULL */
    const struct value *args; /* map; free-form text under "_raw_params"; k=v text already split; may be one template
                                       * string when the user wrote `args: "{{ map }}"` (key "_template") */
    const char *loop_lookup;  /* "items" for with_items; NULL for loop: or none */
    const char *include_path_folder; /* folder that relative includes start from */
};

struct role {
    const char *name;             /* as asked for: "geerlingguy.redis" */
    const char *path;             /* its folder */
    const struct value *defaults; /* defaults/main.yml, map */
    const struct value *vars;     /* vars: of the entry or include, overlaid by vars/main.yml (as Ansible does); map */
    const struct value *params;   /* extra keys of the role entry (an include's vars are its node's KEYWORD_VARS) */
    const struct value *argument_specs; /* of the entry point that is used, map; NULL: nothing is said about it */
    const char *collection;             /* "ns.name" it came from, or NULL */
    const struct value *collections;    /* its own, and those of its meta/main.yml: list or NULL */
    bool allow_duplicates;
    struct role **dependencies;
    size_t dependency_count;
    const struct role *parent; /* role that depends on or includes this one */
    struct node_list tasks;    /* one block per main file, dependencies not included */
    struct node_list handlers;
    const struct play *play;
    const struct role *identity; /* the first role with the same name, files and parameters (may be this one): "has run"
                                       * is remembered by it, because every mention of a role is a struct of its own */
    bool is_public;              /* include_role public: true, and all static roles: its vars are seen by the play */
};

struct play {
    struct source_position at;
    const char *name;   /* or NULL: then hosts are shown */
    const char *folder; /* of the playbook file */
    const char *path;
    const struct value *keywords[KEYWORD_COUNT];
    const struct value *vars; /* map or NULL */
    struct node_list
        tasks; /* in order: pre_tasks, flush, roles, tasks, flush, post_tasks, flush: as blocks and metas */
    struct node_list handlers; /* roles', then the play's, then those of import_role; flat; the last of a name wins */
    struct role **roles;       /* every static role, dependencies before dependents */
    size_t role_count;
    const struct value *import_vars; /* vars of the import_playbook that brought it, or NULL */
    const struct value *import_when; /* list of conditions of import_playbook, added to every task */
    const struct value *import_tags;
    const char *collection; /* "ns.name" that the playbook came from, or NULL */
};

struct playbook {
    const char *path;
    struct play **plays;
    size_t play_count;
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Variables of a run: what is known per host (facts, set_fact, registered, include_vars), and scopes: a stack of
 * maps searched from the top, made for one task on one host. Nothing is merged; a value is templated when it is asked for,
 * in the scope that asks. Precedence is that of ansible-core 2.14 (docs/design/run.md names the levels).
 */
#pragma once

#include "engine/inventory/inventory.h"
#include "engine/playbook/playbook.h"
#include "engine/template/template.h"

struct vars_config {
    struct inventory *inventory;
    const struct inventory_config *inventory_config;
    struct template_env *templates;
    struct playbook_loader *loader;
    const struct value *extra_vars; /* map or NULL */
    const struct value *options;    /* map: ansible_check_mode, ansible_forks, ansible_version ... */
    const char *config_file;        /* NULL: none */
    bool merge_hashes;              /* hash_behaviour = merge */
    bool inject_facts;              /* inject_facts_as_vars */
    bool private_role_vars;         /* role vars and defaults stay in their role */
    const char *cache_folder;       /* of facts kept from run to run; NULL: none are */
    const char *cache_prefix;       /* of its files' names, or NULL */
    int cache_timeout_s;            /* older ones count as none; 0: they never are too old */
    bool cache_is_flushed;          /* --flush-cache */
    struct value *warnings;
    struct value *notes; /* what is told at -vvv, or NULL */
};

/* The play that runs now. Host lists are inventory numbers; `removed` says which hosts have left the play. */
struct vars_play {
    const struct play *play;
    const char *name;                  /* templated */
    const struct value *prompted;      /* vars_prompt: map or NULL */
    struct inventory_host *const *all; /* every host of the play's pattern */
    size_t all_count;
    struct inventory_host *const *batch; /* hosts of this serial batch */
    size_t batch_count;
    bool (*is_removed)(void *context, const struct inventory_host *host);
    bool (*is_failed)(void *context, const struct inventory_host *host);
    void *context;
};

struct vars_world;
struct vars_world *vars_world_new(struct arena *arena, const struct vars_config *config);
void vars_world_free(struct vars_world *world);
/* Enters a play or batch; `play` must live until the next call. NULL leaves. */
void vars_world_enter(struct vars_world *world, const struct vars_play *play);
/* Reads what the inventory and the files beside it say of this host. */
bool vars_world_read_host(struct vars_world *world, const struct inventory_host *host, struct error *err);
/* A role that became visible to the whole play while it runs (include_role with public). */
void vars_world_publish(struct vars_world *world, const struct role *role);
/* add_host, group_by and refresh changed the inventory. */
void vars_world_inventory_changed(struct vars_world *world);
/* Reclaims memory of replaced values. Only while no scope is in use. */
void vars_world_collect(struct vars_world *world);
const struct vars_config *vars_world_config(const struct vars_world *world);
/* From now on nobody may look at a variable of that name, whatever its value: doing so is an error, and is remembered. */
void vars_world_withhold(struct vars_world *world, const char *name);
/* The first such name that was looked at; NULL: none was. */
const char *vars_world_missed(const struct vars_world *world);

/* Per host; values are copied. */
void vars_host_set(struct vars_world *world, const struct inventory_host *host, const char *name,
                   const struct value *value);
void vars_host_include(struct vars_world *world, const struct inventory_host *host, const char *name,
                       const struct value *value);
void vars_host_add_facts(struct vars_world *world, const struct inventory_host *host, const struct value *facts);
void vars_host_clear_facts(struct vars_world *world, const struct inventory_host *host);
const struct value *vars_host_facts(struct vars_world *world, const struct inventory_host *host); /* map, as gathered */
bool vars_host_is_gathered(struct vars_world *world, const struct inventory_host *host);

/* A scope lives on the caller's side; its layers are in `arena`. */
struct vars_layer {
    const struct value *map;
    bool is_final; /* values never need templating */
};
struct vars_scope {
    struct vars_world *world;
    struct arena *arena;
    const struct vars_play *play;      /* NULL: variables of a host alone (hostvars) */
    const struct inventory_host *host; /* NULL: variables of a play alone */
    const struct node *task;           /* or NULL */
    const struct role *role;
    struct value *local;       /* loop variables, registered result ...: above everything; NULL: none yet */
    struct vars_layer *layers; /* highest precedence first */
    size_t layer_count;
    struct vars_layer *file_layers;  /* those of vars_files: the last entry first */
    size_t file_count, naming_layer; /* from naming_layer on they are seen by the names of vars_files */
    struct vars_frame *frame;        /* variables that are being templated */
    const char *const *search_folders;
    const struct value *environment; /* the task's, for the variable of that name; NULL: none */
    const struct value *fallback;    /* below everything: where the task runs when no variable says so; map or NULL */
    const struct value *delegates;   /* ansible_delegated_vars, or NULL */
    const char *watch;               /* a name whose use is noticed: ... */
    bool is_watch_hit;               /* ... it was asked for */
    struct template_vars source;     /* for struct template_call */
};

struct vars_place {
    const struct inventory_host *host;
    const struct node *task;
    bool is_alone; /* without the play: what hostvars shows of a host */
};
bool vars_scope_open(struct vars_scope *scope, struct vars_world *world, struct arena *arena,
                     const struct vars_place *place, struct error *err);
/* A call that evaluates in the scope; results live in `arena`. */
struct template_call vars_scope_call(struct vars_scope *scope, struct arena *arena);
/* Puts a variable above all others; NULL removes it. Borrowed. */
void vars_scope_put(struct vars_scope *scope, const char *name, const struct value *value);
/* As written; NULL: not set. Magic variables included. */
const struct value *vars_scope_raw(struct vars_scope *scope, const char *name, size_t length, bool *final_out);
/* Templated. *out is NULL when there is no such variable. */
bool vars_scope_get(struct vars_scope *scope, struct arena *arena, const char *name, const struct value **out,
                    struct error *err);
/* One host's variables as an object, as hostvars shows them (or with play and task: ansible_delegated_vars). */
const struct value *vars_host_object(struct vars_world *world, struct arena *arena, const struct vars_place *place);
const struct value *vars_scope_names(struct vars_scope *scope, struct arena *arena);

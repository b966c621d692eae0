/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of engine/vars share: the world's inside, the cached views of roles and inventories. */
#pragma once

#include "engine/vars/vars.h"

/* What a run knows of one host. Maps are mutable and owned by `arena`. */
struct vars_host {
    struct arena *arena;
    bool is_cache_old;             /* facts are to be written */
    size_t live;                   /* bytes in use after the last collection */
    struct value *set;             /* set_fact and registered */
    struct value *included;        /* include_vars */
    struct value *facts;           /* as modules gave them */
    struct value *injected;        /* the same without what may not be injected */
    struct value *plain;           /* ansible_facts: names without the ansible_ prefix */
    struct value *wrapper;         /* map with the one variable ansible_facts */
    const struct value *inventory; /* levels 3 to 10 merged, cached for `inventory_folder` */
    const char *inventory_folder;
    const struct value *files;      /* vars_files of the current play: a map for each entry, null: no file ... */
    const struct value *file_names; /* ... and what the names were when they were loaded, null: not known */
};

/* Merged views of one role, made at first use. */
struct vars_role {
    const struct role *role;
    const struct value *defaults, *vars, *params;
    struct vars_role *next;
};

struct vars_folders {
    const struct role *role;
    const char *path, *play_folder;
    const char *const *folders;
    struct vars_folders *next;
};

#define VARS_ROLE_BUCKETS 64

struct vars_world {
    struct arena *arena;           /* lives as long as the run */
    struct arena *inventory_arena; /* cached inventory variables; replaced when the inventory changes */
    struct arena *play_arena;      /* what belongs to the current play */
    struct vars_config config;
    struct vars_host *hosts;
    size_t host_capacity;
    struct vars_host *made_hosts; /* those delegate_to made up: numbers from LIMIT_HOSTS */
    size_t made_capacity;
    const struct vars_play *play;
    const struct value *play_defaults, *play_role_vars; /* of all roles the play sees; later roles win */
    const struct value *static_files;                   /* the same of vars_files without templates, or NULL */
    const struct value *groups;                         /* the variable of that name */
    const struct value *hostvars;
    struct value *file_cache;  /* path -> map, of the current play */
    struct value *noted_files; /* texts that were noted -> true */
    struct vars_role *roles[VARS_ROLE_BUCKETS];
    struct vars_folders *folders;
    int depth;              /* variables being templated, across all scopes */
    struct value *withheld; /* names that may not be looked at; NULL: none */
    const char *missed;     /* the first of them that was */
};

struct vars_host *vars_host_of(struct vars_world *world, const struct inventory_host *host);
bool vars_host_inventory(struct vars_world *world, const struct inventory_host *host, const char *folder,
                         const struct value **out, struct error *err);
const struct vars_role *vars_role_of(struct vars_world *world, const struct role *role);
void vars_play_roles(struct vars_world *world, const struct play *play);

void vars_scope_connect(struct vars_scope *scope); /* fills scope->source */

/* Facts kept from run to run. Failing to is a warning. */
void vars_cache_read(struct vars_world *world, const struct inventory_host *host);
void vars_cache_flush(struct vars_world *world); /* writes what has changed */

/* Facts: which names may become variables, and their name inside ansible_facts. */
bool vars_fact_is_injectable(const char *name);
const char *vars_fact_plain_name(const char *name);

size_t vars_files_count(const struct play *play); /* entries of vars_files */
/* Fills the layers of vars_files, one entry after the other: each may use what those before it brought. */
bool vars_files_read(struct vars_scope *scope, struct error *err);

/* Text of the run itself, not of a node: safe in templates and conditions, unless it holds template syntax. */
struct value *vars_own_text(struct arena *arena, const char *text, size_t length);
/* Magic variables. NULL: not one of them. */
const struct value *vars_magic(struct vars_scope *scope, const char *name, size_t length);
const char *const *vars_magic_names(void);
/* Those a host brings along (inventory_hostname ...), which anything of higher precedence may hide. */
const struct value *vars_magic_of_host(struct vars_scope *scope, const char *name, size_t length);
const char *const *vars_magic_host_names(const struct vars_scope *scope);
const char *const *vars_search_folders(struct vars_world *world, const struct node *task, const struct vars_play *play);

const struct value *vars_hostvars_object(struct vars_world *world, struct arena *arena);
const struct value *vars_all_object(struct vars_scope *scope, struct arena *arena);

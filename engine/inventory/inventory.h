/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hosts and groups from INI, YAML, executable and comma-list inventories, with group_vars/ and host_vars/. Order of hosts is the
 * order of the sources. Mutable only through inventory_add_* (add_host, group_by).
 */
#pragma once

#include "common/base/arena.h"
#include "common/base/error.h"
#include "common/value/value.h"

struct inventory_group;
struct inventory_rules;

struct inventory_host {
    const char *name;
    struct value *vars;              /* as written in the inventory itself */
    struct inventory_group **groups; /* direct ones */
    size_t group_count;
    const char *source_path;   /* inventory_file */
    const char *source_folder; /* inventory_dir */
    bool is_implicit;          /* localhost that no inventory names */
    uint32_t number;           /* index in inventory->numbered, for good */
};

struct inventory_group {
    const char *name;
    struct value *vars;
    struct inventory_host **hosts; /* direct ones */
    size_t host_count;
    struct inventory_group **children, **parents;
    size_t child_count, parent_count;
    int depth;        /* longest way from "all" */
    int priority;     /* ansible_group_priority, default 1 */
    uint32_t visited; /* internal: stamp of walks */
};

struct inventory {
    struct arena *arena;
    struct inventory_host **hosts; /* an implicit localhost too, once it was asked for */
    size_t host_count;
    struct inventory_host **numbered; /* by number: those too that inventory_refresh did not find again */
    size_t number_count;
    struct inventory_group **groups; /* "all" first, "ungrouped" second */
    size_t group_count;
    size_t unread_count;           /* sources, and files in folders of them, that could not be read, or not whole */
    const char *unread;            /* the first of them */
    const struct value *sources;   /* list of the -i texts, made absolute: ansible_inventory_sources */
    struct inventory_index *index; /* internal: names, folders of variables, what was read from them */
};

/* Inventory plugins in Python, where ansible-core has them: "has" or "parse" of engine/python/driver_inventory.py. */
struct inventory_python {
    void *context;
    bool (*ask)(void *context, struct arena *arena, const char *verb, struct value *question, const struct value **out,
                struct error *err);
};

struct inventory_config {
    struct value *warnings;
    struct value *notes; /* list of what is told at -vvv, or NULL */
    bool (*decrypt)(void *context, const char *data, size_t length, const char **out, size_t *length_out,
                    struct error *err);
    void *decrypt_context;
    struct template_env *templates;        /* for constructed and generator; NULL: these are errors */
    const struct inventory_python *python; /* or NULL: there are none */
    const struct inventory_rules
        *rules; /* inventory_rules.h; NULL: Ansible's defaults. Lives as long as the inventory */
};

/* `sources`: paths of files or folders, or "a,b," lists; NULL-terminated. None given: only implicit localhost. */
bool inventory_load(struct arena *arena, const char *const *sources, const struct inventory_config *config,
                    struct inventory **out, struct error *err);

/* Ansible's patterns: names, globs, ~regex, group[0:2], a:b, a:&b, a:!b, comma or colon separated, "all", "*". */
struct inventory_selection {
    const struct value *pattern;
    const char *limit; /* may be NULL, "@file" works */
    struct value *warnings;
    bool is_by_groups; /* hosts that fit by their own names come in the order of the group "all" */
};
struct inventory_host_list {
    struct inventory_host **items; /* NULL-terminated */
    size_t count;
};

/* Result in inventory order, in arena. A pattern that matches nothing gives a warning, not an error. */
bool inventory_match(struct inventory *inventory, struct arena *arena, const struct inventory_selection *selection,
                     struct inventory_host_list *out, struct error *err);
bool inventory_is_localhost(const char *name); /* one of the names of the machine that Roost runs on */
struct inventory_host *inventory_find_host(struct inventory *inventory,
                                           const char *name); /* localhost is made on demand */
struct inventory_group *inventory_find_group(struct inventory *inventory, const char *name);
struct inventory_host *inventory_add_host(struct inventory *inventory, const char *name);
struct inventory_group *inventory_add_group(struct inventory *inventory, const char *name);
void inventory_add_to_group(struct inventory *inventory, struct inventory_group *group, struct inventory_host *host);
void inventory_add_child(struct inventory *inventory, struct inventory_group *parent, struct inventory_group *child);
/* After a series of additions: orphan groups go below all, hosts without a group into ungrouped. `warnings` may be NULL. */
void inventory_reconcile(struct inventory *inventory, struct value *warnings);

/* Groups of a host with their ancestors, in merge order (depth, priority, name). */
struct inventory_group **inventory_host_groups(struct inventory *inventory, struct arena *arena,
                                               const struct inventory_host *host, size_t *count_out);

struct inventory_vars_files {
    const char *playbook_folder; /* may be NULL */
    const struct inventory_config *config;
    bool is_partial; /* while sources are still read: "all" counts only for hosts that are in it by then */
};

/* Precedence levels 3 to 10 merged: inventory vars, group_vars and host_vars beside each inventory source and beside the playbook.
 * Not templated. Cached by the caller. */
bool inventory_host_variables(struct inventory *inventory, struct arena *arena, const struct inventory_host *host,
                              const struct inventory_vars_files *files, const struct value **out, struct error *err);
/* The host's own alone: from its source and host_vars. */
bool inventory_own_variables(struct inventory *inventory, struct arena *arena, const struct inventory_host *host,
                             const struct inventory_vars_files *files, const struct value **out, struct error *err);
/* Same for one group alone (roost inventory --graph --vars, --list). */
bool inventory_group_variables(struct inventory *inventory, struct arena *arena, const struct inventory_group *group,
                               const struct inventory_vars_files *files, const struct value **out, struct error *err);

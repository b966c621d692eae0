/* SPDX-License-Identifier: Apache-2.0 */
/* Loading of roles: load_role.c, and role_files.c for the files behind them. Internal to engine/playbook. */
#pragma once

#include "engine/playbook/load.h"

struct load_role_request {
    const char *name;
    const struct value *entry; /* map of the role entry; NULL: a bare name or an include */
    const struct value *vars;  /* of an include */
    const char *tasks_from, *vars_from, *defaults_from, *handlers_from;
    const struct role *parent;       /* owner: dependent or including role */
    const struct value *collections; /* names, searched first for a short name; or NULL */
    struct source_position at;
    bool from_include, allow_duplicates, is_public;
    bool skips_validation; /* rolespec_validate: false */
};
bool load_role(const struct load_scope *scope, const struct load_role_request *request, struct role **out,
               struct error *err);
bool load_role_entry(const struct load_scope *scope, const struct value *entry, const struct role *parent,
                     struct role **out, struct error *err);
/* Fills path, name and collection. */
bool role_folder_find(const struct load_scope *scope, const struct load_role_request *request, struct role *role,
                      struct error *err);
/* Content of <role>/<subfolder>/<main>; *out NULL when there is none. With `merge` a folder of that name is merged. */
struct role_file_request {
    const char *role, *path, *subfolder, *main; /* main NULL: main */
    bool merge;
};
bool role_file_read(struct playbook_loader *loader, const struct role_file_request *request, const struct value **out,
                    struct error *err);

/* --- role_specs.c: meta/argument_specs --- */
/* Finds what is said about the entry point that the request names. */
bool role_specs_read(struct playbook_loader *loader, const struct load_role_request *request, struct role *role,
                     const struct value *meta, struct error *err);
/* The task that checks the role's arguments, if there is anything to check. `entry` NULL: main. */
bool role_validation_add(const struct load_scope *scope, const char *entry, struct node_list *out, struct error *err);

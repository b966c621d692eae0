/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A playbook with what it is made of, as a tree of files that goes to the controller: for bundles and for runs from the
 * centre. Taken are, of the project's folder and of each playbook's folder: the folders roles, files, templates, tasks, handlers,
 * vars and their like, and of what lies beside only what a playbook, or what it imports, names. Left out is what git ignores, what
 * is or looks like an inventory (but for the one given, with_inventory), group_vars and host_vars, vault passwords, ansible.cfg,
 * and keys, unless in files/ or templates/ and named. Paths in the tree are relative to the project's folder; what lies elsewhere
 * (role folders, inventories) is put beside it.
 */
#pragma once

#include <stdint.h>
#include <stdio.h>

#include "cli/center_client.h"

struct project_file {
    const char *path;   /* in the tree */
    const char *source; /* absolute; NULL: `data` */
    const char *data;
    size_t bytes;
    const char *sha256; /* hexadecimal */
    unsigned mode;      /* 0 to 0777 */
};

/* A folder or file of this machine and where it is in the tree ("" for the project's folder itself). */
struct project_place {
    const char *from, *to;
};
#define PROJECT_PLACES 64

struct project {
    struct arena *arena;
    const char *folder; /* of the project, absolute */
    const char *prefix; /* put before the paths of the tree by project_tree: "project"; NULL: none */
    struct project_file *files;
    size_t count, capacity;
    uint64_t bytes;
    size_t ignored;         /* files and folders that git ignores */
    struct value *left_out; /* map: path in the tree -> why ("an inventory") */
    struct project_place places[PROJECT_PLACES];
    size_t place_count;
};

struct project_options {
    const char *const *playbooks; /* as given; NULL-terminated */
    const char *config_file; /* the ansible.cfg in use, or NULL: its folder is the project's if the playbook is below */
    const char *const *role_folders; /* absolute, NULL-terminated; those that are not there are passed over */
    const struct value *inventories; /* list of sources (inventory->sources): never part of the project's own files */
    bool with_inventory;             /* they, and group_vars and host_vars, are taken along */
};

/* Reads and hashes every file. Refused by name: more than LIMIT_BUNDLE_FILES files, LIMIT_BUNDLE_BYTES bytes, a file of more
 * than 64 MiB, a name that is no UTF-8, a playbook that is not below the project's folder. */
bool project_collect(struct arena *arena, const struct project_options *options, struct project **out,
                     struct error *err);
/* What was left out that somebody might miss, on one line of `to` per reason; `all`: also what just nobody names. */
void project_tell_left_out(const struct project *project, bool all, FILE *to);
/* A tree of what is made in memory only. */
struct project *project_empty(struct arena *arena);
/* A file more, made in memory; the data is borrowed. */
bool project_add(struct project *project, const char *path, const char *data, size_t length, unsigned mode,
                 struct error *err);
/* Where a path of this machine is in the tree ("." for its top); NULL: it is not in it. */
const char *project_path(struct arena *arena, const struct project *project, const char *path);
/* [{path, sha256, bytes, mode}], as the API takes it. */
const struct value *project_tree(struct arena *arena, const struct project *project);

/* Sends the files that the controller does not have; on a terminal it shows how far it is when that takes longer than 2 s.
 * *sent_out (may be NULL): how many went. */
bool project_send(struct center_client *client, const struct project *project, size_t *sent_out, struct error *err);

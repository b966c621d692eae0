/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the loader share: the loader itself, and the scope a list of tasks is read in. Internal to
 * engine/playbook.
 */
#pragma once

#include "engine/playbook/playbook.h"

#define LOAD_FILE_BUCKETS 256

struct load_file {
    const char *path;
    const struct value *content;
    struct load_file *next;
};

/* Roles that were mentioned before, to find the identity of one. */
struct load_identity {
    const struct value *key;
    const struct role *role;
    const struct play *play;
    struct load_identity *next;
};

struct load_play {
    struct play *play; /* the writable one behind node->play */
    struct load_play *next;
};

/* A module that a task needs and that does not exist; told together when a file and all that it imports is read. */
struct load_missing {
    const char *name; /* as written */
    const char *text; /* the whole sentence */
    const char *near; /* nearest module, or NULL */
    struct source_position at;
    struct load_missing *next;
};

struct playbook_loader {
    struct arena *arena;
    struct playbook_config config;
    uint32_t number; /* of the newest node */
    struct load_file *files[LOAD_FILE_BUCKETS];
    struct load_identity *identities;
    struct load_play *plays;
    struct load_missing *missing; /* in the order they were met, each name once */
};

/* Where nodes are being read. On the stack; copied and changed on the way down. */
struct load_scope {
    struct playbook_loader *loader;
    struct play *play;
    const struct role *role;
    const struct node *parent;
    const char *folder;      /* of the file being read */
    const char *base_folder; /* the playbook's, where roles and files are searched */
    bool handlers;
    int depth; /* imports and role dependencies so far */
};

/* --- load_file.c --- */
bool load_file_read(struct playbook_loader *loader, const char *path, const struct value **out, struct error *err);
void load_warn(struct playbook_loader *loader, const char *text);

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
/* "'x' is not a valid attribute for a Play", with the nearest keyword. Always false. */
bool load_keyword_unknown(const struct value *key, unsigned places, const char *owner, struct error *err);
/* vars: a map or a list of maps with valid names; *out is one map. */
bool load_vars_read(struct arena *arena, const struct value *vars, const char *owner, const struct value **out,
                    struct error *err);

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
/* Fills action, spec and task_kind of an ordinary task. */
void load_resolve(const struct load_scope *scope, struct node *node, const char *name);

/* --- load_import.c --- */
bool load_import_tasks(const struct load_scope *scope, struct node *import, const struct value *name,
                       struct node_list *out, struct error *err);
bool load_import_role(const struct load_scope *scope, struct node *import, struct node_list *out, struct error *err);
/* A name or path that must be known now: templated with extra, play, role and task variables. */
bool load_static_text(const struct load_scope *scope, const struct node *node, const struct value *text,
                      const char **out, struct error *err);

/* --- load_play.c --- */
struct load_import { /* what an import_playbook adds to its plays */
    const struct value *vars, *when, *tags;
};
bool load_play(struct playbook_loader *loader, const struct value *value, const char *path,
               const struct load_import *import, struct play **out, struct error *err);

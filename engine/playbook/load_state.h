/* SPDX-License-Identifier: Apache-2.0 */
/* The loader of playbooks itself, and the scope a list of tasks is read in. Internal to engine/playbook. */
#pragma once

#include "engine/playbook/playbook.h"

#define LOAD_FILE_BUCKETS 256

struct load_file {
    const char *path;
    const struct value *content;
    bool is_secret; /* it was encrypted */
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
    struct collection *collections;
    struct value *playbook_folders; /* texts, or NULL: collections/, library/ and *_plugins/ are looked for there */
    struct value *found_modules;    /* name -> path or null, in the folders that are known now; NULL: none yet */
    struct value *role_folders;     /* of the roles read so far, the same but collections/ */
    struct foreign_module *foreign; /* modules that are not Roost's own, read so far */
    const struct value *groups;     /* of module_defaults: name -> list of actions */
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

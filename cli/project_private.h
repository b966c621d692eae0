/* SPDX-License-Identifier: Apache-2.0 */
/* What must not go to nodes with a playbook, by its name and by what is in it. */
#pragma once

#include "common/value/value.h"

enum project_private {
    PROJECT_OPEN,
    PROJECT_KEY,            /* *.pem, *.key, id_*, or it holds a private key */
    PROJECT_INVENTORY,      /* hosts and their variables */
    PROJECT_VARIABLES,      /* group_vars, host_vars */
    PROJECT_VAULT_PASSWORD, /* by its name */
    PROJECT_SETTINGS,       /* ansible.cfg */
};

struct project_looked {
    const char *path;             /* on this machine */
    const char *place;            /* in the tree */
    const struct value *document; /* of a YAML or JSON file that can be read; else NULL */
    bool
        beside; /* beside playbooks, in none of the folders that mean something to Ansible: a name as "hosts" is enough */
};
/* What cannot be opened is PROJECT_OPEN: reading it fails later. */
enum project_private project_private_of(const struct project_looked *file);
/* "a key" */
const char *project_private_word(enum project_private kind);

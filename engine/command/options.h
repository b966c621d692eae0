/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line of ansible-playbook and ansible, as `roost apply`, `check`, `run`, `facts` and `roost-agent apply` take it.
 * What would have no effect for a verb is refused there.
 * Parsing only: nothing is opened, asked or printed here.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/base/arena.h"
#include "common/base/error.h"

#define OPTIONS_LIST_MAX 256 /* -e, -i, -t and their like, each */

struct options_list {
    const char *items[OPTIONS_LIST_MAX + 1]; /* NULL-terminated */
    size_t count;
};

enum options_use {
    OPTIONS_PLAYBOOK = 1,
    OPTIONS_ADHOC = 2,
    OPTIONS_INVENTORY = 4,
    OPTIONS_GATHER = 8, /* only reads facts of hosts: `facts`, `doctor` */
    OPTIONS_OWN = 16,   /* playbooks on this machine only: `roost-agent apply` */
    OPTIONS_ENROLL = 32,
    OPTIONS_PUBLISH = 64, /* nothing is run: `publish` */
};

struct command_options {
    struct options_list playbooks;   /* or the pattern of ad-hoc commands: positional arguments */
    struct options_list inventories; /* -i */
    struct options_list extra_vars;  /* -e, as written */
    struct options_list tags, skip_tags;
    struct options_list vault_ids;      /* --vault-id */
    struct options_list vault_files;    /* --vault-password-file */
    struct options_list role_folders;   /* --roles-path: ad-hoc and tests */
    struct options_list module_folders; /* -M, --module-path: each may be several, with colons */
    const char *limit, *start_at_task, *module_name, *module_args, *private_key_file, *user, *connection;
    const char *become_method, *become_user, *become_password_file, *connection_password_file;
    const char *ssh_common_args, *ssh_extra_args;
    const char *scp_extra_args, *sftp_extra_args; /* taken, as Ansible takes them, and not used: all goes over ssh */
    const char *playbook_folder;                  /* --playbook-dir */
    const char *output;                           /* --output console|json|minimal|oneline|tee file: Roost's own */
    const char *tree_folder;                      /* -t, --tree */
    const char *background, *poll, *task_timeout; /* -B, -P, --task-timeout: seconds, as written */
    const char *json_file;                        /* --json-lines FILE: records beside the console */
    const char *host;                             /* inventory --host */
    const char *agent_path;                       /* --agent FILE: Roost's own, for tests and packaging */
    const char *places_file;                      /* --places FILE: Roost's own, how the daemon asks for a few tasks */
    const char *via;                              /* --via controller|ssh: Roost's own */
    const char *serial, *canary, *max_fail_percentage;
    int forks, timeout_s, verbosity; /* 0: not given */
    bool check, diff, become, ask_become_password, ask_connection_password, ask_vault_password;
    bool force_handlers, flush_cache, step, one_line;
    bool list_hosts, list_tasks, list_tags, syntax_check;
    bool inventory_list, inventory_graph, inventory_yaml, inventory_toml, inventory_vars, inventory_export;
    const char *inventory_output; /* inventory --output FILE */
    const char *address;          /* enroll: HOST:PORT of the controller for these nodes */
    bool again, approval;         /* enroll */
    bool decrypt;                 /* publish: variables out of vaults, in plain */
    bool help, version;
};

/* argv[0] is the verb. Errors are of kind ERROR_OPTIONS and name the nearest option. */
bool options_parse(struct arena *arena, int argc, char **argv, unsigned use, struct command_options *out,
                   struct error *err);
/* The help text of the options for a verb of that use. */
const char *options_help(struct arena *arena, unsigned use);
/* The same without the rows of these long names (NULL-terminated): they mean nothing to that verb. */
const char *options_help_without(struct arena *arena, unsigned use, const char *const *hidden);

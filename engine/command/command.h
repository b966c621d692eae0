/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a command line to a run: reads configuration and inventory, asks for passwords, builds the sinks, runs, and gives the exit code.
 * Used by `roost` (with ssh and local connections) and `roost-agent` (with its own machine): the caller brings the connections.
 * This layer is a program's body: it may print, through the streams it is given.
 */
#pragma once

#include <stdio.h>

#include "engine/command/options.h"
#include "engine/command/settings.h"
#include "engine/report/sinks.h"
#include "engine/run/run.h"
#include "engine/vault/vault.h"

/* For a run that was prepared at another place: nothing is read from this machine's settings, nothing asked on its terminal. */
struct command_given {
    const struct value *settings, *extra_vars;         /* maps */
    const char *connection_password, *become_password; /* SECRET, or NULL */
    bool color;                                        /* of the terminal that it is shown on, */
    int columns;                                       /* 0: there is none */
    bool (*ask)(void *context, const char *prompt, bool secret, struct arena *arena,
                const char **out); /* run_options.ask; NULL: nobody is there */
    void (*hold)(void *context);   /* run_options.hold */
    void *context;
};

struct command {
    struct arena *arena;
    struct command_options options;
    unsigned use;
    FILE *out, *errors;
    struct connection_factory *connections;
    const struct task_catalogue *modules;
    struct event_sink *extra_sink;     /* added to the tee, or NULL */
    const struct command_given *given; /* or NULL: as this machine says */

    struct settings settings;
    struct vault_secrets *vault; /* or NULL: there are none */
    struct value *warnings;      /* list of strings */
    const struct value *extra_vars;
    const struct value *places; /* of --places: list of strings, or NULL */
    struct inventory *inventory;
    struct inventory_config inventory_config;
    struct template_env *templates;
    struct playbook_loader *loader;
    struct playbook_config playbook_config;
    struct run_options run;
    bool color;
    FILE *json_file;
    struct log_file *log;      /* of log_path, or NULL */
    struct event_stats totals; /* summed over all hosts when the run is over */
    size_t result_count;       /* outcomes of tasks that somebody wrote: without the gathering of facts */
    size_t hostless_count;     /* plays whose pattern matched no host */
};

/* Parses argv; handles --help and --version. True: go on. False: *exit_out is the exit code and everything is printed. */
bool command_start(struct command *command, int argc, char **argv, unsigned use, int *exit_out);
/* Reads configuration, extra vars and inventory; asks for passwords; makes environment and loader. */
bool command_prepare(struct command *command, struct error *err);
/* The playbooks among the words of the command line, NULL-terminated: none where the words are a pattern. */
const char *const *command_playbooks(const struct command *command);
/* Folders of a setting that is a list of paths, or of `otherwise` where it is not set; NULL-terminated. */
const char *const *command_folders(struct command *command, const char *key, const char *otherwise);
/* Runs playbooks (or `plays`) with the configured sinks; exit code, errors printed. */
int command_run(struct command *command, const struct value *plays);
/* The same as a drift check: says what differs; RUN_HOSTS_FAILED if something does, RUN_ERROR if nothing was looked at. */
int command_check(struct command *command);
/* Prints the error and gives its exit code. */
int command_fail(struct command *command, const struct error *err);
/* The same for words of the command line that are wrong: Ansible's programs end with 2 then. `program`: argv[0]. */
int command_fail_words(struct command *command, const char *program, const struct error *err);
/* --list-hosts and its like: nothing is run. */
bool command_only_lists(const struct command *command);
void command_print_warnings(struct command *command);
/* The default playbook of the folder: playbooks/site.yml or site.yml. NULL: none. */
const char *command_default_playbook(void);

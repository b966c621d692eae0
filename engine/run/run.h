/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One run: playbooks + inventory + options -> events. No globals; everything dies with it. The caller gives the connections,
 * the sink and the catalogue.
 */
#pragma once

#include "common/base/text.h"
#include "common/event/event.h"
#include "common/spec/arg_spec.h"
#include "engine/inventory/inventory.h"
#include "engine/playbook/playbook.h"
#include "engine/run/connection.h"

/* What `omit` renders as; the caller's template_config.omit_text is this. */
#define RUN_OMIT_TEXT "__omit_place_holder__"

enum run_exit {
    RUN_OK = 0,
    RUN_ERROR = 1,
    RUN_HOSTS_FAILED = 2,
    RUN_UNREACHABLE = 4,
    RUN_OPTIONS = 5,
    RUN_PARTIAL = 6, /* places: the chosen tasks need the others */
    RUN_BROKEN = 8,  /* the last play has ended by end_play, and as one without hosts: Ansible's code */
    RUN_INTERRUPTED = 99,
    RUN_CRASHED = 250
};

struct run_options {
    const char *const *playbooks; /* NULL-terminated paths */
    const struct value *plays;    /* or plays made in memory (roost run) */
    const char *plays_folder;     /* as if written in a file of this folder; NULL: the current one */
    struct inventory *inventory;
    const struct inventory_config *inventory_config;
    struct template_env *templates;
    struct playbook_loader *loader;
    const struct task_catalogue *modules;
    struct connection_factory *connections;
    struct event_sink *sink;
    const char *limit;
    const char *const *tags, *const *skip_tags; /* NULL-terminated or NULL */
    const struct value *places;                 /* list of "PATH:LINE": only these tasks (places.h); or NULL */
    const struct value *extra_vars;             /* map or NULL */
    const struct value
        *settings; /* map of configuration: forks, gathering, remote_user, become..., private_key_file, timeout,
                                         * ssh args, hash_behaviour, any_errors_fatal ...; names as in ansible.cfg */
    bool check_mode, diff_mode, force_handlers, step;
    bool wants_changes; /* results tell in _ansible_changes, as a list of sentences, what differs (roost check) */
    const char *start_at_task;
    struct become become;            /* -b --become-user --become-method -K */
    const char *connection_password; /* -k */
    const char *remote_user, *connection_kind;
    int forks;
    int verbosity;
    volatile const int *interrupted; /* set by a signal handler: end politely, exit 99 */
    const char *serial;              /* "3" or "30%", in place of the plays' own; NULL: as they say */
    const char *canary; /* how many hosts go first, or which one: the others follow only when all went well */
    const char *max_fail_percentage; /* in place of the plays' own; NULL: as they say */
    /* Called before each task, while no host works; returns when the run may go on. NULL: it always may. */
    void (*hold)(void *context);
    void *hold_context;
    bool (*ask)(void *context, const char *prompt, bool secret, struct arena *arena,
                const char **out); /* vars_prompt, pause; NULL: no terminal */
    bool (*ask_step)(void *context, const char *prompt, bool secret, struct arena *arena,
                     const char **out); /* --step, which also takes its answers from a pipe */
    bool (*ask_debugger)(void *context, const char *prompt, bool secret, struct arena *arena,
                         const char **out); /* commands of the task debugger; NULL: ask */
    void *ask_context;
    const char *config_file;     /* ansible_config_file; NULL: none */
    struct vault_secrets *vault; /* what came out of vaults is hidden in results; or NULL */
    struct value *warnings; /* the list that loader, inventory and templates warn into: shown as they come; or NULL */
    struct value *notes;    /* the same for what the loader tells at -vv; or NULL */
};

/* Runs all plays; *exit_out is an enum run_exit. False: could not start (parse error, bad pattern): err->kind decides the code. */
bool run_playbooks(struct arena *arena, const struct run_options *options, int *exit_out, struct error *err);

/* --list-hosts, --list-tasks, --list-tags, --syntax-check: loads everything, touches nothing; text as ansible-playbook prints. */
enum run_listing { LIST_HOSTS = 1, LIST_TASKS = 2, LIST_TAGS = 4, LIST_SYNTAX = 8 };
bool run_list(struct arena *arena, const struct run_options *options, unsigned what, struct text *out,
              struct error *err);
/* All problems of all playbooks before the first connection: unknown modules, arguments, filters, syntax. */
bool run_check_plan(struct arena *arena, const struct run_options *options, struct error *err);
/* Nobody is in the inventory: the warning, unless localhost_warning is off. */
void run_warn_of_empty(struct arena *arena, const struct value *settings, struct value *warnings);

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An action happens at the centre (debug, assert, set_fact, include_vars) or prepares and follows a module call (copy, template,
 * reboot). One file in engine/actions that ends in one struct; the table is generated. An action never blocks: it is stepped.
 */
#pragma once

#include "common/spec/arg_spec.h"
#include "engine/inventory/inventory.h"
#include "engine/playbook/playbook.h"
#include "engine/run/connection.h"
#include "engine/template/template.h"
#include "engine/vars/vars.h"

enum action_next {
    ACTION_DONE,   /* call->result is the outcome */
    ACTION_SUBMIT, /* send call->module; the next step has its result in call->reply */
    ACTION_ASK, /* give call->module.args to the Python that runs plugins; the next step has its answer in call->reply */
    ACTION_WAIT,      /* step again after call->wait_ms */
    ACTION_RECONNECT, /* close the connection, open a new one and step when it answers or fails (call->reply NULL: failed,
                       * call->lost says why) */
};

struct job_item;
struct action_call {
    struct arena *arena; /* dies with the item */
    const struct node *task;
    const struct inventory_host *host;
    struct inventory *inventory;
    struct playbook_loader *loader;
    struct template_call *templates; /* evaluates in the task's scope */
    struct vars_scope *scope;        /* the scope itself: for variables that only this task sees */
    const struct value *args;        /* templated; module_defaults merged */
    const struct task_spec *table;   /* what args are declared by: the action's own spec or the module's */
    const void *bound; /* table->args_size bytes bound from args; a module's layout is known to it alone */
    bool check_mode, diff_mode;
    int verbosity;

    int step;                  /* 0 at first, grows by one */
    void *state;               /* the action's own, in arena */
    struct module_call module; /* fill before ACTION_SUBMIT; become, environment, modes are already set */
    const struct value *reply;
    const char *lost;         /* connection ended during the last call: why; NULL: it did not */
    bool may_lose_connection; /* set by the action: losing the connection is not "unreachable" (reboot) */
    bool is_aside;            /* set by the action: this call is not the task's own, `async` is not meant for it */
    bool sends_secrets;       /* set by the action: what it writes is made of secrets: no diff shows it */
    bool as_login;  /* set by the action: this call is made as the user who logs in, not as the one of `become` */
    bool is_final;  /* set by the action: no condition of the task (changed_when, until ...) looks at the result ... */
    bool ends_loop; /* ... and no other item is started, as where an item cannot be evaluated */
    int64_t wait_ms;
    struct value *result;   /* map, made by the caller of step; the action puts fields */
    struct job_item *owner; /* for the functions below */
};

/* Where the module will run. Works out connection variables on first use. */
bool action_target(struct action_call *call, const struct connection_target **out, struct error *err);
/* As whom. */
bool action_become(struct action_call *call, const struct become **out, struct error *err);
/* A variable of the host the module will run on, templated; *out NULL: it has none. */
bool action_target_variable(struct action_call *call, const char *name, const struct value **out, struct error *err);
/* A setting of [defaults], or "section.key"; NULL: not set. */
const char *action_setting(const struct action_call *call, const char *name);
/* Says something to the user now (pause); a warning that belongs to the run. */
void action_say(struct action_call *call, const char *message);
void action_warn(struct action_call *call, const char *message);
/* Where the node keeps the files of jobs (async). */
bool action_async_folder(struct action_call *call, const char **out, struct error *err);
/* What has been started by the ACTION_ASK whose answer said this number is not waited for any more. */
void action_end_plugin(struct action_call *call, int64_t number);
/* Asks the user; false: there is nobody to ask. */
bool action_ask(struct action_call *call, const char *prompt, bool secret, const char **out);

struct action {
    struct task_spec spec; /* without args: the table of the module of the same name (task_catalogue_table) */
    const char *module;    /* module which is called by default; NULL: none */
    bool runs_once;        /* bypasses the host loop (add_host, group_by) */
    bool supports_async;   /* its one call may go on as a job */
    bool (*step)(struct action_call *call, enum action_next *next, struct error *err);
    void (*given_up)(struct action_call *call); /* it is not stepped any more (its time is over ...); NULL: no matter */
};

/* The action that declares `spec` (plan time keeps only the spec). */
static inline const struct action *action_of(const struct task_spec *spec)
{
    return (const struct action *)(const void *)spec; /* the spec is an action's first member */
}

#define ACTION_DEFINE(name_)                                                                                           \
    extern const struct action action_##name_;                                                                         \
    const struct action action_##name_

/* err->raised as the result of a task has it: failed, and what Python would say of where (job_item.c). */
void action_result_raised(struct arena *arena, struct value *result, const struct error *err);

extern const struct action *const action_table[]; /* generated */
extern const size_t action_table_count;
const struct action *action_find(const char *name);
const struct task_catalogue *action_catalogue(void); /* the specs of all actions */

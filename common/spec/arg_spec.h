/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arguments are declared, not parsed. A table says name, type, default, choices, aliases and one
 * sentence of help; arg_bind turns a map of arguments into a typed struct by it. Modules (agent) and
 * actions (engine) use the same tables; `roost doc` prints them; plan time checks against them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/error.h"
#include "common/value/value.h"

enum arg_type {
    ARG_STRING, /* const char *; scalars are taken by their text, as Ansible does; NULL when absent */
    ARG_PATH,   /* const char *; ~ and $VARS are expanded where the task runs */
    ARG_BOOL,   /* bool; absent without default: false */
    ARG_TRI,    /* enum arg_tri: a boolean that may be absent */
    ARG_INT,    /* int64_t; absent without default: ARG_INT_UNSET */
    ARG_REAL,   /* double; absent without default: NAN */
    ARG_LIST,   /* const struct value *: list of strings; "a,b" is split, a scalar is one item; NULL when absent */
    ARG_VALUES, /* const struct value *: list of anything, taken as it is */
    ARG_MAP,    /* const struct value *: mapping; JSON or k=v text is read; NULL when absent */
    ARG_RAW,    /* const struct value *: anything, untouched; NULL when absent */
    ARG_MODE,   /* const char *: file mode; YAML's int 420 becomes "0644"; symbolic text stays */
};

enum arg_tri { ARG_UNSET = 0, ARG_FALSE = 1, ARG_TRUE = 2 };
#define ARG_INT_UNSET INT64_MIN

struct arg_spec {
    const char *name;
    enum arg_type type;
    size_t offset; /* in the module's argument struct */
    bool required;
    bool no_log;                /* value is secret: masked wherever it would be shown */
    bool internal;              /* an action gives it to its module: no playbook may, and nobody is shown it */
    const char *default_text;   /* bound as if the user had written it */
    const char *environment;    /* variable that stands in where it is not given; only where the module runs */
    const char *const *choices; /* NULL-terminated; for lists: of each item */
    const char *const *aliases; /* NULL-terminated */
    const char *help;           /* one sentence, no final stop needed */
};

#define ARG(type_, field_, kind_, ...)                                                                                 \
    {                                                                                                                  \
        .name = #field_, .type = (kind_), .offset = offsetof(struct type_, field_), __VA_ARGS__                        \
    }
#define ARG_NAMED(name_, type_, field_, kind_, ...)                                                                    \
    {                                                                                                                  \
        .name = (name_), .type = (kind_), .offset = offsetof(struct type_, field_), __VA_ARGS__                        \
    }
#define ARG_END                                                                                                        \
    {                                                                                                                  \
        .name = NULL                                                                                                   \
    }
#define ARG_NAMES(...) ((const char *const[]){ __VA_ARGS__, NULL })

enum arg_rule_kind {
    ARG_RULE_END,
    ARG_RULE_EXCLUSIVE,   /* at most one of names */
    ARG_RULE_TOGETHER,    /* all of names or none */
    ARG_RULE_ONE_OF,      /* at least one of names */
    ARG_RULE_REQUIRED_IF, /* when `key` equals `equals`, all of names */
    ARG_RULE_REQUIRED_BY, /* when `key` is given, all of names */
};

struct arg_rule {
    enum arg_rule_kind kind;
    const char *const *names;
    const char *key;
    const char *equals;
};

/* What is declared about a task type: everything plan time needs to know, nothing that runs. */
struct task_spec {
    const char *name;            /* "copy" */
    const char *const *aliases;  /* other names of the same: "systemd_service"; NULL-terminated or NULL */
    const char *summary;         /* one sentence */
    const char *missing;         /* put before what is said of required arguments that are not given; or NULL */
    const struct arg_spec *args; /* ARG_END-terminated; NULL: those of the module of this name (task_catalogue_table) */
    const struct arg_rule *rules; /* ends with ARG_RULE_END, or NULL */
    size_t args_size;
    bool free_form; /* `command: text` goes to argument _raw_params */
    bool any_args;  /* undeclared arguments are allowed (set_fact, debug's vars) */
};

/*
 * Checks and binds `args` (map or NULL) into `target`, a zeroed struct of spec->args_size. Strings and
 * values point into `args` or `arena`. Unknown, missing and mistyped arguments are errors that name the
 * task, the argument, its line and the nearest valid name.
 */
bool arg_bind(struct arena *arena, const struct task_spec *spec, const struct value *args, void *target,
              struct error *err);
/* The same in plain words instead of Ansible's, for requests and files of settings: `noun` is what an argument is called there
 * ("member", "parameter", "setting"). */
bool arg_bind_plain(struct arena *arena, const struct task_spec *spec, const struct value *args, const char *noun,
                    void *target, struct error *err);
/* Plan time: the same checks for what is not templated (names, required, choices and types of static values). */
bool arg_check(struct arena *arena, const struct task_spec *spec, const struct value *args, struct error *err);
const struct arg_spec *arg_find(const struct task_spec *spec, const char *name); /* by name or alias */
/* A copy of `args` in which the values of no_log arguments are marked SECRET. */
const struct value *arg_mark_secrets(struct arena *arena, const struct task_spec *spec, const struct value *args);

/* All task types a program knows. The table is generated (cmake/registry.cmake). */
struct task_catalogue {
    const struct task_spec *const *specs;
    size_t count;
};
/* Accepts short names, aliases, ansible.builtin.*, ansible.legacy.*, ansible.posix.*, community.general.*,
 * community.crypto.*. */
const struct task_spec *task_catalogue_find(const struct task_catalogue *catalogue, const char *name);
/* What a task's arguments are checked and masked by: `spec` itself, or, if it declares none (an action that stands in front
 * of a module), what the module of its name declares. `modules` may be NULL. */
const struct task_spec *task_catalogue_table(const struct task_catalogue *modules, const struct task_spec *spec);
const char *task_catalogue_nearest(const struct task_catalogue *catalogue, const char *name); /* or NULL */

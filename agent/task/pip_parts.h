/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the pip task see one job; nobody else includes this. */
#pragma once

#include "agent/system/package/python_requirement.h"
#include "agent/system/process/process.h"
#include "agent/task/pip_task.h"
#include "common/base/text.h"

struct pip_job {
    struct task_context *task;
    const struct pip_arguments *args;
    const char *folder;      /* where commands run */
    const char *environment; /* folder of the virtual environment, or NULL */
    int umask_bits;          /* -1: as it is */
    struct value *pip;       /* words that start pip */
    const struct value *extra;
    struct python_requirement *packages;
    size_t package_count;
    struct text output, errors; /* of all commands that Ansible shows */
    bool has_vcs;
};

/* --- pip_program.c: the programs --- */

enum pip_step { PIP_STEP_GOES_ON, PIP_STEP_ENDS, PIP_STEP_ERROR }; /* ENDS: the result is complete */

/* Runs words with ~ and $VARS expanded, as Ansible runs commands. */
bool pip_process(const struct pip_job *job, const struct value *words, bool c_locale, struct process_result *out,
                 struct error *err);
/* Makes a failed result of what a command said so far. Always true. */
bool pip_failed(struct pip_job *job, const struct value *words, int status);
/* Makes the virtual environment unless it is there. */
enum pip_step pip_environment_make(struct pip_job *job, struct error *err);
/* Finds pip: that of the environment, the one asked for, or that of the node's Python. */
enum pip_step pip_find(struct pip_job *job, struct error *err);

/* --- pip_words.c: what is asked for --- */

/* Names as they were meant: "a>1,<2,b" comes as three texts and means two packages. */
struct value *pip_names_join(struct arena *arena, const struct value *names);
bool pip_packages_read(struct pip_job *job, struct error *err);
bool pip_extra_read(struct pip_job *job, struct error *err);
/* True if the words of extra_args change only where pip looks and what it prints, not what is installed. */
bool pip_extra_is_harmless(const struct value *extra);
bool pip_extra_is_quiet(const struct value *extra);

/* --- pip_installed.c: what is there --- */

bool pip_list(struct pip_job *job, const char **command_out, struct process_result *out, struct error *err);
/* Check mode: sets the result. */
bool pip_foretell(struct pip_job *job, struct error *err);

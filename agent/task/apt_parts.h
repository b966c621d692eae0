/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of an apt task, for agent/task/apt_*.c only. Every part says by apt_next how the task goes on. */
#pragma once

#include "agent/system/package/package_apt.h"
#include "agent/system/package/package_dpkg.h"
#include "agent/system/package/package_version.h"
#include "agent/task/package_request.h"
#include "common/base/text.h"

enum apt_next {
    APT_ERROR,    /* `err` is set */
    APT_END,      /* the result is complete, failed or not */
    APT_CONTINUE, /* next part */
};

struct apt_job {
    struct task_context *task;
    const struct package_request *request;
    bool cache_updated;
    int64_t cache_time;
    bool is_unknown; /* a package does not exist: Ansible reports no cache fields then */
};

/* --- apt_command.c: a command line, and the same as text for messages --- */
struct apt_command {
    struct arena *arena;
    const char **argv;
    size_t count;
    struct text shown;
};

void apt_command_begin(struct apt_command *command, struct arena *arena, const char *program_path);
void apt_command_add(struct apt_command *command,
                     const char *argument); /* NULL: nothing but the blank of a left-out option */
void apt_command_add_if(struct apt_command *command, bool wanted, const char *argument);
void apt_command_add_quoted(struct apt_command *command, const char *argument); /* shown as 'argument' */
/* -o "Dpkg::Options::=--X" for each of the request's dpkg_options. */
void apt_command_add_dpkg_options(struct apt_command *command, const char *dpkg_options);
void apt_command_show(struct apt_command *command, const char *text); /* shown, but no argument of its own */
/* Runs it; with `simulated` false a policy-rc.d is in place meanwhile if the request wants one. */
bool apt_command_run(struct apt_job *job, const struct apt_command *command, bool simulated, struct process_result *out,
                     struct error *err);
/* stdout, stderr and, in diff mode, the part of apt's output that names the packages. */
void apt_result_output(struct apt_job *job, const struct process_result *result);
const char *apt_diff_text(struct arena *arena, const char *output);
bool apt_program(struct apt_job *job, const char *name, const char **out, struct error *err);

/* --- apt_plan.c: which packages need what --- */
struct apt_plan {
    const char **names;  /* packages asked for, without versions; NULL-terminated */
    const char **wanted; /* arguments for apt-get install; NULL-terminated */
    size_t name_count, wanted_count;
};

/* Globs replaced by the names they match. APT_END: one matched nothing, the result says so. */
enum apt_next apt_expand_globs(struct apt_job *job, const struct value *packages, bool installed_is_enough,
                               const struct value **out, struct error *err);
/* APT_END: a package cannot be had, the result says so. */
enum apt_next apt_plan_install(struct apt_job *job, const struct value *packages, bool latest, struct apt_plan *out,
                               struct error *err);

/* --- steps --- */
enum apt_next apt_clean(struct apt_job *job, struct error *err);
enum apt_next apt_update(struct apt_job *job, struct error *err);
enum apt_next apt_upgrade(struct apt_job *job, const char *mode, struct error *err);
enum apt_next apt_cleanup(struct apt_job *job, const char *operation, struct error *err);
enum apt_next apt_remove(struct apt_job *job, const struct value *packages, struct error *err);
/* APT_CONTINUE when all went well: the caller may have more to do. */
enum apt_next apt_install(struct apt_job *job, const struct value *packages, struct error *err);
enum apt_next apt_install_debs(struct apt_job *job, struct error *err);

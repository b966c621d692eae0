/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a dnf task, for agent/task/dnf_*.c only. */
#pragma once

#include "agent/system/process/process.h"
#include "agent/system/package/rpm_query.h"
#include "agent/system/file/word_list.h"
#include "agent/task/dnf_request.h"

struct dnf_job {
    struct task_context *task;
    const struct dnf_request *request;
    struct value *names; /* cleaned of blanks and commas */
    const char *program; /* absolute */
    bool is_dnf5;
    struct value *results, *failures; /* lists of strings */
    bool warned_release;
};

/* --- dnf_command.c --- */
bool dnf_find(struct dnf_job *job, struct error *err);
/* dnf's options of this request, `answer` (--assumeno, --assumeyes) among them; the verb comes behind. */
struct word_list dnf_options(struct dnf_job *job, const char *answer);
/* Runs; waits for another dnf's lock up to lock_timeout. */
bool dnf_run(struct dnf_job *job, const struct word_list *argv, struct process_result *out, struct error *err);
void dnf_result_add(struct dnf_job *job, struct value *list, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* --- dnf_table.c: the transaction as dnf prints it --- */
struct dnf_table {
    struct rpm_package *installs, *removals; /* removals: packages that go, not those replaced by another version */
    bool *is_replacement;                    /* for each of installs: another version of it goes */
    size_t install_count, removal_count;
};
/* False: there is no transaction in it. */
bool dnf_table_parse(struct arena *arena, const char *output, struct dnf_table *out);

/* --- dnf_list.c --- */
bool dnf_list(struct dnf_job *job, struct error *err);

/* --- dnf_plan.c: which names are for which verb --- */
struct dnf_plan {
    struct word_list install, upgrade, remove;
    bool upgrade_all, autoremove;
};
bool dnf_plan_make(struct dnf_job *job, const struct rpm_packages *installed, struct dnf_plan *out, struct error *err);

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A module: one file in agent/modules that ends in one struct. File name = task name = symbol suffix; everything else in
 * the file is static. The table of all modules is generated from the folder.
 */
#pragma once

#include "agent/task/change.h"
#include "agent/task/result.h"
#include "agent/task/task_context.h"
#include "common/spec/arg_spec.h"

enum module_check_mode {
    MODULE_CHECK_FULL, /* every mutation stands behind change_wanted: safe to run in check mode */
    MODULE_CHECK_SKIP, /* cannot know without doing (command, shell, raw): reported as skipped in check mode */
};

struct module {
    struct task_spec spec;
    enum module_check_mode check_mode;
    bool is_info;        /* only reads: never reports changed */
    bool preserves_mode; /* an ARG_MODE may be "preserve" */
    /* Words: the fields of a result as Ansible's module returns them, which `r.keys()` and to_json show; * stands for
     * those it does not name (default: at the end). Without `changed` there is none but where something changed, and
     * the engine adds it last. NULL: changed, then the fields as they were set. */
    const char *order;
    /* `args` is the bound struct of spec.args_size. Returns false only when the task could not be carried out: the session
     * makes a failed result of the error's text. An expected failure with fields of its own is result_fail(). */
    bool (*run)(struct task_context *task, const void *args, struct error *err);
};

#define MODULE_DEFINE(name_)                                                                                           \
    extern const struct module module_##name_;                                                                         \
    const struct module module_##name_

extern const struct module *const module_table[]; /* generated; NULL-terminated, sorted by name */
extern const size_t module_table_count;
const struct module *module_named(const char *name); /* short name, alias or fully qualified name */

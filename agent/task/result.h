/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A task's outcome: Ansible's field names, so that `register` works as users expect. `changed` is set by change_wanted (or
 * result_changed for commands). Fields keep the order in which they were set, unless the module has one; later wins.
 */
#pragma once

#include "agent/task/task_context.h"

struct result {
    struct value *fields; /* map */
    const char *order;    /* as in struct module, which sets it; a module may say another for this outcome */
    bool changed, failed, skipped;
    struct value *changes;  /* list of sentences recorded by change_wanted */
    struct value *warnings; /* list of strings */
    struct value *diff;     /* list of maps before/after/before_header/after_header/prepared */
};

struct result *result_new(struct arena *arena);
void result_set(struct task_context *task, const char *key, const struct value *value);
void result_set_string(struct task_context *task, const char *key, const char *string); /* NULL: null */
void result_set_int(struct task_context *task, const char *key, int64_t integer);
void result_set_bool(struct task_context *task, const char *key, bool boolean);
void result_changed(struct task_context *task);
void result_message(struct task_context *task, const char *format, ...) __attribute__((format(printf, 2, 3)));
void result_warn(struct task_context *task, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Marks failed with msg, and unchanged as Ansible's fail_json does (a command that ran calls result_changed behind
 * it). Always returns true: `return result_fail(task, "...")`. */
bool result_fail(struct task_context *task, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool result_skip(struct task_context *task, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Adds one before/after pair; nothing unless the task runs in diff mode. Headers may be NULL. Binary or over-long content
 * (104,448 bytes, Ansible's limit) is replaced by its usual sentence. */
void result_diff(struct task_context *task, const char *before, const char *after, const char *before_header,
                 const char *after_header);
void result_diff_values(struct task_context *task, const struct value *before, const struct value *after);
/* The three below add without diff mode too, as some of Ansible's modules do, and playbooks read it: states as they
 * are; contents with both sides empty; an empty map where nothing else was added. */
void result_diff_states(struct task_context *task, const struct value *before, const struct value *after);
void result_diff_content(struct task_context *task, const char *before, const char *after, const char *header);
void result_diff_none(struct task_context *task);
/* The finished map: changed, fields, diff (list of one is flattened to a map as modules do), skipped, failed, msg of what failed,
 * warnings; then put into result->order. What failed and changed nothing has no `changed`. */
const struct value *result_to_value(struct arena *arena, const struct result *result);

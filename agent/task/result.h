/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A task's outcome: Ansible's field names, so that `register` works as users expect. `changed` is set by change_wanted (or
 * result_changed for commands). Fields are kept in the order they were set; later wins.
 */
#pragma once

#include "agent/task/task_context.h"

struct result {
    struct value *fields; /* map */
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
/* The finished map: fields + changed, failed, skipped, msg, warnings, diff (list of one is flattened to a map as modules do). */
const struct value *result_to_value(struct arena *arena, const struct result *result);

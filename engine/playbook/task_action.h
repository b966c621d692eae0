/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which module a task names and with what arguments, in all the spellings that exist: `copy: src=a`, `copy: {src: a}`,
 * `action: copy src=a`, `action: {module: copy, ...}`, `local_action:`, with `args:` beneath.
 */
#pragma once

#include "common/base/arena.h"
#include "common/base/error.h"
#include "common/value/value.h"

struct task_action {
    const char *text;         /* as written */
    const char *name;         /* without ansible.builtin. or ansible.legacy. */
    const struct value *args; /* map, never NULL */
    const struct value *key;  /* of the task, where the module is named; NULL: action:, local_action: */
    bool is_local;            /* local_action: delegated to localhost */
};

bool task_action_read(struct arena *arena, const struct value *task, struct task_action *out, struct error *err);
/* "copy" of "ansible.builtin.copy"; other names as they are. */
const char *task_action_short(const char *name);

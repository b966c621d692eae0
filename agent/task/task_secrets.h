/* SPDX-License-Identifier: Apache-2.0 */
/* Keeping no_log arguments out of results: Ansible's texts, Ansible's rules. */
#pragma once

#include "common/spec/arg_spec.h"
#include "common/value/value.h"

/* invocation.module_args: every declared argument as it was bound, no_log ones masked. `bound` is the module's
 * struct. */
const struct value *task_invocation(struct arena *arena, const struct task_spec *spec, const void *bound,
                                    const struct value *given);
/* `result` with every text of a given no_log argument replaced by asterisks. */
const struct value *task_secrets_hide(struct arena *arena, const struct task_spec *spec, const struct value *given,
                                      const struct value *result);

/* SPDX-License-Identifier: Apache-2.0 */
/* Results of modules whose arguments may be URLs with a password in them. */
#pragma once

#include "agent/task/task_context.h"
#include "common/spec/arg_spec.h"

/* Ends such a module: an error becomes a failed result, the invocation is added, and the passwords of URLs are taken out of
 * every text: fields, warnings, differences, sentences of changes. Returns what the module returns. */
bool result_end_urls(struct task_context *task, const struct task_spec *spec, const void *bound, bool is_done,
                     const struct error *err);

/* SPDX-License-Identifier: Apache-2.0 */
/* Making one folder of the node hold what another holds, behind the change gate: copy with remote_src and a
 * folder. */
#pragma once

#include "agent/task/file_arguments.h"

/* Copies what is missing or different beneath `from` to folder `to` (made if absent). Nothing is removed.
 * With `keep_links` links are copied as links, else what they name. A file where a folder should be, or the
 * other way round, is an error. */
bool file_sync_folder(struct task_context *task, const char *from, const char *to, bool keep_links, struct error *err);
/* Gives `folder` and everything beneath the owner and group of `arguments`. */
bool file_sync_owner(struct task_context *task, const char *folder, const struct file_arguments *arguments,
                     struct error *err);

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ways to a host (connection) and to another user there (become_method): which there are, and refusing the others by name before
 * the first connection, where a playbook, an inventory, the command line or the settings say them in so many words.
 */
#pragma once

#include "engine/run/run_state.h"

/* `written` without "ansible.builtin.", or an error: what Ansible or a collection has is not supported, anything else has
 * Ansible's own sentence. */
bool become_method_read(const char *written, const char **out, struct error *err);
/* The same for connection; "smart" is ssh. */
bool connection_kind_read(const char *written, const char **out, struct error *err);

/* All tasks that are sure to be run on a host that is known now. */
bool methods_check(struct run *run, struct playbook *const *playbooks, size_t count, struct error *err);

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Python of a node, for modules and playbooks that want one; Roost itself needs none. It is looked for where Ansible
 * does, Debian's own first, and asked about itself once: system->memory remembers what it said as long as its file stays
 * as it is.
 */
#pragma once

#include "agent/system/host/system.h"

/* Absolute path of the node's interpreter, or NULL. */
const char *python_find(const struct system *system, struct arena *arena);
/* What the interpreter says of itself: {python: {executable, has_sslcontext, type, version, version_info},
 * python_version}. It is system->python, or the node's own. NULL: there is none, it is older than 3, or it does not
 * answer in time. */
const struct value *python_ask(const struct system *system, struct arena *arena);

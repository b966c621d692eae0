/* SPDX-License-Identifier: Apache-2.0 */
/* ansible.cfg: where it lies, and what is written in it. */
#pragma once

#include "common/base/error.h"
#include "common/value/value.h"

/* The first that exists of ANSIBLE_CONFIG, ./ansible.cfg (not in a folder that everybody may write to), ~/.ansible.cfg and
 * /etc/ansible/ansible.cfg; NULL: none. */
const char *settings_file_find(struct arena *arena, struct value *warnings);
/* Adds "section.key" -> text, which knows its line. */
bool settings_file_read(struct arena *arena, const char *path, struct value *out, struct error *err);

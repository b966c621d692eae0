/* SPDX-License-Identifier: Apache-2.0 */
/* Multi-line texts for people: changed just enough that YAML can show them as a block (Ansible's yaml callback). */
#pragma once

#include "common/base/text.h"

/* True if the text holds a line break of YAML: LF, NEL, LS or PS. */
bool yaml_has_break(const char *data, size_t length);
/* Or CR, FS, GS, RS: what the callback community.general.yaml looks for, */
bool yaml_has_wide_break(const char *data, size_t length);
/* and how it changes such a text. */
void yaml_block_text_wide(struct arena *arena, const char **data, size_t *length);
/* Replaces *data and *length by the text without what a block cannot hold: tabs, special characters, blanks before breaks. */
void yaml_block_text(struct arena *arena, const char **data, size_t *length);

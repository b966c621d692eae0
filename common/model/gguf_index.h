/* SPDX-License-Identifier: Apache-2.0 */
/* Names to numbers: finds keys and tensors, and duplicates of them, whatever the names. Names are borrowed. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/arena.h"

struct gguf_index;

struct gguf_index *gguf_index_new(struct arena *arena, uint64_t count); /* for at most so many names */
void gguf_index_add(struct gguf_index *index, const char *name, uint64_t number);
/* Once, before the first search: a name that was added twice, or NULL. */
const char *gguf_index_seal(struct gguf_index *index);
bool gguf_index_find(const struct gguf_index *index, const char *name, uint64_t *out);

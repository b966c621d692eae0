/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the keys of an architecture ("llama.block_count"), with limits: so that later sums cannot be made to overflow. */
#pragma once

#include "common/model/gguf.h"

struct shape_keys {
    struct arena *arena;
    const struct gguf *gguf;
    const char *architecture;
};

#define SHAPE_NUMBER_MAX (1ULL << 20)  /* of heads, lengths, layers...: three of them multiplied stay below 2^63 */
#define SHAPE_CONTEXT_MAX (1ULL << 31) /* tokens */

const struct gguf_key *shape_key(const struct shape_keys *keys, const char *name);
/* *out keeps its value when the key is absent. Another type, or too large: an error. */
bool shape_number(const struct shape_keys *keys, const char *name, uint64_t *out, struct error *err);
bool shape_number_required(const struct shape_keys *keys, const char *name, uint64_t *out, struct error *err);
/* One number for all, or a list with one for each of `layers` (the last `extra` may be missing): NULL when absent. */
bool shape_numbers(const struct shape_keys *keys, const char *name, uint32_t layers, uint32_t extra, uint64_t **out,
                   struct error *err);

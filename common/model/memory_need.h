/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much memory a model needs in llama.cpp with given options: weights, cache, state, working buffers, in bytes. Weights and
 * caches are counted as llama.cpp allocates them (padding included); the compute buffer is a formula, fitted to what
 * llama-server of Debian reports (docs/models-fit.md says how well).
 */
#pragma once

#include "common/model/model_shape.h"

#define MEMORY_SLOTS_MAX 256 /* LLAMA_MAX_SEQ */
#define MEMORY_BATCH_MAX 65536
#define MEMORY_CONTEXT_MAX (1ULL << 31)

/* As llama-server's options. Start from memory_request_default. */
struct memory_request {
    uint64_t context; /* tokens of all slots together; 0: what the model was trained for */
    uint32_t slots, batch, ubatch;
    const struct tensor_type *key_type, *value_type;
    bool flash_attention, is_unified; /* is_unified: the slots share one cache (--kv-unified) */
    bool window_full;                 /* --swa-full */
    bool on_cpu;                      /* no layer on a GPU */
    uint64_t projector;               /* bytes of weights of a projector (mmproj) */
};

struct memory_need {
    uint64_t context, slot_context; /* tokens, after llama.cpp's padding */
    uint64_t cells, window_cells;   /* of each slot's cache (of the one cache, if unified) */
    uint64_t weights;               /* tensors; on a GPU a token table that is the output too is there twice */
    uint64_t cache, window_cache, index_cache, state;
    uint64_t compute, output, projector;
    uint64_t compute_host;     /* a second compute buffer, in host memory, when the layers are on a GPU */
    uint64_t total, gpu, host; /* total = gpu + host; all is host when nothing is on a GPU */
};

struct memory_request memory_request_default(void);
/* A type that llama.cpp takes for its cache: f16, q8_0, ...; the error lists them. */
bool memory_cache_type(const char *name, const struct tensor_type **out, struct error *err);
bool memory_need_count(const struct model_shape *shape, const struct memory_request *request, struct memory_need *out,
                       struct error *err);

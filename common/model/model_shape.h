/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a model is, as far as its memory depends on it: read from the keys and the tensor table of its GGUF files. Per layer:
 * how many numbers each token leaves in the cache, and whether that cache is a sliding window. Which layers those are is not in
 * the files but in llama.cpp, for each architecture: model_shape_rules.c holds it, with its date; an architecture that is not
 * there is taken as one whose every layer attends to everything, which is the upper bound.
 */
#pragma once

#include "common/model/gguf_set.h"

#define MODEL_LAYERS_MAX 1024

enum model_kind {
    MODEL_TEXT,      /* keeps a cache: generates */
    MODEL_ENCODER,   /* sees all of its input at once: embeddings, ranking */
    MODEL_PROJECTOR, /* the part that sees or hears: loaded beside a text model (mmproj) */
};

struct model_layer {
    uint64_t heads, kv_heads, feed_forward;
    uint64_t key_width, value_width; /* numbers a token leaves in the cache; 0: none */
    uint64_t index_width;            /* the same of a sparse attention's index */
    bool is_window;                  /* keeps the last tokens only */
    bool is_recurrent;               /* keeps a state of fixed size for each slot */
};

/* Sizes of the work on one token, from the tensors: what the compute buffer is made of. */
struct model_work {
    uint64_t query, key, value; /* widths of attention */
    uint64_t feed_forward;      /* the widest dense one */
    bool has_gate;
    uint64_t expert, experts_used;   /* width of one expert */
    uint64_t shared;                 /* width of the shared expert */
    uint64_t in, convolution, inner; /* of a state-space layer */
};

struct model_shape {
    const char *architecture, *name, *quantisation, *tokenizer;
    enum model_kind kind;
    uint32_t layers, extra_layers; /* of them: for predicting several tokens (MTP), at the end */
    struct model_layer *layer;
    uint64_t context, embedding, vocabulary, heads, key_length, value_length, window;
    uint64_t experts, kv_lora, rope, mla_key_length; /* mla_key_length: 0 when the attention is not latent (MLA) */
    uint64_t state_conv, state_size;                 /* numbers a recurrent layer keeps for each slot: both parts */
    struct model_work work;
    uint64_t parameters, tensor_bytes, file_bytes;
    uint64_t table_bytes; /* of the token table */
    uint64_t input_bytes; /* of all that is only looked up in: the token table, and one for each layer (Gemma 3n) */
    bool has_output;      /* it has an output matrix of its own, else the token table is that too */
    uint32_t shards;
    bool is_big_endian;
    bool is_known;       /* model_shape_rules.c knows the architecture */
    const char *caution; /* what about the cache is an upper bound, or NULL */
};

bool model_shape_read(struct arena *arena, const struct gguf_set *set, struct model_shape **out, struct error *err);
/* Files and shape in one. */
bool model_shape_of_file(struct arena *arena, const char *path, struct model_shape **out, struct error *err);
const char *model_kind_name(enum model_kind kind);

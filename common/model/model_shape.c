/* SPDX-License-Identifier: Apache-2.0 */
/* From the files of a model to its shape: names, counts, lengths; layers, state and tensors are parts of their own. */
#include "common/model/model_shape.h"

#include <inttypes.h>
#include <string.h>

#include "common/model/model_shape_parts.h"

static const char *quantisation(struct arena *arena, const struct gguf *gguf)
{
    const struct gguf_key *key = gguf_key_find(gguf, "general.file_type");
    uint64_t number = 0;

    if (!key || !gguf_whole(key, 0, &number))
        return NULL;
    const char *name = gguf_file_type_name(number);
    return name ? name : arena_printf(arena, "file type %" PRIu64, number);
}

static uint64_t vocabulary(const struct gguf *gguf)
{
    const struct gguf_key *tokens = gguf_key_find(gguf, "tokenizer.ggml.tokens");
    const struct gguf_tensor *table = gguf_tensor_find(gguf, "token_embd.weight");

    if (tokens && tokens->type == GGUF_ARRAY)
        return tokens->count;
    return table ? table->size[1] : 0;
}

/* The one number that may be larger than the others. */
static bool read_context(const struct shape_keys *keys, uint64_t *out, struct error *err)
{
    const struct gguf_key *key = shape_key(keys, "context_length");

    if (key && (key->type == GGUF_ARRAY || !gguf_whole(key, 0, out) || *out > SHAPE_CONTEXT_MAX))
        return error_set(err, "key '%s' is no length of a context", key->name);
    return true;
}

static bool read_counts(const struct shape_keys *keys, struct model_shape *shape, struct error *err)
{
    uint64_t layers = 0, extra = 0;

    if (!shape_number_required(keys, "block_count", &layers, err) ||
        !shape_number_required(keys, "embedding_length", &shape->embedding, err) ||
        !read_context(keys, &shape->context, err) || !shape_number(keys, "nextn_predict_layers", &extra, err) ||
        !shape_number(keys, "expert_count", &shape->experts, err) ||
        !shape_number(keys, "expert_used_count", &shape->work.experts_used, err))
        return false;
    if (layers == 0 || layers > MODEL_LAYERS_MAX)
        return error_set(err, "%" PRIu64 " layers cannot be", layers);
    if (extra >= layers)
        return error_set(err, "%" PRIu64 " of %" PRIu64 " layers for several tokens cannot be", extra, layers);
    if (shape->work.experts_used > shape->experts)
        return error_set(err, "%" PRIu64 " of %" PRIu64 " experts used cannot be", shape->work.experts_used,
                         shape->experts);
    shape->layers = (uint32_t)layers;
    shape->extra_layers = (uint32_t)extra;
    return true;
}

static bool read_heads(const struct shape_keys *keys, struct model_shape *shape, struct error *err)
{
    uint64_t *heads = NULL, *kv_heads = NULL, *feed_forward = NULL;

    if (!shape_numbers(keys, "attention.head_count", shape->layers, shape->extra_layers, &heads, err) ||
        !shape_numbers(keys, "attention.head_count_kv", shape->layers, shape->extra_layers, &kv_heads, err) ||
        !shape_numbers(keys, "feed_forward_length", shape->layers, shape->extra_layers, &feed_forward, err))
        return false;
    for (uint32_t i = 0; i < shape->layers; i++) {
        struct model_layer *layer = &shape->layer[i];
        layer->heads = heads ? heads[i] : 0;
        layer->kv_heads = kv_heads ? kv_heads[i] : layer->heads;
        layer->feed_forward = feed_forward ? feed_forward[i] : 0;
        if (layer->heads > shape->heads)
            shape->heads = layer->heads;
    }
    return true;
}

/* Lengths of a head: by default the embedding is shared out over the heads of the first layer that has any. */
static bool read_lengths(const struct shape_keys *keys, struct model_shape *shape, struct error *err)
{
    uint64_t heads = shape->layer[0].heads ? shape->layer[0].heads : shape->heads, value_mla = 0;

    if (heads > 0)
        shape->key_length = shape->value_length = shape->embedding / heads;
    if (!shape_number(keys, "attention.key_length", &shape->key_length, err) ||
        !shape_number(keys, "attention.value_length", &shape->value_length, err) ||
        !shape_number(keys, "attention.key_length_mla", &shape->mla_key_length, err) ||
        !shape_number(keys, "attention.value_length_mla", &value_mla, err) ||
        !shape_number(keys, "attention.kv_lora_rank", &shape->kv_lora, err))
        return false;
    shape->rope = shape->key_length;
    if (!shape_number(keys, "rope.dimension_count", &shape->rope, err))
        return false;
    if ((shape->mla_key_length == 0) != (value_mla == 0))
        return error_set(err, "of attention.key_length_mla and value_length_mla one is missing");
    return true;
}

static bool read_text_model(struct arena *arena, const struct gguf *gguf, struct model_shape *shape, struct error *err)
{
    const struct model_rule *rule = model_rule_find(shape->architecture);
    const struct shape_keys keys = { arena, gguf, shape->architecture };

    if (!read_counts(&keys, shape, err))
        return false;
    shape->layer = arena_new_array(arena, struct model_layer, shape->layers);
    shape->is_known = rule != NULL;
    shape->kind = rule && (rule->flags & RULE_ENCODER) ? MODEL_ENCODER : MODEL_TEXT;
    return read_heads(&keys, shape, err) && read_lengths(&keys, shape, err) &&
           shape_layers_read(&keys, rule, shape, err) && shape_state_read(&keys, shape, err);
}

bool model_shape_read(struct arena *arena, const struct gguf_set *set, struct model_shape **out, struct error *err)
{
    const struct gguf *gguf = set->shards[0];
    struct model_shape *shape = arena_new_of(arena, struct model_shape);

    shape->architecture = gguf_text(gguf, "general.architecture");
    if (!shape->architecture || shape->architecture[0] == '\0')
        return error_set(err, "%s: general.architecture is missing: this is no model", gguf->path);
    shape->name = gguf_text(gguf, "general.name");
    shape->tokenizer = gguf_text(gguf, "tokenizer.ggml.model");
    shape->quantisation = quantisation(arena, gguf);
    shape->vocabulary = vocabulary(gguf);
    shape->shards = set->count;
    shape->file_bytes = set->file_bytes;
    shape->is_big_endian = gguf->is_big_endian;
    if (strcmp(shape->architecture, "clip") == 0) {
        shape->kind = MODEL_PROJECTOR;
        shape->is_known = true;
    } else if (!read_text_model(arena, gguf, shape, err)) {
        return error_prefix(err, "%s", gguf->path);
    }
    shape_tensors_read(set, shape);
    *out = shape;
    return true;
}

bool model_shape_of_file(struct arena *arena, const char *path, struct model_shape **out, struct error *err)
{
    struct gguf_set set;

    return gguf_set_read(arena, path, &set, err) && model_shape_read(arena, &set, out, err);
}

const char *model_kind_name(enum model_kind kind)
{
    static const char *const names[] = { "text", "encoder", "projector" };

    return names[kind];
}

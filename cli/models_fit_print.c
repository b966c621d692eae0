/* SPDX-License-Identifier: Apache-2.0 */
/* How `roost models fit` shows a sum: lines for people, JSON for programs. The numbers are the same. */
#include <inttypes.h>
#include <stdio.h>

#include "cli/models_fit.h"
#include "common/base/text.h"
#include "common/json/json.h"

static void term(struct arena *arena, const char *name, uint64_t bytes, const char *note)
{
    if (bytes > 0)
        printf("  %-18s %10s%s%s\n", name, memory_size_text(arena, bytes), note[0] ? "   " : "", note);
}

static uint32_t layers_that(const struct model_shape *shape, bool is_window)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < shape->layers; i++)
        count += shape->layer[i].key_width > 0 && shape->layer[i].is_window == is_window;
    return count;
}

static uint32_t layers_recurrent(const struct model_shape *shape)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < shape->layers; i++)
        count += shape->layer[i].is_recurrent;
    return count;
}

static char *layers_text(struct arena *arena, uint32_t count)
{
    return arena_printf(arena, "%" PRIu32 " layer%s", count, count == 1 ? "" : "s");
}

static const char *cache_note(struct arena *arena, const struct model_shape *shape,
                              const struct memory_request *request, const struct memory_need *need, bool is_window)
{
    uint32_t caches = request->is_unified ? 1 : request->slots;
    char *note = arena_printf(arena, "%s, %" PRIu64 " tokens", layers_text(arena, layers_that(shape, is_window)),
                              is_window ? need->window_cells : need->cells);

    return caches > 1 ? arena_printf(arena, "%s in each of %" PRIu32 " slots", note, caches) : note;
}

static void print_model(struct arena *arena, const struct model_shape *shape)
{
    printf("%s: %s%s%s, ", shape->name ? shape->name : "(no name)", shape->architecture,
           shape->quantisation ? ", " : "", shape->quantisation ? shape->quantisation : "");
    if (shape->layers > 0)
        printf("%s, ", layers_text(arena, shape->layers));
    if (shape->experts > 0)
        printf("%" PRIu64 " of %" PRIu64 " experts, ", shape->work.experts_used, shape->experts);
    bool is_large = shape->parameters >= 1000000000;
    printf("%.1f %s parameters, %s in %" PRIu32 " file%s\n", (double)shape->parameters / (is_large ? 1e9 : 1e6),
           is_large ? "billion" : "million", memory_size_text(arena, shape->file_bytes), shape->shards,
           shape->shards == 1 ? "" : "s");
}

static void print_request(const struct model_shape *shape, const struct memory_request *request,
                          const struct memory_need *need)
{
    if (shape->kind == MODEL_PROJECTOR)
        return;
    printf("%" PRIu64 " tokens of context", need->context);
    if (request->slots > 1)
        printf(request->is_unified ? " shared by %" PRIu32 " slots" : " in %" PRIu32 " slots", request->slots);
    if (request->slots > 1 && !request->is_unified)
        printf(" of %" PRIu64, need->slot_context);
    if (shape->kind == MODEL_TEXT)
        printf(", cache %s/%s", request->key_type->name, request->value_type->name);
    printf(", %" PRIu32 " tokens at once, flash attention %s\n", request->ubatch,
           request->flash_attention ? "on" : "off");
}

static void print_terms(struct arena *arena, const struct model_shape *shape, const struct memory_request *request,
                        const struct memory_need *need)
{
    bool is_twice = need->weights > shape->tensor_bytes;

    term(arena, "weights", need->weights, is_twice ? "the token table twice, as it is the output too" : "");
    term(arena, "cache", need->cache, cache_note(arena, shape, request, need, false));
    term(arena, "window cache", need->window_cache, cache_note(arena, shape, request, need, true));
    term(arena, "index cache", need->index_cache, "");
    term(arena, "recurrent state", need->state, layers_text(arena, layers_recurrent(shape)));
    term(arena, "compute buffer", need->compute, "estimated");
    term(arena, "  in host memory", need->compute_host, "estimated");
    term(arena, "output buffer", need->output, "");
    term(arena, "projector", need->projector, "its weights; what it needs to work is not counted");
    term(arena, "total", need->total, "");
    if (need->gpu > 0)
        term(arena, "  on the GPU", need->gpu, "");
    if (need->host > 0 && need->gpu > 0)
        term(arena, "  in host memory", need->host, "");
}

void fit_print_text(struct arena *arena, const struct model_shape *shape, const struct memory_request *request,
                    const struct fit_answer *answers, size_t count)
{
    print_model(arena, shape);
    print_request(shape, request, &answers[0].need);
    print_terms(arena, shape, request, &answers[0].need);
    if (shape->caution)
        printf("note: %s\n", shape->caution);
    if (shape->is_big_endian)
        printf("note: the file is big-endian; llama.cpp reads it on such machines only\n");
    for (size_t i = 0; i < count; i++) {
        const struct fit_node *node = answers[i].node;
        printf("%s%s%s\n", node->name ? node->name : "", node->name ? ": " : "", answers[i].fit.sentence);
        if (node->note)
            printf("  (%s)\n", node->note);
    }
}

/* --- JSON --- */

static void put_bytes(struct arena *arena, struct value *map, const char *key, uint64_t bytes)
{
    value_map_put_int(arena, map, key, (int64_t)bytes);
}

static const struct value *model_value(struct arena *arena, const struct model_shape *shape)
{
    struct value *map = value_map(arena);

    value_map_put_string(arena, map, "name", shape->name);
    value_map_put_string(arena, map, "architecture", shape->architecture);
    value_map_put_bool(arena, map, "architecture_known", shape->is_known);
    value_map_put_string(arena, map, "kind", model_kind_name(shape->kind));
    value_map_put_string(arena, map, "quantisation", shape->quantisation);
    put_bytes(arena, map, "parameters", shape->parameters);
    value_map_put_int(arena, map, "files", shape->shards);
    put_bytes(arena, map, "file_bytes", shape->file_bytes);
    value_map_put_int(arena, map, "layers", shape->layers);
    value_map_put_int(arena, map, "window_layers", layers_that(shape, true));
    value_map_put_int(arena, map, "recurrent_layers", layers_recurrent(shape));
    put_bytes(arena, map, "context", shape->context);
    put_bytes(arena, map, "embedding", shape->embedding);
    put_bytes(arena, map, "heads", shape->heads);
    put_bytes(arena, map, "key_length", shape->key_length);
    put_bytes(arena, map, "value_length", shape->value_length);
    put_bytes(arena, map, "window", shape->window);
    value_map_put_bool(arena, map, "latent_attention", shape->mla_key_length > 0);
    put_bytes(arena, map, "experts", shape->experts);
    put_bytes(arena, map, "experts_used", shape->work.experts_used);
    value_map_put_string(arena, map, "tokenizer", shape->tokenizer);
    put_bytes(arena, map, "vocabulary", shape->vocabulary);
    value_map_put_string(arena, map, "caution", shape->caution);
    return map;
}

static const struct value *request_value(struct arena *arena, const struct memory_request *request,
                                         const struct memory_need *need)
{
    struct value *map = value_map(arena);

    put_bytes(arena, map, "context", need->context);
    put_bytes(arena, map, "slot_context", need->slot_context);
    value_map_put_int(arena, map, "slots", request->slots);
    value_map_put_string(arena, map, "cache_type_k", request->key_type->name);
    value_map_put_string(arena, map, "cache_type_v", request->value_type->name);
    value_map_put_int(arena, map, "batch", request->batch);
    value_map_put_int(arena, map, "ubatch", request->ubatch);
    value_map_put_bool(arena, map, "flash_attention", request->flash_attention);
    value_map_put_bool(arena, map, "kv_unified", request->is_unified);
    return map;
}

static const struct value *need_value(struct arena *arena, const struct memory_need *need)
{
    struct value *map = value_map(arena);

    put_bytes(arena, map, "weights_bytes", need->weights);
    put_bytes(arena, map, "cache_bytes", need->cache);
    put_bytes(arena, map, "window_cache_bytes", need->window_cache);
    put_bytes(arena, map, "index_cache_bytes", need->index_cache);
    put_bytes(arena, map, "state_bytes", need->state);
    put_bytes(arena, map, "compute_bytes", need->compute);
    put_bytes(arena, map, "compute_host_bytes", need->compute_host);
    put_bytes(arena, map, "output_bytes", need->output);
    put_bytes(arena, map, "projector_bytes", need->projector);
    put_bytes(arena, map, "total_bytes", need->total);
    put_bytes(arena, map, "gpu_bytes", need->gpu);
    put_bytes(arena, map, "host_bytes", need->host);
    return map;
}

static const struct value *answer_value(struct arena *arena, const struct fit_answer *answer)
{
    const struct memory_limits *limits = &answer->node->limits;
    struct value *map = value_map(arena), *limit = value_map(arena);

    value_map_put_string(arena, limit, "gpu_name", limits->gpu > 0 ? limits->gpu_name : NULL);
    put_bytes(arena, limit, "gpu_bytes", limits->gpu);
    put_bytes(arena, limit, "ram_bytes", limits->ram);
    put_bytes(arena, limit, "margin_bytes", limits->margin);
    put_bytes(arena, limit, "reserve_bytes", limits->reserve);
    value_map_put_bool(arena, limit, "unified", limits->is_unified);
    value_map_put_string(arena, map, "node", answer->node->name);
    value_map_put_string(arena, map, "verdict", memory_verdict_name(answer->fit.verdict));
    value_map_put_string(arena, map, "sentence", answer->fit.sentence);
    put_bytes(arena, map, "fitting_context", answer->fit.fitting_context);
    value_map_put(arena, map, "limits", limit);
    value_map_put(arena, map, "need", need_value(arena, &answer->need));
    return map;
}

void fit_print_json(struct arena *arena, const struct model_shape *shape, const struct memory_request *request,
                    const struct fit_answer *answers, size_t count)
{
    struct value *map = value_map(arena), *list = value_list(arena);

    for (size_t i = 0; i < count; i++)
        value_list_add(arena, list, answer_value(arena, &answers[i]));
    value_map_put(arena, map, "model", model_value(arena, shape));
    value_map_put(arena, map, "request", request_value(arena, request, &answers[0].need));
    value_map_put(arena, map, "answers", list);
    printf("%s\n", json_text(arena, map, (struct json_style){ .indent = 4 }));
}

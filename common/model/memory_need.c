/* SPDX-License-Identifier: Apache-2.0 */
/* Weights and caches of a model under given options, as llama.cpp of August 2026 allocates them. */
#include "common/model/memory_need.h"

#include <inttypes.h>
#include <stddef.h>
#include <strings.h>

#include "common/model/memory_need_compute.h"

#define CELLS_STEP 256 /* context, slot and window are rounded up to this */

struct memory_request memory_request_default(void)
{
    return (struct memory_request){ .slots = 1,
                                    .batch = 2048,
                                    .ubatch = 512,
                                    .key_type = tensor_type_named("f16"),
                                    .value_type = tensor_type_named("f16"),
                                    .flash_attention = true };
}

bool memory_cache_type(const char *name, const struct tensor_type **out, struct error *err)
{
    static const char *const types[] = { "f16", "bf16", "f32", "q8_0", "q5_1", "q5_0", "q4_1", "q4_0", "iq4_nl" };

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (strcasecmp(types[i], name) == 0) {
            *out = tensor_type_named(name);
            return true;
        }
    }
    return error_set_kind(err, ERROR_OPTIONS,
                          "'%s' is no type of a cache (there are f16, bf16, f32, q8_0, q5_1, q5_0, q4_1, q4_0, iq4_nl)",
                          name);
}

static bool check_cache_types(const struct model_shape *shape, const struct memory_request *request, struct error *err)
{
    if (request->value_type->block > 1 && !request->flash_attention)
        return error_set_kind(err, ERROR_OPTIONS, "a quantised cache of values (%s) needs flash attention",
                              request->value_type->name);
    if (shape->kind != MODEL_TEXT)
        return true;
    if (shape->key_length % request->key_type->block != 0)
        return error_set(err, "its keys are %" PRIu64 " long, no multiple of the %" PRIu32 " of a block of %s",
                         shape->key_length, request->key_type->block, request->key_type->name);
    if (shape->value_length % request->value_type->block != 0)
        return error_set(err, "its values are %" PRIu64 " long, no multiple of the %" PRIu32 " of a block of %s",
                         shape->value_length, request->value_type->block, request->value_type->name);
    return true;
}

static bool check_request(const struct model_shape *shape, const struct memory_request *request, struct error *err)
{
    if (request->slots == 0 || request->slots > MEMORY_SLOTS_MAX)
        return error_set_kind(err, ERROR_OPTIONS, "slots must be 1 to %d", MEMORY_SLOTS_MAX);
    if (request->ubatch == 0 || request->ubatch > MEMORY_BATCH_MAX || request->batch == 0 ||
        request->batch > MEMORY_BATCH_MAX)
        return error_set_kind(err, ERROR_OPTIONS, "a batch must be 1 to %d tokens", MEMORY_BATCH_MAX);
    if (request->context > MEMORY_CONTEXT_MAX)
        return error_set_kind(err, ERROR_OPTIONS, "the context must be at most %llu tokens", MEMORY_CONTEXT_MAX);
    return check_cache_types(shape, request, err);
}

static uint64_t padded(uint64_t number)
{
    return (number + CELLS_STEP - 1) / CELLS_STEP * CELLS_STEP;
}

/* The slots share the context out among them; each share is rounded up. */
static void count_cells(const struct model_shape *shape, const struct memory_request *request, struct memory_need *need)
{
    uint64_t wanted = request->context ? request->context : shape->context;
    uint64_t context = padded(wanted ? wanted : CELLS_STEP);

    need->slot_context =
        request->is_unified ? context : padded(context / request->slots ? context / request->slots : 1);
    need->context = request->is_unified ? context : need->slot_context * request->slots;
    need->cells = need->slot_context;
    if (shape->window > 0) {
        uint64_t window = shape->window * (request->is_unified ? request->slots : 1) + request->ubatch;
        need->window_cells = padded(window < need->cells ? window : need->cells);
        if (request->window_full)
            need->window_cells = need->cells;
    }
}

static uint64_t row_bytes(uint64_t width, const struct tensor_type *type)
{
    return memory_times((width + type->block - 1) / type->block, type->bytes);
}

/* Without flash attention the values of all layers are as wide as the widest. */
static uint64_t widest_value(const struct model_shape *shape)
{
    uint64_t widest = 0;

    for (uint32_t i = 0; i < shape->layers; i++) {
        if (shape->layer[i].value_width > widest)
            widest = shape->layer[i].value_width;
    }
    return widest;
}

static void count_cache(const struct model_shape *shape, const struct memory_request *request, struct memory_need *need)
{
    uint64_t caches = request->is_unified ? 1 : request->slots, widest = widest_value(shape);
    bool has_window = false, has_rest = false;

    for (uint32_t i = 0; i < shape->layers; i++) {
        const struct model_layer *layer = &shape->layer[i];
        uint64_t value = !request->flash_attention && layer->value_width > 0 ? widest : layer->value_width;
        uint64_t token =
            memory_plus(row_bytes(layer->key_width, request->key_type), row_bytes(value, request->value_type));
        uint64_t cells = memory_times(layer->is_window ? need->window_cells : need->cells, caches);
        uint64_t *sum = layer->is_window ? &need->window_cache : &need->cache;

        *sum = memory_plus(*sum, memory_times(token, cells));
        need->index_cache =
            memory_plus(need->index_cache, memory_times(row_bytes(layer->index_width, request->key_type), cells));
        if (layer->is_recurrent)
            need->state =
                memory_plus(need->state, memory_times(shape->state_conv + shape->state_size, 4ULL * request->slots));
        has_window |= layer->is_window && token > 0;
        has_rest |= !layer->is_window && token > 0;
    }
    if (!has_window)
        need->window_cells = 0;
    if (!has_rest)
        need->cells = 0;
}

static void count_weights(const struct model_shape *shape, const struct memory_request *request,
                          struct memory_need *need)
{
    bool is_twice = !request->on_cpu && !shape->has_output && shape->kind == MODEL_TEXT;

    need->weights = memory_plus(shape->tensor_bytes, is_twice ? shape->table_bytes : 0);
    need->output = memory_times(memory_times(shape->vocabulary, 4), request->slots);
    need->projector = request->projector;
    need->host = memory_plus(shape->input_bytes, need->output);
}

static bool count_total(const struct memory_request *request, struct memory_need *need, struct error *err)
{
    const uint64_t terms[] = { need->weights, need->cache,        need->window_cache, need->index_cache, need->state,
                               need->compute, need->compute_host, need->output,       need->projector };

    for (size_t i = 0; i < sizeof(terms) / sizeof(terms[0]); i++)
        need->total = memory_plus(need->total, terms[i]);
    if (need->total >= INT64_MAX)
        return error_set(err, "the sum is more memory than can be counted");
    if (request->on_cpu)
        need->host = need->total;
    need->gpu = need->total - need->host;
    return true;
}

bool memory_need_count(const struct model_shape *shape, const struct memory_request *request, struct memory_need *out,
                       struct error *err)
{
    struct memory_need need = { 0 };

    if (!check_request(shape, request, err))
        return false;
    if (shape->kind == MODEL_PROJECTOR) {
        need.weights = shape->tensor_bytes;
    } else {
        count_cells(shape, request, &need);
        struct memory_request bounded = *request; /* a batch is never larger than the context */
        if (bounded.batch > need.context)
            bounded.batch = (uint32_t)need.context;
        if (bounded.ubatch > bounded.batch)
            bounded.ubatch = bounded.batch;
        count_weights(shape, &bounded, &need);
        count_cache(shape, &bounded, &need);
        need.compute = memory_compute_bytes(shape, &bounded, &need);
        if (!request->on_cpu)
            need.compute_host = memory_compute_host_bytes(shape, &bounded, &need);
        need.host = memory_plus(need.host, need.compute_host);
    }
    if (!count_total(request, &need, err))
        return false;
    *out = need;
    return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ggml places the results of a graph where earlier ones are no longer needed, so the buffer is as large as the worst moment:
 * inputs (the attention mask) and about five rows of the embedding for each token, and on top the largest of what attention,
 * feed-forward, experts or a recurrent layer hold at once. The factors were found by measuring llama-server with generated
 * models, one size changed at a time; for attention, dense feed-forward and experts they are exact in most shapes.
 */
#include "common/model/memory_need_compute.h"

#include <stddef.h>

struct widths { /* bytes of one result for a whole batch */
    uint64_t embedding, query, key, value;
    uint64_t token; /* of one number for each token */
    uint64_t tokens;
};

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static uint64_t sum(const uint64_t *parts, size_t count)
{
    uint64_t total = 0;

    for (size_t i = 0; i < count; i++)
        total = memory_plus(total, parts[i]);
    return total;
}
#define SUM(...) sum((const uint64_t[]){ __VA_ARGS__ }, sizeof((const uint64_t[]){ __VA_ARGS__ }) / sizeof(uint64_t))

/* Scores of every token against every cell, in all heads: only without flash attention. */
static uint64_t scores(const struct model_shape *shape, const struct memory_request *request,
                       const struct memory_need *need, const struct widths *w)
{
    if (request->flash_attention)
        return 0;
    return memory_times(memory_times(shape->heads, larger(need->cells, need->window_cells)), w->token);
}

static uint64_t attention(const struct model_shape *shape, const struct memory_request *request,
                          const struct memory_need *need, const struct widths *w)
{
    uint64_t base = memory_times(w->embedding, 5), all = scores(shape, request, need, w);

    if (shape->mla_key_length > 0) {
        uint64_t head = shape->mla_key_length + 2 * shape->kv_lora + 2 * shape->rope;
        return SUM(base, memory_times(memory_times(shape->heads, head), w->token), all);
    }
    if (!request->flash_attention)
        return SUM(base, memory_times(w->query, 2), all);
    return SUM(base, w->query, larger(w->query, memory_plus(memory_times(w->key, 2), w->value)));
}

static uint64_t dense(const struct model_shape *shape, uint64_t width, const struct widths *w)
{
    uint64_t rows = memory_times(width, w->token);
    bool is_wide = rows > w->embedding; /* else one of the three finds room where the attention was */

    return memory_plus(memory_times(w->embedding, 5), memory_times(rows, shape->work.has_gate && is_wide ? 3 : 2));
}

static uint64_t experts(const struct model_shape *shape, const struct widths *w)
{
    uint64_t used = shape->work.experts_used, base = memory_times(w->embedding, 5);
    uint64_t inner = memory_times(memory_times(shape->work.expert, used), w->token);
    uint64_t outer = memory_times(w->embedding, used);

    if (inner <= w->embedding)
        return memory_plus(base, larger(memory_times(inner, 2), outer));
    return SUM(base, memory_times(inner, 3), outer > memory_times(inner, 2) ? outer : 0);
}

static uint64_t recurrent(const struct model_shape *shape, const struct memory_request *request, const struct widths *w)
{
    const struct model_work *work = &shape->work;
    uint64_t inner = memory_times(work->inner, w->token), mixed = memory_times(work->convolution, w->token);
    uint64_t states = memory_times(memory_times(shape->state_size, 4), request->slots);

    if (work->inner == 0) /* short convolutions, RWKV */
        return memory_times(w->embedding, 8);
    if (work->in == 0) /* delta nets */
        return SUM(memory_times(w->embedding, 7), memory_times(inner, 4), memory_times(states, 3),
                   mixed > 2 * inner ? (mixed - 2 * inner) / 2 : 0);
    if (mixed == inner) /* Mamba */
        return SUM(memory_times(w->embedding, 3), memory_times(inner, 6), states);
    return SUM(memory_times(w->embedding, 3), memory_times(work->in, w->token), memory_times(mixed, 2), inner,
               inner / 2, memory_times(states, 2));
}

static uint64_t masks(const struct model_shape *shape, const struct memory_request *request,
                      const struct memory_need *need, const struct widths *w)
{
    uint64_t cells = shape->kind == MODEL_ENCODER ? w->tokens : memory_plus(need->cells, need->window_cells);

    return memory_times(memory_times(cells, w->tokens), request->flash_attention ? 2 : 4);
}

/* Is there a recurrent layer; and one that has attention beside it, whose result waits meanwhile? */
static bool has_recurrent(const struct model_shape *shape, bool *has_both)
{
    bool found = false;

    for (uint32_t i = 0; i < shape->layers; i++) {
        found |= shape->layer[i].is_recurrent;
        *has_both |= shape->layer[i].is_recurrent && shape->layer[i].key_width > 0;
    }
    return found;
}

static struct widths widths_of(const struct model_shape *shape, const struct memory_request *request,
                               const struct memory_need *need)
{
    const struct model_work *work = &shape->work;
    uint64_t tokens = request->ubatch < need->context ? request->ubatch : need->context;
    uint64_t query = work->query ? work->query : shape->heads * shape->key_length;
    struct widths w = { .tokens = (tokens + request->slots - 1) / request->slots * request->slots };

    w.token = w.tokens * 4;
    w.embedding = memory_times(shape->embedding, w.token);
    w.query = memory_times(query, w.token);
    w.key = memory_times(work->key, w.token);
    w.value = memory_times(work->value, w.token);
    return w;
}

uint64_t memory_compute_bytes(const struct model_shape *shape, const struct memory_request *request,
                              const struct memory_need *need)
{
    struct widths w = widths_of(shape, request, need);
    uint64_t worst = 0;
    bool has_both = false;

    if (shape->kind == MODEL_ENCODER)
        return SUM(masks(shape, request, need, &w), memory_times(w.embedding, 2), scores(shape, request, need, &w),
                   memory_times(memory_times(shape->work.feed_forward, w.token), shape->work.has_gate ? 3 : 2));
    if (shape->heads > 0)
        worst = attention(shape, request, need, &w);
    if (shape->work.feed_forward > 0)
        worst = larger(worst, dense(shape, shape->work.feed_forward, &w));
    if (shape->work.expert > 0)
        worst = larger(worst, experts(shape, &w));
    if (shape->work.shared > 0)
        worst = larger(worst, dense(shape, shape->work.shared, &w));
    if (has_recurrent(shape, &has_both))
        worst = larger(worst, memory_plus(recurrent(shape, request, &w), has_both ? w.embedding : 0));
    return memory_plus(worst, masks(shape, request, need, &w));
}

uint64_t memory_compute_host_bytes(const struct model_shape *shape, const struct memory_request *request,
                                   const struct memory_need *need)
{
    struct widths w = widths_of(shape, request, need);

    return memory_plus(masks(shape, request, need, &w), memory_times(w.embedding, 4));
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Judges a sum against limits, and looks for what would fit: free margin, a smaller cache type, a shorter context. */
#include "common/model/memory_need_fit.h"

#include <inttypes.h>
#include <stddef.h>

#include "common/base/text.h"
#include "common/model/memory_need_compute.h"

#define CONTEXT_LEAST 1024 /* per slot: less is of no use */
#define CONTEXT_STEP 256

struct judge {
    struct arena *arena;
    const struct model_shape *shape;
    const struct memory_limits *limits;
    struct memory_need need;
};

static uint64_t usable(uint64_t limit, uint64_t kept)
{
    return limit > kept ? limit - kept : 0;
}

static uint64_t host_part(const struct judge *judge, const struct memory_need *need)
{
    return judge->limits->is_unified ? need->total : need->host;
}

static bool gpu_fits(const struct judge *judge, const struct memory_need *need, bool with_margin)
{
    const struct memory_limits *limits = judge->limits;

    return limits->gpu == 0 || need->gpu <= usable(limits->gpu, with_margin ? limits->margin : 0);
}

static bool ram_fits(const struct judge *judge, const struct memory_need *need, bool with_reserve)
{
    const struct memory_limits *limits = judge->limits;

    return limits->ram == 0 || host_part(judge, need) <= usable(limits->ram, with_reserve ? limits->reserve : 0);
}

static bool fits(const struct judge *judge, const struct memory_need *need)
{
    return gpu_fits(judge, need, true) && ram_fits(judge, need, true);
}

static bool fits_with(const struct judge *judge, const struct memory_request *request, struct memory_need *need)
{
    struct error err = ERROR_INIT;

    return memory_need_count(judge->shape, request, need, &err) && fits(judge, need);
}

/* The longest context that fits, in steps; 0: none. Need grows with the context, so halving finds it. */
static uint64_t longest_context(const struct judge *judge, struct memory_request request)
{
    struct memory_need need;
    uint64_t step = (uint64_t)CONTEXT_STEP * request.slots, least = CONTEXT_LEAST * (uint64_t)request.slots / step;
    uint64_t low = 0, high = judge->need.context / step;

    while (low < high) {
        uint64_t middle = low + (high - low + 1) / 2;
        request.context = middle * step;
        if (fits_with(judge, &request, &need))
            low = middle;
        else
            high = middle - 1;
    }
    return low >= least ? low * step : 0;
}

/* What is asked against what there is: "126.1 GiB, 14.1 GiB more than the 112.0 GiB of GTT". */
static char *excess(const struct judge *judge, bool with_margin)
{
    struct arena *arena = judge->arena;
    const struct memory_limits *limits = judge->limits;
    bool is_gpu = !gpu_fits(judge, &judge->need, with_margin);
    uint64_t asked = is_gpu ? judge->need.gpu : host_part(judge, &judge->need);
    uint64_t limit = is_gpu ? limits->gpu : limits->ram;
    uint64_t left = usable(limit, with_margin ? is_gpu ? limits->margin : limits->reserve : 0);

    char *text = arena_printf(arena, "it needs %s, %s more than the %s of %s", memory_size_text(arena, asked),
                              memory_size_text(arena, asked - left), memory_size_text(arena, left),
                              is_gpu ? limits->gpu_name : "host memory");
    if (left < limit)
        text = arena_printf(arena, "%s that are left after %s %s", text, memory_size_text(arena, limit - left),
                            is_gpu ? "of margin" : "for the system");
    return text;
}

static void add_way(struct text *ways, const char *way)
{
    if (ways->length > 0)
        text_add(ways, ", or ");
    text_add(ways, way);
}

/* Ways to make it fit, in a text that is empty when there is none. */
static struct text find_ways(const struct judge *judge, const struct memory_request *request, struct memory_fit *fit)
{
    struct arena *arena = judge->arena;
    struct text ways = text_new(arena);
    struct memory_request smaller = *request;
    struct memory_need need;

    if (gpu_fits(judge, &judge->need, false) && ram_fits(judge, &judge->need, false))
        add_way(&ways, "nothing else needs the memory that is to stay free");
    smaller.key_type = smaller.value_type = tensor_type_named("q8_0");
    bool is_smaller = request->flash_attention && request->key_type->block == 1 && request->value_type->block == 1;
    if (is_smaller && fits_with(judge, &smaller, &need))
        add_way(&ways, arena_printf(arena, "the cache is q8_0 (--kv q8_0: %s)", memory_size_text(arena, need.total)));
    fit->fitting_context = longest_context(judge, *request);
    if (fit->fitting_context > 0)
        add_way(&ways, arena_printf(arena, "the context is at most %" PRIu64 " tokens (--ctx %" PRIu64 ")",
                                    fit->fitting_context, fit->fitting_context));
    if (ways.length == 0 && is_smaller) {
        uint64_t context = longest_context(judge, smaller);
        if (context > 0)
            add_way(&ways, arena_printf(arena,
                                        "the cache is q8_0 and the context at most %" PRIu64
                                        " tokens (--kv q8_0 --ctx %" PRIu64 ")",
                                        context, context));
    }
    return ways;
}

static void judge_limits(const struct judge *judge, const struct memory_request *request, struct memory_fit *fit)
{
    struct arena *arena = judge->arena;
    const struct memory_limits *limits = judge->limits;
    const struct memory_need *need = &judge->need;

    if (fits(judge, need)) {
        bool by_gpu = limits->gpu > 0 && need->gpu > 0;
        fit->verdict = MEMORY_FITS;
        fit->sentence = arena_printf(arena, "fits: it needs %s of the %s of %s",
                                     memory_size_text(arena, by_gpu ? need->gpu : host_part(judge, need)),
                                     memory_size_text(arena, by_gpu ? limits->gpu : limits->ram),
                                     by_gpu ? limits->gpu_name : "host memory");
        return;
    }
    struct text ways = find_ways(judge, request, fit);
    if (ways.length > 0) {
        fit->verdict = MEMORY_FITS_IF;
        fit->sentence = arena_printf(arena, "fits if %s; as asked %s", ways.data, excess(judge, true));
        return;
    }
    fit->verdict = MEMORY_DOES_NOT_FIT;
    fit->sentence = arena_printf(arena, "does not fit: %s; the weights alone are %s", excess(judge, true),
                                 memory_size_text(arena, need->weights));
}

bool memory_fit_judge(struct arena *arena, const struct model_shape *shape, const struct memory_request *request,
                      const struct memory_limits *limits, struct memory_fit *out, struct error *err)
{
    struct judge judge = { arena, shape, limits, { 0 } };
    struct memory_fit fit = { 0 };

    if (!memory_need_count(shape, request, &judge.need, err))
        return false;
    if (limits->gpu == 0 && limits->ram == 0) {
        fit.verdict = MEMORY_UNLIMITED;
        fit.sentence = arena_printf(arena, "needs %s; no limit was given", memory_size_text(arena, judge.need.total));
    } else {
        judge_limits(&judge, request, &fit);
    }
    *out = fit;
    return true;
}

const char *memory_verdict_name(enum memory_verdict verdict)
{
    static const char *const names[] = { "unlimited", "fits", "fits_if", "does_not_fit" };

    return names[verdict];
}

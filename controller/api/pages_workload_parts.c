/* SPDX-License-Identifier: Apache-2.0 */
/* States, numbers and placements of workloads, as pages show them. */
#include <math.h>
#include <string.h>

#include "common/base/text.h"
#include "common/http/http_url.h"
#include "common/model/memory_need_fit.h"
#include "controller/api/pages.h"
#include "controller/store/store_instance.h"

#define PARTS_MAX 64

static const struct {
    const char *state, *class;
} states[] = {
    { "serving", "ok" },       { "done", "ok" },         { "degraded", "drift" },  { "failed", "failed" },
    { "stopped", "revoked" },  { "pending", "waiting" }, { "placing", "waiting" }, { "downloading", "waiting" },
    { "starting", "running" }, { "loading", "running" }, { "running", "running" }, { "waiting", "waiting" },
};

void page_workload_state_put(struct api_call *call, struct value *map, const char *state)
{
    const char *class = "unknown";

    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        if (text_equal(states[i].state, state))
            class = states[i].class;
    }
    value_map_put_string(call->arena, map, "class", class);
    value_map_put_string(call->arena, map, "word", state == NULL ? "unknown" : state);
}

/* What needs looking at comes first. */
static int rank_of(const char *state)
{
    static const char *const order[] = { "failed",  "degraded", "pending", "placing", "downloading", "starting",
                                         "loading", "running",  "serving", "done",    "stopped" };

    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
        if (text_equal(order[i], state))
            return (int)i + 1;
    }
    return 0;
}

void page_replicas_take(struct page_replicas *replicas, const struct store_instance *instance)
{
    replicas->count++;
    replicas->serving += text_equal(instance->state, "serving") ? 1 : 0;
    if (replicas->worst == NULL || rank_of(instance->state) < rank_of(replicas->worst->state))
        replicas->worst = instance;
}

void page_replicas_put(struct api_call *call, struct value *map, const struct page_replicas *replicas, bool is_wanted)
{
    const char *sentence = replicas->worst == NULL ? NULL : replicas->worst->sentence;
    bool is_part = replicas->serving > 0 && replicas->serving < replicas->count;

    if (replicas->worst == NULL)
        page_workload_state_put(call, map, is_wanted ? "pending" : "stopped");
    else
        page_workload_state_put(call, map, is_part ? "degraded" : replicas->worst->state);
    if (replicas->count > 1)
        sentence = arena_printf(call->arena, "%zu of %zu replicas serve%s%s", replicas->serving, replicas->count,
                                replicas->serving == replicas->count ? "" : "; ",
                                replicas->serving == replicas->count ? "" : sentence);
    value_map_put_string(call->arena, map, "sentence", sentence);
}

const char *page_workload_url(struct arena *arena, const char *name)
{
    return arena_printf(arena, "/workloads/%s", http_url_escape(arena, name, ""));
}

const struct value *page_figure(struct arena *arena, double figure)
{
    if (!isfinite(figure))
        return value_null();
    return value_string(arena, arena_printf(arena,
                                            fabs(figure) < 9.995   ? "%.2f"
                                            : fabs(figure) < 99.95 ? "%.1f"
                                                                   : "%.0f",
                                            figure));
}

const struct value *page_bytes(struct arena *arena, int64_t bytes)
{
    return bytes <= 0 ? value_null() : value_string(arena, memory_size_text(arena, (uint64_t)bytes));
}

double page_number(const struct value *map, const char *key)
{
    const struct value *value = value_map_get(map, key);

    return value_is(value, VALUE_REAL)  ? value->as.real
           : value_is(value, VALUE_INT) ? (double)value->as.integer
                                        : (double)NAN;
}

static int64_t bytes_of(const struct value *map, const char *key)
{
    double number = page_number(map, key);

    return number > 0 && number < 9e18 ? (int64_t)number : 0;
}

static struct value *part_value(struct api_call *call, const struct value *part, double whole)
{
    struct value *out = value_map(call->arena);
    const char *node = value_map_text(part, "node");
    double share = page_number(part, "share"), layers = page_number(part, "layers");
    int64_t gpu = bytes_of(part, "gpu"), host = bytes_of(part, "host");

    if (!(share > 0) && whole > 0) /* not said: by what it takes */
        share = (double)(gpu + host) / whole;
    value_map_put_string(call->arena, out, "node", node == NULL ? "unknown" : node);
    value_map_put_string(call->arena, out, "url", node == NULL ? "/" : page_node_url(call->arena, node));
    value_map_put_string(call->arena, out, "role", value_map_text(part, "role"));
    value_map_put(call->arena, out, "gpu", page_bytes(call->arena, gpu));
    value_map_put(call->arena, out, "host", page_bytes(call->arena, host));
    value_map_put(call->arena, out, "layers", layers > 0 ? value_map_get(part, "layers") : value_null());
    value_map_put_string(call->arena, out, "percent",
                         arena_printf(call->arena, "%.1f", fmin(100, fmax(0, isnan(share) ? 0 : share * 100))));
    return out;
}

struct value *page_plan_parts(struct api_call *call, const char *plan)
{
    const struct value *parts = value_map_get(center_json(call, plan), "parts");
    struct value *out = value_list(call->arena);
    double whole = 0;

    for (size_t i = 0; value_is(parts, VALUE_LIST) && i < value_count(parts); i++)
        whole += (double)bytes_of(value_item(parts, i), "gpu") + (double)bytes_of(value_item(parts, i), "host");
    for (size_t i = 0; value_is(parts, VALUE_LIST) && i < value_count(parts) && i < PARTS_MAX; i++)
        value_list_add(call->arena, out, part_value(call, value_item(parts, i), whole));
    return out;
}

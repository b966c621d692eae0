/* SPDX-License-Identifier: Apache-2.0 */
/* One node: how it is, why, and what is known of it. */
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/model/memory_need_fit.h"
#include "controller/api/pages.h"
#include "controller/store/store_bundle.h"
#include "controller/store/store_drift.h"
#include "controller/store/store_model.h"
#include "controller/store/store_node.h"
#include "controller/store/store_run.h"
#include "controller/store/store_sample.h"

#define DAY_US (INT64_C(86400) * 1000000)
#define STEP_US (INT64_C(900) * 1000000)
#define DRIFT_ROWS 100
#define MENDED_ROWS 10
#define RUN_ROWS 20
#define MODEL_ROWS 200

/* --- the verdict --- */

/* What is shown: a node that was revoked or is lost is not what it said last. */
static const char *verdict_of(const struct store_node *node)
{
    if (node->state == STORE_NODE_REVOKED)
        return "revoked";
    if (node->state == STORE_NODE_PENDING)
        return "pending";
    return node->lost_us > 0 ? "lost" : node->verdict == NULL ? "unknown" : node->verdict;
}

static const char *sentence_of(struct arena *arena, const struct store_node *node, size_t drift)
{
    const char *verdict = verdict_of(node);
    const char *before = node->verdict == NULL ? "it had told nothing" : page_verdict_word(node->verdict);

    if (strcmp(verdict, "lost") == 0)
        return arena_printf(arena, "Not heard from any more. Before that: %s.", before);
    if (strcmp(verdict, "ok") == 0 && drift == 0)
        return "Everything that was checked is as declared.";
    if (strcmp(verdict, "revoked") == 0)
        return "Its key is worth nothing any more: what is shown is what it told before.";
    if (strcmp(verdict, "pending") == 0)
        return "Expected, but it has not joined yet.";
    if (node->reason != NULL)
        return arena_printf(arena, "%s.", node->reason);
    if (drift > 0)
        return arena_printf(
            arena, drift == 1 ? "%zu resource is not as declared." : "%zu resources are not as declared.", drift);
    return strcmp(verdict, "unknown") == 0 ? "It has not told yet whether it is as declared." : "";
}

static struct value *node_value(struct api_call *call, const struct store_node *node, size_t drift)
{
    struct value *out = value_map(call->arena);
    const char *verdict = verdict_of(node);

    value_map_put_string(call->arena, out, "name", node->name);
    value_map_put_string(call->arena, out, "url", page_node_url(call->arena, node->name));
    value_map_put_string(call->arena, out, "class", page_verdict_class(verdict));
    value_map_put_string(call->arena, out, "word", page_verdict_word(verdict));
    value_map_put_string(call->arena, out, "sentence", sentence_of(call->arena, node, drift));
    value_map_put_bool(call->arena, out, "active", node->state == STORE_NODE_ACTIVE);
    value_map_put_int(call->arena, out, "generation", node->generation);
    value_map_put_string(call->arena, out, "agent", node->agent);
    value_map_put_string(call->arena, out, "key", node->key);
    page_put_time(call, out, "seen", center_heard(call, node->id, node->seen_us));
    page_put_time(call, out, "told", node->verdict_us);
    page_put_time(call, out, "facts_at", node->facts_us);
    return out;
}

/* --- what hangs on it --- */

static bool drift_put(struct api_call *call, struct value *data, int64_t node_id, size_t *count_out, struct error *err)
{
    struct value *open = value_list(call->arena), *mended = value_list(call->arena);
    struct store_drift_filter filter = { .node_id = node_id, .limit = DRIFT_ROWS };
    struct store_drift_page page;

    if (!store_drift_page(center_of(call)->reader, call->arena, &filter, &page, err))
        return false;
    for (size_t i = 0; i < page.count; i++)
        value_list_add(call->arena, open, page_drift_row(call, &page.rows[i]));
    *count_out = page.count;
    filter.resolved = true;
    if (!store_drift_page(center_of(call)->reader, call->arena, &filter, &page, err))
        return false;
    for (size_t i = 0; i < page.count && value_count(mended) < MENDED_ROWS; i++) {
        if (page.rows[i].resolved_us != 0)
            value_list_add(call->arena, mended, page_drift_row(call, &page.rows[i]));
    }
    value_map_put(call->arena, data, "drift", open);
    value_map_put(call->arena, data, "mended", mended);
    return true;
}

static bool runs_put(struct api_call *call, struct value *data, int64_t node_id, struct error *err)
{
    const struct store_run_filter filter = { .node_id = node_id, .limit = RUN_ROWS };
    struct value *runs = value_list(call->arena);
    struct store_run_page page;

    if (!store_run_page(center_of(call)->reader, call->arena, &filter, &page, err))
        return false;
    for (size_t i = 0; i < page.count; i++)
        value_list_add(call->arena, runs, page_run_row(call, &page.runs[i]));
    value_map_put(call->arena, data, "runs", runs);
    return true;
}

static bool models_put(struct api_call *call, struct value *data, int64_t node_id, struct error *err)
{
    const struct store_model_filter filter = { .node_id = node_id, .limit = MODEL_ROWS };
    struct value *models = value_list(call->arena);
    struct store_model_page page;

    if (!store_model_page(center_of(call)->reader, call->arena, &filter, &page, err))
        return false;
    for (size_t i = 0; i < page.count; i++) {
        const struct store_model *model = &page.models[i];
        struct value *row = value_map(call->arena);

        value_map_put_string(call->arena, row, "name", model->name);
        value_map_put_string(call->arena, row, "state", model->state);
        value_map_put_string(call->arena, row, "size",
                             model->bytes <= 0 ? NULL : memory_size_text(call->arena, (uint64_t)model->bytes));
        page_put_time(call, row, "seen", model->seen_us);
        value_list_add(call->arena, models, row);
    }
    value_map_put(call->arena, data, "models", models);
    return true;
}

static bool sparks_put(struct api_call *call, struct value *data, int64_t node_id, struct error *err)
{
    int64_t now_us = clock_wall_us(), from_us = now_us - DAY_US - (now_us - DAY_US) % STEP_US;
    const struct store_sample_range range = {
        .node_id = node_id, .from_us = from_us, .to_us = now_us + 1, .step_us = STEP_US, .limit = 200
    };
    const struct page_spark sparks[] = {
        { STORE_SAMPLE_WATTS, "Power", "W", 1, from_us, STEP_US, 97 },
        { STORE_SAMPLE_CELSIUS, "Temperature", "°C", 1, from_us, STEP_US, 97 },
        { STORE_SAMPLE_GTT_USED, "GTT in use", "GiB", 1073741824.0, from_us, STEP_US, 97 },
        { STORE_SAMPLE_MEMORY_USED, "Memory in use", "GiB", 1073741824.0, from_us, STEP_US, 97 },
    };
    struct value *out = value_list(call->arena);
    struct store_sample *samples = NULL, *last = NULL;
    size_t count = 0;

    if (!store_sample_read(center_of(call)->reader, call->arena, &range, &samples, &count, err) ||
        !store_sample_last(center_of(call)->reader, call->arena, node_id, &last, err))
        return false;
    for (size_t i = 0; i < sizeof(sparks) / sizeof(sparks[0]); i++) {
        const struct value *spark = page_spark(call->arena, &sparks[i], samples, count);

        if (value_is(spark, VALUE_MAP))
            value_list_add(call->arena, out, spark);
    }
    value_map_put(call->arena, data, "sparks", out);
    page_put_time(call, data, "sampled", last == NULL ? 0 : last->at_us);
    return true;
}

/* What it was told to be, and whether it has taken that; null: nothing was published for it. */
static bool bundle_put(struct api_call *call, struct value *data, int64_t node_id, struct error *err)
{
    struct store_bundle *bundle = NULL;
    struct value *out = NULL;

    if (!store_bundle_get(center_of(call)->reader, call->arena, node_id, &bundle, err))
        return false;
    if (bundle != NULL && *bundle->playbook != '\0') {
        out = value_map(call->arena);
        value_map_put_string(call->arena, out, "playbook", bundle->playbook);
        value_map_put_string(call->arena, out, "by", bundle->created_by);
        value_map_put_bool(call->arena, out, "taken", bundle->taken_version == bundle->version);
        page_put_time(call, out, "at", bundle->created_us);
        page_put_time(call, out, "taken_at", bundle->taken_us);
    }
    value_map_put(call->arena, data, "bundle", out == NULL ? value_null() : out);
    return true;
}

void page_node(struct api_call *call)
{
    struct value *data = value_map(call->arena);
    struct store_node *node = NULL;
    const struct value *facts = NULL;
    struct error err = ERROR_INIT;
    size_t drift = 0;

    if (!center_node_of(call, &node))
        return;
    if (!drift_put(call, data, node->id, &drift, &err) || !runs_put(call, data, node->id, &err) ||
        !models_put(call, data, node->id, &err) || !bundle_put(call, data, node->id, &err) ||
        !sparks_put(call, data, node->id, &err)) {
        center_read_failed(call, &err);
        return;
    }
    facts = center_json(call, node->facts);
    value_map_put(call->arena, data, "kernel", page_kernel(call->arena, facts));
    value_map_put(call->arena, data, "facts", page_facts(call->arena, facts));
    value_map_put(call->arena, data, "node", node_value(call, node, drift));
    value_map_put_bool(call->arena, data, "live", true);
    page_reply(call, 200, "node", node->name, data);
}

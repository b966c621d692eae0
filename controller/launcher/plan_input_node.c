/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes for the planner: their memory as they told it last (the report, else the last sample, else the facts), their engines. */
#include <math.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/base/text.h"
#include "controller/launcher/plan_input_parts.h"
#include "controller/store/store_node.h"
#include "controller/store/store_piece.h"
#include "controller/store/store_sample.h"

struct node_rows {
    struct store_node *nodes;
    size_t count, capacity;
};

static bool rows_read(struct gathering *gathering, struct node_rows *rows)
{
    struct store_node_filter filter = { .states = STORE_NODE_ACTIVE,
                                        .limit = LIMIT_STORE_PAGE,
                                        .with_facts = gathering->options->facts == NULL };

    do {
        struct store_node_page page;

        if (!store_node_page(gathering->connection, gathering->arena, &filter, &page, gathering->err))
            return false;
        rows->nodes = arena_grow(gathering->arena, rows->nodes, rows->capacity * sizeof(struct store_node),
                                 (rows->count + page.count + 1) * sizeof(struct store_node));
        rows->capacity = rows->count + page.count + 1;
        if (page.count > 0)
            memcpy(&rows->nodes[rows->count], page.nodes, page.count * sizeof(struct store_node));
        rows->count += page.count;
        filter.after = page.next;
    } while (filter.after != NULL);
    return true;
}

/* Memory of all cards: engines spread over them. */
static uint64_t cards_memory(const struct value *gpus)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < value_count(gpus); i++) {
        if (text_equal(value_map_text(value_item(gpus, i), "kind"), "discrete"))
            sum += gathered_bytes(value_item(gpus, i), "vram_total_bytes");
    }
    return sum;
}

static void node_facts(struct plan_node *node)
{
    const struct value *roost = value_map_get(node->facts, "roost"), *memory = value_map_get(roost, "memory");
    const struct value *cpus = value_map_get(node->facts, "processor_vcpus");
    uint64_t cards = cards_memory(value_map_get(roost, "gpus"));

    if (roost == NULL)
        memory = value_map_get(value_map_get(node->facts, "ansible_roost"), "memory");
    if (cpus == NULL)
        cpus = value_map_get(node->facts, "ansible_processor_vcpus");
    node->cpus = value_is(cpus, VALUE_INT) && cpus->as.integer > 0 ? (uint64_t)cpus->as.integer : 1;
    node->is_unified = cards == 0 && value_map_true(memory, "is_unified");
    node->has_gpu = cards > 0 || node->is_unified;
    node->memory_total = node->memory_available = gathered_bytes(memory, "total_bytes");
    node->gtt_total = gathered_bytes(memory, "gtt_total_bytes");
    node->vram_total = cards > 0 ? cards : gathered_bytes(memory, "carve_out_bytes");
}

static void figure_take(double figure, uint64_t *out)
{
    if (!isnan(figure) && figure >= 0 && figure < 9e18)
        *out = (uint64_t)figure;
}

static bool node_sample(struct gathering *gathering, int64_t id, struct plan_node *node)
{
    struct store_sample *sample = NULL;
    uint64_t used = 0;

    if (!store_sample_last(gathering->connection, gathering->arena, id, &sample, gathering->err))
        return false;
    if (sample == NULL)
        return true;
    figure_take(sample->figures[STORE_SAMPLE_MEMORY_TOTAL], &node->memory_total);
    figure_take(sample->figures[STORE_SAMPLE_MEMORY_USED], &used);
    node->memory_available = node->memory_total > used ? node->memory_total - used : 0;
    figure_take(sample->figures[STORE_SAMPLE_GTT_TOTAL], &node->gtt_total);
    figure_take(sample->figures[STORE_SAMPLE_GTT_USED], &node->gtt_used);
    figure_take(sample->figures[STORE_SAMPLE_VRAM_TOTAL], &node->vram_total);
    figure_take(sample->figures[STORE_SAMPLE_VRAM_USED], &node->vram_used);
    return true;
}

static void node_memory(const struct value *memory, struct plan_node *node)
{
    const struct {
        const char *key;
        uint64_t *figure;
    } figures[] = { { "memory_total", &node->memory_total },    { "memory_available", &node->memory_available },
                    { "gtt_total", &node->gtt_total },          { "gtt_used", &node->gtt_used },
                    { "gtt_orphan", &node->gtt_orphan },        { "vram_total", &node->vram_total },
                    { "vram_used", &node->vram_used },          { "gtt_processes", &node->gtt_processes },
                    { "vram_processes", &node->vram_processes } };

    for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++) {
        if (value_is(value_map_get(memory, figures[i].key), VALUE_INT))
            *figures[i].figure = gathered_bytes(memory, figures[i].key);
    }
}

static void node_usable(struct gathering *gathering, const struct store_node *row, struct plan_node *node)
{
    const struct plan_input_options *options = gathering->options;

    node->is_usable = row->lost_us == 0;
    if (row->lost_us != 0)
        node->why_not = arena_printf(gathering->arena, "not heard since %s",
                                     row->seen_us == 0 ? "it joined" : clock_text_utc(gathering->arena, row->seen_us));
    else if (options->is_heard != NULL)
        node->is_usable = options->is_heard(options->data, gathering->arena, row->id, &node->why_not);
}

static bool node_told(struct gathering *gathering, const struct store_node *row, const struct value **out)
{
    const struct value *facts, *inner;

    if (gathering->options->facts != NULL)
        return facts_cache_get(gathering->options->facts, gathering->connection, row->id, row->facts_us, out,
                               gathering->err);
    facts = gathered_json(gathering->arena, row->facts);
    inner = value_map_get(facts, "ansible_facts");
    *out = inner != NULL ? inner : facts;
    return true;
}

static bool node_take(struct gathering *gathering, const struct store_node *row, struct gathered_node *gathered)
{
    struct plan_node *node = gathered->node;

    node->name = row->name;
    if (!node_told(gathering, row, &node->facts))
        return false;
    node->address = plan_address(gathering->arena, node->facts, NULL);
    node_facts(node);
    if (gathered->memory == NULL && !node_sample(gathering, row->id, node))
        return false;
    node_memory(gathered->memory, node);
    node_usable(gathering, row, node);
    return true;
}

static bool memory_read(struct gathering *gathering)
{
    struct store_memory *rows = NULL;
    size_t count = 0;

    if (!store_memory_list(gathering->connection, gathering->arena, 0, &rows, &count, gathering->err))
        return false;
    for (size_t i = 0; i < count; i++) {
        struct gathered_node *node = gathered_node_find(gathering, rows[i].node_id);

        if (node != NULL)
            node->memory = gathered_json(gathering->arena, rows[i].body);
    }
    return true;
}

/* Rows come by node. */
static bool engines_read(struct gathering *gathering)
{
    struct store_engine *rows = NULL;
    struct plan_engine *engines;
    size_t count = 0;

    if (!store_engine_list(gathering->connection, gathering->arena, 0, &rows, &count, gathering->err))
        return false;
    engines = arena_new_array(gathering->arena, struct plan_engine, count + 1);
    for (size_t i = 0; i < count; i++) {
        struct gathered_node *node = gathered_node_find(gathering, rows[i].node_id);

        engines[i] = (struct plan_engine){ rows[i].name, rows[i].build };
        if (node == NULL)
            continue;
        if (node->node->engines_count++ == 0)
            node->node->engines = &engines[i];
    }
    return true;
}

static bool drained_read(struct gathering *gathering)
{
    struct store_placement *rows = NULL;
    size_t count = 0;

    if (!store_placement_list(gathering->connection, gathering->arena, &rows, &count, gathering->err))
        return false;
    for (size_t i = 0; i < count; i++) {
        struct gathered_node *node = gathered_node_find(gathering, rows[i].node_id);

        if (node == NULL || !rows[i].is_drained)
            continue;
        node->node->is_usable = false;
        node->node->why_not = arena_printf(
            gathering->arena, "drained by %s%s%s", rows[i].drained_by == NULL ? "?" : rows[i].drained_by,
            rows[i].drained_why == NULL ? "" : ": ", rows[i].drained_why == NULL ? "" : rows[i].drained_why);
    }
    return true;
}

bool gather_nodes(struct gathering *gathering)
{
    struct node_rows rows = { 0 };
    struct plan_node *nodes;

    if (!rows_read(gathering, &rows))
        return false;
    nodes = arena_new_array(gathering->arena, struct plan_node, rows.count + 1);
    gathering->nodes = arena_new_array(gathering->arena, struct gathered_node, rows.count + 1);
    gathering->nodes_count = rows.count;
    for (size_t i = 0; i < rows.count; i++)
        gathering->nodes[i] = (struct gathered_node){ rows.nodes[i].id, NULL, &nodes[i] };
    if (!memory_read(gathering))
        return false;
    for (size_t i = 0; i < rows.count; i++) {
        if (!node_take(gathering, &rows.nodes[i], &gathering->nodes[i]))
            return false;
    }
    gathering->out->nodes = nodes;
    gathering->out->nodes_count = rows.count;
    return engines_read(gathering) && drained_read(gathering);
}

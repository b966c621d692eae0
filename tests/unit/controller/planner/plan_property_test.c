/* SPDX-License-Identifier: Apache-2.0 */
/* Racks and workloads by chance (of a seed that is printed): whatever is placed, no node is promised more than it has. */
#include <stdlib.h>

#include "common/json/json.h"
#include "plan_fixture.h"

#define RACKS 300

static uint64_t next(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static uint64_t at_most(uint64_t *seed, uint64_t most)
{
    return next(seed) % (most + 1);
}

static const char *const all_ready[] = { "digest-of-m0", "digest-of-m2", NULL };
static const struct plan_engine other_engines[] = { { "llama_cpp", "b2" }, { "llama_rpc", "b2" } };

static void random_node(struct rack *rack, uint64_t *seed, size_t number)
{
    static const uint64_t gtts[] = { 0, 0, 24, 48, 96, 112 };
    uint64_t gtt = gtts[at_most(seed, 5)], memory = gtt > 0 ? gtt + 4 + at_most(seed, 16) : 8 + at_most(seed, 120);
    struct plan_node *node = rack_node(rack, arena_printf(rack->arena, "n%zu", number), memory, gtt);
    uint64_t kind = at_most(seed, 9);

    node->memory_available = memory * MIB * at_most(seed, 1024);
    node->gtt_used = gtt * MIB * at_most(seed, 600);
    node->gtt_orphan = at_most(seed, 3) == 0 ? node->gtt_used / 2 : 0;
    node->gtt_processes = at_most(seed, 1) == 0 ? node->gtt_used - node->gtt_orphan : 0;
    node->is_usable = at_most(seed, 9) != 0;
    node->models = at_most(seed, 2) == 0 ? all_ready : NULL;
    if (at_most(seed, 3) == 0)
        node->engines = other_engines;
    if (kind == 0 && gtt > 0) { /* a card */
        node->is_unified = false;
        node->vram_total = gtt * GIB;
        node->vram_used = node->vram_total / 1024 * at_most(seed, 900);
    } else if (kind == 1 && gtt > 0) { /* a large carve-out */
        node->vram_total = node->gtt_total + 8 * GIB;
    } else if (kind == 2 && gtt > 0) { /* without a limit of its own */
        node->gtt_total = node->gtt_used = node->gtt_orphan = 0;
    }
}

static void random_load(struct rack *rack, uint64_t *seed, size_t number)
{
    static const char *const spreads[] = { "auto", "auto", "single", "cluster" };
    uint64_t model = at_most(seed, 4);
    const char *declared = at_most(seed, 7) == 0 ? ", resources: {memory: 9GiB}" : "";

    rack_load(rack,
              arena_printf(rack->arena,
                           "{name: w%zu, engine: llama_cpp, model: m%d, context: %d, slots: %d, priority: %d, "
                           "replicas: %d, spread: %s%s}",
                           number, (int)model, (int)at_most(seed, 65536), (int)at_most(seed, 8), (int)at_most(seed, 3),
                           1 + (int)at_most(seed, 2), spreads[at_most(seed, 3)], declared));
}

static void random_held(struct rack *rack, uint64_t *seed)
{
    const struct plan_node *node = &rack->nodes[at_most(seed, rack->input.nodes_count - 1)];
    struct plan_held *held = rack_held(rack, "old", node->name, at_most(seed, 20));

    held->host = at_most(seed, 4) * GIB;
    held->is_counted = at_most(seed, 1) == 0;
    held->host_seen = at_most(seed, 2) == 0 ? held->host / 2 : at_most(seed, 6) * GIB;
    held->gpu_seen = at_most(seed, 2) == 0 ? held->gpu / 2 : at_most(seed, 24) * GIB;
    held->vram_seen = at_most(seed, 2) == 0 ? held->gpu / 2 : at_most(seed, 24) * GIB;
    held->is_hidden = at_most(seed, 3) == 0;
    held->port = 8100 + (int64_t)at_most(seed, 3);
}

static void random_rack(struct rack *rack, uint64_t *seed)
{
    static const uint32_t layers[] = { 4, 32, 80, 0, 61 };
    size_t nodes = 1 + at_most(seed, 11), loads = 1 + at_most(seed, 9), held = at_most(seed, 4);

    for (size_t i = 0; i < 5; i++)
        rack_model(rack, arena_printf(rack->arena, "m%zu", i), layers[i], 1 + at_most(seed, i * 50));
    for (size_t i = 0; i < nodes; i++)
        random_node(rack, seed, i);
    for (size_t i = 0; i < loads; i++)
        random_load(rack, seed, i);
    for (size_t i = 0; i < held; i++)
        random_held(rack, seed);
    if (at_most(seed, 1) == 0) {
        rack->peaks[0] = (struct plan_peak){ .digest = "digest-of-m1",
                                             .build = "b11669",
                                             .kv = "f16",
                                             .options = "{}",
                                             .nodes = 1 + at_most(seed, 1),
                                             .gpu = 60 * GIB,
                                             .host = 2 * GIB };
        rack->input.peaks_count = 1;
    }
}

struct sums {
    uint64_t gpu, host;
};

static uint64_t not_in(uint64_t promised, uint64_t seen)
{
    return promised > seen ? promised - seen : 0;
}

/* So much of what was promised is not in the node's figures: without what is hidden, which may be in them. */
static struct sums waiting_of(const struct plan_node *node, const struct plan_held *held)
{
    bool is_own = !node->is_unified || node->vram_total > node->gtt_total;
    uint64_t gpu = not_in(held->gpu, is_own ? held->vram_seen : held->gpu_seen);

    if (!node->has_gpu)
        return (struct sums){ 0, not_in(held->host + held->gpu, held->host_seen) };
    return (struct sums){ held->is_hidden ? 0 : gpu,
                          not_in(held->host, held->host_seen + (is_own ? held->gpu_seen : 0)) };
}

/* The GPU's memory of those whose driver tells nobody's. */
static uint64_t hidden_of(const struct rack *rack, const struct plan_node *node, bool is_shared)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < rack->input.held_count; i++) {
        const struct plan_held *held = &rack->held[i];

        if (strcmp(held->node, node->name) == 0 && held->is_hidden && !held->is_counted)
            sum += not_in(held->gpu, is_shared ? held->gpu_seen : held->vram_seen);
    }
    return sum;
}

/* All that is promised on the node, old and new, counted with no code of the planner's; or what of it waits still. */
static struct sums promised(const struct rack *rack, const struct plan *plan, const struct plan_node *node,
                            bool with_counted)
{
    struct sums sums = { 0, 0 };

    for (size_t i = 0; i < rack->input.held_count; i++) {
        const struct plan_held *held = &rack->held[i];

        struct sums own = with_counted ? (struct sums){ held->gpu, held->host } : waiting_of(node, held);

        if (strcmp(held->node, node->name) == 0 && (with_counted || !held->is_counted)) {
            sums.gpu += own.gpu;
            sums.host += own.host;
        }
    }
    for (size_t i = 0; i < plan->count; i++) {
        for (size_t j = 0; j < plan->places[i].parts_count; j++) {
            if (plan->places[i].parts[j].node == node) {
                sums.gpu += plan->places[i].parts[j].gpu;
                sums.host += plan->places[i].parts[j].host;
            }
        }
    }
    return sums;
}

/* Something new is there; of the GPU's memory, if it is asked for that. */
static bool is_new_there(const struct plan *plan, const struct plan_node *node, bool on_gpu)
{
    for (size_t i = 0; i < plan->count; i++) {
        for (size_t j = 0; j < plan->places[i].parts_count; j++) {
            if (plan->places[i].parts[j].node == node && (!on_gpu || plan->places[i].parts[j].gpu > 0))
                return true;
        }
    }
    return false;
}

static void check_node(const struct rack *rack, const struct plan *plan, const struct plan_node *node)
{
    struct sums all = promised(rack, plan, node, true), waiting = promised(rack, plan, node, false);
    bool is_carved = node->is_unified && node->vram_total > node->gtt_total;
    bool is_shared = node->is_unified && !is_carved && node->has_gpu;
    uint64_t gpu_total = is_shared ? node->gtt_total : node->vram_total;
    uint64_t gpu_used = is_shared ? node->gtt_used : node->vram_used;

    uint64_t hidden = hidden_of(rack, node, is_shared),
             named = is_shared ? node->gtt_processes + node->gtt_orphan : node->vram_processes;

    if (!is_new_there(plan, node, false))
        return;
    assert_true(node->is_usable);
    if (!node->has_gpu || is_shared) {
        all.host += all.gpu;
        waiting.host += waiting.gpu;
    }
    assert_true(all.host <= node->memory_total);
    if (is_shared) /* no more of it is believed to be there than is in use by nobody that is known */
        waiting.host += not_in(hidden, not_in(node->memory_total, node->memory_available));
    waiting.gpu += not_in(hidden, not_in(gpu_used, named));
    assert_true(waiting.host <= node->memory_available);
    if (!node->has_gpu || gpu_total == 0 || !is_new_there(plan, node, true))
        return; /* what was promised before may be more than there is */
    assert_true(all.gpu + (is_shared ? node->gtt_orphan : 0) <= gpu_total);
    assert_true(waiting.gpu + gpu_used <= gpu_total);
}

static void check_place(const struct plan_place *place)
{
    uint64_t layers = 0;
    double share = 0;

    assert_non_null(place->sentence);
    assert_non_null(place->code);
    assert_int_equal(place->is_placed, place->parts_count > 0);
    assert_int_equal(place->is_placed, strcmp(place->code, "placed") == 0);
    for (size_t i = 0; i < place->parts_count; i++) {
        layers += place->parts[i].layers;
        share += place->parts[i].share;
        for (size_t j = 0; j < i; j++)
            assert_ptr_not_equal(place->parts[i].node, place->parts[j].node);
        for (size_t j = 0; place->parts_count > 1 && j < place->parts[i].node->engines_count; j++)
            assert_string_equal(place->parts[i].node->engines[j].build, place->build);
    }
    if (place->is_placed)
        assert_true(share > 0.99 && share < 1.01);
    if (layers > 0)
        assert_true(layers == 4 || layers == 32 || layers == 80 || layers == 61);
}

/* Ports of one node are told apart, replicas of one workload are on nodes of their own. */
static void check_pairs(const struct plan_place *a, const struct plan_place *b)
{
    for (size_t i = 0; i < a->parts_count; i++) {
        for (size_t j = 0; j < b->parts_count; j++) {
            if (a->parts[i].node != b->parts[j].node)
                continue;
            assert_ptr_not_equal(a->workload, b->workload);
            assert_true(a->parts[i].port != b->parts[j].port);
        }
    }
}

static void check_map(struct rack *rack, const struct plan *plan, size_t node)
{
    const struct value *map = plan_memory_map(rack->arena, &rack->input, plan, node),
                       *items = value_map_get(map, "items");
    bool is_shared = value_map_true(map, "shared"), is_gpu_known = value_map_text(map, "gpu_name") != NULL;
    uint64_t gpu = 0, host = 0;

    for (size_t i = 0; i < value_count(items); i++) {
        const struct value *item = value_item(items, i);
        bool is_gpu = strcmp(value_map_text(item, "where"), "gpu") == 0;
        bool is_workload = value_map_text(item, "workload") != NULL;
        bool is_orphan = strcmp(value_map_text(item, "what"), "held by no process") == 0;
        uint64_t bytes = (uint64_t)value_map_get(item, "bytes")->as.integer;

        gpu += is_gpu ? bytes : 0;
        host += !is_gpu || (is_shared && (is_workload || is_orphan)) ? bytes : 0;
    }
    /* pieces and what is free come to the total, or more, where more was promised before than there is */
    if (is_gpu_known)
        assert_true(gpu + (uint64_t)value_map_get(map, "gpu_free")->as.integer >=
                    (uint64_t)value_map_get(map, "gpu_total")->as.integer);
    assert_true(host + (uint64_t)value_map_get(map, "host_free")->as.integer >=
                (uint64_t)value_map_get(map, "host_total")->as.integer);
}

static void test_never_over(void **state)
{
    const char *given = getenv("PLAN_SEED");
    uint64_t seed = given != NULL ? strtoull(given, NULL, 10) : 20261121;
    size_t placed = 0, clusters = 0, refused = 0;

    (void)state;
    print_message("PLAN_SEED=%llu\n", (unsigned long long)seed);
    for (int i = 0; i < RACKS; i++) {
        void *made = NULL;
        struct rack *rack;
        struct plan plan, again;

        rack_setup(&made);
        rack = made;
        random_rack(rack, &seed);
        plan = rack_plan(rack);
        for (size_t j = 0; j < rack->input.nodes_count; j++) {
            check_node(rack, &plan, &rack->nodes[j]);
            check_map(rack, &plan, j);
        }
        for (size_t j = 0; j < plan.count; j++) {
            check_place(&plan.places[j]);
            placed += plan.places[j].is_placed;
            clusters += plan.places[j].parts_count > 1;
            refused += !plan.places[j].is_placed;
            for (size_t k = 0; k < j; k++)
                check_pairs(&plan.places[k], &plan.places[j]);
        }
        again = rack_plan(rack);
        assert_string_equal(json_text(rack->arena, plan_value(rack->arena, &plan), JSON_COMPACT),
                            json_text(rack->arena, plan_value(rack->arena, &again), JSON_COMPACT));
        rack_teardown(&made);
    }
    assert_true(placed > RACKS && clusters > RACKS / 10 && refused > RACKS / 10); /* it was no game with one side */
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_never_over) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The room on nodes on which something runs: what it takes counts once, whether the node's figures have it already or not. */
#include "plan_fixture.h"

#define CHAT "{name: chat, engine: llama_cpp, model: m, context: 8192"

/*
 * A Strix Halo box of 128 GiB, as it tells of itself: what is in GTT is in no process's resident memory, and both are missing from what is
 * available. 64 GiB serve there.
 */
static struct plan_held *strix(struct rack *rack)
{
    struct plan_node *node = rack_node(rack, "a", 128, 120);
    struct plan_held *held = rack_held(rack, "big", "a", 64);

    node->memory_total = 131072000ULL * 1024; /* 125.0 GiB: the firmware has 512 MiB, and more */
    node->vram_total = 512 * MIB;
    node->vram_used = 80 * MIB;
    node->gtt_used = 64 * GIB + 120 * MIB;
    node->gtt_processes = 64 * GIB;
    node->memory_available = 57 * GIB;
    held->host = GIB;
    held->gpu_seen = 64 * GIB;
    held->vram_seen = 40 * MIB;
    held->host_seen = 700 * MIB;
    return held;
}

static void test_unified_once(void **state)
{
    struct rack *rack = *state;
    struct plan_held *held = strix(rack);
    struct plan plan;

    rack_model(rack, "m", 32, 40);
    rack_load(rack, CHAT "}");
    plan = rack_plan(rack);
    assert_true(plan.places[0].is_placed);
    held->gpu_seen = 24 * GIB; /* it loads still: 40 GiB are to come */
    held->host_seen = 40 * GIB;
    rack->nodes[0].gtt_used = rack->nodes[0].gtt_processes = 24 * GIB;
    rack->nodes[0].memory_available = 97 * GIB;
    plan = rack_plan(rack);
    assert_true(plan.places[0].is_placed);
    rack->nodes[0].memory_available =
        80 * GIB; /* others have 17 GiB: the 40 that are promised count, whatever it has of its own */
    plan = rack_plan(rack);
    assert_false(plan.places[0].is_placed);
}

/* ROCm tells nobody's memory: what is in use and nobody's is its own once it serves, and no more than that. */
static void test_unified_hidden(void **state)
{
    struct rack *rack = *state;
    struct plan_held *held = strix(rack);
    struct plan plan;

    rack_model(rack, "m", 32, 40);
    rack_load(rack, CHAT "}");
    held->gpu_seen = 2 * MIB;
    rack->nodes[0].gtt_processes = 2 * MIB;
    plan = rack_plan(rack); /* it loads */
    assert_false(plan.places[0].is_placed);
    held->is_hidden = true;
    plan = rack_plan(rack);
    assert_true(plan.places[0].is_placed);
    rack->nodes[0].gtt_processes = 50 * GIB; /* of somebody else */
    plan = rack_plan(rack);
    assert_false(plan.places[0].is_placed);
    rack->nodes[0].gtt_used = rack->nodes[0].gtt_processes = 2 * MIB; /* a driver that does not count it at all */
    plan = rack_plan(rack);
    assert_true(plan.places[0].is_placed);
    rack->nodes[0].memory_available = 100 * GIB; /* it has not got it */
    plan = rack_plan(rack);
    assert_true(plan.places[0].is_placed);
    rack->nodes[0].memory_total = 200 * GIB;
    rack->nodes[0].gtt_total = 190 * GIB;
    rack->nodes[0].memory_available = 100 * GIB;
    rack_held(rack, "other", "a", 90)->is_counted = true; /* what is not available is the other's */
    plan = rack_plan(rack);
    assert_false(plan.places[0].is_placed);
}

/* A card's own memory; what it maps of the host's is the host's. */
static void test_card_once(void **state)
{
    struct rack *rack = *state;
    struct plan_node *node = rack_node(rack, "a", 64, 48);
    struct plan_held *held = rack_held(rack, "big", "a", 10);
    struct plan plan;

    node->is_unified = false;
    node->gtt_total = 0;
    node->vram_total = 24 * GIB;
    node->vram_used = node->vram_processes = 10 * GIB;
    held->vram_seen = 10 * GIB;
    rack_model(rack, "m", 32, 10);
    rack_load(rack, "{name: chat, engine: llama_cpp, model: m, context: 4096}");
    plan = rack_plan(rack);
    assert_true(plan.places[0].is_placed);
    assert_true(plan.places[0].parts[0].gpu > 10 * GIB);
    held->vram_seen = 0;
    node->vram_processes = 0;
    plan = rack_plan(rack);
    assert_false(plan.places[0].is_placed);
    held->is_hidden = true;
    plan = rack_plan(rack);
    assert_true(plan.places[0].is_placed);
}

/* A box whose firmware gives most of its memory to the GPU: that is the GPU's room, not what it maps of the host's. */
static void test_carve_out(void **state)
{
    struct rack *rack = *state;
    struct plan_node *node = rack_node(rack, "a", 32, 16);
    struct plan plan;

    node->vram_total = 96 * GIB;
    rack_model(rack, "m", 32, 60);
    rack_load(rack, CHAT "}");
    plan = rack_plan(rack);
    assert_true(plan.places[0].is_placed);
    assert_true(plan.places[0].parts[0].gpu > 60 * GIB);
    node->vram_used = 40 * GIB;
    plan = rack_plan(rack);
    assert_string_equal(plan.places[0].code, "no_memory");
    assert_has(plan.places[0].sentence, "96.0 GiB of carve-out");
}

/* What is refused is what was measured, and the sum that is told is that one. */
static void test_measured_refused(void **state)
{
    struct rack *rack = *state;
    struct plan plan;

    rack_model(rack, "m", 32, 60);
    rack_node(rack, "a", 128, 112);
    rack_load(rack, CHAT "}");
    rack->peaks[0] = (struct plan_peak){ .digest = "digest-of-m",
                                         .build = "b11669",
                                         .kv = "f16",
                                         .options = "{}",
                                         .context = 8192,
                                         .nodes = 1,
                                         .gpu = 63 * GIB,
                                         .host = 62 * GIB };
    rack->input.peaks_count = 1;
    plan = rack_plan(rack);
    assert_string_equal(plan.places[0].code, "no_memory");
    assert_has(plan.places[0].sentence,
               "it needs 125.0 GiB = 63.0 GiB on the GPU + 62.0 GiB of host memory (measured)");
    assert_has(plan.places[0].sentence, "of host memory - 4.0 GiB for the system");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rack_setup, rack_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_unified_once), TEST(test_unified_hidden),   TEST(test_card_once),
        TEST(test_carve_out),    TEST(test_measured_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Where workloads go, and what is said when they go nowhere. */
#include "plan_fixture.h"

#define CHAT "{name: chat, engine: llama_cpp, model: m, context: 8192"

static void test_tightest(void **state)
{
    struct rack *rack = *state;
    struct plan plan;

    rack_model(rack, "m", 32, 16);
    rack_node(rack, "a", 128, 112);
    rack_node(rack, "b", 64, 48);
    rack_node(rack, "c", 16, 12);
    rack_load(rack, CHAT "}");
    plan = rack_plan(rack);
    assert_int_equal(plan.count, 1);
    assert_true(plan.places[0].is_placed);
    assert_string_equal(plan.places[0].code, "placed");
    assert_int_equal(plan.places[0].parts_count, 1);
    assert_string_equal(plan.places[0].parts[0].node->name, "b");
    assert_string_equal(plan.places[0].parts[0].role, "head");
    assert_int_equal(plan.places[0].parts[0].port, 8100);
    assert_string_equal(plan.places[0].build, "b11669");
    assert_has(plan.places[0].sentence, "on b ");
    assert_has(plan.places[0].sentence, "(estimated)");
}

/* A node that has the model goes before one that fits better. */
static void test_ready_first(void **state)
{
    struct rack *rack = *state;
    static const char *const ready[] = { "digest-of-m", NULL };
    struct plan plan;

    rack_model(rack, "m", 32, 16);
    rack_node(rack, "a", 128, 112)->models = ready;
    rack_node(rack, "b", 64, 48);
    rack_load(rack, CHAT "}");
    plan = rack_plan(rack);
    assert_string_equal(plan.places[0].parts[0].node->name, "a");
    assert_has(plan.places[0].sentence, "the model is there");
}

static void test_replicas_apart(void **state)
{
    struct rack *rack = *state;
    struct plan plan;

    rack_model(rack, "m", 32, 4);
    rack_node(rack, "a", 128, 112);
    rack_node(rack, "b", 128, 112);
    rack_load(rack, CHAT ", replicas: 3}");
    plan = rack_plan(rack);
    assert_int_equal(plan.count, 3);
    assert_true(plan.places[0].is_placed && plan.places[1].is_placed);
    assert_ptr_not_equal(plan.places[0].parts[0].node, plan.places[1].parts[0].node);
    assert_false(plan.places[2].is_placed);
    assert_string_equal(plan.places[2].code, "no_node");
    assert_has(plan.places[2].sentence, "a: another replica is there");
}

static void test_ports(void **state)
{
    struct rack *rack = *state;
    struct plan plan;

    rack_model(rack, "m", 32, 4);
    rack_node(rack, "a", 128, 112);
    rack_held(rack, "other", "a", 1)->port = 8100;
    rack_load(rack, CHAT "}");
    rack_load(rack, "{name: fixed, engine: llama_cpp, model: m, port: 8100}");
    plan = rack_plan(rack);
    assert_int_equal(plan.places[0].parts[0].port, 8101);
    assert_string_equal(plan.places[1].code, "no_node");
    assert_has(plan.places[1].sentence, "port 8100 is taken there");
}

static void test_priority(void **state)
{
    struct rack *rack = *state;
    struct plan plan;

    rack_model(rack, "m", 32, 30);
    rack_node(rack, "a", 64, 48);
    rack_load(rack, "{name: a-low, engine: llama_cpp, model: m, context: 4096}");
    rack_load(rack, "{name: z-high, engine: llama_cpp, model: m, context: 4096, priority: 5}");
    plan = rack_plan(rack);
    assert_string_equal(plan.places[0].workload->name, "z-high");
    assert_true(plan.places[0].is_placed);
    assert_string_equal(plan.places[1].code, "no_memory");
    assert_has(plan.places[1].sentence, "for 'z-high'");
}

/* The refusal is a sum whose terms can be followed. */
static void test_terms(void **state)
{
    struct rack *rack = *state;
    struct plan plan;

    rack_model(rack, "m", 32, 128);
    rack_node(rack, "ai-1", 128, 112);
    rack->nodes[0].gtt_used = 40 * GIB;
    rack->nodes[0].memory_available = 80 * GIB;
    rack_held(rack, "chat", "ai-1", 40)->is_counted = true;
    rack_load(rack, "{name: big, engine: llama_cpp, model: m, context: 8192}");
    plan = rack_plan(rack);
    assert_false(plan.places[0].is_placed);
    assert_string_equal(plan.places[0].code, "no_memory");
    assert_has(plan.places[0].sentence, "= weights 128.0 GiB + cache 1.0 GiB + buffers ");
    assert_has(plan.places[0].sentence,
               "ai-1 has 71.0 GiB free = 112.0 GiB of GTT - 1.0 GiB that stay free - 40.0 GiB held by 'chat'");
}

static void test_cluster(void **state)
{
    struct rack *rack = *state;
    struct plan plan;
    uint64_t layers = 0;
    double share = 0;

    rack_model(rack, "m", 80, 200);
    for (int i = 1; i <= 4; i++)
        rack_node(rack, arena_printf(rack->arena, "ai-%d", i), 128, 112);
    rack_load(rack, CHAT "}");
    plan = rack_plan(rack);
    assert_true(plan.places[0].is_placed);
    assert_int_equal(plan.places[0].parts_count, 2);
    for (size_t i = 0; i < 2; i++) {
        const struct plan_part *part = &plan.places[0].parts[i];

        layers += part->layers;
        share += part->share;
        assert_string_equal(part->role, i == 0 ? "head" : "worker");
        assert_int_equal(part->port, i == 0 ? 8100 : 28100);
        assert_true(part->gpu <= 111 * GIB);
    }
    assert_int_equal(layers, 80);
    assert_true(share > 0.999 && share < 1.001);
    /* weights, cache and a buffer for each; nothing is lost */
    assert_true(plan.places[0].parts[0].gpu + plan.places[0].parts[1].gpu > 200 * GIB);
    assert_has(plan.places[0].sentence, "no node has room for all of it, over 2 nodes of build b11669");
}

/* As llama.cpp splits over unequal nodes: each gets what it has room for. */
static void test_cluster_unequal(void **state)
{
    struct rack *rack = *state;
    struct plan plan;

    rack_model(rack, "m", 80, 120);
    rack_node(rack, "big", 128, 112);
    rack_node(rack, "small", 32, 24);
    rack_load(rack, CHAT "}");
    plan = rack_plan(rack);
    assert_true(plan.places[0].is_placed);
    assert_string_equal(plan.places[0].parts[0].node->name, "big");
    assert_true(plan.places[0].parts[0].layers > 60);
    assert_true(plan.places[0].parts[1].layers >= 1);
    assert_true(plan.places[0].parts[1].gpu < 24 * GIB);
}

/* The processor is for those that nothing faster has room for. */
static void test_gpu_first(void **state)
{
    static const char *const ready[] = { "digest-of-m", NULL };
    struct rack *rack = *state;
    struct plan plan;

    rack_model(rack, "m", 32, 16);
    rack_model(rack, "large", 80, 70);
    rack_node(rack, "desk", 64, 0)->models = ready;
    for (int i = 1; i <= 3; i++)
        rack_node(rack, arena_printf(rack->arena, "ai-%d", i), 40, 32);
    rack_load(rack, "{name: a, engine: llama_cpp, model: m, context: 4096}");
    plan = rack_plan(rack);
    assert_string_equal(plan.places[0].parts[0].node->name, "ai-1");
    rack->loads[0].options = yaml_of(rack->arena, "{device: none}");
    plan = rack_plan(rack);
    assert_string_equal(plan.places[0].parts[0].node->name, "desk");
    rack->loads[0] = *rack_load(rack, "{name: b, engine: llama_cpp, model: large, context: 4096}");
    rack->input.workloads_count = 1;
    plan = rack_plan(rack);
    assert_int_equal(plan.places[0].parts_count, 3); /* with the desk two would do */
    for (size_t i = 0; i < 3; i++)
        assert_true(plan.places[0].parts[i].node->has_gpu);
    rack->nodes[3].is_usable = false;
    plan = rack_plan(rack);
    assert_true(plan.places[0].is_placed);
    assert_string_equal(plan.places[0].parts[0].node->name, "desk");
}

static void test_spread(void **state)
{
    struct rack *rack = *state;
    struct plan plan;

    rack_model(rack, "m", 4, 1);
    for (int i = 1; i <= 4; i++)
        rack_node(rack, arena_printf(rack->arena, "n%d", i), 24, 0);
    rack_load(rack, CHAT ", spread: cluster, nodes_count: 3}");
    rack_load(rack, "{name: five, engine: llama_cpp, model: m, nodes_count: 5}");
    rack_load(rack, "{name: none, engine: llama_cpp, model: m, nodes: [n1, n9]}");
    plan = rack_plan(rack);
    assert_true(plan.places[0].is_placed);
    assert_int_equal(plan.places[0].parts_count, 3);
    assert_int_equal(plan.places[0].parts[0].layers + plan.places[0].parts[1].layers + plan.places[0].parts[2].layers,
                     4);
    assert_int_equal(plan.places[0].parts[0].gpu, 0);
    assert_string_equal(plan.places[1].code, "bad_count");
    assert_has(plan.places[1].sentence, "the model has 4 layers");
    assert_string_equal(plan.places[2].code, "no_node");
    assert_has(plan.places[2].sentence, "there is no node 'n9', did you mean 'n1'?");
}

static void test_builds(void **state)
{
    struct rack *rack = *state;
    static const struct plan_engine other[] = { { "llama_cpp", "b2" }, { "llama_rpc", "b2" } };
    struct plan plan;

    rack_model(rack, "m", 80, 200);
    rack_node(rack, "a", 128, 112);
    rack_node(rack, "b", 128, 112)->engines = other;
    rack_load(rack, CHAT "}");
    plan = rack_plan(rack);
    assert_false(plan.places[0].is_placed);
    rack_node(rack, "c", 128, 112)->engines = other;
    plan = rack_plan(rack);
    assert_true(plan.places[0].is_placed);
    assert_string_equal(plan.places[0].build, "b2");
    rack->nodes[0].engines_count = rack->nodes[1].engines_count = rack->nodes[2].engines_count = 0;
    plan = rack_plan(rack);
    assert_string_equal(plan.places[0].code, "no_engine");
    assert_has(plan.places[0].sentence, "a: it has no llama_cpp");
    rack->nodes[0].is_usable = false; /* that may have it */
    plan = rack_plan(rack);
    assert_string_equal(plan.places[0].code, "no_node");
    rack->nodes[0].is_usable = true;
    rack->nodes[0].engines_count = 1; /* one of two has it: no hope either */
    rack_load(rack, "{name: wide, engine: llama_cpp, model: m, context: 8192, nodes: [a, b], nodes_count: 2}");
    plan = rack_plan(rack);
    assert_string_equal(plan.places[1].code, "no_engine");
    assert_has(plan.places[1].sentence, "it is to be on 2 nodes, and 1 can be used (b: it has no llama_cpp)");
}

static void test_model_meant(void **state)
{
    struct rack *rack = *state;
    struct plan plan;

    rack_model(rack, "tiny", 32, 4);
    rack_node(rack, "a", 128, 112);
    rack_load(rack, "{name: unknown, engine: llama_cpp, model: tinny}");
    plan = rack_plan(rack);
    assert_has(plan.places[0].sentence, "no node has the model 'tinny' (did you mean 'tiny'?), and how large");
}

static void test_unusable(void **state)
{
    struct rack *rack = *state;
    struct plan plan;

    rack_model(rack, "m", 32, 4);
    rack_node(rack, "a", 128, 112)->is_usable = false;
    rack->nodes[0].why_not = "drained by kit: new fans";
    rack_load(rack, CHAT "}");
    rack_load(rack, "{name: unknown, engine: llama_cpp, model: other}");
    plan = rack_plan(rack);
    assert_string_equal(plan.places[0].code, "no_node");
    assert_has(plan.places[0].sentence, "a: drained by kit: new fans");
    assert_string_equal(plan.places[1].code, "no_model");
    assert_has(plan.places[1].sentence, "no node has the model 'other', and how large");
}

static void test_orphan(void **state)
{
    struct rack *rack = *state;
    struct plan plan;

    rack_model(rack, "m", 32, 80);
    rack_node(rack, "a", 128, 112);
    rack->nodes[0].gtt_orphan = rack->nodes[0].gtt_used = 40 * GIB;
    rack->nodes[0].memory_available = 87 * GIB;
    rack_load(rack, CHAT "}");
    plan = rack_plan(rack);
    assert_string_equal(plan.places[0].code, "reboot_owed");
    assert_has(plan.places[0].sentence, "a reboot is owed there");
    assert_has(plan.places[0].sentence, "40.0 GiB on a");
    assert_has(plan.places[0].sentence,
               "a has 71.0 GiB free = 112.0 GiB of GTT - 1.0 GiB that stay free - 40.0 GiB that "
               "no process holds; it would");
    rack->nodes[0].gtt_orphan = 0;
    rack_held(rack, "x", "a", 40)->is_counted = true;
    plan = rack_plan(rack);
    assert_string_equal(plan.places[0].code, "no_memory");
}

/* As CHAT was seen to run. */
static struct plan_peak *chat_seen(struct rack *rack)
{
    rack->peaks[0] = (struct plan_peak){ .digest = "digest-of-m",
                                         .build = "b11669",
                                         .kv = "f16",
                                         .options = "{}",
                                         .context = 8192,
                                         .nodes = 1,
                                         .gpu = 30 * GIB,
                                         .host = GIB };
    rack->input.peaks_count = 1;
    return rack->peaks;
}

static void test_measured(void **state)
{
    struct rack *rack = *state;
    struct plan plan;

    rack_model(rack, "m", 32, 16);
    rack_node(rack, "a", 128, 112);
    rack_load(rack, CHAT "}");
    (void)chat_seen(rack);
    plan = rack_plan(rack);
    assert_true(plan.places[0].is_measured);
    assert_int_equal(plan.places[0].parts[0].gpu, 30 * GIB);
    assert_has(plan.places[0].sentence, "(measured)");
    rack->peaks[0].gpu = 2 * GIB; /* less than its weights: not believed */
    plan = rack_plan(rack);
    assert_false(plan.places[0].is_measured);
    rack->peaks[0].gpu = 30 * GIB;
    rack->peaks[0].options = "{\"ubatch\":\"4096\"}"; /* what was seen with other options is no measure */
    plan = rack_plan(rack);
    assert_false(plan.places[0].is_measured);
    rack->peaks[0].options = "{}";
    rack->peaks[0].build = "b1";
    plan = rack_plan(rack);
    assert_false(plan.places[0].is_measured);
}

static bool is_measured(struct rack *rack)
{
    struct plan plan = rack_plan(rack);

    assert_true(plan.places[0].is_placed);
    return plan.places[0].is_measured;
}

/* What was seen with another context, other slots, another cache or over other nodes is no measure. */
static void test_measured_alike(void **state)
{
    struct rack *rack = *state;
    struct plan_peak *peak = chat_seen(rack);
    const struct plan_peak seen = *peak;

    rack_model(rack, "m", 32, 16);
    rack_node(rack, "a", 128, 112);
    rack_load(rack, CHAT "}");
    assert_true(is_measured(rack));
    peak->context = 4096;
    assert_false(is_measured(rack));
    *peak = seen;
    peak->slots = 4;
    assert_false(is_measured(rack));
    *peak = seen;
    peak->kv = "q8_0";
    assert_false(is_measured(rack));
    *peak = seen;
    peak->nodes = 2;
    assert_false(is_measured(rack));
}

/* Two nodes have room for what was estimated, and none for what was measured: it goes over three. */
static void test_measured_cluster(void **state)
{
    struct rack *rack = *state;
    struct plan_peak *peak = chat_seen(rack);
    struct plan plan;

    rack_model(rack, "m", 80, 200);
    for (int i = 1; i <= 3; i++)
        rack_node(rack, arena_printf(rack->arena, "ai-%d", i), 128, 112);
    rack_load(rack, CHAT "}");
    peak->nodes = 2;
    peak->gpu = 210 * GIB;
    plan = rack_plan(rack);
    assert_int_equal(plan.places[0].parts_count, 2);
    assert_true(plan.places[0].is_measured);
    peak->gpu = 230 * GIB;
    plan = rack_plan(rack);
    assert_true(plan.places[0].is_placed);
    assert_int_equal(plan.places[0].parts_count, 3);
    assert_false(plan.places[0].is_measured);
}

/* The same whatever the order, the quotes, and what takes no memory. */
static void test_options_text(void **state)
{
    struct rack *rack = *state;

    rack_load(rack, CHAT ", options: {ubatch: 4096, batch: '4096', threads: 3}, arguments: ['--mlock']}");
    rack_load(rack, "{name: other, engine: llama_cpp, models: [m], options: {batch: 4096, ubatch: '4096'},"
                    " arguments: ['--mlock'], environment: {GGML_X: '1'}}");
    assert_string_equal(plan_options_text(rack->arena, rack->input.workloads[0]),
                        "{\"arguments\":[\"--mlock\"],\"batch\":\"4096\",\"ubatch\":\"4096\"}");
    assert_string_equal(plan_options_text(rack->arena, rack->input.workloads[1]),
                        "{\"$GGML_X\":\"1\",\"arguments\":[\"--mlock\"],\"batch\":\"4096\",\"ubatch\":\"4096\"}");
}

static void test_measured_and_declared(void **state)
{
    struct rack *rack = *state;
    struct plan plan;

    rack_model(rack, "m", 32, 16);
    rack_node(rack, "a", 128, 112);
    rack_load(rack, CHAT ", resources: {memory: 50GiB}}");
    (void)chat_seen(rack);
    plan = rack_plan(rack);
    assert_true(plan.places[0].is_placed);
    assert_false(plan.places[0].is_measured);
    assert_int_equal(plan.places[0].parts[0].host, 50 * GIB);
}

static void test_pinned(void **state)
{
    struct rack *rack = *state;
    struct plan plan;

    rack_model(rack, "m", 32, 16);
    rack_node(rack, "a", 64, 48);
    rack_node(rack, "b", 128, 112);
    rack_load(rack, CHAT ", pinned: true}");
    rack->past[0] = (struct plan_held){ .workload = "chat", .node = "b", .role = "head" };
    rack->input.past_count = 1;
    plan = rack_plan(rack);
    assert_string_equal(plan.places[0].parts[0].node->name, "b");
    rack->nodes[1].is_usable = false;
    rack->nodes[1].why_not = "not heard";
    plan = rack_plan(rack);
    assert_false(plan.places[0].is_placed);
    assert_has(plan.places[0].sentence, "b: not heard");
}

/* Where another replica was binds this one to nothing. */
static void test_pinned_replicas(void **state)
{
    struct rack *rack = *state;
    struct plan plan;

    rack_model(rack, "m", 32, 16);
    rack_node(rack, "a", 64, 48);
    rack_node(rack, "b", 128, 112);
    rack_load(rack, CHAT ", pinned: true, replicas: 2}");
    rack->past[0] = (struct plan_held){ .workload = "chat", .node = "b", .role = "head" };
    rack->input.past_count = 1;
    plan = rack_plan(rack);
    assert_int_equal(plan.count, 2);
    assert_string_equal(plan.places[0].parts[0].node->name, "b");
    assert_true(plan.places[1].is_placed);
    assert_string_equal(plan.places[1].parts[0].node->name, "a");
}

/* The first time it goes anywhere: it was nowhere yet. */
static void test_pinned_first(void **state)
{
    struct rack *rack = *state;
    struct plan plan;

    rack_model(rack, "m", 32, 16);
    rack_node(rack, "a", 64, 48);
    rack_node(rack, "b", 128, 112);
    rack_load(rack, CHAT ", pinned: true}");
    rack_load(rack, "{name: both, engine: llama_cpp, model: m, context: 8192, pinned: true, nodes_count: 2}");
    rack->past[0] = (struct plan_held){ .workload = "other", .node = "b", .role = "head" };
    rack->input.past_count = 1;
    plan = rack_plan(rack);
    assert_int_equal(plan.count, 2);
    assert_true(plan.places[0].is_placed && plan.places[1].is_placed);
    assert_int_equal(plan.places[0].parts_count, 2); /* both */
    assert_string_equal(plan.places[1].parts[0].node->name, "a");
}

static void test_held_stay(void **state)
{
    struct rack *rack = *state;
    struct plan plan;

    rack_model(rack, "m", 32, 16);
    rack_node(rack, "a", 64, 48);
    rack_node(rack, "b", 64, 48);
    rack_load(rack, CHAT ", replicas: 2}");
    rack_held(rack, "chat", "a", 18)->replica = 0;
    plan = rack_plan(rack);
    assert_int_equal(plan.count, 1);
    assert_int_equal(plan.places[0].replica, 1);
    assert_string_equal(plan.places[0].parts[0].node->name, "b");
    rack->held[0].replica = -1; /* on its way out: only its memory counts */
    plan = rack_plan(rack);
    assert_int_equal(plan.count, 2);
    assert_true(plan.places[0].is_placed && plan.places[1].is_placed);
}

static bool four_only(struct arena *arena, const struct plan_place *place, const struct plan_model *const *models,
                      struct error *err)
{
    (void)arena;
    (void)models;
    return place->parts_count == 4 || error_set(err, "it works on four nodes");
}

static void test_engine_rules(void **state)
{
    static const char *const programs[] = { "llama_cpp", NULL };
    struct rack *rack = *state;
    struct plan plan;

    rack_model(rack, "m", 0, 40);
    for (int i = 1; i <= 4; i++)
        rack_node(rack, arena_printf(rack->arena, "ai-%d", i), 64, 20);
    rack->rules[1] = (struct plan_rule){
        .engine = "twos", .programs = programs, .is_cluster = true, .is_power_of_two = true, .port = 9990
    };
    rack->input.rules_count = 2;
    rack_load(rack, "{name: a, engine: twos, model: m}");
    plan = rack_plan(rack);
    assert_true(plan.places[0].is_placed);
    assert_int_equal(plan.places[0].parts_count, 4); /* three would do */
    assert_int_equal(plan.places[0].parts[0].port, 9990);
    assert_has(plan.places[0].sentence, "estimated from its size");
    rack->loads[0].nodes_count = 3;
    plan = rack_plan(rack);
    assert_string_equal(plan.places[0].code, "bad_count");
    rack->loads[0].nodes_count = 2;
    rack->models[0].bytes = 10 * GIB;
    rack->rules[1].allows = four_only;
    plan = rack_plan(rack);
    assert_string_equal(plan.places[0].code, "bad_count");
    assert_string_equal(plan.places[0].sentence, "it works on four nodes");
}

static void test_batch(void **state)
{
    static const char *const programs[] = { NULL };
    struct rack *rack = *state;
    struct plan plan;

    rack_node(rack, "a", 64, 0);
    rack_node(rack, "b", 64, 0);
    rack->rules[1] =
        (struct plan_rule){ .engine = "sums", .programs = programs, .is_cluster = true, .takes_rest = true };
    rack->input.rules_count = 2;
    rack_load(rack, "{name: all, kind: batch, engine: sums, nodes: [a, b]}");
    rack_load(rack, "{name: more, kind: batch, engine: sums, nodes: [a], resources: {memory: 1GiB}}");
    plan = rack_plan(rack);
    assert_true(plan.places[0].is_placed);
    assert_int_equal(plan.places[0].parts_count, 2);
    assert_int_equal(plan.places[0].parts[0].host, 60 * GIB); /* less what the system needs */
    assert_int_equal(plan.places[0].parts[0].port, 0);
    assert_string_equal(plan.places[1].code, "no_memory");
    assert_has(plan.places[1].sentence, "1.0 GiB (declared)");
}

/* What is promised counts although nothing of it is taken yet, and what is mapped from files although it looks free. */
static void test_promises(void **state)
{
    struct rack *rack = *state;
    struct plan plan;

    rack_model(rack, "m", 32, 30);
    rack_node(rack, "a", 64, 0);
    rack_held(rack, "other", "a", 40)->is_counted = true; /* the figures say that 63 GiB are available */
    rack_load(rack, CHAT "}");
    plan = rack_plan(rack);
    assert_string_equal(plan.places[0].code, "no_memory");
    assert_has(plan.places[0].sentence,
               "a has 20.0 GiB free = 64.0 GiB of host memory - 4.0 GiB for the system - 40.0 GiB held by 'other'");
    rack->held[0].is_counted = false;
    rack->held[0].host = rack->held[0].gpu;
    rack->held[0].gpu = 0;
    rack->nodes[0].memory_available = 50 * GIB;
    rack->held[0].host_seen = 10 * GIB;
    plan = rack_plan(rack);
    assert_has(plan.places[0].sentence, "a has 19.0 GiB free");
}

/* Options of the engine that change the sum. */
static void test_options(void **state)
{
    struct rack *rack = *state;
    struct plan plan;
    uint64_t gpu;

    rack_model(rack, "m", 32, 16);
    rack_node(rack, "a", 128, 112);
    rack_load(rack, CHAT "}");
    plan = rack_plan(rack);
    gpu = plan.places[0].parts[0].gpu;
    rack->loads[0].options = yaml_of(rack->arena, "{ubatch: 2048}");
    plan = rack_plan(rack);
    assert_true(plan.places[0].parts[0].gpu > gpu + 200 * MIB);
    rack->loads[0].options = yaml_of(rack->arena, "{device: none, cache_ram: 1024}");
    plan = rack_plan(rack);
    assert_int_equal(plan.places[0].parts[0].gpu, 0);
    assert_true(plan.places[0].parts[0].host > 18 * GIB);
    rack->loads[0].options = yaml_of(rack->arena, "{gpu_layers: 16}");
    plan = rack_plan(rack);
    assert_true(plan.places[0].parts[0].gpu < gpu / 2);
    assert_true(plan.places[0].parts[0].gpu + plan.places[0].parts[0].host > gpu);
}

static void test_input(void **state)
{
    struct rack *rack = *state;
    struct plan plan;
    struct error err = ERROR_INIT;

    rack_node(rack, "a", 64, 0);
    rack_node(rack, "a", 64, 0);
    assert_false(plan_make(rack->arena, &rack->input, &plan, &err));
    assert_string_equal(err.text, "the node 'a' is there twice");
}

static void test_value(void **state)
{
    struct rack *rack = *state;
    struct plan plan;
    const struct value *value, *place;

    rack_model(rack, "m", 32, 16);
    rack_node(rack, "a", 128, 112);
    rack_load(rack, CHAT "}");
    plan = rack_plan(rack);
    value = plan_value(rack->arena, &plan);
    place = value_item(value_map_get(value, "places"), 0);
    assert_string_equal(value_map_text(place, "workload"), "chat");
    assert_true(value_map_true(place, "placed"));
    assert_string_equal(value_map_text(value_item(value_map_get(place, "parts"), 0), "node"), "a");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rack_setup, rack_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_tightest),
        TEST(test_ready_first),
        TEST(test_replicas_apart),
        TEST(test_ports),
        TEST(test_priority),
        TEST(test_terms),
        TEST(test_cluster),
        TEST(test_cluster_unequal),
        TEST(test_spread),
        TEST(test_builds),
        TEST(test_unusable),
        TEST(test_model_meant),
        TEST(test_orphan),
        TEST(test_measured),
        TEST(test_measured_alike),
        TEST(test_measured_cluster),
        TEST(test_options_text),
        TEST(test_pinned),
        TEST(test_held_stay),
        TEST(test_engine_rules),
        TEST(test_measured_and_declared),
        TEST(test_batch),
        TEST(test_promises),
        TEST(test_input),
        TEST(test_value),
        TEST(test_options),
        TEST(test_gpu_first),
        TEST(test_pinned_first),
        TEST(test_pinned_replicas),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

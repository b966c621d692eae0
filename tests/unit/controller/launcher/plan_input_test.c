/* SPDX-License-Identifier: Apache-2.0 */
/* What the planner gets of a store: nodes by their newest figures, models by name and digest, what is promised, where things were. */
#include "controller/launcher/plan_input.h"

#include <math.h>
#include <time.h>

#include "../store/store_fixture.h"
#include "common/base/text.h"
#include "common/json/json.h"
#include "common/model/model_shape_value.h"
#include "common/yaml/yaml_reader.h"
#include "controller/store/store_instance.h"
#include "controller/store/store_model.h"
#include "controller/store/store_node_lost.h"
#include "controller/store/store_piece.h"
#include "controller/store/store_sample.h"
#include "controller/store/store_shape.h"
#include "controller/store/store_workload.h"

#define GIB (1024ULL * 1024 * 1024)

static const char facts[] =
    "{\"default_ipv4\": {\"address\": \"10.0.0.1\"}, \"processor_vcpus\": 32, \"roost\": {\"memory\": {\"total_bytes\": "
    "137438953472, \"is_unified\": true, \"gtt_total_bytes\": 120259084288, \"carve_out_bytes\": 536870912}}}";

static struct workload workload_of(struct fixture *fixture, const char *text)
{
    const struct yaml_source source = { .data = text, .length = strlen(text), .path = "w.yml" };
    const struct value *map = NULL;
    struct workload workload;

    OK(yaml_read(fixture->arena, &source, &map, &fixture->err));
    OK(workload_bind(fixture->arena, map, &workload, &fixture->err));
    return workload;
}

static struct plan_input gathered(struct fixture *fixture, const struct workload *workload, int64_t anew)
{
    const struct plan_input_options options = { .workloads = &workload,
                                                .workloads_count = workload == NULL ? 0 : 1,
                                                .anew = &anew,
                                                .anew_count = anew == 0 ? 0 : 1 };
    struct plan_input input = { .nodes_count = 0 };

    OK(plan_input_gather(fixture->writer, fixture->arena, &options, &input, &fixture->err));
    return input;
}

/* Facts, then the sample, then what the node told of its memory: the newest kind counts. */
static void test_node(void **state)
{
    struct fixture *fixture = *state;
    int64_t id = node_new(fixture, "ai-1", 1);
    struct store_sample sample = { .at_us = 5 };
    struct store_memory memory = { id, 6,
                                   "{\"memory_total\": 130000000000, \"memory_available\": 90000000000, \"gtt_used\": "
                                   "3000, \"gtt_orphan\": 1000}" };
    const struct store_engine engines[] = { { .name = "llama_cpp", .build = "b1", .path = "/usr/bin/llama-server" },
                                            { .name = "llama_rpc", .build = "b1", .path = "/usr/bin/rpc" } };
    struct plan_input input;

    OK(store_node_facts_set(fixture->writer, id, facts, 1, &fixture->err));
    OK(store_engine_replace(fixture->writer, id, engines, 2, &fixture->err));
    input = gathered(fixture, NULL, 0);
    assert_int_equal(input.nodes_count, 1);
    assert_string_equal(input.nodes[0].name, "ai-1");
    assert_string_equal(input.nodes[0].address, "10.0.0.1");
    assert_true(input.nodes[0].has_gpu && input.nodes[0].is_unified && input.nodes[0].is_usable);
    assert_int_equal(input.nodes[0].memory_total, 128 * GIB);
    assert_int_equal(input.nodes[0].memory_available, 128 * GIB);
    assert_int_equal(input.nodes[0].gtt_total, 112 * GIB);
    assert_int_equal(input.nodes[0].cpus, 32);
    assert_int_equal(input.nodes[0].engines_count, 2);
    assert_string_equal(input.nodes[0].engines[1].name, "llama_rpc");
    for (int i = 0; i < STORE_SAMPLE_FIGURES; i++)
        sample.figures[i] = (double)NAN;
    sample.figures[STORE_SAMPLE_MEMORY_TOTAL] = 100e9;
    sample.figures[STORE_SAMPLE_MEMORY_USED] = 30e9;
    OK(store_sample_add(fixture->writer, id, &sample, &fixture->err));
    input = gathered(fixture, NULL, 0);
    assert_int_equal(input.nodes[0].memory_available, 70000000000);
    assert_int_equal(input.nodes[0].gtt_total, 112 * GIB);
    OK(store_memory_set(fixture->writer, &memory, &fixture->err));
    input = gathered(fixture, NULL, 0);
    assert_int_equal(input.nodes[0].memory_total, 130000000000);
    assert_int_equal(input.nodes[0].memory_available, 90000000000);
    assert_int_equal(input.nodes[0].gtt_orphan, 1000);
}

static struct plan_input remembered(struct fixture *fixture, struct facts_cache *cache)
{
    const struct plan_input_options options = { .facts = cache };
    struct plan_input input = { .nodes_count = 0 };

    OK(plan_input_gather(fixture->writer, fixture->arena, &options, &input, &fixture->err));
    return input;
}

/* The same with facts that were read before, until there are newer ones. */
static void test_facts_cache(void **state)
{
    static const char prefixed[] =
        "{\"ansible_facts\": {\"ansible_default_ipv4\": {\"address\": \"10.0.0.2\"}, \"ansible_processor_vcpus\": 8,"
        " \"ansible_interfaces\": [\"br-0\"], \"ansible_br_0\": {\"ipv4\": {\"address\": \"10.9.0.2\"}}, \"ansible_mounts\":"
        " [1], \"ansible_roost\": {\"memory\": {\"total_bytes\": 1000, \"is_unified\": true}, \"disks\": []}}}";
    struct fixture *fixture = *state;
    struct facts_cache *cache = facts_cache_new();
    int64_t id = node_new(fixture, "ai-1", 1);
    const struct value *before;
    struct plan_input input;

    assert_null(remembered(fixture, cache).nodes[0].facts);
    OK(store_node_facts_set(fixture->writer, id, facts, 1, &fixture->err));
    input = remembered(fixture, cache);
    before = input.nodes[0].facts;
    assert_string_equal(input.nodes[0].address, "10.0.0.1");
    assert_true(input.nodes[0].is_unified && input.nodes[0].cpus == 32 && input.nodes[0].gtt_total == 112 * GIB);
    facts_cache_tidy(cache);
    assert_ptr_equal(remembered(fixture, cache).nodes[0].facts, before);
    OK(store_node_facts_set(fixture->writer, id, prefixed, 2, &fixture->err));
    input = remembered(fixture, cache);
    assert_string_equal(input.nodes[0].address, "10.0.0.2");
    assert_string_equal(plan_address(fixture->arena, input.nodes[0].facts, "10.9.0.0/24"), "10.9.0.2");
    assert_string_equal(plan_address(fixture->arena, input.nodes[0].facts, "br-0"), "10.9.0.2");
    assert_true(input.nodes[0].is_unified && input.nodes[0].cpus == 8 && input.nodes[0].memory_total == 1000);
    assert_null(value_map_get(input.nodes[0].facts, "ansible_mounts"));
    assert_non_null(value_map_get(before, "default_ipv4")); /* there until it is tidied */
    facts_cache_tidy(cache);
    facts_cache_free(cache);
}

/* What it is for: a hundred nodes with facts as long as real ones. */
static void test_facts_cache_time(void **state)
{
    struct fixture *fixture = *state;
    struct facts_cache *cache = facts_cache_new();
    struct text long_facts = text_new(fixture->arena);
    const struct plan_input_options plain = { .facts = NULL };
    struct plan_input input;
    int64_t begin_us, without_us, with_us;
    char name[16];

    text_add(&long_facts, "{\"default_ipv4\": {\"address\": \"10.0.0.1\"}");
    for (int i = 0; i < 400; i++)
        text_printf(&long_facts, ", \"fact_%d\": {\"a\": [1, 2, 3], \"b\": \"some text\"}", i);
    text_add(&long_facts, "}");
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof(name), "ai-%d", i);
        OK(store_node_facts_set(fixture->writer, node_new(fixture, name, i), long_facts.data, 1, &fixture->err));
    }
    (void)remembered(fixture, cache);
    begin_us = clock();
    OK(plan_input_gather(fixture->writer, fixture->arena, &plain, &input, &fixture->err));
    without_us = clock() - begin_us;
    begin_us = clock();
    (void)remembered(fixture, cache);
    with_us = clock() - begin_us;
    print_message("100 nodes: %lld ms each time, %lld ms remembered\n", (long long)without_us / 1000,
                  (long long)with_us / 1000);
    assert_true(with_us < without_us);
    facts_cache_free(cache);
}

static bool nobody(void *data, struct arena *arena, int64_t node_id, const char **why_not)
{
    (void)data;
    *why_not = arena_printf(arena, "node %d is away", (int)node_id);
    return false;
}

static void test_unusable(void **state)
{
    struct fixture *fixture = *state;
    int64_t a = node_new(fixture, "a", 1), b = node_new(fixture, "b", 2);
    const struct plan_input_options deaf = { .is_heard = nobody };
    struct plan_input input;

    OK(store_placement_drain(fixture->writer, a, "kit", "new fans", &fixture->err));
    input = gathered(fixture, NULL, 0);
    assert_false(input.nodes[0].is_usable);
    assert_string_equal(input.nodes[0].why_not, "drained by kit: new fans");
    assert_true(input.nodes[1].is_usable);
    OK(plan_input_gather(fixture->writer, fixture->arena, &deaf, &input, &fixture->err));
    assert_string_equal(input.nodes[1].why_not, arena_printf(fixture->arena, "node %d is away", (int)b));
}

static void test_models(void **state)
{
    struct fixture *fixture = *state;
    int64_t a = node_new(fixture, "a", 1), b = node_new(fixture, "b", 2);
    const struct store_model on_a[] = { { .name = "hf://org/x/m.gguf",
                                          .state = "complete",
                                          .digest = "d1",
                                          .bytes = 7,
                                          .detail = "{\"links\":\"other, tiny\"}" } };
    const struct store_model on_b[] = {
        { .name = "hf://org/x/m.gguf", .state = "incomplete", .digest = "d1", .bytes = 7 }
    };
    struct workload workload = workload_of(fixture, "{name: w, engine: llama_cpp, models: [tiny, hf://org/y, gone]}");
    const struct store_peak peak = {
        .digest = "d1", .build = "b", .kv = "f16", .options = "{}", .context = 8, .nodes = 1, .gpu = 3, .host = 4
    };
    struct model_shape *shape = NULL;
    struct store_shape row = { .key = "d1", .bytes = 7 };
    struct plan_input input;

    OK(model_shape_of_file(fixture->arena, TEST_DATA "/gguf/llama.gguf", &shape, &fixture->err));
    row.shape = json_text(fixture->arena, model_shape_value(fixture->arena, shape), JSON_COMPACT);
    OK(store_model_replace(fixture->writer, a, on_a, 1, 1, &fixture->err));
    OK(store_model_replace(fixture->writer, b, on_b, 1, 1, &fixture->err));
    OK(store_shape_set(fixture->writer, &row, &fixture->err));
    row.key = "hf://org/y"; /* by its header alone */
    row.bytes = 9;
    OK(store_shape_set(fixture->writer, &row, &fixture->err));
    OK(store_peak_learn(fixture->writer, &peak, &fixture->err));
    input = gathered(fixture, &workload, 0);
    assert_int_equal(input.models_count, 2);
    assert_string_equal(input.models[0].name, "tiny");
    assert_string_equal(input.models[0].digest, "d1");
    assert_int_equal(input.models[0].bytes, 7);
    assert_int_equal(input.models[0].shape->layers, shape->layers);
    assert_string_equal(input.models[1].name, "hf://org/y");
    assert_null(input.models[1].digest);
    assert_int_equal(input.models[1].bytes, 9);
    assert_non_null(input.models[1].shape);
    assert_string_equal(input.nodes[0].models[0], "d1");
    assert_null(input.nodes[1].models[0]);
    assert_int_equal(input.peaks_count, 1);
    assert_int_equal(input.peaks[0].host, 4);
}

static int64_t instance_new(struct fixture *fixture, const char *name, const char *plan)
{
    const struct store_workload workload = {
        .name = name, .declaration = "{}", .is_wanted = true, .changed_by = "kit"
    };
    struct store_instance instance = {
        .state = "pending", .sentence = "", .plan = plan, .probe_ms = (double)NAN, .load_s = (double)NAN
    };
    int64_t id = 0;
    bool is_set = false;

    OK(store_workload_put(fixture->writer, &workload, true, &instance.workload_id, &fixture->err));
    OK(store_instance_add(fixture->writer, &instance, &id, &fixture->err));
    instance.id = id;
    OK(store_instance_set(fixture->writer, &instance, &is_set, &fixture->err));
    assert_true(is_set);
    return id;
}

static void serves(struct fixture *fixture, int64_t id, const struct store_piece *piece)
{
    const struct store_piece_told told = {
        .node_id = piece->node_id, .name = piece->name, .state = "running", .body = "{}", .at_us = 2
    };
    struct store_instance *instance = NULL;
    bool is_set = false;

    OK(store_instance_get(fixture->writer, fixture->arena, id, &instance, &fixture->err));
    instance->state = "serving";
    OK(store_instance_set(fixture->writer, instance, &is_set, &fixture->err));
    assert_true(is_set);
    OK(store_piece_tell(fixture->writer, &told, &fixture->err));
}

/* Promised by pieces, and by places whose pieces are not made yet; seen by the node. */
static void test_places(void **state)
{
    struct fixture *fixture = *state;
    int64_t a = node_new(fixture, "a", 1);
    int64_t chat =
        instance_new(fixture, "chat",
                     "{\"parts\": [{\"node\": \"a\", \"role\": \"head\", \"gpu\": 10, \"host\": 2, \"port\": 8100},"
                     "{\"node\": \"b\", \"role\": \"worker\", \"gpu\": 11, \"host\": 3, \"port\": 50052}]}");
    const struct store_piece piece = { .node_id = a,
                                       .name = "chat.0.head",
                                       .instance_id = chat,
                                       .role = "head",
                                       .body = "{}",
                                       .gpu = 10,
                                       .host = 2,
                                       .port = 8100,
                                       .is_due = true,
                                       .is_wanted = true,
                                       .generation = 1 };
    const struct store_memory memory = {
        a, 1,
        "{\"pieces\": [{\"name\": \"chat.0.head\", \"rss\": 30, \"anon\": 1, \"gtt\": 9, "
        "\"vram\": 3, \"compute\": true}], \"gtt_processes\": 11, \"vram_processes\": 12}"
    };
    struct plan_input input;

    node_new(fixture, "b", 2);
    OK(store_piece_add(fixture->writer, &piece, 1, &fixture->err));
    OK(store_memory_set(fixture->writer, &memory, &fixture->err));
    input = gathered(fixture, NULL, 0);
    assert_int_equal(input.held_count, 2);
    assert_int_equal(input.past_count, 0);
    assert_string_equal(input.held[0].workload, "chat");
    assert_string_equal(input.held[0].node, "a");
    assert_int_equal(input.held[0].replica, 0);
    assert_int_equal(input.held[0].gpu, 10);
    assert_int_equal(input.held[0].gpu_seen, 9);
    assert_int_equal(input.held[0].vram_seen, 3);
    assert_int_equal(input.held[0].host_seen, 1); /* of its own */
    assert_false(input.held[0].is_hidden);        /* it does not serve yet */
    assert_int_equal(input.nodes[0].gtt_processes, 11);
    assert_int_equal(input.nodes[0].vram_processes, 12);
    assert_string_equal(input.held[1].node, "b");
    assert_int_equal(input.held[1].port, 50052);
    assert_int_equal(input.held[1].gpu, 11);
    serves(fixture, chat, &piece);
    input = gathered(fixture, NULL, 0);
    assert_true(input.held[0].is_hidden);
    input = gathered(fixture, NULL, chat); /* it is to be placed anew: what is there only holds memory */
    assert_int_equal(input.held_count, 1);
    assert_int_equal(input.held[0].replica, -1);
    assert_int_equal(input.past_count, 2);
    OK(store_instance_remove(fixture->writer, chat, &fixture->err));
    input = gathered(fixture, NULL, 0);
    assert_int_equal(input.held_count, 1);
    assert_string_equal(input.held[0].workload, "chat");
    assert_int_equal(input.held[0].replica, -1);
}

/* Engines as they are declared: what places have to keep to. */
static void test_rules(void **state)
{
    struct fixture *fixture = *state;
    size_t count = 0;
    const struct plan_rule *rules = plan_input_rules(fixture->arena, &count);

    assert_int_equal(count, engine_table_count);
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(rules[i].engine, engine_table[i]->name);
        if (strcmp(rules[i].engine, "llama_cpp") == 0)
            assert_true(rules[i].is_cluster && rules[i].is_layered &&
                        strcmp(rules[i].worker_programs[0], "llama_rpc") == 0);
        if (strcmp(rules[i].engine, "hpl") == 0)
            assert_true(rules[i].takes_rest);
        if (strcmp(rules[i].engine, "distributed_llama") == 0)
            assert_true(rules[i].is_power_of_two && rules[i].allows != NULL);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_node),   TEST(test_facts_cache), TEST(test_facts_cache_time), TEST(test_unusable), TEST(test_models),
        TEST(test_places), TEST(test_rules),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Engines that cannot be had in a test: their command lines, ports, environment and HTTP as their documentation has them. */
#include "engine_fixture.h"

#define DLLAMA "{\"name\": \"w\", \"engine\": \"distributed_llama\", \"models\": [\"m.m\", \"t.t\"], \"context\": 4096"

static void test_dllama(void **state)
{
    struct bed bed;

    (void)state;
    bed_make(&bed, DLLAMA ", \"nodes_count\": 4, \"options\": {\"kv_heads\": 8}}", 4);
    bed.paths[0] = "/m/m.m";
    bed.paths[1] = "/m/t.t";
    assert_true(bed.engine->allows(bed.arena, &bed.job, &bed.err));
    bed_pieces(&bed);
    assert_int_equal(bed.count, 4);
    assert_string_equal(bed.pieces[0].name, "w.0.worker1");
    assert_string_equal(bed.pieces[3].name, "w.0.head"); /* the workers are there first */
    assert_has(bed_line(&bed, "w.0.worker2"), "./dllama worker --port 50052 --nthreads 1");
    assert_lacks(bed_line(&bed, "w.0.worker2"), "--gpu-index");
    assert_has(bed_line(&bed, "w.0.head"),
               "./dllama-api --port 8100 --nthreads 1 --model /m/m.m --tokenizer /m/t.t --buffer-float-type q80 "
               "--max-seq-len 4096 --workers 10.0.0.2:50052 10.0.0.3:50052 10.0.0.4:50052");
    assert_string_equal(bed_ports(&bed, "w.0.worker2"), "50052 0.0.0.0: 10.0.0.1");
    assert_string_equal(bed_ports(&bed, "w.0.head"), "8100 0.0.0.0: controller");
    bed_free(&bed);
}

static void test_dllama_nodes(void **state)
{
    struct bed bed;

    (void)state;
    bed_make(&bed, DLLAMA ", \"options\": {\"kv_heads\": 8}}", 3);
    assert_false(bed.engine->allows(bed.arena, &bed.job, &bed.err));
    assert_has(bed.err.text, "on 1, 2, 4, 8 ... nodes, not on 3");
    bed.place.parts_count = 4;
    bed_free(&bed);
    bed_make(&bed, DLLAMA ", \"options\": {\"kv_heads\": 2}}", 4);
    assert_false(bed.engine->allows(bed.arena, &bed.job, &bed.err));
    assert_has(bed.err.text, "4 nodes, 2 heads");
    bed_free(&bed);
    bed_make(&bed, DLLAMA "}", 2);
    assert_false(bed.engine->allows(bed.arena, &bed.job, &bed.err));
    assert_has(bed.err.text, "declare options.kv_heads");
    bed_free(&bed);
    bed_refused("{\"name\": \"w\", \"engine\": \"distributed_llama\", \"models\": [\"m.m\"]}", "needs its tokenizer");
    bed_refused(DLLAMA ", \"nodes_count\": 3}", "1, 2, 4, 8 ... nodes, not on 3");
}

static void test_ollama(void **state)
{
    struct bed bed;
    const char *sentence = NULL;

    (void)state;
    bed_make(
        &bed,
        "{\"name\": \"w\", \"engine\": \"ollama\", \"models\": [\"llama3.2:3b\", \"embed\"], \"context\": 8192, \"slots\": 2,"
        " \"kv\": \"q8_0\", \"environment\": {\"OLLAMA_DEBUG\": \"1\", \"OLLAMA_KEEP_ALIVE\": \"1h\"}}",
        1);
    bed_pieces(&bed);
    assert_string_equal(bed_line(&bed, "w.0.head"), "ollama serve");
    assert_string_equal(bed_env(&bed, "w.0.head", "OLLAMA_HOST"), "10.0.0.1:8100");
    assert_string_equal(bed_env(&bed, "w.0.head", "OLLAMA_CONTEXT_LENGTH"), "4096");
    assert_string_equal(bed_env(&bed, "w.0.head", "OLLAMA_NUM_PARALLEL"), "2");
    assert_string_equal(bed_env(&bed, "w.0.head", "OLLAMA_MAX_LOADED_MODELS"), "2");
    assert_string_equal(bed_env(&bed, "w.0.head", "OLLAMA_KV_CACHE_TYPE"), "q8_0");
    assert_string_equal(bed_env(&bed, "w.0.head", "OLLAMA_KEEP_ALIVE"), "1h"); /* what is declared stays */
    assert_string_equal(bed_env(&bed, "w.0.head", "OLLAMA_MODELS"), "/var/lib/roost-pieces/ollama-w/models");
    assert_string_equal(bed_piece(&bed, "w.0.head")->state, "ollama-w");
    assert_string_equal(bed_ports(&bed, "w.0.head"), "8100 10.0.0.1: controller");

    assert_int_equal(bed_look(&bed, 0, NULL, &sentence), ENGINE_LOADS);
    assert_int_equal(bed_look(&bed, 200, "{\"models\": []}", &sentence), ENGINE_LOADS);
    assert_string_equal(sentence, "it pulls 'llama3.2:3b'");
    assert_string_equal(bed_load(&bed, "{\"models\": []}"),
                        "POST /api/pull {\"model\":\"llama3.2:3b\",\"stream\":false}");
    assert_string_equal(bed_load(&bed, "{\"models\": [{\"name\": \"llama3.2:3b\"}]}"),
                        "POST /api/pull {\"model\":\"embed\",\"stream\":false}");
    assert_int_equal(
        bed_look(&bed, 200, "{\"models\": [{\"name\": \"embed:latest\"}, {\"name\": \"llama3.2:3b\"}]}", &sentence),
        ENGINE_SERVES);
    assert_null(bed_load(&bed, "{\"models\": [{\"name\": \"embed:latest\"}, {\"name\": \"llama3.2:3b\"}]}"));
    assert_null(bed_load(&bed, "not JSON"));
    assert_has(bed.engine->probe(bed.arena, &bed.job, 4).body, "\"model\":\"llama3.2:3b\"");
    bed_free(&bed);
    bed_refused("{\"name\": \"w\", \"engine\": \"ollama\", \"models\": [\"hf://a/b\"]}",
                "is no name of Ollama's library");
    bed_refused("{\"name\": \"w\", \"engine\": \"ollama\", \"models\": [\"m\"], \"nodes_count\": 2}",
                "works on one node");
}

static void test_lemonade(void **state)
{
    struct bed bed;
    const char *sentence = NULL, *config = NULL;

    (void)state;
    bed_make(&bed,
             "{\"name\": \"w\", \"engine\": \"lemonade\", \"models\": [\"Qwen3-0.6B-GGUF\"], \"context\": 8192,"
             " \"options\": {\"backend\": \"vulkan\", \"llamacpp_args\": \"-fa on\", \"config\": {\"offline\": true}}}",
             1);
    bed_pieces(&bed);
    assert_has(bed_line(&bed, "w.0.head"), "exec lemond");
    assert_has(bed_line(&bed, "w.0.head"), "/var/lib/roost-pieces/lemonade-w --port 8100 --host 10.0.0.1");
    config = value_map_text(bed_piece(&bed, "w.0.head")->files, "config.json");
    assert_has(config, "\"port\":8100");
    assert_has(config, "\"offline\":true");
    assert_has(config, "\"no_broadcast\":true");
    assert_string_equal(value_map_text(bed_piece(&bed, "w.0.head")->secrets, "LEMONADE_API_KEY"), "s3cret");
    assert_lacks(config, "s3cret");
    assert_int_equal(bed_look(&bed, 200, "{\"status\": \"ok\", \"all_models_loaded\": []}", &sentence), ENGINE_LOADS);
    assert_string_equal(bed_load(&bed, "{\"all_models_loaded\": []}"),
                        "POST /v1/load {\"model_name\":\"Qwen3-0.6B-GGUF\",\"pinned\":true,\"ctx_size\":8192,"
                        "\"llamacpp_backend\":\"vulkan\",\"llamacpp_args\":\"-fa on\"}");
    assert_int_equal(bed_look(&bed, 200, "{\"all_models_loaded\": [{\"model_name\": \"Qwen3-0.6B-GGUF\"}]}", &sentence),
                     ENGINE_SERVES);
    bed_free(&bed);
}

#define VLLM                                                                                                           \
    "{\"name\": \"w\", \"engine\": \"vllm\", \"models\": [\"hf://Qwen/Qwen3-8B\"], \"context\": 32768, \"slots\": 4"

static void test_vllm(void **state)
{
    struct bed bed;
    const char *line = NULL;

    (void)state;
    bed_make(&bed, VLLM "}", 1);
    bed.nodes[0].has_gpu = bed.nodes[0].is_unified = true;
    bed.nodes[0].gtt_total = 100 * GIB;
    bed.parts[0].gpu = 40 * GIB;
    bed_pieces(&bed);
    assert_int_equal(bed.count, 1);
    line = bed_line(&bed, "w.0.head");
    assert_has(line, "vllm serve Qwen/Qwen3-8B --host 10.0.0.1 --port 8100 --served-model-name w");
    assert_has(line, "--gpu-memory-utilization 0.40"); /* what it was promised, not what it likes */
    assert_has(line, "--max-model-len 8192 --max-num-seqs 4");
    assert_lacks(line, "s3cret");
    assert_lacks(line, "ray");
    assert_string_equal(value_map_text(bed_piece(&bed, "w.0.head")->secrets, "VLLM_API_KEY"), "s3cret");
    assert_string_equal(value_text(value_item(bed_piece(&bed, "w.0.head")->devices, 0)), "gpu");
    bed_free(&bed);
    bed_refused(VLLM ", \"options\": {\"memory\": 0.95}}", "at most 0.9");
}

static void test_vllm_ray(void **state)
{
    struct bed bed;

    (void)state;
    bed_make(&bed, VLLM ", \"nodes_count\": 2, \"options\": {\"interface\": \"eth1\"}}", 2);
    bed_pieces(&bed);
    assert_int_equal(bed.count, 3);
    assert_string_equal(bed.pieces[0].name, "w.0.ray");
    assert_string_equal(bed.pieces[0].node, "ai-0");
    assert_string_equal(bed.pieces[2].name, "w.0.head");
    /* pieces have a /tmp each: Ray's folder is one that the server sees too, and has the same path on all nodes */
    assert_has(bed_line(&bed, "w.0.ray"), "/var/lib/roost-pieces/vllm-w/ray  start --head --port=6379");
    assert_has(bed_line(&bed, "w.0.worker1"), "/ray 10.0.0.1:6379 start"); /* for which it waits */
    assert_has(bed_line(&bed, "w.0.ray"), "--temp-dir=/var/lib/roost-pieces/vllm-w/ray");
    assert_has(bed_line(&bed, "w.0.worker1"), "start --address=10.0.0.1:6379 --node-ip-address=10.0.0.2");
    assert_lacks(bed_line(&bed, "w.0.worker1"), "--temp-dir"); /* it takes the head's */
    assert_string_equal(bed_piece(&bed, "w.0.ray")->state, "vllm-w");
    assert_string_equal(bed_piece(&bed, "w.0.head")->state, "vllm-w");
    assert_string_equal(bed_piece(&bed, "w.0.worker1")->state, "vllm-w");
    assert_has(bed_line(&bed, "w.0.worker1"), "--block");
    assert_has(bed_ports(&bed, "w.0.ray"), "6379 10.0.0.1: 10.0.0.2; 6380 10.0.0.1: 10.0.0.2");
    assert_lacks(bed_ports(&bed, "w.0.worker1"), "6379");
    assert_has(bed_line(&bed, "w.0.head"), "--tensor-parallel-size 2 --distributed-executor-backend ray");
    assert_string_equal(bed_env(&bed, "w.0.head", "RAY_ADDRESS"), "10.0.0.1:6379");
    assert_string_equal(bed_env(&bed, "w.0.worker1", "VLLM_HOST_IP"), "10.0.0.2");
    assert_string_equal(bed_env(&bed, "w.0.worker1", "NCCL_SOCKET_IFNAME"), "eth1");
    assert_string_equal(bed_env(&bed, "w.0.ray", "NCCL_NET_GDR_LEVEL"), "0");
    bed_free(&bed);
}

static void test_vllm_ray_there(void **state)
{
    struct bed bed;
    static const struct plan_engine engines[] = { { "vllm", "0.11.0" }, { "ray", "2.49.0" } };
    const char *socket = "/session_2026-11-21_17-47-24_123456_1234567/sockets/plasma_store", *folder = NULL;

    (void)state;
    bed_make(&bed,
             "{\"name\": \"a-model-with-a-name-of-forty-characters\", \"engine\": \"vllm\", \"models\": [\"m\"],"
             " \"nodes_count\": 2}",
             2);
    assert_false(bed.engine->allows(bed.arena, &bed.job, &bed.err));
    assert_has(bed.err.text, "'ai-0' has no ray");
    bed.nodes[0].engines = engines;
    bed.nodes[0].engines_count = 2;
    assert_true(bed.engine->allows(bed.arena, &bed.job, &bed.err));
    assert_string_equal(bed.engine->worker_programs[1], "ray"); /* the others are looked at by the planner */
    bed_pieces(&bed);
    folder = strstr(bed_line(&bed, "w.0.ray"), "--temp-dir=");
    assert_non_null(folder);
    folder += strlen("--temp-dir=");
    assert_true(strcspn(folder, " ") + strlen(socket) <= 107); /* the longest path of a socket */
    bed_free(&bed);
}

static void test_vllm_metrics(void **state)
{
    struct bed bed;
    struct engine_figures figures;

    (void)state;
    bed_make(&bed, VLLM "}", 1);
    assert_true(bed.engine->metrics_read(bed.arena,
                                         "# HELP vllm:prompt_tokens_total x\n"
                                         "vllm:prompt_tokens_total{model_name=\"w\"} 100\n"
                                         "vllm:generation_tokens_total{engine=\"0\"} 7\n"
                                         "vllm:generation_tokens_total{engine=\"1\"} 8\n"
                                         "vllm:num_requests_running 2\n"
                                         "vllm:num_requests_running_total 99\n",
                                         &figures));
    assert_true(figures.tokens_in == 100 && figures.tokens_out == 15 && figures.requests_running == 2);
    assert_true(isnan(figures.requests_waiting));
    assert_false(bed.engine->metrics_read(bed.arena, "nothing\n", &figures));
    bed_free(&bed);
}

#define EXO "{\"name\": \"w\", \"engine\": \"exo\", \"models\": [\"mlx-community/Llama-3.2-1B-4bit\"]"

static void test_exo(void **state)
{
    struct bed bed;
    const char *two = "{\"topology\": {\"nodes\": [\"a\", \"b\"]}, \"instances\": {}}", *sentence = NULL;

    (void)state;
    bed_make(&bed, EXO ", \"nodes_count\": 2}", 2);
    bed.nodes[1].facts = bed_json(bed.arena, "{\"all_ipv6_addresses\": [\"fe80::2\"]}");
    bed_pieces(&bed);
    assert_true(bed.engine->settles_ms > 0); /* or it would be placed twice */
    assert_string_equal(bed_env(&bed, "w.0.head", "EXO_DASHBOARD_DIR"), "/run/roost-piece-w.0.head");
    assert_non_null(value_map_get(bed_piece(&bed, "w.0.head")->files, "index.html"));
    assert_has(bed_line(&bed, "w.0.head"),
               "exo --api-port 8100 --force-master --namespace roost-w.0 --zenoh-port 52414");
    assert_lacks(bed_line(&bed, "w.0.worker1"), "--force-master");
    assert_has(bed_line(&bed, "w.0.worker1"), "--api-port 50052"); /* the head's may be taken there */
    /* peers come from the address that answered to their multicast */
    assert_string_equal(bed_ports(&bed, "w.0.head"), "52414 0.0.0.0: 10.0.0.2 fe80::2; 8100 0.0.0.0: controller");
    assert_string_equal(bed_ports(&bed, "w.0.worker1"), "52414 0.0.0.0: 10.0.0.1; 50052 0.0.0.0:");
    assert_int_equal(bed_look(&bed, 200, "{\"topology\": {\"nodes\": [\"a\"]}, \"instances\": {}}", &sentence),
                     ENGINE_LOADS);
    assert_string_equal(sentence, "1 of 2 nodes have found one another");
    assert_null(bed_load(&bed, "{\"topology\": {\"nodes\": [\"a\"]}, \"instances\": {}}"));
    assert_string_equal(
        bed_load(&bed, two),
        "POST /place_instance {\"model_id\":\"mlx-community/Llama-3.2-1B-4bit\",\"sharding\":\"Pipeline\","
        "\"instance_meta\":\"MlxRing\",\"min_nodes\":2}");
    assert_int_equal(
        bed_look(&bed, 200,
                 "{\"topology\": {\"nodes\": [\"a\", \"b\"]}, \"instances\": {\"i\": {\"MlxRingInstance\": "
                 "{\"shardAssignments\": {\"modelId\": \"mlx-community/Llama-3.2-1B-4bit\"}}}}}",
                 &sentence),
        ENGINE_SERVES);
    bed_free(&bed);
    bed_make(&bed, EXO ", \"nodes_count\": 2, \"options\": {\"network\": \"libp2p\"}}", 2);
    bed_pieces(&bed);
    assert_has(bed_line(&bed, "w.0.worker1"), "--libp2p-port 52414 --bootstrap-peers /ip4/10.0.0.1/tcp/52414");
    assert_string_equal(bed_env(&bed, "w.0.head", "EXO_LIBP2P_NAMESPACE"), "roost-w.0");
    bed_free(&bed);
}

static void test_version(void **state)
{
    struct bed bed;

    (void)state;
    bed_make(&bed,
             "{\"name\": \"w\", \"engine\": \"ollama\", \"models\": [\"m\"], \"options\": {\"version\": \"0.30.4\"}}",
             1);
    bed.place.build = "ollama version is 0.30.4";
    assert_true(bed.engine->allows(bed.arena, &bed.job, &bed.err));
    bed.place.build = "ollama version is 0.30.41"; /* numbers are not cut */
    assert_false(bed.engine->allows(bed.arena, &bed.job, &bed.err));
    bed.place.build = "ollama version is 0.31.0";
    assert_false(bed.engine->allows(bed.arena, &bed.job, &bed.err));
    assert_has(bed.err.text, "version '0.30.4' of ollama is declared, but 'ai-0' has 'ollama version is 0.31.0'");
    bed.place.build = NULL;
    assert_false(bed.engine->allows(bed.arena, &bed.job, &bed.err));
    assert_has(bed.err.text, "but 'ai-0' does not tell which one it has");
    bed_free(&bed);
}

/* Every engine takes a pin: what it is declared like, what its nodes tell, and whether that is it. */
static void test_pins(void **state)
{
    static const struct {
        const char *declared, *version, *build;
        bool is_it;
    } pins[] = {
        { "\"engine\": \"llama_cpp\", \"models\": [\"m\"]", "b11669", "b11669-Debian ggml-0.27.0", true },
        { "\"engine\": \"llama_cpp\", \"models\": [\"m\"]", "b11669-Deb", "b11669-Debian ggml-0.27.0", true },
        { "\"engine\": \"llama_cpp\", \"models\": [\"m\"]", "b1166", "b11669-Debian ggml-0.27.0", false },
        { "\"engine\": \"llama_cpp\", \"models\": [\"m\"]", "11669", "b11669-Debian ggml-0.27.0", false },
        { "\"engine\": \"llama_bench\", \"kind\": \"batch\", \"models\": [\"m\"]", "b6123", "b6123-abc", true },
        { "\"engine\": \"llama_bench\", \"kind\": \"batch\", \"models\": [\"m\"]", "b6124", "b6123-abc", false },
        { "\"engine\": \"hpl\", \"kind\": \"batch\"", "sha256-12ab", "sha256-12ab34cd", true },
        { "\"engine\": \"hpl\", \"kind\": \"batch\"", "2.3", "sha256-12ab34cd", false },
        { "\"engine\": \"iperf3\", \"kind\": \"batch\"", "3.18", "iperf 3.18 (cJSON 1.7.15)", true },
        { "\"engine\": \"iperf3\", \"kind\": \"batch\"", "3.1", "iperf 3.18 (cJSON 1.7.15)", false },
        { "\"engine\": \"distributed_llama\", \"models\": [\"m\", \"t\"]", "0.16", "0.17.0", false },
        { "\"engine\": \"lemonade\", \"models\": [\"M\"]", "10.2", "lemond version 10.2.1", true },
        { "\"engine\": \"vllm\", \"models\": [\"m\"]", "0.16.1", "0.16.1.dev10+rocm712", true },
        { "\"engine\": \"exo\", \"models\": [\"m\"]", "1.0.71", "v1.0.71", true },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(pins) / sizeof(pins[0]); i++) {
        ARENA_SCOPED arena = arena_new();
        struct bed bed;
        bool is_pair = strstr(pins[i].declared, "iperf3") != NULL;

        bed_make(&bed,
                 arena_printf(arena, "{\"name\": \"w\", %s, \"options\": {\"version\": \"%s\"}}", pins[i].declared,
                              pins[i].version),
                 is_pair ? 2 : 1);
        bed.place.build = pins[i].build;
        if (bed.engine->allows(bed.arena, &bed.job, &bed.err) != pins[i].is_it)
            fail_msg("%s with '%s', told '%s': %s", pins[i].declared, pins[i].version, pins[i].build, bed.err.text);
        if (!pins[i].is_it)
            assert_has(bed.err.text, arena_printf(arena, "is declared, but 'ai-0' has '%s'", pins[i].build));
        bed_free(&bed);
    }
}

static void test_lease(void **state)
{
    struct bed bed;

    (void)state;
    bed_make(&bed, "{\"name\": \"w\", \"engine\": \"ollama\", \"models\": [\"m\"], \"on_node_loss\": \"move\"}", 1);
    bed_pieces(&bed);
    assert_true(bed_piece(&bed, "w.0.head")->lease);
    bed_free(&bed);
    bed_make(&bed, "{\"name\": \"w\", \"engine\": \"ollama\", \"models\": [\"m\"]}", 1);
    bed_pieces(&bed);
    assert_false(bed_piece(&bed, "w.0.head")->lease);
    bed_free(&bed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dllama),       cmocka_unit_test(test_dllama_nodes), cmocka_unit_test(test_ollama),
        cmocka_unit_test(test_lemonade),     cmocka_unit_test(test_vllm),         cmocka_unit_test(test_vllm_ray),
        cmocka_unit_test(test_vllm_metrics), cmocka_unit_test(test_exo),          cmocka_unit_test(test_version),
        cmocka_unit_test(test_lease),        cmocka_unit_test(test_pins),         cmocka_unit_test(test_vllm_ray_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

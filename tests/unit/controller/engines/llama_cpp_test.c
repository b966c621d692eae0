/* SPDX-License-Identifier: Apache-2.0 */
/* llama.cpp: what is run on one node and on several, who reaches it, and that a missing worker is found. */
#include "engine_fixture.h"

static void one_node(void **state)
{
    struct bed bed;
    const char *line = NULL;

    (void)state;
    bed_make(
        &bed,
        "{\"name\": \"chat\", \"engine\": \"llama_cpp\", \"models\": [\"tiny\"], \"context\": 4096, \"slots\": 2,"
        " \"kv\": \"q8_0\", \"arguments\": [\"--seed\", \"7\"], \"options\": {\"threads\": 4, \"device\": \"none\","
        " \"flash_attn\": \"on\", \"load_mode\": \"none\"}}",
        1);
    bed.paths[0] = "/models/tiny.gguf";
    bed_pieces(&bed);
    line = bed_line(&bed, "w.0.head");
    assert_int_equal(bed.count, 1);
    assert_has(line, "llama_cpp -m /models/tiny.gguf --alias chat --host 10.0.0.1 --port 8100 --metrics -c 4096 -np 2");
    assert_has(line, "-ctk q8_0 -ctv q8_0");
    assert_has(line, "-t 4");
    assert_has(line, "--cache-ram 0"); /* its own default is 8 GiB */
    assert_has(line, "--device none --seed 7");
    assert_has(line, "--load-mode none");
    assert_lacks(line, "s3cret");
    assert_lacks(line, "--rpc");
    assert_string_equal(value_map_text(bed_piece(&bed, "w.0.head")->secrets, "LLAMA_API_KEY"), "s3cret");
    assert_string_equal(bed_ports(&bed, "w.0.head"), "8100 10.0.0.1: controller");
    assert_string_equal(bed_piece(&bed, "w.0.head")->build, "b1");
    bed_free(&bed);
}

static void cluster(struct bed *bed, const char *options)
{
    ARENA_SCOPED arena = arena_new();

    bed_make(bed,
             arena_printf(arena,
                          "{\"name\": \"big\", \"engine\": \"llama_cpp\", \"models\": [\"m\"], \"spread\": \"cluster\","
                          " \"nodes_count\": 3, \"on_node_loss\": \"move\", \"options\": %s}",
                          options),
             3);
    bed->paths[0] = "/models/m.gguf";
    bed->parts[0].layers = 2;
    bed->parts[1].layers = 20;
    bed->parts[2].layers = 10;
}

static void over_three_nodes(void **state)
{
    struct bed bed;
    const char *head = NULL;

    (void)state;
    cluster(&bed, "{\"worker_device\": \"CPU\", \"rpc_cache_max\": \"1GiB\"}");
    bed_pieces(&bed);
    assert_int_equal(bed.count, 3);
    assert_string_equal(bed.pieces[2].name, "w.0.head"); /* the head last */
    assert_string_equal(bed_line(&bed, "w.0.worker-1"), "llama_rpc -H 10.0.0.2 -p 50052 -d CPU -c");
    assert_string_equal(bed_ports(&bed, "w.0.worker-1"), "50052 10.0.0.2: 10.0.0.1"); /* the head alone */
    assert_int_equal(bed_piece(&bed, "w.0.worker-2")->state_max, 1 << 30);
    assert_string_equal(bed_env(&bed, "w.0.worker-1", "LLAMA_CACHE"), "/var/lib/roost-pieces/llama-rpc");
    assert_true(bed_piece(&bed, "w.0.worker-1")->lease);
    assert_string_equal(bed_piece(&bed, "w.0.worker-1")->build, "b1");
    head = bed_line(&bed, "w.0.head");
    assert_has(head, "--rpc 10.0.0.2:50052,10.0.0.3:50052");
    assert_has(head, "--device RPC0,RPC1 --tensor-split 20,11"); /* all are named: it ends when one is missing */
    assert_has(head, "-ngl 31");                                 /* the first two layers stay; the output goes along */
    assert_null(bed.engine->look(bed.arena, &bed.job).path);
    bed_free(&bed);
}

static void a_missing_worker_is_found_in_the_log(void **state)
{
    struct bed bed;
    const struct value *log = NULL;
    const char *sentence = NULL;

    (void)state;
    cluster(&bed, "{}");
    bed.nodes[0].has_gpu = true;
    bed_pieces(&bed);
    assert_has(bed_line(&bed, "w.0.head"), "--verbosity 4 --tensor-split 20,10,3"); /* its own GPU comes last */
    assert_lacks(bed_line(&bed, "w.0.head"), "--device");
    assert_non_null(bed.engine->look(bed.arena, &bed.job).path);
    log = bed_json(bed.arena, "[\"using device RPC0 (10.0.0.2:50052) (unknown id) - 24103 MiB free\"]");
    assert_int_equal(bed.engine->look_read(bed.arena, &bed.job, 200, "{}", log, &sentence), ENGINE_LOADS);
    log =
        bed_json(bed.arena, "[\"using device RPC0 (10.0.0.2:50052) (unknown id) - 24103 MiB free\", \"model loaded\"]");
    assert_int_equal(bed.engine->look_read(bed.arena, &bed.job, 200, "{}", log, &sentence), ENGINE_WRONG);
    assert_string_equal(sentence, "its log names 1 of 2 workers as devices");
    log =
        bed_json(bed.arena, "[\"using device RPC0 (10.0.0.2:50052) (x)\", \"using device RPC1 (10.0.0.3:50052) (x)\"]");
    assert_int_equal(bed.engine->look_read(bed.arena, &bed.job, 200, "{}", log, &sentence), ENGINE_SERVES);
    bed_free(&bed);
}

static void embeddings(void **state)
{
    struct bed bed;

    (void)state;
    bed_make(&bed,
             "{\"name\": \"embed\", \"engine\": \"llama_cpp\", \"models\": [\"e\"], \"embedding\": true,"
             " \"options\": {\"pooling\": \"last\"}}",
             1);
    bed.paths[0] = "/models/e.gguf";
    bed_pieces(&bed);
    assert_has(bed_line(&bed, "w.0.head"), "--embeddings --pooling last");
    assert_string_equal(bed.engine->probe(bed.arena, &bed.job, 1).path, "/v1/embeddings");
    bed_free(&bed);
}

static void figures(void **state)
{
    struct bed bed;
    struct engine_figures out;

    (void)state;
    bed_make(&bed, "{\"name\": \"chat\", \"engine\": \"llama_cpp\", \"models\": [\"tiny\"]}", 1);
    assert_true(bed.engine->metrics_read(bed.arena,
                                         "# TYPE x\nllamacpp:prompt_tokens_total 5\nllamacpp:prompt_seconds_total 0.5\n"
                                         "llamacpp:tokens_predicted_total 80\nllamacpp:requests_processing 1\n",
                                         &out));
    assert_true(out.tokens_in >= 5 && out.tokens_in <= 5 && out.tokens_out >= 80 && out.tokens_out <= 80);
    assert_true(isnan(out.seconds_out));
    assert_false(bed.engine->metrics_read(bed.arena, "nothing", &out));
    bed_free(&bed);
}

static void what_is_refused(void **state)
{
    (void)state;
    bed_refused("{\"name\": \"x\", \"engine\": \"lama_cpp\", \"models\": [\"m\"]}", "did you mean 'llama_cpp'");
    bed_refused("{\"name\": \"x\", \"engine\": \"llama_cpp\", \"models\": [\"m\", \"n\"]}",
                "one model, but there are 2");
    bed_refused("{\"name\": \"x\", \"engine\": \"llama_cpp\", \"models\": [\"m\"], \"options\": {\"thread\": 1}}",
                "threads");
    bed_refused("{\"name\": \"x\", \"engine\": \"llama_cpp\", \"models\": [\"m\"], \"options\": {\"threads\": 5000}}",
                "options.threads is 5000");
    bed_refused(
        "{\"name\": \"x\", \"engine\": \"llama_cpp\", \"models\": [\"m\"], \"options\": {\"rpc_cache_max\": \"many\"}}",
        "rpc_cache_max");
    bed_refused("{\"name\": \"x\", \"kind\": \"batch\", \"engine\": \"llama_cpp\", \"models\": [\"m\"]}",
                "does no batch");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_node),
        cmocka_unit_test(over_three_nodes),
        cmocka_unit_test(a_missing_worker_is_found_in_the_log),
        cmocka_unit_test(embeddings),
        cmocka_unit_test(figures),
        cmocka_unit_test(what_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

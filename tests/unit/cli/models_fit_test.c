/* SPDX-License-Identifier: Apache-2.0 */
/* roost models fit: its command line, its exit codes, what it prints, and the limits of nodes by their facts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "cli/models_fit.h"
#include "common/base/command.h"
#include "common/base/fd.h"
#include "common/base/hash.h"
#include "common/base/text.h"
#include "common/json/json.h"
#include "common/model/store.h"
#include "tests/unit/cli/verb_output.h"

#define GIB (1024ULL * 1024 * 1024)
#define WORDS_MAX 24

/* A line of words to argv; $D is the folder of models. */
static int split(struct arena *arena, const char *line, char **argv)
{
    size_t count = 0;
    char **words = text_split(arena, line, ' ', &count);

    for (size_t i = 0; i < count; i++)
        argv[i] = text_starts(words[i], "$D") ? arena_printf(arena, "%s/gguf%s", TEST_DATA, words[i] + 2) : words[i];
    return (int)count;
}

static bool parse(struct arena *arena, const char *line, struct fit_options *out, struct error *err)
{
    char *argv[WORDS_MAX];

    return fit_options_parse(arena, split(arena, line, argv), argv, out, err);
}

static void test_options(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct error err = ERROR_INIT;
    struct fit_options options;

    (void)state;
    assert_true(parse(
        arena, "fit --ctx 131072 m.gguf --slots=4 --kv q8_0 --kv-v q4_0 --gtt 112GiB --ram 128GiB --flash-attn auto",
        &options, &err));
    assert_string_equal(options.model, "m.gguf");
    assert_int_equal(options.request.context, 131072);
    assert_int_equal(options.request.slots, 4);
    assert_string_equal(options.request.key_type->name, "q8_0");
    assert_string_equal(options.request.value_type->name, "q4_0");
    assert_true(options.request.flash_attention);
    assert_true(options.limits.gpu == 112 * GIB && options.limits.ram == 128 * GIB);
    assert_true(options.limits.is_unified && options.limits.margin == GIB && options.limits.reserve == 4 * GIB);
    assert_true(parse(arena, "fit m.gguf --vram 24G --margin 0 --kv-unified --swa-full --json --mmproj p.gguf",
                      &options, &err));
    assert_false(options.limits.is_unified);
    assert_string_equal(options.limits.gpu_name, "VRAM");
    assert_int_equal(options.limits.margin, 0);
    assert_true(options.request.is_unified && options.request.window_full && options.json);
    assert_string_equal(options.projector, "p.gguf");
    assert_true(parse(arena, "fit m.gguf --cpu --ram 64G --reserve 2G", &options, &err));
    assert_true(options.request.on_cpu && options.limits.reserve == 2 * GIB);
}

static void test_options_for_nodes_go_on(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct error err = ERROR_INIT;
    struct fit_options options;

    (void)state;
    assert_true(parse(arena, "fit m.gguf --node boxes -i hosts.ini --ctx 8192 -u root", &options, &err));
    assert_int_equal(options.rest_count, 6);
    assert_string_equal(options.rest[1], "boxes");
    assert_string_equal(options.rest[2], "-i");
    assert_string_equal(options.rest[3], "hosts.ini");
    assert_string_equal(options.rest[5], "root");
    assert_int_equal(options.request.context, 8192);
}

static void check_wrong(const char *line, const char *expected)
{
    ARENA_SCOPED arena = arena_new();
    struct error err = ERROR_INIT;
    struct fit_options options;

    assert_false(parse(arena, line, &options, &err));
    assert_int_equal(err.kind, ERROR_OPTIONS);
    assert_string_equal(err.text, expected);
}

static void test_wrong_options(void **state)
{
    (void)state;
    check_wrong("fit", "which model? Name a GGUF file");
    check_wrong("fit m.gguf --slot 4", "'--slot' is not known here, did you mean --slots?");
    check_wrong("fit m.gguf other.gguf", "'other.gguf' is not known here");
    check_wrong("fit m.gguf --ctx", "--ctx needs a value");
    check_wrong("fit m.gguf --ctx 0", "--ctx: '0' is no number from 1 to 2147483648");
    check_wrong("fit m.gguf --slots 1000", "--slots: '1000' is no number from 1 to 256");
    check_wrong("fit m.gguf --gtt much", "--gtt: 'much' is no amount of memory (write 112GiB, 96G, 4096M)");
    check_wrong("fit m.gguf --gtt 112", "--gtt: '112' lacks a unit (write 112GiB or 112MiB, or 112B for bytes)");
    check_wrong("fit m.gguf --gtt 0", "--gtt: '0' is no limit: leave the option out where nothing is to be checked");
    check_wrong("fit m.gguf --cpu --ram 0GiB",
                "--ram: '0GiB' is no limit: leave the option out where nothing is to be checked");
    check_wrong("fit m.gguf --cpu --gtt 1KiB", "with --cpu nothing is on a GPU: --gtt has no meaning");
    check_wrong("fit m.gguf --gtt 1G --vram 1G", "--gtt and --vram are two answers to one question: name one of them");
    check_wrong("fit m.gguf --cpu --vram 1G", "with --cpu nothing is on a GPU: --vram has no meaning");
    check_wrong("fit m.gguf --cpu --margin 1G --node x", "with --cpu nothing is on a GPU: --margin has no meaning");
    check_wrong("fit m.gguf --ram 1G --margin 1G",
                "--margin is kept of a GPU's memory: name --gtt, --vram or --node too");
    check_wrong("fit m.gguf --gtt 1G --reserve 1G", "--reserve is kept of the host's memory: name --ram or --node too");
    check_wrong("fit m.gguf --flash-attn maybe", "--flash-attn: 'maybe' is neither on, off nor auto");
}

static int run(struct arena *arena, const char *line, char **output_out)
{
    char *argv[WORDS_MAX];

    return verb_output(arena, models_fit, split(arena, line, argv), argv, output_out);
}

static void check_run(const char *line, int code, const char *part)
{
    ARENA_SCOPED arena = arena_new();
    char *output = NULL;
    int got = run(arena, line, &output);

    if (got != code || !strstr(output, part))
        fail_msg("'%s' ended with %d, not %d, or lacks '%s':\n%s", line, got, code, part, output);
}

static void test_runs(void **state)
{
    (void)state;
    check_run("fit $D/llama.gguf --ctx 8192", 0, "no limit was given");
    check_run("fit $D/llama.gguf --ctx 8192 --slots 2", 0, "8192 tokens of context in 2 slots of 4096, cache f16/f16");
    check_run("fit $D/llama.gguf --ctx 8192 --slots 2", 0, "4 layers, 4096 tokens in each of 2 slots");
    check_run("fit $D/split-00003-of-00003.gguf", 0, "in 3 files");
    check_run("fit $D/gemma3.gguf --ctx 8192", 0, "the token table twice, as it is the output too");
    check_run("fit $D/gemma3.gguf --ctx 8192", 0, "window cache        640.0 KiB   5 layers, 1024 tokens");
    check_run("fit $D/llama.gguf --gtt 2GiB", 0, "fits: it needs");
    check_run("fit $D/llama.gguf --ctx 131072 --gtt 40M --margin 0", 1, "fits if the context is at most");
    check_run("fit $D/llama.gguf --gtt 1M --margin 0", 2, "does not fit: it needs");
    check_run("fit $D/llama.gguf --mmproj $D/mmproj.gguf", 0, "projector             4.5 KiB");
    check_run("fit $D/mmproj.gguf", 0, "clip");
    check_run("fit $D/llama.gguf --mmproj $D/llama.gguf", 3, "is a model of architecture llama, no projector");
    check_run("fit /nonexistent.gguf", 3, "roost models fit: /nonexistent.gguf: there is no such file");
    check_run("fit hf://a/b/c.gguf --store /nonexistent", 3, "pull it first (roost models pull); there is no store in");
    check_run("fit $D/measured.txt", 3, "this is no GGUF file");
    check_run("fit $D/llama.gguf other.gguf --node box -i box,", 5,
              "'other.gguf' is one word too many: one model, and one pattern behind --node");
    check_run("fit $D/llama.gguf --kv q5_9", 5, "'q5_9' is no type of a cache");
    check_run("fit --help", 0, "usage: roost models fit MODEL");
}

/* A store with one blob that has two names, and a link to their folder. */
static void make_store(struct arena *arena, const char *root)
{
    const struct model_store store = { arena, root };
    struct error err = ERROR_INIT;
    char hex[HASH_HEX_MAX], *data = NULL;
    size_t length = 0;

    assert_true(file_read(arena, TEST_DATA "/gguf/llama.gguf", 1024 * 1024, &data, &length, &err));
    hash_hex_of(HASH_SHA256, data, length, hex);
    assert_true(store_prepare(&store, &err));
    FILE *blob = fopen(store_blob(&store, hex), "wb");
    assert_true(blob && fwrite(data, 1, length, blob) == length && fclose(blob) == 0);
    assert_true(store_name_set(&store, "names/file/key", "chat.gguf", hex, &err));
    assert_true(store_name_set(&store, "names/file/key", "mmproj-chat.gguf", hex, &err));
    assert_true(store_link_set(&store, "links/chat", "../names/file/key", &err));
}

static void test_models_of_the_store(void **state)
{
    ARENA_SCOPED arena = arena_new();
    char root[] = "/tmp/roost-fit-store-XXXXXX", *output = NULL;

    (void)state;
    assert_non_null(mkdtemp(root));
    make_store(arena, root);
    int code = run(arena, arena_printf(arena, "fit --store %s chat --ctx 4096", root), &output);
    if (code != 0 || !strstr(output, "generated llama: llama, Q4_0, 4 layers"))
        fail_msg("%d: %s", code, output);
    code = run(arena, arena_printf(arena, "fit --store %s other", root), &output);
    if (code != 3 || !strstr(output, "there is no model of the name 'other' in the store"))
        fail_msg("%d: %s", code, output);
    const char *remove[] = { "rm", "-rf", root, NULL };
    struct command_output done;
    struct error err = ERROR_INIT;
    assert_true(command_output(arena, remove, NULL, &done, &err));
}

static void test_json(void **state)
{
    ARENA_SCOPED arena = arena_new();
    const struct value *tree = NULL;
    struct error err = ERROR_INIT;
    char *output = NULL;

    (void)state;
    assert_int_equal(run(arena, "fit $D/gpt-oss.gguf --ctx 8192 --gtt 112GiB --json", &output), 0);
    assert_true(json_read(arena, output, strlen(output), NULL, &tree, &err));
    const struct value *model = value_map_get(tree, "model"), *answer = value_item(value_map_get(tree, "answers"), 0);
    assert_string_equal(value_map_text(model, "architecture"), "gpt-oss");
    assert_int_equal(value_map_get(model, "window_layers")->as.integer, 1);
    assert_string_equal(value_map_text(answer, "verdict"), "fits");
    const struct value *need = value_map_get(answer, "need");
    assert_int_equal(value_map_get(need, "window_cache_bytes")->as.integer, 768 * 32 * 2 * 2);
    assert_int_equal(value_map_get(value_map_get(answer, "limits"), "gpu_bytes")->as.integer, (int64_t)(112 * GIB));
}

static struct fit_node node_of(struct arena *arena, const char *json, const struct memory_limits *given)
{
    const struct value *facts = NULL;
    struct error err = ERROR_INIT;

    assert_true(json_read(arena, json, strlen(json), NULL, &facts, &err));
    return fit_node_of_facts(arena, "box", facts, given);
}

static void test_limits_of_nodes(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct memory_limits given = { .margin = 1, .reserve = 2 },
                         gtt = { .gpu = 7, .gpu_name = "GTT", .is_unified = true };

    (void)state;
    struct fit_node node =
        node_of(arena,
                "{\"memory\": {\"is_unified\": true, \"total_bytes\": 134217728000, \"gtt_total_bytes\": "
                "120259084288, \"carve_out_bytes\": 536870912}}",
                &given);
    assert_true(node.has_gpu && node.limits.is_unified && node.limits.gpu == 112 * GIB);
    assert_true(node.limits.ram == 134217728000 && node.limits.margin == 1 && node.limits.reserve == 2);
    assert_string_equal(node.note, "the GPU works in host memory: up to 112.0 GiB (GTT) of 125.0 GiB");
    node =
        node_of(arena,
                "{\"memory\": {\"is_unified\": true, \"total_bytes\": 34359738368, \"gtt_total_bytes\": 17179869184, "
                "\"carve_out_bytes\": 103079215104}}",
                &given);
    assert_true(!node.limits.is_unified && node.limits.gpu == 96 * GIB);
    node = node_of(arena, "{\"memory\": {\"is_unified\": true, \"total_bytes\": 128000000000}}", &given);
    assert_true(node.has_gpu && node.limits.gpu == 0 && node.limits.ram == 128000000000);
    node = node_of(
        arena,
        "{\"memory\": {\"total_bytes\": 64000000000}, \"gpus\": [{\"kind\": \"display\"}, {\"kind\": \"discrete\", "
        "\"vram_total_bytes\": 25769803776}, {\"kind\": \"discrete\", \"vram_total_bytes\": 25769803776}]}",
        &given);
    assert_true(!node.limits.is_unified && node.limits.gpu == 48 * GIB);
    assert_string_equal(node.limits.gpu_name, "VRAM");
    assert_string_equal(node.note, "the memory of 2 cards together");
    node = node_of(arena, "{\"memory\": {\"total_bytes\": 64000000000}}", &given);
    assert_true(!node.has_gpu && node.limits.gpu == 0);
    node = node_of(arena, "{\"memory\": {\"total_bytes\": 64000000000}}", &gtt); /* what is given wins */
    assert_true(node.has_gpu && node.limits.gpu == 7 && node.limits.is_unified);
    node = node_of(arena, "{}", &given);
    assert_true(node.limits.ram == 0 && node.limits.gpu == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_options_for_nodes_go_on),
        cmocka_unit_test(test_wrong_options),
        cmocka_unit_test(test_runs),
        cmocka_unit_test(test_models_of_the_store),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_limits_of_nodes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

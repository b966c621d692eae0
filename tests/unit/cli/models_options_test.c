/* SPDX-License-Identifier: Apache-2.0 */
/* roost models pull, list, verify, gc, rm: what they refuse before they do anything, and that --json is JSON. */
#include "cli/models_verbs.h"
#include "common/base/text.h"
#include "common/json/json.h"
#include "tests/unit/common/model/model_store_fixture.h"
#include "tests/unit/cli/verb_output.h"

#define WORDS_MAX 24

static int run(struct world *world, int (*verb)(int argc, char **argv), const char *line, char **output_out)
{
    size_t count = 0;
    char **words = text_split(world->arena, arena_printf(world->arena, "%s --store %s", line, world->store.root), ' ',
                              &count),
         *argv[WORDS_MAX] = { NULL };

    assert_true(count < WORDS_MAX);
    memcpy(argv, words, count * sizeof(*argv));
    return verb_output(world->arena, verb, (int)count, argv, output_out);
}

static void check_wrong(struct world *world, int (*verb)(int argc, char **argv), const char *line, const char *sentence)
{
    char *output = NULL;
    int code = run(world, verb, line, &output);

    if (code != 5 || strstr(output, sentence) == NULL)
        fail_msg("'%s' ended with %d, or lacks '%s': %s", line, code, sentence, output);
    assert_int_not_equal(access(world->store.root, F_OK), 0);
}

static void test_refused(void **state)
{
    static const char is_network[] = " is for sources that come over the network, and none is named";
    static const char is_hub[] = " is for sources of a hub (hf://), and none is named";
    static const char *const network[] = { "--connections", "--retries", "--timeout", "--limit-rate" };
    struct world *world = *state;

    check_wrong(world, models_pull, "pull", "one source is wanted");
    check_wrong(world, models_pull, "pull hf://a/b hf://a/c", "one source is wanted");
    check_wrong(world, models_pull, "pull hf://a/b --updat", "there is no option '--updat', did you mean '--update'?");
    check_wrong(world, models_rm, "rm hf://a/b --update", "there is no option '--update'; --help lists them");
    check_wrong(world, models_pull, "pull hf://a/b --json=yes", "option --json wants no value");
    check_wrong(world, models_pull, "pull hf://a/b --connections 33", "33 connections are too many: at most 32");
    for (size_t i = 0; i < sizeof(network) / sizeof(network[0]); i++)
        check_wrong(world, models_pull, arena_printf(world->arena, "pull file:///x.gguf %s 5", network[i]),
                    arena_printf(world->arena, "option %s%s", network[i], is_network));
    check_wrong(world, models_pull, "pull https://x/m.gguf --token-file /dev/null",
                arena_printf(world->arena, "option --token-file%s", is_hub));
    check_wrong(world, models_list, "list --endpoint https://x",
                arena_printf(world->arena, "option --endpoint%s", is_hub));
    check_wrong(world, models_verify, "verify chat --endpoint https://x",
                arena_printf(world->arena, "option --endpoint%s", is_hub));
    check_wrong(world, models_rm, "rm chat --endpoint https://x",
                arena_printf(world->arena, "option --endpoint%s", is_hub));
    check_wrong(world, models_rm, "rm", "which one? Name a source, or a link's name");
    check_wrong(world, models_rm, "rm chat --partial", "there is no option '--partial'");
    check_wrong(world, models_gc, "gc hf://a/b", "'hf://a/b': gc takes no source");
    check_wrong(world, models_gc, "gc --endpoint https://x", "there is no option '--endpoint'");
}

static const struct value *json_of(struct world *world, int (*verb)(int argc, char **argv), const char *line, int code)
{
    const struct value *value = NULL;
    struct error err = ERROR_INIT;
    char *output = NULL;

    assert_int_equal(run(world, verb, line, &output), code);
    if (!json_read(world->arena, output, strlen(output), NULL, &value, &err))
        fail_msg("'%s': %s: %s", line, err.text, output);
    return value;
}

static void test_json(void **state)
{
    struct world *world = *state;
    const char *blob = blob_put(world, "names/file/key", "a.gguf", "first");
    const struct value *value;

    blob_put(world, "names/file/key", "b.gguf", "second");
    blob_put(world, NULL, NULL, "stray");
    assert_int_equal(unlink(store_blob(&world->store, blob)), 0);
    assert_int_equal(value_count(json_of(world, models_list, "list --json", 0)), 2);
    value = json_of(world, models_verify, "verify --json", 1);
    assert_int_equal(value_map_get(value, "ok")->as.integer, 1);
    assert_int_equal(value_map_get(value, "missing")->as.integer, 1);
    value = value_item(value_map_get(value, "files"), 0);
    assert_string_equal(value_map_text(value, "path"), "a.gguf");
    assert_string_equal(value_map_text(value, "state"), "missing");
    value = json_of(world, models_gc, "gc --check --json", 0);
    assert_int_equal(value_map_get(value, "blobs")->as.integer, 1);
    assert_int_equal(value_map_get(json_of(world, models_gc, "gc --json", 0), "bytes")->as.integer, 5);
    value =
        json_of(world, models_pull,
                arena_printf(world->arena, "pull --json file://%s --name chat", file_put(world, "c.gguf", "third")), 0);
    assert_int_equal(value_map_get(value, "size")->as.integer, 5);
    assert_int_equal(value_map_get(json_of(world, models_rm, "rm chat --json", 0), "names")->as.integer, 1);
}

static void test_quiet(void **state)
{
    struct world *world = *state;
    char *output = NULL;

    blob_put(world, "names/file/key", "a.gguf", "first");
    assert_int_equal(run(world, models_verify, "verify --quiet", &output), 0);
    assert_string_equal(output, "1 ok, 0 damaged, 0 missing\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_refused, world_start, world_end),
        cmocka_unit_test_setup_teardown(test_json, world_start_prepared, world_end),
        cmocka_unit_test_setup_teardown(test_quiet, world_start_prepared, world_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

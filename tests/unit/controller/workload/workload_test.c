/* SPDX-License-Identifier: Apache-2.0 */
/* Declared workloads: what is taken, what is refused with which words and where, files and folders, JSON and schema. */
#include "controller/workload/workload.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/path.h"
#include "common/json/json.h"
#include "common/yaml/yaml_reader.h"

#define BASE "name: chat\nengine: llama_cpp\nmodel: m\n"

static const struct value *yaml_of(struct arena *arena, const char *text)
{
    const struct yaml_source source = { .data = text, .length = strlen(text), .path = "w.yml" };
    const struct value *value = NULL;
    struct error err = ERROR_INIT;

    if (!yaml_read(arena, &source, &value, &err))
        fail_msg("%s", err.text);
    return value;
}

static struct workload bound(struct arena *arena, const char *text)
{
    struct workload workload;
    struct error err = ERROR_INIT;

    if (!workload_bind(arena, yaml_of(arena, text), &workload, &err))
        fail_msg("%s: %s", text, err.text);
    return workload;
}

static void test_defaults(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct workload workload = bound(arena, BASE);

    (void)state;
    assert_string_equal(workload.name, "chat");
    assert_int_equal(workload.kind, WORKLOAD_INFERENCE);
    assert_int_equal(value_count(workload.models), 1);
    assert_string_equal(value_text(value_item(workload.models, 0)), "m");
    assert_null(workload.nodes);
    assert_null(workload.kv);
    assert_null(workload.alias);
    assert_int_equal(workload.replicas, 1);
    assert_int_equal(workload.slots, 0);
    assert_int_equal(workload.give_up_after, 5);
    assert_int_equal(workload.spread, WORKLOAD_AUTO);
    assert_int_equal(workload.on_node_loss, WORKLOAD_LOSS_WAIT);
    assert_string_equal(workload.health.prompt, "Say OK.");
    assert_null(workload.health.expect);
    assert_int_equal(workload.health.interval_s, 5);
    assert_int_equal(workload.health.timeout_s, 10);
    assert_int_equal(workload.health.start_timeout_s, 600);
}

static const char full[] = "name: big-one\n"
                           "engine: llama_cpp\n"
                           "models: [\"https://host/a,b.gguf\"]\n"
                           "alias: org/Big.One:q4\n"
                           "context: 131072\n"
                           "slots: 4\n"
                           "kv: Q8_0\n"
                           "nodes: [ai-1, ai-2]\n"
                           "spread: cluster\n"
                           "nodes_count: 2\n"
                           "replicas: 2\n"
                           "port: 9000\n"
                           "network: 10.0.0.0/24\n"
                           "environment: {GGML_X: 1, B: two words}\n"
                           "arguments: [--top-k, 40]\n"
                           "options: {flash: true}\n"
                           "resources: {memory: 64GiB, time: 1:30:00}\n"
                           "priority: -3\n"
                           "pinned: true\n"
                           "on_node_loss: move\n"
                           "give_up_after: 0\n"
                           "health: {prompt: What?, expect: Paris, max_tokens: 4, interval_s: 7, timeout_s: 8, "
                           "start_timeout_s: 9}\n";

static void test_all(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct workload workload = bound(arena, full);

    (void)state;
    assert_int_equal(value_count(workload.models), 1); /* a comma in a source is none between two */
    assert_string_equal(workload.alias, "org/Big.One:q4");
    assert_string_equal(workload.kv, "q8_0");
    assert_int_equal(workload.spread, WORKLOAD_CLUSTER);
    assert_int_equal(value_count(workload.nodes), 2);
    assert_string_equal(value_map_text(workload.environment, "GGML_X"), "1");
    assert_string_equal(value_text(value_item(workload.arguments, 1)), "40");
    assert_string_equal(value_map_text(workload.resources, "time"), "1:30:00");
    assert_int_equal(workload.on_node_loss, WORKLOAD_LOSS_MOVE);
    assert_true(workload.pinned);
    assert_string_equal(workload.health.expect, "Paris");
    assert_int_equal(workload.health.start_timeout_s, 9);
}

/* What is kept and sent is the same workload again. */
static void test_value(void **state)
{
    static const char *const texts[] = { BASE, full, "{name: b, kind: batch, engine: hpl, nodes: a}" };
    ARENA_SCOPED arena = arena_new();

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct workload first = bound(arena, texts[i]);
        const struct value *value = workload_value(arena, &first), *again = NULL;
        char *json = json_text(arena, value, JSON_COMPACT);
        struct workload second;
        struct error err = ERROR_INIT;

        assert_true(json_read(arena, json, strlen(json), NULL, &again, &err));
        assert_true(workload_bind(arena, again, &second, &err));
        assert_string_equal(json_text(arena, workload_value(arena, &second), JSON_COMPACT), json);
        assert_true(value_equal(value, again));
    }
}

static void test_refused(void **state)
{
    static const struct {
        const char *text, *says;
        int line, column;
    } cases[] = {
        { "foo", "must be a mapping", 1, 1 },
        { "name: a\nmodel: m\n", "setting missing: engine", 1, 1 },
        { BASE "contxt: 5\n", "there is no setting contxt (did you mean 'context'?)", 4, 1 },
        { BASE "context: 128k\n", "setting 'context' must be a whole number, but it is '128k'", 4, 10 },
        { BASE "context: -1\n", "context must be 0 to 2147483648, but it is -1", 4, 10 },
        { BASE "replicas: 65\n", "replicas must be 1 to 64, but it is 65", 4, 11 },
        { BASE "port: 80\n", "port must be 0 (a free one) or 1024 to 65535, but it is 80", 4, 7 },
        { BASE "port: 65536\n", "port must be 0 to 65535", 4, 7 },
        { BASE "kind: bach\n", "(did you mean 'batch'?)", 4, 7 },
        { BASE "kv: q9\n", "'q9' is no type of a cache", 4, 5 },
        { BASE "alias: a b\n", "the alias 'a b' must be letters", 4, 8 },
        { BASE "nodes: []\n", "nodes is empty", 4, 8 },
        { BASE "nodes: [a, a]\n", "the node 'a' is named twice", 4, 8 },
        { BASE "nodes: [a]\nspread: cluster\n", "spread is cluster, but there is one node only", 5, 9 },
        { BASE "nodes: [a, b]\nnodes_count: 3\n", "nodes_count is 3, but nodes names 2", 5, 14 },
        { BASE "spread: single\nnodes_count: 2\n", "spread is single", 5, 14 },
        { BASE "environment: {A: yes}\n", "environment.A must be a text, but it is a boolean", 4, 18 },
        { BASE "environment: {1A: x}\n", "'1A' is no name of a variable", 4, 15 },
        { BASE "environment: {A: \"x\\ny\"}\n", "environment.A must be one line", 4, 18 },
        { BASE "arguments: [\"a\\nb\"]\n", "an argument must be one line", 4, 13 },
        { BASE "network: 10.0.0.0/33\n", "network must be a network such as", 4, 10 },
        { BASE "resources: {memory: lots}\n", "resources.memory must be a size such as 64GiB", 4, 21 },
        { BASE "resources: {time: soon}\n", "resources.time must be hours:minutes:seconds", 4, 19 },
        { BASE "resources: {tasks: 5, nods: 1}\n", "(did you mean 'nodes'?)", 4, 23 },
        { BASE "health: {prompts: a}\n", "there is no setting of health prompts (did you mean 'prompt'?)", 4, 10 },
        { BASE "health: {timeout_s: 0}\n", "health.timeout_s must be 1 to 3600, but it is 0", 4, 21 },
        { BASE "models: [b]\n", "model and models are the same setting", 4, 9 },
        { "name: Chat\nengine: e\nmodel: m\n", "the name 'Chat' of a workload", 1, 7 },
        { "name: a-\nengine: e\nmodel: m\n", "the name 'a-' of a workload", 1, 7 },
        { "name: a\nengine: e\n", "a workload of kind inference needs a model", 1, 1 },
        { "name: a\nengine: e\nmodel: ''\n", "the name of a model is empty", 3, 8 },
        { "name: a\nengine: e\nmodel: hf://acme\n", "expected hf://ORG/REPO[/FILE]", 3, 8 },
        { "name: a\nengine: e\nmodels: [m, hf:/a/b, 'hf://acme/']\n", "the source 'hf://acme/' cannot", 3, 22 },
        { "name: a\nengine: e\nkind: batch\nreplicas: 2\n", "replicas is for inference", 4, 11 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ARENA_SCOPED arena = arena_new();
        struct workload workload;
        struct error err = ERROR_INIT;

        if (workload_bind(arena, yaml_of(arena, cases[i].text), &workload, &err))
            fail_msg("taken: %s", cases[i].text);
        if (strstr(err.text, cases[i].says) == NULL || err.line != cases[i].line || err.column != cases[i].column)
            fail_msg("%s: %d:%d %s", cases[i].text, err.line, err.column, err.text);
        assert_string_equal(err.path, "w.yml");
    }
}

static void test_times(void **state)
{
    static const char *const times[][2] = {
        { "90", "0:01:30" }, { "'10:00'", "0:10:00" }, { "1:30:00", "1:30:00" }, { "'100:00:00'", "100:00:00" }
    };

    (void)state;
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        ARENA_SCOPED arena = arena_new();
        struct workload workload = bound(arena, arena_printf(arena, BASE "resources: {time: %s}\n", times[i][0]));

        assert_string_equal(value_map_text(workload.resources, "time"), times[i][1]);
    }
}

/* --- folders --- */

static void put_file(struct arena *arena, const char *folder, const char *name, const char *text)
{
    FILE *file = fopen(path_join(arena, folder, name), "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void test_folder(void **state)
{
    ARENA_SCOPED arena = arena_new();
    char folder[] = "/tmp/roost-workloads-XXXXXX";
    struct workload *workloads = NULL;
    struct error err = ERROR_INIT;
    size_t count = 99;

    (void)state;
    assert_non_null(mkdtemp(folder));
    assert_true(workload_folder_read(arena, path_join(arena, folder, "none"), &workloads, &count, &err));
    assert_int_equal(count, 0);
    put_file(arena, folder, "b.yml", "- name: two\n  engine: e\n  model: m\n- name: three\n  engine: e\n  model: m\n");
    put_file(arena, folder, "a.json", "{\"name\": \"one\", \"engine\": \"e\", \"model\": \"m\"}");
    put_file(arena, folder, "c.yaml", "# nothing\n");
    put_file(arena, folder, ".hidden.yml", "foo");
    put_file(arena, folder, "README.md", "foo");
    assert_true(workload_folder_read(arena, folder, &workloads, &count, &err));
    assert_int_equal(count, 3);
    assert_string_equal(workloads[0].name, "one");
    assert_string_equal(workloads[2].name, "three");
    put_file(arena, folder, "d.yml", "\nname: two\nengine: e\nmodel: m\n");
    assert_false(workload_folder_read(arena, folder, &workloads, &count, &err));
    assert_non_null(strstr(err.text, "there are two workloads 'two': the other one is at "));
    assert_non_null(strstr(err.text, "/b.yml:1:3"));
    assert_non_null(strstr(err.path, "/d.yml"));
    assert_int_equal(err.line, 2);
    put_file(arena, folder, "d.yml", "\nname: bench-7\nengine: e\nmodel: m\n");
    assert_false(workload_folder_read(arena, folder, &workloads, &count, &err));
    assert_non_null(strstr(err.text, "the name 'bench-7' is the controller's: its benchmarks are called bench- and a"));
    assert_non_null(strstr(err.text, "take another one, as 'bench7'"));
    assert_int_equal(err.line, 2);
    assert_true(workload_name_is_free("bench-mark", &err) && workload_name_is_free("bench-7b", &err));
    put_file(arena, folder, "d.yml", "name: five\nengine: e\nmodel: m\nmodel: n\n");
    assert_false(workload_folder_read(arena, folder, &workloads, &count, &err));
    assert_non_null(strstr(err.text, "found a duplicate dict key (model)"));
    assert_null(strstr(err.text, "last defined"));
    assert_false(workload_file_read(arena, path_join(arena, folder, "d.yml"), &workloads, &count, &err));
    assert_true(workload_file_read(arena, path_join(arena, folder, "b.yml"), &workloads, &count, &err));
    assert_int_equal(count, 2);
    for (size_t i = 0; i < 6; i++)
        unlink(
            path_join(arena, folder,
                      ((const char *const[]){ "a.json", "b.yml", "c.yaml", "d.yml", ".hidden.yml", "README.md" })[i]));
    assert_int_equal(rmdir(folder), 0);
}

/* --- schema --- */

static const struct value *property(const struct value *schema, const char *name)
{
    const struct value *workload = value_map_get(value_map_get(schema, "$defs"), "workload");

    return value_map_get(value_map_get(workload, "properties"), name);
}

static void test_schema(void **state)
{
    ARENA_SCOPED arena = arena_new();
    const struct value *schema = workload_schema(arena);
    const struct value *workload = value_map_get(value_map_get(schema, "$defs"), "workload"), *health;

    (void)state;
    assert_string_equal(value_map_text(schema, "$schema"), "https://json-schema.org/draft/2020-12/schema");
    assert_int_equal(value_count(value_map_get(workload, "required")), 2);
    assert_false(value_map_true(workload, "additionalProperties"));
    for (const struct arg_spec *arg = workload_spec.args; arg->name != NULL; arg++)
        assert_string_equal(value_map_text(property(schema, arg->name), "description"), arg->help);
    assert_non_null(property(schema, "model"));
    assert_int_equal(value_map_get(property(schema, "replicas"), "maximum")->as.integer, 64);
    assert_int_equal(value_count(value_map_get(property(schema, "kind"), "enum")), 2);
    assert_int_equal(value_map_get(property(schema, "give_up_after"), "default")->as.integer, 5);
    health = value_map_get(property(schema, "health"), "properties");
    assert_string_equal(value_map_text(value_map_get(health, "prompt"), "type"), "string");
    assert_int_equal(value_map_get(value_map_get(health, "timeout_s"), "minimum")->as.integer, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults), cmocka_unit_test(test_all),   cmocka_unit_test(test_value),
        cmocka_unit_test(test_refused),  cmocka_unit_test(test_times), cmocka_unit_test(test_folder),
        cmocka_unit_test(test_schema),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Finding programs, and what builds they are of. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "agent/pieces/piece_program.h"
#include "common/json/json.h"
#include "tests/unit/agent/system/recorded_tree.h"

static void program_put(struct recorded_tree *tree, const char *path, const char *content)
{
    recorded_tree_put(tree, path, content);
    assert_int_equal(chmod(arena_printf(tree->arena, "%s%s", tree->root, path), 0755), 0);
}

static void test_llama_builds(void **state)
{
    ARENA_SCOPED arena = arena_new();

    (void)state;
    assert_string_equal(piece_llama_build(arena, "version: 0.7.0 (build 11669, commit Debian)"), "b11669-Debian");
    assert_string_equal(piece_llama_build(arena, "version: 6123 (79c1160b)"), "b6123-79c1160b");
    assert_null(piece_llama_build(arena, "version: 0.7.0"));
    assert_null(piece_llama_build(arena, "hello 7 (x)"));
    assert_null(piece_llama_build(arena, ""));
    assert_null(piece_llama_build(arena, NULL));
}

/* With empty texts: there is none of that name. */
static const struct piece_program *named(const struct piece_program *programs, size_t count, const char *name)
{
    static const struct piece_program none = { .name = "", .path = "", .program = "", .build = "" };

    for (size_t i = 0; i < count; i++) {
        if (strcmp(programs[i].name, name) == 0)
            return &programs[i];
    }
    return &none;
}

static void test_where(void **state)
{
    struct recorded_tree tree = recorded_tree_new();
    const struct sysfs fs = { recorded_tree_system(&tree), tree.arena };
    struct value *cache = value_map(tree.arena);
    struct piece_program *programs, found;
    struct error err = ERROR_INIT;
    size_t count = 0;

    (void)state;
    program_put(&tree, "/usr/bin/llama-server", "old");
    program_put(&tree, "/opt/llama.cpp/builds/k/bin/llama-server", "new");
    recorded_tree_put(&tree, "/etc/ansible/facts.d/llama_cpp.fact",
                      "{\"server\":\"/opt/llama.cpp/builds/k/bin/llama-server\"}");
    program_put(&tree, "/usr/libexec/x86_64-linux-gnu/llama/bin/ggml-rpc-server", "rpc");
    recorded_tree_put(&tree, "/usr/lib/x86_64-linux-gnu/libggml-base.so.0.27.0", "");
    recorded_tree_put(&tree, "/usr/lib/x86_64-linux-gnu/libggml-base.so.0", "");
    recorded_tree_put(&tree, "/usr/bin/iperf3", "not executable");
    program_put(&tree, "/opt/vllm/bin/vllm", "#!");
    recorded_tree_put(&tree, "/opt/vllm/lib/python3.12/site-packages/vllm-0.11.0.dist-info/METADATA", "");
    programs = piece_programs(&fs, tree.arena, cache, &count);

    assert_string_equal(named(programs, count, "llama_cpp")->path, "/opt/llama.cpp/builds/k/bin/llama-server");
    assert_string_equal(named(programs, count, "llama_rpc")->program, "ggml-rpc-server");
    assert_string_equal(named(programs, count, "llama_rpc")->build, "ggml-0.27.0"); /* its server told nothing here */
    assert_string_equal(named(programs, count, "vllm")->build, "0.11.0");
    assert_string_equal(named(programs, count, "iperf3")->name, "");

    assert_true(piece_program_find(programs, count, &fs, "llama_cpp", &found, &err));
    assert_false(piece_program_find(programs, count, &fs, "ollama", &found, &err));
    assert_string_equal(err.text, "ollama is not installed on this node");
    assert_false(piece_program_find(programs, count, &fs, "lama", &found, &err));
    assert_string_equal(err.text, "this agent knows no program 'lama'");
    assert_false(piece_program_find(programs, count, &fs, "/bin/none", &found, &err));
    assert_string_equal(err.text, "there is no program '/bin/none' on this node");
    recorded_tree_free(&tree);
}

/* Another file, another build. */
static void test_digest(void **state)
{
    struct recorded_tree tree = recorded_tree_new();
    const struct sysfs fs = { recorded_tree_system(&tree), tree.arena };
    struct value *cache = value_map(tree.arena);
    const char *before;
    size_t count = 0;

    (void)state;
    program_put(&tree, "/usr/bin/hpcc", "one");
    before = piece_programs(&fs, tree.arena, cache, &count)[0].build;
    assert_int_equal(count, 1);
    assert_true(strncmp(before, "sha256-", 7) == 0);
    assert_string_equal(piece_programs(&fs, tree.arena, cache, &count)[0].build, before);
    program_put(&tree, "/usr/bin/hpcc", "other");
    assert_string_not_equal(piece_programs(&fs, tree.arena, cache, &count)[0].build, before);
    recorded_tree_free(&tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_llama_builds), cmocka_unit_test(test_where),
                                        cmocka_unit_test(test_digest) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What is believed of a hub's list of files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "common/model/hub.h"

#define SHA "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define GIT "ce013625030ba8dba906f756967f9e9ca394464a"

static bool read_tree(struct arena *arena, const char *text, struct model_files *out, struct error *err)
{
    *out = (struct model_files){ 0 };
    return hub_tree_read(arena, text, strlen(text), out, err);
}

static void test_tree(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct model_files files, again;
    struct error err = ERROR_INIT;
    char *text;

    (void)state;
    assert_true(read_tree(arena,
                          "[{\"type\": \"directory\", \"path\": \"..\"},"
                          " {\"type\": \"file\", \"path\": \"a/m.gguf\", \"size\": 134, \"oid\": \"" GIT "\","
                          "  \"lfs\": {\"oid\": \"" SHA "\", \"size\": 5000000000, \"pointerSize\": 134}},"
                          " {\"type\": \"file\", \"path\": \"README.md\", \"size\": 6, \"oid\": \"" GIT "\"}]",
                          &files, &err));
    assert_int_equal(files.count, 2);
    assert_string_equal(files.items[0].path, "a/m.gguf");
    assert_int_equal(files.items[0].size, 5000000000);
    assert_string_equal(files.items[0].sha256, SHA);
    assert_null(files.items[0].git);
    assert_null(files.items[1].sha256);
    assert_string_equal(files.items[1].git, GIT);
    text = hub_tree_text(arena, &files);
    assert_true(read_tree(arena, text, &again, &err));
    assert_string_equal(hub_tree_text(arena, &again), text);
}

static void test_lies(void **state)
{
    static const char *const texts[] = {
        "{}",
        "[1]",
        "[{\"type\": \"file\"}]",
        "[{\"path\": \"../x\", \"size\": 1, \"oid\": \"" GIT "\"}]",
        "[{\"path\": \"/x\", \"size\": 1, \"oid\": \"" GIT "\"}]",
        "[{\"path\": \"x\\u0000y\", \"size\": 1, \"oid\": \"" GIT "\"}]",
        "[{\"path\": \"x\", \"size\": -1, \"oid\": \"" GIT "\"}]",
        "[{\"path\": \"x\", \"size\": 1.5, \"oid\": \"" GIT "\"}]",
        "[{\"path\": \"x\", \"size\": \"1\", \"oid\": \"" GIT "\"}]",
        "[{\"path\": \"x\", \"size\": 1, \"oid\": \"abc\"}]",
        "[{\"path\": \"x\", \"size\": 1, \"lfs\": {\"size\": 1}}]",
        "[{\"path\": \"x\", \"size\": 1, \"lfs\": {\"size\": 1, \"oid\": \"../../../../../../../../../../../../../../../../../../../etc/passwd\"}}]",
        "[{\"path\": \"x\", \"size\": 1, \"lfs\": {\"oid\": \"" SHA "\"}}]",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        ARENA_SCOPED arena = arena_new();
        struct model_files files;
        struct error err = ERROR_INIT;

        assert_false(read_tree(arena, texts[i], &files, &err));
        assert_int_not_equal(err.text[0], '\0');
    }
}

static void test_host(void **state)
{
    ARENA_SCOPED arena = arena_new();

    (void)state;
    assert_string_equal(hub_host_name(arena, "https://HuggingFace.co"), "huggingface.co");
    assert_string_equal(hub_host_name(arena, "http://127.0.0.1:8080/hf"), "127.0.0.1_8080_hf");
    assert_string_equal(hub_host_name(arena, "http://../x"), "_.._x");
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_tree), cmocka_unit_test(test_lies),
                                        cmocka_unit_test(test_host) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

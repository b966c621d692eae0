/* SPDX-License-Identifier: Apache-2.0 */
/* Sources as users write them, and names of files. */
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

#include "common/model/model_source.h"

static struct model_source parse(struct arena *arena, const char *text)
{
    struct model_source source = { 0 };
    struct error err = ERROR_INIT;

    assert_true(model_source_parse(arena, text, &source, &err));
    return source;
}

static void check_hub(const char *text, const char *path, const char *revision)
{
    ARENA_SCOPED arena = arena_new();
    struct model_source source = parse(arena, text);

    assert_int_equal(source.kind, MODEL_SOURCE_HUB);
    assert_string_equal(source.organisation, "org");
    assert_string_equal(source.repository, "re.po");
    assert_string_equal(source.path, path);
    assert_string_equal(source.revision, revision);
    assert_string_equal(source.shown, text);
}

static void test_hub(void **state)
{
    (void)state;
    check_hub("hf://org/re.po", "", "main");
    check_hub("hf://org/re.po/", "", "main");
    check_hub("hf://org/re.po/a/b.gguf", "a/b.gguf", "main");
    check_hub("hf://org/re.po/a/", "a", "main");
    check_hub("hf://org/re.po/a/b.gguf@v1", "a/b.gguf", "v1");
    check_hub("hf://org/re.po/b.gguf@refs/pr/1", "b.gguf", "refs/pr/1");
    check_hub("hf://org/re.po@v1", "", "v1");
    check_hub("hf://org/re.po@v1/a/b.gguf", "a/b.gguf", "v1");
    check_hub("hf://org/re.po@refs/pr/12/a/b.gguf", "a/b.gguf", "refs/pr/12");
    check_hub("hf://org/re.po@refs/pr/12", "", "refs/pr/12");
    check_hub("hf://org/re.po/UD-Q4_K_XL/*", "UD-Q4_K_XL/*", "main");
}

static void test_others(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct model_source source = parse(arena, "https://me:secret@h.example:8/a/m.gguf?sig=1#x");

    (void)state;
    assert_int_equal(source.kind, MODEL_SOURCE_URL);
    assert_string_equal(source.shown, "https://h.example:8/a/m.gguf");
    assert_string_equal(source.path, "m.gguf");
    assert_string_equal(source.url, "https://me:secret@h.example:8/a/m.gguf?sig=1#x");
    source = parse(arena, "file:///srv/../m.gguf");
    assert_int_equal(source.kind, MODEL_SOURCE_FILE);
    assert_string_equal(source.url, "/m.gguf");
    assert_string_equal(source.path, "m.gguf");
}

static void test_refused(void **state)
{
    static const char *const texts[] = {
        "m.gguf",
        "ftp://h/x",
        "file://relative",
        "file:///",
        "hf://org",
        "hf:///repo",
        "hf://org/",
        "hf://.org/x",
        "hf://org/repo/../x",
        "hf://org/repo//x",
        "hf://org/re po/x",
        "hf://org/repo/x@",
        "hf://org/repo/x@../..",
        "hf://org/repo/x@a//b",
        "https://h.example/",
        "https://h.example",
        "https:///x",
        "https://h/..",
        "hf://org/repo/x\n@main",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        ARENA_SCOPED arena = arena_new();
        struct model_source source;
        struct error err = ERROR_INIT;

        assert_false(model_source_parse(arena, texts[i], &source, &err));
        assert_non_null(strstr(err.text, "cannot be used"));
    }
}

static void test_shards(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct model_shard shard;

    (void)state;
    assert_true(model_shard_parse(arena, "a/m-00002-of-00010.gguf", &shard));
    assert_string_equal(shard.stem, "a/m");
    assert_int_equal(shard.number, 2);
    assert_int_equal(shard.count, 10);
    assert_string_equal(model_shard_path(arena, &shard, 10), "a/m-00010-of-00010.gguf");
    assert_false(model_shard_parse(arena, "m-00000-of-00010.gguf", &shard));
    assert_false(model_shard_parse(arena, "m-00011-of-00010.gguf", &shard));
    assert_false(model_shard_parse(arena, "m-0001-of-00010.gguf", &shard));
    assert_false(model_shard_parse(arena, "-00001-of-00001.gguf", &shard));
    assert_true(model_path_is_projector("x/mmproj-F16.gguf"));
    assert_false(model_path_is_projector("mmproj/m.gguf"));
    assert_false(model_path_is_projector("mmproj.txt"));
}

static void test_paths(void **state)
{
    (void)state;
    assert_true(model_path_is_safe("a/b.c"));
    assert_true(model_path_is_safe("..a/b.."));
    assert_false(model_path_is_safe(""));
    assert_false(model_path_is_safe("/a"));
    assert_false(model_path_is_safe("a/"));
    assert_false(model_path_is_safe("a//b"));
    assert_false(model_path_is_safe("a/../b"));
    assert_false(model_path_is_safe("./a"));
    assert_false(model_path_is_safe("a\x1b[2J"));
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_hub), cmocka_unit_test(test_others),
                                        cmocka_unit_test(test_refused), cmocka_unit_test(test_shards),
                                        cmocka_unit_test(test_paths) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

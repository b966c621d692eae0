/* SPDX-License-Identifier: Apache-2.0 */
/* Models of several files: found from any of them, and refused when one is missing, foreign or of another model. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "common/base/path.h"
#include "common/model/gguf_set.h"
#include "tests/unit/common/model/gguf_builder.h"

struct folder {
    struct arena *arena;
    char path[64];
};

static int folder_make(void **state)
{
    static struct folder folder;

    snprintf(folder.path, sizeof(folder.path), "/tmp/roost-gguf-XXXXXX");
    folder.arena = arena_new();
    *state = &folder;
    return mkdtemp(folder.path) ? 0 : -1;
}

static const char *shard_path(const struct folder *folder, uint32_t number, uint32_t count)
{
    return arena_printf(folder->arena, "%s/m-%05u-of-%05u.gguf", folder->path, number, count);
}

static int folder_remove(void **state)
{
    struct folder *folder = *state;

    for (uint32_t count = 1; count <= 4; count++) {
        for (uint32_t number = 1; number <= count; number++)
            unlink(shard_path(folder, number, count));
    }
    unlink(arena_printf(folder->arena, "%s/one.gguf", folder->path));
    int result = rmdir(folder->path);
    arena_free(folder->arena);
    return result;
}

/* Shard `number` (from 0) of `count` with one tensor; the model has `tensors`. */
static void write_shard(const struct folder *folder, const char *path, uint32_t number, uint32_t count,
                        const char *tensor)
{
    struct builder b = builder_new(folder->arena, false);

    put_head(&b, 3, 1, 4);
    put_string(&b, "general.architecture", "llama");
    put_key(&b, "split.no", GGUF_U16);
    put(&b, number, 2);
    put_key(&b, "split.count", GGUF_U16);
    put(&b, count, 2);
    put_u32(&b, "split.tensors.count", count);
    put_tensor(&b, tensor, 8, 8, 1, 0);
    put_padding(&b, 32);
    put_zeros(&b, 128);
    write_file(path, &b);
}

static void write_three(const struct folder *folder)
{
    write_shard(folder, shard_path(folder, 1, 3), 0, 3, "a");
    write_shard(folder, shard_path(folder, 2, 3), 1, 3, "b");
    write_shard(folder, shard_path(folder, 3, 3), 2, 3, "c");
}

static void check_refused(const struct folder *folder, const char *path, const char *part)
{
    struct error err = ERROR_INIT;
    struct gguf_set set = { 0 };

    assert_false(gguf_set_read(folder->arena, path, &set, &err));
    if (!strstr(err.text, part))
        fail_msg("expected '%s' in: %s", part, err.text);
}

static void test_any_shard_finds_all(void **state)
{
    const struct folder *folder = *state;

    write_three(folder);
    for (uint32_t number = 1; number <= 3; number++) {
        struct error err = ERROR_INIT;
        struct gguf_set set = { 0 };
        assert_true(gguf_set_read(folder->arena, shard_path(folder, number, 3), &set, &err));
        assert_int_equal(set.count, 3);
        assert_int_equal(set.tensors_count, 3);
        assert_int_equal(set.tensor_bytes, 3 * 128);
        assert_int_equal(set.file_bytes, 3 * set.shards[0]->file_bytes);
        assert_string_equal(set.shards[0]->path, shard_path(folder, 1, 3));
        assert_string_equal(set.shards[2]->tensors[0].name, "c");
    }
}

static void test_missing_and_foreign_shards(void **state)
{
    const struct folder *folder = *state;
    const char *first = shard_path(folder, 1, 3), *second = shard_path(folder, 2, 3);

    write_three(folder);
    unlink(second);
    check_refused(folder, first, "m-00002-of-00003.gguf: shard 2 of 3 is missing");
    write_shard(folder, second, 2, 3, "b");
    check_refused(folder, first, "says it is shard 3 of 3, its name says 2 of 3");
    write_shard(folder, second, 1, 4, "b");
    check_refused(folder, first, "says it is shard 2 of 4, its name says 2 of 3");
    write_shard(folder, second, 1, 3, "c");
    check_refused(folder, first, "tensor 'c' is in two shards");
}

static void test_number_of_tensors(void **state)
{
    const struct folder *folder = *state;
    struct builder b = builder_new(folder->arena, false);

    write_three(folder);
    put_head(&b, 3, 2, 2);
    put_key(&b, "split.no", GGUF_U16);
    put(&b, 1, 2);
    put_key(&b, "split.count", GGUF_U16);
    put(&b, 3, 2);
    put_tensor(&b, "x", 8, 8, 1, 0);
    put_tensor(&b, "y", 8, 8, 1, 128);
    put_padding(&b, 32);
    put_zeros(&b, 256);
    write_file(shard_path(folder, 2, 3), &b);
    check_refused(folder, shard_path(folder, 1, 3), "the model has 3 tensors, its 3 shards hold 4");
}

static void test_names(void **state)
{
    const struct folder *folder = *state;
    const char *one = arena_printf(folder->arena, "%s/one.gguf", folder->path);
    struct error err = ERROR_INIT;
    struct gguf_set set = { 0 };

    write_shard(folder, one, 0, 2, "a");
    check_refused(folder, one, "its name must end in -00001-of-00002.gguf");
    write_shard(folder, one, 0, 1, "a");
    assert_true(gguf_set_read(folder->arena, one, &set, &err));
    assert_int_equal(set.count, 1);
    write_shard(folder, one, 0, 65535, "a");
    check_refused(folder, one, "one of 65535 shards");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_any_shard_finds_all, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(test_missing_and_foreign_shards, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(test_number_of_tensors, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(test_names, folder_make, folder_remove),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

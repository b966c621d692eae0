/* SPDX-License-Identifier: Apache-2.0 */
/* Zeroing, alignment, growth in place, big blocks and reset of arenas. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "common/base/arena.h"
#include "common/base/limits.h"

static void test_memory_is_zeroed_and_aligned(void **state)
{
    ARENA_SCOPED arena = arena_new();

    (void)state;
    for (size_t size = 1; size < 300; size++) {
        char *memory;

        arena_copy_n(arena, "x", 1);
        memory = arena_alloc(arena, size);
        assert_int_equal((uintptr_t)memory % _Alignof(max_align_t), 0);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(memory[i], 0);
        memset(memory, 0xAA, size);
    }
}

static void test_memory_is_zeroed_after_reset(void **state)
{
    ARENA_SCOPED arena = arena_new();
    char *memory;

    (void)state;
    memset(arena_alloc(arena, 1000), 0xFF, 1000);
    memset(arena_alloc(arena, 10 * 1000 * 1000), 0xFF, 1000);
    arena_reset(arena);
    assert_int_equal(arena_used(arena), 0);
    memory = arena_alloc(arena, 1000);
    for (size_t i = 0; i < 1000; i++)
        assert_int_equal(memory[i], 0);
}

static void test_many_chunks(void **state)
{
    ARENA_SCOPED arena = arena_new();
    uint64_t *cells[20000];

    (void)state;
    for (size_t i = 0; i < 20000; i++) {
        cells[i] = arena_alloc(arena, sizeof(uint64_t) * (1 + i % 50));
        *cells[i] = i;
    }
    for (size_t i = 0; i < 20000; i++)
        assert_int_equal(*cells[i], i);
}

static void test_grow_keeps_content_and_zeroes_the_rest(void **state)
{
    ARENA_SCOPED arena = arena_new();
    size_t size = 16;
    char *memory = arena_grow(arena, NULL, 0, size);

    (void)state;
    memset(memory, 'a', size);
    while (size < 3 * LIMIT_ARENA_CHUNK_MAX) {
        if (size == 256)
            arena_alloc(arena, 8); /* no longer the newest: must move */
        memory = arena_grow(arena, memory, size, size * 2);
        assert_int_equal(memory[0], 'a');
        assert_int_equal(memory[size - 1], 'a');
        assert_int_equal(memory[size], 0);
        assert_int_equal(memory[size * 2 - 1], 0);
        memset(memory, 'a', size * 2);
        size *= 2;
    }
}

static void test_newest_grows_in_place(void **state)
{
    ARENA_SCOPED arena = arena_new();
    char *memory = arena_alloc(arena, 32);

    (void)state;
    assert_ptr_equal(arena_grow(arena, memory, 32, 64), memory);
}

static void test_copies_and_printf(void **state)
{
    ARENA_SCOPED arena = arena_new();
    char big[1000];
    char *text;

    (void)state;
    assert_null(arena_copy(arena, NULL));
    assert_string_equal(arena_copy(arena, "abc"), "abc");
    assert_string_equal(arena_copy_n(arena, "abcdef", 3), "abc");
    assert_string_equal(arena_printf(arena, "%d-%s", 7, "x"), "7-x");
    memset(big, 'y', sizeof(big) - 1);
    big[sizeof(big) - 1] = '\0';
    text = arena_printf(arena, "%s!", big);
    assert_int_equal(strlen(text), sizeof(big));
    assert_int_equal(text[sizeof(big) - 1], '!');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory_is_zeroed_and_aligned),
        cmocka_unit_test(test_memory_is_zeroed_after_reset),
        cmocka_unit_test(test_many_chunks),
        cmocka_unit_test(test_grow_keeps_content_and_zeroes_the_rest),
        cmocka_unit_test(test_newest_grows_in_place),
        cmocka_unit_test(test_copies_and_printf),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

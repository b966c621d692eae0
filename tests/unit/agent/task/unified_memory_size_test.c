/* SPDX-License-Identifier: Apache-2.0 */
/* Sizes read, planned and refused with numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/task/unified_memory_size.h"

#define BOX ((int64_t)131048576 * 1024) /* MemTotal of a box with 128 GiB */

static void reads_sizes(void **state)
{
    static const char *const wrong[] = { "",         "112",     "112GB",      "112G",     "GiB", "-1GiB",  "0GiB",
                                         "1e400GiB", "nan GiB", "9999999TiB", "112GiB x", ".",   "0x10GiB" };
    struct error err = ERROR_INIT;
    int64_t bytes = 0;

    (void)state;
    assert_true(unified_bytes("112GiB", &bytes, &err));
    assert_int_equal(bytes, 120259084288);
    assert_true(unified_bytes("1.5 GiB", &bytes, &err));
    assert_int_equal(bytes, 1610612736);
    assert_true(unified_bytes("512MiB", &bytes, &err));
    assert_int_equal(bytes, 536870912);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        bytes = 7;
        assert_false(unified_bytes(wrong[i], &bytes, &err));
        assert_int_equal(bytes, 7);
    }
}

static int64_t pages(const char *gtt, const char *reserve, int64_t host)
{
    ARENA_SCOPED arena = arena_new();
    struct error err = ERROR_INIT;
    struct unified_size size = { 0 };

    return unified_size_plan(arena, gtt, reserve, host, &size, &err) ? size.pages : -1;
}

/* The table everybody copies: pages = GiB * 262144. */
static void computes_pages(void **state)
{
    (void)state;
    assert_int_equal(pages("96GiB", NULL, BOX), 25165824);
    assert_int_equal(pages("108GiB", NULL, BOX), 28311552);
    assert_int_equal(pages("112GiB", NULL, BOX), 29360128);
    assert_int_equal(pages("120GiB", NULL, BOX), 31457280);
    assert_int_equal(pages("124GiB", "1GiB", BOX + UNIFIED_GIB), 32505856);
    assert_int_equal(pages("max", NULL, BOX), 28311552);            /* 124.98 - 16, in whole GiB */
    assert_int_equal(pages("max", "8GiB", BOX), 30408704);          /* 116 GiB */
    assert_int_equal(pages("85%", NULL, BOX), 27787264);            /* 106 GiB */
    assert_int_equal(pages("50%", NULL, (int64_t)1 << 30), 131072); /* a small VM: 512 MiB */
    assert_int_equal(pages("max", NULL, (int64_t)1 << 30), 196608); /* a quarter stays */
    assert_int_equal(pages("100.5MiB", NULL, (int64_t)1 << 30), 25728);
}

/* MemTotal moves by some MiB with each kernel: the plan does not. */
static void does_not_follow_small_shifts(void **state)
{
    (void)state;
    for (int64_t shift = -8; shift <= 8; shift += 4) {
        assert_int_equal(pages("max", NULL, BOX + shift * UNIFIED_MIB), 28311552);
        assert_int_equal(pages("85%", NULL, BOX + shift * UNIFIED_MIB), 27787264);
    }
}

static const char *refusal(struct arena *arena, const char *gtt, const char *reserve, int64_t host)
{
    struct error err = ERROR_INIT;
    struct unified_size size;

    assert_false(unified_size_plan(arena, gtt, reserve, host, &size, &err));
    return arena_copy(arena, err.text);
}

static void refuses_with_numbers(void **state)
{
    ARENA_SCOPED arena = arena_new();

    (void)state;
    assert_string_equal(
        refusal(arena, "124GiB", NULL, BOX),
        "gtt: 124GiB would give the GPU 124 GiB of the host's 125.0 GiB and leave 1001.1 MiB: at least 4 GiB "
        "must stay (4 GiB, or a quarter of a small memory, unless `reserve` says less); the most is 120 GiB");
    assert_string_equal(
        refusal(arena, "128GiB", "2GiB", BOX),
        "gtt: 128GiB would give the GPU 128 GiB of the host's 125.0 GiB and leave -3.0 GiB: at least 2 GiB "
        "must stay (reserve); the most is 122 GiB");
    assert_string_equal(
        refusal(arena, "100%", NULL, BOX),
        "gtt: 100% would give the GPU 124 GiB of the host's 125.0 GiB and leave 1001.1 MiB: at least 4 GiB "
        "must stay (4 GiB, or a quarter of a small memory, unless `reserve` says less); the most is 120 GiB");
    assert_string_equal(refusal(arena, "max", "512MiB", BOX),
                        "reserve: 512MiB is less than the 1 GiB that a host of 125.0 GiB needs to stay alive");
    assert_string_equal(refusal(arena, "max", "200GiB", BOX),
                        "reserve: 200GiB is not less than the host's memory of 125.0 GiB");
    assert_string_equal(refusal(arena, "1MiB", NULL, BOX),
                        "gtt: 1MiB comes to 1 MiB, which is too little for any GPU (at least 64 MiB)");
    assert_string_equal(refusal(arena, "0%", NULL, BOX), "gtt: '0%' is not a share of the memory: write it like 85%");
    assert_non_null(strstr(refusal(arena, "112GiB", NULL, 0), "no MemTotal"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_sizes),
        cmocka_unit_test(computes_pages),
        cmocka_unit_test(does_not_follow_small_shifts),
        cmocka_unit_test(refuses_with_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* repr() of floats; the expected texts were printed by CPython 3.11. */
#include <math.h>
#include <stdlib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "common/value/value_python.h"

static const char *real_text(struct arena *arena, double real)
{
    struct text out = text_new(arena);

    value_real_repr(&out, real);
    return out.data;
}

static void test_known_texts(void **state)
{
    static const char *const texts[] = {
        "0.0",
        "-0.0",
        "1.0",
        "0.1",
        "0.3333333333333333",
        "0.6666666666666666",
        "100.0",
        "1000000000000000.0",
        "1.2345678901234568e+17",
        "1e+16",
        "1.5e+16",
        "9999999999999998.0",
        "1e+22",
        "0.0001",
        "1e-05",
        "0.00012345",
        "1.5e-07",
        "5e-324",
        "2.2250738585072014e-308",
        "7.174648137343064e-43", /* powers of two: not the nearest of so many digits, but it reads back */
        "6.386688990511104e+293",
        "1.7976931348623157e+308",
        "3.141592653589793",
        "0.30000000000000004",
        "4.35",
        "1e+21",
        "12345.678",
        "-2.5",
    };
    ARENA_SCOPED arena = arena_new();

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_string_equal(real_text(arena, strtod(texts[i], NULL)), texts[i]);
    assert_string_equal(real_text(arena, (double)INFINITY), "inf");
    assert_string_equal(real_text(arena, -(double)INFINITY), "-inf");
    assert_string_equal(real_text(arena, (double)NAN), "nan");
}

/* Whatever is printed reads back as the same number. */
static void test_round_trip(void **state)
{
    ARENA_SCOPED arena = arena_new();
    uint64_t bits = 88172645463325252u;

    (void)state;
    for (int i = 0; i < 20000; i++) {
        double real, back;

        bits ^= bits << 13;
        bits ^= bits >> 7;
        bits ^= bits << 17;
        memcpy(&real, &bits, sizeof(real));
        if (isnan(real))
            continue;
        back = strtod(real_text(arena, real), NULL);
        assert_memory_equal(&back, &real, sizeof(real));
        if (i % 1000 == 0)
            arena_reset(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_texts),
        cmocka_unit_test(test_round_trip),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

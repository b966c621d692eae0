/* SPDX-License-Identifier: Apache-2.0 */
/* The table of printable code points at its edges (CPython 3.11, Unicode 14). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "common/value/value_printable.h"

static void test_edges(void **state)
{
    static const uint32_t shown[] = { 0x20, 0x7E, 0xA1, 0xE9, 0x2010, 0x65E5, 0x1F600, 0xE0100, 0x3134A };
    static const uint32_t hidden[] = { 0, 0x1F, 0x7F, 0x80, 0xA0, 0xAD, 0x2028, 0xD800, 0xE000, 0xFFFF, 0x10FFFF };

    (void)state;
    for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
        assert_true(value_is_printable(shown[i]));
    for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
        assert_false(value_is_printable(hidden[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_edges) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

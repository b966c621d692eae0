/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of locale.gen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agent/system/host/locale_list.h"

static void switches_lines(void **state)
{
    ARENA_SCOPED arena = arena_new();
    const char *text = "# how to\n#  de_AT.UTF-8 UTF-8\n# de_AT ISO-8859-1\nde_AT.UTF-8@x UTF-8";

    (void)state;
    assert_true(locale_is_offered(arena, text, "de_AT.UTF-8", true));
    assert_false(locale_is_offered(arena, text, "de_AT.UTF-8", false));
    assert_false(locale_is_offered(arena, "# C UTF-8\n", "C", true));
    assert_string_equal(locale_switch(arena, text, "de_AT.UTF-8", true),
                        "# how to\nde_AT.UTF-8 UTF-8\n# de_AT ISO-8859-1\nde_AT.UTF-8@x UTF-8");
    assert_string_equal(locale_switch(arena, "a_B x\n", "a_B", false), "# a_B x\n");
    assert_string_equal(locale_without(arena, "a_B x\nc_D y\n", "a_B"), "c_D y\n");
}

static void compares_names(void **state)
{
    ARENA_SCOPED arena = arena_new();

    (void)state;
    assert_true(locale_same(arena, "de_DE.utf8", "de_DE.UTF-8"));
    assert_true(locale_same(arena, "de_DE.utf8@euro", "de_DE.UTF-8@euro"));
    assert_false(locale_same(arena, "de_DE", "de_DE.UTF-8"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(switches_lines),
        cmocka_unit_test(compares_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

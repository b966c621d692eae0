/* SPDX-License-Identifier: Apache-2.0 */
/* Texts of nftables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agent/system/network/nft.h"

static void makes_a_table(void **state)
{
    ARENA_SCOPED arena = arena_new();

    (void)state;
    assert_string_equal(nft_table_text(arena, "ip", "x", "chain a { }"),
                        "table ip x\ndelete table ip x\ntable ip x {\nchain a { }\n}\n");
    assert_true(nft_name_is_valid("a-b_1"));
    assert_false(nft_name_is_valid("1a"));
    assert_false(nft_name_is_valid("a/../b"));
    assert_false(nft_name_is_valid(""));
}

static void includes_once(void **state)
{
    ARENA_SCOPED arena = arena_new();
    char *text = nft_with_include(arena, "flush ruleset", "/d");

    (void)state;
    assert_string_equal(text, "flush ruleset\ninclude \"/d/*.nft\"\n");
    assert_true(nft_includes(text, "/d"));
    assert_false(nft_includes("# include \"/d/*.nft\"\n", "/d"));
    assert_true(nft_includes(nft_with_include(arena, NULL, "/d"), "/d"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(makes_a_table),
        cmocka_unit_test(includes_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

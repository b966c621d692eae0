/* SPDX-License-Identifier: Apache-2.0 */
/* Texts of nftables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/system/network/nft.h"
#include "common/base/clock.h"

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

/* The kernel's side may hang, and with it who waits for nft. */
static void does_not_wait_for_ever(void **state)
{
    ARENA_SCOPED arena = arena_new();
    char folder[] = "/tmp/roost-nft-XXXXXX";
    struct system system = { .root = "", .deadline_ms = clock_monotonic_ms() + 50 };
    struct error err = ERROR_INIT;
    struct value *environment = value_map(arena);
    const char *listing = NULL, *path;
    FILE *file;

    (void)state;
    assert_non_null(mkdtemp(folder));
    path = arena_printf(arena, "%s/nft", folder);
    file = fopen(path, "w");
    assert_non_null(file);
    fputs("#!/bin/sh\nexec sleep 1000\n", file);
    fclose(file);
    assert_int_equal(chmod(path, 0755), 0);
    value_map_put_string(arena, environment, "PATH", arena_printf(arena, "%s:/usr/bin:/bin", folder));
    system.environment = environment;
    assert_false(nft_table_list(&system, arena, "inet", "x", &listing, &err));
    assert_string_equal(err.text, "nft did not end in time: it was killed");
    unlink(path);
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(makes_a_table),
        cmocka_unit_test(includes_once),
        cmocka_unit_test(does_not_wait_for_ever),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

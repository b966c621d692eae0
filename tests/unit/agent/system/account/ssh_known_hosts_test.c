/* SPDX-License-Identifier: Apache-2.0 */
/* Host names in known_hosts lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agent/system/account/ssh_known_hosts.h"

static bool matches(struct arena *arena, const char *names, const char *host)
{
    const struct known_host line = { .names = names, .type = "t", .key = "k", .comment = "" };

    return known_host_matches(arena, &line, host);
}

static void matches_names(void **state)
{
    ARENA_SCOPED arena = arena_new();
    const char *hashed = NULL;
    struct error err = ERROR_INIT;

    (void)state;
    assert_true(matches(arena, "a,Host?,c", "host1"));
    assert_false(matches(arena, "host*,!host1", "host1"));
    assert_false(matches(arena, "host1", "host11"));
    assert_true(matches(arena, "[host1]:22", "[host1]:22"));
    assert_false(matches(arena, "[host1]:22", "host1"));
    assert_true(matches(arena, "*.a*b", "x.aab"));
    /* as ssh-keygen -H wrote it */
    assert_true(matches(arena, "|1|ljk+V4M/qg2SgXIlPHC9fcpE0fY=|DxA2Cd1Ik0WDORL6LlXAfT3gM24=", "host1"));
    assert_false(matches(arena, "|1|ljk+V4M/qg2SgXIlPHC9fcpE0fY=|DxA2Cd1Ik0WDORL6LlXAfT3gM24=", "host2"));
    assert_false(matches(arena, "|1|broken", "host1"));
    assert_true(known_host_hash(arena, "host3", &hashed, &err));
    assert_true(matches(arena, hashed, "host3"));
}

static void takes_lines_apart(void **state)
{
    ARENA_SCOPED arena = arena_new();
    const char *text = "@revoked a,b ssh-rsa AAAA who  knows\n";
    struct known_host line;

    (void)state;
    assert_true(known_host_parse(arena, text, strlen(text), &line));
    assert_string_equal(known_host_line(arena, &line), "@revoked a,b ssh-rsa AAAA who knows");
    assert_false(known_host_parse(arena, "# a b c", 7, &line));
    assert_false(known_host_parse(arena, "a b", 3, &line));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matches_names),
        cmocka_unit_test(takes_lines_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

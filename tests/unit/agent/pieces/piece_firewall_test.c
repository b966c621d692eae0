/* SPDX-License-Identifier: Apache-2.0 */
/* Rules for guarded ports: who is let in, that all others are not, and that nothing is said without a port. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "agent/pieces/piece_firewall.h"
#include "common/json/json.h"

#define FIRST " tcp flags & (fin | syn | rst | ack) == syn drop\n"

static const struct piece *piece_of(struct arena *arena, const char *ports)
{
    const char *text = arena_printf(arena, "{\"name\":\"a\",\"program\":\"x\",\"ports\":%s}", ports);
    struct piece *piece = arena_alloc(arena, sizeof(*piece));
    const struct value *map = NULL;
    struct error err = ERROR_INIT;

    if (!json_read(arena, text, strlen(text), NULL, &map, &err) || !piece_bind(arena, map, piece, &err))
        fail_msg("%s", err.text);
    return piece;
}

static void test_none(void **state)
{
    ARENA_SCOPED arena = arena_new();
    const struct piece *const pieces[] = { piece_of(arena, "[]") };

    (void)state;
    assert_false(piece_is_guarded(pieces[0]));
    assert_string_equal(piece_firewall_rules(arena, pieces, 1, "10.0.0.9"), "");
    assert_string_equal(piece_firewall_rules(arena, pieces, 0, NULL), "");
}

static void test_worker_and_head(void **state)
{
    ARENA_SCOPED arena = arena_new();
    const struct piece *const pieces[] = {
        piece_of(arena, "[{\"port\":50052,\"address\":\"10.0.0.2\",\"from\":[\"10.0.0.1\"]}]"),
        piece_of(arena, "[{\"port\":8100,\"address\":\"0.0.0.0\",\"from\":[\"controller\",\"fd00::7\"]}]"),
    };

    (void)state;
    assert_true(piece_is_guarded(pieces[0]));
    assert_string_equal(piece_firewall_rules(arena, pieces, 2, "10.0.0.9"),
                        "    chain pieces {\n        type filter hook input priority -10; policy accept;\n"
                        "        iifname \"lo\" accept\n"
                        "        tcp dport 50052 ip saddr 10.0.0.1 ip daddr 10.0.0.2 accept\n"
                        "        tcp dport 8100 ip saddr 10.0.0.9 accept\n"
                        "        tcp dport 8100 ip6 saddr fd00::7 accept\n"
                        "        tcp dport 50052" FIRST "        tcp dport 8100" FIRST "    }\n");
}

/* While it is not known where the controller is, nobody is let in for it; nobody named: nobody but this machine. */
static void test_nobody(void **state)
{
    ARENA_SCOPED arena = arena_new();
    const struct piece *const pieces[] = {
        piece_of(
            arena,
            "[{\"port\":8100,\"address\":\"10.0.0.2\",\"from\":[\"controller\"]},{\"port\":8101,\"address\":\"::1\"}]"),
        piece_of(arena, "[{\"port\":8102,\"address\":\"10.0.0.2\",\"from\":[\"fd00::1\"]}]"),
    };
    const char *rules = piece_firewall_rules(arena, pieces, 2, NULL);

    (void)state;
    assert_null(strstr(rules, "saddr"));
    assert_non_null(strstr(rules, "        tcp dport 8100" FIRST));
    assert_non_null(strstr(rules, "        tcp dport 8101" FIRST));
    assert_non_null(strstr(rules, "        tcp dport 8102" FIRST));
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_none), cmocka_unit_test(test_worker_and_head),
                                        cmocka_unit_test(test_nobody) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

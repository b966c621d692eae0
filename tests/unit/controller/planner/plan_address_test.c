/* SPDX-License-Identifier: Apache-2.0 */
/* A node's address by its facts. */
#include "plan_fixture.h"

#include "common/json/json.h"

static const char facts_text[] =
    "{\"interfaces\": [\"lo\", \"eth0\", \"thunderbolt0\", \"br-1\"], \"default_ipv4\": {\"address\": \"192.168.1.5\"},"
    " \"lo\": {\"ipv4\": {\"address\": \"127.0.0.1\"}},"
    " \"eth0\": {\"ipv4\": {\"address\": \"192.168.1.5\"}, \"ipv4_secondaries\": [{\"address\": \"192.168.7.9\"}],"
    " \"ipv6\": [{\"address\": \"fe80::1\", \"scope\": \"link\"}, {\"address\": \"fd00::5\", \"scope\": \"global\"}]},"
    " \"thunderbolt0\": {\"ipv4\": {\"address\": \"10.9.0.4\"}}, \"br_1\": {\"ipv4\": {\"address\": \"10.8.0.1\"}},"
    " \"all_ipv4_addresses\": [\"169.254.1.1\", \"192.168.1.5\"]}";

static void test_address(void **state)
{
    static const struct {
        const char *network, *address;
    } cases[] = { { NULL, "192.168.1.5" },
                  { "10.9.0.0/24", "10.9.0.4" },
                  { "192.168.7.0/24", "192.168.7.9" },
                  { "192.168.0.0/16", "192.168.1.5" },
                  { "thunderbolt0", "10.9.0.4" },
                  { "br-1", "10.8.0.1" },
                  { "fd00::/64", "fd00::5" },
                  { "10.9.0.5/30", "10.9.0.4" },
                  { "10.7.0.0/16", NULL },
                  { "eth9", NULL },
                  { "0.0.0.0/0", "127.0.0.1" } };
    ARENA_SCOPED arena = arena_new();
    const struct value *facts = NULL;
    struct error err = ERROR_INIT;

    (void)state;
    assert_true(json_read(arena, facts_text, strlen(facts_text), NULL, &facts, &err));
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *address = plan_address(arena, facts, cases[i].network);

        if (cases[i].address == NULL)
            assert_null(address);
        else
            assert_string_equal(address, cases[i].address);
    }
    assert_null(plan_address(arena, NULL, NULL));
    assert_null(plan_address(arena, NULL, "10.0.0.0/8"));
}

/* Prefixed, in a wrapping, and without a default route. */
static void test_forms(void **state)
{
    static const char prefixed[] = "{\"ansible_facts\": {\"ansible_default_ipv4\": {\"address\": \"10.0.0.1\"}}}";
    static const char routeless[] = "{\"default_ipv4\": {}, \"all_ipv4_addresses\": [\"169.254.1.1\", \"10.77.0.3\"]}";
    ARENA_SCOPED arena = arena_new();
    const struct value *facts = NULL;
    struct error err = ERROR_INIT;

    (void)state;
    assert_true(json_read(arena, prefixed, strlen(prefixed), NULL, &facts, &err));
    assert_string_equal(plan_address(arena, facts, NULL), "10.0.0.1");
    assert_true(json_read(arena, routeless, strlen(routeless), NULL, &facts, &err));
    assert_string_equal(plan_address(arena, facts, NULL), "10.77.0.3");
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_address), cmocka_unit_test(test_forms) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

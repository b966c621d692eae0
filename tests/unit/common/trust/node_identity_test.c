/* SPDX-License-Identifier: Apache-2.0 */
#include "common/trust/node_identity.h"

#include "trust_fixture.h"

static void test_names(void **state)
{
    struct fixture *fixture = *state;
    struct error *err = &fixture->err;
    static const char *const good[] = { "a", "7", "ai-1", "AI_1.rack2.example.org", NULL };
    char name[LIMIT_NODE_NAME + 2];

    for (size_t i = 0; good[i] != NULL; i++)
        fixture_must(fixture, node_name_check(good[i], err));
    memset(name, 'n', sizeof(name));
    name[LIMIT_NODE_NAME] = '\0';
    fixture_must(fixture, node_name_check(name, err));
    name[LIMIT_NODE_NAME] = 'n';
    name[LIMIT_NODE_NAME + 1] = '\0';
    fixture_refused(fixture, node_name_check(name, err), "node name: it is longer than 64 characters");
    fixture_refused(fixture, node_name_check("", err), "node name: it is empty");
    fixture_refused(fixture, node_name_check("ai/1", err), "node name: character 3 is none of A-Z a-z 0-9 . - _");
    fixture_refused(fixture, node_name_check("a\xc3\xa4", err), "node name: character 2 is none of A-Z a-z 0-9 . - _");
    fixture_refused(fixture, node_name_check("a:1", err), "node name: character 2 is none of A-Z a-z 0-9 . - _");
    fixture_refused(fixture, node_name_check("..", err),
                    "node name '..': it must begin and end with a letter or digit");
    fixture_refused(fixture, node_name_check("a-", err),
                    "node name 'a-': it must begin and end with a letter or digit");
}

static void test_uri(void **state)
{
    struct fixture *fixture = *state;
    struct node_identity node = { "ai-1", 3 }, again;
    static const char *const bad[][2] = {
        { "roost:node:ai-1", "the identity is not of the form roost:node:<name>:<generation>" },
        { "roost:other:ai-1:1", "the identity is not of the form roost:node:<name>:<generation>" },
        { "roost:node::1", "node name: it is empty" },
        { "roost:node:ai-1:0", "node 'ai-1': the generation is no whole number from 1" },
        { "roost:node:ai-1:-1", "node 'ai-1': the generation is no whole number from 1" },
        { "roost:node:ai-1:+1", "node 'ai-1': the generation is no whole number from 1" },
        { "roost:node:ai-1:01", "node 'ai-1': the generation is no whole number from 1" },
        { "roost:node:ai-1:1:2", "node 'ai-1': the generation is no whole number from 1" },
        { "roost:node:ai-1:99999999999999999999", "node 'ai-1': the generation is no whole number from 1" },
    };

    assert_string_equal(node_identity_uri(fixture->arena, &node), "roost:node:ai-1:3");
    fixture_must(fixture, node_identity_read(fixture->arena, "roost:node:ai-1:3", &again, &fixture->err));
    assert_string_equal(again.name, "ai-1");
    assert_int_equal(again.generation, 3);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        fixture_refused(fixture, node_identity_read(fixture->arena, bad[i][0], &again, &fixture->err), bad[i][1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = { FIXTURE_TEST(test_names), FIXTURE_TEST(test_uri) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "common/trust/api_token.h"

#include "trust_fixture.h"

#define SECRET "AAAAAAAAAABBBBBBBBBB_CCCCCCCCCDDDDDDDDDD-_9"
#define TOKEN "roost_0123456789abcdef_" SECRET

static void test_there_and_back(void **state)
{
    struct fixture *fixture = *state;
    struct api_token token, again;

    fixture_must(fixture, api_token_make(fixture->arena, &token, &fixture->err));
    fixture_must(fixture, api_token_read(fixture->arena, secret_reveal(api_token_text(fixture->arena, &token)), &again,
                                         &fixture->err));
    assert_string_equal(again.id, token.id);
    assert_string_equal(again.secret.hidden, token.secret.hidden);
    fixture_must(fixture, api_token_read(fixture->arena, TOKEN, &again, &fixture->err));
    assert_string_equal(again.secret.hidden, SECRET); /* '_' belongs to it */
    assert_string_equal(api_token_shown(fixture->arena, &again), "roost_0123456789abcdef_***");
}

static void test_refusals(void **state)
{
    struct fixture *fixture = *state;
    static const char *const cases[][2] = {
        { "", "API token: it does not begin with 'roost_'; a token is roost_<id>_<secret>" },
        { "roost-0123456789abcdef_" SECRET,
          "API token: it does not begin with 'roost_'; a token is roost_<id>_<secret>" },
        { "roost_0123456789abcdef",
          "API token: there is no '_' between id and secret; a token is roost_<id>_<secret>" },
        { "roost_0123456789abcde_" SECRET, "API token: token id: it has 15 characters, expected 16" },
        { "roost_0123456789abcdeg_" SECRET, "API token: token id: character 16 is none of 0-9 a-f" },
        { "roost_0123456789abcdef_x", "API token: secret: it has 1 characters, expected 43" },
        { TOKEN "\n", "API token: secret: it has 44 characters, expected 43" },
    };
    struct api_token token;
    char long_one[4096];

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        fixture_refused(fixture, api_token_read(fixture->arena, cases[i][0], &token, &fixture->err), cases[i][1]);
    memset(long_one, 'r', sizeof(long_one) - 1);
    long_one[sizeof(long_one) - 1] = '\0';
    fixture_refused(fixture, api_token_read(fixture->arena, long_one, &token, &fixture->err),
                    "API token: it is longer than 512 characters");
}

int main(void)
{
    const struct CMUnitTest tests[] = { FIXTURE_TEST(test_there_and_back), FIXTURE_TEST(test_refusals) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

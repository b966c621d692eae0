/* SPDX-License-Identifier: Apache-2.0 */
#include "common/trust/secret.h"

#include "common/base/hash.h"
#include "trust_fixture.h"

#define GOOD "AAAAAAAAAABBBBBBBBBBCCCCCCCCCCDDDDDDDDDD-_9"

static void test_ids_are_random_hex(void **state)
{
    struct fixture *fixture = *state;
    char first[SECRET_ID_LENGTH + 1], second[SECRET_ID_LENGTH + 1];

    fixture_must(fixture, secret_id_make(first, &fixture->err) && secret_id_make(second, &fixture->err));
    assert_int_equal(strspn(first, "0123456789abcdef"), SECRET_ID_LENGTH);
    assert_int_equal(strlen(first), SECRET_ID_LENGTH);
    assert_string_not_equal(first, second);
    assert_true(secret_id_check(first, strlen(first), &fixture->err));
}

/* Each of the 43 places takes many values; the last has four bits of secret and two of nothing, so sixteen. */
static void test_secrets_use_all_their_bits(void **state)
{
    struct fixture *fixture = *state;
    bool seen[SECRET_LENGTH][128] = { 0 };

    for (int i = 0; i < 2000; i++) {
        struct secret secret;

        fixture_must(fixture, secret_make(fixture->arena, &secret, &fixture->err));
        assert_true(secret_read(fixture->arena, secret.hidden, strlen(secret.hidden), &secret, &fixture->err));
        for (size_t at = 0; at < SECRET_LENGTH; at++)
            seen[at][(int)secret.hidden[at]] = true;
    }
    for (size_t at = 0; at < SECRET_LENGTH; at++) {
        int count = 0;

        for (int c = 0; c < 128; c++)
            count += seen[at][c];
        assert_int_equal(count, at == SECRET_LENGTH - 1 ? 16 : 64);
    }
}

static void test_hash_is_sha256_of_the_text(void **state)
{
    struct fixture *fixture = *state;
    struct secret secret, other;
    char hash[SECRET_HASH_LENGTH + 1], hex[HASH_HEX_MAX];

    fixture_must(fixture, secret_read(fixture->arena, GOOD, strlen(GOOD), &secret, &fixture->err));
    assert_string_equal(secret_hash(secret, hash), hash_hex_of(HASH_SHA256, GOOD, strlen(GOOD), hex));
    assert_true(secret_matches(secret, hash));
    fixture_must(fixture, secret_make(fixture->arena, &other, &fixture->err));
    assert_false(secret_matches(other, hash));
    hash[63] = hash[63] == '0' ? '1' : '0';
    assert_false(secret_matches(secret, hash));
    assert_false(secret_matches(secret, ""));
    assert_false(secret_matches(secret, NULL));
    assert_false(secret_matches((struct secret){ NULL }, hash));
}

static void test_equal(void **state)
{
    (void)state;
    assert_true(secret_equal("abc", "abc"));
    assert_false(secret_equal("abc", "abd"));
    assert_false(secret_equal("abc", "abcd"));
    assert_false(secret_equal(NULL, NULL));
    assert_false(secret_equal("", NULL));
}

static void test_refusals_do_not_show_the_text(void **state)
{
    struct fixture *fixture = *state;
    struct error *err = &fixture->err;
    struct secret secret;

    fixture_refused(fixture, secret_read(fixture->arena, "hunter2", 7, &secret, err),
                    "secret: it has 7 characters, expected 43");
    fixture_refused(fixture,
                    secret_read(fixture->arena, "AAAAAAAAAABBBBBBBBBBCCCCCCCCCCDDDDDDDDDD-+9", 43, &secret, err),
                    "secret: character 42 is none of A-Z a-z 0-9 - _");
    fixture_refused(fixture,
                    secret_read(fixture->arena, "AAA\0AAAAAABBBBBBBBBBCCCCCCCCCCDDDDDDDDDD-_9", 43, &secret, err),
                    "secret: character 4 is none of A-Z a-z 0-9 - _");
    fixture_refused(fixture, secret_id_check("0123456789abcdeF", 16, err), "token id: character 16 is none of 0-9 a-f");
    fixture_refused(fixture, secret_id_check("", 0, err), "token id: it has 0 characters, expected 16");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_ids_are_random_hex),
        FIXTURE_TEST(test_secrets_use_all_their_bits),
        FIXTURE_TEST(test_hash_is_sha256_of_the_text),
        FIXTURE_TEST(test_equal),
        FIXTURE_TEST(test_refusals_do_not_show_the_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "common/trust/join_string.h"

#include "trust_fixture.h"

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define ID "fedcba9876543210"
#define SECRET "AAAAAAAAAABBBBBBBBBB_CCCCCCCCCDDDDDDDDDD-_9"
#define JOIN "roost1:" HEX ":" ID ":" SECRET
#define SHAPE "expected roost1:<fingerprint>:<token id>:<secret>[@host:port]"

static void check_good(struct fixture *fixture, const char *text, const char *host, int port)
{
    struct join_string join;

    fixture_must(fixture, join_string_read(fixture->arena, text, &join, &fixture->err));
    assert_string_equal(join.ca_fingerprint, HEX);
    assert_string_equal(join.token_id, ID);
    assert_string_equal(join.secret.hidden, SECRET);
    assert_true(text_equal(join.host, host));
    assert_int_equal(join.port, port);
    assert_string_equal(secret_reveal(join_string_text(fixture->arena, &join)), text);
    assert_null(strstr(join_string_shown(fixture->arena, &join), "AAAA"));
}

static void test_good_ones_come_back(void **state)
{
    struct fixture *fixture = *state;

    check_good(fixture, JOIN, NULL, 0);
    check_good(fixture, JOIN "@controller.example.org:8443", "controller.example.org", 8443);
    check_good(fixture, JOIN "@10.0.0.1:1", "10.0.0.1", 1);
    check_good(fixture, JOIN "@[2001:db8::1]:65535", "2001:db8::1", 65535);
    check_good(fixture, JOIN "@[::]:8443", "::", 8443);
}

static void test_white_space_around_is_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct join_string join;

    fixture_must(fixture, join_string_read(fixture->arena, " \t" JOIN "@h:1\r\n", &join, &fixture->err));
    assert_string_equal(join.host, "h");
    assert_string_equal(join_string_shown(fixture->arena, &join), "roost1:" HEX ":" ID ":***@h:1");
}

static void test_refusals_name_the_part(void **state)
{
    struct fixture *fixture = *state;
    static const char *const cases[][2] = {
        { "", "it does not begin with 'roost1:'; " SHAPE },
        { "roost2:" HEX, "it does not begin with 'roost1:'; " SHAPE },
        { "roost1:" HEX, "token id: it is missing; " SHAPE },
        { "roost1:" HEX ":" ID, "secret: it is missing; " SHAPE },
        { "roost1:" ID ":" ID ":" SECRET, "fingerprint of the CA: it has 16 characters, expected 64" },
        { "roost1:A" HEX ":" ID ":" SECRET, "fingerprint of the CA: it has 65 characters, expected 64" },
        { "roost1:0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef:" ID ":" SECRET,
          "fingerprint of the CA: character 11 is none of 0-9 a-f" },
        { "roost1:" HEX ":" SECRET ":" ID, "token id: it has 43 characters, expected 16" },
        { "roost1:" HEX ":" ID ":", "secret: it has 0 characters, expected 43" },
        { "roost1:" HEX ":" ID ":" SECRET ":x", "secret: it has 45 characters, expected 43" },
        { JOIN "@", "port: it is missing, expected @host:port" },
        { JOIN "@host", "port: it is missing, expected @host:port" },
        { JOIN "@:1", "host: it is empty, expected @host:port" },
        { JOIN "@host:", "port: expected a number from 1 to 65535" },
        { JOIN "@host:0", "port: expected a number from 1 to 65535" },
        { JOIN "@host:01", "port: expected a number from 1 to 65535" },
        { JOIN "@host:65536", "port: expected a number from 1 to 65535" },
        { JOIN "@host:99999999999999999999", "port: expected a number from 1 to 65535" },
        { JOIN "@host:1x", "port: expected a number from 1 to 65535" },
        { JOIN "@2001:db8::1:8443", "host: more than one ':'; an IPv6 address stands in brackets, [address]:port" },
        { JOIN "@[2001:db8::1]", "port: expected ':port' behind ']'" },
        { JOIN "@[2001:db8::1:8443", "host: '[' is not closed, expected [IPv6 address]:port" },
        { JOIN "@[10.0.0.1]:8443", "host: what stands in brackets is no IPv6 address" },
        { JOIN "@10.0.0.256:8443", "host: it is no IPv4 address" },
        { JOIN "@10.0.1:8443", "host: it is no IPv4 address" },
        { JOIN "@a..b:1", "host: a part of the name is empty, too long, or begins or ends with '-'" },
        { JOIN "@-a:1", "host: a part of the name is empty, too long, or begins or ends with '-'" },
        { JOIN "@a/b:1", "host: character 2 is none of A-Z a-z 0-9 . - _" },
        { JOIN "@u@h:1", "host: character 2 is none of A-Z a-z 0-9 . - _" },
        { JOIN "@h\xc3\xb6st:1", "host: character 2 is none of A-Z a-z 0-9 . - _" },
    };
    struct join_string join;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bool ok = join_string_read(fixture->arena, cases[i][0], &join, &fixture->err);

        assert_null(strstr(fixture->err.text, "AAAA")); /* no part of the secret, wherever it stood */
        fixture_refused(fixture, ok, arena_printf(fixture->arena, "join string: %s", cases[i][1]));
    }
}

static void test_length_is_bounded(void **state)
{
    struct fixture *fixture = *state;
    struct join_string join;
    char *text = arena_alloc(fixture->arena, (1 << 20) + 1);

    memset(text, ' ', 1 << 20);
    fixture_refused(fixture, join_string_read(fixture->arena, text, &join, &fixture->err),
                    "join string: it is longer than 512 characters");
    memset(text, 'h', 254);
    text[254] = '\0';
    text = arena_printf(fixture->arena, JOIN "@%s:1", text);
    fixture_refused(fixture, join_string_read(fixture->arena, text, &join, &fixture->err),
                    "join string: host: it has 254 characters, expected at most 253");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_good_ones_come_back),
        FIXTURE_TEST(test_white_space_around_is_nothing),
        FIXTURE_TEST(test_refusals_name_the_part),
        FIXTURE_TEST(test_length_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

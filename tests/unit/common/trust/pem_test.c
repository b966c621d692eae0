/* SPDX-License-Identifier: Apache-2.0 */
#include "common/trust/pem.h"

#include "trust_fixture.h"

static bool read_text(struct fixture *fixture, const char *text, struct der *out)
{
    return pem_read(fixture->arena, "THING", (struct der){ (const unsigned char *)text, strlen(text) }, 4096, out,
                    &fixture->err);
}

static void test_there_and_back(void **state)
{
    struct fixture *fixture = *state;
    unsigned char data[200];
    struct der out;

    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (unsigned char)(i * 7);
    for (size_t length = 1; length <= sizeof(data); length++) {
        char *text = pem_text(fixture->arena, "THING", (struct der){ data, length });

        fixture_must(fixture, read_text(fixture, text, &out));
        assert_int_equal(out.length, length);
        assert_memory_equal(out.data, data, length);
    }
    fixture_must(fixture, read_text(fixture, "\n\n-----BEGIN THING-----\r\nQUJD\r\n-----END THING-----\r\n \n", &out));
    assert_int_equal(out.length, 3);
    assert_memory_equal(out.data, "ABC", 3);
}

static void test_refusals(void **state)
{
    struct fixture *fixture = *state;
    static const char *const cases[][2] = {
        { "", "it is empty, expected a 'THING'" },
        { "hello", "there is no line '-----BEGIN THING-----'" },
        { "-----BEGIN OTHER THING-----\nQUJD\n-----END OTHER THING-----\n",
          "found a 'OTHER THING', expected a 'THING'" },
        { "-----BEGIN THING-----\nQUJD\n", "it is cut off: there is no line '-----END THING-----'" },
        { "-----BEGIN THING-----\nQU*D\n-----END THING-----\n", "byte 4 behind the first line is no base64" },
        { "-----BEGIN THING-----\nQUJ\n-----END THING-----\n", "the base64 in 'THING': Incorrect padding" },
        { "-----BEGIN THING-----\nQUJD\n-----END THING-----\n-----BEGIN THING-----\nQUJD\n-----END THING-----\n",
          "something follows the line '-----END THING-----'" },
        { "junk\n-----BEGIN THING-----\nQUJD\n-----END THING-----\n", "there is no line '-----BEGIN THING-----'" },
    };
    struct der out;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        fixture_refused(fixture, read_text(fixture, cases[i][0], &out), cases[i][1]);
}

static void test_every_truncation_and_a_megabyte(void **state)
{
    struct fixture *fixture = *state;
    char *text = pem_text(fixture->arena, "THING", (struct der){ (const unsigned char *)"0123456789abcdef", 16 });
    size_t whole = strlen(text) - 1; /* the last newline may be missing */
    unsigned char *big = arena_alloc(fixture->arena, 1 << 20);
    struct der out;

    for (size_t length = 0; length < whole; length++)
        assert_false(pem_read(fixture->arena, "THING", (struct der){ (unsigned char *)text, length }, 4096, &out,
                              &fixture->err));
    memset(big, 'A', 1 << 20);
    fixture_refused(fixture, pem_read(fixture->arena, "THING", (struct der){ big, 1 << 20 }, 4096, &out, &fixture->err),
                    "1048576 bytes are more than the 4096 that are read at most");
    fixture_refused(
        fixture,
        pem_read(fixture->arena, "THING", (struct der){ (unsigned char *)"a\0b", 3 }, 4096, &out, &fixture->err),
        "it is no text, expected '-----BEGIN THING-----'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_there_and_back),
        FIXTURE_TEST(test_refusals),
        FIXTURE_TEST(test_every_truncation_and_a_megabyte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Answers whole, byte by byte, and wrong. */
#include "agent/daemon/link_answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define OK "HTTP/1.1 200 OK\r\n"
#define BODY_LIMIT 100

static int setup(void **state)
{
    *state = arena_new();
    return 0;
}

static int teardown(void **state)
{
    arena_free(*state);
    return 0;
}

/* Gives `text` in pieces of `step` bytes; *rest_out: what does not belong to the answer. */
static bool take(struct link_answer *answer, const char *text, size_t step, size_t *rest_out, struct error *err)
{
    size_t length = strlen(text), at = 0;

    while (at < length && !link_answer_is_done(answer)) {
        size_t piece = length - at < step ? length - at : step, used = 0;
        char *copy = malloc(piece); /* so that a sanitizer sees what is read beyond it */
        bool ok;

        memcpy(copy, text + at, piece);
        ok = link_answer_take(answer, copy, piece, &used, err);
        free(copy);
        if (!ok)
            return false;
        assert_true(used == piece || link_answer_is_done(answer));
        at += used;
    }
    *rest_out = length - at;
    return true;
}

static void expect(struct arena *arena, const char *text, int status, const char *body, size_t rest)
{
    for (size_t step = 1; step <= strlen(text); step++) {
        struct link_answer answer;
        struct error err = ERROR_INIT;
        size_t left = 0;

        link_answer_begin(&answer, arena, BODY_LIMIT);
        if (!take(&answer, text, step, &left, &err))
            fail_msg("in steps of %zu: %s", step, err.text);
        assert_true(link_answer_is_done(&answer));
        assert_int_equal(answer.response.status, status);
        assert_string_equal(answer.body.data, body);
        assert_int_equal(left, rest);
    }
}

static void test_bodies(void **state)
{
    struct arena *arena = *state;

    expect(arena, OK "Content-Length: 5\r\n\r\nhello", 200, "hello", 0);
    expect(arena, OK "Content-Length: 5\r\n\r\nhelloHTTP", 200, "hello", 4);
    expect(arena, OK "content-length:0\r\n\r\n", 200, "", 0);
    expect(arena, "HTTP/1.1 204\r\n\r\n", 204, "", 0);
    expect(arena, "HTTP/1.1 304 Not Modified\r\nETag: \"7\"\r\n\r\n", 304, "", 0);
    expect(arena, OK "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n", 200,
           "abc0123456789", 0);
    expect(arena, OK "Transfer-Encoding: chunked\r\n\r\n0\r\nTrailer: x\r\n\r\nrest", 200, "", 4);
    expect(arena, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\n" OK "Content-Length: 1\r\n\r\nx",
           200, "x", 0);
    expect(arena, "HTTP/1.1 404 Not Found\nContent-Length: 2\n\n{}", 404, "{}", 0);
}

static void test_headers(void **state)
{
    struct link_answer answer;
    struct error err = ERROR_INIT;
    size_t rest = 0;

    link_answer_begin(&answer, *state, BODY_LIMIT);
    assert_true(take(&answer, OK "ETag:  \"a b\" \r\nConnection: keep-alive, Close\r\nContent-Length: 0\r\n\r\n", 7,
                     &rest, &err));
    assert_string_equal(http_header_get(&answer.response, "etag"), "\"a b\"");
    assert_false(answer.keeps);
    assert_string_equal(answer.response.reason, "OK");
    link_answer_begin(&answer, *state, BODY_LIMIT);
    assert_true(take(&answer, "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", 7, &rest, &err));
    assert_false(answer.keeps);
    link_answer_begin(&answer, *state, BODY_LIMIT);
    assert_true(take(&answer, OK "Content-Length: 0\r\n\r\n", 7, &rest, &err));
    assert_true(answer.keeps);
}

static void test_upgrade(void **state)
{
    static const char text[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: roost-session\r\n\r\n\1\2\3";
    struct link_answer answer;
    struct error err = ERROR_INIT;
    size_t rest = 0;

    link_answer_begin(&answer, *state, BODY_LIMIT);
    assert_false(take(&answer, text, 10, &rest, &err));
    assert_string_equal(err.text, "the answer changes to a protocol that was not asked for");
    link_answer_begin(&answer, *state, BODY_LIMIT);
    answer.may_upgrade = true;
    assert_true(take(&answer, text, sizeof(text), &rest, &err));
    assert_int_equal(answer.response.status, 101);
    assert_int_equal(rest, 3);
}

static void test_wrong(void **state)
{
    static const struct {
        const char *text, *sentence;
    } cases[] = {
        { "220 mail.example ESMTP\r\n", "does not speak HTTP/1.1" },
        { "HTTP/2 200\r\n", "does not speak HTTP/1.1" },
        { "HTTP/1.1 2000 OK\r\n", "does not speak HTTP/1.1" },
        { "HTTP/1.1 099 x\r\n", "status 99" },
        { OK "\r\n", "does not say how long it is" },
        { OK "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", "has a length and comes in chunks" },
        { OK "Content-Length: 1\r\nContent-Length: 2\r\n", "two different lengths" },
        { OK "Content-Length: 1x\r\n", "Content-Length is no number" },
        { OK "Content-Length: -1\r\n", "Content-Length is no number" },
        { OK "Content-Length:\r\n", "Content-Length is no number" },
        { OK "Content-Length: 99999999999999999999\r\n", "Content-Length is no number" },
        { OK "Content-Length: 101\r\n\r\n", "larger than the 100 bytes" },
        { OK "Transfer-Encoding: gzip, chunked\r\n", "an encoding that was not asked for" },
        { OK "Transfer-Encoding: chunked\r\n\r\nx\r\n", "a chunk of the answer has no size" },
        { OK "Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\n", "a chunk of the answer has no size" },
        { OK
          "Transfer-Encoding: chunked\r\n\r\n64\r\n"
          "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789\r\n1\r\n",
          "larger than the 100 bytes" },
        { OK "Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n", "does not end where it should" },
        { OK "No colon\r\n", "a header that is none" },
        { OK ": x\r\n", "a header that is none" },
        { OK "Name : x\r\n", "a header that is none" },
        { OK " folded: x\r\n", "a header that is none" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (size_t step = 1; step < 80; step += 13) {
            struct link_answer answer;
            struct error err = ERROR_INIT;
            size_t rest = 0;

            link_answer_begin(&answer, *state, BODY_LIMIT);
            if (take(&answer, cases[i].text, step, &rest, &err) || strstr(err.text, cases[i].sentence) == NULL)
                fail_msg("%s: '%s'", cases[i].text, err.text);
        }
    }
}

static void test_endless(void **state)
{
    struct link_answer answer;
    struct error err = ERROR_INIT;
    size_t used = 0, given = 0;
    bool ok = true;

    link_answer_begin(&answer, *state, BODY_LIMIT);
    for (; ok && given < 10 * LINK_HEAD_MAX; given += 8)
        ok = link_answer_take(&answer, "aaaaaaaa", 8, &used, &err);
    assert_true(given <= LINK_HEAD_MAX + 8);
    assert_int_equal(err.kind, ERROR_LIMIT);
    link_answer_begin(&answer, *state, BODY_LIMIT);
    ok = link_answer_take(&answer, OK, strlen(OK), &used, &err);
    for (given = 0; ok && given < 10000; given++)
        ok = link_answer_take(&answer, "a: b\r\n", 6, &used, &err);
    assert_int_equal(given, LINK_HEADERS_MAX + 1);
    link_answer_begin(&answer, *state, BODY_LIMIT);
    assert_false(link_answer_take(&answer, OK "a\0b: c\r\n", strlen(OK) + 8, &used, &err));
    assert_string_equal(err.text, "the answer's head holds a zero byte");
}

static bool count_bytes(void *data, const char *bytes, size_t length, struct error *err)
{
    (void)bytes;
    *(size_t *)data += length;
    return *(size_t *)data < 8 || error_set(err, "the disk is full");
}

static void test_sink(void **state)
{
    size_t counted = 0, rest = 0;
    const struct http_sink sink = { count_bytes, &counted };
    struct link_answer answer;
    struct error err = ERROR_INIT;

    link_answer_begin(&answer, *state, BODY_LIMIT);
    answer.sink = &sink;
    assert_true(take(&answer, OK "Content-Length: 5\r\n\r\nhello", 3, &rest, &err));
    assert_int_equal(counted, 5);
    assert_int_equal(answer.body.length, 0);
    /* a refusal is no file */
    link_answer_begin(&answer, *state, BODY_LIMIT);
    answer.sink = &sink;
    assert_true(take(&answer, "HTTP/1.1 404 No\r\nContent-Length: 5\r\n\r\nhello", 3, &rest, &err));
    assert_int_equal(counted, 5);
    assert_string_equal(answer.body.data, "hello");
    link_answer_begin(&answer, *state, BODY_LIMIT);
    answer.sink = &sink;
    assert_false(take(&answer, OK "Content-Length: 5\r\n\r\nhello", 3, &rest, &err));
    assert_string_equal(err.text, "the disk is full");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_bodies), TEST(test_headers), TEST(test_upgrade),
        TEST(test_wrong),  TEST(test_endless), TEST(test_sink),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

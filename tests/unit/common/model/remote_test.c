/* SPDX-License-Identifier: Apache-2.0 */
/* Rules for redirects, and Retry-After. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "common/model/remote.h"

static struct remote started(struct arena *arena, const char *url)
{
    struct error err = ERROR_INIT;
    struct remote remote;

    assert_true(remote_start(arena, url, "hf_token", &remote, &err));
    return remote;
}

static bool follow(struct arena *arena, struct remote *remote, const char *location, bool peer_is_private,
                   struct error *err)
{
    const struct http_header header = { "Location", location };
    const struct http_response response = {
        .status = 302, .headers = &header, .header_count = 1, .peer_is_private = peer_is_private
    };

    return remote_follow(arena, remote, &response, err);
}

static bool sends_token(struct arena *arena, const struct remote *remote)
{
    const struct model_settings settings = { .timeout_ms = 1 };
    struct http_request request;

    remote_request(arena, remote, &settings, NULL, &request);
    for (size_t i = 0; i < request.header_count; i++) {
        if (strcmp(request.headers[i].name, "Authorization") == 0)
            return true;
    }
    return false;
}

static void test_token(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct remote remote = started(arena, "https://hub.example/a");
    struct error err = ERROR_INIT;

    (void)state;
    assert_true(sends_token(arena, &remote));
    assert_true(follow(arena, &remote, "/b", false, &err) && sends_token(arena, &remote));
    assert_true(follow(arena, &remote, "https://HUB.example:443/c", false, &err) && sends_token(arena, &remote));
    assert_true(follow(arena, &remote, "https://hub.example:444/c", false, &err));
    assert_false(sends_token(arena, &remote));
    assert_true(follow(arena, &remote, "https://hub.example/back", false, &err)); /* sent back by a stranger */
    assert_false(sends_token(arena, &remote));
    remote = started(arena, "https://hub.example/a");
    assert_true(follow(arena, &remote, "https://cdn.example/c?signature=secret", false, &err));
    assert_false(sends_token(arena, &remote));
    assert_string_equal(remote.shown, "https://cdn.example/c");
}

static void test_private(void **state)
{
    const struct model_settings settings = { .timeout_ms = 1 };
    ARENA_SCOPED arena = arena_new();
    struct remote remote = started(arena, "https://hub.example/a");
    struct http_request request;
    struct error err = ERROR_INIT;

    (void)state;
    remote_request(arena, &remote, &settings, NULL, &request);
    assert_false(request.public_only); /* whatever the user names is allowed */
    assert_true(follow(arena, &remote, "https://10.0.0.1/x", false, &err));
    remote_request(arena, &remote, &settings, "0-9", &request);
    assert_true(request.public_only);
    remote = started(arena, "https://hub.lan/a");
    assert_true(follow(arena, &remote, "https://10.0.0.1/x", true, &err));
    remote_request(arena, &remote, &settings, NULL, &request);
    assert_false(request.public_only); /* a hub of one's own may */
}

static void test_refused(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct remote remote = started(arena, "https://hub.example/a");
    struct error err = ERROR_INIT;

    (void)state;
    assert_false(follow(arena, &remote, "http://hub.example/a", false, &err));
    assert_string_equal(err.text, "https://hub.example/a: refused: a redirect from https to http");
    assert_false(follow(arena, &remote, "file:///etc/passwd", false, &err));
    assert_false(follow(arena, &remote, "ftp://hub.example/x", false, &err));
    assert_false(follow(arena, &remote, "", false, &err));
    assert_false(follow(arena, &remote, "https://[::1/x?signature=s3cr3t", false, &err));
    assert_string_equal(err.text, "https://hub.example/a: a redirect to what is no URL that can be followed");
    for (int i = 0; i < 10; i++)
        assert_true(follow(arena, &remote, "/loop", false, &err));
    assert_false(follow(arena, &remote, "/loop", false, &err));
    assert_string_equal(err.text, "https://hub.example/loop: too many redirects");
}

static void test_retry_after(void **state)
{
    (void)state;
    assert_int_equal(remote_retry_after_ms("7", NULL), 7000);
    assert_int_equal(remote_retry_after_ms("0", NULL), 0);
    assert_int_equal(remote_retry_after_ms(NULL, NULL), -1);
    assert_int_equal(remote_retry_after_ms("-3", NULL), -1);
    assert_int_equal(remote_retry_after_ms("99999999999", NULL), INT64_C(1000000000));
    /* dates count from the server's own clock: ours may be anywhere */
    assert_int_equal(remote_retry_after_ms("Sun, 06 Nov 1994 08:50:00 GMT", "Sun, 06 Nov 1994 08:49:37 GMT"), 23000);
    assert_int_equal(remote_retry_after_ms("Sun, 06 Nov 1994 08:49:00 GMT", "Sun, 06 Nov 1994 08:49:37 GMT"), 0);
    assert_int_equal(remote_retry_after_ms("Sun, 06 Nov 1994 08:50:00 GMT", NULL), -1);
    assert_int_equal(remote_retry_after_ms("soon", "Sun, 06 Nov 1994 08:49:37 GMT"), -1);
}

static void test_refusals(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct remote remote = started(arena, "https://hub.example/a?x=secret");
    const struct http_header headers[] = { { "X-Error-Code", "RevisionNotFound" }, { "X-Error-Message", "\033[2Jhi" } };
    const struct http_response response = {
        .status = 404, .reason = "Not Found", .headers = headers, .header_count = 2
    };
    struct error err = ERROR_INIT;
    int64_t wait_ms = 0;

    (void)state;
    assert_false(remote_refused(arena, &remote, &response, &err));
    assert_string_equal(err.text, "https://hub.example/a: HTTP status 404: there is no such revision");
    assert_false(remote_is_temporary(&response, &wait_ms));
    assert_false(
        remote_refused(arena, &remote, &(struct http_response){ .status = 418, .reason = "\033[2Jteapot" }, &err));
    assert_string_equal(err.text, "https://hub.example/a: HTTP status 418: ?"); /* a terminal would obey the other */
    assert_true(remote_is_temporary(&(struct http_response){ .status = 503 }, &wait_ms));
    assert_int_equal(wait_ms, -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_token), cmocka_unit_test(test_private),
                                        cmocka_unit_test(test_refused), cmocka_unit_test(test_retry_after),
                                        cmocka_unit_test(test_refusals) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

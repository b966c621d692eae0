/* SPDX-License-Identifier: Apache-2.0 */
/* Webhooks as administrators make them: where they may go, what of them is ever shown. */
#include "center_fixture.h"

static struct asked post(struct fixture *fixture, const char *body)
{
    return (struct asked){ .token = fixture->tokens[API_ADMIN], .method = "POST", .body = body };
}

static const char *body_of(struct fixture *fixture, const char *name, const char *url, const char *more)
{
    return arena_printf(fixture->arena, "{\"name\":\"%s\",\"url\":\"%s\"%s}", name, url, more);
}

static void urls_are_looked_at(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        const char *url, *says;
    } wrong[] = {
        { "http://example.com/", "http:// goes to loopback only" },
        { "http://127.0.0.1.example.com/", "http:// goes to loopback only" },
        { "http://localhost@example.com/", "user or password" },
        { "https://user:word@example.com/", "user or password" },
        { "ftp://example.com/", "must begin with https:// and a host" },
        { "file:///etc/passwd", "must begin with https:// and a host" },
        { "https://", "must begin with https:// and a host" },
        { "https://example.com/a b", "a space" },
    };
    static const char *const right[] = { "https://example.com/x", "http://127.0.0.1:80/x", "http://[::1]:80/x",
                                         "http://localhost" };

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct answer answer =
            expect(fixture, "/api/v1/webhooks", post(fixture, body_of(fixture, "w", wrong[i].url, "")), 400);

        if (strstr(answer.text, wrong[i].says) == NULL)
            fail_msg("%s: '%s' is not in: %s", wrong[i].url, wrong[i].says, answer.text);
    }
    for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++)
        expect(fixture, "/api/v1/webhooks",
               post(fixture, body_of(fixture, arena_printf(fixture->arena, "r%zu", i), right[i], "")), 201);
    expect(fixture, "/api/v1/webhooks",
           post(fixture, body_of(fixture, "open", "http://example.com/", ",\"insecure_http\":true")), 201);
    expect(fixture, "/api/v1/webhooks",
           post(fixture, body_of(fixture, "k", "https://example.com/", ",\"kinds\":[\"node_lots\"]")), 400);
    expect(fixture, "/api/v1/webhooks",
           post(fixture, body_of(fixture, "s", "https://example.com/", ",\"secret\":\"short\"")), 400);
    expect_code(fixture, "/api/v1/webhooks", post(fixture, body_of(fixture, "r0", "https://example.com/", "")), 409,
                "name_taken");
}

static void secrets_are_shown_once(void **state)
{
    struct fixture *fixture = *state;
    struct asked admin = { .token = fixture->tokens[API_ADMIN] };
    struct asked drop = { .token = fixture->tokens[API_ADMIN], .method = "DELETE" };
    struct answer made =
        expect(fixture, "/api/v1/webhooks", post(fixture, body_of(fixture, "a", "https://h.lan/in-path", "")), 201);
    const char *secret = value_map_text(made.body, "secret"), *list = NULL, *audit = NULL;

    assert_int_equal(strlen(secret), SECRET_LENGTH);
    made = expect(fixture, "/api/v1/webhooks",
                  post(fixture, body_of(fixture, "b", "https://h.lan/", ",\"secret\":\"0123456789abcdef\"")), 201);
    assert_null(value_map_get(made.body, "secret")); /* who gave it has it */
    expect(fixture, "/api/v1/webhooks/a/test", post(fixture, NULL), 202);
    expect_code(fixture, "/api/v1/webhooks/c/test", post(fixture, NULL), 404, "webhook_unknown");
    list = arena_printf(fixture->arena, "%s%s", expect(fixture, "/api/v1/webhooks", admin, 200).text,
                        expect(fixture, "/api/v1/webhook-deliveries", admin, 200).text);
    audit = expect(fixture, "/api/v1/audit", admin, 200).text;
    assert_non_null(strstr(list, "https://h.lan/..."));
    assert_non_null(strstr(list, "\"state\":\"waiting\""));
    assert_non_null(strstr(audit, "webhook.test"));
    for (size_t i = 0; i < 2; i++) {
        assert_null(strstr(i == 0 ? list : audit, secret));
        assert_null(strstr(i == 0 ? list : audit, "0123456789abcdef"));
        assert_null(strstr(i == 0 ? list : audit, "in-path"));
    }
    expect(fixture, "/api/v1/webhooks/a", drop, 200);
    expect_code(fixture, "/api/v1/webhooks/a", drop, 404, "webhook_unknown");
    assert_int_equal(
        value_count(value_map_get(expect(fixture, "/api/v1/webhook-deliveries", admin, 200).body, "items")), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(urls_are_looked_at, setup, teardown),
        cmocka_unit_test_setup_teardown(secrets_are_shown_once, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

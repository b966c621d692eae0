/* SPDX-License-Identifier: Apache-2.0 */
/* Revoking works at once: streams, waiting requests and pages of who was revoked, or whose time is over, end by themselves. */
#include "tests/unit/controller/api/center_fixture.h"

#include <pthread.h>
#include <stdatomic.h>

#include "controller/api/page.h"

#define AT_ONCE_MS 5000 /* what is not revoked lasts 15 s and longer */
#define PATIENCE_MS 15000

/* Somebody who listens, or waits, until the controller ends it. */
struct guest {
    struct fixture *fixture;
    struct arena *arena;
    const char *path;
    struct http_header header; /* name NULL: none */
    const char *node;          /* its certificate, or NULL */
    struct text got;
    int status;
    pthread_t thread;
    atomic_bool is_heard, is_over;
    int64_t over_ms;
};

static bool guest_take(void *data, const char *bytes, size_t length, struct error *err)
{
    struct guest *guest = data;

    (void)err;
    text_add_n(&guest->got, bytes, length);
    guest->is_heard = true;
    return true;
}

static void *guest_thread(void *data)
{
    struct guest *guest = data;
    struct fixture *fixture = guest->fixture;
    struct http_request request = { .url = arena_printf(guest->arena, "https://127.0.0.1:%d%s",
                                                        api_server_port(fixture->center.server), guest->path),
                                    .headers = &guest->header,
                                    .header_count = guest->header.name == NULL ? 0 : 1,
                                    .ca_path = fixture->ca_path,
                                    .deadline_ms = 2 * PATIENCE_MS,
                                    .no_proxy = true };
    const struct http_sink sink = { guest_take, guest };
    struct http_response response = { 0 };
    struct error err = ERROR_INIT;

    if (guest->node != NULL) {
        request.client_cert = arena_printf(guest->arena, "%s/%s.pem", fixture->folder, guest->node);
        request.client_key = arena_printf(guest->arena, "%s/%s.key", fixture->folder, guest->node);
    }
    if (http_download(guest->arena, &request, &sink, &response, &err))
        guest->status = response.status;
    guest->over_ms = clock_monotonic_ms();
    guest->is_over = true;
    return NULL;
}

static unsigned waiting(struct fixture *fixture)
{
    struct api_server_counters counters;

    api_server_counters(fixture->center.server, &counters);
    return counters.waiting;
}

/* Begins, and waits. */
static void guest_in(struct guest *guest, struct fixture *fixture)
{
    unsigned before = waiting(fixture);
    int64_t until = clock_monotonic_ms() + PATIENCE_MS;

    guest->fixture = fixture;
    guest->arena = arena_new();
    guest->got = text_new(guest->arena);
    pthread_create(&guest->thread, NULL, guest_thread, guest);
    while (waiting(fixture) <= before && clock_monotonic_ms() < until)
        usleep(1000);
    assert_true(waiting(fixture) > before);
}

static bool ends_soon(const struct guest *guest, int64_t from_ms, int64_t within_ms)
{
    while (!guest->is_over && clock_monotonic_ms() < from_ms + within_ms)
        usleep(1000);
    return guest->is_over;
}

static void guest_free(struct guest *guest)
{
    pthread_join(guest->thread, NULL);
    arena_free(guest->arena);
}

static struct http_header bearer(struct fixture *fixture, const char *token)
{
    return (struct http_header){ "Authorization", arena_printf(fixture->arena, "Bearer %s", token) };
}

static const char *token_add(struct fixture *fixture, const char *name, const char *more)
{
    const char *body = arena_printf(fixture->arena, "{\"name\":\"%s\",\"role\":\"viewer\"%s}", name, more);

    return value_map_text(
        expect(fixture, "/api/v1/tokens", (struct asked){ .token = fixture->tokens[API_ADMIN], .body = body }, 201)
            .body,
        "token");
}

static void forbid(struct fixture *fixture, const char *path)
{
    expect(fixture, path, (struct asked){ .method = "DELETE", .token = fixture->tokens[API_ADMIN] }, 200);
}

static void a_revoked_tokens_streams_end(void **state)
{
    struct fixture *fixture = *state;
    const char *token = token_add(fixture, "anna", "");
    struct guest own = { .path = "/api/v1/events/stream", .header = bearer(fixture, token) };
    struct guest page = { .path = "/api/v1/events/stream" };
    struct guest other = { .path = "/api/v1/events/stream", .header = bearer(fixture, token_add(fixture, "bert", "")) };
    int64_t from_ms = 0;

    page.header = (struct http_header){ "Cookie", arena_printf(fixture->arena, PAGE_SESSION_COOKIE "=%s", token) };
    guest_in(&own, fixture);
    guest_in(&page, fixture);
    guest_in(&other, fixture);
    from_ms = clock_monotonic_ms();
    forbid(fixture, "/api/v1/tokens/anna");
    assert_true(ends_soon(&own, from_ms, AT_ONCE_MS));
    assert_true(ends_soon(&page, from_ms, AT_ONCE_MS));
    node_in(fixture, "n1"); /* an event, which the others hear */
    assert_false(ends_soon(&other, clock_monotonic_ms(), 100));
    forbid(fixture, "/api/v1/tokens/bert");
    pthread_join(other.thread, NULL);
    assert_non_null(strstr(other.got.data, "node.joined"));
    assert_null(strstr(own.got.data, "node.joined"));
    arena_free(other.arena);
    guest_free(&own);
    guest_free(&page);
}

static void a_token_that_ends_takes_its_stream_along(void **state)
{
    struct fixture *fixture = *state;
    struct guest guest = { .path = "/api/v1/events/stream" };
    int64_t from_ms = clock_monotonic_ms();

    guest.header = bearer(fixture, token_add(fixture, "short", ",\"ttl_s\":3"));
    guest_in(&guest, fixture);
    assert_true(ends_soon(&guest, from_ms + 3000, 2 * AT_ONCE_MS));
    assert_true(guest.over_ms >= from_ms + 3000);
    guest_free(&guest);
}

static void a_revoked_node_waits_no_more(void **state)
{
    struct fixture *fixture = *state;
    struct guest own = { .path = "/agent/v1/work?wait_s=30", .node = "n1" };
    struct guest other = { .path = "/agent/v1/work?wait_s=30", .node = "n2" };
    int64_t from_ms = 0;

    node_in(fixture, "n1");
    node_in(fixture, "n2");
    guest_in(&own, fixture);
    guest_in(&other, fixture);
    from_ms = clock_monotonic_ms();
    forbid(fixture, "/api/v1/nodes/n1");
    assert_true(ends_soon(&own, from_ms, AT_ONCE_MS));
    assert_false(ends_soon(&other, clock_monotonic_ms(), 100));
    forbid(fixture, "/api/v1/nodes/n2");
    guest_free(&own);
    guest_free(&other);
    assert_int_equal(own.status, 401);
}

static void a_key_of_before_waits_no_more(void **state)
{
    struct fixture *fixture = *state;
    struct guest own = { .path = "/agent/v1/work?wait_s=30", .node = "n1" };
    struct join_string join;

    node_in(fixture, "n1");
    guest_in(&own, fixture);
    join = join_token(fixture, "{\"name\":\"n1\"}");
    int64_t from_ms = clock_monotonic_ms();
    expect(fixture, "/join/v1/join", (struct asked){ .body = join_body(fixture, &join, "another", "n1") }, 200);
    assert_true(ends_soon(&own, from_ms, AT_ONCE_MS));
    guest_free(&own);
    assert_int_equal(own.status, 401);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_revoked_tokens_streams_end, setup, teardown),
        cmocka_unit_test_setup_teardown(a_token_that_ends_takes_its_stream_along, setup, teardown),
        cmocka_unit_test_setup_teardown(a_revoked_node_waits_no_more, setup, teardown),
        cmocka_unit_test_setup_teardown(a_key_of_before_waits_no_more, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

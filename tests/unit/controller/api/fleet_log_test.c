/* SPDX-License-Identifier: Apache-2.0 */
/* What happens in the fleet is told once and in order; what was refused is in the audit log; lost nodes say so; certificates
 * change while connections are open. */
#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

#include "center_fixture.h"
#include "common/trust/library_symbols.h"
#include "controller/store/store_node_lost.h"

static const struct value *events_of(struct fixture *fixture, const char *query)
{
    struct asked viewer = { .token = fixture->tokens[API_VIEWER] };

    return value_map_get(expect(fixture, arena_printf(fixture->arena, "/api/v1/events%s", query), viewer, 200).body,
                         "items");
}

static void expect_kinds(const struct value *events, const char *const *kinds)
{
    size_t count = 0;

    for (; kinds[count] != NULL; count++)
        assert_string_equal(value_map_text(value_item(events, count), "kind"), kinds[count]);
    assert_int_equal(value_count(events), count);
}

static void report(struct fixture *fixture, const char *node, int sequence, const char *kind, const char *body)
{
    struct asked post = { .node = node };

    post.body =
        arena_printf(fixture->arena, "{\"reports\":[{\"sequence\":%d,\"at_us\":%d000000,\"kind\":\"%s\",\"body\":%s}]}",
                     sequence, sequence, kind, body);
    expect(fixture, "/agent/v1/reports", post, 200);
}

static void what_happens_is_told_once(void **state)
{
    struct fixture *fixture = *state;
    struct asked admin = { .token = fixture->tokens[API_ADMIN], .method = "DELETE" };
    static const char drift[] = "{\"resource\":\"file /etc/motd\",\"cause\":\"external\",\"reason\":\"root, tty1\"}";

    node_in(fixture, "ai-1");
    report(fixture, "ai-1", 1, "drift", drift);
    report(fixture, "ai-1", 2, "drift", drift); /* seen again */
    report(fixture, "ai-1", 3, "run_start", "{\"run\":\"r1\",\"kind\":\"apply\",\"playbook\":\"site.yml\"}");
    report(fixture, "ai-1", 4, "mended", "{\"resource\":\"file /etc/motd\",\"cause\":\"corrective\"}");
    report(fixture, "ai-1", 5, "mended", "{\"resource\":\"file /etc/motd\"}");
    report(fixture, "ai-1", 6, "run_end", "{\"run\":\"r1\",\"outcome\":\"ok\",\"ok\":3}");
    expect(fixture, "/api/v1/nodes/ai-1", admin, 200);
    expect(fixture, "/api/v1/nodes/ai-1", admin, 200); /* revoked already */

    const struct value *events = events_of(fixture, "");
    expect_kinds(events, (const char *const[]){ "node.joined", "drift.found", "run.started", "drift.mended",
                                                "run.ended", "node.revoked", NULL });
    for (size_t i = 0; i < value_count(events); i++)
        assert_int_equal(number(value_item(events, i), "id"), (int64_t)i + 1);
    assert_string_equal(value_map_text(value_map_get(value_item(events, 1), "detail"), "reason"), "root, tty1");
    assert_int_equal(number(value_item(events, 4), "run"), 1);
    expect_kinds(events_of(fixture, "?after=4"), (const char *const[]){ "run.ended", "node.revoked", NULL });
    expect_kinds(events_of(fixture, "?newest=true&limit=1"), (const char *const[]){ "node.revoked", NULL });
    expect_kinds(events_of(fixture, "?before=3"), (const char *const[]){ "drift.found", "node.joined", NULL });
    expect_kinds(events_of(fixture, "?kind=run.ended&node=ai-1"), (const char *const[]){ "run.ended", NULL });
    expect_code(fixture, "/api/v1/events?node=ai-2", (struct asked){ .token = fixture->tokens[API_VIEWER] }, 404,
                "node_unknown");
}

/* A run whose node is revoked ends too, as lost. */
static void lost_runs_are_told(void **state)
{
    struct fixture *fixture = *state;
    struct asked admin = { .token = fixture->tokens[API_ADMIN], .method = "DELETE" };
    const struct value *ended = NULL;

    node_in(fixture, "ai-1");
    report(fixture, "ai-1", 1, "run_start", "{\"run\":\"r1\",\"kind\":\"apply\",\"playbook\":\"site.yml\"}");
    expect(fixture, "/api/v1/nodes/ai-1", admin, 200);
    ended = value_item(events_of(fixture, "?kind=run.ended&node=ai-1"), 0);
    assert_int_equal(number(ended, "run"), 1);
    assert_string_equal(value_map_text(value_map_get(ended, "detail"), "outcome"), "lost");
    assert_string_equal(value_map_text(value_map_get(ended, "detail"), "title"), "site.yml");
}

static void joins_are_told(void **state)
{
    struct fixture *fixture = *state;
    struct join_string join = join_token(fixture, "{\"approval\": true}");
    struct asked ask_in = { .body = join_body(fixture, &join, "ai-1", "ai-1") };
    struct asked post = { .token = fixture->tokens[API_OPERATOR], .method = "POST" };
    struct asked operator= { .token = fixture->tokens[API_OPERATOR] };

    expect(fixture, "/join/v1/join", ask_in, 202);
    expect(fixture, "/join/v1/join", ask_in, 202); /* it asks every few seconds */
    expect(fixture, "/api/v1/joins/1/approve", post, 200);
    expect(fixture, "/api/v1/joins/1/approve", post, 200);
    expect(fixture, "/join/v1/join", ask_in, 200);
    expect_kinds(events_of(fixture, ""), (const char *const[]){ "join.asked", "node.joined", NULL });
    assert_int_equal(
        value_count(value_map_get(expect(fixture, "/api/v1/audit?action=node.join", operator, 200).body, "items")), 1);
    assert_int_equal(
        value_count(value_map_get(expect(fixture, "/api/v1/audit?action=node.approve", operator, 200).body, "items")),
        1);
}

/* --- the stream --- */

struct listening {
    struct fixture *fixture;
    struct arena *arena;
    const char *path, *until;
    struct text got;
    atomic_bool is_heard; /* the first line has come: it listens from here on */
    pthread_t thread;
};

static bool listen_take(void *data, const char *bytes, size_t length, struct error *err)
{
    struct listening *listening = data;

    text_add_n(&listening->got, bytes, length);
    atomic_store(&listening->is_heard, true);
    return strstr(listening->got.data, listening->until) == NULL || error_set(err, "enough");
}

static void *listen_thread(void *data)
{
    struct listening *listening = data;
    struct fixture *fixture = listening->fixture;
    const struct http_header header = { "Authorization",
                                        arena_printf(listening->arena, "Bearer %s", fixture->tokens[API_VIEWER]) };
    const struct http_request request = { .url = arena_printf(listening->arena, "https://127.0.0.1:%d%s",
                                                              api_server_port(fixture->center.server), listening->path),
                                          .headers = &header,
                                          .header_count = 1,
                                          .ca_path = fixture->ca_path,
                                          .deadline_ms = 20000,
                                          .no_proxy = true };
    const struct http_sink sink = { listen_take, listening };
    struct http_response response;
    struct error err = ERROR_INIT;

    (void)http_download(listening->arena, &request, &sink, &response, &err);
    return NULL;
}

static void listen_begin(struct listening *listening, struct fixture *fixture, const char *path, const char *until)
{
    *listening = (struct listening){ .fixture = fixture, .arena = arena_new(), .path = path, .until = until };
    listening->got = text_new(listening->arena);
    pthread_create(&listening->thread, NULL, listen_thread, listening);
}

static void listen_end(struct listening *listening, const char *expected)
{
    pthread_join(listening->thread, NULL);
    if (strstr(listening->got.data, expected) == NULL)
        fail_msg("'%s' is not in: %s", expected, listening->got.data);
    arena_free(listening->arena);
}

static void the_stream_goes_on_behind_a_number(void **state)
{
    struct fixture *fixture = *state;
    struct listening listening;

    node_in(fixture, "ai-1");
    node_in(fixture, "ai-2");
    listen_begin(&listening, fixture, "/api/v1/events/stream?after=1", "\"node\":\"ai-2\"");
    listen_end(&listening, "id: 2\ndata: {\"id\":2,");
    listen_begin(&listening, fixture, "/api/v1/events/stream", "\"node\":\"ai-3\""); /* from now on */
    while (!atomic_load(&listening.is_heard))
        usleep(1000);
    node_in(fixture, "ai-3");
    listen_end(&listening, ": listening\n\nid: 3\n");
    listen_begin(&listening, fixture, "/api/v1/events/stream?after=99", "\"newest\":3");
    listen_end(&listening, "id: 3\nevent: reset\ndata: {\"asked\":99,\"newest\":3}\n\n");
}

static bool forget_first(struct store_connection *writer, void *data, struct error *err)
{
    struct store_event event = { .at_us = 1, .kind = "x" };

    (void)data;
    for (int i = 0; i < 2; i++) {
        if (!store_event_add(writer, &event, NULL, err))
            return false;
    }
    event.at_us = clock_wall_us();
    return store_event_add(writer, &event, NULL, err);
}

static bool retention_run(struct store_connection *writer, void *data, struct error *err)
{
    struct store_retention retention = { .events_us = 1000, .now_us = 5000 };

    return store_retention_step(writer, &retention, data, err);
}

static void what_is_not_kept_is_told(void **state)
{
    struct fixture *fixture = *state;
    struct store_retention_result result;
    struct listening listening;
    struct error err = ERROR_INIT;

    must(store_write_wait(fixture->center.store, forget_first, NULL, &err), &err);
    must(store_write_wait(fixture->center.store, retention_run, &result, &err), &err);
    listen_begin(&listening, fixture, "/api/v1/events/stream?after=1", "id: 3\n");
    listen_end(&listening, "event: gap\ndata: {\"from\":2,\"to\":2}\n\n");
}

/* --- lost --- */

static bool lose(struct store_connection *writer, void *data, struct error *err)
{
    const struct store_node_brief node = { .id = 1, .seen_us = 5 };

    (void)data;
    return store_node_lost(writer, &node, clock_wall_us(), err) && store_node_lost(writer, &node, 7, err);
}

static void a_lost_node_says_so_and_comes_back(void **state)
{
    struct fixture *fixture = *state;
    struct asked viewer = { .token = fixture->tokens[API_VIEWER] };
    struct asked tell = { .token = fixture->tokens[API_OPERATOR], .body = "{\"kind\": \"check\"}" };
    struct error err = ERROR_INIT;
    bool is_lost = true;

    node_in(fixture, "ai-1");
    report(fixture, "ai-1", 1, "status", "{\"verdict\":\"ok\",\"reason\":\"fine\"}");
    must(store_write_wait(fixture->center.store, lose, NULL, &err), &err);
    const struct value *node = expect(fixture, "/api/v1/nodes/ai-1", viewer, 200).body;
    assert_string_equal(value_map_text(node, "verdict"), "lost");
    assert_string_equal(value_map_text(node, "last_verdict"), "ok");
    assert_non_null(value_map_text(node, "lost"));
    assert_int_equal(value_count(value_map_get(expect(fixture, "/api/v1/nodes?verdict=ok", viewer, 200).body, "items")),
                     0);
    assert_int_equal(
        value_count(value_map_get(expect(fixture, "/api/v1/nodes?verdict=lost", viewer, 200).body, "items")), 1);
    assert_non_null(strstr(expect(fixture, "/metrics", viewer, 200).text, "verdict=\"lost\"} 1"));
    assert_true(value_map_get(expect(fixture, "/api/v1/nodes/ai-1/work", tell, 202).body, "lost")->as.boolean);

    expect(fixture, "/agent/v1/work", (struct asked){ .node = "ai-1" }, 200);
    while (is_lost) { /* its request is answered before its return is written */
        node = expect(fixture, "/api/v1/nodes/ai-1", viewer, 200).body;
        is_lost = strcmp(value_map_text(node, "verdict"), "lost") == 0;
    }
    assert_string_equal(value_map_text(node, "verdict"), "ok");
    expect_kinds(events_of(fixture, "?after=1"), (const char *const[]){ "node.lost", "node.back", NULL });
}

static void a_node_is_forgotten(void **state)
{
    struct fixture *fixture = *state;
    struct asked admin = { .token = fixture->tokens[API_ADMIN], .method = "DELETE" };
    struct asked tell = { .token = fixture->tokens[API_OPERATOR], .body = "{\"kind\": \"check\"}" };

    node_in(fixture, "ai-1");
    report(fixture, "ai-1", 1, "run_start", "{\"run\":\"r1\",\"kind\":\"apply\"}");
    report(fixture, "ai-1", 2, "run_end", "{\"run\":\"r1\",\"outcome\":\"ok\"}");
    expect_code(fixture, "/api/v1/nodes/ai-1?forget=true", admin, 409, "node_active");
    expect(fixture, "/api/v1/nodes/ai-1", admin, 200);
    expect_code(fixture, "/api/v1/nodes/ai-1/work", tell, 409, "node_not_active");
    expect(fixture, "/api/v1/nodes/ai-1?forget=true", admin, 200);
    expect_code(fixture, "/api/v1/nodes/ai-1?forget=true", admin, 404, "node_unknown");
    expect_code(fixture, "/agent/v1/work", (struct asked){ .node = "ai-1" }, 401, "unauthenticated");
    node_in(fixture, "ai-1"); /* as a new one; its old key is not known any more */
}

/* --- refusals --- */

static bool nothing(struct store_connection *writer, void *data, struct error *err)
{
    (void)writer, (void)data, (void)err;
    return true;
}

/* After all that was queued before. */
static const struct value *audit_of(struct fixture *fixture, const char *action)
{
    struct asked operator= { .token = fixture->tokens[API_OPERATOR] };
    const char *path = arena_printf(fixture->arena, "/api/v1/audit?action=%s", action);
    struct error err = ERROR_INIT;

    must(store_write_wait(fixture->center.store, nothing, NULL, &err), &err);
    return value_map_get(expect(fixture, path, operator, 200).body, "items");
}

static void refusals_are_counted(void **state)
{
    struct fixture *fixture = *state;
    struct join_string join = join_token(fixture, "{}");

    for (int i = 0; i < 20; i++)
        expect(fixture, "/api/v1/nodes", (struct asked){ .token = "roost_0_0" }, 401);
    expect(fixture, "/api/v1/tokens", (struct asked){ .token = fixture->tokens[API_VIEWER] }, 403);
    join.token_id[0] = join.token_id[0] == '0' ? '1' : '0';
    expect(fixture, "/join/v1/join", (struct asked){ .body = join_body(fixture, &join, "x", "x") }, 403);
    assert_int_equal(value_count(audit_of(fixture, "refused.token")), 1); /* the others come with the minute */
    const struct value *role = value_item(audit_of(fixture, "refused.role"), 0);
    assert_string_equal(value_map_text(role, "actor"), "viewer");
    assert_string_equal(value_map_text(role, "object"), "GET /api/v1/tokens");
    const struct value *refused = value_item(audit_of(fixture, "refused.join"), 0);
    assert_string_equal(value_map_text(refused, "object"), ""); /* what a stranger calls itself is not written */
    refusals_free(fixture->center.refusals);
    fixture->center.refusals = NULL;
    const struct value *rows = audit_of(fixture, "refused.token");
    assert_int_equal(value_count(rows), 2);
    assert_int_equal(number(value_map_get(value_item(rows, 0), "detail"), "count"), 19);
}

static void strangers_do_not_fill_the_disk(void **state)
{
    struct fixture *fixture = *state;
    struct refusal refusal = { "token", "nobody", NULL, "GET /x", "nothing" };

    for (int i = 0; i < 1000; i++) {
        refusal.peer = arena_printf(fixture->arena, "192.0.2.%d", i);
        refusals_note(fixture->center.refusals, &refusal);
    }
    assert_int_equal(value_count(audit_of(fixture, "refused.token")), REFUSALS_ROOM);
    assert_int_equal(value_count(audit_of(fixture, "refused.others")), 1);
    const struct value *whole =
        expect(fixture, "/api/v1/audit/verify", (struct asked){ .token = fixture->tokens[API_OPERATOR] }, 200).body;
    assert_true(value_map_get(whole, "whole")->as.boolean);
    assert_true(number(whole, "rows") > REFUSALS_ROOM);
}

/* --- certificates --- */

/* GnuTLS as a client, found at run time as everywhere here. */
struct tls_client_library {
    __typeof__(gnutls_certificate_allocate_credentials) *certificate_allocate_credentials;
    __typeof__(gnutls_init) *init;
    __typeof__(gnutls_set_default_priority) *set_default_priority;
    __typeof__(gnutls_credentials_set) *credentials_set;
    __typeof__(gnutls_transport_set_int2) *transport_set_int2;
    __typeof__(gnutls_handshake) *handshake;
    __typeof__(gnutls_certificate_get_peers) *certificate_get_peers;
    __typeof__(gnutls_record_send) *record_send;
    __typeof__(gnutls_record_recv) *record_recv;
    __typeof__(gnutls_deinit) *deinit;
    __typeof__(gnutls_certificate_free_credentials) *certificate_free_credentials;
};

static struct tls_client_library tls_load(void)
{
#define SYMBOL(field)                                                                                                  \
    {                                                                                                                  \
        "gnutls_" #field, offsetof(struct tls_client_library, field)                                                   \
    }
    static const struct library_symbol symbols[] = { SYMBOL(certificate_allocate_credentials),
                                                     SYMBOL(init),
                                                     SYMBOL(set_default_priority),
                                                     SYMBOL(credentials_set),
                                                     SYMBOL(transport_set_int2),
                                                     SYMBOL(handshake),
                                                     SYMBOL(certificate_get_peers),
                                                     SYMBOL(record_send),
                                                     SYMBOL(record_recv),
                                                     SYMBOL(deinit),
                                                     SYMBOL(certificate_free_credentials) };
    struct tls_client_library out;
    struct error err = ERROR_INIT;

    must(library_symbols_load("libgnutls.so.30", symbols, sizeof(symbols) / sizeof(symbols[0]), &out, &err), &err);
    return out;
}

/* A connection with its handshake done; the server's leaf certificate as it showed it. */
static gnutls_session_t dial(struct fixture *fixture, gnutls_certificate_credentials_t *credentials, int *fd)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)api_server_port(fixture->center.server)),
                                   .sin_addr = { htonl(INADDR_LOOPBACK) } };
    const struct tls_client_library tls = tls_load();
    gnutls_session_t session;

    *fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(*fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(tls.certificate_allocate_credentials(credentials), 0);
    assert_int_equal(tls.init(&session, GNUTLS_CLIENT), 0);
    tls.set_default_priority(session);
    tls.credentials_set(session, GNUTLS_CRD_CERTIFICATE, *credentials);
    tls.transport_set_int2(session, *fd, *fd);
    while (tls.handshake(session) != 0) {
    }
    return session;
}

static const char *leaf_of(struct fixture *fixture, gnutls_session_t session)
{
    const struct tls_client_library tls = tls_load();
    unsigned count = 0;
    const gnutls_datum_t *chain = tls.certificate_get_peers(session, &count);
    const struct certificate *leaf = NULL;
    struct error err = ERROR_INIT;

    must(certificate_read_der(fixture->arena, (struct der){ chain[0].data, chain[0].size }, &leaf, &err), &err);
    return certificate_pem(fixture->arena, leaf);
}

static void hang_up(gnutls_session_t session, gnutls_certificate_credentials_t credentials, int fd)
{
    const struct tls_client_library tls = tls_load();

    tls.deinit(session);
    tls.certificate_free_credentials(credentials);
    close(fd);
}

static void expect_health(gnutls_session_t session)
{
    static const char request[] = "GET /health HTTP/1.1\r\nHost: x\r\n\r\n";
    const struct tls_client_library tls = tls_load();
    char answer[1024] = "";
    ssize_t got = 0, more = 0;

    assert_int_equal(tls.record_send(session, request, sizeof(request) - 1), sizeof(request) - 1);
    while (strstr(answer, "\"status\":\"ok\"") == NULL) {
        more = tls.record_recv(session, answer + got, sizeof(answer) - 1 - (size_t)got);
        assert_true(more > 0);
        got += more;
    }
}

static void a_certificate_changes_while_connections_go_on(void **state)
{
    struct fixture *fixture = *state;
    struct authority *authority = fixture->authority;
    static const char *const names[] = { "127.0.0.1", "rack.lan", NULL };
    gnutls_certificate_credentials_t old_credentials, new_credentials;
    int old_fd = -1, new_fd = -1;
    gnutls_session_t old = dial(fixture, &old_credentials, &old_fd), now;
    const char *before = leaf_of(fixture, old);
    struct error err = ERROR_INIT;
    bool made = false;

    expect_health(old);
    must(authority_renew(authority, fixture_names, clock_wall_us(), &made, &err), &err);
    assert_false(made);
    must(authority_renew(authority, names, clock_wall_us(), &made, &err), &err);
    assert_true(made);
    must(api_server_certificate_set(fixture->center.server, authority->server_chain_pem, authority->server_key_pem,
                                    &err),
         &err);
    now = dial(fixture, &new_credentials, &new_fd);
    assert_string_not_equal(leaf_of(fixture, now), before);
    assert_string_equal(leaf_of(fixture, now), certificate_pem(fixture->arena, authority->server));
    expect_health(now);
    expect_health(old);
    assert_false(api_server_certificate_set(fixture->center.server, "no PEM", authority->server_key_pem, &err));
    hang_up(old, old_credentials, old_fd);
    hang_up(now, new_credentials, new_fd);
}

static void the_end_of_the_authority_is_told(void **state)
{
    struct fixture *fixture = *state;
    struct asked viewer = { .token = fixture->tokens[API_VIEWER] };
    struct authority *old = NULL;
    struct error err = ERROR_INIT;
    int64_t made_us = clock_wall_us() - INT64_C(3500) * 86400 * 1000000;

    assert_non_null(strstr(expect(fixture, "/health", (struct asked){ 0 }, 200).text, "\"warnings\":[]"));
    must(authority_open(in(fixture, "old"), fixture_names, made_us, &old, &err), &err);
    fixture->center.authority = old;
    assert_non_null(strstr(expect(fixture, "/health", (struct asked){ 0 }, 200).text, "the authority (CA) ends in 15"));
    assert_non_null(strstr(expect(fixture, "/api/v1/status", viewer, 200).text, "the authority (CA) ends in 15"));
    fixture->center.authority = fixture->authority;
    authority_close(old);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_happens_is_told_once, setup, teardown),
        cmocka_unit_test_setup_teardown(lost_runs_are_told, setup, teardown),
        cmocka_unit_test_setup_teardown(joins_are_told, setup, teardown),
        cmocka_unit_test_setup_teardown(the_stream_goes_on_behind_a_number, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_not_kept_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(a_lost_node_says_so_and_comes_back, setup, teardown),
        cmocka_unit_test_setup_teardown(a_node_is_forgotten, setup, teardown),
        cmocka_unit_test_setup_teardown(refusals_are_counted, setup, teardown),
        cmocka_unit_test_setup_teardown(strangers_do_not_fill_the_disk, setup, teardown),
        cmocka_unit_test_setup_teardown(a_certificate_changes_while_connections_go_on, setup, teardown),
        cmocka_unit_test_setup_teardown(the_end_of_the_authority_is_told, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

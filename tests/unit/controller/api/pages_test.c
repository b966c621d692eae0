/* SPDX-License-Identifier: Apache-2.0 */
/* The dashboard over HTTP: signing in and out, what a foreign site may not do, headers, and the routes behind the pages. */
#include "controller/api/pages.h"

#include <ftw.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/http/http.h"
#include "common/json/json.h"
#include "common/trust/api_token.h"
#include "controller/store/store_api_token.h"
#include "controller/store/store_drift.h"
#include "controller/store/store_join.h"
#include "controller/store/store_model.h"
#include "controller/store/store_node.h"
#include "controller/store/store_run.h"
#include "controller/store/store_sample.h"
#include "controller/store/store_workload.h"

struct fixture {
    struct arena *arena;
    char folder[64];
    struct center center;
    struct authority *authority;
    const char *operator_token, *viewer_token, *host;
    int64_t now_us;
};

static void must(bool ok, const struct error *err)
{
    if (!ok)
        fail_msg("%s", err->text);
}

static bool token_put(struct store_connection *writer, void *data, struct error *err)
{
    bool taken = false;

    return store_api_token_add(writer, data, &taken, err);
}

static const char *token_make(struct fixture *fixture, const char *role)
{
    struct error err = ERROR_INIT;
    struct api_token token;
    char hash[SECRET_HASH_LENGTH + 1];
    struct store_api_token row = { .name = role, .role = role, .created_by = "test", .created_us = fixture->now_us };

    must(api_token_make(fixture->arena, &token, &err), &err);
    row.id = token.id;
    row.hash = secret_hash(token.secret, hash);
    must(store_write_wait(fixture->center.store, token_put, &row, &err), &err);
    return secret_reveal(api_token_text(fixture->arena, &token));
}

/* ai-1: drift, a model, a sample; one run with events; one join string with somebody who asks. */
static bool fleet_put(struct store_connection *writer, void *data, struct error *err)
{
    struct fixture *fixture = data;
    const struct store_enrollment enrollment = { "ai-1", "aa11", fixture->now_us + 1000000, fixture->now_us };
    const struct store_model model = { .name = "gpt-oss", .state = "running", .bytes = 5 };
    const struct store_run run = {
        .kind = "apply", .title = "site.yml", .actor = "ops", .state = STORE_RUN_RUNNING, .started_us = fixture->now_us
    };
    const struct store_run_event events[] = {
        { .at_us = 1, .kind = "task_start", .body = "{\"event\":\"task_start\",\"name\":\"motd\"}" },
        { .at_us = 2,
          .kind = "result",
          .host = "ai-1",
          .body = "{\"name\":\"motd\",\"host\":\"ai-1\",\"outcome\":\"failed\","
                  "\"result\":{\"msg\":\"<b>no</b>\"}}" },
    };
    const struct store_join_token token = { .id = "0011223344556677",
                                            .hash = "h",
                                            .needs_approval = true,
                                            .created_by = "ops",
                                            .created_us = fixture->now_us,
                                            .expires_us = fixture->now_us + 3600000000 };
    const struct store_join_submission submission = {
        .asked = { .token_id = token.id, .name = "ai-9", .fingerprint = "bb22", .request = "r", .asked_us = 1 },
        .certificate_us = 1000000,
    };
    struct store_drift drift = { .resource = "file /etc/motd",
                                 .cause = STORE_DRIFT_EXTERNAL,
                                 .last_us = fixture->now_us,
                                 .diff = "-old\n+<i>new</i>\n" };
    struct store_sample sample = { .at_us = fixture->now_us };
    enum store_enroll outcome = STORE_ENROLLED;
    enum store_join_answer answer = STORE_JOIN_OK;
    struct store_join_request *request = NULL;
    int64_t id = 0, generation = 0, run_id = 0;
    bool flag = false;

    for (int i = 0; i < STORE_SAMPLE_FIGURES; i++)
        sample.figures[i] = (double)NAN;
    sample.figures[STORE_SAMPLE_WATTS] = 77;
    if (!store_node_enroll(writer, &enrollment, &outcome, &id, &generation, err))
        return false;
    drift.node_id = id;
    return store_sample_add(writer, id, &sample, err) && store_model_replace(writer, id, &model, 1, 1, err) &&
           store_drift_seen(writer, &drift, &id, &flag, err) && store_run_add(writer, &run, &run_id, &flag, err) &&
           store_run_event_append(writer, run_id, events, 2, NULL, err) && store_join_token_add(writer, &token, err) &&
           store_join_submit(writer, fixture->arena, &submission, &answer, &request, err);
}

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    struct center *center = &fixture->center;
    static const char *const names[] = { "127.0.0.1", NULL };
    struct error err = ERROR_INIT;
    struct api_server_options options = {
        .listen = "127.0.0.1:0",
        .context = center,
        .table = { api_resource_table, api_resource_table_count },
        .authenticator = { .identify = center_identify, .data = center, .refused = center_refused }
    };

    fixture->arena = arena_new();
    fixture->now_us = clock_wall_us();
    snprintf(fixture->folder, sizeof(fixture->folder), "/tmp/roost-pages-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    must(store_open(arena_printf(fixture->arena, "%s/store", fixture->folder), &center->store, &err), &err);
    must(store_reader_open(center->store, &center->reader, &err), &err);
    must(authority_open(arena_printf(fixture->arena, "%s/trust", fixture->folder), names, fixture->now_us,
                        &fixture->authority, &err),
         &err);
    center->authority = fixture->authority;
    must(store_write_wait(center->store, fleet_put, fixture, &err), &err);
    center->refusals = refusals_new(center->store);
    must(api_server_start(&options, &center->server, &err), &err);
    fixture->operator_token = token_make(fixture, "operator");
    fixture->viewer_token = token_make(fixture, "viewer");
    fixture->host = arena_printf(fixture->arena, "127.0.0.1:%d", api_server_port(center->server));
    *state = fixture;
    return 0;
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info, (void)kind, (void)walk;
    return remove(path);
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    api_server_stop(fixture->center.server);
    refusals_free(fixture->center.refusals);
    store_reader_close(fixture->center.reader);
    store_close(fixture->center.store);
    authority_close(fixture->authority);
    nftw(fixture->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    arena_free(fixture->arena);
    free(fixture);
    return 0;
}

/* --- asking as a browser does --- */

struct asked {
    const char *path, *method, *form, *session, *origin, *known;
};

struct answer {
    struct http_response response;
    char *text;
};

static struct answer ask(struct fixture *fixture, struct asked asked)
{
    struct http_header headers[4];
    struct http_request request = { .url = arena_printf(fixture->arena, "http://%s%s", fixture->host, asked.path),
                                    .method = asked.method,
                                    .headers = headers,
                                    .body = asked.form,
                                    .body_length = asked.form == NULL ? 0 : strlen(asked.form),
                                    .follow = HTTP_FOLLOW_NONE,
                                    .no_proxy = true };
    struct answer answer;
    struct error err = ERROR_INIT;

    if (asked.session != NULL)
        headers[request.header_count++] =
            (struct http_header){ "Cookie",
                                  arena_printf(fixture->arena, "a=b; " PAGE_SESSION_COOKIE "=%s; c=d", asked.session) };
    if (asked.form != NULL)
        headers[request.header_count++] = (struct http_header){ "Content-Type", "application/x-www-form-urlencoded" };
    if (asked.origin != NULL)
        headers[request.header_count++] = (struct http_header){ "Origin", asked.origin };
    if (asked.known != NULL)
        headers[request.header_count++] = (struct http_header){ "If-None-Match", asked.known };
    must(http_fetch(fixture->arena, &request, &answer.response, &answer.text, &err), &err);
    return answer;
}

static struct answer expect(struct fixture *fixture, struct asked asked, int status)
{
    struct answer answer = ask(fixture, asked);

    if (answer.response.status != status)
        fail_msg("%s: %d, not %d: %s", asked.path, answer.response.status, status, answer.text);
    return answer;
}

static const char *own_origin(struct fixture *fixture)
{
    return arena_printf(fixture->arena, "https://%s", fixture->host); /* what a browser says of the real one */
}

static void has(const struct answer *answer, const char *text)
{
    if (strstr(answer->text, text) == NULL)
        fail_msg("'%s' is not in: %s", text, answer->text);
}

/* --- tests --- */

static void signing_in_gives_a_session(void **state)
{
    struct fixture *fixture = *state;
    struct answer answer = expect(fixture, (struct asked){ .path = "/nodes/ai-1?x" }, 401);
    const char *form = arena_printf(fixture->arena, "token=+%s%%0D%%0A&next=%%2Fruns", fixture->viewer_token);

    has(&answer, "name=\"next\" value=\"/nodes/ai-1?x\"");
    answer = expect(fixture, (struct asked){ .path = "/login", .form = form, .origin = own_origin(fixture) }, 303);
    assert_string_equal(http_header_get(&answer.response, "Location"), "/runs");
    assert_string_equal(http_header_get(&answer.response, "Set-Cookie"),
                        arena_printf(fixture->arena,
                                     "roost_session=%s; Max-Age=43200; Path=/; HttpOnly; Secure; SameSite=Strict",
                                     fixture->viewer_token));
    expect(fixture, (struct asked){ .path = "/", .session = fixture->viewer_token }, 200);
    expect(fixture, (struct asked){ .path = "/api/v1/nodes", .session = fixture->viewer_token }, 200);
    answer = expect(
        fixture,
        (struct asked){
            .path = "/logout", .method = "POST", .session = fixture->viewer_token, .origin = own_origin(fixture) },
        303);
    assert_string_equal(http_header_get(&answer.response, "Location"), "/login");
    assert_non_null(strstr(http_header_get(&answer.response, "Set-Cookie"), "roost_session=; Max-Age=0;"));
}

static void a_wrong_token_stays_outside(void **state)
{
    struct fixture *fixture = *state;
    struct answer answer =
        expect(fixture, (struct asked){ .path = "/login", .form = "token=roost_x&next=//evil.example" }, 401);

    has(&answer, "not known, has expired or was revoked");
    has(&answer, "name=\"next\" value=\"/\"");
    assert_null(http_header_get(&answer.response, "Set-Cookie"));
    assert_null(strstr(answer.text, "roost_x"));
    expect(fixture, (struct asked){ .path = "/login", .form = "next=/" }, 400);
    expect(fixture, (struct asked){ .path = "/", .session = "roost_0123456789abcdef_AAAA" }, 401);
    answer = expect(fixture, (struct asked){ .path = "/trust", .session = fixture->viewer_token }, 403);
    has(&answer, "Not for you");
}

static bool nothing_run(struct store_connection *writer, void *data, struct error *err)
{
    (void)writer, (void)data, (void)err;
    return true;
}

/* Beside the door by cookie: in the audit log as by any other; that nobody is signed in is no refusal. */
static void refusals_of_pages_are_written(void **state)
{
    struct fixture *fixture = *state;
    struct asked audit = { .path = "/api/v1/audit", .session = fixture->operator_token };
    struct error err = ERROR_INIT;
    struct answer answer;

    expect(fixture, (struct asked){ .path = "/" }, 401);
    expect(fixture, (struct asked){ .path = "/trust", .session = fixture->viewer_token }, 403);
    expect(fixture, (struct asked){ .path = "/", .session = "roost_0123456789abcdef_AAAA" }, 401);
    refusals_free(fixture->center.refusals); /* writes what it has */
    fixture->center.refusals = NULL;
    must(store_write_wait(fixture->center.store, nothing_run, NULL, &err),
         &err); /* what was before it is on the disk */
    answer = expect(fixture, audit, 200);
    has(&answer, "\"object\":\"GET /trust\"");
    has(&answer, "refused.role");
    has(&answer, "refused.token");
    assert_null(strstr(strstr(answer.text, "refused.token") + 1, "refused.token"));
}

/* An answer that is known is not sent again, and another answer has another version. */
static void lists_have_versions(void **state)
{
    struct fixture *fixture = *state;
    static const char *const paths[] = { "/api/v1/nodes",  "/api/v1/runs",  "/api/v1/drift",
                                         "/api/v1/models", "/api/v1/audit", "/api/v1/fleet" };
    struct asked asked = { .session = fixture->operator_token };
    struct answer answer;

    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        asked.path = paths[i];
        asked.known = NULL;
        answer = expect(fixture, asked, 200);
        asked.known = http_header_get(&answer.response, "ETag");
        assert_non_null(asked.known);
        assert_int_equal(strlen(expect(fixture, asked, 304).text), 0);
        asked.known = "\"0123\"";
        expect(fixture, asked, 200);
    }
    answer = expect(fixture, (struct asked){ .path = "/api/v1/nodes/nobody", .session = asked.session }, 404);
    assert_null(http_header_get(&answer.response, "ETag"));
}

static void foreign_sites_change_nothing(void **state)
{
    struct fixture *fixture = *state;
    static const char *const foreign[] = { NULL, "null", "https://evil.example", "http://127.0.0.1:1" };
    struct asked asked = { .path = "/trust/joins/1/approve", .method = "POST", .session = fixture->operator_token };

    for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
        asked.origin = foreign[i];
        expect(fixture, asked, 403);
    }
    asked.path = "/api/v1/joins/1/approve"; /* the API is no way around */
    has(&(struct answer[]){ expect(fixture, asked, 403) }[0], "foreign_origin");
    asked.path = "/trust/joins/1/approve";
    asked.origin = own_origin(fixture);
    struct answer answer = expect(fixture, asked, 303);
    assert_string_equal(http_header_get(&answer.response, "Location"), "/trust");
    has(&(struct answer[]){ expect(
            fixture, (struct asked){ .path = "/api/v1/joins", .session = fixture->operator_token }, 200) }[0],
        "\"state\":\"approved\"");
    const char *form = arena_printf(fixture->arena, "token=%s", fixture->viewer_token);
    expect(fixture, (struct asked){ .path = "/login", .form = form, .origin = "https://evil.example" }, 403);
}

static void a_node_is_told_by_a_form(void **state)
{
    struct fixture *fixture = *state;
    struct asked asked = { .path = "/nodes/ai-1/work",
                           .form = "kind=check",
                           .session = fixture->operator_token,
                           .origin = own_origin(fixture) };
    struct answer answer = expect(fixture, asked, 303);

    assert_string_equal(http_header_get(&answer.response, "Location"), "/nodes/ai-1");
    asked.form = "kind=explode";
    has(&(struct answer[]){ expect(fixture, asked, 400) }[0], "<h1>That did not work</h1>");
    asked.path = "/nodes/ai-2/work";
    asked.form = "kind=check";
    has(&(struct answer[]){ expect(fixture, asked, 404) }[0], "did you mean ai-1?");
}

static void pages_carry_their_policy(void **state)
{
    struct fixture *fixture = *state;
    static const char *const paths[] = { "/",       "/nodes/ai-1", "/nodes/nobody", "/runs",
                                         "/runs/1", "/drift",      "/trust",        "/login" };

    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        struct answer answer = ask(fixture, (struct asked){ .path = paths[i], .session = fixture->operator_token });
        const char *policy = http_header_get(&answer.response, "Content-Security-Policy");

        assert_int_equal(answer.response.status, strstr(paths[i], "nobody") == NULL ? 200 : 404);
        assert_non_null(strstr(policy, "default-src 'none'"));
        assert_non_null(strstr(policy, "frame-ancestors 'none'"));
        assert_null(strstr(policy, "unsafe"));
        assert_string_equal(http_header_get(&answer.response, "X-Content-Type-Options"), "nosniff");
        assert_string_equal(http_header_get(&answer.response, "Referrer-Policy"), "same-origin");
        assert_string_equal(http_header_get(&answer.response, "Cache-Control"), "no-store");
        assert_string_equal(http_header_get(&answer.response, "Content-Type"), "text/html; charset=utf-8");
    }
}

static void assets_are_kept_by_their_tag(void **state)
{
    struct fixture *fixture = *state;
    struct answer answer = expect(fixture, (struct asked){ .path = "/assets/roost.css?v=1" }, 200);
    const char *tag = http_header_get(&answer.response, "ETag");

    assert_int_equal(strlen(tag), 66); /* strong: no W/ */
    assert_string_equal(http_header_get(&answer.response, "Cache-Control"), "public, no-cache");
    expect(fixture, (struct asked){ .path = "/assets/roost.css", .known = tag }, 304);
    expect(fixture, (struct asked){ .path = "/assets/roost.css", .known = "\"other\"" }, 200);
    expect(fixture, (struct asked){ .path = "/assets/rack.html" }, 404);
    expect(fixture, (struct asked){ .path = "/assets/..%2Froost.css" }, 404);
}

static void pages_tell_what_is_known(void **state)
{
    struct fixture *fixture = *state;
    struct asked asked = { .path = "/", .session = fixture->operator_token };
    struct answer rack = expect(fixture, asked, 200);

    has(&rack, "77 W");
    has(&rack, "<span class=\"none\">°C unknown</span>");
    has(&rack, "aria-hidden=\"true\" viewBox=\"0 0 100 8\"");
    has(&rack, "1 drift<");
    asked.path = "/nodes/ai-1";
    struct answer node = expect(fixture, asked, 200);
    has(&node, "+&lt;i&gt;new&lt;/i&gt;");
    has(&node, "The node has not told its kernel parameters.");
    asked.path = "/runs/1";
    struct answer run = expect(fixture, asked, 200);
    has(&run, "class=\"b b-failed\" title=\"failed: motd\"");
    has(&run, "failed: [ai-1] &lt;b&gt;no&lt;/b&gt;");
    asked.path = "/trust";
    struct answer trust = expect(fixture, asked, 200);
    has(&trust, "<code class=\"key\">bb22</code>");
    assert_null(strstr(trust.text, "Operators' tokens")); /* an administrator's */
}

static const struct value *json_of(struct fixture *fixture, const char *path)
{
    struct answer answer = expect(fixture, (struct asked){ .path = path, .session = fixture->viewer_token }, 200);
    const struct value *out = NULL;
    struct error err = ERROR_INIT;

    must(json_read(fixture->arena, answer.text, strlen(answer.text), NULL, &out, &err), &err);
    return value_map_get(out, "items");
}

static void the_fleet_is_told_to_programs(void **state)
{
    struct fixture *fixture = *state;
    const struct value *row = value_item(json_of(fixture, "/api/v1/fleet"), 0);
    struct asked asked = { .path = "/api/v1/fleet", .session = fixture->viewer_token };

    assert_string_equal(value_map_text(row, "name"), "ai-1");
    assert_string_equal(value_map_text(row, "verdict"), "unknown");
    assert_int_equal(value_map_get(row, "open_drift")->as.integer, 1);
    assert_true(value_map_get(value_map_get(row, "sample"), "watts")->as.real == 77);
    assert_true(value_is(value_map_get(value_map_get(row, "sample"), "celsius"), VALUE_NULL));
    assert_string_equal(value_map_text(value_item(value_map_get(row, "models"), 0), "name"), "gpt-oss");
    asked.known = http_header_get(&(struct answer[]){ expect(fixture, asked, 200) }[0].response, "ETag");
    assert_non_null(asked.known);
    expect(fixture, asked, 304);
    assert_int_equal(value_count(json_of(fixture, "/api/v1/fleet?verdict=lost")), 0);
}

static void models_and_samples_are_told(void **state)
{
    struct fixture *fixture = *state;
    const struct value *models = json_of(fixture, "/api/v1/models?node=ai-1");
    const struct value *samples = json_of(fixture, "/api/v1/nodes/ai-1/samples?minutes=5&step_s=0");
    struct asked asked = { .session = fixture->viewer_token };

    assert_int_equal(value_count(models), 1);
    assert_string_equal(value_map_text(value_item(models, 0), "node"), "ai-1");
    assert_int_equal(value_count(samples), 1);
    assert_true(value_map_get(value_item(samples, 0), "watts")->as.real == 77);
    assert_int_equal(value_count(json_of(fixture, "/api/v1/models?name=other")), 0);
    asked.path = "/api/v1/nodes/ai-1/samples?minutes=43200&step_s=60";
    has(&(struct answer[]){ expect(fixture, asked, 400) }[0], "not more than 1000 steps");
    asked.path = "/api/v1/models?node=ai-7";
    expect(fixture, asked, 404);
}

static bool workload_put(struct store_connection *writer, void *data, struct error *err)
{
    const struct store_workload workload = {
        .name = "chat", .declaration = "{}", .is_wanted = true, .changed_by = "ops", .changed_us = 1
    };
    int64_t id = 0;

    (void)data;
    return store_workload_put(writer, &workload, true, &id, err);
}

static size_t seven_wait(struct gateway *gateway, const char *workload)
{
    (void)gateway;
    return text_equal(workload, "chat") ? 7 : 0;
}

/* Who waits for a slot does so in the gateway: engines never hear of it. */
static void the_queue_is_the_gateways(void **state)
{
    struct fixture *fixture = *state;
    const struct gateway_link link = { .waiting = seven_wait };
    struct asked asked = { .path = "/workloads", .session = fixture->viewer_token };
    struct error err = ERROR_INIT;
    struct answer answer;

    must(store_write_wait(fixture->center.store, workload_put, NULL, &err), &err);
    answer = expect(fixture, asked, 200);
    has(&answer, "<dt>queue</dt><dd class=\"stale\"><span class=\"none\">unknown</span></dd>");
    fixture->center.gateway = &link;
    answer = expect(fixture, asked, 200);
    has(&answer, "<dt>queue</dt><dd>7</dd>");
}

static void a_stream_goes_on_behind_a_number(void **state)
{
    struct fixture *fixture = *state;
    struct asked asked = { .path = "/api/v1/runs/1/stream?after=x", .session = fixture->viewer_token };

    expect(fixture, asked, 400);
}

#define WITH_PAGES(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_PAGES(signing_in_gives_a_session),   WITH_PAGES(a_wrong_token_stays_outside),
        WITH_PAGES(lists_have_versions),          WITH_PAGES(refusals_of_pages_are_written),
        WITH_PAGES(foreign_sites_change_nothing), WITH_PAGES(a_node_is_told_by_a_form),
        WITH_PAGES(pages_carry_their_policy),     WITH_PAGES(assets_are_kept_by_their_tag),
        WITH_PAGES(pages_tell_what_is_known),     WITH_PAGES(the_fleet_is_told_to_programs),
        WITH_PAGES(models_and_samples_are_told),  WITH_PAGES(a_stream_goes_on_behind_a_number),
        WITH_PAGES(the_queue_is_the_gateways),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

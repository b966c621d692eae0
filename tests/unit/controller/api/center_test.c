/* SPDX-License-Identifier: Apache-2.0 */
/* The controller's routes over TLS, with a store and an authority of their own: who may what, and a node's way in and out. */
#include "center_fixture.h"

/* --- tests --- */

/* "{name}" becomes "x". */
static const char *path_filled(struct fixture *fixture, const char *path)
{
    struct text out = text_new(fixture->arena);

    for (; *path != '\0'; path++) {
        if (*path == '{') {
            text_add_char(&out, 'x');
            path += strcspn(path, "}");
        } else {
            text_add_char(&out, *path);
        }
    }
    return out.data;
}

/* A page refuses with a page: that of 401 is the form to sign in. */
static void expect_locked(struct fixture *fixture, const struct api_route *route, struct asked asked, int status)
{
    const char *path = path_filled(fixture, route->path);

    if (!route->is_page && route->form_back == NULL) {
        expect_code(fixture, path, asked, status, status == 401 ? "unauthenticated" : "forbidden");
        return;
    }
    struct answer answer = expect(fixture, path, asked, status);
    assert_null(answer.body);
    assert_non_null(strstr(answer.text, status == 401 ? "action=\"/login\"" : "Not for you"));
}

static void knock(struct fixture *fixture, const struct api_route *route)
{
    struct asked asked = { .method = route->method, .body = route->body != NULL ? "{}" : NULL };
    const char *path = path_filled(fixture, route->path);

    if (route->access == API_PUBLIC)
        return;
    if (strcmp(path, "/api/v1/events/stream") == 0)
        path = "/api/v1/events/stream?after=-1"; /* refused once inside: it has no end */
    expect_locked(fixture, route, asked, 401);
    asked.token = "roost_0123456789abcdef_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    expect_locked(fixture, route, asked, 401);
    for (enum api_access role = API_VIEWER; role <= API_ADMIN; role++) {
        asked.token = fixture->tokens[role];
        if (role < route->access || route->access <= API_NODE_EXPIRED)
            expect_locked(fixture, route, asked, 403);
        else if (ask(fixture, path, asked).status == 403)
            fail_msg("%s %s refuses %s", route->method, path, api_access_name(role));
    }
    asked.token = NULL;
    asked.node = "ai-1";
    if (route->access > API_NODE_EXPIRED)
        expect_locked(fixture, route, asked, 403);
    else if (ask(fixture, path, asked).status == 403)
        fail_msg("%s %s refuses its node", route->method, path);
}

static void every_door_is_locked(void **state)
{
    struct fixture *fixture = *state;
    size_t doors = 0;

    node_in(fixture, "ai-1");
    for (size_t i = 0; i < api_resource_table_count; i++) {
        for (size_t j = 0; j < api_resource_table[i]->count; j++, doors++)
            knock(fixture, &api_resource_table[i]->routes[j]);
    }
    assert_true(doors > 15);
}

static void tokens_live_and_end(void **state)
{
    struct fixture *fixture = *state;
    struct asked admin = { .token = fixture->tokens[API_ADMIN] };

    admin.body = "{\"name\": \"ci\", \"role\": \"viewer\", \"ttl_s\": 60}";
    struct answer made = expect(fixture, "/api/v1/tokens", admin, 201);
    struct asked ci = { .token = value_map_text(made.body, "token") };

    expect(fixture, "/api/v1/nodes", ci, 200);
    expect_code(fixture, "/api/v1/tokens", admin, 409, "name_taken");
    admin.body = NULL;
    const char *list = expect(fixture, "/api/v1/tokens", admin, 200).text;
    assert_non_null(strstr(list, "\"name\":\"ci\""));
    assert_null(strstr(list, ci.token + strlen("roost_0123456789abcdef_"))); /* no secret, no hash */
    assert_null(strstr(list, "hash"));
    admin.method = "DELETE";
    expect(fixture, "/api/v1/tokens/ci", admin, 200);
    expect_code(fixture, "/api/v1/nodes", ci, 401, "token_revoked"); /* told to who holds it */
    expect_code(fixture, "/api/v1/tokens/nobody", admin, 404, "token_unknown");
}

static void a_node_comes_in_once(void **state)
{
    struct fixture *fixture = *state;
    struct join_string join = join_token(fixture, "{\"name\": \"ai-*\"}");
    struct asked first = { .body = join_body(fixture, &join, "ai-1", "ai-1") };

    assert_string_equal(join.ca_fingerprint, fixture->authority->ca->key.fingerprint);
    assert_string_equal(join.host, "127.0.0.1");
    expect_code(fixture, "/join/v1/join", (struct asked){ .body = join_body(fixture, &join, "ai-1", "web-1") }, 403,
                "name_refused");
    struct answer answer = expect(fixture, "/join/v1/join", first, 200);
    assert_string_equal(value_map_text(answer.body, "node"), "ai-1");
    assert_int_equal(number(answer.body, "generation"), 1);
    expect(fixture, "/join/v1/join", first, 200); /* a lost answer: the same key asks again */
    expect_code(fixture, "/join/v1/join", (struct asked){ .body = join_body(fixture, &join, "thief", "ai-2") }, 403,
                "token_used");
    join.token_id[0] = join.token_id[0] == '0' ? '1' : '0';
    expect_code(fixture, "/join/v1/join", (struct asked){ .body = join_body(fixture, &join, "ai-3", "ai-3") }, 403,
                "token_unknown");
}

static void a_rebuilt_node_is_another(void **state)
{
    struct fixture *fixture = *state;
    struct asked viewer = { .token = fixture->tokens[API_VIEWER] };

    node_in(fixture, "ai-1");
    expect(fixture, "/agent/v1/work", (struct asked){ .node = "ai-1" }, 200);
    struct join_string any = join_token(fixture, "{\"name\": \"ai-*\"}");
    expect_code(fixture, "/join/v1/join", (struct asked){ .body = join_body(fixture, &any, "new", "ai-1") }, 403,
                "name_refused");
    expect(fixture, "/agent/v1/work", (struct asked){ .node = "ai-1" }, 200);
    struct join_string join = join_token(fixture, "{\"name\": \"ai-1\"}");
    struct answer again =
        expect(fixture, "/join/v1/join", (struct asked){ .body = join_body(fixture, &join, "new", "ai-1") }, 200);
    keep_certificate(fixture, "new", again.body);
    assert_int_equal(number(again.body, "generation"), 2);
    expect_code(fixture, "/agent/v1/work", (struct asked){ .node = "ai-1" }, 401, "key_revoked");
    expect(fixture, "/agent/v1/work", (struct asked){ .node = "new" }, 200);
    assert_int_equal(number(expect(fixture, "/api/v1/nodes/ai-1", viewer, 200).body, "generation"), 2);
}

static void approval_is_waited_for(void **state)
{
    struct fixture *fixture = *state;
    struct join_string join = join_token(fixture, "{\"approval\": true}");
    struct asked ask_in = { .body = join_body(fixture, &join, "ai-1", "ai-1") };
    struct asked operator= { .token = fixture->tokens[API_OPERATOR] };
    struct asked post = { .token = fixture->tokens[API_OPERATOR], .method = "POST" };

    assert_string_equal(value_map_text(expect(fixture, "/join/v1/join", ask_in, 202).body, "state"), "pending");
    const struct value *items =
        value_map_get(expect(fixture, "/api/v1/joins?state=pending", operator, 200).body, "items");
    assert_int_equal(value_count(items), 1);
    const char *id = arena_printf(fixture->arena, "/api/v1/joins/%lld", (long long)number(value_item(items, 0), "id"));
    expect(fixture, arena_printf(fixture->arena, "%s/approve", id), post, 200);
    expect_code(fixture, arena_printf(fixture->arena, "%s/refuse", id), post, 409, "decided_before");
    assert_string_equal(value_map_text(expect(fixture, "/join/v1/join", ask_in, 200).body, "state"), "joined");

    join = join_token(fixture, "{\"approval\": true}");
    ask_in.body = join_body(fixture, &join, "ai-2", "ai-2");
    expect(fixture, "/join/v1/join", ask_in, 202);
    items = value_map_get(expect(fixture, "/api/v1/joins?state=pending", operator, 200).body, "items");
    id = arena_printf(fixture->arena, "/api/v1/joins/%lld/refuse", (long long)number(value_item(items, 0), "id"));
    expect(fixture, id, post, 200);
    expect_code(fixture, "/join/v1/join", ask_in, 403, "join_refused");
    expect_code(fixture, "/api/v1/joins/99/approve", post, 404, "join_unknown");
}

static void reports_are_kept_once(void **state)
{
    struct fixture *fixture = *state;
    struct asked node = { .node = "ai-1" };
    struct asked viewer = { .token = fixture->tokens[API_VIEWER] };

    node_in(fixture, "ai-1");
    node.body =
        "{\"reports\":[{\"sequence\":1,\"at_us\":1000,\"kind\":\"hello\",\"body\":{\"agent\":\"0.1\",\"boot_id\":\"b\"}},"
        "{\"sequence\":2,\"at_us\":2000000,\"kind\":\"facts\",\"body\":{\"ansible_hostname\":\"ai-1\"}},"
        "{\"sequence\":3,\"at_us\":3000000,\"kind\":\"status\",\"body\":{\"verdict\":\"drift\",\"reason\":\"motd\"}}]}";
    assert_int_equal(number(expect(fixture, "/agent/v1/reports", node, 200).body, "acknowledged"), 3);
    assert_int_equal(number(expect(fixture, "/agent/v1/reports", node, 200).body, "acknowledged"), 3); /* known */
    node.body = "{\"reports\":[{\"sequence\":5,\"at_us\":1,\"kind\":\"note\"}]}";
    assert_int_equal(number(expect(fixture, "/agent/v1/reports", node, 409).body, "expected"), 4);
    node.body = "{\"reports\":[{\"sequence\":4,\"at_us\":1,\"kind\":\"from the future\",\"body\":[1]}]}";
    assert_int_equal(number(expect(fixture, "/agent/v1/reports", node, 200).body, "acknowledged"), 4);
    node.body =
        "{\"reports\":[{\"sequence\":4,\"at_us\":1,\"kind\":\"a\"},{\"sequence\":6,\"at_us\":1,\"kind\":\"a\"}]}";
    expect_code(fixture, "/agent/v1/reports", node, 400, "bad_report");
    node.body = "{\"reports\":[1]}";
    expect_code(fixture, "/agent/v1/reports", node, 400, "bad_report");
    node.body = "{\"reports\":[{\"sequence\":0,\"at_us\":1,\"kind\":\"a\"}]}";
    expect_code(fixture, "/agent/v1/reports", node, 400, "bad_report");

    const struct value *seen = expect(fixture, "/api/v1/nodes/ai-1", viewer, 200).body;
    assert_string_equal(value_map_text(seen, "verdict"), "drift");
    assert_string_equal(value_map_text(seen, "reason"), "motd");
    assert_string_equal(value_map_text(seen, "boot_id"), "b");
    assert_int_equal(number(seen, "reported"), 4);
    const struct value *facts = expect(fixture, "/api/v1/nodes/ai-1/facts", viewer, 200).body;
    assert_string_equal(value_map_text(value_map_get(facts, "facts"), "ansible_hostname"), "ai-1");
    expect_code(fixture, "/api/v1/nodes/ai-2", viewer, 404, "node_unknown");
    assert_non_null(strstr(ask(fixture, "/api/v1/nodes/ai-2", viewer).text, "did you mean ai-1?"));
}

/* As after a restore from a backup: the node has let go of what the controller no longer has. */
static void a_gap_is_told_and_gone_over(void **state)
{
    struct fixture *fixture = *state;
    struct asked node = { .node = "ai-1" };

    node_in(fixture, "ai-1");
    node.body = "{\"reports\":[{\"sequence\":9,\"at_us\":1,\"kind\":\"note\"}]}";
    assert_int_equal(number(expect(fixture, "/agent/v1/reports", node, 409).body, "expected"), 1);
    node.body = "{\"reports\":[{\"sequence\":8,\"at_us\":1,\"kind\":\"gap\",\"body\":{\"from\":2,\"to\":8}},"
                "{\"sequence\":9,\"at_us\":1,\"kind\":\"note\"}]}";
    expect(fixture, "/agent/v1/reports", node, 409); /* from elsewhere than expected */
    node.body = "{\"reports\":[{\"sequence\":8,\"at_us\":1,\"kind\":\"gap\",\"body\":{\"from\":1,\"to\":8}},"
                "{\"sequence\":9,\"at_us\":1,\"kind\":\"note\"}]}";
    assert_int_equal(number(expect(fixture, "/agent/v1/reports", node, 200).body, "acknowledged"), 9);
    assert_int_equal(number(expect(fixture, "/agent/v1/reports", node, 200).body, "acknowledged"), 9);
}

static void join_tokens_are_for_names_that_can_be(void **state)
{
    struct fixture *fixture = *state;
    struct asked asked = { .token = fixture->tokens[API_OPERATOR], .body = "{\"name\": \"bad name!\"}" };

    expect_code(fixture, "/api/v1/join-tokens", asked, 400, "bad_member");
    asked.body = "{\"name\": \"ai-[0-9]*\"}";
    expect(fixture, "/api/v1/join-tokens", asked, 201);
}

static void work_reaches_the_node_and_is_done_once(void **state)
{
    struct fixture *fixture = *state;
    struct asked operator= { .token = fixture->tokens[API_OPERATOR], .body = "{\"kind\":\"check\"}" };

    node_in(fixture, "ai-1");
    assert_int_equal(number(expect(fixture, "/api/v1/nodes/ai-1/work", operator, 202).body, "number"), 1);
    const struct value *work =
        value_map_get(expect(fixture, "/agent/v1/work?wait_s=50", (struct asked){ .node = "ai-1" }, 200).body, "work");
    assert_int_equal(value_count(work), 1);
    assert_string_equal(value_map_text(value_item(work, 0), "kind"), "check");
    work = value_map_get(expect(fixture, "/agent/v1/work?after=1&wait_s=0", (struct asked){ .node = "ai-1" }, 200).body,
                         "work");
    assert_int_equal(value_count(work), 0);
    operator.body = "{\"kind\":\"look\"}";
    expect_code(fixture, "/api/v1/nodes/ai-1/work", operator, 400, "bad_member");
}

static void revoking_works_at_once(void **state)
{
    struct fixture *fixture = *state;

    node_in(fixture, "ai-1");
    expect(fixture, "/agent/v1/work", (struct asked){ .node = "ai-1" }, 200);
    expect(fixture, "/api/v1/nodes/ai-1", (struct asked){ .token = fixture->tokens[API_ADMIN], .method = "DELETE" },
           200);
    expect_code(fixture, "/agent/v1/work", (struct asked){ .node = "ai-1" }, 401, "key_revoked");
    expect_code(fixture, "/agent/v1/renew", (struct asked){ .node = "ai-1", .body = "{}" }, 401, "key_revoked");
}

static void certificates_are_renewed(void **state)
{
    struct fixture *fixture = *state;
    struct value *body = value_map(fixture->arena);
    PRIVATE_KEY_SCOPED key = NULL;
    struct error err = ERROR_INIT;
    char *request = NULL;

    node_in(fixture, "ai-1");
    must(private_key_generate(KEY_ECDSA_P256, &key, &err), &err);
    must(private_key_save(key, in(fixture, "renewed.key"), &err), &err);
    must(certificate_request_make(fixture->arena, key, "ai-1", &request, &err), &err);
    value_map_put_string(fixture->arena, body, "request", request);
    struct asked asked = { .node = "ai-1", .body = json_text(fixture->arena, body, JSON_COMPACT) };
    keep_certificate(fixture, "renewed", expect(fixture, "/agent/v1/renew", asked, 200).body);
    expect(fixture, "/agent/v1/work", (struct asked){ .node = "renewed" }, 200);
    expect(fixture, "/agent/v1/work", (struct asked){ .node = "ai-1" }, 200); /* until it runs out */
}

static void what_was_done_is_in_the_audit_log(void **state)
{
    struct fixture *fixture = *state;
    struct asked operator= { .token = fixture->tokens[API_OPERATOR] };

    node_in(fixture, "ai-1");
    const char *text = expect(fixture, "/api/v1/audit", operator, 200).text;
    assert_non_null(strstr(text, "\"actor\":\"operator\",\"action\":\"join_token.add\""));
    assert_non_null(strstr(text, "\"action\":\"node.join\",\"object\":\"ai-1\""));
    const struct value *items = value_map_get(expect(fixture, "/api/v1/audit?limit=1", operator, 200).body, "items");
    assert_int_equal(value_count(items), 1);
}

/* Reports of kinds and bodies, numbered from `first`. */
static void report(struct fixture *fixture, int first, const char *const *kinds_and_bodies)
{
    struct text body = text_new(fixture->arena);

    text_add(&body, "{\"reports\":[");
    for (int i = 0; kinds_and_bodies[2 * i] != NULL; i++)
        text_printf(&body, "%s{\"sequence\":%d,\"at_us\":%d000000,\"kind\":\"%s\",\"body\":%s}", i > 0 ? "," : "",
                    first + i, first + i, kinds_and_bodies[2 * i], kinds_and_bodies[2 * i + 1]);
    text_add(&body, "]}");
    expect(fixture, "/agent/v1/reports", (struct asked){ .node = "ai-1", .body = body.data }, 200);
}

static void drift_is_told_and_mended(void **state)
{
    struct fixture *fixture = *state;
    struct asked viewer = { .token = fixture->tokens[API_VIEWER] };

    node_in(fixture, "ai-1");
    assert_string_equal(value_map_text(expect(fixture, "/api/v1/nodes/ai-1", viewer, 200).body, "reason"),
                        "it has told nothing yet");
    report(fixture, 1,
           (const char *const[]){ "drift", "{\"resource\":\"copy /etc/motd\",\"diff\":\"-a\"}", "drift",
                                  "{\"resource\":\"copy /etc/motd\",\"cause\":\"external\",\"reason\":\"vim\"}",
                                  "drift", "{\"colour\":1}", NULL });
    const struct value *items = value_map_get(expect(fixture, "/api/v1/drift?node=ai-1", viewer, 200).body, "items");
    assert_int_equal(value_count(items), 1);
    assert_int_equal(number(value_item(items, 0), "count"), 2);
    assert_string_equal(value_map_text(value_item(items, 0), "cause"), "external");
    assert_string_equal(value_map_text(value_item(items, 0), "diff"), "-a");
    assert_int_equal(
        value_count(value_map_get(expect(fixture, "/api/v1/drift?cause=corrective", viewer, 200).body, "items")), 0);
    report(fixture, 4,
           (const char *const[]){ "mended", "{\"resource\":\"copy /etc/motd\",\"cause\":\"corrective\"}", NULL });
    assert_int_equal(value_count(value_map_get(expect(fixture, "/api/v1/drift", viewer, 200).body, "items")), 0);
    items = value_map_get(expect(fixture, "/api/v1/drift?resolved=true", viewer, 200).body, "items");
    assert_string_equal(value_map_text(value_item(items, 0), "cause"), "corrective");
    report(fixture, 5,
           (const char *const[]){
               "drift", "{\"resource\":\"systemd x\",\"changes\":[\"start unit x\",\"enable unit x\"]}", NULL });
    items = value_map_get(expect(fixture, "/api/v1/drift", viewer, 200).body, "items");
    assert_string_equal(value_map_text(value_item(items, 0), "diff"), "start unit x\nenable unit x\n");
    report(fixture, 6,
           (const char *const[]){ "hello", "{\"policy\":\"repair\"}", "hello", "{\"policy\":\"x\"}", NULL });
    assert_string_equal(value_map_text(expect(fixture, "/api/v1/nodes/ai-1", viewer, 200).body, "policy"), "repair");
    expect_code(fixture, "/api/v1/drift?node=nobody", viewer, 404, "node_unknown");
}

/* Drift that may have been mended among what is gone stays open nowhere: checks tell again what there is. */
static void a_gap_leaves_no_drift_behind(void **state)
{
    struct fixture *fixture = *state;
    struct asked viewer = { .token = fixture->tokens[API_VIEWER] }, node = { .node = "ai-1" };

    node_in(fixture, "ai-1");
    report(fixture, 1, (const char *const[]){ "drift", "{\"resource\":\"copy /etc/motd\"}", NULL });
    assert_int_equal(value_count(value_map_get(expect(fixture, "/api/v1/drift", viewer, 200).body, "items")), 1);
    node.body = "{\"reports\":[{\"sequence\":8,\"at_us\":1,\"kind\":\"gap\",\"body\":{\"from\":2,\"to\":8}}]}";
    expect(fixture, "/agent/v1/reports", node, 200);
    assert_int_equal(value_count(value_map_get(expect(fixture, "/api/v1/drift", viewer, 200).body, "items")), 0);
}

/* What a node says of times to come, and words that are not its own. */
static void a_node_is_not_believed_everything(void **state)
{
    struct fixture *fixture = *state;
    struct asked viewer = { .token = fixture->tokens[API_VIEWER] }, node = { .node = "ai-1" };
    const char *tomorrow = clock_text_utc(fixture->arena, clock_wall_us() + INT64_C(3600) * 1000000);
    const struct value *seen = NULL;

    node_in(fixture, "ai-1");
    node.body = "{\"reports\":[{\"sequence\":1,\"at_us\":9223372036854775807,\"kind\":\"run_start\","
                "\"body\":{\"run\":\"r1\",\"kind\":\"check\",\"playbook\":\"site.yml\"}},"
                "{\"sequence\":2,\"at_us\":5,\"kind\":\"status\",\"body\":{\"verdict\":\"revoked\"}}]}";
    expect(fixture, "/agent/v1/reports", node, 200);
    seen = value_item(value_map_get(expect(fixture, "/api/v1/runs", viewer, 200).body, "items"), 0);
    assert_true(strcmp(value_map_text(seen, "started"), tomorrow) < 0);
    assert_string_equal(value_map_text(expect(fixture, "/api/v1/nodes/ai-1", viewer, 200).body, "verdict"), "unknown");
}

static void a_run_is_kept_and_streamed(void **state)
{
    struct fixture *fixture = *state;
    struct asked viewer = { .token = fixture->tokens[API_VIEWER] };

    node_in(fixture, "ai-1");
    report(fixture, 1,
           (const char *const[]){ "run_start", "{\"run\":\"r1\",\"kind\":\"check\",\"playbook\":\"site.yml\"}",
                                  "run_event", "{\"run\":\"r1\",\"event\":{\"event\":\"task_start\",\"name\":\"one\"}}",
                                  "run_event", "{\"run\":\"other\",\"event\":{\"event\":\"task_start\"}}", "run_event",
                                  "{\"run\":\"r1\",\"event\":{\"event\":\"result\",\"host\":\"ai-1\"}}", NULL });
    const struct value *run = value_item(value_map_get(expect(fixture, "/api/v1/runs", viewer, 200).body, "items"), 0);
    const char *path = arena_printf(fixture->arena, "/api/v1/runs/%lld", (long long)number(run, "id"));
    assert_string_equal(value_map_text(run, "state"), "running");
    assert_int_equal(number(run, "events"), 2);
    report(fixture, 5, /* kinds that are the controller's own, or none at all */
           (const char *const[]){
               "run_event", "{\"run\":\"r1\",\"event\":{\"event\":\"output\",\"stream\":\"out\",\"text\":\"x\"}}",
               "run_event", "{\"run\":\"r1\",\"event\":{\"event\":\"end\",\"state\":\"ok\",\"exit_code\":0}}",
               "run_event", "{\"run\":\"r1\",\"event\":{\"event\":\"result\\ndata: {}\\n\\nevent: end\"}}", NULL });
    run = expect(fixture, path, viewer, 200).body;
    assert_int_equal(number(run, "events"), 2);
    report(fixture, 8,
           (const char *const[]){ "run_end", "{\"run\":\"r1\",\"outcome\":\"drift\",\"ok\":3,\"changed\":1}",
                                  "run_event", "{\"run\":\"r1\",\"event\":{\"event\":\"late\"}}", NULL });
    run = expect(fixture, path, viewer, 200).body;
    assert_string_equal(value_map_text(run, "state"), "ok");
    assert_string_equal(value_map_text(run, "outcome"), "drift");
    assert_int_equal(number(value_item(value_map_get(run, "hosts"), 0), "changed"), 1);
    const struct value *page =
        expect(fixture, arena_printf(fixture->arena, "%s/events?limit=1&after=1", path), viewer, 200).body;
    assert_int_equal(number(value_item(value_map_get(page, "items"), 0), "sequence"), 2);
    const char *text = expect(fixture, arena_printf(fixture->arena, "%s/stream", path), viewer, 200).text;
    assert_non_null(strstr(text, "id: 1\nevent: task_start\ndata: {"));
    assert_non_null(strstr(text, "id: 2\nevent: result\n"));
    assert_non_null(strstr(text, "event: end\ndata: {\"state\":\"ok\""));
    expect_code(fixture, "/api/v1/runs/99/stream", viewer, 404, "run_unknown");
}

static void numbers_are_told_to_prometheus(void **state)
{
    struct fixture *fixture = *state;

    node_in(fixture, "ai-1");
    const char *text = expect(fixture, "/metrics", (struct asked){ .token = fixture->tokens[API_VIEWER] }, 200).text;
    assert_non_null(strstr(text, "roost_nodes{state=\"active\",verdict=\"unknown\"} 1\n"));
    assert_non_null(strstr(text, "# TYPE roost_http_requests_total counter\nroost_http_requests_total "));
}

static void strangers_learn_little(void **state)
{
    struct fixture *fixture = *state;

    assert_string_equal(expect(fixture, "/join/v1/ca", (struct asked){ .node = NULL }, 200).text,
                        fixture->authority->ca_pem);
    assert_string_equal(value_map_text(expect(fixture, "/health", (struct asked){ .node = NULL }, 200).body, "status"),
                        "ok");
    const struct value *document = expect(fixture, "/api/v1/openapi.json", (struct asked){ .node = NULL }, 200).body;
    assert_non_null(value_map_get(value_map_get(document, "paths"), "/api/v1/nodes/{name}"));
    const struct value *status =
        expect(fixture, "/api/v1/status", (struct asked){ .token = fixture->tokens[API_VIEWER] }, 200).body;
    assert_string_equal(value_map_text(status, "authority"), fixture->authority->ca->key.fingerprint);
}

#define WITH_CENTER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_CENTER(every_door_is_locked),
        WITH_CENTER(tokens_live_and_end),
        WITH_CENTER(a_node_comes_in_once),
        WITH_CENTER(a_rebuilt_node_is_another),
        WITH_CENTER(approval_is_waited_for),
        WITH_CENTER(reports_are_kept_once),
        WITH_CENTER(a_gap_is_told_and_gone_over),
        WITH_CENTER(a_gap_leaves_no_drift_behind),
        WITH_CENTER(a_node_is_not_believed_everything),
        WITH_CENTER(join_tokens_are_for_names_that_can_be),
        WITH_CENTER(work_reaches_the_node_and_is_done_once),
        WITH_CENTER(revoking_works_at_once),
        WITH_CENTER(certificates_are_renewed),
        WITH_CENTER(what_was_done_is_in_the_audit_log),
        WITH_CENTER(drift_is_told_and_mended),
        WITH_CENTER(a_run_is_kept_and_streamed),
        WITH_CENTER(numbers_are_told_to_prometheus),
        WITH_CENTER(strangers_learn_little),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

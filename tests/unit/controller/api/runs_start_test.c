/* SPDX-License-Identifier: Apache-2.0 */
/* Beginning runs and telling them, as operators may; the run's program is this one: a check asks a question, all else does nothing. */
#include "tests/unit/controller/api/center_fixture.h"

#include <poll.h>

#include "common/protocol/control.h"
#include "controller/runs/run_order.h"
#include "controller/store/store_run.h"

#define SECRET_WORD "hunter2hunter2"

static void ignore_news(void *data, int64_t number)
{
    (void)data;
    (void)number;
}

static int runs_setup(void **state)
{
    struct fixture *fixture = NULL;
    struct error err = ERROR_INIT;

    setup(state);
    fixture = *state;
    const struct runs_options options = { .folder = in(fixture, "runs"),
                                          .store = fixture->center.store,
                                          .news = { ignore_news, ignore_news, NULL } };
    must(runs_open(&options, &fixture->center.runs, &err), &err);
    return 0;
}

static int runs_teardown(void **state)
{
    struct fixture *fixture = *state;

    runs_free(fixture->center.runs);
    return teardown(state);
}

/* The name by which a file of that content is known, put if `is_put`. */
static const char *file_of(struct fixture *fixture, const char *content, bool is_put)
{
    struct file_store_part *part = NULL;
    struct error err = ERROR_INIT;
    const char *sha256 = secret_hash((struct secret){ content }, arena_alloc(fixture->arena, SECRET_HASH_LENGTH + 1));

    if (!is_put)
        return sha256;
    must(file_store_begin(fixture->center.files, sha256, strlen(content), &part, &err), &err);
    must(file_store_add(part, content, strlen(content), &err), &err);
    must(file_store_finish(part, &err), &err);
    return sha256;
}

/* A run's body; `rest` begins with a comma or is empty. */
static const char *body_of(struct fixture *fixture, const char *path, bool is_put, const char *rest)
{
    return arena_printf(fixture->arena,
                        "{\"kind\":\"apply\",\"project\":[{\"path\":\"%s\",\"sha256\":\"%s\",\"mode\":420}],"
                        "\"playbooks\":[\"site.yml\"],\"inventories\":[\"n1,\"]%s}",
                        path, file_of(fixture, is_put ? "- hosts: all\n" : "not there", is_put), rest);
}

static struct asked post(struct fixture *fixture, const char *body)
{
    return (struct asked){ .method = "POST", .token = fixture->tokens[API_OPERATOR], .body = body };
}

static struct store_run *ended(struct fixture *fixture, int64_t id)
{
    struct store_run *run = NULL;
    struct error err = ERROR_INIT;

    for (int i = 0; i < 4000 && (run == NULL || (run->state & STORE_RUN_OPEN) != 0); i++) {
        poll(NULL, 0, 5);
        must(store_run_get(fixture->center.reader, fixture->arena, id, &run, &err), &err);
    }
    assert_int_equal(run->state & STORE_RUN_OPEN, 0);
    return run;
}

static void a_run_is_begun_and_kept_without_its_secrets(void **state)
{
    struct fixture *fixture = *state;
    const char *body = body_of(fixture, "site.yml", true,
                               ",\"options\":{\"limit\":\"n1\",\"tags\":[\"a\"]},\"extra_vars\":{\"x\":1},"
                               "\"terminal\":{\"color\":true},\"secrets\":{\"become_password\":\"" SECRET_WORD "\"}");
    struct answer answer = expect(fixture, "/api/v1/runs", post(fixture, body), 201);
    const struct store_run *run = ended(fixture, number(answer.body, "id"));
    const char *path = arena_printf(fixture->arena, "/api/v1/runs/%lld", (long long)run->id);

    assert_string_equal(run->actor, "operator");
    assert_string_equal(run->title, "site.yml");
    assert_int_equal(run->state, STORE_RUN_OK);
    assert_null(strstr(run->options, SECRET_WORD));
    assert_non_null(strstr(run->options, "\"limit\":\"n1\""));
    answer = expect(fixture, path, (struct asked){ .token = fixture->tokens[API_VIEWER] }, 200);
    assert_int_equal(number(answer.body, "exit_code"), 0);
    answer = expect(fixture, arena_printf(fixture->arena, "%s/stream", path),
                    (struct asked){ .token = fixture->tokens[API_VIEWER] }, 200);
    assert_non_null(strstr(answer.text, "event: end\ndata: {\"state\":\"ok\",\"reason\":null,\"exit_code\":0}"));
    answer = expect(fixture, "/api/v1/audit", (struct asked){ .token = fixture->tokens[API_ADMIN] }, 200);
    assert_non_null(strstr(answer.text, "run.start"));
    assert_null(strstr(answer.text, SECRET_WORD));
}

static void what_makes_no_run_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct asked viewer = post(fixture, body_of(fixture, "site.yml", true, ""));

    viewer.token = fixture->tokens[API_VIEWER];
    expect_code(fixture, "/api/v1/runs", viewer, 403, "forbidden");
    expect_code(fixture, "/api/v1/runs", post(fixture, body_of(fixture, "site.yml", false, "")), 409, "files_missing");
    expect_code(fixture, "/api/v1/runs", post(fixture, body_of(fixture, "../site.yml", true, "")), 400, "bad_member");
    expect_code(fixture, "/api/v1/runs",
                post(fixture, body_of(fixture, "site.yml", true, ",\"options\":{\"limt\":\"a\"}")), 400, "bad_member");
    expect_code(fixture, "/api/v1/runs",
                post(fixture, body_of(fixture, "site.yml", true, ",\"options\":{\"role_folders\":[\"/etc\"]}")), 400,
                "bad_member");
    expect_code(fixture, "/api/v1/runs", post(fixture, body_of(fixture, "site.yml", true, ",\"settings\":{\"a\":1}")),
                400, "bad_member");
    expect_code(fixture, "/api/v1/runs",
                post(fixture, "{\"kind\":\"apply\",\"project\":[],\"playbooks\":[\"/etc/passwd\"],\"inventories\":[]}"),
                400, "bad_member");
    expect_code(fixture, "/api/v1/runs",
                post(fixture, "{\"kind\":\"apply\",\"project\":[],\"playbooks\":[],\"inventories\":[]}"), 400,
                "bad_member");
}

struct adding {
    struct store_run run;
    struct store_run_host host;
    int64_t id;
};

static bool run_add(struct store_connection *writer, void *data, struct error *err)
{
    struct adding *adding = data;
    bool known = false;

    return store_run_add(writer, &adding->run, &adding->id, &known, err) &&
           (adding->host.host == NULL || store_run_host_set(writer, adding->id, &adding->host, err));
}

static int64_t stored_run(struct fixture *fixture, struct adding adding)
{
    struct error err = ERROR_INIT;

    must(store_write_wait(fixture->center.store, run_add, &adding, &err), &err);
    return adding.id;
}

static void again_takes_the_hosts_that_failed(void **state)
{
    struct fixture *fixture = *state;
    const char *kept = body_of(fixture, "site.yml", true, ",\"options\":{\"limit\":\"all\",\"forks\":3}");
    struct adding adding = { .run = { .kind = "apply", .title = "site.yml", .actor = "x", .state = STORE_RUN_FAILED },
                             .host = { .host = "n7", .state = STORE_RUN_FAILED, .failed = 1 } };
    struct answer answer;
    struct store_run *run = NULL;
    int64_t id = 0;

    adding.run.options = kept;
    id = stored_run(fixture, adding);
    answer = expect(fixture, arena_printf(fixture->arena, "/api/v1/runs/%lld/again", (long long)id),
                    post(fixture, "{\"failed\":true}"), 201);
    run = ended(fixture, number(answer.body, "id"));
    assert_int_equal(run->again_of, id);
    assert_non_null(strstr(run->options, "\"limit\":\"n7\""));
    assert_non_null(strstr(run->options, "\"forks\":3"));
    expect_code(fixture, arena_printf(fixture->arena, "/api/v1/runs/%lld/again", (long long)run->id),
                post(fixture, "{\"failed\":true}"), 409, "nothing_failed");
}

static void only_runs_under_way_are_told(void **state)
{
    static const char *const orders[] = { "pause", "resume", "cancel" };
    struct fixture *fixture = *state;
    int64_t over = stored_run(
        fixture, (struct adding){ .run = { .kind = "apply", .title = "", .actor = "x", .state = STORE_RUN_OK } });

    for (size_t i = 0; i < 3; i++) {
        expect_code(fixture, arena_printf(fixture->arena, "/api/v1/runs/%lld/%s", (long long)over, orders[i]),
                    post(fixture, NULL), 409, "run_over");
        expect_code(fixture, arena_printf(fixture->arena, "/api/v1/runs/999/%s", orders[i]), post(fixture, NULL), 404,
                    "run_unknown");
    }
    over = stored_run(
        fixture, (struct adding){ .run = { .kind = "apply", .title = "", .actor = "x", .state = STORE_RUN_RUNNING } });
    expect_code(fixture, arena_printf(fixture->arena, "/api/v1/runs/%lld/answer", (long long)over),
                post(fixture, "{\"question\":1,\"text\":\"a\"}"), 409, "not_asked");
    expect(fixture, arena_printf(fixture->arena, "/api/v1/runs/%lld/cancel", (long long)over), post(fixture, NULL),
           202);
}

static uint32_t question_of(struct fixture *fixture, int64_t id)
{
    uint32_t question = 0;

    for (int i = 0; i < 4000 && question == 0; i++) {
        poll(NULL, 0, 5);
        question = runs_question(fixture->center.runs, id);
    }
    return question;
}

static void who_answered_is_in_the_audit_log(void **state)
{
    struct fixture *fixture = *state;
    const char *body = arena_printf(fixture->arena,
                                    "{\"kind\":\"check\",\"project\":[{\"path\":\"site.yml\",\"sha256\":\"%s\","
                                    "\"mode\":420}],\"playbooks\":[\"site.yml\"],\"inventories\":[\"n1,\"]}",
                                    file_of(fixture, "- hosts: all\n", true));
    int64_t id = number(expect(fixture, "/api/v1/runs", post(fixture, body), 201).body, "id");
    struct answer answer;

    assert_int_equal(question_of(fixture, id), 7);
    expect(fixture, arena_printf(fixture->arena, "/api/v1/runs/%lld/answer", (long long)id),
           post(fixture, "{\"question\":7,\"text\":\"" SECRET_WORD "\"}"), 202);
    assert_int_equal(ended(fixture, id)->state, STORE_RUN_OK);
    answer =
        expect(fixture, "/api/v1/audit?action=run.answer", (struct asked){ .token = fixture->tokens[API_ADMIN] }, 200);
    assert_int_equal(value_count(value_map_get(answer.body, "items")), 1);
    assert_non_null(strstr(answer.text, "operator"));
    assert_null(strstr(answer.text, SECRET_WORD));
}

/* --- the run's program --- */

static bool wait_and_hear(struct arena *arena, struct control_message *out)
{
    struct pollfd waited = { .fd = RUN_CONTROL_FD, .events = POLLIN };

    return poll(&waited, 1, 15000) == 1 && control_receive(RUN_CONTROL_FD, arena, out) == CONTROL_READY;
}

static int play_question(void)
{
    ARENA_SCOPED arena = arena_new();
    struct value *body = value_map(arena);
    struct control_message message;
    struct error err = ERROR_INIT;

    value_map_put_string(arena, body, "ask", "question");
    value_map_put_int(arena, body, "number", 7);
    value_map_put_string(arena, body, "prompt", "Word: ");
    return wait_and_hear(arena, &message) &&
                   control_send(RUN_CONTROL_FD, &(struct control_message){ .body = body }, &err) &&
                   wait_and_hear(arena, &message) && text_equal(value_map_text(message.body, "do"), "answer")
               ? 0
               : 71;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_run_is_begun_and_kept_without_its_secrets, runs_setup, runs_teardown),
        cmocka_unit_test_setup_teardown(what_makes_no_run_is_refused, runs_setup, runs_teardown),
        cmocka_unit_test_setup_teardown(again_takes_the_hosts_that_failed, runs_setup, runs_teardown),
        cmocka_unit_test_setup_teardown(only_runs_under_way_are_told, runs_setup, runs_teardown),
        cmocka_unit_test_setup_teardown(who_answered_is_in_the_audit_log, runs_setup, runs_teardown),
    };

    if (argc > 2 && strcmp(argv[2], RUN_CONTROLLED) == 0)
        return strcmp(argv[1], "check") == 0 ? play_question() : 0;
    return cmocka_run_group_tests(tests, NULL, NULL);
}

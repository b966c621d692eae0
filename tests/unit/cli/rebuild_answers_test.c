/* SPDX-License-Identifier: Apache-2.0 */
/* What serves is asked through the gateway, with its declared prompt; who loads is asked again, wrong words are an error. */
#include "cli/rebuild_answers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/rebuild_models.h"
#include "cli/rebuild_progress.h"
#include "common/json/json.h"
#include "tests/unit/cli/center_stub.h"

#define DECLARATION                                                                                                    \
    "{\"name\": \"chat\", \"kind\": \"inference\", \"engine\": \"llama_cpp\", \"models\": [\"tiny\"], "                \
    "\"alias\": \"small\", \"health\": {\"prompt\": \"Name it.\", \"expect\": \"alpha bravo\"}}"

struct fixture {
    struct arena *arena;
    const char *folder;
    struct center_stub stub;
    struct rebuild rebuild;
    struct rebuild_call call;
    atomic_int loading, asked; /* so many answers of 503 first */
    const char *says, *asked_for;
};

/* --- a controller of three routes --- */

static const struct value *json(struct arena *arena, const char *text)
{
    const struct value *value = NULL;
    struct error err = ERROR_INIT;

    center_stub_must(json_read(arena, text, strlen(text), NULL, &value, &err), &err);
    return value;
}

static void workloads_get(struct api_call *call)
{
    api_reply(call, 200,
              json(call->arena, "{\"items\": [{\"name\": \"chat\", \"kind\": \"inference\", \"state\": \"serving\"},"
                                "{\"name\": \"old\", \"kind\": \"inference\", \"state\": \"stopped\"},"
                                "{\"name\": \"sum\", \"kind\": \"batch\", \"state\": \"serving\"}]}"));
}

static void workload_get(struct api_call *call)
{
    if (strcmp(api_path_value(call, "name"), "chat") != 0)
        api_reply_error(call, 404, "workload_unknown", "there is no such workload");
    else
        api_reply(call, 200, json(call->arena, "{\"declaration\": " DECLARATION "}"));
}

static void chat_post(struct api_call *call)
{
    struct fixture *fixture = call->context;

    fixture->asked++;
    fixture->asked_for = json_text(fixture->arena, call->body_value, JSON_COMPACT);
    if (fixture->loading > 0) {
        fixture->loading--;
        api_reply_error(call, 503, "model_loading", "it loads");
        return;
    }
    api_reply(call, 200,
              json(call->arena,
                   arena_printf(call->arena, "{\"choices\": [{\"message\": {\"content\": \"%s\"}}]}", fixture->says)));
}

static const struct arg_spec any_args[] = { ARG_END };
static const struct task_spec any_spec = { .name = "chat", .args = any_args, .args_size = 1, .any_args = true };
static const struct api_route routes[] = {
    API_ROUTE(API_PUBLIC, "GET", "/api/v1/workloads", workloads_get),
    API_ROUTE(API_PUBLIC, "GET", "/api/v1/workloads/{name}", workload_get),
    API_ROUTE(API_PUBLIC, "POST", "/v1/chat/completions", chat_post, .body = &any_spec),
};
static const struct api_resource resource = { .name = "all",
                                              .routes = routes,
                                              .count = sizeof(routes) / sizeof(routes[0]) };
static const struct api_resource *const resources[] = { &resource };

static const struct api_table table = { resources, 1 };

static int set_up(void **state)
{
    struct arena *arena = arena_new();
    struct fixture *fixture = arena_new_of(arena, struct fixture);

    fixture->arena = arena;
    fixture->folder = mkdtemp(arena_copy(arena, "/tmp/roost-answers-XXXXXX"));
    assert_non_null(fixture->folder);
    center_stub_start(&fixture->stub, arena, fixture->folder, &table, fixture);
    pthread_mutex_init(&fixture->rebuild.lock, NULL);
    fixture->rebuild.arena = fixture->rebuild.journal_arena = arena;
    fixture->rebuild.is_live = true; /* no lines */
    fixture->call =
        (struct rebuild_call){ .rebuild = &fixture->rebuild, .node = &fixture->rebuild.cluster, .arena = arena };
    fixture->says = " alpha bravo charlie";
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    center_stub_stop(&fixture->stub, fixture->arena, fixture->folder);
    pthread_mutex_destroy(&fixture->rebuild.lock);
    rmdir(fixture->folder);
    arena_free(fixture->arena);
    return 0;
}

/* --- asking --- */

static void what_serves_is_asked_as_clients_ask(void **state)
{
    struct fixture *fixture = *state;
    struct error err = ERROR_INIT;
    const char *told = NULL;

    center_stub_must(rebuild_answers(&fixture->call, &told, &err), &err);
    assert_string_equal(told, "chat answered");
    assert_int_equal(fixture->asked, 1);
    assert_non_null(strstr(fixture->asked_for, "\"model\":\"small\""));
    assert_non_null(strstr(fixture->asked_for, "Name it."));
    assert_string_equal(rebuild_noted(&fixture->call, "serves"), "chat");
    assert_non_null(strstr(rebuild_noted(&fixture->call, "answer chat"), " ms"));
}

static void who_loads_is_asked_again(void **state)
{
    struct fixture *fixture = *state;
    struct error err = ERROR_INIT;
    const char *told = NULL;

    fixture->loading = 1;
    center_stub_must(rebuild_answers(&fixture->call, &told, &err), &err);
    assert_int_equal(fixture->asked, 2);
}

static void wrong_words_are_an_error(void **state)
{
    struct fixture *fixture = *state;
    struct error err = ERROR_INIT;
    const char *told = NULL;

    fixture->says = "zulu";
    assert_false(rebuild_answers(&fixture->call, &told, &err));
    assert_string_equal(err.text, "chat, asked through the gateway: its completion is 'zulu', not 'alpha bravo'");
}

/* Not serving is no excuse for what is declared beside the inventory. */
static void what_is_declared_is_asked_for_too(void **state)
{
    struct fixture *fixture = *state;
    struct workload workload = { .name = "old", .kind = WORKLOAD_INFERENCE };
    struct error err = ERROR_INIT;
    const char *told = NULL;

    fixture->rebuild.workloads = (struct workload_files){ .workloads = &workload, .count = 1 };
    assert_false(rebuild_answers(&fixture->call, &told, &err));
    assert_string_equal(err.text, "old: there is no such workload");
}

/* --- models --- */

static bool are_for(struct fixture *fixture, const char *more, const char *node)
{
    const struct value *map =
        json(fixture->arena, arena_printf(fixture->arena, "{\"name\": \"w\", \"kind\": \"inference\", %s}", more));
    struct workload workload;
    struct error err = ERROR_INIT;

    center_stub_must(workload_bind(fixture->arena, map, &workload, &err), &err);
    return rebuild_models_are_for(&workload, node);
}

static void models_are_for_named_nodes(void **state)
{
    struct fixture *fixture = *state;
    const char *named = "\"engine\": \"llama_cpp\", \"models\": [\"hf://a/b\"], \"nodes\": [\"n1\", \"n2\"]";

    assert_true(are_for(fixture, named, "n2"));
    assert_false(are_for(fixture, named, "n3"));
    assert_false(are_for(fixture, arena_printf(fixture->arena, "%s, \"spread\": \"cluster\"", named), "n1"));
    assert_false(are_for(fixture, arena_printf(fixture->arena, "%s, \"nodes_count\": 2", named), "n1"));
    assert_false(are_for(fixture, "\"engine\": \"llama_cpp\", \"models\": [\"hf://a/b\"]", "n1"));
    assert_false(are_for(fixture, "\"engine\": \"ollama\", \"models\": [\"a\"], \"nodes\": [\"n1\"]", "n1"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_serves_is_asked_as_clients_ask, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_loads_is_asked_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(wrong_words_are_an_error, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_declared_is_asked_for_too, set_up, tear_down),
        cmocka_unit_test_setup_teardown(models_are_for_named_nodes, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What verbs say of names that nobody has, of figures that nobody told, and of what has failed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/models_verbs.h"
#include "cli/verb.h"
#include "common/json/json.h"
#include "tests/unit/cli/center_stub.h"
#include "tests/unit/cli/verb_output.h"

VERB_DECLARE(ps);
VERB_DECLARE(keys);
VERB_DECLARE(energy);

struct fixture {
    struct arena *arena;
    char *folder;
    struct center_stub stub;
};

static void say(struct api_call *call, const char *text)
{
    const struct value *value = NULL;
    struct error err = ERROR_INIT;

    assert_true(json_read(call->arena, text, strlen(text), NULL, &value, &err));
    api_reply(call, 200, value);
}

static void workloads_get(struct api_call *call)
{
    say(call, "{\"items\":[{\"name\":\"chat\",\"alias\":\"talk\",\"models\":[\"m\"],\"wanted\":\"run\","
              "\"instances\":[]}],\"next\":null}");
}

static void key_post(struct api_call *call)
{
    say(call, "{\"name\":\"tab\",\"key\":\"roost_k\"}");
}

static void energy_get(struct api_call *call)
{
    say(call, "{\"workloads\":[],\"nodes\":[],\"joules\":0.0,\"pending_joules\":0.0,\"wall_wh\":0.0}");
}

static void models_get(struct api_call *call)
{
    say(call, "{\"items\":[{\"node\":\"n2\",\"name\":\"m\",\"bytes\":1,\"state\":\"complete\"},"
              "{\"node\":\"n1\",\"name\":\"m\",\"bytes\":1,\"state\":\"complete\"}]}");
}

static void fetches_get(struct api_call *call)
{
    say(call, "{\"items\":[{\"node\":\"n3\",\"source\":\"hf://a/b\",\"state\":\"failed\",\"by\":\"planner\","
              "\"sentence\":\"no such repository\"},{\"node\":\"n0\",\"source\":\"hf://a/c\",\"state\":\"failed\","
              "\"by\":\"me\",\"sentence\":\"the disk is full\"}],\"next\":null}");
}

static const struct arg_spec any_args[] = { ARG_END };
static const struct task_spec any_spec = { .name = "any", .args = any_args, .args_size = 1, .any_args = true };
static const struct api_route routes[] = {
    API_ROUTE(API_PUBLIC, "GET", "/api/v1/workloads", workloads_get, .query = &any_spec),
    API_ROUTE(API_PUBLIC, "POST", "/api/v1/keys", key_post, .body = &any_spec),
    API_ROUTE(API_PUBLIC, "GET", "/api/v1/energy", energy_get, .query = &any_spec),
    API_ROUTE(API_PUBLIC, "GET", "/api/v1/models", models_get, .query = &any_spec),
    API_ROUTE(API_PUBLIC, "GET", "/api/v1/models/fetches", fetches_get, .query = &any_spec),
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
    fixture->folder = mkdtemp(arena_copy(arena, "/tmp/roost-unknown-XXXXXX"));
    assert_non_null(fixture->folder);
    center_stub_start(&fixture->stub, arena, fixture->folder, &table, fixture);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    center_stub_stop(&fixture->stub, fixture->arena, fixture->folder);
    rmdir(fixture->folder);
    arena_free(fixture->arena);
    return 0;
}

static const char *run(struct fixture *fixture, int (*verb)(int argc, char **argv), const char *line, int code)
{
    size_t count = 0;
    char **words = text_split(fixture->arena, line, ' ', &count), *argv[8] = { NULL }, *output = NULL;

    assert_true(count < 8);
    memcpy(argv, words, count * sizeof(*argv));
    assert_int_equal(verb_output(fixture->arena, verb, (int)count, argv, &output), code);
    return output;
}

static void says(const char *output, const char *what)
{
    if (strstr(output, what) == NULL)
        fail_msg("it lacks '%s': %s", what, output);
}

static void a_workload_that_is_none_is_an_error(void **state)
{
    says(run(*state, verb_ps.run, "ps cht", 1), "there is no workload 'cht'; the nearest is 'chat'");
    says(run(*state, verb_ps.run, "ps chat cht --json", 1), "there is no workload 'cht'");
    says(run(*state, verb_ps.run, "ps chat", 0), "chat");
}

static void a_key_for_a_name_that_nobody_has_is_made_with_a_note(void **state)
{
    const char *output = run(*state, verb_keys.run, "keys add tab --models cht,talk,m,chat", 0);

    says(output, "roost_k\n");
    says(output, "note: no workload or alias is called 'cht' so far, did you mean 'chat'?\n");
    assert_null(strstr(output, "'talk'"));
    assert_null(strstr(output, "'m'"));
    assert_null(strstr(run(*state, verb_keys.run, "keys add tab", 0), "note:"));
}

static void energy_that_nobody_told_is_no_zero(void **state)
{
    const char *output = run(*state, verb_energy.run, "energy", 0);

    says(output, "No node has told a power sensor in this time");
    assert_null(strstr(output, "0.00"));
}

static void nodes_stand_by_name_and_failures_say_why(void **state)
{
    const char *output = run(*state, models_where, "where", 0);
    const char *n0 = strstr(output, "n0"), *n1 = strstr(output, "n1"), *n2 = strstr(output, "n2");

    assert_true(n0 != NULL && n1 > n0 && n2 > n1 && strstr(output, "n3") > n2);
    says(output, "no header");
    says(output, "n3 could not read the header of hf://a/b: no such repository\n");
    says(output, "n0 could not fetch hf://a/c: the disk is full\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_workload_that_is_none_is_an_error, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_key_for_a_name_that_nobody_has_is_made_with_a_note, set_up, tear_down),
        cmocka_unit_test_setup_teardown(energy_that_nobody_told_is_no_zero, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nodes_stand_by_name_and_failures_say_why, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

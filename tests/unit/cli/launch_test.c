/* SPDX-License-Identifier: Apache-2.0 */
/* roost launch without a terminal: what has no place says so at once, in the words of the plan. */
#include "cli/verb.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/cli/center_stub.h"
#include "tests/unit/cli/verb_output.h"

VERB_DECLARE(launch);

struct scene {
    bool is_dumb; /* it cannot plan */
    int started, asked_at;
};

static void workload_put(struct api_call *call)
{
    api_reply(call, 200, value_map(call->arena));
}

static void start_post(struct api_call *call)
{
    ((struct scene *)call->context)->started++;
    api_reply(call, 202, value_map(call->arena));
}

static void plan_post(struct api_call *call)
{
    struct scene *scene = call->context;
    struct value *out = value_map(call->arena), *places = value_list(call->arena), *place = value_map(call->arena);

    scene->asked_at = scene->started;
    value_map_put_string(call->arena, place, "workload", "x");
    value_map_put_bool(call->arena, place, "placed", false);
    value_map_put_string(call->arena, place, "sentence", "no node has the model 'tinny' (did you mean 'tiny'?)");
    value_list_add(call->arena, places, place);
    value_map_put(call->arena, out, "places", places);
    api_reply(call, scene->is_dumb ? 500 : 200, out);
}

static const struct arg_spec any_args[] = { ARG_END };
static const struct task_spec any = { .name = "any", .args = any_args, .args_size = 1, .any_args = true };
static const struct api_route routes[] = {
    API_ROUTE(API_PUBLIC, "PUT", "/api/v1/workloads/{name}", workload_put, .body = &any),
    API_ROUTE(API_PUBLIC, "POST", "/api/v1/workloads/{name}/start", start_post),
    API_ROUTE(API_PUBLIC, "POST", "/api/v1/plan", plan_post, .body = &any),
};
static const struct api_resource resource = { .name = "all",
                                              .routes = routes,
                                              .count = sizeof(routes) / sizeof(routes[0]) };
static const struct api_resource *const resources[] = { &resource };

static void launch_says(struct arena *arena, const char *file, const char *says)
{
    char *words[] = { (char *)"launch", (char *)"x", (char *)"--folder", arena_copy(arena, file), NULL };
    char *output = NULL;

    assert_int_equal(verb_output(arena, verb_launch.run, 4, words, &output), 0);
    assert_string_equal(output, says);
}

static void test_waits(void **state)
{
    static const struct api_table table = { resources, 1 };
    static const char declared[] = "{name: x, engine: llama_cpp, model: tinny}\n";
    ARENA_SCOPED arena = arena_new();
    const char *file = NULL, *folder = mkdtemp(arena_copy(arena, "/tmp/roost-launch-XXXXXX"));
    struct scene scene = { .started = 0, .asked_at = -1 };
    struct center_stub stub;
    struct error err = ERROR_INIT;

    (void)state;
    assert_non_null(folder);
    file = path_join(arena, folder, "x.yml");
    center_stub_must(private_file_write(file, declared, strlen(declared), &err), &err);
    center_stub_start(&stub, arena, folder, &table, &scene);
    launch_says(arena, file,
                "1 launched; roost ps shows how they are\n"
                "x waits: no node has the model 'tinny' (did you mean 'tiny'?)\n");
    assert_int_equal(scene.asked_at, 0); /* once it is there, it would be in its own way */
    scene.is_dumb = true;
    launch_says(arena, file, "1 launched; roost ps shows how they are\n");
    assert_int_equal(scene.started, 2);
    center_stub_stop(&stub, arena, folder);
    unlink(file);
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_waits) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

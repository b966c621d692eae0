/* SPDX-License-Identifier: Apache-2.0 */
/* Workloads over the API: names that are the controller's, and instances that stand beside those declared. */
#include "center_fixture.h"

#include "controller/store/store_instance.h"
#include "controller/store/store_workload.h"

#define DECLARED(name) "{\"name\": \"" name "\", \"engine\": \"llama_cpp\", \"model\": \"m\"}"

static void a_benchmarks_name_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct asked asked = { .token = fixture->tokens[API_OPERATOR], .method = "PUT" };
    struct answer answer;

    asked.body = DECLARED("bench-7");
    answer = expect(fixture, "/api/v1/workloads/bench-7", asked, 400);
    assert_non_null(strstr(answer.text, "the name 'bench-7' is the controller's"));
    asked.body = DECLARED("bench7");
    expect(fixture, "/api/v1/workloads/bench7", asked, 201);
}

static bool two_instances(struct store_connection *writer, void *data, struct error *err)
{
    const struct store_workload row = {
        .name = "chat", .declaration = DECLARED("chat"), .is_wanted = true, .changed_us = 1, .changed_by = "me"
    };
    struct store_instance instance = { .state = "serving", .sentence = "serves on n1" };
    int64_t id = 0;

    (void)data;
    if (!store_workload_put(writer, &row, false, &instance.workload_id, err) ||
        !store_instance_add(writer, &instance, &id, err))
        return false;
    instance.replica = STORE_INSTANCE_BESIDE;
    instance.state = "loading";
    return store_instance_add(writer, &instance, &id, err);
}

/* What starts beside it is told apart, and does not make the workload other than it is for its clients. */
static void who_stands_beside_is_told_apart(void **state)
{
    struct fixture *fixture = *state;
    struct asked asked = { .token = fixture->tokens[API_VIEWER] };
    struct error err = ERROR_INIT;
    struct answer answer;

    must(store_write_wait(fixture->center.store, two_instances, NULL, &err), &err);
    answer = expect(fixture, "/api/v1/workloads/chat", asked, 200);
    assert_string_equal(value_map_text(answer.body, "state"), "serving");
    assert_int_equal(value_count(value_map_get(answer.body, "instances")), 1);
    assert_int_equal(value_count(value_map_get(answer.body, "beside")), 1);
    assert_string_equal(value_map_text(value_item(value_map_get(answer.body, "beside"), 0), "state"), "loading");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_benchmarks_name_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(who_stands_beside_is_told_apart, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

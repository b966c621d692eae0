/* SPDX-License-Identifier: Apache-2.0 */
/* Places that wait for their models. */
#include "pass_world.h"

#include "controller/store/store_fetch.h"

/* The model came, and meanwhile somebody has taken the memory: nothing is made there until there is room again. */
static void room_is_looked_at_again_after_a_download(void **state)
{
    struct fixture *fixture = *state;
    int64_t node = node_ready(fixture, "n1", 1, true);
    const struct store_fetch coming = { .node_id = node,
                                        .source = "m",
                                        .name = "m",
                                        .by = "workload chat",
                                        .state = "fetching",
                                        .at_us = clock_wall_us() };
    struct store_fetch come = coming;
    struct world world;

    declare(fixture);
    world_begin(&world, fixture);
    OK(store_model_replace(fixture->writer, node, NULL, 0, 2, &fixture->err));
    OK(store_fetch_put(fixture->writer, &coming, &fixture->err));
    pass_run(&world.launcher);
    it_is_so(fixture, "downloading", PLAN_ON("n1"));
    pass_run(&world.launcher);
    assert_string_equal(instance(fixture)->state, "downloading");
    node_has_model(fixture, node, 3);
    come.state = "ready";
    come.detail = "{\"path\":\"/models/m.gguf\",\"digest\":\"d1\"}";
    OK(store_fetch_put(fixture->writer, &come, &fixture->err));
    node_has(fixture, node, 2);
    pass_run(&world.launcher);
    assert_string_equal(instance(fixture)->state, "placing");
    assert_non_null(strstr(instance(fixture)->sentence, "n1 has"));
    assert_non_null(instance(fixture)->plan); /* pinned ones go there or nowhere */
    assert_int_equal(instance(fixture)->attempt, 0);
    node_has(fixture, node, 30);
    pass_run(&world.launcher);
    assert_string_equal(instance(fixture)->state, "starting");
    assert_int_equal(instance(fixture)->attempt, 1);
    world_end(&world);
}

/* Programs do not come by waiting: the role is named that brings them. */
static void a_job_without_its_program_fails(void **state)
{
    struct fixture *fixture = *state;
    const struct store_workload row = { .name = "chat",
                                        .declaration = "{\"name\":\"chat\",\"kind\":\"batch\",\"engine\":\"iperf3\","
                                                       "\"nodes\":[\"n1\",\"n2\"],\"nodes_count\":2}",
                                        .is_wanted = true,
                                        .changed_us = 1,
                                        .changed_by = "me" };
    struct store_instance *made = NULL;
    struct world world;
    int64_t id = 0;
    bool is_set = false;

    (void)node_ready(fixture, "n1", 1, false);
    (void)node_ready(fixture, "n2", 2, false);
    OK(store_workload_put(fixture->writer, &row, false, &id, &fixture->err));
    world_begin(&world, fixture);
    pass_run(&world.launcher);
    pass_run(&world.launcher);
    made = instance(fixture);
    assert_string_equal(made->state, "placing");
    made->since_us = clock_wall_us() - 6000000;
    OK(store_instance_set(fixture->writer, made, &is_set, &fixture->err));
    world.launcher.plan_at_ms = 0;
    pass_run(&world.launcher);
    assert_string_equal(instance(fixture)->state, "failed");
    assert_non_null(strstr(instance(fixture)->sentence, "n1: it has no iperf3"));
    assert_non_null(strstr(instance(fixture)->sentence, "; role iperf3 installs it"));
    world_end(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_job_without_its_program_fails, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(room_is_looked_at_again_after_a_download, fixture_setup, fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

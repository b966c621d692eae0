/* SPDX-License-Identifier: Apache-2.0 */
/* Passes of the launcher over a store: what is left of workloads and nodes before, plans that cannot be, and what is kept. */
#include "pass_world.h"

#include "controller/store/store_fetch.h"
#include "controller/store/store_shape.h"

#define PATIENCE_MS 20000

/* Deleted and declared again while the old head still runs: the new one waits for it, and its names are others. */
static void a_name_used_again_waits_for_what_is_left(void **state)
{
    struct fixture *fixture = *state;
    int64_t node = node_new(fixture, "n1", 1), first = 0;
    struct world world;
    bool found = false;

    declare(fixture);
    world_begin(&world, fixture);
    pass_run(&world.launcher);
    first = instance(fixture)->id;
    head_put(fixture, node, first, 3);
    OK(store_workload_remove(fixture->writer, "chat", &found, &fixture->err));
    declare(fixture);
    pass_run(&world.launcher);
    assert_true(instance(fixture)->id != first);
    assert_int_equal(instance(fixture)->attempt, 3);
    pass_run(&world.launcher);
    assert_string_equal(instance(fixture)->sentence, "waits until its head on n1 has ended");
    OK(store_piece_told_all(fixture->writer, node, 99, (const char *const[]){ NULL }, &fixture->err));
    pass_run(&world.launcher);
    assert_string_equal(instance(fixture)->state, "placing");
    world_end(&world);
}

/* A model comes to a node that is drained meanwhile: another place is looked for. */
static void a_plan_with_a_drained_node_is_void(void **state)
{
    struct fixture *fixture = *state;
    int64_t node = node_new(fixture, "n1", 1);
    const struct store_fetch coming = { .node_id = node,
                                        .source = "hf://acme/m/m.gguf",
                                        .name = "m",
                                        .by = "workload chat",
                                        .state = "fetching",
                                        .at_us = clock_wall_us() };
    struct world world;

    declare(fixture);
    OK(store_fetch_put(fixture->writer, &coming, &fixture->err));
    world_begin(&world, fixture);
    pass_run(&world.launcher);
    it_is_so(fixture, "downloading", "{\"parts\":[{\"node\":\"n1\"}]}");
    pass_run(&world.launcher);
    assert_string_equal(instance(fixture)->state, "downloading");
    OK(store_placement_drain(fixture->writer, node, "me", NULL, &fixture->err));
    pass_run(&world.launcher);
    assert_string_equal(instance(fixture)->state, "placing");
    world_end(&world);
}

/* A node that enrolled anew, not wiped, may run its old head until it has told: no second one. */
static void a_node_that_enrolled_anew_has_to_tell_first(void **state)
{
    struct fixture *fixture = *state;
    int64_t node = node_new(fixture, "n1", 1), other = 0, generation = 0;
    const struct store_enrollment again = { "n1", fingerprint(fixture, 2), 5000, 3000 };
    enum store_enroll outcome;
    struct store_instance *row = NULL;
    struct world world;
    bool is_set = false;

    declare(fixture);
    world_begin(&world, fixture);
    pass_run(&world.launcher);
    row = instance(fixture);
    head_put(fixture, node, row->id, 1);
    row->attempt = 1;
    row->state = "serving";
    OK(store_instance_set(fixture->writer, row, &is_set, &fixture->err));
    OK(store_node_enroll(fixture->writer, &again, &outcome, &other, &generation, &fixture->err));
    pass_run(&world.launcher);
    assert_string_equal(instance(fixture)->sentence, "node n1 has enrolled anew: it starts again");
    pass_run(&world.launcher);
    assert_string_equal(instance(fixture)->state, "degraded"); /* the old head is there for all that is known */
    OK(store_piece_told_all(fixture->writer, node, 99, (const char *const[]){ NULL }, &fixture->err));
    pass_run(&world.launcher);
    pass_run(&world.launcher);
    assert_string_not_equal(instance(fixture)->sentence, "node n1 has enrolled anew: it starts again");
    world_end(&world);
}

static bool two_pieces(struct store_connection *writer, void *data, struct error *err)
{
    const struct store_piece *piece = data;

    return store_piece_add(writer, piece, 1, err) && store_piece_add(writer, piece, 1, err);
}

/* What fails within a work takes nothing else along. */
static void one_that_fails_is_undone_alone(void **state)
{
    struct fixture *fixture = *state;
    int64_t node = node_new(fixture, "n1", 1);
    struct store_piece piece = { .node_id = node, .name = "a.0.1.head", .role = "head", .body = "{}" };
    struct store_work work = { .run = two_pieces, .data = &piece };
    struct store_piece *list = NULL;
    const struct store_piece_filter all = { 0 };
    struct error failure = ERROR_INIT;
    size_t count = 0;
    bool done = true;

    OK(connection_execute(fixture->writer, "BEGIN", &fixture->err));
    OK(store_piece_add(fixture->writer,
                       &(struct store_piece){ .node_id = node, .name = "b.0.1.head", .role = "head", .body = "{}" }, 1,
                       &fixture->err));
    assert_true(store_try(fixture->writer, &work, &done, &failure));
    assert_false(done);
    assert_true(failure.text[0] != '\0');
    OK(connection_execute(fixture->writer, "COMMIT", &fixture->err));
    OK(store_piece_list(fixture->writer, fixture->arena, &all, &list, &count, &fixture->err));
    assert_int_equal(count, 1);
    assert_string_equal(list[0].name, "b.0.1.head");
}

/* After a restart what has served in this attempt is not looked at again. */
static void what_served_is_not_looked_at_again(void **state)
{
    struct fixture *fixture = *state;
    int64_t node = node_new(fixture, "n1", 1);
    struct store_instance *row = NULL;
    struct world world;
    bool is_set = false;

    declare(fixture);
    world_begin(&world, fixture);
    pass_run(&world.launcher);
    row = instance(fixture);
    head_put(fixture, node, row->id, 1);
    row->attempt = 1;
    row->state = "serving";
    row->began_us = 1000;
    row->served_us = 2000;
    OK(store_instance_set(fixture->writer, row, &is_set, &fixture->err));
    pass_run(&world.launcher);
    assert_true(watch_of(&world.launcher, row->id)->has_looked);
    row->attempt = 2;
    row->began_us = 3000;
    OK(store_instance_set(fixture->writer, row, &is_set, &fixture->err));
    pass_run(&world.launcher);
    assert_false(watch_of(&world.launcher, row->id)->has_looked);
    world_end(&world);
}

static size_t watches_of(const struct world *world)
{
    size_t count = 0;

    for (const struct watch *watch = world->launcher.watches; watch != NULL; watch = watch->next)
        count++;
    return count;
}

/* Nothing is kept of a workload that is gone. */
static void what_is_gone_is_forgotten(void **state)
{
    struct fixture *fixture = *state;
    struct world world;
    bool found = false;

    declare(fixture);
    world_begin(&world, fixture);
    pass_run(&world.launcher);
    assert_int_equal(watches_of(&world), 1);
    assert_non_null(world.launcher.declared);
    launcher_suspect(&world.launcher, instance(fixture)->id);
    OK(store_workload_remove(fixture->writer, "chat", &found, &fixture->err));
    pass_run(&world.launcher);
    assert_int_equal(watches_of(&world), 0);
    assert_null(world.launcher.declared);
    assert_int_equal(world.launcher.suspects_count, 0);
    world_end(&world);
}

/* The program's own reason, and not that it says at the end that it ends. */
static void what_failed_tells_its_own_reason(void **state)
{
    struct fixture *fixture = *state;
    int64_t node = node_ready(fixture, "n1", 1, false), id = 0;
    const struct store_workload row = { .name = "chat",
                                        .declaration = "{\"name\":\"chat\",\"kind\":\"batch\",\"engine\":\"iperf3\"}",
                                        .is_wanted = true,
                                        .changed_us = 1,
                                        .changed_by = "me" };
    const struct store_piece_told told = { node, "chat.0.0.head", "failed",
                                           "{\"sentence\":\"it ended with exit code 1\",\"log\":[\"iperf3: error - the "
                                           "port is taken\",\"iperf3: exiting\"]}",
                                           2 };
    struct world world;

    OK(store_workload_put(fixture->writer, &row, false, &id, &fixture->err));
    world_begin(&world, fixture);
    pass_run(&world.launcher);
    head_put(fixture, node, instance(fixture)->id, 0);
    OK(store_piece_tell(fixture->writer, &told, &fixture->err));
    pass_run(&world.launcher);
    assert_string_equal(instance(fixture)->state, "failed");
    assert_non_null(
        strstr(instance(fixture)->sentence, "it ended with exit code 1: it said 'iperf3: error - the port is taken'"));
    assert_string_equal(instance(fixture)->log, "[\"iperf3: error - the port is taken\",\"iperf3: exiting\"]");
    world_end(&world);
}

static void head_takes(struct fixture *fixture, int64_t node, int bytes)
{
    const struct store_piece_told told = { node, "chat.0.1.head", "running",
                                           arena_printf(fixture->arena, "{\"rss_peak\": %d}", bytes), 2 };

    OK(store_piece_tell(fixture->writer, &told, &fixture->err));
}

/* The writer has its own time. */
static void is_learned(struct fixture *fixture, int64_t bytes)
{
    int64_t until_ms = clock_monotonic_ms() + PATIENCE_MS;
    struct store_peak *peaks = NULL;
    size_t count = 0;

    do
        OK(store_peak_list(fixture->writer, fixture->arena, "d1", &peaks, &count, &fixture->err));
    while ((count == 0 || peaks[0].host != bytes) && clock_monotonic_ms() < until_ms);
    assert_int_equal(count, 1);
    assert_int_equal(peaks[0].host, bytes);
    assert_string_equal(peaks[0].build, "b1");
}

/* While it serves, every half minute. */
static void what_it_takes_is_learned_again_and_again(void **state)
{
    struct fixture *fixture = *state;
    int64_t node = node_new(fixture, "n1", 1), id = 0;
    struct watch *watch = NULL;
    struct world world;

    id = chat_serves(fixture, &world, node);
    it_is_so(fixture, "serving",
             "{\"parts\":[{\"node\":\"n1\",\"address\":\"127.0.0.1\",\"port\":9}],\"build\":\"b1\","
             "\"models\":[{\"name\":\"m\",\"digest\":\"d1\",\"bytes\":1}]}");
    head_takes(fixture, node, 50);
    pass_run(&world.launcher);
    is_learned(fixture, 50);
    head_takes(fixture, node, 60);
    watch = watch_of(&world.launcher, id);
    watch->learn_at_ms -= 60000; /* it is a minute later */
    pass_run(&world.launcher);
    is_learned(fixture, 60);
    world_end(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_failed_tells_its_own_reason, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(what_it_takes_is_learned_again_and_again, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_name_used_again_waits_for_what_is_left, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_plan_with_a_drained_node_is_void, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_node_that_enrolled_anew_has_to_tell_first, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(one_that_fails_is_undone_alone, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(what_served_is_not_looked_at_again, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(what_is_gone_is_forgotten, fixture_setup, fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

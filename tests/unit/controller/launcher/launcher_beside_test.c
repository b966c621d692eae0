/* SPDX-License-Identifier: Apache-2.0 */
/* Replicas that leave drained nodes: another one starts first, where there is room for it. */
#include "pass_world.h"

#define DECLARED_PINNED                                                                                                \
    "{\"name\":\"chat\",\"kind\":\"inference\",\"engine\":\"llama_cpp\",\"models\":[\"m\"],\"replicas\":1,"            \
    "\"on_node_loss\":\"move\",\"pinned\":true}"

static const struct launcher_backend *served_by(struct fixture *fixture, struct world *world)
{
    struct launcher_route *route = arena_new_of(fixture->arena, struct launcher_route);

    launcher_route(&world->launcher, fixture->arena, "chat", route);
    assert_int_equal(route->state, LAUNCHER_SERVES);
    assert_int_equal(route->count, 1);
    return route->backends;
}

static bool is_taken_away(struct fixture *fixture, int64_t node, const char *name)
{
    struct store_piece *piece = NULL;

    OK(store_piece_get(fixture->writer, fixture->arena, node, name, &piece, &fixture->err));
    return piece == NULL || !piece->is_wanted;
}

/* No node has room for a second one: it ends first, and says why. */
static void a_drained_one_without_room_ends_first(void **state)
{
    struct fixture *fixture = *state;
    int64_t node = node_new(fixture, "n1", 1);
    struct world world;

    (void)chat_serves(fixture, &world, node);
    OK(store_placement_drain(fixture->writer, node, "me", NULL, &fixture->err));
    pass_run(&world.launcher);
    assert_string_equal(replica_of(fixture, 0)->state, "serving");
    assert_string_equal(replica_of(fixture, STORE_INSTANCE_BESIDE)->state, "placing");
    assert_false(is_taken_away(fixture, node, "chat.0.1.head"));
    pass_run(&world.launcher);
    assert_string_equal(instance(fixture)->state, "pending"); /* the other one is gone */
    assert_non_null(strstr(instance(fixture)->sentence, "node n1 is drained, and no other one can start before it"));
    assert_true(is_taken_away(fixture, node, "chat.0.1.head"));
    world_end(&world);
}

/* There is room on another node: it starts there while the first one goes on. */
static void the_second_one_starts_beside(void **state)
{
    struct fixture *fixture = *state;
    int64_t nodes[] = { node_ready(fixture, "n1", 1, true), node_ready(fixture, "n2", 2, true) };
    const struct store_piece_filter all = { 0 };
    struct store_piece *pieces = NULL;
    struct store_instance *row = NULL;
    struct world world;
    size_t count = 0, on = 0;
    bool is_set = false;

    declare(fixture);
    world_begin(&world, fixture);
    pass_run(&world.launcher);
    row = instance(fixture);
    assert_string_equal(row->state, "starting");
    OK(store_piece_list(fixture->writer, fixture->arena, &all, &pieces, &count, &fixture->err));
    assert_int_equal(count, 1);
    on = pieces[0].node_id == nodes[0] ? 0 : 1;
    OK(store_piece_tell(fixture->writer, &(struct store_piece_told){ nodes[on], pieces[0].name, "running", "{}", 1 },
                        &fixture->err));
    row->state = "serving";
    OK(store_instance_set(fixture->writer, row, &is_set, &fixture->err));
    OK(store_placement_drain(fixture->writer, nodes[on], "me", NULL, &fixture->err));
    pass_run(&world.launcher);
    pass_run(&world.launcher);
    assert_string_equal(replica_of(fixture, 0)->state, "serving");
    assert_string_equal(replica_of(fixture, STORE_INSTANCE_BESIDE)->state, "starting");
    assert_false(is_taken_away(fixture, nodes[on], "chat.0.1.head"));
    assert_false(is_taken_away(fixture, nodes[1 - on], "chat.64.2.head"));
    assert_int_equal(served_by(fixture, &world)->instance_id, row->id);
    OK(store_placement_drain(fixture->writer, nodes[on], NULL, NULL, &fixture->err)); /* it may stay after all */
    pass_run(&world.launcher);
    assert_true(is_taken_away(fixture, nodes[1 - on], "chat.64.2.head"));
    assert_false(is_taken_away(fixture, nodes[on], "chat.0.1.head"));
    world_end(&world);
}

/* The second one serves: from then on requests go to it alone, and the first one ends when it has nothing more to do. */
static void the_second_one_takes_the_place(void **state)
{
    struct fixture *fixture = *state;
    int64_t node = node_new(fixture, "n1", 1), other = node_new(fixture, "n2", 2), first = 0, second = 0;
    struct store_instance *row = NULL;
    struct store_instance beside = { .replica = STORE_INSTANCE_BESIDE, .state = "loading", .sentence = "" };
    struct watch *watch = NULL;
    struct world world;
    bool is_set = false;

    first = chat_serves(fixture, &world, node);
    pass_run(&world.launcher);
    assert_int_equal(served_by(fixture, &world)->instance_id, first);
    OK(store_placement_drain(fixture->writer, node, "me", NULL, &fixture->err));
    beside.workload_id = instance(fixture)->workload_id;
    beside.version = instance(fixture)->version;
    beside.attempt = 2;
    OK(store_instance_add(fixture->writer, &beside, &second, &fixture->err));
    head_put(fixture, other, second, 2);
    row = replica_of(fixture, STORE_INSTANCE_BESIDE);
    row->attempt = 2;
    row->plan = PLAN_ON("n2");
    OK(store_instance_set(fixture->writer, row, &is_set, &fixture->err));
    pass_run(&world.launcher);
    assert_int_equal(served_by(fixture, &world)->instance_id, first); /* the other one has proved nothing yet */
    row->state = "serving";
    OK(store_instance_set(fixture->writer, row, &is_set, &fixture->err));
    pass_run(&world.launcher);
    assert_int_equal(replica_of(fixture, 0)->id, second);
    assert_int_equal(replica_of(fixture, STORE_INSTANCE_BESIDE)->id, first);
    assert_int_equal(served_by(fixture, &world)->instance_id, second);
    assert_false(is_taken_away(fixture, node, "chat.0.1.head")); /* it may be in the middle of an answer */
    watch = watch_of(&world.launcher, first);
    watch->figures = (struct launcher_figures){ .attempt = 1, .at_us = clock_wall_us() + 3000000 };
    watch->figures.figures.requests_running = 1;
    pass_run(&world.launcher);
    assert_false(is_taken_away(fixture, node, "chat.0.1.head"));
    watch->figures.figures.requests_running = 0;
    pass_run(&world.launcher);
    assert_true(is_taken_away(fixture, node, "chat.0.1.head"));
    assert_int_equal(served_by(fixture, &world)->instance_id, second);
    OK(store_piece_told_all(fixture->writer, node, 99, (const char *const[]){ NULL }, &fixture->err));
    pass_run(&world.launcher);
    assert_int_equal(instance(fixture)->id, second);
    world_end(&world);
}

/* It dies before the second one serves: that one goes on in its place, and a third one is not begun. */
static void the_second_one_goes_on_when_the_first_dies(void **state)
{
    struct fixture *fixture = *state;
    int64_t node = node_new(fixture, "n1", 1), other = node_new(fixture, "n2", 2), second = 0;
    const struct store_piece_told died = { node, "chat.0.1.head", "failed", "{}", 2 };
    struct store_instance *row = NULL;
    struct store_instance beside = { .replica = STORE_INSTANCE_BESIDE, .state = "loading", .sentence = "" };
    struct world world;
    bool is_set = false;

    (void)chat_serves(fixture, &world, node);
    OK(store_placement_drain(fixture->writer, node, "me", NULL, &fixture->err));
    beside.workload_id = instance(fixture)->workload_id;
    beside.version = instance(fixture)->version;
    beside.attempt = 2;
    OK(store_instance_add(fixture->writer, &beside, &second, &fixture->err));
    head_put(fixture, other, second, 2);
    row = replica_of(fixture, STORE_INSTANCE_BESIDE);
    row->plan = PLAN_ON("n2");
    OK(store_instance_set(fixture->writer, row, &is_set, &fixture->err));
    OK(store_piece_tell(fixture->writer, &died, &fixture->err));
    pass_run(&world.launcher);
    pass_run(&world.launcher);
    assert_int_equal(replica_of(fixture, 0)->id, second);
    assert_int_equal(replica_of(fixture, 0)->attempt, 2);
    assert_false(is_taken_away(fixture, other, "chat.0.2.head"));
    world_end(&world);
}

/* A pinned one has nowhere else to start: it ends first. */
static void a_pinned_one_has_none_beside(void **state)
{
    struct fixture *fixture = *state;
    const struct store_workload pinned = {
        .name = "chat", .declaration = DECLARED_PINNED, .is_wanted = true, .changed_us = 2, .changed_by = "me"
    };
    int64_t node = node_new(fixture, "n1", 1), id = 0;
    struct store_instance found;
    struct world world;

    (void)chat_serves(fixture, &world, node);
    OK(store_workload_put(fixture->writer, &pinned, false, &id, &fixture->err));
    OK(store_placement_drain(fixture->writer, node, "me", NULL, &fixture->err));
    pass_run(&world.launcher);
    assert_false(replica_find(fixture, STORE_INSTANCE_BESIDE, &found));
    assert_string_equal(instance(fixture)->state, "pending");
    assert_true(is_taken_away(fixture, node, "chat.0.1.head"));
    world_end(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_drained_one_without_room_ends_first, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(the_second_one_starts_beside, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(the_second_one_takes_the_place, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(the_second_one_goes_on_when_the_first_dies, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_pinned_one_has_none_beside, fixture_setup, fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

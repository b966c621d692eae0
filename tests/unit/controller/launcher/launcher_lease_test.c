/* SPDX-License-Identifier: Apache-2.0 */
/* Leases that change with the controller. */
#include "pass_world.h"

/* A controller that comes back with another lease: the longer one counts until the node has the new one, and a while longer. */
static void another_lease_counts_when_it_was_taken(void **state)
{
    struct fixture *fixture = *state;
    int64_t node = node_new(fixture, "n1", 1);
    struct store_placement placement;
    struct world world;

    (void)chat_serves(fixture, &world, node);
    pass_run(&world.launcher);
    placement = placement_of(fixture, node);
    assert_int_equal(placement.lease_s, 30);
    assert_int_equal(lease_gone_ms(&placement), 35000);
    world.launcher.options.lease_s = 10;
    pass_run(&world.launcher);
    assert_int_equal(placement_of(fixture, node).lease_s, 10);
    assert_int_equal(placement_of(fixture, node).lease_epoch, placement.epoch + 1);
    assert_int_equal(placement_of(fixture, node).epoch, placement.epoch + 1); /* it is told */
    placement = placement_of(fixture, node);
    assert_int_equal(lease_gone_ms(&placement), 35000);
    OK(store_placement_leased(fixture->writer, node, &fixture->err)); /* it has not told that it has it */
    assert_int_equal(placement_of(fixture, node).lease_before_s, 30);
    OK(store_piece_told_all(fixture->writer, node, placement.epoch, (const char *const[]){ "chat.0.1.head", NULL },
                            &fixture->err));
    pass_run(&world.launcher);
    placement = placement_of(fixture, node); /* a timer that it began before may run on */
    assert_int_equal(lease_gone_ms(&placement), 35000);
    world.launcher.options.lease_s = 60;
    pass_run(&world.launcher);
    placement = placement_of(fixture, node);
    assert_int_equal(placement.lease_before_s, 30);
    assert_int_equal(lease_gone_ms(&placement), 65000);
    OK(store_piece_told_all(fixture->writer, node, placement.epoch, (const char *const[]){ "chat.0.1.head", NULL },
                            &fixture->err));
    OK(store_placement_leased(fixture->writer, node, &fixture->err));
    placement = placement_of(fixture, node);
    assert_int_equal(placement.lease_before_s, 0);
    assert_int_equal(lease_gone_ms(&placement), 65000);
    world_end(&world);
}

/* One that was never told anything has no lease before. */
static void a_new_node_has_the_lease_of_now(void **state)
{
    struct fixture *fixture = *state;
    int64_t node = node_new(fixture, "n1", 1);
    struct store_placement placement;
    struct world world;

    world_begin(&world, fixture);
    world.launcher.options.lease_s = 10;
    pass_run(&world.launcher);
    placement = placement_of(fixture, node);
    assert_int_equal(placement.lease_s, 10);
    assert_int_equal(placement.epoch, 0);
    OK(store_placement_change(fixture->writer, node, 1, &fixture->err));
    pass_run(&world.launcher);
    placement = placement_of(fixture, node);
    assert_int_equal(placement.epoch, 1);
    assert_int_equal(placement.lease_before_s, 0);
    assert_int_equal(lease_gone_ms(&placement), 15000);
    world_end(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_new_node_has_the_lease_of_now, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(another_lease_counts_when_it_was_taken, fixture_setup, fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

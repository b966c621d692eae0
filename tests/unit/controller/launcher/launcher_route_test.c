/* SPDX-License-Identifier: Apache-2.0 */
/* Who serves what, from the first moment on. */
#include <math.h>

#include "pass_world.h"

#define SECOND_US 1000000

/* A controller that was killed and is back: the first who asks hears who serves. */
static void one_that_opens_knows_what_serves(void **state)
{
    struct fixture *fixture = *state;
    int64_t node = node_new(fixture, "n1", 1), first = 0;
    struct launcher *launcher = NULL;
    struct launcher_options options = { .store = NULL };
    struct launcher_route route;
    struct world world;

    first = chat_serves(fixture, &world, node);
    options.store = world.store;
    OK(launcher_open(&options, &launcher, &fixture->err));
    launcher_route(launcher, fixture->arena, "chat", &route);
    assert_int_equal(route.state, LAUNCHER_SERVES);
    assert_int_equal(route.backends[0].instance_id, first);
    launcher_route(launcher, fixture->arena, "cat", &route);
    assert_int_equal(route.state, LAUNCHER_UNKNOWN);
    assert_string_equal(route.nearest, "chat");
    launcher_free(launcher);
    world_end(&world);
}

/* Declared a moment ago: nobody may say that there is no such model before it was read. */
static void nothing_is_unknown_before_it_was_read(void **state)
{
    struct fixture *fixture = *state;
    struct launcher_route route;
    struct world world;

    world_begin(&world, fixture);
    pass_run(&world.launcher);
    launcher_route(&world.launcher, fixture->arena, "chat", &route);
    assert_int_equal(route.state, LAUNCHER_UNKNOWN);
    declare(fixture);
    launcher_declared(&world.launcher);
    launcher_route(&world.launcher, fixture->arena, "chat", &route);
    assert_int_equal(route.state, LAUNCHER_LOADS);
    assert_int_equal(route.eta_s, 1);
    pass_run(&world.launcher);
    launcher_route(&world.launcher, fixture->arena, "chat", &route);
    assert_int_equal(route.state, LAUNCHER_LOADS);
    launcher_route(&world.launcher, fixture->arena, "cat", &route);
    assert_int_equal(route.state, LAUNCHER_UNKNOWN);
    world_end(&world);
}

/* The node of the head is gone: clients learn neither which nor where, and are told no time that nobody knows. */
static void a_silent_head_is_told_without_its_address(void **state)
{
    struct fixture *fixture = *state;
    int64_t node = node_new(fixture, "n1", 1), first = 0;
    struct launcher_route route;
    struct watch *watch = NULL;
    struct world world;

    first = chat_serves(fixture, &world, node);
    pass_run(&world.launcher);
    watch = watch_of(&world.launcher, first);
    watch->asked = STEP_ASKED_SILENT;
    watch->bad = 2;
    (void)snprintf(watch->sentence, sizeof(watch->sentence), "its head does not answer: http://127.0.0.1:9/v1: no one");
    pass_run(&world.launcher);
    assert_non_null(strstr(instance(fixture)->sentence, "127.0.0.1")); /* for operators */
    launcher_route(&world.launcher, fixture->arena, "chat", &route);
    assert_int_equal(route.state, LAUNCHER_LOADS);
    assert_string_equal(route.sentence, "it does not answer at the moment");
    assert_int_equal(route.eta_s, 0);
    world_end(&world);
}

/* How long a start takes is known from the one before it, counted from when its pieces were told; else no time is named. */
static void a_time_is_named_that_is_known(void **state)
{
    struct fixture *fixture = *state;
    int64_t node = node_new(fixture, "n1", 1);
    struct launcher_route route;
    struct turn *turn = NULL;
    struct world world;

    (void)chat_serves(fixture, &world, node);
    turn = world.launcher.turns;
    turn->decision.state = STEP_LOADING;
    turn->row.began_us = turn->in.now_us - 10 * SECOND_US;
    turn->row.since_us = turn->in.now_us - SECOND_US;
    turn->row.load_s = 40;
    routes_make(&world.launcher);
    launcher_route(&world.launcher, fixture->arena, "chat", &route);
    assert_int_equal(route.state, LAUNCHER_LOADS);
    assert_int_equal(route.eta_s, 31);
    turn->row.load_s = (double)NAN;
    routes_make(&world.launcher);
    launcher_route(&world.launcher, fixture->arena, "chat", &route);
    assert_int_equal(route.eta_s, 0);
    assert_int_equal(route.late_s, 1);
    turn->row.load_s = 40;
    turn->decision.state = STEP_DOWNLOADING;
    routes_make(&world.launcher);
    launcher_route(&world.launcher, fixture->arena, "chat", &route);
    assert_int_equal(route.eta_s, 0);
    turn->decision.state = STEP_PENDING;
    turn->decision.next_us = turn->in.now_us + 20 * SECOND_US;
    routes_make(&world.launcher);
    launcher_route(&world.launcher, fixture->arena, "chat", &route);
    assert_int_equal(route.eta_s, 61);
    turn->decision.next_us = 0;
    routes_make(&world.launcher);
    launcher_route(&world.launcher, fixture->arena, "chat", &route);
    assert_int_equal(route.eta_s, 0);
    world_end(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_that_opens_knows_what_serves, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(nothing_is_unknown_before_it_was_read, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_time_is_named_that_is_known, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_silent_head_is_told_without_its_address, fixture_setup, fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Silent nodes become lost, but not while nobody was listening. Time is given to each step. */
#include "controller/service/silence.h"

#include "common/base/clock.h"
#include "controller/store/store_event.h"
#include "controller/store/store_writer.h"
#include "tests/unit/controller/store/store_fixture.h"

#define LOST_AFTER_S 80
#define STEP_MS 10000

struct world {
    struct fixture *fixture;
    struct store *store;
    struct presence *presence;
    struct silence silence;
    struct store_connection *reader;
    int64_t now_ms;
};

static void world_open(struct world *world, void **state)
{
    struct fixture *fixture = *state;

    *world = (struct world){ .fixture = fixture, .presence = presence_new() };
    node_new(fixture, "ai-1", 1);
    node_new(fixture, "ai-2", 2);
    OK(store_open(fixture->folder, &world->store, &fixture->err));
    OK(store_reader_open(world->store, &world->reader, &fixture->err));
    world->now_ms = clock_monotonic_ms();
    OK(silence_open(&world->silence, world->store, world->presence, LOST_AFTER_S, &fixture->err));
}

static void world_close(struct world *world)
{
    silence_close(&world->silence);
    store_reader_close(world->reader);
    store_close(world->store);
    presence_free(world->presence);
}

/* Steps until `seconds` have gone by. */
static void pass(struct world *world, int seconds)
{
    for (int i = 0; i < seconds * 1000 / STEP_MS; i++) {
        world->now_ms += STEP_MS;
        assert_int_equal(silence_step(&world->silence, world->now_ms), STEP_MS);
    }
}

static bool is_lost(struct world *world, const char *name)
{
    struct fixture *fixture = world->fixture;
    struct store_node *node = NULL;

    OK(store_node_by_name(world->reader, fixture->arena, name, &node, &fixture->err));
    return node->lost_us > 0;
}

static size_t events(struct world *world, const char *kind)
{
    struct fixture *fixture = world->fixture;
    const struct store_event_range range = { .kind = kind };
    struct store_event *found = NULL;
    size_t count = 0;

    OK(store_event_read(world->reader, fixture->arena, &range, &found, &count, &fixture->err));
    return count;
}

static void the_silent_one_is_lost(void **state)
{
    struct world world;

    world_open(&world, state);
    presence_touch(world.presence, 2); /* by the real clock: that is the begin */
    pass(&world, LOST_AFTER_S - STEP_MS / 1000);
    assert_false(is_lost(&world, "ai-1"));
    world.now_ms += 2000; /* both clocks count whole milliseconds */
    pass(&world, STEP_MS / 1000);
    assert_true(is_lost(&world, "ai-1"));
    assert_true(is_lost(&world, "ai-2"));
    pass(&world, 2 * LOST_AFTER_S);
    assert_int_equal(events(&world, "node.lost"), 2); /* once each */
    world_close(&world);
}

/* A process that was stopped, a machine that slept: the nodes could not be heard. */
static void a_listener_that_was_away_waits(void **state)
{
    struct world world;

    world_open(&world, state);
    pass(&world, STEP_MS / 1000);
    world.now_ms += 10 * LOST_AFTER_S * 1000;
    pass(&world, LOST_AFTER_S - STEP_MS / 1000);
    assert_false(is_lost(&world, "ai-1"));
    pass(&world, 2 * STEP_MS / 1000);
    assert_true(is_lost(&world, "ai-1"));
    world_close(&world);
}

/* What was heard is written now and then, not at each request. */
static void the_seen_are_written(void **state)
{
    struct fixture *fixture = *state;
    struct world world;
    struct store_counters before, after;
    struct store_node *node = NULL;
    int64_t begin_us = clock_wall_us();

    world_open(&world, state);
    store_counters(world.store, &before);
    for (int i = 0; i < 1000; i++)
        presence_touch(world.presence, 1);
    pass(&world, 40);
    store_counters(world.store, &after);
    assert_int_equal(after.commits - before.commits, 1);
    OK(store_node_by_name(world.reader, fixture->arena, "ai-1", &node, &fixture->err));
    assert_true(node->seen_us >= begin_us);
    world_close(&world);
}

static void presence_grows(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct presence *presence = presence_new();
    struct presence_time *times = NULL, found;

    (void)state;
    for (int64_t id = 1; id <= 5000; id++)
        presence_touch(presence, id);
    for (int64_t id = 1; id <= 5000; id++)
        assert_true(presence_find(presence, id, &found) && found.node_id == id);
    assert_false(presence_find(presence, 5001, &found));
    assert_int_equal(presence_take(presence, arena, &times), 5000);
    presence_touch(presence, 7);
    assert_int_equal(presence_take(presence, arena, &times), 1);
    assert_int_equal(times[0].node_id, 7);
    presence_free(presence);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_silent_one_is_lost, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_listener_that_was_away_waits, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(the_seen_are_written, fixture_setup, fixture_teardown),
        cmocka_unit_test(presence_grows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What engines are asked, and when again; a stand-in answers. */
#include "pass_world.h"

#include "../gateway/engine_stand_in.h"

#define PATIENCE_MS 20000
#define INTERVAL_MS 5000 /* as no other is declared */

/* On the stand-in, in that state; nobody asks for its figures. */
static struct watch *chat_on(struct fixture *fixture, struct world *world, const struct stand_in *engine,
                             const char *state)
{
    int64_t id = chat_serves(fixture, world, node_new(fixture, "n1", 1));
    struct watch *watch = watch_of(&world->launcher, id);
    const char *plan = arena_printf(
        fixture->arena, "{\"parts\":[{\"node\":\"n1\",\"address\":\"127.0.0.1\",\"port\":%d}]}", engine->port);

    it_is_so(fixture, state, plan);
    watch->attempt = 1;
    watch->measure_at_ms = INT64_MAX;
    return watch;
}

/* A pass asks, and the answer is taken. */
static void probe_once(struct fixture *fixture, struct world *world, const struct watch *watch)
{
    int64_t until_ms = clock_monotonic_ms() + PATIENCE_MS;

    pass_run(&world->launcher);
    assert_non_null(watch->probing);
    while (watch->probing != NULL && clock_monotonic_ms() < until_ms) {
        OK(http_group_step(world->launcher.group, 20, &fixture->err));
        asks_take(&world->launcher);
    }
    assert_true(watch->has_served);
}

static void world_over(struct world *world, struct stand_in *engine)
{
    world_end(world);
    stand_in_stop(engine);
}

/* What serves already is asked for one token, every few seconds. */
static void what_serves_is_asked_for_one_token(void **state)
{
    struct fixture *fixture = *state;
    const struct watch *watch = NULL;
    struct stand_in engine;
    struct world world;
    int64_t now_ms = 0;

    stand_in_start(&engine, 0, NULL);
    watch = chat_on(fixture, &world, &engine, "serving");
    now_ms = clock_monotonic_ms();
    probe_once(fixture, &world, watch);
    assert_int_equal(atomic_load(&engine.requests), 1);
    assert_non_null(strstr(engine.last, "\"max_tokens\":1,"));
    assert_in_range(watch->ask_at_ms, now_ms + INTERVAL_MS, clock_monotonic_ms() + INTERVAL_MS);
    world_over(&world, &engine);
}

/* A start has to show more. */
static void what_starts_is_asked_for_more(void **state)
{
    struct fixture *fixture = *state;
    struct stand_in engine;
    struct world world;

    stand_in_start(&engine, 0, NULL);
    probe_once(fixture, &world, chat_on(fixture, &world, &engine, "loading"));
    assert_non_null(strstr(engine.last, "\"max_tokens\":16,"));
    pass_run(&world.launcher);
    assert_string_equal(instance(fixture)->state, "serving");
    world_over(&world, &engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_serves_is_asked_for_one_token, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(what_starts_is_asked_for_more, fixture_setup, fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

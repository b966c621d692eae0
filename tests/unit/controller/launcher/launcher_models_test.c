/* SPDX-License-Identifier: Apache-2.0 */
/* A model that nobody has: one node is to read its header, and it is said who, and why it could not. */
#include "controller/launcher/launcher_models.h"

#include "../store/store_fixture.h"
#include "common/base/clock.h"
#include "controller/store/store_fetch.h"
#include "controller/store/store_model.h"
#include "controller/store/store_shape.h"

#define SOURCE "hf://acme/one/one.gguf"

static const char *told(struct fixture *fixture)
{
    const char *out = NULL;

    OK(launcher_model_shape_told(fixture->writer, fixture->arena, SOURCE, &out, NULL, &fixture->err));
    return out;
}

/* What its node told, so long ago. */
static void failed(struct fixture *fixture, int64_t node_id, const char *sentence, int64_t ago_us)
{
    const struct store_fetch row = { .node_id = node_id,
                                     .source = SOURCE,
                                     .by = "planner",
                                     .state = "failed",
                                     .detail = arena_printf(fixture->arena, "{\"sentence\": \"%s\"}", sentence),
                                     .at_us = clock_wall_us() - ago_us };

    OK(store_fetch_put(fixture->writer, &row, &fixture->err));
}

static void a_header_is_looked_at(void **state)
{
    struct fixture *fixture = *state;
    const struct store_shape shape = { .key = SOURCE, .shape = "null", .bytes = 7, .at_us = 1 };
    int64_t first = node_new(fixture, "n1", 1), second = node_new(fixture, "n2", 2), *touched = NULL;

    assert_null(told(fixture));
    OK(launcher_model_shape_want(fixture->writer, fixture->arena, SOURCE, &touched, &fixture->err));
    assert_non_null(touched);
    assert_int_equal(touched[0], first);
    assert_string_equal(told(fixture), "n1 reads the header of " SOURCE);
    OK(launcher_model_shape_want(fixture->writer, fixture->arena, SOURCE, &touched, &fixture->err));
    assert_null(touched); /* it is asked for already */

    failed(fixture, first, "no file fits", 1000);
    assert_string_equal(told(fixture), "n1 could not read the header of " SOURCE ": no file fits");
    OK(launcher_model_shape_want(fixture->writer, fixture->arena, SOURCE, &touched, &fixture->err));
    assert_non_null(touched); /* then another one */
    assert_string_equal(told(fixture), "n2 reads the header of " SOURCE);

    OK(store_fetch_remove(fixture->writer, second, SOURCE, &fixture->err));
    OK(store_shape_set(fixture->writer, &shape, &fixture->err));
    OK(launcher_model_shape_want(fixture->writer, fixture->arena, SOURCE, &touched, &fixture->err));
    assert_null(touched); /* it is known */
}

/* A node that was wiped has told that it has none: what was brought there once counts for nothing. */
static void what_is_gone_is_not_ready(void **state)
{
    struct fixture *fixture = *state;
    int64_t node_id = node_new(fixture, "n1", 1);
    struct store_model model = { .name = SOURCE "@main", .state = "complete", .digest = "aa", .bytes = 7 };
    const struct store_fetch row = { .node_id = node_id,
                                     .source = SOURCE,
                                     .by = "workload chat",
                                     .state = "ready",
                                     .detail = "{\"digest\": \"aa\", \"path\": \"/one\"}",
                                     .at_us = 1 };
    struct launcher_model_place place;

    OK(store_fetch_put(fixture->writer, &row, &fixture->err));
    OK(store_model_replace(fixture->writer, node_id, &model, 1, 1, &fixture->err));
    OK(store_fetch_forget_gone(fixture->writer, node_id, &fixture->err));
    OK(launcher_model_look(fixture->writer, fixture->arena, node_id, SOURCE, &place, &fixture->err));
    assert_int_equal(place.state, LAUNCHER_MODEL_READY);
    OK(store_model_replace(fixture->writer, node_id, &model, 0, 2, &fixture->err));
    OK(store_fetch_forget_gone(fixture->writer, node_id, &fixture->err));
    OK(launcher_model_look(fixture->writer, fixture->arena, node_id, SOURCE, &place, &fixture->err));
    assert_int_equal(place.state, LAUNCHER_MODEL_ABSENT);
}

static const char *coming(struct fixture *fixture, const struct store_fetch *row)
{
    struct launcher_model_place place;

    OK(store_fetch_put(fixture->writer, row, &fixture->err));
    OK(launcher_model_look(fixture->writer, fixture->arena, row->node_id, SOURCE, &place, &fixture->err));
    return place.sentence;
}

/* How far it is belongs to the sentence, wherever the bytes come from. */
static void what_comes_says_how_far_it_is(void **state)
{
    struct fixture *fixture = *state;
    struct store_fetch row = { .node_id = node_new(fixture, "n1", 1),
                               .source = SOURCE,
                               .by = "workload chat",
                               .state = "fetching",
                               .detail = "{\"sentence\": \"taking chunks from 2 of 3 neighbours\"}",
                               .at_us = clock_wall_us() };

    assert_string_equal(coming(fixture, &row), "taking chunks from 2 of 3 neighbours"); /* its length is not known */
    row.total_bytes = (int64_t)4 << 30;
    row.done_bytes = row.total_bytes * 2 / 5;
    assert_string_equal(coming(fixture, &row), "39% of 4.0 GiB: taking chunks from 2 of 3 neighbours");
    row.detail = "{\"sentence\": \"from the origin: 1.6 GiB of 4.0 GiB (39%), 50.0 MiB/s\"}";
    assert_string_equal(coming(fixture, &row), "from the origin: 1.6 GiB of 4.0 GiB (39%), 50.0 MiB/s");
    row.detail = NULL;
    assert_string_equal(coming(fixture, &row), "waiting for the node to begin");
    row.state = "failed";
    row.detail = "{\"sentence\": \"the disk is full\"}";
    assert_string_equal(coming(fixture, &row), "the disk is full");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_header_is_looked_at, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(what_is_gone_is_not_ready, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(what_comes_says_how_far_it_is, fixture_setup, fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

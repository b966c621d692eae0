/* SPDX-License-Identifier: Apache-2.0 */
/* Samples and models of a node: what is taken, and what makes no sense. */
#include "controller/api/intake_measured.h"

#include <math.h>

#include "common/json/json.h"
#include "controller/store/store_drift.h"
#include "controller/store/store_model.h"
#include "controller/store/store_sample.h"
#include "tests/unit/controller/store/store_fixture.h"

#define NOW ((int64_t)1795260000000000)

static int64_t take(struct fixture *fixture, const char *kind, const char *body)
{
    static int64_t node;
    const struct store_report report = { .kind = kind, .at_us = NOW, .body = body };
    struct intake_report in = { .node_id = node, .generation = 1, .node = "ai-1", .report = &report };
    int64_t run = 0;

    if (kind == NULL) {
        node = node_new(fixture, "ai-1", 1);
        return node;
    }
    OK(json_read(fixture->arena, body, strlen(body), NULL, &in.body, &fixture->err));
    OK(intake_take(fixture->writer, fixture->arena, &in, &run, &fixture->err));
    return node;
}

static void test_sample(void **state)
{
    struct fixture *fixture = *state;
    struct store_sample *last = NULL;
    int64_t node = take(fixture, NULL, NULL);

    take(fixture, "sample",
         "{\"at_us\":1795259990000000,\"watts\":61.5,\"gpu_busy\":0.5,\"gtt_total\":1024,\"load\":-1,"
         "\"celsius\":\"hot\"}");
    OK(store_sample_last(fixture->writer, fixture->arena, node, &last, &fixture->err));
    assert_non_null(last);
    assert_int_equal(last->at_us, 1795259990000000);
    assert_true(last->figures[STORE_SAMPLE_WATTS] == 61.5);
    assert_true(last->figures[STORE_SAMPLE_GTT_TOTAL] == 1024);
    assert_true(isnan(last->figures[STORE_SAMPLE_LOAD]));
    assert_true(isnan(last->figures[STORE_SAMPLE_CELSIUS]));
    /* a clock that is far off: the report's own time; nothing measured: nothing kept */
    take(fixture, "sample", "{\"at_us\":99,\"watts\":7}");
    take(fixture, "sample", "{\"at_us\":1795260000000009}");
    take(fixture, "sample", "[]");
    take(fixture, "sample", "{\"watts\":1e308,\"gtt_used\":1e300}");
    OK(store_sample_last(fixture->writer, fixture->arena, node, &last, &fixture->err));
    assert_int_equal(last->at_us, NOW);
    assert_true(last->figures[STORE_SAMPLE_WATTS] == 7);
}

static size_t models_of(struct fixture *fixture, int64_t node, struct store_model_page *page)
{
    const struct store_model_filter filter = { .node_id = node };

    OK(store_model_page(fixture->writer, fixture->arena, &filter, page, &fixture->err));
    return page->count;
}

static void test_models(void **state)
{
    struct fixture *fixture = *state;
    struct store_model_page page;
    int64_t node = take(fixture, NULL, NULL);

    take(fixture, "models",
         "{\"models\":[{\"name\":\"hf:a/b\",\"state\":\"complete\",\"digest\":\"aa\",\"bytes\":5},"
         "{\"name\":\"hf:a/b\",\"state\":\"again\"},{\"name\":7,\"state\":\"x\"},{\"state\":\"x\"},"
         "{\"name\":\"hf:a/c\",\"state\":\"incomplete\",\"bytes\":-5}]}");
    assert_int_equal(models_of(fixture, node, &page), 2);
    assert_string_equal(page.models[0].name, "hf:a/b");
    assert_string_equal(page.models[0].state, "complete");
    assert_int_equal(page.models[0].bytes, 5);
    assert_int_equal(page.models[1].bytes, 0);
    /* no list changes nothing; an empty one is an empty store */
    take(fixture, "models", "{}");
    assert_int_equal(models_of(fixture, node, &page), 2);
    take(fixture, "models", "{\"models\":[]}");
    assert_int_equal(models_of(fixture, node, &page), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

/* What is beyond the bound is one row and one event, however much it is. */
static void test_drift_beyond(void **state)
{
    struct fixture *fixture = *state;
    int64_t node = take(fixture, NULL, NULL), events = 0, rows = 0, id = 0;
    bool is_new = false;

    OK(connection_execute(fixture->writer, "BEGIN", &fixture->err));
    for (int i = 0; i < STORE_DRIFT_OPEN_MAX; i++) {
        const struct store_drift drift = { .node_id = node,
                                           .resource = arena_printf(fixture->arena, "file %d", i),
                                           .last_us = 1 };

        OK(store_drift_seen(fixture->writer, &drift, &id, &is_new, &fixture->err));
    }
    for (int i = 0; i < 9; i++)
        take(fixture, "drift", arena_printf(fixture->arena, "{\"resource\":\"more %d\",\"diff\":\"x\"}", i));
    OK(connection_execute(fixture->writer, "COMMIT", &fixture->err));
    OK(connection_number(fixture->writer, "SELECT count(*) FROM event WHERE kind = 'drift.found'", &events,
                         &fixture->err));
    OK(connection_number(fixture->writer,
                         "SELECT count(*) * 100 + sum(count) FROM drift WHERE resource NOT LIKE 'file %'", &rows,
                         &fixture->err));
    assert_int_equal(events, 1);
    assert_int_equal(rows, 109); /* one, seen nine times */
}

int main(void)
{
    const struct CMUnitTest tests[] = { TEST(test_sample), TEST(test_models), TEST(test_drift_beyond) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A trace of two workloads on one node and one of them on a second, told as agents and engines tell it: what comes out adds up to the
 * trace's integral, and each workload has what the trace says. Reports that make no sense.
 */
#include "controller/api/intake_measured.h"

#include <math.h>

#include "common/base/fd.h"
#include "common/base/text.h"
#include "common/json/json.h"
#include "controller/api/energy_report.h"
#include "controller/store/store_piece.h"
#include "controller/store/store_setting.h"
#include "tests/unit/controller/store/store_fixture.h"

#define SECOND INT64_C(1000000)
#define BEGIN (INT64_C(1795200000) * SECOND)
#define STEPS_MAX 4000
#define CHAT 1
#define EMBED 2

struct trace {
    double watts[STEPS_MAX], chat[STEPS_MAX], embed[STEPS_MAX];
    int count;
};

static void trace_read(struct fixture *fixture, struct trace *out)
{
    char *text = NULL;
    size_t length = 0, line_length = 0;
    const char *cursor, *line = NULL;

    out->count = 0;
    OK(file_read(fixture->arena, TEST_DATA "/energy/strix-halo-trace.tsv", SIZE_MAX, &text, &length, &fixture->err));
    for (cursor = text; text_line(&cursor, text + length, &line, &line_length);) {
        double second;

        if (line_length == 0 || *line == '#')
            continue;
        assert_int_equal(sscanf(line, "%lf %lf %lf %lf", &second, &out->watts[out->count], &out->chat[out->count],
                                &out->embed[out->count]),
                         4);
        assert_true(second == out->count++);
    }
    assert_true(out->count > 1000);
}

static double integral(const struct trace *trace, int from, int to)
{
    double sum = 0;

    for (int i = from; i < to; i++)
        sum += (trace->watts[i] + trace->watts[i + 1]) / 2;
    return sum;
}

static void take(struct fixture *fixture, int64_t node, const char *kind, int64_t at_us, const char *body)
{
    const struct store_report report = { .kind = kind, .at_us = at_us, .body = body };
    struct intake_report in = {
        .node_id = node, .generation = 1, .node = node == 1 ? "ai-1" : "ai-2", .report = &report
    };
    int64_t run = 0;

    OK(json_read(fixture->arena, body, strlen(body), NULL, &in.body, &fixture->err));
    OK(intake_take(fixture->writer, fixture->arena, &in, &run, &fixture->err));
}

static void stretch_take(struct fixture *fixture, int64_t node, const struct trace *trace, int from, int to)
{
    take(fixture, node, "energy", BEGIN + to * SECOND,
         arena_printf(
             fixture->arena,
             "{\"from_us\":%lld,\"to_us\":%lld,\"joules\":%.17g,\"watts_min\":1,\"watts_max\":2,\"source\":\"rapl\"}",
             (long long)(BEGIN + from * SECOND), (long long)(BEGIN + to * SECOND), integral(trace, from, to)));
}

static void piece_new(struct fixture *fixture, int64_t node, const char *name, int64_t instance)
{
    const struct store_piece piece = {
        .node_id = node, .name = name, .instance_id = instance, .role = "head", .body = "{\"kind\":\"service\"}"
    };
    const struct store_piece_told told = { node, name, "running", "{}", 1 };

    OK(store_piece_add(fixture->writer, &piece, 1, &fixture->err));
    OK(store_piece_tell(fixture->writer, &told, &fixture->err));
}

/* An engine that counts a request's seconds when it is over, 20 tokens each. */
struct engine {
    int64_t instance;
    const char *workload;
    double told, held;
};

static void engine_step(struct fixture *fixture, struct engine *engine, int second, double running, double before)
{
    const struct store_workload_sample sample = { .workload = engine->workload,
                                                  .instance_id = engine->instance,
                                                  .attempt = 1,
                                                  .at_us = BEGIN + second * SECOND,
                                                  .tokens_in = engine->told,
                                                  .tokens_out = engine->told * 20,
                                                  .seconds_in = 0,
                                                  .seconds_out = engine->told,
                                                  .running = running,
                                                  .waiting = 0,
                                                  .slots = 4 };

    engine->held += before;
    if (running == 0) {
        engine->told += engine->held;
        engine->held = 0;
    }
    if (second % 5 == 0)
        OK(store_workload_sample_add(fixture->writer, &sample, &fixture->err));
}

static void replay(struct fixture *fixture, const struct trace *trace, bool is_second)
{
    struct engine chat = { CHAT, "chat", 0, 0 }, embed = { EMBED, "embed", 0, 0 };

    for (int i = 0; i < trace->count; i++) {
        engine_step(fixture, &chat, i, trace->chat[i], i > 0 ? trace->chat[i - 1] : 0);
        engine_step(fixture, &embed, i, trace->embed[i], i > 0 ? trace->embed[i - 1] : 0);
        if (i > 0 && i % 10 == 0) {
            stretch_take(fixture, 1, trace, i - 10, i);
            if (is_second)
                stretch_take(fixture, 2, trace, i - 10, i);
        }
    }
    take(fixture, 1, "sample", BEGIN + (trace->count + 60) * SECOND, "{\"watts\":7}"); /* the next minute's */
    if (is_second)
        take(fixture, 2, "sample", BEGIN + (trace->count + 60) * SECOND, "{\"watts\":7}");
}

static void report_read(struct fixture *fixture, struct energy_report *out)
{
    const struct energy_query query = { BEGIN, INT64_MAX, NULL, 350, 1.2 };

    OK(energy_report_read(fixture->writer, fixture->arena, &query, out, &fixture->err));
}

static void test_trace(void **state)
{
    struct fixture *fixture = *state;
    struct trace *trace = arena_new_of(fixture->arena, struct trace);
    const struct store_setting idle = { "energy", "{\"idle_watts\":{\"ai-1\":5.4,\"ai-2\":5.4}}", "ops", 1 };
    struct energy_report report;
    const struct energy_row *chat, *embed;
    double whole, joules;

    trace_read(fixture, trace);
    assert_int_equal(node_new(fixture, "ai-1", 1), 1);
    assert_int_equal(node_new(fixture, "ai-2", 2), 2);
    piece_new(fixture, 1, "chat.0.head", CHAT);
    piece_new(fixture, 1, "embed.0.head", EMBED);
    piece_new(fixture, 2, "chat.0.worker", CHAT);
    OK(store_setting_put(fixture->writer, &idle, &fixture->err));
    OK(connection_execute(fixture->writer, "BEGIN", &fixture->err));
    replay(fixture, trace, true);
    OK(connection_execute(fixture->writer, "COMMIT", &fixture->err));
    report_read(fixture, &report);
    whole = 2 * integral(trace, 0, trace->count - 1);
    joules = report.unattributed + report.node_idle + report.pending;
    for (size_t i = 0; i < report.count; i++)
        joules += report.rows[i].account.active + report.rows[i].account.idle;
    assert_true(fabs(joules - whole) < whole * 0.01);
    assert_true(fabs(joules - energy_report_joules(&report)) < 1e-6);
    assert_true(report.pending == 0 && report.node_idle == 0);
    chat = energy_report_find(&report, "chat");
    embed = energy_report_find(&report, "embed");
    /* idle: 5.4 W of two nodes; the first is shared by two */
    assert_true(fabs(chat->account.idle - 5.4 * 1800 * 1.5) < 5.4 * 1800 * 0.01);
    assert_true(fabs(embed->account.idle - 5.4 * 1800 * 0.5) < 5.4 * 1800 * 0.01);
    assert_true(chat->account.active > 10 * embed->account.active && embed->account.active > 500);
    assert_true(report.unattributed < whole * 0.1);
    assert_true(fabs(chat->figures.decode_per_second - 20) < 1e-6);
    assert_true(chat->figures.joules_per_token > 1 && chat->figures.joules_per_token < 30);
    assert_true(fabs(chat->figures.grams - chat->figures.wall_wh * 0.35) < 1e-9);
}

/* Without a word of anybody the node's own quiet time says what it takes without work. */
static void test_idle_seen(void **state)
{
    struct fixture *fixture = *state;
    struct trace *trace = arena_new_of(fixture->arena, struct trace);
    struct energy_report report;
    double watts = 0;
    bool found = false;

    trace_read(fixture, trace);
    node_new(fixture, "ai-1", 1);
    OK(connection_execute(fixture->writer, "BEGIN", &fixture->err));
    replay(fixture, trace, false);
    OK(connection_execute(fixture->writer, "COMMIT", &fixture->err));
    report_read(fixture, &report);
    assert_true(fabs(energy_report_joules(&report) - integral(trace, 0, trace->count - 1)) < 1);
    assert_true(report.active == 0 && report.unattributed > 0); /* nothing stood there: nobody's */
    OK(store_energy_idle_get(fixture->writer, 1, 0, &watts, &found, &fixture->err));
    assert_true(found && watts > 4 && watts < 8);
}

static void test_nonsense(void **state)
{
    struct fixture *fixture = *state;
    static const char *const bodies[] = {
        "[]",
        "{}",
        "{\"from_us\":5,\"to_us\":4,\"joules\":1}",
        "{\"from_us\":1,\"to_us\":-9223372036854775808,\"joules\":1}",
        "{\"from_us\":1,\"to_us\":9223372036854775807,\"joules\":1}",
        "{\"from_us\":1,\"to_us\":10000001,\"joules\":-1}",
        "{\"from_us\":1,\"to_us\":10000001,\"joules\":\"x\"}",
        "{\"from_us\":1,\"to_us\":10000001,\"joules\":1e14}",
        "{\"from_us\":7995200000000000,\"to_us\":7995200010000000,\"joules\":10}",
    };
    int64_t rows = -1;

    node_new(fixture, "ai-1", 1);
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
        take(fixture, 1, "energy", BEGIN, bodies[i]);
    OK(connection_number(fixture->writer, "SELECT count(*) FROM energy", &rows, &fixture->err));
    assert_int_equal(rows, 0);
    take(fixture, 1, "energy", BEGIN, "{\"from_us\":1,\"to_us\":10000001,\"joules\":100,\"source\":\"magic\"}");
    OK(connection_number(fixture->writer, "SELECT count(*) FROM energy WHERE source = 'other'", &rows, &fixture->err));
    assert_int_equal(rows, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = { TEST(test_trace), TEST(test_idle_seen), TEST(test_nonsense) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

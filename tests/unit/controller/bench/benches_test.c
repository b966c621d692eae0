/* SPDX-License-Identifier: Apache-2.0 */
/* Benchmarks one after the other, with a real store; what the launcher would write is written by the test. */
#include "controller/bench/benches.h"

#include <ftw.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/json/json.h"
#include "controller/bench/bench_order.h"
#include "controller/store/store_drift.h"
#include "controller/store/store_event.h"
#include "controller/store/store_instance.h"
#include "controller/store/store_node.h"
#include "controller/store/store_run.h"
#include "controller/store/store_workload.h"
#include "controller/store/store_writer.h"

struct bed {
    struct arena *arena;
    char folder[64];
    struct store *store;
    struct store_connection *reader;
    struct benches *benches;
    struct error err;
};

#define OK(call)                                                                                                       \
    do {                                                                                                               \
        if (!(call))                                                                                                   \
            fail_msg("%s: %s", #call, bed->err.text);                                                                  \
    } while (0)

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info, (void)kind, (void)walk;
    return remove(path);
}

static int bed_setup(void **state)
{
    struct bed *bed = calloc(1, sizeof(*bed));

    bed->arena = arena_new();
    snprintf(bed->folder, sizeof(bed->folder), "/tmp/roost-bench-XXXXXX");
    assert_non_null(mkdtemp(bed->folder));
    OK(store_open(bed->folder, &bed->store, &bed->err));
    OK(store_reader_open(bed->store, &bed->reader, &bed->err));
    OK(benches_open(&(struct benches_options){ .store = bed->store, .patience_s = 3600 }, &bed->benches, &bed->err));
    *state = bed;
    return 0;
}

static int bed_teardown(void **state)
{
    struct bed *bed = *state;

    benches_free(bed->benches);
    store_reader_close(bed->reader);
    store_close(bed->store);
    nftw(bed->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    arena_free(bed->arena);
    free(bed);
    return 0;
}

static const struct value *json(struct bed *bed, const char *text)
{
    const struct value *value = NULL;

    OK(json_read(bed->arena, text, strlen(text), NULL, &value, &bed->err));
    return value;
}

/* --- in the writer's thread --- */

struct order_work {
    struct store_bench *rows;
    size_t count;
};

static bool order_run(struct store_connection *writer, void *data, struct error *err)
{
    struct order_work *work = data;

    for (size_t i = 0; i < work->count; i++) {
        if (!store_bench_add(writer, &work->rows[i], &work->rows[i].id, err))
            return false;
    }
    return true;
}

/* The number of the first. */
static int64_t order(struct bed *bed, const char *body)
{
    struct bench_order order = { .kind = NULL };
    struct order_work work = { .count = 0 };

    OK(arg_bind_plain(bed->arena, &bench_order_spec, json(bed, body), "member", &order, &bed->err));
    OK(bench_order_rows(bed->arena, &order, &work.rows, &work.count, &bed->err));
    for (size_t i = 0; i < work.count; i++) {
        work.rows[i].by = "anna";
        work.rows[i].at_us = clock_wall_us();
    }
    OK(store_write_wait(bed->store, order_run, &work, &bed->err));
    benches_wake(bed->benches);
    return work.rows[0].id;
}

struct play {
    const char *workload, *state, *sentence, *plan, *result;
};

static bool play_run(struct store_connection *writer, void *data, struct error *err)
{
    const struct play *play = data;
    ARENA_SCOPED arena = arena_new();
    struct store_workload *workload = NULL;
    struct store_instance instance = {
        .replica = 0, .state = play->state, .sentence = play->sentence, .probe_ms = (double)NAN
    };
    int64_t id = 0;

    instance.plan = play->plan;
    instance.result = play->result;
    instance.began_us = clock_wall_us();
    if (!store_workload_get(writer, arena, play->workload, &workload, err))
        return false;
    if (workload == NULL)
        return error_set(err, "there is no workload '%s'", play->workload);
    instance.workload_id = workload->id;
    if (!store_instance_add(writer, &instance, &id, err))
        return false;
    struct store_instance *row = NULL;
    bool set = false;
    if (!store_instance_get(writer, arena, id, &row, err))
        return false;
    instance.id = id;
    instance.touched = row->touched;
    return store_instance_set(writer, &instance, &set, err);
}

static void play(struct bed *bed, const struct play *play)
{
    OK(store_write_wait(bed->store, play_run, (void *)(uintptr_t)play, &bed->err));
    benches_wake(bed->benches);
}

static struct store_bench *bench_of(struct bed *bed, int64_t id)
{
    struct store_bench *bench = NULL;

    OK(store_bench_get(bed->reader, bed->arena, id, &bench, &bed->err));
    assert_non_null(bench);
    return bench;
}

static struct store_bench *until(struct bed *bed, int64_t id, const char *state)
{
    const struct timespec pause = { .tv_nsec = 5000000 };
    int64_t end_ms = clock_monotonic_ms() + 20000;

    while (clock_monotonic_ms() < end_ms) {
        struct store_bench *bench = bench_of(bed, id);

        if (text_equal(bench->state, state))
            return bench;
        nanosleep(&pause, NULL);
    }
    fail_msg("bench %lld is %s, not %s", (long long)id, bench_of(bed, id)->state, state);
    return NULL;
}

static void until_said(struct bed *bed, int64_t id, const char *sentence)
{
    const struct timespec pause = { .tv_nsec = 5000000 };
    int64_t end_ms = clock_monotonic_ms() + 20000;

    while (clock_monotonic_ms() < end_ms && !text_equal(bench_of(bed, id)->sentence, sentence))
        nanosleep(&pause, NULL);
    assert_string_equal(bench_of(bed, id)->sentence, sentence);
}

static bool facts_run(struct store_connection *writer, void *data, struct error *err)
{
    struct store_enrollment enrollment = { .name = "ai-1", .fingerprint = "f", .expires_us = INT64_MAX, .now_us = 1 };
    enum store_enroll outcome = STORE_ENROLLED;
    int64_t id = 0, generation = 0;

    return store_node_enroll(writer, &enrollment, &outcome, &id, &generation, err) &&
           store_node_facts_set(writer, id, data, clock_wall_us(), err);
}

/* A run on the node and a drift of it, of that moment and once more right after it. */
static bool past_run(struct store_connection *writer, void *data, struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    struct store_node *node = NULL;
    int64_t id = 0;
    bool is_set = false;

    if (!store_node_by_name(writer, arena, "ai-1", &node, err))
        return false;
    for (int64_t after = 0; after <= 1; after++) {
        int64_t at_us = *(const int64_t *)data + after;
        const struct store_run run = { .kind = "apply",
                                       .title = after ? "after.yml" : "before.yml",
                                       .actor = "anna",
                                       .state = STORE_RUN_OK,
                                       .created_us = at_us };
        const struct store_run_host host = { .host = "ai-1", .node_id = node->id, .state = STORE_RUN_OK };
        const struct store_drift drift = { .node_id = node->id,
                                           .resource = after ? "file /etc/after" : "file /etc/before",
                                           .cause = STORE_DRIFT_EXTERNAL,
                                           .last_us = at_us };

        if (!store_run_add(writer, &run, &id, &is_set, err) || !store_run_host_set(writer, id, &host, err) ||
            !store_drift_seen(writer, &drift, &id, &is_set, err))
            return false;
    }
    return true;
}

static size_t events(struct bed *bed, const char *kind)
{
    struct store_event_range range = { .kind = kind };
    struct store_event *list = NULL;
    size_t count = 0;

    OK(store_event_read(bed->reader, bed->arena, &range, &list, &count, &bed->err));
    return count;
}

#define FACTS(kernel) "{\"roost\": {\"kernel\": {\"release\": \"" kernel "\"}}}"
#define RESULT(rate)                                                                                                   \
    "{\"figures\": {\"tests\": [{\"name\": \"pp512\", \"tokens_per_s\": " rate                                         \
    "}]}, \"outputs\": [{\"output\": \"text\"}], "                                                                     \
    "\"nodes\": [\"ai-1\"], \"build\": \"b11669\"}"

/* --- tests --- */

static void test_history(void **state)
{
    struct bed *bed = *state;
    const char *body = "{\"kind\": \"llama_bench\", \"model\": \"m\", \"options\": {\"pp\": 512}}";
    const char *same = "{\"kind\": \"llama_bench\", \"model\": \"m\"}"; /* 512 is the default */
    struct store_bench *bench = NULL;
    struct store_workload *workload = NULL;
    int64_t first = 0, second = 0, third = 0;

    OK(store_write_wait(bed->store, facts_run, FACTS("6.18.4"), &bed->err));
    first = order(bed, body);
    until(bed, first, "running");
    OK(store_workload_get(bed->reader, bed->arena, bench_workload_name(bed->arena, first), &workload, &bed->err));
    assert_non_null(workload);
    assert_true(workload->is_wanted);
    assert_non_null(strstr(workload->declaration, "\"llama_bench\""));
    play(bed, &(struct play){ bench_workload_name(bed->arena, first), "done", "done", NULL, RESULT("700.0") });
    bench = until(bed, first, "done");
    assert_string_equal(bench->nodes, "[\"ai-1\"]");
    assert_non_null(strstr(bench->host, "6.18.4"));
    assert_non_null(strstr(bench->host, "b11669"));
    assert_non_null(strstr(bench->output, "text"));
    assert_int_equal(bench->compared, 0);
    assert_true(isnan(bench->change));
    OK(store_workload_get(bed->reader, bed->arena, bench_workload_name(bed->arena, first), &workload, &bed->err));
    assert_null(workload); /* it has gone with its bench */

    OK(store_write_wait(bed->store, facts_run, FACTS("6.18.9"), &bed->err));
    second = order(bed, same);
    until(bed, second, "running");
    play(bed, &(struct play){ bench_workload_name(bed->arena, second), "done", "done", NULL, RESULT("630.0") });
    bench = until(bed, second, "done");
    assert_int_equal(bench->compared, first);
    assert_true(fabs(bench->change + 0.1) < 1e-9);
    assert_non_null(strstr(bench->sentence, "pp512: 10.0 % less than in bench"));
    assert_non_null(strstr(bench->causes, "ai-1: kernel 6.18.9, before 6.18.4"));
    assert_int_equal(events(bed, "bench.slower"), 1);

    third = order(bed, same); /* within 5 %: nothing is said */
    until(bed, third, "running");
    play(bed, &(struct play){ bench_workload_name(bed->arena, third), "done", "done", NULL, RESULT("620.0") });
    bench = until(bed, third, "done");
    assert_int_equal(bench->compared, second);
    assert_string_equal(bench->sentence, "");
    assert_null(bench->causes);
    assert_int_equal(events(bed, "bench.slower"), 1);
    assert_int_equal(events(bed, "bench.done"), 3);
}

static struct store_bench *run_through(struct bed *bed, const char *body, const char *result)
{
    int64_t id = order(bed, body);

    until(bed, id, "running");
    play(bed, &(struct play){ bench_workload_name(bed->arena, id), "done", "done", NULL, result });
    return until(bed, id, "done");
}

/* What of the node's past may be why: no earlier than the bench that is compared with. */
static void test_causes(void **state)
{
    struct bed *bed = *state;
    const char *body = "{\"kind\": \"llama_bench\", \"model\": \"m\"}";
    struct store_bench *bench = NULL;

    OK(store_write_wait(bed->store, facts_run, FACTS("6.18.4"), &bed->err));
    bench = run_through(bed, body, RESULT("700.0"));
    OK(store_write_wait(bed->store, past_run, &bench->ended_us, &bed->err));
    bench = run_through(bed, body, RESULT("630.0"));
    assert_non_null(bench->causes);
    assert_non_null(strstr(bench->causes, "ai-1: drift of file /etc/after"));
    assert_null(strstr(bench->causes, "/etc/before"));
    assert_non_null(strstr(bench->causes, "(after.yml) by anna"));
    assert_null(strstr(bench->causes, "before.yml"));
}

static void test_in_turn(void **state)
{
    struct bed *bed = *state;
    int64_t first = order(bed, "{\"kind\": \"llama_bench\", \"model\": \"m\", \"counts\": [1, 2]}");
    struct store_bench *bench = NULL;

    until(bed, first, "running");
    assert_string_equal(bench_of(bed, first + 1)->state, "waiting");
    play(bed, &(struct play){ bench_workload_name(bed->arena, first), "failed", "the job on ai-1 failed", NULL,
                              "{\"outputs\":[{\"node\":\"ai-1\",\"output\":\"ssh: no route\"}]}" });
    bench = until(bed, first, "failed");
    assert_string_equal(bench->sentence, "the job on ai-1 failed");
    assert_string_equal(bench->output, "[{\"node\":\"ai-1\",\"output\":\"ssh: no route\"}]");
    bench = until(bed, first + 1, "running");
    assert_int_equal(bench->nodes_count, 2);
    assert_non_null(strstr(bench->declaration, "\"cluster\""));
    play(bed, &(struct play){ bench_workload_name(bed->arena, first + 1), "placing", "no llama_bench", NULL, NULL });
    until_said(bed, first + 1, "no place yet (it waits 3600 s for one): no llama_bench");
}

struct cancel {
    int64_t id;
    bool found;
};

static bool cancel_run(struct store_connection *writer, void *data, struct error *err)
{
    struct cancel *cancel = data;

    return benches_cancel(writer, cancel->id, "bert", &cancel->found, err);
}

static void test_cancel(void **state)
{
    struct bed *bed = *state;
    struct cancel cancel = { order(bed, "{\"kind\": \"hpl\"}"), false };
    struct store_workload *workload = NULL;

    until(bed, cancel.id, "running");
    OK(store_write_wait(bed->store, cancel_run, &cancel, &bed->err));
    assert_true(cancel.found);
    assert_string_equal(bench_of(bed, cancel.id)->state, "failed");
    assert_string_equal(bench_of(bed, cancel.id)->sentence, "given up by bert");
    OK(store_workload_get(bed->reader, bed->arena, bench_workload_name(bed->arena, cancel.id), &workload, &bed->err));
    assert_null(workload);
    OK(store_write_wait(bed->store, cancel_run, &cancel, &bed->err));
    assert_false(cancel.found);
}

static void refused(struct bed *bed, const char *body, const char *part)
{
    struct bench_order order = { .kind = NULL };
    struct store_bench *rows = NULL;
    struct error err = ERROR_INIT;
    size_t count = 0;

    if (arg_bind_plain(bed->arena, &bench_order_spec, json(bed, body), "member", &order, &err) &&
        bench_order_rows(bed->arena, &order, &rows, &count, &err))
        fail_msg("%s was taken", body);
    if (strstr(err.text, part) == NULL)
        fail_msg("'%s' does not hold '%s'", err.text, part);
}

static void test_orders(void **state)
{
    struct bed *bed = *state;

    refused(bed, "{\"kind\": \"hpl\", \"model\": \"m\"}", "hpl takes no 'model'");
    refused(bed, "{\"kind\": \"llama_bench\"}", "needs a 'model'");
    refused(bed, "{\"kind\": \"llama_bench\", \"model\": \"m\", \"counts\": [0]}", "'counts', item 1");
    refused(bed, "{\"kind\": \"hpl\", \"nodes\": [\"a\"], \"counts\": [2]}",
            "2 nodes are asked for, but 'nodes' names 1");
    refused(bed, "{\"kind\": \"hpl\", \"options\": {\"max_m\": 1}}", "max_n");
    refused(bed, "{\"kind\": \"hpls\"}", "hpl");
}

/* A pin changes no result, so it leaves the history whole. */
static void test_pin(void **state)
{
    struct bed *bed = *state;
    int64_t plain = order(bed, "{\"kind\": \"iperf3\", \"nodes\": [\"a\", \"b\"]}");
    int64_t pinned = order(bed, "{\"kind\": \"iperf3\", \"nodes\": [\"a\", \"b\"], \"options\": {\"version\": \"3\"}}");

    assert_string_equal(bench_of(bed, plain)->settings, bench_of(bed, pinned)->settings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_history, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_causes, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_in_turn, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_cancel, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_orders, bed_setup, bed_teardown),
        cmocka_unit_test_setup_teardown(test_pin, bed_setup, bed_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

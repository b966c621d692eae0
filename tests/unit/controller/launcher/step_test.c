/* SPDX-License-Identifier: Apache-2.0 */
/* The state machine of instances, with a clock and reports of the test's own. */
#include "controller/launcher/step.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define SECOND ((int64_t)1000000)

struct bench {
    struct arena *arena;
    struct workload workload;
    struct step_piece pieces[8];
    struct step_instance in;
    struct step_decision out;
};

static void bench_begin(struct bench *bench)
{
    *bench = (struct bench){ .arena = arena_new() };
    bench->workload = (struct workload){
        .name = "chat",
        .kind = WORKLOAD_INFERENCE,
        .on_node_loss = WORKLOAD_LOSS_MOVE,
        .give_up_after = 3,
        .health = { .start_timeout_s = 60, .interval_s = 5, .timeout_s = 10 },
    };
    bench->in = (struct step_instance){ .workload = &bench->workload,
                                        .is_wanted = true,
                                        .is_current = true,
                                        .state = STEP_PENDING,
                                        .sentence = "",
                                        .pieces = bench->pieces,
                                        .now_us = 1000 * SECOND };
}

static void bench_end(struct bench *bench)
{
    arena_free(bench->arena);
}

static struct step_piece *piece(struct bench *bench, const char *node, bool is_head, enum step_told told)
{
    struct step_piece *added = &bench->pieces[bench->in.pieces_count++];

    *added = (struct step_piece){ .name = is_head ? "chat.0.1.head" : "chat.0.1.worker-1",
                                  .node = node,
                                  .attempt = bench->in.attempt,
                                  .is_head = is_head,
                                  .is_due = true,
                                  .is_wanted = true,
                                  .told = told };
    return added;
}

/* A worker and a head that serve, since a while. */
static void bench_serves(struct bench *bench)
{
    bench->in.attempt = 1;
    bench->in.state = STEP_SERVING;
    bench->in.sentence = "serves on n1";
    bench->in.since_us = bench->in.now_us - 60 * SECOND;
    bench->in.began_us = bench->in.since_us;
    bench->in.asked = STEP_ASKED_SERVES;
    piece(bench, "n2", false, STEP_TOLD_RUNNING);
    piece(bench, "n1", true, STEP_TOLD_RUNNING);
}

static void go(struct bench *bench)
{
    step_instance(bench->arena, &bench->in, &bench->out);
}

static void the_way_up(void **state)
{
    struct bench bench;

    (void)state;
    bench_begin(&bench);
    go(&bench);
    assert_int_equal(bench.out.actions, STEP_PLAN);
    assert_int_equal(bench.out.state, STEP_PLACING);
    bench.in.is_planned = true;
    bench.in.models = STEP_MODELS_ABSENT;
    go(&bench);
    assert_int_equal(bench.out.actions, STEP_FETCH);
    assert_int_equal(bench.out.state, STEP_DOWNLOADING);
    bench.in.models = STEP_MODELS_COMING;
    bench.in.models_sentence = "downloading, 40%";
    go(&bench);
    assert_int_equal(bench.out.actions, 0);
    assert_string_equal(bench.out.sentence, "downloading, 40%");
    bench.in.models = STEP_MODELS_READY;
    go(&bench);
    assert_int_equal(bench.out.actions, STEP_PLACE);
    assert_int_equal(bench.out.state, STEP_STARTING);
    bench_end(&bench);
}

/* A job whose model is nowhere ends with a sentence; what serves waits, as somebody may bring the model yet. */
static void a_job_without_hope_fails(void **state)
{
    struct bench bench;

    (void)state;
    bench_begin(&bench);
    bench.workload.kind = WORKLOAD_BATCH;
    bench.in.state = STEP_PLACING;
    bench.in.hopeless = "no node has the model 'm'";
    bench.in.since_us = bench.in.now_us - 4 * SECOND; /* a node may be about to tell of it */
    go(&bench);
    assert_int_equal(bench.out.actions, STEP_PLAN);
    bench.in.since_us = bench.in.now_us - 5 * SECOND;
    go(&bench);
    assert_int_equal(bench.out.actions, 0);
    assert_int_equal(bench.out.state, STEP_FAILED);
    assert_string_equal(bench.out.sentence, "no node has the model 'm'");
    assert_string_equal(bench.out.event, "workload.failed");
    bench.workload.kind = WORKLOAD_INFERENCE;
    go(&bench);
    assert_int_equal(bench.out.actions, STEP_PLAN);
    bench_end(&bench);
}

static void the_head_comes_when_all_workers_run(void **state)
{
    struct bench bench;

    (void)state;
    bench_begin(&bench);
    bench.in.state = STEP_STARTING;
    bench.in.attempt = 1;
    bench.in.began_us = bench.in.now_us;
    piece(&bench, "n2", false, STEP_TOLD_RUNNING);
    piece(&bench, "n3", false, STEP_TOLD_STARTING);
    piece(&bench, "n1", true, STEP_TOLD_NOTHING)->is_due = false;
    go(&bench);
    assert_int_equal(bench.out.actions & STEP_DUE, 0);
    assert_string_equal(bench.out.sentence, "the worker on n3 starts");
    bench.pieces[1].told = STEP_TOLD_RUNNING;
    go(&bench);
    assert_int_equal(bench.out.actions & STEP_DUE, STEP_DUE);
    assert_int_equal(bench.out.due_count, 1);
    assert_int_equal(bench.out.due[0], 2);
    bench.pieces[2].is_due = true;
    bench.pieces[2].told = STEP_TOLD_RUNNING;
    go(&bench);
    assert_int_equal(bench.out.actions, STEP_ASK);
    assert_int_equal(bench.out.state, STEP_LOADING);
    bench.in.state = STEP_LOADING;
    bench.in.asked = STEP_ASKED_SERVES;
    go(&bench);
    assert_int_equal(bench.out.state, STEP_SERVING);
    assert_string_equal(bench.out.event, "workload.serving");
    assert_string_equal(bench.out.sentence, "serves on n1");
    bench_end(&bench);
}

static void jobs_go_one_after_the_other(void **state)
{
    struct bench bench;

    (void)state;
    bench_begin(&bench);
    bench.workload.kind = WORKLOAD_BATCH;
    bench.in.state = STEP_STARTING;
    bench.in.attempt = 1;
    bench.in.began_us = bench.in.now_us;
    piece(&bench, "n1", false, STEP_TOLD_RUNNING);
    piece(&bench, "n2", false, STEP_TOLD_NOTHING)->is_job = true;
    piece(&bench, "n3", true, STEP_TOLD_NOTHING)->is_job = true;
    bench.pieces[1].is_due = bench.pieces[2].is_due = false;
    go(&bench);
    assert_int_equal(bench.out.due_count, 1);
    assert_int_equal(bench.out.due[0], 1);
    bench.pieces[1].is_due = true;
    bench.pieces[1].told = STEP_TOLD_RUNNING;
    go(&bench);
    assert_int_equal(bench.out.due_count, 0);
    assert_int_equal(bench.out.state, STEP_RUNNING);
    bench.pieces[1].told = STEP_TOLD_ENDED;
    go(&bench);
    assert_int_equal(bench.out.due_count, 1);
    assert_int_equal(bench.out.due[0], 2);
    bench.pieces[2].is_due = true;
    bench.pieces[2].told = STEP_TOLD_ENDED;
    bench.in.state = STEP_RUNNING;
    go(&bench);
    assert_int_equal(bench.out.state, STEP_DONE);
    assert_int_equal(bench.out.actions, STEP_RESULT | STEP_TAKE_AWAY);
    bench_end(&bench);
}

static void a_job_that_fails_is_not_started_again(void **state)
{
    struct bench bench;

    (void)state;
    bench_begin(&bench);
    bench.workload.kind = WORKLOAD_BATCH;
    bench.in.state = STEP_RUNNING;
    bench.in.attempt = 1;
    piece(&bench, "n1", true, STEP_TOLD_FAILED)->is_job = true;
    bench.pieces[0].sentence = "exit code 3";
    go(&bench);
    assert_int_equal(bench.out.state, STEP_FAILED);
    assert_string_equal(bench.out.sentence, "the job on n1 failed: exit code 3");
    assert_string_equal(bench.out.event, "workload.failed");
    bench.in.state = STEP_FAILED;
    bench.in.pieces_count = 0;
    go(&bench);
    assert_int_equal(bench.out.actions, 0);
    assert_int_equal(bench.out.state, STEP_FAILED);
    bench_end(&bench);
}

static void a_dead_worker_starts_it_again_at_once(void **state)
{
    struct bench bench;

    (void)state;
    bench_begin(&bench);
    bench_serves(&bench);
    bench.pieces[0].told = STEP_TOLD_FAILED;
    bench.pieces[0].sentence = "killed by signal 9";
    bench.pieces[1].told = STEP_TOLD_FAILED; /* it aborts when a worker dies: not the cause */
    go(&bench);
    assert_int_equal(bench.out.actions, STEP_TAKE_AWAY | STEP_KEEP_LOG);
    assert_int_equal(bench.out.culprit, 0);
    assert_int_equal(bench.out.state, STEP_DEGRADED);
    assert_string_equal(bench.out.event, "workload.degraded");
    assert_string_equal(bench.out.sentence, "the worker on n2 has ended: killed by signal 9; it starts again");
    assert_int_equal(bench.out.failures, 0);
    assert_true(bench.out.next_us <= bench.in.now_us);
    bench_end(&bench);
}

static void nothing_starts_while_the_old_head_may_run(void **state)
{
    struct bench bench;

    (void)state;
    bench_begin(&bench);
    bench_serves(&bench);
    bench.in.state = STEP_DEGRADED;
    bench.pieces[0].is_wanted = bench.pieces[1].is_wanted = false;
    bench.pieces[1].is_silent = true;
    go(&bench);
    assert_int_equal(bench.out.actions, 0);
    bench.pieces[1].is_ended = true; /* its lease is over; the worker may linger */
    go(&bench);
    assert_int_equal(bench.out.actions, STEP_PLAN);
    bench.workload.on_node_loss = WORKLOAD_LOSS_WAIT;
    go(&bench);
    assert_int_equal(bench.out.actions, 0); /* with wait every piece must have ended */
    bench.pieces[0].told = STEP_TOLD_GONE;
    go(&bench);
    assert_int_equal(bench.out.actions, STEP_PLAN);
    bench_end(&bench);
}

static void silence_moves_or_waits(void **state)
{
    struct bench bench;

    (void)state;
    bench_begin(&bench);
    bench_serves(&bench);
    bench.workload.on_node_loss = WORKLOAD_LOSS_WAIT;
    bench.pieces[0].is_silent = true;
    go(&bench);
    assert_int_equal(bench.out.state, STEP_SERVING); /* its head answers, the node's agent may be away */
    bench.in.asked = STEP_ASKED_SILENT;
    bench.in.asked_bad = 5;
    go(&bench);
    assert_int_equal(bench.out.state, STEP_DEGRADED);
    assert_int_equal(bench.out.actions & STEP_TAKE_AWAY, 0);
    assert_string_equal(bench.out.sentence, "waits for node n2, which is not heard");
    bench.workload.on_node_loss = WORKLOAD_LOSS_MOVE;
    bench.pieces[0].is_ended = true;
    go(&bench);
    assert_int_equal(bench.out.actions & STEP_TAKE_AWAY, STEP_TAKE_AWAY);
    assert_string_equal(bench.out.sentence, "node n2 is not heard any more: it moves");
    bench_end(&bench);
}

static void it_is_given_up_after_so_many_failed_starts(void **state)
{
    struct bench bench;

    (void)state;
    bench_begin(&bench);
    for (int64_t failures = 0; failures < 3; failures++) {
        bench.in.state = STEP_STARTING;
        bench.in.failures = failures;
        bench.in.attempt = failures + 1;
        bench.in.pieces_count = 0;
        piece(&bench, "n1", true, STEP_TOLD_FAILED)->sentence = "exit code 1";
        go(&bench);
        assert_int_equal(bench.out.failures, failures + 1);
        assert_int_equal(bench.out.actions & STEP_KEEP_LOG, STEP_KEEP_LOG);
        assert_int_equal(bench.out.next_us - bench.in.now_us, step_pause_us(failures + 1));
        assert_int_equal(bench.out.state, failures < 2 ? STEP_PENDING : STEP_FAILED);
    }
    assert_string_equal(bench.out.event, "workload.failed");
    assert_string_equal(bench.out.sentence, "the head on n1 has ended: exit code 1; given up after 3 failed starts");
    bench.in.state = STEP_FAILED;
    bench.in.pieces_count = 0;
    go(&bench);
    assert_int_equal(bench.out.actions, 0);
    bench_end(&bench);
}

static void pauses_grow_to_a_minute(void **state)
{
    static const int64_t seconds[] = { 0, 1, 2, 4, 8, 16, 32, 60, 60 };

    (void)state;
    for (int64_t i = 0; i < 9; i++)
        assert_int_equal(step_pause_us(i), seconds[i] * SECOND);
    assert_int_equal(step_pause_us(1000), 60 * SECOND);
}

static void one_bad_probe_degrades_two_start_again(void **state)
{
    struct bench bench;

    (void)state;
    bench_begin(&bench);
    bench_serves(&bench);
    bench.in.asked = STEP_ASKED_SILENT;
    bench.in.asked_sentence = "its head does not answer";
    bench.in.asked_bad = 1;
    go(&bench);
    assert_int_equal(bench.out.state, STEP_DEGRADED);
    assert_int_equal(bench.out.actions, STEP_ASK);
    bench.in.state = STEP_DEGRADED;
    bench.in.asked_bad = 2;
    go(&bench);
    assert_int_equal(bench.out.actions & STEP_TAKE_AWAY, STEP_TAKE_AWAY);
    bench.in.asked = STEP_ASKED_SERVES;
    bench.in.asked_bad = 0;
    go(&bench);
    assert_int_equal(bench.out.state, STEP_SERVING);
    bench.in.asked = STEP_ASKED_WRONG;
    bench.in.asked_sentence = "its completion is 'x', not 'y'";
    go(&bench);
    assert_int_equal(bench.out.actions & STEP_TAKE_AWAY, STEP_TAKE_AWAY);
    bench_end(&bench);
}

static void a_controller_that_starts_leaves_what_serves(void **state)
{
    struct bench bench;

    (void)state;
    bench_begin(&bench);
    bench_serves(&bench);
    bench.in.asked = STEP_ASKED_NOTHING;
    go(&bench);
    assert_int_equal(bench.out.actions, STEP_ASK);
    assert_int_equal(bench.out.state, STEP_SERVING);
    assert_null(bench.out.event);
    bench_end(&bench);
}

static void stopping_leaves_nothing(void **state)
{
    struct bench bench;

    (void)state;
    bench_begin(&bench);
    bench_serves(&bench);
    bench.in.is_wanted = false;
    go(&bench);
    assert_int_equal(bench.out.actions, STEP_TAKE_AWAY);
    assert_int_equal(bench.out.state, STEP_PENDING);
    bench.in.state = STEP_PENDING;
    bench.pieces[0].is_wanted = bench.pieces[1].is_wanted = false;
    go(&bench);
    assert_int_equal(bench.out.state, STEP_PENDING);
    assert_string_equal(bench.out.sentence, "ends on n2");
    bench.in.pieces_count = 0;
    go(&bench);
    assert_int_equal(bench.out.state, STEP_STOPPED);
    assert_string_equal(bench.out.event, "workload.stopped");
    assert_true(bench.out.is_over);
    bench_end(&bench);
}

/* The first one's node is gone, the second one still ends: it is not stopped. */
static void stopped_is_said_when_all_is_over(void **state)
{
    struct bench bench;

    (void)state;
    bench_begin(&bench);
    bench_serves(&bench);
    bench.in.is_wanted = false;
    bench.in.state = STEP_PENDING;
    bench.pieces[0].is_wanted = bench.pieces[1].is_wanted = false;
    bench.pieces[0].is_ended = true;
    bench.pieces[1].told = STEP_TOLD_STOPPING;
    go(&bench);
    assert_int_equal(bench.out.state, STEP_PENDING);
    assert_string_equal(bench.out.sentence, "ends on n1");
    bench.pieces[1].told = STEP_TOLD_GONE;
    go(&bench);
    assert_int_equal(bench.out.state, STEP_STOPPED);
    bench_end(&bench);
}

static void a_plan_with_a_lost_node_is_void(void **state)
{
    struct bench bench;

    (void)state;
    bench_begin(&bench);
    bench.in.state = STEP_DOWNLOADING;
    bench.in.is_planned = true;
    bench.in.models = STEP_MODELS_COMING;
    go(&bench);
    assert_int_equal(bench.out.actions, 0);
    bench.in.plan_lost = "n2";
    go(&bench);
    assert_int_equal(bench.out.actions, STEP_PLAN);
    assert_int_equal(bench.out.state, STEP_PLACING);
    bench_end(&bench);
}

static void changes_and_draining_take_away(void **state)
{
    struct bench bench;

    (void)state;
    bench_begin(&bench);
    bench_serves(&bench);
    bench.in.is_current = false;
    go(&bench);
    assert_int_equal(bench.out.actions, STEP_TAKE_AWAY);
    assert_string_equal(bench.out.sentence, "its declaration has changed: it starts anew");
    bench.in.is_current = true;
    bench.in.leaves = "n2";
    go(&bench);
    assert_int_equal(bench.out.actions, STEP_TAKE_AWAY);
    assert_string_equal(bench.out.sentence, "node n2 is drained: it moves");
    bench_end(&bench);
}

/* Of a drained node: it goes on while another one comes, and afterwards until it has finished. */
static void who_leaves_waits_for_who_comes(void **state)
{
    struct bench bench;

    (void)state;
    bench_begin(&bench);
    bench_serves(&bench);
    bench.in.leaves = "n1";
    bench.in.has_successor = true;
    go(&bench);
    assert_int_equal(bench.out.state, STEP_SERVING);
    assert_int_equal(bench.out.actions, STEP_ASK);
    assert_string_equal(bench.out.sentence, "serves on n1; node n1 is drained: another one starts first");
    bench.in.has_successor = false;
    bench.in.no_successor = "no room";
    go(&bench);
    assert_int_equal(bench.out.actions, STEP_TAKE_AWAY);
    assert_string_equal(bench.out.sentence,
                        "node n1 is drained, and no other one can start before it ends (no room): it moves");
    bench.in.is_wanted = false;
    bench.in.is_beside = bench.in.finishes = true;
    go(&bench);
    assert_int_equal(bench.out.actions, STEP_MEASURE);
    assert_int_equal(bench.out.state, STEP_SERVING);
    assert_string_equal(bench.out.sentence, "another one serves in its place: it finishes what it has begun");
    bench.pieces[1].told = STEP_TOLD_FAILED;
    go(&bench);
    assert_int_equal(bench.out.actions, STEP_TAKE_AWAY);
    bench.in.pieces_count = 0;
    go(&bench);
    assert_true(bench.out.is_over);
    assert_null(bench.out.event); /* what is declared goes on */
    bench_end(&bench);
}

static void names_are_read_back(void **state)
{
    (void)state;
    for (int i = STEP_PENDING; i <= STEP_DONE; i++)
        assert_int_equal(step_state_of(step_state_name((enum step_state)i)), i);
    assert_int_equal(step_state_of("nonsense"), STEP_PENDING);
    assert_int_equal(step_told_of("running"), STEP_TOLD_RUNNING);
    assert_int_equal(step_told_of("gone"), STEP_TOLD_GONE);
    assert_int_equal(step_told_of(NULL), STEP_TOLD_NOTHING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_way_up),
        cmocka_unit_test(a_job_without_hope_fails),
        cmocka_unit_test(the_head_comes_when_all_workers_run),
        cmocka_unit_test(jobs_go_one_after_the_other),
        cmocka_unit_test(a_job_that_fails_is_not_started_again),
        cmocka_unit_test(a_dead_worker_starts_it_again_at_once),
        cmocka_unit_test(nothing_starts_while_the_old_head_may_run),
        cmocka_unit_test(silence_moves_or_waits),
        cmocka_unit_test(it_is_given_up_after_so_many_failed_starts),
        cmocka_unit_test(pauses_grow_to_a_minute),
        cmocka_unit_test(one_bad_probe_degrades_two_start_again),
        cmocka_unit_test(a_controller_that_starts_leaves_what_serves),
        cmocka_unit_test(stopping_leaves_nothing),
        cmocka_unit_test(stopped_is_said_when_all_is_over),
        cmocka_unit_test(a_plan_with_a_lost_node_is_void),
        cmocka_unit_test(changes_and_draining_take_away),
        cmocka_unit_test(who_leaves_waits_for_who_comes),
        cmocka_unit_test(names_are_read_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

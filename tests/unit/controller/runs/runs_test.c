/* SPDX-License-Identifier: Apache-2.0 */
/* Runs as programs of their own: this test's program plays them, too, by what its order says. */
#include "controller/runs/runs.h"

#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/json/json.h"
#include "common/protocol/control.h"
#include "controller/runs/run_order.h"
#include "controller/store/store_event.h"
#include "controller/store/store_node.h"
#include "controller/store/store_node_work.h"
#include "controller/store/store_run_outcome.h"
#include "controller/store/store_writer.h"

/* --- the run's program --- */

static void say(const char *line)
{
    dprintf(RUN_EVENTS_FD, "%s\n", line);
}

static const struct value *hear(struct arena *arena, struct control_message *message)
{
    struct pollfd waited = { .fd = RUN_CONTROL_FD, .events = POLLIN };

    while (poll(&waited, 1, -1) < 0)
        continue;
    if (control_receive(RUN_CONTROL_FD, arena, message) != CONTROL_READY)
        _exit(70);
    return message->body;
}

static void tell(struct arena *arena, const char *text)
{
    struct control_message message = { .body = NULL };
    struct error err = ERROR_INIT;

    if (!json_read(arena, text, strlen(text), NULL, &message.body, &err) ||
        !control_send(RUN_CONTROL_FD, &message, &err))
        _exit(71);
}

static void on_end(int number)
{
    (void)number;
    _exit(99);
}

static int play_well(void)
{
    say("{\"event\":\"output\",\"stream\":\"out\",\"text\":\"hello\\n\"}");
    say("no json at all");
    say("{\"event\":\"stats\",\"host\":\"n1\",\"stats\":{\"ok\":3,\"changed\":1}}");
    return 0;
}

static int play_failure(void)
{
    say("{\"event\":\"stats\",\"host\":\"n1\",\"stats\":{\"ok\":3,\"failed\":1}}");
    return 2;
}

static int play_refusal(void)
{
    say("{\"event\":\"output\",\"stream\":\"err\",\"text\":\"\\u001b[0;31mERROR! no such option\\u001b[0m\\n\"}");
    return 5;
}

static int play_difference(void)
{
    say("{\"event\":\"stats\",\"host\":\"n1\",\"stats\":{\"ok\":3,\"changed\":1}}");
    return 2;
}

/* Held as soon as it is told; says what it heard. */
static int play_held(struct arena *arena)
{
    struct control_message message;

    say("{\"event\":\"output\",\"stream\":\"out\",\"text\":\"waiting\"}");
    if (!text_equal(value_map_text(hear(arena, &message), "do"), "pause"))
        return 72;
    tell(arena, "{\"is\":\"paused\"}");
    if (!text_equal(value_map_text(hear(arena, &message), "do"), "resume"))
        return 73;
    tell(arena, "{\"is\":\"resumed\"}");
    return 0;
}

static int play_question(struct arena *arena)
{
    struct control_message message;
    struct error err = ERROR_INIT;
    const char *text = NULL;
    size_t length = 0;

    tell(arena, "{\"ask\":\"question\",\"number\":7,\"prompt\":\"Word: \",\"secret\":true}");
    hear(arena, &message);
    return message.fd_count == 1 && control_memory_read(message.fds[0], arena, &text, &length, &err) &&
                   strcmp(text, "xyzzy") == 0
               ? 0
               : 74;
}

/* Asks for n1, greets whoever is there, hangs up. */
static int play_session(struct arena *arena)
{
    struct control_message message;
    char byte = 0;

    tell(arena, "{\"ask\":\"session\",\"number\":1,\"node\":\"n1\"}");
    while (!text_equal(value_map_text(hear(arena, &message), "do"), "session"))
        if (text_equal(value_map_text(message.body, "do"), "refused"))
            return 75;
    if (write(message.fds[0], "hi", 2) != 2 || recv(message.fds[0], &byte, 1, 0) != 1)
        return 76;
    control_message_close(&message);
    pause();
    return 0;
}

static int play(void)
{
    ARENA_SCOPED arena = arena_new();
    struct control_message message;
    struct error err = ERROR_INIT;
    const struct value *order = NULL;
    const char *text = NULL, *part = NULL;
    size_t length = 0;

    signal(SIGTERM, on_end);
    hear(arena, &message);
    if (!control_memory_read(message.fds[0], arena, &text, &length, &err) ||
        !json_read(arena, text, length, NULL, &order, &err))
        return 77;
    part = value_map_text(order, "part");
    if (strcmp(part, "well") == 0)
        return play_well();
    if (strcmp(part, "refusal") == 0)
        return play_refusal();
    if (strcmp(part, "difference") == 0)
        return play_difference();
    if (strcmp(part, "failure") == 0)
        return play_failure();
    if (strcmp(part, "held") == 0)
        return play_held(arena);
    if (strcmp(part, "question") == 0)
        return play_question(arena);
    if (strcmp(part, "session") == 0)
        return play_session(arena);
    if (strcmp(part, "crash") == 0)
        raise(SIGKILL);
    say("{\"event\":\"output\",\"stream\":\"out\",\"text\":\"waiting\"}");
    pause();
    return 78;
}

/* --- the controller's side --- */

struct fixture {
    struct arena *arena;
    char folder[64];
    struct store *store;
    struct store_connection *reader;
    struct runs *runs;
    int64_t node_id;
};

static void must(bool ok, const struct error *err)
{
    if (!ok)
        fail_msg("%s", err->text);
}

static void ignore_news(void *data, int64_t number)
{
    (void)data;
    (void)number;
}

static void runs_again(struct fixture *fixture)
{
    struct error err = ERROR_INIT;
    const struct runs_options options = { .folder = arena_printf(fixture->arena, "%s/runs", fixture->folder),
                                          .store = fixture->store,
                                          .at_once = 1,
                                          .news = { ignore_news, ignore_news, NULL } };

    must(runs_open(&options, &fixture->runs, &err), &err);
}

static bool node_join(struct store_connection *writer, void *data, struct error *err)
{
    struct fixture *fixture = data;
    const struct store_enrollment enrollment = {
        .name = "n1", .fingerprint = "f1", .expires_us = INT64_MAX, .now_us = 5
    };
    enum store_enroll outcome;
    int64_t generation = 0;

    return store_node_enroll(writer, &enrollment, &outcome, &fixture->node_id, &generation, err);
}

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    struct error err = ERROR_INIT;

    fixture->arena = arena_new();
    snprintf(fixture->folder, sizeof(fixture->folder), "/tmp/roost-runs-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    must(store_open(arena_printf(fixture->arena, "%s/store", fixture->folder), &fixture->store, &err), &err);
    must(store_reader_open(fixture->store, &fixture->reader, &err), &err);
    must(store_write_wait(fixture->store, node_join, fixture, &err), &err);
    runs_again(fixture);
    *state = fixture;
    return 0;
}

static int entry_remove(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info, (void)kind, (void)walk;
    return remove(path);
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    runs_free(fixture->runs);
    store_reader_close(fixture->reader);
    store_close(fixture->store);
    nftw(fixture->folder, entry_remove, 16, FTW_DEPTH | FTW_PHYS);
    arena_free(fixture->arena);
    free(fixture);
    return 0;
}

struct adding {
    struct store_run run;
    int64_t id;
};

static bool run_add(struct store_connection *writer, void *data, struct error *err)
{
    struct adding *adding = data;
    bool known = false;

    return store_run_add(writer, &adding->run, &adding->id, &known, err);
}

static int64_t begin(struct fixture *fixture, const char *kind, const char *part)
{
    struct adding adding = {
        .run = { .kind = kind, .title = "site.yml", .actor = "anna", .state = STORE_RUN_WAITING, .created_us = 1 }
    };
    struct value *order = value_map(fixture->arena);
    struct error err = ERROR_INIT;

    must(store_write_wait(fixture->store, run_add, &adding, &err), &err);
    value_map_put_string(fixture->arena, order, "part", part);
    must(runs_start(fixture->runs, &(struct runs_start){ adding.id, kind, "site.yml", order }, &err), &err);
    return adding.id;
}

static struct store_run *run_of(struct fixture *fixture, int64_t id)
{
    struct store_run *run = NULL;
    struct error err = ERROR_INIT;

    must(store_run_get(fixture->reader, fixture->arena, id, &run, &err), &err);
    assert_non_null(run);
    return run;
}

#define PATIENCE_MS 20000

static struct store_run *run_becomes(struct fixture *fixture, int64_t id, unsigned states)
{
    int64_t until = clock_monotonic_ms() + PATIENCE_MS;
    struct store_run *run = run_of(fixture, id);

    while ((run->state & states) == 0 && clock_monotonic_ms() < until) {
        poll(NULL, 0, 5);
        run = run_of(fixture, id);
    }
    if ((run->state & states) == 0)
        fail_msg("run %lld is in state %d: %s", (long long)id, (int)run->state, run->reason == NULL ? "" : run->reason);
    return run;
}

static struct store_run *run_ends(struct fixture *fixture, int64_t id)
{
    return run_becomes(fixture, id, ~(unsigned)STORE_RUN_OPEN);
}

/* The kinds of a run's events, with blanks behind. */
static const char *kinds_of(struct fixture *fixture, int64_t id)
{
    const struct store_run_event_range range = { .run_id = id };
    struct store_run_event *events = NULL;
    struct text out = text_new(fixture->arena);
    struct error err = ERROR_INIT;
    size_t count = 0;

    must(store_run_event_read(fixture->reader, fixture->arena, &range, &events, &count, &err), &err);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(events[i].sequence, i + 1);
        text_printf(&out, "%s ", events[i].kind);
    }
    return out.data;
}

static void waits_for_event(struct fixture *fixture, int64_t id, const char *kind)
{
    int64_t until = clock_monotonic_ms() + PATIENCE_MS;

    while (strstr(kinds_of(fixture, id), kind) == NULL && clock_monotonic_ms() < until)
        poll(NULL, 0, 5);
    assert_non_null(strstr(kinds_of(fixture, id), kind));
}

/* --- tests --- */

static void what_it_tells_is_kept(void **state)
{
    struct fixture *fixture = *state;
    int64_t id = begin(fixture, "apply", "well");
    const struct store_run *run = run_ends(fixture, id);
    const struct store_run_host_filter filter = { .run_id = id };
    const struct store_event_range range = { .after = 0 };
    struct store_run_host_page page;
    struct store_event *events = NULL;
    struct error err = ERROR_INIT;
    size_t count = 0;

    assert_int_equal(run->state, STORE_RUN_OK);
    assert_int_equal(run->exit_code, 0);
    assert_true(run->started_us > 0 && run->ended_us >= run->started_us);
    assert_string_equal(kinds_of(fixture, id), "output stats ");
    must(store_run_host_page(fixture->reader, fixture->arena, &filter, &page, &err), &err);
    assert_int_equal(page.count, 1);
    assert_int_equal(page.hosts[0].ok, 3);
    assert_int_equal(page.hosts[0].changed, 1);
    assert_int_equal(page.hosts[0].node_id, fixture->node_id);
    must(store_event_read(fixture->reader, fixture->arena, &range, &events, &count, &err), &err);
    assert_true(count >= 2);
    assert_string_equal(events[count - 2].kind, "run.started");
    assert_string_equal(events[count - 1].kind, "run.ended");
    assert_int_equal(events[count - 1].run_id, id);
    assert_int_not_equal(access(arena_printf(fixture->arena, "%s/runs/%lld", fixture->folder, (long long)id), F_OK), 0);
}

static void ends_are_told_apart(void **state)
{
    struct fixture *fixture = *state;
    const struct store_run *run = run_ends(fixture, begin(fixture, "apply", "failure"));

    assert_int_equal(run->state, STORE_RUN_FAILED);
    assert_int_equal(run->exit_code, 2);
    assert_string_equal(run->reason, "a task failed");
    run = run_ends(fixture, begin(fixture, "apply", "refusal"));
    assert_string_equal(run->reason, "no such option");
    assert_string_equal(store_run_outcome(run), "refused");
    run = run_ends(fixture, begin(fixture, "check", "difference"));
    assert_int_equal(run->state, STORE_RUN_OK);
    assert_string_equal(store_run_outcome(run), "drift");
    run = run_ends(fixture, begin(fixture, "apply", "crash"));
    assert_int_equal(run->state, STORE_RUN_FAILED);
    assert_int_equal(run->exit_code, -1);
    assert_non_null(strstr(run->reason, "ended by signal 9"));
}

static void one_at_a_time(void **state)
{
    struct fixture *fixture = *state;
    int64_t first = begin(fixture, "apply", "hang"), second = begin(fixture, "apply", "well"),
            third = begin(fixture, "apply", "well");

    run_becomes(fixture, first, STORE_RUN_RUNNING);
    assert_int_equal(run_of(fixture, second)->state, STORE_RUN_WAITING);
    waits_for_event(fixture, second, "queued");
    runs_tell(fixture->runs, third, RUNS_CANCEL, "bert");
    assert_string_equal(run_ends(fixture, third)->reason, "cancelled by bert");
    assert_int_equal(run_of(fixture, third)->started_us, 0);
    waits_for_event(fixture, first, "output");
    runs_tell(fixture->runs, first, RUNS_CANCEL, "anna");
    assert_int_equal(run_ends(fixture, first)->state, STORE_RUN_CANCELLED);
    assert_int_equal(run_of(fixture, first)->exit_code, 99);
    assert_int_equal(run_ends(fixture, second)->state, STORE_RUN_OK);
}

static void held_and_let_go_on(void **state)
{
    struct fixture *fixture = *state;
    int64_t id = begin(fixture, "apply", "held");

    waits_for_event(fixture, id, "output");
    runs_tell(fixture->runs, id, RUNS_PAUSE, "anna");
    run_becomes(fixture, id, STORE_RUN_PAUSED);
    runs_tell(fixture->runs, id, RUNS_RESUME, "anna");
    assert_int_equal(run_ends(fixture, id)->state, STORE_RUN_OK);
    assert_string_equal(kinds_of(fixture, id), "output paused resumed ");
}

static void answers_are_not_kept(void **state)
{
    struct fixture *fixture = *state;
    int64_t id = begin(fixture, "apply", "question");

    waits_for_event(fixture, id, "question");
    assert_int_equal(runs_question(fixture->runs, id), 7);
    runs_answer(fixture->runs, id, 6, "another");
    runs_answer(fixture->runs, id, 7, "xyzzy");
    assert_int_equal(run_ends(fixture, id)->exit_code, 0);
    assert_int_equal(runs_question(fixture->runs, id), 0);
    assert_string_equal(kinds_of(fixture, id), "question answered ");
}

/* --- sessions --- */

static const char *session_id(struct fixture *fixture)
{
    int64_t until = clock_monotonic_ms() + PATIENCE_MS;
    const struct store_node_work_range range = { .node_id = fixture->node_id };
    struct store_node_work *works = NULL;
    const struct value *body = NULL;
    struct error err = ERROR_INIT;
    size_t count = 0;

    while (count == 0 && clock_monotonic_ms() < until) {
        must(store_node_work_read(fixture->reader, fixture->arena, &range, &works, &count, &err), &err);
        poll(NULL, 0, 5);
    }
    assert_int_equal(count, 1);
    assert_string_equal(works[0].kind, "session");
    must(json_read(fixture->arena, works[0].body, strlen(works[0].body), NULL, &body, &err), &err);
    return value_map_text(body, "session");
}

static void on_close(void *data)
{
    atomic_store((atomic_bool *)data, true);
}

static void a_session_is_for_its_node_once(void **state)
{
    struct fixture *fixture = *state;
    int64_t id = begin(fixture, "apply", "session"), until = clock_monotonic_ms() + PATIENCE_MS;
    const char *session = session_id(fixture);
    atomic_bool closed = false;
    uint64_t number = 0;
    char text[2];
    int ends[2];

    assert_int_equal(strlen(session), RUNS_SESSION_ID);
    assert_int_equal(runs_session_claim(fixture->runs, session, fixture->node_id + 1, 1), 0);
    assert_int_equal(runs_session_claim(fixture->runs, "00000000000000000000000000000000", fixture->node_id, 1), 0);
    number = runs_session_claim(fixture->runs, session, fixture->node_id, 1);
    assert_int_not_equal(number, 0);
    assert_int_equal(runs_session_claim(fixture->runs, session, fixture->node_id, 1), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    runs_session_open(fixture->runs, number, &(struct runs_connection){ ends[0], on_close, &closed, NULL });
    assert_int_equal(recv(ends[1], text, 2, MSG_WAITALL), 2);
    assert_false(closed);
    assert_int_equal(write(ends[1], "x", 1), 1);
    while (!closed && clock_monotonic_ms() < until) /* the run hangs up, and lives on */
        poll(NULL, 0, 5);
    assert_true(closed);
    assert_int_equal(run_of(fixture, id)->state, STORE_RUN_RUNNING);
    close(ends[0]);
    close(ends[1]);
}

static void a_run_that_ends_takes_its_sessions_along(void **state)
{
    struct fixture *fixture = *state;
    int64_t id = begin(fixture, "apply", "session");
    uint64_t number = runs_session_claim(fixture->runs, session_id(fixture), fixture->node_id, 1);
    atomic_bool closed = false;
    char byte = 0;
    int ends[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    runs_session_open(fixture->runs, number, &(struct runs_connection){ ends[0], on_close, &closed, NULL });
    assert_int_equal(recv(ends[1], &byte, 1, 0), 1);
    runs_tell(fixture->runs, id, RUNS_CANCEL, "anna");
    run_ends(fixture, id);
    runs_stop(fixture->runs);
    assert_true(closed);
    closed = false; /* too late: closed at once */
    runs_session_open(fixture->runs, number, &(struct runs_connection){ ends[0], on_close, &closed, NULL });
    assert_true(closed);
    close(ends[0]);
    close(ends[1]);
}

/* --- the controller ends --- */

static void a_controller_that_stops_ends_its_runs(void **state)
{
    struct fixture *fixture = *state;
    int64_t running = begin(fixture, "apply", "hang"), waiting = begin(fixture, "apply", "well");

    waits_for_event(fixture, running, "output");
    runs_stop(fixture->runs);
    assert_int_equal(run_of(fixture, running)->state, STORE_RUN_CANCELLED);
    assert_int_equal(run_of(fixture, waiting)->state, STORE_RUN_CANCELLED);
}

static void runs_of_a_controller_that_died_are_lost(void **state)
{
    struct fixture *fixture = *state;
    struct adding centre = { .run = { .kind = "apply", .title = "", .actor = "anna", .state = STORE_RUN_RUNNING } };
    struct adding own = { .run = { .kind = "check",
                                   .title = "",
                                   .actor = "node:n1",
                                   .node_id = fixture->node_id,
                                   .state = STORE_RUN_RUNNING } };
    struct error err = ERROR_INIT;

    runs_free(fixture->runs);
    must(store_write_wait(fixture->store, run_add, &centre, &err), &err);
    must(store_write_wait(fixture->store, run_add, &own, &err), &err);
    runs_again(fixture);
    assert_int_equal(run_of(fixture, centre.id)->state, STORE_RUN_LOST);
    assert_string_equal(run_of(fixture, centre.id)->reason, "the controller ended while it was under way");
    assert_int_equal(run_of(fixture, own.id)->state, STORE_RUN_RUNNING);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_it_tells_is_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(ends_are_told_apart, setup, teardown),
        cmocka_unit_test_setup_teardown(one_at_a_time, setup, teardown),
        cmocka_unit_test_setup_teardown(held_and_let_go_on, setup, teardown),
        cmocka_unit_test_setup_teardown(answers_are_not_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(a_session_is_for_its_node_once, setup, teardown),
        cmocka_unit_test_setup_teardown(a_run_that_ends_takes_its_sessions_along, setup, teardown),
        cmocka_unit_test_setup_teardown(a_controller_that_stops_ends_its_runs, setup, teardown),
        cmocka_unit_test_setup_teardown(runs_of_a_controller_that_died_are_lost, setup, teardown),
    };

    if (argc > 2 && strcmp(argv[2], RUN_CONTROLLED) == 0)
        return play();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

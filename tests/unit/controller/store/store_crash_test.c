/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process that writes with known numbers is killed at random points: every second time before or while it opens the store,
 * else after its first acknowledgement. Then everything it acknowledged is there, nothing is there by half, numbers have no
 * gaps, the audit chain is whole. The store lives on from kill to kill.
 */
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include "controller/store/store_audit.h"
#include "controller/store/store_report.h"
#include "controller/store/store_run.h"
#include "controller/store/store_writer.h"
#include "store_fixture.h"

#define KILLS 60
#define WRITES_MS 120000 /* a child that acknowledges nothing for that long is stuck, not slow */
#define IN_FLIGHT 8
#define EVENTS 3

struct job {
    int64_t number;
    int fd;
    bool refused;
};

/* One work: a report, an audit row and three events, all with its number. Every seventh fails after it wrote. */
static bool job_run(struct store_connection *writer, void *data, struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    struct job *job = data;
    const char *text = arena_printf(arena, "%lld", (long long)job->number);
    struct store_report report = { .sequence = job->number, .kind = "note", .body = text };
    struct store_report_batch batch = { .node_id = 1, .generation = 1, .reports = &report, .count = 1 };
    struct store_report_result result;
    struct store_audit_row row = { .actor = "test", .action = "write", .object = text };
    struct store_run_event events[EVENTS];

    for (int i = 0; i < EVENTS; i++)
        events[i] = (struct store_run_event){ .kind = "note", .body = text };
    if (!store_report_append(writer, &batch, &result, err) || result.answer != STORE_REPORT_OK ||
        result.first_new != 0 || !store_audit_add(writer, &row, NULL, err) ||
        !store_run_event_append(writer, 1, events, EVENTS, NULL, err))
        return err->text[0] != '\0' ? false : error_set(err, "report %s was refused", text);
    return !job->refused || error_set(err, "refused");
}

static void job_done(void *data, const struct error *err)
{
    struct job *job = data;

    if (err == NULL && write(job->fd, &job->number, sizeof(job->number)) != sizeof(job->number))
        _exit(3);
    if (err != NULL && !job->refused)
        _exit(4);
    free(job);
}

static bool base_run(struct store_connection *writer, void *data, struct error *err)
{
    struct store_enrollment enrollment = { "a", "key", 2, 1 };
    struct store_run run = { .key = "run", .kind = "apply", .title = "t", .actor = "a", .state = STORE_RUN_RUNNING };
    enum store_enroll outcome;
    int64_t id = 0, generation = 0, run_id = 0;
    bool known = false;

    (void)data;
    return store_node_enroll(writer, &enrollment, &outcome, &id, &generation, err) &&
           store_run_add(writer, &run, &run_id, &known, err);
}

static void child_write(const char *folder, int fd)
{
    ARENA_SCOPED arena = arena_new();
    struct store *store = NULL;
    struct store_connection *reader = NULL;
    struct store_node *node = NULL;
    struct error err = ERROR_INIT;

    if (!store_open(folder, &store, &err) || !store_write_wait(store, base_run, NULL, &err) ||
        !store_reader_open(store, &reader, &err) || !store_node_by_name(reader, arena, "a", &node, &err)) {
        fprintf(stderr, "child: %s\n", err.text);
        _exit(2);
    }
    for (int64_t number = node->reported + 1;;) {
        struct store_counters counters;
        struct job *job = malloc(sizeof(*job));
        struct store_work work = { job_run, job_done, job };

        store_counters(store, &counters);
        *job = (struct job){ number, fd, number % 7 == 0 && random() % 2 == 0 };
        if (job->refused)
            number--; /* it was undone: the number comes again */
        if (counters.waiting >= IN_FLIGHT)
            usleep(200);
        if (!store_write(store, &work, &err))
            _exit(5);
        number++;
    }
}

/* The last number that was acknowledged; reads until the child is gone. */
static int64_t acknowledged_read(int fd)
{
    int64_t numbers[512], last = 0;
    ssize_t got = 0;

    while ((got = read(fd, numbers, sizeof(numbers))) > 0)
        last = numbers[(size_t)got / sizeof(numbers[0]) - 1];
    return last;
}

static int64_t kill_once(struct fixture *fixture, bool writes, unsigned delay_us)
{
    struct pollfd first = { .events = POLLIN };
    int pipe_fds[2], status = 0;
    int64_t last = 0;
    pid_t child = -1;

    assert_int_equal(pipe(pipe_fds), 0);
    child = fork();
    if (child == 0) {
        close(pipe_fds[0]);
        child_write(fixture->folder, pipe_fds[1]);
    }
    close(pipe_fds[1]);
    first.fd = pipe_fds[0];
    if (writes && poll(&first, 1, WRITES_MS) != 1)
        fail_msg("nothing was acknowledged in %d s", WRITES_MS / 1000);
    usleep(delay_us);
    kill(child, SIGKILL);
    last = acknowledged_read(pipe_fds[0]);
    close(pipe_fds[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
        fail_msg("the child ended by itself, status %x", status);
    return last;
}

static int64_t number_of(struct fixture *fixture, struct store_connection *reader, const char *sql)
{
    int64_t number = -1;

    OK(connection_number(reader, sql, &number, &fixture->err));
    return number;
}

/* Returns the last number that is there. */
static int64_t store_prove(struct fixture *fixture, int64_t acknowledged)
{
    struct store *store = NULL;
    struct store_connection *reader = NULL;
    struct store_audit_verdict verdict;
    int64_t last = 0;

    OK(store_open(fixture->folder, &store, &fixture->err));
    OK(store_reader_open(store, &reader, &fixture->err));
    last = number_of(fixture, reader, "SELECT ifnull(max(reported), 0) FROM node");
    if (last < acknowledged)
        fail_msg("%lld was acknowledged, and %lld is the last", (long long)acknowledged, (long long)last);
    assert_int_equal(number_of(fixture, reader, "SELECT count(*) FROM report"), last);
    assert_int_equal(number_of(fixture, reader, "SELECT ifnull(max(sequence), 0) FROM report"), last);
    assert_int_equal(number_of(fixture, reader, "SELECT count(*) FROM report WHERE body <> CAST(sequence AS TEXT)"), 0);
    assert_int_equal(number_of(fixture, reader, "SELECT count(*) FROM run_event"), EVENTS * last);
    assert_int_equal(number_of(fixture, reader, "SELECT ifnull(max(sequence), 0) FROM run_event"), EVENTS * last);
    assert_int_equal(number_of(fixture, reader, "SELECT ifnull(max(events), 0) FROM run"), EVENTS * last);
    assert_int_equal(
        number_of(fixture, reader, "SELECT count(*) FROM run_event WHERE body <> CAST((sequence + 2) / 3 AS TEXT)"), 0);
    OK(store_audit_verify(reader, &verdict, &fixture->err));
    if (verdict.first_bad != 0)
        fail_msg("audit row %lld: %s", (long long)verdict.first_bad, verdict.reason);
    assert_int_equal(verdict.rows, last);
    store_reader_close(reader);
    store_close(store);
    return last;
}

static void test_kills(void **state)
{
    struct fixture *fixture = *state;
    int64_t last = 0, highest = 0;
    unsigned seed = (unsigned)getpid();

    print_message("seed %u\n", seed);
    srandom(seed);
    for (int i = 0; i < KILLS; i++) {
        int64_t acknowledged = kill_once(fixture, i % 2 == 1, (unsigned)(random() % 40000));

        highest = acknowledged > highest ? acknowledged : highest;
        if (i % 4 == 3) /* else the next child recovers by itself what the last one left */
            last = store_prove(fixture, highest);
    }
    print_message("%lld works over %d kills\n", (long long)last, KILLS);
    assert_true(last >= KILLS / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_kills, fixture_new, fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

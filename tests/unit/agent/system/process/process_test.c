/* SPDX-License-Identifier: Apache-2.0 */
/* Running programs: results, input, limits, groups that are killed whole, lookup. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/system/process/process.h"
#include "common/base/clock.h"
#include "common/base/text.h"

struct fixture {
    struct arena *arena;
    struct system system;
    struct error err;
    struct process_result result;
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);

    fixture->arena = arena_new();
    fixture->system.root = "";
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    arena_free(fixture->arena);
    free(fixture);
    return 0;
}

static bool run_shell(struct fixture *f, const char *line)
{
    struct process_request request = PROCESS("/bin/sh", "-c", line);

    return process_run(&f->system, f->arena, &request, &f->result, &f->err);
}

static void tells_output_and_status(void **state)
{
    struct fixture *f = *state;

    assert_true(run_shell(f, "echo out; echo bad >&2; exit 3"));
    assert_int_equal(f->result.status, 3);
    assert_int_equal(f->result.signal, 0);
    assert_string_equal(f->result.output, "out\n");
    assert_string_equal(f->result.errors, "bad\n");
    assert_int_equal(f->result.output_length, 4);
    assert_true(f->result.end_us >= f->result.start_us);
    assert_true(f->result.start_us > 1600000000000000);
}

static void tells_a_signal(void **state)
{
    struct fixture *f = *state;

    assert_true(run_shell(f, "kill -9 $$"));
    assert_int_equal(f->result.signal, SIGKILL);
    assert_int_equal(f->result.status, 128 + SIGKILL);
}

static void feeds_more_input_than_a_pipe_holds(void **state)
{
    struct fixture *f = *state;
    struct process_request request = PROCESS("wc", "-c");
    size_t size = 3 * 1024 * 1024;

    char *input = arena_alloc(f->arena, size);
    memset(input, 'x', size);
    request.input = input;
    request.input_length = size;
    assert_true(process_run(&f->system, f->arena, &request, &f->result, &f->err));
    assert_true(text_starts(f->result.output, "3145728\n"));
}

static void survives_a_program_that_reads_nothing(void **state)
{
    struct fixture *f = *state;
    struct process_request request = PROCESS("true");
    char *input = arena_alloc(f->arena, 1024 * 1024);

    signal(SIGPIPE, SIG_IGN);
    request.input = input;
    request.input_length = 1024 * 1024;
    assert_true(process_run(&f->system, f->arena, &request, &f->result, &f->err));
    assert_int_equal(f->result.status, 0);
    signal(SIGPIPE, SIG_DFL);
}

static void gives_empty_input_and_default_signals(void **state)
{
    struct fixture *f = *state;

    signal(SIGPIPE, SIG_IGN);
    assert_true(run_shell(f, "cat; (sh -c 'kill -PIPE $$; echo ignored'); echo $?"));
    signal(SIGPIPE, SIG_DFL);
    assert_string_equal(f->result.output, "141\n");
}

static void keeps_both_streams_when_they_are_large(void **state)
{
    struct fixture *f = *state;

    assert_true(run_shell(f, "head -c 2000000 /dev/zero | tr '\\0' a; head -c 1000000 /dev/zero | tr '\\0' b >&2"));
    assert_int_equal(f->result.output_length, 2000000);
    assert_int_equal(f->result.errors_length, 1000000);
    assert_int_equal(f->result.output[1999999], 'a');
    assert_int_equal(f->result.errors[999999], 'b');
    assert_false(f->result.truncated);
}

static void drops_what_is_over_the_limit(void **state)
{
    struct fixture *f = *state;

    assert_true(run_shell(f, "head -c 17000000 /dev/zero; echo done >&2"));
    assert_int_equal(f->result.output_length, LIMIT_PROCESS_OUTPUT);
    assert_true(f->result.truncated);
    assert_string_equal(f->result.errors, "done\n");
}

static void ends_the_whole_group_in_time(void **state)
{
    struct fixture *f = *state;
    char *nap = arena_printf(f->arena, "sleep 61.%d", (int)getpid()); /* of this test only */
    struct process_request request = PROCESS("/bin/sh", "-c", arena_printf(f->arena, "%s & %s; echo never", nap, nap));
    int64_t start = clock_monotonic_ms();

    request.timeout_ms = 200;
    assert_true(process_run(&f->system, f->arena, &request, &f->result, &f->err));
    assert_true(f->result.timed_out);
    assert_true(clock_monotonic_ms() - start < 5000);
    assert_true(run_shell(f, arena_printf(f->arena, "sleep 0.1; pgrep -fx '%s' || echo none", nap)));
    assert_string_equal(f->result.output, "none\n");
}

static void kills_what_ignores_termination(void **state)
{
    struct fixture *f = *state;
    struct process_request request = PROCESS("/bin/sh", "-c", "trap '' TERM; while :; do sleep 0.1; done");

    request.timeout_ms = 1500; /* enough to come to the trap */
    assert_true(process_run(&f->system, f->arena, &request, &f->result, &f->err));
    assert_true(f->result.timed_out);
    assert_int_equal(f->result.signal, SIGKILL);
}

static void obeys_the_systems_deadline(void **state)
{
    struct fixture *f = *state;

    f->system.deadline_ms = clock_monotonic_ms() + 150;
    assert_true(run_shell(f, "sleep 30"));
    assert_true(f->result.timed_out);
    assert_int_equal(f->result.signal, SIGTERM);
}

static bool was_cancelled;

static void cancel_now(void *context)
{
    char byte;

    assert_int_equal(read(*(int *)context, &byte, 1), 1);
    was_cancelled = true;
}

static void ends_when_the_watch_cancels(void **state)
{
    struct fixture *f = *state;
    int pipes[2];
    int64_t start = clock_monotonic_ms();

    assert_int_equal(pipe(pipes), 0);
    struct system_watch watch = { .fd = pipes[0], .ready = cancel_now, .context = &pipes[0] };
    was_cancelled = false;
    f->system.watch = &watch;
    f->system.cancelled = &was_cancelled;
    if (fork() == 0) {
        usleep(150000);
        _exit(write(pipes[1], "x", 1) != 1);
    }
    assert_false(run_shell(f, "sleep 30"));
    assert_int_equal(f->err.kind, ERROR_CANCELLED);
    assert_string_equal(f->err.text, "cancelled while running '/bin/sh'");
    assert_true(clock_monotonic_ms() - start < 5000);
    assert_false(run_shell(f, "true"));
    assert_string_equal(f->err.text, "cancelled");
}

static void does_not_wait_for_a_daemon(void **state)
{
    struct fixture *f = *state;
    int64_t start = clock_monotonic_ms();
    char *nap = arena_printf(f->arena, "sleep 33.%d", (int)getpid());

    assert_true(run_shell(f, arena_printf(f->arena, "%s & echo up", nap)));
    assert_string_equal(f->result.output, "up\n");
    assert_true(clock_monotonic_ms() - start < 5000);
    assert_true(run_shell(f, arena_printf(f->arena, "pkill -fx '%s'", nap)));
    assert_int_equal(f->result.status, 0);
}

static void sets_folder_environment_and_umask(void **state)
{
    struct fixture *f = *state;
    struct process_request request = PROCESS("/bin/sh", "-c", "pwd; echo $ONE $TWO $LC_ALL; umask");
    struct value *task = value_map(f->arena), *own = value_map(f->arena);

    value_map_put_string(f->arena, task, "ONE", "task");
    value_map_put_string(f->arena, task, "TWO", "task");
    value_map_put_string(f->arena, own, "TWO", "own");
    f->system.environment = task;
    request.environment = own;
    request.folder = "/usr";
    request.umask_bits = 027;
    mode_t before = umask(022);
    assert_true(process_run(&f->system, f->arena, &request, &f->result, &f->err));
    assert_string_equal(f->result.output, "/usr\ntask own C\n0027\n");
    assert_int_equal(umask(before), 022);
}

static void names_what_could_not_start(void **state)
{
    struct fixture *f = *state;
    struct process_request request = PROCESS("roost-no-such-program");
    struct process_request folder = PROCESS("true");
    struct process_request denied = PROCESS("/etc/passwd");

    assert_false(process_run(&f->system, f->arena, &request, &f->result, &f->err));
    assert_int_equal(errno, ENOENT);
    assert_string_equal(f->err.text, "cannot run 'roost-no-such-program': No such file or directory");
    folder.folder = "/no/such/folder";
    assert_false(process_run(&f->system, f->arena, &folder, &f->result, &f->err));
    assert_string_equal(f->err.text, "cannot run 'true' in folder '/no/such/folder': No such file or directory");
    assert_false(process_run(&f->system, f->arena, &denied, &f->result, &f->err));
    assert_int_equal(errno, EACCES);
}

static void requires_success_with_the_last_line(void **state)
{
    struct fixture *f = *state;
    struct process_request good = PROCESS("echo", "fine");
    struct process_request bad = PROCESS("/bin/sh", "-c", "echo first >&2; echo 'disk full' >&2; exit 4");

    assert_true(process_run_ok(&f->system, f->arena, &good, &f->result, &f->err));
    assert_string_equal(f->result.output, "fine\n");
    assert_false(process_run_ok(&f->system, f->arena, &bad, &f->result, &f->err));
    assert_non_null(strstr(f->err.text, "failed with status 4: disk full"));
    assert_non_null(strstr(f->err.text, "/bin/sh -c"));
}

static void finds_programs_in_the_tasks_path_and_sbin(void **state)
{
    struct fixture *f = *state;
    struct value *environment = value_map(f->arena);
    char folder[] = "/tmp/roost-path-XXXXXX";

    assert_non_null(mkdtemp(folder));
    const char *program = arena_printf(f->arena, "%s/own-tool", folder);
    FILE *file = fopen(program, "w");
    assert_non_null(file);
    fputs("#!/bin/sh\necho own\n", file);
    fclose(file);
    assert_int_equal(chmod(program, 0755), 0);
    value_map_put_string(f->arena, environment, "PATH", arena_printf(f->arena, "%s:/bin", folder));
    f->system.environment = environment;
    assert_string_equal(process_find(&f->system, f->arena, "own-tool"), program);
    assert_non_null(process_find(&f->system, f->arena, "ldconfig"));
    assert_null(process_find(&f->system, f->arena, "no-such-tool"));
    assert_non_null(process_require(&f->system, f->arena, "ldconfig", &f->err));
    assert_null(process_require(&f->system, f->arena, "no-such-tool", &f->err));
    assert_non_null(strstr(f->err.text, "Failed to find required executable \"no-such-tool\" in paths: /"));
    assert_non_null(strstr(f->err.text, "/usr/sbin"));
    struct process_request request = PROCESS("own-tool");
    assert_true(process_run(&f->system, f->arena, &request, &f->result, &f->err));
    assert_string_equal(f->result.output, "own\n");
    unlink(program);
    rmdir(folder);
}

static void inherits_no_descriptors(void **state)
{
    struct fixture *f = *state;
    int pipes[2];

    assert_int_equal(pipe(pipes), 0); /* without close-on-exec, on purpose */
    assert_true(run_shell(f, "ls /proc/self/fd | tr '\\n' ' '"));
    assert_string_equal(f->result.output, "0 1 2 3 "); /* 3 is ls reading the folder */
    close(pipes[0]);
    close(pipes[1]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(tells_output_and_status),
        TEST(tells_a_signal),
        TEST(feeds_more_input_than_a_pipe_holds),
        TEST(survives_a_program_that_reads_nothing),
        TEST(gives_empty_input_and_default_signals),
        TEST(keeps_both_streams_when_they_are_large),
        TEST(drops_what_is_over_the_limit),
        TEST(ends_the_whole_group_in_time),
        TEST(kills_what_ignores_termination),
        TEST(obeys_the_systems_deadline),
        TEST(ends_when_the_watch_cancels),
        TEST(does_not_wait_for_a_daemon),
        TEST(sets_folder_environment_and_umask),
        TEST(names_what_could_not_start),
        TEST(requires_success_with_the_last_line),
        TEST(finds_programs_in_the_tasks_path_and_sbin),
        TEST(inherits_no_descriptors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

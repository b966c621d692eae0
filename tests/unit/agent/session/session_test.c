/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A real session in a child process, spoken to over a socketpair; `sudo` is a script of this test's own that asks
 * for a password as sudo does. Started as "PROGRAM session" this test is the helper that sudo starts.
 */
#include <setjmp.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/session/session.h"
#include "agent/session/session_note.h"
#include "agent/system/process/process.h"
#include "common/base/clock.h"
#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/base/text.h"
#include "common/json/json.h"
#include "common/protocol/frame.h"

static struct {
    struct arena *arena;
    struct frame_reader *reader;
    int fd;
    pid_t child;
    struct error err;
    char folder[64];
} world;

static const char fake_sudo[] =
    "#!/bin/sh\n"
    "prompt=; user=\n"
    "while [ $# -gt 0 ]; do case $1 in\n"
    "  -p) prompt=$2; shift 2;; -u) user=$2; shift 2;; --) shift; break;; *) shift;; esac; done\n"
    "if [ \"$user\" = locked ]; then echo 'sudo: a password is required' >&2; exit 1; fi\n"
    "if [ \"$user\" = ghost ]; then echo 'sudo: unknown user ghost' >&2; echo 'sudo: error initializing' >&2; exit 1; fi\n"
    "if [ -n \"$prompt\" ]; then\n"
    "  tries=0\n"
    "  while :; do printf '%s' \"$prompt\" >&2; IFS= read -r given || { echo 'sudo: no password was provided' >&2; exit 1; }\n"
    "    [ \"$given\" = hush ] && break; echo 'Sorry, try again.' >&2; tries=$((tries + 1))\n"
    "    [ $tries = 3 ] && { echo 'sudo: 3 incorrect password attempts' >&2; exit 1; }; done\n"
    "fi\n"
    "BECAME=$user exec \"$@\"\n";

/* Asks on its terminal only, without echo. */
static const char fake_su[] = "#!/bin/sh\n"
                              "[ -t 0 ] && : </dev/tty || { echo 'su: must be run from a terminal' >&2; exit 1; }\n"
                              "user=$1\n"
                              "printf 'Password: ' >/dev/tty\n"
                              "IFS= read -r given </dev/tty\n"
                              "[ \"$given\" = hush ] || { echo \"su: Authentication failure $LC_ALL\" >&2; exit 1; }\n"
                              "BECAME=$user exec /bin/sh -c \"$3\"\n";

static void write_file(const char *name, const char *content, mode_t mode)
{
    const char *path = arena_printf(world.arena, "%s/%s", world.folder, name);
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(content, file);
    fclose(file);
    assert_int_equal(chmod(path, mode), 0);
}

static void send_json(enum frame_kind kind, uint32_t channel, const char *json)
{
    assert_true(frame_write(world.fd, kind, channel, json, strlen(json), &world.err));
}

static struct frame receive_whole(void)
{
    struct frame frame = { 0 };
    enum frame_status status;

    while ((status = frame_read(world.reader, &frame, &world.err)) == FRAME_AGAIN) {
    }
    assert_int_equal(status, FRAME_READY);
    return frame;
}

static const struct value *payload_of(const struct frame *frame)
{
    const struct value *value = NULL;

    assert_true(json_read(world.arena, frame->data, frame->length, NULL, &value, &world.err));
    return value;
}

static const struct value *result_of(uint32_t channel)
{
    struct frame frame = receive_whole();

    assert_int_equal(frame.kind, FRAME_RESULT);
    assert_int_equal(frame.channel, channel);
    return payload_of(&frame);
}

static const struct value *run(const char *json)
{
    send_json(FRAME_TASK, 7, json);
    return result_of(7);
}

static int set_up(void **state)
{
    int fds[2];
    char own[4096];

    (void)state;
    world.arena = arena_new();
    snprintf(world.folder, sizeof world.folder, "/tmp/roost-session-XXXXXX");
    assert_non_null(mkdtemp(world.folder));
    write_file("sudo", fake_sudo, 0755);
    write_file("su", fake_su, 0755);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    ssize_t length = readlink("/proc/self/exe", own, sizeof own - 1);
    assert_true(length > 0);
    own[length] = '\0';
    world.child = fork();
    if (world.child == 0) {
        const char *self[] = { own, NULL };
        struct session_options options = { .input = fds[1], .output = fds[1], .self = self };
        struct error err = ERROR_INIT;
        close(fds[0]);
        setenv("PATH", arena_printf(world.arena, "%s:/usr/bin:/bin", world.folder), 1);
        setenv(SESSION_NOTE_FOLDER, world.folder, 1);
        bool is_sound = session_run(&options, &err);
        if (!is_sound)
            write_file("error", err.text, 0644);
        arena_free(world.arena);
        exit(is_sound ? 0 : 1);
    }
    close(fds[1]);
    world.fd = fds[0];
    world.reader = frame_reader_new(world.fd);
    struct frame hello = receive_whole();
    assert_int_equal(hello.kind, FRAME_HELLO);
    assert_int_equal(value_map_get(payload_of(&hello), "protocol")->as.integer, PROTOCOL_VERSION);
    assert_int_equal(value_map_get(payload_of(&hello), "pid")->as.integer, world.child);
    send_json(FRAME_HELLO, 0, "{\"protocol\": 1, \"build\": \"test\"}");
    return 0;
}

static int wait_child(void)
{
    int status = -1;

    if (world.child > 0)
        assert_int_equal(waitpid(world.child, &status, 0), world.child);
    world.child = 0;
    return status;
}

static int tear_down(void **state)
{
    (void)state;
    frame_reader_free(world.reader);
    fd_close(world.fd);
    wait_child();
    unlink(arena_printf(world.arena, "%s/sudo", world.folder));
    unlink(arena_printf(world.arena, "%s/su", world.folder));
    unlink(arena_printf(world.arena, "%s/error", world.folder));
    unlink(arena_printf(world.arena, "%s/runs", world.folder));
    rmdir(world.folder);
    arena_free(world.arena);
    return 0;
}

/* --- tasks --- */

static void serves_tasks_in_order(void **state)
{
    (void)state;
    send_json(FRAME_TASK, 1, "{\"module\": \"ping\"}");
    send_json(FRAME_TASK, 2, "{\"module\": \"command\", \"args\": {\"_raw_params\": \"echo hi\"}}");
    send_json(FRAME_TASK, 3, "{\"module\": \"ping\", \"args\": {\"data\": \"again\"}}");
    assert_string_equal(value_map_text(result_of(1), "ping"), "pong");
    assert_string_equal(value_map_text(result_of(2), "stdout"), "hi");
    assert_string_equal(value_map_text(result_of(3), "ping"), "again");
    send_json(FRAME_BYE, 0, "");
    assert_int_equal(wait_child(), 0);
}

static void answers_what_it_cannot_do(void **state)
{
    (void)state;
    const struct value *result = run("{\"module\": \"pings\"}");
    assert_true(value_map_true(result, "failed"));
    assert_string_equal(value_map_text(result, "msg"), "this agent has no module 'pings'; did you mean 'ping'?");
    assert_string_equal(value_map_text(run("{}"), "msg"), "the task names no module");
    assert_string_equal(value_map_text(run("{\"module\": \"ping\", \"args\": [1]}"), "msg"),
                        "the task's args are no mapping");
    assert_true(value_map_true(run("{broken"), "failed"));
    assert_string_equal(value_map_text(run("{\"module\": \"ping\"}"), "ping"), "pong");
}

static void surrounds_a_task_and_puts_back(void **state)
{
    const struct value *result = run("{\"module\": \"shell\", \"args\": {\"_raw_params\": \"echo $COLOUR; umask\"}, "
                                     "\"environment\": {\"COLOUR\": \"blue\"}, \"umask\": \"027\"}");

    (void)state;
    assert_string_equal(value_map_text(result, "stdout"), "blue\n0027");
    result = run("{\"module\": \"shell\", \"args\": {\"_raw_params\": \"echo ${COLOUR:-none}; umask\"}}");
    assert_true(text_starts(value_map_text(result, "stdout"), "none\n"));
    assert_null(strstr(value_map_text(result, "stdout"), "0027"));
}

static void check_mode_and_no_log_arrive(void **state)
{
    const struct value *result =
        run("{\"module\": \"shell\", \"args\": {\"_raw_params\": \"echo x\"}, \"check\": true}");

    (void)state;
    assert_true(value_map_true(result, "skipped"));
}

static void ends_a_task_in_its_time(void **state)
{
    int64_t start = clock_monotonic_ms();
    const struct value *result =
        run("{\"module\": \"shell\", \"args\": {\"_raw_params\": \"sleep 30\"}, \"timeout_ms\": 150}");

    (void)state;
    assert_true(value_map_true(result, "failed"));
    assert_string_equal(value_map_text(result, "msg"), "the task did not end in its time and was terminated");
    assert_true(clock_monotonic_ms() - start < 5000);
}

static void cancels_the_running_and_the_waiting(void **state)
{
    int64_t start = clock_monotonic_ms();

    (void)state;
    send_json(FRAME_TASK, 1, "{\"module\": \"shell\", \"args\": {\"_raw_params\": \"sleep 30\"}}");
    send_json(FRAME_TASK, 2, "{\"module\": \"ping\"}");
    send_json(FRAME_TASK, 3, "{\"module\": \"ping\"}");
    usleep(100000);
    send_json(FRAME_CANCEL, 2, "");
    send_json(FRAME_CANCEL, 1, "");
    assert_string_equal(value_map_text(result_of(1), "msg"), "cancelled");
    assert_string_equal(value_map_text(result_of(2), "msg"), "cancelled");
    assert_string_equal(value_map_text(result_of(3), "ping"), "pong");
    assert_true(clock_monotonic_ms() - start < 5000);
}

static void leaves_nothing_behind_when_the_engine_goes(void **state)
{
    (void)state;
    send_json(FRAME_TASK, 1,
              arena_printf(world.arena,
                           "{\"module\": \"shell\", \"args\": {\"_raw_params\": \"sleep 71.%d & sleep 71.%d\"}}",
                           (int)getpid(), (int)getpid()));
    usleep(200000);
    shutdown(world.fd, SHUT_RDWR);
    assert_int_equal(wait_child(), 0);
    struct system host = { .root = "" };
    struct process_request request =
        PROCESS("/bin/sh", "-c", arena_printf(world.arena, "sleep 0.1; pgrep -fx 'sleep 71.%d'", (int)getpid()));
    struct process_result result;
    assert_true(process_run(&host, world.arena, &request, &result, &world.err));
    assert_string_equal(result.output, "");
}

/* --- jobs --- */

#define JOB_PATIENCE_MS 60000

/* Starts a job; the path of its file, which is there. */
static const char *start_job(const char *command, int limit_s)
{
    const struct value *result =
        run(arena_printf(world.arena,
                         "{\"module\": \"shell\", \"args\": {\"_raw_params\": \"%s\"}, \"async\": {\"limit_s\": %d, "
                         "\"folder\": \"%s/jobs\"}}",
                         command, limit_s, world.folder));
    const char *path = value_map_text(result, "results_file");

    assert_non_null(path);
    assert_int_equal(value_map_get(result, "started")->as.integer, 1);
    assert_int_equal(value_map_get(result, "finished")->as.integer, 0);
    assert_true(text_ends(path, value_map_text(result, "ansible_job_id")));
    assert_true(path_is_file(path));
    return path;
}

/* Waits until the job file says it; removes the file. */
static void await_job(const char *path, const char *words)
{
    int64_t until = clock_monotonic_ms() + JOB_PATIENCE_MS;
    char *data = NULL;
    size_t length = 0;

    do {
        assert_true(clock_monotonic_ms() < until);
        usleep(20000);
        assert_true(file_read(world.arena, path, 1024 * 1024, &data, &length, &world.err));
    } while (strstr(data, words) == NULL);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(path_dirname(world.arena, path)), 0);
}

/* Of the job alone, as its session did nothing but look. Only root's sessions leave notes. */
static void assert_job_noted(void)
{
    char *notes = NULL;

    if (geteuid() != 0)
        return;
    assert_true(file_read(world.arena, path_join(world.arena, world.folder, "runs"), 65536, &notes, NULL, &world.err));
    assert_true(text_ends(notes, " end\n"));
}

static void a_job_outlives_the_session(void **state)
{
    const char *path =
        start_job(arena_printf(world.arena, "until [ -e %s/go ]; do sleep 0.05; done; echo done", world.folder), 600);

    (void)state;
    assert_string_equal(value_map_text(run("{\"module\": \"ping\"}"), "ping"), "pong"); /* nobody waits for it */
    shutdown(world.fd, SHUT_RDWR);
    assert_int_equal(wait_child(), 0);
    write_file("go", "", 0644);
    await_job(path, "\"stdout\": \"done\"");
    assert_job_noted();
    unlink(arena_printf(world.arena, "%s/go", world.folder));
}

static void a_job_ends_when_its_time_is_up(void **state)
{
    (void)state;
    await_job(start_job("sleep 600", 1), "Job reached maximum time limit of 1 seconds.");
}

static void a_job_without_a_folder_fails(void **state)
{
    const struct value *result;

    (void)state;
    write_file("error", "no folder", 0644);
    result = run(arena_printf(world.arena,
                              "{\"module\": \"ping\", \"async\": {\"limit_s\": 1, \"folder\": \"%s/error/jobs\"}}",
                              world.folder));
    assert_true(value_map_true(result, "failed"));
    assert_true(text_starts(value_map_text(result, "msg"), "could not create directory: "));
}

/* --- the conversation itself --- */

static void assert_ends_with(const char *text)
{
    char *data = NULL;
    size_t length = 0;

    assert_int_equal(WEXITSTATUS(wait_child()), 1);
    assert_true(
        file_read(world.arena, arena_printf(world.arena, "%s/error", world.folder), 4096, &data, &length, &world.err));
    assert_string_equal(data, text);
}

static void names_both_protocols(void **state)
{
    (void)state;
    send_json(FRAME_HELLO, 0, "{\"protocol\": 9, \"build\": \"9.1\"}");
    assert_ends_with("the engine (build 9.1) speaks protocol 9, this agent (build " ROOST_VERSION
                     ") speaks protocol 1");
}

static void refuses_broken_streams(void **state)
{
    (void)state;
    assert_string_equal(value_map_text(run("{\"module\": \"ping\"}"), "ping"), "pong");
    assert_true(fd_write_all(world.fd, "Welcome to this host!\n", 22, &world.err));
    assert_ends_with("the other side sent text where a frame was expected: 'Welcome to this host!'");
}

/* --- content --- */

static const char *copy_task(void)
{
    return arena_printf(
        world.arena,
        "{\"module\": \"copy\", \"args\": {\"dest\": \"%s/copied\", \"_content_id\": 4, \"_content_size\": 6, "
        "\"_content_sha256\": \"5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03\", "
        "\"_content_sha1\": \"f572d396fae9206628714fb2ce00f72e94f2258f\", \"_content_name\": \"c\"}",
        world.folder);
}

static void serve_content(uint32_t channel)
{
    struct frame want = receive_whole();

    assert_int_equal(want.kind, FRAME_WANT);
    assert_int_equal(want.channel, channel);
    assert_int_equal(value_map_get(payload_of(&want), "content")->as.integer, 4);
    send_json(FRAME_CONTENT, channel, "he");
    send_json(FRAME_CONTENT, channel, "llo\n");
    send_json(FRAME_END, channel, "{}");
}

static void assert_copied(void)
{
    const char *path = arena_printf(world.arena, "%s/copied", world.folder);
    char *data = NULL;
    size_t length = 0;

    assert_true(file_read(world.arena, path, 100, &data, &length, &world.err));
    assert_string_equal(data, "hello\n");
    unlink(path);
}

static void streams_content(void **state)
{
    (void)state;
    send_json(FRAME_TASK, 5, arena_printf(world.arena, "%s}", copy_task()));
    serve_content(5);
    assert_true(value_map_true(result_of(5), "changed"));
    assert_copied();
}

static void content_that_fails_fails_the_task(void **state)
{
    (void)state;
    send_json(FRAME_TASK, 5, arena_printf(world.arena, "%s}", copy_task()));
    assert_int_equal(receive_whole().kind, FRAME_WANT);
    send_json(FRAME_CONTENT, 5, "he");
    send_json(FRAME_END, 5, "{\"error\": \"cannot read 'x' on the control side\"}");
    const struct value *result = result_of(5);
    assert_true(value_map_true(result, "failed"));
    assert_non_null(strstr(value_map_text(result, "msg"), "cannot read 'x' on the control side"));
    assert_false(path_exists(arena_printf(world.arena, "%s/copied", world.folder)));
    assert_string_equal(value_map_text(run("{\"module\": \"ping\"}"), "ping"), "pong");
}

/* --- become --- */

static const char *become(const char *extra)
{
    return arena_printf(world.arena,
                        "{\"module\": \"shell\", \"args\": {\"_raw_params\": \"echo $BECAME $PPID\"}, "
                        "\"become\": {\"method\": \"sudo\", %s}}",
                        extra);
}

static void keeps_a_helper_for_each_user(void **state)
{
    (void)state;
    const char *first = arena_copy(world.arena, value_map_text(run(become("\"user\": \"alice\"")), "stdout"));
    const char *second = arena_copy(world.arena, value_map_text(run(become("\"user\": \"alice\"")), "stdout"));
    const char *other = value_map_text(run(become("\"user\": \"bob\"")), "stdout");
    assert_true(text_starts(first, "alice "));
    assert_string_equal(first, second);
    assert_true(text_starts(other, "bob "));
    assert_string_not_equal(strchr(first, ' '), strchr(other, ' '));
}

static void answers_the_password_question(void **state)
{
    (void)state;
    const struct value *result = run(become("\"user\": \"alice\", \"password\": \"hush\""));
    assert_true(text_starts(value_map_text(result, "stdout"), "alice "));
    assert_null(strstr(json_text(world.arena, result, JSON_PYTHON), "hush"));
}

static void tells_why_become_failed(void **state)
{
    (void)state;
    const struct value *result = run(become("\"user\": \"alice\", \"password\": \"wrong\""));
    assert_true(value_map_true(result, "failed"));
    assert_string_equal(value_map_text(result, "msg"), "Incorrect sudo password");
    assert_string_equal(value_map_text(run(become("\"user\": \"locked\"")), "msg"), "Missing sudo password");
    assert_string_equal(value_map_text(run(become("\"user\": \"ghost\"")), "msg"),
                        "sudo to user 'ghost' failed: sudo: unknown user ghost");
    assert_true(text_starts(value_map_text(run(become("\"user\": \"alice\"")), "stdout"), "alice "));
}

static const char *become_su(const char *extra)
{
    return arena_printf(
        world.arena,
        "{\"module\": \"shell\", \"args\": {\"_raw_params\": \"echo $BECAME ${LC_ALL-none}; echo noise >&2\"}, "
        "\"become\": {\"method\": \"su\", \"user\": \"alice\", %s}}",
        extra);
}

/* At -vvvv, once; and where one is that user already, when it is wanted. */
static void tells_how_it_became_another(void **state)
{
    const struct passwd *account = getpwuid(geteuid());
    const char *task =
        arena_printf(world.arena,
                     "{\"module\": \"shell\", \"args\": {\"_raw_params\": \"echo $BECAME.\"}, \"verbosity\": 4, "
                     "\"become\": {\"user\": \"%s\", \"password\": \"hush\", \"same_user\": true}}",
                     account->pw_name);
    struct frame frame;
    const struct value *told;

    (void)state;
    send_json(FRAME_TASK, 9, task);
    frame = receive_whole();
    assert_int_equal(frame.kind, FRAME_PROGRESS);
    told = payload_of(&frame);
    assert_true(value_map_true(told, "command"));
    assert_true(text_starts(value_map_text(told, "message"), "sudo -H -S -S -p '[roost-sudo-prompt] password: ' -u "));
    assert_null(strstr(value_map_text(told, "message"), "hush"));
    assert_string_equal(value_map_text(result_of(9), "stdout"), arena_printf(world.arena, "%s.", account->pw_name));
    assert_string_equal(value_map_text(run(task), "stdout"), arena_printf(world.arena, "%s.", account->pw_name));
}

static void answers_su_on_a_terminal(void **state)
{
    (void)state;
    const struct value *result = run(become_su("\"password\": \"hush\""));
    assert_string_equal(value_map_text(result, "stdout"),
                        arena_printf(world.arena, "alice %s", getenv("LC_ALL") ? getenv("LC_ALL") : "none"));
    assert_null(strstr(json_text(world.arena, result, JSON_PYTHON), "hush"));
}

static void tells_why_su_failed(void **state)
{
    (void)state;
    const struct value *result = run(become_su("\"password\": \"wrong\""));
    assert_string_equal(value_map_text(result, "msg"), "Incorrect su password");
    send_json(FRAME_TASK, 8,
              arena_printf(world.arena,
                           "%s, \"become\": {\"method\": \"su\", \"user\": \"bob\", \"password\": \"hush\"}}",
                           copy_task()));
    serve_content(8);
    assert_true(value_map_true(result_of(8), "changed"));
    assert_copied();
}

static void relays_content_and_cancellation(void **state)
{
    (void)state;
    send_json(FRAME_TASK, 8, arena_printf(world.arena, "%s, \"become\": {\"user\": \"alice\"}}", copy_task()));
    serve_content(8);
    assert_true(value_map_true(result_of(8), "changed"));
    assert_copied();
    send_json(FRAME_TASK, 9,
              "{\"module\": \"shell\", \"args\": {\"_raw_params\": \"sleep 30\"}, \"become\": {\"user\": \"alice\"}}");
    usleep(100000);
    send_json(FRAME_CANCEL, 9, "");
    assert_string_equal(value_map_text(result_of(9), "msg"), "cancelled");
}

static void a_killed_helper_costs_one_task(void **state)
{
    (void)state;
    const struct value *result = run("{\"module\": \"shell\", \"args\": {\"_raw_params\": \"kill -9 $PPID\"}, "
                                     "\"become\": {\"user\": \"alice\"}}");
    assert_true(value_map_true(result, "failed"));
    assert_string_equal(value_map_text(result, "msg"),
                        "killed session: the helper for user 'alice' was ended by signal 9");
    assert_true(text_starts(value_map_text(run(become("\"user\": \"alice\"")), "stdout"), "alice "));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(serves_tasks_in_order),
        TEST(answers_what_it_cannot_do),
        TEST(surrounds_a_task_and_puts_back),
        TEST(check_mode_and_no_log_arrive),
        TEST(ends_a_task_in_its_time),
        TEST(cancels_the_running_and_the_waiting),
        TEST(leaves_nothing_behind_when_the_engine_goes),
        TEST(a_job_outlives_the_session),
        TEST(a_job_ends_when_its_time_is_up),
        TEST(a_job_without_a_folder_fails),
        TEST(names_both_protocols),
        TEST(refuses_broken_streams),
        TEST(streams_content),
        TEST(content_that_fails_fails_the_task),
        TEST(keeps_a_helper_for_each_user),
        TEST(answers_the_password_question),
        TEST(tells_why_become_failed),
        TEST(tells_how_it_became_another),
        TEST(answers_su_on_a_terminal),
        TEST(tells_why_su_failed),
        TEST(relays_content_and_cancellation),
        TEST(a_killed_helper_costs_one_task),
    };

    if (argc > 1 && strcmp(argv[1], "session") == 0) {
        struct session_options options = { .input = 0, .output = 1 };
        struct error err = ERROR_INIT;
        return session_run(&options, &err) ? 0 : 1;
    }
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client's side of the conversation against a session played by this test over pipes, and against shell scripts in the
 * agent's place where how a child ends matters.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/fd.h"
#include "common/base/text.h"
#include "common/json/json.h"
#include "engine/channel/local.h"

#define BUILD_OLD "{\"protocol\": 99, \"build\": \"9.9\"}"

struct stage {
    struct arena *arena;
    struct client *client;
    struct connection *connection;
    int in, out, err; /* the session's ends: reads in, writes out and err */
    struct frame_reader *reader;
    struct connection_target target;
};

static void pipe_pair(int *ours, int *theirs, bool ours_reads)
{
    int ends[2];
    struct error err = ERROR_INIT;
    assert_int_equal(pipe(ends), 0);
    *ours = ends[ours_reads ? 0 : 1];
    *theirs = ends[ours_reads ? 1 : 0];
    assert_true(fd_set_nonblocking(*ours, true, &err));
}

static bool starts_at_go(struct client *client, const char *line, struct error *err)
{
    if (strcmp(line, "GO") == 0)
        client->state = CLIENT_GREETING;
    return strcmp(line, "NO") != 0 || error_set(err, "the script said no");
}

static void stage_open(struct stage *stage, client_bootstrap bootstrap)
{
    struct spawned child = { 0, -1, -1, -1, false };
    struct error err = ERROR_INIT;
    signal(SIGPIPE, SIG_IGN);
    *stage = (struct stage){ .arena = arena_new(), .target = { .host = "box1" } };
    pipe_pair(&child.in, &stage->in, false);
    pipe_pair(&child.out, &stage->out, true);
    pipe_pair(&child.err, &stage->err, true);
    assert_true(fd_set_nonblocking(stage->in, true, &err));
    stage->reader = frame_reader_new(stage->in);
    stage->client = client_new(&stage->target);
    stage->client->bootstrap = bootstrap;
    client_start(stage->client, &child);
    stage->connection = &stage->client->base;
}

static void stage_end_session(struct stage *stage)
{
    fd_close(stage->out);
    fd_close(stage->err);
    stage->out = stage->err = -1;
}

static void stage_close(struct stage *stage)
{
    stage->connection->ops->close(stage->connection);
    stage_end_session(stage);
    frame_reader_free(stage->reader);
    fd_close(stage->in);
    arena_free(stage->arena);
}

static void say(struct stage *stage, enum frame_kind kind, uint32_t channel, const char *json)
{
    struct error err = ERROR_INIT;
    assert_true(frame_write(stage->out, kind, channel, json, strlen(json), &err));
}

static enum connection_event take(struct stage *stage, struct connection_reply *reply)
{
    return stage->connection->ops->take(stage->connection, stage->arena, reply);
}

/* As the run's loop does it: until something happens, or nothing did for a while. */
static enum connection_event take_soon(struct stage *stage, struct connection_reply *reply)
{
    for (int64_t end = clock_monotonic_ms() + 5000; clock_monotonic_ms() < end;) {
        struct pollfd waited[4];
        enum connection_event event = take(stage, reply);
        if (event != CONNECTION_NOTHING)
            return event;
        size_t count = stage->connection->ops->descriptors(stage->connection, waited);
        poll(waited, count, 20);
    }
    return CONNECTION_NOTHING;
}

static struct frame heard(struct stage *stage)
{
    struct frame frame = { 0 };
    struct error err = ERROR_INIT;
    assert_int_equal(frame_read(stage->reader, &frame, &err), FRAME_READY);
    return frame;
}

static void greet(struct stage *stage)
{
    struct connection_reply reply;
    say(stage, FRAME_HELLO, 0, "{\"protocol\": 1, \"build\": \"test\"}");
    assert_int_equal(take(stage, &reply), CONNECTION_NOTHING);
    assert_int_equal(heard(stage).kind, FRAME_HELLO);
}

static uint32_t submit(struct stage *stage, struct module_call *call)
{
    uint32_t number = 0;
    struct error err = ERROR_INIT;
    assert_true(stage->connection->ops->submit(stage->connection, call, &number, &err));
    return number;
}

/* --- greeting and results --- */

static void a_call_waits_for_the_greeting(void **state)
{
    (void)state;
    struct stage stage;
    struct connection_reply reply;
    struct frame frame;
    struct error err = ERROR_INIT;
    stage_open(&stage, NULL);
    struct module_call call = { .module = "ping", .receive_fd = -1, .check_mode = true };
    uint32_t number = submit(&stage, &call);
    assert_int_equal(take(&stage, &reply), CONNECTION_NOTHING);
    assert_int_equal(frame_read(stage.reader, &frame, &err), FRAME_AGAIN);
    greet(&stage);
    frame = heard(&stage);
    assert_int_equal(frame.kind, FRAME_TASK);
    assert_int_equal(frame.channel, number);
    assert_string_equal(frame.data, "{\"module\":\"ping\",\"check\":true}");
    say(&stage, FRAME_RESULT, number, "{\"ping\": \"pong\"}");
    assert_int_equal(take(&stage, &reply), CONNECTION_RESULT);
    assert_int_equal(reply.call, number);
    assert_string_equal(value_map_text(reply.result, "ping"), "pong");
    stage_close(&stage);
}

static void all_of_a_call_is_told(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, NULL);
    greet(&stage);
    struct value *args = value_map(stage.arena), *environment = value_map(stage.arena);
    value_map_put_string(stage.arena, args, "path", "/x");
    value_map_put_string(stage.arena, environment, "LANG", "C");
    struct module_call call = { .module = "file",
                                .args = args,
                                .environment = environment,
                                .diff_mode = true,
                                .no_log = true,
                                .verbosity = 2,
                                .timeout_ms = 1500,
                                .receive_fd = -1,
                                .become = { .active = true,
                                            .method = "su",
                                            .user = "ada",
                                            .flags = "-l",
                                            .exe = "/bin/su",
                                            .password = "secret" } };
    submit(&stage, &call);
    assert_string_equal(
        heard(&stage).data,
        "{\"module\":\"file\",\"args\":{\"path\":\"/x\"},\"diff\":true,\"no_log\":true,\"verbosity\":2,"
        "\"timeout_ms\":1500,\"environment\":{\"LANG\":\"C\"},\"become\":{\"method\":\"su\",\"user\":\"ada\","
        "\"flags\":\"-l\",\"exe\":\"/bin/su\",\"password\":\"secret\"}}");
    stage_close(&stage);
}

static void several_calls_and_their_progress(void **state)
{
    (void)state;
    struct stage stage;
    struct connection_reply reply;
    stage_open(&stage, NULL);
    greet(&stage);
    struct module_call call = { .module = "ping", .receive_fd = -1 };
    uint32_t first = submit(&stage, &call), second = submit(&stage, &call), third = submit(&stage, &call);
    assert_true(first != second && second != third);
    say(&stage, FRAME_PROGRESS, first, "half");
    say(&stage, FRAME_PROGRESS, first, "{\"message\": \"sudo x\", \"command\": true}");
    say(&stage, FRAME_RESULT, first, "{\"n\": 1}");
    say(&stage, FRAME_RESULT, second, "{\"n\": 2}");
    assert_int_equal(take(&stage, &reply), CONNECTION_PROGRESS);
    assert_string_equal(reply.message, "half");
    assert_false(reply.is_command);
    assert_int_equal(take(&stage, &reply), CONNECTION_PROGRESS);
    assert_string_equal(reply.message, "sudo x");
    assert_true(reply.is_command);
    assert_int_equal(take(&stage, &reply), CONNECTION_RESULT);
    assert_int_equal(reply.call, first);
    assert_int_equal(take(&stage, &reply), CONNECTION_RESULT);
    assert_int_equal(reply.call, second);
    assert_int_equal(take(&stage, &reply), CONNECTION_NOTHING);
    assert_int_equal(submit(&stage, &call), third + 1);
    stage.connection->ops->cancel(stage.connection, third);
    for (int i = 0; i < 4; i++)
        assert_int_equal(heard(&stage).kind, FRAME_TASK);
    struct frame frame = heard(&stage);
    assert_int_equal(frame.kind, FRAME_CANCEL);
    assert_int_equal(frame.channel, third);
    stage_close(&stage);
}

static void expect_lost(struct stage *stage, const char *sentence)
{
    struct connection_reply reply;
    struct error err = ERROR_INIT;
    struct module_call call = { .module = "ping", .receive_fd = -1 };
    uint32_t number = 0;
    assert_int_equal(take_soon(stage, &reply), CONNECTION_LOST);
    assert_string_equal(reply.message, sentence);
    assert_int_equal(take(stage, &reply), CONNECTION_LOST); /* and it stays so */
    assert_false(stage->connection->ops->submit(stage->connection, &call, &number, &err));
    assert_int_equal(err.kind, ERROR_UNREACHABLE);
    assert_string_equal(err.text, sentence);
    stage_close(stage);
}

static void another_protocol_is_refused_by_name(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, NULL);
    say(&stage, FRAME_HELLO, 0, BUILD_OLD);
    expect_lost(
        &stage,
        "the conversation with the node broke: the agent (build 9.9) speaks protocol 99, this roost (build " ROOST_VERSION
        ") speaks 1");
}

static void a_greeting_must_come_first(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, NULL);
    say(&stage, FRAME_RESULT, 1, "{}");
    expect_lost(&stage, "the conversation with the node broke: the session did not say hello but sent frame kind 3");
}

static void an_answer_to_nothing_breaks_it(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, NULL);
    greet(&stage);
    say(&stage, FRAME_RESULT, 7, "{}");
    expect_lost(&stage, "the conversation with the node broke: the session answered task 7, which nobody asked for");
}

static void no_greeting_in_time(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, NULL);
    stage.client->deadline_ms = clock_monotonic_ms() + 30;
    stage.client->timeout_message = "no answer in time";
    assert_in_range(stage.connection->ops->wait_ms(stage.connection), 0, 30);
    expect_lost(&stage, "no answer in time");
}

/* --- before the first frame --- */

static void noise_before_the_marker_is_passed_over(void **state)
{
    (void)state;
    struct stage stage;
    struct connection_reply reply;
    struct error err = ERROR_INIT;
    static const char noise[] = "Welcome to box1\r\n\n\xff\xfe\nGO-NOT\nGO\n";
    stage_open(&stage, starts_at_go);
    assert_true(fd_write_all(stage.out, "Welc", 4, &err));
    assert_int_equal(take(&stage, &reply), CONNECTION_NOTHING);
    assert_true(fd_write_all(stage.out, noise + 4, sizeof(noise) - 5, &err));
    greet(&stage); /* right behind the marker, in the same breath */
    assert_int_equal(stage.client->state, CLIENT_READY);
    stage_close(&stage);
}

static void a_line_longer_than_the_buffer_is_noise(void **state)
{
    (void)state;
    struct stage stage;
    struct error err = ERROR_INIT;
    char line[6000];
    memset(line, 'x', sizeof(line));
    line[sizeof(line) - 1] = '\n';
    stage_open(&stage, starts_at_go);
    assert_true(fd_write_all(stage.out, line, sizeof(line), &err));
    assert_true(fd_write_all(stage.out, "GO\n", 3, &err));
    greet(&stage);
    assert_int_equal(stage.client->state, CLIENT_READY);
    stage_close(&stage);
}

static void endless_noise_ends_it(void **state)
{
    (void)state;
    struct stage stage;
    struct connection_reply reply;
    struct error err = ERROR_INIT;
    char line[1000];
    memset(line, 'x', sizeof(line));
    line[sizeof(line) - 1] = '\n';
    stage_open(&stage, starts_at_go);
    for (int i = 0; i < 66; i++) {
        assert_true(fd_write_all(stage.out, line, sizeof(line), &err));
        if (stage.client->state == CLIENT_BOOTSTRAP)
            take(&stage, &reply);
    }
    assert_int_equal(stage.client->state, CLIENT_ENDING);
    stage_end_session(&stage);
    expect_lost(&stage, "the session ended early with status 0");
}

static void the_script_refuses(void **state)
{
    (void)state;
    struct stage stage;
    struct error err = ERROR_INIT;
    stage_open(&stage, starts_at_go);
    assert_true(fd_write_all(stage.out, "NO\n", 3, &err));
    expect_lost(&stage, "the script said no");
}

static void garbage_after_the_greeting_breaks_it(void **state)
{
    (void)state;
    struct stage stage;
    struct connection_reply reply;
    struct error err = ERROR_INIT;
    stage_open(&stage, NULL);
    greet(&stage);
    assert_true(fd_write_all(stage.out, "Segmentation fault\n", 19, &err));
    stage_end_session(&stage);
    assert_int_equal(take_soon(&stage, &reply), CONNECTION_LOST);
    assert_memory_equal(reply.message, "the conversation with the node broke: ", 38);
    stage_close(&stage);
}

static void an_early_end_tells_what_was_said(void **state)
{
    (void)state;
    struct stage stage;
    struct error err = ERROR_INIT;
    stage_open(&stage, NULL);
    greet(&stage);
    assert_true(fd_write_all(stage.err, "warning: one\n\n  out of memory \n\n", 32, &err));
    stage_end_session(&stage);
    expect_lost(&stage, "the session ended early with status 0: out of memory");
}

/* --- content --- */

static void content_of_memory_and_files(void **state)
{
    (void)state;
    struct stage stage;
    struct connection_reply reply;
    struct error err = ERROR_INIT;
    char path[] = "/tmp/client-test-XXXXXX", *sent = malloc(200000), *got = malloc(200000);
    size_t received = 0;
    for (size_t i = 0; i < 200000; i++)
        sent[i] = (char)(i * 31 + i / 253);
    FD_SCOPED fd = mkstemp(path);
    assert_true(fd_write_all(fd, sent, 200000, &err));
    struct content_source sources[] = { { .data = "hello", .length = 5 }, { .path = path } };
    struct module_call call = { .module = "copy", .contents = sources, .content_count = 2, .receive_fd = -1 };
    stage_open(&stage, NULL);
    greet(&stage);
    uint32_t number = submit(&stage, &call);
    heard(&stage);
    say(&stage, FRAME_WANT, number, "{\"content\": 1}");
    assert_int_equal(take(&stage, &reply), CONNECTION_NOTHING);
    assert_string_equal(heard(&stage).data, "hello");
    assert_int_equal(heard(&stage).kind, FRAME_END);
    say(&stage, FRAME_WANT, number, "{\"content\": 2}");
    for (;;) {
        struct frame frame;
        take(&stage, &reply);
        enum frame_status status = frame_read(stage.reader, &frame, &err);
        if (status != FRAME_READY)
            continue;
        assert_int_equal(frame.channel, number);
        if (frame.kind == FRAME_END) {
            assert_string_equal(frame.data, "{}");
            break;
        }
        assert_int_equal(frame.kind, FRAME_CONTENT);
        assert_true(received + frame.length <= 200000);
        memcpy(got + received, frame.data, frame.length);
        received += frame.length;
    }
    assert_int_equal(received, 200000);
    assert_memory_equal(sent, got, 200000);
    stage_close(&stage);
    unlink(path);
    free(sent);
    free(got);
}

static void content_that_is_not_there(void **state)
{
    (void)state;
    struct stage stage;
    struct connection_reply reply;
    struct content_source source = { .path = "/nowhere/file" };
    struct module_call call = { .module = "copy", .contents = &source, .content_count = 1, .receive_fd = -1 };
    stage_open(&stage, NULL);
    greet(&stage);
    uint32_t number = submit(&stage, &call);
    heard(&stage);
    say(&stage, FRAME_WANT, number, "{\"content\": 1}");
    take(&stage, &reply);
    assert_string_equal(heard(&stage).data,
                        "{\"error\":\"cannot read '/nowhere/file' on the control side: No such file or directory\"}");
    say(&stage, FRAME_WANT, number, "{\"content\": 2}");
    take(&stage, &reply);
    assert_string_equal(heard(&stage).data, "{\"error\":\"the engine has no such content for this task\"}");
    stage_close(&stage);
}

/* A session that does not read must not make the client hold a big file in memory. */
static void content_is_sent_as_it_is_taken(void **state)
{
    (void)state;
    struct stage stage;
    struct connection_reply reply;
    char path[] = "/tmp/client-test-XXXXXX";
    FD_SCOPED fd = mkstemp(path);
    assert_int_equal(ftruncate(fd, 64 << 20), 0);
    struct content_source source = { .path = path };
    struct module_call call = { .module = "copy", .contents = &source, .content_count = 1, .receive_fd = -1 };
    stage_open(&stage, NULL);
    greet(&stage);
    uint32_t number = submit(&stage, &call);
    say(&stage, FRAME_WANT, number, "{\"content\": 1}");
    for (int i = 0; i < 50; i++)
        take(&stage, &reply);
    assert_true(outbox_pending(&stage.client->outbox) <= 5 * (LIMIT_CONTENT_CHUNK + FRAME_HEADER_SIZE));
    say(&stage, FRAME_RESULT, number, "{\"failed\": true}"); /* the node gave up: the rest is not sent */
    assert_int_equal(take(&stage, &reply), CONNECTION_RESULT);
    assert_int_equal(stage.client->content_fd, -1);
    stage_close(&stage);
    unlink(path);
}

static void content_from_the_node(void **state)
{
    (void)state;
    struct stage stage;
    struct connection_reply reply;
    char path[] = "/tmp/client-test-XXXXXX", got[16] = "";
    FD_SCOPED fd = mkstemp(path);
    struct module_call call = { .module = "fetch", .receive_fd = fd };
    stage_open(&stage, NULL);
    greet(&stage);
    uint32_t number = submit(&stage, &call);
    say(&stage, FRAME_CONTENT, number, "first ");
    say(&stage, FRAME_CONTENT, number, "second");
    say(&stage, FRAME_END, number, "{}");
    say(&stage, FRAME_RESULT, number, "{}");
    assert_int_equal(take(&stage, &reply), CONNECTION_RESULT);
    assert_int_equal(pread(fd, got, sizeof(got), 0), 12);
    assert_string_equal(got, "first second");
    stage_close(&stage);
    unlink(path);
}

static void content_that_nobody_asked_for(void **state)
{
    (void)state;
    struct stage stage;
    struct module_call call = { .module = "ping", .receive_fd = -1 };
    stage_open(&stage, NULL);
    greet(&stage);
    say(&stage, FRAME_CONTENT, submit(&stage, &call), "x");
    expect_lost(&stage, "the conversation with the node broke: the session sent content that nobody asked for");
}

/* --- children --- */

static struct connection *start_script(struct stage *stage, char *path, const char *body)
{
    struct connection *connection = NULL;
    struct error err = ERROR_INIT;
    FD_SCOPED fd = mkstemp(path);
    assert_true(fd_write_all(fd, body, strlen(body), &err));
    assert_int_equal(fchmod(fd, 0700), 0);
    fd_close(fd);
    fd = -1;
    *stage = (struct stage){ .arena = arena_new(), .target = { .host = "here" } };
    assert_true(local_open(path, &stage->target, &connection, &err));
    stage->connection = connection;
    return connection;
}

static void expect_end(const char *script, const char *sentence)
{
    struct stage stage;
    struct connection_reply reply;
    char path[] = "/tmp/client-test-XXXXXX";
    start_script(&stage, path, script);
    assert_int_equal(take_soon(&stage, &reply), CONNECTION_LOST);
    assert_string_equal(reply.message, sentence);
    stage.connection->ops->close(stage.connection);
    arena_free(stage.arena);
    unlink(path);
}

static void how_a_child_ended_is_told(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    expect_end("#!/bin/sh\necho no libraries >&2\nexit 127\n", "the session ended early with status 127: no libraries");
    expect_end("#!/bin/sh\nkill -9 $$\n", "the session was killed by signal 9 (Killed)");
}

/* A child that goes on without its pipes, and one that ignores the end: close() does not wait for ever. */
static void a_stubborn_child_is_ended(void **state)
{
    (void)state;
    struct stage stage;
    char path[] = "/tmp/client-test-XXXXXX";
    start_script(&stage, path, "#!/bin/sh\ntrap '' TERM\nwhile :; do sleep 0.1; done\n");
    pid_t pid = ((struct client *)(void *)stage.connection)->child.pid;
    int64_t began = clock_monotonic_ms();
    stage.connection->ops->close(stage.connection);
    assert_in_range(clock_monotonic_ms() - began, 1000, 8000);
    assert_int_equal(kill(pid, 0), -1);
    arena_free(stage.arena);
    unlink(path);
}

static void a_missing_agent_is_told_at_once(void **state)
{
    (void)state;
    struct connection *connection = NULL;
    struct connection_target target = { .host = "here" };
    struct error err = ERROR_INIT;
    assert_false(local_open("/nowhere/roost-agent", &target, &connection, &err));
    assert_string_equal(err.text, "local connection: cannot start '/nowhere/roost-agent': No such file or directory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_waits_for_the_greeting),
        cmocka_unit_test(all_of_a_call_is_told),
        cmocka_unit_test(several_calls_and_their_progress),
        cmocka_unit_test(another_protocol_is_refused_by_name),
        cmocka_unit_test(a_greeting_must_come_first),
        cmocka_unit_test(an_answer_to_nothing_breaks_it),
        cmocka_unit_test(no_greeting_in_time),
        cmocka_unit_test(noise_before_the_marker_is_passed_over),
        cmocka_unit_test(a_line_longer_than_the_buffer_is_noise),
        cmocka_unit_test(endless_noise_ends_it),
        cmocka_unit_test(the_script_refuses),
        cmocka_unit_test(garbage_after_the_greeting_breaks_it),
        cmocka_unit_test(an_early_end_tells_what_was_said),
        cmocka_unit_test(content_of_memory_and_files),
        cmocka_unit_test(content_that_is_not_there),
        cmocka_unit_test(content_is_sent_as_it_is_taken),
        cmocka_unit_test(content_from_the_node),
        cmocka_unit_test(content_that_nobody_asked_for),
        cmocka_unit_test(how_a_child_ended_is_told),
        cmocka_unit_test(a_stubborn_child_is_ended),
        cmocka_unit_test(a_missing_agent_is_told_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Frames over pipes: whole, in pieces, many at once, broken. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/json/json.h"
#include "common/protocol/frame.h"

struct wire {
    int ends[2];
    struct frame_reader *reader;
};

static void wire_open(struct wire *wire)
{
    assert_int_equal(pipe(wire->ends), 0);
    assert_int_equal(fcntl(wire->ends[0], F_SETFL, O_NONBLOCK), 0);
    wire->reader = frame_reader_new(wire->ends[0]);
    assert_non_null(wire->reader);
}

static void wire_close(struct wire *wire)
{
    frame_reader_free(wire->reader);
    close(wire->ends[0]);
    if (wire->ends[1] >= 0)
        close(wire->ends[1]);
}

static void wire_put(struct wire *wire, const void *data, size_t length)
{
    assert_int_equal(write(wire->ends[1], data, length), length);
}

static void test_frames_in_a_row(void **state)
{
    struct error err = ERROR_INIT;
    struct frame frame = { 0 };
    struct wire wire;

    (void)state;
    wire_open(&wire);
    assert_true(frame_write(wire.ends[1], FRAME_TASK, 7, "one", 3, &err));
    assert_true(frame_write(wire.ends[1], FRAME_BYE, 0, NULL, 0, &err));
    assert_true(frame_write(wire.ends[1], FRAME_RESULT, 0xFFFFFFFF, "three", 5, &err));
    assert_false(frame_is_buffered(wire.reader));
    assert_int_equal(frame_read(wire.reader, &frame, &err), FRAME_READY);
    assert_int_equal(frame.kind, FRAME_TASK);
    assert_int_equal(frame.channel, 7);
    assert_string_equal(frame.data, "one");
    assert_true(frame_is_buffered(wire.reader));
    assert_int_equal(frame_read(wire.reader, &frame, &err), FRAME_READY);
    assert_int_equal(frame.kind, FRAME_BYE);
    assert_int_equal(frame.length, 0);
    assert_string_equal(frame.data, "");
    assert_int_equal(frame_read(wire.reader, &frame, &err), FRAME_READY);
    assert_true(frame.channel == 0xFFFFFFFF);
    assert_string_equal(frame.data, "three");
    assert_int_equal(frame_read(wire.reader, &frame, &err), FRAME_AGAIN);
    close(wire.ends[1]);
    wire.ends[1] = -1;
    assert_int_equal(frame_read(wire.reader, &frame, &err), FRAME_EOF);
    wire_close(&wire);
}

static void test_one_byte_at_a_time(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct text data = text_new(arena);
    struct error err = ERROR_INIT;
    struct frame frame = { 0 };
    struct wire wire;
    int ready = 0;

    (void)state;
    wire_open(&wire);
    assert_true(frame_encode(&data, FRAME_PROGRESS, 1, "a\0c", 3, &err));
    assert_true(frame_encode(&data, FRAME_CANCEL, 2, "", 0, &err));
    for (size_t i = 0; i < data.length; i++) {
        enum frame_status status;

        wire_put(&wire, data.data + i, 1);
        status = frame_read(wire.reader, &frame, &err);
        assert_true(status == FRAME_READY || status == FRAME_AGAIN);
        ready += status == FRAME_READY;
        if (status == FRAME_READY && frame.kind == FRAME_PROGRESS)
            assert_memory_equal(frame.data, "a\0c", 4);
    }
    assert_int_equal(ready, 2);
    wire_close(&wire);
}

static void test_a_large_frame(void **state)
{
    struct error err = ERROR_INIT;
    struct frame frame = { 0 };
    size_t length = 5 * 1000 * 1000;
    char *data = malloc(length);
    enum frame_status status;
    struct wire wire;
    pid_t child;

    (void)state;
    assert_non_null(data);
    memset(data, 'L', length);
    wire_open(&wire);
    child = fork();
    if (child == 0)
        _exit(frame_write(wire.ends[1], FRAME_CONTENT, 3, data, length, &err) &&
                      frame_write(wire.ends[1], FRAME_END, 3, "{}", 2, &err)
                  ? 0
                  : 1);
    fcntl(wire.ends[0], F_SETFL, 0);
    while ((status = frame_read(wire.reader, &frame, &err)) == FRAME_AGAIN)
        ;
    assert_int_equal(status, FRAME_READY);
    assert_int_equal(frame.length, length);
    assert_memory_equal(frame.data, data, length);
    while ((status = frame_read(wire.reader, &frame, &err)) == FRAME_AGAIN)
        ;
    assert_int_equal(status, FRAME_READY);
    assert_string_equal(frame.data, "{}");
    waitpid(child, NULL, 0);
    free(data);
    wire_close(&wire);
}

struct broken_case {
    const char *data;
    size_t length;
    bool ends;
    const char *text;
};

static const struct broken_case broken[] = {
    { "\x02\0\0\x01\x02\0\0\0\0", 9, false, "a frame of 33554433 bytes was announced, at most 33554432 are allowed" },
    { "\xff\xff\xff\xff\x02\0\0\0\0", 9, false, "a frame of 4294967295 bytes was announced" },
    { "\0\0\0\0\0\0\0\0\0", 9, false, "unknown kind of frame: 0" },
    { "\0\0\0\0\x0a\0\0\0\0", 9, false, "unknown kind of frame: 10" },
    { "Welcome to node1!\n", 18, false, "the other side sent text where a frame was expected: 'Welcome to node1!'" },
    { "\0\0\0\x05\x02\0\0\0\0ab", 11, true, "the stream ended inside a frame" },
    { "\0\0", 2, true, "the stream ended inside a frame" },
};

static void test_broken_streams(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        struct error err = ERROR_INIT;
        struct frame frame = { 0 };
        enum frame_status status;
        struct wire wire;

        wire_open(&wire);
        wire_put(&wire, broken[i].data, broken[i].length);
        status = frame_read(wire.reader, &frame, &err);
        if (broken[i].ends) {
            assert_int_equal(status, FRAME_AGAIN);
            close(wire.ends[1]);
            wire.ends[1] = -1;
            status = frame_read(wire.reader, &frame, &err);
        }
        assert_int_equal(status, FRAME_BROKEN);
        if (strstr(err.text, broken[i].text) == NULL)
            fail_msg("%s", err.text);
        assert_int_equal(frame_read(wire.reader, &frame, &err), FRAME_BROKEN);
        assert_string_equal(err.text, "the stream of frames is broken");
        wire_close(&wire);
    }
}

static void test_too_large_to_write(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct text out = text_new(arena);
    struct error err = ERROR_INIT;

    (void)state;
    assert_false(frame_encode(&out, FRAME_RESULT, 1, "", (size_t)LIMIT_FRAME + 1, &err));
    assert_int_equal(err.kind, ERROR_LIMIT);
    assert_int_equal(out.length, 0);
    assert_false(frame_write(-1, FRAME_BYE, 0, "", 0, &err));
    assert_string_equal(err.text, "cannot write a frame: Bad file descriptor");
}

static void test_values(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct value *map = value_map(arena);
    const struct value *back = NULL;
    struct error err = ERROR_INIT;
    struct frame frame = { 0 };
    struct wire wire;

    (void)state;
    wire_open(&wire);
    value_map_put_string(arena, map, "stdout", "caf\xE9 \xC3\xA9");
    value_map_put(arena, map, "n", value_real(arena, 1e300 * 1e300));
    assert_true(frame_write_value(wire.ends[1], FRAME_RESULT, 1, map, &err));
    assert_int_equal(frame_read(wire.reader, &frame, &err), FRAME_READY);
    assert_true(json_read(arena, frame.data, frame.length, NULL, &back, &err));
    assert_true(value_equal(map, back));
    wire_close(&wire);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_frames_in_a_row),    cmocka_unit_test(test_one_byte_at_a_time),
        cmocka_unit_test(test_a_large_frame),      cmocka_unit_test(test_broken_streams),
        cmocka_unit_test(test_too_large_to_write), cmocka_unit_test(test_values),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Messages and descriptors over a control socket, and what is no message. */
#include "common/protocol/control.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static void messages_and_descriptors_arrive(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct value *body = value_map(arena);
    struct control_message sent = { .body = body }, got;
    struct error err = ERROR_INIT;
    int ends[2], pipes[2];
    char byte = 0;

    (void)state;
    assert_true(control_pair(ends, &err));
    assert_int_equal(control_receive(ends[1], arena, &got), CONTROL_AGAIN);
    assert_int_equal(pipe(pipes), 0);
    value_map_put_string(arena, body, "do", "session");
    sent.fds[0] = pipes[0];
    sent.fds[1] = pipes[1];
    sent.fd_count = 2;
    assert_true(control_send(ends[0], &sent, &err));
    assert_int_equal(control_receive(ends[1], arena, &got), CONTROL_READY);
    assert_string_equal(value_map_text(got.body, "do"), "session");
    assert_int_equal(got.fd_count, 2);
    assert_int_equal(write(got.fds[1], "x", 1), 1);
    assert_int_equal(read(pipes[0], &byte, 1), 1);
    assert_int_equal(byte, 'x');
    control_message_close(&got);
    close(pipes[0]);
    close(pipes[1]);
    close(ends[0]);
    assert_int_equal(control_receive(ends[1], arena, &got), CONTROL_END);
    close(ends[1]);
}

static void what_is_no_message_ends_it(void **state)
{
    static const char *const wrong[] = { "no json", "[1]", "\"text\"" };
    ARENA_SCOPED arena = arena_new();
    struct control_message got;
    struct error err = ERROR_INIT;
    int ends[2];

    (void)state;
    assert_true(control_pair(ends, &err));
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_true(send(ends[0], wrong[i], strlen(wrong[i]), 0) > 0);
        assert_int_equal(control_receive(ends[1], arena, &got), CONTROL_END);
    }
    close(ends[0]);
    close(ends[1]);
}

static void too_long_and_too_many(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct value *body = value_map(arena);
    struct control_message sent = { .body = body };
    struct error err = ERROR_INIT;
    char *text = arena_alloc(arena, CONTROL_MESSAGE + 1);
    int ends[2], count = 0;

    (void)state;
    assert_true(control_pair(ends, &err));
    while (control_send(ends[0], &sent, &err) && count < 100000)
        count++;
    assert_int_equal(err.kind, ERROR_LIMIT);
    memset(text, 'x', CONTROL_MESSAGE);
    value_map_put_string(arena, body, "text", text);
    assert_false(control_send(ends[0], &sent, &err));
    assert_non_null(strstr(err.text, "too long"));
    close(ends[0]);
    close(ends[1]);
}

static void memory_holds_what_is_long(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct error err = ERROR_INIT;
    const char *back = NULL;
    size_t length = 0;
    int fd = control_memory("a\0b", 3, &err);

    (void)state;
    assert_true(fd >= 0);
    assert_true(control_memory_read(fd, arena, &back, &length, &err));
    assert_int_equal(length, 3);
    assert_memory_equal(back, "a\0b", 3);
    assert_int_equal(write(fd, "x", 1), -1); /* sealed */
    close(fd);
    assert_false(control_memory_read(-1, arena, &back, &length, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_and_descriptors_arrive),
        cmocka_unit_test(what_is_no_message_ends_it),
        cmocka_unit_test(too_long_and_too_many),
        cmocka_unit_test(memory_holds_what_is_long),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

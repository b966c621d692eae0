/* SPDX-License-Identifier: Apache-2.0 */
/* The queue before a pipe: order, growth, a full pipe, a broken one, and that nothing of a password stays behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "common/base/fd.h"
#include "engine/channel/outbox.h"

static void make_pipe(int ends[2])
{
    struct error err = ERROR_INIT;
    assert_int_equal(pipe(ends), 0);
    assert_true(fd_set_nonblocking(ends[0], true, &err));
    assert_true(fd_set_nonblocking(ends[1], true, &err));
}

static void empty_has_nothing_to_do(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    struct outbox outbox = { 0 };
    outbox_add(&outbox, "", 0);
    assert_int_equal(outbox_pending(&outbox), 0);
    assert_true(outbox_flush(&outbox, -1, &err));
    outbox_free(&outbox);
}

static void bytes_leave_in_order(void **state)
{
    (void)state;
    int ends[2];
    char got[16] = "";
    struct error err = ERROR_INIT;
    struct outbox outbox = { 0 };
    make_pipe(ends);
    outbox_add(&outbox, "one ", 4);
    outbox_add(&outbox, "t\0o", 3);
    assert_int_equal(outbox_pending(&outbox), 7);
    assert_true(outbox_flush(&outbox, ends[1], &err));
    assert_int_equal(outbox_pending(&outbox), 0);
    assert_int_equal(read(ends[0], got, sizeof(got)), 7);
    assert_memory_equal(got, "one t\0o", 7);
    outbox_free(&outbox);
    close(ends[0]);
    close(ends[1]);
}

static void fill(char *data, size_t length)
{
    for (size_t i = 0; i < length; i++)
        data[i] = (char)(i * 7 + i / 251);
}

/* More than a pipe holds: what is left stays, in order, also when more is added meanwhile. */
static void a_full_pipe_keeps_the_rest(void **state)
{
    (void)state;
    enum { PART = 300000, ALL = 2 * PART };
    int ends[2];
    struct error err = ERROR_INIT;
    struct outbox outbox = { 0 };
    char *sent = malloc(ALL), *got = malloc(ALL);
    size_t received = 0;
    fill(sent, ALL);
    make_pipe(ends);
    outbox_add(&outbox, sent, PART);
    assert_true(outbox_flush(&outbox, ends[1], &err));
    assert_true(outbox_pending(&outbox) > 0);
    assert_true(outbox_pending(&outbox) < PART);
    outbox_add(&outbox, sent + PART, PART);
    while (received < ALL) {
        ssize_t size = read(ends[0], got + received, ALL - received);
        if (size > 0)
            received += (size_t)size;
        assert_true(outbox_flush(&outbox, ends[1], &err));
    }
    assert_int_equal(outbox_pending(&outbox), 0);
    assert_memory_equal(sent, got, ALL);
    outbox_free(&outbox);
    free(sent);
    free(got);
    close(ends[0]);
    close(ends[1]);
}

static void a_broken_pipe_is_an_error(void **state)
{
    (void)state;
    int ends[2];
    struct error err = ERROR_INIT;
    struct outbox outbox = { 0 };
    signal(SIGPIPE, SIG_IGN);
    make_pipe(ends);
    close(ends[0]);
    outbox_add(&outbox, "x", 1);
    assert_false(outbox_flush(&outbox, ends[1], &err));
    assert_string_equal(err.text, "cannot write to the session: Broken pipe");
    outbox_free(&outbox);
    close(ends[1]);
}

static void what_was_sent_is_wiped(void **state)
{
    (void)state;
    int ends[2];
    struct error err = ERROR_INIT;
    struct outbox outbox = { 0 };
    make_pipe(ends);
    outbox_add(&outbox, "password", 8);
    const char *data = outbox.data;
    assert_true(outbox_flush(&outbox, ends[1], &err));
    assert_memory_equal(data, "\0\0\0\0\0\0\0\0", 8);
    outbox_free(&outbox);
    assert_null(outbox.data);
    close(ends[0]);
    close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_has_nothing_to_do),    cmocka_unit_test(bytes_leave_in_order),
        cmocka_unit_test(a_full_pipe_keeps_the_rest), cmocka_unit_test(a_broken_pipe_is_an_error),
        cmocka_unit_test(what_was_sent_is_wiped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

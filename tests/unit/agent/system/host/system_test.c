/* SPDX-License-Identifier: Apache-2.0 */
/* The root folder, and waiting that ends early. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/system/host/system.h"
#include "common/base/clock.h"

static void puts_paths_behind_the_root(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct system real = { .root = "" }, bare = { 0 }, tree = { .root = "/srv/tree" };

    (void)state;
    assert_string_equal(system_path(&real, arena, "/etc/hosts"), "/etc/hosts");
    assert_string_equal(system_path(&bare, arena, "/etc/hosts"), "/etc/hosts");
    assert_string_equal(system_path(&tree, arena, "/etc/hosts"), "/srv/tree/etc/hosts");
    assert_string_equal(system_path(&tree, arena, "etc/hosts"), "/srv/tree/etc/hosts");
}

static void pauses_as_long_as_asked(void **state)
{
    struct system system = { .root = "" };
    struct error err = ERROR_INIT;
    int64_t start = clock_monotonic_ms();

    (void)state;
    assert_true(system_pause(&system, 60, &err));
    assert_true(clock_monotonic_ms() - start >= 60);
}

static void pauses_no_longer_than_the_deadline(void **state)
{
    struct system system = { .root = "", .deadline_ms = clock_monotonic_ms() + 50 };
    struct error err = ERROR_INIT;
    int64_t start = clock_monotonic_ms();

    (void)state;
    assert_false(system_pause(&system, 10000, &err));
    assert_int_equal(err.kind, ERROR_GENERIC);
    assert_string_equal(err.text, "the task's time is up");
    assert_true(clock_monotonic_ms() - start < 2000);
}

struct canceller {
    int fd;
    bool is_cancelled;
};

static void cancel(void *context)
{
    struct canceller *canceller = context;
    char byte;

    canceller->is_cancelled = read(canceller->fd, &byte, 1) == 1;
}

static void looks_at_the_watch(void **state)
{
    struct error err = ERROR_INIT;
    int pipes[2];

    (void)state;
    assert_int_equal(pipe(pipes), 0);
    struct canceller canceller = { .fd = pipes[0] };
    struct system_watch watch = { .fd = pipes[0], .ready = cancel, .context = &canceller };
    struct system system = { .root = "", .cancelled = &canceller.is_cancelled, .watch = &watch };
    assert_false(system_is_cancelled(&system));
    assert_true(system_pause(&system, 10, &err));
    assert_int_equal(write(pipes[1], "x", 1), 1);
    assert_false(system_pause(&system, 10000, &err));
    assert_int_equal(err.kind, ERROR_CANCELLED);
    assert_true(system_is_cancelled(&system));
    close(pipes[0]);
    close(pipes[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(puts_paths_behind_the_root),
        cmocka_unit_test(pauses_as_long_as_asked),
        cmocka_unit_test(pauses_no_longer_than_the_deadline),
        cmocka_unit_test(looks_at_the_watch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

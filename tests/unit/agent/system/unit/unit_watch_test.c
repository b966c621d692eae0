/* SPDX-License-Identifier: Apache-2.0 */
/* A bus of this test's own, on which the test plays systemd. */
#include "agent/system/unit/unit_watch.h"

#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <systemd/sd-bus.h>

#include "common/base/clock.h"
#include "common/base/path.h"

extern char **environ;

struct fixture {
    char folder[64], address[128], path[96];
    pid_t daemon;
    sd_bus *systemd; /* the test's end */
    struct unit_watch *watch;
    struct arena *arena;
};

static void bus_start(struct fixture *fixture)
{
    char address[160];
    char *argv[] = { "dbus-daemon", "--session", "--nofork", "--nopidfile", address, NULL };
    int64_t end_ms = clock_monotonic_ms() + 10000;

    snprintf(address, sizeof(address), "--address=%s", fixture->address);
    unlink(fixture->path);
    assert_int_equal(posix_spawnp(&fixture->daemon, "dbus-daemon", NULL, NULL, argv, environ), 0);
    while (access(fixture->path, F_OK) != 0 && clock_monotonic_ms() < end_ms)
        usleep(5000);
    /* its file is there before it listens; a connection that failed is of no use any more */
    while (sd_bus_new(&fixture->systemd) < 0 || sd_bus_set_address(fixture->systemd, fixture->address) < 0 ||
           sd_bus_set_bus_client(fixture->systemd, true) < 0 || sd_bus_start(fixture->systemd) < 0) {
        fixture->systemd = sd_bus_unref(fixture->systemd);
        assert_true(clock_monotonic_ms() < end_ms);
        usleep(5000);
    }
}

static void bus_stop(struct fixture *fixture)
{
    fixture->systemd = sd_bus_close_unref(fixture->systemd);
    if (fixture->daemon > 0) {
        kill(fixture->daemon, SIGTERM);
        waitpid(fixture->daemon, NULL, 0);
    }
    fixture->daemon = 0;
}

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    snprintf(fixture->folder, sizeof(fixture->folder), "/tmp/roost-bus-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    snprintf(fixture->path, sizeof(fixture->path), "%s/bus", fixture->folder);
    snprintf(fixture->address, sizeof(fixture->address), "unix:path=%s", fixture->path);
    fixture->watch = unit_watch_new(fixture->address);
    fixture->arena = arena_new();
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    bus_stop(fixture);
    unit_watch_free(fixture->watch);
    unlink(fixture->path);
    rmdir(fixture->folder);
    arena_free(fixture->arena);
    free(fixture);
    return 0;
}

/* What is told within that time: names with commas, "*" for all. */
static const char *told(struct fixture *fixture, int within_ms)
{
    int64_t end_ms = clock_monotonic_ms() + within_ms;
    static char out[256];

    out[0] = '\0';
    while (out[0] == '\0' && clock_monotonic_ms() < end_ms) {
        struct pollfd fd = { .fd = unit_watch_fd(fixture->watch), .events = unit_watch_events(fixture->watch) };
        struct unit_watch_touched touched;
        struct error err = ERROR_INIT;

        (void)poll(&fd, 1, 20);
        (void)unit_watch_take(fixture->watch, fixture->arena, &touched, &err);
        for (size_t i = 0; i < touched.count; i++)
            snprintf(out + strlen(out), sizeof(out) - strlen(out), "%s,", touched.units[i]);
        if (touched.all)
            snprintf(out + strlen(out), sizeof(out) - strlen(out), "*");
    }
    return out;
}

static void state_signal(struct fixture *fixture, const char *path, const char *active)
{
    sd_bus_message *message = NULL;

    assert_true(sd_bus_message_new_signal(fixture->systemd, &message, path, "org.freedesktop.DBus.Properties",
                                          "PropertiesChanged") >= 0);
    assert_true(sd_bus_message_append(message, "sa{sv}as", "org.freedesktop.systemd1.Unit", 2, "StatusText", "s",
                                      "busy", "ActiveState", "s", active, 0) >= 0);
    assert_true(sd_bus_send(fixture->systemd, message, NULL) >= 0);
    sd_bus_message_unref(message);
    assert_true(sd_bus_flush(fixture->systemd) >= 0);
}

static void watch_begin(struct fixture *fixture)
{
    struct error err = ERROR_INIT;

    if (!path_is_file("/usr/bin/dbus-daemon"))
        skip();
    bus_start(fixture);
    assert_true(unit_watch_set(fixture->watch, (const char *const[]){ "nginx.service", "my-app@1.service" }, 2, &err));
    for (int64_t end_ms = clock_monotonic_ms() + 20000; clock_monotonic_ms() < end_ms;) {
        (void)told(fixture, 20);
        if (unit_watch_due_ms(fixture->watch) == -1) /* all it asked of the bus is answered */
            break;
    }
}

#define NGINX "/org/freedesktop/systemd1/unit/nginx_2eservice"

static void test_states(void **state)
{
    struct fixture *fixture = *state;

    watch_begin(fixture);
    state_signal(fixture, NGINX, "inactive");
    assert_string_equal(told(fixture, 2000), "nginx.service,");
    /* the same state with another status text is no news */
    state_signal(fixture, NGINX, "inactive");
    state_signal(fixture, "/org/freedesktop/systemd1/unit/other_2eservice", "failed");
    assert_string_equal(told(fixture, 300), "");
    state_signal(fixture, NGINX, "failed");
    assert_string_equal(told(fixture, 2000), "nginx.service,");
    state_signal(fixture, "/org/freedesktop/systemd1/unit/my_2dapp_401_2eservice", "failed");
    assert_string_equal(told(fixture, 2000), "my-app@1.service,");
    assert_int_equal(unit_watch_due_ms(fixture->watch), -1); /* idle: nothing to wake up for */
}

static void test_unit_files(void **state)
{
    struct fixture *fixture = *state;

    watch_begin(fixture);
    assert_true(sd_bus_emit_signal(fixture->systemd, "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager",
                                   "UnitFilesChanged", "") >= 0);
    assert_true(sd_bus_flush(fixture->systemd) >= 0);
    assert_string_equal(told(fixture, 2000), "*");
}

/* The bus goes and comes back: whatever happened meanwhile, all are to be looked at, and signals arrive again. */
static void test_bus_restart(void **state)
{
    struct fixture *fixture = *state;

    watch_begin(fixture);
    bus_stop(fixture);
    assert_string_equal(told(fixture, 300), "");
    assert_int_equal(unit_watch_fd(fixture->watch), -1);
    assert_true(unit_watch_due_ms(fixture->watch) > 0);
    bus_start(fixture);
    assert_string_equal(told(fixture, 10000), "*");
    state_signal(fixture, NGINX, "failed");
    assert_string_equal(told(fixture, 2000), "nginx.service,");
}

static void test_no_bus(void **state)
{
    struct fixture *fixture = *state;
    struct error err = ERROR_INIT;

    assert_false(unit_watch_set(fixture->watch, (const char *const[]){ "nginx.service" }, 1, &err));
    assert_non_null(strstr(err.text, "units cannot be watched, the timed check looks at them: no bus: "));
    assert_int_equal(unit_watch_fd(fixture->watch), -1);
    assert_true(unit_watch_set(fixture->watch, NULL, 0, &err));
    assert_int_equal(unit_watch_due_ms(fixture->watch), -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = { TEST(test_states), TEST(test_unit_files), TEST(test_bus_restart),
                                        TEST(test_no_bus) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

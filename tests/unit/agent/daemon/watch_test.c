/* SPDX-License-Identifier: Apache-2.0 */
/* Managed paths touched in the ways people and programs touch them. */
#include "agent/daemon/watch.h"

#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/fd.h"
#include "common/base/text.h"

struct fixture {
    struct arena *arena;
    char folder[64];
    struct watch *watch;
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    struct error err = ERROR_INIT;

    fixture->arena = arena_new();
    snprintf(fixture->folder, sizeof(fixture->folder), "/tmp/roost-watch-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    assert_true(watch_open(&fixture->watch, &err));
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    static const char *const names[] = {
        "a", "b", "c", "new", "deep/er/file", "deep/er", "deep", "moved/er/file", "moved/er", "moved"
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        remove(arena_printf(fixture->arena, "%s/%s", fixture->folder, names[i]));
    assert_int_equal(rmdir(fixture->folder), 0);
    watch_close(fixture->watch);
    arena_free(fixture->arena);
    free(fixture);
    return 0;
}

static const char *in(struct fixture *fixture, const char *name)
{
    return arena_printf(fixture->arena, "%s/%s", fixture->folder, name);
}

static void put(struct fixture *fixture, const char *name, const char *text)
{
    FILE *file = fopen(in(fixture, name), "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void watch_these(struct fixture *fixture, const char *const *names)
{
    const char *paths[8];
    size_t count = 0;
    struct error err = ERROR_INIT;

    for (; names[count] != NULL; count++)
        paths[count] = in(fixture, names[count]);
    if (!watch_set(fixture->watch, paths, count, &err))
        fail_msg("%s", err.text);
}

/* The touched paths below the folder, in order, blanks between; "*" stands for all. Nothing is waited for: the kernel has
 * queued an event when the call that caused it returns. */
static const char *touched(struct fixture *fixture)
{
    struct watch_touched out;
    struct error err = ERROR_INIT;
    char *text = arena_copy(fixture->arena, "");

    if (!watch_take(fixture->watch, fixture->arena, &out, &err))
        fail_msg("%s", err.text);
    for (size_t i = 0; i < out.count; i++)
        text =
            arena_printf(fixture->arena, "%s%s%s", text, i > 0 ? " " : "", out.paths[i] + strlen(fixture->folder) + 1);
    return out.all ? arena_printf(fixture->arena, "* %s", text) : text;
}

#define NAMES(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void tells_which_file_was_touched(void **state)
{
    struct fixture *fixture = *state;
    struct pollfd poll_fd = { .fd = watch_fd(fixture->watch), .events = POLLIN };

    put(fixture, "a", "1");
    put(fixture, "b", "1");
    watch_these(fixture, NAMES("a", "b"));
    assert_string_equal(touched(fixture), "");
    put(fixture, "c", "not managed");
    assert_string_equal(touched(fixture), "");
    put(fixture, "a", "2");
    assert_int_equal(poll(&poll_fd, 1, 0), 1);
    assert_string_equal(touched(fixture), "a");
    assert_string_equal(touched(fixture), "");
    assert_int_equal(chmod(in(fixture, "b"), 0600), 0);
    assert_string_equal(touched(fixture), "b");
    put(fixture, "new", "3");
    assert_int_equal(rename(in(fixture, "new"), in(fixture, "a")), 0);
    assert_string_equal(touched(fixture), "a");
    assert_int_equal(unlink(in(fixture, "a")), 0);
    put(fixture, "b", "2");
    assert_string_equal(touched(fixture), "a b");
    put(fixture, "a", "back");
    assert_string_equal(touched(fixture), "a");
    assert_int_equal(poll(&poll_fd, 1, 0), 0);
}

static void own_changes_are_forgotten(void **state)
{
    struct fixture *fixture = *state;
    struct error err = ERROR_INIT;

    watch_these(fixture, NAMES("a"));
    put(fixture, "a", "by our own run");
    assert_true(watch_forget(fixture->watch, &err));
    assert_string_equal(touched(fixture), "");
    put(fixture, "a", "by someone else");
    assert_string_equal(touched(fixture), "a");
    watch_these(fixture, NAMES("b"));
    put(fixture, "a", "no longer managed");
    assert_string_equal(touched(fixture), "");
}

static void folders_may_come_and_go(void **state)
{
    struct fixture *fixture = *state;

    watch_these(fixture, NAMES("deep/er/file", "a"));
    assert_int_equal(mkdir(in(fixture, "deep"), 0755), 0);
    assert_string_equal(touched(fixture), "* deep/er/file");
    assert_int_equal(mkdir(in(fixture, "deep/er"), 0755), 0);
    assert_string_equal(touched(fixture), "* deep/er/file");
    put(fixture, "deep/er/file", "1");
    assert_string_equal(touched(fixture), "deep/er/file");
    assert_int_equal(rename(in(fixture, "deep/er"), in(fixture, "deep/re")), 0);
    assert_string_equal(touched(fixture), "* deep/er/file");
    assert_int_equal(rename(in(fixture, "deep/re"), in(fixture, "deep/er")), 0);
    assert_string_equal(touched(fixture), "* deep/er/file");
    put(fixture, "deep/er/file", "2");
    assert_string_equal(touched(fixture), "deep/er/file");
    put(fixture, "a", "1");
    assert_string_equal(touched(fixture), "a");
}

static int64_t queue_length(struct fixture *fixture)
{
    struct error err = ERROR_INIT;
    char *text = NULL;
    size_t length = 0;
    int64_t events = 0;

    assert_true(file_read(fixture->arena, "/proc/sys/fs/inotify/max_queued_events", 64, &text, &length, &err));
    assert_true(text_to_int(text_trim(fixture->arena, text, length), &events));
    return events;
}

static void too_many_events_mean_all(void **state)
{
    struct fixture *fixture = *state;
    const char *paths[] = { in(fixture, "a"), in(fixture, "b") };
    int64_t events = queue_length(fixture);

    put(fixture, "a", "1");
    put(fixture, "b", "1");
    watch_these(fixture, NAMES("a", "b"));
    for (int64_t i = 0; i <= events; i++) /* in turn: equal ones in a row are merged */
        assert_int_equal(chmod(paths[i % 2], 0600), 0);
    assert_string_equal(touched(fixture), "* a b");
}

/* No queue is left: that is told, nothing is seen, and the next time it is tried again. */
static void a_full_machine_is_told(void **state)
{
    struct fixture *fixture = *state;
    const char *paths[] = { in(fixture, "a") };
    struct error err = ERROR_INIT;
    struct watch *watch = NULL;
    struct watch_touched out;
    struct rlimit limit, none;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none = (struct rlimit){ 3, limit.rlim_max }; /* fails as the machine's own limit does */
    put(fixture, "a", "1");
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    assert_true(watch_open(&watch, &err));
    assert_false(watch_set(watch, paths, 1, &err));
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_non_null(strstr(err.text, "raise fs.inotify.max_user_instances"));
    assert_int_equal(watch_fd(watch), -1);
    assert_true(watch_take(watch, fixture->arena, &out, &err));
    assert_true(out.count == 0 && !out.all);
    assert_true(watch_set(watch, paths, 1, &err));
    put(fixture, "a", "2");
    assert_true(watch_take(watch, fixture->arena, &out, &err));
    assert_int_equal(out.count, 1);
    watch_close(watch);
}

#define WITH_WATCH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_WATCH(tells_which_file_was_touched), WITH_WATCH(own_changes_are_forgotten),
        WITH_WATCH(folders_may_come_and_go),      WITH_WATCH(too_many_events_mean_all),
        WITH_WATCH(a_full_machine_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The spool over restarts, torn writes and kills. */
#include "agent/daemon/spool.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/fd.h"
#include "common/base/text.h"

struct fixture {
    struct arena *arena;
    char folder[64], spool_folder[80];
    struct spool *spool;
};

static void spool_reopen(struct fixture *fixture, int64_t limit_bytes)
{
    struct error err = ERROR_INIT;

    spool_close(fixture->spool);
    fixture->spool = NULL;
    if (!spool_open(fixture->spool_folder, limit_bytes, &fixture->spool, &err))
        fail_msg("%s", err.text);
}

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    fixture->arena = arena_new();
    snprintf(fixture->folder, sizeof(fixture->folder), "/tmp/roost-spool-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    snprintf(fixture->spool_folder, sizeof(fixture->spool_folder), "%s/spool", fixture->folder);
    spool_reopen(fixture, 0);
    *state = fixture;
    return 0;
}

static size_t segments_of(const struct fixture *fixture, char last[256], bool removes)
{
    DIR *folder = opendir(fixture->spool_folder);
    size_t count = 0;

    last[0] = '\0';
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        if (entry->d_name[0] == '.')
            continue;
        count++;
        if (strcmp(entry->d_name, last) > 0)
            snprintf(last, 256, "%s", entry->d_name);
        if (removes)
            unlinkat(dirfd(folder), entry->d_name, 0);
    }
    closedir(folder);
    return count;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    char last[256];

    spool_close(fixture->spool);
    segments_of(fixture, last, true);
    rmdir(fixture->spool_folder);
    rmdir(fixture->folder);
    arena_free(fixture->arena);
    free(fixture);
    return 0;
}

static bool add(struct fixture *fixture, int64_t number, size_t padding, struct error *err)
{
    struct value *body = value_map(fixture->arena);
    char *text = arena_alloc(fixture->arena, padding + 1);

    memset(text, 'x', padding);
    value_map_put_int(fixture->arena, body, "number", number);
    value_map_put_string(fixture->arena, body, "padding", text);
    return spool_add(fixture->spool, "note", 1000 + number, body, err);
}

static void add_many(struct fixture *fixture, int64_t from, int64_t to, size_t padding)
{
    struct error err = ERROR_INIT;

    for (int64_t i = from; i <= to; i++) {
        if (!add(fixture, i, padding, &err))
            fail_msg("%s", err.text);
    }
    assert_true(spool_sync(fixture->spool, &err));
}

static struct value *read_some(struct fixture *fixture, size_t count, size_t bytes)
{
    struct error err = ERROR_INIT;
    struct value *records = NULL;

    if (!spool_read(fixture->spool, fixture->arena, count, bytes, &records, &err))
        fail_msg("%s", err.text);
    return records;
}

/* All records from `from` to `to`, in order, each with its number in the body. */
static void expect_records(struct fixture *fixture, int64_t from, int64_t to)
{
    struct value *records = read_some(fixture, SIZE_MAX, SIZE_MAX);

    assert_int_equal(value_count(records), to - from + 1);
    for (size_t i = 0; i < value_count(records); i++) {
        const struct value *record = value_item(records, i);

        assert_int_equal(value_map_get(record, "sequence")->as.integer, from + (int64_t)i);
        assert_int_equal(value_map_get(value_map_get(record, "body"), "number")->as.integer, from + (int64_t)i);
        assert_string_equal(value_map_text(record, "kind"), "note");
    }
}

static void keeps_over_a_restart(void **state)
{
    struct fixture *fixture = *state;
    struct error err = ERROR_INIT;

    expect_records(fixture, 1, 0);
    add_many(fixture, 1, 5, 10);
    expect_records(fixture, 1, 5);
    assert_true(spool_acknowledge(fixture->spool, 2, &err));
    expect_records(fixture, 3, 5);
    spool_reopen(fixture, 0);
    assert_int_equal(spool_last(fixture->spool), 5);
    expect_records(fixture, 1, 5); /* offered again: the acknowledgement is the controller's to know */
    assert_true(spool_acknowledge(fixture->spool, 5, &err));
    expect_records(fixture, 6, 5);
    add_many(fixture, 6, 7, 10);
    expect_records(fixture, 6, 7);
}

static void reads_in_portions(void **state)
{
    struct fixture *fixture = *state;

    add_many(fixture, 1, 10, 1000);
    assert_int_equal(value_count(read_some(fixture, 3, SIZE_MAX)), 3);
    assert_int_equal(value_count(read_some(fixture, 100, 2500)), 2);
    assert_int_equal(value_count(read_some(fixture, 100, 1)), 1); /* one always */
}

static void segments_go_when_acknowledged(void **state)
{
    struct fixture *fixture = *state;
    struct error err = ERROR_INIT;
    char last[256];

    add_many(fixture, 1, 40, 100000); /* four times the size of a segment */
    assert_in_range(segments_of(fixture, last, false), 4, 5);
    expect_records(fixture, 1, 40);
    assert_true(spool_acknowledge(fixture->spool, 39, &err));
    assert_int_equal(segments_of(fixture, last, false), 1);
    expect_records(fixture, 40, 40);
    assert_true(spool_acknowledge(fixture->spool, 40, &err));
    spool_reopen(fixture, 0);
    assert_int_equal(spool_last(fixture->spool), 40); /* numbers are never given twice */
    assert_false(spool_acknowledge(fixture->spool, 41, &err));
    assert_string_equal(err.text, "report 41 was acknowledged, but the last one is 40");
}

static void full_is_said_and_passes(void **state)
{
    struct fixture *fixture = *state;
    struct error err = ERROR_INIT;

    spool_reopen(fixture, 3 * SPOOL_SEGMENT_BYTES);
    add_many(fixture, 1, 31, 100000);
    assert_false(add(fixture, 32, 100000, &err));
    assert_int_equal(err.kind, ERROR_LIMIT);
    assert_non_null(strstr(err.text, "the spool is full"));
    assert_int_equal(spool_lost(fixture->spool), 1);
    assert_true(spool_acknowledge(fixture->spool, 20, &err));
    add_many(fixture, 32, 33, 100000);
    expect_records(fixture, 21, 33);
    assert_false(add(fixture, 34, SPOOL_RECORD_MAX, &err));
    assert_non_null(strstr(err.text, "too long to be kept"));
}

static void torn_and_damaged_tails_are_cut_off(void **state)
{
    struct fixture *fixture = *state;
    static const char *const tails[] = { "0", "0123456789abcdef {\"sequence\":4", "0123456789abcdef {\"sequence\":4}\n",
                                         "\n", "garbage\nmore\n" };
    char name[256];

    add_many(fixture, 1, 3, 10);
    for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
        segments_of(fixture, name, false);
        FILE *file = fopen(arena_printf(fixture->arena, "%s/%s", fixture->spool_folder, name), "a");

        fputs(tails[i], file);
        fclose(file);
        spool_reopen(fixture, 0);
        expect_records(fixture, 1, 3 + (int64_t)i);
        add_many(fixture, 4 + (int64_t)i, 4 + (int64_t)i, 10);
        expect_records(fixture, 1, 4 + (int64_t)i);
    }
}

static void a_full_disk_leaves_no_half_record(void **state)
{
    struct fixture *fixture = *state;
    struct rlimit before, small;
    struct error err = ERROR_INIT;

    add_many(fixture, 1, 3, 10);
    getrlimit(RLIMIT_FSIZE, &before);
    small = (struct rlimit){ .rlim_cur = 1500, .rlim_max = before.rlim_max };
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    assert_false(add(fixture, 4, 4000, &err));
    setrlimit(RLIMIT_FSIZE, &before);
    assert_non_null(strstr(err.text, "write failed"));
    add_many(fixture, 4, 4, 10);
    expect_records(fixture, 1, 4);
    spool_reopen(fixture, 0);
    expect_records(fixture, 1, 4);
}

/* Adds and syncs without end, telling each number that is safe. */
static void child_adds(struct fixture *fixture, int told, unsigned seed)
{
    struct error err = ERROR_INIT;

    for (;;) {
        int64_t number = spool_last(fixture->spool) + 1;

        if (!add(fixture, number, 1 + (seed * 7919 + (unsigned)number * 31) % 30000, &err) ||
            !spool_sync(fixture->spool, &err) || write(told, &number, sizeof(number)) != sizeof(number))
            _exit(1);
        arena_reset(fixture->arena);
    }
}

static int64_t kill_after(pid_t child, int told, unsigned records)
{
    int64_t number = 0;

    for (unsigned i = 0; i < records; i++)
        assert_int_equal(read(told, &number, sizeof(number)), sizeof(number));
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    while (read(told, &number, sizeof(number)) == sizeof(number))
        ; /* what it had told before it died */
    return number;
}

static void nothing_synced_is_lost_by_a_kill(void **state)
{
    struct fixture *fixture = *state;
    struct error err = ERROR_INIT;

    for (unsigned round = 0; round < 50; round++) {
        int told[2];
        int64_t safe = 0;
        pid_t child = -1;

        assert_int_equal(pipe(told), 0);
        child = fork();
        if (child == 0) {
            close(told[0]);
            child_adds(fixture, told[1], round);
        }
        close(told[1]);
        safe = kill_after(child, told[0], 1 + round * 13 % 17);
        close(told[0]);
        spool_reopen(fixture, 0);
        assert_true(spool_last(fixture->spool) >= safe);
        struct value *records = read_some(fixture, SIZE_MAX, SIZE_MAX);
        const struct value *first = value_map_get(value_item(records, 0), "sequence");
        expect_records(fixture, first->as.integer, spool_last(fixture->spool));
        assert_true(spool_acknowledge(fixture->spool, safe - safe % 3, &err));
        arena_reset(fixture->arena);
    }
}

/* Destroys `length` bytes at the place of `what` in the segment that begins with record `first`. */
static void damage(struct fixture *fixture, int64_t first, const char *what, size_t length)
{
    struct error err = ERROR_INIT;
    char path[160], *data = NULL;
    size_t size = 0;
    const char *at;
    int fd;

    snprintf(path, sizeof(path), "%s/reports.%020lld", fixture->spool_folder, (long long)first);
    assert_true(file_read(fixture->arena, path, SIZE_MAX, &data, &size, &err));
    at = memmem(data, size, what, strlen(what));
    assert_non_null(at);
    fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_int_equal(pwrite(fd, "################################", length, at - data), length);
    close(fd);
}

static void expect_gap(struct fixture *fixture, int64_t from, int64_t to)
{
    const struct value *gap = value_item(read_some(fixture, SIZE_MAX, SIZE_MAX), 0);
    const struct value *body = value_map_get(gap, "body");

    assert_string_equal(value_map_text(gap, "kind"), "gap");
    assert_int_equal(value_map_get(gap, "sequence")->as.integer, to);
    assert_int_equal(value_map_get(body, "from")->as.integer, from);
    assert_int_equal(value_map_get(body, "to")->as.integer, to);
}

static void what_is_damaged_becomes_a_gap(void **state)
{
    struct fixture *fixture = *state;
    struct error err = ERROR_INIT;

    add_many(fixture, 1, 6, 10);
    damage(fixture, 1, "\"number\":3", 4);
    spool_reopen(fixture, 0);
    assert_int_equal(spool_last(fixture->spool), 6); /* what lies behind is sound */
    expect_records(fixture, 1, 2);
    assert_true(spool_acknowledge(fixture->spool, 2, &err));
    expect_gap(fixture, 3, 3);
    assert_int_equal(value_count(read_some(fixture, SIZE_MAX, SIZE_MAX)), 4);
    assert_true(spool_acknowledge(fixture->spool, 3, &err));
    expect_records(fixture, 4, 6);
    damage(fixture, 1, "\"sequence\":5", 12);
    expect_records(fixture, 4, 4);
    assert_true(spool_acknowledge(fixture->spool, 4, &err));
    expect_gap(fixture, 5, 5);
    damage(fixture, 1, "\"sequence\":6", 12);
    expect_gap(fixture, 5, 6);
    assert_true(spool_acknowledge(fixture->spool, 6, &err));
    add_many(fixture, 7, 8, 10);
    expect_records(fixture, 7, 8);
}

static void a_lost_segment_becomes_a_gap(void **state)
{
    struct fixture *fixture = *state;
    struct error err = ERROR_INIT;
    char path[160], last[256];

    add_many(fixture, 1, 12, 300000);
    assert_true(segments_of(fixture, last, false) >= 3);
    snprintf(path, sizeof(path), "%s/reports.%020d", fixture->spool_folder, 1);
    assert_int_equal(truncate(path, 700000), 0); /* within the third */
    spool_reopen(fixture, 0);
    expect_records(fixture, 1, 2);
    assert_true(spool_acknowledge(fixture->spool, 2, &err));
    expect_gap(fixture, 3, 4);
    assert_true(spool_acknowledge(fixture->spool, 4, &err));
    snprintf(path, sizeof(path), "%s/reports.%020d", fixture->spool_folder, 5);
    assert_int_equal(unlink(path), 0);
    expect_gap(fixture, 5, 8);
    assert_true(spool_acknowledge(fixture->spool, 8, &err));
    expect_records(fixture, 9, 12);
}

#define WITH_SPOOL(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SPOOL(keeps_over_a_restart),
        WITH_SPOOL(reads_in_portions),
        WITH_SPOOL(segments_go_when_acknowledged),
        WITH_SPOOL(full_is_said_and_passes),
        WITH_SPOOL(torn_and_damaged_tails_are_cut_off),
        WITH_SPOOL(what_is_damaged_becomes_a_gap),
        WITH_SPOOL(a_lost_segment_becomes_a_gap),
        WITH_SPOOL(a_full_disk_leaves_no_half_record),
        WITH_SPOOL(nothing_synced_is_lost_by_a_kill),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

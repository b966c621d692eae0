/* SPDX-License-Identifier: Apache-2.0 */
/* Copies while others write, and the way back. */
#include "controller/store/store_backup.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>

#include "common/base/clock.h"
#include "controller/store/store_node_work.h"
#include "controller/store/store_piece.h"
#include "controller/store/store_writer.h"
#include "store_fixture.h"

static bool node_run(struct store_connection *writer, void *data, struct error *err)
{
    int64_t id = 0;

    return store_node_expect(writer, data, 1, &id, err);
}

static struct store *store_of(struct fixture *fixture)
{
    struct store *store = NULL;

    OK(store_open(fixture->folder, &store, &fixture->err));
    return store;
}

static int64_t nodes(struct fixture *fixture, const char *path)
{
    struct store_connection *connection = NULL;
    int64_t count = -1;

    OK(connection_open(path, CONNECTION_READ, &connection, &fixture->err));
    OK(connection_number(connection, "SELECT count(*) FROM node", &count, &fixture->err));
    connection_close(connection);
    return count;
}

static char *beside(struct fixture *fixture, const char *name)
{
    return arena_printf(fixture->arena, "%s/%s", fixture->parent, name);
}

static void test_there_and_back(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = store_of(fixture);
    const char *backup = beside(fixture, "backup"), *aside = NULL;
    struct stat info;

    OK(store_write_wait(store, node_run, "a", &fixture->err));
    OK(store_backup(store, backup, &fixture->err));
    OK(store_backup(store, backup, &fixture->err)); /* over the one before */
    assert_int_equal(stat(backup, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
    assert_int_equal(nodes(fixture, backup), 1);
    assert_int_equal(access(beside(fixture, "backup-wal"), F_OK), -1);
    OK(store_write_wait(store, node_run, "b", &fixture->err));
    assert_false(store_restore(fixture->folder, backup, fixture->arena, &aside, &fixture->err));
    assert_non_null(strstr(fixture->err.text, "another controller uses the store"));
    assert_false(store_backup(store, fixture->path, &fixture->err));
    assert_non_null(strstr(fixture->err.text, "that is the store itself"));
    store_close(store);
    OK(store_restore(fixture->folder, backup, fixture->arena, &aside, &fixture->err));
    assert_int_equal(nodes(fixture, aside), 2);
    store = store_of(fixture);
    store_close(store);
    assert_int_equal(nodes(fixture, fixture->path), 1);
    OK(store_restore(beside(fixture, "new"), backup, fixture->arena, &aside, &fixture->err));
    assert_null(aside);
    assert_int_equal(nodes(fixture, beside(fixture, "new/" STORE_FILE)), 1);
}

static bool work_run(struct store_connection *writer, void *data, struct error *err)
{
    const struct store_node_work work = { .kind = "check", .created_us = 1 };

    return store_node_work_add(writer, 1, &work, data, err);
}

/* What was ordered after the backup is in the nodes' hands: its numbers are not given again. */
static void test_work_numbers_do_not_come_back(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = store_of(fixture);
    const char *backup = beside(fixture, "backup"), *aside = NULL;
    int64_t before = 0, after = 0;

    OK(store_write_wait(store, node_run, "a", &fixture->err));
    OK(store_backup(store, backup, &fixture->err));
    for (int i = 0; i < 3; i++)
        OK(store_write_wait(store, work_run, &before, &fixture->err));
    store_close(store);
    OK(store_restore(fixture->folder, backup, fixture->arena, &aside, &fixture->err));
    store = store_of(fixture);
    OK(store_write_wait(store, work_run, &after, &fixture->err));
    store_close(store);
    assert_true(after > before);
}

static bool placement_run(struct store_connection *writer, void *data, struct error *err)
{
    struct store_placement placement;

    if (!store_placement_change(writer, 1, 100, err) || !store_placement_get(writer, NULL, 1, &placement, err))
        return false;
    *(int64_t *)data = placement.epoch;
    return true;
}

/* Neither are those of placements, also when the same backup is put back twice. */
static void test_epochs_do_not_come_back(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = store_of(fixture);
    const char *backup = beside(fixture, "backup"), *aside = NULL;
    int64_t before = 0, after = 0, first = 0;

    OK(store_write_wait(store, node_run, "a", &fixture->err));
    OK(store_write_wait(store, placement_run, &first, &fixture->err));
    OK(store_backup(store, backup, &fixture->err));
    OK(store_write_wait(store, placement_run, &before, &fixture->err));
    assert_int_equal(before, first + 1);
    store_close(store);
    OK(store_restore(fixture->folder, backup, fixture->arena, &aside, &fixture->err));
    store = store_of(fixture);
    OK(store_write_wait(store, placement_run, &after, &fixture->err));
    store_close(store);
    assert_true(after > before);
    assert_true(after > INT64_C(1700000000));
}

static void test_refused(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = store_of(fixture);
    const char *backup = beside(fixture, "backup"), *aside = NULL;
    char garbage[4096] = { 0 };
    int fd = -1;

    for (int i = 0; i < 300; i++)
        OK(store_write_wait(store, node_run, arena_printf(fixture->arena, "node-%d", i), &fixture->err));
    assert_false(store_backup(store, beside(fixture, "none/backup"), &fixture->err));
    OK(store_backup(store, backup, &fixture->err));
    store_close(store);
    fd = open(backup, O_RDWR);
    assert_int_equal(pwrite(fd, garbage, sizeof(garbage), 4096 * 2), sizeof(garbage));
    assert_false(store_restore(fixture->folder, backup, fixture->arena, &aside, &fixture->err));
    assert_non_null(strstr(fixture->err.text, "is damaged"));
    assert_int_equal(ftruncate(fd, 0), 0);
    assert_false(store_restore(fixture->folder, backup, fixture->arena, &aside, &fixture->err));
    assert_non_null(strstr(fixture->err.text, "it is empty"));
    assert_int_equal(pwrite(fd, "text", 4, 0), 4);
    close(fd);
    assert_false(store_restore(fixture->folder, backup, fixture->arena, &aside, &fixture->err));
    assert_false(store_restore(fixture->folder, beside(fixture, "none"), fixture->arena, &aside, &fixture->err));
    assert_non_null(strstr(fixture->err.text, "there is no such file"));
    assert_int_equal(nodes(fixture, fixture->path), 300); /* what was there stays */
}

/* --- while others write --- */

struct busy {
    struct store *store;
    atomic_bool ends;
    bool ok;
};

static void *busy_thread(void *data)
{
    struct busy *busy = data;
    struct error err = ERROR_INIT;
    char name[32];

    busy->ok = true;
    for (int i = 0; busy->ok && !atomic_load(&busy->ends); i++) {
        snprintf(name, sizeof(name), "n%d", i);
        busy->ok = store_write_wait(busy->store, node_run, name, &err);
    }
    return NULL;
}

static void test_while_writing(void **state)
{
    struct fixture *fixture = *state;
    struct busy busy = { .store = store_of(fixture) };
    int64_t last = -1, ends_ms = clock_monotonic_ms() + 60000;
    pthread_t thread;

    assert_int_equal(pthread_create(&thread, NULL, busy_thread, &busy), 0);
    for (int i = 0; i < 5; i++) {
        const char *path = beside(fixture, "backup");

        while (nodes(fixture, fixture->path) <= last) /* until the other thread got further */
            assert_true(clock_monotonic_ms() < ends_ms);
        OK(store_backup(busy.store, path, &fixture->err));
        assert_true(nodes(fixture, path) > last);
        last = nodes(fixture, path);
    }
    atomic_store(&busy.ends, true);
    pthread_join(thread, NULL);
    assert_true(busy.ok);
    store_close(busy.store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_there_and_back, fixture_new, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_work_numbers_do_not_come_back, fixture_new, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_epochs_do_not_come_back, fixture_new, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_refused, fixture_new, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_while_writing, fixture_new, fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

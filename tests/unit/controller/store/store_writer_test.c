/* SPDX-License-Identifier: Apache-2.0 */
/* Group commit: order, savepoints, back pressure, threads, and disks that are full or fail. */
#include "controller/store/store_writer.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>

#include "store_fixture.h"

/* --- a disk under this test's hands: SQLite writes through these --- */

static atomic_bool disk_full, disk_broken;
static atomic_int syncs;

ssize_t pwrite64(int fd, const void *data, size_t length, off64_t offset)
{
    if (atomic_load(&disk_full)) {
        errno = ENOSPC;
        return -1;
    }
    return syscall(SYS_pwrite64, fd, data, length, offset);
}

ssize_t pwrite(int fd, const void *data, size_t length, off_t offset)
{
    return pwrite64(fd, data, length, offset);
}

int fdatasync(int fd)
{
    atomic_fetch_add(&syncs, 1);
    if (atomic_load(&disk_broken)) {
        errno = EIO;
        return -1;
    }
    return (int)syscall(SYS_fdatasync, fd);
}

/* --- works --- */

struct item {
    const char *name;
    bool fails;
    pthread_mutex_t *gate; /* held by the test while the writer is to wait */
    int runs, dones, order;
    bool ok;
    char text[LIMIT_ERROR_TEXT];
};

static int done_count; /* of the writer's thread alone, read when the store is closed */

static bool item_run(struct store_connection *writer, void *data, struct error *err)
{
    struct item *item = data;
    int64_t id = 0;

    item->runs++;
    if (item->gate != NULL) {
        pthread_mutex_lock(item->gate);
        pthread_mutex_unlock(item->gate);
    }
    if (!store_node_expect(writer, item->name, 1, &id, err))
        return false;
    return !item->fails || error_set(err, "%s was to fail", item->name);
}

static void item_done(void *data, const struct error *err)
{
    struct item *item = data;

    item->dones++;
    item->order = ++done_count;
    item->ok = err == NULL;
    if (err != NULL)
        snprintf(item->text, sizeof(item->text), "%s", err->text);
}

static bool item_write(struct store *store, struct item *item, struct error *err)
{
    struct store_work work = { item_run, item_done, item };

    return store_write(store, &work, err);
}

static int64_t nodes(struct fixture *fixture, struct store *store)
{
    struct store_connection *reader = NULL;
    int64_t count = -1;

    OK(store_reader_open(store, &reader, &fixture->err));
    OK(connection_number(reader, "SELECT count(*) FROM node", &count, &fixture->err));
    store_reader_close(reader);
    return count;
}

static int writer_setup(void **state)
{
    done_count = 0;
    return fixture_new(state);
}

static void test_groups(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = NULL;
    struct store_counters counters;
    pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
    struct item first = { .name = "first", .gate = &gate };
    static struct item items[500];
    int before = 0;

    OK(store_open(fixture->folder, &store, &fixture->err));
    pthread_mutex_lock(&gate);
    OK(item_write(store, &first, &fixture->err));
    for (int i = 0; i < 500; i++) {
        items[i] = (struct item){ .name = arena_printf(fixture->arena, "n%d", i), .fails = i % 10 == 3 };
        OK(item_write(store, &items[i], &fixture->err));
    }
    before = atomic_load(&syncs);
    pthread_mutex_unlock(&gate);
    OK(store_write_wait(store, item_run, &(struct item){ .name = "last" }, &fixture->err));
    assert_int_equal(nodes(fixture, store), 1 + 450 + 1);
    store_counters(store, &counters);
    assert_int_equal(counters.works, 452);
    assert_int_equal(counters.failed, 50);
    assert_in_range(counters.commits, 1, 4);
    assert_in_range(atomic_load(&syncs) - before, 1, 12);
    store_close(store);
    for (int i = 0; i < 500; i++) {
        assert_int_equal(items[i].runs, 1);
        assert_int_equal(items[i].dones, 1);
        assert_int_equal(items[i].order, i + 2);
        assert_int_equal(items[i].ok, !items[i].fails);
        if (items[i].fails)
            assert_non_null(strstr(items[i].text, "was to fail"));
    }
}

static void test_busy(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = NULL;
    struct store_counters counters;
    pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
    struct item first = { .name = "first", .gate = &gate }, refused = { .name = "refused" };
    struct item *items = calloc(LIMIT_STORE_QUEUE, sizeof(*items));

    OK(store_open(fixture->folder, &store, &fixture->err));
    pthread_mutex_lock(&gate);
    OK(item_write(store, &first, &fixture->err));
    do {
        store_counters(store, &counters);
    } while (counters.waiting > 0); /* the writer has it and waits for the gate */
    for (int i = 0; i < LIMIT_STORE_QUEUE; i++) {
        items[i].name = "same";
        OK(item_write(store, &items[i], &fixture->err));
    }
    assert_false(item_write(store, &refused, &fixture->err));
    assert_int_equal(fixture->err.kind, ERROR_LIMIT);
    assert_string_equal(fixture->err.text, "the store is busy: 16384 works wait to be written");
    pthread_mutex_unlock(&gate);
    store_close(store); /* all that waits is written first */
    assert_int_equal(done_count, 1 + LIMIT_STORE_QUEUE);
    assert_int_equal(refused.runs + refused.dones, 0);
    free(items);
}

/* --- threads --- */

struct crowd {
    struct store *store;
    int number;
    bool ok;
};

static void *crowd_thread(void *data)
{
    struct crowd *crowd = data;
    struct store_connection *reader = NULL;
    struct error err = ERROR_INIT;
    char name[32];

    crowd->ok = store_reader_open(crowd->store, &reader, &err);
    for (int i = 0; i < 50 && crowd->ok; i++) {
        ARENA_SCOPED arena = arena_new();
        struct item item = { .name = name };
        struct store_node *node = NULL;

        snprintf(name, sizeof(name), "t%d-%d", crowd->number, i);
        crowd->ok = store_write_wait(crowd->store, item_run, &item, &err) &&
                    store_node_by_name(reader, arena, name, &node, &err) && node != NULL;
    }
    store_reader_close(reader);
    return NULL;
}

/* What was acknowledged is seen at once by every reader. */
static void test_threads(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = NULL;
    struct crowd crowd[4];
    pthread_t threads[4];

    OK(store_open(fixture->folder, &store, &fixture->err));
    for (int i = 0; i < 4; i++) {
        crowd[i] = (struct crowd){ store, i, false };
        assert_int_equal(pthread_create(&threads[i], NULL, crowd_thread, &crowd[i]), 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        assert_true(crowd[i].ok);
    }
    assert_int_equal(nodes(fixture, store), 200);
    store_close(store);
}

/* --- disks --- */

static void test_disk_full(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = NULL;
    struct item items[20] = { 0 }, after = { .name = "after" };
    pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;

    OK(store_open(fixture->folder, &store, &fixture->err));
    pthread_mutex_lock(&gate);
    for (int i = 0; i < 20; i++) {
        items[i].name = arena_printf(fixture->arena, "n%d", i);
        items[i].gate = &gate;
        OK(item_write(store, &items[i], &fixture->err));
    }
    atomic_store(&disk_full, true);
    pthread_mutex_unlock(&gate);
    assert_false(store_write_wait(store, item_run, &(struct item){ .name = "full" }, &fixture->err));
    assert_int_equal(fixture->err.kind, ERROR_LIMIT);
    assert_non_null(strstr(fixture->err.text, "no room on the disk of the store in "));
    atomic_store(&disk_full, false);
    OK(store_write_wait(store, item_run, &after, &fixture->err));
    assert_int_equal(nodes(fixture, store), 1);
    store_close(store);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(items[i].dones, 1);
        assert_false(items[i].ok);
        assert_non_null(strstr(items[i].text, "no room"));
    }
}

static void test_disk_broken(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = NULL;

    OK(store_open(fixture->folder, &store, &fixture->err));
    atomic_store(&disk_broken, true);
    assert_false(store_write_wait(store, item_run, &(struct item){ .name = "lost" }, &fixture->err));
    atomic_store(&disk_broken, false);
    assert_non_null(strstr(fixture->err.text, "cannot read or write the store in "));
    OK(store_write_wait(store, item_run, &(struct item){ .name = "kept" }, &fixture->err));
    assert_int_equal(nodes(fixture, store), 1);
    store_close(store);
}

struct itself {
    struct store *store;
    struct item item;
    bool refused;
};

static bool itself_run(struct store_connection *writer, void *data, struct error *err)
{
    return item_run(writer, &((struct itself *)data)->item, err);
}

static void itself_done(void *data, const struct error *err)
{
    struct itself *itself = data;
    struct error inner = ERROR_INIT;

    itself->refused = err == NULL && !store_write_wait(itself->store, itself_run, itself, &inner) &&
                      strcmp(inner.text, "the store's writer cannot wait for itself") == 0;
}

static void test_wait_for_itself(void **state)
{
    struct fixture *fixture = *state;
    struct itself itself = { .item.name = "one" };
    struct store_work work = { itself_run, itself_done, &itself };

    OK(store_open(fixture->folder, &itself.store, &fixture->err));
    OK(store_write(itself.store, &work, &fixture->err));
    store_close(itself.store);
    assert_true(itself.refused);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_groups, writer_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_busy, writer_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_threads, writer_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_disk_full, writer_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_disk_broken, writer_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_wait_for_itself, writer_setup, fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Opening and closing: rights, the lock, what is refused, damage. */
#include "controller/store/store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "controller/store/store_writer.h"
#include "store_fixture.h"

static mode_t mode_of(struct fixture *fixture, const char *suffix)
{
    struct stat info;

    assert_int_equal(stat(arena_printf(fixture->arena, "%s%s", fixture->folder, suffix), &info), 0);
    return info.st_mode & 07777;
}

static bool write_row(struct store_connection *writer, void *data, struct error *err)
{
    int64_t id = 0;

    return store_node_expect(writer, data, 1, &id, err);
}

static void test_fresh(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = NULL;
    struct store_connection *reader = NULL;
    int64_t number = 0;
    mode_t before = umask(0);

    OK(store_open(fixture->folder, &store, &fixture->err));
    OK(store_write_wait(store, write_row, "a", &fixture->err));
    OK(store_reader_open(store, &reader, &fixture->err));
    umask(before);
    assert_int_equal(mode_of(fixture, ""), 0700);
    assert_int_equal(mode_of(fixture, "/" STORE_FILE), 0600);
    assert_int_equal(mode_of(fixture, "/" STORE_FILE "-wal"), 0600);
    assert_int_equal(mode_of(fixture, "/" STORE_FILE "-shm"), 0600);
    assert_int_equal(mode_of(fixture, "/lock"), 0600);
    OK(connection_number(reader, "PRAGMA synchronous", &number, &fixture->err));
    assert_int_equal(number, 2);
    OK(connection_number(reader, "PRAGMA foreign_keys", &number, &fixture->err));
    assert_int_equal(number, 1);
    OK(connection_number(reader, "PRAGMA trusted_schema", &number, &fixture->err));
    assert_int_equal(number, 0);
    OK(connection_number(reader, "PRAGMA auto_vacuum", &number, &fixture->err));
    assert_int_equal(number, 2);
    OK(connection_number(reader,
                         "SELECT count(*) FROM pragma_table_list WHERE schema = 'main' AND strict = 0 AND"
                         " name NOT LIKE 'sqlite%'",
                         &number, &fixture->err));
    assert_int_equal(number, 0);
    assert_false(connection_execute(reader, "DELETE FROM node", &fixture->err));
    assert_non_null(strstr(fixture->err.text, "readonly"));
    OK(store_check(reader, &fixture->err));
    store_reader_close(reader);
    store_close(store);
    assert_int_equal(access(arena_printf(fixture->arena, "%s-wal", fixture->path), F_OK), -1);
}

static void expect_refused(struct fixture *fixture, const char *sentence)
{
    struct store *store = NULL;

    error_clear(&fixture->err);
    assert_false(store_open(fixture->folder, &store, &fixture->err));
    if (strstr(fixture->err.text, sentence) == NULL)
        fail_msg("'%s' is not in: %s", sentence, fixture->err.text);
}

static void test_lock(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = NULL;

    OK(store_open(fixture->folder, &store, &fixture->err));
    expect_refused(fixture, "another controller uses the store in ");
    OK(store_write_wait(store, write_row, "still works", &fixture->err));
    store_close(store);
    OK(store_open(fixture->folder, &store, &fixture->err));
    store_close(store);
}

static void test_refused(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = NULL;
    sqlite3 *db = NULL;

    OK(store_open(fixture->folder, &store, &fixture->err));
    store_close(store);
    chmod(fixture->folder, 0750);
    expect_refused(fixture, "is open to others (mode 0750): chmod 700 ");
    chmod(fixture->folder, 0700);
    assert_int_equal(sqlite3_open(fixture->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "PRAGMA user_version = 999", NULL, NULL, NULL), SQLITE_OK);
    expect_refused(fixture, "has version 999, and this program knows versions up to 3: a newer Roost wrote it");
    assert_int_equal(sqlite3_exec(db, "PRAGMA application_id = 7", NULL, NULL, NULL), SQLITE_OK);
    expect_refused(fixture, "is a SQLite database, but no store of Roost");
    sqlite3_close(db);
    assert_int_equal(truncate(fixture->path, 0), 0);
    assert_int_equal(chmod(fixture->path, 0644), 0);
    OK(store_open(fixture->folder, &store, &fixture->err));
    assert_int_equal(mode_of(fixture, "/" STORE_FILE), 0600);
    store_close(store);
}

/* A process that ends without closing. */
static void crash(struct fixture *fixture)
{
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        struct store *store = NULL;
        char name[32];

        if (!store_open(fixture->folder, &store, &fixture->err))
            _exit(1);
        for (int i = 0; i < 200; i++) {
            snprintf(name, sizeof(name), "node-%d", i);
            if (!store_write_wait(store, write_row, name, &fixture->err))
                _exit(1);
        }
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void test_damaged(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = NULL;
    char garbage[2048];
    int fd = -1;

    crash(fixture);
    OK(store_open(fixture->folder, &store, &fixture->err));
    store_close(store);
    crash(fixture);
    OK(connection_open(fixture->path, CONNECTION_WRITE, &fixture->writer, &fixture->err));
    OK(connection_execute(fixture->writer, "PRAGMA wal_checkpoint(TRUNCATE)", &fixture->err));
    connection_close(fixture->writer);
    fixture->writer = NULL;
    memset(garbage, 0xa5, sizeof(garbage));
    fd = open(fixture->path, O_WRONLY);
    for (off_t page = 2; page < 20; page++)
        assert_int_equal(pwrite(fd, garbage, sizeof(garbage), page * 4096), sizeof(garbage));
    close(fd);
    expect_refused(fixture, "is damaged (");
    assert_non_null(strstr(fixture->err.text, "roost controller restore BACKUP"));
    expect_refused(fixture, "is damaged (");
    fd = open(fixture->path, O_WRONLY);
    assert_int_equal(pwrite(fd, garbage, sizeof(garbage), 0), sizeof(garbage));
    close(fd);
    expect_refused(fixture, "is damaged (file is not a database)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_fresh, fixture_new, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_lock, fixture_new, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_refused, fixture_new, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_damaged, fixture_new, fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From every earlier version forward: tests/data/store/version-N.sql is a store of version N as its program left it. A step of
 * the test's own shows that the mechanism works beyond the last real one.
 */
#include "controller/store/migration.h"

#include <sys/stat.h>

#include "common/base/fd.h"
#include "controller/store/store_audit.h"
#include "controller/store/store_run.h"
#include "store_fixture.h"

static void store_of_version(struct fixture *fixture, int version)
{
    sqlite3 *db = NULL;
    char *sql = NULL, *message = NULL;
    size_t length = 0;

    OK(file_read(fixture->arena, arena_printf(fixture->arena, TEST_DATA "/store/version-%d.sql", version), SIZE_MAX,
                 &sql, &length, &fixture->err));
    assert_int_equal(mkdir(fixture->folder, 0700), 0);
    assert_int_equal(sqlite3_open(fixture->path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("version %d: %s", version, message);
    sqlite3_close(db);
}

static int64_t number_of(struct fixture *fixture, const char *sql)
{
    int64_t number = -1;

    OK(connection_number(fixture->writer, sql, &number, &fixture->err));
    return number;
}

/* Every table of the old store has rows: they are all there, and the rules of today hold. */
static void expect_whole(struct fixture *fixture)
{
    struct store_audit_verdict verdict;
    struct store_node *node = NULL;
    struct store_run *run = NULL;

    OK(connection_check(fixture->writer, "integrity_check", &fixture->err));
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
    OK(store_audit_verify(fixture->writer, &verdict, &fixture->err));
    assert_int_equal(verdict.first_bad, 0);
    assert_true(verdict.rows >= 2);
    OK(store_node_by_name(fixture->writer, fixture->arena, "ai-1", &node, &fixture->err));
    assert_int_equal(node->generation, 2);
    assert_int_equal(node->reported, 3);
    assert_string_equal(node->facts, "{\"kernel\":\"6.1\"}");
    OK(store_run_get(fixture->writer, fixture->arena, 1, &run, &fixture->err));
    assert_int_equal(run->events, 2);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM run_event"), 2);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM report"), 3);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM drift"), 1);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM sample"), 1);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM model"), 1);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM api_token"), 1);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM join_request"), 1);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM webhook_delivery"), 1);
}

/* What the second version brought. */
static void expect_second(struct fixture *fixture)
{
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM event"), 2);
    assert_int_equal(number_of(fixture, "SELECT lost_us FROM node WHERE name = 'ai-1'"), 3000);
    assert_int_equal(number_of(fixture, "SELECT policy = 'repair' FROM node WHERE name = 'ai-1'"), 1);
    assert_int_equal(number_of(fixture, "SELECT taken_version FROM bundle"), 7);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM bundle_file"), 1);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM run_file"), 1);
}

/* What the third version brought: a row in each table. */
static void expect_third(struct fixture *fixture)
{
    static const char *const tables[] = { "workload",    "instance",    "piece",         "placement",
                                          "node_engine", "node_memory", "model_shape",   "model_peak",
                                          "model_fetch", "gateway_key", "gateway_usage", "workload_sample",
                                          "energy",      "bench",       "build_record" };

    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
        if (number_of(fixture, arena_printf(fixture->arena, "SELECT count(*) FROM %s", tables[i])) != 1)
            fail_msg("the row of %s", tables[i]);
}

static void test_every_version(void **state)
{
    for (int version = 1; version <= store_version(); version++) {
        struct fixture *fixture = NULL;
        struct store *store = NULL;
        void *one = NULL;

        (void)state;
        fixture_new(&one);
        fixture = one;
        store_of_version(fixture, version);
        OK(store_open(fixture->folder, &store, &fixture->err));
        store_close(store);
        assert_int_equal(access(arena_printf(fixture->arena, "%s.version-%d", fixture->path, version), F_OK) == 0,
                         version < store_version());
        OK(connection_open(fixture->path, CONNECTION_WRITE, &fixture->writer, &fixture->err));
        assert_int_equal(number_of(fixture, "PRAGMA user_version"), store_version());
        expect_whole(fixture);
        if (version >= 2)
            expect_second(fixture);
        if (version >= 3)
            expect_third(fixture);
        fixture_teardown(&one);
    }
}

/* The tables as the old file has them are those that the steps make today: a released step was not changed. */
static void expect_same_tables(struct fixture *fixture, int version)
{
    sqlite3 *old = NULL, *fresh = NULL;
    sqlite3_stmt *a = NULL, *b = NULL;
    static const char sql[] = "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY name";

    store_of_version(fixture, version);
    assert_int_equal(sqlite3_open(fixture->path, &old), SQLITE_OK);
    assert_int_equal(sqlite3_open(":memory:", &fresh), SQLITE_OK);
    for (int i = 0; i < version; i++)
        assert_int_equal(sqlite3_exec(fresh, migration_steps[i].sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(old, sql, -1, &a, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(fresh, sql, -1, &b, NULL), SQLITE_OK);
    while (sqlite3_step(b) == SQLITE_ROW) {
        assert_int_equal(sqlite3_step(a), SQLITE_ROW);
        assert_string_equal((const char *)sqlite3_column_text(a, 1), (const char *)sqlite3_column_text(b, 1));
        if (sqlite3_column_text(b, 2) != NULL)
            assert_string_equal((const char *)sqlite3_column_text(a, 2), (const char *)sqlite3_column_text(b, 2));
    }
    assert_int_equal(sqlite3_step(a), SQLITE_DONE);
    sqlite3_finalize(a);
    sqlite3_finalize(b);
    sqlite3_close(old);
    sqlite3_close(fresh);
}

static void test_same_tables(void **state)
{
    (void)state;
    for (int version = 1; version <= migration_count; version++) {
        void *one = NULL;

        fixture_new(&one);
        expect_same_tables(one, version);
        fixture_teardown(&one);
    }
}

static void test_further(void **state)
{
    struct fixture *fixture = *state;
    struct migration steps[8] = { { NULL } };
    int count = migration_count, version = 0;

    for (int i = 0; i < count; i++)
        steps[i] = migration_steps[i];
    /* A table built anew, as it is done when a column changes, while other rows refer to it. */
    steps[count].sql = "CREATE TABLE node_new (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, rack TEXT) STRICT;"
                       "INSERT INTO node_new (id, name, rack) SELECT id, name, 'r1' FROM node; DROP TABLE node;"
                       "ALTER TABLE node_new RENAME TO node;";
    steps[count + 1].sql = "DELETE FROM drift; DELETE FROM node;"; /* leaves rows without their node */
    store_of_version(fixture, 1);
    OK(connection_open(fixture->path, CONNECTION_WRITE, &fixture->writer, &fixture->err));
    OK(migration_run(fixture->writer, steps, count + 1, &fixture->err));
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM node WHERE rack = 'r1'"), 1);
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM report"), 3);
    assert_int_equal(number_of(fixture, "PRAGMA foreign_keys"), 1);
    assert_false(migration_run(fixture->writer, steps, count + 2, &fixture->err));
    assert_non_null(strstr(fixture->err.text, "refer to rows that are not there"));
    assert_non_null(strstr(fixture->err.text, "cannot bring the store to version"));
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM drift"), 1); /* a step that fails leaves nothing */
    steps[count + 1].sql = "DELETE FROM drift; SELECT nonsense;";
    assert_false(migration_run(fixture->writer, steps, count + 2, &fixture->err));
    assert_int_equal(number_of(fixture, "SELECT count(*) FROM drift"), 1);
    OK(migration_version(fixture->writer, count + 1, &version, &fixture->err));
    assert_int_equal(version, count + 1);
    assert_false(migration_version(fixture->writer, count, &version, &fixture->err));
    assert_non_null(strstr(fixture->err.text, "a newer Roost wrote it"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_version),
        cmocka_unit_test_setup_teardown(test_same_tables, fixture_new, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_further, fixture_new, fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

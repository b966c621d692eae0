/* SPDX-License-Identifier: Apache-2.0 */
/* Versions out of a database that rpm made, whole, cut off and with every byte wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>

#include "agent/system/package/package_rpm.h"
#include "agent/system/file/sqlite_table.h"
#include "tests/unit/agent/system/recorded_tree.h"

#define DATABASE TEST_DATA "/boxes/strix-halo-fedora43/usr/lib/sysimage/rpm/rpmdb.sqlite"

static const char *const names[] = { "linux-firmware", "rpm", "amd-gpu-firmware", "absent", "linux", NULL };

static char *database(struct arena *arena, size_t *length_out)
{
    struct error err = ERROR_INIT;
    char *data = NULL;

    assert_true(file_read(arena, DATABASE, 1 << 20, &data, length_out, &err));
    return data;
}

static void put_bytes(struct recorded_tree *tree, const char *path, const char *data, size_t length)
{
    recorded_tree_put(tree, path, "");
    FILE *file = fopen(arena_printf(tree->arena, "%s%s", tree->root, path), "w");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

/* NULL: no such database. */
static const struct value *versions_of(struct recorded_tree *tree)
{
    struct sysfs fs = { .system = recorded_tree_system(tree), .arena = tree->arena };
    struct value *versions = value_map(tree->arena);

    return rpm_versions(&fs, names, versions) ? versions : NULL;
}

static void installed_packages_have_their_versions(void **state)
{
    static const char *const places[] = { "/usr/lib/sysimage/rpm", "/var/lib/rpm", "/usr/share/rpm" };

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct recorded_tree tree = recorded_tree_new();
        size_t length = 0;
        char *data = database(tree.arena, &length);
        assert_null(versions_of(&tree));
        put_bytes(&tree, arena_printf(tree.arena, "%s/rpmdb.sqlite", places[i]), data, length);
        const struct value *versions = versions_of(&tree);
        assert_int_equal(value_count(versions), 3);
        assert_string_equal(value_map_text(versions, "linux-firmware"), "20260110-1.fc43");
        assert_string_equal(value_map_text(versions, "amd-gpu-firmware"), "20260110-1.fc43");
        assert_string_equal(value_map_text(versions, "rpm"), "1:6.0.0-1.fc43");
        recorded_tree_free(&tree);
    }
}

static void a_file_that_is_no_database_is_none(void **state)
{
    struct recorded_tree tree = recorded_tree_new();

    (void)state;
    recorded_tree_put(&tree, "/var/lib/rpm/rpmdb.sqlite", "SQLite format 3");
    assert_null(versions_of(&tree));
    recorded_tree_put(&tree, "/var/lib/rpm/rpmdb.sqlite", "");
    assert_null(versions_of(&tree));
    recorded_tree_free(&tree);
}

static void a_database_may_end_anywhere(void **state)
{
    struct recorded_tree tree = recorded_tree_new();
    size_t length = 0;
    char *data = database(tree.arena, &length);

    (void)state;
    for (size_t cut = 0; cut < length; cut += 97) {
        struct recorded_tree one = recorded_tree_new();
        put_bytes(&one, "/var/lib/rpm/rpmdb.sqlite", data, cut);
        (void)versions_of(&one);
        recorded_tree_free(&one);
    }
    recorded_tree_free(&tree);
}

/* A fixed sequence: the same bytes go wrong in every run. */
static uint32_t next_number(uint32_t *state)
{
    *state = *state * 1664525U + 1013904223U;
    return *state >> 8;
}

static void any_byte_may_be_wrong(void **state)
{
    struct recorded_tree tree = recorded_tree_new();
    size_t length = 0;
    char *data = database(tree.arena, &length);
    uint32_t random = 1;

    (void)state;
    for (int round = 0; round < 400; round++) {
        struct recorded_tree one = recorded_tree_new();
        char *copy = arena_copy_n(one.arena, data, length);
        for (int i = 0; i < 1 + round % 40; i++) {
            size_t at = next_number(&random) % (round % 2 ? 1024 : (uint32_t)length);
            copy[at] = (char)next_number(&random);
        }
        put_bytes(&one, "/var/lib/rpm/rpmdb.sqlite", copy, length);
        (void)versions_of(&one);
        recorded_tree_free(&one);
    }
    recorded_tree_free(&tree);
}

static void tables_are_found_by_name(void **state)
{
    ARENA_SCOPED arena = arena_new();
    FD_SCOPED fd = open(DATABASE, O_RDONLY | O_CLOEXEC);
    struct sqlite_file *file = sqlite_open(arena, fd);
    struct sqlite_row row;

    (void)state;
    assert_non_null(file);
    assert_int_equal(sqlite_table_root(file, "Nothing"), 0);
    uint32_t root = sqlite_table_root(file, "Name");
    assert_int_not_equal(root, 0);
    assert_true(sqlite_find(file, root, 4, 512, &row));
    assert_int_equal(row.rowid, 4);
    assert_int_equal(row.count, 3);
    assert_string_equal(row.columns[0].data, "linux-firmware");
    assert_true(row.columns[1].is_integer);
    assert_int_equal(row.columns[1].integer, 4);
    assert_false(sqlite_find(file, root, 400, 512, &row));
    assert_false(sqlite_find(file, 0, 1, 512, &row));
    assert_false(sqlite_find(file, 4000000, 1, 512, &row));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(installed_packages_have_their_versions),
        cmocka_unit_test(a_file_that_is_no_database_is_none),
        cmocka_unit_test(a_database_may_end_anywhere),
        cmocka_unit_test(any_byte_may_be_wrong),
        cmocka_unit_test(tables_are_found_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

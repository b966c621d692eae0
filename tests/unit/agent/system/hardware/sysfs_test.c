/* SPDX-License-Identifier: Apache-2.0 */
/* Small files of /sys: numbers, text, names; what is wrong counts as not there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/system/hardware/sysfs.h"
#include "tests/unit/agent/system/recorded_tree.h"

static struct sysfs fs_of(struct recorded_tree *tree)
{
    return (struct sysfs){ .system = recorded_tree_system(tree), .arena = tree->arena };
}

static void numbers_are_whole_and_in_range(void **state)
{
    static const struct {
        const char *content;
        bool is_number;
        int64_t number;
    } cases[] = {
        { "42\n", true, 42 },
        { "-1\n", true, -1 },
        { "0x1002\n", true, 0x1002 },
        { " 7 \n", true, 7 },
        { "9223372036854775807", true, INT64_MAX },
        { "9223372036854775808", false, 0 },
        { "0xffffffffffffffff", false, 0 },
        { "0x", false, 0 },
        { "12a", false, 0 },
        { "1 2", false, 0 },
        { "", false, 0 },
        { "\n", false, 0 },
    };
    struct recorded_tree tree = recorded_tree_new();
    struct sysfs fs = fs_of(&tree);

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t number = -77;
        recorded_tree_put(&tree, "/sys/n", cases[i].content);
        assert_int_equal(sysfs_number(&fs, "/sys", "n", &number), cases[i].is_number);
        assert_int_equal(number, cases[i].is_number ? cases[i].number : -77);
    }
    assert_false(sysfs_number(&fs, "/sys", "absent", &(int64_t){ 0 }));
    recorded_tree_free(&tree);
}

static void text_is_trimmed_and_always_utf8(void **state)
{
    struct recorded_tree tree = recorded_tree_new();
    struct sysfs fs = fs_of(&tree);

    (void)state;
    recorded_tree_put(&tree, "/sys/a", "  two words\n");
    recorded_tree_put(&tree, "/sys/b", "caf\xc3\xa9 \xff");
    recorded_tree_put(&tree, "/sys/c", " \n");
    recorded_tree_put(&tree, "/sys/folder/x", "");
    assert_string_equal(sysfs_text(&fs, "/sys", "a"), "two words");
    assert_string_equal(sysfs_text(&fs, "/sys", "b"), "caf?? ?");
    assert_null(sysfs_text(&fs, "/sys", "c"));
    assert_null(sysfs_text(&fs, "/sys", "folder"));
    recorded_tree_put(&tree, "/sys/vendor", "0x10DE\n");
    assert_string_equal(sysfs_hex(&fs, "/sys", "vendor"), "10de");
    assert_null(sysfs_hex(&fs, "/sys", "a"));
    recorded_tree_free(&tree);
}

static void a_file_over_the_limit_is_not_there(void **state)
{
    struct recorded_tree tree = recorded_tree_new();
    struct sysfs fs = fs_of(&tree);
    size_t length = 0;
    char *big = arena_alloc(tree.arena, SYSFS_FILE_MAX + 2);

    (void)state;
    memset(big, '1', SYSFS_FILE_MAX + 1);
    recorded_tree_put(&tree, "/sys/over", big);
    big[SYSFS_FILE_MAX] = '\0';
    recorded_tree_put(&tree, "/sys/just", big);
    assert_null(sysfs_text(&fs, "/sys", "over"));
    assert_non_null(sysfs_text(&fs, "/sys", "just"));
    assert_non_null(sysfs_data(&fs, "/sys/just", SYSFS_FILE_MAX, &length));
    assert_int_equal(length, SYSFS_FILE_MAX);
    recorded_tree_free(&tree);
}

static void names_are_sorted_and_numbers_count(void **state)
{
    struct recorded_tree tree = recorded_tree_new();
    struct sysfs fs = fs_of(&tree);

    (void)state;
    recorded_tree_put(&tree, "/sys/class/hwmon10/name", "a");
    recorded_tree_put(&tree, "/sys/class/hwmon9/name", "b");
    recorded_tree_put(&tree, "/sys/class/hwmon/name", "c");
    recorded_tree_put(&tree, "/sys/class/hwmon1x/name", "d");
    const char *const *names = sysfs_numbered(&fs, "/sys/class", "hwmon");
    assert_string_equal(names[0], "hwmon9");
    assert_string_equal(names[1], "hwmon10");
    assert_null(names[2]);
    names = sysfs_names(&fs, "/sys/class");
    assert_string_equal(names[0], "hwmon");
    assert_string_equal(names[1], "hwmon10");
    assert_null(names[4]);
    assert_null(sysfs_names(&fs, "/sys/absent")[0]);
    recorded_tree_free(&tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_whole_and_in_range),
        cmocka_unit_test(text_is_trimmed_and_always_utf8),
        cmocka_unit_test(a_file_over_the_limit_is_not_there),
        cmocka_unit_test(names_are_sorted_and_numbers_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

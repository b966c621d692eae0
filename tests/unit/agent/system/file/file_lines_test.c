/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of a file: nothing changes that was not meant. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "agent/system/file/file_lines.h"

static void assert_joined(const struct file_lines *lines, const char *text)
{
    size_t length = 0;
    char *data = file_lines_join(lines, &length);

    assert_int_equal(length, strlen(text));
    assert_memory_equal(data, text, length + 1);
}

static void edits(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct file_lines lines;

    (void)state;
    file_lines_split(arena, "a\r\nb\n\nc", 7, &lines);
    assert_int_equal(lines.count, 4);
    assert_joined(&lines, "a\r\nb\n\nc");
    assert_true(file_line_is(&lines.items[0], "a"));
    assert_false(file_line_is(&lines.items[1], ""));
    assert_true(file_line_is(&lines.items[2], ""));
    assert_true(file_line_contains(&lines.items[0], "\r"));
    file_lines_append(&lines, "x");
    assert_joined(&lines, "a\r\nb\n\nc\nx\n");
    file_lines_insert(&lines, 0, "first");
    file_lines_remove(&lines, 2);
    assert_joined(&lines, "first\na\r\n\nc\nx\n");
}

static void starts_empty(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct file_lines lines;

    (void)state;
    file_lines_split(arena, "", 0, &lines);
    assert_int_equal(lines.count, 0);
    assert_joined(&lines, "");
    for (int i = 0; i < 200; i++)
        file_lines_append(&lines, "x");
    assert_int_equal(lines.count, 200);
    for (int i = 0; i < 200; i++)
        file_lines_remove(&lines, 0);
    assert_joined(&lines, "");
}

static void keeps_bytes(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct file_lines lines;
    size_t length = 0;

    (void)state;
    file_lines_split(arena, "a\0b", 3, &lines);
    file_lines_append(&lines, "c");
    char *data = file_lines_join(&lines, &length);
    assert_int_equal(length, 6);
    assert_memory_equal(data, "a\0b\nc\n", 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(edits), cmocka_unit_test(starts_empty),
                                        cmocka_unit_test(keeps_bytes) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

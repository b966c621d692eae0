/* SPDX-License-Identifier: Apache-2.0 */
/* INI text: one option or section changes, everything else stays byte by byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "agent/system/file/ini_file.h"

static void assert_edited(const char *text, struct ini_request request, const char *value, const char *wanted)
{
    ARENA_SCOPED arena = arena_new();
    struct value *values = value_list(arena);
    const char *message = NULL;
    struct file_lines lines;
    size_t length = 0;

    if (value)
        value_list_add(arena, values, value_string(arena, value));
    request.values = values;
    file_lines_split(arena, text, strlen(text), &lines);
    bool changed = ini_file_edit(&lines, &request, &message);
    assert_string_equal(file_lines_join(&lines, &length), wanted);
    assert_int_equal(changed, strcmp(text, wanted) != 0);
}

static void sets(void **state)
{
    struct ini_request request = { .section = "a", .option = "x", .exclusive = true };

    (void)state;
    assert_edited("[a]\nx=1\n[b]\nx=1\n", request, "2", "[a]\nx = 2\n[b]\nx=1\n");
    assert_edited("[a]\n;x = 1\n", request, "1", "[a]\nx = 1\n");
    assert_edited("[a]\nx = 1\nx = 2\n", request, "2", "[a]\nx = 2\n");
    assert_edited("[a]\r\nxx = 1\r\n\r\n[b]\r\n", request, "2", "[a]\r\nxx = 1\r\nx = 2\r\n\r\n[b]\r\n");
    assert_edited("[ab]\n", request, "2", "[ab]\n[a]\nx = 2\n");
    assert_edited("[a]\nx = 2", request, "2", "[a]\nx = 2\n");
    request.allow_no_value = true;
    assert_edited("[a]\nx = 2\n", request, NULL, "[a]\nx\n");
    request.option = "#x";
    assert_edited("[a]\n#x\n", request, NULL, "[a]\n#x\n");
}

static void removes(void **state)
{
    struct ini_request request = { .section = "a", .option = "x", .absent = true, .exclusive = true };

    (void)state;
    assert_edited("[a]\nx=1\n#x=2\n\tx = 3\n", request, NULL, "[a]\n#x=2\n");
    assert_edited("[b]\nx=1\n", request, NULL, "[b]\nx=1\n");
    request.option = NULL;
    assert_edited("y=1\n[a]\nx=1\n[b]\n", request, NULL, "y=1\n[b]\n");
    request.section = NULL;
    assert_edited("y=1\n[a]\nx=1\n", request, NULL, "[a]\nx=1\n");
    assert_edited("[a]\nx=1\n", request, NULL, "[a]\nx=1\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sets),
        cmocka_unit_test(removes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

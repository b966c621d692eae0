/* SPDX-License-Identifier: Apache-2.0 */
/* A marked block: replaced where it is, placed where it shall go, taken out whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "agent/task/block_lines.h"

static const struct block_request plain = { .begin = "# B", .end = "# E", .block = "x\n" };

static void assert_applied(const char *text, struct block_request request, const char *wanted)
{
    ARENA_SCOPED arena = arena_new();
    struct error err = ERROR_INIT;
    struct file_lines lines;
    size_t length = 0;

    file_lines_split(arena, text, strlen(text), &lines);
    assert_true(block_apply(&lines, &request, &err));
    assert_string_equal(file_lines_join(&lines, &length), wanted);
    assert_int_equal(length, strlen(wanted));
}

static void places(void **state)
{
    struct block_request request = plain;

    (void)state;
    assert_applied("a\n", request, "a\n# B\nx\n# E\n");
    assert_applied("a", request, "a\n# B\nx\n# E\n");
    assert_applied("", request, "# B\nx\n# E\n");
    request.insertbefore = "BOF";
    assert_applied("a\n", request, "# B\nx\n# E\na\n");
    request.insertbefore = "^a";
    assert_applied("b\na\nc\na\n", request, "b\na\nc\n# B\nx\n# E\na\n");
    request.insertbefore = NULL;
    request.insertafter = "(?m)^a\nc$";
    assert_applied("b\na\nc\na\nc\n", request, "b\na\nc\n# B\nx\n# E\na\nc\n");
    request.insertafter = "(?m)c\n";
    assert_applied("c\n", request, "c\n# B\nx\n# E\n");
}

static void replaces(void **state)
{
    struct block_request request = plain;

    (void)state;
    assert_applied("a\n# B\nold\n# E\nb\n", request, "a\n# B\nx\n# E\nb\n");
    assert_applied("a\n# E\nold\n# B\nb\n", request, "a\n# B\nx\n# E\nb\n");
    assert_applied("# B\nonly one\n", request, "# B\nonly one\n# B\nx\n# E\n");
    request.block = NULL;
    assert_applied("a\n# B\nold\n# E\nb\n", request, "a\nb\n");
    assert_applied("a\nb\n", request, "a\nb\n");
}

static void refuses(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct block_request request = plain;
    struct error err = ERROR_INIT;
    struct file_lines lines;

    (void)state;
    request.insertafter = "(a";
    file_lines_split(arena, "a\n", 2, &lines);
    assert_false(block_apply(&lines, &request, &err));
    assert_non_null(strstr(err.text, "invalid regular expression '(a'"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places),
        cmocka_unit_test(replaces),
        cmocka_unit_test(refuses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

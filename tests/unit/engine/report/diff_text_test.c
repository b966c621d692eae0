/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Diffs and wrapped text against recordings: golden/diffs.jsonl and golden/wrap.jsonl hold inputs made at random and what
 * Ansible's diff display and Python's textwrap make of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
/* cmocka wants the five above first */
#include <cmocka.h>

#include "common/base/fd.h"
#include "common/json/json.h"
#include "engine/report/paint.h"
#include "engine/report/result_text.h"

#define GOLDEN SOURCE_FOLDER "/tests/unit/engine/report/golden/"

static void make_diff(struct text *out, const struct value *record)
{
    result_text_diff(out, record, &(struct result_style){ 0 });
}

static void make_wrap(struct text *out, const struct value *record)
{
    paint_wrap(out, value_map_text(record, "t"), 79, value_map_true(record, "keep"));
}

static void compare(const char *name, void (*make)(struct text *, const struct value *), size_t wanted_count)
{
    struct arena *arena = arena_new();
    struct error err = ERROR_INIT;
    char *data = NULL;
    const char *cursor, *line = NULL;
    size_t length = 0, line_length = 0, count = 0;

    assert_true(file_read(arena, name, 1 << 24, &data, &length, &err));
    cursor = data;
    while (text_line(&cursor, data + length, &line, &line_length)) {
        const struct value *record = NULL;
        struct text out = text_new(arena);

        assert_true(json_read(arena, line, line_length, name, &record, &err));
        make(&out, record);
        assert_string_equal(out.length == 0 ? "" : out.data, value_map_text(record, "want"));
        count++;
    }
    assert_int_equal(count, wanted_count);
    arena_free(arena);
}

static void test_diffs(void **state)
{
    (void)state;
    compare(GOLDEN "diffs.jsonl", make_diff, 70);
}

static void test_wrap(void **state)
{
    (void)state;
    compare(GOLDEN "wrap.jsonl", make_wrap, 150);
}

static void test_notes(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct value *diff = value_map(arena), *list = value_list(arena);
    struct text out = text_new(arena);

    (void)state;
    value_map_put_int(arena, diff, "dst_binary", 1);
    value_map_put_int(arena, diff, "src_larger", 104448);
    value_map_put_string(arena, diff, "prepared", ">>> a\n");
    value_list_add(arena, list, diff);
    result_text_diff(&out, list, &(struct result_style){ 0 });
    assert_string_equal(out.data, "diff skipped: destination file appears to be binary\n"
                                  "diff skipped: source file size is greater than 104448\n>>> a\n");
}

static void test_width(void **state)
{
    (void)state;
    assert_int_equal(paint_width("abc", 3), 3);
    assert_int_equal(paint_width("\xc3\xa9", 2), 1);
    assert_int_equal(paint_width("\xe6\xbc\xa2", 3), 2);
    assert_int_equal(paint_width("e\xcc\x81", 3), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_diffs),
        cmocka_unit_test(test_wrap),
        cmocka_unit_test(test_notes),
        cmocka_unit_test(test_width),
    };

    return cmocka_run_group_tests_name("diff_text", tests, NULL, NULL);
}

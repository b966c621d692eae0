/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One-line arguments against recordings: golden/args.jsonl holds texts (made at random) and what ansible-core 2.14 reads
 * from them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
/* cmocka wants the five above first */
#include <cmocka.h>

#include "common/base/fd.h"
#include "common/base/text.h"
#include "common/json/json.h"
#include "engine/playbook/args_text.h"

static void test_recorded(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct error err = ERROR_INIT;
    char *data = NULL;
    const char *cursor, *line = NULL;
    size_t length = 0, line_length = 0, count = 0;

    (void)state;
    assert_true(
        file_read(arena, SOURCE_FOLDER "/tests/unit/engine/playbook/golden/args.jsonl", 1 << 24, &data, &length, &err));
    cursor = data;
    while (text_line(&cursor, data + length, &line, &line_length)) {
        const struct value *record = NULL, *want;
        struct value *got = NULL;
        bool read;

        assert_true(json_read(arena, line, line_length, "args", &record, &err));
        want = value_map_get(record, "want");
        read = args_parse(arena, value_map_get(record, "t"), value_map_true(record, "raw"), &got, &err);
        if (!(read ? value_equal(want, got) : value_is(want, VALUE_STRING)))
            fail_msg("%.*s\n  got %s", (int)line_length, line, read ? json_text(arena, got, JSON_PYTHON) : err.text);
        count++;
    }
    assert_int_equal(count, 300);
}

static void test_marks_and_place(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct error err = ERROR_INIT;
    struct value *text = value_string(arena, "a=1 b={{ x }}"), *got = NULL;

    (void)state;
    text->marks = VALUE_TRUSTED;
    text->path = "play.yml";
    text->line = 7;
    assert_true(args_parse(arena, text, false, &got, &err));
    assert_int_equal(value_map_get(got, "a")->marks, VALUE_TRUSTED | VALUE_STATIC);
    assert_int_equal(value_map_get(got, "b")->marks, VALUE_TRUSTED);
    assert_int_equal(value_map_get(got, "b")->line, 7);
    assert_string_equal(value_map_get(got, "b")->path, "play.yml");
}

static void test_action(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct error err = ERROR_INIT;
    const struct value *rest = NULL;
    const char *name = NULL;

    (void)state;
    assert_true(args_split_action(arena, value_string(arena, "copy src='a b' dest=c"), &name, &rest, &err));
    assert_string_equal(name, "copy");
    assert_string_equal(value_text(rest), "src='a b' dest=c");
    assert_false(args_split_action(arena, value_string(arena, ""), &name, &rest, &err));
    assert_string_equal(err.text, "no module/action detected in task.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recorded),
        cmocka_unit_test(test_marks_and_place),
        cmocka_unit_test(test_action),
    };

    return cmocka_run_group_tests_name("args_text", tests, NULL, NULL);
}

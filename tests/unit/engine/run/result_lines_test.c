/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of output, as Python's splitlines gives them; what of them, and of differences, may be shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/json/json.h"
#include "common/value/value_python.h"
#include "engine/run/emit.h"
#include "engine/run/result_diff.h"
#include "engine/run/result_lines.h"

static void expect(const char *text, const char *lines)
{
    struct arena *arena = arena_new();
    struct value *result = value_map(arena);

    value_map_put_string(arena, result, "stdout", text);
    result_add_lines(arena, result, "stdout", "stdout_lines");
    assert_string_equal(json_text(arena, value_map_get(result, "stdout_lines"), JSON_COMPACT), lines);
    arena_free(arena);
}

static void test_lines(void **state)
{
    (void)state;
    expect("", "[]");
    expect("a", "[\"a\"]");
    expect("a\n", "[\"a\"]");
    expect("a\n\nb", "[\"a\",\"\",\"b\"]");
    expect("a\r\nb\rc", "[\"a\",\"b\",\"c\"]");
    expect("a\v"
           "b\xc2\x85"
           "c\xe2\x80\xa8"
           "d",
           "[\"a\",\"b\",\"c\",\"d\"]");
}

static void test_secrets_stay_secret(void **state)
{
    struct arena *arena = arena_new();
    struct value *result = value_map(arena), *text = value_string(arena, "key\nmore\n");
    const struct value *shown;

    (void)state;
    text->marks |= VALUE_SECRET;
    value_map_put(arena, result, "stdout", text);
    result_add_lines(arena, result, "stdout", "stdout_lines");
    shown = value_masked(arena, value_map_get(result, "stdout_lines"));
    assert_string_equal(json_text(arena, shown, JSON_COMPACT), "[\"********\",\"********\"]");
    arena_free(arena);
}

#define HEADERS "\"before_header\":\"/etc/x\",\"after_header\":\"x.j2\""
#define NOTICE_AT(place) "\"prepared\":\"(the diff is withheld: it may show secret text" place ")\\n\""
#define NOTICE NOTICE_AT("")
#define LINE_1 NOTICE_AT("; line 1 differs")
#define MODES "{\"before\":{\"mode\":\"0600\",\"path\":\"/x\"},\"after\":{\"mode\":\"0644\",\"path\":\"/x\"}}"

/* A value as JSON, in which each text that begins with "!" came out of a vault. */
static const struct value *with_secrets(struct arena *arena, const struct value *value)
{
    struct value *copy = value_is(value, VALUE_LIST) ? value_list(arena) : value_map(arena);

    if (value_is(value, VALUE_STRING) && value_text(value)[0] == '!')
        return value_mark(arena, value, VALUE_SECRET, 0);
    if (!value_is(value, VALUE_LIST) && !value_is(value, VALUE_MAP))
        return value;
    for (size_t i = 0; i < value_count(value); i++) {
        if (value_is(value, VALUE_LIST))
            value_list_add(arena, copy, with_secrets(arena, value_item(value, i)));
        else
            value_map_put_value(arena, copy, value_pair_at(value, i)->key,
                                with_secrets(arena, value_pair_at(value, i)->item));
    }
    return copy;
}

/* Neither side of a difference is shown when one holds a secret: the other may hold the one that was there before. */
static void test_differences_with_secrets_are_withheld(void **state)
{
    static const struct {
        const char *diff;
        bool made_of_secrets;
        const char *shown;
    } rows[] = {
        { "{\"before\":\"a\",\"after\":\"b\"}", false, "{\"before\":\"a\",\"after\":\"b\"}" },
        { "{\"before\":\"old\",\"after\":\"!new\"," HEADERS "}", false, "{" HEADERS "," LINE_1 "}" },
        { "{\"before\":\"!old\",\"after\":\"b\"}", false, "{" LINE_1 "}" },
        { "{\"before\":\"old\",\"after\":\"12\"}", true, "{" LINE_1 "}" },
        { "{\"prepared\":\"-old\"}", true, "{" NOTICE "}" },
        { "{\"before\":{\"pin\":\"old\"},\"after\":{\"pin\":\"!new\"}}", false, "{" NOTICE "}" },
        { "{\"before\":{\"pin\":1},\"after\":{\"pin\":2}}", true, "{" NOTICE "}" },
        { "[" MODES ",{\"before\":\"old\",\"after\":\"!new\"}]", true, "[" MODES ",{" LINE_1 "}]" },
        { "[{\"before\":\"a\",\"after\":\"b\"},{\"before\":\"old\",\"after\":\"!new\"}]", false,
          "[{\"before\":\"a\",\"after\":\"b\"},{" LINE_1 "}]" },
        { "{\"before\":\"!same\",\"after\":\"!same\"}", false, "{\"before\":\"********\",\"after\":\"********\"}" },
        { "{\"dst_binary\":1,\"before\":\"\"}", false, "{\"dst_binary\":1,\"before\":\"\"}" },
        { "\"text\"", true, "\"********\"" },
        { "[]", true, "[]" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct arena *arena = arena_new();
        struct value *result = value_map(arena);
        const struct value *diff = NULL;

        assert_true(json_read(arena, rows[i].diff, strlen(rows[i].diff), "diff", &diff, NULL));
        value_map_put(arena, result, "diff", with_secrets(arena, diff));
        result_diff_mark(arena, result, rows[i].made_of_secrets);
        diff = value_map_get(emit_result_value(arena, result, false), "diff");
        assert_string_equal(json_text(arena, diff, JSON_COMPACT), rows[i].shown);
        diff = value_masked(arena, value_map_get(result, "diff")); /* as of a variable that was registered */
        assert_null(strstr(json_text(arena, diff, JSON_COMPACT), "old"));
        arena_free(arena);
    }
}

static void test_withheld_differences_have_a_place(void **state)
{
    static const struct {
        const char *before, *after, *place;
    } rows[] = {
        { "", "a\n", "" },
        { "a\nb\nc\n", "a\nx\nc\n", "; line 2 differs" },
        { "a\nb\nc\n", "a\nx\ny\nc\n", "; lines 2 to 3 differ" },
        { "a\nc\n", "a\nb\nc\n", "; line 2 differs" },
        { "a\nb\nc\n", "a\nc\n", "; lines after line 1 go" },
        { "xab\n", "ab\n", "; line 1 differs" },
        { "ab\n", "xab\n", "; line 1 differs" },
        { "a\nb", "a\nb\n", "; line 2 differs" },
        { "a\nb\n", "a\n", "; lines after line 1 go" },
        { "a\nb\n", "", "; its first lines go" },
        { "port=1\np=old\n", "port=2\np=new\n", "; lines 1 to 2 differ" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct arena *arena = arena_new();
        struct value *diff = value_map(arena);
        const char *wanted = arena_printf(arena, "(the diff is withheld: it may show secret text%s)\n", rows[i].place);

        value_map_put_string(arena, diff, "before", rows[i].before);
        value_map_put_string(arena, diff, "after", rows[i].after);
        assert_string_equal(
            value_map_text(result_diff_shown(arena, value_mark(arena, diff, VALUE_SECRET, 0)), "prepared"), wanted);
        arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_secrets_stay_secret),
        cmocka_unit_test(test_differences_with_secrets_are_withheld),
        cmocka_unit_test(test_withheld_differences_have_a_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What the dashboard's pages are made of, without a server: forms, origins, ages, diffs, kernel parameters, lines. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/text.h"
#include "common/json/json.h"
#include "controller/api/pages.h"
#include "controller/store/store_sample.h"

#define SECOND INT64_C(1000000)

static const struct value *form(struct arena *arena, const char *text)
{
    const struct value *out = NULL;
    struct error err = ERROR_INIT;

    if (!page_form_read(arena, text, strlen(text), &out, &err))
        fail_msg("%s: %s", text, err.text);
    return out;
}

static void form_refused(const char *text, size_t length, const char *sentence)
{
    ARENA_SCOPED arena = arena_new();
    const struct value *out = NULL;
    struct error err = ERROR_INIT;

    assert_false(page_form_read(arena, text, length, &out, &err));
    assert_string_equal(err.text, sentence);
}

static void forms_are_read(void **state)
{
    ARENA_SCOPED arena = arena_new();
    const struct value *map = form(arena, "a=1+2%203&&b=&c&%C3%A4=%26%3D");

    (void)state;
    assert_int_equal(value_count(map), 4);
    assert_string_equal(value_map_text(map, "a"), "1 2 3");
    assert_string_equal(value_map_text(map, "b"), "");
    assert_string_equal(value_map_text(map, "c"), "");
    assert_string_equal(value_map_text(map, "\xc3\xa4"), "&=");
    assert_int_equal(value_count(form(arena, "")), 0);
}

static void broken_forms_are_refused(void **state)
{
    char many[1024] = "";

    (void)state;
    form_refused("a=%2", 4, "a % in the form is not followed by two hexadecimal digits");
    form_refused("a=%zz", 5, "a % in the form is not followed by two hexadecimal digits");
    form_refused("%", 1, "a % in the form is not followed by two hexadecimal digits");
    form_refused("a=%00", 5, "the form holds a NUL byte");
    form_refused("a\0b=1", 5, "the form holds a NUL byte");
    form_refused("a=1&a=2", 7, "the field 'a' is given twice");
    for (int i = 0; i < 65; i++)
        snprintf(many + strlen(many), sizeof(many) - strlen(many), "f%d=&", i);
    form_refused(many, strlen(many), "the form has more than 64 fields");
}

static void origins_are_compared_whole(void **state)
{
    (void)state;
    assert_true(page_origin_matches("https://rack.lan:8470", "rack.lan:8470"));
    assert_true(page_origin_matches("https://[::1]:8470", "[::1]:8470"));
    assert_false(page_origin_matches("http://rack.lan:8470", "rack.lan:8470"));
    assert_false(page_origin_matches("https://rack.lan", "rack.lan:8470"));
    assert_false(page_origin_matches("https://rack.lan:8470.evil.example", "rack.lan:8470"));
    assert_false(page_origin_matches("https://evil.example/rack.lan:8470", "rack.lan:8470"));
    assert_false(page_origin_matches("null", "rack.lan:8470"));
    assert_false(page_origin_matches(NULL, "rack.lan:8470"));
    assert_false(page_origin_matches("https://", ""));
    assert_false(page_origin_matches("https://x", NULL));
}

static void a_login_leads_nowhere_else(void **state)
{
    (void)state;
    assert_true(page_path_is_local("/"));
    assert_true(page_path_is_local("/nodes/ai-1?x=%20"));
    assert_false(page_path_is_local("//evil.example"));
    assert_false(page_path_is_local("/\\evil.example"));
    assert_false(page_path_is_local("https://evil.example"));
    assert_false(page_path_is_local("/a\r\nSet-Cookie: x"));
    assert_false(page_path_is_local(""));
    assert_false(page_path_is_local(NULL));
}

static void ages_have_words(void **state)
{
    static const struct {
        int64_t seconds;
        const char *text;
    } cases[] = {
        { 0, "just now" },    { 1, "just now" },       { 12, "12 s ago" },  { 119, "119 s ago" },
        { 120, "2 min ago" }, { 7199, "119 min ago" }, { 7200, "2 h ago" }, { 172800, "2 d ago" },
        { -30, "in 30 s" },   { -172800, "in 2 d" },
    };
    ARENA_SCOPED arena = arena_new();

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_string_equal(page_age_text(arena, 1000000 * SECOND, (1000000 + cases[i].seconds) * SECOND),
                            cases[i].text);
}

static void links_are_escaped(void **state)
{
    ARENA_SCOPED arena = arena_new();
    const struct page_parameter parameters[] = { { "a", "x&y=z" }, { "b", NULL }, { "c", "\"<>" }, { NULL, NULL } };

    (void)state;
    assert_string_equal(page_link(arena, "/drift", parameters), "/drift?a=x%26y%3Dz&c=%22%3C%3E");
    assert_string_equal(page_node_url(arena, "a/../b"), "/nodes/a%2F..%2Fb");
}

static const char *kinds_of(struct arena *arena, const char *diff)
{
    const struct value *lines = page_diff(arena, diff);
    struct text out = text_new(arena);

    text_add(&out, "");
    for (size_t i = 0; i < value_count(lines); i++)
        text_printf(&out, "%s ", value_map_text(value_item(lines, i), "kind"));
    return out.data;
}

static void diffs_have_kinds(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct text big = text_new(arena);
    const struct value *lines = NULL;

    (void)state;
    assert_string_equal(kinds_of(arena, "--- a\n+++ b\n@@ -1 +1 @@\n x\n-y\n+z\n\n"), "at at at same del add same ");
    assert_string_equal(kinds_of(arena, NULL), "");
    for (int i = 0; i < 5000; i++)
        text_add(&big, "+line\n");
    lines = page_diff(arena, big.data);
    assert_int_equal(value_count(lines), 401);
    assert_string_equal(value_map_text(value_item(lines, 400), "text"),
                        "... the rest is printed by `roost drift NODE`");
}

static void an_unknown_verdict_is_not_ok(void **state)
{
    (void)state;
    assert_string_equal(page_verdict_class("ok"), "ok");
    assert_string_equal(page_verdict_class("lost"), "lost");
    assert_string_equal(page_verdict_class("splendid"), "unknown");
    assert_string_equal(page_verdict_word("splendid"), "splendid");
}

/* --- the kernel --- */

static const struct value *facts_of(struct arena *arena, const char *parameters)
{
    const struct value *out = NULL;
    struct error err = ERROR_INIT;
    const char *text = arena_printf(arena,
                                    "{\"ansible_facts\":{\"roost\":{\"kernel\":{\"release\":\"6.18\",\"command_line\":"
                                    "\"root=/dev/x amdgpu.gttsize=1  quiet\"},\"parameters\":{%s}}}}",
                                    parameters);

    if (!json_read(arena, text, strlen(text), NULL, &out, &err))
        fail_msg("%s", err.text);
    return out;
}

static const char *note_of(struct arena *arena, const char *parameter)
{
    const struct value *kernel =
        page_kernel(arena, facts_of(arena, arena_printf(arena, "\"amdgpu.gttsize\":{%s}", parameter)));
    const char *note = value_map_text(value_item(value_map_get(kernel, "rows"), 0), "note");

    assert_int_equal(value_map_get(kernel, "differing")->as.integer, note != NULL);
    return note == NULL ? "" : note;
}

#define CONFIG(value) "{\"kind\":\"config\",\"file\":\"f\",\"value\":\"" value "\"}"
#define ENTRY(value) "{\"kind\":\"entry\",\"file\":\"f\",\"value\":\"" value "\"}"

static void parameters_are_compared(void **state)
{
    ARENA_SCOPED arena = arena_new();

    (void)state;
    assert_string_equal(note_of(arena, "\"declared\":[" CONFIG("1") "," ENTRY("1") "],\"cmdline\":\"1\""), "");
    assert_string_equal(note_of(arena, "\"declared\":[],\"effective\":\"-1\""), "");
    assert_non_null(strstr(note_of(arena, "\"declared\":[" CONFIG("2") "," ENTRY("1") "],\"cmdline\":\"1\""),
                           "the boot entry has another value"));
    assert_non_null(strstr(note_of(arena, "\"declared\":[" CONFIG("2") "]"), "not in the boot entry"));
    assert_string_equal(note_of(arena, "\"declared\":[" CONFIG("2") "," ENTRY("2") "],\"cmdline\":\"1\""),
                        "takes effect at the next boot");
    assert_non_null(strstr(note_of(arena, "\"declared\":[],\"cmdline\":\"1\""), "gone at the next boot"));
    assert_non_null(
        strstr(note_of(arena, "\"declared\":[" CONFIG("1") "," ENTRY("1") "],\"cmdline\":\"1\",\"is_known\":false"),
               "no such parameter"));
    assert_non_null(strstr(note_of(arena, "\"declared\":[{\"kind\":\"modprobe\",\"file\":\"f\",\"value\":\"1\"}],"
                                          "\"effective\":\"0\""),
                           "another value"));
}

static void words_that_differ_are_marked(void **state)
{
    ARENA_SCOPED arena = arena_new();
    const struct value *kernel =
        page_kernel(arena, facts_of(arena, "\"amdgpu.gttsize\":{\"declared\":[],\"cmdline\":\"1\"}"));
    const struct value *words = value_map_get(kernel, "words");

    (void)state;
    assert_int_equal(value_count(words), 3);
    assert_false(value_map_true(value_item(words, 0), "differs"));
    assert_true(value_map_true(value_item(words, 1), "differs"));
    assert_true(value_is(page_kernel(arena, value_null()), VALUE_NULL)); /* not told: unknown, not "as declared" */
    assert_true(value_is(page_kernel(arena, value_map(arena)), VALUE_NULL));
}

/* Facts are a node's word: whatever shape they have, the controller stands. */
static void parameters_of_another_shape(void **state)
{
    ARENA_SCOPED arena = arena_new();
    const struct value *facts = NULL;
    struct error err = ERROR_INIT;
    const char *text = "{\"roost\":{\"kernel\":{\"release\":7},\"parameters\":[{\"declared\":1},\"x\"]}}";

    (void)state;
    assert_true(json_read(arena, text, strlen(text), NULL, &facts, &err));
    facts = page_kernel(arena, facts);
    assert_true(value_is(facts, VALUE_MAP));
    assert_int_equal(value_count(value_map_get(facts, "rows")), 0);
}

static void facts_are_flat(void **state)
{
    ARENA_SCOPED arena = arena_new();
    const struct value *facts = NULL;
    struct error err = ERROR_INIT;
    const char *text = "{\"a\":{\"b\":[1,{\"c\":true}],\"d\":{}},\"e\":null}";

    (void)state;
    assert_true(json_read(arena, text, strlen(text), NULL, &facts, &err));
    assert_string_equal(json_text(arena, page_facts(arena, facts), JSON_COMPACT),
                        "[{\"key\":\"a.b[0]\",\"text\":\"1\"},{\"key\":\"a.b[1].c\",\"text\":\"True\"},"
                        "{\"key\":\"a.d\",\"text\":\"{}\"},{\"key\":\"e\",\"text\":\"None\"}]");
    assert_int_equal(value_count(page_facts(arena, value_null())), 0);
}

/* --- lines --- */

static struct store_sample sample(int64_t at_us, double watts)
{
    struct store_sample out = { .at_us = at_us };

    for (int i = 0; i < STORE_SAMPLE_FIGURES; i++)
        out.figures[i] = (double)NAN;
    out.figures[STORE_SAMPLE_WATTS] = watts;
    return out;
}

static void holes_stay_holes(void **state)
{
    ARENA_SCOPED arena = arena_new();
    const struct store_sample samples[] = { sample(0, 10), sample(SECOND, 20), sample(5 * SECOND, 40) };
    const struct page_spark power = { STORE_SAMPLE_WATTS, "Power", "W", 1, 0, SECOND, 10 };
    const struct page_spark heat = { STORE_SAMPLE_CELSIUS, "Heat", "C", 1, 0, SECOND, 10 };
    const struct value *spark = page_spark(arena, &power, samples, 3);

    (void)state;
    assert_int_equal(value_count(value_map_get(spark, "segments")), 2);
    assert_string_equal(value_text(value_item(value_map_get(spark, "segments"), 1)), "144.0,3.2");
    assert_string_equal(value_map_text(spark, "low"), "10 W");
    assert_string_equal(value_map_text(spark, "high"), "40 W");
    assert_true(value_is(page_spark(arena, &heat, samples, 3), VALUE_NULL));
    assert_true(value_is(page_spark(arena, &power, samples, 0), VALUE_NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms_are_read),
        cmocka_unit_test(broken_forms_are_refused),
        cmocka_unit_test(origins_are_compared_whole),
        cmocka_unit_test(a_login_leads_nowhere_else),
        cmocka_unit_test(ages_have_words),
        cmocka_unit_test(links_are_escaped),
        cmocka_unit_test(diffs_have_kinds),
        cmocka_unit_test(an_unknown_verdict_is_not_ok),
        cmocka_unit_test(parameters_are_compared),
        cmocka_unit_test(words_that_differ_are_marked),
        cmocka_unit_test(parameters_of_another_shape),
        cmocka_unit_test(facts_are_flat),
        cmocka_unit_test(holes_stay_holes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Python's regular expressions. Expected values come from Python 3.11's re with bytes patterns. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "common/regex/regex.h"

static bool matches(const char *pattern, const char *subject, unsigned options)
{
    ARENA_SCOPED arena = arena_new();
    struct error err = ERROR_INIT;
    struct regex *regex = NULL;
    bool found = false;

    if (!regex_compile(arena, pattern, strlen(pattern), options, &regex, &err))
        fail_msg("%s: %s", pattern, err.text);
    assert_true(regex_search(regex, subject, strlen(subject), NULL, &found, &err));
    return found;
}

static void speaks_python(void **state)
{
    static const struct {
        const char *pattern, *subject;
        bool found;
    } cases[] = {
        { "^b", "a\nb", false },
        { "b$", "ab\n", true },
        { "b$", "ab\r\n", false },
        { "b\\Z", "ab\n", false },
        { "b\\n\\Z", "ab\n", true },
        { "\\Ab", "ab", false },
        { "[]c][[:d]", "c[:d", true },
        { "[]c][[:d]", "xd", false },
        { "[[:alpha:]]", "x", false },
        { "[[:alpha:]]", "a]", true },
        { "^a{,2}b", "aab", true },
        { "^a{,2}b$", "aaab", false },
        { "a\\vb",
          "a\x0b"
          "b",
          true },
        { "a\\vb", "a\nb", false },
        { "\\x41\\101", "AA", true },
        { "(a)\\1", "aa", true },
        { "(?P<q>ab)(?P=q)", "abab", true },
        { "(?<=t)wo(?!x)", "two", true },
        { "(?i)TWO", "two", true },
        { "(?s)a.b", "a\nb", true },
        { "a.b", "a\nb", false },
        { "(?x) a b # c [\n c", "abc", true },
        { "(?#note [)a", "a", true },
        { "\\<a\\>", "<a>", true },
        { "h\xc3\xa9+llo", "h\xc3\xa9llo", true },
        { "(a)?(?(1)b|c)", "ab", true },
        { "\\d{3}\\s\\w", "123 x", true },
        { "[\\]\\-x]", "-", true },
        { "(?a)\\w", "x", true },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (matches(cases[i].pattern, cases[i].subject, 0) != cases[i].found)
            fail_msg("'%s' on '%s'", cases[i].pattern, cases[i].subject);
    }
    assert_true(matches("^b", "a\nb", REGEX_MULTILINE));
    assert_true(matches("^$", "a\n", REGEX_MULTILINE)); /* Python matches behind the last newline too */
    assert_true(matches("^.$", "\xc3\xa9", REGEX_TEXT));
    assert_false(matches("^.$", "\xc3\xa9", 0));
    assert_true(matches("\\u00e9", "\xc3\xa9", REGEX_TEXT));
}

static void refuses_what_python_refuses(void **state)
{
    static const char *const patterns[] = {
        "a(b",  "\\h",  "\\K",     "\\Qa\\E", "(?R)", "(?<n>a)", "(?P>n)", "(*FAIL)", "[a",
        "\\x4", "(?z)", "\\u00e9", "(?",      "a\\",  "*a",      "\\777",  "(?|a|b)", "\\1",
    };
    ARENA_SCOPED arena = arena_new();

    (void)state;
    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
        struct error err = ERROR_INIT;
        struct regex *regex = NULL;
        if (regex_compile(arena, patterns[i], strlen(patterns[i]), 0, &regex, &err))
            fail_msg("%s is taken", patterns[i]);
        assert_non_null(strstr(err.text, "invalid regular expression '"));
    }
}

static bool expand(const char *pattern, const char *subject, const char *template, struct text *out, struct error *err)
{
    struct regex *regex = NULL;
    struct regex_match match = { 0 };
    bool found = false;

    assert_true(regex_compile(out->arena, pattern, strlen(pattern), 0, &regex, err));
    assert_true(regex_search(regex, subject, strlen(subject), &match, &found, err));
    assert_true(found);
    return regex_expand(regex, &match, template, out, err);
}

static void expands_templates(void **state)
{
    static const struct {
        const char *template, *text;
    } cases[] = {
        { "\\1-\\2", "ab-" },     { "\\g<1>1", "ab1" }, { "\\g<n>", "ab" }, { "\\g<0>", "abc" },
        { "a\\tb\\n", "a\tb\n" }, { "\\\\1", "\\1" },   { "\\.", "\\." },   { "\\0", "" },
        { "\\101", "A" },         { "$1", "$1" },       { "", "" },
    };
    static const char *const broken[] = { "\\3", "\\g<3>", "\\g<x>", "\\g1", "\\q", "\\" };
    ARENA_SCOPED arena = arena_new();
    struct error err = ERROR_INIT;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct text out = text_new(arena);
        assert_true(expand("(?P<n>ab)c(x)?", "zabc", cases[i].template, &out, &err));
        if (strcmp(cases[i].template, "\\0") == 0)
            assert_int_equal(out.length, 1); /* a NUL */
        else
            assert_string_equal(out.data ? out.data : "", cases[i].text);
    }
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        struct text out = text_new(arena);
        if (expand("(?P<n>ab)c(x)?", "zabc", broken[i], &out, &err))
            fail_msg("%s is taken", broken[i]);
    }
}

static void gives_groups(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct error err = ERROR_INIT;
    struct regex *regex = NULL;
    struct regex_match match = { 0 };
    bool found = false;

    (void)state;
    assert_true(regex_compile(arena, "(?P<k>\\w+)=(\\w+)(x)?", strlen("(?P<k>\\w+)=(\\w+)(x)?"), 0, &regex, &err));
    assert_true(regex_search(regex, "..key=val", 9, &match, &found, &err));
    assert_true(found);
    struct value *groups = regex_groups(arena, &match), *named = regex_named_groups(arena, regex, &match);
    assert_int_equal(value_count(groups), 3);
    assert_string_equal(value_text(value_item(groups, 1)), "val");
    assert_true(value_is(value_item(groups, 2), VALUE_NULL));
    assert_int_equal(value_count(named), 1);
    assert_string_equal(value_map_text(named, "k"), "key");
}

static bool found_in(struct regex *regex, struct regex_range range)
{
    struct error err = ERROR_INIT;
    bool found = false;

    assert_true(regex_search_range(regex, &range, NULL, &found, &err));
    return found;
}

static void searches_from_a_place(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct error err = ERROR_INIT;
    struct regex *regex = NULL;

    (void)state;
    assert_true(regex_compile(arena, "b+", 2, REGEX_TEXT | REGEX_IGNORECASE, &regex, &err));
    assert_true(found_in(regex, (struct regex_range){ .subject = "aBa", .length = 3 }));
    assert_false(found_in(regex, (struct regex_range){ .subject = "aBa", .length = 3, .from = 2 }));
    assert_true(found_in(regex, (struct regex_range){ .subject = "aBa", .length = 3, .from = 1, .only_there = true }));
    assert_false(found_in(regex, (struct regex_range){ .subject = "aBa", .length = 3, .only_there = true }));
    assert_true(regex_compile(arena, "^b", 2, REGEX_TEXT, &regex, &err));
    assert_false(found_in(regex, (struct regex_range){ .subject = "ab", .length = 2, .from = 1, .only_there = true }));
}

static void counts_groups(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct error err = ERROR_INIT;
    struct regex *regex = NULL;

    (void)state;
    assert_true(regex_compile(arena, "(a)(?P<two>b)(?:c)", 18, 0, &regex, &err));
    assert_int_equal(regex_group_count(regex), 2);
    assert_int_equal(regex_group_number(regex, "two"), 2);
    assert_int_equal(regex_group_number(regex, "three"), 0);
}

static void escapes(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct text out = text_new(arena);

    (void)state;
    regex_escape(&out, "a.b*[c] d-e_%/", 14);
    assert_string_equal(out.data, "a\\.b\\*\\[c\\]\\ d\\-e_%/");
}

static void ends_what_would_not_end(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct error err = ERROR_INIT;
    struct regex *regex = NULL;
    char subject[64];
    bool found = false;

    (void)state;
    memset(subject, 'a', sizeof subject);
    assert_true(regex_compile(arena, "^(a+)+$", 7, 0, &regex, &err));
    subject[sizeof subject - 1] = 'b';
    assert_false(regex_search(regex, subject, sizeof subject, NULL, &found, &err));
    assert_int_equal(err.kind, ERROR_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(speaks_python),
        cmocka_unit_test(refuses_what_python_refuses),
        cmocka_unit_test(expands_templates),
        cmocka_unit_test(gives_groups),
        cmocka_unit_test(searches_from_a_place),
        cmocka_unit_test(counts_groups),
        cmocka_unit_test(escapes),
        cmocka_unit_test(ends_what_would_not_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

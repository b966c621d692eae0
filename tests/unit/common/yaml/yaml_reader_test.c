/* SPDX-License-Identifier: Apache-2.0 */
/* Documents, positions, marks, limits and errors. Values are those of Ansible's loader on PyYAML 6.0. */
#include <stdlib.h>
#include <unistd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "common/base/limits.h"
#include "common/value/value_python.h"
#include "common/yaml/yaml_reader.h"

static const char *const documents[][2] = {
    { "- a\n- b: 1\n  c: [1, {d: e}]\n- |\n  text\n  more\n- >-\n  folded\n  text\n",
      "['a', {'b': 1, 'c': [1, {'d': 'e'}]}, 'text\\nmore\\n', 'folded text']" },
    { "a: &x {k: 1, l: 2}\nb: {<<: *x, l: 3, m: 4}\n", "{'a': {'k': 1, 'l': 2}, 'b': {'k': 1, 'l': 3, 'm': 4}}" },
    { "a: &x {k: 1}\nb: &y {k: 2, z: 3}\nc:\n  <<: [*x, *y]\n  own: 1\n",
      "{'a': {'k': 1}, 'b': {'k': 2, 'z': 3}, 'c': {'k': 1, 'z': 3, 'own': 1}}" },
    { "d: &x [1, 2]\ne: *x\n", "{'d': [1, 2], 'e': [1, 2]}" },
    { "? a\n: b\n? c\n", "{'a': 'b', 'c': None}" },
    { "!!str 5", "'5'" },
    { "!!int \"5\"", "5" },
    { "!!float 5", "5.0" },
    { "!!bool \"yes\"", "True" },
    { "!!null \"\"", "None" },
    { "! 5", "5" },
    { "- !!str yes\n- \"yes\"\n- 'no'\n", "['yes', 'yes', 'no']" },
    { "a: !!binary aGVsbG8=", "{'a': b'hello'}" },
    { "# only a comment\n", "None" },
    { "", "None" },
    { "---\na\n...\n", "'a'" },
    { "{\"json\": [1, 2.5, true, null, \"x\\ny\"]}", "{'json': [1, 2.5, True, None, 'x\\ny']}" },
    { "a:\n  - 1\n  -\n  - ~\n", "{'a': [1, None, None]}" },
    { "1: int\ntrue: bool\nnull: none\n1.5: real\n", "{1: 'bool', None: 'none', 1.5: 'real'}" },
    { "mode: 0644\n", "{'mode': 420}" },
    { "\"<<\": x\n", "{'<<': 'x'}" },
    { "a: {<<: {x: 1}, <<: {y: 2}}\n", "{'a': {'x': 1, 'y': 2}}" },
};

static bool parse(struct arena *arena, const char *data, bool trusted, const struct value **out, struct error *err)
{
    struct yaml_source source = { .data = data, .length = strlen(data), .path = "p.yml", .trusted = trusted };

    return yaml_read(arena, &source, out, err);
}

static const struct value *read_well(struct arena *arena, const char *data, bool trusted)
{
    struct error err = ERROR_INIT;
    const struct value *value = NULL;

    if (!parse(arena, data, trusted, &value, &err))
        fail_msg("%s: %d:%d %s", data, err.line, err.column, err.text);
    return value;
}

static void test_documents(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++) {
        ARENA_SCOPED arena = arena_new();
        struct text out = text_new(arena);

        value_repr(&out, read_well(arena, documents[i][0], true));
        assert_string_equal(out.data, documents[i][1]);
    }
}

static void assert_at(const struct value *value, int line, int column)
{
    assert_non_null(value);
    assert_string_equal(value->path, "p.yml");
    assert_int_equal(value->line, line);
    assert_int_equal(value->column, column);
}

static void test_positions(void **state)
{
    ARENA_SCOPED arena = arena_new();
    const struct value *root = read_well(arena, "a: 1\nb:\n  - yes\n  - {c: ~, d: x}\né: [y]\n", true);
    const struct value *list = value_map_get(root, "b");

    (void)state;
    assert_at(root, 1, 1);
    assert_at(value_map_get(root, "a"), 1, 4);
    assert_at(list, 3, 3);
    assert_at(value_item(list, 0), 3, 5);
    assert_at(value_map_get(value_item(list, 1), "c"), 4, 9);
    assert_at(value_pair_at(value_item(list, 1), 1)->key, 4, 12);
    assert_at(value_item(value_map_get(root, "é"), 0), 5, 5);
}

static void test_line_offset(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct yaml_source source = { .data = "a: 1", .length = 4, .path = "p.yml", .line_offset = 10 };
    struct error err = ERROR_INIT;
    const struct value *value = NULL;

    (void)state;
    assert_true(yaml_read(arena, &source, &value, &err));
    assert_at(value_map_get(value, "a"), 11, 4);
    source.data = "a: ]";
    assert_false(yaml_read(arena, &source, &value, &err));
    assert_int_equal(err.line, 11);
}

static void test_marks_of_trusted_text(void **state)
{
    ARENA_SCOPED arena = arena_new();
    const struct value *root =
        read_well(arena,
                  "plain: x\ntemplate: '{{ x }}'\nlist: [a, ['{% y %}']]\nsafe: !unsafe '{{ x }}'\n"
                  "tree: !unsafe ['{{ x }}', {k: v}]\nsecret: !vault |\n  $ANSIBLE_VAULT;1.1\n",
                  true);
    const struct value *tree = value_map_get(root, "tree"), *secret = value_map_get(root, "secret");

    (void)state;
    assert_int_equal(value_map_get(root, "plain")->marks, VALUE_TRUSTED | VALUE_STATIC);
    assert_int_equal(value_map_get(root, "template")->marks, VALUE_TRUSTED);
    assert_int_equal(value_map_get(root, "list")->marks, VALUE_TRUSTED);
    assert_int_equal(value_item(value_map_get(root, "list"), 0)->marks, VALUE_TRUSTED | VALUE_STATIC);
    assert_int_equal(value_map_get(root, "safe")->marks, VALUE_STATIC);
    assert_int_equal(tree->marks, VALUE_STATIC);
    assert_false(value_has_mark(tree, VALUE_TRUSTED));
    assert_int_equal(secret->marks, VALUE_VAULT | VALUE_TRUSTED);
    assert_string_equal(value_text(secret), "$ANSIBLE_VAULT;1.1\n");
    assert_int_equal(root->marks, VALUE_TRUSTED);
}

static void test_untrusted_text_is_static(void **state)
{
    ARENA_SCOPED arena = arena_new();
    const struct value *root = read_well(arena, "a: ['{{ x }}']", false);

    (void)state;
    assert_int_equal(root->marks, VALUE_STATIC);
    assert_false(value_has_mark(root, VALUE_TRUSTED));
    assert_int_equal(value_item(value_map_get(root, "a"), 0)->marks, VALUE_STATIC);
}

static void test_an_alias_beneath_unsafe_loses_trust(void **state)
{
    ARENA_SCOPED arena = arena_new();
    const struct value *root = read_well(arena, "a: &x ['{{ y }}']\nb: !unsafe [*x]\nc: *x\n", true);

    (void)state;
    assert_false(value_has_mark(value_map_get(root, "b"), VALUE_TRUSTED));
    assert_ptr_equal(value_map_get(root, "c"), value_map_get(root, "a"));
    assert_int_equal(value_map_get(root, "c")->marks, VALUE_TRUSTED);
}

static void test_merged_templates_are_not_static(void **state)
{
    ARENA_SCOPED arena = arena_new();
    const struct value *root = read_well(arena, "a: &x {k: '{{ y }}'}\nb: {<<: *x, l: 1}\n", true);

    (void)state;
    assert_int_equal(value_map_get(root, "b")->marks, VALUE_TRUSTED);
}

struct broken_case {
    const char *data;
    int line, column;
    const char *text;
};

static const struct broken_case broken[] = {
    { "a:\n\tb: 1\n", 2, 1, "a tab cannot be used for indentation here: use spaces" },
    { "a: @x\n", 1, 4, "a value that starts with this character must be quoted" },
    { "a: b: c\n", 1, 5, "mapping values are not allowed in this context (a value with ': ' in it must be quoted" },
    { "a: [1, 2\nb: 3\n", 1, 4,
      "did not find expected ',' or ']' (while parsing a flow sequence that starts here; noticed in line 2, column 2)" },
    { "b: 1\na: [1\n", 2, 4,
      "did not find expected ',' or ']' before the end of the text (while parsing a flow sequence that starts here)" },
    { "{bad", 1, 1, "did not find expected ',' or '}' before the end of the text (while parsing a flow mapping" },
    { "a: 1\n b: 2\n", 2, 3, "mapping values are not allowed in this context" },
    { "a: 'x\n", 1, 4, "found unexpected end of stream before the end of the text (while scanning a quoted scalar" },
    { "x: {{ y }}\n", 1, 5,
      "a mapping cannot be a key; a value that starts with a template expression must be quoted" },
    { "[a]: 1\n", 1, 1, "a list cannot be a key" },
    { "a: &x [1]\n? *x\n: 1\n", 2, 3, "a list or mapping cannot be a key" },
    { "a: !foo 1\n", 1, 4, "unknown tag '!foo'" },
    { "a: !foo [1]\n", 1, 4, "unknown tag '!foo' on a list" },
    { "a: !vault [1]\n", 1, 4, "unknown tag '!vault' on a list" },
    { "a: !!omap [b: 1, 2]\n", 1, 4, "each entry of an ordered mapping must be a mapping of one key" },
    { "a: !!omap {b: 1}\n", 1, 4, "unknown tag 'tag:yaml.org,2002:omap' on a mapping" },
    { "a: !!set [1]\n", 1, 4, "unknown tag 'tag:yaml.org,2002:set' on a list" },
    { "a: !!int x\n", 1, 4, "'x' does not fit its tag '!!int'" },
    { "a: !!binary '*'\n", 1, 1, "" },
    { "a: *nope\n", 1, 4, "alias '*nope' has no anchor" },
    { "a: &x [*x]\n", 1, 8, "alias '*x' stands inside what it refers to" },
    { "b: {<<: 1}\n", 1, 9, "'<<' needs a mapping or a list of mappings, but found: integer" },
    { "b: {<<: [{a: 1}, x]}\n", 1, 9, "'<<' needs a mapping or a list of mappings, but found: string" },
    { "a\n---\nb\n", 2, 1, "a second document starts here, but only one is expected" },
    { "a: \"\\q\"\n", 1, 5, "found unknown escape character" },
    { "ok: 1\nbad: \xff\n", 2, 6, "invalid leading UTF-8 octet" },
    { "a: \x01\n", 1, 4, "control characters are not allowed" },
};

static void test_errors(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        ARENA_SCOPED arena = arena_new();
        struct error err = ERROR_INIT;
        const struct value *value = NULL;

        if (broken[i].text[0] == '\0') {
            assert_true(parse(arena, broken[i].data, true, &value, &err));
            continue;
        }
        if (parse(arena, broken[i].data, true, &value, &err))
            fail_msg("accepted: %s", broken[i].data);
        if (err.line != broken[i].line || err.column != broken[i].column || strstr(err.text, broken[i].text) == NULL)
            fail_msg("%s: %d:%d: %s", broken[i].data, err.line, err.column, err.text);
        assert_string_equal(err.path, "p.yml");
        assert_int_equal(err.kind, ERROR_PARSE);
    }
}

static void test_duplicate_keys_warn(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct value *warnings = value_list(arena);
    struct yaml_source source = { .data = "a: 1\nb: 2\na: 3\n", .length = 15, .path = "p.yml", .warnings = warnings };
    struct error err = ERROR_INIT;
    const struct value *value = NULL;

    (void)state;
    assert_true(yaml_read(arena, &source, &value, &err));
    assert_string_equal(value_to_text(arena, value), "{'a': 3, 'b': 2}");
    assert_int_equal(value_count(warnings), 1);
    assert_string_equal(value_text(value_item(warnings, 0)),
                        "While constructing a mapping from p.yml, line 1, column 1, found a duplicate dict key (a). "
                        "Using last defined value only.");
    source.data = "x: &x {a: 1, b: 2}\ny: {<<: *x, b: 3}\n"; /* what overrides a merged key is there twice, too */
    source.length = strlen(source.data);
    assert_true(yaml_read(arena, &source, &value, &err));
    assert_string_equal(value_to_text(arena, value_map_get(value, "y")), "{'a': 1, 'b': 3}");
    assert_int_equal(value_count(warnings), 2);
    assert_non_null(strstr(value_text(value_item(warnings, 1)), "line 2, column 4, found a duplicate dict key (b)"));
}

static void test_ordered_mappings_and_sets(void **state)
{
    ARENA_SCOPED arena = arena_new();
    const struct value *root =
        read_well(arena, "o: !!omap [a: 1, b: '{{ x }}']\np: !!pairs [a: 1, a: 2]\ns: !!set {a, b}\n", true);

    (void)state;
    assert_string_equal(value_to_text(arena, root),
                        "{'o': [('a', 1), ('b', '{{ x }}')], 'p': [('a', 1), ('a', 2)], 's': ['a', 'b']}");
    assert_int_equal(value_map_get(root, "o")->marks, VALUE_TRUSTED);
    assert_int_equal(value_map_get(root, "s")->marks, VALUE_TRUSTED | VALUE_STATIC);
}

static void test_depth_is_limited(void **state)
{
    ARENA_SCOPED arena = arena_new();
    char deep[LIMIT_YAML_DEPTH + 2];
    struct error err = ERROR_INIT;
    const struct value *value = NULL;

    (void)state;
    memset(deep, '[', sizeof(deep));
    deep[sizeof(deep) - 1] = '\0';
    assert_false(parse(arena, deep, true, &value, &err));
    assert_non_null(strstr(err.text, "nested deeper than 128 levels"));
    assert_int_equal(err.column, LIMIT_YAML_DEPTH + 1);
}

static void test_billion_laughs(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct text bomb = text_new(arena);
    struct error err = ERROR_INIT;
    const struct value *value = NULL;

    (void)state;
    text_add(&bomb, "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for (int i = 1; i < 12; i++)
        text_printf(&bomb, "a%d: &a%d [*a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d]\n", i, i, i - 1,
                    i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
    assert_false(parse(arena, bomb.data, true, &value, &err));
    assert_int_equal(err.kind, ERROR_LIMIT);
    assert_non_null(strstr(err.text, "nodes once aliases are followed"));
    assert_true(arena_used(arena) < 1000000);
}

static void test_many_documents(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct yaml_source source = { .data = "a: &x 1\n---\n[b]\n---\n", .length = 20 };
    struct error err = ERROR_INIT;
    const struct value *value = NULL;

    (void)state;
    assert_true(yaml_read_all(arena, &source, &value, &err));
    assert_string_equal(value_to_text(arena, value), "[{'a': 1}, ['b'], None]");
    source.length = 0;
    assert_true(yaml_read_all(arena, &source, &value, &err));
    assert_int_equal(value_count(value), 0);
    source.data = "a: &x 1\n---\nb: *x\n";
    source.length = strlen(source.data);
    assert_false(yaml_read_all(arena, &source, &value, &err)); /* anchors end with their document */
}

static void test_files(void **state)
{
    ARENA_SCOPED arena = arena_new();
    char path[] = "/tmp/roost-yaml-XXXXXX";
    struct error err = ERROR_INIT;
    const struct value *value = NULL;
    int fd = mkstemp(path);

    (void)state;
    assert_int_equal(write(fd, "k: v\n", 5), 5);
    close(fd);
    assert_true(yaml_read_file(arena, path, true, &value, &err));
    assert_string_equal(value_map_text(value, "k"), "v");
    assert_string_equal(value->path, path);
    unlink(path);
    assert_false(yaml_read_file(arena, path, true, &value, &err));
    assert_non_null(strstr(err.text, "No such file"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_documents),
        cmocka_unit_test(test_positions),
        cmocka_unit_test(test_line_offset),
        cmocka_unit_test(test_marks_of_trusted_text),
        cmocka_unit_test(test_untrusted_text_is_static),
        cmocka_unit_test(test_an_alias_beneath_unsafe_loses_trust),
        cmocka_unit_test(test_merged_templates_are_not_static),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_duplicate_keys_warn),
        cmocka_unit_test(test_ordered_mappings_and_sets),
        cmocka_unit_test(test_depth_is_limited),
        cmocka_unit_test(test_billion_laughs),
        cmocka_unit_test(test_many_documents),
        cmocka_unit_test(test_files),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

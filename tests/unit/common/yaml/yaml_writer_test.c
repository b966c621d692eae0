/* SPDX-License-Identifier: Apache-2.0 */
/* Writing YAML; the expected texts were printed by Ansible's dumpers (PyYAML 6.0 on libyaml 0.2.5). */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "common/value/value_python.h"
#include "common/yaml/yaml_writer.h"

struct dump_case {
    const char *literal, *to_yaml, *to_nice_yaml, *callback;
};

static const struct dump_case dumps[] = {
    { "{'b': 1, 'a': [1, 2, {'x': None}], 'c': {}}", "a:\n- 1\n- 2\n- {x: null}\nb: 1\nc: {}\n",
      "a:\n- 1\n- 2\n-   x: null\nb: 1\nc: {}\n", "a:\n- 1\n- 2\n-   x: null\nb: 1\nc: {}\n" },
    { "[]", "[]\n", "[]\n", "[]\n" },
    { "{}", "{}\n", "{}\n", "{}\n" },
    { "'plain'", "plain\n", "plain\n", "plain\n" },
    { "''", "''\n", "''\n", "''\n" },
    { "None", "null\n", "null\n", "null\n" },
    { "True", "true\n", "true\n", "true\n" },
    { "1.0", "1.0\n", "1.0\n", "1.0\n" },
    { "1e+16", "1.0e+16\n", "1.0e+16\n", "1.0e+16\n" },
    { "1e999", ".inf\n", ".inf\n", ".inf\n" },
    { "'yes'", "'yes'\n", "'yes'\n", "'yes'\n" },
    { "'123'", "'123'\n", "'123'\n", "'123'\n" },
    { "'0644'", "'0644'\n", "'0644'\n", "'0644'\n" },
    { "'1.5'", "'1.5'\n", "'1.5'\n", "'1.5'\n" },
    { "'~'", "'~'\n", "'~'\n", "'~'\n" },
    { "'null'", "'null'\n", "'null'\n", "'null'\n" },
    { "'2001-01-01'", "'2001-01-01'\n", "'2001-01-01'\n", "'2001-01-01'\n" },
    { "'<<'", "'<<'\n", "'<<'\n", "'<<'\n" },
    { "'='", "'='\n", "'='\n", "'='\n" },
    { "'- a'", "'- a'\n", "'- a'\n", "'- a'\n" },
    { "'a: b'", "'a: b'\n", "'a: b'\n", "'a: b'\n" },
    { "'a #c'", "'a #c'\n", "'a #c'\n", "'a #c'\n" },
    { "'#c'", "'#c'\n", "'#c'\n", "'#c'\n" },
    { "' lead'", "' lead'\n", "' lead'\n", "' lead'\n" },
    { "'trail '", "'trail '\n", "'trail '\n", "'trail '\n" },
    { "\"it's\"", "it's\n", "it's\n", "it's\n" },
    { "'say \"x\"'", "say \"x\"\n", "say \"x\"\n", "say \"x\"\n" },
    { "'multi\\nline'", "'multi\n\n  line'\n", "'multi\n\n    line'\n", "|-\n    multi\n    line\n" },
    { "'multi\\nline\\n'", "'multi\n\n  line\n\n  '\n", "'multi\n\n    line\n\n    '\n", "|-\n    multi\n    line\n" },
    { "'\\nx'", "'\n\n  x'\n", "'\n\n    x'\n", "|4-\n\n    x\n" },
    { "'tab\\tx'", "\"tab\\tx\"\n", "\"tab\\tx\"\n", "\"tab\\tx\"\n" },
    { "'\\x07bell'", "\"\\abell\"\n", "\"\\abell\"\n", "\"\\abell\"\n" },
    { "'\xc3\xa9\xe6\x97\xa5\xe6\x9c\xac\xf0\x9f\x98\x80'", "\"\xc3\xa9\xe6\x97\xa5\xe6\x9c\xac\\U0001F600\"\n",
      "\"\xc3\xa9\xe6\x97\xa5\xe6\x9c\xac\\U0001F600\"\n", "\"\xc3\xa9\xe6\x97\xa5\xe6\x9c\xac\\U0001F600\"\n" },
    { "'\\u2028'", "'\xe2\x80\xa8  '\n", "'\xe2\x80\xa8    '\n", "\"\"\n" },
    { "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy'",
      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n  yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\n",
      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n    yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\n",
      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n    yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\n" },
    { "['a', 'b']", "[a, b]\n", "- a\n- b\n", "- a\n- b\n" },
    { "[['a'], ['b', ['c']]]", "- [a]\n- - b\n  - [c]\n", "-   - a\n-   - b\n    -   - c\n",
      "-   - a\n-   - b\n    -   - c\n" },
    { "{'k': ['a', 'b'], 'j': {'z': 1}}", "j: {z: 1}\nk: [a, b]\n", "j:\n    z: 1\nk:\n- a\n- b\n",
      "j:\n    z: 1\nk:\n- a\n- b\n" },
    { "{'k': 'a\\nb\\n'}", "{k: 'a\n\n    b\n\n    '}\n", "k: 'a\n\n    b\n\n    '\n", "k: |-\n    a\n    b\n" },
    { "['{{ x }}', '[x]', '*a', '&a', '!t', '%p', '@x', '`', '?', '-', ':', 'x:', '...', '---']",
      "['{{ x }}', '[x]', '*a', '&a', '!t', '%p', '@x', '`', '?', '-', ':', 'x:', '...',\n  '---']\n",
      "- '{{ x }}'\n- '[x]'\n- '*a'\n- '&a'\n- '!t'\n- '%p'\n- '@x'\n- '`'\n- '?'\n- '-'\n- ':'\n- 'x:'\n- '...'\n- '---'\n",
      "- '{{ x }}'\n- '[x]'\n- '*a'\n- '&a'\n- '!t'\n- '%p'\n- '@x'\n- '`'\n- '?'\n- '-'\n- ':'\n- 'x:'\n- '...'\n- '---'\n" },
    { "{1: 'b', None: 'c'}", "{1: b, null: c}\n", "1: b\nnull: c\n", "1: b\nnull: c\n" },
    { "{2: 1, 'x': 2}", "{2: 1, x: 2}\n", "2: 1\nx: 2\n", "2: 1\nx: 2\n" },
    { "{'a': '', 'b': [''], 'c': [[], {}]}", "a: ''\nb: ['']\nc:\n- []\n- {}\n", "a: ''\nb:\n- ''\nc:\n- []\n- {}\n",
      "a: ''\nb:\n- ''\nc:\n- []\n- {}\n" },
    { "'a\\r\\nb'", "\"a\\r\\nb\"\n", "\"a\\r\\nb\"\n", "|-\n    a\n    b\n" },
    { "{'long': 'word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word '}",
      "{long: 'word word word word word word word word word word word word word word word\n    word word word word word word word word word word word word word word word word\n    word word word word word word word word word '}\n",
      "long: 'word word word word word word word word word word word word word word word\n    word word word word word word word word word word word word word word word word\n    word word word word word word word word word '\n",
      "long: 'word word word word word word word word word word word word word word word\n    word word word word word word word word word word word word word word word word\n    word word word word word word word word word '\n" },
    { "b'bytes\\xff'", "!!binary |\n  Ynl0ZXP/\n", "!!binary |\n    Ynl0ZXP/\n", "!!binary |\n    Ynl0ZXP/\n" },
    { "{'n': -5, 'm': 1099511627776}", "{m: 1099511627776, n: -5}\n", "m: 1099511627776\nn: -5\n",
      "m: 1099511627776\nn: -5\n" },
    { "(1, ('a',))", "- 1\n- [a]\n", "- 1\n-   - a\n", "- 1\n-   - a\n" },
    { "{'key with: colon': 1, 'yes': 2, '12': 3}", "{'12': 3, 'key with: colon': 1, 'yes': 2}\n",
      "'12': 3\n'key with: colon': 1\n'yes': 2\n", "'12': 3\n'key with: colon': 1\n'yes': 2\n" },
};

static const struct value *read(struct arena *arena, const char *literal)
{
    struct error err = ERROR_INIT;
    const struct value *value = NULL;

    if (!value_from_python(arena, literal, strlen(literal), &value, &err))
        fail_msg("%s: %s", literal, err.text);
    return value;
}

static const char *dump(struct arena *arena, const struct value *value, struct yaml_style style)
{
    struct text out = text_new(arena);
    struct error err = ERROR_INIT;

    if (!yaml_write(&out, value, &style, &err))
        fail_msg("%s", err.text);
    return out.data;
}

static void test_dumps(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(dumps) / sizeof(dumps[0]); i++) {
        ARENA_SCOPED arena = arena_new();
        const struct value *value = read(arena, dumps[i].literal);

        assert_string_equal(dump(arena, value, (struct yaml_style){ 0 }), dumps[i].to_yaml);
        assert_string_equal(dump(arena, value, (struct yaml_style){ .indent = 4, .block = true }),
                            dumps[i].to_nice_yaml);
        assert_string_equal(
            dump(arena, value, (struct yaml_style){ .indent = 4, .block = true, .literal_multiline = true }),
            dumps[i].callback);
    }
}

static void test_options(void **state)
{
    ARENA_SCOPED arena = arena_new();
    const struct value *value = read(arena, "{'b': 'one two three four five six', 'a': [1]}");

    (void)state;
    assert_string_equal(dump(arena, value, (struct yaml_style){ .block = true, .keep_order = true }),
                        "b: one two three four five six\na:\n- 1\n");
    assert_string_equal(dump(arena, value, (struct yaml_style){ .block = true, .explicit_start = true, .width = 20 }),
                        "---\na:\n- 1\nb: one two three four\n  five six\n");
}

static void test_vault_nan_and_undefined(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct value *map = value_map(arena), *vault = value_string(arena, "$ANSIBLE_VAULT;1.1;AES256\n3130\n");
    struct text out = text_new(arena);
    struct error err = ERROR_INIT;

    (void)state;
    vault->marks = VALUE_VAULT;
    value_map_put(arena, map, "v", vault);
    value_map_put(arena, map, "w", value_real(arena, (double)NAN));
    assert_string_equal(dump(arena, map, (struct yaml_style){ .block = true }),
                        "v: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  3130\nw: .nan\n");
    assert_false(yaml_write(&out, value_undefined(arena, "foo"), &(struct yaml_style){ 0 }, &err));
    assert_int_equal(err.kind, ERROR_UNDEFINED);
    assert_string_equal(err.text, "'foo' is undefined");
    assert_false(yaml_write(&out, value_string(arena, "\xff"), &(struct yaml_style){ 0 }, &err));
    assert_non_null(strstr(err.text, "not valid UTF-8"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dumps),
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_vault_nan_and_undefined),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

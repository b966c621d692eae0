/* SPDX-License-Identifier: Apache-2.0 */
/* str(), repr() and type names; the expected texts were printed by CPython 3.11. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "common/value/value_python.h"

struct repr_case {
    const char *data;
    size_t length;
    const char *repr;
};

static const struct repr_case strings[] = {
    { "", 0, "''" },
    { "a", 1, "'a'" },
    { "it's", 4, "\"it's\"" },
    { "say \"x\"", 7, "'say \"x\"'" },
    { "both'\"", 6, "'both\\'\"'" },
    { "\\", 1, "'\\\\'" },
    { "\x0a\x0d\x09", 3, "'\\n\\r\\t'" },
    { "\x00\x01\x7f", 3, "'\\x00\\x01\\x7f'" },
    { "\xc3\xa9", 2, "'\xc3\xa9'" },
    { "\xe6\x97\xa5\xe6\x9c\xac", 6, "'\xe6\x97\xa5\xe6\x9c\xac'" },
    { "\xf0\x9f\x98\x80", 4, "'\xf0\x9f\x98\x80'" },
    { "\xe2\x80\x8b", 3, "'\\u200b'" },
    { "\xc2\xa0", 2, "'\\xa0'" },
    { "\xc2\xad", 2, "'\\xad'" },
    { "\xe2\x80\xa8", 3, "'\\u2028'" },
    { "\xee\x80\x80", 3, "'\\ue000'" },
    { "\xf3\xa0\x80\x81", 4, "'\\U000e0001'" },
    { "a\x80"
      "b",
      3, "'a\\udc80b'" },
    { "\xcd\xb8", 2, "'\\u0378'" },
    { "{{ x }}", 7, "'{{ x }}'" },
};

static void test_strings(void **state)
{
    ARENA_SCOPED arena = arena_new();

    (void)state;
    for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++) {
        const struct value *value = value_string_n(arena, strings[i].data, strings[i].length);
        struct text out = text_new(arena);

        value_repr(&out, value);
        assert_string_equal(out.data, strings[i].repr);
        text_truncate(&out, 0);
        value_str(&out, value);
        assert_int_equal(out.length, strings[i].length);
        assert_memory_equal(out.data, strings[i].data, strings[i].length);
    }
}

static void test_trees_and_scalars(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct value *map = value_map(arena), *list = value_list(arena), *bytes = value_string(arena, "a'\x80"),
                 *tuple = value_list(arena), *markup = value_string(arena, "<b>");

    (void)state;
    bytes->marks = VALUE_BYTES;
    markup->marks = VALUE_MARKUP;
    tuple->marks = VALUE_TUPLE;
    value_list_add(arena, tuple, markup);
    value_list_add(arena, list, value_null());
    value_list_add(arena, list, value_bool(true));
    value_list_add(arena, list, value_int(arena, INT64_MIN));
    value_list_add(arena, list, value_real(arena, 2));
    value_list_add(arena, list, bytes);
    value_list_add(arena, list, tuple);
    value_map_put(arena, map, "l", list);
    value_map_put_value(arena, map, value_int(arena, 1), value_map(arena));
    assert_string_equal(value_to_text(arena, map),
                        "{'l': [None, True, -9223372036854775808, 2.0, b\"a'\\x80\", (Markup('<b>'),)], 1: {}}");
    assert_string_equal(value_to_text(arena, markup), "<b>");
    assert_string_equal(value_to_text(arena, bytes), "b\"a'\\x80\"");
    assert_string_equal(value_to_text(arena, value_undefined(arena, "x")), "");
    assert_string_equal(value_to_text(arena, value_null()), "None");
}

static void test_type_names(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct value *tuple = value_list(arena);

    (void)state;
    tuple->marks = VALUE_TUPLE;
    assert_string_equal(value_python_type(value_null()), "NoneType");
    assert_string_equal(value_python_type(value_bool(true)), "bool");
    assert_string_equal(value_python_type(value_int(arena, 1)), "int");
    assert_string_equal(value_python_type(value_real(arena, 1)), "float");
    assert_string_equal(value_python_type(value_string(arena, "")), "str");
    assert_string_equal(value_python_type(value_list(arena)), "list");
    assert_string_equal(value_python_type(tuple), "tuple");
    assert_string_equal(value_python_type(value_map(arena)), "dict");
}

/* An object that finds itself under each of its keys. */
static const struct value *echo_get(void *object, struct arena *arena, const char *key, size_t length);

static const struct value *echo_keys(void *object, struct arena *arena)
{
    struct value *keys = value_list(arena);

    (void)object;
    value_list_add(arena, keys, value_string(arena, "self"));
    return keys;
}

static const struct value_object_ops echo_ops = { .type_name = "HostVars", .get = echo_get, .keys = echo_keys };
static const struct value_object_ops plain_ops = { .type_name = "Macro", .get = echo_get };

static const struct value *echo_get(void *object, struct arena *arena, const char *key, size_t length)
{
    (void)key;
    (void)length;
    return value_object(arena, object, &echo_ops);
}

static void test_objects(void **state)
{
    ARENA_SCOPED arena = arena_new();

    (void)state;
    assert_string_equal(value_to_text(arena, value_object(arena, NULL, &echo_ops)), "{'self': {...}}");
    assert_string_equal(value_to_text(arena, value_object(arena, NULL, &plain_ops)), "<Macro object>");
    assert_string_equal(value_python_type(value_object(arena, NULL, &plain_ops)), "Macro");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_trees_and_scalars),
        cmocka_unit_test(test_type_names),
        cmocka_unit_test(test_objects),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

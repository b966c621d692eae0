/* SPDX-License-Identifier: Apache-2.0 */
/* Conversion to each type: what is taken, and the words for what is not. */
#include <stdlib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "common/spec/arg_spec.h"
#include "common/value/value_python.h"

union one_field { /* whatever the tested type binds */
    const char *text;
    bool boolean;
    enum arg_tri tri;
    int64_t integer;
    double real;
    const struct value *value;
};

struct one_args {
    union one_field x;
};

static const struct value *read(struct arena *arena, const char *literal)
{
    struct error err = ERROR_INIT;
    const struct value *value = NULL;

    if (!value_from_python(arena, literal, strlen(literal), &value, &err))
        fail_msg("%s: %s", literal, err.text);
    return value;
}

/* The bound value as text, or the error's text. */
static const char *bind(struct arena *arena, struct arg_spec arg, const char *literal)
{
    struct arg_spec table[] = { arg, ARG_END };
    struct task_spec spec = { .name = "t", .args = table, .args_size = sizeof(struct one_args) };
    struct value *args = value_map(arena);
    struct one_args target = { 0 };
    struct error err = ERROR_INIT;

    value_map_put(arena, args, "x", read(arena, literal));
    if (!arg_bind(arena, &spec, args, &target, &err))
        return arena_copy(arena, err.text);
    switch (arg.type) {
    case ARG_BOOL:
        return target.x.boolean ? "true" : "false";
    case ARG_TRI:
        return target.x.tri == ARG_TRUE ? "true" : "false";
    case ARG_INT:
        return arena_printf(arena, "%lld", (long long)target.x.integer);
    case ARG_REAL:
        return arena_printf(arena, "%g", target.x.real);
    case ARG_STRING:
    case ARG_PATH:
    case ARG_MODE:
        return target.x.text;
    default:
        return value_to_text(arena, target.x.value);
    }
}

struct convert_case {
    enum arg_type type;
    const char *literal, *out;
};

#define CANNOT(type, to) "argument 'x' is of type <class '" type "'> and we were unable to convert to " to ": "
#define BOOLEANS                                                                                                       \
    " is not a valid boolean. Valid booleans include: 'yes', 'on', '1', 'true', 't', 'y', 1, True, 'no', 'off', '0',"  \
    " 'false', 'f', 'n', 0, False"
#define MODE "a mode is an octal number such as '0644' or symbolic such as 'u=rw,g=r'"

static const struct convert_case cases[] = {
    { ARG_STRING, "'a'", "a" },
    { ARG_STRING, "True", "True" },
    { ARG_STRING, "1.0", "1.0" },
    { ARG_STRING, "['a', 1]", "['a', 1]" },
    { ARG_STRING, "'a\\0b'", "argument 'x' holds a NUL byte" },
    { ARG_PATH, "'~/x'", "/home/me/x" },
    { ARG_PATH, "'$HOME/${DIR}x/$NOPE'", "/home/me/dx/$NOPE" },
    { ARG_PATH, "'/plain'", "/plain" },
    { ARG_BOOL, "'Yes'", "true" },
    { ARG_BOOL, "0", "false" },
    { ARG_BOOL, "1.0", "true" },
    { ARG_BOOL, "2", CANNOT("int", "bool") "The value '2'" BOOLEANS },
    { ARG_BOOL, "'maybe'", CANNOT("str", "bool") "The value 'maybe'" BOOLEANS },
    { ARG_TRI, "'no'", "false" },
    { ARG_INT, "'  1_000 '", "1000" },
    { ARG_INT, "True", "1" },
    { ARG_INT, "18446744073709551616", CANNOT("int", "int") "18446744073709551616 has more than 64 bits" },
    { ARG_REAL, "18446744073709551616", "1.84467e+19" },
    { ARG_STRING, "18446744073709551616", "18446744073709551616" },
    { ARG_MODE, "18446744073709551616",
      CANNOT("int", "mode") "a mode is an octal number such as '0644' or symbolic such as 'u=rw,g=r'" },
    { ARG_INT, "1.5", CANNOT("float", "int") "<class 'float'> cannot be converted to an int" },
    { ARG_INT, "'x'", CANNOT("str", "int") "<class 'str'> cannot be converted to an int" },
    { ARG_INT, "''", CANNOT("str", "int") "<class 'str'> cannot be converted to an int" },
    { ARG_REAL, "'1.5'", "1.5" },
    { ARG_REAL, "[1]", CANNOT("list", "float") "<class 'list'> cannot be converted to a float" },
    { ARG_LIST, "'a, b,'", "['a', ' b', '']" },
    { ARG_LIST, "5", "['5']" },
    { ARG_LIST, "['a', 5, None]", "['a', '5', 'None']" },
    { ARG_LIST, "{'a': 1}", CANNOT("dict", "list") "<class 'dict'> cannot be converted to a list" },
    { ARG_VALUES, "[{'a': 1}, 2]", "[{'a': 1}, 2]" },
    { ARG_VALUES, "'a,b'", "['a', 'b']" },
    { ARG_MAP, "{'a': 1}", "{'a': 1}" },
    { ARG_MAP, "'{\"a\": [1]}'", "{'a': [1]}" },
    { ARG_MAP, "\"{'a': True}\"", "{'a': True}" },
    { ARG_MAP, "'a=1, b=\"x y\" c=\\\\\"q'", "{'a': '1', 'b': 'x y', 'c': '\"q'}" },
    { ARG_MAP, "'text'", CANNOT("str", "dict") "dictionary requested, could not parse JSON or key=value" },
    { ARG_MAP, "'a=1 b'", CANNOT("str", "dict") "dictionary requested, could not parse JSON or key=value" },
    { ARG_MAP, "[1]", CANNOT("list", "dict") "<class 'list'> cannot be converted to a dict" },
    { ARG_RAW, "(1, None)", "(1, None)" },
    { ARG_MODE, "420", "0644" },
    { ARG_MODE, "0", "0000" },
    { ARG_MODE, "1023", "1777" },
    { ARG_MODE, "'u=rwX,g-w'", "u=rwX,g-w" },
    { ARG_MODE, "'0644'", "0644" },
    { ARG_MODE, "4096", CANNOT("int", "mode") MODE },
    { ARG_MODE, "True", CANNOT("bool", "mode") MODE },
};

static void test_conversions(void **state)
{
    (void)state;
    setenv("HOME", "/home/me", 1);
    setenv("DIR", "d", 1);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ARENA_SCOPED arena = arena_new();
        struct arg_spec arg = ARG(one_args, x, cases[i].type, .help = "x");

        assert_string_equal(bind(arena, arg, cases[i].literal), cases[i].out);
    }
}

static void test_choices(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct arg_spec text = ARG(one_args, x, ARG_STRING, .choices = ARG_NAMES("yes", "no", "auto"));
    struct arg_spec twice = ARG(one_args, x, ARG_STRING, .choices = ARG_NAMES("yes", "on", "auto"));
    struct arg_spec list = ARG(one_args, x, ARG_LIST, .choices = ARG_NAMES("a", "b"));
    struct arg_spec number = ARG(one_args, x, ARG_INT, .choices = ARG_NAMES("1", "2"));

    (void)state;
    assert_string_equal(bind(arena, text, "True"), "yes");
    assert_string_equal(bind(arena, text, "False"), "no");
    assert_string_equal(bind(arena, text, "'Auto'"),
                        "value of x must be one of: yes, no, auto, got: Auto (did you mean 'auto'?)");
    assert_string_equal(bind(arena, twice, "True"), "value of x must be one of: yes, on, auto, got: True");
    assert_string_equal(bind(arena, list, "'a,b'"), "['a', 'b']");
    assert_string_equal(bind(arena, list, "['a', 'c', 'd']"),
                        "value of x must be one or more of: a, b. Got no match for: c, d");
    assert_string_equal(bind(arena, number, "'2'"), "2");
    assert_string_equal(bind(arena, number, "3"), "value of x must be one of: 1, 2, got: 3");
}

static void test_undefined_is_refused(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct arg_spec table[] = { ARG(one_args, x, ARG_STRING, .help = "x"), ARG_END };
    struct task_spec spec = { .name = "t", .args = table, .args_size = sizeof(struct one_args) };
    struct value *args = value_map(arena);
    struct one_args target = { 0 };
    struct error err = ERROR_INIT;

    (void)state;
    value_map_put(arena, args, "x", value_undefined(arena, "foo"));
    assert_false(arg_bind(arena, &spec, args, &target, &err));
    assert_int_equal(err.kind, ERROR_UNDEFINED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conversions),
        cmocka_unit_test(test_choices),
        cmocka_unit_test(test_undefined_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

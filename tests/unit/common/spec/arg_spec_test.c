/* SPDX-License-Identifier: Apache-2.0 */
/* Binding a map of arguments into a struct: names, required, defaults, absent values, plan time. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/spec/arg_spec.h"
#include "common/value/value_python.h"

struct demo_args {
    const char *path, *state, *owner, *mode;
    bool force;
    enum arg_tri enabled;
    int64_t count;
    double delay;
    const struct value *names, *items, *params, *raw;
};

static const struct arg_spec demo_args_table[] = {
    ARG(demo_args, path, ARG_PATH, .required = true, .aliases = ARG_NAMES("dest", "name"), .help = "path"),
    ARG(demo_args, state, ARG_STRING, .default_text = "file", .choices = ARG_NAMES("absent", "directory", "file"),
        .help = "state"),
    ARG(demo_args, owner, ARG_STRING, .help = "owner", .no_log = true),
    ARG(demo_args, mode, ARG_MODE, .help = "mode"),
    ARG(demo_args, force, ARG_BOOL, .help = "force"),
    ARG(demo_args, enabled, ARG_TRI, .help = "enabled"),
    ARG(demo_args, count, ARG_INT, .help = "count"),
    ARG(demo_args, delay, ARG_REAL, .environment = "ROOST_TEST_DELAY", .help = "delay"),
    ARG(demo_args, names, ARG_LIST, .help = "names"),
    ARG(demo_args, items, ARG_VALUES, .help = "items"),
    ARG(demo_args, params, ARG_MAP, .help = "params"),
    ARG(demo_args, raw, ARG_RAW, .help = "raw"),
    ARG_END,
};

static const struct task_spec demo = {
    .name = "demo", .summary = "Demo", .args = demo_args_table, .args_size = sizeof(struct demo_args)
};

static struct value *read(struct arena *arena, const char *literal)
{
    struct error err = ERROR_INIT;
    const struct value *value = NULL;
    struct value *map = value_map(arena);

    if (!value_from_python(arena, literal, strlen(literal), &value, &err))
        fail_msg("%s: %s", literal, err.text);
    for (size_t i = 0; i < value_count(value); i++) {
        const struct value_pair *pair = value_pair_at(value, i);

        value_map_put_value(arena, map, pair->key, pair->item);
    }
    return map;
}

/* A variable stands in for an argument that is not given. */
static void test_environment(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct error err = ERROR_INIT;
    struct demo_args args = { 0 };

    (void)state;
    assert_int_equal(setenv("ROOST_TEST_DELAY", "2.5", 1), 0);
    assert_true(arg_bind(arena, &demo, read(arena, "{'path': '/x'}"), &args, &err));
    assert_true(args.delay == 2.5);
    assert_true(arg_bind(arena, &demo, read(arena, "{'path': '/x', 'delay': 1}"), &args, &err));
    assert_true(args.delay == 1);
    assert_int_equal(setenv("ROOST_TEST_DELAY", "soon", 1), 0);
    assert_false(arg_bind(arena, &demo, read(arena, "{'path': '/x'}"), &args, &err));
    assert_int_equal(unsetenv("ROOST_TEST_DELAY"), 0);
}

static void test_absent_and_default(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct demo_args args = { 0 };
    struct error err = ERROR_INIT;

    (void)state;
    assert_true(arg_bind(arena, &demo, read(arena, "{'path': '/x', 'owner': None, 'state': None}"), &args, &err));
    assert_string_equal(args.path, "/x");
    assert_string_equal(args.state, "file");
    assert_null(args.owner);
    assert_null(args.mode);
    assert_false(args.force);
    assert_int_equal(args.enabled, ARG_UNSET);
    assert_true(args.count == ARG_INT_UNSET);
    assert_true(isnan(args.delay));
    assert_null(args.names);
    assert_null(args.raw);
}

static void test_everything_given(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct demo_args args = { 0 };
    struct error err = ERROR_INIT;
    const struct value *map = read(arena, "{'dest': '/d', 'state': 'absent', 'owner': 5, 'mode': 420, 'force': 'yes',"
                                          " 'enabled': 'off', 'count': '12', 'delay': 1, 'names': 'a,b', 'items': [1],"
                                          " 'params': {'k': 1}, 'raw': [None], '_ansible_check_mode': True}");

    (void)state;
    assert_true(arg_bind(arena, &demo, map, &args, &err));
    assert_string_equal(args.path, "/d");
    assert_string_equal(args.state, "absent");
    assert_string_equal(args.owner, "5");
    assert_string_equal(args.mode, "0644");
    assert_true(args.force);
    assert_int_equal(args.enabled, ARG_FALSE);
    assert_int_equal(args.count, 12);
    assert_true(args.delay >= 1 && args.delay <= 1);
    assert_string_equal(value_to_text(arena, args.names), "['a', 'b']");
    assert_string_equal(value_to_text(arena, args.items), "[1]");
    assert_string_equal(value_to_text(arena, args.params), "{'k': 1}");
    assert_ptr_equal(args.raw, value_map_get(map, "raw"));
}

struct failing_case {
    const char *args, *text;
};

#define SUPPORTED                                                                                                      \
    " Supported parameters include: count, delay, enabled, force, items, mode, names, owner, params,"                  \
    " path (dest, name), raw, state."

static const struct failing_case failing[] = {
    { "{}", "missing required arguments: path" },
    { "{'path': None}", "missing required arguments: path" },
    { "{'pth': '/x'}", "missing required arguments: path; unsupported: pth (did you mean 'path'?)" },
    { "{'path': '/x', 'moode': 1}",
      "Unsupported parameters for (demo) module: moode (did you mean 'mode'?)." SUPPORTED },
    { "{'path': '/x', 'zzzzzzzz': 1, 'yyyyyyyy': 1}",
      "Unsupported parameters for (demo) module: zzzzzzzz, yyyyyyyy." SUPPORTED },
    { "{'path': '/x', 'state': 'gone'}", "value of state must be one of: absent, directory, file, got: gone" },
    { "{'path': '/x', 1: 2}", "Unsupported parameters for (demo) module: 1." SUPPORTED },
};

static void test_failures(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(failing) / sizeof(failing[0]); i++) {
        ARENA_SCOPED arena = arena_new();
        struct demo_args args = { 0 };
        struct error bind_error = ERROR_INIT, check_error = ERROR_INIT;
        const struct value *map = read(arena, failing[i].args);

        assert_false(arg_bind(arena, &demo, map, &args, &bind_error));
        assert_string_equal(bind_error.text, failing[i].text);
        assert_false(arg_check(arena, &demo, map, &check_error));
        assert_string_equal(check_error.text, failing[i].text);
    }
}

static void test_position_is_the_arguments(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct value *map = read(arena, "{'path': '/x'}"), *count = value_string(arena, "many");
    struct demo_args args = { 0 };
    struct error err = ERROR_INIT;

    (void)state;
    map->path = count->path = "play.yml";
    map->line = 3;
    count->line = 7;
    count->column = 5;
    value_map_put(arena, map, "count", count);
    assert_false(arg_bind(arena, &demo, map, &args, &err));
    assert_string_equal(err.path, "play.yml");
    assert_int_equal(err.line, 7);
    assert_int_equal(err.column, 5);
    value_map_remove(arena, map, value_string(arena, "count"));
    value_map_remove(arena, map, value_string(arena, "path"));
    assert_false(arg_bind(arena, &demo, map, &args, &err));
    assert_int_equal(err.line, 3);
}

static void test_plan_time_skips_templates(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct error err = ERROR_INIT;

    (void)state;
    assert_true(arg_check(arena, &demo,
                          read(arena, "{'path': '{{ p }}', 'state': '{{ s }}', 'count': '{{ c }}',"
                                      " 'params': '{{ m }}', 'names': ['{{ n }}']}"),
                          &err));
    assert_false(arg_check(arena, &demo, read(arena, "{'path': '{{ p }}', 'count': 'many'}"), &err));
    assert_non_null(strstr(err.text, "argument 'count' is of type <class 'str'> and we were unable to convert to int"));
    assert_true(arg_check(arena, &demo, value_string(arena, "{{ all }}"), &err));
    assert_false(arg_check(arena, &demo, value_string(arena, "text"), &err));
    assert_string_equal(err.text, "the arguments of demo must be a mapping, but found: string");
    assert_false(arg_check(arena, &demo, NULL, &err));
}

static void test_free_form_and_any_args(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct task_spec free_form = demo, any = demo;
    struct demo_args args = { 0 };
    struct error err = ERROR_INIT;
    const struct value *map = read(arena, "{'path': '/x', '_raw_params': 'ls'}");

    (void)state;
    free_form.free_form = true;
    any.any_args = true;
    assert_false(arg_bind(arena, &demo, map, &args, &err));
    assert_true(arg_bind(arena, &free_form, map, &args, &err));
    assert_true(arg_bind(arena, &any, read(arena, "{'path': '/x', 'whatever': 1}"), &args, &err));
}

/* Requests and files of settings speak their own words, and never show a secret. */
static void test_plain_words(void **state)
{
    static const struct {
        const char *given, *says;
    } cases[] = {
        { "{'path': '/x', 'count': 'many'}", "member 'count' must be a whole number, but it is 'many'" },
        { "{'path': '/x', 'force': [1]}", "member 'force' must be true or false, but it is a list" },
        { "{'path': '/x', 'state': 'fil'}",
          "'state' must be one of absent, directory, file, but it is 'fil' (did you mean 'file'?)" },
        { "{'state': 'file'}", "member missing: path" },
        { "{'path': '/x', 'moode': 1}", "there is no member moode (did you mean 'mode'?); there are " },
    };
    ARENA_SCOPED arena = arena_new();
    struct demo_args args = { 0 };
    struct arg_spec hidden[] = { ARG(demo_args, count, ARG_INT, .no_log = true), ARG_END };
    struct task_spec secret = { .name = "s", .args = hidden, .args_size = sizeof(args) };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error err = ERROR_INIT;

        assert_false(arg_bind_plain(arena, &demo, read(arena, cases[i].given), "member", &args, &err));
        if (strstr(err.text, cases[i].says) == NULL || strstr(err.text, "class") != NULL)
            fail_msg("'%s' is not: %s", cases[i].says, err.text);
    }
    struct error err = ERROR_INIT;
    assert_false(arg_bind_plain(arena, &secret, read(arena, "{'count': 'hunter2'}"), "setting", &args, &err));
    assert_string_equal(err.text, "setting 'count' must be a whole number, but it is a string");
}

static void test_find_and_secrets(void **state)
{
    ARENA_SCOPED arena = arena_new();
    const struct value *map = read(arena, "{'path': '/x', 'owner': 'hunter2'}");
    const struct value *marked = arg_mark_secrets(arena, &demo, map);

    (void)state;
    assert_string_equal(arg_find(&demo, "dest")->name, "path");
    assert_null(arg_find(&demo, "destination"));
    assert_int_equal(value_map_get(marked, "path")->marks & VALUE_SECRET, 0);
    assert_int_equal(value_map_get(marked, "owner")->marks & VALUE_SECRET, VALUE_SECRET);
    assert_false(value_has_mark(map, VALUE_SECRET));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_absent_and_default),
        cmocka_unit_test(test_everything_given),
        cmocka_unit_test(test_environment),
        cmocka_unit_test(test_failures),
        cmocka_unit_test(test_position_is_the_arguments),
        cmocka_unit_test(test_plan_time_skips_templates),
        cmocka_unit_test(test_free_form_and_any_args),
        cmocka_unit_test(test_plain_words),
        cmocka_unit_test(test_find_and_secrets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

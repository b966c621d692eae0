/* SPDX-License-Identifier: Apache-2.0 */
/* Rules between arguments, when binding and at plan time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "common/spec/arg_spec.h"
#include "common/value/value_python.h"

struct rule_args {
    const char *a, *b, *c, *state;
    bool flag;
};

static const struct arg_spec table[] = {
    ARG(rule_args, a, ARG_STRING, .help = "a"),
    ARG(rule_args, b, ARG_STRING, .help = "b", .aliases = ARG_NAMES("bee")),
    ARG(rule_args, c, ARG_STRING, .help = "c"),
    ARG(rule_args, state, ARG_STRING, .default_text = "present", .help = "state"),
    ARG(rule_args, flag, ARG_BOOL, .help = "flag"),
    ARG_END,
};

struct rule_case {
    struct arg_rule rule;
    const char *args, *bind_text, *plan_text; /* NULL: passes */
};

#define EXCLUSIVE                                                                                                      \
    {                                                                                                                  \
        .kind = ARG_RULE_EXCLUSIVE, .names = ARG_NAMES("a", "b")                                                       \
    }
#define TOGETHER                                                                                                       \
    {                                                                                                                  \
        .kind = ARG_RULE_TOGETHER, .names = ARG_NAMES("a", "b")                                                        \
    }
#define ONE_OF                                                                                                         \
    {                                                                                                                  \
        .kind = ARG_RULE_ONE_OF, .names = ARG_NAMES("a", "b")                                                          \
    }
#define IF_PRESENT                                                                                                     \
    {                                                                                                                  \
        .kind = ARG_RULE_REQUIRED_IF, .key = "state", .equals = "present", .names = ARG_NAMES("a", "b")                \
    }
#define IF_FLAG                                                                                                        \
    {                                                                                                                  \
        .kind = ARG_RULE_REQUIRED_IF, .key = "flag", .equals = "true", .names = ARG_NAMES("a")                         \
    }
#define BY                                                                                                             \
    {                                                                                                                  \
        .kind = ARG_RULE_REQUIRED_BY, .key = "a", .names = ARG_NAMES("b", "c")                                         \
    }

static void check(const struct rule_case *test)
{
    ARENA_SCOPED arena = arena_new();
    struct arg_rule rules[] = { test->rule, { .kind = ARG_RULE_END } };
    struct task_spec spec = { .name = "r", .args = table, .rules = rules, .args_size = sizeof(struct rule_args) };
    struct error bind_error = ERROR_INIT, plan_error = ERROR_INIT;
    struct rule_args target = { 0 };
    const struct value *args = NULL;

    assert_true(value_from_python(arena, test->args, strlen(test->args), &args, &bind_error));
    assert_int_equal(arg_bind(arena, &spec, args, &target, &bind_error), test->bind_text == NULL);
    assert_string_equal(bind_error.text, test->bind_text == NULL ? "" : test->bind_text);
    assert_int_equal(arg_check(arena, &spec, args, &plan_error), test->plan_text == NULL);
    assert_string_equal(plan_error.text, test->plan_text == NULL ? "" : test->plan_text);
}

static void test_rules(void **state)
{
    static const char exclusive[] = "parameters are mutually exclusive: a|b";
    static const char together[] = "parameters are required together: a, b";
    static const char one_of[] = "one of the following is required: a, b";
    static const char both[] = "state is present but all of the following are missing: a, b";
    static const char only_b[] = "state is present but all of the following are missing: b";
    static const char flag[] = "flag is yes but all of the following are missing: a";
    static const char by[] = "missing parameter(s) required by 'a': b, c";
    const struct rule_case cases[] = {
        { EXCLUSIVE, "{'a': '1', 'b': '2'}", exclusive, exclusive },
        { EXCLUSIVE, "{'a': '1', 'bee': '2'}", exclusive, exclusive },
        { EXCLUSIVE, "{'a': '1', 'b': '{{ x }}'}", exclusive, NULL },
        { EXCLUSIVE, "{'a': '1', 'b': None}", NULL, NULL },
        { TOGETHER, "{'a': '1'}", together, together },
        { TOGETHER, "{'a': '{{ x }}'}", together, NULL },
        { TOGETHER, "{'a': '1', 'b': '2'}", NULL, NULL },
        { TOGETHER, "{}", NULL, NULL },
        { ONE_OF, "{}", one_of, one_of },
        { ONE_OF, "{'bee': '{{ x }}'}", NULL, NULL },
        { IF_PRESENT, "{}", both, both },
        { IF_PRESENT, "{'a': '1'}", only_b, only_b },
        { IF_PRESENT, "{'state': 'absent'}", NULL, NULL },
        { IF_PRESENT, "{'state': '{{ s }}'}", NULL, NULL },
        { IF_FLAG, "{'flag': 'yes'}", flag, flag },
        { IF_FLAG, "{'flag': 'no'}", NULL, NULL },
        { BY, "{'a': '1'}", by, by },
        { BY, "{'a': '1', 'b': '2', 'c': '3'}", NULL, NULL },
        { BY, "{'b': '1'}", NULL, NULL },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        check(&cases[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_rules) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

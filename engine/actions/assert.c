/* SPDX-License-Identifier: Apache-2.0 */
/* assert: checks that all conditions hold. */
#include "common/value/value_python.h"
#include "engine/actions/action_support.h"

struct assert_args {
    const struct value *that, *fail_msg, *success_msg;
    bool quiet;
};

static const struct arg_spec assert_spec[] = {
    ARG(assert_args, that, ARG_RAW, .required = true, .help = "conditions as in `when`, all of which must hold"),
    ARG(assert_args, fail_msg, ARG_RAW, .aliases = ARG_NAMES("msg"), .help = "what is said when one does not hold"),
    ARG(assert_args, success_msg, ARG_RAW, .help = "what is said when all hold"),
    ARG(assert_args, quiet, ARG_BOOL, .default_text = "false", .help = "do not show the result"),
    ARG_END,
};

/* Null is none. `names`: of the option, as Ansible's sentences have them. */
static bool message_check(const struct value **message, const char *names, struct error *err)
{
    if (value_is(*message, VALUE_NULL))
        *message = NULL;
    for (size_t i = 0; value_is(*message, VALUE_LIST) && i < value_count(*message); i++)
        if (value_text(value_item(*message, i)) == NULL)
            return error_set(err, "Type of one of the elements in %s list is not string type", names);
    return *message == NULL || value_is(*message, VALUE_STRING) || value_is(*message, VALUE_LIST) ||
           error_set(err, "Incorrect type for %s, expected a string or list and got <class '%s'>", names,
                     value_python_type(*message));
}

/* Conditions are looked at as they were written, so that messages show them so. */
static const struct value *conditions_of(struct action_call *call, const struct assert_args *args)
{
    const struct value *written = action_raw_arg(call, "that");
    struct value *list;

    if (written == NULL)
        written = args->that;
    if (value_is(written, VALUE_LIST))
        return written;
    if (value_is(args->that, VALUE_LIST))
        return args->that; /* that: "{{ a list }}" */
    list = value_list(call->arena);
    value_list_add(call->arena, list, args->that);
    return list;
}

static void put_message(struct action_call *call, const struct value *message, const char *fallback)
{
    if (message != NULL)
        action_put(call, "msg", message);
    else
        action_put_text(call, "msg", fallback);
}

static bool assert_step(struct action_call *call, enum action_next *next, struct error *err)
{
    const struct assert_args *args = call->bound;
    const struct value *conditions = conditions_of(call, args);
    const struct value *fail_msg = args->fail_msg, *success_msg = args->success_msg;

    *next = ACTION_DONE;
    if (!message_check(&fail_msg, "fail_msg or msg", err) || !message_check(&success_msg, "success_msg", err))
        return false;
    if (!args->quiet)
        action_put_bool(call, "_ansible_verbose_always", true);
    for (size_t i = 0; i < value_count(conditions); i++) {
        const struct value *condition = value_item(conditions, i);
        bool holds = false;

        if (!template_condition(call->templates, condition, &holds, NULL, err))
            return false;
        if (holds)
            continue;
        action_put_bool(call, "failed", true);
        action_put_bool(call, "evaluated_to", false);
        action_put(call, "assertion", condition);
        put_message(call, fail_msg, "Assertion failed");
        return true;
    }
    action_put_bool(call, "changed", false);
    put_message(call, success_msg, "All assertions passed");
    return true;
}

ACTION_DEFINE(assert) = { .spec = { .name = "assert",
                                    .summary = "Check that conditions hold",
                                    .args = assert_spec,
                                    .args_size = sizeof(struct assert_args) },
                          .step = assert_step };

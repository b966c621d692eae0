/* SPDX-License-Identifier: Apache-2.0 */
/* validate_argument_spec: checks variables and arguments against a specification; roles with argument_specs begin so. */
#include "common/value/value_python.h"
#include "engine/actions/argument_check.h"

struct validate_argument_spec_args {
    const struct value *argument_spec, *provided_arguments, *validate_args_context;
};

static const struct arg_spec validate_argument_spec_spec[] = {
    ARG(validate_argument_spec_args, argument_spec, ARG_RAW, .required = true,
        .help = "what may be given: a mapping from names to type, required, default, choices, elements, options ..."),
    ARG(validate_argument_spec_args, provided_arguments, ARG_RAW,
        .help = "values to check; for other names of the specification the variable of that name is taken"),
    ARG(validate_argument_spec_args, validate_args_context, ARG_RAW, .help = "shown in the result as it is"),
    ARG_END,
};

/* Variables of the names in the specification, with the arguments over them. */
static bool values_collect(struct action_call *call, const struct value *spec, const struct value *provided,
                           const struct value **out, struct error *err)
{
    struct value *values = value_map(call->arena);

    for (size_t i = 0; i < value_count(spec); i++) {
        const struct value *key = value_pair_at(spec, i)->key, *value = NULL;
        const char *name = value_text(key);

        if (name == NULL)
            continue;
        if (!vars_scope_get(call->scope, call->arena, name, &value, err))
            return false;
        if (value != NULL)
            value_map_put_value(call->arena, values, key, value);
    }
    *out = value_merge(call->arena, values, provided, vars_world_config(call->scope->world)->merge_hashes);
    return true;
}

static bool expect_map(struct action_call *call, const struct value *value, const char *name, struct error *err)
{
    if (value_is(value, VALUE_MAP))
        return true;
    return error_set(err, "Incorrect type for %s, expected dict and got %s", name, argument_class(call->arena, value));
}

static bool put_failure(struct action_call *call, const struct value *spec, const struct value *errors)
{
    struct text msg = text_new(call->arena);

    text_add(&msg, "Validation of arguments failed:");
    for (size_t i = 0; i < value_count(errors); i++)
        text_printf(&msg, "\n%s", value_to_text(call->arena, value_item(errors, i)));
    action_put_bool(call, "failed", true);
    action_put_text(call, "msg", msg.data);
    action_put(call, "argument_spec_data", spec);
    action_put(call, "argument_errors", errors);
    return true;
}

static bool validate_argument_spec_step(struct action_call *call, enum action_next *next, struct error *err)
{
    const struct validate_argument_spec_args *args = call->bound;
    const struct value *provided = args->provided_arguments, *values = NULL;
    struct argument_check check = { .arena = call->arena,
                                    .errors = value_list(call->arena),
                                    .unknown = value_list(call->arena) };

    *next = ACTION_DONE;
    if (provided == NULL)
        provided = value_map(call->arena);
    if (!expect_map(call, args->argument_spec, "argument_spec", err) ||
        !expect_map(call, provided, "provided_arguments", err) ||
        !values_collect(call, args->argument_spec, provided, &values, err) ||
        !argument_check(&check, args->argument_spec, values, err))
        return false;
    action_put(call, "validate_args_context",
               args->validate_args_context == NULL ? value_map(call->arena) : args->validate_args_context);
    if (value_count(check.errors) > 0)
        return put_failure(call, args->argument_spec, check.errors);
    action_put_bool(call, "changed", false);
    action_put_text(call, "msg", "The arg spec validation passed");
    return true;
}

ACTION_DEFINE(validate_argument_spec) = { .spec = { .name = "validate_argument_spec",
                                                    .summary = "Check variables against an argument specification",
                                                    .args = validate_argument_spec_spec,
                                                    .args_size = sizeof(struct validate_argument_spec_args),
                                                    .any_args = true },
                                          .step = validate_argument_spec_step };

/* SPDX-License-Identifier: Apache-2.0 */
/* set_stats: numbers and texts for the end of the run. */
#include "common/value/value_python.h"
#include "engine/actions/action_support.h"

struct set_stats_args {
    const struct value *data, *per_host, *aggregate;
};

static const struct arg_spec set_stats_spec[] = {
    ARG(set_stats_args, data, ARG_RAW, .help = "names and values"),
    ARG(set_stats_args, per_host, ARG_RAW, .help = "kept per host instead of for the run"),
    ARG(set_stats_args, aggregate, ARG_RAW, .help = "add to what is there instead of replacing it"),
    ARG_END,
};

/* What is no boolean counts as false, as in Ansible. */
static bool flag(const struct value *given, bool otherwise)
{
    bool out = false;

    if (given == NULL || value_is(given, VALUE_NULL))
        return otherwise;
    if (value_is(given, VALUE_STRING))
        return text_to_bool(value_text(given), &out) && out;
    return value_truthy(given);
}

static bool set_stats_step(struct action_call *call, enum action_next *next, struct error *err)
{
    const struct set_stats_args *args = call->bound;
    struct value *stats = value_map(call->arena), *data = value_map(call->arena);

    *next = ACTION_DONE;
    if (args->data != NULL && !value_is(args->data, VALUE_MAP))
        return call_fail(call, next, "The 'data' option needs to be a dictionary/hash");
    for (size_t i = 0; i < value_count(args->data); i++) {
        const struct value_pair *pair = value_pair_at(args->data, i);
        const char *name = action_variable_name(call, pair->key, err);

        if (name == NULL)
            return false;
        if (!action_is_identifier(name))
            return call_fail(call, next,
                             "The variable name '%s' is not valid. Variables must start with a letter or underscore "
                             "character, and contain only letters, numbers and underscores.",
                             name);
        value_map_put(call->arena, data, name, pair->item);
    }
    value_map_put(call->arena, stats, "data", data);
    value_map_put_bool(call->arena, stats, "per_host", flag(args->per_host, false));
    value_map_put_bool(call->arena, stats, "aggregate", flag(args->aggregate, true));
    action_put_bool(call, "changed", false);
    action_put(call, "ansible_stats", stats);
    return true;
}

ACTION_DEFINE(set_stats) = { .spec = { .name = "set_stats",
                                       .summary = "Statistics of the run",
                                       .args = set_stats_spec,
                                       .args_size = sizeof(struct set_stats_args) },
                             .step = set_stats_step };

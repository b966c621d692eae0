/* SPDX-License-Identifier: Apache-2.0 */
/* set_fact: sets variables of the host for the rest of the run. */
#include <strings.h>
#include <string.h>

#include "common/value/value_python.h"
#include "engine/actions/action_support.h"

struct set_fact_args {
    bool cacheable;
};

static const struct arg_spec set_fact_spec[] = {
    ARG(set_fact_args, cacheable, ARG_BOOL, .default_text = "false", .help = "set the fact of that name too"),
    ARG_END,
};

/* Ansible makes booleans of these words, written without quotes or with, unless types are native. */
static const struct value *as_fact(const struct value *value)
{
    const char *text = value_text(value);

    if (text == NULL)
        return value;
    if (strcasecmp(text, "true") == 0 || strcasecmp(text, "yes") == 0)
        return value_bool(true);
    return strcasecmp(text, "false") == 0 || strcasecmp(text, "no") == 0 ? value_bool(false) : value;
}

static bool set_fact_step(struct action_call *call, enum action_next *next, struct error *err)
{
    const struct set_fact_args *args = call->bound;
    struct value *facts = value_map(call->arena);
    bool is_native = template_env_is_native(call->templates->env);

    *next = ACTION_DONE;
    for (size_t i = 0; i < value_count(call->args); i++) {
        const struct value_pair *pair = value_pair_at(call->args, i);
        const char *name = action_variable_name(call, pair->key, err);

        if (name == NULL)
            return false;
        if (strcmp(name, "cacheable") == 0)
            continue;
        if (!action_is_identifier(name))
            return call_fail(call, next,
                             "The variable name '%s' is not valid. Variables must start with a letter or underscore "
                             "character, and contain only letters, numbers and underscores.",
                             name);
        value_map_put(call->arena, facts, name, is_native ? pair->item : as_fact(pair->item));
    }
    if (value_count(facts) == 0)
        return call_fail(call, next,
                         "No key/value pairs provided, at least one is required for this action to succeed");
    action_put(call, "ansible_facts", facts);
    action_put_bool(call, "_ansible_facts_cacheable", args->cacheable);
    return true;
}

ACTION_DEFINE(set_fact) = { .spec = { .name = "set_fact",
                                      .summary = "Set variables of the host",
                                      .args = set_fact_spec,
                                      .args_size = sizeof(struct set_fact_args),
                                      .any_args = true },
                            .step = set_fact_step };

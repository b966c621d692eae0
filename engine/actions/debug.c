/* SPDX-License-Identifier: Apache-2.0 */
/* debug: shows a message or the value of a variable or expression. */
#include <string.h>

#include "common/json/json.h"
#include "common/value/value_python.h"
#include "engine/actions/action_support.h"

struct debug_args {
    const struct value *msg, *var;
    int64_t verbosity;
};

static const struct arg_spec debug_spec[] = {
    ARG(debug_args, msg, ARG_RAW, .help = "what is shown; without msg and var: Hello world!"),
    ARG(debug_args, var, ARG_RAW, .help = "name of a variable or an expression whose value is shown"),
    ARG(debug_args, verbosity, ARG_INT, .default_text = "0", .help = "show only at this -v level or above"),
    ARG_END,
};

/* Nothing but "{{ ... }}": what it gives was not put together from several texts. */
static bool is_one_expression(const struct action_call *call)
{
    const char *text = value_text(action_raw_arg(call, "var"));
    const char *last = text == NULL ? NULL : strstr(text, "}}");

    return last != NULL && text_starts(text, "{{") && last[2] == '\0';
}

/* A name or expression: what "{{ it }}" gives. What is no text is no name, so there is nothing of that name. */
static bool debug_value(struct action_call *call, const struct value *var, const struct value **out, struct error *err)
{
    struct value *text;

    if (value_is(var, VALUE_STRING)) {
        text = value_string(call->arena, arena_printf(call->arena, "{{%s}}", value_text(var)));
        if ((var->marks & VALUE_TRUSTED) == 0 && template_env_is_2_19(call->templates->env))
            return error_set(err,
                             "Error while resolving `var` expression: Encountered untrusted template or expression.");
        if ((var->marks & VALUE_TRUSTED) == 0 && is_one_expression(call)) { /* data names nothing */
            *out = text;
            return true;
        }
        text->marks |= VALUE_TRUSTED;
        text->path = var->path;
        text->line = var->line;
        text->column = var->column;
        if (template_value(call->templates, text, out, err))
            return true;
        if (err->kind != ERROR_UNDEFINED)
            return false;
    }
    *out = call->verbosity > 0
               ? value_string(call->arena, arena_printf(call->arena, "VARIABLE IS NOT DEFINED!: %s", err->text))
               : value_string(call->arena, "VARIABLE IS NOT DEFINED!");
    error_clear(err);
    return true;
}

/* Every variable of hostvars is shown. Where one cannot be, as without the password of a vault, hosts are only named. */
static const struct value *shown(struct action_call *call, const struct value *value)
{
    struct error ignored = ERROR_INIT;

    (void)template_plain(call->templates, value, &value, &ignored);
    return value;
}

static bool debug_var(struct action_call *call, const struct value *var, struct error *err)
{
    const struct value *value = NULL;
    const char *key = value_text(var);

    if (key == NULL && template_env_is_2_19(call->templates->env))
        return error_set(err, "argument 'var' must be text with an expression, not %s", value_python_type(var));
    if (!debug_value(call, var, &value, err))
        return false;
    if (key == NULL)
        key = value_is(var, VALUE_LIST)  ? "<class 'list'>"
              : value_is(var, VALUE_MAP) ? "<class 'dict'>"
                                         : json_text(call->arena, var, JSON_PYTHON);
    value_map_put_value(call->arena, call->result,
                        value_mark(call->arena, value_string(call->arena, key), var->marks & VALUE_SECRET, 0),
                        shown(call, value));
    return true;
}

static bool debug_step(struct action_call *call, enum action_next *next, struct error *err)
{
    const struct debug_args *args = call->bound;
    /* null is a message too, and a name */
    const struct value *msg = value_map_get(call->args, "msg"), *var = value_map_get(call->args, "var");

    *next = ACTION_DONE;
    if (msg != NULL && var != NULL)
        return call_fail(call, next, "'msg' and 'var' are incompatible options");
    if (args->verbosity > call->verbosity) {
        action_put_text(call, "skipped_reason", "Verbosity threshold not met.");
        action_put_bool(call, "skipped", true);
        action_put_bool(call, "failed", false);
        return true;
    }
    if (msg != NULL)
        action_put(call, "msg", shown(call, msg));
    else if (var != NULL && !debug_var(call, var, err))
        return false;
    else if (var == NULL)
        action_put_text(call, "msg", "Hello world!");
    action_put_bool(call, "_ansible_verbose_always", true);
    action_put_bool(call, "failed", false);
    return true;
}

ACTION_DEFINE(debug) = { .spec = { .name = "debug",
                                   .summary = "Show a message or a variable",
                                   .args = debug_spec,
                                   .args_size = sizeof(struct debug_args) },
                         .step = debug_step };

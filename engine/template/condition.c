/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conditions: when, until, that ... as ansible-core 2.14 evaluates them. A string with braces is rendered
 * first, and what comes out is evaluated as an expression, provided that it was made from trusted text.
 */
#include <stdio.h>
#include <string.h>

#include "common/base/text.h"
#include "common/value/value_python.h"
#include "engine/template/condition_strict.h"
#include "engine/template/pattern.h"
#include "engine/template/render.h"

#define DEFINED_TEST "(hostvars\\[.+\\]|[\\w_]+)\\s+(not\\s+is|is\\s+not|is)\\s+(defined|undefined)"

/* The name in "'x' is undefined", as the first such in the message. */
static const char *undefined_in(struct arena *arena, const char *message)
{
    const char *end = strstr(message, "' is undefined"), *start = end;

    while (start != NULL && start > message && start[-1] != '\'')
        start--;
    return end == NULL || start == message ? NULL : arena_copy_n(arena, start, (size_t)(end - start));
}

/*
 * Ansible forgives an undefined variable if the same condition tests it with "is defined": then the test
 * decides. *out is its verdict; false: the condition holds no such test.
 */
static bool saved_by_test(struct template_call *call, const char *condition, const char *name, bool *out)
{
    struct regex *regex = pattern_compile(call->env, DEFINED_TEST, strlen(DEFINED_TEST), 0, NULL);
    size_t length = strlen(condition), from = 0;
    struct pattern_match match;

    if (name == NULL || regex == NULL)
        return false;
    while (pattern_search(regex, condition, length, from, &match, NULL) == PATTERN_FOUND) {
        const char *tested = arena_copy_n(call->arena, condition + match.start[1], match.end[1] - match.start[1]);
        bool negated = memmem(condition + match.start[2], match.end[2] - match.start[2], "not", 3) != NULL;
        bool defined = condition[match.start[3]] == 'd';

        if (strcmp(tested, name) == 0) {
            *out = (negated != defined) ? false : true;
            return true;
        }
        from = match.end[0];
    }
    return false;
}

static bool evaluate_text(struct template_call *call, const struct value *condition, const char *text, size_t length,
                          bool *out, struct error *err)
{
    struct render render = { .text = text,
                             .length = length,
                             .at = value_position(condition),
                             .syntax = &call->env->bare,
                             .is_expression = true,
                             .before = "{% if ",
                             .after = " %} True {% else %} False {% endif %}" };
    const struct value *made = render_run(call, &render, err);
    const char *name;

    if (made != NULL) {
        *out = value_truthy(made);
        return true;
    }
    if (err->kind != ERROR_UNDEFINED)
        return false;
    name = undefined_in(call->arena, err->text);
    if (saved_by_test(call, text, name, out))
        return true;
    return error_prefix(err, "error while evaluating conditional (%s)",
                        value_text(condition) == NULL ? "?" : value_text(condition));
}

/* The value of a condition with braces in it, before it is evaluated. */
static bool render_first(struct template_call *call, const struct value *condition, const struct value **out,
                         struct error *err)
{
    bool unsafe = false;
    struct render render = { .text = condition->as.string.data,
                             .length = condition->as.string.length,
                             .at = value_position(condition),
                             .syntax = &call->env->plain,
                             .convert = true,
                             .keep_newlines = true,
                             .unsafe_out = &unsafe };
    const struct value *made = render_run(call, &render, err);

    if (made == NULL && err->kind == ERROR_UNDEFINED)
        return error_prefix(err, "error while evaluating conditional (%s)", condition->as.string.data);
    if (made == NULL)
        return false;
    if (unsafe && made->kind == VALUE_STRING && made->as.string.length > 0)
        return error_set(err, "Conditional is marked as unsafe, and cannot be evaluated.");
    *out = made;
    return true;
}

static bool evaluate_string(struct template_call *call, const struct value *condition, bool *out, struct error *err)
{
    const struct value *expression = condition;

    if (condition->as.string.length == 0) {
        *out = true;
        return true;
    }
    if ((condition->marks & VALUE_TRUSTED) == 0)
        return error_set(err, "Conditional is marked as unsafe, and cannot be evaluated.");
    if (syntax_in_text(&call->env->plain, condition->as.string.data, condition->as.string.length)) {
        template_warn(call, arena_printf(call->arena,
                                         "conditional statements should not include jinja2 templating delimiters "
                                         "such as {{ }} or {%% %%}. Found: %s",
                                         condition->as.string.data));
        if (!render_first(call, condition, &expression, err))
            return false;
    }
    if (expression->kind != VALUE_STRING || expression->as.string.length == 0) {
        *out = value_truthy(expression);
        return true;
    }
    return evaluate_text(call, condition, expression->as.string.data, expression->as.string.length, out, err);
}

static bool evaluate_one(struct template_call *call, const struct value *condition, bool *out, struct error *err)
{
    char *text;

    if (call->env->config.level_2_19)
        return condition_strict(call, condition, out, err);
    if (condition->kind == VALUE_NULL) {
        *out = true;
        return true;
    }
    if (condition->kind != VALUE_STRING) {
        *out = value_truthy(condition);
        return true;
    }
    if (evaluate_string(call, condition, out, err))
        return true;
    text = value_to_text(call->arena, condition);
    error_raise(err, ""); /* caught */
    return error_prefix(err, "The conditional check '%s' failed. The error was", text);
}

bool template_condition(struct template_call *call, const struct value *condition, bool *out,
                        const struct value **failed_out, struct error *err)
{
    struct error unused;
    bool truth = true;

    if (err == NULL) {
        err = &unused;
        error_clear(err);
    }
    if (condition->kind != VALUE_LIST) {
        if (!evaluate_one(call, condition, &truth, err))
            return false;
        if (!truth && failed_out != NULL)
            *failed_out = condition;
        *out = truth;
        return true;
    }
    for (size_t i = 0; truth && i < condition->as.list.count; i++) {
        if (!evaluate_one(call, condition->as.list.items[i], &truth, err))
            return false;
        if (!truth && failed_out != NULL)
            *failed_out = condition->as.list.items[i];
    }
    *out = truth;
    return true;
}

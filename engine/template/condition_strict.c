/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conditions at language level 2.19, as ansible-core 2.19 evaluates them: an expression whose result is a boolean. Braces are
 * only for a variable that holds the expression. ALLOW_BROKEN_CONDITIONALS takes other results for what they are worth.
 */
#include "engine/template/condition_strict.h"

#include <string.h>

#include "common/base/text.h"
#include "common/value/value_python.h"
#include "engine/template/render.h"

static bool allows_broken(const struct template_call *call)
{
    return call->env->config.allow_broken_conditionals;
}

static bool starts(const char *text, size_t length, const char *word)
{
    return length >= strlen(word) && memcmp(text, word, strlen(word)) == 0;
}

static bool ends(const char *text, size_t length, const char *word)
{
    return length >= strlen(word) && memcmp(text + length - strlen(word), word, strlen(word)) == 0;
}

/* Wrapped in delimiters from end to end, or with a header of its own. */
static bool is_all_template(const struct syntax *syntax, const char *text, size_t length)
{
    return starts(text, length, "#jinja2:") ||
           (starts(text, length, syntax->variable_start) && ends(text, length, syntax->variable_end)) ||
           (starts(text, length, syntax->block_start) && ends(text, length, syntax->block_end)) ||
           (starts(text, length, syntax->comment_start) && ends(text, length, syntax->comment_end));
}

static const char *place_of(struct arena *arena, const struct value *value)
{
    struct source_position at = value_position(value);

    return at.path == NULL ? "<unknown>" : arena_printf(arena, "%s:%d:%d", at.path, at.line, at.column);
}

static bool judge(struct template_call *call, const struct value *made, bool *out, struct error *err)
{
    const char *text;

    if (made->kind == VALUE_BOOL) {
        *out = made->as.boolean;
        return true;
    }
    text = arena_printf(call->arena,
                        "Conditional result (%s) was derived from value of type '%s' at '%s'. Conditionals must have a "
                        "boolean result.",
                        value_truthy(made) ? "True" : "False", value_python_type(made), place_of(call->arena, made));
    if (!allows_broken(call))
        return error_set(err, "%s", text);
    template_warn(call, text);
    *out = value_truthy(made);
    return true;
}

static bool judge_empty(const struct template_call *call, bool *out, struct error *err)
{
    if (!allows_broken(call))
        return error_set(err, "Empty conditional expressions are not allowed.");
    template_warn(call, "Empty conditional expression was evaluated as True.");
    *out = true;
    return true;
}

static bool undefined_or_not(struct error *err)
{
    return err->kind == ERROR_UNDEFINED ? error_prefix(err, "Error while evaluating conditional") : false;
}

static bool judge_expression(struct template_call *call, const struct value *condition, const char *text, size_t length,
                             bool *out, struct error *err)
{
    struct render render = { .text = text,
                             .length = length,
                             .at = value_position(condition),
                             .syntax = &call->env->bare,
                             .is_expression = true };
    const struct value *made = render_run(call, &render, err);

    if (made != NULL)
        return judge(call, made, out, err);
    if (err->kind == ERROR_PARSE && syntax_in_text(&call->env->plain, text, length))
        return error_prefix(err, "Syntax error in expression. Template delimiters are not supported in expressions");
    return undefined_or_not(err);
}

/* The expression that a variable in braces holds, or its value. */
static bool judge_template(struct template_call *call, const struct value *condition, bool *out, struct error *err)
{
    const struct value *made = NULL;
    const char *text;
    size_t length;

    if (!template_value(call, condition, &made, err))
        return undefined_or_not(err);
    if (made->kind != VALUE_STRING) {
        template_warn(call, "Conditionals should not be surrounded by templating delimiters such as {{ }} or {% %}.");
        return judge(call, made, out, err);
    }
    text = text_trim(call->arena, made->as.string.data, made->as.string.length);
    length = strlen(text);
    if (length == 0)
        return judge_empty(call, out, err);
    if ((made->marks & VALUE_TRUSTED) == 0)
        return error_set(err, "Encountered untrusted template or expression.");
    return judge_expression(call, made, text, length, out, err);
}

bool condition_strict(struct template_call *call, const struct value *condition, bool *out, struct error *err)
{
    const char *text;
    size_t length;

    if (condition->kind == VALUE_BOOL) {
        *out = condition->as.boolean;
        return true;
    }
    if (condition->kind == VALUE_NULL)
        return judge_empty(call, out, err);
    if (condition->kind != VALUE_STRING && !allows_broken(call))
        return error_set(err, "Conditional expressions must be strings.");
    if (condition->kind != VALUE_STRING)
        return judge(call, condition, out, err);
    text = text_trim(call->arena, condition->as.string.data, condition->as.string.length);
    length = strlen(text);
    if (length == 0)
        return judge_empty(call, out, err);
    if ((condition->marks & VALUE_TRUSTED) == 0)
        return error_set(err, "Encountered untrusted template or expression.");
    if (is_all_template(&call->env->plain, text, length))
        return judge_template(call, condition, out, err);
    return judge_expression(call, condition, text, length, out, err);
}

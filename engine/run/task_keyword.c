/* SPDX-License-Identifier: Apache-2.0 */
/* Keywords of a task as they hold for one host and item: inherited, templated, of the right type. */
#include <stdio.h>
#include <string.h>

#include "common/base/text.h"
#include "common/value/value_python.h"
#include "engine/run/job_parts.h"

bool value_as_bool(const struct value *value, bool *out)
{
    if (value_is(value, VALUE_BOOL))
        *out = value->as.boolean;
    else if (value_is(value, VALUE_INT) && (value->as.integer == 0 || value->as.integer == 1))
        *out = value->as.integer == 1;
    else
        return value_is(value, VALUE_STRING) && text_to_bool(value->as.string.data, out);
    return true;
}

bool value_as_int(const struct value *value, int64_t *out)
{
    if (value_is(value, VALUE_INT))
        *out = value->as.integer;
    else if (value_is(value, VALUE_REAL))
        *out = (int64_t)value->as.real;
    else if (value_is(value, VALUE_BOOL))
        *out = value->as.boolean ? 1 : 0;
    else
        return value_is(value, VALUE_STRING) && text_to_int(value->as.string.data, out);
    return true;
}

bool keyword_undefined(enum keyword keyword, struct error *err)
{
    char text[sizeof(err->text)];

    if (err->raised[0] != '\0')
        return false;
    if (err->kind != ERROR_UNDEFINED)
        return error_prefix(err, "the field '%s' of the task could not be templated", keyword_name(keyword));
    memcpy(text, err->text, sizeof(text));
    snprintf(err->text, sizeof(err->text),
             "The field '%s' has an invalid value, which includes an undefined variable. The error was: %.*s",
             keyword_name(keyword), (int)(sizeof(err->text) - 160), text);
    return false;
}

bool keyword_value(struct job *job, enum keyword keyword, const struct value **out, struct error *err)
{
    const struct value *written = node_keyword(job->task, keyword);
    struct template_call call;

    *out = written;
    if (written == NULL || (written->marks & VALUE_STATIC) != 0 || written->kind < VALUE_STRING)
        return true;
    call = job_call(job);
    if (!template_value(&call, written, out, err))
        return keyword_undefined(keyword, err);
    if (job->run->omit != NULL && value_text(*out) != NULL && strcmp(value_text(*out), job->run->omit) == 0)
        *out = NULL;
    return true;
}

static bool invalid(struct job *job, enum keyword keyword, const struct value *value, const char *wanted,
                    struct error *err)
{
    const char *text = value_to_text(job->arena, value), *why;

    if (strcmp(wanted, "int") == 0)
        why = arena_printf(job->arena, "invalid literal for int() with base 10: '%s'", text);
    else if (strcmp(wanted, "float") == 0)
        why = arena_printf(job->arena, "could not convert string to float: '%s'", text);
    else
        why = arena_printf(job->arena, "The value '%s' is not a valid boolean.", text);
    return error_set(err,
                     "the field '%s' has an invalid value (%s), and could not be converted to an %s.The error was: %s",
                     keyword_name(keyword), text, wanted, why);
}

bool keyword_bool(struct job *job, enum keyword keyword, bool fallback, bool *out, struct error *err)
{
    const struct value *value = NULL;

    *out = fallback;
    if (!keyword_value(job, keyword, &value, err))
        return false;
    if (value == NULL || value_is(value, VALUE_NULL))
        return true;
    return value_as_bool(value, out) || invalid(job, keyword, value, "bool", err);
}

bool keyword_int(struct job *job, enum keyword keyword, int64_t fallback, int64_t *out, struct error *err)
{
    const struct value *value = NULL;

    *out = fallback;
    if (!keyword_value(job, keyword, &value, err))
        return false;
    if (value == NULL || value_is(value, VALUE_NULL))
        return true;
    return value_as_int(value, out) || invalid(job, keyword, value, "int", err);
}

bool keyword_real(struct job *job, enum keyword keyword, double fallback, double *out, struct error *err)
{
    const struct value *value = NULL;
    int64_t integer;

    *out = fallback;
    if (!keyword_value(job, keyword, &value, err))
        return false;
    if (value == NULL || value_is(value, VALUE_NULL))
        return true;
    if (value_is(value, VALUE_REAL))
        *out = value->as.real;
    else if (value_as_int(value, &integer))
        *out = (double)integer;
    else
        return (value_is(value, VALUE_STRING) && text_to_real(value->as.string.data, out)) ||
               invalid(job, keyword, value, "float", err);
    return true;
}

bool keyword_text(struct job *job, enum keyword keyword, const char **out, struct error *err)
{
    const struct value *value = NULL;

    *out = NULL;
    if (!keyword_value(job, keyword, &value, err))
        return false;
    if (value != NULL && !value_is(value, VALUE_NULL))
        *out = value_to_text(job->arena, value);
    return true;
}

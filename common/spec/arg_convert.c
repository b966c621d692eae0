/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From what the user wrote to the declared type, by Ansible's rules and with its messages. Maps and paths
 * written as text are read in arg_text.c.
 */
#include <ctype.h>
#include <math.h>
#include <string.h>

#include "common/base/text.h"
#include "common/spec/arg_internal.h"
#include "common/value/value_big.h"
#include "common/value/value_python.h"

static const char *type_name(enum arg_type type)
{
    static const char *const names[] = {
        [ARG_STRING] = "str", [ARG_PATH] = "path",  [ARG_BOOL] = "bool", [ARG_TRI] = "bool",
        [ARG_INT] = "int",    [ARG_REAL] = "float", [ARG_LIST] = "list", [ARG_VALUES] = "list",
        [ARG_MAP] = "dict",   [ARG_RAW] = "raw",    [ARG_MODE] = "mode",
    };

    return names[type];
}

static bool type_fail_plain(const struct arg_binding *binding, const struct arg_spec *arg, const struct value *value)
{
    static const char *const words[] = {
        [ARG_STRING] = "a text",     [ARG_PATH] = "a path",        [ARG_BOOL] = "true or false",
        [ARG_TRI] = "true or false", [ARG_INT] = "a whole number", [ARG_REAL] = "a number",
        [ARG_LIST] = "a list",       [ARG_VALUES] = "a list",      [ARG_MAP] = "a mapping",
        [ARG_RAW] = "a value",       [ARG_MODE] = "a file mode",
    };
    bool is_shown = !arg->no_log && (value_is(value, VALUE_STRING) || value_is_integer(value));

    return error_set(binding->err, "%s '%s' must be %s, but it is %s%s%s", binding->noun, arg->name, words[arg->type],
                     is_shown ? "'" : "a ", is_shown ? value_to_text(binding->arena, value) : value_kind_text(value),
                     is_shown ? "'" : "");
}

/* What the argument is called. */
static const char *noun_of(const struct arg_binding *binding)
{
    return binding->noun == NULL ? "argument" : binding->noun;
}

static bool type_fail(const struct arg_binding *binding, const struct arg_spec *arg, const struct value *value,
                      const char *why)
{
    const char *name = value_python_type(value);

    if (binding->noun != NULL)
        return type_fail_plain(binding, arg, value);
    if (why == NULL)
        why = arena_printf(binding->arena, "<class '%s'> cannot be converted to a%s %s", name,
                           strchr("aeiou", type_name(arg->type)[0]) != NULL ? "n" : "", type_name(arg->type));
    return error_set(binding->err, "argument '%s' is of type <class '%s'> and we were unable to convert to %s: %s",
                     arg->name, name, type_name(arg->type), why);
}

/* Text of any value; refused when C code would see only a part of it. */
static bool to_text(const struct arg_binding *binding, const struct arg_spec *arg, const struct value *value,
                    const char **out)
{
    struct text text;

    if (value->kind == VALUE_STRING && (value->marks & VALUE_BYTES) == 0) {
        if (memchr(value->as.string.data, '\0', value->as.string.length) != NULL)
            return error_set(binding->err, "%s '%s' holds a NUL byte", noun_of(binding), arg->name);
        *out = value->as.string.data;
        return true;
    }
    text = text_new(binding->arena);
    value_str(&text, value);
    *out = text.data;
    return true;
}

static bool to_bool(const struct arg_binding *binding, const struct arg_spec *arg, const struct value *value, bool *out)
{
    static const char reason[] = "The value '%s' is not a valid boolean. Valid booleans include: 'yes', 'on', '1',"
                                 " 'true', 't', 'y', 1, True, 'no', 'off', '0', 'false', 'f', 'n', 0, False";
    bool is_number = value_is_integer(value) || value->kind == VALUE_REAL;
    const struct value *numbers[] = { value_bool(false), value_bool(true) };
    const char *text = NULL;

    if (value->kind == VALUE_BOOL) {
        *out = value->as.boolean;
        return true;
    }
    if (value->kind == VALUE_STRING && text_to_bool(value->as.string.data, out))
        return true;
    for (int i = 0; is_number && i < 2; i++) {
        if (value_equal(value, numbers[i])) {
            *out = i == 1;
            return true;
        }
    }
    text = value_to_text(binding->arena, value);
    return type_fail(binding, arg, value, arena_printf(binding->arena, reason, text));
}

/* Blanks around it and underscores within are fine, as in Python. */
static const char *number_text(struct arena *arena, const struct value *value)
{
    char *text = text_trim(arena, value->as.string.data, value->as.string.length);
    char *to = text;

    for (const char *at = text; *at != '\0'; at++) {
        bool is_joint = *at == '_' && at > text && isdigit((unsigned char)at[-1]) && isdigit((unsigned char)at[1]);

        if (!is_joint)
            *to++ = *at;
    }
    *to = '\0';
    return text;
}

static bool to_int(const struct arg_binding *binding, const struct arg_spec *arg, const struct value *value,
                   int64_t *out)
{
    if (value->kind == VALUE_INT || value->kind == VALUE_BOOL) {
        *out = value->kind == VALUE_INT ? value->as.integer : value->as.boolean;
        return true;
    }
    if (value->kind == VALUE_BIG)
        return type_fail(binding, arg, value,
                         arg->no_log
                             ? "it has more than 64 bits"
                             : arena_printf(binding->arena, "%.60s has more than 64 bits", value->as.string.data));
    if (value->kind == VALUE_STRING && text_to_int(number_text(binding->arena, value), out))
        return true;
    return type_fail(binding, arg, value, NULL);
}

static bool to_real(const struct arg_binding *binding, const struct arg_spec *arg, const struct value *value,
                    double *out)
{
    if (value->kind == VALUE_REAL) {
        *out = value->as.real;
        return true;
    }
    if (value->kind == VALUE_INT) {
        *out = (double)value->as.integer;
        return true;
    }
    if (value->kind == VALUE_BIG && isfinite(value_big_real(value))) {
        *out = value_big_real(value);
        return true;
    }
    if (value->kind == VALUE_STRING && text_to_real(number_text(binding->arena, value), out))
        return true;
    return type_fail(binding, arg, value, NULL);
}

static struct value *list_split(const struct arg_binding *binding, const struct value *value)
{
    struct value *list = value_list(binding->arena);
    size_t count = 0;
    char **parts = text_split(binding->arena, value->as.string.data, ',', &count);

    for (size_t i = 0; i < count; i++) {
        struct value *item = value_string_borrow(binding->arena, parts[i], strlen(parts[i]));

        item->marks |= value->marks & (VALUE_SECRET | VALUE_TRUSTED | VALUE_STATIC);
        value_list_add(binding->arena, list, item);
    }
    list->marks = value->marks & VALUE_SECRET;
    return list;
}

/* A list of strings; one that already is that is taken as it is. */
static bool list_of_text(const struct arg_binding *binding, const struct arg_spec *arg, const struct value *list,
                         const struct value **out)
{
    struct value *texts = value_list(binding->arena);
    bool is_same = true;

    for (size_t i = 0; i < value_count(list); i++) {
        const struct value *item = value_item(list, i);
        const char *text = NULL;

        if (!to_text(binding, arg, item, &text))
            return false;
        if (item->kind != VALUE_STRING) {
            struct value *copy = value_string_borrow(binding->arena, text, strlen(text));

            copy->marks |= item->marks & VALUE_SECRET;
            item = copy;
            is_same = false;
        }
        value_list_add(binding->arena, texts, item);
    }
    *out = is_same ? list : texts;
    return true;
}

static bool to_list(const struct arg_binding *binding, const struct arg_spec *arg, const struct value *value,
                    const struct value **out)
{
    const struct value *list = value;

    if (value->kind == VALUE_STRING) {
        list = list_split(binding, value);
    } else if (value->kind >= VALUE_BOOL && value->kind <= VALUE_REAL) {
        struct value *single = value_list(binding->arena);

        value_list_add(binding->arena, single, value_string(binding->arena, value_to_text(binding->arena, value)));
        list = single;
    } else if (value->kind != VALUE_LIST) {
        return type_fail(binding, arg, value, NULL);
    }
    if (arg->type == ARG_LIST)
        return list_of_text(binding, arg, list, out);
    *out = list;
    return true;
}

static bool to_map(const struct arg_binding *binding, const struct arg_spec *arg, const struct value *value,
                   const struct value **out)
{
    if (value->kind == VALUE_MAP) {
        *out = value;
        return true;
    }
    if (value->kind != VALUE_STRING)
        return type_fail(binding, arg, value, NULL);
    if (arg_map_from_text(binding->arena, value->as.string.data, out))
        return true;
    return type_fail(binding, arg, value, "dictionary requested, could not parse JSON or key=value");
}

/* YAML reads 0644 as the number 420: it is shown in octal again. */
static bool to_mode(const struct arg_binding *binding, const struct arg_spec *arg, const struct value *value,
                    const char **out)
{
    if (value->kind == VALUE_STRING)
        return to_text(binding, arg, value, out);
    if (value->kind != VALUE_INT || value->as.integer < 0 || value->as.integer > 07777)
        return type_fail(binding, arg, value,
                         "a mode is an octal number such as '0644' or symbolic such as 'u=rw,g=r'");
    *out = arena_printf(binding->arena, "%04o", (unsigned)value->as.integer);
    return true;
}

static const char *choices_text(struct arena *arena, const char *const *choices)
{
    struct text out = text_new(arena);

    for (size_t i = 0; choices[i] != NULL; i++)
        text_printf(&out, "%s%s", i == 0 ? "" : ", ", choices[i]);
    return out.data;
}

/* YAML made a boolean of `no`: the only choice that means the same is taken instead. */
static const char *choice_from_bool(const char *text, const char *const *choices)
{
    const char *found = NULL;
    bool wanted, meaning;

    if ((strcmp(text, "True") != 0 && strcmp(text, "False") != 0) || !text_to_bool(text, &wanted))
        return text;
    for (; *choices != NULL; choices++) {
        if (!text_to_bool(*choices, &meaning) || meaning != wanted)
            continue;
        if (found != NULL)
            return text;
        found = *choices;
    }
    return found == NULL ? text : found;
}

static bool check_choice(const struct arg_binding *binding, const struct arg_spec *arg, const char **text)
{
    if (text_in(*text, arg->choices))
        return true;
    *text = choice_from_bool(*text, arg->choices);
    if (text_in(*text, arg->choices))
        return true;
    size_t count = 0;
    while (arg->choices[count] != NULL)
        count++;
    const char *nearest = text_nearest(*text, arg->choices, count);
    return error_set(binding->err,
                     binding->noun == NULL ? "value of %s must be one of: %s, got: %s%s"
                                           : "'%s' must be one of %s, but it is '%s'%s",
                     arg->name, choices_text(binding->arena, arg->choices), *text,
                     nearest == NULL ? "" : arena_printf(binding->arena, " (did you mean '%s'?)", nearest));
}

static bool check_choices_of_list(const struct arg_binding *binding, const struct arg_spec *arg,
                                  const struct value *list)
{
    struct text wrong = text_new(binding->arena);

    for (size_t i = 0; i < value_count(list); i++) {
        const char *text = value_to_text(binding->arena, value_item(list, i));

        if (!text_in(text, arg->choices))
            text_printf(&wrong, "%s%s", wrong.length == 0 ? "" : ", ", text);
    }
    if (wrong.length == 0)
        return true;
    return error_set(binding->err,
                     binding->noun == NULL ? "value of %s must be one or more of: %s. Got no match for: %s"
                                           : "'%s' may hold %s, but not: %s",
                     arg->name, choices_text(binding->arena, arg->choices), wrong.data);
}

static bool check_choices(const struct arg_binding *binding, const struct arg_spec *arg, union arg_field *field)
{
    const char *text = NULL;

    switch (arg->type) {
    case ARG_STRING:
    case ARG_PATH:
    case ARG_MODE:
        return check_choice(binding, arg, &field->text);
    case ARG_INT:
        text = arena_printf(binding->arena, "%lld", (long long)field->integer);
        return check_choice(binding, arg, &text);
    case ARG_LIST:
    case ARG_VALUES:
        return check_choices_of_list(binding, arg, field->value);
    case ARG_RAW:
        text = value_to_text(binding->arena, field->value);
        return check_choice(binding, arg, &text);
    default:
        return true;
    }
}

static bool convert(const struct arg_binding *binding, const struct arg_spec *arg, const struct value *value,
                    union arg_field *out)
{
    bool boolean = false;

    switch (arg->type) {
    case ARG_STRING:
        return to_text(binding, arg, value, &out->text);
    case ARG_PATH:
        if (!to_text(binding, arg, value, &out->text))
            return false;
        out->text = arg_expand_path(binding->arena, out->text);
        return true;
    case ARG_BOOL:
        return to_bool(binding, arg, value, &out->boolean);
    case ARG_TRI:
        if (!to_bool(binding, arg, value, &boolean))
            return false;
        out->tri = boolean ? ARG_TRUE : ARG_FALSE;
        return true;
    case ARG_INT:
        return to_int(binding, arg, value, &out->integer);
    case ARG_REAL:
        return to_real(binding, arg, value, &out->real);
    case ARG_LIST:
    case ARG_VALUES:
        return to_list(binding, arg, value, &out->value);
    case ARG_MAP:
        return to_map(binding, arg, value, &out->value);
    case ARG_MODE:
        return to_mode(binding, arg, value, &out->text);
    case ARG_RAW:
        break;
    }
    out->value = value;
    return true;
}

bool arg_convert(const struct arg_binding *binding, const struct arg_spec *arg, const struct value *value,
                 union arg_field *out)
{
    union arg_field field = *out;

    if (value->kind == VALUE_UNDEFINED)
        return error_set_kind(binding->err, ERROR_UNDEFINED, "%s '%s' is undefined", noun_of(binding), arg->name);
    if (!convert(binding, arg, value, &field))
        return false;
    if (arg->choices != NULL && !check_choices(binding, arg, &field))
        return false;
    *out = field;
    return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keywords of a node as they are read: unknown ones are refused with the nearest valid name, and what is written out
 * (no template) must have the right form.
 */
#include <ctype.h>
#include <string.h>

#include "common/base/text.h"
#include "common/value/value_python.h"
#include "engine/playbook/load.h"

enum form { FORM_ANY, FORM_BOOL, FORM_INT, FORM_REAL, FORM_TEXT, FORM_MAP, FORM_PERCENT, FORM_TEXTS };

static enum form keyword_form(enum keyword keyword)
{
    switch ((int)keyword) {
    case KEYWORD_BECOME:
    case KEYWORD_CHECK_MODE:
    case KEYWORD_DIFF:
    case KEYWORD_ANY_ERRORS_FATAL:
    case KEYWORD_IGNORE_ERRORS:
    case KEYWORD_IGNORE_UNREACHABLE:
    case KEYWORD_NO_LOG:
    case KEYWORD_RUN_ONCE:
    case KEYWORD_DELEGATE_FACTS:
    case KEYWORD_GATHER_FACTS:
    case KEYWORD_FORCE_HANDLERS:
        return FORM_BOOL;
    case KEYWORD_PORT:
    case KEYWORD_THROTTLE:
    case KEYWORD_TIMEOUT:
    case KEYWORD_ASYNC:
    case KEYWORD_POLL:
    case KEYWORD_RETRIES:
    case KEYWORD_GATHER_TIMEOUT:
        return FORM_INT;
    case KEYWORD_DELAY:
        return FORM_REAL;
    case KEYWORD_NAME:
    case KEYWORD_BECOME_USER:
    case KEYWORD_BECOME_METHOD:
    case KEYWORD_BECOME_FLAGS:
    case KEYWORD_BECOME_EXE:
    case KEYWORD_CONNECTION:
    case KEYWORD_REMOTE_USER:
    case KEYWORD_STRATEGY:
    case KEYWORD_ORDER:
    case KEYWORD_DELEGATE_TO:
    case KEYWORD_REGISTER:
    case KEYWORD_FACT_PATH:
    case KEYWORD_DEBUGGER:
        return FORM_TEXT;
    case KEYWORD_LOOP_CONTROL:
        return FORM_MAP;
    case KEYWORD_MAX_FAIL_PERCENTAGE:
        return FORM_PERCENT;
    case KEYWORD_COLLECTIONS:
    case KEYWORD_GATHER_SUBSET:
        return FORM_TEXTS;
    default:
        return FORM_ANY;
    }
}

static bool is_number(const struct value *item, bool whole)
{
    int64_t integer;
    double real;

    if (value_is(item, VALUE_INT) || value_is(item, VALUE_BOOL) || (!whole && value_is(item, VALUE_REAL)))
        return true;
    return value_is(item, VALUE_STRING) &&
           (text_to_int(value_text(item), &integer) || (!whole && text_to_real(value_text(item), &real)));
}

static bool is_boolean(const struct value *item)
{
    bool ignored;

    if (value_is(item, VALUE_BOOL) || value_is(item, VALUE_INT) || value_is(item, VALUE_REAL))
        return true;
    return value_is(item, VALUE_STRING) && text_to_bool(value_text(item), &ignored);
}

/* "30" and "30%" */
static bool is_percent(const struct value *item)
{
    const char *text = value_text(item);
    size_t length = text == NULL ? 0 : strlen(text);
    ARENA_SCOPED scratch = arena_new();
    double ignored;

    if (text == NULL)
        return is_number(item, false);
    return text_to_real(arena_copy_n(scratch, text, length - (length > 0 && text[length - 1] == '%')), &ignored);
}

static bool is_texts(const struct value *item)
{
    for (size_t i = 0; value_is(item, VALUE_LIST) && i < value_count(item); i++)
        if (!value_is(value_item(item, i), VALUE_STRING))
            return false;
    return value_is(item, VALUE_STRING) || value_is(item, VALUE_LIST);
}

static bool has_form(const struct value *item, enum form form)
{
    if (value_is(item, VALUE_NULL))
        return true;
    if (value_is(item, VALUE_STRING) && value_text_is_template(item->as.string.data, item->as.string.length))
        return true;
    switch (form) {
    case FORM_BOOL:
        return is_boolean(item);
    case FORM_INT:
        return is_number(item, true);
    case FORM_REAL:
        return is_number(item, false);
    case FORM_TEXT:
        return !value_is(item, VALUE_LIST) && !value_is(item, VALUE_MAP);
    case FORM_MAP:
        return value_is(item, VALUE_MAP);
    case FORM_PERCENT:
        return is_percent(item);
    case FORM_TEXTS:
        return is_texts(item);
    case FORM_ANY:
        break;
    }
    return true;
}

static const char *form_name(enum form form)
{
    static const char *const names[] = {
        "value", "bool", "int", "float", "string", "dict", "percent", "list of strings"
    };

    return names[form];
}

/* Python's str.isidentifier for ASCII, and no Python or Jinja2 word. */
static bool is_variable_name(const char *name)
{
    static const char *const words[] = { "True",   "False",    "None",  "and",    "as",       "assert",
                                         "async",  "await",    "break", "class",  "continue", "def",
                                         "del",    "elif",     "else",  "except", "finally",  "for",
                                         "from",   "global",   "if",    "import", "in",       "is",
                                         "lambda", "nonlocal", "not",   "or",     "pass",     "raise",
                                         "return", "try",      "while", "with",   "yield",    NULL };

    if (name == NULL || name[0] == '\0' || isdigit((unsigned char)name[0]))
        return false;
    for (const char *at = name; *at != '\0'; at++) {
        if (!isalnum((unsigned char)*at) && *at != '_')
            return false;
    }
    return !text_in(name, words);
}

static bool vars_check(const struct value *map, const char *owner, struct error *err)
{
    for (size_t i = 0; i < value_count(map); i++) {
        const struct value *key = value_pair_at(map, i)->key;
        struct source_position at = value_position(key);

        if (is_variable_name(value_text(key)))
            continue;
        if (value_text(key) == NULL)
            return error_set_at(err, &at,
                                "Invalid variable name in vars specified for %s: a %s is not a valid variable "
                                "name",
                                owner, value_kind_text(key));
        return error_set_at(err, &at,
                            "Invalid variable name in vars specified for %s: '%s' is not a valid variable name", owner,
                            value_text(key));
    }
    return true;
}

static bool vars_form_error(const struct value *vars, const char *owner, struct error *err)
{
    struct source_position at = value_position(vars);

    return error_set_at(err, &at, "Vars in a %s must be specified as a dictionary, or a list of dictionaries", owner);
}

bool load_vars_read(struct arena *arena, const struct value *vars, const char *owner, const struct value **out,
                    struct error *err)
{
    const struct value *merged;

    if (vars == NULL || value_is(vars, VALUE_NULL)) {
        *out = NULL;
        return true;
    }
    if (value_is(vars, VALUE_MAP)) {
        *out = vars;
        return vars_check(vars, owner, err);
    }
    if (!value_is(vars, VALUE_LIST))
        return vars_form_error(vars, owner, err);
    merged = value_map(arena);
    for (size_t i = 0; i < value_count(vars); i++) {
        if (!value_is(value_item(vars, i), VALUE_MAP))
            return vars_form_error(vars, owner, err);
        if (!vars_check(value_item(vars, i), owner, err))
            return false;
        merged = value_merge(arena, merged, value_item(vars, i), false);
    }
    *out = merged;
    return true;
}

static bool loop_control_check(const struct value *control, struct error *err)
{
    static const char *const names[] = { "loop_var", "index_var",         "label",      "pause",
                                         "extended", "extended_allitems", "break_when", NULL };
    struct source_position at = value_position(control);

    if (value_is(control, VALUE_NULL))
        return true;
    if (!value_is(control, VALUE_MAP))
        return error_set_at(err, &at,
                            "the `loop_control` value must be specified as a dictionary and cannot be a variable "
                            "itself (though it can contain variables)");
    for (size_t i = 0; i < value_count(control); i++) {
        const struct value *key = value_pair_at(control, i)->key;
        const char *name = value_text(key), *near;

        if (text_in(name, names))
            continue;
        at = value_position(key);
        near = name == NULL ? NULL : text_nearest(name, names, sizeof(names) / sizeof(names[0]) - 1);
        return error_set_at(err, &at, "'%s' is not a valid attribute for a LoopControl%s%s%s", name == NULL ? "" : name,
                            near == NULL ? "" : "; did you mean '", near == NULL ? "" : near, near == NULL ? "" : "'?");
    }
    return true;
}

static bool register_check(const struct value *item, struct error *err)
{
    struct source_position at = value_position(item);

    if (value_is(item, VALUE_NULL) || is_variable_name(value_text(item)))
        return true;
    if (value_is(item, VALUE_INT))
        return error_set_at(err, &at, "Invalid variable name in 'register' specified: '%lld'",
                            (long long)item->as.integer);
    return error_set_at(err, &at, "Invalid variable name in 'register' specified: '%s'",
                        value_text(item) == NULL ? value_kind_text(item) : value_text(item));
}

#define FORM_ERROR "the field '%s' has an invalid value"

bool load_keyword_is_form_error(const struct error *err)
{
    return text_starts(err->text, "the field '") && strstr(err->text, "' has an invalid value (") != NULL;
}

static bool form_error(struct arena *arena, enum keyword keyword, const struct value *item, struct error *err)
{
    enum form form = keyword_form(keyword);
    struct source_position at = value_position(item);
    const char *text = value_to_text(arena, item);

    if (form == FORM_BOOL)
        return error_set_at(err, &at,
                            FORM_ERROR " (%s), and could not be converted to an bool.The error was: The value '%s' is "
                                       "not a valid boolean.  Valid booleans include: 'yes', 'no', 'true', 'false', "
                                       "'on', 'off', 'y', 'n', 't', 'f', '1', '0', 1, 0",
                            keyword_name(keyword), text, text);
    return error_set_at(err, &at, FORM_ERROR " (%s), and could not be converted to an %s (got a %s)",
                        keyword_name(keyword), text, form_name(form), value_kind_text(item));
}

bool load_keyword_put(const struct load_scope *scope, const struct value **keywords, enum keyword keyword,
                      const struct value *item, const char *owner, struct error *err)
{
    enum form form = keyword_form(keyword);
    struct source_position at = value_position(item);

    if (keyword == KEYWORD_VARS)
        return load_vars_read(scope->loader->arena, item, owner, &keywords[KEYWORD_VARS], err);
    if (keyword == KEYWORD_MODULE_DEFAULTS && !value_is(item, VALUE_NULL))
        return load_module_defaults(scope, item, &keywords[KEYWORD_MODULE_DEFAULTS], err);
    if (keyword == KEYWORD_LOOP_CONTROL && !loop_control_check(item, err))
        return false;
    if (keyword == KEYWORD_REGISTER && !register_check(item, err))
        return false;
    if (keyword == KEYWORD_TAGS && !value_is(item, VALUE_LIST) && !value_is(item, VALUE_STRING))
        return error_set_plain_at(err, &at, "tags must be specified as a list");
    if (!has_form(item, form))
        return form_error(scope->loader->arena, keyword, item, err);
    if (!value_is(item, VALUE_NULL))
        keywords[keyword] = item;
    return true;
}

bool load_keyword_unknown(const struct value *key, unsigned places, const char *owner, struct error *err)
{
    const char *name = value_text(key);
    const char *near = name == NULL ? NULL : keyword_nearest(name, places);
    struct source_position at = value_position(key);

    if (name == NULL)
        return error_set_at(err, &at, "a %s is not a valid attribute for a %s", value_kind_text(key), owner);
    if (near == NULL)
        return error_set_at(err, &at, "'%s' is not a valid attribute for a %s", name, owner);
    return error_set_at(err, &at, "'%s' is not a valid attribute for a %s; did you mean '%s'?", name, owner, near);
}

bool load_keywords_unknown(const struct value *map, size_t first, unsigned places, const char *owner, struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    struct source_position start = value_position(value_pair_at(map, first)->key);
    struct text more = text_new(arena);
    enum keyword keyword;

    load_keyword_unknown(value_pair_at(map, first)->key, places, owner, err);
    for (size_t i = first + 1; i < value_count(map); i++) {
        const struct value *key = value_pair_at(map, i)->key;
        const char *name = value_text(key), *near = name == NULL ? NULL : keyword_nearest(name, places);
        struct source_position at = value_position(key);

        if (name != NULL && !keyword_find(name, places, &keyword))
            text_printf(&more, "\n  '%s' (%s:%d:%d)%s%s%s", name, at.path == NULL ? "" : at.path, at.line, at.column,
                        near == NULL ? "" : ", did you mean '", near == NULL ? "" : near, near == NULL ? "" : "'?");
    }
    return more.length == 0 ? false : error_set_at(err, &start, "%s\nNor are:%s", err->text, more.data);
}

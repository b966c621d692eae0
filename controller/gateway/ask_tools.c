/* SPDX-License-Identifier: Apache-2.0 */
/* Tools, their calls, and answers in a given shape: JSON schemas, of which engines make grammars. */
#include <string.h>

#include "common/base/limits.h"
#include "common/base/text.h"
#include "controller/gateway/ask_rules.h"

#define NAME_BYTES 64
#define ID_BYTES 128
#define DESCRIPTION_BYTES (64 * 1024)
#define PATTERN_BYTES 512
#define REPEAT_MAX 10000 /* of a part of a grammar: each is written out */

/* --- schemas --- */

static bool check_schema(struct ask_reading *reading, const struct value *value, const char *where);

static bool check_schema_member(struct ask_reading *reading, const char *name, const struct value *item,
                                const char *where)
{
    static const char *const counts[] = { "minLength", "maxLength", "minItems", "maxItems", NULL };

    if (text_in(name, counts) && !value_is(item, VALUE_MAP) &&
        !(value_is(item, VALUE_INT) && item->as.integer >= 0 && item->as.integer <= REPEAT_MAX))
        return ask_refuse(reading, where, "invalid_value", "%s: expected 0 to %d as %s", where, REPEAT_MAX, name);
    if (strcmp(name, "$ref") == 0 && value_text(item) != NULL && value_text(item)[0] != '#')
        return ask_refuse(reading, where, "invalid_value",
                          "%s: expected \"#...\" as $ref; nothing is fetched from other addresses", where);
    if (strcmp(name, "pattern") == 0 && value_text(item) != NULL && item->as.string.length > PATTERN_BYTES)
        return ask_refuse(reading, where, "invalid_value", "%s: a pattern of more than %d bytes", where, PATTERN_BYTES);
    return check_schema(reading, item, where);
}

/* Depth and number of its values were looked at with the whole body's. */
static bool check_schema(struct ask_reading *reading, const struct value *value, const char *where)
{
    for (size_t i = 0; i < value_count(value); i++) {
        if (value_is(value, VALUE_LIST)) {
            if (!check_schema(reading, value_item(value, i), where))
                return false;
        } else if (!check_schema_member(reading, value_text(value_pair_at(value, i)->key),
                                        value_pair_at(value, i)->item, where)) {
            return false;
        }
    }
    return true;
}

static bool check_schema_map(struct ask_reading *reading, const struct value *value, const char *where)
{
    if (!value_is(value, VALUE_MAP))
        return ask_refuse(reading, where, "invalid_type", "%s: expected a JSON schema, found a %s", where,
                          value_kind_text(value));
    return check_schema(reading, value, where);
}

/* --- tools --- */

static bool check_name(struct ask_reading *reading, const struct value *value, const char *where)
{
    const char *name = value_text(value);

    return strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.") == strlen(name) ||
           ask_refuse(reading, where, "invalid_value", "%s: expected letters, digits, '_', '-' and '.'", where);
}

static const char *const function_type[] = { "function", NULL };

static bool check_function(struct ask_reading *reading, const struct value *value, const char *where)
{
    static const struct ask_rule rules[] = {
        { .name = "name", .type = ASK_WORDS, .least = 1, .most = NAME_BYTES, .check = check_name, .required = true },
        { .name = "description", .type = ASK_WORDS, .most = DESCRIPTION_BYTES },
        { .name = "parameters", .type = ASK_OWN, .check = check_schema_map },
        { .name = "strict", .type = ASK_BOOL },
        { .name = NULL },
    };

    return ask_members(reading, value, rules, where);
}

bool ask_tools(struct ask_reading *reading, const struct value *value, const char *where)
{
    static const struct ask_rule rules[] = {
        { .name = "type", .type = ASK_WORDS, .choices = function_type, .required = true },
        { .name = "function", .type = ASK_OWN, .check = check_function, .required = true },
        { .name = NULL },
    };

    if (!ask_list(reading, value, where, 0, LIMIT_GATEWAY_TOOLS))
        return false;
    for (size_t i = 0; i < value_count(value); i++) {
        if (!ask_members(reading, value_item(value, i), rules, ask_item(reading, where, i)))
            return false;
    }
    return true;
}

static bool check_named(struct ask_reading *reading, const struct value *value, const char *where)
{
    static const struct ask_rule rules[] = {
        { .name = "name", .type = ASK_WORDS, .least = 1, .most = NAME_BYTES, .check = check_name, .required = true },
        { .name = NULL },
    };

    return ask_members(reading, value, rules, where);
}

bool ask_tool_choice(struct ask_reading *reading, const struct value *value, const char *where)
{
    static const char *const words[] = { "none", "auto", "required", NULL };
    static const struct ask_rule rules[] = {
        { .name = "type", .type = ASK_WORDS, .choices = function_type, .required = true },
        { .name = "function", .type = ASK_OWN, .check = check_named, .required = true },
        { .name = NULL },
    };

    if (value_is(value, VALUE_MAP))
        return ask_members(reading, value, rules, where);
    return (value_text(value) != NULL && text_in(value_text(value), words)) ||
           ask_refuse(reading, where, "invalid_value", "%s: expected none, auto, required or a function", where);
}

static bool check_called(struct ask_reading *reading, const struct value *value, const char *where)
{
    static const struct ask_rule rules[] = {
        { .name = "name", .type = ASK_WORDS, .least = 1, .most = NAME_BYTES, .check = check_name, .required = true },
        { .name = "arguments", .type = ASK_WORDS, .most = LIMIT_GATEWAY_BODY, .required = true },
        { .name = NULL },
    };

    return ask_members(reading, value, rules, where);
}

bool ask_tool_calls(struct ask_reading *reading, const struct value *value, const char *where)
{
    static const struct ask_rule rules[] = {
        { .name = "id", .type = ASK_WORDS, .most = ID_BYTES },
        { .name = "type", .type = ASK_WORDS, .choices = function_type },
        { .name = "index", .type = ASK_INT, .most = LIMIT_GATEWAY_TOOLS },
        { .name = "function", .type = ASK_OWN, .check = check_called, .required = true },
        { .name = NULL },
    };

    if (!ask_list(reading, value, where, 0, LIMIT_GATEWAY_TOOLS))
        return false;
    for (size_t i = 0; i < value_count(value); i++) {
        if (!ask_members(reading, value_item(value, i), rules, ask_item(reading, where, i)))
            return false;
    }
    return true;
}

/* --- answers in a given shape --- */

static bool check_json_schema(struct ask_reading *reading, const struct value *value, const char *where)
{
    static const struct ask_rule rules[] = {
        { .name = "name", .type = ASK_WORDS, .least = 1, .most = NAME_BYTES, .check = check_name },
        { .name = "description", .type = ASK_WORDS, .most = DESCRIPTION_BYTES },
        { .name = "schema", .type = ASK_OWN, .check = check_schema_map, .required = true },
        { .name = "strict", .type = ASK_BOOL },
        { .name = NULL },
    };

    return ask_members(reading, value, rules, where);
}

bool ask_response_format(struct ask_reading *reading, const struct value *value, const char *where)
{
    static const char *const types[] = { "text", "json_object", "json_schema", NULL };
    static const struct ask_rule rules[] = {
        { .name = "type", .type = ASK_WORDS, .choices = types, .required = true },
        { .name = "json_schema", .type = ASK_OWN, .check = check_json_schema },
        { .name = NULL },
    };

    if (!ask_members(reading, value, rules, where))
        return false;
    return !text_equal(value_map_text(value, "type"), "json_schema") || value_map_get(value, "json_schema") != NULL ||
           ask_refuse(reading, where, "missing_required_parameter", "%s: 'json_schema' is missing", where);
}

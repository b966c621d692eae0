/* SPDX-License-Identifier: Apache-2.0 */
/* Members of maps by tables: unknown ones are refused by name, with the nearest; numbers and texts are held to bounds. */
#include "controller/gateway/ask_rules.h"

#include <stdarg.h>
#include <string.h>

#include "common/base/text.h"

#define RULES_MAX 64

bool ask_refuse(struct ask_reading *reading, const char *param, const char *code, const char *format, ...)
{
    struct text message = text_new(reading->arena);
    va_list args;

    va_start(args, format);
    text_vprintf(&message, format, args);
    va_end(args);
    *reading->why =
        (struct ask_refusal){ .param = param == NULL || *param == '\0' ? NULL : arena_copy(reading->arena, param),
                              .code = code,
                              .message = message.data };
    return false;
}

const char *ask_item(struct ask_reading *reading, const char *where, size_t index)
{
    return arena_printf(reading->scratch, "%s[%zu]", where, index);
}

bool ask_list(struct ask_reading *reading, const struct value *value, const char *where, size_t least, size_t most)
{
    if (!value_is(value, VALUE_LIST))
        return ask_refuse(reading, where, "invalid_type", "%s: expected a list, found a %s", where,
                          value_kind_text(value));
    return (value_count(value) >= least && value_count(value) <= most) ||
           ask_refuse(reading, where, "invalid_value", "%s: expected %zu to %zu items, found %zu", where, least, most,
                      value_count(value));
}

static unsigned kind_of(const struct ask_reading *reading)
{
    return (unsigned)reading->out->kind;
}

static bool fits(const struct ask_reading *reading, const struct ask_rule *rule)
{
    return rule->kinds == 0 || (rule->kinds & kind_of(reading)) != 0;
}

static const struct ask_rule *rule_find(const struct ask_reading *reading, const struct ask_rule *rules,
                                        const char *name)
{
    for (; rules->name != NULL; rules++) {
        if (fits(reading, rules) && strcmp(rules->name, name) == 0)
            return rules;
    }
    return NULL;
}

/* A name as the client wrote it may be anything: its beginning is told, if it is text. */
static bool refuse_unknown(struct ask_reading *reading, const struct ask_rule *rules, const char *where,
                           const char *name)
{
    const char *names[RULES_MAX];
    const char *nearest = NULL;
    size_t count = 0;

    for (const struct ask_rule *rule = rules; rule->name != NULL && count < RULES_MAX; rule++) {
        if (rule->type != ASK_NEVER && fits(reading, rule))
            names[count++] = rule->name;
    }
    nearest = strlen(name) > 64 ? NULL : text_nearest(name, names, count);
    return ask_refuse(reading, where, "unknown_parameter", "there is no parameter '%.64s'%s%s%s", where,
                      nearest == NULL ? "" : "; did you mean '", nearest == NULL ? "" : nearest,
                      nearest == NULL ? "" : "'?");
}

static bool check_number(struct ask_reading *reading, const struct ask_rule *rule, const struct value *value,
                         const char *where)
{
    double number = 0;

    if (value_is(value, VALUE_INT))
        number = (double)value->as.integer;
    else if (value_is(value, VALUE_REAL) && rule->type == ASK_REAL)
        number = value->as.real;
    else
        return ask_refuse(reading, where, "invalid_type", "%s: expected %s, found a %s", where,
                          rule->type == ASK_INT ? "a whole number" : "a number", value_kind_text(value));
    return (number >= rule->least && number <= rule->most) ||
           ask_refuse(reading, where, "invalid_value", "%s: expected %.15g to %.15g, found %.15g", where, rule->least,
                      rule->most, number);
}

static const char *choices_text(struct ask_reading *reading, const char *const *choices)
{
    struct text out = text_new(reading->scratch);

    for (size_t i = 0; choices[i] != NULL; i++)
        text_printf(&out, "%s%s", i > 0 ? ", " : "", choices[i]);
    return out.data;
}

static bool check_words(struct ask_reading *reading, const struct ask_rule *rule, const struct value *value,
                        const char *where)
{
    const char *words = value_text(value);
    size_t length = words == NULL ? 0 : value->as.string.length;

    if (words == NULL)
        return ask_refuse(reading, where, "invalid_type", "%s: expected a string, found a %s", where,
                          value_kind_text(value));
    if (rule->choices != NULL)
        return text_in(words, rule->choices) || ask_refuse(reading, where, "invalid_value", "%s: expected one of %s",
                                                           where, choices_text(reading, rule->choices));
    return ((double)length >= rule->least && (double)length <= rule->most) ||
           ask_refuse(reading, where, "invalid_value", "%s: expected %.0f to %.0f bytes, found %zu", where, rule->least,
                      rule->most, length);
}

static bool check_one(struct ask_reading *reading, const struct ask_rule *rule, const struct value *value,
                      const char *where)
{
    switch (rule->type) {
    case ASK_BOOL:
        return value_is(value, VALUE_BOOL) ||
               ask_refuse(reading, where, "invalid_type", "%s: expected true or false, found a %s", where,
                          value_kind_text(value));
    case ASK_INT:
    case ASK_REAL:
        if (!check_number(reading, rule, value, where))
            return false;
        break;
    case ASK_WORDS:
        if (!check_words(reading, rule, value, where))
            return false;
        break;
    case ASK_NEVER:
        return ask_refuse(reading, where, "unsupported_parameter", "'%s' is not taken here: %s", where, rule->hint);
    case ASK_OWN:
        break;
    }
    return rule->check == NULL || rule->check(reading, value, where);
}

bool ask_members(struct ask_reading *reading, const struct value *map, const struct ask_rule *rules, const char *where)
{
    if (!value_is(map, VALUE_MAP))
        return ask_refuse(reading, where, "invalid_type", "%s: expected an object, found a %s",
                          *where == '\0' ? "the body" : where, value_kind_text(map));
    for (size_t i = 0; i < value_count(map); i++) {
        const struct value_pair *pair = value_pair_at(map, i);
        const char *name = value_text(pair->key);
        const char *path = arena_printf(reading->scratch, "%s%s%s", where, *where == '\0' ? "" : ".", name);
        const struct ask_rule *rule = rule_find(reading, rules, name);

        if (rule == NULL)
            return refuse_unknown(reading, rules, path, name);
        if (!value_is(pair->item, VALUE_NULL) && !check_one(reading, rule, pair->item, path))
            return false;
    }
    for (; rules->name != NULL; rules++) {
        const struct value *given = value_map_get(map, rules->name);

        if (rules->required && fits(reading, rules) && (given == NULL || value_is(given, VALUE_NULL)))
            return ask_refuse(
                reading, arena_printf(reading->scratch, "%s%s%s", where, *where == '\0' ? "" : ".", rules->name),
                "missing_required_parameter", "%s%s'%s' is missing", where, *where == '\0' ? "" : ": ", rules->name);
    }
    return true;
}

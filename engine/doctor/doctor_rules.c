/* SPDX-License-Identifier: Apache-2.0 */
/* The rule file: read, held against its form, all expressions parsed. Nothing is evaluated here. */
#include <string.h>

#include "common/base/text.h"
#include "common/yaml/yaml_reader.h"
#include "engine/doctor/doctor.h"
#include "engine/doctor/doctor_builtin.h"

#define BUILTIN_NAME "engine/doctor/rules.yml (built in)"

static const char *const file_keys[] = { "dated", "values", "rules", NULL };
static const char *const rule_keys[] = {
    "id", "since", "severity", "each", "when", "sentence", "remedy", "source", NULL
};
static const char *const severity_names[] = { "nothing", "info", "warning", "error" };
static const char *const reserved_names[] = { "roost", "ansible_facts", "item", NULL };

const char *doctor_severity_name(enum doctor_severity severity)
{
    return severity_names[severity];
}

enum doctor_severity doctor_severity_of(const char *name)
{
    for (enum doctor_severity i = DOCTOR_INFO; i <= DOCTOR_ERROR; i++)
        if (text_equal(name, severity_names[i]))
            return i;
    return DOCTOR_NOTHING;
}

/* "; did you mean 'x'?" or nothing. */
static const char *hint(struct arena *arena, const char *word, const char *const *names, size_t count)
{
    const char *near = word == NULL ? NULL : text_nearest(word, names, count);

    return near == NULL ? "" : arena_printf(arena, "; did you mean '%s'?", near);
}

static bool keys_check(struct arena *arena, const struct value *map, const char *const *names, const char *owner,
                       struct error *err)
{
    size_t count = 0;

    while (names[count] != NULL)
        count++;
    for (size_t i = 0; i < value_count(map); i++) {
        const struct value *key = value_pair_at(map, i)->key;
        const char *name = value_text(key);
        struct source_position at = value_position(key);

        if (name == NULL || !text_in(name, names))
            return error_set_at(err, &at, "'%s' is not a key of %s%s", name == NULL ? value_kind_text(key) : name,
                                owner, hint(arena, name, names, count));
    }
    return true;
}

/* A text that must be there. */
static bool text_of(const struct value *map, const char *key, const char *owner, const struct value **out,
                    struct error *err)
{
    const struct value *item = value_map_get(map, key);
    struct source_position at = value_position(item != NULL ? item : map);

    if (item == NULL)
        return error_set_at(err, &at, "%s has no '%s'", owner, key);
    if (value_text(item) == NULL || *value_text(item) == '\0')
        return error_set_at(err, &at, "%s: '%s' must be a text, not %s", owner, key,
                            value_text(item) != NULL ? "an empty one" : value_kind_text(item));
    *out = item;
    return true;
}

static bool is_date(const char *text)
{
    static const char shape[] = "dddd-dd-dd";

    for (size_t i = 0; i < sizeof shape - 1; i++)
        if (shape[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != '-')
            return false;
    return text[sizeof shape - 1] == '\0';
}

static bool date_of(const struct value *map, const char *key, const char *owner, const char **out, struct error *err)
{
    const struct value *item = NULL;

    if (!text_of(map, key, owner, &item, err))
        return false;
    struct source_position at = value_position(item);
    if (!is_date(value_text(item)))
        return error_set_at(err, &at, "%s: '%s' must be a date as 2026-11-21, this is '%s'", owner, key,
                            value_text(item));
    *out = value_text(item);
    return true;
}

static bool severity_read(struct arena *arena, const struct value *map, const char *owner, struct doctor_rule *rule,
                          struct error *err)
{
    const struct value *item = NULL;

    if (!text_of(map, "severity", owner, &item, err))
        return false;
    struct source_position at = value_position(item);
    rule->severity = doctor_severity_of(value_text(item));
    if (rule->severity == DOCTOR_NOTHING)
        return error_set_at(err, &at, "%s: severity is error, warning or info, not '%s'%s", owner, value_text(item),
                            hint(arena, value_text(item), severity_names + 1, 3));
    return true;
}

static bool expressions_read(struct template_env *env, const struct value *map, const char *owner,
                             struct doctor_rule *rule, struct error *err)
{
    rule->when = value_map_get(map, "when");
    if (!value_is(rule->when, VALUE_BOOL) && !text_of(map, "when", owner, &rule->when, err))
        return false;
    if (value_map_get(map, "each") != NULL && !text_of(map, "each", owner, &rule->each, err))
        return false;
    if (!text_of(map, "sentence", owner, &rule->sentence, err) || !text_of(map, "remedy", owner, &rule->remedy, err))
        return false;
    return (template_check(env, rule->when, true, err) && template_check(env, rule->each, true, err) &&
            template_check(env, rule->sentence, false, err) && template_check(env, rule->remedy, false, err)) ||
           error_prefix(err, "%s", owner);
}

static bool id_read(struct arena *arena, const struct doctor_rules *rules, const struct value *map, const char **out,
                    struct error *err)
{
    const struct value *id = NULL;

    if (!text_of(map, "id", arena_printf(arena, "rule %zu", rules->count + 1), &id, err))
        return false;
    struct source_position at = value_position(id);
    const char *text = value_text(id);
    if (strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-_") != strlen(text))
        return error_set_at(err, &at, "id '%s' may hold lower-case letters, digits, '-' and '_' only", text);
    for (size_t i = 0; i < rules->count; i++)
        if (strcmp(rules->items[i].id, text) == 0)
            return error_set_at(err, &at, "two rules have the id '%s'", text);
    *out = text;
    return true;
}

static bool rule_read(struct arena *arena, struct template_env *env, const struct value *map,
                      struct doctor_rules *rules, struct error *err)
{
    struct doctor_rule rule = { 0 };
    const struct value *source = NULL;
    struct source_position at = value_position(map);

    if (!value_is(map, VALUE_MAP))
        return error_set_at(err, &at, "a rule is a mapping, not %s", value_kind_text(map));
    if (!keys_check(arena, map, rule_keys, "a rule", err) || !id_read(arena, rules, map, &rule.id, err))
        return false;
    const char *owner = arena_printf(arena, "rule '%s'", rule.id);
    if (!date_of(map, "since", owner, &rule.since, err) || !severity_read(arena, map, owner, &rule, err) ||
        !expressions_read(env, map, owner, &rule, err) || !text_of(map, "source", owner, &source, err))
        return false;
    rule.source = value_text(source);
    rules->items[rules->count++] = rule;
    return true;
}

static bool values_read(struct template_env *env, const struct value *values, struct error *err)
{
    struct source_position at = value_position(values);

    if (values != NULL && !value_is(values, VALUE_MAP))
        return error_set_at(err, &at, "'values' is a mapping from names to expressions, not %s",
                            value_kind_text(values));
    for (size_t i = 0; i < value_count(values); i++) {
        const struct value_pair *pair = value_pair_at(values, i);
        const char *name = value_text(pair->key);

        at = value_position(pair->key);
        if (name == NULL || text_in(name, reserved_names))
            return error_set_at(err, &at, "'%s' cannot be the name of a value",
                                name == NULL ? value_kind_text(pair->key) : name);
        if (value_text(pair->item) == NULL)
            return error_set_at(err, &at, "value '%s' must be an expression, not %s", name,
                                value_kind_text(pair->item));
    }
    return template_check(env, values, true, err);
}

static bool file_read_rules(struct arena *arena, struct template_env *env, const struct value *file,
                            struct doctor_rules *rules, struct error *err)
{
    const struct value *list = value_map_get(file, "rules");
    struct source_position at = { rules->path, 1, 1 };

    if (!value_is(file, VALUE_MAP))
        return error_set_at(err, &at, "a rule file is a mapping with 'dated' and 'rules', this is %s",
                            value_is(file, VALUE_NULL) ? "empty" : value_kind_text(file));
    if (!keys_check(arena, file, file_keys, "a rule file", err) ||
        !date_of(file, "dated", "the rule file", &rules->dated, err))
        return false;
    rules->values = value_map_get(file, "values");
    if (!values_read(env, rules->values, err))
        return false;
    at = value_position(list != NULL ? list : file);
    if (!value_is(list, VALUE_LIST))
        return error_set_at(err, &at, "the rule file has no list 'rules'");
    if (value_count(list) > DOCTOR_RULES_MAX)
        return error_set_at(err, &at, "more than %d rules", DOCTOR_RULES_MAX);
    rules->items = arena_new_array(arena, struct doctor_rule, value_count(list) + 1);
    for (size_t i = 0; i < value_count(list); i++)
        if (!rule_read(arena, env, value_item(list, i), rules, err))
            return false;
    return true;
}

const char *doctor_rules_builtin(void)
{
    return (const char *)doctor_builtin_rules;
}

bool doctor_rules_read(struct arena *arena, struct template_env *env, const char *path, struct doctor_rules *out,
                       struct error *err)
{
    struct doctor_rules rules = { .path = path == NULL ? BUILTIN_NAME : arena_copy(arena, path) };
    struct yaml_source builtin = {
        .data = doctor_rules_builtin(), .length = doctor_builtin_rules_length, .path = rules.path, .trusted = true
    };
    const struct value *file = NULL;
    bool is_read =
        path == NULL ? yaml_read(arena, &builtin, &file, err) : yaml_read_file(arena, rules.path, true, &file, err);

    if (!is_read || !file_read_rules(arena, env, file, &rules, err))
        return false;
    *out = rules;
    return true;
}

bool doctor_rules_ignore(struct arena *arena, struct doctor_rules *rules, const struct value *ids, struct error *err)
{
    const char **names = arena_new_array(arena, const char *, rules->count + 1);
    size_t name_count = rules->count;

    for (size_t i = 0; i < name_count; i++)
        names[i] = rules->items[i].id;
    for (size_t i = 0; i < value_count(ids); i++) {
        const char *id = value_text(value_item(ids, i));
        size_t kept = 0;

        if (id == NULL || !text_in(id, names))
            return error_set_kind(err, ERROR_OPTIONS, "ignore: %s has no rule '%s'%s", rules->path,
                                  id == NULL ? value_kind_text(value_item(ids, i)) : id,
                                  hint(arena, id, names, name_count));
        for (size_t rule = 0; rule < rules->count; rule++)
            if (strcmp(rules->items[rule].id, id) != 0)
                rules->items[kept++] = rules->items[rule];
        rules->count = kept;
    }
    return true;
}

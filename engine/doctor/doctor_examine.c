/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules against the facts of one host. What cannot be read is absent from the facts, so a rule that meets an absent fact is
 * undecided; a name that nobody knows is a mistake of the rule, and told as one.
 */
#include <string.h>

#include "common/base/text.h"
#include "common/value/value_python.h"
#include "engine/doctor/doctor.h"

#define VALUES_DEPTH 32 /* values that need values */

struct examination {
    struct arena *arena;
    struct template_env *env;
    const struct doctor_rules *rules;
    const struct value *facts, *item;
    struct value *known; /* values of this host, by name */
    struct template_vars source;
    int depth;
    struct value *findings[DOCTOR_ERROR + 1]; /* by severity */
    struct value *undecided, *problems;
};

static bool expression(struct examination *exam, const struct value *text, const struct value **out, struct error *err)
{
    struct template_call call = { .env = exam->env, .arena = exam->arena, .vars = &exam->source, .depth = exam->depth };
    struct source_position at = value_position(text);

    if (value_is(text, VALUE_BOOL)) {
        *out = text;
        return true;
    }
    if (!template_expression(&call, text->as.string.data, text->as.string.length, &at, out, err))
        return error_locate(err, &at);
    if (value_is(*out, VALUE_UNDEFINED)) {
        error_set_kind(err, ERROR_UNDEFINED, "'%s' is undefined", (*out)->as.string.data);
        return error_locate(err, &at);
    }
    return true;
}

static bool value_of(struct examination *exam, const char *name, const struct value *text, const struct value **out,
                     struct error *err)
{
    const struct value *item = exam->item;
    bool ok;

    *out = value_map_get(exam->known, name);
    if (*out != NULL)
        return true;
    if (exam->depth >= VALUES_DEPTH)
        return error_set(err, "the value '%s' needs itself", name);
    exam->depth++;
    exam->item = NULL; /* it is the same for all items */
    ok = expression(exam, text, out, err);
    exam->item = item;
    exam->depth--;
    if (ok)
        value_map_put(exam->arena, exam->known, name, *out);
    return ok;
}

static bool name_get(void *context, struct arena *arena, const char *data, size_t length, const struct value **out,
                     struct error *err)
{
    struct examination *exam = context;
    const char *name = arena_copy_n(exam->arena, data, length);
    const struct value *text = value_map_get(exam->rules->values, name);

    (void)arena;
    *out = NULL;
    if (text != NULL)
        return value_of(exam, name, text, out, err);
    if (strcmp(name, "ansible_facts") == 0)
        *out = exam->facts;
    else if (strcmp(name, "roost") == 0)
        *out = value_map_get(exam->facts, "roost");
    else if (strcmp(name, "item") == 0)
        *out = exam->item;
    return true;
}

static const struct value *names_all(void *context, struct arena *arena)
{
    const struct examination *exam = context;
    struct value *names = value_list(arena);

    value_list_add(arena, names, value_string(arena, "ansible_facts"));
    value_list_add(arena, names, value_string(arena, "roost"));
    for (size_t i = 0; i < value_count(exam->rules->values); i++)
        value_list_add(arena, names, value_pair_at(exam->rules->values, i)->key);
    return names;
}

/* "'x' is undefined" speaks of a name, "... has no attribute 'x'" of a fact that is not there. */
static bool is_unknown_fact(const struct error *err)
{
    return err->kind == ERROR_UNDEFINED && strstr(err->text, "' is undefined") == NULL;
}

static void add_problem(struct examination *exam, const struct doctor_rule *rule, const struct value *part,
                        const struct error *err)
{
    struct source_position at = value_position(part);
    const char *path = err->path[0] != '\0' ? err->path : at.path != NULL ? at.path : exam->rules->path;
    char *text = arena_printf(exam->arena, "%s:%d:%d: rule '%s': %s", path, err->line > 0 ? err->line : at.line,
                              err->line > 0 ? err->column : at.column, rule->id, err->text);

    value_list_add(exam->arena, exam->problems, value_string(exam->arena, text));
}

static void add_undecided(struct examination *exam, const struct doctor_rule *rule, const struct error *err)
{
    struct value *entry = value_map(exam->arena);

    value_map_put_string(exam->arena, entry, "id", rule->id);
    value_map_put_string(exam->arena, entry, "why", err->text);
    value_list_add(exam->arena, exam->undecided, entry);
}

static bool template_put(struct examination *exam, const struct value *text, struct value *map, const char *key,
                         struct error *err)
{
    struct template_call call = { .env = exam->env, .arena = exam->arena, .vars = &exam->source };
    const struct value *made = NULL;

    if (!template_value(&call, text, &made, err))
        return false;
    value_map_put_string(exam->arena, map, key, value_to_text(exam->arena, made));
    return true;
}

static void add_finding(struct examination *exam, const struct doctor_rule *rule)
{
    struct arena *arena = exam->arena;
    struct value *finding = value_map(arena);
    struct error err = ERROR_INIT;

    value_map_put_string(arena, finding, "id", rule->id);
    value_map_put_string(arena, finding, "severity", doctor_severity_name(rule->severity));
    if (!template_put(exam, rule->sentence, finding, "sentence", &err)) {
        add_problem(exam, rule, rule->sentence, &err);
        return;
    }
    if (!template_put(exam, rule->remedy, finding, "remedy", &err)) {
        add_problem(exam, rule, rule->remedy, &err);
        return;
    }
    value_map_put_string(arena, finding, "source", rule->source);
    value_map_put_string(arena, finding, "since", rule->since);
    value_list_add(arena, exam->findings[rule->severity], finding);
}

/* Evaluates; false: the rule cannot be decided, and that is written down. */
static bool decide(struct examination *exam, const struct doctor_rule *rule, const struct value *part,
                   const struct value **out)
{
    struct error err = ERROR_INIT;

    if (expression(exam, part, out, &err))
        return true;
    if (is_unknown_fact(&err))
        add_undecided(exam, rule, &err);
    else
        add_problem(exam, rule, part, &err);
    return false;
}

static void examine_item(struct examination *exam, const struct doctor_rule *rule)
{
    const struct value *verdict = NULL;

    if (decide(exam, rule, rule->when, &verdict) && value_truthy(verdict))
        add_finding(exam, rule);
}

static void examine_each(struct examination *exam, const struct doctor_rule *rule)
{
    const struct value *list = NULL;
    struct error err = ERROR_INIT;

    if (!decide(exam, rule, rule->each, &list))
        return;
    if (!value_is(list, VALUE_LIST) || value_count(list) > DOCTOR_ITEMS_MAX) {
        error_set(&err, "'each' must give a list of at most %d, not %s of %zu", DOCTOR_ITEMS_MAX, value_kind_text(list),
                  value_count(list));
        add_problem(exam, rule, rule->each, &err);
        return;
    }
    for (size_t i = 0; i < value_count(list); i++) {
        exam->item = value_item(list, i);
        examine_item(exam, rule);
    }
    exam->item = NULL;
}

static void report_make(struct examination *exam, struct doctor_report *out)
{
    struct value *all = value_list(exam->arena);

    out->worst = DOCTOR_NOTHING;
    for (enum doctor_severity severity = DOCTOR_ERROR; severity > DOCTOR_NOTHING; severity--) {
        const struct value *list = exam->findings[severity];
        if (value_count(list) > 0 && out->worst == DOCTOR_NOTHING)
            out->worst = severity;
        for (size_t i = 0; i < value_count(list); i++)
            value_list_add(exam->arena, all, value_item(list, i));
    }
    out->findings = all;
    out->undecided = exam->undecided;
    out->problems = exam->problems;
}

bool doctor_examine(struct arena *arena, struct template_env *env, const struct doctor_rules *rules,
                    const struct value *facts, struct doctor_report *out, struct error *err)
{
    struct examination exam = { .arena = arena,
                                .env = env,
                                .rules = rules,
                                .facts = doctor_facts_plain(arena, facts),
                                .known = value_map(arena),
                                .undecided = value_list(arena),
                                .problems = value_list(arena) };

    if (!value_is(value_map_get(exam.facts, "roost"), VALUE_MAP))
        return error_set(err, "there are no facts of an AI box (roost) among its facts");
    exam.source = (struct template_vars){ .context = &exam, .get = name_get, .names = names_all };
    for (size_t i = 0; i <= DOCTOR_ERROR; i++)
        exam.findings[i] = value_list(arena);
    for (size_t i = 0; i < rules->count; i++) {
        if (rules->items[i].each != NULL)
            examine_each(&exam, &rules->items[i]);
        else
            examine_item(&exam, &rules->items[i]);
    }
    report_make(&exam, out);
    return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Variables that results bring: facts, set_fact, include_vars, registered results, custom statistics. */
#include <string.h>

#include "common/base/text.h"
#include "common/integer/integer.h"
#include "common/value/value_python.h"
#include "engine/run/job_parts.h"
#include "engine/run/strategy.h"

void apply_each_host(struct run *run, struct job *job, void (*visit)(struct run *, struct run_host *, void *),
                     void *context)
{
    struct error err = ERROR_INIT;
    bool run_once = false;

    if (!keyword_bool(job, KEYWORD_RUN_ONCE, false, &run_once, &err) || !run_once) {
        visit(run, job->host, context);
        return;
    }
    for (size_t i = 0; i < run->play->host_count; i++)
        if (!run->play->hosts[i]->is_unreachable)
            visit(run, run->play->hosts[i], context);
}

enum fact_use { FACT_GATHERED, FACT_SET, FACT_SET_AND_CACHED, FACT_INCLUDED };
struct fact_visit {
    const struct value *facts;
    enum fact_use use;
};

static void facts_store(struct run *run, const struct inventory_host *host, const struct fact_visit *visit)
{
    for (size_t i = 0; visit->use != FACT_GATHERED && i < value_count(visit->facts); i++) {
        const struct value_pair *pair = value_pair_at(visit->facts, i);
        const char *name = value_text(pair->key);

        if (name != NULL && visit->use == FACT_INCLUDED)
            vars_host_include(run->vars, host, name, pair->item);
        else if (name != NULL)
            vars_host_set(run->vars, host, name, pair->item);
    }
    if (visit->use == FACT_GATHERED || visit->use == FACT_SET_AND_CACHED)
        vars_host_add_facts(run->vars, host, visit->facts);
}

static void facts_visit(struct run *run, struct run_host *host, void *context)
{
    facts_store(run, host->host, context);
}

/* As Ansible's action says of itself: gathering = smart looks for it, in the cache too. */
static const struct value *with_gathered(struct arena *arena, const struct value *facts)
{
    struct value *said = value_map(arena);

    value_map_put_bool(arena, said, "_ansible_facts_gathered", true);
    return value_merge(arena, facts, said, false);
}

void apply_facts(struct run *run, struct job *job, const struct job_item *item)
{
    const char *action = job->task->action;
    struct fact_visit visit = { .facts = value_map_get(item->result, "ansible_facts") };
    struct error err = ERROR_INIT;
    bool delegates = false;

    if (!value_is(visit.facts, VALUE_MAP) || strcmp(action, "debug") == 0)
        return;
    if (strcmp(action, "gather_facts") == 0)
        visit.facts = with_gathered(job->arena, visit.facts);
    if (strcmp(action, "include_vars") == 0)
        visit.use = FACT_INCLUDED;
    else if (strcmp(action, "set_fact") == 0)
        visit.use = value_map_true(item->result, "_ansible_facts_cacheable") ? FACT_SET_AND_CACHED : FACT_SET;
    if (item->delegate != NULL && keyword_bool(job, KEYWORD_DELEGATE_FACTS, false, &delegates, &err) && delegates)
        facts_store(run, item->target_host, &visit);
    else
        apply_each_host(run, job, facts_visit, &visit);
}

/* A host that add_host brought counts among all hosts of the play (ansible_play_hosts_all) from now on. */
void apply_new_host(struct run *run, const struct job_item *item)
{
    const char *name = value_map_text(value_map_get(item->result, "add_host"), "host_name");
    struct inventory_host *host = name == NULL ? NULL : inventory_find_host(run->options->inventory, name);
    struct vars_play *play = run->play->vars;
    struct inventory_host **all;

    if (host == NULL || !value_map_true(item->result, "changed"))
        return;
    for (size_t i = 0; i < play->all_count; i++)
        if (play->all[i] == host)
            return;
    all = arena_new_array(run->arena, struct inventory_host *, play->all_count + 1);
    memcpy(all, play->all, play->all_count * sizeof(struct inventory_host *));
    all[play->all_count] = host;
    play->all = all;
    play->all_count++;
}

/* A name of the engine's own somewhere beneath? */
static bool holds_internal(const struct value *value)
{
    bool is_map = value_is(value, VALUE_MAP);

    for (size_t i = 0; (is_map || value_is(value, VALUE_LIST)) && i < value_count(value); i++) {
        const char *key = is_map ? value_text(value_pair_at(value, i)->key) : NULL;

        if ((key != NULL && text_starts(key, "_ansible_")) ||
            holds_internal(is_map ? value_pair_at(value, i)->item : value_item(value, i)))
            return true;
    }
    return false;
}

/* Without what is only meant for the engine and its sinks. */
static const struct value *clean(struct arena *arena, const struct value *value, bool is_top)
{
    struct value *copy;

    if (value_is(value, VALUE_LIST)) {
        copy = value_list(arena);
        for (size_t i = 0; i < value_count(value); i++)
            value_list_add(arena, copy, clean(arena, value_item(value, i), false));
        return copy;
    }
    if (!value_is(value, VALUE_MAP))
        return value;
    copy = value_map(arena);
    for (size_t i = 0; i < value_count(value); i++) {
        const struct value_pair *pair = value_pair_at(value, i);
        const char *key = value_text(pair->key);
        bool is_results = is_top && key != NULL && strcmp(key, "results") == 0;

        if (key != NULL && (text_starts(key, "_ansible_") || (is_top && strcmp(key, "invocation") == 0)))
            continue;
        value_map_put_value(arena, copy, pair->key,
                            is_results || holds_internal(pair->item) ? clean(arena, pair->item, false) : pair->item);
    }
    return copy;
}

struct register_visit {
    const char *name;
    const struct value *value;
};

static void register_visit(struct run *run, struct run_host *host, void *context)
{
    const struct register_visit *visit = context;

    vars_host_set(run->vars, host->host, visit->name, visit->value);
}

void apply_register(struct run *run, struct job *job)
{
    struct register_visit visit = { job->register_name, clean(job->arena, job->result, true) };

    apply_each_host(run, job, register_visit, &visit);
}

/* What is there stays where a sum cannot be computed here. */
static const struct value *integer_sum(struct arena *arena, const struct value *old, const struct value *added)
{
    const struct value *sum;
    int64_t small = 0;

    if (value_is(old, VALUE_INT) && value_is(added, VALUE_INT) &&
        !__builtin_add_overflow(old->as.integer, added->as.integer, &small))
        return value_int(arena, small);
    sum = integer_binary(arena, INTEGER_ADD, old, added, NULL);
    return sum == NULL ? old : sum;
}

/* Numbers are added, texts and lists joined, maps merged. */
static const struct value *aggregate(struct arena *arena, const struct value *old, const struct value *added)
{
    if (old == NULL || added == NULL)
        return old == NULL ? added : old;
    if (value_is_integer(old) && value_is_integer(added))
        return integer_sum(arena, old, added);
    if (old->kind != added->kind)
        return old;
    if (value_is(old, VALUE_MAP))
        return value_merge(arena, old, added, true);
    if (value_is(old, VALUE_REAL))
        return value_real(arena, old->as.real + added->as.real);
    if (value_is(old, VALUE_STRING))
        return value_string(arena, arena_printf(arena, "%s%s", old->as.string.data, added->as.string.data));
    if (value_is(old, VALUE_LIST)) {
        struct value *list = value_list(arena);

        for (size_t i = 0; i < value_count(old); i++)
            value_list_add(arena, list, value_item(old, i));
        for (size_t i = 0; i < value_count(added); i++)
            value_list_add(arena, list, value_item(added, i));
        return list;
    }
    return added;
}

static void stats_put(struct run *run, struct value **into, const struct value *data, bool adds_up)
{
    if (*into == NULL)
        *into = value_map(run->arena);
    for (size_t i = 0; i < value_count(data); i++) {
        const struct value_pair *pair = value_pair_at(data, i);
        const struct value *old = adds_up ? value_map_get_value(*into, pair->key) : NULL;

        value_map_put_value(run->arena, *into, value_copy(run->arena, pair->key),
                            value_copy(run->arena, aggregate(run->arena, old, pair->item)));
    }
}

struct stats_visit {
    const struct value *data;
    bool adds_up;
};

static void stats_visit(struct run *run, struct run_host *host, void *context)
{
    const struct stats_visit *visit = context;

    stats_put(run, &host->custom_stats, visit->data, visit->adds_up);
}

void apply_custom_stats(struct run *run, struct job *job, const struct value *stats)
{
    struct stats_visit visit = { value_map_get(stats, "data"), value_map_true(stats, "aggregate") };

    if (value_count(visit.data) == 0)
        return;
    if (value_map_true(stats, "per_host"))
        apply_each_host(run, job, stats_visit, &visit);
    else
        stats_put(run, &run->custom_stats, visit.data, visit.adds_up);
}

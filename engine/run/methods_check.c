/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections and become methods that Roost does not have, refused before anything is touched. Only what is written out counts:
 * templates, tasks that may be skipped and hosts that come during the run are left to the run, where the same names are refused.
 */
#include <string.h>

#include "common/base/text.h"
#include "common/value/value_python.h"
#include "engine/run/job_parts.h"
#include "engine/run/methods.h"
#include "engine/run/play_run.h"

enum { OF_CONNECTION, OF_BECOME, OF_METHOD, OF_COUNT };

static const char *const variables[OF_COUNT] = { "ansible_connection", "ansible_become", "ansible_become_method" };
static const enum keyword keywords[OF_COUNT] = { KEYWORD_CONNECTION, KEYWORD_BECOME, KEYWORD_BECOME_METHOD };

/* What one host says of the three; hosts that say the same are looked at once. */
struct saying {
    const struct value *written[OF_COUNT]; /* NULL: nothing */
    const struct inventory_host *host;
    bool is_local; /* localhost that no inventory names */
};

struct check {
    struct run *run;
    struct arena *arena;
    const struct play *play;
    struct plan_tags tags;
    struct saying saying;
    bool is_over;     /* a task may have ended the play, or said another way */
    bool *way_is_set; /* a task may have said another way, which counts in later plays too */
};

/* Known only when somebody asks: a template. */
static bool is_template(const struct value *value)
{
    const char *text = value_text(value);

    return text != NULL && value_text_is_template(text, strlen(text));
}

/* --- tasks that are sure to run where the play's hosts are --- */

static bool names_ways(const struct value *vars)
{
    for (size_t i = 0; i < OF_COUNT; i++)
        if (value_map_get(vars, variables[i]) != NULL)
            return true;
    return false;
}

static bool has_way_of_its_own(const struct node *task)
{
    for (const struct role *role = task->role; role != NULL; role = role->parent)
        if (names_ways(role->vars) || names_ways(role->defaults) || names_ways(role->params))
            return true;
    for (const struct node *node = task; node != NULL; node = node->parent)
        if (names_ways(node->keywords[KEYWORD_VARS]))
            return true;
    return node_keyword(task, KEYWORD_DELEGATE_TO) != NULL;
}

/* A condition, or somebody who waits for the failure. */
static bool may_pass(const struct node *task)
{
    static const enum keyword softening[] = { KEYWORD_WHEN, KEYWORD_RESCUE, KEYWORD_LOOP };

    for (const struct node *node = task; node != NULL; node = node->parent)
        for (size_t i = 0; i < sizeof(softening) / sizeof(softening[0]); i++)
            if (node->keywords[softening[i]] != NULL)
                return true;
    return value_count(task->play->import_when) > 0 || task->keywords[KEYWORD_FAILED_WHEN] != NULL ||
           node_keyword(task, KEYWORD_IGNORE_ERRORS) != NULL || node_keyword(task, KEYWORD_IGNORE_UNREACHABLE) != NULL;
}

static bool is_done_here(const struct node *task)
{
    static const char *const here[] = { "add_host", "assert",       "debug",    "fail",      "group_by",
                                        "pause",    "include_vars", "set_fact", "set_stats", "validate_argument_spec",
                                        NULL };

    return (task->task_kind != TASK_MODULE && task->task_kind != TASK_ACTION) || text_in(task->action, here);
}

/* --- one task on the hosts that say the same --- */

/* The value of a way, and where it is written; NULL: nowhere, or nobody knows yet (*known false). */
static const struct value *way_of(const struct check *check, const struct node *task, int way, bool *known)
{
    const struct value *value = check->saying.written[way];

    if (value == NULL && task != NULL)
        value = node_keyword(task, keywords[way]);
    if (value == NULL && task == NULL)
        value = check->play->keywords[keywords[way]];
    *known = !is_template(value);
    return *known && !value_is(value == NULL ? value_null() : value, VALUE_NULL) ? value : NULL;
}

/* Puts behind the error where the word stands. */
static bool refused(const struct check *check, const struct value *value, const char *option, struct error *err)
{
    const struct value *const *written = check->saying.written;
    struct source_position at;

    err->kind = ERROR_PARSE;
    if (value == NULL)
        return error_prefix(err, "%s", option);
    at = value_position(value);
    if (value == written[OF_CONNECTION] || value == written[OF_METHOD])
        (void)error_prefix(err, "host '%s'", check->saying.host->name);
    return at.path == NULL ? false : error_locate(err, &at);
}

static bool connection_check(const struct check *check, const struct node *task, struct error *err)
{
    const char *option = check->run->options->connection_kind, *setting = setting_text(check->run, "transport");
    const struct value *value;
    const char *name, *kind = NULL;
    bool known;

    if (check->saying.is_local && check->saying.written[OF_CONNECTION] == NULL)
        return true;
    value = way_of(check, task, OF_CONNECTION, &known);
    name = value != NULL ? value_text(value) : option != NULL ? option : setting;
    if (!known || name == NULL || connection_kind_read(name, &kind, err))
        return true;
    return refused(check, value, text_equal(option, setting) || option == NULL ? "the setting transport" : "-c", err);
}

static bool is_become(const struct check *check, const struct node *task)
{
    bool known, active = check->run->options->become.active || setting_bool(check->run, "become", false);
    const struct value *value = way_of(check, task, OF_BECOME, &known);

    return known && (value == NULL || value_as_bool(value, &active)) && active;
}

static bool method_check(const struct check *check, const struct node *task, struct error *err)
{
    const char *option = check->run->options->become.method, *setting = setting_text(check->run, "become_method");
    const struct value *value;
    const char *name, *method = NULL;
    bool known;

    if (!is_become(check, task))
        return true;
    value = way_of(check, task, OF_METHOD, &known);
    name = value != NULL ? value_text(value) : option != NULL ? option : setting;
    if (!known || name == NULL || become_method_read(name, &method, err))
        return true;
    if (text_starts(err->text, "Invalid become method")) {
        error_clear(err); /* in Ansible, too, the task says so */
        return true;
    }
    return refused(check, value,
                   text_equal(option, setting) || option == NULL ? "the setting become_method" : "--become-method",
                   err);
}

static bool ways_check(const struct check *check, const struct node *task, struct error *err)
{
    return connection_check(check, task, err) && method_check(check, task, err);
}

static bool ends_something(const struct node *task)
{
    const char *name = task->task_kind == TASK_META ? value_map_text(task->args, "_raw_params") : NULL;

    return name != NULL && text_starts(name, "end_");
}

/* Facts come before the inventory and the play: what is in files and included tasks may be any. */
static bool may_set_way(const struct node *task)
{
    const char *name = value_text(task->keywords[KEYWORD_REGISTER]);

    for (size_t i = 0; text_equal(task->action, "set_fact") && i < value_count(task->args); i++)
        if (is_template(value_pair_at(task->args, i)->key))
            return true;
    for (size_t i = 0; i < OF_COUNT; i++)
        if (text_equal(name, variables[i]))
            return true;
    return text_equal(task->action, "include_vars") || task->task_kind == TASK_INCLUDE_TASKS ||
           task->task_kind == TASK_INCLUDE_ROLE || (text_equal(task->action, "set_fact") && names_ways(task->args));
}

static bool block_check(struct check *check, const struct plan_block *block, struct error *err)
{
    for (size_t i = 0; i < block->tasks.count && !check->is_over; i++) {
        const struct plan_item *item = &block->tasks.items[i];

        if (item->block != NULL) {
            if (!block_check(check, item->block, err))
                return false;
            continue;
        }
        bool sets_way = may_set_way(item->task);
        *check->way_is_set |= sets_way;
        check->is_over = ends_something(item->task) || sets_way;
        if (is_done_here(item->task) || may_pass(item->task) || has_way_of_its_own(item->task))
            continue;
        if (!ways_check(check, item->task, err))
            return false;
    }
    return true;
}

/* --- one play --- */

static bool gathers_facts(const struct check *check)
{
    const struct value *written = check->play->keywords[KEYWORD_GATHER_FACTS];
    const char *gathering = setting_text(check->run, "gathering");
    bool wanted = !text_equal(gathering, "explicit");

    return check->tags.only == NULL && check->tags.skip == NULL && !is_template(written) &&
           value_count(check->play->import_when) == 0 &&
           (written == NULL || value_is(written, VALUE_NULL) || value_as_bool(written, &wanted)) && wanted &&
           (written != NULL || !text_equal(gathering, "smart"));
}

static bool saying_check(struct check *check, struct error *err)
{
    struct plan plan = { .arena = check->arena, .play = check->play };
    struct error ignored = ERROR_INIT;

    check->is_over = false;
    if (gathers_facts(check) && !check->play->keywords[KEYWORD_IGNORE_UNREACHABLE] &&
        !check->play->keywords[KEYWORD_IGNORE_ERRORS] && !ways_check(check, NULL, err))
        return false;
    if (!plan_add(&plan, &check->play->tasks, &check->tags, false, &ignored))
        return true; /* the play itself says what is wrong */
    for (size_t i = 0; i < plan.block_count; i++)
        if (!block_check(check, plan.blocks[i], err))
            return false;
    return true;
}

static bool is_same(const struct saying *a, const struct saying *b)
{
    for (size_t i = 0; i < OF_COUNT; i++)
        if ((a->written[i] == NULL) != (b->written[i] == NULL) ||
            (a->written[i] != NULL && !value_equal(a->written[i], b->written[i])))
            return false;
    return a->is_local == b->is_local;
}

/* As written: extra variables, then the play's, then the inventory's. */
static bool says(struct check *check, struct inventory_host *host, struct saying *out)
{
    struct vars_place place = { .host = host, .is_alone = true };
    struct error ignored = ERROR_INIT;
    struct vars_scope scope;
    bool is_final;

    *out = (struct saying){ .host = host, .is_local = host->is_implicit };
    if (!vars_scope_open(&scope, check->run->vars, check->arena, &place, &ignored))
        return false;
    for (size_t i = 0; i < OF_COUNT; i++) {
        out->written[i] = value_map_get(check->run->options->extra_vars, variables[i]);
        if (out->written[i] == NULL)
            out->written[i] = value_map_get(check->play->vars, variables[i]);
        if (out->written[i] == NULL)
            out->written[i] = vars_scope_raw(&scope, variables[i], strlen(variables[i]), &is_final);
    }
    return true;
}

static bool hosts_check(struct check *check, const struct inventory_host_list *hosts, struct error *err)
{
    struct saying *seen = arena_new_array(check->arena, struct saying, hosts->count + 1);
    size_t count = 0;

    for (size_t i = 0; i < hosts->count; i++) {
        struct saying one;
        size_t at = 0;

        if (!says(check, hosts->items[i], &one))
            continue;
        while (at < count && !is_same(&seen[at], &one))
            at++;
        if (at < count)
            continue;
        seen[count++] = check->saying = one;
        if (!saying_check(check, err))
            return false;
    }
    return true;
}

/* Its files of variables, or its roles, may say anything; a pattern that calls something is asked once only, by the play. */
static bool is_open(const struct play *play)
{
    const struct value *pattern = play->keywords[KEYWORD_HOSTS];

    for (size_t i = 0; i < play->role_count; i++)
        if (names_ways(play->roles[i]->vars) || names_ways(play->roles[i]->defaults))
            return true;
    return play->keywords[KEYWORD_VARS_FILES] != NULL ||
           (is_template(pattern) && strchr(value_text(pattern), '(') != NULL);
}

static bool play_check(struct check *check, struct error *err)
{
    struct vars_play vars = { .play = check->play, .name = check->play->name };
    struct inventory_selection selection = { .limit = check->run->options->limit };
    struct inventory_host_list hosts = { 0 };
    struct error ignored = ERROR_INIT;
    struct vars_place place = { 0 };
    struct template_call call;
    struct vars_scope scope;

    if (is_open(check->play))
        return true;
    vars_world_enter(check->run->vars, &vars);
    if (!vars_scope_open(&scope, check->run->vars, check->arena, &place, &ignored))
        return true;
    call = vars_scope_call(&scope, check->arena);
    check->tags.call = &call;
    if (!play_pattern(check->arena, check->play, &call, &selection.pattern, &ignored) ||
        (value_is(selection.pattern, VALUE_LIST) && value_count(selection.pattern) == 0) ||
        !inventory_match(check->run->options->inventory, check->arena, &selection, &hosts, &ignored))
        return true;
    return hosts_check(check, &hosts, err);
}

bool methods_check(struct run *run, struct playbook *const *playbooks, size_t count, struct error *err)
{
    bool ok = run->places == NULL && run->start_at_task == NULL && !run->step_mode, way_is_set = false;

    if (!ok)
        return true; /* who chooses tasks may leave these out */
    for (size_t i = 0; ok && i < count; i++)
        for (size_t j = 0; ok && !way_is_set && j < playbooks[i]->play_count; j++) {
            ARENA_SCOPED arena = arena_new();
            struct check check = { .run = run,
                                   .arena = arena,
                                   .play = playbooks[i]->plays[j],
                                   .way_is_set = &way_is_set,
                                   .tags = { .only = run->options->tags, .skip = run->options->skip_tags } };

            ok = play_check(&check, err);
            vars_world_enter(run->vars, NULL);
        }
    return ok;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a rescue sees as ansible_failed_task: the keywords of the task. Where the task was evaluated to its end they are as the host had
 * them; of a loop, and of a task that failed before, they are as written; where the arguments failed, those that only a task has are.
 * What is handed out is never a template.
 */
#include <string.h>

#include "common/base/text.h"
#include "common/value/value_python.h"
#include "engine/run/job_parts.h"
#include "engine/run/plan.h"
#include "engine/run/strategy.h"

#define LEGACY "ansible.legacy."

enum shape {
    SHAPE_BOOL,
    SHAPE_INT,
    SHAPE_TEXT,
    SHAPE_LIST,      /* one that is none becomes the only member */
    SHAPE_CONDITIONS /* the same, never evaluated */
};

static const struct field {
    enum keyword keyword;
    enum shape shape;
} fields[] = {
    { KEYWORD_ANY_ERRORS_FATAL, SHAPE_BOOL },
    { KEYWORD_BECOME, SHAPE_BOOL },
    { KEYWORD_BECOME_EXE, SHAPE_TEXT },
    { KEYWORD_BECOME_FLAGS, SHAPE_TEXT },
    { KEYWORD_BECOME_METHOD, SHAPE_TEXT },
    { KEYWORD_BECOME_USER, SHAPE_TEXT },
    { KEYWORD_CHANGED_WHEN, SHAPE_CONDITIONS },
    { KEYWORD_CHECK_MODE, SHAPE_BOOL },
    { KEYWORD_CONNECTION, SHAPE_TEXT },
    { KEYWORD_DEBUGGER, SHAPE_TEXT },
    { KEYWORD_DELAY, SHAPE_INT },
    { KEYWORD_DELEGATE_FACTS, SHAPE_BOOL },
    { KEYWORD_DELEGATE_TO, SHAPE_TEXT },
    { KEYWORD_DIFF, SHAPE_BOOL },
    { KEYWORD_FAILED_WHEN, SHAPE_CONDITIONS },
    { KEYWORD_IGNORE_ERRORS, SHAPE_BOOL },
    { KEYWORD_IGNORE_UNREACHABLE, SHAPE_BOOL },
    { KEYWORD_NO_LOG, SHAPE_BOOL },
    { KEYWORD_NOTIFY, SHAPE_LIST },
    { KEYWORD_POLL, SHAPE_INT },
    { KEYWORD_PORT, SHAPE_INT },
    { KEYWORD_REMOTE_USER, SHAPE_TEXT },
    { KEYWORD_RETRIES, SHAPE_INT },
    { KEYWORD_RUN_ONCE, SHAPE_BOOL },
    { KEYWORD_THROTTLE, SHAPE_INT },
    { KEYWORD_TIMEOUT, SHAPE_INT },
    { KEYWORD_UNTIL, SHAPE_CONDITIONS },
    { KEYWORD_ASYNC, SHAPE_INT },
};

/* Evaluated after the arguments. */
static bool is_late(enum keyword keyword)
{
    return keyword == KEYWORD_ASYNC || keyword == KEYWORD_DELAY || keyword == KEYWORD_DELEGATE_TO ||
           keyword == KEYWORD_DELEGATE_FACTS || keyword == KEYWORD_NOTIFY || keyword == KEYWORD_POLL ||
           keyword == KEYWORD_RETRIES || keyword == KEYWORD_UNTIL;
}

struct teller {
    struct job *job;
    struct arena *arena;
    struct value *told;
    bool is_evaluated; /* once, as far as the arguments ... */
    bool is_final;     /* ... and to its end */
};

static const struct value *text_or_null(struct arena *arena, const char *text)
{
    return text == NULL ? value_null() : value_string(arena, text);
}

static const char *connection_kind(const struct run *run)
{
    const char *kind = run->options->connection_kind;

    if (kind == NULL)
        kind = setting_text(run, "transport");
    return kind == NULL || text_equal(kind, "smart") ? "ssh" : kind;
}

/* Where nothing is written. */
static const struct value *fallback(const struct teller *teller, enum keyword keyword)
{
    const struct run *run = teller->job->run;
    const struct run_options *options = run->options;

    switch (keyword) {
    case KEYWORD_ANY_ERRORS_FATAL:
        return value_bool(setting_bool(run, "any_errors_fatal", false));
    case KEYWORD_BECOME:
        return value_bool(options->become.active);
    case KEYWORD_BECOME_METHOD:
        return text_or_null(teller->arena, options->become.method == NULL ? "sudo" : options->become.method);
    case KEYWORD_BECOME_USER:
        return text_or_null(teller->arena, options->become.user);
    case KEYWORD_CHECK_MODE:
        return value_bool(options->check_mode);
    case KEYWORD_CONNECTION:
        return value_string(teller->arena, connection_kind(run));
    case KEYWORD_DIFF:
        return value_bool(options->diff_mode);
    case KEYWORD_NO_LOG:
        return value_bool(setting_bool(run, "no_log", false));
    case KEYWORD_REMOTE_USER:
        return text_or_null(teller->arena, options->remote_user);
    case KEYWORD_POLL:
        return value_int(teller->arena, setting_int(run, "poll_interval", 15));
    case KEYWORD_DELAY:
        return value_int(teller->arena, 5);
    case KEYWORD_RETRIES:
        return value_int(teller->arena, 3);
    case KEYWORD_ASYNC:
    case KEYWORD_THROTTLE:
        return value_int(teller->arena, 0);
    case KEYWORD_TIMEOUT:
        return value_int(teller->arena, setting_int(run, "task_timeout", 0));
    case KEYWORD_CHANGED_WHEN:
    case KEYWORD_FAILED_WHEN:
    case KEYWORD_UNTIL:
        return value_list(teller->arena);
    default:
        return value_null();
    }
}

static const struct value *as_list(struct arena *arena, const struct value *value)
{
    struct value *list;

    if (value_is(value, VALUE_LIST))
        return value;
    list = value_list(arena);
    value_list_add(arena, list, value);
    return list;
}

static const struct value *shaped(struct arena *arena, enum shape shape, const struct value *value)
{
    int64_t integer = 0;
    bool boolean = false;

    if (shape == SHAPE_BOOL && value_as_bool(value, &boolean))
        return value_bool(boolean);
    if (shape == SHAPE_INT && value_as_int(value, &integer))
        return value_int(arena, integer);
    if (shape == SHAPE_LIST || shape == SHAPE_CONDITIONS)
        return as_list(arena, value);
    return value;
}

/* Templated where the host has them so; else, and where that fails, as written. NULL stays NULL. */
static const struct value *evaluated(const struct teller *teller, const struct value *written)
{
    struct template_call call = job_call(teller->job);
    const struct value *value = NULL;
    struct error ignored = ERROR_INIT;

    if (written == NULL || !teller->is_evaluated || !template_value(&call, written, &value, &ignored))
        return written;
    return value;
}

static void put(const struct teller *teller, const char *name, const struct value *value)
{
    value_map_put(teller->arena, teller->told, name,
                  value == NULL ? value_null() : value_mark(teller->arena, value, 0, VALUE_TRUSTED));
}

/* What a task with no_log may hold secrets in: it can be used, but is not shown. */
static void put_hidden(const struct teller *teller, const char *name, const struct value *value)
{
    bool may_hold = value_count(value) > 0 || value_is(value, VALUE_STRING);

    if (may_hold && teller->job->no_log)
        value = value_mark(teller->arena, value, VALUE_SECRET, 0);
    put(teller, name, value);
}

static void put_field(const struct teller *teller, const struct field *field)
{
    struct job *job = teller->job;
    const struct value *value = node_keyword(job->task, field->keyword);
    struct error ignored = ERROR_INIT;
    bool is_evaluated = is_late(field->keyword) ? teller->is_final : teller->is_evaluated;

    if (is_evaluated && field->shape != SHAPE_CONDITIONS && !keyword_value(job, field->keyword, &value, &ignored))
        value = node_keyword(job->task, field->keyword);
    if (value == NULL || value_is(value, VALUE_NULL))
        value = fallback(teller, field->keyword);
    else if (is_evaluated || field->keyword == KEYWORD_CHANGED_WHEN || field->keyword == KEYWORD_FAILED_WHEN)
        value = shaped(teller->arena, field->shape, value);
    put(teller, keyword_name(field->keyword), value);
    if (field->keyword == KEYWORD_ASYNC)
        put(teller, "async_val", value);
}

/* The task's own and inherited ones, then the inherited ones again: Ansible adds them when it looks, and it looks twice. */
static const struct value *tags_of(const struct teller *teller)
{
    struct template_call call = job_call(teller->job);
    struct plan_tags tags = { .call = &call };
    struct node bare = *teller->job->task;
    const struct value *parts[2] = { NULL, NULL };
    const struct node *nodes[] = { teller->job->task, &bare };
    struct value *list = value_list(teller->arena);

    bare.keywords[KEYWORD_TAGS] = NULL;
    for (size_t i = 0; i < 2; i++) {
        struct error ignored = ERROR_INIT;

        if (!plan_tags_of(nodes[i], &tags, teller->arena, &parts[i], &ignored))
            parts[i] = node_tags(teller->arena, nodes[i]);
        for (size_t k = 0; k < value_count(parts[i]); k++) {
            const struct value *tag = value_item(parts[i], k);

            if (value_count(list) == 0 || !value_equal(value_item(list, value_count(list) - 1), tag))
                value_list_add(teller->arena, list, tag);
        }
    }
    return list;
}

/* `vars` of a task may be a list of maps. */
static const struct value *vars_of(const struct teller *teller)
{
    const struct value *written = teller->job->task->keywords[KEYWORD_VARS];
    const struct value *merged = value_map(teller->arena);

    if (value_is(written, VALUE_MAP))
        return written;
    for (size_t i = 0; value_is(written, VALUE_LIST) && i < value_count(written); i++)
        if (value_is(value_item(written, i), VALUE_MAP))
            merged = value_merge(teller->arena, merged, value_item(written, i), false);
    return merged;
}

/* A list of maps from full names to arguments. */
static const struct value *defaults_of(const struct teller *teller)
{
    const struct value *written = node_keyword_list(teller->arena, teller->job->task, KEYWORD_MODULE_DEFAULTS);
    struct value *list = value_list(teller->arena);

    for (size_t i = 0; i < value_count(written); i++) {
        const struct value *part = value_item(written, i);
        struct value *named = value_map(teller->arena);

        for (size_t k = 0; k < value_map_count(part); k++) {
            const struct value_pair *pair = value_pair_at(part, k);
            const char *name = value_to_text(teller->arena, pair->key);

            if (text_starts(name, LEGACY) && value_map_get(part, name + strlen(LEGACY)) != NULL)
                continue; /* the loader has put it beside the short name */
            if (strpbrk(name, "./") == NULL)
                name = arena_printf(teller->arena, "ansible.builtin.%s", name);
            value_map_put(teller->arena, named, name, evaluated(teller, pair->item));
        }
        value_list_add(teller->arena, list, named);
    }
    return list;
}

static const struct value *environment_of(const struct teller *teller)
{
    const struct value *written = node_keyword_list(teller->arena, teller->job->task, KEYWORD_ENVIRONMENT);
    const struct value *merged = value_map(teller->arena);

    if (!teller->is_evaluated)
        return written == NULL ? value_list(teller->arena) : written;
    if (teller->job->slots[0]->environment != NULL)
        return as_list(teller->arena, teller->job->slots[0]->environment);
    for (size_t i = 0; i < value_count(written); i++) {
        const struct value *part = evaluated(teller, value_item(written, i));

        if (value_is(part, VALUE_MAP))
            merged = value_merge(teller->arena, merged, part, false);
    }
    return as_list(teller->arena, merged);
}

/* As they went out; as written when they did not, or several times. */
static const struct value *args_of(const struct teller *teller)
{
    const struct job *job = teller->job;
    const struct value *args = job->task->args;
    struct value *copy = value_map(teller->arena);

    if (teller->is_final)
        args = job->slots[0]->args;
    for (size_t i = 0; i < value_map_count(args); i++) {
        const struct value_pair *pair = value_pair_at(args, i);
        bool is_whole = text_equal(value_text(pair->key), "_template");

        if (is_whole)
            value_map_put(teller->arena, copy, "_variable_params", pair->item);
        else
            value_map_put_value(teller->arena, copy, pair->key, pair->item);
    }
    if (teller->is_final && text_equal(job->task->action, "shell"))
        value_map_put_bool(teller->arena, copy, "_uses_shell", true);
    return copy;
}

static const char *made_id(const struct teller *teller, unsigned kind)
{
    return arena_printf(teller->arena, "00000000-0000-%04x-0000-%012x", kind, teller->job->task->number);
}

static const struct value *control_of(const struct teller *teller)
{
    const struct job *job = teller->job;
    const struct value *written = job->task->keywords[KEYWORD_LOOP_CONTROL];
    bool is_read = teller->is_final || (job->has_items && job->loop_var != NULL);
    const struct value *label = value_map_get(written, "label"), *extended = value_map_get(written, "extended");
    struct arena *arena = teller->arena;
    struct value *map = value_map(arena);

    if (!job->has_items)
        extended = evaluated(teller, extended);
    else if (extended != NULL)
        extended = value_bool(job->extended);
    value_map_put(arena, map, "extended", extended == NULL ? value_null() : extended);
    value_map_put_bool(arena, map, "extended_allitems", !job->has_items || job->extended_all);
    value_map_put_string(arena, map, "index_var", job->index_var);
    value_map_put(arena, map, "label", label == NULL ? value_null() : label);
    value_map_put_string(arena, map, "loop_var", job->loop_var == NULL ? "item" : job->loop_var);
    if (is_read)
        value_map_put(arena, map, "pause", value_real(arena, (double)job->loop_pause_ms / 1000));
    else
        value_map_put_int(arena, map, "pause", 0);
    value_map_put_bool(arena, map, "finalized", is_read);
    value_map_put_bool(arena, map, "squashed", false);
    value_map_put_string(arena, map, "uuid", made_id(teller, 2));
    return map;
}

static const struct value *name_of(const struct teller *teller)
{
    const char *name = teller->job->task->name;
    const struct value *shown;
    struct value *text;

    if (name == NULL)
        return value_string(teller->arena, "");
    text = value_string(teller->arena, name);
    text->marks |= VALUE_TRUSTED;
    shown = evaluated(teller, text);
    return value_is(shown, VALUE_STRING) ? shown : value_string(teller->arena, value_to_text(teller->arena, shown));
}

static const struct value *conditions_of(const struct teller *teller)
{
    const struct value *conditions = node_conditions(teller->arena, teller->job->task);

    return conditions == NULL ? value_list(teller->arena) : evaluated(teller, conditions);
}

static void put_identity(const struct teller *teller)
{
    const struct node *task = teller->job->task;

    put(teller, "action", text_or_null(teller->arena, task->action_text));
    put(teller, "name", name_of(teller));
    put(teller, "register", text_or_null(teller->arena, teller->job->register_name));
    put(teller, "uuid", value_string(teller->arena, made_id(teller, 1)));
    put(teller, "finalized", value_bool(true));
    put(teller, "squashed", value_bool(true));
}

const struct value *failed_task(struct job *job)
{
    struct teller teller = { .job = job, .arena = job->arena, .told = value_map(job->arena) };
    const struct node *task = job->task;

    if (!job->has_loop && job->started > 0) {
        teller.is_final = job->slots[0]->is_validated;
        teller.is_evaluated = teller.is_final || job->slots[0]->is_templating;
    }
    put_identity(&teller);
    put(&teller, "args", args_of(&teller));
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        put_field(&teller, &fields[i]);
    put(&teller, "collections", task->collections == NULL ? value_list(job->arena) : task->collections);
    put(&teller, "tags", tags_of(&teller));
    put(&teller, "when", conditions_of(&teller));
    put_hidden(&teller, "vars", vars_of(&teller));
    put_hidden(&teller, "environment", environment_of(&teller));
    put_hidden(&teller, "module_defaults", defaults_of(&teller));
    put_hidden(&teller, "loop", task->keywords[KEYWORD_LOOP]);
    put(&teller, "loop_with", text_or_null(job->arena, task->loop_lookup));
    put(&teller, "loop_control", control_of(&teller));
    return teller.told;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dynamic includes: what the hosts asked for is grouped (same file or role, same variables, same task: loaded once), loaded,
 * filtered by tags and put before the next tasks of those hosts.
 */
#include <string.h>

#include "common/base/path.h"
#include "common/base/text.h"
#include "common/value/value_python.h"
#include "engine/run/emit.h"
#include "engine/run/strategy.h"
#include "engine/vault/vault.h"

struct include_group {
    const struct node *task;
    const struct include_request *request;
    const char *path;  /* include_tasks: found file */
    const char *label; /* the loop item, as shown */
    const char *title; /* of the task */
    struct run_host **hosts;
    size_t host_count;
    const struct plan_block *block; /* loaded; NULL: nothing left to do */
};

struct includes {
    struct run *run;
    struct arena *arena; /* of the round */
    struct include_group *groups;
    size_t count, capacity;
    bool *failed; /* by index in the batch; NULL: nobody asks */
};

static const char *try_folder(struct arena *arena, const char *folder, const char *path)
{
    const char *full =
        folder == NULL ? NULL : path_normalize(arena, path_join(arena, path_absolute(arena, folder), path));

    return full != NULL && path_is_file(full) ? full : NULL;
}

const char *include_find(struct arena *arena, const struct node *task, const char *path)
{
    const char *found = NULL, *own = task->at.path == NULL ? NULL : path_dirname(arena, task->at.path);
    const char *section = NULL, *last = task->play == NULL ? "." : task->play->folder;

    if (path[0] == '/')
        return path;
    if (task->role != NULL) {
        section = path_join(arena, task->role->path, task->is_handler ? "handlers" : "tasks");
        found = try_folder(arena, section, path);
        if (found == NULL && task->is_handler)
            found = try_folder(arena, path_join(arena, task->role->path, "tasks"), path);
        last = section;
    }
    if (found == NULL)
        found = try_folder(arena, task->include_path_folder, path);
    if (found == NULL)
        found = try_folder(arena, own, path);
    if (found == NULL && task->role != NULL)
        found = try_folder(arena, task->role->path, path);
    if (found == NULL && task->play != NULL)
        found = try_folder(arena, task->play->folder, path);
    return found != NULL ? found : path_normalize(arena, path_join(arena, path_absolute(arena, last), path));
}

static bool is_same_role(const struct role_request *a, const struct role_request *b)
{
    return text_equal(a->name, b->name) && text_equal(a->tasks_from, b->tasks_from) &&
           text_equal(a->vars_from, b->vars_from) && text_equal(a->defaults_from, b->defaults_from) &&
           text_equal(a->handlers_from, b->handlers_from) && a->is_public == b->is_public &&
           a->allow_duplicates == b->allow_duplicates && a->skips_validation == b->skips_validation;
}

static bool is_same(const struct include_group *group, const struct node *task, const struct include_request *request,
                    const char *path)
{
    const struct value *a = group->request->variables, *b = request->variables;

    return group->task == task && text_equal(group->path, path) &&
           is_same_role(&group->request->role, &request->role) &&
           (a == b || (a != NULL && b != NULL && value_equal(a, b)));
}

static struct include_group *group_add(struct includes *includes)
{
    if (includes->count == includes->capacity) {
        size_t capacity = includes->capacity == 0 ? 8 : includes->capacity * 2;

        includes->groups = arena_grow(includes->arena, includes->groups, includes->capacity * sizeof(*includes->groups),
                                      capacity * sizeof(*includes->groups));
        includes->capacity = capacity;
    }
    return &includes->groups[includes->count++];
}

static bool has_host(const struct include_group *group, const struct run_host *host)
{
    return group->host_count > 0 && group->hosts[group->host_count - 1] == host;
}

/* The same host twice means another include of the same file: order matters. */
static void collect_item(struct includes *includes, struct job *job, const struct job_item *item)
{
    const struct include_request *request = item->include;
    const char *path = request->path == NULL ? NULL : include_find(includes->arena, job->task, request->path);
    struct include_group *group = NULL;

    for (size_t i = 0; i < includes->count && group == NULL; i++)
        if (is_same(&includes->groups[i], job->task, request, path) && !has_host(&includes->groups[i], job->host))
            group = &includes->groups[i];
    if (group == NULL) {
        group = group_add(includes);
        *group = (struct include_group){ .task = job->task, .request = request, .path = path };
        group->label = value_map_text(item->result, "_ansible_item_label");
        group->title = job->title != NULL ? job->title : includes->run->task_title;
        group->hosts = arena_new_array(includes->arena, struct run_host *, includes->run->play->host_count + 1);
    }
    group->hosts[group->host_count++] = job->host;
}

static void collect(struct includes *includes, struct job *const *jobs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < jobs[i]->concluded; j++)
            if (jobs[i]->slots[j]->include != NULL)
                collect_item(includes, jobs[i], jobs[i]->slots[j]);
}

/* The include task as its tasks see it: with the loop's variables among its own. */
static const struct node *parent_of(struct includes *includes, const struct include_group *group)
{
    const struct value *extra = group->request->variables, *own = group->task->keywords[KEYWORD_VARS];
    struct node *copy;

    if (extra == NULL)
        return group->task;
    copy = arena_new_of(includes->run->arena, struct node);
    *copy = *group->task;
    extra = value_copy(includes->run->arena, extra);
    copy->keywords[KEYWORD_VARS] = own == NULL ? extra : value_merge(includes->run->arena, own, extra, false);
    return copy;
}

static bool load_role(struct includes *includes, const struct include_group *group, struct node_list *nodes,
                      struct error *err)
{
    struct run *run = includes->run;
    struct role_request request = group->request->role;
    struct role *role = NULL;
    struct node_list handlers;

    request.name = arena_copy(run->arena, request.name);
    request.tasks_from = arena_copy(run->arena, request.tasks_from);
    request.vars_from = arena_copy(run->arena, request.vars_from);
    request.defaults_from = arena_copy(run->arena, request.defaults_from);
    request.handlers_from = arena_copy(run->arena, request.handlers_from);
    if (!playbook_load_role(run->options->loader, parent_of(includes, group), &request, &role, err))
        return false;
    *nodes = role_task_nodes(run->play->arena, role);
    handlers = role_handler_nodes(run->play->arena, role);
    handlers_list(run->play, &handlers);
    if (request.is_public)
        vars_world_publish(run->vars, role);
    return true;
}

static bool load_tasks(struct includes *includes, const struct include_group *group, struct node_list *nodes,
                       struct error *err)
{
    struct run *run = includes->run;

    if (!path_is_file(group->path))
        return error_set(err, "Could not find or access '%s' on the Ansible Controller.", group->path);
    return playbook_load_tasks(run->options->loader, parent_of(includes, group), arena_copy(run->arena, group->path),
                               group->task->is_handler, nodes, err);
}

/* Without what came out of a vault: the path may be made of it. */
static const char *shown(const struct includes *includes, const char *text)
{
    const struct value *value =
        vault_hidden_marked(includes->run->options->vault, includes->arena, value_string(includes->arena, text));

    return value_text(value_has_mark(value, VALUE_SECRET) ? value_masked(includes->arena, value) : value);
}

static void fail_host(struct includes *includes, struct run_host *host)
{
    host_mark_failed(host);
    host_look_ahead(includes->run, host);
    host->is_failed = host->next == NULL && iterator_has_failed(&host->position);
    if (includes->failed != NULL)
        includes->failed[host->index] = true;
}

/* The role could not be had: said once, nothing is counted, as in Ansible. */
static void role_fail(struct includes *includes, struct include_group *group, const struct error *err)
{
    struct event event = { .kind = EVENT_WARNING, .outcome = OUTCOME_FAILED };

    event.message = arena_printf(includes->arena, "ERROR! %s", shown(includes, err->text));
    emit(includes->run, &event);
    for (size_t i = 0; i < group->host_count; i++) {
        struct run_host *host = group->hosts[i];

        fail_host(includes, host);
    }
}

/* The file could not be had: the task has failed on these hosts. */
static void group_fail(struct includes *includes, struct include_group *group, const struct error *err)
{
    struct run *run = includes->run;

    for (size_t i = 0; i < group->host_count; i++) {
        struct run_host *host = group->hosts[i];
        struct event event = emit_task_event(EVENT_RESULT, group->task, host);
        struct value *result = value_map(includes->arena);

        value_map_put_string(includes->arena, result, "reason", shown(includes, err->text));
        event.name = group->title;
        event.outcome = OUTCOME_FAILED;
        event.result = result;
        host->is_counted = true;
        host->stats.failed++;
        emit(run, &event);
        fail_host(includes, host);
    }
}

static void group_announce(struct includes *includes, const struct include_group *group)
{
    struct event event = emit_task_event(EVENT_INCLUDE, group->task, NULL);
    struct value *names = value_list(includes->arena);

    emit_notes(includes->run);
    for (size_t i = 0; i < group->host_count; i++) {
        value_list_add(includes->arena, names, value_string(includes->arena, group->hosts[i]->host->name));
        group->hosts[i]->is_counted = true;
        group->hosts[i]->stats.ok++;
    }
    event.message = shown(includes, group->path);
    event.item_label = group->label;
    event.result = names;
    emit(includes->run, &event);
}

static void announce_handlers(struct includes *includes, const struct include_group *group,
                              const struct plan_block *block)
{
    for (size_t i = 0; i < block->tasks.count; i++) {
        struct run_handler *handler;

        if (block->tasks.items[i].task == NULL) {
            announce_handlers(includes, group, block->tasks.items[i].block);
            continue;
        }
        handler = handler_add(includes->run->play, block->tasks.items[i].task);
        for (size_t j = 0; j < group->host_count; j++)
            handler->notified[group->hosts[j]->index] = true;
    }
}

static bool group_filter(struct includes *includes, struct include_group *group, const struct node_list *nodes,
                         struct error *err)
{
    struct run *run = includes->run;
    struct vars_place place = { .task = group->task };
    struct plan_tags tags = run->play->tags;
    struct template_call call;
    struct vars_scope scope;

    tags.takes_all = group->task->is_handler;
    if (!vars_scope_open(&scope, run->vars, includes->arena, &place, err))
        return false;
    call = vars_scope_call(&scope, includes->arena);
    tags.call = &call;
    return plan_block_make(run->play->arena, nodes, &tags, &group->block, err);
}

/* Roles that are imported by what was included have brought handlers to the play. */
static void list_imported(struct run *run, size_t before)
{
    const struct node_list *known = &run->play->play->handlers;

    if (known->count > before) {
        struct node_list added = { .items = known->items + before, .count = known->count - before };

        handlers_list(run->play, &added);
    }
}

static bool group_load(struct includes *includes, struct include_group *group, struct error *err)
{
    struct node_list nodes = { 0 };
    const struct node_list *known = &includes->run->play->play->handlers;
    bool is_role = group->task->task_kind == TASK_INCLUDE_ROLE;
    size_t before = known->count;
    bool ok = is_role ? load_role(includes, group, &nodes, err) : load_tasks(includes, group, &nodes, err);

    if (!ok && err->kind == ERROR_PARSE)
        return false;
    if (!ok) {
        if (is_role)
            role_fail(includes, group, err);
        else
            group_fail(includes, group, err);
        error_clear(err);
        return true;
    }
    list_imported(includes->run, before);
    if (!is_role)
        group_announce(includes, group);
    if (!group_filter(includes, group, &nodes, err))
        return false;
    if (group->block != NULL && group->task->is_handler)
        announce_handlers(includes, group, group->block);
    return true;
}

/* Every host gets its blocks in the order of the groups; the flat list keeps them in step. */
static void distribute(struct includes *includes)
{
    struct run *run = includes->run;
    struct play_run *play = run->play;
    const struct plan_block **blocks = arena_new_array(play->arena, const struct plan_block *, includes->count + 1);
    size_t at = play->plan.current;

    for (size_t i = 0; i < play->host_count; i++) {
        size_t count = 0;

        for (size_t j = 0; j < includes->count; j++)
            for (size_t k = 0; k < includes->groups[j].host_count; k++)
                if (includes->groups[j].block != NULL && includes->groups[j].hosts[k] == play->hosts[i])
                    blocks[count++] = includes->groups[j].block;
        if (count > 0 && !play->hosts[i]->is_unreachable)
            iterator_insert(&play->iterator, &play->hosts[i]->position, blocks, count);
    }
    for (size_t j = 0; j < includes->count; j++) {
        const struct include_group *group = &includes->groups[j];

        if (group->block == NULL || group->task->is_handler)
            continue;
        plan_insert(&play->plan, at, group->block);
        at += plan_block_tasks(group->block);
    }
}

bool includes_process(struct run *run, struct job *const *jobs, size_t count, bool *failed, struct error *err)
{
    struct includes includes = { .run = run, .arena = run->step_arena, .failed = failed };

    collect(&includes, jobs, count);
    for (size_t i = 0; i < includes.count; i++)
        if (!group_load(&includes, &includes.groups[i], err))
            return false;
    distribute(&includes);
    return true;
}

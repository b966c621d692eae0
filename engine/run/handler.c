/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Handlers of the play: found by name ("name" or "role : name"; the file loaded last wins) and by the topics they listen to, notified
 * per host, each once per flush.
 */
#include <string.h>

#include "common/base/text.h"
#include "common/value/value_python.h"
#include "engine/run/emit.h"
#include "engine/run/strategy.h"

struct run_handler *handler_add(struct play_run *play, const struct node *node)
{
    struct run_handler *handler;

    if (play->handler_count == play->handler_capacity) {
        size_t capacity = play->handler_capacity == 0 ? 16 : play->handler_capacity * 2;

        play->handlers = arena_grow(play->arena, play->handlers, play->handler_capacity * sizeof(*play->handlers),
                                    capacity * sizeof(*play->handlers));
        play->handler_capacity = capacity;
    }
    handler = &play->handlers[play->handler_count++];
    *handler =
        (struct run_handler){ .node = node, .notified = arena_new_array(play->arena, bool, play->host_count + 1) };
    return handler;
}

void handlers_list(struct play_run *play, const struct node_list *nodes)
{
    for (size_t i = 0; i < nodes->count; i++) {
        if (nodes->items[i]->kind == NODE_BLOCK)
            handlers_list(play, &nodes->items[i]->tasks);
        else
            handler_add(play, nodes->items[i])->is_listed = true;
    }
    play->listed_count = 0;
    play->listed = arena_new_array(play->arena, const struct node *, play->handler_count + 1);
    for (size_t i = 0; i < play->handler_count; i++)
        if (play->handlers[i].is_listed)
            play->listed[play->listed_count++] = play->handlers[i].node;
    play->iterator.handlers = play->listed;
    play->iterator.handler_count = play->listed_count;
}

struct run_handler *handler_of(struct play_run *play, const struct node *node)
{
    for (size_t i = 0; i < play->handler_count; i++)
        if (play->handlers[i].node == node)
            return &play->handlers[i];
    return NULL;
}

bool handler_is_notified(void *context, size_t host, const struct node *node)
{
    struct run *run = context;
    const struct run_handler *handler = handler_of(run->play, node);

    return handler != NULL && handler->notified[host];
}

void handler_forget(struct play_run *play, const struct run_host *host, const struct node *node)
{
    struct run_handler *handler = handler_of(play, node);

    if (handler != NULL)
        handler->notified[host->index] = false;
}

void handlers_forget_all(struct play_run *play)
{
    for (size_t i = 0; i < play->handler_count; i++)
        memset(play->handlers[i].notified, 0, play->host_count * sizeof(bool));
}

/* Names with templates are made once, without a host's variables. */
static const char *handler_name(struct run *run, struct run_handler *handler)
{
    const struct value *written = handler->node->keywords[KEYWORD_NAME], *name = NULL;
    struct vars_place place = { .task = handler->node };
    struct error err = ERROR_INIT;
    struct vars_scope scope;
    struct template_call call;

    if (handler->is_named)
        return handler->name;
    handler->is_named = true;
    handler->name = handler->node->name;
    if (handler->name == NULL && (value_is(written, VALUE_INT) || value_is(written, VALUE_BOOL)))
        handler->name = value_to_text(run->play->arena, written);
    if (written == NULL || handler->name == NULL || !value_text_is_template(handler->name, strlen(handler->name)))
        return handler->name;
    handler->name = NULL;
    if (!vars_scope_open(&scope, run->vars, run->play->arena, &place, &err))
        return NULL;
    call = vars_scope_call(&scope, run->play->arena);
    if (template_value(&call, written, &name, &err))
        handler->name = value_to_text(run->play->arena, name);
    else if (handler->node->keywords[KEYWORD_LISTEN] == NULL)
        emit_message(
            run, EVENT_WARNING,
            arena_printf(run->play->arena,
                         "Handler '%s' is unusable because it has no listen topics and the name could "
                         "not be templated (host-specific variables are not supported in handler names). The error: %s",
                         handler->node->name, err.text));
    return handler->name;
}

/* "role : name"; a collection's role by its full or its short name. */
static bool is_called_by_role(struct arena *arena, const struct role *role, const char *name, const char *wanted)
{
    const char *brief = role_short_name(role);

    return strcmp(wanted, arena_printf(arena, "%s : %s", role->name, name)) == 0 ||
           strcmp(wanted, arena_printf(arena, "%s : %s", brief, name)) == 0 ||
           (role->collection != NULL &&
            strcmp(wanted, arena_printf(arena, "%s.%s : %s", role->collection, brief, name)) == 0);
}

static bool is_called(struct run *run, struct run_handler *handler, const char *wanted)
{
    const char *name = handler_name(run, handler);
    const struct role *role = handler->node->role;

    if (name == NULL)
        return false;
    return strcmp(name, wanted) == 0 ||
           (role != NULL && strstr(wanted, " : ") != NULL && is_called_by_role(run->step_arena, role, name, wanted));
}

/* Handlers of one file stand together; of several files the last wins, inside a file the first. */
static bool is_same_file(const struct run_handler *a, const struct run_handler *b)
{
    return a->node->role == b->node->role && a->node->at.path == b->node->at.path && a->node->parent == b->node->parent;
}

static struct run_handler *find_by_name(struct run *run, const char *name)
{
    struct play_run *play = run->play;
    size_t end = play->handler_count;

    while (end > 0) {
        size_t start = end - 1;

        while (start > 0 && is_same_file(&play->handlers[start - 1], &play->handlers[start]))
            start--;
        for (size_t i = start; i < end; i++)
            if (play->handlers[i].is_listed && is_called(run, &play->handlers[i], name))
                return &play->handlers[i];
        end = start;
    }
    return NULL;
}

static bool listens(const struct run_handler *handler, const char *topic)
{
    const struct value *topics = handler->node->keywords[KEYWORD_LISTEN];

    if (value_text(topics) != NULL)
        return strcmp(value_text(topics), topic) == 0;
    for (size_t i = 0; value_is(topics, VALUE_LIST) && i < value_count(topics); i++)
        if (text_equal(value_text(value_item(topics, i)), topic))
            return true;
    return false;
}

static void notify(struct run *run, struct run_host *host, struct run_handler *handler)
{
    struct event event;

    if (handler->notified[host->index])
        return;
    handler->notified[host->index] = true;
    event = emit_task_event(EVENT_HANDLER_NOTIFIED, handler->node, host);
    event.name = node_title(run->play->arena, handler->node);
    emit(run, &event);
}

bool handlers_notify(struct run *run, struct run_host *host, const char *name, struct error *err)
{
    struct run_handler *named = find_by_name(run, name);
    bool found = named != NULL;

    if (run->places != NULL)
        return true;
    if (named != NULL)
        notify(run, host, named);
    for (size_t i = 0; i < run->play->handler_count; i++) {
        struct run_handler *handler = &run->play->handlers[i];

        if (!handler->is_listed || !listens(handler, name))
            continue;
        found = true;
        notify(run, host, handler);
    }
    if (found)
        return true;
    if (setting_bool(run, "error_on_missing_handler", true))
        return error_set(
            err,
            "The requested handler '%s' was not found in either the main handlers list nor in the listening "
            "handlers list",
            name);
    emit_message(run, EVENT_WARNING,
                 arena_printf(run->play->arena,
                              "The requested handler '%s' was not found in either the main handlers list nor in the "
                              "listening handlers list",
                              name));
    return true;
}

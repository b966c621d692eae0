/* SPDX-License-Identifier: Apache-2.0 */
/* The start of a task for all its hosts: its shown name, its banner, and the keywords that decide before any host runs it. */
#include <fnmatch.h>
#include <string.h>

#include "common/base/text.h"
#include "common/value/value_python.h"
#include "engine/run/emit.h"
#include "engine/run/job_parts.h"
#include "engine/run/strategy.h"

const char *task_title(struct run *run, const struct node *task, const struct run_host *host, struct arena *arena)
{
    const char *written = node_title(arena, task);
    struct vars_place place = { .host = host == NULL ? NULL : host->host, .task = task };
    struct error err = ERROR_INIT;
    const struct value *shown = NULL;
    struct template_call call;
    struct vars_scope scope;
    struct value *text;

    if (written == NULL || !value_text_is_template(written, strlen(written)) ||
        !vars_scope_open(&scope, run->vars, arena, &place, &err))
        return written;
    text = value_string(arena, written);
    text->marks |= VALUE_TRUSTED;
    call = vars_scope_call(&scope, arena);
    if (!template_value(&call, text, &shown, &err))
        return written;
    if (value_has_mark(shown, VALUE_SECRET))
        shown = value_masked(arena, shown);
    return value_to_text(arena, shown);
}

void task_announce(struct run *run, const struct node *task, const struct run_host *host)
{
    struct event event = emit_task_event(EVENT_TASK_START, task, NULL);

    run->task_title = task_title(run, task, host, run->step_arena);
    event.name = run->task_title;
    event.check_mode = run->options->check_mode;
    if (value_is(node_keyword(task, KEYWORD_CHECK_MODE), VALUE_BOOL))
        event.check_mode = node_keyword(task, KEYWORD_CHECK_MODE)->as.boolean;
    emit(run, &event);
}

bool task_keyword_bool(struct run *run, const struct run_host *host, const struct node *task, enum keyword keyword,
                       bool *out, struct error *err)
{
    const struct value *value = node_keyword(task, keyword);
    struct vars_place place = { .host = host->host, .task = task };
    struct job probe = { .run = run, .task = task, .arena = run->step_arena };

    if (value == NULL || value_as_bool(value, out))
        return true;
    return vars_scope_open(&probe.scope, run->vars, run->step_arena, &place, err) &&
           keyword_bool(&probe, keyword, *out, out, err);
}

bool start_matches(struct arena *arena, const struct node *task, const char *wanted)
{
    const char *title = node_title(arena, task);

    return (task->name != NULL && (strcmp(task->name, wanted) == 0 || fnmatch(wanted, task->name, 0) == 0)) ||
           (title != NULL && (strcmp(title, wanted) == 0 || fnmatch(wanted, title, 0) == 0));
}

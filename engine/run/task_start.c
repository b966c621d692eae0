/* SPDX-License-Identifier: Apache-2.0 */
/* The start of a task for all its hosts: its shown name, its banner, and the keywords that decide before any host runs it. */
#include <fnmatch.h>
#include <string.h>

#include "common/base/text.h"
#include "common/value/value_python.h"
#include "engine/run/emit.h"
#include "engine/run/job_parts.h"
#include "engine/run/strategy.h"

/* Of a title only the task's own name is a template: the role that an include without a name names stands as written. */
const char *task_title(struct run *run, const struct node *task, const struct run_host *host, struct arena *arena)
{
    const char *written = node_title(arena, task);
    struct vars_place place = { .host = host == NULL ? NULL : host->host, .task = task };
    struct error err = ERROR_INIT;
    const struct value *shown = NULL;
    struct template_call call;
    struct vars_scope scope;
    struct value *text;

    if (task->name == NULL || !value_text_is_template(task->name, strlen(task->name)) ||
        !vars_scope_open(&scope, run->vars, arena, &place, &err))
        return written;
    text = value_string(arena, task->name);
    text->marks |= VALUE_TRUSTED;
    call = vars_scope_call(&scope, arena);
    if (!template_value(&call, text, &shown, &err))
        return written;
    if (value_has_mark(shown, VALUE_SECRET))
        shown = value_masked(arena, shown);
    return node_title_named(arena, task, value_is(shown, VALUE_NULL) ? NULL : value_to_text(arena, shown));
}

/* Where hosts are at different tasks, a task keeps the name that the first host gave it. */
static const char *announced_title(struct run *run, const struct node *task, const struct run_host *host)
{
    struct play_run *play = run->play;
    size_t count = (size_t)task->number + 64;

    if (!play->is_free || task->number == 0)
        return task_title(run, task, host, run->step_arena);
    if (task->number >= play->title_count) {
        play->titles =
            arena_grow(play->arena, play->titles, play->title_count * sizeof(char *), count * sizeof(char *));
        play->title_count = count;
    }
    if (play->titles[task->number] == NULL)
        play->titles[task->number] = task_title(run, task, host, play->arena);
    return play->titles[task->number];
}

void task_announce(struct run *run, const struct node *task, const struct run_host *host)
{
    struct event event = emit_task_event(EVENT_TASK_START, task, NULL);
    const struct value *no_log = node_keyword(task, KEYWORD_NO_LOG);

    run->task_title = announced_title(run, task, host);
    event.name = run->task_title;
    if (no_log == NULL || (value_is(no_log, VALUE_BOOL) && !no_log->as.boolean))
        event.args = task->args;
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

bool task_throttle(struct run *run, const struct run_host *host, const struct node *task, size_t *out,
                   struct error *err)
{
    struct vars_place place = { .host = host->host, .task = task };
    struct job probe = { .run = run, .task = task, .arena = run->step_arena };
    int64_t throttle = 0;

    *out = 0;
    if (node_keyword(task, KEYWORD_THROTTLE) == NULL)
        return true;
    if (!vars_scope_open(&probe.scope, run->vars, probe.arena, &place, err))
        return false;
    if (!keyword_int(&probe, KEYWORD_THROTTLE, 0, &throttle, err))
        return error_set(err, "Failed to convert the throttle value to an integer.");
    if (throttle > 0)
        *out = (size_t)throttle;
    return true;
}

bool task_step(struct run *run, const struct run_host *host, const struct node *task, bool *skip_out, struct error *err)
{
    static const char *const yes[] = { "y", "yes", NULL }, *const on[] = { "c", "continue", NULL };
    const struct run_options *options = run->options;
    const char *answer = NULL, *title, *prompt;

    if (!run->step_mode)
        return true;
    title = node_title(run->step_arena, task); /* as written */
    prompt = arena_printf(run->step_arena, "Perform task: TASK: %s %s%s%s(N)o/(y)es/(c)ontinue: ", title,
                          host == NULL ? "" : "on ", host == NULL ? "" : host->host->name, host == NULL ? "" : " ");
    if (options->ask_step == NULL || !options->ask_step(options->ask_context, prompt, false, run->step_arena, &answer))
        return error_set(err, "--step: there was no answer for the task '%s'", title);
    answer = text_lower(arena_copy(run->step_arena, answer));
    if (text_in(answer, on))
        run->step_mode = false;
    else
        *skip_out = !text_in(answer, yes);
    return true;
}

bool start_matches(struct arena *arena, const struct node *task, const char *wanted)
{
    const char *title = node_title(arena, task);

    return (task->name != NULL && (strcmp(task->name, wanted) == 0 || fnmatch(wanted, task->name, 0) == 0)) ||
           (title != NULL && (strcmp(title, wanted) == 0 || fnmatch(wanted, title, 0) == 0));
}

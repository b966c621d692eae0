/* SPDX-License-Identifier: Apache-2.0 */
/* The task debugger's conversation: one line, one command, until the user has decided. */
#include "engine/run/debugger.h"

#include <string.h>

#include "common/base/text.h"
#include "common/value/value_python.h"
#include "engine/run/emit.h"
#include "engine/run/job_parts.h"
#include "engine/run/strategy.h"

struct debugger {
    struct job *job;
    struct arena *arena;
    struct debug_changes *changes;
    enum debugger_next next;
    bool is_over;
};

bool debugger_is_wanted(struct job *job)
{
    const char *word = value_text(node_keyword(job->task, KEYWORD_DEBUGGER));
    struct run *run = job->run;
    bool failed = job->failed && !(job->ignore_errors && setting_bool(run, "task_debugger_ignore_errors", true));
    bool everywhere = run->play->debugs || setting_bool(run, "enable_task_debugger", false);

    if (word == NULL)
        return everywhere && (failed || job->unreachable);
    if (strcmp(word, "on_failed") == 0)
        return failed || (everywhere && job->unreachable);
    if (strcmp(word, "on_unreachable") == 0)
        return job->unreachable || (everywhere && failed);
    if (strcmp(word, "on_skipped") == 0)
        return job->skipped || (everywhere && (failed || job->unreachable));
    return strcmp(word, "always") == 0;
}

static void say(struct debugger *debugger, const char *text)
{
    emit_message(debugger->job->run, EVENT_MESSAGE, text);
}

static void complain(struct debugger *debugger, const char *text)
{
    say(debugger, arena_printf(debugger->arena, "***%s", text));
}

/* --- expressions --- */

static const struct value *shown_task(struct debugger *debugger)
{
    const struct job *job = debugger->job;
    struct value *task = value_map(debugger->arena);
    const struct value *args = job->started > 0 ? job->slots[0]->args : NULL;

    if (args == NULL)
        args = job->task->args == NULL ? value_map(debugger->arena) : job->task->args;
    if (debugger->changes->args != NULL)
        args = value_merge(debugger->arena, args, debugger->changes->args, false);
    value_map_put(debugger->arena, task, "args",
                  value_has_mark(args, VALUE_SECRET) ? value_masked(debugger->arena, args) : args);
    value_map_put_string(debugger->arena, task, "name", job->task->name == NULL ? "" : job->task->name);
    value_map_put_string(debugger->arena, task, "action", job->task->action_text);
    return task;
}

/* The names that expressions know beside the task's variables. */
static struct vars_scope *debug_scope(struct debugger *debugger)
{
    struct job *job = debugger->job;
    struct vars_place place = { .host = job->host->host, .task = job->task };
    struct value *result = value_map(debugger->arena);

    value_map_put(debugger->arena, result, "_result", emit_result_value(debugger->arena, job->result, job->no_log));
    vars_scope_put(&job->scope, "task", shown_task(debugger));
    vars_scope_put(&job->scope, "task_vars", vars_host_object(job->run->vars, debugger->arena, &place));
    vars_scope_put(&job->scope, "host", value_string(debugger->arena, job->host->host->name));
    vars_scope_put(&job->scope, "result", result);
    return &job->scope;
}

static bool evaluate(struct debugger *debugger, const char *expression, const struct value **out)
{
    struct template_call call = vars_scope_call(debug_scope(debugger), debugger->arena);
    struct value *text = value_string(debugger->arena, arena_printf(debugger->arena, "{{ %s }}", expression));
    struct error err = ERROR_INIT;

    text->marks |= VALUE_TRUSTED;
    if (template_value(&call, text, out, &err))
        return true;
    complain(debugger, err.text);
    return false;
}

static void do_print(struct debugger *debugger, const char *expression)
{
    const struct value *value = NULL;

    if (strcmp(expression, "task") == 0)
        say(debugger, arena_printf(debugger->arena, "TASK: %s", node_title(debugger->arena, debugger->job->task)));
    else if (strcmp(expression, "host") == 0)
        say(debugger, debugger->job->host->host->name);
    else if (evaluate(debugger, arena_printf(debugger->arena, "(%s) | pprint", expression), &value))
        say(debugger, value_to_text(debugger->arena, value));
}

/* --- changes --- */

/* What stands between the first [ and the last ] before an equals sign. NULL: it is no such assignment. */
static const char *subscript(struct debugger *debugger, const char *line, const char *target, const char **rest)
{
    size_t length = strlen(target);
    const char *end;

    if (strncmp(line, target, length) != 0 || line[length] != '[')
        return NULL;
    end = strchr(line + length, ']');
    if (end == NULL)
        return NULL;
    *rest = end + 1;
    while (**rest == ' ')
        (*rest)++;
    return arena_copy_n(debugger->arena, line + length + 1, (size_t)(end - line) - length - 1);
}

/* Texts that the user writes are templates, as in a playbook. */
static const struct value *trusted(struct debugger *debugger, const struct value *value)
{
    struct value *copy;

    if (value_text(value) == NULL)
        return value_copy(debugger->arena, value);
    copy = value_string(debugger->arena, value_text(value));
    copy->marks |= VALUE_TRUSTED;
    return copy;
}

static void change(struct debugger *debugger, struct value **into, const char *key, const char *expression)
{
    const struct value *name = NULL, *value = NULL;

    if (!evaluate(debugger, key, &name))
        return;
    if (expression == NULL)
        value = value_string(debugger->arena, debugger->job->run->omit);
    else if (!evaluate(debugger, expression, &value))
        return;
    if (*into == NULL)
        *into = value_map(debugger->arena);
    value_map_put(debugger->arena, *into, value_to_text(debugger->arena, name), trusted(debugger, value));
}

static bool do_change(struct debugger *debugger, const char *line)
{
    bool is_removal = text_starts(line, "del ");
    const char *target = is_removal ? line + 4 : line, *rest = NULL;
    const char *key = subscript(debugger, target, "task.args", &rest);
    struct value **into = &debugger->changes->args;

    if (key == NULL) {
        key = subscript(debugger, target, "task_vars", &rest);
        into = &debugger->changes->vars;
    }
    if (key == NULL || (is_removal ? *rest != '\0' : rest[0] != '=' || rest[1] == '='))
        return false;
    change(debugger, into, key, is_removal ? NULL : rest + 1);
    return true;
}

/* --- commands --- */

static void do_help(struct debugger *debugger, const char *rest)
{
    (void)rest;
    say(debugger, "p EXPRESSION                 show it: task, task.args, task_vars, host, result._result ...\n"
                  "task.args[KEY] = EXPRESSION  change an argument (del task.args[KEY]: remove it)\n"
                  "task_vars[KEY] = EXPRESSION  change a variable\n"
                  "u, update_task               the task as it is written, with the changed variables\n"
                  "r, redo                      do the task again\n"
                  "c, continue                  go on\n"
                  "q, quit                      end the run");
}

static void do_update(struct debugger *debugger, const char *rest)
{
    (void)rest;
    debugger->changes->args = NULL;
}

static void decide(struct debugger *debugger, enum debugger_next next)
{
    debugger->next = next;
    debugger->is_over = true;
}

static void do_redo(struct debugger *debugger, const char *rest)
{
    (void)rest;
    decide(debugger, DEBUGGER_REDO);
}

static void do_continue(struct debugger *debugger, const char *rest)
{
    (void)rest;
    decide(debugger, DEBUGGER_GO_ON);
}

static void do_quit(struct debugger *debugger, const char *rest)
{
    (void)rest;
    decide(debugger, DEBUGGER_QUIT);
}

struct command {
    const char *name;
    void (*run)(struct debugger *debugger, const char *rest);
};

static const struct command commands[] = {
    { "p", do_print },
    { "pprint", do_print },
    { "r", do_redo },
    { "redo", do_redo },
    { "c", do_continue },
    { "q", do_quit },
    { "quit", do_quit },
    { "EOF", do_quit },
    { "continue", do_continue },
    { "u", do_update },
    { "update_task", do_update },
    { "h", do_help },
    { "help", do_help },
    { "?", do_help },
};

static void obey(struct debugger *debugger, const char *line)
{
    size_t length = strcspn(line, " ");
    const char *rest = line + length;

    while (*rest == ' ')
        rest++;
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        if (strlen(commands[i].name) == length && strncmp(commands[i].name, line, length) == 0) {
            commands[i].run(debugger, rest);
            return;
        }
    if (!do_change(debugger, line))
        complain(debugger, "not understood: only task.args[...] and task_vars[...] can be set here (help shows all)");
}

enum debugger_next debugger_talk(struct job *job, struct debug_changes **changes_out)
{
    const struct run_options *options = job->run->options;
    struct arena *arena = job->run->arena;
    struct debugger debugger = { .job = job, .arena = arena, .next = DEBUGGER_QUIT };
    const char *prompt = arena_printf(arena, "[%s] TASK: %s (debug)> ", job->host->host->name,
                                      job->title != NULL ? job->title : job->run->task_title);
    bool (*ask)(void *, const char *, bool, struct arena *, const char **) =
        options->ask_debugger != NULL ? options->ask_debugger : options->ask;

    debugger.changes = arena_new_of(arena, struct debug_changes);
    if (job->changes != NULL)
        *debugger.changes = *job->changes;
    while (!debugger.is_over) {
        const char *line = NULL;

        if (ask == NULL || !ask(options->ask_context, prompt, false, arena, &line))
            break;
        line = text_trim(arena, line, strlen(line));
        if (line[0] != '\0')
            obey(&debugger, line);
    }
    *changes_out = debugger.changes;
    return debugger.next;
}

bool apply_debugged(struct run *run, struct job *job, bool *redo_out, struct error *err)
{
    struct host_memory *memory = debugger_is_wanted(job) ? host_remember(run, job) : NULL;
    struct debug_changes *changes = NULL;

    *redo_out = false;
    if (!apply_result(run, job, err))
        return false;
    if (memory == NULL)
        return true;
    switch (debugger_talk(job, &changes)) {
    case DEBUGGER_GO_ON:
        break;
    case DEBUGGER_REDO:
        host_restore(run, memory);
        run->changes = changes;
        *redo_out = true;
        break;
    case DEBUGGER_QUIT:
        emit_message(run, EVENT_MESSAGE, "User interrupted execution");
        run->is_quit = true;
        break;
    }
    return true;
}

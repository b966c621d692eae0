/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A task whose action is a plugin in Python. It runs beside us (engine/python/driver_action.py) and asks for what it needs of the
 * node: each question becomes one call here, and its result is told to the plugin.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/base/text.h"
#include "common/value/value_python.h"
#include "engine/actions/action_support.h"
#include "engine/actions/foreign_call.h"
#include "engine/actions/python_question.h"
#include "engine/run/action_content.h"
#include "engine/vault/vault.h"

static const struct arg_spec python_action_spec[] = { ARG_END };

enum talk { TALK_PLUGIN, TALK_MODULE, TALK_FOREIGN, TALK_COMMAND, TALK_PUT, TALK_FETCH, TALK_RESET };

struct python_state {
    enum talk talk;           /* whom the next reply comes from */
    int64_t first;            /* number of the call that has started the plugin */
    struct module_call plain; /* as the task would call its own module */
    int receive_fd;
};

/* --- to the plugin --- */

static bool ask_plugin(struct action_call *call, enum action_next *next, const struct value *body)
{
    struct python_state *state = call->state;
    struct value *args = value_map(call->arena);

    value_map_put_int(call->arena, args, "first", state->first);
    value_map_put(call->arena, args, "body", body);
    state->talk = TALK_PLUGIN;
    call->module = state->plain;
    call->module.args = args;
    call->is_aside = true;
    *next = ACTION_ASK;
    return true;
}

static bool tell(struct action_call *call, enum action_next *next, const char *kind, const struct value *what)
{
    struct value *body = value_map(call->arena);

    value_map_put(call->arena, body, kind, what);
    return ask_plugin(call, next, body);
}

static bool tell_error(struct action_call *call, enum action_next *next, const struct error *err)
{
    return tell(call, next, "error", value_string(call->arena, err->text));
}

static bool start(struct action_call *call, enum action_next *next, struct error *err)
{
    struct python_state *state = arena_new_of(call->arena, struct python_state);
    struct value *question = NULL;

    state->plain = call->module;
    state->receive_fd = -1;
    call->state = state;
    call->may_lose_connection = true; /* the plugin is told */
    call->is_final = call->ends_loop = false;
    return python_question(call, &question, err) && ask_plugin(call, next, question);
}

/* --- what the plugin asks for --- */

/* A fresh call, on the side of the task's own. */
static void call_prepare(struct action_call *call, enum talk talk)
{
    struct python_state *state = call->state;

    call->module = state->plain;
    state->talk = talk;
    call->is_aside = true;
    call->as_login = false;
}

/* None means nothing given, as for modules in Python. */
static struct value *args_given(struct action_call *call, const struct value *args)
{
    struct value *given = value_map(call->arena);

    for (size_t i = 0; i < value_map_count(args); i++) {
        const struct value_pair *pair = value_pair_at(args, i);

        if (!value_is(pair->item, VALUE_NULL))
            value_map_put_value(call->arena, given, value_copy(call->arena, pair->key),
                                value_copy(call->arena, pair->item));
    }
    return given;
}

/* Does Roost's own module take all of them? */
static bool takes_all(const struct task_spec *spec, const struct value *args)
{
    for (size_t i = 0; i < value_count(args); i++) {
        const char *name = value_text(value_pair_at(args, i)->key);
        const struct arg_spec *arg = name == NULL ? NULL : arg_find(spec, name);

        if (!spec->any_args && (arg == NULL || arg->internal))
            return false;
    }
    return true;
}

static bool ask_foreign(struct action_call *call, enum action_next *next, const struct foreign_call *foreign)
{
    struct python_state *state = call->state;
    struct error err = ERROR_INIT;

    state->talk = TALK_FOREIGN;
    if (!foreign_call_send(call, next, foreign, &err))
        return tell_error(call, next, &err);
    return *next == ACTION_SUBMIT || tell(call, next, "answer", call->result); /* it has no interpreter */
}

static bool ask_module(struct action_call *call, enum action_next *next, const struct value *asked)
{
    const char *name = value_map_text(asked, "name");
    struct value *args = args_given(call, value_map_get(asked, "args"));
    struct playbook_module module;
    struct error err = ERROR_INIT;

    if (name == NULL)
        return error_set(&err, "a module needs a name") || tell_error(call, next, &err);
    name = arena_copy(call->arena, name);
    call_prepare(call, TALK_MODULE);
    call->is_aside = !value_map_true(asked, "is_job");
    call->as_login = !value_map_true(asked, "becomes");
    call->module.check_mode = value_map_true(asked, "check_mode");
    call->module.diff_mode = value_map_true(asked, "diff_mode");
    if (!playbook_module(call->loader, call->task, name, false, &module, &err))
        return tell_error(call, next, &err);
    if (module.spec != NULL && !takes_all(module.spec, args) &&
        !playbook_module(call->loader, call->task, name, true, &module, &err))
        return tell_error(call, next, &err);
    if (module.foreign != NULL)
        return ask_foreign(call, next, &(struct foreign_call){ module.foreign, name, args });
    return action_submit(call, next, module.spec->name, args);
}

static bool ask_command(struct action_call *call, enum action_next *next, const struct value *asked)
{
    struct value *args = value_map(call->arena);
    const char *executable = value_map_text(asked, "executable"), *text = value_map_text(asked, "stdin");

    call_prepare(call, TALK_COMMAND);
    call->as_login = !value_map_true(asked, "becomes");
    call->module.environment = NULL;
    call->module.check_mode = false; /* the plugin decides what it does in check mode */
    value_map_put_string(call->arena, args, "_raw_params", arena_copy(call->arena, value_map_text(asked, "line")));
    if (executable != NULL)
        value_map_put_string(call->arena, args, "executable", arena_copy(call->arena, executable));
    if (text == NULL)
        return action_submit(call, next, "raw", args);
    value_map_put_string(call->arena, args, "stdin", arena_copy(call->arena, text));
    value_map_put_bool(call->arena, args, "stdin_add_newline", false);
    value_map_put_bool(call->arena, args, "strip_empty_ends", false);
    return action_submit(call, next, "shell", args);
}

static bool ask_put(struct action_call *call, enum action_next *next, const struct value *asked)
{
    struct action_content content = { .path = arena_copy(call->arena, value_map_text(asked, "src")) };
    struct value *args = value_map(call->arena);
    const struct connection_target *target = NULL;
    struct error err = ERROR_INIT;

    call_prepare(call, TALK_PUT);
    call->as_login = true;
    call->module.check_mode = call->module.diff_mode = false;
    content.name = content.path == NULL ? NULL : path_basename(content.path);
    value_map_put_string(call->arena, args, "dest", arena_copy(call->arena, value_map_text(asked, "dest")));
    if (content.path == NULL || !action_target(call, &target, &err))
        return tell_error(call, next, &err);
    if (strcmp(target->kind, "local") != 0) /* as sftp does it */
        value_map_put_string(call->arena, args, "mode", action_file_mode(call->arena, content.path));
    return action_content_send(call, next, "copy", args, &content, &err) || tell_error(call, next, &err);
}

static bool ask_fetch(struct action_call *call, enum action_next *next, const struct value *asked)
{
    struct python_state *state = call->state;
    const char *dest = value_map_text(asked, "dest");
    struct value *args = value_map(call->arena);
    struct error err = ERROR_INIT;

    call_prepare(call, TALK_FETCH);
    call->as_login = true;
    call->module.check_mode = call->module.diff_mode = false;
    state->receive_fd = dest == NULL ? -1 : open(dest, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (state->receive_fd < 0)
        return error_set_errno(&err, "cannot write '%s'", dest == NULL ? "" : dest) || tell_error(call, next, &err);
    call->module.receive_fd = state->receive_fd;
    value_map_put_string(call->arena, args, "src", arena_copy(call->arena, value_map_text(asked, "src")));
    return action_submit(call, next, "fetch", args);
}

static bool ask_variable(struct action_call *call, enum action_next *next, const struct value *asked)
{
    const struct value *found = NULL;
    struct error err = ERROR_INIT;

    if (!python_variable(call, value_map_get(asked, "path"), &found, &err))
        return tell_error(call, next, &err);
    return tell(call, next, "answer", found);
}

static bool ask_reset(struct action_call *call, enum action_next *next, const struct value *asked)
{
    (void)asked;
    call_prepare(call, TALK_RESET);
    call->wait_ms = 0;
    *next = ACTION_RECONNECT;
    return true;
}

static const struct {
    const char *name;
    bool (*ask)(struct action_call *call, enum action_next *next, const struct value *asked);
} questions[] = { { "module", ask_module }, { "command", ask_command },   { "put", ask_put },
                  { "fetch", ask_fetch },   { "variable", ask_variable }, { "reset", ask_reset } };

/* --- what the plugin says --- */

static void show_said(struct action_call *call, const struct value *said)
{
    for (size_t i = 0; value_is(said, VALUE_LIST) && i < value_count(said); i++) {
        const char *kind = value_text(value_item(value_item(said, i), 0));
        const char *text = value_text(value_item(value_item(said, i), 1));

        if (kind == NULL || text == NULL)
            continue;
        if (call->module.no_log)
            text = "a message is hidden, as the task has no_log";
        if (strcmp(kind, "warning") == 0)
            action_warn(call, text);
        else
            action_say(call, text);
    }
}

static bool finish(struct action_call *call, enum action_next *next, const struct value *said)
{
    struct python_state *state = call->state;
    const struct value *result = value_map_get(said, "result");

    *next = ACTION_DONE;
    call->module = state->plain; /* for another attempt */
    if (!value_is(result, VALUE_MAP))
        return call_fail(call, next, "the action plugin (%s) has given no result", call->task->foreign->path);
    for (size_t i = 0; i < value_count(result); i++)
        value_map_put_value(call->arena, call->result, value_copy(call->arena, value_pair_at(result, i)->key),
                            value_copy(call->arena, value_pair_at(result, i)->item));
    call->ends_loop = value_map_true(said, "ends");
    call->is_final = value_map_true(said, "is_final");
    return true;
}

static bool heard(struct action_call *call, enum action_next *next)
{
    struct python_state *state = call->state;
    const struct value *said = call->reply;
    const char *ask = value_map_text(said, "ask"), *ended = value_map_text(said, "ended");

    if (call->lost != NULL) {
        call->module = state->plain;
        return call_fail(call, next, "the action plugin (%s): %s", call->task->foreign->path, call->lost);
    }
    if (state->first == 0)
        state->first = value_map_int(said, "action", 0);
    show_said(call, value_map_get(said, "said"));
    for (size_t i = 0; ask != NULL && i < sizeof(questions) / sizeof(questions[0]); i++)
        if (strcmp(questions[i].name, ask) == 0)
            return questions[i].ask(call, next, said);
    if (ended == NULL)
        return finish(call, next, said);
    call->module = state->plain;
    return call_fail(call, next, "the action plugin (%s) has given no result: %s", call->task->foreign->path, ended);
}

/* --- what the node says --- */

static const struct value *foreign_answer(struct action_call *call)
{
    struct foreign_output output;
    struct value *warnings = value_list(call->arena), *result;
    const char *python = value_map_text(call->reply, "python");

    if (!foreign_output_of(call->reply, &output))
        return call->reply;
    result = foreign_result(call->arena, &output, warnings);
    for (size_t i = 0; i < value_count(warnings); i++)
        action_warn(call, call->module.no_log ? "a warning is hidden, as the task has no_log"
                                              : value_text(value_item(warnings, i)));
    if (python != NULL && node_keyword(call->task, KEYWORD_DELEGATE_TO) == NULL) {
        struct value *facts = value_map(call->arena), *found = value_map(call->arena);

        value_map_put_string(call->arena, found, "discovered_interpreter_python", python);
        value_map_put(call->arena, facts, "ansible_facts", found);
        return value_merge(call->arena, result, facts, true);
    }
    return result;
}

static bool answered(struct action_call *call, enum action_next *next)
{
    struct python_state *state = call->state;
    enum talk talk = state->talk;

    fd_close(state->receive_fd);
    state->receive_fd = -1;
    if (call->lost != NULL)
        return tell(call, next, "lost", value_string(call->arena, call->lost));
    return tell(call, next, "answer",
                talk == TALK_RESET     ? value_map(call->arena)
                : talk == TALK_FOREIGN ? foreign_answer(call)
                                       : call->reply);
}

static void python_action_given_up(struct action_call *call)
{
    struct python_state *state = call->state;

    fd_close(state->receive_fd);
    state->receive_fd = -1;
    call->module = state->plain; /* for another attempt */
    action_end_plugin(call, state->first);
}

static bool python_action_step(struct action_call *call, enum action_next *next, struct error *err)
{
    const struct python_state *state = call->state;

    *next = ACTION_DONE;
    if (call->step == 0)
        return start(call, next, err);
    return state->talk == TALK_PLUGIN ? heard(call, next) : answered(call, next);
}

ACTION_DEFINE(python_action) = { .spec = { .name = "python_action",
                                           .summary = "Run an action plugin in Python; no task names it",
                                           .args = python_action_spec,
                                           .args_size = 1,
                                           .free_form = true,
                                           .any_args = true },
                                 .supports_async = true,
                                 .step = python_action_step,
                                 .given_up = python_action_given_up };

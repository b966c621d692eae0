/* SPDX-License-Identifier: Apache-2.0 */
/* script: brings a script of the centre to the node, runs it there and takes it away again. */
#include <stdint.h>
#include <string.h>
#include <sys/random.h>

#include "common/base/path.h"
#include "engine/actions/action_support.h"
#include "engine/run/action_content.h"
#include "engine/run/result_lines.h"

struct script_args {
    const char *line, *cmd, *creates, *removes, *chdir, *executable;
    bool decrypt;
};

static const struct arg_spec script_spec[] = {
    ARG_NAMED("_raw_params", script_args, line, ARG_STRING,
              .help = "script of the centre and its arguments (free form)"),
    ARG(script_args, cmd, ARG_STRING, .help = "the same as an argument"),
    ARG(script_args, creates, ARG_STRING, .help = "do nothing if this path is on the node"),
    ARG(script_args, removes, ARG_STRING, .help = "do nothing unless this path is on the node"),
    ARG(script_args, chdir, ARG_STRING, .help = "absolute folder of the node to run in"),
    ARG(script_args, executable, ARG_STRING, .help = "program that runs the script"),
    ARG(script_args, decrypt, ARG_BOOL, .default_text = "true", .help = "decrypt a vaulted script"),
    ARG_END,
};

enum script_phase { PHASE_CREATES, PHASE_REMOVES, PHASE_COPIED, PHASE_RAN, PHASE_REMOVED };

struct script_state {
    enum script_phase phase;
    const char *source, *arguments; /* file as written; the rest of the line */
    const char *path;               /* on the node */
};

static bool ask_stat(struct action_call *call, enum action_next *next, const char *path)
{
    struct value *args = value_map(call->arena);

    value_map_put_string(call->arena, args, "path", path);
    value_map_put_bool(call->arena, args, "get_checksum", false);
    return action_submit(call, next, "stat", args);
}

/* The first shell word of the line and what follows it. */
static void split_line(struct action_call *call, struct script_state *state, const char *line)
{
    const char *start = line + strspn(line, " \t\r\n"), *end = start;
    char quote = *start == '"' || *start == '\'' ? *start : '\0';

    if (quote != '\0') {
        end = strchr(start + 1, quote);
        if (end == NULL)
            end = start + strlen(start);
        state->source = arena_copy_n(call->arena, start + 1, (size_t)(end - start - 1));
        state->arguments = *end == '\0' ? "" : end + 1;
        return;
    }
    end = start + strcspn(start, " \t\r\n");
    state->source = arena_copy_n(call->arena, start, (size_t)(end - start));
    state->arguments = end;
}

static const char *random_name(struct action_call *call)
{
    uint64_t random[2] = { 0 };

    if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
        random[0] = (uint64_t)(uintptr_t)call;
    return arena_printf(call->arena, "/tmp/.roost-%016llx%016llx", (unsigned long long)random[0],
                        (unsigned long long)random[1]);
}

static bool send_script(struct action_call *call, enum action_next *next, struct script_state *state, struct error *err)
{
    const struct script_args *args = call->bound;
    struct value *sent = value_map(call->arena);
    struct action_content content = { .path = action_find_file(call, "files", state->source, err) };

    if (content.path == NULL)
        return call_fail(call, next, "%s", err->text);
    if (call->check_mode) {
        bool predicts = args->creates != NULL || args->removes != NULL;

        action_put_bool(call, "changed", predicts);
        return predicts ? (*next = ACTION_DONE, true)
                        : call_skip(call, next, "Check mode is not supported for this task.");
    }
    content.name = path_basename(content.path);
    state->path = random_name(call);
    state->phase = PHASE_COPIED;
    value_map_put_string(call->arena, sent, "dest", state->path);
    value_map_put_string(call->arena, sent, "mode", "0700");
    if (!action_content_open(call, &content, args->decrypt, err))
        return call_fail(call, next, "%s", err->text);
    return action_content_send(call, next, "copy", sent, &content, err);
}

static bool run_script(struct action_call *call, enum action_next *next, struct script_state *state)
{
    const struct script_args *args = call->bound;
    struct value *sent = value_map(call->arena);
    const char *line = args->executable != NULL
                           ? arena_printf(call->arena, "%s %s%s", args->executable, state->path, state->arguments)
                           : arena_printf(call->arena, "%s%s", state->path, state->arguments);

    if (value_map_true(call->reply, "failed")) {
        action_take_reply(call);
        *next = ACTION_DONE;
        return true;
    }
    state->phase = PHASE_RAN;
    call->module.contents = NULL;
    call->module.content_count = 0;
    value_map_put_string(call->arena, sent, "_raw_params", line);
    value_map_put_bool(call->arena, sent, "strip_empty_ends", false);
    if (args->chdir != NULL)
        value_map_put_string(call->arena, sent, "chdir", args->chdir);
    return action_submit(call, next, "shell", sent);
}

static bool remove_script(struct action_call *call, enum action_next *next, struct script_state *state)
{
    static const struct {
        const char *key, *lines;
    } kept[] = { { "rc", NULL }, { "stdout", "stdout_lines" }, { "stderr", "stderr_lines" } };
    struct value *sent = value_map(call->arena);
    const struct value *rc = value_map_get(call->reply, "rc");

    action_put_bool(call, "changed", true);
    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
        if (value_map_get(call->reply, kept[i].key) != NULL)
            action_put(call, kept[i].key, value_map_get(call->reply, kept[i].key));
        if (kept[i].lines != NULL)
            result_add_lines(call->arena, call->result, kept[i].key, kept[i].lines);
    }
    if (!value_is(rc, VALUE_INT) || rc->as.integer != 0) {
        action_put_bool(call, "failed", true);
        action_put_text(call, "msg", "non-zero return code");
    }
    state->phase = PHASE_REMOVED;
    value_map_put_string(call->arena, sent, "path", state->path);
    value_map_put_string(call->arena, sent, "state", "absent");
    return action_submit(call, next, "file", sent);
}

static bool exists(const struct action_call *call)
{
    return value_map_true(value_map_get(call->reply, "stat"), "exists");
}

static bool after_creates(struct action_call *call, enum action_next *next, struct script_state *state,
                          struct error *err)
{
    const struct script_args *args = call->bound;

    if (args->removes == NULL)
        return send_script(call, next, state, err);
    state->phase = PHASE_REMOVES;
    return ask_stat(call, next, args->removes);
}

static bool begin(struct action_call *call, enum action_next *next, struct error *err)
{
    const struct script_args *args = call->bound;
    struct script_state *state = arena_new_of(call->arena, struct script_state);
    const char *line = args->cmd != NULL ? args->cmd : args->line;

    call->state = state;
    if (line == NULL || line[strspn(line, " \t\r\n")] == '\0')
        return call_fail(call, next, "no script was given");
    if (args->chdir != NULL && args->chdir[0] != '/')
        return call_fail(call, next, "chdir %s must be an absolute path for a Unix-aware remote node", args->chdir);
    split_line(call, state, line);
    if (args->creates == NULL)
        return after_creates(call, next, state, err);
    state->phase = PHASE_CREATES;
    return ask_stat(call, next, args->creates);
}

static bool script_step(struct action_call *call, enum action_next *next, struct error *err)
{
    const struct script_args *args = call->bound;
    struct script_state *state = call->state;

    *next = ACTION_DONE;
    if (call->step == 0)
        return begin(call, next, err);
    switch (state->phase) {
    case PHASE_CREATES:
        if (exists(call))
            return call_skip(call, next, "%s exists, matching creates option", args->creates);
        return after_creates(call, next, state, err);
    case PHASE_REMOVES:
        if (!exists(call))
            return call_skip(call, next, "%s does not exist, matching removes option", args->removes);
        return send_script(call, next, state, err);
    case PHASE_COPIED:
        return run_script(call, next, state);
    case PHASE_RAN:
        return remove_script(call, next, state);
    case PHASE_REMOVED:
        return true;
    }
    return false;
}

ACTION_DEFINE(script) = { .spec = { .name = "script",
                                    .summary = "Run a script of the centre on the node",
                                    .args = script_spec,
                                    .args_size = sizeof(struct script_args),
                                    .free_form = true },
                          .step = script_step };

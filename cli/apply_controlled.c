/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine in the controller: everything comes over the control socket, everything goes out as lines of JSON. Nothing of this
 * machine's configuration is read, nothing is run on it.
 */
#include "cli/apply_controlled.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "common/base/text.h"
#include "common/json/json.h"
#include "common/spec/module_catalogue.h"
#include "controller/runs/run_choices.h"
#include "controller/runs/run_confine.h"
#include "controller/runs/run_order.h"
#include "controller/transport/session.h"
#include "engine/command/command.h"

#define PROJECT "project"
#define OUTPUT_BUFFER ((size_t)64 * 1024)

bool apply_is_controlled(int argc, char **argv)
{
    return argc > 1 && strcmp(argv[1], RUN_CONTROLLED) == 0;
}

/* --- output as events --- */

struct output {
    FILE *events;
    const char *stream; /* "out", "err" */
};

static ssize_t output_write(void *cookie, const char *data, size_t length)
{
    const struct output *output = cookie;
    ARENA_SCOPED scratch = arena_new();
    struct value *event = value_map(scratch);
    struct text line = text_new(scratch);

    value_map_put_string(scratch, event, "event", "output");
    value_map_put_string(scratch, event, "stream", output->stream);
    value_map_put(scratch, event, "text", value_string_n(scratch, data, length));
    json_write(&line, event, &JSON_COMPACT);
    text_add_char(&line, '\n');
    fwrite(line.data, 1, line.length, output->events);
    fflush(output->events);
    return (ssize_t)length;
}

static FILE *output_open_as(struct arena *arena, FILE *events, const char *stream)
{
    static const cookie_io_functions_t functions = { .write = output_write };
    struct output *output = arena_new_of(arena, struct output);
    FILE *file = NULL;

    *output = (struct output){ events, stream };
    file = fopencookie(output, "w", functions);
    if (file != NULL)
        setvbuf(file, NULL, _IOFBF, OUTPUT_BUFFER);
    return file;
}

/* --- the order --- */

struct controlled {
    struct command command;
    struct command_given given;
    struct run_control *control;
    const struct value *order;
    struct run_choices choices;
    struct run_terminal terminal;
    struct run_secrets secrets;
    FILE *events;
};

static bool bind_member(struct controlled *controlled, const char *name, const struct task_spec *spec, void *target,
                        struct error *err)
{
    const struct value *given = value_map_get(controlled->order, name);

    return arg_bind(controlled->command.arena, spec, given == NULL ? value_map(controlled->command.arena) : given,
                    target, err);
}

static void list_put(struct options_list *list, const struct value *texts)
{
    for (size_t i = 0; i < value_count(texts) && list->count < OPTIONS_LIST_MAX; i++)
        list->items[list->count++] = value_text(value_item(texts, i));
}

static void options_put(struct controlled *controlled)
{
    struct command_options *options = &controlled->command.options;
    const struct run_choices *choices = &controlled->choices;
    bool is_check = text_equal(value_map_text(controlled->order, "kind"), "check");

    list_put(&options->playbooks, value_map_get(controlled->order, "playbooks"));
    list_put(&options->inventories, value_map_get(controlled->order, "inventories"));
    list_put(&options->tags, choices->tags);
    list_put(&options->skip_tags, choices->skip_tags);
    list_put(&options->role_folders, choices->role_folders);
    options->limit = choices->limit;
    options->start_at_task = choices->start_at_task;
    options->become_method = choices->become_method;
    options->become_user = choices->become_user;
    options->serial = choices->serial;
    options->canary = choices->canary;
    options->max_fail_percentage = choices->max_fail_percentage;
    options->output = choices->output;
    options->forks = (int)choices->forks;
    options->verbosity = (int)choices->verbosity;
    options->check = choices->check || is_check;
    options->diff = choices->diff || is_check;
    options->become = choices->become;
    options->force_handlers = choices->force_handlers;
    options->step = choices->step;
}

/* What was said of this run, with the passwords of the settings file there, which were sent beside it. */
static const struct value *settings_given(struct controlled *controlled)
{
    struct arena *arena = controlled->command.arena;
    const struct value *settings = value_map_get(controlled->order, "settings"), *secret = controlled->secrets.settings;
    struct value *all = value_map(arena);

    for (size_t i = 0; i < value_count(settings); i++)
        value_map_put_value(arena, all, value_pair_at(settings, i)->key, value_pair_at(settings, i)->item);
    for (size_t i = 0; i < value_count(secret); i++) {
        const struct value_pair *pair = value_pair_at(secret, i);

        if (value_text(pair->key) != NULL && text_ends(value_text(pair->key), ".password"))
            value_map_put_value(arena, all, pair->key, pair->item);
    }
    return all;
}

static void given_put(struct controlled *controlled)
{
    struct arena *arena = controlled->command.arena;
    const struct value *extra_vars = value_map_get(controlled->order, "extra_vars");

    controlled->given = (struct command_given){
        .settings = settings_given(controlled),
        .extra_vars = extra_vars == NULL ? value_map(arena) : value_mark(arena, extra_vars, VALUE_TRUSTED, 0),
        .connection_password = controlled->secrets.connection_password,
        .become_password = controlled->secrets.become_password,
        .color = controlled->terminal.color,
        .columns = (int)controlled->terminal.columns,
        .ask = controlled->terminal.interactive ? run_control_ask : NULL,
        .hold = run_control_hold,
        .context = controlled->control,
    };
    controlled->command.given = &controlled->given;
}

static bool order_take(struct controlled *controlled, struct error *err)
{
    struct arena *arena = controlled->command.arena;

    if (!run_control_start(controlled->control, &controlled->order, err) ||
        !bind_member(controlled, "options", &run_choices_spec, &controlled->choices, err) ||
        !bind_member(controlled, "terminal", &run_terminal_spec, &controlled->terminal, err) ||
        !bind_member(controlled, "secrets", &run_secrets_spec, &controlled->secrets, err) ||
        !run_project_lay_out(arena, value_map_get(controlled->order, "project"), PROJECT, err) ||
        !run_confine(".", err))
        return false;
    return chdir(PROJECT) == 0 || error_set_errno(err, "the run's project");
}

static int run(struct controlled *controlled)
{
    struct command *command = &controlled->command;
    struct error err = ERROR_INIT;
    char *argv[] = { arena_copy(command->arena, "apply"), NULL };
    int exit_code = RUN_ERROR;

    if (!command_start(command, 1, argv, OPTIONS_PLAYBOOK, &exit_code))
        return exit_code;
    if (!order_take(controlled, &err))
        return command_fail(command, &err);
    options_put(controlled);
    given_put(controlled);
    command->modules = &module_catalogue;
    command->connections = session_factory_new(command->arena, controlled->control);
    command->extra_sink = sink_json_lines(command->arena, controlled->events);
    if (!command_prepare(command, &err))
        return command_fail(command, &err);
    return text_equal(value_map_text(controlled->order, "kind"), "check") ? command_check(command)
                                                                          : command_run(command, NULL);
}

/* What the controller had open is none of our business; when it dies so do we. */
static void part_from_parent(void)
{
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    prctl(PR_SET_DUMPABLE, 0); /* what was typed for the run is in our memory */
    close_range(RUN_EVENTS_FD + 1, ~0U, 0);
    fcntl(RUN_CONTROL_FD, F_SETFD, FD_CLOEXEC);
    fcntl(RUN_EVENTS_FD, F_SETFD, FD_CLOEXEC);
    signal(SIGPIPE, SIG_IGN);
}

int apply_controlled(void)
{
    struct arena *arena = arena_new();
    struct controlled *controlled = arena_new_of(arena, struct controlled);
    int exit_code = RUN_ERROR;

    part_from_parent();
    controlled->command.arena = arena;
    controlled->control = run_control_new(arena, RUN_CONTROL_FD);
    controlled->events = fdopen(RUN_EVENTS_FD, "w");
    if (controlled->events == NULL) {
        fprintf(stderr, "roost: %s is for the controller alone\n", RUN_CONTROLLED);
        return RUN_OPTIONS;
    }
    controlled->command.out = output_open_as(arena, controlled->events, "out");
    controlled->command.errors = output_open_as(arena, controlled->events, "err");
    if (controlled->command.out == NULL || controlled->command.errors == NULL)
        return RUN_ERROR;
    setvbuf(controlled->command.errors, NULL, _IOLBF, OUTPUT_BUFFER);
    exit_code = run(controlled);
    fclose(controlled->command.out);
    fclose(controlled->command.errors);
    fclose(controlled->events);
    run_control_close(controlled->control);
    arena_free_secret(arena);
    return exit_code;
}

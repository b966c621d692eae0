/* SPDX-License-Identifier: Apache-2.0 */
/* roost run PATTERN -m MODULE -a ARGS: one task on many hosts, as the ansible program does. */
#include <string.h>

#include "cli/playbook_verb.h"
#include "common/base/text.h"
#include "common/yaml/yaml_reader.h"
#include "engine/command/extra_vars.h"
#include "engine/run/action.h"

VERB_DECLARE(run);

/* Free form for command and its kin, JSON or YAML when it begins with {, key=value otherwise. */
static bool module_arguments(struct command *command, const char *module, const struct value **out, struct error *err)
{
    const char *text = command->options.module_args ? command->options.module_args : "";
    const struct task_spec *spec = task_catalogue_find(action_catalogue(), module);
    if (!spec)
        spec = task_catalogue_find(command->modules, module);
    if (spec && spec->free_form && *text != '{') {
        struct value *raw = value_string(command->arena, text);
        raw->marks = VALUE_TRUSTED;
        *out = raw;
        return true;
    }
    if (*text != '{')
        return key_values_read(command->arena, text, out, err) || error_prefix(err, "--args");
    struct yaml_source source = { .data = text, .length = strlen(text), .path = "--args", .trusted = true };
    return yaml_read(command->arena, &source, out, err);
}

/* Refused before anybody is connected to. */
static bool arguments_needed(const char *pattern, const char *module, const char *args, struct error *err)
{
    static const char *const names[] = { "command", "shell", "raw", "script", "win_command", "win_shell", NULL };
    const char *name = text_starts(module, "ansible.builtin.") ? module + strlen("ansible.builtin.") : module;
    if (text_equal(name, "import_playbook"))
        return error_set_kind(err, ERROR_OPTIONS, "'%s' is not a valid action for ad-hoc commands", module);
    if (!text_in(name, names) || (args && *args))
        return true;
    return error_set_kind(err, ERROR_OPTIONS, "No argument passed to %s module%s", module,
                          text_ends(pattern, ".yml") ? " (did you mean to run roost apply?)" : "");
}

/* -B, -P and --task-timeout as keywords of the task. */
static bool task_seconds(struct command *command, struct value *task, struct error *err)
{
    const struct command_options *options = &command->options;
    const struct {
        const char *option, *keyword, *text;
    } given[] = { { "-B/--background", "async", options->background },
                  { "-P/--poll", "poll", options->poll },
                  { "--task-timeout", "timeout", options->task_timeout } };
    for (size_t i = 0; i < sizeof(given) / sizeof(given[0]); i++) {
        int64_t seconds = 0;
        if (!given[i].text)
            continue;
        if (!text_to_int(given[i].text, &seconds) || seconds < 0)
            return error_set_kind(err, ERROR_OPTIONS, "argument %s: invalid int value: '%s'", given[i].option,
                                  given[i].text);
        value_map_put_int(command->arena, task, given[i].keyword, seconds);
    }
    return true;
}

static void warn_of_nobody(struct command *command)
{
    value_list_add(command->arena, command->warnings, value_string(command->arena, "No hosts matched, nothing to do"));
}

struct picked {
    struct inventory_host_list hosts;
    bool is_nobody; /* worth a word: the inventory has hosts, or the pattern is none */
};

/*
 * As `ansible` picks them: nobody is an error only where --limit is given and the inventory has hosts. A pattern that is none
 * is for nobody in a list; else the play says what is wrong with it.
 */
static bool pick_hosts(struct command *command, const char *pattern, struct picked *picked, struct error *err)
{
    const struct inventory_selection everybody = { .pattern = value_string(command->arena, "all") };
    const struct inventory_selection selection = { .pattern = value_string(command->arena, pattern),
                                                   .limit = command->options.limit,
                                                   .warnings = command->warnings };
    size_t warnings;
    bool is_empty;

    if (!inventory_match(command->inventory, command->arena, &everybody, &picked->hosts, err))
        return false;
    is_empty = picked->hosts.count == 0;
    if (is_empty && !inventory_is_localhost(pattern))
        run_warn_of_empty(command->arena, command->settings.values, command->warnings);
    warnings = value_count(command->warnings);
    if (!inventory_match(command->inventory, command->arena, &selection, &picked->hosts, err)) {
        if (command->options.limit != NULL)
            return false;
        error_clear(err);
        picked->hosts.count = 0;
        is_empty = false;
    }
    picked->is_nobody = picked->hosts.count == 0 && !is_empty;
    if (picked->is_nobody && command->options.limit != NULL)
        return error_set(err, "Specified inventory, host pattern and/or --limit leaves us with no hosts to target.");
    if (!command->options.list_hosts)
        command->warnings->as.list.count = warnings; /* the play gives them too */
    return true;
}

static int fail_with_warnings(struct command *command, const struct error *err)
{
    command_print_warnings(command);
    return command_fail(command, err);
}

/* --list-hosts, as `ansible` prints it. */
static int list_hosts(struct command *command, const struct picked *picked)
{
    if (picked->is_nobody)
        warn_of_nobody(command);
    command_print_warnings(command);
    printf("  hosts (%zu):\n", picked->hosts.count);
    for (size_t i = 0; i < picked->hosts.count; i++)
        printf("    %s\n", picked->hosts.items[i]->name);
    return 0;
}

static int run_run(int argc, char **argv)
{
    ARENA_SCOPED arena = arena_new();
    struct command command = { .arena = arena };
    struct error err = ERROR_INIT;
    const struct value *args = NULL;
    struct value *task = value_map(arena);
    struct picked picked = { 0 };
    int exit_code = 0;
    if (!verb_start(&command, &verb_run, argc, argv, OPTIONS_ADHOC, &exit_code))
        return exit_code;
    if (command.options.playbooks.count != 1) {
        error_set_kind(&err, ERROR_OPTIONS, "expected one host pattern, found %zu", command.options.playbooks.count);
        return command_fail_words(&command, argv[0], &err);
    }
    const char *pattern = command.options.playbooks.items[0];
    const char *module = command.options.module_name ? command.options.module_name : "command";
    command.options.playbooks.items[0] = NULL;
    if (!task_seconds(&command, task, &err))
        return command_fail_words(&command, argv[0], &err);
    if (!command.options.list_hosts && !arguments_needed(pattern, module, command.options.module_args, &err))
        return command_fail(&command, &err);
    if (!module_arguments(&command, module, &args, &err) || !command_prepare(&command, &err))
        return command_fail(&command, &err);
    value_map_put(arena, task, module, args);
    if (!pick_hosts(&command, pattern, &picked, &err))
        return fail_with_warnings(&command, &err);
    if (command.options.list_hosts)
        return list_hosts(&command, &picked);
    exit_code = command_run(&command, verb_adhoc_play_of(arena, pattern, task));
    if (command.hostless_count > 0 && picked.is_nobody)
        warn_of_nobody(&command);
    command_print_warnings(&command);
    return exit_code;
}

VERB_DEFINE(run) = { "run", "Run one module on hosts", "PATTERN [-m MODULE] [-a ARGS] [OPTIONS]", run_run };

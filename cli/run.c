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
    if (!text_in(name, names) || (args && *args))
        return true;
    return error_set_kind(err, ERROR_OPTIONS, "No argument passed to %s module%s", module,
                          text_ends(pattern, ".yml") ? " (did you mean to run roost apply?)" : "");
}

static int run_run(int argc, char **argv)
{
    ARENA_SCOPED arena = arena_new();
    struct command command = { .arena = arena };
    struct error err = ERROR_INIT;
    const struct value *args = NULL;
    int exit_code = 0;
    if (!verb_start(&command, &verb_run, argc, argv, OPTIONS_ADHOC, &exit_code))
        return exit_code;
    if (command.options.playbooks.count != 1) {
        error_set_kind(&err, ERROR_OPTIONS, "expected one host pattern, found %zu", command.options.playbooks.count);
        return command_fail(&command, &err);
    }
    const char *pattern = command.options.playbooks.items[0];
    const char *module = command.options.module_name ? command.options.module_name : "command";
    command.options.playbooks.items[0] = NULL;
    if (!arguments_needed(pattern, module, command.options.module_args, &err))
        return command_fail(&command, &err);
    if (!module_arguments(&command, module, &args, &err) || !command_prepare(&command, &err))
        return command_fail(&command, &err);
    return command_run(&command, verb_adhoc_play(arena, pattern, module, args));
}

VERB_DEFINE(run) = { "run", "Run one module on hosts", "PATTERN [-m MODULE] [-a ARGS] [OPTIONS]", run_run };

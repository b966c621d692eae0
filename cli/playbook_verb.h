/* SPDX-License-Identifier: Apache-2.0 */
/* What the verbs that run plays share: a command with ssh and local connections. Inline, so that the folder stays one file a verb. */
#pragma once

#include "cli/verb.h"
#include "common/spec/module_catalogue.h"
#include "controller/transport/transport.h"
#include "engine/command/command.h"

/* Parsed, with connections; false: *exit_out says how it ended (help, version, bad option). */
static inline bool verb_start(struct command *command, const struct verb *verb, int argc, char **argv, unsigned use,
                              int *exit_out)
{
    if (!command_start(command, argc, argv, use, exit_out))
        return false;
    if (command->options.help) {
        printf("usage: roost %s %s\n\n%s\n\n%s", verb->name, verb->usage, verb->summary,
               options_help(command->arena, use));
        return false;
    }
    struct transport_options transport = { .agent_path = command->options.agent_path };
    command->modules = &module_catalogue;
    command->connections = transport_factory_new(command->arena, &transport);
    return true;
}

/* A list with one play of one task, as ad-hoc commands run it. `args` is a map. */
static inline const struct value *verb_adhoc_play(struct arena *arena, const char *pattern, const char *module,
                                                  const struct value *args)
{
    struct value *task = value_map(arena), *play = value_map(arena), *tasks = value_list(arena),
                 *plays = value_list(arena);
    value_map_put(arena, task, module, args);
    value_list_add(arena, tasks, task);
    value_map_put_string(arena, play, "name", "Ansible Ad-Hoc");
    value_map_put_string(arena, play, "hosts", pattern);
    value_map_put_bool(arena, play, "gather_facts", false);
    value_map_put(arena, play, "tasks", tasks);
    value_list_add(arena, plays, play);
    return plays;
}

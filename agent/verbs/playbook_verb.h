/* SPDX-License-Identifier: Apache-2.0 */
/*
 * apply and check on the node itself: the same engine, and this machine as the only connection. Inline, so that the folder stays
 * one file a verb.
 */
#pragma once

#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "agent/verbs/verb.h"
#include "common/spec/module_catalogue.h"
#include "engine/channel/local.h"
#include "engine/command/command.h"

struct own_machine {
    struct connection_factory base;
    const char *agent_path;
};

static inline bool own_machine_open(struct connection_factory *factory, const struct connection_target *target,
                                    struct connection **out, struct error *err)
{
    if (strcmp(target->kind, "local") != 0)
        return error_set_kind(err, ERROR_UNREACHABLE,
                              "'%s' is another machine (connection '%s'), and roost-agent works on its own only",
                              target->host, target->kind);
    return local_open(((struct own_machine *)(void *)factory)->agent_path, target, out, err);
}

static inline const char *own_program(struct arena *arena)
{
    char path[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);
    return length > 0 ? arena_copy_n(arena, path, (size_t)length) : "roost-agent";
}

/* Every host of the inventory is this machine; without -i the inventory is localhost alone. */
static inline int playbook_verb(const struct agent_verb *verb, int argc, char **argv, bool only_check)
{
    ARENA_SCOPED arena = arena_new();
    struct own_machine machine = { { own_machine_open }, NULL };
    struct command command = { .arena = arena, .connections = &machine.base, .modules = &module_catalogue };
    struct error err = ERROR_INIT;
    int exit_code = 0;
    if (!command_start(&command, argc, argv, OPTIONS_OWN, &exit_code))
        return exit_code;
    if (command.options.help || command.options.playbooks.count == 0) {
        printf("usage: roost-agent %s %s\n%s\n\n%s", verb->name, verb->usage, verb->summary,
               options_help(arena, OPTIONS_OWN));
        return command.options.help ? 0 : EXIT_OPTIONS;
    }
    machine.agent_path = command.options.agent_path ? command.options.agent_path : own_program(arena);
    command.options.connection = "local";
    command.options.check = command.options.check || only_check;
    command.options.diff = command.options.diff || only_check;
    if (command.options.inventories.count == 0)
        command.options.inventories.items[command.options.inventories.count++] = "localhost,";
    if (!command_prepare(&command, &err))
        return command_fail(&command, &err);
    return only_check ? command_check(&command) : command_run(&command, NULL);
}

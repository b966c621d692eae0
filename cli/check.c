/* SPDX-License-Identifier: Apache-2.0 */
/* roost check: the drift check. Exit 0: as declared; 2: something differs (or a host failed); 1: nothing was checked. */
#include "cli/playbook_verb.h"

VERB_DECLARE(check);

static int check_run(int argc, char **argv)
{
    ARENA_SCOPED arena = arena_new();
    struct command command = { .arena = arena };
    struct error err = ERROR_INIT;
    int exit_code = 0;
    if (!verb_start(&command, &verb_check, argc, argv, OPTIONS_PLAYBOOK, &exit_code))
        return exit_code;
    command.options.check = command.options.diff = true;
    if (!verb_default_playbook(&command, &err) || !command_prepare(&command, &err))
        return command_fail(&command, &err);
    return command_check(&command);
}

VERB_DEFINE(check) = { "check", "Say what differs from the playbooks, change nothing",
                       "[PLAYBOOK...] [-i INVENTORY] [OPTIONS]", check_run };

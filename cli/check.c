/* SPDX-License-Identifier: Apache-2.0 */
/* roost check: the drift check. Exit 0: as declared; 2: something differs (or a host failed); 1: nothing was checked. */
#include "cli/apply_controlled.h"
#include "cli/apply_via.h"
#include "cli/playbook_verb.h"

VERB_DECLARE(check);

static int check_run(int argc, char **argv)
{
    ARENA_SCOPED arena = arena_new();
    struct command command = { .arena = arena };
    struct error err = ERROR_INIT;
    bool via = false;
    int exit_code = 0;
    if (apply_is_controlled(argc, argv))
        return apply_controlled();
    if (!verb_start(&command, &verb_check, argc, argv, OPTIONS_PLAYBOOK, &exit_code))
        return exit_code;
    command.options.check = command.options.diff = true;
    if (!verb_default_playbook(&command, &err) || !apply_via_controller(&command.options, arena, &via, &err))
        return command_fail(&command, &err);
    if (via && !command_only_lists(&command))
        return apply_via(&command, "check");
    if (!command_prepare(&command, &err))
        return command_fail(&command, &err);
    return command_check(&command);
}

VERB_DEFINE(check) = { "check", "Say what differs from the playbooks, change nothing",
                       "[PLAYBOOK...] [-i INVENTORY] [OPTIONS]", check_run };

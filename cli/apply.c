/* SPDX-License-Identifier: Apache-2.0 */
/* roost apply: ansible-playbook's flags, output, recap and exit codes. */
#include "cli/playbook_verb.h"

VERB_DECLARE(apply);

static int apply_run(int argc, char **argv)
{
    ARENA_SCOPED arena = arena_new();
    struct command command = { .arena = arena };
    struct error err = ERROR_INIT;
    int exit_code = 0;
    if (!verb_start(&command, &verb_apply, argc, argv, OPTIONS_PLAYBOOK, &exit_code))
        return exit_code;
    return verb_default_playbook(&command, &err) && command_prepare(&command, &err) ? command_run(&command, NULL)
                                                                                    : command_fail(&command, &err);
}

VERB_DEFINE(apply) = { "apply", "Apply playbooks to hosts", "[PLAYBOOK...] [-i INVENTORY] [OPTIONS]", apply_run };

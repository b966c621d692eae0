/* SPDX-License-Identifier: Apache-2.0 */
/* roost apply: ansible-playbook's flags, output, recap and exit codes. */
#include "cli/apply_controlled.h"
#include "cli/apply_via.h"
#include "cli/playbook_verb.h"
#include "common/base/path.h"

VERB_DECLARE(apply);

static int apply_run(int argc, char **argv)
{
    ARENA_SCOPED arena = arena_new();
    struct command command = { .arena = arena };
    struct error err = ERROR_INIT;
    bool via = false;
    int exit_code = 0;
    if (apply_is_controlled(argc, argv))
        return apply_controlled();
    if (!verb_start(&command, &verb_apply, argc, argv, OPTIONS_PLAYBOOK, &exit_code))
        return exit_code;
    /* who calls ansible-playbook does not know that there is a default: an empty variable of a script, say */
    if (command.options.playbooks.count == 0 && text_starts(path_basename(argv[0]), "ansible")) {
        error_set_kind(&err, ERROR_OPTIONS, "the following arguments are required: playbook");
        return command_fail_words(&command, argv[0], &err);
    }
    if (!verb_default_playbook(&command, &err) || !apply_via_controller(&command.options, arena, &via, &err))
        return command_fail(&command, &err);
    if (via && !command_only_lists(&command))
        return apply_via(&command, "apply");
    return command_prepare(&command, &err) ? command_run(&command, NULL) : command_fail(&command, &err);
}

VERB_DEFINE(apply) = { "apply", "Apply playbooks to hosts", "[PLAYBOOK...] [-i INVENTORY] [OPTIONS]", apply_run };

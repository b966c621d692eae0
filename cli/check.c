/* SPDX-License-Identifier: Apache-2.0 */
/* roost check: the drift check. Exit 0: as declared; 2: something differs (or a host failed); else as apply. */
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
    if (command.options.playbooks.count == 0) {
        const char *playbook = command_default_playbook();
        if (!playbook) {
            error_set_kind(&err, ERROR_OPTIONS,
                           "no playbook was named, and there is no playbooks/site.yml or site.yml here");
            return command_fail(&command, &err);
        }
        command.options.playbooks.items[command.options.playbooks.count++] = playbook;
    }
    if (!command_prepare(&command, &err))
        return command_fail(&command, &err);
    exit_code = command_run(&command, NULL);
    return exit_code == RUN_OK && command.totals.changed > 0 ? RUN_HOSTS_FAILED : exit_code;
}

VERB_DEFINE(check) = { "check", "Say what differs from the playbooks, change nothing",
                       "[PLAYBOOK...] [-i INVENTORY] [OPTIONS]", check_run };

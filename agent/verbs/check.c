/* SPDX-License-Identifier: Apache-2.0 */
/* roost-agent check: the drift check of this machine. Exit 0: as declared; 2: something differs. */
#include "agent/verbs/playbook_verb.h"

static int check_run(int argc, char **argv);

AGENT_VERB_DEFINE(check) = { "check", "Say what differs from the playbooks on this machine", "PLAYBOOK... [OPTIONS]",
                             check_run };

static int check_run(int argc, char **argv)
{
    return playbook_verb(&agent_verb_check, argc, argv, true);
}

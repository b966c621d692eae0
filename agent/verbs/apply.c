/* SPDX-License-Identifier: Apache-2.0 */
/* roost-agent apply: playbooks applied to this machine, without a controller. */
#include "agent/verbs/playbook_verb.h"

static int apply_run(int argc, char **argv);

AGENT_VERB_DEFINE(apply) = { "apply", "Apply playbooks to this machine", "PLAYBOOK... [OPTIONS]", apply_run };

static int apply_run(int argc, char **argv)
{
    return playbook_verb(&agent_verb_apply, argc, argv, false);
}

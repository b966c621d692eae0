/* SPDX-License-Identifier: Apache-2.0 */
/* roost-agent version: what this is and which protocol it speaks. */
#include <stdio.h>

#include "agent/verbs/verb.h"
#include "common/protocol/frame.h"

static int version_run(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    printf("roost-agent %s (protocol %d)\n", ROOST_VERSION, PROTOCOL_VERSION);
    return 0;
}

AGENT_VERB_DEFINE(version) = { .name = "version", .summary = "Print the version", .usage = "", .run = version_run };

/* SPDX-License-Identifier: Apache-2.0 */
/* The connection to this machine: a roost-agent session as a child process. */
#pragma once

#include "engine/channel/client.h"

bool local_open(const char *agent_path, const struct connection_target *target, struct connection **out,
                struct error *err);

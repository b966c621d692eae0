/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections of a run at the controller: a host is a node, and its agent's own connection is used. The host's name in the
 * inventory is the node's. Nothing is ever run on the controller's machine but through its own agent, if it is a node.
 */
#pragma once

#include "controller/transport/run_control.h"
#include "engine/run/connection.h"

struct connection_factory *session_factory_new(struct arena *arena, struct run_control *control);

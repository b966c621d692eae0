/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The nodes of a rebuild: hosts of the inventory with their variables as the engine has them (templates and precedence included), and the
 * way to each as a run would take it. A small play is run for that, whose connections are noted and never opened.
 */
#pragma once

#include "cli/rebuild.h"

/* rebuild->command is prepared. Sets ->nodes, ->count. */
bool rebuild_hosts_find(struct rebuild *rebuild, struct error *err);
/* Instead of the transport, before command_prepare: connections that are only noted. */
struct connection_factory *rebuild_hosts_connections(struct rebuild *rebuild);
/* --serial over the hosts: "2", "30%" or NULL (all at once): ->batch of each, ->batches. */
bool rebuild_hosts_batches(struct rebuild *rebuild, struct error *err);

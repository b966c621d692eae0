/* SPDX-License-Identifier: Apache-2.0 */
/* The machine of the controller, and the one at which the rebuild runs, are not wiped by mistake. */
#pragma once

#include "cli/rebuild.h"

/* `controller`: "host:port" of the account. False (ERROR_OPTIONS) when a node that is still to be wiped has an address of that host or
 * of this machine, and --wipe-controller was not said. Names are looked up; one that cannot be is passed over. What is on the loopback
 * with a port of its own is a way to somewhere else. */
bool rebuild_guard(const struct rebuild *rebuild, const char *controller, struct error *err);

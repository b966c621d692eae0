/* SPDX-License-Identifier: Apache-2.0 */
/* All services with the details that Ansible's fact `services` has: name, state, status, source. Reading only. */
#pragma once

#include <stdbool.h>

#include "agent/system/host/system.h"

/* Units and unit files; nothing where systemd is not the init. */
bool service_list_systemd(const struct system *system, struct arena *arena, struct value *services, struct error *err);
/* Init scripts, by `service --status-all`. *complaint_out: what that said when it failed, else NULL. */
bool service_list_scripts(const struct system *system, struct arena *arena, struct value *services,
                          const char **complaint_out, struct error *err);

/* The parts that are text. */
void service_list_add_units(struct arena *arena, const char *text, struct value *services);
void service_list_add_scripts(struct arena *arena, const char *text, struct value *services);

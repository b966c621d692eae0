/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A running firewalld, asked and told over the system bus: a few hundred microseconds a call, where firewall-cmd starts a Python.
 * The names of methods are firewalld.dbus(5)'s. Errors are firewalld's own words ("INVALID_SERVICE: nosuch").
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "agent/system/host/system.h"

struct firewall_bus;

/* A setting of a zone: the D-Bus name that follows query, add and remove, and its parts in the order of the methods. */
struct firewall_setting {
    const char *method;   /* "Service", "Port" ... */
    const char *parts[4]; /* up to the first NULL */
    bool has_timeout;     /* the running firewall's add takes seconds */
};

/* NULL: firewalld does not run on this node, or there is no system bus. Ends with firewall_bus_close. */
struct firewall_bus *firewall_bus_open(const struct system *system, struct arena *arena);
void firewall_bus_close(struct firewall_bus *bus); /* NULL is fine */

bool firewall_bus_default_zone(struct firewall_bus *bus, const char **out, struct error *err);

/* `permanent`: the stored configuration instead of the running firewall. A port is there if it is listed as it is written. */
bool firewall_bus_has(struct firewall_bus *bus, const char *zone, bool permanent,
                      const struct firewall_setting *setting, bool *out, struct error *err);
/* `timeout_s`: how long it is to last in the running firewall; 0: for good. */
bool firewall_bus_add(struct firewall_bus *bus, const char *zone, bool permanent,
                      const struct firewall_setting *setting, int64_t timeout_s, struct error *err);
bool firewall_bus_remove(struct firewall_bus *bus, const char *zone, bool permanent,
                         const struct firewall_setting *setting, struct error *err);

/* The stored configuration's zones. */
bool firewall_bus_has_zone(struct firewall_bus *bus, const char *zone, bool *out, struct error *err);
bool firewall_bus_add_zone(struct firewall_bus *bus, const char *zone, struct error *err);
bool firewall_bus_remove_zone(struct firewall_bus *bus, const char *zone, struct error *err);
bool firewall_bus_target(struct firewall_bus *bus, const char *zone, const char **out, struct error *err);
bool firewall_bus_set_target(struct firewall_bus *bus, const char *zone, const char *target, struct error *err);

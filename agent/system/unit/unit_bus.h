/* SPDX-License-Identifier: Apache-2.0 */
/* The connection behind unit.h and the pieces of it that only agent/system/unit_*.c, hostname.c and
 * timezone.c share. */
#pragma once

#include <systemd/sd-bus.h>

#include "agent/system/unit/unit.h"

#define UNIT_SERVICE "org.freedesktop.systemd1"
#define UNIT_MANAGER_PATH "/org/freedesktop/systemd1"
#define UNIT_MANAGER_INTERFACE "org.freedesktop.systemd1.Manager"
#define UNIT_SLOW_CALL_US (INT64_C(180) * 1000 * 1000) /* reload and unit file changes on a loaded machine */

struct unit_manager {
    const struct system *system;
    struct arena *arena;
    enum unit_scope scope;
    sd_bus *bus;
    bool is_subscribed;
};

static inline void bus_message_guard(sd_bus_message **message)
{
    sd_bus_message_unref(*message);
}
#define BUS_MESSAGE_SCOPED __attribute__((cleanup(bus_message_guard))) sd_bus_message *
#define BUS_ERROR_SCOPED __attribute__((cleanup(sd_bus_error_free))) sd_bus_error

/* Sets the text of a failed call: the peer's words, else those of the (negative) error number. Always false. */
bool bus_error_to(struct error *err, const sd_bus_error *bus_error, int status, const char *what);
/* Calls a method of the manager that takes one string. `reply` may be NULL. */
bool unit_manager_call(struct unit_manager *manager, const char *method, sd_bus_message **reply, struct error *err,
                       const char *string);

/* The system bus itself (dbus-daemon or dbus-broker), for hostnamed and timedated. */
bool bus_open_system(sd_bus **out, struct error *err);

/* --- unit_number.c: numbers as systemctl prints them; NULL: the property is left out --- */
const char *unit_text_uint64(struct arena *arena, const char *name, uint64_t number);
const char *unit_text_uint32(struct arena *arena, const char *name, uint32_t number);
const char *unit_text_timespan(struct arena *arena, uint64_t microseconds);
const char *unit_text_timestamp(struct arena *arena, uint64_t microseconds); /* NULL: never */

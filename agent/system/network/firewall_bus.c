/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/system/network/firewall_bus.h"

#include <string.h>

#include "agent/system/unit/unit_bus.h"
#include "common/base/path.h"

#define SERVICE "org.fedoraproject.FirewallD1"
#define MAIN_PATH "/org/fedoraproject/FirewallD1"
#define CONFIG_PATH "/org/fedoraproject/FirewallD1/config"
#define ZONE_INTERFACE SERVICE ".zone"
#define CONFIG_INTERFACE SERVICE ".config"
#define CONFIG_ZONE_INTERFACE SERVICE ".config.zone"

struct firewall_bus {
    struct arena *arena;
    sd_bus *bus;
};

/* --- calls --- */

/* Where a method is: the object and the interface. */
struct door {
    const char *path, *interface;
};

static const struct door main_door = { MAIN_PATH, SERVICE };
static const struct door running_zones = { MAIN_PATH, ZONE_INTERFACE };
static const struct door stored_zones = { CONFIG_PATH, CONFIG_INTERFACE };

/* A call that does not start firewalld. Ends with a negative number where it could not be made. */
static int message_new(struct firewall_bus *bus, const struct door *door, const char *method, sd_bus_message **out)
{
    int status = sd_bus_message_new_method_call(bus->bus, out, SERVICE, door->path, door->interface, method);

    return status < 0 ? status : sd_bus_message_set_auto_start(*out, false);
}

static bool message_send(struct firewall_bus *bus, sd_bus_message *message, int status, sd_bus_message **reply,
                         struct error *err)
{
    BUS_ERROR_SCOPED bus_error = SD_BUS_ERROR_NULL;

    if (status >= 0)
        status = sd_bus_call(bus->bus, message, UNIT_SLOW_CALL_US, &bus_error, reply);
    return status >= 0 || bus_error_to(err, &bus_error, status, NULL);
}

/* A method with at most one string. `reply` may be NULL. */
static bool call(struct firewall_bus *bus, const struct door *door, const char *method, const char *text,
                 sd_bus_message **reply, struct error *err)
{
    BUS_MESSAGE_SCOPED message = NULL;
    int status = message_new(bus, door, method, &message);

    if (status >= 0 && text != NULL)
        status = sd_bus_message_append(message, "s", text);
    return message_send(bus, message, status, reply, err);
}

static bool call_for_text(struct firewall_bus *bus, const struct door *door, const char *method, const char *text,
                          const char **out, struct error *err)
{
    BUS_MESSAGE_SCOPED reply = NULL;
    const char *answer = NULL;

    if (!call(bus, door, method, text, &reply, err))
        return false;
    int status = sd_bus_message_read_basic(reply, strcmp(method, "getZoneByName") == 0 ? 'o' : 's', &answer);
    if (status < 0)
        return bus_error_to(err, NULL, status, method);
    *out = arena_copy(bus->arena, answer);
    return true;
}

/* --- opening --- */

static bool is_running(struct firewall_bus *bus)
{
    BUS_MESSAGE_SCOPED reply = NULL;
    BUS_MESSAGE_SCOPED message = NULL;
    struct error ignored = ERROR_INIT;
    const char *state = NULL;
    const struct door properties = { MAIN_PATH, "org.freedesktop.DBus.Properties" };
    int status = message_new(bus, &properties, "Get", &message);

    if (status >= 0)
        status = sd_bus_message_append(message, "ss", SERVICE, "state");
    return message_send(bus, message, status, &reply, &ignored) && sd_bus_message_read(reply, "v", "s", &state) >= 0 &&
           strcmp(state, "RUNNING") == 0;
}

struct firewall_bus *firewall_bus_open(const struct system *system, struct arena *arena)
{
    struct firewall_bus *bus = arena_new_of(arena, struct firewall_bus);
    struct error ignored = ERROR_INIT;

    *bus = (struct firewall_bus){ .arena = arena };
    if (!unit_is_booted(system, arena) || !bus_open_system(&bus->bus, &ignored))
        return NULL;
    if (is_running(bus))
        return bus;
    firewall_bus_close(bus);
    return NULL;
}

void firewall_bus_close(struct firewall_bus *bus)
{
    if (bus != NULL)
        bus->bus = sd_bus_flush_close_unref(bus->bus);
}

bool firewall_bus_default_zone(struct firewall_bus *bus, const char **out, struct error *err)
{
    return call_for_text(bus, &main_door, "getDefaultZone", NULL, out, err);
}

/* --- settings --- */

/* A stored zone is an object of its own. */
static bool zone_door(struct firewall_bus *bus, const char *zone, bool permanent, struct door *out, struct error *err)
{
    *out = running_zones;
    if (!permanent)
        return true;
    out->interface = CONFIG_ZONE_INTERFACE;
    return call_for_text(bus, &stored_zones, "getZoneByName", zone, &out->path, err);
}

/* A method of a zone: its name and strings, which the running firewall's begin with the zone. */
struct zone_method {
    const char *name, *texts[6];
    int64_t timeout_s; /* < 0: the method takes none */
};

static struct zone_method zone_method(struct firewall_bus *bus, const char *verb, const char *zone, bool permanent,
                                      const struct firewall_setting *setting)
{
    struct zone_method method = { .timeout_s = -1 };
    size_t count = 0;

    method.name = arena_printf(bus->arena, "%s%s", verb, setting->method);
    if (!permanent)
        method.texts[count++] = zone;
    for (size_t i = 0; i < 4 && setting->parts[i] != NULL; i++)
        method.texts[count++] = setting->parts[i];
    return method;
}

static bool zone_call(struct firewall_bus *bus, const struct door *door, const struct zone_method *method,
                      sd_bus_message **reply, struct error *err)
{
    BUS_MESSAGE_SCOPED message = NULL;
    int status = message_new(bus, door, method->name, &message);

    for (size_t i = 0; method->texts[i] != NULL && status >= 0; i++)
        status = sd_bus_message_append(message, "s", method->texts[i]);
    if (method->timeout_s >= 0 && status >= 0)
        status = sd_bus_message_append(message, "i",
                                       (int32_t)(method->timeout_s < INT32_MAX ? method->timeout_s : INT32_MAX));
    return message_send(bus, message, status, reply, err);
}

static bool is_port(const struct firewall_setting *setting, const char *port, const char *protocol)
{
    return strcmp(port, setting->parts[0]) == 0 && strcmp(protocol, setting->parts[1]) == 0;
}

/* The stored zone's own query counts a port that lies within a range, which is not what is to be listed. */
static bool port_listed(struct firewall_bus *bus, const struct door *door, const struct firewall_setting *setting,
                        bool *out, struct error *err)
{
    BUS_MESSAGE_SCOPED reply = NULL;
    const char *port, *protocol;

    if (!call(bus, door, "getPorts", NULL, &reply, err))
        return false;
    *out = false;
    int status = sd_bus_message_enter_container(reply, 'a', "(ss)");
    while (status >= 0 && (status = sd_bus_message_read(reply, "(ss)", &port, &protocol)) > 0)
        *out |= is_port(setting, port, protocol);
    return status >= 0 || bus_error_to(err, NULL, status, "getPorts");
}

bool firewall_bus_has(struct firewall_bus *bus, const char *zone, bool permanent,
                      const struct firewall_setting *setting, bool *out, struct error *err)
{
    BUS_MESSAGE_SCOPED reply = NULL;
    struct zone_method method = zone_method(bus, "query", zone, permanent, setting);
    struct door door;
    int answer = 0;

    if (!zone_door(bus, zone, permanent, &door, err))
        return false;
    if (permanent && strcmp(setting->method, "Port") == 0)
        return port_listed(bus, &door, setting, out, err);
    if (!zone_call(bus, &door, &method, &reply, err))
        return false;
    int status = sd_bus_message_read_basic(reply, 'b', &answer);
    *out = answer != 0;
    return status >= 0 || bus_error_to(err, NULL, status, method.name);
}

/* addPort refuses a port within a stored range and removePort splits one; Ansible lists what is written: the list is set. */
static bool port_list(struct firewall_bus *bus, const struct door *door, const struct firewall_setting *setting,
                      bool is_on, struct error *err)
{
    BUS_MESSAGE_SCOPED reply = NULL;
    BUS_MESSAGE_SCOPED message = NULL;
    const char *port, *protocol;

    if (!call(bus, door, "getPorts", NULL, &reply, err))
        return false;
    int status = message_new(bus, door, "setPorts", &message);
    if (status >= 0)
        status = sd_bus_message_open_container(message, 'a', "(ss)");
    if (status >= 0)
        status = sd_bus_message_enter_container(reply, 'a', "(ss)");
    while (status >= 0 && (status = sd_bus_message_read(reply, "(ss)", &port, &protocol)) > 0)
        if (!is_port(setting, port, protocol))
            status = sd_bus_message_append(message, "(ss)", port, protocol);
    if (status >= 0 && is_on)
        status = sd_bus_message_append(message, "(ss)", setting->parts[0], setting->parts[1]);
    if (status >= 0)
        status = sd_bus_message_close_container(message);
    return message_send(bus, message, status, NULL, err);
}

bool firewall_bus_add(struct firewall_bus *bus, const char *zone, bool permanent,
                      const struct firewall_setting *setting, int64_t timeout_s, struct error *err)
{
    struct zone_method method = zone_method(bus, "add", zone, permanent, setting);
    struct door door;

    if (setting->has_timeout && !permanent)
        method.timeout_s = timeout_s;
    if (!zone_door(bus, zone, permanent, &door, err))
        return false;
    return permanent && strcmp(setting->method, "Port") == 0 ? port_list(bus, &door, setting, true, err)
                                                             : zone_call(bus, &door, &method, NULL, err);
}

bool firewall_bus_remove(struct firewall_bus *bus, const char *zone, bool permanent,
                         const struct firewall_setting *setting, struct error *err)
{
    struct zone_method method = zone_method(bus, "remove", zone, permanent, setting);
    struct door door;

    if (!zone_door(bus, zone, permanent, &door, err))
        return false;
    return permanent && strcmp(setting->method, "Port") == 0 ? port_list(bus, &door, setting, false, err)
                                                             : zone_call(bus, &door, &method, NULL, err);
}

/* --- zones --- */

bool firewall_bus_has_zone(struct firewall_bus *bus, const char *zone, bool *out, struct error *err)
{
    BUS_MESSAGE_SCOPED reply = NULL;
    const char *name;

    if (!call(bus, &stored_zones, "getZoneNames", NULL, &reply, err))
        return false;
    *out = false;
    int status = sd_bus_message_enter_container(reply, 'a', "s");
    while (status >= 0 && (status = sd_bus_message_read_basic(reply, 's', &name)) > 0)
        *out |= strcmp(name, zone) == 0;
    return status >= 0 || bus_error_to(err, NULL, status, "getZoneNames");
}

bool firewall_bus_add_zone(struct firewall_bus *bus, const char *zone, struct error *err)
{
    BUS_MESSAGE_SCOPED message = NULL;
    int status = message_new(bus, &stored_zones, "addZone2", &message);

    if (status >= 0)
        status = sd_bus_message_append(message, "sa{sv}", zone, 0);
    return message_send(bus, message, status, NULL, err);
}

bool firewall_bus_remove_zone(struct firewall_bus *bus, const char *zone, struct error *err)
{
    struct door door;

    return zone_door(bus, zone, true, &door, err) && call(bus, &door, "remove", NULL, NULL, err);
}

bool firewall_bus_target(struct firewall_bus *bus, const char *zone, const char **out, struct error *err)
{
    struct door door;

    return zone_door(bus, zone, true, &door, err) && call_for_text(bus, &door, "getTarget", NULL, out, err);
}

bool firewall_bus_set_target(struct firewall_bus *bus, const char *zone, const char *target, struct error *err)
{
    struct door door;

    return zone_door(bus, zone, true, &door, err) && call(bus, &door, "setTarget", target, NULL, err);
}

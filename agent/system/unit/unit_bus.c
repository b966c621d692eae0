/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections to systemd's manager and to the system bus, and the manager's own verbs: reload and re-execute.
 * Root uses the manager's private socket; others, and machines that hide it, go through the bus daemon.
 */
#include "agent/system/unit/unit_bus.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/path.h"
#include "common/base/text.h"

bool bus_error_to(struct error *err, const sd_bus_error *bus_error, int status, const char *what)
{
    const char *why = bus_error != NULL && bus_error->message != NULL ? bus_error->message : strerror(-status);

    return what != NULL ? error_set(err, "%s: %s", what, why) : error_set(err, "%s", why);
}

bool unit_is_booted(const struct system *system, struct arena *arena)
{
    return path_is_folder(system_path(system, arena, "/run/systemd/system"));
}

static const char *runtime_folder(const struct system *system, struct arena *arena)
{
    const char *folder = value_map_text(system->environment, "XDG_RUNTIME_DIR");

    if (folder == NULL)
        folder = getenv("XDG_RUNTIME_DIR");
    return folder != NULL ? folder : arena_printf(arena, "/run/user/%u", (unsigned)geteuid());
}

static int bus_start(sd_bus **bus, const char *address, bool is_client)
{
    int status = sd_bus_new(bus);

    if (status >= 0)
        status = sd_bus_set_address(*bus, address);
    if (status >= 0 && is_client)
        status = sd_bus_set_bus_client(*bus, true);
    if (status >= 0)
        status = sd_bus_start(*bus);
    if (status < 0)
        *bus = sd_bus_close_unref(*bus);
    return status;
}

static int connect_user(struct unit_manager *manager)
{
    const char *folder = runtime_folder(manager->system, manager->arena);
    const char *private = arena_printf(manager->arena, "unix:path=%s/systemd/private", folder);
    const char *shared = arena_printf(manager->arena, "unix:path=%s/bus", folder);
    int status = bus_start(&manager->bus, private, false);

    return status >= 0 ? status : bus_start(&manager->bus, shared, true);
}

static int connect_system(struct unit_manager *manager)
{
    int status = -EPERM;

    if (geteuid() == 0)
        status = bus_start(&manager->bus, "unix:path=/run/systemd/private", false);
    return status >= 0 ? status : sd_bus_open_system(&manager->bus);
}

static bool manager_connect(struct unit_manager *manager, struct error *err)
{
    int status = manager->scope == UNIT_SCOPE_USER ? connect_user(manager) : connect_system(manager);

    manager->is_subscribed = false;
    if (status >= 0)
        return true;
    return bus_error_to(err, NULL, status,
                        manager->scope == UNIT_SCOPE_USER ? "connecting to the user's systemd"
                                                          : "connecting to systemd");
}

bool unit_manager_open(const struct system *system, struct arena *arena, enum unit_scope scope,
                       struct unit_manager **out, struct error *err)
{
    struct unit_manager *manager = arena_new_of(arena, struct unit_manager);

    *manager = (struct unit_manager){ .system = system, .arena = arena, .scope = scope };
    if (!unit_is_booted(system, arena))
        return error_set(err,
                         "System has not been booted with systemd as init system (PID 1): units cannot be managed");
    if (!manager_connect(manager, err))
        return false;
    *out = manager;
    return true;
}

void unit_manager_close(struct unit_manager *manager)
{
    if (manager != NULL)
        manager->bus = sd_bus_close_unref(manager->bus);
}

void unit_manager_guard(struct unit_manager **manager)
{
    unit_manager_close(*manager);
}

bool unit_manager_call(struct unit_manager *manager, const char *method, sd_bus_message **reply, struct error *err,
                       const char *string)
{
    BUS_ERROR_SCOPED bus_error = SD_BUS_ERROR_NULL;
    int status = sd_bus_call_method(manager->bus, UNIT_SERVICE, UNIT_MANAGER_PATH, UNIT_MANAGER_INTERFACE, method,
                                    &bus_error, reply, "s", string);

    return status >= 0 || bus_error_to(err, &bus_error, status, NULL);
}

static int manager_call_slow(struct unit_manager *manager, const char *method, sd_bus_error *bus_error)
{
    BUS_MESSAGE_SCOPED message = NULL;
    int status = sd_bus_message_new_method_call(manager->bus, &message, UNIT_SERVICE, UNIT_MANAGER_PATH,
                                                UNIT_MANAGER_INTERFACE, method);

    return status < 0 ? status : sd_bus_call(manager->bus, message, UNIT_SLOW_CALL_US, bus_error, NULL);
}

bool unit_manager_reload(struct unit_manager *manager, struct error *err)
{
    BUS_ERROR_SCOPED bus_error = SD_BUS_ERROR_NULL;
    int status = manager_call_slow(manager, "Reload", &bus_error);

    return status >= 0 || bus_error_to(err, &bus_error, status, "reloading systemd");
}

/* The manager drops its connections when it executes itself anew: that is its answer. */
static bool is_hung_up(int status)
{
    return status == -ECONNRESET || status == -ECONNABORTED || status == -ENOTCONN || status == -EPIPE ||
           status == -ESHUTDOWN;
}

bool unit_manager_reexecute(struct unit_manager *manager, struct error *err)
{
    BUS_ERROR_SCOPED bus_error = SD_BUS_ERROR_NULL;
    int status = manager_call_slow(manager, "Reexecute", &bus_error);

    if (status < 0 && !is_hung_up(status) && !sd_bus_error_has_name(&bus_error, SD_BUS_ERROR_NO_REPLY))
        return bus_error_to(err, &bus_error, status, "re-executing systemd");
    unit_manager_close(manager);
    for (int tries = 0; tries < 50; tries++) {
        if (manager_connect(manager, err))
            return true;
        if (!system_pause(manager->system, 100, err))
            return false;
    }
    return false;
}

bool bus_open_system(sd_bus **out, struct error *err)
{
    int status = sd_bus_open_system(out);

    return status >= 0 || bus_error_to(err, NULL, status, "connecting to the system bus");
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Unit files: are they enabled, and enabling, disabling, masking them through the manager, which makes and
 * removes the links. */
#include <errno.h>
#include <string.h>

#include "agent/system/unit/unit_bus.h"

bool unit_file_state(struct unit_manager *manager, const char *unit, const char **out, struct error *err)
{
    BUS_ERROR_SCOPED bus_error = SD_BUS_ERROR_NULL;
    BUS_MESSAGE_SCOPED reply = NULL;
    const char *state = NULL;
    int status = sd_bus_call_method(manager->bus, UNIT_SERVICE, UNIT_MANAGER_PATH, UNIT_MANAGER_INTERFACE,
                                    "GetUnitFileState", &bus_error, &reply, "s", unit);

    if (sd_bus_error_has_name(&bus_error, SD_BUS_ERROR_FILE_NOT_FOUND) || status == -ENOENT) {
        *out = "";
        return true;
    }
    if (status >= 0)
        status = sd_bus_message_read(reply, "s", &state);
    if (status < 0)
        return bus_error_to(err, &bus_error, status, NULL);
    *out = arena_copy(manager->arena, state);
    return true;
}

bool unit_file_has_links(struct unit_manager *manager, const char *unit, bool *out, struct error *err)
{
    BUS_ERROR_SCOPED bus_error = SD_BUS_ERROR_NULL;
    BUS_MESSAGE_SCOPED reply = NULL;
    int status = sd_bus_call_method(manager->bus, UNIT_SERVICE, UNIT_MANAGER_PATH, UNIT_MANAGER_INTERFACE,
                                    "GetUnitFileLinks", &bus_error, &reply, "sb", unit, 0);

    if (status >= 0)
        status = sd_bus_message_enter_container(reply, 'a', "s");
    if (status < 0)
        return bus_error_to(err, &bus_error, status, NULL);
    *out = sd_bus_message_at_end(reply, false) == 0;
    return true;
}

static const char *change_method(enum unit_file_change change)
{
    switch (change) {
    case UNIT_FILE_ENABLE:
        return "EnableUnitFiles";
    case UNIT_FILE_DISABLE:
        return "DisableUnitFiles";
    case UNIT_FILE_MASK:
        return "MaskUnitFiles";
    case UNIT_FILE_UNMASK:
        return "UnmaskUnitFiles";
    default:
        return "PresetUnitFiles";
    }
}

static int change_call(struct unit_manager *manager, const char *unit, enum unit_file_change change, bool force,
                       sd_bus_error *bus_error)
{
    BUS_MESSAGE_SCOPED message = NULL;
    bool takes_force = change != UNIT_FILE_DISABLE && change != UNIT_FILE_UNMASK;
    int status = sd_bus_message_new_method_call(manager->bus, &message, UNIT_SERVICE, UNIT_MANAGER_PATH,
                                                UNIT_MANAGER_INTERFACE, change_method(change));

    if (status >= 0)
        status = sd_bus_message_append(message, "as", 1, unit);
    if (status >= 0)
        status = sd_bus_message_append(message, "b", 0); /* not only until the next boot */
    if (status >= 0 && takes_force)
        status = sd_bus_message_append(message, "b", (int)force);
    return status < 0 ? status : sd_bus_call(manager->bus, message, UNIT_SLOW_CALL_US, bus_error, NULL);
}

bool unit_file_change(struct unit_manager *manager, const char *unit, enum unit_file_change change, bool force,
                      struct error *err)
{
    BUS_ERROR_SCOPED bus_error = SD_BUS_ERROR_NULL;
    int status = change_call(manager, unit, change, force, &bus_error);

    if (status < 0)
        return bus_error_to(err, &bus_error, status, NULL);
    return unit_manager_reload(manager, err);
}

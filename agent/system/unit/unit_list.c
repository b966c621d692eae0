/* SPDX-License-Identifier: Apache-2.0 */
/* What the manager has loaded, and what it is. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/system/unit/unit_bus.h"
#include "common/base/text.h"

#define LISTED_MAX 4096

/* One of a(ssssssouso): the rest of it is passed over. */
static int name_read(sd_bus_message *reply, const char **name_out)
{
    int status = sd_bus_message_enter_container(reply, 'r', "ssssssouso");

    if (status <= 0)
        return status;
    status = sd_bus_message_read(reply, "s", name_out);
    if (status >= 0)
        status = sd_bus_message_skip(reply, "sssssouso");
    return status < 0 ? status : sd_bus_message_exit_container(reply) < 0 ? -EBADMSG : 1;
}

bool unit_loaded_names(struct unit_manager *manager, const char *prefix, const char ***out, struct error *err)
{
    BUS_ERROR_SCOPED bus_error = SD_BUS_ERROR_NULL;
    BUS_MESSAGE_SCOPED reply = NULL;
    const char **names = arena_new_array(manager->arena, const char *, LISTED_MAX + 1), *name = NULL;
    size_t count = 0;
    int status =
        sd_bus_call_method(manager->bus, UNIT_SERVICE, UNIT_MANAGER_PATH, UNIT_MANAGER_INTERFACE, "ListUnitsByPatterns",
                           &bus_error, &reply, "asas", 0, 1, arena_printf(manager->arena, "%s*", prefix));

    if (status >= 0)
        status = sd_bus_message_enter_container(reply, 'a', "(ssssssouso)");
    while (status >= 0 && count < LISTED_MAX && (status = name_read(reply, &name)) > 0)
        names[count++] = arena_copy(manager->arena, name);
    if (status < 0)
        return bus_error_to(err, &bus_error, status, "listing the units");
    *out = names;
    return true;
}

bool unit_reset_failed(struct unit_manager *manager, const char *unit, struct error *err)
{
    BUS_ERROR_SCOPED bus_error = SD_BUS_ERROR_NULL;
    int status = sd_bus_call_method(manager->bus, UNIT_SERVICE, UNIT_MANAGER_PATH, UNIT_MANAGER_INTERFACE,
                                    "ResetFailedUnit", &bus_error, NULL, "s", unit);

    if (status >= 0 || sd_bus_error_has_name(&bus_error, "org.freedesktop.systemd1.NoSuchUnit"))
        return true;
    return bus_error_to(err, &bus_error, status, "forgetting a failure");
}

int unit_manager_version(struct unit_manager *manager)
{
    BUS_ERROR_SCOPED bus_error = SD_BUS_ERROR_NULL;
    char *text = NULL;
    int64_t version = 0;

    if (sd_bus_get_property_string(manager->bus, UNIT_SERVICE, UNIT_MANAGER_PATH, UNIT_MANAGER_INTERFACE, "Version",
                                   &bus_error, &text) < 0)
        return 0;
    (void)text_to_int(arena_copy_n(manager->arena, text, strspn(text, "0123456789")), &version);
    free(text);
    return (int)version;
}

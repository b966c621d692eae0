/* SPDX-License-Identifier: Apache-2.0 */
/* Match rules for each unit's properties and for the manager's UnitFilesChanged; what a unit was is remembered by its state. */
#include "agent/system/unit/unit_watch.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/system/unit/unit_bus.h"
#include "common/base/clock.h"
#include "common/base/text.h"

#define RULES_MAX 200 /* dbus-daemon's default limit is 512 a connection */
#define RETRY_FIRST_MS 1000
#define RETRY_MOST_MS 64000
#define PRIVATE_ADDRESS "unix:path=/run/systemd/private"
#define UNIT_FOLDER "/org/freedesktop/systemd1/unit"

struct watched_unit {
    const char *name, *path; /* on the bus */
    char state[32];          /* ActiveState as last told; "": not yet */
    bool is_touched;
};

struct unit_watch {
    const char *address;
    struct arena *arena; /* of the last unit_watch_set */
    struct watched_unit *units;
    size_t count;
    sd_bus *bus; /* NULL: no connection */
    int64_t retry_at_ms, retry_ms;
    bool is_close;   /* SubState matters, too */
    bool all;        /* all units are touched, for what is known */
    bool was_broken; /* the connection, since it was ready last */
};

struct unit_watch *unit_watch_new(const char *address)
{
    struct unit_watch *watch = calloc(1, sizeof(*watch));

    if (watch == NULL)
        abort();
    watch->address = address;
    return watch;
}

void unit_watch_free(struct unit_watch *watch)
{
    if (watch == NULL)
        return;
    sd_bus_close_unref(watch->bus);
    arena_free(watch->arena);
    free(watch);
}

/* --- what systemd says --- */

static struct watched_unit *unit_of(struct unit_watch *watch, const char *path)
{
    for (size_t i = 0; path != NULL && i < watch->count; i++)
        if (strcmp(watch->units[i].path, path) == 0)
            return &watch->units[i];
    return NULL;
}

void unit_watch_closely(struct unit_watch *watch)
{
    watch->is_close = true;
}

/* The text of one property among those that changed; NULL: it is not among them. */
static const char *changed_text(sd_bus_message *message, const char *wanted)
{
    const char *name = NULL, *interface = NULL, *text = NULL;

    if (sd_bus_message_read(message, "s", &interface) < 0 || sd_bus_message_enter_container(message, 'a', "{sv}") < 0)
        return NULL;
    while (sd_bus_message_enter_container(message, 'e', "sv") > 0) {
        if (sd_bus_message_read(message, "s", &name) < 0)
            return NULL;
        if (strcmp(name, wanted) == 0)
            return sd_bus_message_read(message, "v", "s", &text) < 0 ? NULL : text;
        if (sd_bus_message_skip(message, "v") < 0 || sd_bus_message_exit_container(message) < 0)
            return NULL;
    }
    return NULL;
}

/* A unit tells its status text and much more this way: only another state matters. */
static int properties_changed(sd_bus_message *message, void *data, sd_bus_error *error)
{
    struct unit_watch *watch = data;
    struct watched_unit *unit = unit_of(watch, sd_bus_message_get_path(message));
    const char *state = unit == NULL ? NULL : changed_text(message, watch->is_close ? "SubState" : "ActiveState");

    (void)error;
    if (state == NULL || strcmp(state, unit->state) == 0)
        return 0;
    unit->is_touched = true;
    unit->state[0] = '\0';
    strncat(unit->state, state, sizeof(unit->state) - 1);
    return 0;
}

/* Which unit it was is not told. */
static int files_changed(sd_bus_message *message, void *data, sd_bus_error *error)
{
    struct unit_watch *watch = data;

    (void)message;
    (void)error;
    watch->all = true;
    return 0;
}

static int answer_ignored(sd_bus_message *message, void *data, sd_bus_error *error)
{
    (void)message;
    (void)data;
    (void)error;
    return 0;
}

/* --- the connection --- */

static int bus_connect(const char *address, bool is_client, sd_bus **out)
{
    sd_bus *bus = NULL;
    int status = sd_bus_new(&bus);

    if (status >= 0)
        status = sd_bus_set_address(bus, address);
    if (status >= 0 && is_client)
        status = sd_bus_set_bus_client(bus, true);
    if (status >= 0)
        status = sd_bus_start(bus);
    if (status < 0)
        sd_bus_close_unref(bus);
    else
        *out = bus;
    return status;
}

static int rule_add(struct unit_watch *watch, const char *path, const char *rest, sd_bus_message_handler_t handler)
{
    ARENA_SCOPED arena = arena_new();

    /* nothing waits for the answers: rules hold from when the bus has read them, in order */
    return sd_bus_add_match_async(watch->bus, NULL, arena_printf(arena, "type='signal',path%s,%s", path, rest), handler,
                                  answer_ignored, watch);
}

static int rules_add(struct unit_watch *watch)
{
    const char *properties = "interface='org.freedesktop.DBus.Properties',member='PropertiesChanged'";
    int status = rule_add(watch, "='" UNIT_MANAGER_PATH "'",
                          "interface='" UNIT_MANAGER_INTERFACE "',member='UnitFilesChanged'", files_changed);

    if (watch->count > RULES_MAX)
        return status < 0 ? status : rule_add(watch, "_namespace='" UNIT_FOLDER "'", properties, properties_changed);
    for (size_t i = 0; status >= 0 && i < watch->count; i++) {
        ARENA_SCOPED arena = arena_new();

        status = rule_add(watch, arena_printf(arena, "='%s'", watch->units[i].path), properties, properties_changed);
    }
    return status;
}

static void retry_later(struct unit_watch *watch)
{
    watch->retry_ms = watch->retry_ms == 0 ? RETRY_FIRST_MS : watch->retry_ms * 2;
    watch->retry_at_ms = watch->retry_ms > RETRY_MOST_MS ? 0 : clock_monotonic_ms() + watch->retry_ms;
}

static bool bus_begin(struct unit_watch *watch, struct error *err)
{
    int status =
        watch->address != NULL ? bus_connect(watch->address, true, &watch->bus) : sd_bus_open_system(&watch->bus);

    if (status < 0 && watch->address == NULL && geteuid() == 0)
        status = bus_connect(PRIVATE_ADDRESS, false, &watch->bus);
    if (status >= 0)
        status = rules_add(watch);
    if (status >= 0)
        status = sd_bus_call_method_async(watch->bus, NULL, UNIT_SERVICE, UNIT_MANAGER_PATH, UNIT_MANAGER_INTERFACE,
                                          "Subscribe", answer_ignored, NULL, "");
    if (status >= 0)
        return true;
    watch->bus = sd_bus_close_unref(watch->bus);
    retry_later(watch);
    return bus_error_to(err, NULL, status, "units cannot be watched, the timed check looks at them: no bus");
}

static bool unit_add(struct unit_watch *watch, const char *name)
{
    struct watched_unit *unit = &watch->units[watch->count];
    char *path = NULL;

    if (sd_bus_path_encode(UNIT_FOLDER, name, &path) < 0)
        return false;
    *unit = (struct watched_unit){ .name = arena_copy(watch->arena, name), .path = arena_copy(watch->arena, path) };
    free(path);
    watch->count++;
    return true;
}

/* The same units as before need no new connection. */
static bool is_same(const struct unit_watch *watch, const char *const *units, size_t count)
{
    if (watch->bus == NULL || watch->count != count)
        return false;
    for (size_t i = 0; i < count; i++)
        if (strcmp(watch->units[i].name, units[i]) != 0)
            return false;
    return true;
}

bool unit_watch_set(struct unit_watch *watch, const char *const *units, size_t count, struct error *err)
{
    if (is_same(watch, units, count))
        return true;
    watch->bus = sd_bus_close_unref(watch->bus);
    arena_free(watch->arena);
    watch->arena = arena_new();
    watch->count = 0;
    watch->all = watch->was_broken = false;
    watch->retry_ms = watch->retry_at_ms = 0;
    watch->units = arena_new_array(watch->arena, struct watched_unit, count + 1);
    for (size_t i = 0; i < count && i < UNIT_WATCH_MAX; i++)
        (void)unit_add(watch, units[i]);
    return watch->count == 0 || bus_begin(watch, err);
}

/* --- polling --- */

int unit_watch_fd(const struct unit_watch *watch)
{
    return watch->bus == NULL ? -1 : sd_bus_get_fd(watch->bus);
}

short unit_watch_events(const struct unit_watch *watch)
{
    int events = watch->bus == NULL ? 0 : sd_bus_get_events(watch->bus);

    return events < 0 ? POLLIN : (short)events;
}

int64_t unit_watch_due_ms(const struct unit_watch *watch)
{
    uint64_t until_us = 0;

    if (watch->bus == NULL)
        return watch->count == 0 || watch->retry_at_ms == 0 ? -1 : watch->retry_at_ms;
    if (sd_bus_get_timeout(watch->bus, &until_us) < 0 || until_us == UINT64_MAX)
        return -1;
    return (int64_t)(until_us / 1000) + 1;
}

static void touched_tell(struct unit_watch *watch, struct arena *arena, struct unit_watch_touched *out)
{
    *out = (struct unit_watch_touched){ .units = arena_new_array(arena, const char *, watch->count + 1),
                                        .all = watch->all };
    for (size_t i = 0; i < watch->count; i++) {
        if (watch->units[i].is_touched)
            out->units[out->count++] = watch->units[i].name;
        watch->units[i].is_touched = false;
    }
    watch->all = false;
}

static bool bus_step(struct unit_watch *watch, struct error *err)
{
    int status;

    if (watch->bus == NULL)
        return watch->count == 0 || watch->retry_at_ms == 0 || clock_monotonic_ms() < watch->retry_at_ms ||
               bus_begin(watch, err);
    do
        status = sd_bus_process(watch->bus, NULL);
    while (status > 0);
    if (status >= 0) {
        if (sd_bus_is_ready(watch->bus) > 0) {
            watch->all = watch->all || watch->was_broken; /* what happened meanwhile was not told */
            watch->was_broken = false;
            watch->retry_ms = 0;
        }
        return true;
    }
    watch->bus = sd_bus_close_unref(watch->bus);
    watch->was_broken = true;
    for (size_t i = 0; i < watch->count; i++)
        watch->units[i].state[0] = '\0';
    retry_later(watch);
    return bus_error_to(err, NULL, status, "units are not watched for a moment: the bus is gone");
}

bool unit_watch_take(struct unit_watch *watch, struct arena *arena, struct unit_watch_touched *out, struct error *err)
{
    bool ok = bus_step(watch, err);

    touched_tell(watch, arena, out);
    return ok;
}

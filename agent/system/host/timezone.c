/* SPDX-License-Identifier: Apache-2.0 */
/* Time zone and hardware clock through files, or through timedated where systemd runs. */
#include "agent/system/host/timezone.h"

#include <string.h>
#include <unistd.h>

#include "agent/system/file/file_replace.h"
#include "agent/system/process/process.h"
#include "agent/system/unit/unit_bus.h"
#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/base/text.h"

#define TIMEZONE_FILE_LIMIT (1024 * 1024)
#define LOCALTIME "/etc/localtime"
#define CLOCK_FILE "/etc/default/rcS"

static const char *zone_file(const struct system *system, struct arena *arena, const char *name)
{
    return system_path(system, arena, arena_printf(arena, "/usr/share/zoneinfo/%s", name));
}

bool timezone_exists(const struct system *system, struct arena *arena, const char *name)
{
    return name[0] != '\0' && name[0] != '/' && strstr(name, "..") == NULL &&
           path_is_file(zone_file(system, arena, name));
}

/* The zone /etc/localtime links to; NULL: it is no link, or leads elsewhere. */
static const char *link_zone(const struct system *system, struct arena *arena)
{
    char target[LIMIT_PATH];
    ssize_t length = readlink(system_path(system, arena, LOCALTIME), target, sizeof(target) - 1);

    if (length <= 0)
        return NULL;
    target[length] = '\0';
    const char *zone = strstr(target, "/zoneinfo/");
    return zone != NULL ? arena_copy(arena, zone + strlen("/zoneinfo/")) : NULL;
}

const char *timezone_linked(const struct system *system, struct arena *arena)
{
    const char *zone = link_zone(system, arena);

    return zone != NULL ? zone : "UTC";
}

static char *file_text(const struct system *system, struct arena *arena, const char *path, size_t *length_out)
{
    struct error ignored = ERROR_INIT;
    char *data = NULL;

    if (!file_read(arena, system_path(system, arena, path), TIMEZONE_FILE_LIMIT, &data, length_out, &ignored))
        return NULL;
    return data;
}

const char *timezone_clock(const struct system *system, struct arena *arena)
{
    size_t length = 0;
    const char *data = file_text(system, arena, "/etc/adjtime", &length), *line;

    if (data == NULL)
        return "UTC";
    const char *cursor = data, *end = data + length;
    while (text_line(&cursor, end, &line, &length)) {
        if (length == 5 && memcmp(line, "LOCAL", 5) == 0)
            return "local";
    }
    return "UTC";
}

static bool timedated_call(const char *method, const char *types, const char *zone, int local, struct error *err)
{
    BUS_ERROR_SCOPED bus_error = SD_BUS_ERROR_NULL;
    const char *service = "org.freedesktop.timedate1", *path = "/org/freedesktop/timedate1";
    sd_bus *bus = NULL;
    int status;

    if (!bus_open_system(&bus, err))
        return false;
    if (zone != NULL)
        status = sd_bus_call_method(bus, service, path, service, method, &bus_error, NULL, types, zone, 0);
    else
        status = sd_bus_call_method(bus, service, path, service, method, &bus_error, NULL, types, local, 0, 0);
    sd_bus_flush_close_unref(bus);
    return status >= 0 || bus_error_to(err, &bus_error, status, "asking timedated");
}

bool timezone_set_by_systemd(const char *name, struct error *err)
{
    return timedated_call("SetTimezone", "sb", name, 0, err);
}

bool timezone_set_clock_by_systemd(bool local, struct error *err)
{
    return timedated_call("SetLocalRTC", "bbb", NULL, local, err);
}

bool timezone_systemd_answers(const struct system *system, struct arena *arena)
{
    return unit_is_booted(system, arena) && path_exists(system_path(system, arena, "/run/dbus/system_bus_socket"));
}

/* The first word of /etc/timezone counts only if /etc/localtime agrees with it. */
bool timezone_named(const struct system *system, struct arena *arena, const char *planned, const char **out,
                    struct error *err)
{
    size_t length = 0, local_length = 0, zone_length = 0;
    const char *text = file_text(system, arena, "/etc/timezone", &length);
    const char *name = text != NULL ? text + strspn(text, " \t\r\n") : "";
    const char *zone = link_zone(system, arena);
    char target[8];

    (void)err;
    name = arena_copy_n(arena, name, strcspn(name, " \t\r\n"));
    *out = name[0] != '\0' ? name : TIMEZONE_UNKNOWN;
    if (strcmp(name, planned) != 0)
        return true;
    if (readlink(system_path(system, arena, LOCALTIME), target, sizeof(target)) > 0) {
        bool is_broken = !path_exists(system_path(system, arena, LOCALTIME));
        *out = zone != NULL && !is_broken ? zone : TIMEZONE_UNKNOWN;
        return true;
    }
    const char *local = file_text(system, arena, LOCALTIME, &local_length);
    const char *wanted = file_text(system, arena, arena_printf(arena, "/usr/share/zoneinfo/%s", planned), &zone_length);
    if (local == NULL || wanted == NULL || local_length != zone_length || memcmp(local, wanted, zone_length) != 0)
        *out = TIMEZONE_UNKNOWN;
    return true;
}

static bool is_clock_line(struct arena *arena, const char *line, size_t length, const char **value_out)
{
    const char *text = arena_copy_n(arena, line, length);
    const char *at = text + 3;

    if (strncmp(text, "UTC", 3) != 0)
        return false;
    at += strspn(at, " \t");
    if (*at != '=')
        return false;
    *value_out = text_trim(arena, at + 1, strlen(at + 1));
    return true;
}

bool timezone_clock_named(const struct system *system, struct arena *arena, const char *planned, const char **out,
                          struct error *err)
{
    size_t length = 0;
    const char *data = file_text(system, arena, CLOCK_FILE, &length), *line, *value = NULL;
    bool is_utc = false;

    *out = TIMEZONE_UNKNOWN;
    if (data == NULL)
        return true;
    const char *cursor = data, *end = data + length;
    while (value == NULL && text_line(&cursor, end, &line, &length))
        (void)is_clock_line(arena, line, length, &value);
    if (value == NULL)
        return true;
    if (!text_to_bool(value, &is_utc))
        return error_set(err, "%s: UTC is neither yes nor no", CLOCK_FILE);
    *out = is_utc ? "UTC" : "local";
    if (strcmp(*out, planned) == 0)
        *out = timezone_clock(system, arena);
    return true;
}

bool timezone_set_files(const struct system *system, struct arena *arena, const char *name, struct error *err)
{
    struct process_result result;
    struct file_replace_options options = { .mode = 0644 };
    const char *text = arena_printf(arena, "%s\n", name);
    const char *target = arena_printf(arena, "/usr/share/zoneinfo/%s", name);

    if (!file_replace_text(system, arena, "/etc/timezone", text, &options, err))
        return false;
    const char *link = system_path(system, arena, LOCALTIME), *temporary = arena_printf(arena, "%s.roost", link);
    (void)unlink(temporary);
    if (symlink(target, temporary) != 0 || rename(temporary, link) != 0)
        return error_set_errno(err, "linking %s", LOCALTIME);
    if (process_find(system, arena, "dpkg-reconfigure") == NULL || (system->root != NULL && system->root[0] != '\0'))
        return true;
    return process_run_ok(system, arena, &PROCESS("dpkg-reconfigure", "--frontend", "noninteractive", "tzdata"),
                          &result, err);
}

bool timezone_set_clock_files(const struct system *system, struct arena *arena, bool local, struct error *err)
{
    struct process_result result;
    struct file_replace_options options = { .mode = 0644 };
    struct text out = text_new(arena);
    size_t length = 0;
    bool is_done = false;
    const char *data = file_text(system, arena, CLOCK_FILE, &length), *line, *value = NULL;
    const char *wanted = local ? "UTC=no\n" : "UTC=yes\n";

    const char *cursor = data != NULL ? data : "", *end = cursor + length;
    while (text_line(&cursor, end, &line, &length)) {
        if (!is_clock_line(arena, line, length, &value)) {
            text_printf(&out, "%.*s\n", (int)length, line);
            continue;
        }
        text_add(&out, is_done ? "" : wanted);
        is_done = true;
    }
    const char *text = arena_printf(arena, "%s%s", is_done ? "" : wanted, out.data != NULL ? out.data : "");
    if (process_require(system, arena, "hwclock", err) == NULL)
        return false;
    return file_replace_text(system, arena, CLOCK_FILE, text, &options, err) &&
           process_run_ok(system, arena, &PROCESS("hwclock", "--systohc", local ? "--localtime" : "--utc"), &result,
                          err);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Reads and sets the machine's name: files, the kernel, hostnamed over the system bus. */
#include "agent/system/host/hostname.h"

#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/system/file/file_replace.h"
#include "agent/system/unit/unit_bus.h"
#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/base/text.h"

#define HOSTNAME_FILE_LIMIT (64 * 1024)
#define HOSTNAME_MAX 64

static const struct {
    const char *path;
    const char *key; /* before the name; "": the file is the name */
} files[] = {
    [HOSTNAME_FILE_PLAIN] = { "/etc/hostname", "" },
    [HOSTNAME_FILE_SLES] = { "/etc/HOSTNAME", "" },
    [HOSTNAME_FILE_REDHAT] = { "/etc/sysconfig/network", "HOSTNAME=" },
    [HOSTNAME_FILE_OPENRC] = { "/etc/conf.d/hostname", "hostname=" },
};

const char *hostname_current(struct arena *arena)
{
    char name[256] = "";

    (void)gethostname(name, sizeof(name) - 1);
    return arena_copy(arena, name);
}

static bool file_text(const struct system *system, struct arena *arena, enum hostname_file file, char **out,
                      size_t *length, struct error *err)
{
    const char *path = system_path(system, arena, files[file].path);

    *out = arena_copy(arena, "");
    *length = 0;
    return !path_exists(path) || file_read(arena, path, HOSTNAME_FILE_LIMIT, out, length, err);
}

bool hostname_kept(const struct system *system, struct arena *arena, enum hostname_file file, const char **out,
                   struct error *err)
{
    char *data = NULL;
    size_t length = 0, key_length = strlen(files[file].key);
    const char *raw;

    if (!file_text(system, arena, file, &data, &length, err))
        return error_prefix(err, "failed to read hostname");
    *out = "";
    const char *cursor = data, *end = data + length;
    while (text_line(&cursor, end, &raw, &length)) {
        const char *line = text_trim(arena, raw, length);

        if (line[0] == '\0' || line[0] == '#' || strncmp(line, files[file].key, key_length) != 0)
            continue;
        line += key_length;
        line += *line == '"';
        *out = arena_copy_n(arena, line, strcspn(line, "\""));
        return true;
    }
    if (file == HOSTNAME_FILE_REDHAT)
        return error_set(err, "Unable to locate HOSTNAME entry in %s", files[file].path);
    return true;
}

/* The lines of the file with the one that names the host replaced, or added. */
static const char *file_edit(struct arena *arena, enum hostname_file file, const char *data, size_t length,
                             const char *line)
{
    struct text out = text_new(arena);
    const char *cursor = data, *end = data + length, *raw;
    bool is_done = false;

    while (text_line(&cursor, end, &raw, &length)) {
        bool is_name = strncmp(raw, files[file].key, strlen(files[file].key)) == 0;

        if (is_name && !is_done)
            text_printf(&out, "%s\n", line);
        else if (!is_name)
            text_printf(&out, "%.*s\n", (int)length, raw);
        is_done = is_done || is_name;
    }
    if (!is_done)
        text_printf(&out, "%s\n", line);
    return out.data;
}

bool hostname_keep(const struct system *system, struct arena *arena, enum hostname_file file, const char *name,
                   struct error *err)
{
    const char *quote = file == HOSTNAME_FILE_OPENRC ? "\"" : "";
    const char *line = arena_printf(arena, "%s%s%s%s", files[file].key, quote, name, quote);
    struct file_replace_options options = { .mode = 0644, .unsafe = true };
    char *data = NULL;
    size_t length = 0;

    if (!file_text(system, arena, file, &data, &length, err))
        return error_prefix(err, "failed to read hostname");
    bool is_plain = files[file].key[0] == '\0';
    const char *after = is_plain ? arena_printf(arena, "%s\n", name) : file_edit(arena, file, data, length, line);
    return file_replace_text(system, arena, files[file].path, after, &options, err) ||
           error_prefix(err, "failed to update hostname");
}

bool hostname_set(const char *name, struct error *err)
{
    return sethostname(name, strlen(name)) == 0 || error_set_errno(err, "setting the host name");
}

bool hostname_fits(const char *name, struct error *err)
{
    return strlen(name) <= HOSTNAME_MAX ||
           error_set(err, "name cannot be longer than %d characters on systemd servers, try a shorter name",
                     HOSTNAME_MAX);
}

static bool hostnamed_call(const char *method, const char *name, struct error *err)
{
    BUS_ERROR_SCOPED bus_error = SD_BUS_ERROR_NULL;
    sd_bus *bus = NULL;

    if (!bus_open_system(&bus, err))
        return false;
    int status = sd_bus_call_method(bus, "org.freedesktop.hostname1", "/org/freedesktop/hostname1",
                                    "org.freedesktop.hostname1", method, &bus_error, NULL, "sb", name, 0);
    sd_bus_flush_close_unref(bus);
    return status >= 0 || bus_error_to(err, &bus_error, status, "asking hostnamed to set the host name");
}

bool hostname_keep_by_systemd(const char *name, struct error *err)
{
    return hostnamed_call("SetPrettyHostname", name, err) && hostnamed_call("SetStaticHostname", name, err);
}

bool hostname_set_by_systemd(const char *name, struct error *err)
{
    return hostnamed_call("SetHostname", name, err);
}

const char *hostname_full(struct arena *arena)
{
    const char *name = hostname_current(arena), *full = NULL;
    struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_CANONNAME };
    struct addrinfo *found = NULL;
    char reverse[NI_MAXHOST];

    if (getaddrinfo(name, NULL, &hints, &found) != 0)
        return name;
    if (getnameinfo(found->ai_addr, found->ai_addrlen, reverse, sizeof(reverse), NULL, 0, NI_NAMEREQD) == 0 &&
        strchr(reverse, '.') != NULL)
        full = arena_copy(arena, reverse);
    else if (found->ai_canonname != NULL && strchr(found->ai_canonname, '.') != NULL)
        full = arena_copy(arena, found->ai_canonname);
    freeaddrinfo(found);
    return full != NULL ? full : name;
}

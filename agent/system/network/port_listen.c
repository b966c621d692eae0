/* SPDX-License-Identifier: Apache-2.0 */
/* See the header. Addresses stand in the tables as 32-bit words in the order of this machine's bytes. */
#include "agent/system/network/port_listen.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/path.h"
#include "common/base/text.h"

#define LISTEN_STATE "0A"
#define CONNECTED_STATE "01"
#define LISTENERS_MAX 4096
#define FIELDS_MAX 16

/* "0100007F" or 32 digits. */
static const char *address_read(struct arena *arena, const char *hex)
{
    size_t length = strlen(hex);
    uint32_t words[4] = { 0 };
    char text[INET6_ADDRSTRLEN];

    if (length != 8 && length != 32)
        return NULL;
    for (size_t i = 0; i < length / 8; i++)
        words[i] = (uint32_t)strtoul(arena_copy_n(arena, hex + i * 8, 8), NULL, 16);
    return inet_ntop(length == 8 ? AF_INET : AF_INET6, words, text, sizeof(text)) == NULL ? NULL
                                                                                          : arena_copy(arena, text);
}

/* sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode ... */
static bool line_read(struct arena *arena, const char *line, size_t length, const char *state,
                      struct port_listener *out)
{
    const char *fields[FIELDS_MAX] = { NULL };
    char *copy = arena_copy_n(arena, line, length), *rest = copy, *field, *colon;
    size_t count = 0;

    while (count < FIELDS_MAX && (field = strtok_r(rest, " \t", &rest)) != NULL)
        fields[count++] = field;
    if (count < 10 || strcmp(fields[3], state) != 0 || (colon = strchr(fields[1], ':')) == NULL)
        return false;
    *out = (struct port_listener){ .port = (int)strtol(colon + 1, NULL, 16) };
    out->address = address_read(arena, arena_copy_n(arena, fields[1], (size_t)(colon - fields[1])));
    return out->address != NULL && text_to_int(fields[9], &out->inode);
}

static void table_read(const struct sysfs *fs, const char *path, struct port_listener *out, size_t *count)
{
    const char *cursor = sysfs_document(fs, path, SYSFS_TEXT_MAX), *end, *line;
    size_t length;

    if (cursor == NULL)
        return;
    end = cursor + strlen(cursor);
    while (*count < LISTENERS_MAX && text_line(&cursor, end, &line, &length)) {
        if (line_read(fs->arena, line, length, LISTEN_STATE, &out[*count]))
            (*count)++;
    }
}

struct port_listener *port_listeners(const struct sysfs *fs, size_t *count_out)
{
    struct port_listener *listeners = arena_new_array(fs->arena, struct port_listener, LISTENERS_MAX);

    *count_out = 0;
    table_read(fs, "/proc/net/tcp", listeners, count_out);
    table_read(fs, "/proc/net/tcp6", listeners, count_out);
    return listeners;
}

static bool is_any(const char *address)
{
    return strcmp(address, "0.0.0.0") == 0 || strcmp(address, "::") == 0;
}

const struct port_listener *port_taken(const struct port_listener *listeners, size_t count, const char *address,
                                       int port)
{
    for (size_t i = 0; i < count; i++) {
        if (listeners[i].port == port &&
            (is_any(listeners[i].address) || is_any(address) || strcmp(listeners[i].address, address) == 0))
            return &listeners[i];
    }
    return NULL;
}

/* --- whose it is --- */

static bool process_has(const struct sysfs *fs, const char *process, const char *socket)
{
    const char *descriptors = path_join(fs->arena, process, "fd");

    for (const char *const *name = sysfs_names(fs, descriptors); *name != NULL; name++) {
        char target[64];
        ssize_t length = readlink(system_path(fs->system, fs->arena, path_join(fs->arena, descriptors, *name)), target,
                                  sizeof(target) - 1);

        target[length < 0 ? 0 : length] = '\0';
        if (strcmp(target, socket) == 0)
            return true;
    }
    return false;
}

static const char *socket_name(struct arena *arena, int64_t inode)
{
    return arena_printf(arena, "socket:[%" PRId64 "]", inode);
}

/* "0::/system.slice/x.service" */
static const char *process_unit(const struct sysfs *fs, const char *process)
{
    const char *groups = sysfs_document(fs, path_join(fs->arena, process, "cgroup"), SYSFS_FILE_MAX), *end;
    const char *line;
    size_t length;

    if (groups == NULL)
        return NULL;
    end = groups + strlen(groups);
    while (text_line(&groups, end, &line, &length)) {
        const char *name = path_basename(arena_copy_n(fs->arena, line, length));

        if (text_ends(name, ".service") || text_ends(name, ".scope"))
            return name;
    }
    return NULL;
}

bool port_holder_find(const struct sysfs *fs, int64_t inode, struct port_holder *out)
{
    const char *socket = socket_name(fs->arena, inode);

    for (const char *const *pid = sysfs_numbered(fs, "/proc", ""); *pid != NULL; pid++) {
        const char *process = path_join(fs->arena, "/proc", *pid), *name;

        if (!process_has(fs, process, socket))
            continue;
        name = sysfs_text(fs, process, "comm");
        *out = (struct port_holder){ .program = name == NULL ? "?" : name, .unit = process_unit(fs, process) };
        return text_to_int(*pid, &out->pid);
    }
    return false;
}

bool port_is_of(const struct sysfs *fs, int64_t inode, const int64_t *pids, size_t count)
{
    const char *socket = socket_name(fs->arena, inode);

    for (size_t i = 0; i < count; i++) {
        if (process_has(fs, arena_printf(fs->arena, "/proc/%" PRId64, pids[i]), socket))
            return true;
    }
    return false;
}

static bool table_connects(const struct sysfs *fs, const char *path, int port, const int64_t *pids, size_t count)
{
    const char *cursor = sysfs_document(fs, path, SYSFS_TEXT_MAX), *end, *line;
    struct port_listener here;
    size_t length;

    if (cursor == NULL)
        return false;
    end = cursor + strlen(cursor);
    while (text_line(&cursor, end, &line, &length)) {
        if (line_read(fs->arena, line, length, CONNECTED_STATE, &here) && here.port == port &&
            port_is_of(fs, here.inode, pids, count))
            return true;
    }
    return false;
}

bool port_is_connected(const struct sysfs *fs, int port, const int64_t *pids, size_t count)
{
    return table_connects(fs, "/proc/net/tcp", port, pids, count) ||
           table_connects(fs, "/proc/net/tcp6", port, pids, count);
}

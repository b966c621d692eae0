/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mounted file systems that have a device, with sizes. A network file system whose server is gone blocks whoever
 * asks for its size, so those are asked in a child process with a time limit.
 */
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/facts/fact_support.h"
#include "common/base/fd.h"

#define REMOTE_MS 2000

/* \040 and the like stand for blanks in mount tables. */
static const char *unescape(struct arena *arena, const char *text)
{
    struct text out = text_new(arena);

    for (; *text; text++) {
        bool is_octal = text[0] == '\\' && text[1] >= '0' && text[1] <= '3' && text[2] >= '0' && text[2] <= '7' &&
                        text[3] >= '0' && text[3] <= '7';
        if (is_octal) {
            text_add_char(&out, (char)((text[1] - '0') * 64 + (text[2] - '0') * 8 + (text[3] - '0')));
            text += 3;
        } else {
            text_add_char(&out, *text);
        }
    }
    return out.data;
}

/* Mount points that show a part of a file system only (bind mounts, subvolumes), from mountinfo's fourth field. */
static struct value *bind_mounts(const struct system *system, struct arena *arena)
{
    const char *data = fact_file(system, arena, "/proc/self/mountinfo");
    const char *at = data ? data : "", *end = at + strlen(at), *line;
    struct value *found = value_map(arena);
    size_t length;

    while (text_line(&at, end, &line, &length)) {
        struct value *words = fact_words(arena, arena_copy_n(arena, line, length));
        if (value_count(words) > 4 && strcmp(value_text(value_item(words, 3)), "/") != 0)
            value_map_put_bool(arena, found, unescape(arena, value_text(value_item(words, 4))), true);
    }
    return found;
}

/* --- identity --- */

static const char *uuid_of_udev(const struct system *system, struct arena *arena, dev_t device)
{
    const char *path = arena_printf(arena, "/run/udev/data/b%u:%u", major(device), minor(device));
    const char *data = fact_file(system, arena, path);
    const char *at = data ? strstr(data, "E:ID_FS_UUID=") : NULL;

    return at ? arena_copy_n(arena, at + 13, strcspn(at + 13, "\n")) : NULL;
}

static const char *device_uuid(const struct system *system, struct arena *arena, const char *device)
{
    const char *own = system_path(system, arena, device);
    struct stat wanted, info;

    if (device[0] != '/' || stat(own, &wanted) != 0)
        return "N/A";
    for (const char *const *name = fact_folder(system, arena, "/dev/disk/by-uuid"); *name; name++) {
        const char *link = system_path(system, arena, arena_printf(arena, "/dev/disk/by-uuid/%s", *name));
        if (stat(link, &info) == 0 && info.st_rdev == wanted.st_rdev && info.st_ino == wanted.st_ino)
            return *name;
    }
    const char *uuid = S_ISBLK(wanted.st_mode) ? uuid_of_udev(system, arena, wanted.st_rdev) : NULL;
    return uuid ? uuid : "N/A";
}

/* --- sizes --- */

static bool is_remote(const char *device, const char *fstype)
{
    return strstr(device, ":/") || text_starts(device, "//") || text_starts(fstype, "nfs") ||
           text_starts(fstype, "fuse") || text_starts(fstype, "cifs") || text_starts(fstype, "ceph");
}

static bool remote_size(const char *path, struct statvfs *out)
{
    struct pollfd fd = { .fd = -1, .events = POLLIN };
    struct error ignored = ERROR_INIT;
    int pipes[2];
    bool has_answer = false;

    if (pipe(pipes) != 0)
        return false;
    pid_t child = fork();
    if (child == 0) {
        if (statvfs(path, out) == 0)
            (void)fd_write_all(pipes[1], out, sizeof *out, &ignored);
        _exit(0);
    }
    fd_close(pipes[1]);
    fd.fd = pipes[0];
    if (child > 0 && poll(&fd, 1, REMOTE_MS) > 0)
        has_answer = read(pipes[0], out, sizeof *out) == (ssize_t)sizeof *out;
    fd_close(pipes[0]);
    if (child > 0) {
        (void)kill(child, SIGKILL);
        (void)waitpid(child, NULL, has_answer ? 0 : WNOHANG); /* one that hangs in the kernel cannot be waited for */
    }
    return has_answer;
}

static void put_size(struct arena *arena, struct value *mount, const struct statvfs *info)
{
    int64_t block = (int64_t)info->f_bsize, fragment = (int64_t)info->f_frsize;

    value_map_put_int(arena, mount, "size_total", fragment * (int64_t)info->f_blocks);
    value_map_put_int(arena, mount, "size_available", fragment * (int64_t)info->f_bavail);
    value_map_put_int(arena, mount, "block_size", block);
    value_map_put_int(arena, mount, "block_total", (int64_t)info->f_blocks);
    value_map_put_int(arena, mount, "block_available", (int64_t)info->f_bavail);
    value_map_put_int(arena, mount, "block_used", (int64_t)info->f_blocks - (int64_t)info->f_bavail);
    value_map_put_int(arena, mount, "inode_total", (int64_t)info->f_files);
    value_map_put_int(arena, mount, "inode_available", (int64_t)info->f_favail);
    value_map_put_int(arena, mount, "inode_used", (int64_t)info->f_files - (int64_t)info->f_favail);
}

static void mount_add(const struct system *system, struct arena *arena, struct value *mounts, const struct value *words,
                      const struct value *binds)
{
    const char *device = unescape(arena, value_text(value_item(words, 0)));
    const char *path = unescape(arena, value_text(value_item(words, 1)));
    const char *fstype = value_text(value_item(words, 2)), *options = value_text(value_item(words, 3));
    struct value *mount = value_map(arena);
    struct statvfs info;

    if ((device[0] != '/' && device[0] != '\\' && !strstr(device, ":/")) || strcmp(fstype, "none") == 0)
        return;
    value_map_put_string(arena, mount, "mount", path);
    value_map_put_string(arena, mount, "device", device);
    value_map_put_string(arena, mount, "fstype", fstype);
    value_map_put_string(arena, mount, "options",
                         value_map_true(binds, path) ? arena_printf(arena, "%s,bind", options) : options);
    const char *own = system_path(system, arena, path);
    if (is_remote(device, fstype) ? remote_size(own, &info) : statvfs(own, &info) == 0)
        put_size(arena, mount, &info);
    else
        value_map_put_string(arena, mount, "note", "Could not get extra information due to timeout");
    value_map_put_string(arena, mount, "uuid", device_uuid(system, arena, device));
    value_list_add(arena, mounts, mount);
}

static bool mounts_collect(const struct system *system, struct arena *arena, struct value *facts, struct error *err)
{
    const char *data = fact_file(system, arena, "/proc/self/mounts");
    struct value *mounts = value_list(arena), *binds = bind_mounts(system, arena), *by_path = value_map(arena);
    size_t length;

    (void)err;
    if (!data)
        data = fact_file(system, arena, "/proc/mounts");
    const char *at = data ? data : "", *end = at + strlen(at), *line;
    while (text_line(&at, end, &line, &length)) {
        struct value *words = fact_words(arena, arena_copy_n(arena, line, length));
        if (value_count(words) >= 4) /* of mounts over each other only the last can be seen */
            value_map_put(arena, by_path, value_text(value_item(words, 1)), words);
    }
    for (size_t i = 0; i < value_count(by_path); i++)
        mount_add(system, arena, mounts, value_pair_at(by_path, i)->item, binds);
    value_map_put(arena, facts, "mounts", mounts);
    return true;
}

FACT_GROUP_DEFINE(mounts) = {
    .name = "mounts",
    .names = FACT_NAMES("hardware", "processor", "processor_cores", "processor_count", "devices"),
    .collect = mounts_collect,
};

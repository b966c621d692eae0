/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The floor: what the bench's resources cost when everything is ready in memory and only the necessary system calls are made. No
 * playbook, no template, no report. Usage: floor PLAN [sync|check]. `sync` flushes each file before its rename, as Roost does.
 *
 * The plan is lines "KIND PATH LENGTH", each followed by LENGTH bytes and a newline:
 *   copy PATH content | folder PATH | link PATH target | line PATH the-line (after the first that starts alike) | creates PATH
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct options {
    bool sync, check;
};

static bool same_content(const char *path, const char *data, size_t length)
{
    static char buffer[1 << 20];
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool same = fstat(fd, &status) == 0 && (size_t)status.st_size == length && length <= sizeof(buffer) &&
                read(fd, buffer, length) == (ssize_t)length && memcmp(buffer, data, length) == 0;
    close(fd);
    return same;
}

static void replace(const char *path, const char *data, size_t length, const struct options *options)
{
    char temporary[4200];
    snprintf(temporary, sizeof(temporary), "%s.new", path);
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0 || write(fd, data, length) != (ssize_t)length || (options->sync && fsync(fd) != 0) || close(fd) != 0 ||
        rename(temporary, path) != 0) {
        perror(path);
        exit(1);
    }
}

static bool do_line(const char *path, const char *line, size_t length, const struct options *options)
{
    static char old[1 << 20], new[(1 << 20) + 4096];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? 0 : read(fd, old, sizeof(old) - 1);
    if (fd >= 0)
        close(fd);
    if (size < 0)
        size = 0;
    old[size] = '\0';
    size_t key = strcspn(line, "=") + 1;
    char *at = old;
    while (at && strncmp(at, line, key) != 0)
        at = (at = strchr(at, '\n')) ? at + 1 : NULL;
    if (at && strncmp(at, line, length) == 0 && at[length] == '\n')
        return false;
    if (options->check)
        return true;
    size_t head = at ? (size_t)(at - old) : (size_t)size, skip = at ? strcspn(at, "\n") + 1 : 0;
    memcpy(new, old, head);
    memcpy(new + head, line, length);
    new[head + length] = '\n';
    memcpy(new + head + length + 1, old + head + skip, (size_t)size - head - skip);
    replace(path, new, (size_t)size - skip + length + 1, options);
    return true;
}

static bool do_link(const char *path, const char *target, size_t length, const struct options *options)
{
    char now[4096];
    ssize_t got = readlink(path, now, sizeof(now));
    if (got == (ssize_t)length && memcmp(now, target, length) == 0)
        return false;
    char text[4096];
    snprintf(text, sizeof(text), "%.*s", (int)length, target);
    if (!options->check && symlink(text, path) != 0)
        perror(path);
    return true;
}

static bool do_one(const char *kind, const char *path, const char *data, size_t length, const struct options *options)
{
    struct stat status;
    if (strcmp(kind, "line") == 0)
        return do_line(path, data, length, options);
    if (strcmp(kind, "link") == 0)
        return do_link(path, data, length, options);
    if (strcmp(kind, "folder") == 0) {
        if (stat(path, &status) == 0)
            return false;
        return options->check || mkdir(path, 0755) == 0;
    }
    if (strcmp(kind, "creates") == 0 ? stat(path, &status) == 0 : same_content(path, data, length))
        return false;
    if (!options->check)
        replace(path, data, length, options);
    return true;
}

int main(int argc, char **argv)
{
    struct options options = { argc > 2 && strcmp(argv[2], "sync") == 0, argc > 2 && strcmp(argv[2], "check") == 0 };
    struct stat status;
    int fd = argc > 1 ? open(argv[1], O_RDONLY) : -1;
    if (fd < 0 || fstat(fd, &status) != 0) {
        fprintf(stderr, "usage: floor PLAN [sync|check]\n");
        return 2;
    }
    char *plan = mmap(NULL, (size_t)status.st_size + 1, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0), *at = plan;
    size_t changed = 0, total = 0;
    while (at < plan + status.st_size) {
        char kind[16], path[4096];
        size_t length = 0;
        int used = 0;
        if (sscanf(at, "%15s %4095s %zu%n", kind, path, &length, &used) != 3)
            break;
        at += used + 1;
        changed += do_one(kind, path, at, length, &options);
        at += length + 1;
        total++;
    }
    printf("%zu resources, %zu changed\n", total, changed);
    return 0;
}

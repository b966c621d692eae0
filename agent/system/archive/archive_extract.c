/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Extraction relative to the descriptor of the destination: every folder on the way is opened with
 * O_NOFOLLOW, so that a link, made by the archive or by anybody meanwhile, cannot lead the writing elsewhere.
 */
#include "agent/system/archive/archive_extract.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/fd.h"
#include "common/base/path.h"

struct folder_note {
    const char *path;
    struct archive_attributes attributes;
};

struct archive_target {
    struct arena *arena;
    const char *name;
    int root;
    const char *parent_path; /* the folder opened last: members of one folder come together */
    int parent;
    struct folder_note *folders;
    size_t folder_count, folder_capacity;
    unsigned serial;
};

bool archive_target_open(struct arena *arena, const char *folder, struct archive_target **out, struct error *err)
{
    struct archive_target *target = arena_new_of(arena, struct archive_target);
    int root = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (root < 0)
        return error_set_errno(err, "cannot open '%s'", folder);
    *target = (struct archive_target){ .arena = arena, .name = folder, .root = root, .parent = -1 };
    *out = target;
    return true;
}

void archive_target_close(struct archive_target *target)
{
    if (!target)
        return;
    fd_close(target->parent);
    fd_close(target->root);
    target->parent = target->root = -1;
}

void archive_target_guard(struct archive_target **target)
{
    archive_target_close(*target);
}

/* Opens a folder beneath `at`; makes it if `make` and it is missing. -1 with errno. */
static int folder_enter(int at, const char *name, bool make)
{
    int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    int fd = openat(at, name, flags);

    if (fd < 0 && errno == ENOENT && make && (mkdirat(at, name, 0777) == 0 || errno == EEXIST))
        fd = openat(at, name, flags);
    return fd;
}

/* Opens the folder `path` beneath the root; the descriptor is the caller's. -1 with errno, *at_out: how far
 * it went. */
static int folder_open(struct archive_target *target, const char *path, bool make, const char **at_out)
{
    int fd = fcntl(target->root, F_DUPFD_CLOEXEC, 3);

    for (const char *at = path; *at && fd >= 0;) {
        size_t length = strcspn(at, "/");
        const char *name = arena_copy_n(target->arena, at, length);
        int next = folder_enter(fd, name, make);
        fd_close(fd);
        fd = next;
        at += length;
        at += *at == '/';
        *at_out = at;
    }
    return fd;
}

static const char *place_text(struct archive_target *target, const char *path, const char *at)
{
    size_t length = (size_t)(at - path);

    while (length > 0 && path[length - 1] == '/')
        length--;
    return arena_printf(target->arena, "%s/%.*s", target->name, (int)length, path);
}

bool archive_target_is_safe(struct archive_target *target, const char *path, const char **why_out)
{
    const char *folder = path_dirname(target->arena, path), *at = folder;
    FD_SCOPED fd = folder_open(target, folder, false, &at);

    if (fd >= 0 || errno == ENOENT)
        return true;
    *why_out = place_text(target, folder, at);
    return false;
}

/* The folder that holds `path`, kept open for the next member. */
static int parent_open(struct archive_target *target, const char *path, struct error *err)
{
    const char *folder = path_dirname(target->arena, path), *at = folder;

    if (target->parent >= 0 && strcmp(folder, target->parent_path) == 0)
        return target->parent;
    fd_close(target->parent);
    target->parent = folder_open(target, folder, true, &at);
    target->parent_path = folder;
    if (target->parent < 0 && (errno == ELOOP || errno == ENOTDIR))
        (void)error_set(err, "'%s' would be written through '%s', which is no folder of its own", path,
                        place_text(target, folder, at));
    else if (target->parent < 0)
        (void)error_set_errno(err, "cannot make '%s'", place_text(target, folder, at));
    return target->parent;
}

static const char *temp_name(struct archive_target *target)
{
    return arena_printf(target->arena, ".roost-%ld-%llx-%u", (long)getpid(), (unsigned long long)clock_monotonic_us(),
                        target->serial++);
}

/* Puts what was made as `temp` at its place; an empty folder there makes room only for a folder, as with tar. */
static bool place(struct archive_target *target, int parent, const char *temp, const char *path, struct error *err)
{
    if (renameat(parent, temp, parent, path_basename(path)) == 0) {
        (void)unlinkat(parent, temp, 0); /* two names of one file: rename leaves both */
        return true;
    }
    (void)error_set_errno(err, "cannot write '%s/%s'", target->name, path);
    (void)unlinkat(parent, temp, 0);
    return false;
}

static bool fd_attributes(int fd, const struct archive_attributes *attributes, const char *path, struct error *err)
{
    const struct timespec times[2] = { { .tv_nsec = UTIME_NOW }, attributes->mtime };

    if (attributes->set_owner && fchown(fd, attributes->uid, attributes->gid) != 0)
        return error_set_errno(err, "cannot set the owner of '%s'", path);
    if (fchmod(fd, attributes->mode) != 0)
        return error_set_errno(err, "cannot set the mode of '%s'", path);
    if (futimens(fd, times) != 0)
        return error_set_errno(err, "cannot set the time of '%s'", path);
    return true;
}

static bool write_file(struct archive_target *target, struct archive_reader *reader, int parent,
                       const struct archive_member *member, const struct archive_attributes *attributes,
                       struct error *err)
{
    const char *temp = temp_name(target);
    FD_SCOPED fd = openat(parent, temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

    if (fd < 0)
        return error_set_errno(err, "cannot write '%s/%s'", target->name, member->path);
    if (!archive_reader_copy(reader, fd, err) || !fd_attributes(fd, attributes, member->path, err)) {
        (void)unlinkat(parent, temp, 0);
        return error_prefix(err, "cannot write '%s/%s'", target->name, member->path);
    }
    return place(target, parent, temp, member->path, err);
}

void archive_target_note_folder(struct archive_target *target, const char *path,
                                const struct archive_attributes *attributes)
{
    if (target->folder_count == target->folder_capacity) {
        size_t wider = target->folder_capacity ? target->folder_capacity * 2 : 64;
        target->folders = arena_grow(target->arena, target->folders, target->folder_capacity * sizeof(*target->folders),
                                     wider * sizeof(*target->folders));
        target->folder_capacity = wider;
    }
    target->folders[target->folder_count++] = (struct folder_note){ path, *attributes };
}

static bool write_folder(struct archive_target *target, int parent, const char *path, struct error *err)
{
    struct stat info;
    const char *name = path_basename(path);

    if (path[0] == '\0' || mkdirat(parent, name, 0700) == 0)
        return true;
    if (errno != EEXIST || fstatat(parent, name, &info, AT_SYMLINK_NOFOLLOW) != 0)
        return error_set_errno(err, "cannot make folder '%s/%s'", target->name, path);
    if (S_ISDIR(info.st_mode))
        return true;
    if (S_ISLNK(info.st_mode))
        return error_set(err, "cannot make folder '%s/%s': a symbolic link is in its place", target->name, path);
    if (unlinkat(parent, name, 0) != 0 || mkdirat(parent, name, 0700) != 0)
        return error_set_errno(err, "cannot make folder '%s/%s'", target->name, path);
    return true;
}

static bool write_symlink(struct archive_target *target, int parent, const struct archive_member *member,
                          const struct archive_attributes *attributes, struct error *err)
{
    const char *temp = temp_name(target);
    const struct timespec times[2] = { { .tv_nsec = UTIME_NOW }, attributes->mtime };

    if (symlinkat(member->link, parent, temp) != 0)
        return error_set_errno(err, "cannot make link '%s/%s'", target->name, member->path);
    if (attributes->set_owner && fchownat(parent, temp, attributes->uid, attributes->gid, AT_SYMLINK_NOFOLLOW) != 0) {
        (void)error_set_errno(err, "cannot set the owner of '%s/%s'", target->name, member->path);
        (void)unlinkat(parent, temp, 0);
        return false;
    }
    (void)utimensat(parent, temp, times, AT_SYMLINK_NOFOLLOW);
    return place(target, parent, temp, member->path, err);
}

static bool write_hardlink(struct archive_target *target, int parent, const struct archive_member *member,
                           struct error *err)
{
    const char *temp = temp_name(target), *folder = path_dirname(target->arena, member->link), *at = folder;
    FD_SCOPED source = folder_open(target, folder, false, &at);

    if (source < 0 || linkat(source, path_basename(member->link), parent, temp, 0) != 0)
        return error_set_errno(err, "cannot link '%s/%s' to '%s'", target->name, member->path, member->link);
    return place(target, parent, temp, member->path, err);
}

static bool write_device(struct archive_target *target, int parent, const struct archive_member *member,
                         const struct archive_attributes *attributes, struct error *err)
{
    const char *temp = temp_name(target);

    if (mknodat(parent, temp, (member->mode & S_IFMT) | 0600, member->device) != 0)
        return error_set_errno(err, "cannot make '%s/%s'", target->name, member->path);
    if ((attributes->set_owner && fchownat(parent, temp, attributes->uid, attributes->gid, AT_SYMLINK_NOFOLLOW) != 0) ||
        fchmodat(parent, temp, attributes->mode & 07777, 0) != 0) {
        (void)error_set_errno(err, "cannot set the owner and mode of '%s/%s'", target->name, member->path);
        (void)unlinkat(parent, temp, 0);
        return false;
    }
    return place(target, parent, temp, member->path, err);
}

bool archive_target_write(struct archive_target *target, struct archive_reader *reader,
                          const struct archive_member *member, const struct archive_attributes *attributes,
                          struct error *err)
{
    int parent = parent_open(target, member->path, err);

    if (parent < 0)
        return false;
    switch (member->kind) {
    case ARCHIVE_FILE:
        return write_file(target, reader, parent, member, attributes, err);
    case ARCHIVE_FOLDER:
        return write_folder(target, parent, member->path, err);
    case ARCHIVE_SYMLINK:
        return write_symlink(target, parent, member, attributes, err);
    case ARCHIVE_HARDLINK:
        return write_hardlink(target, parent, member, err);
    default:
        return write_device(target, parent, member, attributes, err);
    }
}

bool archive_target_finish(struct archive_target *target, struct error *err)
{
    /* Last ones first: what is deeper comes later in an archive, and a folder's time changes with what is in
     * it. */
    for (size_t i = target->folder_count; i-- > 0;) {
        const struct folder_note *note = &target->folders[i];
        const char *at = note->path;
        FD_SCOPED fd = folder_open(target, note->path, false, &at);
        if (fd < 0)
            return error_set_errno(err, "cannot open '%s'", place_text(target, note->path, at));
        if (!fd_attributes(fd, &note->attributes, place_text(target, note->path, at), err))
            return false;
    }
    if (syncfs(target->root) != 0 && (errno == ENOSPC || errno == EDQUOT || errno == EIO))
        return error_set_errno(err, "cannot write '%s' to disk", target->name);
    return true;
}

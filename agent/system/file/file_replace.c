/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Replacing a file in one step. Owns the temporary file from begin to commit or abort. Never touches the old
 * file before the new one is complete on disk; writing in place happens only where the caller allowed it and
 * a rename is impossible.
 */
#include "agent/system/file/file_replace.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "agent/system/file/file_data.h"
#include "agent/system/file/file_metadata.h"
#include "agent/system/file/file_state.h"
#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/base/text.h"

#define MAX_LINKS 40  /* as the kernel */
#define NAME_PART 180 /* of the file's own name in the temporary name, so that it stays below NAME_MAX */
#define MAX_ATTEMPTS 64

struct file_replace {
    struct arena *arena;
    const char *root;   /* of the system */
    const char *target; /* links followed */
    const char *temp;   /* NULL when there is none any more */
    int fd;
    mode_t mode;
    bool unsafe;
    bool is_link;  /* the target is a link that goes */
    bool in_place; /* temp is elsewhere: the folder cannot be written */
};

static bool follow_links(struct arena *arena, const char *path, const char **out, struct error *err)
{
    struct stat info;
    char link[LIMIT_PATH];

    for (int i = 0; i < MAX_LINKS; i++) {
        if (lstat(path, &info) != 0 || !S_ISLNK(info.st_mode)) {
            *out = path;
            return true;
        }
        ssize_t length = readlink(path, link, sizeof(link) - 1);
        if (length < 0)
            return error_set_errno(err, "cannot read the link '%s'", path);
        link[length] = '\0';
        path = path_join(arena, path_dirname(arena, path), link);
    }
    return error_set(err, "'%s': too many levels of symbolic links", path);
}

static bool check_target(const char *target, struct error *err)
{
    struct stat info;

    if (stat(target, &info) != 0)
        return errno == ENOENT ? true : error_set_errno(err, "cannot replace '%s'", target);
    if (S_ISDIR(info.st_mode))
        return error_set(err, "cannot replace '%s': it is a directory", target);
    if (!S_ISREG(info.st_mode))
        return error_set(err, "cannot replace '%s': it is not a regular file", target);
    return true;
}

static uint64_t random_number(void)
{
    uint64_t number = 0;

    if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
        number = (uint64_t)time(NULL) * 1000003u + (uint64_t)getpid();
    return number;
}

/* Sets replace->temp and fd; -1 and errno when the folder does not take a file. */
static int open_temp(struct file_replace *replace, const char *folder)
{
    const char *base = path_basename(replace->target);

    for (int i = 0; i < MAX_ATTEMPTS; i++) {
        /* A leading dot: folders such as cron.d and sudoers.d must not take it for one of theirs. */
        const char *name = arena_printf(replace->arena, ".%.*s.roost-%012" PRIx64, NAME_PART, base,
                                        random_number() & UINT64_C(0xffffffffffff));
        const char *temp = path_join(replace->arena, folder, name);
        int fd = open(temp, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd >= 0) {
            replace->temp = temp;
            return fd;
        }
        if (errno != EEXIST)
            return -1;
    }
    return -1;
}

static const char *folder_of(struct arena *arena, const char *path)
{
    const char *folder = path_dirname(arena, path);
    return folder[0] ? folder : ".";
}

bool file_replace_begin(const struct system *system, struct arena *arena, const char *path,
                        const struct file_replace_options *options, struct file_replace **out, struct error *err)
{
    struct file_replace *replace = arena_new_of(arena, struct file_replace);
    const char *folder;

    *replace = (struct file_replace){ .arena = arena, .root = system->root, .fd = -1 };
    if (options) {
        replace->mode = options->mode;
        replace->unsafe = options->unsafe;
    }
    replace->target = system_path(system, arena, path);
    if (options && options->replace_link && file_is_link(replace->target))
        replace->is_link = true;
    else if (!follow_links(arena, replace->target, &replace->target, err) || !check_target(replace->target, err))
        return false;
    folder = folder_of(arena, replace->target);
    replace->fd = open_temp(replace, folder);
    if (replace->fd < 0 && replace->unsafe && path_is_file(replace->target) &&
        (errno == EACCES || errno == EROFS || errno == EPERM)) {
        replace->in_place = true;
        replace->fd = open_temp(replace, "/tmp");
        folder = "/tmp";
    }
    if (replace->fd < 0)
        return error_set_errno(err, "cannot write '%s': no file can be made in '%s'", replace->target, folder);
    *out = replace;
    return true;
}

int file_replace_fd(const struct file_replace *replace)
{
    return replace->fd;
}

const char *file_replace_temp_path(const struct file_replace *replace)
{
    return replace->temp;
}

bool file_replace_retarget(struct file_replace *replace, const char *path, struct error *err)
{
    const char *target = NULL, *root = replace->root;

    path = root && root[0] ? arena_printf(replace->arena, "%s%s", root, path) : path;
    if (!follow_links(replace->arena, path, &target, err) || !check_target(target, err))
        return false;
    if (strcmp(folder_of(replace->arena, target), folder_of(replace->arena, replace->target)) != 0)
        return error_set(err, "cannot write '%s': it leads to another folder", path);
    replace->target = target;
    return true;
}

/* fsync that lets file systems off which have nothing to sync. */
static bool sync_fd(int fd, const char *path, struct error *err)
{
    if (fsync(fd) == 0 || errno == EINVAL || errno == ENOTSUP || errno == EROFS)
        return true;
    return error_set_errno(err, "cannot write '%s' to disk", path);
}

static bool sync_folder(struct file_replace *replace, struct error *err)
{
    const char *folder = folder_of(replace->arena, replace->target);
    FD_SCOPED fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    /* A folder that may be written but not read cannot be opened: the rename itself has happened. */
    return fd < 0 ? true : sync_fd(fd, folder, err);
}

static bool write_in_place(struct file_replace *replace, struct error *err)
{
    FD_SCOPED target = open(replace->target, O_WRONLY | O_TRUNC | O_CLOEXEC);

    if (target < 0)
        return error_set_errno(err, "cannot write '%s' in place", replace->target);
    if (lseek(replace->fd, 0, SEEK_SET) < 0)
        return error_set_errno(err, "cannot read '%s'", replace->temp);
    return file_data_copy(replace->fd, target, replace->target, err) && sync_fd(target, replace->target, err);
}

static bool prepare_temp(struct file_replace *replace, struct error *err)
{
    if (!replace->is_link && path_exists(replace->target)) {
        if (!file_metadata_copy(replace->arena, replace->target, replace->fd, replace->target,
                                FILE_METADATA_OWNER | FILE_METADATA_MODE | FILE_METADATA_XATTRS, err))
            return false;
    } else if (fchmod(replace->fd, replace->mode ? replace->mode : 0666 & ~file_umask()) != 0) {
        return error_set_errno(err, "cannot set the mode of '%s'", replace->target);
    }
    return sync_fd(replace->fd, replace->target, err);
}

static bool commit(struct file_replace *replace, struct error *err)
{
    if (replace->in_place)
        return write_in_place(replace, err);
    if (!prepare_temp(replace, err))
        return false;
    if (rename(replace->temp, replace->target) == 0) {
        replace->temp = NULL;
        return sync_folder(replace, err);
    }
    if (replace->unsafe && (errno == EBUSY || errno == EPERM || errno == EACCES || errno == EXDEV || errno == ETXTBSY))
        return write_in_place(replace, err);
    if (errno == EBUSY)
        return error_set(err, "cannot replace '%s': it is a mount point (unsafe_writes writes it in place)",
                         replace->target);
    return error_set_errno(err, "cannot replace '%s'", replace->target);
}

bool file_replace_commit(struct file_replace *replace, struct error *err)
{
    bool done = commit(replace, err);
    file_replace_abort(replace);
    return done;
}

void file_replace_abort(struct file_replace *replace)
{
    if (!replace)
        return;
    fd_close(replace->fd);
    replace->fd = -1;
    if (replace->temp)
        (void)unlink(replace->temp);
    replace->temp = NULL;
}

void file_replace_guard(struct file_replace **replace)
{
    file_replace_abort(*replace);
}

bool file_replace_text(const struct system *system, struct arena *arena, const char *path, const char *text,
                       const struct file_replace_options *options, struct error *err)
{
    FILE_REPLACE_SCOPED replace = NULL;

    if (!file_replace_begin(system, arena, path, options, &replace, err) || !replace)
        return false;
    if (!fd_write_all(replace->fd, text, strlen(text), err))
        return error_prefix(err, "cannot write '%s'", replace->target);
    return file_replace_commit(replace, err);
}

bool file_replace_from(const struct system *system, struct arena *arena, const char *path, const char *from,
                       const struct file_replace_options *options, struct error *err)
{
    FILE_REPLACE_SCOPED replace = NULL;
    FD_SCOPED fd = open(from, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return error_set_errno(err, "cannot open '%s'", from);
    return file_replace_begin(system, arena, path, options, &replace, err) &&
           file_data_copy(fd, replace->fd, path, err) && file_replace_commit(replace, err);
}

/* A session lives long: two backups of one file in one second need two names, so a taken one gets another
 * number. */
static int open_backup(struct arena *arena, const char *path, const char **out)
{
    char stamp[64];
    time_t now = time(NULL);
    struct tm local;

    localtime_r(&now, &local);
    (void)strftime(stamp, sizeof(stamp), "%Y-%m-%d@%H:%M:%S~", &local);
    for (long i = 0; i < MAX_ATTEMPTS; i++) {
        *out = arena_printf(arena, "%s.%ld.%s", path, (long)getpid() + i, stamp);
        int fd = open(*out, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd >= 0 || errno != EEXIST)
            return fd;
    }
    return -1;
}

bool file_backup(const struct system *system, struct arena *arena, const char *path, const char **backup_out,
                 struct error *err)
{
    const char *backup = NULL;
    const char *source = system_path(system, arena, path);

    if (!path_exists(source)) {
        *backup_out = "";
        return true;
    }
    FD_SCOPED in = open(source, O_RDONLY | O_CLOEXEC);
    if (in < 0)
        return error_set_errno(err, "cannot back up '%s'", source);
    FD_SCOPED out = open_backup(arena, source, &backup);
    if (out < 0)
        return error_set_errno(err, "cannot back up '%s' to '%s'", source, backup);
    const unsigned all =
        FILE_METADATA_OWNER | FILE_METADATA_MODE | FILE_METADATA_XATTRS | FILE_METADATA_TIMES | FILE_METADATA_FLAGS;
    if (!file_data_copy(in, out, backup, err) || !file_metadata_copy(arena, source, out, backup, all, err) ||
        !sync_fd(out, backup, err)) {
        (void)unlink(backup);
        return error_prefix(err, "cannot back up '%s'", source);
    }
    *backup_out = backup + strlen(source) - strlen(path);
    return true;
}

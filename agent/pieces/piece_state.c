/* SPDX-License-Identifier: Apache-2.0 */
/* See the header. */
#include "agent/pieces/piece_state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/system/file/file_replace.h"
#include "agent/system/file/file_tree.h"
#include "common/base/clock.h"
#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/base/text.h"

#define FILES_MAX ((size_t)200000)
#define BLOCK ((int64_t)4096)
#define BOOT_MAX ((size_t)256)

/* --- folders of state --- */

struct state_file {
    const char *path;       /* beneath the folder */
    int64_t bytes, used_us; /* used: read or written last */
};

struct state_files {
    struct arena *arena;
    struct state_file *files;
    size_t count, capacity;
    int64_t bytes;
};

static int64_t time_us(struct timespec time)
{
    return (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

static bool file_visit(void *context, const char *path, const struct stat *info, struct error *err)
{
    struct state_files *files = context;
    int64_t read_us = time_us(info->st_atim), written_us = time_us(info->st_mtim);

    (void)err;
    if (!S_ISREG(info->st_mode) || files->count == FILES_MAX)
        return true;
    if (files->count == files->capacity) {
        size_t capacity = files->capacity == 0 ? 256 : files->capacity * 2;

        files->files = arena_grow(files->arena, files->files, files->capacity * sizeof(*files->files),
                                  capacity * sizeof(*files->files));
        files->capacity = capacity;
    }
    files->files[files->count++] = (struct state_file){ .path = arena_copy(files->arena, path),
                                                        .bytes = (int64_t)info->st_blocks * 512,
                                                        .used_us = read_us > written_us ? read_us : written_us };
    files->bytes += (int64_t)info->st_blocks * 512;
    return true;
}

static int older_first(const void *left, const void *right)
{
    const struct state_file *a = left, *b = right;

    return a->used_us < b->used_us ? -1 : a->used_us > b->used_us ? 1 : strcmp(a->path, b->path);
}

/* systemd keeps the folder of an account of its own elsewhere, and a link here. */
static const char *state_folder(const struct system *system, struct arena *arena, const char *state)
{
    const char *path = system_path(system, arena, arena_printf(arena, PIECES_STATES "/%s", state));
    const char *real = system_path(system, arena, arena_printf(arena, PIECES_STATES_REAL "/%s", state));
    struct stat info;

    if (lstat(path, &info) != 0)
        return NULL;
    if (S_ISLNK(info.st_mode))
        path = real;
    return lstat(path, &info) == 0 && S_ISDIR(info.st_mode) ? path : NULL;
}

bool piece_state_trim(const struct system *system, struct arena *arena, const struct piece_trim *trim,
                      int64_t *freed_out, struct error *err)
{
    struct state_files files = { .arena = arena };
    const char *folder = state_folder(system, arena, trim->state);
    int64_t young_us = clock_wall_us() - trim->young_s * 1000000;
    FD_SCOPED fd = -1;

    *freed_out = 0;
    if (folder == NULL || trim->most <= 0)
        return true;
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return error_set_errno(err, "cannot enter '%s'", folder);
    /* a piece that was taken over may swap its folders for links at any moment */
    if (!file_tree_walk_at(arena, fd, &(struct file_tree_visitor){ .visit = file_visit, .context = &files }, err))
        return error_prefix(err, "the state '%s' is not kept to its size", trim->state);
    if (files.count > 0)
        qsort(files.files, files.count, sizeof(*files.files), older_first);
    for (size_t i = 0; i < files.count && files.bytes > trim->most; i++) {
        if (trim->young_s > 0 && files.files[i].used_us > young_us)
            break;
        if (!file_tree_unlink_at(fd, files.files[i].path))
            continue;
        files.bytes -= files.files[i].bytes;
        *freed_out += files.files[i].bytes;
    }
    return true;
}

/* --- output --- */

static const char *output_path(const struct system *system, struct arena *arena, const char *name, const char *end)
{
    return system_path(system, arena, arena_printf(arena, PIECES_OUTPUTS "/%s.%s", name, end));
}

static bool folder_make(const struct system *system, struct arena *arena, struct error *err)
{
    const char *folder = system_path(system, arena, PIECES_OUTPUTS);

    if (!folder_create(arena, folder, 0700, err))
        return false;
    return chmod(folder, 0700) == 0 || error_set_errno(err, "cannot close '%s' to others", folder);
}

bool piece_output_begin(const struct system *system, struct arena *arena, const char *name, struct error *err)
{
    const char *path = output_path(system, arena, name, "output");
    FD_SCOPED fd = -1;

    if (!folder_make(system, arena, err))
        return false;
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    return fd >= 0 || error_set_errno(err, "cannot make '%s'", path);
}

void piece_output_bound(const struct system *system, struct arena *arena, const char *name)
{
    FD_SCOPED fd = open(output_path(system, arena, name, "output"), O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    struct stat info;

    if (fd < 0 || fstat(fd, &info) != 0 || (int64_t)info.st_blocks * 512 <= OUTPUT_KEPT)
        return;
    if (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
                  (info.st_size - (off_t)PIECE_OUTPUT_MAX) / BLOCK * BLOCK) == 0)
        return;
    if (ftruncate(fd, 0) != 0) /* it is written at its end, wherever that is */
        return;                /* the next look tries again */
}

const char *piece_output_read(const struct system *system, struct arena *arena, const char *name)
{
    FD_SCOPED fd = open(output_path(system, arena, name, "output"), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    struct error ignored = ERROR_INIT;
    struct stat info;
    size_t got = 0, kept = 0, begin = 0;
    char *data;

    if (fd < 0 || fstat(fd, &info) != 0)
        return "";
    if (info.st_size > (off_t)PIECE_OUTPUT_MAX)
        (void)lseek(fd, info.st_size - (off_t)PIECE_OUTPUT_MAX, SEEK_SET);
    data = arena_alloc(arena, PIECE_OUTPUT_MAX + 1);
    if (!fd_read_all(fd, data, PIECE_OUTPUT_MAX, &got, &ignored))
        return "";
    while (begin < got && begin < 4 && ((unsigned char)data[begin] & 0xc0) == 0x80)
        begin++; /* the rest of a character that was cut */
    for (size_t i = begin; i < got; i++) {
        if (data[i] != '\0')
            data[kept++] = data[i];
    }
    data[kept] = '\0';
    for (size_t i = 0; !text_utf8_valid(data, kept) && i < kept; i++) {
        if ((unsigned char)data[i] >= 0x80)
            data[i] = '?';
    }
    return data;
}

const char *piece_begun_read(const struct system *system, struct arena *arena, const char *name)
{
    struct error ignored = ERROR_INIT;
    char *text = NULL;
    size_t length = 0;

    return file_read(arena, output_path(system, arena, name, "begun"), BOOT_MAX, &text, &length, &ignored)
               ? text_trim(arena, text, length)
               : NULL;
}

bool piece_begun_write(const struct system *system, struct arena *arena, const char *name, const char *boot,
                       struct error *err)
{
    return folder_make(system, arena, err) &&
           file_replace_text(system, arena, arena_printf(arena, PIECES_OUTPUTS "/%s.begun", name), boot,
                             &(struct file_replace_options){ .mode = 0600, .replace_link = true }, err);
}

void piece_output_remove(const struct system *system, struct arena *arena, const char *name)
{
    (void)unlink(output_path(system, arena, name, "output"));
    (void)unlink(output_path(system, arena, name, "begun"));
}

void piece_outputs_tidy(const struct system *system, struct arena *arena, const char *const *names)
{
    const char *folder = system_path(system, arena, PIECES_OUTPUTS);
    struct error ignored = ERROR_INIT;
    char **files = NULL;
    size_t count = 0;

    if (!path_is_folder(folder) || !file_tree_names(arena, folder, &files, &count, &ignored))
        return;
    for (size_t i = 0; i < count; i++) {
        const char *dot = strrchr(files[i], '.');
        const char *name = dot == NULL ? files[i] : arena_copy_n(arena, files[i], (size_t)(dot - files[i]));

        if (!text_in(name, names))
            (void)unlink(path_join(arena, folder, files[i]));
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compares members with the disk: type, size, time, permissions, owner; for zip, whose times are coarse, the
 * content too.
 */
#include "agent/system/archive/archive_compare.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "agent/system/file/file_owner.h"
#include "agent/system/file/file_state.h"
#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/base/text.h"

/* Places in an itemized change. */
enum { CHANGE_CONTENT = 2, CHANGE_SIZE, CHANGE_TIME, CHANGE_MODE, CHANGE_OWNER, CHANGE_PLACES = 7 };

static unsigned lookup(struct archive_wishes *wishes, enum file_owner_kind kind, const char *name, int64_t number)
{
    const char **last = kind == FILE_OWNER_USER ? &wishes->last_user : &wishes->last_group;
    unsigned *id = kind == FILE_OWNER_USER ? &wishes->last_uid : &wishes->last_gid;

    if (wishes->numeric_owner || !name || !name[0])
        return (unsigned)number;
    if (*last && strcmp(*last, name) == 0)
        return *id;
    unsigned found = 0;
    /* A name of digits is a name in an archive; it cannot be one on this host. */
    if (!file_owner_id(wishes->system, wishes->arena, kind, name, &found))
        return (unsigned)number;
    *last = name;
    *id = found;
    return found;
}

struct archive_attributes archive_wishes_attributes(struct archive_wishes *wishes, const struct archive_member *member)
{
    mode_t bits = wishes->is_zip ? 0777 : 07777;
    struct archive_attributes attributes = {
        .uid = geteuid(), .gid = getegid(), .mode = member->mode & bits & ~wishes->mask, .mtime = member->mtime
    };

    if (wishes->same_owner) {
        attributes.uid = lookup(wishes, FILE_OWNER_USER, member->user, member->uid);
        attributes.gid = lookup(wishes, FILE_OWNER_GROUP, member->group, member->gid);
    }
    if (wishes->has_owner)
        attributes.uid = wishes->uid;
    if (wishes->has_group)
        attributes.gid = wishes->gid;
    attributes.set_owner = wishes->same_owner || wishes->has_owner || wishes->has_group;
    if (wishes->touch)
        attributes.mtime = (struct timespec){ .tv_nsec = UTIME_NOW };
    return attributes;
}

static bool same_kind(const struct archive_member *member, const struct stat *info)
{
    switch (member->kind) {
    case ARCHIVE_FOLDER:
        return S_ISDIR(info->st_mode);
    case ARCHIVE_SYMLINK:
        return S_ISLNK(info->st_mode);
    case ARCHIVE_DEVICE:
        return (info->st_mode & S_IFMT) == (member->mode & S_IFMT) && info->st_rdev == member->device;
    default:
        return S_ISREG(info->st_mode);
    }
}

/* <0: the file is older than the member. */
static int compare_times(const struct archive_wishes *wishes, const struct stat *info,
                         const struct archive_member *member)
{
    if (info->st_mtim.tv_sec != member->mtime.tv_sec)
        return info->st_mtim.tv_sec < member->mtime.tv_sec ? -1 : 1;
    if (wishes->is_zip || info->st_mtim.tv_nsec == member->mtime.tv_nsec)
        return 0;
    return info->st_mtim.tv_nsec < member->mtime.tv_nsec ? -1 : 1;
}

/* One member and what is in its place. */
struct comparison {
    struct archive_wishes *wishes;
    struct archive_reader *reader;
    const struct archive_member *member;
    const char *folder, *path;
    struct stat info;
    char *change; /* itemized, being filled in */
};

static bool compare_content(struct comparison *comparison, struct error *err)
{
    bool same = true;
    FD_SCOPED fd = open(comparison->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

    if (fd < 0)
        return error_set_errno(err, "cannot read '%s'", comparison->path);
    if (!archive_reader_equal(comparison->reader, fd, &same, err))
        return false;
    if (!same)
        comparison->change[CHANGE_CONTENT] = 'c';
    return true;
}

static bool compare_file(struct comparison *comparison, struct error *err)
{
    const struct archive_wishes *wishes = comparison->wishes;
    const struct archive_member *member = comparison->member;

    if (!wishes->touch && compare_times(wishes, &comparison->info, member) != 0)
        comparison->change[CHANGE_TIME] = 't';
    if (comparison->info.st_size != member->size) {
        comparison->change[CHANGE_SIZE] = 's';
        return true;
    }
    return wishes->is_zip || wishes->touch ? compare_content(comparison, err) : true;
}

static void compare_link(struct comparison *comparison)
{
    const struct archive_member *member = comparison->member;
    struct arena *arena = comparison->wishes->arena;
    const struct stat *info = &comparison->info;
    struct stat other;

    if (member->kind == ARCHIVE_SYMLINK && !text_equal(file_link_target(arena, comparison->path), member->link))
        comparison->change[CHANGE_CONTENT] = 'c';
    if (member->kind == ARCHIVE_HARDLINK && (lstat(path_join(arena, comparison->folder, member->link), &other) != 0 ||
                                             other.st_ino != info->st_ino || other.st_dev != info->st_dev))
        comparison->change[CHANGE_CONTENT] = 'c';
}

static void compare_attributes(struct comparison *comparison)
{
    struct archive_wishes *wishes = comparison->wishes;
    const struct archive_member *member = comparison->member;
    const struct archive_attributes wanted = archive_wishes_attributes(wishes, member);
    bool has_mode = member->kind != ARCHIVE_SYMLINK && member->kind != ARCHIVE_HARDLINK;

    if (has_mode && !wishes->has_mode && (comparison->info.st_mode & 07777) != (wanted.mode & 07777))
        comparison->change[CHANGE_MODE] = 'p';
    /* Named owners of a tar are set afterwards, one by one. */
    bool counts = wishes->is_zip || (wishes->same_owner && member->kind == ARCHIVE_FILE);
    if (counts && (wishes->is_zip || !wishes->has_owner) && comparison->info.st_uid != wanted.uid)
        comparison->change[CHANGE_OWNER] = 'o';
    if (counts && (wishes->is_zip || !wishes->has_group) && comparison->info.st_gid != wanted.gid)
        comparison->change[CHANGE_OWNER] = 'g';
}

/* skip_old and keep_newer: is what is there to stay? */
static bool is_left(const struct comparison *comparison)
{
    const struct archive_wishes *wishes = comparison->wishes;

    return comparison->member->kind != ARCHIVE_FOLDER &&
           (wishes->skip_old ||
            (wishes->keep_newer && compare_times(wishes, &comparison->info, comparison->member) > 0));
}

bool archive_member_compare(struct archive_wishes *wishes, struct archive_reader *reader,
                            const struct archive_member *member, const char *folder, const char **change_out,
                            struct error *err)
{
    char type = member->kind == ARCHIVE_FOLDER ? 'd' : member->kind == ARCHIVE_SYMLINK ? 'L' : 'f';
    struct comparison comparison = {
        .wishes = wishes,
        .reader = reader,
        .member = member,
        .folder = folder,
        .path = member->path[0] ? path_join(wishes->arena, folder, member->path) : folder,
        .change = arena_printf(wishes->arena, ".%c.......??", type),
    };

    *change_out = NULL;
    if (lstat(comparison.path, &comparison.info) != 0) {
        if (errno != ENOENT && errno != ENOTDIR)
            return error_set_errno(err, "cannot look at '%s'", comparison.path);
        *change_out = arena_printf(wishes->arena, ">%c++++++.??", type);
        return true;
    }
    if (!same_kind(member, &comparison.info) && member->path[0]) {
        *change_out = arena_printf(wishes->arena, "c%c++++++.??", type);
        return true;
    }
    if (is_left(&comparison))
        return true;
    if (member->kind == ARCHIVE_FILE && !compare_file(&comparison, err))
        return false;
    compare_link(&comparison);
    compare_attributes(&comparison);
    if (strspn(comparison.change + CHANGE_CONTENT, ".") != CHANGE_PLACES)
        *change_out = comparison.change;
    return true;
}

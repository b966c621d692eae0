/* SPDX-License-Identifier: Apache-2.0 */
/* stat: everything that can be known about a path, under Ansible's names. Reads only. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/system/file/file_flags.h"
#include "agent/system/file/file_owner.h"
#include "agent/system/file/file_state.h"
#include "agent/system/file/file_times.h"
#include "agent/system/process/process.h"
#include "agent/task/module.h"
#include "common/base/hash.h"
#include "common/base/text.h"

struct stat_args {
    const char *path;
    bool follow, get_md5, get_checksum, get_mime, get_attributes;
    const char *checksum_algorithm;
};

static const struct arg_spec stat_spec[] = {
    ARG(stat_args, path, ARG_PATH, .required = true, .aliases = ARG_NAMES("dest", "name"), .help = "path to look at"),
    ARG(stat_args, follow, ARG_BOOL, .default_text = "no", .help = "look at what a link names"),
    ARG(stat_args, get_md5, ARG_BOOL, .default_text = "no", .help = "give the MD5 digest too"),
    ARG(stat_args, get_checksum, ARG_BOOL, .default_text = "yes", .help = "give a digest of a file's content"),
    ARG(stat_args, get_mime, ARG_BOOL, .default_text = "yes", .aliases = ARG_NAMES("mime", "mime_type", "mime-type"),
        .help = "ask the program file, where there is one, for MIME type and character set"),
    ARG(stat_args, get_attributes, ARG_BOOL, .default_text = "yes", .aliases = ARG_NAMES("attr", "attributes"),
        .help = "give the inode's flags"),
    ARG(stat_args, checksum_algorithm, ARG_STRING, .default_text = "sha1",
        .choices = ARG_NAMES("md5", "sha1", "sha224", "sha256", "sha384", "sha512"),
        .aliases = ARG_NAMES("checksum", "checksum_algo"), .help = "digest to give"),
    ARG_END,
};

static void put_kind(struct arena *arena, struct value *map, mode_t mode)
{
    value_map_put_bool(arena, map, "isdir", S_ISDIR(mode));
    value_map_put_bool(arena, map, "ischr", S_ISCHR(mode));
    value_map_put_bool(arena, map, "isblk", S_ISBLK(mode));
    value_map_put_bool(arena, map, "isreg", S_ISREG(mode));
    value_map_put_bool(arena, map, "isfifo", S_ISFIFO(mode));
    value_map_put_bool(arena, map, "islnk", S_ISLNK(mode));
    value_map_put_bool(arena, map, "issock", S_ISSOCK(mode));
}

static void put_permissions(struct arena *arena, struct value *map, mode_t mode)
{
    static const struct {
        const char *name;
        mode_t bit;
    } bits[] = {
        { "wusr", S_IWUSR }, { "rusr", S_IRUSR },  { "xusr", S_IXUSR },  { "wgrp", S_IWGRP },
        { "rgrp", S_IRGRP }, { "xgrp", S_IXGRP },  { "woth", S_IWOTH },  { "roth", S_IROTH },
        { "xoth", S_IXOTH }, { "isuid", S_ISUID }, { "isgid", S_ISGID },
    };

    for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++)
        value_map_put_bool(arena, map, bits[i].name, (mode & bits[i].bit) != 0);
}

static void put_time(struct arena *arena, struct value *map, const char *key, struct timespec at)
{
    value_map_put(arena, map, key, value_real(arena, file_time_seconds(at)));
}

static void put_numbers(struct arena *arena, struct value *map, const struct stat *info)
{
    value_map_put_int(arena, map, "uid", info->st_uid);
    value_map_put_int(arena, map, "gid", info->st_gid);
    value_map_put_int(arena, map, "size", info->st_size);
    value_map_put_int(arena, map, "inode", (int64_t)info->st_ino);
    value_map_put_int(arena, map, "dev", (int64_t)info->st_dev);
    value_map_put_int(arena, map, "nlink", (int64_t)info->st_nlink);
    put_time(arena, map, "atime", info->st_atim);
    put_time(arena, map, "mtime", info->st_mtim);
    put_time(arena, map, "ctime", info->st_ctim);
}

static void put_blocks(struct arena *arena, struct value *map, const struct stat *info)
{
    value_map_put_int(arena, map, "blocks", info->st_blocks);
    value_map_put_int(arena, map, "block_size", info->st_blksize);
    value_map_put_int(arena, map, "device_type", (int64_t)info->st_rdev);
}

static void put_names(struct task_context *task, struct value *map, const char *path, const struct stat *info)
{
    struct arena *arena = task->scratch;
    const char *user = file_owner_name(task->system, arena, FILE_OWNER_USER, info->st_uid);
    const char *group = file_owner_name(task->system, arena, FILE_OWNER_GROUP, info->st_gid);

    if (S_ISLNK(info->st_mode)) {
        value_map_put_string(arena, map, "lnk_source", file_real_path(arena, path));
        value_map_put_string(arena, map, "lnk_target", file_link_target(arena, path));
    }
    if (user)
        value_map_put_string(arena, map, "pw_name", user);
    if (group)
        value_map_put_string(arena, map, "gr_name", group);
}

static bool put_checksums(struct task_context *task, struct value *map, const struct stat_args *args, struct error *err)
{
    char hex[HASH_HEX_MAX];
    enum hash_kind kind = HASH_SHA1;

    if (args->get_md5) {
        if (!hash_hex_of_file(HASH_MD5, args->path, hex, err))
            return false;
        value_map_put_string(task->scratch, map, "md5", hex);
    }
    if (args->get_checksum) {
        if (!hash_kind_from_name(args->checksum_algorithm, &kind))
            return error_set(err, "unknown checksum algorithm '%s'", args->checksum_algorithm);
        if (!hash_hex_of_file(kind, args->path, hex, err))
            return false;
        value_map_put_string(task->scratch, map, "checksum", hex);
    }
    return true;
}

/* The last "NAME: type/subtype; charset=set" of file's output. */
static void put_mime(struct task_context *task, struct value *map, const char *path)
{
    struct arena *arena = task->scratch;
    struct error ignored = ERROR_INIT;
    struct process_result got = { 0 };
    const char *type = "unknown", *charset = "unknown";

    if (process_find(task->system, arena, "file")) {
        struct process_request request = PROCESS("file", "--mime-type", "--mime-encoding", path);
        const char *colon = NULL, *semicolon = NULL, *equals = NULL;
        if (process_run(task->system, arena, &request, &got, &ignored) && got.status == 0)
            colon = strrchr(got.output, ':');
        semicolon = colon ? strchr(colon, ';') : NULL;
        equals = semicolon ? strchr(semicolon, '=') : NULL;
        if (equals) {
            type = text_trim(arena, colon + 1, (size_t)(semicolon - colon - 1));
            charset = text_trim(arena, equals + 1, strlen(equals + 1));
        }
    }
    value_map_put_string(arena, map, "mimetype", type);
    value_map_put_string(arena, map, "charset", charset);
}

static void put_attributes(struct arena *arena, struct value *map, const char *path)
{
    struct file_flags flags = { 0 };
    char letters[FILE_FLAGS_LETTERS] = "";

    /* lsattr, which Ansible asks, gives nothing at all where there is no version. */
    bool has = file_flags_get(path, &flags) && flags.has_version;
    if (has)
        file_flags_letters(flags.bits, letters);
    value_map_put_string(arena, map, "version", has ? arena_printf(arena, "%u", flags.version) : NULL);
    value_map_put(arena, map, "attributes", file_flags_names(arena, letters));
    value_map_put_string(arena, map, "attr_flags", letters);
}

static struct value *describe(struct task_context *task, const struct stat_args *args, const struct stat *info)
{
    struct arena *arena = task->scratch;
    struct value *map = value_map(arena);

    value_map_put_bool(arena, map, "exists", true);
    value_map_put_string(arena, map, "path", args->path);
    value_map_put_string(arena, map, "mode", arena_printf(arena, "%04o", (unsigned)(info->st_mode & 07777)));
    put_kind(arena, map, info->st_mode);
    put_numbers(arena, map, info);
    put_permissions(arena, map, info->st_mode);
    put_blocks(arena, map, info);
    value_map_put_bool(arena, map, "readable", access(args->path, R_OK) == 0);
    value_map_put_bool(arena, map, "writeable", access(args->path, W_OK) == 0);
    value_map_put_bool(arena, map, "executable", access(args->path, X_OK) == 0);
    put_names(task, map, args->path, info);
    return map;
}

static bool stat_run(struct task_context *task, const void *raw, struct error *err)
{
    const struct stat_args *args = raw;
    struct stat info;
    struct value *map = NULL;

    if ((args->follow ? stat(args->path, &info) : lstat(args->path, &info)) != 0) {
        if (errno != ENOENT)
            return result_fail(task, "%s", strerror(errno));
        map = value_map(task->scratch);
        value_map_put_bool(task->scratch, map, "exists", false);
        result_set(task, "stat", map);
        return true;
    }
    map = describe(task, args, &info);
    if (S_ISREG(info.st_mode) && access(args->path, R_OK) == 0 && !put_checksums(task, map, args, err))
        return false;
    if (args->get_mime)
        put_mime(task, map, args->path);
    if (args->get_attributes)
        put_attributes(task->scratch, map, args->path);
    result_set(task, "stat", map);
    return true;
}

MODULE_DEFINE(stat) = {
    .spec = { .name = "stat",
              .summary = "Tell everything about a file or directory",
              .args = stat_spec,
              .args_size = sizeof(struct stat_args) },
    .is_info = true,
    .run = stat_run,
};

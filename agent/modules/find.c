/* SPDX-License-Identifier: Apache-2.0 */
/* find: which files, folders and links beneath some folders meet all criteria. Reads only. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/system/file/file_owner.h"
#include "agent/system/file/file_times.h"
#include "agent/system/file/find_tree.h"
#include "agent/task/command_words.h"
#include "agent/task/find_filter.h"
#include "agent/task/module.h"
#include "common/base/clock.h"
#include "common/base/hash.h"
#include "common/base/path.h"
#include "common/base/text.h"

struct find_args {
    const struct value *paths, *patterns, *excludes;
    const char *contains, *file_type, *age, *age_stamp, *size;
    bool read_whole_file, recurse, hidden, follow, get_checksum, use_regex;
    int64_t depth;
};

static const struct arg_spec find_spec[] = {
    ARG(find_args, paths, ARG_LIST, .required = true, .aliases = ARG_NAMES("name", "path"),
        .help = "folders to look into"),
    ARG(find_args, patterns, ARG_LIST, .aliases = ARG_NAMES("pattern"),
        .help = "globs, or Python expressions, one of which the name must match; default: any name"),
    ARG(find_args, excludes, ARG_LIST, .aliases = ARG_NAMES("exclude"), .help = "names that are left out"),
    ARG(find_args, contains, ARG_STRING,
        .help = "Python expression that must match from the start of a line (file_type file only)"),
    ARG(find_args, read_whole_file, ARG_BOOL, .default_text = "no",
        .help = "search `contains` anywhere in the whole content"),
    ARG(find_args, file_type, ARG_STRING, .default_text = "file",
        .choices = ARG_NAMES("any", "directory", "file", "link"), .help = "what to select"),
    ARG(find_args, age, ARG_STRING, .help = "at least that old, as 3600, 10m, 2d, 1w; negative: at most"),
    ARG(find_args, age_stamp, ARG_STRING, .default_text = "mtime", .choices = ARG_NAMES("atime", "ctime", "mtime"),
        .help = "the time that the age is counted from"),
    ARG(find_args, size, ARG_STRING, .help = "at least that big, as 512, 10k, 1g; negative: at most"),
    ARG(find_args, recurse, ARG_BOOL, .default_text = "no", .help = "look into folders beneath too"),
    ARG(find_args, hidden, ARG_BOOL, .default_text = "no", .help = "select names that start with a dot too"),
    ARG(find_args, follow, ARG_BOOL, .default_text = "no", .help = "look into links to folders too"),
    ARG(find_args, get_checksum, ARG_BOOL, .default_text = "no", .help = "give the SHA-1 of each file"),
    ARG(find_args, use_regex, ARG_BOOL, .default_text = "no", .help = "patterns and excludes are expressions"),
    ARG(find_args, depth, ARG_INT, .help = "how many levels to go down with recurse"),
    ARG_END,
};

struct search {
    struct task_context *task;
    const struct find_args *args;
    struct find_filter filter;
    const char *root; /* the one of `paths` that is looked into */
    struct value *files, *skipped;
    int64_t examined;
    bool has_warnings;
};

/* --- a result --- */

static void put_flags(struct arena *arena, struct value *map, mode_t mode, bool of_kind)
{
    static const struct {
        const char *name;
        mode_t mask, bits;
    } flags[] = {
        { "isdir", S_IFMT, S_IFDIR },   { "ischr", S_IFMT, S_IFCHR },  { "isblk", S_IFMT, S_IFBLK },
        { "isreg", S_IFMT, S_IFREG },   { "isfifo", S_IFMT, S_IFIFO }, { "islnk", S_IFMT, S_IFLNK },
        { "issock", S_IFMT, S_IFSOCK }, { "wusr", S_IWUSR, S_IWUSR },  { "rusr", S_IRUSR, S_IRUSR },
        { "xusr", S_IXUSR, S_IXUSR },   { "wgrp", S_IWGRP, S_IWGRP },  { "rgrp", S_IRGRP, S_IRGRP },
        { "xgrp", S_IXGRP, S_IXGRP },   { "woth", S_IWOTH, S_IWOTH },  { "roth", S_IROTH, S_IROTH },
        { "xoth", S_IXOTH, S_IXOTH },   { "isuid", S_ISUID, S_ISUID }, { "isgid", S_ISGID, S_ISGID },
    };

    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
        if ((flags[i].mask == S_IFMT) == of_kind)
            value_map_put_bool(arena, map, flags[i].name, (mode & flags[i].mask) == flags[i].bits);
}

static void put_names(struct task_context *task, struct value *map, const struct stat *info)
{
    struct arena *arena = task->scratch;
    const char *user = file_owner_name(task->system, arena, FILE_OWNER_USER, info->st_uid);
    const char *group = file_owner_name(task->system, arena, FILE_OWNER_GROUP, info->st_gid);

    value_map_put_string(arena, map, "gr_name", group ? group : "");
    value_map_put_string(arena, map, "pw_name", user ? user : "");
}

static struct value *describe(struct task_context *task, const char *path, const struct stat *info)
{
    struct arena *arena = task->scratch;
    struct value *map = value_map(arena);

    value_map_put_string(arena, map, "path", path);
    value_map_put_string(arena, map, "mode", arena_printf(arena, "%04o", (unsigned)info->st_mode & 07777));
    put_flags(arena, map, info->st_mode, true);
    value_map_put_int(arena, map, "uid", info->st_uid);
    value_map_put_int(arena, map, "gid", info->st_gid);
    value_map_put_int(arena, map, "size", info->st_size);
    value_map_put_int(arena, map, "inode", (int64_t)info->st_ino);
    value_map_put_int(arena, map, "dev", (int64_t)info->st_dev);
    value_map_put_int(arena, map, "nlink", (int64_t)info->st_nlink);
    value_map_put(arena, map, "atime", value_real(arena, file_time_seconds(info->st_atim)));
    value_map_put(arena, map, "mtime", value_real(arena, file_time_seconds(info->st_mtim)));
    value_map_put(arena, map, "ctime", value_real(arena, file_time_seconds(info->st_ctim)));
    put_names(task, map, info);
    put_flags(arena, map, info->st_mode, false);
    return map;
}

/* --- the search --- */

static void skip(struct search *search, const char *path, const char *reason)
{
    value_map_put_string(search->task->scratch, search->skipped, path, reason);
    search->has_warnings = true;
}

static size_t count_slashes(const char *path)
{
    size_t count = 0;

    for (; *path; path++)
        count += *path == '/';
    return count;
}

static bool is_too_deep(const struct search *search, const char *path)
{
    size_t root = strlen(search->root);

    if (search->args->depth == ARG_INT_UNSET || search->args->depth == 0)
        return false;
    while (root > 0 && search->root[root - 1] == '/')
        root--;
    size_t above = count_slashes(arena_copy_n(search->task->scratch, search->root, root)) + 1;
    return (int64_t)count_slashes(path) - (int64_t)above + 1 > search->args->depth;
}

static bool look_at(struct search *search, const char *path, struct error *err)
{
    struct arena *arena = search->task->scratch;
    struct stat info;
    char hex[HASH_HEX_MAX];
    bool selected = false;

    if (path_basename(path)[0] == '.' && !search->args->hidden)
        return true;
    if (lstat(path, &info) != 0) {
        const char *reason = arena_printf(arena, "[Errno %d] %s: '%s'", errno, strerror(errno), path);
        result_warn(search->task, "Skipped entry '%s' due to this access issue: %s\n", path, reason);
        skip(search, path, reason);
        return true;
    }
    if (!find_filter_accepts(&search->filter, path, &info, &selected, err))
        return false;
    if (!selected)
        return true;
    struct value *found = describe(search->task, path, &info);
    if (search->args->get_checksum && S_ISREG(info.st_mode)) {
        if (!hash_hex_of_file(HASH_SHA1, path, hex, err))
            return false;
        value_map_put_string(arena, found, "checksum", hex);
    }
    value_list_add(arena, search->files, found);
    return true;
}

static bool visit(void *context, struct find_folder *folder, struct error *err)
{
    struct search *search = context;
    struct arena *arena = search->task->scratch;
    size_t count = folder->file_count + folder->folder_count;

    if (system_is_cancelled(search->task->system))
        return error_set_kind(err, ERROR_CANCELLED, "cancelled");
    folder->enter = search->args->recurse;
    search->examined += (int64_t)count;
    for (size_t i = 0; i < count; i++) {
        const char *name = i < folder->file_count ? folder->files[i] : folder->folders[i - folder->file_count];
        const char *path = path_normalize(arena, path_join(arena, folder->path, name));
        if (is_too_deep(search, path)) {
            folder->enter = false;
            break;
        }
        if (!look_at(search, path, err))
            return false;
    }
    return true;
}

/* A folder that is missing or cannot be read is skipped with a warning; what was found in it before stays. */
static bool search_root(struct search *search, const char *word, struct error *err)
{
    struct task_context *task = search->task;
    const struct find_visitor visitor = { visit, search, search->args->follow };
    struct error problem = ERROR_INIT;

    search->root = command_expand(task->system, task->scratch, word);
    if (!path_is_folder(search->root))
        (void)error_set(&problem, "'%s' is not a directory", search->root);
    else if (find_tree(task->scratch, search->root, &visitor, &problem))
        return true;
    if (problem.kind != ERROR_GENERIC) {
        *err = problem;
        return false;
    }
    result_warn(task, "Skipped '%s' path due to this access issue: %s\n", search->root, problem.text);
    skip(search, search->root, arena_copy(task->scratch, problem.text));
    return true;
}

/* --- the arguments --- */

static enum find_type type_of(const char *name)
{
    return strcmp(name, "file") == 0        ? FIND_FILE
           : strcmp(name, "directory") == 0 ? FIND_FOLDER
           : strcmp(name, "link") == 0      ? FIND_LINK
                                            : FIND_ANY;
}

static enum find_stamp stamp_of(const char *name)
{
    return name[0] == 'a' ? FIND_ATIME : name[0] == 'c' ? FIND_CTIME : FIND_MTIME;
}

static bool filter_make(struct search *search, struct error *err)
{
    const struct find_args *args = search->args;
    struct arena *arena = search->task->scratch;
    struct find_filter *filter = &search->filter;
    const struct value *patterns = args->patterns;

    if (value_count(patterns) == 0) {
        struct value *any = value_list(arena);
        value_list_add(arena, any, value_string(arena, args->use_regex ? ".*" : "*"));
        patterns = any;
    }
    filter->type = type_of(args->file_type);
    filter->stamp = stamp_of(args->age_stamp);
    filter->has_age = args->age != NULL;
    filter->has_size = args->size != NULL;
    filter->now_s = (double)clock_wall_us() / 1e6;
    filter->read_whole_file = args->read_whole_file;
    if (args->contains &&
        !regex_compile(arena, args->contains, strlen(args->contains), REGEX_TEXT, &filter->contains, err))
        return false;
    return find_patterns_compile(arena, patterns, args->use_regex, &filter->patterns, err) &&
           find_patterns_compile(arena, args->excludes, args->use_regex, &filter->excludes, err);
}

static bool find_run(struct task_context *task, const void *raw, struct error *err)
{
    struct search search = { .task = task, .args = raw };

    search.files = value_list(task->scratch);
    search.skipped = value_map(task->scratch);
    if (search.args->age && !find_age_parse(search.args->age, &search.filter.age_s)) {
        result_set_string(task, "age", search.args->age);
        return result_fail(task, "failed to process age");
    }
    if (search.args->size && !find_size_parse(search.args->size, &search.filter.size_bytes)) {
        result_set_string(task, "size", search.args->size);
        return result_fail(task, "failed to process size");
    }
    if (!filter_make(&search, err))
        return false;
    for (size_t i = 0; i < value_count(search.args->paths); i++)
        if (!search_root(&search, value_text(value_item(search.args->paths, i)), err))
            return false;
    result_set(task, "files", search.files);
    result_set_int(task, "matched", (int64_t)value_count(search.files));
    result_set_int(task, "examined", search.examined);
    result_set(task, "skipped_paths", search.skipped);
    result_message(task, "%s",
                   search.has_warnings ? "Not all paths examined, check warnings for details" : "All paths examined");
    return true;
}

MODULE_DEFINE(find) = {
    .spec = { .name = "find",
              .summary = "List the files that meet some criteria",
              .args = find_spec,
              .args_size = sizeof(struct find_args) },
    .is_info = true,
    .order = "files changed msg matched examined skipped_paths",
    .run = find_run,
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * file: brings a path to a state (file, directory, link, hard, touch, absent) with owner, mode and times.
 * Decides and asks the gate; agent/system does the work.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/system/file/file_link.h"
#include "agent/system/file/file_owner.h"
#include "agent/system/file/file_state.h"
#include "agent/system/file/file_times.h"
#include "agent/system/file/file_tree.h"
#include "agent/task/file_arguments.h"
#include "agent/task/module.h"
#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/base/text.h"

struct file_args {
    const char *path, *src, *state, *_original_basename;
    enum arg_tri _diff_peek;
    bool recurse, force, follow;
    const char *modification_time, *modification_time_format, *access_time, *access_time_format;
    struct file_arguments file;
};

static const struct arg_spec file_spec[] = {
    ARG(file_args, path, ARG_PATH, .required = true, .aliases = ARG_NAMES("dest", "name"), .help = "path to manage"),
    ARG(file_args, state, ARG_STRING, .choices = ARG_NAMES("absent", "directory", "file", "hard", "link", "touch"),
        .help = "what the path shall be; default: what it is, else file (directory with recurse)"),
    ARG(file_args, _original_basename, ARG_STRING, .help = "without effect: Ansible gives it to itself"),
    ARG(file_args, _diff_peek, ARG_TRI, .help = "without effect too"),
    ARG(file_args, src, ARG_PATH, .help = "what a link or hard link points to"),
    ARG(file_args, recurse, ARG_BOOL, .default_text = "no",
        .help = "set owner, mode and times on everything in a directory"),
    ARG(file_args, force, ARG_BOOL, .default_text = "no",
        .help = "link to what does not exist, and replace a file by a link"),
    ARG(file_args, follow, ARG_BOOL, .default_text = "yes", .help = "work on what a link names"),
    ARG(file_args, modification_time, ARG_STRING, .help = "preserve, now, or a time in modification_time_format"),
    ARG(file_args, modification_time_format, ARG_STRING, .default_text = "%Y%m%d%H%M.%S", .help = "strptime format"),
    ARG(file_args, access_time, ARG_STRING, .help = "preserve, now, or a time in access_time_format"),
    ARG(file_args, access_time_format, ARG_STRING, .default_text = "%Y%m%d%H%M.%S", .help = "strptime format"),
    FILE_ARGUMENTS(file_args),
    ARG_END,
};

/* One run of the module. */
struct file_job {
    struct task_context *task;
    const struct file_args *args;
    struct file_arguments arguments; /* names replaced by numbers */
    const char *path;                /* may have been moved into a directory or along a link */
    const char *state;
    enum file_state before;
    struct file_time modification, access;
    struct file_arguments_diff diff;
    struct value *visited; /* keys "device:inode": folders entered through links */
};

/* --- diff and fields --- */

#define UNASKED_NAMES_MAX 1000 /* of what goes with a directory, told without diff mode */

struct content_lists {
    struct arena *arena;
    struct value *directories, *files;
    size_t left; /* names that may still be told */
};

static bool collect_path(void *context, const char *path, const struct stat *info, struct error *err)
{
    struct content_lists *lists = context;
    (void)err;

    if (lists->left-- == 0)
        return false;
    bool is_folder = S_ISDIR(info->st_mode) || path_is_folder(path); /* a link to one counts as one */
    value_list_add(lists->arena, is_folder ? lists->directories : lists->files, value_string(lists->arena, path));
    return true;
}

/*
 * What goes with a directory, for the diff, as far as it can be seen. Nobody asked for it outside of diff mode: of a large one it is
 * left out then, and the walk ends.
 */
static void diff_content(struct file_job *job)
{
    ARENA_SCOPED walk = arena_new();
    struct arena *arena = job->task->scratch;
    struct value *content = value_map(arena);
    struct content_lists lists = { arena, value_list(arena), value_list(arena),
                                   job->task->diff_mode ? SIZE_MAX : UNASKED_NAMES_MAX };
    struct file_tree_visitor visitor = { .visit = collect_path, .context = &lists, .passes_over = true };
    struct error ignored = ERROR_INIT;

    if (!file_tree_walk(walk, job->path, &visitor, &ignored))
        return;
    value_map_put(arena, content, "directories", lists.directories);
    value_map_put(arena, content, "files", lists.files);
    value_map_put(arena, job->diff.before, "path_content", content);
}

static void diff_start(struct file_job *job, const char *state)
{
    struct arena *arena = job->task->scratch;
    const char *before = file_state_name(job->before);

    job->diff = (struct file_arguments_diff){ value_map(arena), value_map(arena) };
    value_map_put_string(arena, job->diff.before, "path", job->path);
    value_map_put_string(arena, job->diff.after, "path", job->path);
    if (strcmp(before, state) == 0)
        return;
    value_map_put_string(arena, job->diff.before, "state", before);
    value_map_put_string(arena, job->diff.after, "state", state);
    if (strcmp(state, "absent") == 0 && job->before == FILE_FOLDER)
        diff_content(job);
}

static void diff_sources(struct file_job *job, const char *before, const char *after)
{
    value_map_put_string(job->task->scratch, job->diff.before, "src", before);
    value_map_put_string(job->task->scratch, job->diff.after, "src", after);
}

/* Fields and diff of a finished state; `key` is "path" or "dest". */
static bool finish(struct file_job *job, const char *key, const char *src, struct error *err)
{
    result_set_string(job->task, key, job->path);
    if (strcmp(key, "dest") == 0 && strcmp(job->state, "touch") != 0)
        result_set_string(job->task, "src", src);
    if (job->diff.before)
        result_diff_states(job->task, job->diff.before, job->diff.after);
    return file_arguments_describe(job->task, job->path, err);
}

/* --- attributes and times of one path --- */

static void diff_time(struct file_job *job, const char *key, struct timespec before, struct timespec after)
{
    if (file_time_equal(before, after))
        return;
    struct arena *arena = job->task->scratch;
    value_map_put(arena, job->diff.before, key, value_real(arena, file_time_seconds(before)));
    value_map_put(arena, job->diff.after, key, value_real(arena, file_time_seconds(after)));
}

static bool apply_times(struct file_job *job, const char *path, bool with_diff, struct error *err)
{
    struct stat info;

    if (job->modification.kind == FILE_TIME_PRESERVE && job->access.kind == FILE_TIME_PRESERVE)
        return true;
    if (stat(path, &info) != 0)
        return error_set_errno(err, "Error while updating modification or access time: '%s'", path);
    struct timespec modification = file_time_resolve(&job->modification, info.st_mtim);
    struct timespec access = file_time_resolve(&job->access, info.st_atim);
    if (file_time_equal(modification, info.st_mtim) && file_time_equal(access, info.st_atim))
        return true;
    if (with_diff) {
        diff_time(job, "mtime", info.st_mtim, modification);
        diff_time(job, "atime", info.st_atim, access);
    }
    if (!change_wanted(job->task, "set times of '%s'", path))
        return true;
    return file_times_set(path, &job->access, &job->modification, err);
}

/* The path whose attributes count: what a link names when links are followed. */
static const char *attributes_path(const struct file_job *job)
{
    return job->args->follow && file_is_link(job->path) ? file_real_path(job->task->scratch, job->path) : job->path;
}

static bool apply_all(struct file_job *job, const char *path, struct error *err)
{
    return file_arguments_apply_diff(job->task, path, &job->arguments, false, &job->diff, err) &&
           apply_times(job, path, true, err);
}

/* --- file, touch, absent --- */

static bool ensure_file(struct file_job *job, struct error *err)
{
    if (job->args->follow && job->before == FILE_LINK) {
        job->path = file_real_path(job->task->scratch, job->path);
        if (!file_state_get(job->path, &job->before, err))
            return false;
    }
    if (job->before != FILE_REGULAR && job->before != FILE_HARD) {
        const char *state = file_state_name(job->before);
        result_set_string(job->task, "path", job->path);
        result_set_string(job->task, "state", state);
        return result_fail(job->task, "file (%s) is %s, cannot continue", job->path, state);
    }
    diff_start(job, "file");
    return apply_all(job, job->path, err) && finish(job, "path", NULL, err);
}

static bool touch_create(struct file_job *job, struct error *err)
{
    int fd = open(job->path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);

    if (fd < 0)
        return error_set_errno(err, "Error, could not touch target: '%s'", job->path);
    fd_close(fd);
    return true;
}

static bool ensure_touch(struct file_job *job, struct error *err)
{
    bool creates = job->before == FILE_ABSENT;

    if (creates && !change_wanted(job->task, "create '%s'", job->path)) {
        result_set_string(job->task, "dest", job->path);
        return true;
    }
    if (creates && !touch_create(job, err))
        return false;
    diff_start(job, "touch");
    if (!apply_all(job, attributes_path(job), err)) {
        if (creates)
            (void)unlink(job->path);
        return false;
    }
    return finish(job, "dest", NULL, err);
}

static bool ensure_absent(struct file_job *job, struct error *err)
{
    if (job->before != FILE_ABSENT) {
        diff_start(job, "absent");
        if (change_wanted(job->task, "remove %s '%s'", file_state_name(job->before), job->path) &&
            !file_tree_remove(job->path, err))
            return false;
        result_diff_states(job->task, job->diff.before, job->diff.after);
    }
    result_set_string(job->task, "path", job->path);
    result_set_string(job->task, "state", "absent");
    return file_arguments_describe(job->task, job->path, err); /* in check mode it is still there */
}

/* --- directory --- */

static bool recurse_link(struct file_job *job, const char *path, struct error *err);

static bool recurse_visit(void *context, const char *path, const struct stat *info, struct error *err)
{
    struct file_job *job = context;

    if (!file_arguments_apply(job->task, path, &job->arguments, false, err))
        return false;
    if (S_ISLNK(info->st_mode))
        return !job->args->follow || recurse_link(job, path, err);
    return apply_times(job, path, false, err);
}

static bool recurse_into(struct file_job *job, const char *folder, struct error *err)
{
    struct file_tree_visitor visitor = { .visit = recurse_visit, .context = job };
    return file_tree_walk(job->task->scratch, folder, &visitor, err);
}

/* True the first time a folder is asked for: links may lead in circles. */
static bool first_visit(struct file_job *job, const struct stat *info)
{
    struct arena *arena = job->task->scratch;
    const char *key =
        arena_printf(arena, "%llu:%llu", (unsigned long long)info->st_dev, (unsigned long long)info->st_ino);

    if (value_map_get(job->visited, key))
        return false;
    value_map_put_bool(arena, job->visited, key, true);
    return true;
}

static bool recurse_link(struct file_job *job, const char *path, struct error *err)
{
    struct stat info;
    const char *target = file_real_path(job->task->scratch, path);

    if (stat(target, &info) != 0)
        return true; /* names nothing */
    if (S_ISDIR(info.st_mode) && first_visit(job, &info) && !recurse_into(job, target, err))
        return false;
    return file_arguments_apply(job->task, target, &job->arguments, false, err) && apply_times(job, target, false, err);
}

/* Makes the missing folders of the path from the top; each gets the attributes. */
static bool make_folders(struct file_job *job, const char *folder, struct error *err)
{
    struct arena *arena = job->task->scratch;
    const char *parent = path_dirname(arena, folder);

    if (parent[0] && !path_exists(parent) && !make_folders(job, parent, err))
        return false;
    if (path_basename(folder)[0] == '\0')
        return true;
    if (mkdir(folder, 0777) != 0 && !(errno == EEXIST && path_is_folder(folder)))
        return error_set_errno(err, "There was an issue creating %s as requested", folder);
    return file_arguments_apply_diff(job->task, folder, &job->arguments, false, &job->diff, err);
}

static bool create_directory(struct file_job *job, struct error *err)
{
    diff_start(job, "directory");
    if (change_wanted(job->task, "create directory '%s'", job->path)) {
        if (!make_folders(job, job->path, err) || !apply_times(job, job->path, true, err))
            return false;
    }
    return finish(job, "path", NULL, err);
}

static bool ensure_directory(struct file_job *job, struct error *err)
{
    if (job->args->follow && job->before == FILE_LINK) {
        job->path = file_real_path(job->task->scratch, job->path);
        if (!file_state_get(job->path, &job->before, err))
            return false;
    }
    if (job->before == FILE_ABSENT)
        return create_directory(job, err);
    if (job->before != FILE_FOLDER) {
        result_set_string(job->task, "path", job->path);
        return result_fail(job->task, "%s already exists as a %s", job->path, file_state_name(job->before));
    }
    diff_start(job, "directory");
    if (!apply_all(job, job->path, err))
        return false;
    if (job->args->recurse && !recurse_into(job, job->path, err))
        return false;
    return finish(job, "path", NULL, err);
}

/* --- links --- */

/* Fails by result when what is at the path must not be turned into a symbolic link. *may_out: go on. */
static bool symlink_check(struct file_job *job, const char *src, bool *may_out, struct error *err)
{
    struct arena *arena = job->task->scratch;
    const char *folder = job->before == FILE_FOLDER ? job->path : path_dirname(arena, job->path);
    char **names = NULL;
    size_t count = 0;

    *may_out = false;
    if (job->before != FILE_LINK && !src)
        return result_fail(job->task, "src is required for creating new symlinks");
    result_set_string(job->task, "path", job->path);
    if (!job->args->force && src && !path_exists(path_join(arena, folder, src))) {
        result_set_string(job->task, "src", src);
        return result_fail(job->task,
                           "src file does not exist, use \"force=yes\" if you really want to create the link: %s",
                           path_join(arena, folder, src));
    }
    if (job->before != FILE_ABSENT && job->before != FILE_LINK && !job->args->force)
        return result_fail(job->task, "refusing to convert from %s to symlink for %s", file_state_name(job->before),
                           job->path);
    if (job->before == FILE_FOLDER) {
        if (!file_tree_names(arena, job->path, &names, &count, err))
            return false;
        if (count > 0)
            return result_fail(job->task, "the directory %s is not empty, refusing to convert it", job->path);
    }
    value_map_remove(arena, job->task->result->fields, value_string(arena, "path"));
    *may_out = true;
    return true;
}

static bool symlink_make(struct file_job *job, const char *src, struct error *err)
{
    const char *current = job->before == FILE_LINK ? file_link_target(job->task->scratch, job->path) : NULL;

    if (job->before == FILE_LINK && (!src || text_equal(current, src)))
        return true;
    if (current)
        diff_sources(job, current, src);
    if (!change_wanted(job->task, "link '%s' to '%s'", job->path, src))
        return true;
    return file_link_symbolic(job->task->scratch, src, job->path, job->before != FILE_ABSENT, err);
}

static bool ensure_link(struct file_job *job, struct error *err)
{
    const char *src = job->args->src;
    bool may = false;

    if (!src && job->args->follow && path_exists(job->path))
        src = file_link_target(job->task->scratch, job->path);
    if (!symlink_check(job, src, &may, err))
        return false;
    if (!may)
        return true;
    diff_start(job, "link");
    if (!symlink_make(job, src, err))
        return false;
    if (job->task->check_mode && !path_exists(job->path))
        return finish(job, "dest", src, err);
    const char *target = attributes_path(job);
    if (job->args->follow && file_is_link(job->path) && !path_exists(target))
        result_warn(job->task,
                    "Cannot set fs attributes on a non-existent symlink target. follow should be set to False to "
                    "avoid this.");
    else if (!apply_all(job, target, err))
        return false;
    return finish(job, "dest", src, err);
}

/* *wanted_out: the path must become another name of src. Fails by result where that needs force. */
static bool hardlink_check(struct file_job *job, bool *wanted_out)
{
    struct stat source, current;
    const char *src = job->args->src;

    *wanted_out = job->before != FILE_HARD;
    if (job->before != FILE_HARD && !src)
        return result_fail(job->task, "src is required for creating new hardlinks");
    result_set_string(job->task, "dest", job->path);
    result_set_string(job->task, "src", src);
    if (src && stat(src, &source) != 0)
        return result_fail(job->task, "src does not exist");
    if (!src || job->before == FILE_ABSENT || job->before == FILE_LINK)
        return true;
    if (stat(job->path, &current) == 0 && current.st_ino == source.st_ino && current.st_dev == source.st_dev) {
        *wanted_out = false;
        return true;
    }
    *wanted_out = true;
    if (job->args->force && job->before != FILE_FOLDER)
        return true;
    if (job->before == FILE_REGULAR)
        return result_fail(job->task, "Cannot link, file exists at destination");
    return result_fail(job->task, "Cannot link, different hard link exists at destination");
}

static bool ensure_hard(struct file_job *job, struct error *err)
{
    bool wanted = false;

    if (hardlink_check(job, &wanted) && job->task->result->failed)
        return true;
    diff_start(job, "hard");
    if (job->before == FILE_LINK)
        diff_sources(job, file_link_target(job->task->scratch, job->path), job->args->src);
    if (wanted && change_wanted(job->task, "hard link '%s' to '%s'", job->path, job->args->src) &&
        !file_link_hard(job->task->scratch, job->args->src, job->path, job->before != FILE_ABSENT, err))
        return false;
    if (job->task->check_mode && !path_exists(job->path))
        return finish(job, "dest", job->args->src, err);
    return apply_all(job, attributes_path(job), err) && finish(job, "dest", job->args->src, err);
}

/* --- start --- */

/* A user a play makes first is not there yet in check mode. */
static void warn_missing_owner(struct file_job *job, enum file_owner_kind kind, const char *text)
{
    struct task_context *task = job->task;
    const char *what = kind == FILE_OWNER_USER ? "user" : "group";
    unsigned id = 0;
    int64_t number = 0;

    if (!text || !file_owner_id(task->system, task->scratch, kind, text, &id)) {
        if (text)
            result_warn(task, "failed to look up %s %s. Create %s up to this point in real play", what, text, what);
    } else if (text_to_int(text, &number) && !file_owner_name(task->system, task->scratch, kind, id)) {
        result_warn(task, "failed to look up %s with %s %s. Create %s up to this point in real play", what,
                    kind == FILE_OWNER_USER ? "uid" : "gid", text, what);
    }
}

/* Fills path, state and times from the arguments. */
static bool job_prepare(struct file_job *job, struct error *err)
{
    const struct file_args *args = job->args;
    bool touch = args->state && strcmp(args->state, "touch") == 0;
    const char *usual = touch ? "now" : "preserve";

    job->path = args->path;
    job->state = args->state;
    if (!(job->state && (strcmp(job->state, "link") == 0 || strcmp(job->state, "absent") == 0)) && args->src &&
        path_is_folder(job->path))
        job->path = path_join(job->task->scratch, job->path, path_basename(args->src));
    if (!file_state_get(job->path, &job->before, err))
        return false;
    if (!job->state)
        job->state = job->before != FILE_ABSENT ? file_state_name(job->before) : args->recurse ? "directory" : "file";
    job->arguments = file_arguments_resolve(job->task, &args->file);
    job->visited = value_map(job->task->scratch);
    return file_time_parse(args->modification_time ? args->modification_time : usual, args->modification_time_format,
                           &job->modification, err) &&
           file_time_parse(args->access_time ? args->access_time : usual, args->access_time_format, &job->access, err);
}

static bool run_state(struct file_job *job, struct error *err)
{
    static const struct {
        const char *state;
        bool (*ensure)(struct file_job *, struct error *);
    } states[] = {
        { "file", ensure_file }, { "directory", ensure_directory }, { "link", ensure_link },
        { "hard", ensure_hard }, { "touch", ensure_touch },         { "absent", ensure_absent },
    };

    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        if (strcmp(states[i].state, job->state) == 0)
            return states[i].ensure(job, err);
    }
    return error_set(err, "unknown state '%s'", job->state);
}

static bool check_arguments(struct file_job *job)
{
    result_set_string(job->task, "path", job->path);
    if (job->args->recurse && strcmp(job->state, "directory") != 0)
        return result_fail(job->task, "recurse option requires state to be 'directory'");
    if (job->args->src && strcmp(job->state, "link") != 0 && strcmp(job->state, "hard") != 0)
        return result_fail(job->task, "src option requires state to be 'link' or 'hard'");
    value_map_remove(job->task->scratch, job->task->result->fields, value_string(job->task->scratch, "path"));
    return true;
}

/* A failure tells about the path what is known, as Ansible's does. */
static bool finish_failed(struct file_job *job, struct error *err)
{
    struct value *fields = job->task->result->fields;

    return !(value_map_get(fields, "path") || value_map_get(fields, "dest")) ||
           file_arguments_describe(job->task, job->path, err);
}

static bool file_run(struct task_context *task, const void *raw, struct error *err)
{
    struct file_job job = { .task = task, .args = raw };

    if (!job_prepare(&job, err))
        return false;
    if (check_arguments(&job) && task->result->failed)
        return finish_failed(&job, err);
    if (task->check_mode && strcmp(job.state, "absent") != 0) {
        warn_missing_owner(&job, FILE_OWNER_USER, job.args->file.owner);
        warn_missing_owner(&job, FILE_OWNER_GROUP, job.args->file.group);
    }
    if (!run_state(&job, err)) {
        if (err->kind == ERROR_CANCELLED)
            return false;
        result_set_string(task, "path", job.path);
        result_fail(task, "%s", err->text);
    }
    return task->result->failed ? finish_failed(&job, err) : true;
}

MODULE_DEFINE(file) = {
    .spec = { .name = "file",
              .summary = "Manage files, directories, links and their properties",
              .args = file_spec,
              .args_size = sizeof(struct file_args) },
    .order = "path dest src changed diff",
    .run = file_run,
};

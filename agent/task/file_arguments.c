/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owner, group, mode, attributes and SELinux context of one path: compares, asks the gate, sets. Does not
 * create or follow anything on its own.
 */
#include "agent/task/file_arguments.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/system/file/file_context.h"
#include "agent/system/file/file_flags.h"
#include "agent/system/file/file_metadata.h"
#include "agent/system/file/file_mode.h"
#include "agent/system/file/file_owner.h"
#include "agent/system/file/file_state.h"
#include "common/base/path.h"
#include "common/base/text.h"

/* One path being brought to its arguments. */
struct job {
    struct task_context *task;
    const char *path;
    const struct file_arguments *arguments;
    struct file_arguments_diff *diff; /* may be NULL */
};

static void note_text(struct job *job, const char *key, const char *before, const char *after)
{
    if (!job->diff)
        return;
    value_map_put_string(job->task->scratch, job->diff->before, key, before);
    value_map_put_string(job->task->scratch, job->diff->after, key, after);
}

static void note_number(struct job *job, const char *key, int64_t before, int64_t after)
{
    if (!job->diff)
        return;
    value_map_put_int(job->task->scratch, job->diff->before, key, before);
    value_map_put_int(job->task->scratch, job->diff->after, key, after);
}

static bool apply_context(struct job *job, struct error *err)
{
    const struct file_arguments *a = job->arguments;
    struct arena *arena = job->task->scratch;
    const char *wanted = NULL;

    /* Where SELinux is off these arguments have no effect, as with Ansible: one playbook serves both kinds of
     * hosts. */
    if (!(a->seuser || a->serole || a->setype || a->selevel) || !file_context_enabled(job->task->system))
        return true;
    const char *current = file_context_get(arena, job->path);
    if (!file_context_merge(arena, current, (const char *const[4]){ a->seuser, a->serole, a->setype, a->selevel },
                            &wanted, err))
        return false;
    if (text_equal(current, wanted))
        return true;
    note_text(job, "secontext", current, wanted);
    if (!change_wanted(job->task, "set SELinux context %s on '%s'", wanted, job->path))
        return true;
    return file_context_set(job->path, wanted, err);
}

static bool apply_id(struct job *job, enum file_owner_kind kind, const char *name, struct error *err)
{
    struct stat info;
    unsigned id = 0;
    bool is_user = kind == FILE_OWNER_USER;
    const char *what = is_user ? "owner" : "group";

    if (!name)
        return true;
    if (!file_owner_id(job->task->system, job->task->scratch, kind, name, &id))
        return error_set(err, "%s failed: failed to look up %s %s", is_user ? "chown" : "chgrp",
                         is_user ? "user" : "group", name);
    if (lstat(job->path, &info) != 0)
        return error_set_errno(err, "cannot look at '%s'", job->path);
    unsigned current = is_user ? info.st_uid : info.st_gid;
    if (current == id)
        return true;
    note_number(job, what, current, id);
    const char *was = file_owner_name(job->task->system, job->task->scratch, kind, current);
    if (!change_wanted(job->task, "set %s of '%s' to %s (was %s)", what, job->path, name,
                       was ? was : arena_printf(job->task->scratch, "%u", current)))
        return true;
    if (lchown(job->path, is_user ? id : (uid_t)-1, is_user ? (gid_t)-1 : id) != 0)
        return error_set_errno(err, "%s failed: '%s'", is_user ? "chown" : "chgrp", job->path);
    return true;
}

static bool apply_mode(struct job *job, struct error *err)
{
    struct stat info;
    mode_t mode = 0;
    char before[8], after[8];

    if (!job->arguments->mode)
        return true;
    if (lstat(job->path, &info) != 0)
        return error_set_errno(err, "cannot look at '%s'", job->path);
    if (!file_mode_parse(job->arguments->mode, info.st_mode, file_umask(), &mode, err))
        return false;
    /* Linux knows no mode of a link. */
    if (S_ISLNK(info.st_mode) || mode == (info.st_mode & 07777))
        return true;
    file_mode_format(info.st_mode, before, sizeof(before));
    file_mode_format(mode, after, sizeof(after));
    note_text(job, "mode", before, after);
    if (!change_wanted(job->task, "set mode %s on '%s' (was %s)", after, job->path, before))
        return true;
    if (chmod(job->path, mode) != 0)
        return error_set_errno(err, "chmod failed: '%s'", job->path);
    return true;
}

static bool apply_attributes(struct job *job, struct error *err)
{
    struct file_flags flags = { 0 };
    unsigned wanted = 0;
    char before[FILE_FLAGS_LETTERS];
    const char *text = job->arguments->attributes;

    if (!text)
        return true;
    bool has_flags = file_flags_get(job->path, &flags);
    if (!file_flags_parse(text, flags.bits, &wanted, err))
        return error_prefix(err, "attributes of '%s'", job->path);
    if (wanted == flags.bits)
        return true;
    if (!has_flags)
        return error_set(err, "cannot set the attributes of '%s': it has none", job->path);
    file_flags_letters(flags.bits, before);
    note_text(job, "attributes", before,
              strchr("+-=", text[0]) && text[0] ? text : arena_printf(job->task->scratch, "=%s", text));
    if (!change_wanted(job->task, "set attributes %s on '%s'", text, job->path))
        return true;
    return file_flags_set(job->path, wanted, err);
}

bool file_arguments_given(const struct file_arguments *arguments)
{
    return arguments->owner || arguments->group || arguments->mode || arguments->attributes;
}

struct file_arguments file_arguments_resolve(struct task_context *task, const struct file_arguments *arguments)
{
    struct file_arguments resolved = *arguments;
    unsigned id = 0;

    if (resolved.owner && file_owner_id(task->system, task->scratch, FILE_OWNER_USER, resolved.owner, &id))
        resolved.owner = arena_printf(task->scratch, "%u", id);
    if (resolved.group && file_owner_id(task->system, task->scratch, FILE_OWNER_GROUP, resolved.group, &id))
        resolved.group = arena_printf(task->scratch, "%u", id);
    return resolved;
}

bool file_arguments_apply_diff(struct task_context *task, const char *path, const struct file_arguments *arguments,
                               bool follow, struct file_arguments_diff *diff, struct error *err)
{
    struct job job = { .task = task, .path = path, .arguments = arguments, .diff = diff };

    if (follow && file_is_link(path))
        job.path = file_real_path(task->scratch, path);
    if (task->check_mode && !path_exists(job.path)) {
        if (file_arguments_given(arguments))
            (void)change_wanted(task, "set owner and permissions of '%s'", job.path);
        return true;
    }
    return apply_context(&job, err) && apply_id(&job, FILE_OWNER_USER, arguments->owner, err) &&
           apply_id(&job, FILE_OWNER_GROUP, arguments->group, err) && apply_mode(&job, err) &&
           apply_attributes(&job, err);
}

bool file_arguments_apply(struct task_context *task, const char *path, const struct file_arguments *arguments,
                          bool follow, struct error *err)
{
    return file_arguments_apply_diff(task, path, arguments, follow, NULL, err);
}

static void describe_owner(struct task_context *task, const char *key, enum file_owner_kind kind, unsigned id)
{
    const char *name = file_owner_name(task->system, task->scratch, kind, id);
    result_set_string(task, key, name ? name : arena_printf(task->scratch, "%u", id));
}

bool file_arguments_describe(struct task_context *task, const char *path, struct error *err)
{
    struct stat info;
    enum file_state state = FILE_ABSENT;
    char mode[8];

    if (!path_exists(path) || lstat(path, &info) != 0)
        return true;
    if (!file_state_get(path, &state, err))
        return false;
    result_set_int(task, "uid", info.st_uid);
    result_set_int(task, "gid", info.st_gid);
    describe_owner(task, "owner", FILE_OWNER_USER, info.st_uid);
    describe_owner(task, "group", FILE_OWNER_GROUP, info.st_gid);
    file_mode_format(info.st_mode, mode, sizeof(mode));
    result_set_string(task, "mode", mode);
    result_set_string(task, "state", file_state_name(state));
    const char *context = file_context_enabled(task->system) ? file_context_get(task->scratch, path) : NULL;
    if (context)
        result_set_string(task, "secontext", context);
    result_set_int(task, "size", info.st_size);
    return true;
}

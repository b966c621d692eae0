/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mount: what is mounted, and what fstab says about it. Follows ansible.posix.mount; mounting itself is done by mount(8)
 * and umount(8), which know helpers, labels and loop devices.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/system/file/file_replace.h"
#include "agent/system/file/file_tree.h"
#include "agent/system/host/fstab.h"
#include "agent/system/host/mount_table.h"
#include "agent/system/process/process.h"
#include "agent/system/file/text_file.h"
#include "agent/system/file/word_list.h"
#include "agent/task/module.h"
#include "common/base/path.h"
#include "common/base/text.h"

#define FSTAB "/etc/fstab"

struct mount_args {
    const char *path, *src, *fstype, *opts, *dump, *passno, *state, *fstab;
    bool boot, backup;
};

static const struct arg_spec mount_args[] = {
    ARG(mount_args, path, ARG_PATH, .required = true, .aliases = ARG_NAMES("name"), .help = "mount point"),
    ARG(mount_args, src, ARG_PATH, .help = "device, network volume or folder to mount"),
    ARG(mount_args, fstype, ARG_STRING, .help = "type of the file system"),
    ARG(mount_args, opts, ARG_STRING, .help = "mount options, with commas; default: defaults"),
    ARG(mount_args, dump, ARG_STRING, .default_text = "0", .help = "fifth field of fstab"),
    ARG(mount_args, passno, ARG_STRING, .default_text = "0", .help = "sixth field of fstab: order of fsck"),
    ARG(mount_args, state, ARG_STRING, .required = true,
        .choices =
            ARG_NAMES("absent", "absent_from_fstab", "mounted", "present", "unmounted", "remounted", "ephemeral"),
        .help = "mounted: in fstab and now; present: in fstab only; ephemeral: now only; absent: neither"),
    ARG(mount_args, fstab, ARG_STRING, .help = "the file; default: /etc/fstab"),
    ARG(mount_args, boot, ARG_BOOL, .default_text = "yes", .help = "mount at boot; no adds noauto to the options"),
    ARG(mount_args, backup, ARG_BOOL, .default_text = "no", .help = "keep a copy of fstab as it was"),
    ARG_END,
};

static const struct arg_rule mount_rules[] = {
    { .kind = ARG_RULE_REQUIRED_IF, .key = "state", .equals = "mounted", .names = ARG_NAMES("src", "fstype") },
    { .kind = ARG_RULE_REQUIRED_IF, .key = "state", .equals = "present", .names = ARG_NAMES("src", "fstype") },
    { .kind = ARG_RULE_REQUIRED_IF, .key = "state", .equals = "ephemeral", .names = ARG_NAMES("src", "fstype") },
    { .kind = ARG_RULE_END },
};

struct mount_job {
    struct task_context *task;
    const struct mount_args *args;
    const char *fstab, *opts, *backup;
    char *before; /* fstab as it was; NULL: no such file */
    bool fstab_written;
    const char *made; /* topmost folder made for the mount point; NULL: none */
    struct mount_table mounts;
    const char *complaint; /* what mount or umount said when it failed */
};

static bool state_is(const struct mount_job *job, const char *state)
{
    return strcmp(job->args->state, state) == 0;
}

/* --- fstab --- */

static bool fstab_write(struct mount_job *job, const char *text, struct error *err)
{
    struct task_context *task = job->task;
    const char *real = system_path(task->system, task->scratch, job->fstab);
    struct file_replace_options options = { .mode = 0644 };

    if (job->args->backup && job->before != NULL &&
        !file_backup(task->system, task->scratch, job->fstab, &job->backup, err))
        return false;
    if (!file_tree_make(task->scratch, path_dirname(task->scratch, real), err))
        return false;
    job->fstab_written = true;
    return file_replace_text(task->system, task->scratch, job->fstab, text, &options, err);
}

static bool fstab_change(struct mount_job *job, bool present, bool *changed_out, struct error *err)
{
    const struct mount_args *args = job->args;
    const struct fstab_entry entry = { args->src, args->path, args->fstype, job->opts, args->dump, args->passno };
    const char *before = job->before != NULL ? job->before : "";
    const char *after = present ? fstab_set(job->task->scratch, before, &entry, changed_out)
                                : fstab_unset(job->task->scratch, before, args->path, args->src, changed_out);

    if (!*changed_out)
        return true;
    result_diff(job->task, before, after, job->fstab, job->fstab);
    if (!change_wanted(job->task, "%s '%s' in '%s'", present ? "set" : "remove", args->path, job->fstab))
        return true;
    return fstab_write(job, after, err);
}

/* --- what is mounted --- */

static bool is_mounted(struct mount_job *job, const char *src)
{
    const struct mount_point *point = mount_table_find(&job->mounts, job->args->path);

    if (mount_is_boundary(job->task->scratch, job->args->path))
        return true;
    return point != NULL && (src == NULL || strcmp(point->origin, src) == 0);
}

static bool is_mounted_from(struct mount_job *job, const char *src)
{
    const struct mount_point *point = mount_table_find(&job->mounts, job->args->path);

    return point != NULL && (strcmp(point->origin, src) == 0 || strcmp(point->source, src) == 0);
}

/* False with err set only when the program could not be run; its failure is job->complaint. */
static bool command_run(struct mount_job *job, const struct word_list *argv, struct error *err)
{
    struct process_request request = PROCESS("");
    struct process_result result;

    request.argv = argv->items;
    request.c_locale = false;
    if (!process_run(job->task->system, job->task->scratch, &request, &result, err))
        return false;
    job->complaint = result.status != 0 ? arena_printf(job->task->scratch, "%s%s", result.output, result.errors) : NULL;
    return true;
}

static void add_origin(struct mount_job *job, struct word_list *argv)
{
    if (!state_is(job, "ephemeral")) {
        word_list_add_pair(argv, "-T", strcmp(job->fstab, FSTAB) != 0 ? job->fstab : NULL);
        return;
    }
    word_list_add_pair(argv, "-t", job->args->fstype);
    word_list_add_pair(argv, "-o", strcmp(job->opts, "defaults") != 0 ? job->opts : NULL);
    word_list_add(argv, job->args->src);
}

static bool mount_now(struct mount_job *job, const char *options, struct error *err)
{
    struct word_list argv = word_list_new(job->task->scratch);

    word_list_add(&argv, "mount");
    word_list_add_pair(&argv, "-o", options);
    add_origin(job, &argv);
    word_list_add(&argv, job->args->path);
    return command_run(job, &argv, err);
}

static bool unmount_now(struct mount_job *job, struct error *err)
{
    struct word_list argv = word_list_new(job->task->scratch);

    word_list_add(&argv, "umount");
    word_list_add(&argv, job->args->path);
    return command_run(job, &argv, err);
}

/* File systems that cannot be remounted are unmounted and mounted again, but not when options were asked for: what
 * fstab says would come in their place. */
static bool remount_now(struct mount_job *job, struct error *err)
{
    bool has_options = state_is(job, "remounted") && strcmp(job->opts, "defaults") != 0;
    const char *options = has_options ? arena_printf(job->task->scratch, "remount,%s", job->opts) : "remount";

    if (!mount_now(job, options, err))
        return false;
    if (job->complaint == NULL)
        return true;
    if (has_options)
        return error_set(err,
                         "Options were specified with remounted, but the remount command failed: %s. Nothing else "
                         "was tried. Use \"state: unmounted\" and then \"state: mounted\" with all options instead.",
                         job->complaint);
    return unmount_now(job, err) && (job->complaint != NULL || mount_now(job, NULL, err));
}

/* --- states --- */

static bool unmount_state(struct mount_job *job, struct error *err)
{
    if (!is_mounted(job, NULL) || !change_wanted(job->task, "unmount '%s'", job->args->path))
        return true;
    if (!unmount_now(job, err))
        return false;
    return job->complaint == NULL || error_set(err, "Error unmounting %s: %s", job->args->path, job->complaint);
}

static bool absent_state(struct mount_job *job, struct error *err)
{
    const char *path = job->args->path;
    bool changed = false;

    if (!fstab_change(job, false, &changed, err))
        return false;
    if (!changed || state_is(job, "absent_from_fstab"))
        return true;
    if (!unmount_state(job, err))
        return false;
    if (!path_exists(path) || !change_wanted(job->task, "remove the folder '%s'", path))
        return true;
    if (rmdir(path) == 0)
        return true;
    return error_set(err, "Error rmdir %s: [Errno %d] %s: '%s'", path, errno, strerror(errno), path);
}

/* Removes the folders made for a mount that failed, from the mount point up. */
static void folders_remove(struct mount_job *job)
{
    const char *path = job->args->path;

    while (job->made != NULL && rmdir(path) == 0 && strcmp(path, job->made) != 0)
        path = path_dirname(job->task->scratch, path);
}

static bool folders_make(struct mount_job *job, struct error *err)
{
    struct arena *arena = job->task->scratch;
    const char *path = job->args->path;

    if (path_exists(path) || !change_wanted(job->task, "make the folder '%s'", path))
        return true;
    for (const char *above = path; above[0] != '\0' && !path_exists(above); above = path_dirname(arena, above))
        job->made = above;
    return file_tree_make(arena, path, err) || error_prefix(err, "Error making dir %s", path);
}

/* A line that does not mount may keep the machine from booting: fstab gets its old text again. */
static bool mounting_failed(struct mount_job *job, struct error *err)
{
    struct task_context *task = job->task;
    struct file_replace_options options = { 0 };
    struct error later = ERROR_INIT;
    bool restored = true;

    if (job->fstab_written && job->before != NULL)
        restored = file_replace_text(task->system, task->scratch, job->fstab, job->before, &options, &later);
    else if (job->fstab_written)
        restored = text_file_remove(task->system, task->scratch, job->fstab, &later);
    folders_remove(job);
    if (!restored)
        return error_set(err, "Error mounting %s: %s; and fstab could not be restored: %s", job->args->path,
                         job->complaint, later.text);
    return error_set(err, "Error mounting %s: %s", job->args->path, job->complaint);
}

static bool mounted_state(struct mount_job *job, struct error *err)
{
    const char *path = job->args->path;
    bool changed = false, ephemeral = state_is(job, "ephemeral"), ran = true;
    bool mounted = is_mounted(job, job->args->src);

    if (mounted && ephemeral && !is_mounted_from(job, job->args->src))
        return error_set(
            err,
            "Ephemeral mount point is already mounted with a different source than the specified one: '%s'. "
            "Use \"state: unmounted\" first, or another path.",
            path);
    if (!folders_make(job, err) || (!ephemeral && !fstab_change(job, true, &changed, err)))
        return false;
    if (!mounted && change_wanted(job->task, "mount '%s' on '%s'", job->args->src, path))
        ran = mount_now(job, NULL, err);
    else if (mounted && (changed || ephemeral) && change_wanted(job->task, "remount '%s'", path))
        ran = remount_now(job, err);
    if (!ran)
        return false;
    return job->complaint == NULL || mounting_failed(job, err);
}

static bool remounted_state(struct mount_job *job, struct error *err)
{
    if (!change_wanted(job->task, "remount '%s'", job->args->path))
        return true;
    if (!remount_now(job, err))
        return false;
    return job->complaint == NULL || error_set(err, "Error remounting %s: %s", job->args->path, job->complaint);
}

static bool state_run(struct mount_job *job, struct error *err)
{
    bool changed = false;

    if (state_is(job, "present"))
        return fstab_change(job, true, &changed, err);
    if (state_is(job, "unmounted"))
        return unmount_state(job, err);
    if (state_is(job, "remounted"))
        return remounted_state(job, err);
    if (state_is(job, "mounted") || state_is(job, "ephemeral"))
        return mounted_state(job, err);
    return absent_state(job, err);
}

/* --- arguments and result --- */

static bool has_option(struct arena *arena, const char *options, const char *wanted)
{
    return text_in(wanted, (const char *const *)text_split(arena, options, ',', NULL));
}

/* `boot: false` becomes noauto. Returns what Ansible reports as `boot`. */
static const char *boot_option(struct mount_job *job)
{
    struct task_context *task = job->task;

    if (has_option(task->scratch, job->opts, "noauto")) {
        result_warn(task, "Ignore the 'boot' due to 'opts' contains 'noauto'.");
        return "yes";
    }
    if (job->args->boot)
        return "yes";
    if (has_option(task->scratch, job->opts, "defaults"))
        result_warn(task, "Ignore the 'boot' due to 'opts' contains 'defaults'.");
    else
        job->opts = arena_printf(task->scratch, "%s,noauto", job->opts);
    return "no";
}

static void describe(struct mount_job *job, const char *boot)
{
    const struct mount_args *args = job->args;
    struct task_context *task = job->task;

    result_set_string(task, "name", args->path);
    result_set_string(task, "opts", job->opts);
    result_set_string(task, "dump", args->dump);
    result_set_string(task, "passno", args->passno);
    result_set_string(task, "fstab", job->fstab);
    result_set_string(task, "boot", boot);
    if (args->src != NULL)
        result_set_string(task, "src", args->src);
    if (args->fstype != NULL)
        result_set_string(task, "fstype", args->fstype);
}

static bool mount_run(struct task_context *task, const void *raw, struct error *err)
{
    const struct mount_args *args = raw;
    struct mount_job job = { .task = task, .args = args, .backup = "" };

    job.fstab = args->fstab != NULL ? args->fstab : FSTAB;
    job.opts = args->opts != NULL ? args->opts : "defaults";
    if (!mount_table_read(task->system, task->scratch, &job.mounts, err) ||
        !text_file_read(task->system, task->scratch, job.fstab, &job.before, err))
        return false;
    describe(&job, boot_option(&job));
    if (!state_run(&job, err))
        return false;
    result_set_string(task, "backup_file", job.backup);
    return true;
}

MODULE_DEFINE(mount) = {
    .spec = {
        .name = "mount",
        .summary = "Mount file systems, now and at boot",
        .args = mount_args,
        .rules = mount_rules,
        .args_size = sizeof(struct mount_args),
    },
    .order = "changed name opts dump passno fstab boot backup_file src fstype",
    .run = mount_run,
};

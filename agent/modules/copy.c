/* SPDX-License-Identifier: Apache-2.0 */
/*
 * copy: puts content in place. The content comes from the engine (template and copy with a local source: by
 * hash first, the bytes only when they differ) or, with remote_src, from a file or folder of this node.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/system/file/file_data.h"
#include "agent/system/file/file_metadata.h"
#include "agent/system/file/file_mode.h"
#include "agent/system/file/file_owner.h"
#include "agent/system/file/file_replace.h"
#include "agent/system/file/file_state.h"
#include "agent/system/file/file_tree.h"
#include "agent/task/content_arguments.h"
#include "agent/task/file_arguments.h"
#include "agent/task/file_sync.h"
#include "agent/task/file_validate.h"
#include "agent/task/module.h"
#include "common/base/fd.h"
#include "common/base/hash.h"
#include "common/base/path.h"
#include "common/base/text.h"

#define DIFF_SIZE_MAX 104448 /* as agent/task/result.c */

struct copy_args {
    const char *src, *content, *dest, *validate, *directory_mode, *checksum;
    bool backup, force, remote_src, follow, decrypt;
    enum arg_tri local_follow;
    struct content_arguments offer;
    struct file_arguments file;
};

static const struct arg_spec copy_spec[] = {
    ARG(copy_args, dest, ARG_PATH, .required = true,
        .help = "where the file or folder goes; a folder when it ends in /"),
    ARG(copy_args, src, ARG_PATH, .help = "file or folder to copy"),
    ARG(copy_args, content, ARG_STRING, .no_log = true, .help = "content of the file, instead of src"),
    ARG(copy_args, remote_src, ARG_BOOL, .default_text = "no", .help = "src is on the node already"),
    ARG(copy_args, backup, ARG_BOOL, .default_text = "no", .help = "keep a copy of the file as it was"),
    ARG(copy_args, force, ARG_BOOL, .default_text = "yes", .help = "replace a file whose content differs"),
    ARG(copy_args, follow, ARG_BOOL, .default_text = "no", .help = "write to what a link at dest names"),
    ARG(copy_args, local_follow, ARG_TRI, .help = "copy what links in the source name, not the links"),
    ARG(copy_args, directory_mode, ARG_MODE, .help = "mode of folders that are made on the way"),
    ARG(copy_args, validate, ARG_STRING, .help = "command with %s that must accept the new file"),
    ARG(copy_args, checksum, ARG_STRING, .help = "SHA-1 the source must have"),
    ARG(copy_args, decrypt, ARG_BOOL, .default_text = "yes",
        .help = "decrypt a vault file; done where the playbook is"),
    CONTENT_ARGUMENTS(copy_args),
    FILE_ARGUMENTS(copy_args),
    ARG_END,
};

static const struct arg_rule copy_rules[] = {
    { .kind = ARG_RULE_EXCLUSIVE, .names = ARG_NAMES("src", "content") },
    { .kind = ARG_RULE_END },
};

/* One run of the module. */
struct copy_job {
    struct task_context *task;
    const struct copy_args *args;
    struct file_arguments arguments; /* "preserve" replaced */
    bool from_engine;
    const char *name; /* of the source, for a destination that is a folder; NULL: it has none */
    const char *dest;
    bool source_is_folder;
    char source_sha1[HASH_HEX_MAX], source_md5[HASH_HEX_MAX]; /* empty: folder, or not known yet */
    const char *backup;                                       /* path of the backup, or NULL */
};

/* --- source --- */

static bool source_engine(struct copy_job *job, struct error *err)
{
    const struct copy_args *args = job->args;
    const char *name = args->offer.name;

    if (args->offer.size < 0 || !args->offer.sha256 || !args->offer.sha1)
        return error_set(err, "the engine did not say what content it has");
    (void)snprintf(job->source_sha1, sizeof(job->source_sha1), "%s", args->offer.sha1);
    if (name && name[0])
        job->name = name[0] == '/' ? path_basename(name) : name;
    return true;
}

/* Finds out what src is; fails by result where that is none to copy. */
static bool source_node(struct copy_job *job, struct error *err)
{
    const char *src = job->args->src;
    struct stat info;

    if (!src)
        return result_fail(job->task, "src (or content) is required");
    if (stat(src, &info) != 0)
        return result_fail(job->task, "Source %s not found", src);
    if (access(src, R_OK) != 0)
        return result_fail(job->task, "Source %s not readable", src);
    if (!S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode))
        return result_fail(job->task, "Cannot copy invalid source '%s': not a file", src);
    if (text_equal(job->arguments.mode, "preserve"))
        job->arguments.mode = arena_printf(job->task->scratch, "0%03o", (unsigned)(info.st_mode & 07777));
    job->name = path_basename(src);
    job->source_is_folder = S_ISDIR(info.st_mode);
    if (job->source_is_folder)
        return true;
    return hash_hex_of_file(HASH_SHA1, src, job->source_sha1, err) &&
           hash_hex_of_file(HASH_MD5, src, job->source_md5, err);
}

static bool source_find(struct copy_job *job, struct error *err)
{
    const struct copy_args *args = job->args;

    job->from_engine = args->offer.id != ARG_INT_UNSET;
    if (!job->from_engine && !args->remote_src)
        return error_set(err,
                         "src and content are sent by the engine; on the node itself only remote_src can be copied");
    if (!(job->from_engine ? source_engine(job, err) : source_node(job, err)))
        return false;
    if (job->task->result->failed || !args->checksum || strcmp(args->checksum, job->source_sha1) == 0)
        return true;
    result_set_string(job->task, "checksum", job->source_sha1[0] ? job->source_sha1 : NULL);
    result_set_string(job->task, "expected_checksum", args->checksum);
    return result_fail(job->task, "Copied file does not match the expected checksum. Transfer failed.");
}

/* --- destination --- */

static bool make_folder(struct copy_job *job, const char *folder, struct error *err)
{
    struct file_arguments arguments = job->arguments;
    const char *parent = path_dirname(job->task->scratch, folder);

    if (folder[0] == '\0' || path_exists(folder))
        return true;
    if (!make_folder(job, parent, err))
        return false;
    arguments.mode = job->args->directory_mode;
    if (mkdir(folder, 0777) != 0 && !path_is_folder(folder))
        return error_set_errno(err, "cannot make folder '%s'", folder);
    return file_arguments_apply(job->task, folder, &arguments, false, err);
}

/* A destination that ends in / names a folder, made when it is missing. *done_out: check mode ends here. */
static bool dest_folder(struct copy_job *job, bool *done_out, struct error *err)
{
    struct task_context *task = job->task;

    if (job->from_engine && job->name)
        job->dest = path_join(task->scratch, job->dest, job->name);
    const char *folder = path_dirname(task->scratch, job->dest);
    if (path_exists(folder))
        return true;
    if (change_wanted(task, "make folder '%s'", folder))
        return make_folder(job, folder, err);
    *done_out = true;
    if (!job->from_engine) {
        result_message(task, "dest directory %s would be created", folder);
        result_set_string(task, "src", job->args->src);
    }
    return true;
}

/* What Ansible calls the source in results. */
static const char *source_label(const struct copy_job *job)
{
    return job->args->src ? job->args->src : job->args->offer.name;
}

static bool dest_missing(struct copy_job *job, bool *done_out)
{
    const char *folder = path_dirname(job->task->scratch, job->dest);

    if (path_exists(folder))
        return true;
    /* In check mode an earlier task may have been going to make it. */
    if (job->task->check_mode && job->from_engine) {
        (void)change_wanted(job->task, "create '%s'", job->dest);
        *done_out = true;
        return true;
    }
    if (job->from_engine)
        result_set_string(job->task, "checksum", job->source_sha1);
    return result_fail(job->task, "Destination directory %s does not exist", folder);
}

/* force is off and something is there: nothing is done. */
static bool dest_stays(struct copy_job *job, struct error *err)
{
    struct task_context *task = job->task;

    result_set_string(task, "dest", job->dest);
    result_set_string(task, "src", source_label(job));
    if (job->from_engine)
        return true;
    result_message(task, "file already exists");
    return file_arguments_describe(task, job->dest, err);
}

static bool dest_existing(struct copy_job *job, bool *done_out, struct error *err)
{
    if (job->args->follow && file_is_link(job->dest))
        job->dest = file_real_path(job->task->scratch, job->dest);
    *done_out = !job->args->force;
    return *done_out ? dest_stays(job, err) : true;
}

static bool dest_find(struct copy_job *job, bool *done_out, struct error *err)
{
    struct task_context *task = job->task;

    job->dest = strchr(job->args->dest, '/') ? job->args->dest : arena_printf(task->scratch, "./%s", job->args->dest);
    if (text_ends(job->dest, "/") && (!dest_folder(job, done_out, err) || *done_out))
        return *done_out;
    if (path_is_folder(job->dest)) {
        if (!job->name)
            return result_fail(task, "can not use content with a dir as dest");
        job->dest = path_join(task->scratch, job->dest, job->name);
    }
    bool fine = path_exists(job->dest) ? dest_existing(job, done_out, err) : dest_missing(job, done_out);
    if (!fine || *done_out || task->result->failed)
        return fine;
    const char *folder = path_dirname(task->scratch, job->dest);
    if (!task->check_mode && !job->arguments.unsafe_writes && access(folder, W_OK) != 0) {
        if (job->source_sha1[0])
            result_set_string(task, "checksum", job->source_sha1);
        return result_fail(task, "Destination %s not writable", folder);
    }
    return true;
}

/* --- comparing --- */

static bool same_content(struct copy_job *job, bool *same_out, struct error *err)
{
    struct stat info;
    char hex[HASH_HEX_MAX];

    *same_out = false;
    if (stat(job->dest, &info) != 0 || file_is_link(job->dest) || !S_ISREG(info.st_mode) ||
        access(job->dest, R_OK) != 0)
        return true;
    if (!job->from_engine)
        return file_data_equal(job->args->src, job->dest, same_out, err);
    if (info.st_size != job->args->offer.size)
        return true;
    if (!hash_hex_of_file(HASH_SHA256, job->dest, hex, err))
        return false;
    *same_out = strcmp(hex, job->args->offer.sha256) == 0;
    return true;
}

/* One side of the diff, with Ansible's keys for what cannot be shown. */
static void diff_side(struct copy_job *job, struct value *diff, const char *key, const char *side, int fd, int64_t size)
{
    struct arena *arena = job->task->scratch;
    struct error ignored = ERROR_INIT;
    size_t got = 0;
    char *data = arena_alloc(arena, DIFF_SIZE_MAX + 1);

    if (size > DIFF_SIZE_MAX) {
        value_map_put_int(arena, diff, arena_printf(arena, "%s_larger", side), DIFF_SIZE_MAX);
        return;
    }
    if (fd >= 0 && (lseek(fd, 0, SEEK_SET) < 0 || !fd_read_all(fd, data, DIFF_SIZE_MAX, &got, &ignored)))
        got = 0;
    if (memchr(data, 0, got) || !text_utf8_valid(data, got))
        value_map_put_int(arena, diff, arena_printf(arena, "%s_binary", side), 1);
    else
        value_map_put(arena, diff, key, value_string_n(arena, data, got));
}

/* `content`: the engine's content, or -1 when it is too large to be shown and was not fetched. */
static void diff_add(struct copy_job *job, int content)
{
    struct arena *arena = job->task->scratch;
    struct value *diff = value_map(arena);
    struct stat info;
    FD_SCOPED old = open(job->dest, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    bool exists = old >= 0 && fstat(old, &info) == 0 && S_ISREG(info.st_mode) && info.st_size > 0;

    diff_side(job, diff, "before", "dst", exists ? old : -1, exists ? info.st_size : 0);
    if (exists && info.st_size <= DIFF_SIZE_MAX)
        value_map_put_string(arena, diff, "before_header", job->dest);
    diff_side(job, diff, "after", "src", content, job->args->offer.size);
    value_map_put_string(arena, diff, "after_header", source_label(job) ? source_label(job) : "dynamically generated");
    value_list_add(arena, job->task->result->diff, diff);
}

/* Check mode: the content is fetched only to be shown. */
static bool diff_only(struct copy_job *job, struct error *err)
{
    if (!job->task->diff_mode || !job->from_engine)
        return true;
    if (job->args->offer.size > DIFF_SIZE_MAX) {
        diff_add(job, -1);
        return true;
    }
    FD_SCOPED memory = memfd_create("content", MFD_CLOEXEC);
    if (memory < 0)
        return error_set_errno(err, "no memory for the content");
    if (!task_content_receive(job->task, job->args->offer.id, memory, err))
        return false;
    diff_add(job, memory);
    return true;
}

/* --- writing --- */

static bool hash_content(struct copy_job *job, int fd, char sha256[HASH_HEX_MAX], struct error *err)
{
    struct hash *sums[] = { hash_new(job->task->scratch, HASH_SHA256), hash_new(job->task->scratch, HASH_MD5) };
    char buffer[64 * 1024];
    size_t got = 0;

    if (lseek(fd, 0, SEEK_SET) < 0)
        return error_set_errno(err, "cannot read '%s' again", job->dest);
    do {
        if (!fd_read_all(fd, buffer, sizeof(buffer), &got, err))
            return error_prefix(err, "cannot read '%s' again", job->dest);
        hash_add(sums[0], buffer, got);
        hash_add(sums[1], buffer, got);
    } while (got == sizeof(buffer));
    (void)hash_hex(sums[0], sha256);
    (void)hash_hex(sums[1], job->source_md5);
    return true;
}

static bool fill_from_engine(struct copy_job *job, int fd, struct error *err)
{
    char sha256[HASH_HEX_MAX];

    if (!task_content_receive(job->task, job->args->offer.id, fd, err))
        return error_prefix(err, "cannot write '%s'", job->dest);
    if (!hash_content(job, fd, sha256, err))
        return false;
    if (strcmp(sha256, job->args->offer.sha256) != 0)
        return error_set(err, "the content for '%s' arrived damaged: SHA-256 %s instead of %s", job->dest, sha256,
                         job->args->offer.sha256);
    if (job->task->diff_mode)
        diff_add(job, fd);
    return true;
}

static bool fill_from_node(struct copy_job *job, int fd, struct error *err)
{
    const char *src = job->args->src;
    FD_SCOPED in = open(src, O_RDONLY | O_CLOEXEC);

    if (in < 0)
        return error_set_errno(err, "cannot open '%s'", src);
    return file_data_copy(in, fd, job->dest, err) &&
           file_metadata_copy(job->task->scratch, src, fd, job->dest, FILE_METADATA_TIMES | FILE_METADATA_XATTRS, err);
}

/* What a validate command may look at before the file is in place: mode and owner. */
static bool dress_temp(struct copy_job *job, int fd, struct error *err)
{
    unsigned uid = (unsigned)-1, gid = (unsigned)-1;
    struct system *system = job->task->system;
    mode_t mode = 0;

    if (job->arguments.owner)
        (void)file_owner_id(system, job->task->scratch, FILE_OWNER_USER, job->arguments.owner, &uid);
    if (job->arguments.group)
        (void)file_owner_id(system, job->task->scratch, FILE_OWNER_GROUP, job->arguments.group, &gid);
    if ((uid != (unsigned)-1 || gid != (unsigned)-1) && fchown(fd, uid, gid) != 0)
        return error_set_errno(err, "chown failed: '%s'", job->dest);
    if (!job->arguments.mode)
        return true;
    if (!file_mode_parse(job->arguments.mode, S_IFREG | 0600, file_umask(), &mode, err))
        return false;
    return fchmod(fd, mode) == 0 ? true : error_set_errno(err, "chmod failed: '%s'", job->dest);
}

/* Fails by result when the command does not accept the file. */
static bool validate(struct copy_job *job, const struct file_replace *replace, struct error *err)
{
    struct process_result got = { 0 };

    if (!job->args->validate)
        return true;
    if (!dress_temp(job, file_replace_fd(replace), err) ||
        !file_validate(job->task, job->args->validate, file_replace_temp_path(replace), &got, err))
        return false;
    if (got.status == 0)
        return true;
    if (job->from_engine)
        result_set_string(job->task, "checksum", job->source_sha1);
    result_set_int(job->task, "exit_status", got.status);
    result_set_string(job->task, "stdout", got.output);
    result_set_string(job->task, "stderr", got.errors);
    return result_fail(job->task, "failed to validate");
}

static bool write_file(struct copy_job *job, struct error *err)
{
    struct task_context *task = job->task;
    const struct file_replace_options options = { .unsafe = job->arguments.unsafe_writes, .replace_link = true };
    FILE_REPLACE_SCOPED replace = NULL;

    if (!file_replace_begin(task->system, task->scratch, job->dest, &options, &replace, err))
        return false;
    int fd = file_replace_fd(replace);
    if (!(job->from_engine ? fill_from_engine(job, fd, err) : fill_from_node(job, fd, err)) ||
        !validate(job, replace, err))
        return false;
    if (task->result->failed)
        return true;
    if (job->args->backup && path_exists(job->dest) &&
        !file_backup(task->system, task->scratch, job->dest, &job->backup, err))
        return false;
    return file_replace_commit(replace, err);
}

/* --- folders --- */

/* Where the folder goes: into dest, or beside what is in it when src does not end in /. */
static bool copy_folder(struct copy_job *job, struct error *err)
{
    struct task_context *task = job->task;
    const char *src = job->args->src, *target = path_join(task->scratch, job->args->dest, path_basename(src));
    bool keep_links = job->args->local_follow != ARG_TRUE, made = !path_exists(job->args->dest);

    if (made && path_basename(src)[0] && change_wanted(task, "make folder '%s'", target) &&
        !file_tree_make(task->scratch, target, err))
        return false;
    return file_sync_folder(task, src, target, keep_links, err) && file_sync_owner(task, target, &job->arguments, err);
}

/* --- the run --- */

static void set_string_or_null(struct copy_job *job, const char *key, const char *text)
{
    result_set_string(job->task, key, text[0] ? text : NULL);
}

/* Ansible's copy puts ./ before a name without a folder; its file module, which cares for content that stays, does not. */
static const char *dest_shown(const struct copy_job *job, bool written)
{
    bool is_prefixed = !strchr(job->args->dest, '/') && text_starts(job->dest, "./");

    return is_prefixed && !written && job->from_engine ? job->dest + 2 : job->dest;
}

/* Owner, mode and so on. Where the content stays, what differs is the diff, as Ansible's file module has it. */
static bool apply_arguments(struct copy_job *job, bool written, struct error *err)
{
    struct task_context *task = job->task;
    struct file_arguments_diff diff = { value_map(task->scratch), value_map(task->scratch) };

    value_map_put_string(task->scratch, diff.before, "path", dest_shown(job, written));
    value_map_put_string(task->scratch, diff.after, "path", dest_shown(job, written));
    if (!file_arguments_apply_diff(task, job->dest, &job->arguments, job->args->follow, &diff, err))
        return false;
    if (!written && job->from_engine)
        result_diff_states(task, diff.before, diff.after);
    return true;
}

static bool finish(struct copy_job *job, bool written, struct error *err)
{
    struct task_context *task = job->task;

    result_set_string(task, "dest", dest_shown(job, written));
    set_string_or_null(job, "checksum", job->source_sha1);
    if (job->from_engine && !written) {
        task->result->order = "path changed uid gid owner group mode state secontext size checksum dest";
        result_set_string(task, "path", dest_shown(job, written));
    }
    if (!job->from_engine || written) {
        result_set_string(task, "src", source_label(job));
        set_string_or_null(job, "md5sum", job->source_md5);
    }
    if (job->backup)
        result_set_string(task, "backup_file", job->backup);
    return apply_arguments(job, written, err) && file_arguments_describe(task, job->dest, err);
}

static bool copy_file(struct copy_job *job, struct error *err)
{
    bool same = false;

    if (!same_content(job, &same, err))
        return false;
    if (same)
        return finish(job, false, err);
    if (!change_wanted(job->task, "copy %s to '%s'", source_label(job) ? source_label(job) : "content", job->dest)) {
        if (!diff_only(job, err))
            return false;
        return job->from_engine || finish(job, true, err);
    }
    if (!write_file(job, err) || job->task->result->failed)
        return job->task->result->failed;
    return finish(job, true, err);
}

static bool copy_run(struct task_context *task, const void *raw, struct error *err)
{
    struct copy_job job = { .task = task, .args = raw };
    bool done = false;

    job.arguments = job.args->file;
    if (!source_find(&job, err))
        return false;
    if (task->result->failed)
        return true;
    if (!dest_find(&job, &done, err))
        return false;
    if (done && task->result->changed) /* check mode: the folder is not there yet */
        return diff_only(&job, err);
    if (done || task->result->failed)
        return true;
    if (!job.source_is_folder)
        return copy_file(&job, err);
    if (path_exists(job.dest) && !path_is_folder(job.dest))
        return result_fail(task, "cannot copy folder '%s' over '%s', which is none", job.args->src, job.dest);
    return copy_folder(&job, err) && finish(&job, true, err);
}

MODULE_DEFINE(copy) = {
    .spec = { .name = "copy",
              .summary = "Copy files to a node",
              .args = copy_spec,
              .rules = copy_rules,
              .args_size = sizeof(struct copy_args) },
    .preserves_mode = true,
    .order = "dest src md5sum checksum changed backup_file",
    .run = copy_run,
};

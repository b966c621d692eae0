/* SPDX-License-Identifier: Apache-2.0 */
/* authorized_key: which SSH keys may log in as a user. Field names and file modes are those of
 * ansible.posix.authorized_key. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/system/account/account.h"
#include "agent/system/account/authorized_keys.h"
#include "agent/system/file/file_replace.h"
#include "agent/system/file/file_tree.h"
#include "agent/task/file_arguments.h"
#include "agent/task/module.h"
#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/base/text.h"
#include "common/http/http.h"

#define KEYS_LIMIT (16 * 1024 * 1024)

struct authorized_key_args {
    const char *user, *key, *path, *state, *key_options, *comment;
    bool manage_dir, exclusive, validate_certs, follow;
};

static const struct arg_spec authorized_key_args[] = {
    ARG(authorized_key_args, user, ARG_STRING, .required = true, .help = "user the keys log in as"),
    ARG(authorized_key_args, key, ARG_STRING, .required = true,
        .help = "public keys, one a line, or a URL that gives them"),
    ARG(authorized_key_args, path, ARG_PATH, .help = "the file; default: .ssh/authorized_keys in the user's home"),
    ARG(authorized_key_args, manage_dir, ARG_BOOL, .default_text = "yes",
        .help = "make the file's folder and set its owner"),
    ARG(authorized_key_args, state, ARG_STRING, .default_text = "present", .choices = ARG_NAMES("absent", "present"),
        .help = "whether the keys are in the file"),
    ARG(authorized_key_args, key_options, ARG_STRING, .help = "options to put before each key"),
    ARG(authorized_key_args, exclusive, ARG_BOOL, .default_text = "no", .help = "remove all other lines"),
    ARG(authorized_key_args, comment, ARG_STRING, .help = "replaces the keys' own comments"),
    ARG(authorized_key_args, validate_certs, ARG_BOOL, .default_text = "yes", .help = "check the server's certificate"),
    ARG(authorized_key_args, follow, ARG_BOOL, .default_text = "no", .help = "write to the file a link names"),
    ARG_END,
};

struct key_job {
    struct task_context *task;
    const struct authorized_key_args *args;
    const struct account_user *user; /* NULL only in check mode with a path of its own */
    const char *path;
    const char *before;
    struct authorized_keys keys;
    bool is_changed;
};

static bool keys_fetch(struct key_job *job, const char **out, struct error *err)
{
    struct http_request request = { .url = job->args->key,
                                    .insecure = !job->args->validate_certs,
                                    .limit_bytes = KEYS_LIMIT };
    struct http_response response;
    char *body = NULL;

    if (!http_fetch(job->task->scratch, &request, &response, &body, err))
        return error_prefix(err, "Error getting key from: %s", job->args->key);
    if (response.status != 200)
        return error_set(err, "Error getting key from: %s", job->args->key);
    *out = body;
    return true;
}

static bool path_find(struct key_job *job, struct error *err)
{
    struct task_context *task = job->task;
    struct account_database *database = arena_new_of(task->scratch, struct account_database);

    job->path = job->args->path;
    if (task->check_mode && job->path != NULL)
        return true;
    if (!account_database_read(task->system, task->scratch, database, err))
        return false;
    job->user = account_user_find(database, job->args->user);
    if (job->user == NULL && task->check_mode)
        return error_set(err, "Either user must exist or you must provide full path to key file in check mode");
    if (job->user == NULL)
        return error_set(err, "Failed to lookup user %s: there is no such user", job->args->user);
    if (job->path == NULL)
        job->path = arena_printf(task->scratch, "%s/.ssh/authorized_keys", job->user->home);
    return true;
}

static bool keys_load(struct key_job *job, struct error *err)
{
    struct arena *arena = job->task->scratch;
    const char *real = system_path(job->task->system, arena, job->path);
    char *data = arena_copy(arena, "");
    size_t length = 0;

    if (path_is_file(real) && !file_read(arena, real, KEYS_LIMIT, &data, &length, err))
        return false;
    job->before = data;
    authorized_keys_parse(arena, data, length, &job->keys);
    return true;
}

static void key_present(struct key_job *job, struct authorized_key *key, size_t base_rank, struct value *wanted)
{
    struct authorized_key *old = authorized_keys_find(&job->keys, key->id);

    value_map_put_bool(job->task->scratch, wanted, key->id, true);
    if (old != NULL && authorized_key_equal(old, key))
        return;
    if (old != NULL)
        old->is_removed = true;
    key->rank += base_rank;
    authorized_keys_put(&job->keys, key);
    job->is_changed = true;
}

static void key_absent(struct key_job *job, const struct authorized_key *key)
{
    struct authorized_key *old = authorized_keys_find(&job->keys, key->id);

    if (old != NULL) {
        old->is_removed = true;
        job->is_changed = true;
    }
}

static void keys_make_exclusive(struct key_job *job, const struct value *wanted)
{
    for (size_t i = 0; i < job->keys.count; i++) {
        struct authorized_key *key = &job->keys.items[i];

        if (key->is_removed || value_map_get(wanted, key->id) != NULL)
            continue;
        key->is_removed = true;
        job->is_changed = true;
    }
}

static bool keys_edit(struct key_job *job, const char *text, struct error *err)
{
    const struct authorized_key_args *args = job->args;
    struct arena *arena = job->task->scratch;
    bool is_present = strcmp(args->state, "present") == 0;
    size_t base_rank = authorized_keys_count(&job->keys), rank = 0, length;
    struct value *wanted = value_map(arena);
    const char *cursor = text, *end = text + strlen(text), *raw;

    while (text_line(&cursor, end, &raw, &length)) {
        const char *line = arena_copy_n(arena, raw, length);
        struct authorized_key key;

        if (line[0] == '\0' || line[0] == '\r' || line[0] == '#')
            continue;
        if (!authorized_key_parse(arena, line, &key))
            return error_set(err, "invalid key specified: %s", line);
        key.rank = rank++;
        if (args->key_options != NULL)
            authorized_key_set_options(arena, &key, args->key_options);
        if (args->comment != NULL)
            key.comment = args->comment;
        if (is_present)
            key_present(job, &key, base_rank, wanted);
        else
            key_absent(job, &key);
    }
    if (is_present && args->exclusive)
        keys_make_exclusive(job, wanted);
    return true;
}

static bool give(const char *path, const struct account_user *user, mode_t mode, struct error *err)
{
    if (chown(path, (uid_t)user->uid, (gid_t)user->gid) != 0 || chmod(path, mode) != 0)
        return error_set_errno(err, "setting owner and mode of '%s'", path);
    return true;
}

static bool folder_prepare(struct key_job *job, const char *path, struct error *err)
{
    struct arena *arena = job->task->scratch;
    const char *folder = path_dirname(arena, path);

    if (job->args->manage_dir) {
        if (mkdir(folder, 0700) != 0 && errno != EEXIST)
            return error_set_errno(err, "Failed to create directory %s ", folder);
        return give(folder, job->user, 0700, err);
    }
    return path_exists(folder) || file_tree_make(arena, folder, err);
}

static bool keys_write(struct key_job *job, const char *path, const char *text, struct error *err)
{
    struct task_context *task = job->task;
    struct file_replace_options options = { .mode = 0600, .replace_link = !job->args->follow };
    const char *real = system_path(task->system, task->scratch, path);

    if (!folder_prepare(job, real, err))
        return false;
    if (!file_replace_text(task->system, task->scratch, path, text, &options, err))
        return false;
    return give(real, job->user, 0600, err);
}

static const char *target_path(struct key_job *job)
{
    char resolved[LIMIT_PATH + 1];

    if (!job->args->follow || realpath(job->path, resolved) == NULL)
        return job->path;
    return arena_copy(job->task->scratch, resolved);
}

static void describe(struct key_job *job)
{
    const struct authorized_key_args *args = job->args;
    struct task_context *task = job->task;

    result_set_string(task, "user", args->user);
    result_set_string(task, "key", args->key);
    result_set_string(task, "path", args->path);
    result_set_bool(task, "manage_dir", args->manage_dir);
    result_set_string(task, "state", args->state);
    result_set_string(task, "key_options", args->key_options);
    result_set_bool(task, "exclusive", args->exclusive);
    result_set_string(task, "comment", args->comment);
    result_set_bool(task, "validate_certs", args->validate_certs);
    result_set_bool(task, "follow", args->follow);
    result_set_string(task, "keyfile", job->path);
}

/* Ansible describes the file of every result that has a `path`; its state then hides the one asked for. */
static bool describe_path(struct key_job *job, struct error *err)
{
    const char *path = job->args->path;

    return path == NULL || !path_exists(path) || file_arguments_describe(job->task, path, err);
}

static bool authorized_key_run(struct task_context *task, const void *raw, struct error *err)
{
    const struct authorized_key_args *args = raw;
    struct key_job job = { .task = task, .args = args };
    const char *text = args->key;

    if (text_starts(args->key, "http") && !keys_fetch(&job, &text, err))
        return false;
    if (!path_find(&job, err) || !keys_load(&job, err) || !keys_edit(&job, text, err))
        return false;
    describe(&job);
    if (!job.is_changed)
        return describe_path(&job, err);
    const char *target = target_path(&job);
    const char *after = authorized_keys_text(&job.keys);
    result_diff(task, job.before, after, job.path, target);
    if (!change_wanted(task, "write the keys of user '%s' to '%s'", args->user, target))
        return describe_path(&job, err);
    return keys_write(&job, target, after, err) && describe_path(&job, err);
}

MODULE_DEFINE(authorized_key) = {
    .spec = {
        .name = "authorized_key",
        .summary = "Add and remove the SSH keys that may log in as a user",
        .args = authorized_key_args,
        .args_size = sizeof(struct authorized_key_args),
    },
    .order = "* changed",
    .run = authorized_key_run,
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * deb822_repository: one package source of apt in a file of its own below sources.list.d, with its key. Follows
 * ansible.builtin.deb822_repository of ansible-core 2.15 and later, down to the order of the fields.
 */
#include <ctype.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/system/file/file_replace.h"
#include "agent/system/file/file_tree.h"
#include "agent/system/package/gpg_key.h"
#include "agent/system/file/text_file.h"
#include "agent/system/file/word_list.h"
#include "agent/task/file_arguments.h"
#include "agent/task/module.h"
#include "agent/task/repository.h"
#include "common/base/fd.h"
#include "common/base/hash.h"
#include "common/base/path.h"
#include "common/base/text.h"

#define KEYRINGS "/etc/apt/keyrings"
#define SOURCES "/etc/apt/sources.list.d"

struct deb822_repository_args {
    const char *name, *inrelease_path, *signed_by, *mode, *state;
    enum arg_tri allow_downgrade_to_insecure, allow_insecure, allow_weak, by_hash, check_date, check_valid_until;
    enum arg_tri enabled, pdiffs, trusted;
    int64_t date_max_future;
    const struct value *architectures, *components, *languages, *suites, *targets, *types, *uris;
    bool install_python_debian;
};

#define FIELD(field_, kind_, ...) ARG(deb822_repository_args, field_, kind_, __VA_ARGS__)

/* Sorted: the fields come into the file in this order. */
static const struct arg_spec deb822_repository_args[] = {
    FIELD(allow_downgrade_to_insecure, ARG_TRI, .help = "let the source lose its signature"),
    FIELD(allow_insecure, ARG_TRI, .help = "take lists without a signature"),
    FIELD(allow_weak, ARG_TRI, .help = "take signatures with weak digests"),
    FIELD(architectures, ARG_LIST, .help = "architectures to look for"),
    FIELD(by_hash, ARG_TRI, .help = "fetch lists by their hash"),
    FIELD(check_date, ARG_TRI, .help = "believe this machine's clock"),
    FIELD(check_valid_until, ARG_TRI, .help = "refuse lists that have expired"),
    FIELD(components, ARG_LIST, .help = "main, contrib ..."),
    FIELD(date_max_future, ARG_INT, .help = "seconds a list may be ahead of the clock"),
    FIELD(enabled, ARG_TRI, .help = "whether apt uses the source"),
    FIELD(inrelease_path, ARG_STRING, .help = "where InRelease is, seen from its usual place"),
    FIELD(languages, ARG_LIST, .help = "languages of translations to fetch"),
    FIELD(name, ARG_STRING, .required = true, .help = "name of the source; its files are named after it"),
    FIELD(pdiffs, ARG_TRI, .help = "update lists by differences"),
    FIELD(signed_by, ARG_STRING, .help = "the key: URL, keyring file, fingerprints, or the key itself"),
    FIELD(suites, ARG_LIST, .help = "releases, or a path that ends in /"),
    FIELD(targets, ARG_LIST, .help = "which lists to fetch"),
    FIELD(trusted, ARG_TRI, .help = "trust the source without (or in spite of) signatures"),
    FIELD(types, ARG_LIST, .default_text = "deb", .choices = ARG_NAMES("deb", "deb-src"),
          .help = "deb, deb-src or both"),
    FIELD(uris, ARG_LIST, .help = "where the archive is"),
    FIELD(mode, ARG_MODE, .default_text = "0644", .help = "permissions of the source's file"),
    FIELD(state, ARG_STRING, .default_text = "present", .choices = ARG_NAMES("absent", "present"),
          .help = "whether the source is there; absent removes its key too"),
    FIELD(install_python_debian, ARG_BOOL, .default_text = "no", .help = "no effect: no Python is needed"),
    ARG_END,
};

struct source_job {
    struct task_context *task;
    const struct deb822_repository_args *args;
    const char *slug, *path;
    const char *key_path;  /* NULL: signed_by names no file */
    const char *signed_by; /* as it goes into the file */
};

/* --- names --- */

static char lower(char c)
{
    return (char)tolower((unsigned char)c);
}

static const char *slug_of(struct arena *arena, const char *name)
{
    struct text out = text_new(arena);
    bool was_blank = false;

    for (; *name != '\0'; name++) {
        char c = lower(*name);
        bool is_blank = strchr("_ \t\r\n\v\f", c) != NULL;

        if (is_blank && !was_blank)
            text_add_char(&out, '-');
        else if (strchr("abcdefghijklmnopqrstuvwxyz0123456789-", c) != NULL)
            text_add_char(&out, c);
        was_blank = is_blank;
    }
    return out.data;
}

static const char *key_path_of(struct source_job *job, const char *extension)
{
    return arena_printf(job->task->scratch, KEYRINGS "/%s.%s", job->slug, extension);
}

/* "allow_weak" -> "Allow-Weak" */
static const char *field_name(struct arena *arena, const char *argument)
{
    size_t count = 0;
    char **words = text_split(arena, argument, '_', &count);
    struct text name = text_new(arena);

    if (strcmp(argument, "name") == 0)
        return "X-Repolib-Name";
    if (strcmp(argument, "uris") == 0)
        return "URIs";
    for (size_t i = 0; i < count; i++)
        text_printf(&name, "%s%c%s", i > 0 ? "-" : "", toupper((unsigned char)words[i][0]), words[i] + 1);
    return name.data;
}

/* --- the key --- */

static bool keyrings_folder_make(struct source_job *job, struct error *err)
{
    const struct file_arguments attributes = { .owner = "root", .group = "root", .mode = "0755" };
    struct task_context *task = job->task;
    const char *real = system_path(task->system, task->scratch, KEYRINGS);

    if (!path_is_folder(real)) {
        if (!change_wanted(task, "make '%s'", KEYRINGS))
            return true;
        if (!file_tree_make(task->scratch, real, err))
            return false;
    }
    return file_arguments_apply(task, KEYRINGS, &attributes, true, err);
}

static bool key_write(struct source_job *job, const char *data, size_t length, struct error *err)
{
    struct task_context *task = job->task;
    struct file_replace_options options = { .mode = 0644 };
    FILE_REPLACE_SCOPED replace = NULL;

    if (!keyrings_folder_make(job, err))
        return false;
    if (!change_wanted(task, "write the key '%s'", job->key_path))
        return true;
    return file_replace_begin(task->system, task->scratch, job->key_path, &options, &replace, err) &&
           fd_write_all(file_replace_fd(replace), data, length, err) && file_replace_commit(replace, err);
}

static bool key_download(struct source_job *job, const char *url, struct error *err)
{
    struct task_context *task = job->task;
    const struct file_arguments attributes = { .mode = "0644" };
    struct error ignored = ERROR_INIT;
    char wanted[HASH_HEX_MAX], current[HASH_HEX_MAX] = "", *data = NULL;
    size_t length = 0;

    if (!repository_download(task, url, true, &data, &length, err))
        return error_prefix(err, "Could not fetch signed_by key");
    if (length == 0)
        return error_set(err, "Could not fetch signed_by key: '%s' is empty", url);
    job->signed_by = job->key_path = key_path_of(job, gpg_is_armored(data, length) ? "asc" : "gpg");
    hash_hex_of(HASH_SHA256, data, length, wanted);
    (void)hash_hex_of_file(HASH_SHA256, system_path(task->system, task->scratch, job->key_path), current, &ignored);
    if (strcmp(wanted, current) != 0 && !key_write(job, data, length, err))
        return false;
    return file_arguments_apply(task, job->key_path, &attributes, true, err);
}

static bool has_scheme(const char *text)
{
    size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.");

    return length > 0 && isalpha((unsigned char)text[0]) && text[length] == ':';
}

static bool key_find(struct source_job *job, struct error *err)
{
    const char *key = job->args->signed_by;

    job->signed_by = key;
    if (key == NULL)
        return true;
    if (path_is_file(system_path(job->task->system, job->task->scratch, key))) {
        job->key_path = key;
        return true;
    }
    return !has_scheme(key) || key_download(job, key, err);
}

/* --- the source --- */

/* The argument's text, or NULL when it is not given. */
static const char *field_value(struct source_job *job, const struct arg_spec *arg)
{
    const void *at = (const char *)job->args + arg->offset;
    struct arena *arena = job->task->scratch;

    if (arg->type == ARG_TRI) {
        enum arg_tri tri = *(const enum arg_tri *)at;
        return tri == ARG_UNSET ? NULL : tri == ARG_TRUE ? "yes" : "no";
    }
    if (arg->type == ARG_INT) {
        int64_t number = *(const int64_t *)at;
        return number == ARG_INT_UNSET ? NULL : arena_printf(arena, "%lld", (long long)number);
    }
    if (arg->type == ARG_LIST) {
        const struct value *list = *(const struct value *const *)at;
        return list != NULL ? word_list_join_values(arena, list, " ") : NULL;
    }
    return strcmp(arg->name, "signed_by") == 0 ? job->signed_by : *(const char *const *)at;
}

/* Further lines are indented; an empty one becomes a dot. */
static void add_lines(struct text *out, const char *value)
{
    const char *trimmed = text_trim(out->arena, value, strlen(value)), *line;
    const char *end = trimmed + strlen(trimmed);
    size_t length;

    text_add_char(out, '\n');
    while (text_line(&trimmed, end, &line, &length)) {
        const char *text = text_trim(out->arena, line, length);
        text_printf(out, "    %s\n", text[0] != '\0' ? text : ".");
    }
}

static char *source_text(struct source_job *job)
{
    struct text out = text_new(job->task->scratch);

    for (const struct arg_spec *arg = deb822_repository_args; strcmp(arg->name, "mode") != 0; arg++) {
        const char *value = field_value(job, arg);

        if (value == NULL)
            continue;
        text_printf(&out, "%s:", field_name(job->task->scratch, arg->name));
        if (strchr(value, '\n') != NULL)
            add_lines(&out, value);
        else
            text_printf(&out, "%s%s\n", value[0] != '\0' ? " " : "", value);
    }
    return out.data;
}

static bool source_write(struct source_job *job, const char *before, const char *text, struct error *err)
{
    struct task_context *task = job->task;
    struct file_replace_options options = { .mode = 0644 };

    if (text_equal(before, text))
        return true;
    result_diff(task, before != NULL ? before : "", text, before != NULL ? job->path : "/dev/null", job->path);
    return !change_wanted(task, "write '%s'", job->path) ||
           file_replace_text(task->system, task->scratch, job->path, text, &options, err);
}

static bool source_present(struct source_job *job, struct error *err)
{
    struct task_context *task = job->task;
    const struct file_arguments attributes = { .mode = job->args->mode };
    char *before = NULL;

    if (!key_find(job, err) || !text_file_read(task->system, task->scratch, job->path, &before, err))
        return false;
    const char *text = source_text(job);
    result_set_string(task, "repo", text);
    result_set_string(task, "dest", job->path);
    result_set_string(task, "key_filename", job->key_path);
    return source_write(job, before, text, err) && file_arguments_apply(task, job->path, &attributes, true, err);
}

static bool remove_if_there(struct source_job *job, const char *path, struct error *err)
{
    struct task_context *task = job->task;

    if (!path_exists(system_path(task->system, task->scratch, path)) || !change_wanted(task, "remove '%s'", path))
        return true;
    return text_file_remove(task->system, task->scratch, path, err);
}

static bool source_absent(struct source_job *job, struct error *err)
{
    result_set_string(job->task, "repo", NULL);
    result_set_string(job->task, "dest", job->path);
    result_set_string(job->task, "key_filename", key_path_of(job, "gpg"));
    return remove_if_there(job, job->path, err) && remove_if_there(job, key_path_of(job, "asc"), err) &&
           remove_if_there(job, key_path_of(job, "gpg"), err);
}

static bool deb822_repository_run(struct task_context *task, const void *raw, struct error *err)
{
    struct source_job job = { .task = task, .args = raw };

    job.slug = slug_of(task->scratch, job.args->name);
    if (job.slug[0] == '\0')
        return error_set(err, "no file can be named after '%s': it has no letter and no digit", job.args->name);
    job.path = arena_printf(task->scratch, SOURCES "/%s.sources", job.slug);
    return strcmp(job.args->state, "absent") == 0 ? source_absent(&job, err) : source_present(&job, err);
}

MODULE_DEFINE(deb822_repository) = {
    .spec = {
        .name = "deb822_repository",
        .summary = "Add and remove apt's package sources in deb822 format, with their keys",
        .args = deb822_repository_args,
        .args_size = sizeof(struct deb822_repository_args),
    },
    .run = deb822_repository_run,
};

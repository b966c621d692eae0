/* SPDX-License-Identifier: Apache-2.0 */
/*
 * apt_repository: one-line sources of apt. Follows ansible.builtin.apt_repository, file names included. When the lists
 * cannot be fetched afterwards, the files are put back as they were.
 */
#include <string.h>
#include <unistd.h>

#include "agent/system/package/apt_sources.h"
#include "agent/system/file/file_replace.h"
#include "agent/system/file/file_tree.h"
#include "agent/system/file/text_file.h"
#include "agent/task/file_arguments.h"
#include "agent/task/module.h"
#include "agent/task/repository.h"
#include "common/base/path.h"
#include "common/base/text.h"

struct apt_repository_args {
    const char *repo, *state, *mode, *filename, *codename;
    int64_t update_cache_retries, update_cache_retry_max_delay;
    bool update_cache, install_python_apt, validate_certs;
};

static const struct arg_spec apt_repository_args[] = {
    ARG(apt_repository_args, repo, ARG_STRING, .required = true, .help = "the source line: deb URL SUITE COMPONENT..."),
    ARG(apt_repository_args, state, ARG_STRING, .default_text = "present", .choices = ARG_NAMES("absent", "present"),
        .help = "whether the source is there"),
    ARG(apt_repository_args, mode, ARG_MODE, .help = "permissions of a file the source is added to"),
    ARG(apt_repository_args, update_cache, ARG_BOOL, .default_text = "yes", .aliases = ARG_NAMES("update-cache"),
        .help = "fetch the lists of packages after a change"),
    ARG(apt_repository_args, update_cache_retries, ARG_INT, .default_text = "5", .help = "tries to fetch the lists"),
    ARG(apt_repository_args, update_cache_retry_max_delay, ARG_INT, .default_text = "12",
        .help = "longest pause between tries, in seconds"),
    ARG(apt_repository_args, filename, ARG_STRING, .help = "file below sources.list.d, without .list"),
    ARG(apt_repository_args, install_python_apt, ARG_BOOL, .default_text = "yes",
        .help = "no effect: no Python is needed"),
    ARG(apt_repository_args, validate_certs, ARG_BOOL, .default_text = "yes",
        .help = "no effect: apt itself checks certificates"),
    ARG(apt_repository_args, codename, ARG_STRING, .help = "release that a ppa: source stands for"),
    ARG_END,
};

struct repository_job {
    struct task_context *task;
    const struct apt_repository_args *args;
    struct apt_sources sources;
};

/* --- the source line --- */

static const char *os_codename(struct task_context *task)
{
    struct error ignored = ERROR_INIT;
    char *text = NULL;

    if (!text_file_read(task->system, task->scratch, "/etc/os-release", &text, &ignored) || text == NULL)
        return "";
    const char *found = strstr(text, "VERSION_CODENAME=");
    if (found == NULL)
        return "";
    found += strlen("VERSION_CODENAME=");
    found += *found == '"';
    return arena_copy_n(task->scratch, found, strcspn(found, "\"\n"));
}

/* ppa:OWNER/NAME */
static const char *ppa_line(struct repository_job *job)
{
    struct arena *arena = job->task->scratch;
    const char *place = job->args->repo + strlen("ppa:");
    const char *slash = strchr(place, '/');
    const char *owner = arena_copy_n(arena, place, strcspn(place, "/"));
    const char *name = slash != NULL ? arena_copy_n(arena, slash + 1, strcspn(slash + 1, "/")) : "ppa";
    const char *codename = job->args->codename != NULL ? job->args->codename : os_codename(job->task);

    return arena_printf(arena, "deb http://ppa.launchpad.net/%s/%s/ubuntu %s main", owner, name, codename);
}

static bool source_line(struct repository_job *job, const char **out, struct error *err)
{
    const char *repo = job->args->repo;

    if (text_starts(repo, "ppa:")) {
        *out = ppa_line(job);
        if (strcmp(job->args->state, "absent") == 0 || apt_sources_has(&job->sources, *out))
            return true;
        return error_set(
            err,
            "'%s' cannot be added by its short name: its key would have to be asked of launchpad.net. Give "
            "the line '%s' and put the key in place with deb822_repository or apt_key",
            repo, *out);
    }
    struct apt_source source = apt_source_parse(job->task->scratch, repo, strlen(repo));
    if (!source.is_valid || !source.is_enabled)
        return error_set(err, "Invalid repository string: %s", repo);
    *out = source.text;
    return true;
}

/* --- files --- */

static void file_diff(struct repository_job *job, const struct apt_source_file *file)
{
    const char *after = apt_source_file_text(job->task->scratch, file);

    result_diff(job->task, file->before != NULL ? file->before : "", after != NULL ? after : "",
                file->before != NULL ? file->path : "/dev/null", after != NULL ? file->path : "/dev/null");
}

static bool file_write(struct repository_job *job, const struct apt_source_file *file, const char *text,
                       struct error *err)
{
    struct task_context *task = job->task;
    struct file_replace_options options = { .mode = 0644 };
    struct file_arguments attributes = { .mode = job->args->mode };
    const char *real = system_path(task->system, task->scratch, file->path);

    if (text == NULL)
        return text_file_remove(task->system, task->scratch, file->path, err);
    if (!file_tree_make(task->scratch, path_dirname(task->scratch, real), err))
        return error_prefix(err, "Failed to create directory %s", path_dirname(task->scratch, file->path));
    if (!file_replace_text(task->system, task->scratch, file->path, text, &options, err))
        return false;
    return !file->has_new || job->args->mode == NULL || file_arguments_apply(task, file->path, &attributes, true, err);
}

static bool files_write(struct repository_job *job, bool restore, struct error *err)
{
    for (size_t i = 0; i < job->sources.count; i++) {
        const struct apt_source_file *file = &job->sources.files[i];
        const char *text = restore ? file->before : apt_source_file_text(job->task->scratch, file);

        if (file->is_changed && !file_write(job, file, text, err))
            return false;
    }
    return true;
}

static bool files_restore(struct repository_job *job, const char *complaint, struct error *err)
{
    struct error later = ERROR_INIT;

    if (!files_write(job, true, &later))
        return error_set(err, "%s; and the sources could not be put back: %s", complaint, later.text);
    return error_set(err, "%s", complaint);
}

static bool repository_change(struct repository_job *job, struct error *err)
{
    const struct apt_repository_args *args = job->args;
    const char *complaint = NULL;
    struct error failure = ERROR_INIT;

    if (!files_write(job, false, &failure))
        return files_restore(job, failure.text, err);
    if (!args->update_cache)
        return true;
    if (!repository_refresh_apt(job->task, args->update_cache_retries, args->update_cache_retry_max_delay, &complaint,
                                err))
        return false;
    if (complaint == NULL)
        return true;
    return files_restore(job, arena_printf(job->task->scratch, "Failed to update apt cache: %s", complaint), err);
}

static bool apt_repository_run(struct task_context *task, const void *raw, struct error *err)
{
    const struct apt_repository_args *args = raw;
    struct repository_job job = { .task = task, .args = args };
    const char *line = NULL;

    if (args->repo[0] == '\0')
        return error_set(err, "Please set argument 'repo' to a non-empty value");
    if (!apt_sources_read(task->system, task->scratch, &job.sources, err))
        return error_prefix(err, "Module apt_repository is not supported on target");
    if (!source_line(&job, &line, err))
        return false;
    const char *name = args->filename != NULL ? args->filename : apt_source_file_name(task->scratch, line);
    if (strcmp(args->state, "absent") == 0)
        apt_sources_remove(&job.sources, line);
    else
        apt_sources_enable(&job.sources, line, arena_printf(task->scratch, "%s.list", name));
    result_set_string(task, "repo", args->repo);
    result_set_string(task, "state", args->state);
    for (size_t i = 0; i < job.sources.count; i++) {
        if (job.sources.files[i].is_changed)
            file_diff(&job, &job.sources.files[i]);
    }
    result_diff_none(task);
    if (!apt_sources_changed(&job.sources) ||
        !change_wanted(task, "%s source '%s'", strcmp(args->state, "absent") == 0 ? "remove" : "add", line))
        return true;
    return repository_change(&job, err);
}

MODULE_DEFINE(apt_repository) = {
    .spec = {
        .name = "apt_repository",
        .summary = "Add and remove apt's one-line package sources",
        .args = apt_repository_args,
        .args_size = sizeof(struct apt_repository_args),
    },
    .run = apt_repository_run,
};

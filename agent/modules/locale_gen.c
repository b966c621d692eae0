/* SPDX-License-Identifier: Apache-2.0 */
/* locale_gen: which locales the node has. Follows community.general.locale_gen, with Debian's way and Ubuntu's. */
#include <string.h>

#include "agent/system/file/file_replace.h"
#include "agent/system/host/locale_list.h"
#include "agent/system/process/process.h"
#include "agent/system/file/text_file.h"
#include "agent/task/module.h"
#include "common/base/path.h"
#include "common/base/text.h"

#define LOCALE_GEN "/etc/locale.gen"
#define UBUNTU_FOLDER "/var/lib/locales/supported.d/"
#define UBUNTU_LOCAL UBUNTU_FOLDER "local"
#define SUPPORTED "/usr/share/i18n/SUPPORTED"

struct locale_gen_args {
    const char *name, *state;
};

static const struct arg_spec locale_gen_args[] = {
    ARG(locale_gen_args, name, ARG_STRING, .required = true, .help = "the locale, as de_DE.UTF-8"),
    ARG(locale_gen_args, state, ARG_STRING, .default_text = "present", .choices = ARG_NAMES("absent", "present"),
        .help = "whether the node has it"),
    ARG_END,
};

struct locale_job {
    struct task_context *task;
    const char *name;
    bool is_present, is_ubuntu; /* wanted; the node's way */
};

static bool exists(struct locale_job *job, const char *path)
{
    return path_exists(system_path(job->task->system, job->task->scratch, path));
}

static bool check_offered(struct locale_job *job, struct error *err)
{
    char *text = NULL;

    if (!text_file_read(job->task->system, job->task->scratch, job->is_ubuntu ? SUPPORTED : LOCALE_GEN, &text, err))
        return false;
    if (text != NULL && locale_is_offered(job->task->scratch, text, job->name, !job->is_ubuntu))
        return true;
    return error_set(err, "The locale you've entered is not available on your system.");
}

static bool is_there(struct locale_job *job, bool *out, struct error *err)
{
    struct task_context *task = job->task;
    struct process_result result;
    size_t count = 0;

    if (!process_run_ok(task->system, task->scratch, &PROCESS("locale", "-a"), &result, err))
        return false;
    char **names = text_split(task->scratch, result.output, '\n', &count);
    *out = false;
    for (size_t i = 0; i < count; i++)
        *out = *out || locale_same(task->scratch, names[i], job->name);
    return true;
}

static bool generate(struct locale_job *job, const char *argument, struct error *err)
{
    struct task_context *task = job->task;
    struct process_request request = PROCESS("locale-gen", argument); /* NULL ends the words */
    struct process_result result;

    if (process_require(task->system, task->scratch, "locale-gen", err) == NULL)
        return false;
    if (!process_run(task->system, task->scratch, &request, &result, err))
        return false;
    if (result.status == 0)
        return true;
    return error_set(err, "[Errno %d] locale.gen failed to execute, it returned %d: %s", result.status, result.status,
                     text_trim(task->scratch, result.errors, result.errors_length));
}

static bool write_text(struct locale_job *job, const char *path, const char *before, const char *after,
                       struct error *err)
{
    struct file_replace_options options = { .mode = 0644 };

    return strcmp(before, after) == 0 ||
           file_replace_text(job->task->system, job->task->scratch, path, after, &options, err);
}

static bool change_debian(struct locale_job *job, struct error *err)
{
    struct task_context *task = job->task;
    char *before = NULL;

    if (!text_file_read(task->system, task->scratch, LOCALE_GEN, &before, err))
        return false;
    const char *text = before != NULL ? before : "";
    const char *after = locale_switch(task->scratch, text, job->name, job->is_present);
    result_diff(task, text, after, LOCALE_GEN, LOCALE_GEN);
    if (!change_wanted(task, "%s locale %s", job->is_present ? "generate" : "remove", job->name))
        return true;
    return write_text(job, LOCALE_GEN, text, after, err) && generate(job, NULL, err);
}

/* Ubuntu's locale-gen notes what it is told in its own list. */
static bool change_ubuntu(struct locale_job *job, struct error *err)
{
    struct task_context *task = job->task;
    char *before = NULL;

    if (!change_wanted(task, "%s locale %s", job->is_present ? "generate" : "remove", job->name))
        return true;
    if (job->is_present)
        return generate(job, job->name, err);
    if (!text_file_read(task->system, task->scratch, UBUNTU_LOCAL, &before, err))
        return false;
    const char *text = before != NULL ? before : "";
    return write_text(job, UBUNTU_LOCAL, text, locale_without(task->scratch, text, job->name), err) &&
           generate(job, "--purge", err);
}

static bool locale_gen_run(struct task_context *task, const void *raw, struct error *err)
{
    const struct locale_gen_args *args = raw;
    struct locale_job job = { .task = task, .name = args->name, .is_present = strcmp(args->state, "present") == 0 };
    bool there = false;

    job.is_ubuntu = exists(&job, UBUNTU_FOLDER);
    if (!job.is_ubuntu && !exists(&job, LOCALE_GEN))
        return error_set(err, "/etc/locale.gen and /var/lib/locales/supported.d/local are missing. Is the package "
                              "\"locales\" installed?");
    if (!check_offered(&job, err) || !is_there(&job, &there, err))
        return false;
    if (there != job.is_present && !(job.is_ubuntu ? change_ubuntu(&job, err) : change_debian(&job, err)))
        return false;
    if (task->check_mode)
        return true;
    /* locale-gen is content with what it could not do. */
    if (there != job.is_present && !is_there(&job, &there, err))
        return false;
    if (there != job.is_present)
        return error_set(err, "locale.gen failed to execute: %s is %s", args->name,
                         there ? "still there" : "not there afterwards");
    result_set_string(task, "name", args->name);
    result_message(task, "OK");
    return true;
}

MODULE_DEFINE(locale_gen) = {
    .spec = {
        .name = "locale_gen",
        .summary = "Generate and remove locales",
        .args = locale_gen_args,
        .args_size = sizeof(struct locale_gen_args),
    },
    .run = locale_gen_run,
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pip task from its arguments to its result. pip itself decides what is to be done: the gate is passed when it
 * has said that it did something, and in check mode it is never started for more than a list.
 */
#include "agent/task/pip_task.h"

#include <string.h>

#include "agent/system/file/file_mode.h"
#include "agent/task/pip_parts.h"
#include "common/base/path.h"

static bool read_umask(struct pip_job *job, struct error *err)
{
    const char *text = job->args->umask;
    mode_t bits = 0;

    if (!text || text[0] == '\0')
        return true;
    if (!file_mode_umask(text, &bits))
        return error_set(err, "umask must be an octal integer");
    job->umask_bits = (int)bits;
    return true;
}

/* Commands run in `chdir`, else where every account may be. */
static bool find_folder(struct pip_job *job, struct error *err)
{
    const char *chdir = job->args->chdir;
    bool exists = chdir && path_is_folder(chdir);

    if (chdir && !exists && !job->task->check_mode) /* a task before this one may have pretended to make it */
        return error_set(err, "chdir '%s' is no folder", chdir);
    job->folder = exists ? chdir : "/tmp";
    job->environment = job->args->virtualenv;
    if (job->environment && chdir)
        job->environment = path_join(job->task->scratch, chdir, job->environment);
    return true;
}

static struct value *command_words(struct pip_job *job)
{
    static const struct {
        const char *state, *words[4];
    } verbs[] = {
        { "present", { "install" } },
        { "absent", { "uninstall", "-y" } },
        { "latest", { "install", "-U" } },
        { "forcereinstall", { "install", "-U", "--force-reinstall" } },
    };
    struct arena *arena = job->task->scratch;
    struct value *words = value_list(arena);

    for (size_t i = 0; i < value_count(job->pip); i++)
        value_list_add(arena, words, value_item(job->pip, i));
    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
        for (size_t k = 0; strcmp(verbs[i].state, job->args->state) == 0 && verbs[i].words[k]; k++)
            value_list_add(arena, words, value_string(arena, verbs[i].words[k]));
    for (size_t i = 0; i < value_count(job->extra); i++)
        value_list_add(arena, words, value_item(job->extra, i));
    for (size_t i = 0; i < job->package_count; i++)
        value_list_add(arena, words, value_string(arena, job->packages[i].text));
    if (job->package_count == 0) {
        value_list_add(arena, words, value_string(arena, "-r"));
        value_list_add(arena, words, value_string(arena, job->args->requirements));
    }
    return words;
}

static void describe(struct pip_job *job, const struct value *words)
{
    const struct pip_arguments *args = job->args;

    result_set(job->task, "cmd", words);
    result_set(job->task, "name", args->name ? args->name : value_null());
    result_set_string(job->task, "version", args->version);
    result_set_string(job->task, "state", args->state);
    result_set_string(job->task, "requirements", args->requirements);
    result_set_string(job->task, "virtualenv", job->environment);
    result_set_string(job->task, "stdout", job->output.data);
    result_set_string(job->task, "stderr", job->errors.data);
}

/* Whether pip did something. It says so, unless it was told to be quiet; of checkouts it says so every time. There, and
 * for requirements files, the lists before and after are compared. */
static bool has_changed(struct pip_job *job, const char *before, const char *output, bool *out, struct error *err)
{
    struct process_result after = { 0 };
    const char *command = NULL;

    if (!before) {
        bool is_removal = strcmp(job->args->state, "absent") == 0;
        *out = strstr(output, is_removal ? "Successfully uninstalled" : "Successfully installed") != NULL;
        return true;
    }
    if (!pip_list(job, &command, &after, err))
        return false;
    *out = strcmp(before, after.output) != 0;
    return true;
}

static bool run_pip(struct pip_job *job, struct error *err)
{
    struct process_result before = { 0 }, got = { 0 };
    const char *command = NULL;
    struct value *words = command_words(job);
    bool compares = job->has_vcs || job->package_count == 0 || pip_extra_is_quiet(job->extra), changed = false;

    if (compares && !pip_list(job, &command, &before, err))
        return false;
    if (!pip_process(job, words, false, &got, err))
        return false;
    text_add(&job->output, got.output);
    text_add(&job->errors, got.errors);
    bool was_absent = got.status == 1 && strcmp(job->args->state, "absent") == 0 &&
                      (strstr(got.output, "not installed") || strstr(got.errors, "not installed"));
    if (got.status != 0 && !was_absent)
        return pip_failed(job, words, got.status);
    if (!has_changed(job, compares ? before.output : NULL, got.output, &changed, err))
        return false;
    if (changed)
        (void)change_wanted(job->task, "pip: %s", job->args->state);
    describe(job, words);
    return true;
}

static bool job_run(struct pip_job *job, struct error *err)
{
    const struct pip_arguments *args = job->args;
    enum pip_step step;

    if (!read_umask(job, err))
        return false;
    if (strcmp(args->state, "latest") == 0 && args->version)
        return error_set(err, "version is incompatible with state=latest");
    if (!find_folder(job, err))
        return false;
    step = pip_environment_make(job, err);
    if (step == PIP_STEP_GOES_ON)
        step = pip_find(job, err);
    if (step != PIP_STEP_GOES_ON)
        return step == PIP_STEP_ENDS;
    if (!pip_packages_read(job, err) || !pip_extra_read(job, err))
        return false;
    if (job->package_count == 0 && (!args->requirements || args->requirements[0] == '\0')) {
        result_warn(job->task, "No valid name or requirements file found.");
        return true;
    }
    return job->task->check_mode ? pip_foretell(job, err) : run_pip(job, err);
}

bool pip_task_run(struct task_context *task, const struct pip_arguments *args, struct error *err)
{
    struct pip_job job = {
        .task = task,
        .args = args,
        .umask_bits = -1,
        .pip = value_list(task->scratch),
        .output = text_new(task->scratch),
        .errors = text_new(task->scratch),
    };

    return job_run(&job, err);
}

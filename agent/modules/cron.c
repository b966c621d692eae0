/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cron: jobs and variables in a user's crontab or in a file below /etc/cron.d. Follows ansible.builtin.cron, comment
 * lines included, so that both can look after the same crontab.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/system/account/account.h"
#include "agent/system/host/crontab.h"
#include "agent/system/host/temporary.h"
#include "agent/system/file/file_replace.h"
#include "agent/system/process/process.h"
#include "agent/system/file/text_file.h"
#include "agent/task/module.h"
#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/base/text.h"

struct cron_args {
    const char *name, *user, *job, *cron_file, *state, *minute, *hour, *day, *month, *weekday, *special_time;
    const char *insertafter, *insertbefore;
    bool backup, disabled, env;
};

static const struct arg_spec cron_args[] = {
    ARG(cron_args, name, ARG_STRING, .required = true, .help = "name of the job, or of the variable with env"),
    ARG(cron_args, user, ARG_STRING, .help = "whose crontab; with cron_file: who runs the job"),
    ARG(cron_args, job, ARG_STRING, .aliases = ARG_NAMES("value"), .help = "the command, or the variable's value"),
    ARG(cron_args, cron_file, ARG_PATH, .help = "a file of its own, absolute or below /etc/cron.d"),
    ARG(cron_args, state, ARG_STRING, .default_text = "present", .choices = ARG_NAMES("present", "absent"),
        .help = "whether the job or variable is there"),
    ARG(cron_args, backup, ARG_BOOL, .default_text = "no", .help = "keep the crontab as it was in a temporary file"),
    ARG(cron_args, minute, ARG_STRING, .default_text = "*", .help = "0-59, *, */2 ..."),
    ARG(cron_args, hour, ARG_STRING, .default_text = "*", .help = "0-23, *, */2 ..."),
    ARG(cron_args, day, ARG_STRING, .default_text = "*", .aliases = ARG_NAMES("dom"), .help = "1-31, *, */2 ..."),
    ARG(cron_args, month, ARG_STRING, .default_text = "*", .help = "1-12, *, */2 ..."),
    ARG(cron_args, weekday, ARG_STRING, .default_text = "*", .aliases = ARG_NAMES("dow"), .help = "0-6, Sunday is 0"),
    ARG(cron_args, special_time, ARG_STRING,
        .choices = ARG_NAMES("reboot", "yearly", "annually", "monthly", "weekly", "daily", "hourly"),
        .help = "instead of the five fields"),
    ARG(cron_args, disabled, ARG_BOOL, .default_text = "no", .help = "comment the job out"),
    ARG(cron_args, env, ARG_BOOL, .default_text = "no", .help = "a variable instead of a job"),
    ARG(cron_args, insertafter, ARG_STRING, .help = "with env: the variable a new one comes behind"),
    ARG(cron_args, insertbefore, ARG_STRING, .help = "with env: the variable a new one comes before"),
    ARG_END,
};

static const struct arg_rule cron_rules[] = {
    { .kind = ARG_RULE_EXCLUSIVE, .names = ARG_NAMES("insertafter", "insertbefore") },
    { .kind = ARG_RULE_END },
};

struct cron_job {
    struct task_context *task;
    const struct cron_args *args;
    const char *path; /* of the file; NULL: a user's crontab */
    const char *user; /* for `crontab -u`; NULL: one's own */
    const char *before;
    struct crontab crontab;
};

/* --- reading and writing --- */

static const char *shown_name(const struct cron_job *job)
{
    if (job->path != NULL)
        return job->path;
    return job->args->user != NULL ? arena_printf(job->task->scratch, "crontab for user \"%s\"", job->args->user)
                                   : "crontab";
}

/* `crontab -u` is for root alone: for one's own crontab it is left out. */
static bool user_find(struct cron_job *job, struct error *err)
{
    struct account_database database;

    if (job->args->user == NULL || job->path != NULL)
        return true;
    if (!account_database_read(job->task->system, job->task->scratch, &database, err))
        return false;
    const struct account_user *user = account_user_find(&database, job->args->user);
    job->user = user != NULL && user->uid == (int64_t)geteuid() ? NULL : job->args->user;
    return true;
}

static bool crontab_command(struct cron_job *job, const char *what, const char *input, struct process_result *out,
                            struct error *err)
{
    struct process_request own = PROCESS("crontab", what), other = PROCESS("crontab", "-u", job->user, what);
    struct process_request *request = job->user != NULL ? &other : &own;

    if (process_require(job->task->system, job->task->scratch, "crontab", err) == NULL)
        return false;
    request->input = input;
    request->input_length = input != NULL ? strlen(input) : 0;
    return process_run(job->task->system, job->task->scratch, request, out, err);
}

static bool cron_read(struct cron_job *job, struct error *err)
{
    struct task_context *task = job->task;
    struct process_result result = { .status = 0 };
    char *text = NULL;

    if (job->path != NULL) {
        if (!text_file_read(task->system, task->scratch, job->path, &text, err))
            return false;
        job->before = text != NULL ? text : "";
    } else {
        if (!crontab_command(job, "-l", NULL, &result, err))
            return false;
        if (result.status != 0 && result.status != 1)
            return error_set(err, "Unable to read crontab: %s", result.errors);
        job->before = crontab_without_header(task->scratch, result.output);
    }
    crontab_parse(task->scratch, job->before, &job->crontab);
    return true;
}

static bool cron_write(struct cron_job *job, const char *text, struct error *err)
{
    struct file_replace_options options = { .mode = 0644 };
    struct process_result result = { .status = 0 };

    if (job->path != NULL)
        return file_replace_text(job->task->system, job->task->scratch, job->path, text, &options, err);
    if (!crontab_command(job, "-", text, &result, err))
        return false;
    return result.status == 0 || error_set(err, "%s", result.errors);
}

static bool backup_write(struct cron_job *job, const char *text, struct error *err)
{
    char *path;

    if (!job->args->backup || job->task->check_mode)
        return true;
    path = arena_printf(job->task->scratch, "%s/crontabXXXXXX",
                        system_temporary_folder(job->task->system, job->task->scratch));
    FD_SCOPED fd = mkostemp(path, O_CLOEXEC);
    if (fd < 0)
        return error_set_errno(err, "making a temporary file for the backup");
    result_set_string(job->task, "backup_file", path);
    return fd_write_all(fd, text, strlen(text), err);
}

/* --- edits --- */

static bool edit_variable(struct cron_job *job, bool *changed_out, struct error *err)
{
    const struct cron_args *args = job->args;
    const char *other = args->insertafter != NULL ? args->insertafter : args->insertbefore;
    const char *declaration = arena_printf(job->task->scratch, "%s=\"%s\"", args->name, args->job);
    const char *old = crontab_variable(&job->crontab, args->name);

    if (strchr(args->name, ' ') != NULL)
        return error_set(err, "Invalid name for environment variable");
    if (strcmp(args->state, "absent") == 0) {
        *changed_out = crontab_remove_variable(&job->crontab, args->name);
        return true;
    }
    *changed_out = old == NULL || strcmp(old, declaration) != 0;
    if (old != NULL && *changed_out)
        crontab_replace_variable(&job->crontab, args->name, declaration);
    if (old == NULL && !crontab_add_variable(&job->crontab, declaration, other, args->insertafter != NULL))
        return error_set(err, "Variable named '%s' not found.", other);
    return true;
}

static const char *job_line(struct cron_job *job)
{
    const struct cron_args *args = job->args;
    struct text line = text_new(job->task->scratch);
    const char *command = args->job + strspn(args->job, "\r\n");
    size_t length = strlen(command);

    while (length > 0 && (command[length - 1] == '\n' || command[length - 1] == '\r'))
        length--;
    if (args->disabled)
        text_add_char(&line, '#');
    if (args->special_time != NULL)
        text_printf(&line, "@%s ", args->special_time);
    else
        text_printf(&line, "%s %s %s %s %s ", args->minute, args->hour, args->day, args->month, args->weekday);
    if (job->path != NULL)
        text_printf(&line, "%s ", args->user);
    if (memchr(command, '\n', length) != NULL || memchr(command, '\r', length) != NULL)
        result_warn(job->task, "Job should not contain line breaks");
    text_add_n(&line, command, length);
    return line.data;
}

static bool edit(struct cron_job *job, bool *changed_out, struct error *err)
{
    if (job->args->env)
        return edit_variable(job, changed_out, err);
    *changed_out = strcmp(job->args->state, "absent") == 0
                       ? crontab_remove_job(&job->crontab, job->args->name)
                       : crontab_set_job(&job->crontab, job->args->name, job_line(job));
    return true;
}

/* --- the task --- */

static bool is_plain_name(const char *name)
{
    return name[0] != '\0' &&
           name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")] == '\0';
}

static bool arguments_check(struct cron_job *job, struct error *err)
{
    const struct cron_args *args = job->args;
    const char *fields[] = { args->minute, args->hour, args->day, args->month, args->weekday };

    for (size_t i = 0; args->special_time != NULL && i < sizeof(fields) / sizeof(fields[0]); i++) {
        if (strcmp(fields[i], "*") != 0)
            return error_set(err, "You must specify time and date fields or special time.");
    }
    if (strcmp(args->state, "absent") == 0)
        return true;
    if (args->cron_file != NULL && (args->user == NULL || args->user[0] == '\0'))
        return error_set(err, "To use cron_file=... parameter you must specify user=... as well");
    if (args->job == NULL)
        return error_set(err, "You must specify 'job' to install a new cron job or variable");
    if ((args->insertafter != NULL || args->insertbefore != NULL) && !args->env)
        return error_set(err, "Insertafter and insertbefore parameters are valid only with env=yes");
    return true;
}

static bool file_choose(struct cron_job *job, struct error *err)
{
    const char *file = job->args->cron_file;

    if (file == NULL || file[0] == '\0')
        return true;
    if (strcmp(file, "/etc/crontab") == 0)
        return error_set(err, "Will not manage /etc/crontab via cron_file, see documentation.");
    if (!is_plain_name(path_basename(file)))
        result_warn(job->task,
                    "Filename portion of cron_file (\"%s\") should consist solely of upper- and lower-case letters, "
                    "digits, underscores, and hyphens",
                    path_basename(file));
    job->path = path_join(job->task->scratch, "/etc/cron.d", file);
    return true;
}

/* A file in which nothing is left goes. */
static bool file_remove(struct cron_job *job, struct error *err)
{
    struct task_context *task = job->task;

    result_set_string(task, "cron_file", job->args->cron_file);
    result_set_string(task, "state", job->args->state);
    result_diff(task, job->before, "", job->path, "/dev/null");
    result_diff_none(task);
    if (!change_wanted(task, "remove '%s'", job->path))
        return true;
    return backup_write(job, job->before, err) && text_file_remove(task->system, task->scratch, job->path, err);
}

static bool cron_finish(struct cron_job *job, const char *original, bool changed, struct error *err)
{
    struct task_context *task = job->task;
    size_t length = strlen(job->before);
    /* A last line without line end is not read by cron. */
    bool is_cut = length > 0 && job->before[length - 1] != '\n' && job->before[length - 1] != '\r';

    result_set(task, "jobs", crontab_job_names(&job->crontab));
    result_set(task, "envs", crontab_variable_names(&job->crontab));
    if (job->path != NULL)
        result_set_string(task, "cron_file", job->args->cron_file);
    if (!changed && !is_cut)
        return true;
    const char *after = crontab_text(&job->crontab);
    result_diff(task, job->before, after, shown_name(job), shown_name(job));
    if (!change_wanted(task, "write %s", shown_name(job)))
        return true;
    return backup_write(job, original, err) && cron_write(job, after, err);
}

static bool cron_run(struct task_context *task, const void *raw, struct error *err)
{
    struct cron_job job = { .task = task, .args = raw, .before = "" };
    bool changed = false;

    if (!file_choose(&job, err) || !arguments_check(&job, err) || !user_find(&job, err) || !cron_read(&job, err))
        return false;
    const char *original = crontab_text(&job.crontab);
    if (!edit(&job, &changed, err))
        return false;
    bool is_gone = !job.args->env && strcmp(job.args->state, "absent") == 0 && job.path != NULL;
    if (changed && is_gone && crontab_is_blank(&job.crontab))
        return file_remove(&job, err);
    return cron_finish(&job, original, changed, err);
}

MODULE_DEFINE(cron) = {
    .spec = {
        .name = "cron",
        .summary = "Jobs and variables in crontabs",
        .args = cron_args,
        .rules = cron_rules,
        .args_size = sizeof(struct cron_args),
    },
    .order = "jobs envs changed diff backup_file cron_file",
    .run = cron_run,
};

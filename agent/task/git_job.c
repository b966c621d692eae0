/* SPDX-License-Identifier: Apache-2.0 */
/* The frame of a git task: what it starts from, and how its commands and failures become a result. */
#include <string.h>

#include "agent/system/file/file_mode.h"
#include "agent/system/file/file_state.h"
#include "agent/system/file/word_list.h"
#include "agent/task/command_words.h"
#include "agent/task/git_parts.h"
#include "common/base/path.h"
#include "common/base/text.h"

#define ACCEPT_ALL "-o StrictHostKeyChecking=no"
#define ACCEPT_NEW "-o StrictHostKeyChecking=accept-new"

/* --- results --- */

bool git_job_end(struct git_job *job)
{
    job->is_over = true;
    return false;
}

__attribute__((format(printf, 2, 0))) static bool fail(struct git_job *job, const char *format, va_list args)
{
    static const char *const of_success[] = { "before", "after", "remote_url_changed" };
    struct text message = text_new(job->task->scratch);

    text_vprintf(&message, format, args);
    for (size_t i = 0; i < sizeof of_success / sizeof of_success[0]; i++)
        (void)value_map_remove(job->task->scratch, job->task->result->fields,
                               value_string(job->task->scratch, of_success[i]));
    (void)result_fail(job->task, "%s", message.data);
    return git_job_end(job);
}

bool git_job_fail(struct git_job *job, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    bool over = fail(job, format, args);
    va_end(args);
    return over;
}

static const char *command_text(const struct git_job *job, const char *const *words)
{
    struct word_list all = word_list_new(job->task->scratch);

    word_list_add(&all, job->git.path);
    for (; *words; words++)
        word_list_add(&all, *words);
    return command_join(job->task->scratch, word_list_values(&all));
}

bool git_job_fail_command(struct git_job *job, const struct process_result *got, const char *const *words,
                          const char *format, ...)
{
    va_list args;

    job->task->result->order = "cmd rc stdout stderr";
    result_set_string(job->task, "stdout", got->output);
    result_set_string(job->task, "stderr", got->errors);
    result_set_int(job->task, "rc", got->status);
    if (words)
        result_set_string(job->task, "cmd", command_text(job, words));
    va_start(args, format);
    bool over = fail(job, format, args);
    va_end(args);
    return over;
}

bool git_job_must(struct git_job *job, const char *folder, const char *const *words, struct process_result *out,
                  struct error *err)
{
    if (!git_run(&job->git, folder, words, out, err))
        return false;
    if (out->status == 0)
        return true;
    const char *message = text_trim(job->task->scratch, out->errors, out->errors_length);
    return git_job_fail_command(job, out, words, "%s", message);
}

bool git_job_look_up(struct git_job *job, const char *version, struct error *err)
{
    struct arena *arena = job->task->scratch;
    struct process_result got = { 0 };

    if (job->was_looked_up)
        return true;
    if (!git_job_must(job, job->dest, git_reference_words(arena, job->repo, version), &got, err))
        return false;
    job->wanted = git_reference_read(arena, got.output, version);
    job->was_looked_up = true;
    if (text_equal(version, "HEAD") && job->wanted.kind == GIT_NONE && job->task->check_mode)
        return git_job_fail_command(job, &got, NULL, "Could not determine remote revision for %s", version);
    return true;
}

/* --- what the task starts from --- */

/* Words from users stand where git takes options too. */
static bool check_words(struct git_job *job, struct error *err)
{
    const struct git_request *request = job->request;
    const struct {
        const char *name, *text;
    } words[] = {
        { "repo", job->repo },
        { "version", request->version },
        { "remote", request->remote },
        { "refspec", request->refspec },
    };

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (words[i].text && words[i].text[0] == '-')
            return error_set(err, "%s '%s' begins with '-': git would take it for an option", words[i].name,
                             words[i].text);
        if (words[i].text && !words[i].text[0])
            return error_set(err, "%s is empty", words[i].name);
    }
    return true;
}

/* False: ssh does not know accept-new, or there is no ssh (the task ends). */
static bool knows_accept_new(struct git_job *job, bool *out, struct error *err)
{
    struct process_result got = { 0 };
    struct task_context *task = job->task;

    if (!process_find(task->system, task->scratch, "ssh"))
        return git_job_fail(job, "Remote host is missing ssh command, so you cannot use acceptnewhostkey option.");
    if (!process_run(task->system, task->scratch, &PROCESS("ssh", "-o", "StrictHostKeyChecking=accept-new", "-V"), &got,
                     err))
        return false;
    *out = got.status == 0;
    if (!*out)
        result_warn(task, "Your ssh client does not support accept_newhostkey option, therefore it cannot be used.");
    return true;
}

static bool set_ssh(struct git_job *job, struct error *err)
{
    struct arena *arena = job->task->scratch;
    const struct git_request *request = job->request;
    const char *accept = request->accept_hostkey ? ACCEPT_ALL : NULL;
    struct git_ssh ssh = { .options = request->ssh_opts };
    bool is_known = false;

    if (request->accept_newhostkey) {
        if (!knows_accept_new(job, &is_known, err))
            return false;
        accept = is_known ? ACCEPT_NEW : NULL;
    }
    if (accept && !(ssh.options && (strstr(ssh.options, ACCEPT_ALL) || strstr(ssh.options, ACCEPT_NEW))))
        ssh.options = ssh.options ? arena_printf(arena, "%s %s", ssh.options, accept) : accept;
    if (request->key_file)
        ssh.key_file = command_quote(arena, request->key_file);
    git_program_set_ssh(&job->git, &ssh);
    return true;
}

static bool set_umask(struct git_job *job)
{
    const struct value *given = job->request->umask;
    const char *text = value_text(given);
    mode_t bits = 0;

    if (!given || value_is(given, VALUE_NULL))
        return true;
    if (!text)
        return git_job_fail(job, "umask must be defined as a quoted octal integer");
    if (!file_mode_umask(text, &bits))
        return git_job_fail(job, "umask must be an octal integer");
    job->git.umask_bits = (int)bits;
    return true;
}

static bool set_places(struct git_job *job, struct error *err)
{
    struct arena *arena = job->task->scratch;
    const struct git_request *request = job->request;

    job->repo = command_expand(job->task->system, arena, request->repo);
    if (job->repo[0] == '/') /* depth needs a URL */
        job->repo = arena_printf(arena, "file://%s", job->repo);
    if (!check_words(job, err))
        return false;
    if (!request->dest && request->clone)
        return git_job_fail(job, "the destination directory must be specified unless clone=no");
    if (!request->dest)
        return true;
    job->dest = path_normalize(arena, path_absolute(arena, request->dest));
    if (!git_repository_folder(arena, job->dest, request->bare, &job->folder, err)) {
        result_set_string(job->task, "details", err->text);
        return git_job_fail(job, "Current repo does not have a valid reference to a separate Git dir or it refers to "
                                 "the invalid path");
    }
    return true;
}

bool git_job_open(struct git_job *job, struct error *err)
{
    struct task_context *task = job->task;

    if (job->request->depth != ARG_INT_UNSET && job->request->depth != 0)
        job->depth = arena_printf(task->scratch, "%lld", (long long)job->request->depth);
    return git_program_open(task->system, task->scratch, job->request->executable, &job->git, err) && set_umask(job) &&
           set_places(job, err) && git_archive_check(job) && set_ssh(job, err);
}

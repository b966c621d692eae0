/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A git task from its start to its end: what there is, getting the version, what changed. In check mode the remote is
 * asked what it has; nothing is fetched into the repository.
 */
#include "agent/task/git_parts.h"
#include "common/base/path.h"
#include "common/base/text.h"

/* --- before it is done --- */

/* There is no repository, and there shall be none now: what would be cloned. */
static bool foresee_clone(struct git_job *job, struct error *err)
{
    const struct git_request *request = job->request;

    if (!git_job_look_up(job, request->version, err))
        return false;
    const char *after = job->wanted.commit ? job->wanted.commit : request->version;
    result_set_string(job->task, "after", after);
    if (job->task->check_mode && request->clone)
        (void)change_wanted(job->task, "clone '%s' to '%s'", job->repo, job->dest);
    else
        result_changed(job->task); /* as Ansible: there is something that could be cloned */
    git_diff(job, NULL, after);
    return git_job_end(job);
}

/* The hash that HEAD will have. */
static bool foresee_after(struct git_job *job, const char **out, struct error *err)
{
    const struct git_request *request = job->request;
    bool is_head = request->bare || text_equal(request->version, "HEAD");
    const char *branch = is_head ? git_repository_branch(&job->git, job->dest, request->remote) : NULL;
    const char *version = !is_head ? request->version : branch ? branch : "HEAD";

    if (!git_job_look_up(job, version, err))
        return false;
    *out = job->wanted.commit;
    if (!*out && is_head)
        return git_job_fail(job, "Could not determine remote revision for %s", version);
    if (!*out)
        *out = git_repository_commit(&job->git, job->dest, version);
    if (!*out)
        *out = version;
    return true;
}

static bool foresee_update(struct git_job *job, struct error *err)
{
    const struct git_request *request = job->request;
    const char *after = NULL;
    bool is_behind = false;

    if (!foresee_after(job, &after, err))
        return false;
    result_set_string(job->task, "after", after);
    if (!text_equal(job->before, after))
        (void)change_wanted(job->task, "update '%s' from %s to %s", job->dest, job->before, after);
    git_diff(job, job->before, after);
    if (job->task->result->changed)
        return git_job_end(job);
    if (request->recursive && !request->bare && !git_submodules_compare(job, &is_behind, err))
        return false;
    if (is_behind) {
        result_set_bool(job->task, "submodules_changed", true);
        (void)change_wanted(job->task, "update the submodules of '%s'", job->dest);
    }
    return git_archive(job, err) && git_job_end(job);
}

/* --- doing it --- */

static bool start(struct git_job *job, struct error *err)
{
    struct task_context *task = job->task;
    const struct git_request *request = job->request;

    if (!git_job_open(job, err) || !git_relocate(job, err))
        return false;
    result_set_string(task, "before", NULL);
    if (!job->folder || !path_exists(path_join(task->scratch, job->folder, "config")))
        return task->check_mode || !request->clone ? foresee_clone(job, err) : git_clone(job, err);
    job->before = git_repository_version(&job->git, job->dest);
    result_set_string(task, "before", job->before);
    if (!request->update) {
        result_set_string(task, "after", job->before);
        return git_archive(job, err) && git_job_end(job);
    }
    if (!git_update(job, err))
        return false;
    return task->check_mode ? foresee_update(job, err) : git_fetch(job, err);
}

static bool update_submodules(struct git_job *job, struct error *err)
{
    bool is_behind = false;

    if (!job->request->recursive || job->request->bare)
        return true;
    if (!git_submodules_compare(job, &is_behind, err))
        return false;
    if (!is_behind)
        return true;
    result_set_bool(job->task, "submodules_changed", true);
    if (!change_wanted(job->task, "update the submodules of '%s'", job->dest))
        return true;
    return git_submodules_update(job, err);
}

/* Only what is real comes here: check mode has ended in start(). What fetching brought is known when it is there. */
static bool finish(struct git_job *job, struct error *err)
{
    bool is_right = job->request->bare ? git_verify(job, job->request->version, err) : git_switch(job, err);

    if (!is_right || !update_submodules(job, err))
        return false;
    const char *after = git_repository_version(&job->git, job->dest);
    result_set_string(job->task, "after", after);
    if (job->before && !text_equal(job->before, after))
        (void)change_wanted(job->task, "update '%s' from %s to %s", job->dest, job->before, after);
    git_diff(job, job->before, after);
    return git_archive(job, err);
}

bool git_task_run(struct task_context *task, const struct git_request *request, struct error *err)
{
    struct git_job job = { .task = task, .request = request };

    return (start(&job, err) && finish(&job, err)) || job.is_over;
}

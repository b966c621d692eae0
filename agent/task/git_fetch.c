/* SPDX-License-Identifier: Apache-2.0 */
/* Fetching what the remote has: all branches and tags, or with a depth only what the version needs. */
#include "agent/system/file/word_list.h"
#include "agent/task/git_parts.h"
#include "common/base/text.h"

/* The few references that a shallow repository needs. None: the version is a commit, which only a full fetch brings. */
static bool add_shallow(struct git_job *job, struct word_list *refspecs, struct error *err)
{
    struct arena *arena = job->task->scratch;
    const struct git_request *request = job->request;
    const char *version = request->version;
    const char *branch = git_repository_branch(&job->git, job->dest, request->remote);

    if (request->refspec) {
        word_list_add(refspecs, request->refspec);
        return true;
    }
    if (text_equal(version, "HEAD")) {
        word_list_add(refspecs, branch);
        return true;
    }
    if (!git_job_look_up(job, version, err))
        return false;
    if (job->wanted.kind == GIT_BRANCH) {
        if (!text_equal(branch, version))
            word_list_add(refspecs, arena_printf(arena, "+refs/heads/%s:refs/heads/%s", version, version));
        word_list_add(refspecs,
                      arena_printf(arena, "+refs/heads/%s:refs/remotes/%s/%s", version, request->remote, version));
    } else if (job->wanted.kind == GIT_TAG) {
        word_list_add(refspecs, arena_printf(arena, "+refs/tags/%s:refs/tags/%s", version, version));
    }
    return true;
}

static void add_all(const struct git_job *job, struct word_list *words, struct word_list *refspecs)
{
    if (job->request->bare) {
        word_list_add(refspecs, "+refs/heads/*:refs/heads/*");
        word_list_add(refspecs, "+refs/tags/*:refs/tags/*");
    } else {
        word_list_add(words, "--tags");
    }
    word_list_add(refspecs, job->request->refspec);
}

/* The remote's commit is here with just as much history as was asked for. (Fetching it again would be right, but writes.) */
static bool is_complete(struct git_job *job, bool *out, struct error *err)
{
    const struct git_request *request = job->request;
    const char *branch = git_repository_branch(&job->git, job->dest, request->remote);
    const char *version = text_equal(request->version, "HEAD") && branch ? branch : request->version;

    *out = false;
    if (request->refspec || request->bare)
        return true;
    if (!git_job_look_up(job, version, err))
        return false;
    *out = job->wanted.commit && text_equal(job->wanted.commit, job->before) &&
           text_equal(git_ask(&job->git, job->dest, GIT_WORDS("rev-list", "--count", "HEAD")), job->depth);
    return true;
}

const char *git_fetch_quietly(const struct git_job *job)
{
    return git_is_at_least(&job->git, 2, 29) ? "--no-write-fetch-head" : NULL;
}

bool git_fetch(struct git_job *job, struct error *err)
{
    struct word_list words = word_list_new(job->task->scratch), refspecs = word_list_new(job->task->scratch);
    struct word_list shown = word_list_new(job->task->scratch);
    struct process_result got = { 0 };
    bool complete = false;

    if (job->depth && !is_complete(job, &complete, err))
        return false;
    if (complete)
        return true;
    word_list_add(&words, "fetch");
    if (job->depth && !add_shallow(job, &refspecs, err))
        return false;
    if (refspecs.count > 0)
        word_list_add_pair(&words, "--depth", job->depth);
    else
        add_all(job, &words, &refspecs);
    word_list_add(&words, git_fetch_quietly(job));
    if (job->request->force)
        word_list_add(&words, "--force");
    word_list_add(&words, "--");
    word_list_add(&words, job->request->remote);
    for (size_t i = 0; i < refspecs.count; i++)
        word_list_add(&words, refspecs.items[i]);
    if (!git_run(&job->git, job->dest, words.items, &got, err))
        return false;
    if (got.status == 0)
        return true;
    word_list_add(&shown, job->git.path);
    for (size_t i = 0; i < words.count; i++)
        word_list_add(&shown, words.items[i]);
    result_set(job->task, "cmd", word_list_values(&shown));
    return git_job_fail(job, "Failed to download remote objects and refs: %s %s", got.output, got.errors);
}

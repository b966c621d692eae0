/* SPDX-License-Identifier: Apache-2.0 */
/* Making a repository, moving it, and what is put right before a repository that is there gets something new. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/system/file/file_replace.h"
#include "agent/system/file/file_state.h"
#include "agent/system/file/file_tree.h"
#include "agent/system/file/word_list.h"
#include "agent/task/command_words.h"
#include "agent/task/git_parts.h"
#include "common/base/path.h"
#include "common/base/text.h"

/* --- moving the repository out of its work tree --- */

static bool move_folder(struct arena *arena, const char *from, const char *to, struct error *err)
{
    if (rename(from, to) == 0)
        return true;
    if (errno != EXDEV)
        return error_set_errno(err, "moving '%s' to '%s'", from, to);
    if (file_tree_copy(arena, from, to, true, err) && file_tree_remove(from, err))
        return true;
    return false;
}

static bool relocate(struct git_job *job, const char *to, struct error *err)
{
    struct arena *arena = job->task->scratch;
    const char *pointer = path_join(arena, job->dest, ".git");
    const char *text = arena_printf(arena, "gitdir: %s", to);
    struct error ignored = ERROR_INIT;

    if (!move_folder(arena, job->folder, to, err))
        return git_job_fail(job, "Unable to move git dir. %s", err->text);
    if (!file_replace_text(job->task->system, arena, pointer, text, NULL, err)) {
        (void)move_folder(arena, to, job->folder, &ignored);
        return git_job_fail(job, "Unable to move git dir. %s", err->text);
    }
    result_set_string(job->task, "git_dir_before", job->folder);
    result_set_string(job->task, "git_dir_now", to);
    job->folder = to;
    return true;
}

bool git_relocate(struct git_job *job, struct error *err)
{
    struct arena *arena = job->task->scratch;

    if (!job->request->separate_git_dir || !job->folder || !path_exists(job->folder))
        return true;
    const char *to = file_real_path(arena, job->request->separate_git_dir);
    if (text_equal(to, job->folder))
        return true;
    if (path_exists(to))
        return git_job_fail(job, "Separate-git-dir path %s already exists.", to);
    if (!change_wanted(job->task, "move the repository '%s' to '%s'", job->folder, to))
        return true;
    return relocate(job, to, err);
}

/* --- cloning --- */

static void add_depth(struct git_job *job, struct word_list *words)
{
    const struct git_request *request = job->request;
    bool is_named = job->wanted.kind == GIT_BRANCH || job->wanted.kind == GIT_TAG;

    if (!job->depth)
        return;
    if (text_equal(request->version, "HEAD") || request->refspec || is_named)
        word_list_add_pair(words, "--depth", job->depth);
    else
        result_warn(job->task, "Ignoring depth argument. Shallow clones are only available for HEAD, branches, tags or "
                               "in combination with refspec.");
    if (is_named && !request->refspec)
        word_list_add_pair(words, "--branch", request->version);
}

static const char *const *clone_words(struct git_job *job)
{
    struct arena *arena = job->task->scratch;
    const struct git_request *request = job->request;
    struct word_list words = word_list_new(arena);

    word_list_add(&words, "clone");
    word_list_add(&words, "--quiet");
    if (request->bare)
        word_list_add(&words, "--bare");
    else
        word_list_add_pair(&words, "--origin", request->remote);
    add_depth(job, &words);
    if (request->reference)
        word_list_add_pair(&words, "--reference", command_expand(job->task->system, arena, request->reference));
    if (request->single_branch) {
        word_list_add(&words, "--single-branch");
        if (job->wanted.kind == GIT_BRANCH || job->wanted.kind == GIT_TAG)
            word_list_add_pair(&words, "--branch", request->version);
    }
    if (request->separate_git_dir)
        word_list_add(&words,
                      arena_printf(arena, "--separate-git-dir=%s", file_real_path(arena, request->separate_git_dir)));
    word_list_add(&words, "--");
    word_list_add(&words, job->repo);
    word_list_add(&words, job->dest);
    return words.items;
}

bool git_clone(struct git_job *job, struct error *err)
{
    const struct git_request *request = job->request;
    struct process_result got = { 0 };

    if (!text_equal(request->version, "HEAD") && !git_job_look_up(job, request->version, err))
        return false;
    if (!change_wanted(job->task, "clone '%s' to '%s'", job->repo, job->dest))
        return git_job_end(job);
    if (!git_job_must(job, NULL, clone_words(job), &got, err))
        return false;
    if (request->bare && !text_equal(request->remote, "origin") &&
        !git_job_must(job, job->dest, GIT_WORDS("remote", "add", "--", request->remote, job->repo), &got, err))
        return false;
    if (!request->refspec)
        return true;
    struct word_list words = word_list_new(job->task->scratch);
    word_list_add(&words, "fetch");
    word_list_add_pair(&words, "--depth", job->depth);
    word_list_add(&words, "--");
    word_list_add(&words, request->remote);
    word_list_add(&words, request->refspec);
    return git_job_must(job, job->dest, words.items, &got, err);
}

/* --- a repository that is there --- */

static bool discard_modifications(struct git_job *job, struct error *err)
{
    struct process_result got = { 0 };

    if (job->request->bare || !git_repository_is_modified(&job->git, job->dest))
        return true;
    if (!job->request->force) {
        (void)git_job_fail(job, "Local modifications exist in the destination: %s (force=no).", job->dest);
        result_set_string(job->task, "before", job->before);
        return false;
    }
    if (!change_wanted(job->task, "throw away the local modifications in '%s'", job->dest))
        return true;
    if (!git_job_must(job, job->dest, GIT_WORDS("reset", "--hard", "HEAD"), &got, err))
        return false;
    result_message(job->task, "Local modifications exist in the destination: %s", job->dest);
    return true;
}

static bool is_same_place(struct git_job *job, const char *a, const char *b)
{
    struct arena *arena = job->task->scratch;
    const struct system *system = job->task->system;

    return text_equal(a, b) || strcmp(file_real_path(arena, command_expand(system, arena, a)),
                                      file_real_path(arena, command_expand(system, arena, b))) == 0;
}

static bool set_url(struct git_job *job, struct error *err)
{
    const char *remote = job->request->remote, *url = git_repository_url(&job->git, job->dest, remote);
    const char *key = arena_printf(job->task->scratch, "remote.%s.url", remote);
    struct process_result got = { 0 };

    bool is_changed = url && !is_same_place(job, url, job->repo);
    result_set_bool(job->task, "remote_url_changed", is_changed);
    if (!is_changed)
        return true;
    if (!git_ask(&job->git, job->dest, GIT_WORDS("config", "--get", key)))
        return git_job_fail(job, "Failed to set a new url %s for %s:  error: No such remote '%s'\n", job->repo, remote,
                            remote);
    if (!change_wanted(job->task, "set the URL of '%s' in '%s' to '%s'", remote, job->dest, job->repo))
        return true;
    if (!git_run(&job->git, job->dest, GIT_WORDS("remote", "set-url", "--", remote, job->repo), &got, err))
        return false;
    if (got.status != 0)
        return git_job_fail(job, "Failed to set a new url %s for %s: %s %s", job->repo, remote, got.output, got.errors);
    return true;
}

bool git_update(struct git_job *job, struct error *err)
{
    return discard_modifications(job, err) && set_url(job, err);
}

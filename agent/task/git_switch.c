/* SPDX-License-Identifier: Apache-2.0 */
/* The work tree goes to the version that was fetched; whether that version is signed by somebody who may. */
#include <string.h>

#include "agent/system/file/word_list.h"
#include "agent/task/git_parts.h"
#include "common/base/path.h"
#include "common/base/text.h"

/* --- signatures --- */

/* The keys that gpg's status lines name: the one that signed, and the primary key it belongs to.
 * https://git.gnupg.org/cgi-bin/gitweb.cgi?p=gnupg.git;a=blob;f=doc/DETAILS */
static bool read_fingerprints(struct arena *arena, const char *status, const char **signer_out,
                              const char **primary_out)
{
    const char *end = status + strlen(status), *line;
    size_t length;

    while (text_line(&status, end, &line, &length)) {
        struct word_list words = word_list_split(arena, line, length);
        if (words.count < 3 || strcmp(words.items[0], "[GNUPG:]") != 0 || strcmp(words.items[1], "VALIDSIG") != 0)
            continue;
        *signer_out = words.items[2];
        *primary_out = words.count > 11 ? words.items[11] : words.items[2];
        return true;
    }
    return false;
}

static bool is_listed(const struct value *list, const char *fingerprint)
{
    for (size_t i = 0; fingerprint && i < value_count(list); i++)
        if (text_equal(value_text(value_item(list, i)), fingerprint))
            return true;
    return false;
}

bool git_verify(struct git_job *job, const char *name, struct error *err)
{
    struct arena *arena = job->task->scratch;
    const char *version = job->request->version,
               *tag = arena_printf(arena, "%s%s", text_starts(name, "refs/") ? "" : "refs/tags/", name);
    const char *kind = git_ask(&job->git, job->dest, GIT_WORDS("cat-file", "-t", tag));
    const char *verb = text_equal(kind, "tag") ? "verify-tag" : "verify-commit";
    const struct value *list = job->request->gpg_allowlist;
    const char *signer = NULL, *primary = NULL;
    struct process_result got = { 0 };

    if (!job->request->verify_commit)
        return true;
    const char *const *words = GIT_WORDS(verb, "--raw", name);
    if (!git_run(&job->git, job->dest, words, &got, err))
        return false;
    if (got.status != 0)
        return git_job_fail_command(job, &got, NULL, "Failed to verify GPG signature of commit/tag \"%s\"", version);
    if (value_count(list) == 0)
        return true;
    (void)read_fingerprints(arena, got.errors, &signer, &primary);
    if (is_listed(list, signer) || is_listed(list, primary))
        return true;
    return git_job_fail_command(job, &got, NULL,
                                "The gpg_whitelist does not include the public key \"%s\" for this commit",
                                signer ? signer : "None");
}

/* --- going there --- */

/* HEAD is this branch (NULL: no branch), at this commit: there is nothing to do. Modifications are gone already. */
static bool is_there(struct git_job *job, const char *branch, const char *name)
{
    const char *head = git_ask(&job->git, job->dest, GIT_WORDS("symbolic-ref", "--quiet", "HEAD"));
    const char *wanted = branch ? arena_printf(job->task->scratch, "refs/heads/%s", branch) : NULL;
    const char *commit = git_repository_commit(&job->git, job->dest, name);

    return job->before && commit && text_equal(head, wanted) && text_equal(commit, job->before) &&
           text_equal(commit, git_repository_version(&job->git, job->dest));
}

/* `branch` is checked out as it is at the remote. */
static bool follow_branch(struct git_job *job, const char *branch, struct error *err)
{
    const char *there = arena_printf(job->task->scratch, "refs/remotes/%s/%s", job->request->remote, branch);
    const char *const *words = GIT_WORDS("checkout", "--force", branch, "--");
    struct process_result got = { 0 };

    if (is_there(job, branch, there))
        return true;
    if (!git_run(&job->git, job->dest, words, &got, err))
        return false;
    if (got.status != 0)
        return git_job_fail_command(job, &got, NULL, "Failed to checkout branch %s", branch);
    words = GIT_WORDS("reset", "--hard", there, "--");
    if (!git_run(&job->git, job->dest, words, &got, err))
        return false;
    if (got.status != 0)
        return git_job_fail_command(job, &got, words, "Failed to checkout %s%s",
                                    text_equal(job->request->version, "HEAD") ? "branch " : "", branch);
    return true;
}

/* A shallow clone knows one branch only. */
static bool fetch_branch(struct git_job *job, const char *branch, struct error *err)
{
    struct arena *arena = job->task->scratch;
    const char *remote = job->request->remote;
    const char *depth = arena_printf(arena, "--depth=%s", job->depth);
    const char *own = arena_printf(arena, "+refs/heads/%s:refs/heads/%s", branch, branch);
    const char *there = arena_printf(arena, "+refs/heads/%s:refs/remotes/%s/%s", branch, remote, branch);
    struct process_result got = { 0 };

    if (!git_run(&job->git, job->dest, GIT_WORDS("fetch", depth, "--", remote, own, there), &got, err))
        return false;
    if (got.status != 0)
        return git_job_fail_command(job, &got, NULL, "Failed to fetch branch from remote: %s", branch);
    return true;
}

static bool check_out(struct git_job *job, const char *const *words, struct error *err)
{
    struct process_result got = { 0 };

    if (!git_run(&job->git, job->dest, words, &got, err))
        return false;
    if (got.status != 0)
        return git_job_fail_command(job, &got, words, "Failed to checkout %s", job->request->version);
    return true;
}

/* git would take a version that it does not know for a file's name, and restore that file. */
static bool could_be_file(const struct git_job *job, const char *version)
{
    return strpbrk(version, "*?[:\\") || path_exists(path_join(job->task->scratch, job->dest, version));
}

/* To a tag, a commit, or a branch that only this repository has. A tag is not taken for a local branch of its name. */
static bool leave_branches(struct git_job *job, struct error *err)
{
    const char *version = job->request->version;

    if (job->wanted.kind == GIT_TAG && git_repository_has_branch(&job->git, job->dest, version))
        version = job->wanted.name;
    if (!git_verify(job, version, err))
        return false;
    if (is_there(job, NULL, version))
        return true;
    return check_out(job, GIT_WORDS("checkout", "--force", version, could_be_file(job, version) ? "--" : NULL), err);
}

bool git_switch(struct git_job *job, struct error *err)
{
    const char *version = job->request->version, *remote = job->request->remote;
    const char *there = arena_printf(job->task->scratch, "refs/remotes/%s/%s", remote, version);

    if (text_equal(version, "HEAD")) {
        const char *branch = git_repository_branch(&job->git, job->dest, remote);
        if (!branch)
            return git_job_fail(job, "HEAD of '%s' is no branch, and the main branch of '%s' is not known", job->dest,
                                remote);
        there = arena_printf(job->task->scratch, "refs/remotes/%s/%s", remote, branch);
        return git_verify(job, there, err) && follow_branch(job, branch, err);
    }
    if (!git_job_look_up(job, version, err))
        return false;
    if (job->wanted.kind != GIT_BRANCH)
        return leave_branches(job, err);
    bool is_local = git_repository_has_branch(&job->git, job->dest, version);
    if (!is_local && job->depth && !fetch_branch(job, version, err))
        return false;
    if (!git_verify(job, there, err))
        return false;
    if (is_local || git_repository_has_branch(&job->git, job->dest, version))
        return follow_branch(job, version, err);
    return check_out(job, GIT_WORDS("checkout", "--track", "-b", version, there, "--"), err);
}

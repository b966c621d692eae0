/* SPDX-License-Identifier: Apache-2.0 */
/* git: a work tree at a version of a repository, by the node's git. The parts of the work are agent/task/git_*.c. */
#include "agent/task/git_parts.h"
#include "agent/task/result_urls.h"

static const struct arg_spec git_spec[] = {
    ARG(git_request, repo, ARG_STRING, .required = true, .aliases = ARG_NAMES("name"),
        .help = "where from: a URL, user@host:path, or a path on the node"),
    ARG(git_request, dest, ARG_PATH, .help = "folder for the work tree; required unless clone is no"),
    ARG(git_request, version, ARG_STRING, .default_text = "HEAD",
        .help = "branch, tag or commit; HEAD: the main branch"),
    ARG(git_request, remote, ARG_STRING, .default_text = "origin",
        .help = "what the remote is called in the work tree"),
    ARG(git_request, refspec, ARG_STRING, .help = "fetch this too: for commits that no branch or tag reaches"),
    ARG(git_request, reference, ARG_STRING, .help = "a repository on the node to borrow objects from"),
    ARG(git_request, force, ARG_BOOL, .default_text = "no", .help = "throw away local modifications"),
    ARG(git_request, depth, ARG_INT, .help = "fetch only so many commits of the history"),
    ARG(git_request, clone, ARG_BOOL, .default_text = "yes", .help = "with no: only look, if there is no work tree"),
    ARG(git_request, update, ARG_BOOL, .default_text = "yes", .help = "with no: leave a work tree that is there"),
    ARG(git_request, verify_commit, ARG_BOOL, .default_text = "no",
        .help = "the commit or tag must have a good signature"),
    ARG_NAMED("gpg_whitelist", git_request, gpg_allowlist, ARG_LIST, .aliases = ARG_NAMES("gpg_allowlist"),
              .help = "fingerprints of the keys whose signatures count; default: every key that gpg knows"),
    ARG(git_request, accept_hostkey, ARG_BOOL, .default_text = "no", .help = "take any host key; better know the host"),
    ARG(git_request, accept_newhostkey, ARG_BOOL, .default_text = "no",
        .help = "take the host key of a host that is not known yet"),
    ARG(git_request, key_file, ARG_PATH, .help = "private key for ssh, on the node"),
    ARG(git_request, ssh_opts, ARG_STRING, .help = "options for ssh"),
    ARG(git_request, executable, ARG_PATH, .help = "the program; default: git"),
    ARG(git_request, bare, ARG_BOOL, .default_text = "no", .help = "a repository without a work tree"),
    ARG(git_request, recursive, ARG_BOOL, .default_text = "yes", .help = "submodules too"),
    ARG(git_request, single_branch, ARG_BOOL, .default_text = "no", .help = "clone only the branch of the version"),
    ARG(git_request, track_submodules, ARG_BOOL, .default_text = "no",
        .help = "submodules at the tip of their branch, not at the commit the repository names"),
    ARG(git_request, umask, ARG_RAW, .help = "umask for what git makes: octal, in quotes"),
    ARG(git_request, archive, ARG_PATH, .help = "also make this archive of the version: .zip .tar .tar.gz .tgz"),
    ARG(git_request, archive_prefix, ARG_STRING, .help = "put in front of every path in the archive"),
    ARG(git_request, separate_git_dir, ARG_PATH, .help = "where the repository itself goes, apart from its work tree"),
    ARG_END,
};

static const struct arg_rule git_rules[] = {
    { .kind = ARG_RULE_EXCLUSIVE, .names = ARG_NAMES("separate_git_dir", "bare") },
    { .kind = ARG_RULE_EXCLUSIVE, .names = ARG_NAMES("accept_hostkey", "accept_newhostkey") },
    { .kind = ARG_RULE_REQUIRED_BY, .key = "archive_prefix", .names = ARG_NAMES("archive") },
    { .kind = ARG_RULE_END },
};

extern const struct module module_git;

/* The URL of a repository may carry a password. */
static bool git_run_task(struct task_context *task, const void *raw, struct error *err)
{
    bool done = git_task_run(task, raw, err);

    return result_end_urls(task, &module_git.spec, raw, done, err);
}

MODULE_DEFINE(git) = {
    .spec = { .name = "git",
              .summary = "Check out a version of a git repository",
              .args = git_spec,
              .rules = git_rules,
              .args_size = sizeof(struct git_request) },
    .run = git_run_task,
};

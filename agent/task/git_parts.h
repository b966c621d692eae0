/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of a git task, for agent/modules/git.c and agent/task/git_*.c only. Every part returns false when the task ends
 * here: with `err` set, or (job->is_over) with a complete result, failed or not.
 */
#pragma once

#include "agent/system/git/git_repository.h"
#include "agent/task/module.h"

struct git_request {
    const char *repo, *dest, *version, *remote, *refspec, *reference, *key_file, *ssh_opts, *executable, *archive,
        *archive_prefix, *separate_git_dir;
    const struct value *gpg_allowlist, *umask;
    int64_t depth;
    bool force, clone, update, verify_commit, accept_hostkey, accept_newhostkey, bare, recursive, single_branch,
        track_submodules;
};

struct git_job {
    struct task_context *task;
    const struct git_request *request;
    struct git_program git;
    const char *repo, *dest;     /* repo: what git gets; dest: absolute, or NULL */
    const char *folder;          /* the repository's own folder; NULL without dest */
    const char *depth;           /* as text, or NULL */
    const char *before;          /* NULL: there was no repository */
    struct git_reference wanted; /* the version at the remote, once it was looked up */
    bool was_looked_up, is_over;
};

bool git_task_run(struct task_context *task, const struct git_request *request, struct error *err);

/* --- git_job.c: running, and what comes of it --- */
bool git_job_open(struct git_job *job, struct error *err);
/* False also when git's status is not 0: the result says all about the command then. */
bool git_job_must(struct git_job *job, const char *folder, const char *const *words, struct process_result *out,
                  struct error *err);
/* Ends the task as failed. Always false. */
bool git_job_fail(struct git_job *job, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same, with the output and (NULL: not) the words of the command that failed. */
bool git_job_fail_command(struct git_job *job, const struct process_result *got, const char *const *words,
                          const char *format, ...) __attribute__((format(printf, 4, 5)));
/* Ends the task as it is. Always false. */
bool git_job_end(struct git_job *job);
/* Asks the remote what `version` is; once for each task. */
bool git_job_look_up(struct git_job *job, const char *version, struct error *err);
#define GIT_TEMP_FOLDER "/tmp/roost-git-XXXXXX" /* for file_temp_folder */

/* --- git_update.c: from a repository that is there, or none, to one with the version --- */
bool git_relocate(struct git_job *job, struct error *err);
bool git_clone(struct git_job *job, struct error *err);
/* Local modifications, the remote's URL, fetching. */
bool git_update(struct git_job *job, struct error *err);

/* --- git_fetch.c --- */
bool git_fetch(struct git_job *job, struct error *err);
/* The option with which fetching nothing new writes nothing; NULL: this git has none. */
const char *git_fetch_quietly(const struct git_job *job);

/* --- git_switch.c --- */
/* What is not signed as the request wants it is not checked out. */
bool git_switch(struct git_job *job, struct error *err);
bool git_verify(struct git_job *job, const char *name, struct error *err);

/* --- git_submodule.c --- */
/* *changed_out: a submodule is missing, or is not at the commit it shall be at. Fetches, unless in check mode. */
bool git_submodules_compare(struct git_job *job, bool *changed_out, struct error *err);
bool git_submodules_update(struct git_job *job, struct error *err);

/* --- git_archive.c --- */
bool git_archive_check(struct git_job *job); /* the file's name, before anything is done */
bool git_archive(struct git_job *job, struct error *err);

/* --- git_diff.c --- */
/* What changes between two versions, for diff mode. What only the remote has is fetched to a place of its own. */
void git_diff(struct git_job *job, const char *before, const char *after);

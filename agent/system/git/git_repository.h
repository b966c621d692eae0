/* SPDX-License-Identifier: Apache-2.0 */
/* What a git repository says of itself and of where it came from. Only reads. */
#pragma once

#include "agent/system/git/git_program.h"

/* The folder of the repository of the work tree `dest`: dest/.git, or what that file names; `dest` itself when bare.
 * It need not exist, unless a file names it. */
bool git_repository_folder(struct arena *arena, const char *dest, bool is_bare, const char **out, struct error *err);
/* The full hash; what git says of a name it does not know ("HEAD" in a repository without commits) is kept. "" when
 * git says nothing. */
const char *git_repository_version(const struct git_program *git, const char *dest);
/* The hash of the commit that `name` stands for, or NULL. */
const char *git_repository_commit(const struct git_program *git, const char *dest, const char *name);
/* The branch that is checked out; when there is none, the main branch of `remote`. NULL: not known. */
const char *git_repository_branch(const struct git_program *git, const char *dest, const char *remote);
bool git_repository_has_branch(const struct git_program *git, const char *dest, const char *branch);
/* Files that git tracks were changed. */
bool git_repository_is_modified(const struct git_program *git, const char *dest);
/* As git ls-remote --get-url: the name itself when there is no such remote. NULL: git does not say. */
const char *git_repository_url(const struct git_program *git, const char *dest, const char *remote);

enum git_reference_kind { GIT_NONE, GIT_HEAD, GIT_BRANCH, GIT_TAG };

/* What a name means at the remote. */
struct git_reference {
    enum git_reference_kind kind; /* GIT_NONE: neither branch nor tag */
    const char *name;             /* refs/heads/..., refs/tags/..., HEAD */
    const char *commit;           /* an annotated tag's is the commit it stands for */
};

/* The words by which a remote (name or URL) is asked for `version`, and what its answer says. */
const char *const *git_reference_words(struct arena *arena, const char *remote, const char *version);
struct git_reference git_reference_read(struct arena *arena, const char *answer, const char *version);

/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a repository through git's plumbing, and the one file that git leaves in a work tree. */
#include "agent/system/git/git_repository.h"

#include <string.h>

#include "agent/system/file/word_list.h"
#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/base/text.h"

#define POINTER_PREFIX "gitdir: "
#define POINTER_MAX ((size_t)LIMIT_PATH * 2)

bool git_repository_folder(struct arena *arena, const char *dest, bool is_bare, const char **out, struct error *err)
{
    size_t length = 0;
    const char *path = is_bare ? dest : path_join(arena, dest, ".git");
    char *data = NULL;

    if (path_is_file(path)) {
        if (!file_read(arena, path, POINTER_MAX, &data, &length, err))
            return false;
        const char *text = text_trim(arena, data, length);
        if (!text_starts(text, POINTER_PREFIX))
            return error_set(err, ".git file has invalid git dir reference format");
        path = path_join(arena, dest, text + strlen(POINTER_PREFIX));
        if (!path_is_folder(path))
            return error_set(err, "%s is not a directory", path);
    }
    *out = path;
    return true;
}

const char *git_repository_version(const struct git_program *git, const char *dest)
{
    struct process_result got = { 0 };
    struct error ignored = ERROR_INIT;

    if (!git_run(git, dest, GIT_WORDS("rev-parse", "HEAD"), &got, &ignored))
        return "";
    return text_trim(git->arena, got.output, got.output_length);
}

const char *git_repository_commit(const struct git_program *git, const char *dest, const char *name)
{
    const char *wanted = arena_printf(git->arena, "%s^{commit}", name);

    return git_ask(git, dest, GIT_WORDS("rev-parse", "--verify", "--quiet", wanted));
}

const char *git_repository_branch(const struct git_program *git, const char *dest, const char *remote)
{
    const char *head = git_ask(git, dest, GIT_WORDS("symbolic-ref", "--quiet", "HEAD"));
    const char *prefix = arena_printf(git->arena, "refs/remotes/%s/", remote);
    const char *of_remote = arena_printf(git->arena, "%sHEAD", prefix);

    if (head && text_starts(head, "refs/heads/"))
        return head + strlen("refs/heads/");
    head = git_ask(git, dest, GIT_WORDS("symbolic-ref", "--quiet", of_remote));
    return head && text_starts(head, prefix) ? head + strlen(prefix) : NULL;
}

bool git_repository_has_branch(const struct git_program *git, const char *dest, const char *branch)
{
    const char *name = arena_printf(git->arena, "refs/heads/%s", branch);

    return git_ask(git, dest, GIT_WORDS("show-ref", "--verify", "--quiet", name)) != NULL;
}

bool git_repository_is_modified(const struct git_program *git, const char *dest)
{
    const char *text = git_ask(git, dest, GIT_WORDS("status", "--porcelain"));
    const char *end = text ? text + strlen(text) : NULL, *line;
    size_t length;

    while (text && text_line(&text, end, &line, &length))
        if (length > 2 && memcmp(line, "??", 2) != 0)
            return true;
    return false;
}

const char *git_repository_url(const struct git_program *git, const char *dest, const char *remote)
{
    return git_ask(git, dest, GIT_WORDS("ls-remote", "--get-url", "--", remote));
}

/* --- at the remote --- */

const char *const *git_reference_words(struct arena *arena, const char *remote, const char *version)
{
    struct word_list words = word_list_new(arena);

    word_list_add(&words, "ls-remote");
    word_list_add(&words, "--");
    word_list_add(&words, remote);
    if (text_equal(version, "HEAD")) {
        word_list_add(&words, "HEAD");
        return words.items;
    }
    word_list_add(&words, arena_printf(arena, "refs/heads/%s", version));
    word_list_add(&words, arena_printf(arena, "refs/tags/%s", version));
    word_list_add(&words, arena_printf(arena, "refs/tags/%s^{}", version));
    return words.items;
}

/* The hash in front of the line that ends with exactly this name. */
static const char *commit_of(struct arena *arena, const char *answer, const char *name)
{
    const char *end = answer + strlen(answer), *line;
    size_t length, wanted = strlen(name);

    while (text_line(&answer, end, &line, &length)) {
        const char *tab = memchr(line, '\t', length);
        if (tab && (size_t)(line + length - tab - 1) == wanted && memcmp(tab + 1, name, wanted) == 0)
            return arena_copy_n(arena, line, (size_t)(tab - line));
    }
    return NULL;
}

struct git_reference git_reference_read(struct arena *arena, const char *answer, const char *version)
{
    struct git_reference found = { .kind = GIT_HEAD, .name = "HEAD" };

    if (text_equal(version, "HEAD")) {
        found.commit = commit_of(arena, answer, "HEAD");
    } else {
        found.kind = GIT_BRANCH;
        found.name = arena_printf(arena, "refs/heads/%s", version);
        found.commit = commit_of(arena, answer, found.name);
        if (found.commit)
            return found;
        found.kind = GIT_TAG;
        found.name = arena_printf(arena, "refs/tags/%s", version);
        found.commit = commit_of(arena, answer, arena_printf(arena, "%s^{}", found.name));
        if (!found.commit)
            found.commit = commit_of(arena, answer, found.name);
    }
    return found.commit ? found : (struct git_reference){ .kind = GIT_NONE };
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Submodules: whether they are where they shall be, and bringing them there. */
#include <ctype.h>
#include <string.h>

#include "agent/system/file/word_list.h"
#include "agent/task/git_parts.h"
#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/base/text.h"

#define GITMODULES_MAX ((size_t)1024 * 1024)

/* For each submodule, by git's shell: says a line if it is not at the tip of the branch that it follows. */
#define FIND_BRANCH                                                                                                    \
    "remote=$(git remote | head -n 1)\n"                                                                               \
    "branch=$(git config -f \"$toplevel/.gitmodules\" --get \"submodule.$name.branch\")\n"                             \
    "[ \"$branch\" != . ] || branch=$(git -C \"$toplevel\" symbolic-ref --short HEAD)\n"
#define COMPARE_FETCHED                                                                                                \
    "tip=$(git rev-parse --verify --quiet \"refs/remotes/$remote/${branch:-HEAD}\")\n"                                 \
    "[ \"$tip\" = \"$(git rev-parse HEAD)\" ] || echo behind\n"
#define COMPARE_REMOTE                                                                                                 \
    "tip=$(git ls-remote \"$remote\" \"${branch:+refs/heads/}${branch:-HEAD}\" | head -n 1 | cut -f 1)\n"              \
    "[ \"$tip\" = \"$(git rev-parse HEAD)\" ] || echo behind\n"

/* A line "path = PATH" of .gitmodules whose submodule is not there. */
static bool is_missing(struct git_job *job, const char *line, size_t length)
{
    struct arena *arena = job->task->scratch;
    const char *text = text_trim(arena, line, length), *equals = strchr(text, '=');

    if (!text_starts(text, "path") || !equals || (text[4] != '=' && !isspace((unsigned char)text[4])))
        return false;
    const char *path = text_trim(arena, equals + 1, strlen(equals + 1));
    return !path_exists(path_join(arena, path_join(arena, job->dest, path), ".git"));
}

static bool find_missing(struct git_job *job, const char *file, bool *out, struct error *err)
{
    char *data = NULL;
    size_t size = 0, length;
    const char *line;

    if (!file_read(job->task->scratch, file, GITMODULES_MAX, &data, &size, err))
        return false;
    const char *at = data, *end = data + size;
    while (!*out && text_line(&at, end, &line, &length))
        *out = is_missing(job, line, length);
    return true;
}

static bool compare_tracked(struct git_job *job, bool *out, struct error *err)
{
    const char *script = job->task->check_mode ? FIND_BRANCH COMPARE_REMOTE : FIND_BRANCH COMPARE_FETCHED;
    struct process_result got = { 0 };

    if (!git_run(&job->git, job->dest, GIT_WORDS("submodule", "--quiet", "foreach", script), &got, err))
        return false;
    if (got.status != 0)
        return git_job_fail_command(job, &got, NULL, "Unable to determine hashes of submodules");
    *out = got.output_length > 0;
    return true;
}

/* Lines of git submodule status begin with a blank where all is well. */
static bool compare_expected(struct git_job *job, bool *out, struct error *err)
{
    struct process_result got = { 0 };
    const char *line;
    size_t length;

    if (!git_job_must(job, job->dest, GIT_WORDS("submodule", "status"), &got, err))
        return false;
    const char *at = got.output, *end = got.output + got.output_length;
    while (!*out && text_line(&at, end, &line, &length))
        *out = length > 0 && line[0] != ' ';
    return true;
}

bool git_submodules_compare(struct git_job *job, bool *changed_out, struct error *err)
{
    const char *file = path_join(job->task->scratch, job->dest, ".gitmodules");
    const char *quietly = git_fetch_quietly(job);
    const char *fetch = arena_printf(job->task->scratch, "git fetch %s", quietly ? quietly : "");
    struct process_result got = { 0 };

    *changed_out = false;
    if (!path_exists(file))
        return true;
    if (!find_missing(job, file, changed_out, err))
        return false;
    if (*changed_out)
        return true;
    if (!job->task->check_mode && !git_job_must(job, job->dest, GIT_WORDS("submodule", "foreach", fetch), &got, err))
        return false;
    return job->request->track_submodules ? compare_tracked(job, changed_out, err)
                                          : compare_expected(job, changed_out, err);
}

bool git_submodules_update(struct git_job *job, struct error *err)
{
    struct word_list words = word_list_new(job->task->scratch);
    struct process_result got = { 0 };

    if (!git_job_must(job, job->dest, GIT_WORDS("submodule", "sync"), &got, err))
        return false;
    word_list_add(&words, "submodule");
    word_list_add(&words, "update");
    word_list_add(&words, "--init");
    word_list_add(&words, "--recursive");
    if (job->request->track_submodules)
        word_list_add(&words, "--remote");
    if (job->request->force)
        word_list_add(&words, "--force");
    if (!git_run(&job->git, job->dest, words.items, &got, err))
        return false;
    if (got.status != 0)
        return git_job_fail(job, "Failed to init/update submodules: %s%s", got.output, got.errors);
    return true;
}

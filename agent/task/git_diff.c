/* SPDX-License-Identifier: Apache-2.0 */
/* The diff of a git task. In check mode the remote's objects go to a temporary folder: the repository stays as it is. */
#include "agent/system/file/file_temp.h"
#include "agent/system/file/file_tree.h"
#include "agent/task/git_parts.h"
#include "common/base/path.h"
#include "common/base/text.h"

static void put(struct git_job *job, const char *prepared)
{
    struct value *diff = value_map(job->task->scratch);

    value_map_put_string(job->task->scratch, diff, "prepared", prepared);
    value_list_add(job->task->scratch, job->task->result->diff, diff);
}

static void compare(struct git_job *job, const struct git_program *git, const char *before, const char *after)
{
    struct arena *arena = job->task->scratch;
    struct process_result got = { 0 };
    struct error ignored = ERROR_INIT;

    if (!git_run(git, job->dest, GIT_WORDS("diff", before, after, "--"), &got, &ignored))
        return;
    if (got.status == 0 && got.output_length > 0)
        put(job, got.output);
    else if (got.status == 0)
        put(job, arena_printf(arena, ">> No visual differences between %s and %s", before, after));
    else if (got.errors_length > 0)
        put(job,
            arena_printf(arena, ">> Failed to get proper diff between %s and %s:\n>> %s", before, after, got.errors));
    else
        put(job, arena_printf(arena, ">> Failed to get proper diff between %s and %s", before, after));
}

/* A git whose new objects go to `folder`. */
static struct git_program with_objects(struct git_job *job, const char *folder)
{
    struct arena *arena = job->task->scratch;
    struct git_program git = job->git;
    const char *objects = git_ask(&job->git, job->dest, GIT_WORDS("rev-parse", "--git-path", "objects"));

    git.environment = value_map(arena);
    for (size_t i = 0; i < value_count(job->git.environment); i++) {
        const struct value_pair *pair = value_pair_at(job->git.environment, i);
        value_map_put_value(arena, git.environment, pair->key, pair->item);
    }
    value_map_put_string(arena, git.environment, "GIT_OBJECT_DIRECTORY", folder);
    value_map_put_string(arena, git.environment, "GIT_ALTERNATE_OBJECT_DIRECTORIES",
                         path_join(arena, job->dest, objects ? objects : ".git/objects"));
    return git;
}

static void compare_remote(struct git_job *job, const char *before, const char *after)
{
    struct process_result got = { 0 };
    struct error ignored = ERROR_INIT;
    const char *folder = file_temp_folder(job->task->scratch, GIT_TEMP_FOLDER, &ignored);

    if (!folder)
        return;
    struct git_program git = with_objects(job, folder);
    if (git_run(&git, job->dest,
                GIT_WORDS("fetch", "--quiet", "--dry-run", "--no-tags", "--no-recurse-submodules", "--", job->repo,
                          job->wanted.name),
                &got, &ignored))
        compare(job, &git, before, after);
    (void)file_tree_remove(folder, &ignored);
}

void git_diff(struct git_job *job, const char *before, const char *after)
{
    if (!job->task->diff_mode)
        return;
    if (!before)
        put(job, arena_printf(job->task->scratch, ">> Newly checked out %s", after));
    else if (text_equal(before, after))
        return;
    else if (job->wanted.name && !git_repository_commit(&job->git, job->dest, after))
        compare_remote(job, before, after);
    else
        compare(job, &job->git, before, after);
}

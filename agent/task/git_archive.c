/* SPDX-License-Identifier: Apache-2.0 */
/* An archive of the version, made of the local repository; one that is there already is replaced only if it differs. */
#include <string.h>
#include <unistd.h>

#include "agent/system/file/file_data.h"
#include "agent/system/file/file_replace.h"
#include "agent/system/file/file_temp.h"
#include "agent/system/file/file_tree.h"
#include "agent/system/file/word_list.h"
#include "agent/task/git_parts.h"
#include "common/base/path.h"
#include "common/base/text.h"

/* As git calls it; NULL: not known. */
static const char *format_of(const char *archive)
{
    static const char *const formats[][2] = {
        { ".zip", "zip" }, { ".gz", "tar.gz" }, { ".tar", "tar" }, { ".tgz", "tgz" }
    };

    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
        if (strcmp(path_extension(archive), formats[i][0]) == 0)
            return formats[i][1];
    return NULL;
}

bool git_archive_check(struct git_job *job)
{
    const char *archive = job->request->archive;

    if (!archive || format_of(archive))
        return true;
    result_set_string(job->task, "details",
                      "Please specify archive as filename with extension. File extension can be one of "
                      "['tar', 'tar.gz', 'zip', 'tgz']");
    return git_job_fail(job, "Unable to get file extension from archive file name : %s", archive);
}

static bool make(struct git_job *job, const char *path, struct error *err)
{
    struct arena *arena = job->task->scratch;
    struct word_list words = word_list_new(arena);
    struct process_result got = { 0 };

    word_list_add(&words, "archive");
    word_list_add_pair(&words, "--format", format_of(job->request->archive));
    word_list_add_pair(&words, "--output", path);
    if (job->request->archive_prefix)
        word_list_add(&words, arena_printf(arena, "--prefix=%s", job->request->archive_prefix));
    word_list_add(&words, job->request->version);
    if (!git_run(&job->git, job->dest, words.items, &got, err))
        return false;
    if (got.status == 0)
        return true;
    result_set_string(job->task, "details",
                      arena_printf(arena,
                                   "Git archive command failed to create archive %s using %s directory.Error: %s", path,
                                   job->dest, got.errors));
    return git_job_fail(job, "Failed to perform archive operation");
}

static bool renew(struct git_job *job, const char *folder, const char *archive, struct error *err)
{
    const char *fresh = path_join(job->task->scratch, folder, "archive");
    bool is_same = false;

    if (!make(job, fresh, err) || !file_data_equal(fresh, archive, &is_same, err))
        return false;
    if (is_same || !change_wanted(job->task, "replace the archive '%s'", archive))
        return true;
    return file_replace_from(job->task->system, job->task->scratch, archive, fresh, NULL, err);
}

bool git_archive(struct git_job *job, struct error *err)
{
    struct error ignored = ERROR_INIT;

    if (!job->request->archive)
        return true;
    const char *archive = path_join(job->task->scratch, job->dest, job->request->archive);
    if (!path_exists(archive))
        return !change_wanted(job->task, "make the archive '%s'", archive) || make(job, archive, err);
    const char *folder = file_temp_folder(job->task->scratch, GIT_TEMP_FOLDER, err);
    if (!folder)
        return false;
    bool done = renew(job, folder, archive, err);
    (void)file_tree_remove(folder, &ignored);
    return done;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ostree hosts (Silverblue, Bazzite, CoreOS): `rpm-ostree kargs` prints the arguments of the default deployment and, with
 * options, makes a new deployment with others (rpm-ostree(1), read in 2026-11). Nothing of it is a file to edit: words
 * to take away are named with their values, as --delete-if-present of a bare key is refused when there are several.
 */
#include <string.h>

#include "agent/system/boot/boot_loader.h"
#include "agent/system/process/process.h"
#include "common/base/path.h"
#include "common/base/text.h"

static bool ostree_is_present(struct boot_job *job)
{
    if (!path_exists(system_path(job->system, job->arena, "/run/ostree-booted")) ||
        process_find(job->system, job->arena, "rpm-ostree") == NULL)
        return false;
    job->detected_by = "the file /run/ostree-booted and the program rpm-ostree are there";
    return true;
}

static bool kargs_read(const struct boot_job *job, struct kernel_words *out, struct error *err)
{
    struct process_request request = PROCESS("rpm-ostree", "kargs");
    struct process_result result;

    if (!process_run_ok(job->system, job->arena, &request, &result, err))
        return false;
    *out = kernel_words_read(job->arena, result.output);
    return true;
}

static bool ostree_look(struct boot_job *job, struct error *err)
{
    struct kernel_words words;

    job->command = "rpm-ostree kargs";
    if (!kargs_read(job, &words, err))
        return false;
    job->declared = kernel_words_read(job->arena, kernel_words_text(&words));
    for (size_t g = 0; g < job->goal_count; g++)
        (void)kernel_goal_apply(&job->goals[g], &job->declared);
    boot_job_others(job, &words, "the default deployment");
    boot_lines_add(job->arena, &job->lines, "the default deployment", words);
    boot_job_compare(job);
    return true;
}

static size_t word_count(const struct kernel_words *words, const char *text)
{
    size_t count = 0;

    for (size_t i = 0; i < words->count; i++)
        count += strcmp(words->items[i].text, text) == 0;
    return count;
}

static bool ostree_apply(struct boot_job *job, struct error *err)
{
    struct kernel_words now;
    struct process_result result;

    if (!kargs_read(job, &now, err))
        return false;
    struct kernel_words wanted = kernel_words_read(job->arena, kernel_words_text(&now));
    for (size_t g = 0; g < job->goal_count; g++)
        (void)kernel_goal_apply(&job->goals[g], &wanted);
    const char **argv = arena_new_array(job->arena, const char *, now.count + wanted.count + 3);
    size_t count = 0;
    argv[count++] = "rpm-ostree";
    argv[count++] = "kargs";
    for (size_t i = 0; i < now.count; i++)
        if (word_count(&wanted, now.items[i].text) == 0)
            argv[count++] = arena_printf(job->arena, "--delete-if-present=%s", now.items[i].text);
    for (size_t i = 0; i < wanted.count; i++)
        if (word_count(&now, wanted.items[i].text) == 0)
            argv[count++] = arena_printf(job->arena, "--append-if-missing=%s", wanted.items[i].text);
    struct process_request request = { .argv = argv, .c_locale = true, .umask_bits = -1 };
    return count == 2 || process_run_ok(job->system, job->arena, &request, &result, err);
}

const struct boot_loader boot_ostree = {
    .name = "rpm-ostree",
    .wants = "the file /run/ostree-booted and the program rpm-ostree",
    .is_present = ostree_is_present,
    .look = ostree_look,
    .apply = ostree_apply,
};

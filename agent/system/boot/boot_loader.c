/* SPDX-License-Identifier: Apache-2.0 */
/* Which boot loader a host has, and what its backends share. Runs no program and changes nothing. */
#include "agent/system/boot/boot_loader.h"

#include <string.h>

#include "agent/system/process/process.h"
#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/base/text.h"

/* In the order they are tried: an ostree host has GRUB and perhaps grubby too. */
static const struct boot_loader *const loaders[] = { &boot_ostree, &boot_grubby, &boot_grub, &boot_kernel_install };
#define LOADER_COUNT (sizeof(loaders) / sizeof(loaders[0]))

/* systemd-boot tells its name in a firmware variable (UTF-16 behind four bytes of attributes); GRUB does not. */
static bool booted_by_systemd_boot(const struct boot_job *job)
{
    const char *path = "/sys/firmware/efi/efivars/LoaderInfo-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f";
    const char *wanted = "systemd-boot";
    struct error ignored = ERROR_INIT;
    char *data = NULL;
    size_t length = 0;

    if (!file_read(job->arena, system_path(job->system, job->arena, path), 4096, &data, &length, &ignored) ||
        length < 4 + 2 * strlen(wanted))
        return false;
    for (size_t i = 0; wanted[i] != '\0'; i++)
        if (data[4 + 2 * i] != wanted[i])
            return false;
    return true;
}

static bool detect_any(struct boot_job *job, struct error *err)
{
    struct text looked = text_new(job->arena);

    if (booted_by_systemd_boot(job) && boot_kernel_install.is_present(job)) {
        job->loader = &boot_kernel_install;
        job->detected_by =
            arena_printf(job->arena, "the firmware says systemd-boot booted this machine, and %s", job->detected_by);
        return true;
    }
    for (size_t i = 0; i < LOADER_COUNT; i++) {
        if (loaders[i]->is_present(job)) {
            job->loader = loaders[i];
            return true;
        }
        text_printf(&looked, "%s%s (%s)", i > 0 ? "; " : "", loaders[i]->wants, loaders[i]->name);
    }
    return error_set(err, "no boot loader found whose kernel parameters can be set; looked for: %s", looked.data);
}

bool boot_loader_detect(struct boot_job *job, const char *wanted, struct error *err)
{
    if (strcmp(wanted, "auto") == 0)
        return detect_any(job, err);
    for (size_t i = 0; i < LOADER_COUNT; i++) {
        if (strcmp(loaders[i]->name, wanted) != 0)
            continue;
        if (!loaders[i]->is_present(job))
            return error_set(err, "boot_loader is '%s', but this was not found: %s", wanted, loaders[i]->wants);
        job->loader = loaders[i];
        job->detected_by = arena_printf(job->arena, "the task says so, and %s", job->detected_by);
        return true;
    }
    return error_set(err, "boot_loader '%s' is not known", wanted);
}

bool boot_job_look(struct boot_job *job, struct error *err)
{
    job->edit_count = 0;
    job->other_count = 0;
    job->stale = NULL;
    job->made_path = NULL;
    job->lines = (struct boot_lines){ 0 };
    job->declared = (struct kernel_words){ .arena = job->arena };
    return job->loader->look(job, err);
}

bool boot_job_edit(struct boot_job *job, const char *path, const char *before, const char *after, struct error *err)
{
    if (text_equal(before, after))
        return true;
    if (job->edit_count == BOOT_EDITS_MAX)
        return error_set(err, "more than %d files set kernel parameters", BOOT_EDITS_MAX);
    job->edits[job->edit_count++] = (struct boot_edit){ .path = path, .before = before, .after = after };
    return true;
}

void boot_job_other(struct boot_job *job, const char *name, const char *value, const char *source)
{
    for (size_t i = 0; i < job->other_count; i++)
        if (strcmp(job->others[i].name, name) == 0 && text_equal(job->others[i].value, value) &&
            strcmp(job->others[i].source, source) == 0)
            return;
    if (job->other_count < BOOT_OTHERS_MAX)
        job->others[job->other_count++] = (struct boot_other){ .name = name, .value = value, .source = source };
}

void boot_job_others(struct boot_job *job, const struct kernel_words *words, const char *source)
{
    for (size_t i = 0; i < words->count; i++) {
        for (size_t g = 0; g < job->goal_count; g++) {
            const struct kernel_goal *goal = &job->goals[g];
            const struct kernel_word *word = &words->items[i];

            if (goal->is_present && !kernel_goal_is_several(goal) && kernel_name_equal(goal->name, word->name) &&
                !kernel_goal_names(goal, word))
                boot_job_other(job, goal->name, word->value, source);
        }
    }
}

/* What is wrong with a line, as a sentence, or NULL. */
static const char *line_problem(const struct boot_job *job, const struct boot_line *line)
{
    for (size_t g = 0; g < job->goal_count; g++) {
        const struct kernel_goal *goal = &job->goals[g];
        const struct kernel_word *word = kernel_words_last(&line->words, goal->name);

        if (kernel_goal_met(goal, &line->words))
            continue;
        if (word == NULL)
            return arena_printf(job->arena, "%s lacks '%s'", line->source, kernel_goal_text(job->arena, goal));
        if (!goal->is_present)
            return arena_printf(job->arena, "%s still has '%s'", line->source, word->text);
        return arena_printf(job->arena, "%s has '%s' instead of '%s'", line->source, word->text,
                            kernel_goal_text(job->arena, goal));
    }
    return NULL;
}

static const char *lines_problem(const struct boot_job *job, const struct boot_lines *lines)
{
    const char *problem = NULL;

    for (size_t i = 0; i < lines->count && problem == NULL; i++)
        problem = line_problem(job, &lines->items[i]);
    return problem;
}

void boot_job_compare(struct boot_job *job)
{
    if (job->stale == NULL)
        job->stale = lines_problem(job, &job->lines);
}

bool boot_job_check(const struct boot_job *job, const struct boot_lines *lines, struct error *err)
{
    const char *problem = lines_problem(job, lines);

    return problem == NULL || error_set(err, "%s", problem);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GRUB with BLS entries as Fedora has it: grubby changes the entries. Since 8.40-41 (2020) it keeps GRUB_CMDLINE_LINUX in
 * /etc/default/grub in step, and later versions /etc/kernel/cmdline, from which new kernels get theirs; both are seen
 * to here whatever the version. Versions differ in how they match names (older ones by prefix, so that removing `ro`
 * harms `root=`): what grubby made of the entries is read back, and where it is not what was asked for, the entry is
 * written as it shall be.
 */
#include <string.h>

#include "agent/system/boot/boot_bls.h"
#include "agent/system/file/file_replace.h"
#include "agent/system/process/process.h"
#include "agent/system/file/text_file.h"
#include "common/base/path.h"
#include "common/base/text.h"

#define GRUBBY_ENTRIES "/boot/loader/entries"
#define GRUBBY_DEFAULTS "/etc/default/grub"
#define GRUBBY_CMDLINE "/etc/kernel/cmdline"
#define GRUBBY_ENVIRONMENT "/boot/grub2/grubenv"

static bool grubby_is_present(struct boot_job *job)
{
    if (process_find(job->system, job->arena, "grubby") == NULL ||
        !bls_has_entries(job->system, job->arena, GRUBBY_ENTRIES))
        return false;
    job->folder = GRUBBY_ENTRIES;
    job->detected_by = "the program grubby and entries in " GRUBBY_ENTRIES " are there";
    return true;
}

/* `$kernelopts` in an entry stands for a line of the environment block (Fedora 30 to 33, RHEL 8). */
static bool kernelopts_read(const struct boot_job *job, const char **out, struct error *err)
{
    char *text = NULL;

    *out = "";
    if (!text_file_read(job->system, job->arena, GRUBBY_ENVIRONMENT, &text, err))
        return false;
    const char *at = text != NULL ? strstr(text, "\nkernelopts=") : NULL;
    if (at != NULL)
        *out = arena_copy_n(job->arena, at + 12, strcspn(at + 12, "\n"));
    return true;
}

static struct kernel_words expanded(const struct boot_job *job, const struct kernel_words *options,
                                    const char *kernelopts)
{
    struct kernel_words words = { .arena = job->arena };

    for (size_t i = 0; i < options->count; i++) {
        bool is_reference = strcmp(options->items[i].text, "$kernelopts") == 0;
        struct kernel_words more = kernel_words_read(job->arena, is_reference ? kernelopts : options->items[i].text);

        for (size_t m = 0; m < more.count; m++)
            kernel_words_add(&words, more.items[m].text);
    }
    return words;
}

static bool look_cmdline(struct boot_job *job, struct error *err)
{
    const char *comments = NULL;
    char *before = NULL;

    if (!text_file_read(job->system, job->arena, GRUBBY_CMDLINE, &before, err))
        return false;
    if (before == NULL)
        return true;
    struct kernel_words words = kernel_words_read_file(job->arena, before, &comments);
    bool changed = false;
    boot_job_others(job, &words, GRUBBY_CMDLINE);
    for (size_t g = 0; g < job->goal_count; g++)
        changed = (!kernel_goal_met(&job->goals[g], &words) && kernel_goal_apply(&job->goals[g], &words)) || changed;
    job->declared = words;
    return !changed || boot_job_edit(job, GRUBBY_CMDLINE, before,
                                     arena_printf(job->arena, "%s%s\n", comments, kernel_words_text(&words)), err);
}

/* grub2-mkconfig may make the entries anew from here. */
static bool look_defaults(struct boot_job *job, struct error *err)
{
    struct grub_assignment found;
    struct kernel_words words = { .arena = job->arena };
    char *before = NULL;

    if (!text_file_read(job->system, job->arena, GRUBBY_DEFAULTS, &before, err))
        return false;
    if (before == NULL)
        return true;
    const char *after = before;
    for (size_t cursor = 0; grub_assignment_next(before, &cursor, &found);) {
        words = grub_assignment_words(job->arena, before, &found);
        boot_job_others(job, &words, GRUBBY_DEFAULTS);
    }
    for (size_t g = 0; g < job->goal_count; g++) {
        after = grub_config_without(job->arena, after, &job->goals[g]);
        if (job->goals[g].is_present)
            after = grub_config_with(job->arena, after, GRUB_LINUX, &job->goals[g]);
    }
    if (job->declared.count == 0)
        for (size_t cursor = 0; grub_assignment_next(after, &cursor, &found);) {
            words = grub_assignment_words(job->arena, after, &found);
            for (size_t i = 0; i < words.count; i++)
                kernel_words_add(&job->declared, words.items[i].text);
        }
    return boot_job_edit(job, GRUBBY_DEFAULTS, before, after, err);
}

static bool look_entries(struct boot_job *job, struct error *err)
{
    struct bls_entries *entries = arena_new_of(job->arena, struct bls_entries);
    const char *kernelopts = "";

    if (!bls_read(job->system, job->arena, GRUBBY_ENTRIES, entries, err) || !kernelopts_read(job, &kernelopts, err))
        return false;
    for (size_t i = 0; i < entries->count; i++) {
        struct kernel_words words = expanded(job, &entries->items[i].options, kernelopts);

        if (!entries->items[i].is_linux)
            continue;
        boot_job_others(job, &words, entries->items[i].path);
        boot_lines_add(job->arena, &job->lines, entries->items[i].path, words);
        job->made_path = entries->items[i].path;
    }
    boot_job_compare(job);
    return true;
}

static bool grubby_look(struct boot_job *job, struct error *err)
{
    job->command = "grubby --update-kernel=ALL";
    return look_cmdline(job, err) && look_defaults(job, err) && look_entries(job, err);
}

/* --- changing --- */

/* The words for --remove-args and --args: of names that some entry has otherwise than wanted. */
static void grubby_words(const struct boot_job *job, struct kernel_words *remove, struct kernel_words *add)
{
    for (size_t g = 0; g < job->goal_count; g++) {
        const struct kernel_goal *goal = &job->goals[g];
        struct kernel_words wanted = kernel_words_read(job->arena, kernel_goal_text(job->arena, goal));
        bool removes = !goal->is_present || !kernel_goal_is_several(goal);

        for (size_t i = 0; i < (goal->is_present ? wanted.count : 0); i++)
            kernel_words_add(add, wanted.items[i].text);
        if (removes && goal->is_present)
            kernel_words_add(remove, goal->name);
        for (size_t i = 0; i < (goal->is_present ? 0 : wanted.count); i++)
            kernel_words_add(remove, wanted.items[i].text);
    }
}

/* Is some goal about this word? */
static bool word_is_meant(const struct boot_job *job, const struct kernel_word *word)
{
    for (size_t g = 0; g < job->goal_count; g++) {
        const struct kernel_goal *goal = &job->goals[g];

        if (kernel_goal_names(goal, word) ||
            (goal->is_present && !kernel_goal_is_several(goal) && kernel_name_equal(goal->name, word->name)))
            return true;
    }
    return false;
}

/* The words that no goal is about, as they stand. */
static const char *words_kept(const struct boot_job *job, const struct kernel_words *words)
{
    struct kernel_words kept = { .arena = job->arena };

    for (size_t i = 0; i < words->count; i++)
        if (!word_is_meant(job, &words->items[i]))
            kernel_words_add(&kept, words->items[i].text);
    return kernel_words_text(&kept);
}

/* Are the goals met, and is every other word of `before` still there, in its place? */
static bool entry_is_right(const struct boot_job *job, const struct kernel_words *before,
                           const struct kernel_words *after)
{
    for (size_t g = 0; g < job->goal_count; g++) {
        const struct kernel_goal *goal = &job->goals[g];
        bool is_single = goal->is_present && !kernel_goal_is_several(goal);

        if (!kernel_goal_met(goal, after) || (is_single && kernel_words_count(after, goal->name) != 1))
            return false;
    }
    return strcmp(words_kept(job, before), words_kept(job, after)) == 0;
}

static bool entry_mend(struct boot_job *job, const struct bls_entry *before, const struct bls_entry *after,
                       const char *const kernelopts[2], struct error *err)
{
    struct file_replace_options options = { .mode = 0644 };
    struct kernel_words old = expanded(job, &before->options, kernelopts[0]);
    struct kernel_words fresh = expanded(job, &after->options, kernelopts[1]);
    bool changed = false;

    if (strcmp(before->path, after->path) != 0 || entry_is_right(job, &old, &fresh))
        return true;
    for (size_t g = 0; g < job->goal_count; g++)
        changed = kernel_goal_apply(&job->goals[g], &old) || changed;
    return file_replace_text(job->system, job->arena, before->path, bls_entry_with(job->arena, before, &old), &options,
                             err);
}

static bool grubby_apply(struct boot_job *job, struct error *err)
{
    struct bls_entries *before = arena_new_of(job->arena, struct bls_entries);
    struct bls_entries *after = arena_new_of(job->arena, struct bls_entries);
    struct kernel_words remove = { .arena = job->arena }, add = { .arena = job->arena };
    const char *argv[5] = { "grubby", "--update-kernel=ALL" };
    struct process_request request = { .argv = argv, .c_locale = true, .umask_bits = -1 };
    struct process_result result;
    const char *kernelopts[2] = { "", "" };
    size_t count = 2;

    grubby_words(job, &remove, &add);
    if (remove.count > 0)
        argv[count++] = arena_printf(job->arena, "--remove-args=%s", kernel_words_text(&remove));
    if (add.count > 0)
        argv[count++] = arena_printf(job->arena, "--args=%s", kernel_words_text(&add));
    if (!kernelopts_read(job, &kernelopts[0], err) || !bls_read(job->system, job->arena, GRUBBY_ENTRIES, before, err) ||
        !process_run_ok(job->system, job->arena, &request, &result, err) ||
        !bls_read(job->system, job->arena, GRUBBY_ENTRIES, after, err) || !kernelopts_read(job, &kernelopts[1], err))
        return false;
    if (after->count != before->count)
        return error_set(err, "grubby left %zu boot entries of %zu", after->count, before->count);
    for (size_t i = 0; i < before->count; i++)
        if (before->items[i].is_linux && !entry_mend(job, &before->items[i], &after->items[i], kernelopts, err))
            return false;
    return true;
}

const struct boot_loader boot_grubby = {
    .name = "grubby",
    .wants = "the program grubby and entries in " GRUBBY_ENTRIES,
    .is_present = grubby_is_present,
    .look = grubby_look,
    .apply = grubby_apply,
};

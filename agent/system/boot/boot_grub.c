/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GRUB as Debian and Ubuntu have it: a drop-in of ours below /etc/default/grub.d appends to
 * GRUB_CMDLINE_LINUX_DEFAULT; update-grub makes grub.cfg of it. update-grub itself overwrites grub.cfg in place, and a
 * power cut meanwhile leaves half a file; here it writes beside it, the result is read and checked, and then replaces
 * grub.cfg in one step.
 */
#include <glob.h>
#include <string.h>

#include "agent/system/boot/boot_loader.h"
#include "agent/system/file/file_replace.h"
#include "agent/system/process/process.h"
#include "agent/system/file/text_file.h"
#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/base/text.h"

#define GRUB_DEFAULTS "/etc/default/grub"
#define GRUB_DROPINS "/etc/default/grub.d"
/* Sorts behind what others put there: cloud images set the variable anew in 50-cloudimg-settings.cfg. */
#define GRUB_DROPIN GRUB_DROPINS "/zz-roost.cfg"
#define GRUB_CFG "/boot/grub/grub.cfg"
#define GRUB_CFG_NEW "/boot/grub/grub.cfg.roost"
#define GRUB_CFG_LIMIT (16 * 1024 * 1024)
#define DROPIN_HEAD                                                                                                    \
    "# Kernel parameters that Roost set (module kernel_params). It rewrites this file: put your own into\n"            \
    "# " GRUB_DEFAULTS " or another file here.\n"

static bool grub_is_present(struct boot_job *job)
{
    if (process_find(job->system, job->arena, "update-grub") == NULL ||
        !path_is_folder(system_path(job->system, job->arena, "/boot/grub")))
        return false;
    job->detected_by = "the program update-grub and the folder /boot/grub are there";
    return true;
}

/* --- configuration --- */

struct grub_look {
    struct boot_job *job;
    struct kernel_words variables[2]; /* what others' files come to: GRUB_LINUX, GRUB_LINUX_DEFAULT */
    struct kernel_words known;        /* every word that a file sets now, ours too */
    const char *own_text;             /* NULL: there is none */
};

static void others_run(struct grub_look *look, const char *text)
{
    struct grub_assignment found;

    for (size_t cursor = 0; grub_assignment_next(text, &cursor, &found);) {
        struct kernel_words words = grub_assignment_words(look->job->arena, text, &found);
        struct kernel_words *held = &look->variables[found.variable];

        if (found.resets)
            held->count = 0;
        for (size_t i = 0; i < words.count; i++)
            kernel_words_add(held, words.items[i].text);
    }
}

static void others_note(struct grub_look *look, const char *path, const char *text)
{
    struct grub_assignment found;

    for (size_t cursor = 0; grub_assignment_next(text, &cursor, &found);) {
        struct kernel_words words = grub_assignment_words(look->job->arena, text, &found);

        boot_job_others(look->job, &words, path);
        for (size_t i = 0; i < words.count; i++)
            kernel_words_add(&look->known, words.items[i].text);
    }
}

/* One file of others: what it sets, and what must go from it. */
static bool look_file(struct grub_look *look, const char *path, struct error *err)
{
    struct boot_job *job = look->job;
    char *before = NULL;

    if (!text_file_read(job->system, job->arena, path, &before, err))
        return false;
    if (before == NULL)
        return true;
    const char *after = before;
    others_note(look, path, before);
    for (size_t g = 0; g < job->goal_count; g++)
        if (!job->goals[g].is_present || job->conflict == BOOT_REMOVE)
            after = grub_config_without(job->arena, after, &job->goals[g]);
    others_run(look, after);
    return boot_job_edit(job, path, before, after, err);
}

static bool look_dropins(struct grub_look *look, struct error *err)
{
    struct boot_job *job = look->job;
    const char *pattern = system_path(job->system, job->arena, GRUB_DROPINS "/*.cfg");
    glob_t found;
    bool is_ok = true;

    if (glob(pattern, 0, NULL, &found) != 0)
        return true;
    for (size_t i = 0; i < found.gl_pathc && is_ok; i++) {
        const char *path = arena_printf(job->arena, GRUB_DROPINS "/%s", path_basename(found.gl_pathv[i]));

        if (strcmp(path, GRUB_DROPIN) != 0)
            is_ok = look_file(look, path, err);
    }
    globfree(&found);
    return is_ok;
}

static bool look_own(struct grub_look *look, struct error *err)
{
    struct grub_assignment found;
    char *text = NULL;

    if (!text_file_read(look->job->system, look->job->arena, GRUB_DROPIN, &text, err))
        return false;
    look->own_text = text;
    for (size_t cursor = 0; text != NULL && grub_assignment_next(text, &cursor, &found);) {
        struct kernel_words words = grub_assignment_words(look->job->arena, text, &found);
        for (size_t i = 0; i < words.count; i++)
            kernel_words_add(&look->job->own, words.items[i].text);
        for (size_t i = 0; i < words.count; i++)
            kernel_words_add(&look->known, words.items[i].text);
    }
    return true;
}

/* What others' files come to by themselves: GRUB_CMDLINE_LINUX stands before GRUB_CMDLINE_LINUX_DEFAULT. */
static struct kernel_words others_words(const struct grub_look *look)
{
    struct kernel_words words = { .arena = look->job->arena };

    for (size_t v = 0; v < 2; v++)
        for (size_t i = 0; i < look->variables[v].count; i++)
            kernel_words_add(&words, look->variables[v].items[i].text);
    return words;
}

static bool own_edit(struct grub_look *look, struct error *err)
{
    struct boot_job *job = look->job;
    struct kernel_words others = others_words(look);
    const char *before = kernel_words_text(&job->own), *after = NULL;

    for (size_t g = 0; g < job->goal_count; g++) {
        const struct kernel_goal *goal = &job->goals[g];
        bool has_own = kernel_words_last(&job->own, goal->name) != NULL;

        /* What somebody else declares in the same words needs no second declaration. */
        if (!goal->is_present || has_own || !kernel_goal_met(goal, &others))
            (void)kernel_goal_apply(goal, &job->own);
    }
    if (job->own.count > 0)
        after = arena_printf(job->arena, DROPIN_HEAD "%s_DEFAULT=\"$%s_DEFAULT %s\"\n", GRUB_VARIABLE, GRUB_VARIABLE,
                             kernel_words_text(&job->own));
    /* What the words do counts, not how the file says it. */
    if (look->own_text != NULL && after != NULL && strcmp(before, kernel_words_text(&job->own)) == 0)
        after = look->own_text;
    job->declared = others;
    for (size_t i = 0; i < job->own.count; i++)
        kernel_words_add(&job->declared, job->own.items[i].text);
    return boot_job_edit(job, GRUB_DROPIN, look->own_text, after, err);
}

/* --- grub.cfg --- */

/* Our words must all be in grub.cfg: an earlier run may have ended between the drop-in and update-grub. */
static const char *own_problem(const struct boot_job *job, const struct boot_lines *lines)
{
    for (size_t l = 0; l < lines->count; l++)
        for (size_t i = 0; i < job->own.count; i++)
            if (kernel_words_last(&lines->items[l].words, job->own.items[i].name) == NULL)
                return arena_printf(job->arena, "%s lacks '%s' of %s", lines->items[l].source, job->own.items[i].text,
                                    GRUB_DROPIN);
    return NULL;
}

/* Another value on a line that no file explains: a script in /etc/grub.d sets it. */
static void others_of_scripts(struct boot_job *job, const struct kernel_words *known)
{
    for (size_t l = 0; l < job->lines.count; l++) {
        struct kernel_words unknown = { .arena = job->arena };
        const struct kernel_words *words = &job->lines.items[l].words;

        for (size_t i = 0; i < words->count; i++) {
            const char *value = words->items[i].value;
            struct kernel_goal same = { .name = words->items[i].name, .values = &value, .value_count = 1 };
            if (kernel_goal_met(&same, known)) /* absent there */
                kernel_words_add(&unknown, words->items[i].text);
        }
        boot_job_others(job, &unknown, GRUB_CFG);
    }
}

/* update-grub makes an entry for each of these: where there is one and grub.cfg has no entry, it was cut short. */
static bool kernel_is_there(const struct boot_job *job)
{
    glob_t found;
    bool is_there = glob(system_path(job->system, job->arena, "/boot/vmlinu[xz]-*"), 0, NULL, &found) == 0;

    if (is_there)
        globfree(&found);
    return is_there;
}

static bool look_cfg(struct boot_job *job, const struct kernel_words *known, struct error *err)
{
    char *text = NULL;

    if (!text_file_read(job->system, job->arena, GRUB_CFG, &text, err))
        return false;
    if (text == NULL) {
        job->stale = GRUB_CFG " is not there";
        return true;
    }
    grub_cfg_lines(job->arena, GRUB_CFG, text, &job->lines);
    others_of_scripts(job, known);
    boot_job_compare(job);
    if (job->stale == NULL && job->lines.count == 0 && kernel_is_there(job))
        job->stale = GRUB_CFG " has no Linux entry";
    if (job->stale == NULL)
        job->stale = own_problem(job, &job->lines);
    return true;
}

static bool grub_look(struct boot_job *job, struct error *err)
{
    struct grub_look look = { .job = job, .known = { .arena = job->arena } };

    job->command = "update-grub";
    job->made_path = GRUB_CFG;
    job->own = (struct kernel_words){ .arena = job->arena };
    for (size_t v = 0; v < 2; v++)
        look.variables[v].arena = job->arena;
    return look_file(&look, GRUB_DEFAULTS, err) && look_dropins(&look, err) && look_own(&look, err) &&
           own_edit(&look, err) && look_cfg(job, &look.known, err);
}

/* --- making grub.cfg --- */

static bool cfg_check(const struct boot_job *job, const char *text, struct error *err)
{
    struct boot_lines lines = { 0 };

    if (strstr(text, "### BEGIN ") == NULL)
        return error_set(err, "update-grub ended well but wrote no configuration; " GRUB_CFG " is left as it was");
    grub_cfg_lines(job->arena, GRUB_CFG, text, &lines);
    const char *problem = own_problem(job, &lines);
    if (lines.count == 0 && kernel_is_there(job))
        return error_set(err, "update-grub ended well but wrote no Linux entry; " GRUB_CFG " is left as it was");
    if (boot_job_check(job, &lines, err) && problem == NULL)
        return true;
    return error_set(err,
                     "update-grub was run, but %s: a file in " GRUB_DROPINS " that sorts behind %s, a script in "
                     "/etc/grub.d, or an assignment that is not plain sets it; " GRUB_CFG " is left as it was",
                     problem != NULL ? problem : arena_copy(job->arena, err->text), path_basename(GRUB_DROPIN));
}

/* What update-grub wrote becomes grub.cfg if it is right. */
static bool cfg_take(struct boot_job *job, const char *fresh, struct error *err)
{
    struct file_replace_options options = { .mode = 0600 };
    char *text = NULL;

    /* A derivative's own update-grub may take no arguments: then it has written grub.cfg itself. */
    if (!path_exists(fresh))
        return true;
    return file_read(job->arena, fresh, GRUB_CFG_LIMIT, &text, NULL, err) && cfg_check(job, text, err) &&
           file_replace_text(job->system, job->arena, GRUB_CFG, text, &options, err);
}

static bool grub_apply(struct boot_job *job, struct error *err)
{
    struct error ignored = ERROR_INIT;
    struct process_result result;
    const char *fresh = system_path(job->system, job->arena, GRUB_CFG_NEW);
    /* The script hands its arguments on, and the last -o counts. */
    struct process_request request = PROCESS("update-grub", "-o", fresh);

    request.c_locale = false; /* the titles of the menu follow the locale, and GRUB_DEFAULT may name one */
    bool is_ok = text_file_remove(job->system, job->arena, GRUB_CFG_NEW, err) &&
                 process_run_ok(job->system, job->arena, &request, &result, err) && cfg_take(job, fresh, err);
    (void)text_file_remove(job->system, job->arena, GRUB_CFG_NEW, &ignored);
    (void)text_file_remove(job->system, job->arena, GRUB_CFG_NEW ".new", &ignored);
    return is_ok;
}

const struct boot_loader boot_grub = {
    .name = "grub",
    .wants = "the program update-grub and the folder /boot/grub",
    .is_present = grub_is_present,
    .look = grub_look,
    .apply = grub_apply,
};

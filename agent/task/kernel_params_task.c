/* SPDX-License-Identifier: Apache-2.0 */
/* Kernel parameters behind the change gate: the order of things, check mode, diff and the fields of the result. */
#include "agent/task/kernel_params_task.h"

#include <string.h>

#include "agent/system/file/file_replace.h"
#include "agent/system/file/file_tree.h"
#include "agent/system/file/text_file.h"
#include "common/base/path.h"
#include "common/base/text.h"

static bool conflicts_refuse(const struct boot_job *job, struct error *err)
{
    if (job->conflict != BOOT_FAIL || job->other_count == 0)
        return true;
    const struct boot_other *other = &job->others[0];
    return error_set(err, "%s sets %s%s%s, which is not what this task wants (conflict: fail)", other->source,
                     other->name, other->value != NULL ? "=" : "", other->value != NULL ? other->value : "");
}

/* --- diff --- */

static void diff_edits(struct task_context *task, const struct boot_job *job)
{
    for (size_t i = 0; i < job->edit_count; i++) {
        const struct boot_edit *edit = &job->edits[i];

        result_diff(task, edit->before != NULL ? edit->before : "", edit->after != NULL ? edit->after : "", edit->path,
                    edit->path);
    }
}

/* The lines as the goals would have them. */
static struct boot_lines lines_predicted(const struct boot_job *job)
{
    struct boot_lines lines = { 0 };

    for (size_t i = 0; i < job->lines.count; i++) {
        struct kernel_words words = kernel_words_read(job->arena, kernel_words_text(&job->lines.items[i].words));

        for (size_t g = 0; g < job->goal_count; g++)
            if (!kernel_goal_met(&job->goals[g], &words))
                (void)kernel_goal_apply(&job->goals[g], &words);
        boot_lines_add(job->arena, &lines, job->lines.items[i].source, words);
    }
    return lines;
}

static void diff_lines(struct task_context *task, const struct boot_lines *before, const struct boot_lines *after)
{
    for (size_t i = 0; i < before->count && i < after->count; i++) {
        const char *old = kernel_words_text(&before->items[i].words);
        const char *fresh = kernel_words_text(&after->items[i].words);
        const char *header = arena_printf(task->scratch, "command line in %s", before->items[i].source);

        if (strcmp(old, fresh) != 0)
            result_diff(task, arena_printf(task->scratch, "%s\n", old), arena_printf(task->scratch, "%s\n", fresh),
                        header, header);
    }
}

/* --- changing --- */

static bool edit_write(struct task_context *task, const struct boot_edit *edit, bool backup, struct error *err)
{
    struct file_replace_options options = { .mode = 0644 };
    const char *copy = NULL;

    if (!change_wanted(task, "%s '%s'",
                       edit->after == NULL    ? "remove"
                       : edit->before == NULL ? "write"
                                              : "change",
                       edit->path))
        return true;
    if (backup && edit->before != NULL) {
        if (!file_backup(task->system, task->scratch, edit->path, &copy, err))
            return false;
        result_set_string(task, "backup_file", copy);
    }
    if (edit->after == NULL)
        return text_file_remove(task->system, task->scratch, edit->path, err);
    const char *folder = path_dirname(task->scratch, edit->path);
    return file_tree_make(task->scratch, system_path(task->system, task->scratch, folder), err) &&
           file_replace_text(task->system, task->scratch, edit->path, edit->after, &options, err);
}

static bool edits_write(struct task_context *task, const struct boot_job *job, bool backup, struct error *err)
{
    for (size_t i = 0; i < job->edit_count; i++)
        if (!edit_write(task, &job->edits[i], backup, err))
            return false;
    return true;
}

static bool entries_make(struct task_context *task, struct boot_job *job, bool backup, struct error *err)
{
    const char *why = job->stale;
    /* Entries that cannot be seen are made anew whenever the configuration changes. */
    bool is_blind = job->edit_count > 0 && job->lines.count == 0;

    if (why == NULL && !is_blind)
        return true;
    if (!change_wanted(task, "run %s%s%s", job->command, why != NULL ? ": " : "", why != NULL ? why : ""))
        return true;
    if (!job->loader->apply(job, err) || !boot_job_look(job, err))
        return false;
    /* A program that edits configuration too may have put its own spelling there. */
    return edits_write(task, job, backup, err) && (job->edit_count == 0 || boot_job_look(job, err)) &&
           (job->stale == NULL || error_set(err, "%s was run, but %s", job->command, job->stale));
}

/* --- what is so now --- */

static bool goal_needs_reboot(const struct kernel_goal *goal, const struct kernel_params_outcome *outcome)
{
    const struct boot_lines *lines = &outcome->job->lines;

    if (lines->count == 0)
        return !kernel_goal_met(goal, &outcome->running);
    for (size_t i = 0; i < lines->count; i++)
        if (!text_equal(kernel_words_values(&lines->items[i].words, goal->name),
                        kernel_words_values(&outcome->running, goal->name)))
            return true;
    return false;
}

bool kernel_params_apply(struct task_context *task, const struct kernel_params_request *request,
                         struct kernel_params_outcome *out, struct error *err)
{
    struct boot_job *job = arena_new_of(task->scratch, struct boot_job);

    *job = (struct boot_job){
        .system = task->system,
        .arena = task->scratch,
        .goals = request->goals,
        .goal_count = request->goal_count,
        .conflict = request->conflict,
    };
    if (!boot_loader_detect(job, request->boot_loader, err) || !boot_job_look(job, err) || !conflicts_refuse(job, err))
        return false;
    struct boot_lines before = job->lines, predicted = lines_predicted(job);
    struct boot_job first = *job; /* what was found stays the report: after the change nothing is overridden any more */

    diff_edits(task, job);
    if (!edits_write(task, job, request->backup, err) || !entries_make(task, job, request->backup, err))
        return false;
    if (task->check_mode)
        job->lines = predicted;
    diff_lines(task, &before, &job->lines);
    memcpy(job->others, first.others, sizeof(job->others));
    job->other_count = first.other_count;
    out->job = job;
    out->stale = first.stale;
    if (!kernel_cmdline_running(task->system, task->scratch, &out->running, err))
        return false;
    out->reboot_required = false;
    for (size_t g = 0; g < request->goal_count; g++)
        out->reboot_required = out->reboot_required || goal_needs_reboot(&request->goals[g], out);
    return true;
}

/* --- the result --- */

const char *kernel_params_next(const struct kernel_params_outcome *outcome, const char *name)
{
    const struct boot_lines *lines = &outcome->job->lines;

    return lines->count > 0 ? kernel_words_values(&lines->items[0].words, name) : NULL;
}

static void describe_others(struct task_context *task, const struct boot_job *job)
{
    struct value *list = value_list(task->scratch);

    for (size_t i = 0; i < job->other_count; i++) {
        const struct boot_other *other = &job->others[i];
        struct value *item = value_map(task->scratch);

        value_map_put_string(task->scratch, item, "name", other->name);
        value_map_put_string(task->scratch, item, "value", other->value);
        value_map_put_string(task->scratch, item, "source", other->source);
        value_list_add(task->scratch, list, item);
    }
    result_set(task, "overridden", list);
}

void kernel_params_describe(struct task_context *task, const struct kernel_params_request *request,
                            const struct kernel_params_outcome *outcome)
{
    struct value *declared = value_map(task->scratch), *next = value_map(task->scratch);
    struct value *running = value_map(task->scratch);

    for (size_t g = 0; g < request->goal_count; g++) {
        const char *name = request->goals[g].name;

        value_map_put_string(task->scratch, declared, name, kernel_words_values(&outcome->job->declared, name));
        value_map_put_string(task->scratch, next, name, kernel_params_next(outcome, name));
        value_map_put_string(task->scratch, running, name, kernel_words_values(&outcome->running, name));
    }
    result_set_string(task, "boot_loader", outcome->job->loader->name);
    result_set_string(task, "boot_loader_detected_by", outcome->job->detected_by);
    result_set(task, "declared", declared);
    result_set(task, "next_boot", next);
    result_set(task, "running", running);
    result_set_bool(task, "reboot_required", outcome->reboot_required);
    result_set_string(task, "entries_stale", outcome->stale);
    describe_others(task, outcome->job);
    if (outcome->job->lines.count == 0)
        result_warn(task, "no Linux entry of the boot loader %s could be read: what the next boot gets is not known",
                    outcome->job->loader->name);
}

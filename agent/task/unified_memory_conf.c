/* SPDX-License-Identifier: Apache-2.0 */
/* modprobe.d and the initramfs of unified_memory: what is stale, what is ours, and making images anew. */
#include "agent/task/unified_memory_conf.h"

#include <string.h>

#include "agent/system/file/file_replace.h"
#include "agent/system/file/file_tree.h"
#include "agent/system/kernel/modprobe_conf.h"
#include "agent/system/file/text_file.h"
#include "common/base/path.h"
#include "common/base/text.h"

#define OWED_FOLDER "/var/lib/roost"
#define OWED_NOTE OWED_FOLDER "/initramfs-owed"
#define OWED_TEXT                                                                                                      \
    "unified_memory changed modprobe.d; the initramfs has not been made anew yet. The next run of the module does it.\n"

/* What older guides set, and what would stand beside ours. */
static const struct modprobe_option stale_options[] = {
    { "ttm", "pages_limit" }, { "ttm", "page_pool_size" }, { "ttm", "page_limit" }, { "ttm", "pages_pool_size" },
    { "amdgpu", "gttsize" },  { "amdgpu", "gtt_size" },    { "amdttm", NULL },
};
#define STALE_COUNT (sizeof(stale_options) / sizeof(stale_options[0]))
#define LIMITS_COUNT 2 /* of them, those that state: absent takes away */

struct conf_edit {
    const char *path, *before, *after;
};

struct conf_plan {
    struct conf_edit edits[MODPROBE_FILES_MAX + 1];
    size_t count;
};

static void plan_add(struct conf_plan *plan, const char *path, const char *before, const char *after)
{
    if (!text_equal(before, after))
        plan->edits[plan->count++] = (struct conf_edit){ path, before, after };
}

static bool plan_make(struct task_context *task, struct unified_conf *conf, struct conf_plan *plan, struct error *err)
{
    struct modprobe_files *files = arena_new_of(task->scratch, struct modprobe_files);
    size_t stale_count = conf->is_uninstall ? LIMITS_COUNT : STALE_COUNT;
    const char *own = NULL;

    if (!modprobe_files_read(task->system, task->scratch, files, err))
        return false;
    for (size_t i = 0; i < files->count; i++) {
        const struct modprobe_file *file = &files->items[i];

        if (strcmp(file->path, UNIFIED_CONF) == 0) {
            own = file->text;
            continue;
        }
        if (!modprobe_conf_sets(task->scratch, file->text, stale_options, stale_count))
            continue;
        if (!file->is_editable) {
            result_warn(task, "'%s' sets options of ttm or amdgpu's GTT, but belongs to a package: it is left as it is",
                        file->path);
            continue;
        }
        plan_add(plan, file->path, file->text,
                 modprobe_conf_without(task->scratch, file->text, stale_options, stale_count));
        value_list_add(task->scratch, conf->removed, value_string(task->scratch, file->path));
    }
    plan_add(plan, UNIFIED_CONF, own, conf->wanted);
    return true;
}

static bool owed_write(struct task_context *task, struct error *err)
{
    struct file_replace_options options = { .mode = 0644 };

    return file_tree_make(task->scratch, system_path(task->system, task->scratch, OWED_FOLDER), err) &&
           file_replace_text(task->system, task->scratch, OWED_NOTE, OWED_TEXT, &options, err);
}

static bool edit_write(struct task_context *task, const struct conf_edit *edit, struct error *err)
{
    struct file_replace_options options = { .mode = 0644 };

    result_diff(task, edit->before != NULL ? edit->before : "", edit->after != NULL ? edit->after : "", edit->path,
                edit->path);
    if (!change_wanted(task, "%s '%s'",
                       edit->after == NULL    ? "remove"
                       : edit->before == NULL ? "write"
                                              : "change",
                       edit->path))
        return true;
    if (!owed_write(task, err))
        return false;
    if (edit->after == NULL)
        return text_file_remove(task->system, task->scratch, edit->path, err);
    const char *folder = path_dirname(task->scratch, edit->path);
    return file_tree_make(task->scratch, system_path(task->system, task->scratch, folder), err) &&
           file_replace_text(task->system, task->scratch, edit->path, edit->after, &options, err);
}

/* Images that hold ttm carry a copy of modprobe.d, which is what counts when ttm is loaded there. */
static bool images_refresh(struct task_context *task, struct unified_conf *conf, bool is_owed, struct error *err)
{
    struct initramfs *initramfs = arena_new_of(task->scratch, struct initramfs);

    initramfs_find(task->system, task->scratch, initramfs);
    if (!initramfs_with_module(task->system, task->scratch, initramfs, "ttm", &conf->image, err))
        return false;
    if (conf->image != NULL) {
        conf->initramfs_refreshed = true;
        if (change_wanted(task, "run %s: %s holds ttm%s", initramfs->command != NULL ? initramfs->command : "dracut",
                          conf->image, is_owed ? ", and an earlier run was interrupted" : "") &&
            !initramfs_refresh(task->system, task->scratch, initramfs, err))
            return false;
    }
    return task->check_mode || text_file_remove(task->system, task->scratch, OWED_NOTE, err);
}

bool unified_conf_apply(struct task_context *task, struct unified_conf *conf, struct error *err)
{
    struct conf_plan *plan = arena_new_of(task->scratch, struct conf_plan);
    bool is_owed = path_exists(system_path(task->system, task->scratch, OWED_NOTE));

    conf->removed = value_list(task->scratch);
    conf->image = NULL;
    conf->initramfs_refreshed = false;
    if (!plan_make(task, conf, plan, err))
        return false;
    for (size_t i = 0; i < plan->count; i++)
        if (!edit_write(task, &plan->edits[i], err))
            return false;
    return (plan->count == 0 && !is_owed) || images_refresh(task, conf, is_owed, err);
}

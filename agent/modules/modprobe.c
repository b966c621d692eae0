/* SPDX-License-Identifier: Apache-2.0 */
/* modprobe: loads and unloads kernel modules, now and, if wanted, at each boot. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "agent/system/file/file_replace.h"
#include "agent/system/file/file_tree.h"
#include "agent/system/kernel/kernel_module.h"
#include "agent/system/process/process.h"
#include "agent/system/file/text_file.h"
#include "agent/task/command_words.h"
#include "agent/task/module.h"
#include "common/base/path.h"
#include "common/base/text.h"

struct modprobe_args {
    const char *name, *state, *params, *persistent;
};

static const struct arg_spec modprobe_args[] = {
    ARG(modprobe_args, name, ARG_STRING, .required = true, .help = "the kernel module"),
    ARG(modprobe_args, state, ARG_STRING, .default_text = "present", .choices = ARG_NAMES("absent", "present"),
        .help = "whether it is loaded"),
    ARG(modprobe_args, params, ARG_STRING, .default_text = "", .help = "its parameters: name=value, parted by blanks"),
    ARG(modprobe_args, persistent, ARG_STRING, .default_text = "disabled",
        .choices = ARG_NAMES("disabled", "present", "absent"),
        .help = "whether files load it at each boot; disabled leaves them alone"),
    ARG_END,
};

#define FILES_MAX 512

struct modprobe_job {
    struct task_context *task;
    const struct modprobe_args *args;
    const char *load_files[FILES_MAX], *option_files[FILES_MAX]; /* every file of the two folders */
    size_t load_count, option_count;
};

/* --- now --- */

static bool modprobe_call(struct modprobe_job *job, const char *const *options, bool with_params,
                          struct process_result *out, struct error *err)
{
    struct arena *arena = job->task->scratch;
    struct value *words = value_list(arena);
    size_t count = 0;

    if (with_params && !command_split(arena, job->args->params, &words, err))
        return false;
    const char **argv = arena_new_array(arena, const char *, value_count(words) + 8);
    argv[count++] = "modprobe";
    while (*options != NULL)
        argv[count++] = *options++;
    for (size_t i = 0; i < value_count(words); i++)
        argv[count++] = value_text(value_item(words, i));
    struct process_request request = { .argv = argv, .umask_bits = -1 };
    return process_run(job->task->system, arena, &request, out, err);
}

/* As fail_json(msg=stderr, rc, stdout, stderr). */
static bool modprobe_failed(struct modprobe_job *job, const struct process_result *result)
{
    struct task_context *task = job->task;

    result_set_int(task, "rc", result->status);
    result_set_string(task, "stdout", result->output);
    result_set_string(task, "stderr", result->errors);
    return result_fail(task, "%s", result->errors);
}

static bool module_load(struct modprobe_job *job, struct error *err)
{
    struct task_context *task = job->task;
    const char *name = job->args->name;
    struct process_result result;
    bool is_loaded = false;

    /* The dry run tells in check mode what loading would say. */
    if (task->check_mode && !modprobe_call(job, ARG_NAMES("-n", name), true, &result, err))
        return false;
    if (task->check_mode && result.status != 0)
        return modprobe_failed(job, &result);
    if (!change_wanted(task, "load kernel module '%s'", name))
        return true;
    if (!modprobe_call(job, ARG_NAMES(name), true, &result, err))
        return false;
    if (result.status != 0)
        return modprobe_failed(job, &result);
    if (!kernel_module_is_loaded(task->system, task->scratch, name, &is_loaded, err) || is_loaded)
        return is_loaded;
    /* modprobe may have done something else, as modprobe.d told it: nothing was changed then. */
    task->result->changed = false;
    if (!modprobe_call(job, ARG_NAMES("-n", "--first-time", name), true, &result, err))
        return false;
    if (result.status != 0)
        result_warn(task, "%s", result.errors);
    return true;
}

static bool module_unload(struct modprobe_job *job, struct error *err)
{
    struct task_context *task = job->task;
    const char *name = job->args->name;
    struct process_result result;

    if (task->check_mode && !modprobe_call(job, ARG_NAMES("-r", name, "-n"), false, &result, err))
        return false;
    if (task->check_mode && result.status != 0)
        return modprobe_failed(job, &result);
    if (!change_wanted(task, "unload kernel module '%s'", name))
        return true;
    if (!modprobe_call(job, ARG_NAMES("-r", name), false, &result, err))
        return false;
    return result.status == 0 || modprobe_failed(job, &result);
}

/* --- at each boot --- */

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static size_t folder_files(struct modprobe_job *job, const char *folder, const char *files[FILES_MAX])
{
    struct arena *arena = job->task->scratch;
    DIR *open_folder = opendir(system_path(job->task->system, arena, folder));
    size_t count = 0;

    if (open_folder == NULL)
        return 0;
    for (struct dirent *entry = readdir(open_folder); entry != NULL && count < FILES_MAX;
         entry = readdir(open_folder)) {
        const char *path = arena_printf(arena, "%s/%s", folder, entry->d_name);
        if (path_is_file(system_path(job->task->system, arena, path)))
            files[count++] = path;
    }
    (void)closedir(open_folder);
    qsort(files, count, sizeof(files[0]), by_name);
    return count;
}

static bool text_of(struct modprobe_job *job, const char *path, const char **out, struct error *err)
{
    char *text = NULL;

    if (!text_file_read(job->task->system, job->task->scratch, path, &text, err))
        return false;
    *out = text != NULL ? text : "";
    return true;
}

static bool write_text(struct modprobe_job *job, const char *path, const char *text, struct error *err)
{
    struct task_context *task = job->task;
    struct file_replace_options options = { 0 };
    const char *folder = path_dirname(task->scratch, path);

    if (!change_wanted(task, "write '%s'", path))
        return true;
    return file_tree_make(task->scratch, system_path(task->system, task->scratch, folder), err) &&
           file_replace_text(task->system, task->scratch, path, text, &options, err);
}

static bool load_is_declared(struct modprobe_job *job, bool *out, struct error *err)
{
    *out = false;
    for (size_t i = 0; i < job->load_count && !*out; i++) {
        const char *text = "";

        if (!text_of(job, job->load_files[i], &text, err))
            return false;
        *out = modules_load_names(text, job->args->name);
    }
    return true;
}

static bool options_declared(struct modprobe_job *job, struct value *out, struct error *err)
{
    for (size_t i = 0; i < job->option_count; i++) {
        const char *text = "";

        if (!text_of(job, job->option_files[i], &text, err))
            return false;
        module_options_collect(job->task->scratch, text, job->args->name, out);
    }
    return true;
}

/* Comments our module's lines out in every file. `except` is going to be written whole. */
static bool comment_out(struct modprobe_job *job, bool is_options, const char *except, struct error *err)
{
    const char **files = is_options ? job->option_files : job->load_files;
    size_t count = is_options ? job->option_count : job->load_count;

    for (size_t i = 0; i < count; i++) {
        const char *before = "";

        if (text_equal(files[i], except))
            continue;
        if (!text_of(job, files[i], &before, err))
            return false;
        const char *after = is_options ? module_options_without(job->task->scratch, before, job->args->name)
                                       : modules_load_without(job->task->scratch, before, job->args->name);
        if (strcmp(before, after) != 0 && !write_text(job, files[i], after, err))
            return false;
    }
    return true;
}

static char **params_split(struct modprobe_job *job, size_t *count)
{
    char *line = arena_copy(job->task->scratch, job->args->params);

    for (char *at = line; *at != '\0'; at++)
        *at = strchr("\t\n\r\v\f", *at) != NULL ? ' ' : *at;
    return text_split(job->task->scratch, line, ' ', count);
}

static bool options_match(struct modprobe_job *job, const struct value *declared)
{
    struct value *wanted = value_map(job->task->scratch);
    size_t count = 0;
    char **params = params_split(job, &count);

    for (size_t i = 0; i < count; i++)
        if (params[i][0] != '\0')
            value_map_put_bool(job->task->scratch, wanted, params[i], true);
    return value_equal(wanted, declared);
}

static bool options_write(struct modprobe_job *job, struct error *err)
{
    struct arena *arena = job->task->scratch;
    const char *path = arena_printf(arena, MODULES_OPTIONS_FOLDER "/%s.conf", job->args->name);
    struct text text = text_new(arena);
    size_t count = 0;
    char **params = params_split(job, &count);

    for (size_t i = 0; i < count; i++)
        if (params[i][0] != '\0')
            text_printf(&text, "options %s %s\n", job->args->name, params[i]);
    if (text.length == 0)
        text_add(&text, "\n");
    return comment_out(job, true, path, err) && write_text(job, path, text.data, err);
}

static bool persistent_set(struct modprobe_job *job, struct error *err)
{
    struct arena *arena = job->task->scratch;
    struct value *declared = value_map(arena);
    bool is_declared = false;

    if (strcmp(job->args->persistent, "disabled") == 0)
        return true;
    job->load_count = folder_files(job, MODULES_LOAD_FOLDER, job->load_files);
    job->option_count = folder_files(job, MODULES_OPTIONS_FOLDER, job->option_files);
    if (!load_is_declared(job, &is_declared, err) || !options_declared(job, declared, err))
        return false;
    if (strcmp(job->args->persistent, "absent") == 0)
        return (!is_declared || comment_out(job, false, NULL, err)) &&
               (value_count(declared) == 0 || comment_out(job, true, NULL, err));
    if (!is_declared && !write_text(job, arena_printf(arena, MODULES_LOAD_FOLDER "/%s.conf", job->args->name),
                                    arena_printf(arena, "%s\n", job->args->name), err))
        return false;
    return options_match(job, declared) || options_write(job, err);
}

static bool modprobe_run(struct task_context *task, const void *raw, struct error *err)
{
    struct modprobe_job *job = arena_new_of(task->scratch, struct modprobe_job);
    bool is_loaded = false;

    job->task = task;
    job->args = raw;
    result_set_string(task, "name", job->args->name);
    result_set_string(task, "params", job->args->params);
    result_set_string(task, "state", job->args->state);
    if (job->args->name[0] == '\0' || job->args->name[0] == '-' || strchr(job->args->name, '/') != NULL)
        return error_set(err, "'%s' is not the name of a kernel module", job->args->name);
    if (process_require(task->system, task->scratch, "modprobe", err) == NULL)
        return false;
    if (!kernel_module_is_loaded(task->system, task->scratch, job->args->name, &is_loaded, err))
        return false;
    bool is_wanted = strcmp(job->args->state, "present") == 0;
    if (is_wanted && !is_loaded && !module_load(job, err))
        return false;
    if (!is_wanted && is_loaded && !module_unload(job, err))
        return false;
    return task->result->failed || persistent_set(job, err);
}

MODULE_DEFINE(modprobe) = {
    .spec = {
        .name = "modprobe",
        .summary = "Load or unload kernel modules",
        .args = modprobe_args,
        .args_size = sizeof(struct modprobe_args),
    },
    .order = "rc stdout stderr name params state changed",
    .run = modprobe_run,
};

/* SPDX-License-Identifier: Apache-2.0 */
/* sysctl: kernel parameters, in the file that sets them at boot and, if wanted, in the running kernel. */
#include <string.h>

#include "agent/system/file/file_replace.h"
#include "agent/system/kernel/sysctl.h"
#include "agent/task/module.h"
#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/base/text.h"

#define SYSCTL_FILE_LIMIT (16 * 1024 * 1024)

struct sysctl_args {
    const char *name, *value, *state, *sysctl_file;
    bool reload, sysctl_set, ignoreerrors;
};

static const struct arg_spec sysctl_args[] = {
    ARG(sysctl_args, name, ARG_STRING, .required = true, .aliases = ARG_NAMES("key"), .help = "the parameter"),
    ARG(sysctl_args, value, ARG_STRING, .aliases = ARG_NAMES("val"), .help = "its value; yes and no become 1 and 0"),
    ARG(sysctl_args, state, ARG_STRING, .default_text = "present", .choices = ARG_NAMES("present", "absent"),
        .help = "whether the file sets the parameter"),
    ARG(sysctl_args, reload, ARG_BOOL, .default_text = "yes", .help = "apply the whole file after a change"),
    ARG(sysctl_args, sysctl_set, ARG_BOOL, .default_text = "no", .help = "set the value in the running kernel too"),
    ARG(sysctl_args, ignoreerrors, ARG_BOOL, .default_text = "no",
        .help = "pass over parameters the kernel does not know"),
    ARG(sysctl_args, sysctl_file, ARG_PATH, .default_text = "/etc/sysctl.conf", .help = "the file"),
    ARG_END,
};

static const struct arg_rule sysctl_rules[] = {
    { .kind = ARG_RULE_REQUIRED_IF, .key = "state", .equals = "present", .names = ARG_NAMES("value") },
    { .kind = ARG_RULE_END },
};

static const char *value_normal(struct arena *arena, const char *value)
{
    bool boolean = false;

    if (value == NULL)
        return "";
    if (text_to_bool(value, &boolean))
        return boolean ? "1" : "0";
    return text_trim(arena, value, strlen(value));
}

static bool sysctl_file_text(struct task_context *task, const char *path, char **out, struct error *err)
{
    const char *real = system_path(task->system, task->scratch, path);
    size_t length = 0;

    *out = arena_copy(task->scratch, "");
    if (!path_is_file(real))
        return true;
    return file_read(task->scratch, real, SYSCTL_FILE_LIMIT, out, &length, err) ||
           error_prefix(err, "Failed to open %s", path);
}

static bool kernel_set(struct task_context *task, const struct sysctl_args *args, const char *name, const char *value,
                       struct error *err)
{
    if (!change_wanted(task, "set kernel parameter %s to '%s'", name, value))
        return true;
    return sysctl_write(task->system, task->scratch, name, value, args->ignoreerrors, err) ||
           error_prefix(err, "setting %s failed", name);
}

static bool file_set(struct task_context *task, const struct sysctl_args *args, const char *name, const char *value,
                     const char *text, struct error *err)
{
    const char *edited = sysctl_file_edit(task->scratch, text, name, value);
    struct file_replace_options options = { .replace_link = true };

    if (!change_wanted(task, value != NULL ? "set %s in '%s'" : "remove %s from '%s'", name, args->sysctl_file))
        return true;
    return file_replace_text(task->system, task->scratch, args->sysctl_file, edited, &options, err);
}

static bool kernel_reload(struct task_context *task, const struct sysctl_args *args, struct error *err)
{
    struct text errors = text_new(task->scratch);

    if (!change_wanted(task, "apply the kernel parameters of '%s'", args->sysctl_file))
        return true;
    if (!sysctl_file_apply(task->system, task->scratch, args->sysctl_file, args->ignoreerrors, &errors, err))
        return error_prefix(err, "Failed to reload sysctl");
    return errors.length == 0 || error_set(err, "Failed to reload sysctl: %s", errors.data);
}

static bool sysctl_run(struct task_context *task, const void *raw, struct error *err)
{
    const struct sysctl_args *args = raw;
    const char *name = text_trim(task->scratch, args->name, strlen(args->name));
    const char *value = value_normal(task->scratch, args->value);
    bool is_present = strcmp(args->state, "present") == 0;
    char *text = NULL;

    if (args->name[0] == '\0')
        return error_set(err, "name cannot be blank");
    if (is_present && args->value != NULL && args->value[0] == '\0')
        return error_set(err, "value cannot be blank");
    if (!sysctl_file_text(task, args->sysctl_file, &text, err))
        return false;
    const char *in_file = sysctl_file_value(task->scratch, text, name);
    bool file_differs = is_present ? !text_equal(in_file, value) : in_file != NULL;
    bool looks_at_kernel = is_present && (args->reload || args->sysctl_set);
    bool kernel_differs = looks_at_kernel && !sysctl_same_value(sysctl_read(task->system, task->scratch, name), value);

    if (args->sysctl_set && kernel_differs && !kernel_set(task, args, name, value, err))
        return false;
    if (file_differs && !file_set(task, args, name, is_present ? value : NULL, text, err))
        return false;
    return !args->reload || !(file_differs || kernel_differs) || kernel_reload(task, args, err);
}

MODULE_DEFINE(sysctl) = {
    .spec = {
        .name = "sysctl",
        .summary = "Set kernel parameters",
        .args = sysctl_args,
        .rules = sysctl_rules,
        .args_size = sizeof(struct sysctl_args),
    },
    .run = sysctl_run,
};

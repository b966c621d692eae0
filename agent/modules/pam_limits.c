/* SPDX-License-Identifier: Apache-2.0 */
/* pam_limits: one limit in limits.conf(5). Follows community.general.pam_limits. */
#include <string.h>
#include <unistd.h>

#include "agent/system/file/file_replace.h"
#include "agent/system/file/text_file.h"
#include "agent/system/file/word_list.h"
#include "agent/task/module.h"
#include "common/base/path.h"
#include "common/base/text.h"

#define FIELDS 4
#define NICE_MIN (-20)
#define NICE_MAX 19

struct pam_limits_args {
    const char *domain, *limit_type, *limit_item, *value, *dest, *comment;
    bool use_max, use_min, backup;
};

static const struct arg_spec pam_limits_args[] = {
    ARG(pam_limits_args, domain, ARG_STRING, .required = true, .help = "user, @group, or * for everyone"),
    ARG(pam_limits_args, limit_type, ARG_STRING, .required = true, .choices = ARG_NAMES("soft", "hard", "-"),
        .help = "soft, hard, or - for both"),
    ARG(pam_limits_args, limit_item, ARG_STRING, .required = true,
        .choices =
            ARG_NAMES("core", "data", "fsize", "memlock", "nofile", "rss", "stack", "cpu", "nproc", "as", "maxlogins",
                      "maxsyslogins", "priority", "locks", "sigpending", "msgqueue", "nice", "rtprio", "chroot"),
        .help = "what is limited"),
    ARG(pam_limits_args, value, ARG_STRING, .required = true, .help = "a number, or unlimited, infinity, -1"),
    ARG(pam_limits_args, use_max, ARG_BOOL, .default_text = "no", .help = "keep the value there if it is higher"),
    ARG(pam_limits_args, use_min, ARG_BOOL, .default_text = "no", .help = "keep the value there if it is lower"),
    ARG(pam_limits_args, backup, ARG_BOOL, .default_text = "no", .help = "keep a copy of the file as it was"),
    ARG(pam_limits_args, dest, ARG_STRING, .default_text = "/etc/security/limits.conf", .help = "the file"),
    ARG(pam_limits_args, comment, ARG_STRING, .default_text = "", .help = "what to note behind the limit"),
    ARG_END,
};

struct limits_job {
    struct task_context *task;
    const struct pam_limits_args *args;
    const char *message; /* the line as it is in the end */
    bool found;
};

/* --- values --- */

/* Niceness has no "unlimited": -1 is a number there. */
static bool is_niceness(const char *item)
{
    return strcmp(item, "nice") == 0 || strcmp(item, "priority") == 0;
}

static bool is_unlimited(const char *item, const char *value)
{
    static const char *const words[] = { "unlimited", "infinity", "-1", NULL };

    return !is_niceness(item) && text_in(value, words);
}

static bool value_check(const char *item, const char *value, const char *prefix, struct error *err)
{
    int64_t number = 0;
    bool is_number = text_to_int(value, &number);

    if (is_niceness(item) && (!is_number || number < NICE_MIN || number > NICE_MAX))
        return error_set(
            err,
            "%s Value of '%s' for item '%s' is invalid. Value must be a number in the range -20 to 19 inclusive. "
            "Refer to the limits.conf(5) manual pages for more details.",
            prefix, value, item);
    if (!is_niceness(item) && !is_unlimited(item, value) &&
        (value[0] == '\0' || value[strspn(value, "0123456789")] != '\0'))
        return error_set(
            err,
            "%s Value of '%s' for item '%s' is invalid. Value must either be 'unlimited', 'infinity' or -1, all "
            "of which indicate no limit, or a limit of 0 or larger. Refer to the limits.conf(5) manual pages for "
            "more details.",
            prefix, value, item);
    return true;
}

/* <0, 0, >0; no limit is the highest. */
static int value_order(const char *item, const char *a, const char *b)
{
    bool a_unlimited = is_unlimited(item, a), b_unlimited = is_unlimited(item, b);
    int64_t a_number = 0, b_number = 0;

    if (a_unlimited || b_unlimited)
        return (int)a_unlimited - (int)b_unlimited;
    (void)text_to_int(a, &a_number);
    (void)text_to_int(b, &b_number);
    return (a_number > b_number) - (a_number < b_number);
}

static const char *value_choose(const struct pam_limits_args *args, const char *current)
{
    int order = value_order(args->limit_item, current, args->value);

    if ((args->use_max && order >= 0) || (args->use_min && order <= 0))
        return current;
    return args->value;
}

/* --- lines --- */

static char *limit_line(struct limits_job *job, const char *value, const char *comment)
{
    const struct pam_limits_args *args = job->args;

    return arena_printf(job->task->scratch, "%s\t%s\t%s\t%s%s%s\n", args->domain, args->limit_type, args->limit_item,
                        value, comment[0] != '\0' ? "\t#" : "", comment);
}

/* Adds the line, changed if it is the one that is meant. */
static bool edit_line(struct limits_job *job, const char *line, struct text *out, struct error *err)
{
    const struct pam_limits_args *args = job->args;
    struct word_list words = word_list_split(job->task->scratch, line, strcspn(line, "#"));
    const char *hash = strchr(line, '#');

    if (words.count != FIELDS || strcmp(words.items[0], args->domain) != 0 ||
        strcmp(words.items[1], args->limit_type) != 0 || strcmp(words.items[2], args->limit_item) != 0) {
        text_printf(out, "%s\n", line);
        return true;
    }
    const char *current = words.items[3];
    if (!value_check(args->limit_item, current,
                     arena_printf(job->task->scratch, "Invalid configuration found in '%s'.", args->dest), err))
        return false;
    const char *value = strcmp(current, args->value) == 0 ? current : value_choose(args, current);
    const char *comment = args->comment[0] != '\0' ? args->comment : hash != NULL ? hash + 1 : "";
    job->found = true;
    job->message =
        strcmp(value, current) == 0 ? arena_printf(job->task->scratch, "%s\n", line) : limit_line(job, value, comment);
    text_add(out, job->message);
    return true;
}

static bool edit(struct limits_job *job, const char *before, const char **out, struct error *err)
{
    const char *cursor = before, *end = before + strlen(before), *line;
    struct text text = text_new(job->task->scratch);
    size_t length;

    while (text_line(&cursor, end, &line, &length)) {
        if (!edit_line(job, arena_copy_n(job->task->scratch, line, length), &text, err))
            return false;
    }
    if (!job->found) {
        job->message = limit_line(job, job->args->value, job->args->comment);
        text_add(&text, job->message);
    }
    /* A last line that has no end is no reason to write the file. */
    bool same = text.length == strlen(before) + 1 && strncmp(text.data, before, strlen(before)) == 0;
    *out = same ? before : text.data;
    return true;
}

/* --- the task --- */

static bool dest_check(struct task_context *task, const char *dest, struct error *err)
{
    const char *real = system_path(task->system, task->scratch, dest);
    const char *folder = path_dirname(task->scratch, real);

    if (path_is_file(real))
        return access(real, W_OK) == 0 || error_set(err, "%s is not writable. Use sudo", dest);
    if (path_is_folder(folder) && access(folder, W_OK) == 0)
        return true;
    return error_set(err, "directory %s is not writable (check presence, access rights, use sudo)", folder);
}

/* Ansible reports the difference without diff mode too. */
static void describe(struct limits_job *job, const char *before, const char *after)
{
    struct arena *arena = job->task->scratch;
    struct value *diff = value_map(arena);

    value_map_put_string(arena, diff, "before", before);
    value_map_put_string(arena, diff, "after", after);
    value_list_add(arena, job->task->result->diff, diff);
    result_message(job->task, "%s", job->message);
}

static bool pam_limits_run(struct task_context *task, const void *raw, struct error *err)
{
    const struct pam_limits_args *args = raw;
    struct limits_job job = { .task = task, .args = args };
    struct file_replace_options options = { .mode = 0644 };
    const char *after = NULL, *backup = NULL;
    char *text = NULL;

    if (!dest_check(task, args->dest, err))
        return false;
    if (args->use_max && args->use_min)
        return error_set(err, "Cannot use use_min and use_max at the same time.");
    if (!value_check(args->limit_item, args->value, "", err) ||
        !text_file_read(task->system, task->scratch, args->dest, &text, err))
        return false;
    const char *before = text != NULL ? text : "";
    if (!edit(&job, before, &after, err))
        return false;
    describe(&job, before, after);
    if (strcmp(before, after) == 0 || !change_wanted(task, "set a limit in '%s'", args->dest))
        return true;
    if (args->backup && text != NULL) {
        if (!file_backup(task->system, task->scratch, args->dest, &backup, err))
            return false;
        result_set_string(task, "backup_file", backup);
    }
    return file_replace_text(task->system, task->scratch, args->dest, after, &options, err);
}

MODULE_DEFINE(pam_limits) = {
    .spec = {
        .name = "pam_limits",
        .summary = "Limits of users and groups, in limits.conf",
        .args = pam_limits_args,
        .args_size = sizeof(struct pam_limits_args),
    },
    .run = pam_limits_run,
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Composes and runs command lines of apt-get, aptitude and dpkg. Messages show the line as Ansible does, blanks
 * of left-out options included, because people match on it.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/system/file/file_replace.h"
#include "agent/task/apt_parts.h"
#include "common/base/fd.h"
#include "common/base/path.h"

#define POLICY_PATH "/usr/sbin/policy-rc.d"

void apt_command_begin(struct apt_command *command, struct arena *arena, const char *program_path)
{
    *command = (struct apt_command){ .arena = arena, .shown = text_new(arena) };
    text_add(&command->shown, program_path);
    command->argv = arena_new_array(arena, const char *, 2);
    command->argv[command->count++] = program_path;
}

static void command_put(struct apt_command *command, const char *argument)
{
    size_t size = (command->count + 1) * sizeof(char *);

    command->argv = arena_grow(command->arena, command->argv, size, size + sizeof(char *));
    command->argv[command->count++] = argument;
}

void apt_command_show(struct apt_command *command, const char *text)
{
    text_printf(&command->shown, " %s", text);
}

void apt_command_add(struct apt_command *command, const char *argument)
{
    apt_command_show(command, argument != NULL ? argument : "");
    if (argument != NULL)
        command_put(command, argument);
}

void apt_command_add_if(struct apt_command *command, bool wanted, const char *argument)
{
    apt_command_add(command, wanted ? argument : NULL);
}

void apt_command_add_quoted(struct apt_command *command, const char *argument)
{
    text_printf(&command->shown, " '%s'", argument);
    command_put(command, argument);
}

void apt_command_add_dpkg_options(struct apt_command *command, const char *dpkg_options)
{
    size_t count = 0;
    char **options = text_split(command->arena, dpkg_options, ',', &count);

    for (size_t i = 0; i < count; i++) {
        text_printf(&command->shown, " -o \"Dpkg::Options::=--%s\"", options[i]);
        command_put(command, "-o");
        command_put(command, arena_printf(command->arena, "Dpkg::Options::=--%s", options[i]));
    }
}

bool apt_program(struct apt_job *job, const char *name, const char **out, struct error *err)
{
    const char *path = process_require(job->task->system, job->task->scratch, name, err);

    if (path == NULL)
        return false;
    *out = path;
    return true;
}

/* Ours stands in for the node's own policy-rc.d (kept beside it) while maintainer scripts run. */
static bool policy_begin(int64_t exit_code, bool *kept_out, struct error *err)
{
    char script[64];

    *kept_out = path_exists(POLICY_PATH);
    if (*kept_out && rename(POLICY_PATH, POLICY_PATH ".roost") != 0)
        return error_set_errno(err, "moving %s aside", POLICY_PATH);
    int length = snprintf(script, sizeof(script), "#!/bin/sh\nexit %lld\n", (long long)exit_code);
    FD_SCOPED fd = open(POLICY_PATH, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
    if (fd < 0 || fchmod(fd, 0755) != 0)
        return error_set_errno(err, "creating %s", POLICY_PATH);
    return fd_write_all(fd, script, (size_t)length, err);
}

static bool policy_end(bool kept, struct error *err)
{
    int status = kept ? rename(POLICY_PATH ".roost", POLICY_PATH) : unlink(POLICY_PATH);

    return status == 0 || error_set_errno(err, "restoring %s", POLICY_PATH);
}

bool apt_command_run(struct apt_job *job, const struct apt_command *command, bool simulated, struct process_result *out,
                     struct error *err)
{
    bool with_policy = !simulated && job->request->policy_rc_d != ARG_INT_UNSET;
    bool kept = false, ran;

    if (with_policy && !policy_begin(job->request->policy_rc_d, &kept, err))
        return false;
    ran = apt_run(job->task->system, command->arena, command->argv, job->request->lock_timeout, out, err);
    if (!with_policy)
        return ran;
    struct error later = ERROR_INIT;
    bool restored = policy_end(kept, ran ? err : &later);
    return ran && restored;
}

static bool is_summary(const char *line, size_t length)
{
    size_t digits = strspn(line, "0123456789");

    return digits > 0 && digits < length &&
           (strncmp(line + digits, " upgraded", 9) == 0 || strncmp(line + digits, " packages upgraded", 18) == 0);
}

static const char *after_line(const char *output, const char *wanted)
{
    const char *cursor = output, *line;
    size_t length;

    while (text_line(&cursor, output + strlen(output), &line, &length)) {
        if (length == strlen(wanted) && memcmp(line, wanted, length) == 0)
            return cursor;
    }
    return NULL;
}

const char *apt_diff_text(struct arena *arena, const char *output)
{
    const char *start = after_line(output, "Resolving dependencies...");
    const char *line, *end = output + strlen(output);
    size_t length;

    if (start == NULL)
        start = after_line(output, "Reading state information...");
    if (start == NULL)
        start = output;
    const char *cursor = start, *stop = start;
    while (text_line(&cursor, end, &line, &length)) {
        stop = line + length;
        if (is_summary(line, length))
            break;
    }
    return arena_copy_n(arena, start, (size_t)(stop - start));
}

void apt_result_output(struct apt_job *job, const struct process_result *result)
{
    struct task_context *task = job->task;

    result_set_string(task, "stdout", result->output);
    result_set_string(task, "stderr", result->errors);
    if (!task->diff_mode) {
        result_diff_none(task);
        return;
    }
    struct value *diff = value_map(task->scratch);
    value_map_put_string(task->scratch, diff, "prepared", apt_diff_text(task->scratch, result->output));
    value_list_add(task->scratch, task->result->diff, diff);
}

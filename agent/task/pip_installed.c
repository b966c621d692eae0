/* SPDX-License-Identifier: Apache-2.0 */
/* What is installed, and from that, in check mode, what pip would do. */
#include <string.h>

#include "agent/system/file/text_file.h"
#include "agent/task/command_words.h"
#include "agent/task/pip_parts.h"
#include "common/base/path.h"

bool pip_list(struct pip_job *job, const char **command_out, struct process_result *out, struct error *err)
{
    static const char *const commands[] = { "list --format=freeze", "freeze" };
    struct arena *arena = job->task->scratch;

    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        struct value *words = value_list(arena), *more = NULL;
        struct text command = text_new(arena);
        if (!command_split(arena, commands[i], &more, err))
            return false;
        for (size_t k = 0; k < value_count(job->pip); k++)
            value_list_add(arena, words, value_item(job->pip, k));
        for (size_t k = 0; k < value_count(more); k++)
            value_list_add(arena, words, value_item(more, k));
        for (size_t k = 0; k < value_count(words); k++)
            text_printf(&command, "%s%s", k > 0 ? " " : "", value_text(value_item(words, k)));
        *command_out = command.data;
        if (!pip_process(job, words, true, out, err))
            return false;
        if (out->status == 0)
            return true;
    }
    return error_set(err, "'%s' failed: %s", *command_out, out->errors);
}

static bool is_installed(struct pip_job *job, const struct python_requirement *wanted, const char *list)
{
    const char *line, *end = list + strlen(list);
    size_t length;

    while (wanted->is_plain && text_line(&list, end, &line, &length)) {
        const char *equals = memmem(line, length, "==", 2);
        if (!equals)
            continue;
        const char *key = python_name_key(job->task->scratch, line, (size_t)(equals - line));
        const char *version = text_trim(job->task->scratch, equals + 2, length - (size_t)(equals + 2 - line));
        if (strcmp(key, wanted->key) == 0 && python_requirement_met(wanted, version))
            return true;
    }
    return false;
}

static bool would_change(struct pip_job *job, const struct python_requirement *package, const char *list)
{
    bool is_there = is_installed(job, package, list);

    return strcmp(job->args->state, "absent") == 0 ? is_there : !is_there;
}

/* One line of a requirements file. False: it is not certain that pip would leave the environment as it is. */
static bool line_is_met(struct pip_job *job, const char *line, const char *list)
{
    struct arena *arena = job->task->scratch;
    struct error ignored = ERROR_INIT;
    struct value *words = NULL;
    const char *comment = strstr(line, " #"), *options = strstr(line, " --hash");

    if (line[0] == '\0' || line[0] == '#')
        return true;
    if (line[0] == '-')
        return command_split(arena, line, &words, &ignored) && pip_extra_is_harmless(words);
    size_t length = comment ? (size_t)(comment - line) : strlen(line);
    if (options && (size_t)(options - line) < length)
        length = (size_t)(options - line);
    struct python_requirement wanted = python_requirement_read(arena, text_trim(arena, line, length));
    return wanted.is_plain && !wanted.url && !wanted.marker && !would_change(job, &wanted, list);
}

static bool file_is_met(struct pip_job *job, const char *list)
{
    struct error ignored = ERROR_INIT;
    struct arena *arena = job->task->scratch;
    const char *line;
    size_t length;
    char *text = NULL;

    if (!text_file_read(job->task->system, arena, path_join(arena, job->folder, job->args->requirements), &text,
                        &ignored) ||
        !text || strstr(text, "\\\n"))
        return false;
    const char *cursor = text, *end = text + strlen(text);
    while (text_line(&cursor, end, &line, &length))
        if (!line_is_met(job, text_trim(arena, line, length), list))
            return false;
    return true;
}

/* What can be told from the list of what is installed; the rest counts as a change, as with Ansible. */
static bool list_tells(const struct pip_job *job)
{
    return (strcmp(job->args->state, "present") == 0 || strcmp(job->args->state, "absent") == 0) &&
           pip_extra_is_harmless(job->extra);
}

bool pip_foretell(struct pip_job *job, struct error *err)
{
    struct process_result got = { 0 };
    const char *command = NULL;
    bool changes = !list_tells(job);

    if (!changes) {
        if (!pip_list(job, &command, &got, err))
            return false;
        for (size_t i = 0; i < job->package_count && !changes; i++)
            changes = would_change(job, &job->packages[i], got.output);
        if (job->package_count == 0)
            changes = !file_is_met(job, got.output);
        result_set_string(job->task, "cmd", command);
        result_set_string(job->task, "stdout", got.output);
        result_set_string(job->task, "stderr", got.errors);
    }
    if (changes)
        (void)change_wanted(job->task, "pip: %s", job->args->state);
    return true;
}

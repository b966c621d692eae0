/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the user's check of a temporary file. Changes nothing itself. */
#include "agent/task/file_validate.h"

#include <string.h>

#include "agent/task/command_words.h"
#include "common/base/text.h"

static const char *fill_in(struct arena *arena, const char *command, const char *path)
{
    struct text line = text_new(arena);

    for (const char *at = command; *at; at++) {
        if (at[0] == '%' && (at[1] == 's' || at[1] == '%')) {
            text_add(&line, at[1] == 's' ? path : "%");
            at++;
        } else {
            text_add_char(&line, *at);
        }
    }
    return line.data;
}

bool file_validate(struct task_context *task, const char *command, const char *path, struct process_result *out,
                   struct error *err)
{
    struct arena *arena = task->scratch;
    struct value *words = NULL;

    if (!strstr(command, "%s"))
        return error_set(err, "validate must contain %%s: %s", command);
    if (!command_split(arena, fill_in(arena, command, path), &words, err))
        return error_prefix(err, "validate '%s'", command);
    size_t count = value_count(words);
    const char **argv = arena_new_array(arena, const char *, count + 1);
    for (size_t i = 0; i < count; i++)
        argv[i] = command_expand(task->system, arena, value_text(value_item(words, i)));
    const struct process_request request = { .argv = argv, .umask_bits = -1 };
    return process_run(task->system, arena, &request, out, err);
}

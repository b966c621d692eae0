/* SPDX-License-Identifier: Apache-2.0 */
/* debconf: answers to the questions that Debian packages ask when they are configured. */
#include <ctype.h>
#include <string.h>

#include "agent/system/process/process.h"
#include "agent/task/module.h"
#include "common/base/text.h"

struct debconf_args {
    const char *name, *question, *vtype, *value;
    bool unseen;
};

static const struct arg_spec debconf_spec[] = {
    ARG(debconf_args, name, ARG_STRING, .required = true, .aliases = ARG_NAMES("pkg"), .help = "package"),
    ARG(debconf_args, question, ARG_STRING, .aliases = ARG_NAMES("selection", "setting"),
        .help = "question; without it the answers are only read"),
    ARG(debconf_args, vtype, ARG_STRING,
        .choices = ARG_NAMES("boolean", "error", "multiselect", "note", "password", "seen", "select", "string", "text",
                             "title"),
        .help = "kind of the answer"),
    ARG(debconf_args, value, ARG_STRING, .aliases = ARG_NAMES("answer"), .help = "the answer"),
    ARG(debconf_args, unseen, ARG_BOOL, .default_text = "false", .help = "the question stays one that was not asked"),
    ARG_END,
};

static const struct arg_rule debconf_rules[] = {
    { .kind = ARG_RULE_TOGETHER, .names = ARG_NAMES("question", "vtype", "value") },
    { .kind = ARG_RULE_END },
};

/* Lines "* package/question: answer"; the star is of those that were asked. */
static void answers_read(struct arena *arena, const struct process_result *shown, struct value *answers)
{
    const char *cursor = shown->output, *end = shown->output + shown->output_length, *line = NULL;
    size_t length = 0;

    while (text_line(&cursor, end, &line, &length)) {
        const char *colon = memchr(line, ':', length), *stop = line + length;

        if (colon == NULL)
            continue;
        while (line < colon && (*line == '*' || isspace((unsigned char)*line)))
            line++;
        value_map_put_string(arena, answers, text_trim(arena, line, (size_t)(colon - line)),
                             text_trim(arena, colon + 1, (size_t)(stop - colon) - 1));
    }
}

/* False with a failed result, when the program said no. */
static bool program_ok(struct task_context *task, const struct process_result *result)
{
    if (result->status == 0)
        return true;
    (void)result_fail(task, "%s", result->errors);
    return false;
}

static bool program_run(struct task_context *task, const char *const *argv, const char *input,
                        struct process_result *out, struct error *err)
{
    struct process_request request = { .argv = argv, .input = input, .c_locale = true, .umask_bits = -1 };

    if (process_require(task->system, task->scratch, argv[0], err) == NULL)
        return false;
    request.input_length = input == NULL ? 0 : strlen(input);
    return process_run(task->system, task->scratch, &request, out, err);
}

static bool answer_set(struct task_context *task, const struct debconf_args *args, const char *value, struct error *err)
{
    const char *line = arena_printf(task->scratch, "%s %s %s %s", args->name, args->question, args->vtype, value);
    const char *const words[] = { "debconf-set-selections", args->unseen ? "-u" : NULL, NULL };
    struct process_result result;

    if (!program_run(task, words, line, &result, err))
        return false;
    if (program_ok(task, &result))
        result_message(task, "%s", result.output);
    return true;
}

static struct value *one_answer(struct arena *arena, const char *question, const char *value)
{
    struct value *map = value_map(arena);

    value_map_put_string(arena, map, question, value);
    return map;
}

static bool change(struct task_context *task, const struct debconf_args *args, const char *value,
                   const struct value *answers, struct error *err)
{
    const char *before = value_map_text(answers, args->question);
    const struct value *current = one_answer(task->scratch, args->question, value), *previous;

    result_message(task, "%s", "");
    if (change_wanted(task, "answer '%s' of '%s'", args->question, args->name) &&
        (!answer_set(task, args, value, err) || task->result->failed))
        return task->result->failed;
    previous = before == NULL
                   ? value_merge(task->scratch, answers, one_answer(task->scratch, args->question, ""), false)
                   : one_answer(task->scratch, args->question, before);
    result_set(task, "current", current);
    result_set(task, "previous", previous);
    result_diff_values(task, previous, value_merge(task->scratch, previous, current, false));
    result_diff_none(task);
    return true;
}

static bool debconf_run(struct task_context *task, const void *raw, struct error *err)
{
    const struct debconf_args *args = raw;
    const char *const words[] = { "debconf-show", args->name, NULL };
    struct value *answers = value_map(task->scratch);
    const char *value = args->value, *existing;
    struct process_result shown;

    if (!program_run(task, words, NULL, &shown, err))
        return false;
    if (!program_ok(task, &shown))
        return true;
    answers_read(task->scratch, &shown, answers);
    existing = args->question == NULL ? NULL : value_map_text(answers, args->question);
    if (value != NULL && text_equal(args->vtype, "boolean")) {
        value = text_lower(arena_copy(task->scratch, value));
        existing = existing == NULL ? NULL : text_lower(arena_copy(task->scratch, existing));
    }
    if (args->question != NULL && !text_equal(existing, value))
        return change(task, args, value, answers, err);
    result_message(task, "%s", "");
    result_set(task, "current", answers);
    return true;
}

MODULE_DEFINE(debconf) = {
    .spec = { .name = "debconf",
              .summary = "Answer the questions of a Debian package",
              .args = debconf_spec,
              .rules = debconf_rules,
              .args_size = sizeof(struct debconf_args) },
    .run = debconf_run,
};

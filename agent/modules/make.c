/* SPDX-License-Identifier: Apache-2.0 */
/* make: runs a target of a Makefile unless it is up to date already. community.general.make. */
#include <string.h>

#include "agent/system/process/process.h"
#include "agent/task/command_words.h"
#include "agent/task/module.h"
#include "common/base/path.h"
#include "common/base/text.h"
#include "common/value/value_python.h"

struct make_args {
    const char *chdir, *target, *file, *make;
    const struct value *params;
    int64_t jobs;
};

static const struct arg_spec make_args[] = {
    ARG(make_args, chdir, ARG_PATH, .required = true, .help = "folder to run make in"),
    ARG(make_args, target, ARG_STRING, .help = "what to make; default: the Makefile's first target"),
    ARG(make_args, params, ARG_MAP, .help = "variables for the command line"),
    ARG(make_args, file, ARG_PATH, .help = "the Makefile, when it has another name"),
    ARG(make_args, make, ARG_PATH, .help = "the program; default: gmake, then make"),
    ARG(make_args, jobs, ARG_INT, .help = "how many commands run at the same time"),
    ARG_END,
};

/* The command line as a list of words. NULL: there is no such program (err is set). */
static struct value *command_make(struct task_context *task, const struct make_args *args, struct error *err)
{
    struct arena *arena = task->scratch;
    struct value *words = value_list(arena);
    const char *program = args->make;

    if (!program)
        program = process_find(task->system, arena, "gmake");
    if (!program)
        program = process_require(task->system, arena, "make", err);
    if (!program)
        return NULL;
    value_list_add(arena, words, value_string(arena, program));
    if (args->jobs != ARG_INT_UNSET) {
        value_list_add(arena, words, value_string(arena, "-j"));
        value_list_add(arena, words, value_string(arena, arena_printf(arena, "%lld", (long long)args->jobs)));
    }
    if (args->file) {
        value_list_add(arena, words, value_string(arena, "-f"));
        value_list_add(arena, words, value_string(arena, args->file));
    }
    if (args->target)
        value_list_add(arena, words, value_string(arena, args->target));
    for (size_t i = 0; i < value_count(args->params); i++) {
        const struct value_pair *pair = value_pair_at(args->params, i);
        const char *word =
            arena_printf(arena, "%s=%s", value_to_text(arena, pair->key), value_to_text(arena, pair->item));
        value_list_add(arena, words, value_string(arena, word));
    }
    return words;
}

static bool make_start(struct task_context *task, const struct make_args *args, const struct value *words,
                       bool question, struct process_result *out, struct error *err)
{
    size_t count = value_count(words);
    const char **argv = arena_new_array(task->scratch, const char *, count + 2);

    for (size_t i = 0; i < count; i++)
        argv[i] = command_expand(task->system, task->scratch, value_text(value_item(words, i)));
    if (question)
        argv[count] = "-q";
    const struct process_request request = { .argv = argv, .folder = args->chdir, .umask_bits = -1 };
    return process_run(task->system, task->scratch, &request, out, err);
}

static const char *trimmed(struct arena *arena, const char *text)
{
    size_t length = strlen(text);

    while (length > 0 && (text[length - 1] == '\n' || text[length - 1] == '\r'))
        length--;
    return arena_copy_n(arena, text, length);
}

static bool make_failed(struct task_context *task, const struct value *words, const struct process_result *got)
{
    result_set_string(task, "cmd", command_join(task->scratch, words));
    result_set_int(task, "rc", got->status);
    result_set_string(task, "stdout", got->output);
    result_set_string(task, "stderr", got->errors);
    return result_fail(task, "%s", trimmed(task->scratch, got->errors));
}

static void describe(struct task_context *task, const struct make_args *args, const struct value *words,
                     const struct process_result *got)
{
    result_set_string(task, "stdout", trimmed(task->scratch, got->output));
    result_set_string(task, "stderr", trimmed(task->scratch, got->errors));
    result_set_string(task, "target", args->target);
    result_set(task, "params", args->params ? args->params : value_null());
    result_set_string(task, "chdir", args->chdir);
    result_set_string(task, "file", args->file);
    result_set(task, "jobs", args->jobs == ARG_INT_UNSET ? value_null() : value_int(task->scratch, args->jobs));
    result_set_string(task, "command", command_join(task->scratch, words));
}

static bool make_run(struct task_context *task, const void *raw, struct error *err)
{
    const struct make_args *args = raw;
    struct value *words = command_make(task, args, err);
    struct process_result got = { 0 };

    if (!words)
        return false;
    if (!path_is_folder(args->chdir))
        return error_set(err, "chdir '%s' is no folder", args->chdir);
    /* With -q make runs nothing and says by its status whether there is something to do. */
    if (!make_start(task, args, words, true, &got, err))
        return false;
    if (got.status != 0 &&
        change_wanted(task, "make %s in '%s'", args->target ? args->target : "the first target", args->chdir)) {
        if (!make_start(task, args, words, false, &got, err))
            return false;
        if (got.status != 0)
            return make_failed(task, words, &got);
    }
    describe(task, args, words, &got);
    return true;
}

MODULE_DEFINE(make) = {
    .spec = { .name = "make",
              .summary = "Run a target of a Makefile",
              .args = make_args,
              .args_size = sizeof(struct make_args) },
    .run = make_run,
};

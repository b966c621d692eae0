/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running a user's command with the results of ansible.builtin.command 2.14: what is skipped, what check mode
 * says, what a command that could not start looks like. Never changes the process's own folder or environment.
 */
#include "agent/task/command_task.h"

#include <errno.h>
#include <glob.h>
#include <string.h>
#include <unistd.h>

#include "agent/system/process/process.h"
#include "agent/task/command_words.h"
#include "common/base/clock.h"
#include "common/base/path.h"
#include "common/base/text.h"
#include "common/value/value_python.h"

static void fields_init(struct task_context *task)
{
    static const char *const fields[] = { "stdout", "stderr", "rc", "cmd", "start", "end", "delta", "msg", NULL };

    for (const char *const *field = fields; *field; field++) {
        bool is_text = strcmp(*field, "stdout") == 0 || strcmp(*field, "stderr") == 0 || strcmp(*field, "msg") == 0;
        result_set_string(task, *field, is_text ? "" : NULL);
    }
}

/* Python's glob.glob: true if anything matches. Relative patterns count from the command's folder. */
static bool path_matches(struct task_context *task, const char *folder, const char *pattern)
{
    glob_t found = { 0 };
    const char *full = folder ? path_join(task->scratch, folder, pattern) : pattern;
    bool any = glob(full, GLOB_NOSORT | GLOB_NOESCAPE, NULL, &found) == 0 && found.gl_pathc > 0;

    globfree(&found);
    return any;
}

/* True if `creates` or `removes` says that there is nothing to do; the result says so then. */
static bool is_unneeded(struct task_context *task, const struct command_arguments *arguments)
{
    const char *would = task->check_mode ? "Would" : "Did";
    const char *path = NULL, *state = NULL;

    if (arguments->creates && arguments->creates[0] && path_matches(task, arguments->chdir, arguments->creates)) {
        path = arguments->creates;
        state = "exists";
    } else if (arguments->removes && arguments->removes[0] &&
               !path_matches(task, arguments->chdir, arguments->removes)) {
        path = arguments->removes;
        state = "does not exist";
    } else {
        return false;
    }
    result_message(task, "%s not run command since '%s' %s", would, path, state);
    result_set_string(task, "stdout", arena_printf(task->scratch, "skipped, since %s %s", path, state));
    result_set_int(task, "rc", 0);
    return true;
}

/* In check mode: what can be foretold is foretold, the rest is skipped. */
static bool foretell(struct task_context *task, const struct command_arguments *arguments)
{
    result_set_int(task, "rc", 0);
    if (arguments->creates || arguments->removes) {
        result_message(task, "Command would have run if not in check mode");
        result_changed(task);
        return true;
    }
    return result_skip(task, "Command would have run if not in check mode");
}

static bool words_read(struct task_context *task, const struct command_arguments *arguments, struct value **words_out,
                       struct error *err)
{
    struct value *words = value_list(task->scratch);

    if (arguments->line && arguments->line[0])
        return command_split(task->scratch, arguments->line, words_out, err);
    for (size_t i = 0; i < value_count(arguments->argv); i++)
        value_list_add(task->scratch, words,
                       value_string(task->scratch, value_to_text(task->scratch, value_item(arguments->argv, i))));
    *words_out = words;
    return true;
}

static const char *const *words_argv(struct task_context *task, const struct command_arguments *arguments,
                                     const struct value *words)
{
    size_t count = value_count(words);
    const char **argv = arena_new_array(task->scratch, const char *, count + 1);

    for (size_t i = 0; i < count; i++) {
        const char *word = value_text(value_item(words, i));
        argv[i] = arguments->expand_argument_vars ? command_expand(task->system, task->scratch, word) : word;
    }
    return argv;
}

static const char *const *shell_argv(struct task_context *task, const struct command_arguments *arguments,
                                     const char *line)
{
    const char **argv = arena_new_array(task->scratch, const char *, 4);

    argv[0] = arguments->executable && arguments->executable[0] ? arguments->executable : "/bin/sh";
    argv[1] = "-c";
    argv[2] = line;
    return argv;
}

/* Output as text that JSON can carry: bytes that are no UTF-8 become U+FFFD. */
static void output_set(struct task_context *task, const char *field, const char *data, size_t length, bool strips)
{
    while (strips && length > 0 && (data[length - 1] == '\n' || data[length - 1] == '\r'))
        length--;
    if (text_utf8_valid(data, length)) {
        result_set(task, field, value_string_n(task->scratch, data, length));
        return;
    }
    struct text out = text_new(task->scratch);
    for (size_t offset = 0; offset < length;) {
        size_t start = offset;
        (void)text_utf8_next(data, length, &offset);
        if (text_utf8_valid(data + start, offset - start))
            text_add_n(&out, data + start, offset - start);
        else
            text_add_codepoint(&out, 0xfffd);
    }
    result_set(task, field, value_string_borrow(task->scratch, out.data, out.length));
}

static void outcome_set(struct task_context *task, const struct command_arguments *arguments,
                        const struct process_result *result)
{
    int64_t status = result->signal > 0 ? -result->signal : result->status;

    output_set(task, "stdout", result->output, result->output_length, arguments->strip_empty_ends);
    output_set(task, "stderr", result->errors, result->errors_length, arguments->strip_empty_ends);
    result_set_int(task, "rc", status);
    result_set_string(task, "start", clock_text_local(task->scratch, result->start_us));
    result_set_string(task, "end", clock_text_local(task->scratch, result->end_us));
    result_set_string(task, "delta", clock_text_delta(task->scratch, result->end_us - result->start_us));
    if (result->truncated)
        result_warn(task, "output beyond %d bytes was dropped", LIMIT_PROCESS_OUTPUT);
    if (status != 0)
        result_fail(task, "non-zero return code");
}

/* A command that did not start: Ansible reports errno as rc, Python's text as msg, the line instead of the words,
 * and no times. */
static bool not_started(struct task_context *task, const char *program, const char *line, int code)
{
    static const char *const times[] = { "start", "end", "delta" };

    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
        value_map_remove(task->scratch, task->result->fields, value_string(task->scratch, times[i]));
    result_set_int(task, "rc", code);
    result_set_string(task, "cmd", line);
    task->result->order = "rc stdout stderr cmd";
    return result_fail(task, "[Errno %d] %s: b'%s'", code, strerror(code), program);
}

static bool execute(struct task_context *task, const struct command_arguments *arguments, const char *const *argv,
                    const char *line, struct error *err)
{
    struct process_request request = { .argv = argv, .folder = arguments->chdir, .umask_bits = -1 };
    struct process_result result;

    if (arguments->stdin_text && arguments->stdin_text[0]) {
        request.input =
            arena_printf(task->scratch, "%s%s", arguments->stdin_text, arguments->stdin_add_newline ? "\n" : "");
        request.input_length = strlen(request.input);
    }
    errno = 0;
    if (!process_run(task->system, task->scratch, &request, &result, err))
        return err->kind == ERROR_CANCELLED || errno == 0 ? false : not_started(task, argv[0], line, errno);
    outcome_set(task, arguments, &result);
    result_changed(task); /* also when it failed: it ran */
    return true;
}

static bool refuse(struct task_context *task, const char *why)
{
    result_set_int(task, "rc", 256);
    result_set_bool(task, "changed", false); /* said before the rest here, as Ansible does */
    return result_fail(task, "%s", why);
}

static bool is_empty(const char *line)
{
    return !line || line[strspn(line, " \t\r\n\v\f")] == '\0';
}

static const struct value *command_shown(struct task_context *task, const struct command_arguments *arguments,
                                         const struct value *words)
{
    bool is_line = arguments->uses_shell && !is_empty(arguments->line);

    return is_line ? value_string(task->scratch, arguments->line) : words;
}

bool command_task_run(struct task_context *task, const struct command_arguments *arguments, struct error *err)
{
    struct value *words = NULL;

    fields_init(task);
    if (!arguments->uses_shell && arguments->executable && arguments->executable[0])
        result_warn(task,
                    "As of Ansible 2.4, the parameter 'executable' is no longer supported with the 'command' module. "
                    "Not using '%s'.",
                    arguments->executable);
    if (is_empty(arguments->line) && value_count(arguments->argv) == 0)
        return refuse(task, "no command given");
    if (!is_empty(arguments->line) && value_count(arguments->argv) > 0)
        return refuse(task, "only command or argv can be given, not both");
    bool is_line = arguments->uses_shell && !is_empty(arguments->line);
    if (!is_line && !words_read(task, arguments, &words, err))
        return false;
    const char *line = is_line ? arguments->line : command_join(task->scratch, words);
    result_set(task, "cmd", command_shown(task, arguments, words));
    if (arguments->chdir && !path_is_folder(arguments->chdir)) {
        int code = path_exists(arguments->chdir) ? ENOTDIR : ENOENT;
        result_set_bool(task, "changed", false);
        return result_fail(task, "Unable to change directory before execution: [Errno %d] %s: b'%s'", code,
                           strerror(code), arguments->chdir);
    }
    if (is_unneeded(task, arguments))
        return true;
    if (task->check_mode)
        return foretell(task, arguments);
    const char *const *argv =
        arguments->uses_shell ? shell_argv(task, arguments, line) : words_argv(task, arguments, words);
    return execute(task, arguments, argv, line, err);
}

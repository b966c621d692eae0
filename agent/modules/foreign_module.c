/* SPDX-License-Identifier: Apache-2.0 */
/*
 * foreign_module: the node's side of modules that are not Roost's own. Puts what the engine sends into a private folder, runs it
 * with its arguments beside it, and gives back what it said. Knows nothing of what the module does: the engine reads the answer.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "agent/system/file/private_folder.h"
#include "agent/system/process/process.h"
#include "agent/task/command_words.h"
#include "agent/task/content_arguments.h"
#include "agent/task/foreign_files.h"
#include "agent/system/host/python.h"
#include "agent/task/module.h"
#include "common/base/fd.h"
#include "common/base/hash.h"
#include "common/base/limits.h"
#include "common/base/path.h"
#include "common/base/text.h"
#include "common/json/json.h"

struct foreign_module_args {
    struct content_arguments offer;
    const char *style, *interpreter, *entry;
    const struct value *arguments, *data;
};

static const struct arg_spec foreign_module_spec[] = {
    CONTENT_ARGUMENTS(foreign_module_args),
    ARG_NAMED("_style", foreign_module_args, style, ARG_STRING, .internal = true,
              .choices = ARG_NAMES("words", "json", "filled", "python"), .default_text = "json",
              .help = "how the module gets its arguments"),
    ARG_NAMED("_interpreter", foreign_module_args, interpreter, ARG_STRING, .internal = true,
              .help = "shell words before the module's path; 'python' finds the node's own"),
    ARG_NAMED("_entry", foreign_module_args, entry, ARG_STRING, .internal = true,
              .help = "dotted name of the module inside its archive"),
    ARG_NAMED("_arguments", foreign_module_args, arguments, ARG_RAW, .internal = true, .help = "the module's own"),
    ARG_NAMED("_content_data", foreign_module_args, data, ARG_RAW, .internal = true,
              .help = "the content itself, for a job that cannot ask for it"),
    ARG_END,
};

/* One run of a module. */
struct foreign_run {
    struct task_context *task;
    const struct foreign_module_args *args;
    const char *folder, *module; /* paths */
    const struct value *arguments;
    const char *interpreter; /* "": the module is the program */
};

static bool file_write(const char *path, const char *data, size_t length, mode_t mode, struct error *err)
{
    FD_SCOPED fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, mode);

    if (fd < 0)
        return error_set_errno(err, "cannot make '%s'", path);
    return fd_write_all(fd, data, length, err) || error_prefix(err, "cannot write '%s'", path);
}

/* What the engine holds, checked against what it said of it. */
static bool module_receive(struct foreign_run *run, struct error *err)
{
    const struct content_arguments *offer = &run->args->offer;
    char sha256[HASH_HEX_MAX];
    FD_SCOPED fd = open(run->module, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0700);

    if (fd < 0)
        return error_set_errno(err, "cannot make '%s'", run->module);
    if (value_is(run->args->data, VALUE_STRING)
            ? !fd_write_all(fd, run->args->data->as.string.data, run->args->data->as.string.length, err)
            : !task_content_receive(run->task, offer->id, fd, err))
        return false;
    if (lseek(fd, 0, SEEK_SET) < 0)
        return error_set_errno(err, "cannot read '%s' again", run->module);
    if (!hash_hex_of_fd(HASH_SHA256, fd, sha256, err))
        return false;
    return text_equal(sha256, offer->sha256) ||
           error_set(err, "the module '%s' arrived damaged: SHA-256 %s instead of %s", offer->name, sha256,
                     offer->sha256);
}

static bool module_fill(struct foreign_run *run, struct error *err)
{
    char *data = NULL;
    size_t length = 0;

    if (!file_read(run->task->scratch, run->module, LIMIT_SOURCE_FILE, &data, &length, err))
        return false;
    struct text filled = foreign_filled(run->task->scratch, data, length, run->arguments);
    return file_write(run->module, filled.data, filled.length, 0700, err);
}

/* The file of arguments; NULL: the style has none. */
static bool arguments_write(struct foreign_run *run, const char **path_out, struct error *err)
{
    struct arena *arena = run->task->scratch;
    const char *path = path_join(arena, run->folder, "args");
    struct text text = text_new(arena);

    if (text_equal(run->args->style, "filled"))
        return module_fill(run, err);
    if (text_equal(run->args->style, "words")) {
        text = foreign_words(arena, run->arguments);
    } else if (text_equal(run->args->style, "json")) {
        text_add(&text, json_text(arena, run->arguments, JSON_PYTHON));
    } else {
        struct value *whole = value_map(arena);
        value_map_put(arena, whole, "ANSIBLE_MODULE_ARGS", run->arguments);
        text_add(&text, json_text(arena, whole, JSON_PYTHON));
    }
    *path_out = path;
    return file_write(path, text.data, text.length, 0600, err);
}

/* `sh -c` as Ansible runs modules, so that an interpreter that is not there is told in the same words. Folders may have any
 * name: HOME may be in these paths. */
static bool command_line(struct foreign_run *run, const char *arguments, const char **out, struct error *err)
{
    struct arena *arena = run->task->scratch;
    const char *runner = path_join(arena, run->folder, "run.py");
    bool is_python = text_equal(run->args->style, "python");
    struct text line = text_new(arena);

    if (is_python && !file_write(runner, foreign_python_runner, strlen(foreign_python_runner), 0600, err))
        return false;
    text_printf(&line, "%s%s", run->interpreter, run->interpreter[0] == '\0' ? "" : " ");
    if (is_python)
        text_printf(&line, "%s ", command_quote(arena, runner));
    text_add(&line, command_quote(arena, run->module));
    if (arguments != NULL)
        text_printf(&line, " %s", command_quote(arena, arguments));
    if (is_python)
        text_printf(&line, " %s", run->args->entry);
    *out = line.data;
    return true;
}

static bool program_run(struct foreign_run *run, const char *line, struct error *err)
{
    struct task_context *task = run->task;
    struct process_request request = { .argv = PROCESS_ARGV("/bin/sh", "-c", line), .umask_bits = -1 };
    struct process_result result;

    if (!process_run(task->system, task->scratch, &request, &result, err))
        return false;
    result_set_int(task, "rc", result.status);
    result_set(task, "stdout", value_string_n(task->scratch, result.output, result.output_length));
    result_set(task, "stderr", value_string_n(task->scratch, result.errors, result.errors_length));
    result_set_bool(task, "truncated", result.truncated);
    result_set_string(task, "foreign_interpreter", run->interpreter); /* and: these fields are not a result yet */
    return true;
}

static bool interpreter_find(struct foreign_run *run)
{
    const char *wanted = run->args->interpreter;

    run->interpreter = wanted == NULL ? "" : wanted;
    if (!text_equal(wanted, "python"))
        return true;
    run->interpreter = python_find(run->task->system, run->task->scratch);
    if (run->interpreter == NULL)
        return false;
    result_set_string(run->task, "python", run->interpreter);
    return true;
}

/* A name that is safe in a shell's line. */
static const char *file_name(struct arena *arena, const char *given)
{
    char *name = arena_copy(arena, given == NULL || given[0] == '\0' ? "module" : path_basename(given));

    for (char *at = name; *at != '\0'; at++)
        if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-", *at) == NULL)
            *at = '_';
    return arena_printf(arena, "AnsiballZ_%s", name);
}

static bool foreign_module_run(struct task_context *task, const void *raw, struct error *err)
{
    const struct foreign_module_args *args = raw;
    struct foreign_run run = { .task = task, .args = args };
    struct value *arguments = value_map(task->scratch);
    PRIVATE_FOLDER_SCOPED folder = { 0 };
    const char *path = NULL, *line = NULL;

    if (args->offer.id == ARG_INT_UNSET || args->offer.sha256 == NULL)
        return error_set(err, "foreign_module is what other modules are run by: no task can name it");
    if (!interpreter_find(&run))
        return result_fail(task, "the module '%s' is written in Python, and this node has no python3",
                           args->offer.name);
    if (!private_folder_make(task->scratch, run.interpreter[0] == '\0', &folder, err))
        return false;
    run.folder = folder.path;
    run.module = path_join(task->scratch, folder.path, file_name(task->scratch, args->offer.name));
    for (size_t i = 0; i < value_count(args->arguments); i++)
        value_map_put_value(task->scratch, arguments, value_pair_at(args->arguments, i)->key,
                            value_pair_at(args->arguments, i)->item);
    if (value_map_get(arguments, "_ansible_version") != NULL)
        value_map_put_string(task->scratch, arguments, "_ansible_tmpdir", folder.path);
    run.arguments = arguments;
    return module_receive(&run, err) && arguments_write(&run, &path, err) && command_line(&run, path, &line, err) &&
           program_run(&run, line, err);
}

MODULE_DEFINE(foreign_module) = {
    .spec = { .name = "foreign_module",
              .summary = "Run a module that is not Roost's own; no task names it",
              .args = foreign_module_spec,
              .args_size = sizeof(struct foreign_module_args) },
    .check_mode = MODULE_CHECK_FULL,
    .run = foreign_module_run,
};

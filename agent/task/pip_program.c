/* SPDX-License-Identifier: Apache-2.0 */
/* Finding and starting pip, and making virtual environments. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/task/command_words.h"
#include "agent/task/pip_parts.h"
#include "common/base/path.h"

/* Programs of the environment come first: what is built there may need tools that were installed there. */
static const struct value *job_environment(const struct pip_job *job)
{
    struct arena *arena = job->task->scratch;
    struct value *map = value_map(arena);

    if (job->args->break_system_packages)
        value_map_put_string(arena, map, "PIP_BREAK_SYSTEM_PACKAGES", "1");
    if (job->environment) {
        const char *path = value_map_text(job->task->system->environment, "PATH");
        if (!path)
            path = getenv("PATH");
        value_map_put_string(arena, map, "PATH",
                             arena_printf(arena, "%s/bin%s%s", job->environment, path ? ":" : "", path ? path : ""));
    }
    return map;
}

bool pip_process(const struct pip_job *job, const struct value *words, bool c_locale, struct process_result *out,
                 struct error *err)
{
    struct arena *arena = job->task->scratch;
    size_t count = value_count(words);
    const char **argv = arena_new_array(arena, const char *, count + 1);

    for (size_t i = 0; i < count; i++)
        argv[i] = command_expand(job->task->system, arena, value_text(value_item(words, i)));
    const struct process_request request = { .argv = argv,
                                             .folder = job->folder,
                                             .environment = job_environment(job),
                                             .c_locale = c_locale,
                                             .umask_bits = job->umask_bits };
    return process_run(job->task->system, arena, &request, out, err);
}

bool pip_failed(struct pip_job *job, const struct value *words, int status)
{
    struct text message = text_new(job->task->scratch);

    if (job->output.length > 0)
        text_printf(&message, "stdout: %s", job->output.data);
    if (job->errors.length > 0)
        text_printf(&message, "\n:stderr: %s", job->errors.data);
    if (message.length == 0)
        text_printf(&message, "%s ended with status %d", value_text(value_item(words, 0)), status);
    result_set(job->task, "cmd", words);
    return result_fail(job->task, "%s", message.data);
}

/* --- virtual environments --- */

static void add_word(struct pip_job *job, struct value *words, const char *word)
{
    value_list_add(job->task->scratch, words, value_string(job->task->scratch, word));
}

static const char *python_program(struct pip_job *job)
{
    const char *usual = process_find(job->task->system, job->task->scratch, "/usr/bin/python3");

    return usual ? usual : process_find(job->task->system, job->task->scratch, "python3");
}

/* The command that makes the environment. NULL: err says why there is none. */
static struct value *environment_words(struct pip_job *job, struct error *err)
{
    struct arena *arena = job->task->scratch;
    const struct pip_arguments *args = job->args;
    struct value *given = NULL, *words = value_list(arena);

    if (!command_split(arena, args->virtualenv_command, &given, err))
        return NULL;
    const char *program = value_text(value_item(given, 0));
    if (!program)
        return error_set(err, "virtualenv_command is empty") ? words : NULL;
    if (!strchr(program, '/')) {
        const char *found = process_require(job->task->system, arena, program, err);
        if (!found)
            return NULL;
        program = found;
    }
    add_word(job, words, program);
    for (size_t i = 1; i < value_count(given); i++)
        value_list_add(arena, words, value_item(given, i));
    if (args->virtualenv_site_packages)
        add_word(job, words, "--system-site-packages");
    bool is_venv = strstr(args->virtualenv_command, "pyvenv") || strstr(args->virtualenv_command, "-m venv");
    if (is_venv && args->virtualenv_python)
        return error_set(err, "virtualenv_python should not be used when using the venv module or pyvenv as "
                              "virtualenv_command")
                   ? words
                   : NULL;
    const char *python = args->virtualenv_python ? args->virtualenv_python : python_program(job);
    if (!is_venv && python)
        add_word(job, words, arena_printf(arena, "-p%s", python));
    add_word(job, words, job->environment);
    return words;
}

enum pip_step pip_environment_make(struct pip_job *job, struct error *err)
{
    struct process_result got = { 0 };
    struct pip_job outside = *job;

    if (!job->environment || path_exists(path_join(job->task->scratch, job->environment, "bin/activate")))
        return PIP_STEP_GOES_ON;
    if (!change_wanted(job->task, "make the virtual environment '%s'", job->environment))
        return PIP_STEP_ENDS;
    struct value *words = environment_words(job, err);
    if (!words)
        return PIP_STEP_ERROR;
    outside.environment = NULL; /* its programs are not there yet */
    if (!pip_process(&outside, words, false, &got, err))
        return PIP_STEP_ERROR;
    text_add(&job->output, got.output);
    text_add(&job->errors, got.errors);
    if (got.status == 0)
        return PIP_STEP_GOES_ON;
    (void)pip_failed(job, words, got.status);
    return PIP_STEP_ENDS;
}

/* --- pip --- */

static bool has_pip_module(struct pip_job *job, const char *python)
{
    struct error ignored = ERROR_INIT;
    struct process_result got = { 0 };
    const struct process_request request = {
        .argv =
            PROCESS_ARGV(python, "-c", "import importlib.util, sys; sys.exit(importlib.util.find_spec('pip') is None)"),
        .folder = job->folder,
        .umask_bits = -1,
    };

    return process_run(job->task->system, job->task->scratch, &request, &got, &ignored) && got.status == 0;
}

static bool find_in_environment(struct pip_job *job, struct error *err)
{
    static const char *const names[] = { "bin/pip3", "bin/pip" };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *path = path_join(job->task->scratch, job->environment, names[i]);
        if (access(path, X_OK) != 0)
            continue;
        add_word(job, job->pip, path);
        return true;
    }
    return error_set(err,
                     "Unable to find pip in the virtualenv, %s, under any of these names: pip3, pip. Make sure pip is "
                     "present in the virtualenv.",
                     job->environment);
}

static bool find_on_node(struct pip_job *job, struct error *err)
{
    const char *name = job->args->executable, *python = name ? NULL : python_program(job);

    if (name && name[0] == '/') {
        add_word(job, job->pip, name);
        return true;
    }
    if (python && has_pip_module(job, python)) {
        add_word(job, job->pip, python);
        add_word(job, job->pip, "-m");
        add_word(job, job->pip, "pip.__main__");
        return true;
    }
    if (!name)
        name = "pip3";
    const char *found = process_find(job->task->system, job->task->scratch, name);
    if (!found)
        return error_set(err, "Unable to find any of %s to use.  pip needs to be installed.", name);
    add_word(job, job->pip, found);
    return true;
}

enum pip_step pip_find(struct pip_job *job, struct error *err)
{
    bool found = job->environment ? find_in_environment(job, err) : find_on_node(job, err);

    return found ? PIP_STEP_GOES_ON : PIP_STEP_ERROR;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A task whose module is not Roost's own: the file goes to the node with the arguments that Ansible would give it, and what it
 * prints is the result. One call; the folder on the node is the node's affair.
 */
#include "engine/foreign/foreign.h"

#include <string.h>

#include "common/base/path.h"
#include "common/base/text.h"
#include "common/value/value_python.h"
#include "engine/actions/action_support.h"
#include "engine/actions/foreign_call.h"
#include "engine/actions/interpreter.h"
#include "engine/run/action_content.h"
#include "engine/run/options_vars.h"

static const struct arg_spec foreign_module_spec[] = { ARG_END };

/* --- the interpreter --- */

/* What a first line with "python" stands for: a variable, a setting, what an earlier task found, or the node's own. */
static bool python_find(struct action_call *call, const char **out, struct error *err)
{
    const struct value *facts = NULL;

    if (!interpreter_python(call, out, err))
        return false;
    if (*out != NULL)
        return true;
    if (!action_target_variable(call, "ansible_facts", &facts, err))
        return false;
    *out = value_map_text(facts, "discovered_interpreter_python");
    if (*out == NULL)
        *out = "python";
    return true;
}

static bool interpreter_find(struct action_call *call, const struct foreign_module *module, const char **out,
                             struct error *err)
{
    const char *written = module->interpreter != NULL      ? module->interpreter
                          : module->kind == FOREIGN_PYTHON ? "/usr/bin/python"
                                                           : NULL;
    const char *found = NULL;

    *out = NULL;
    if (written == NULL || module->kind == FOREIGN_BINARY)
        return true;
    if (strcmp(path_basename(written), "python") == 0) {
        if (!python_find(call, &found, err))
            return false;
    } else if (!interpreter_variable(call, arena_printf(call->arena, "ansible_%s_interpreter", path_basename(written)),
                                     &found, err)) {
        return false;
    }
    if (found == NULL || found[0] == '\0')
        found = written;
    *out = strcmp(found, "python") == 0 ? found : arena_printf(call->arena, "%s%s", found, module->interpreter_words);
    return true;
}

/* --- the arguments --- */

static const struct value *special_file_systems(struct arena *arena)
{
    static const char *const names[] = { "fuse", "nfs", "vboxsf", "ramfs", "9p", "vfat" };
    struct value *list = value_list(arena);

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        value_list_add(arena, list, value_string(arena, names[i]));
    return list;
}

/* Those that tell a module about the run join its own. */
static const struct value *module_arguments(struct action_call *call, const char *name, struct value *all)
{
    value_map_put_bool(call->arena, all, "_ansible_check_mode", call->module.check_mode);
    value_map_put_bool(call->arena, all, "_ansible_no_log", call->module.no_log);
    value_map_put_bool(call->arena, all, "_ansible_debug", false);
    value_map_put_bool(call->arena, all, "_ansible_diff", call->module.diff_mode);
    value_map_put_int(call->arena, all, "_ansible_verbosity", call->verbosity);
    value_map_put_string(call->arena, all, "_ansible_version", OPTIONS_LANGUAGE_LEVEL);
    value_map_put_string(call->arena, all, "_ansible_module_name", name);
    value_map_put_string(call->arena, all, "_ansible_syslog_facility", "LOG_USER");
    value_map_put(call->arena, all, "_ansible_selinux_special_fs", special_file_systems(call->arena));
    value_map_put_string(call->arena, all, "_ansible_string_conversion_action", "warn");
    value_map_put(call->arena, all, "_ansible_socket", value_null());
    value_map_put_string(call->arena, all, "_ansible_shell_executable", "/bin/sh");
    value_map_put_bool(call->arena, all, "_ansible_keep_remote_files", false);
    value_map_put(call->arena, all, "_ansible_tmpdir", value_null()); /* the node knows */
    value_map_put_string(call->arena, all, "_ansible_remote_tmp", "~/.ansible/tmp");
    return all;
}

static const char *style_of(enum foreign_kind kind)
{
    switch (kind) {
    case FOREIGN_PYTHON:
        return "python";
    case FOREIGN_FILLED:
        return "filled";
    case FOREIGN_WORDS:
        return "words";
    case FOREIGN_BINARY:
    case FOREIGN_JSON:
    case FOREIGN_POWERSHELL:
    case FOREIGN_ACTION:
        break;
    }
    return "json";
}

bool foreign_call_send(struct action_call *call, enum action_next *next, const struct foreign_call *foreign,
                       struct error *err)
{
    const struct foreign_module *module = foreign->module;
    struct action_content content = { .name = path_basename(module->path) };
    struct value *sent = value_map(call->arena);
    const char *interpreter = NULL;

    if (!interpreter_find(call, module, &interpreter, err))
        return false;
    if (interpreter == NULL && module->kind != FOREIGN_BINARY)
        return call_fail(call, next, "module (%s) is missing interpreter line", foreign->name);
    if (module->kind == FOREIGN_PYTHON) {
        content.data = module->archive;
        content.length = module->archive_length;
    } else {
        content.path = module->path;
    }
    value_map_put_string(call->arena, sent, "_style", style_of(module->kind));
    value_map_put_string(call->arena, sent, "_interpreter", interpreter);
    value_map_put_string(call->arena, sent, "_entry", module->entry);
    value_map_put(call->arena, sent, "_arguments", module_arguments(call, foreign->name, foreign->args));
    return action_content_send(call, next, "foreign_module", sent, &content, err);
}

/* --- the answer --- */

/* The interpreter that the node found is a fact of the host, as in Ansible; another node's is nobody's. */
static void add_interpreter(struct action_call *call, struct value *result)
{
    const char *python = value_map_text(call->reply, "python");
    const struct value *facts = value_map_get(result, "ansible_facts");
    struct value *found;

    if (python == NULL || node_keyword(call->task, KEYWORD_DELEGATE_TO) != NULL)
        return;
    found = value_map(call->arena);
    value_map_put_string(call->arena, found, "discovered_interpreter_python", python);
    value_map_put(call->arena, result, "ansible_facts",
                  value_is(facts, VALUE_MAP) ? value_merge(call->arena, facts, found, false) : found);
}

static bool answer(struct action_call *call)
{
    struct foreign_output output;

    if (!foreign_output_of(call->reply, &output)) {
        action_take_reply(call); /* it did not come to run (no interpreter, cancelled, no place), or it runs on */
        return true;
    }
    action_take_foreign(call, &output);
    add_interpreter(call, call->result);
    if (call->module.wants_changes && value_map_true(call->result, "changed")) {
        struct value *changes = value_list(call->arena);

        value_list_add(call->arena, changes,
                       value_string(call->arena, arena_printf(call->arena, "the module '%s' tells of a change",
                                                              call->task->action_text)));
        action_put(call, "_ansible_changes", changes);
    }
    return true;
}

static bool foreign_module_step(struct action_call *call, enum action_next *next, struct error *err)
{
    struct foreign_call own = { call->task->foreign, call->task->action_text, NULL };

    *next = ACTION_DONE;
    if (call->step > 0)
        return answer(call);
    own.args = action_args_without(call, ARG_NAMES(NULL));
    return foreign_call_send(call, next, &own, err);
}

ACTION_DEFINE(foreign_module) = { .spec = { .name = "foreign_module",
                                            .summary = "Run a module that is not Roost's own; no task names it",
                                            .args = foreign_module_spec,
                                            .args_size = 1,
                                            .free_form = true,
                                            .any_args = true },
                                  .supports_async = true,
                                  .step = foreign_module_step };

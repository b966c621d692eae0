/* SPDX-License-Identifier: Apache-2.0 */
/* Names and settings of callbacks; those that write beside the output. */
#include "engine/command/output_callbacks.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/path.h"
#include "common/base/text.h"

#define PROFILED_TASKS 20

static const struct {
    const char *collection, *name;
    struct callback callback;
} callbacks[] = {
    { "ansible.builtin", "default", { CALLBACK_CONSOLE, RESULT_JSON } },
    { "ansible.builtin", "minimal", { CALLBACK_MINIMAL, RESULT_JSON } },
    { "ansible.builtin", "oneline", { CALLBACK_ONELINE, RESULT_JSON } },
    { "ansible.builtin", "junit", { CALLBACK_JUNIT, RESULT_JSON } },
    { "ansible.builtin", "tree", { CALLBACK_TREE, RESULT_JSON } },
    { "ansible.posix", "json", { CALLBACK_JSON, RESULT_JSON } },
    { "ansible.posix", "jsonl", { CALLBACK_JSONL, RESULT_JSON } },
    { "ansible.posix", "debug", { CALLBACK_CONSOLE, RESULT_POSIX_DEBUG } },
    { "ansible.posix", "timer", { CALLBACK_TIMER, RESULT_JSON } },
    { "ansible.posix", "profile_tasks", { CALLBACK_PROFILE_TASKS, RESULT_JSON } },
    { "ansible.posix", "profile_roles", { CALLBACK_PROFILE_ROLES, RESULT_JSON } },
    { "community.general", "yaml", { CALLBACK_CONSOLE, RESULT_GENERAL_YAML } },
};

static bool is_named(const char *name, const char *collection, const char *own)
{
    size_t length = strlen(collection);

    if (text_equal(name, own))
        return true;
    if (text_starts(name, "ansible.legacy.") && text_equal(collection, "ansible.builtin"))
        return text_equal(name + strlen("ansible.legacy."), own);
    return text_starts(name, collection) && name[length] == '.' && text_equal(name + length + 1, own);
}

struct callback callback_find(const char *name)
{
    if (text_equal(name, "console"))
        return (struct callback){ CALLBACK_CONSOLE, RESULT_JSON };
    if (text_equal(name, "jsonl"))
        return (struct callback){ CALLBACK_RECORDS, RESULT_JSON };
    for (size_t i = 0; i < sizeof(callbacks) / sizeof(callbacks[0]); i++) {
        if (is_named(name, callbacks[i].collection, callbacks[i].name))
            return callbacks[i].callback;
    }
    return (struct callback){ CALLBACK_NONE, RESULT_JSON };
}

const char *callback_names(void)
{
    return "default, minimal, oneline, ansible.posix.json, ansible.posix.jsonl, ansible.posix.debug, "
           "community.general.yaml";
}

/* --- settings --- */

const char *callback_text(const struct command *command, const char *variable, const char *key)
{
    const char *text = command->given == NULL && variable != NULL ? getenv(variable) : NULL;

    if (text != NULL && *text != '\0')
        return text;
    return key == NULL ? NULL : settings_text(&command->settings, key);
}

bool callback_bool(const struct command *command, const char *variable, const char *key, bool fallback)
{
    const char *text = callback_text(command, variable, key);
    bool value = fallback;

    return text != NULL && text_to_bool(text, &value) ? value : fallback;
}

int callback_int(const struct command *command, const char *variable, const char *key, int fallback)
{
    const char *text = callback_text(command, variable, key);
    int64_t value = 0;

    return text != NULL && text_to_int(text, &value) && value > -100000 && value < 100000 ? (int)value : fallback;
}

/* junit wants this very word, in any case. */
static bool is_true_word(const char *text)
{
    return text != NULL && strcasecmp(text, "true") == 0;
}

/* --- sinks --- */

static struct event_sink *junit_sink(struct command *command)
{
    const char *folder = callback_text(command, "JUNIT_OUTPUT_DIR", NULL);
    const char *setup = callback_text(command, "JUNIT_INCLUDE_SETUP_TASKS_IN_REPORT", NULL);
    struct junit_options options = {
        .errors = command->errors,
        .folder = path_expand_user(command->arena, folder == NULL ? "~/.ansible.log" : folder),
        .relative_path = callback_text(command, "JUNIT_TASK_RELATIVE_PATH", NULL),
        .test_case_prefix = callback_text(command, "JUNIT_TEST_CASE_PREFIX", NULL),
        .replace_out_of_tree_path = callback_text(command, "JUNIT_REPLACE_OUT_OF_TREE_PATH", NULL),
        .task_class = is_true_word(callback_text(command, "JUNIT_TASK_CLASS", NULL)),
        .fail_on_change = is_true_word(callback_text(command, "JUNIT_FAIL_ON_CHANGE", NULL)),
        .fail_on_ignore = is_true_word(callback_text(command, "JUNIT_FAIL_ON_IGNORE", NULL)),
        .hides_setup = setup != NULL && !is_true_word(setup),
        .hides_args = is_true_word(callback_text(command, "JUNIT_HIDE_TASK_ARGUMENTS", NULL)),
        .verbosity = command->run.verbosity,
    };

    return sink_junit(command->arena, &options);
}

static struct event_sink *tree_sink(struct command *command)
{
    const char *folder = command->options.tree_folder;

    if (folder == NULL)
        folder = callback_text(command, "ANSIBLE_CALLBACK_TREE_DIR", "callback_tree.directory");
    folder =
        path_absolute(command->arena, path_expand_user(command->arena, folder == NULL ? "~/.ansible/tree" : folder));
    return sink_tree(command->arena, folder, command->run.verbosity, command->errors);
}

static struct event_sink *profile_sink(struct command *command, const struct console_options *console, bool of_roles)
{
    const char *order = callback_text(command, "PROFILE_TASKS_SORT_ORDER", "callback_profile_tasks.sort_order");
    struct profile_options options = {
        .out = console->out,
        .log = console->log,
        .columns = console->columns,
        .verbosity = console->verbosity,
        .limit = callback_int(command, "PROFILE_TASKS_TASK_OUTPUT_LIMIT", "callback_profile_tasks.task_output_limit",
                              PROFILED_TASKS),
        .order = order == NULL ? 'd' : order[0],
    };

    if (text_equal(
            callback_text(command, "PROFILE_TASKS_TASK_OUTPUT_LIMIT", "callback_profile_tasks.task_output_limit"),
            "all"))
        options.limit = 0;
    return of_roles ? sink_profile_roles(command->arena, &options) : sink_profile_tasks(command->arena, &options);
}

static struct event_sink *beside_sink(struct command *command, const struct console_options *console,
                                      enum callback_kind kind)
{
    switch (kind) {
    case CALLBACK_JUNIT:
        return junit_sink(command);
    case CALLBACK_TREE:
        return tree_sink(command);
    case CALLBACK_TIMER:
        return sink_timer(command->arena, console->out, console->log);
    case CALLBACK_PROFILE_TASKS:
        return profile_sink(command, console, false);
    case CALLBACK_PROFILE_ROLES:
        return profile_sink(command, console, true);
    default:
        return NULL;
    }
}

void callbacks_enabled(struct command *command, const struct console_options *console, struct event_sink **sinks,
                       size_t *count, size_t room)
{
    bool seen[CALLBACK_PROFILE_ROLES + 1] = { false };
    bool loads = command->use != OPTIONS_ADHOC ||
                 callback_bool(command, "ANSIBLE_LOAD_CALLBACK_PLUGINS", "bin_ansible_callbacks", false);
    const char *names = callback_text(command, "ANSIBLE_CALLBACKS_ENABLED", "callbacks_enabled");
    size_t name_count = 0;
    char **parts;

    if (names == NULL)
        names = callback_text(command, "ANSIBLE_CALLBACK_WHITELIST", "callback_whitelist");
    if (command->options.tree_folder != NULL && room > 0) {
        sinks[(*count)++] = tree_sink(command);
        seen[CALLBACK_TREE] = true;
    }
    parts = text_split(command->arena, names == NULL ? "" : names, ',', &name_count);
    for (size_t i = 0; i < name_count; i++) {
        const char *name = text_trim(command->arena, parts[i], strlen(parts[i]));
        enum callback_kind kind = callback_find(name).kind;

        if (*name != '\0' && kind == CALLBACK_NONE)
            value_list_add(
                command->arena, command->warnings,
                value_string(command->arena,
                             arena_printf(command->arena, "Skipping callback plugin '%s', unable to load", name)));
        if (kind < CALLBACK_BESIDE || seen[kind] || !loads || *count >= room)
            continue;
        seen[kind] = true;
        sinks[(*count)++] = beside_sink(command, console, kind);
    }
}

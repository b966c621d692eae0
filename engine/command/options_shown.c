/* SPDX-License-Identifier: Apache-2.0 */
/* Options with their values, written as Python writes them. */
#include "engine/command/options_shown.h"

#include <string.h>

#include "common/base/path.h"
#include "common/base/text.h"
#include "common/value/value_python.h"

struct shown {
    struct arena *arena;
    struct value *map;
};

static void put_text(const struct shown *shown, const char *name, const char *text)
{
    if (text != NULL && *text != '\0')
        value_map_put_string(shown->arena, shown->map, name, text);
}

static void put_true(const struct shown *shown, const char *name, bool is_set)
{
    if (is_set)
        put_text(shown, name, "True");
}

static void put_number(const struct shown *shown, const char *name, int number)
{
    if (number != 0)
        put_text(shown, name, arena_printf(shown->arena, "%d", number));
}

/* A tuple: the comma behind a single one is Python's. */
static void put_list(const struct shown *shown, const char *name, const char *const *items)
{
    struct text out = text_new(shown->arena);
    size_t count = 0;

    for (; items[count] != NULL; count++) {
        text_add(&out, count == 0 ? "(" : ", ");
        value_repr(&out, value_string(shown->arena, items[count]));
    }
    if (count > 0) {
        text_add(&out, count == 1 ? ",)" : ")");
        put_text(shown, name, out.data);
    }
}

static void put_inventory(const struct shown *shown, const struct options_list *given)
{
    const char *paths[OPTIONS_LIST_MAX + 1] = { NULL };

    for (size_t i = 0; i < given->count; i++) {
        const char *text = given->items[i];
        bool is_list = strchr(text, ',') != NULL;

        paths[i] =
            is_list ? text
                    : path_normalize(shown->arena, path_absolute(shown->arena, path_expand_user(shown->arena, text)));
    }
    put_list(shown, "inventory", paths);
}

static void put_connection(const struct shown *shown, const struct command *command)
{
    const struct command_options *options = &command->options;
    const char *kind = options->connection ? options->connection : settings_text(&command->settings, "transport");

    put_text(shown, "private_key_file", options->private_key_file);
    put_text(shown, "remote_user", command->run.remote_user);
    put_text(shown, "connection", kind ? kind : "smart");
    put_number(shown, "timeout", settings_int(&command->settings, "timeout", 10));
    put_text(shown, "ssh_common_args", options->ssh_common_args);
    put_text(shown, "ssh_extra_args", options->ssh_extra_args);
    put_true(shown, "ask_pass", options->ask_connection_password);
    put_text(shown, "connection_password_file", options->connection_password_file);
    put_true(shown, "force_handlers", command->run.force_handlers);
    put_true(shown, "flush_cache", options->flush_cache);
}

static void put_become(const struct shown *shown, const struct command *command)
{
    const struct become *become = &command->run.become;

    put_true(shown, "become", become->active);
    put_text(shown, "become_method", become->method ? become->method : "sudo");
    put_text(shown, "become_user", become->user);
    put_true(shown, "become_ask_pass", command->options.ask_become_password);
    put_text(shown, "become_password_file", command->options.become_password_file);
}

const struct value *options_shown(const struct command *command)
{
    static const char *const all[] = { "all", NULL };
    const struct command_options *options = &command->options;
    const struct shown shown = { command->arena, value_map(command->arena) };
    struct text names = text_new(command->arena);

    for (size_t i = 0; i < options->playbooks.count; i++)
        text_printf(&names, "%s%s", i == 0 ? "" : " ", options->playbooks.items[i]);
    put_text(&shown, "args", names.data);
    put_number(&shown, "verbosity", command->run.verbosity);
    put_connection(&shown, command);
    put_become(&shown, command);
    put_list(&shown, "tags", options->tags.count ? options->tags.items : all);
    put_list(&shown, "skip_tags", options->skip_tags.items);
    put_true(&shown, "check", options->check);
    put_true(&shown, "diff", command->run.diff_mode);
    put_inventory(&shown, &options->inventories);
    put_text(&shown, "subset", options->limit);
    put_list(&shown, "extra_vars", options->extra_vars.items);
    put_list(&shown, "vault_ids", options->vault_ids.items);
    put_true(&shown, "ask_vault_pass", options->ask_vault_password);
    put_list(&shown, "vault_password_files", options->vault_files.items);
    put_number(&shown, "forks", command->run.forks);
    put_list(&shown, "module_path", options->module_folders.items);
    put_true(&shown, "step", options->step);
    put_text(&shown, "start_at_task", options->start_at_task);
    return shown.map;
}

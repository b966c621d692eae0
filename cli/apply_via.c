/* SPDX-License-Identifier: Apache-2.0 */
/* From a command line to a run at the controller: what is asked is asked here, what it cannot do is refused here. */
#include "cli/apply_via.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/project.h"
#include "cli/run_follow.h"
#include "common/base/text.h"
#include "engine/command/output.h"

/* --- which way --- */

bool apply_via_controller(const struct command_options *options, struct arena *arena, bool *out, struct error *err)
{
    static const char *const ways[] = { "ssh", "controller" };
    const char *way = options->via, *where = "--via", *nearest = NULL;

    if (way == NULL) {
        way = getenv("ROOST_VIA");
        where = "ROOST_VIA";
    }
    if (way == NULL || *way == '\0') {
        way = center_account_via(arena);
        where = "via, of the controller's account";
    }
    *out = text_equal(way, "controller");
    if (way == NULL || *out || text_equal(way, "ssh"))
        return true;
    nearest = text_nearest(way, ways, 2);
    return error_set_kind(err, ERROR_OPTIONS, "%s: '%s' is neither ssh nor controller%s%s%s", where, way,
                          nearest == NULL ? "" : "; did you mean '", nearest == NULL ? "" : nearest,
                          nearest == NULL ? "" : "'?");
}

/* --- what cannot be --- */

static bool refuse(const struct command_options *options, struct error *err)
{
    const struct {
        const char *name, *given;
    } about_ssh[] = { { "user", options->user },
                      { "private-key", options->private_key_file },
                      { "ssh-common-args", options->ssh_common_args },
                      { "ssh-extra-args", options->ssh_extra_args },
                      { "scp-extra-args", options->scp_extra_args },
                      { "sftp-extra-args", options->sftp_extra_args },
                      { "connection", options->connection },
                      { "agent", options->agent_path },
                      { "json-lines", options->json_file } };
    const bool has_passwords = options->vault_ids.count > 0 || options->vault_files.count > 0;

    if (has_passwords || options->ask_vault_password)
        return error_set_kind(
            err, ERROR_OPTIONS,
            "the password of a vault has no meaning for a run through the controller: neither it nor a "
            "node can open what is sealed (--via ssh runs from here; publish --decrypt sends it open)");
    for (size_t i = 0; i < sizeof(about_ssh) / sizeof(about_ssh[0]); i++) {
        if (about_ssh[i].given != NULL)
            return error_set_kind(
                err, ERROR_OPTIONS,
                "--%s has no meaning for a run through the controller, whose nodes are reached by their "
                "agents (--via ssh goes the other way)",
                about_ssh[i].name);
    }
    return true;
}

/* --- what is sent --- */

/* "sudo_become_plugin.password" and its kin. */
static bool is_password(const char *key)
{
    return key != NULL && text_ends(key, "_become_plugin.password");
}

/* Settings that are about this machine, or that were used up here: those of vaults and galaxies and passwords ("sudo_become_plugin.
 * password") are secrets or lead to some. Passwords go with secrets_sent. */
static const struct value *settings_sent(struct arena *arena, const struct value *settings)
{
    static const char *const kept_here[] = { "inventory",
                                             "roles_path",
                                             "become_password_file",
                                             "connection_password_file",
                                             "vault_password_file",
                                             "private_key_file",
                                             "ssh_args",
                                             "ssh_common_args",
                                             "ssh_extra_args",
                                             "ssh_executable",
                                             "transport",
                                             "remote_user",
                                             "remote_port",
                                             "log_path",
                                             "fact_caching_connection",
                                             NULL };
    struct value *out = value_map(arena);

    for (size_t i = 0; i < value_count(settings); i++) {
        const struct value_pair *pair = value_pair_at(settings, i);
        const char *key = value_text(pair->key);

        if (key == NULL || text_starts(key, "vault_") || text_starts(key, "galaxy") || is_password(key))
            continue;
        if (!text_in(key, kept_here) && value_text(pair->item) != NULL)
            value_map_put(arena, out, key, pair->item);
    }
    return out;
}

static void put_text(struct arena *arena, struct value *map, const char *key, const char *text)
{
    if (text != NULL)
        value_map_put_string(arena, map, key, text);
}

static void put_true(struct arena *arena, struct value *map, const char *key, bool is_set)
{
    if (is_set)
        value_map_put_bool(arena, map, key, true);
}

static void put_list(struct arena *arena, struct value *map, const char *key, const struct options_list *list)
{
    struct value *texts = value_list(arena);

    for (size_t i = 0; i < list->count; i++)
        value_list_add(arena, texts, value_string(arena, list->items[i]));
    if (list->count > 0)
        value_map_put(arena, map, key, texts);
}

static struct value *choices_sent(struct command *command)
{
    struct arena *arena = command->arena;
    const struct command_options *options = &command->options;
    struct value *map = value_map(arena);

    put_text(arena, map, "limit", options->limit);
    put_text(arena, map, "start_at_task", options->start_at_task);
    put_text(arena, map, "become_method", options->become_method);
    put_text(arena, map, "become_user", options->become_user);
    put_text(arena, map, "serial", options->serial);
    put_text(arena, map, "canary", options->canary);
    put_text(arena, map, "max_fail_percentage", options->max_fail_percentage);
    put_text(arena, map, "output", options->output);
    put_list(arena, map, "tags", &options->tags);
    put_list(arena, map, "skip_tags", &options->skip_tags);
    value_map_put_int(arena, map, "forks", options->forks);
    value_map_put_int(arena, map, "verbosity", options->verbosity);
    put_true(arena, map, "check", options->check);
    put_true(arena, map, "diff", options->diff);
    put_true(arena, map, "become", options->become);
    put_true(arena, map, "force_handlers", options->force_handlers);
    put_true(arena, map, "step", options->step);
    return map;
}

const struct value *apply_via_terminal(struct arena *arena, bool color)
{
    struct value *map = value_map(arena);

    value_map_put_bool(arena, map, "color", color);
    value_map_put_int(arena, map, "columns", output_columns(stdout));
    value_map_put_bool(arena, map, "interactive", access("/dev/tty", R_OK | W_OK) == 0 && isatty(STDERR_FILENO) != 0);
    return map;
}

static const struct value *secrets_sent(struct command *command)
{
    struct value *map = value_map(command->arena), *passwords = value_map(command->arena);

    for (size_t i = 0; i < value_count(command->settings.values); i++) {
        const struct value_pair *pair = value_pair_at(command->settings.values, i);

        if (is_password(value_text(pair->key)))
            value_map_put_value(command->arena, passwords, pair->key, pair->item);
    }
    put_text(command->arena, map, "connection_password", command->run.connection_password);
    put_text(command->arena, map, "become_password", command->run.become.password);
    if (value_count(passwords) > 0)
        value_map_put(command->arena, map, "settings", passwords);
    return map;
}

/* Where things are in the tree that is sent. */
static bool path_sent(struct command *command, const struct project *project, const char *path, struct value *list,
                      struct error *err)
{
    const char *there = strchr(path, ',') != NULL ? path : project_path(command->arena, project, path);

    if (there == NULL)
        return error_set(err, "'%s' is not part of what is sent to the controller", path);
    value_list_add(command->arena, list, value_string(command->arena, there));
    return true;
}

static bool paths_sent(struct command *command, const struct project *project, struct value *body, struct error *err)
{
    struct value *playbooks = value_list(command->arena), *inventories = value_list(command->arena);
    const struct value *sources = command->inventory->sources;

    for (size_t i = 0; i < command->options.playbooks.count; i++) {
        if (!path_sent(command, project, command->options.playbooks.items[i], playbooks, err))
            return false;
    }
    for (size_t i = 0; i < value_count(sources); i++) {
        if (!path_sent(command, project, value_text(value_item(sources, i)), inventories, err))
            return false;
    }
    value_map_put(command->arena, body, "playbooks", playbooks);
    value_map_put(command->arena, body, "inventories", inventories);
    return true;
}

static const struct value *roles_sent(struct command *command, const struct project *project)
{
    struct value *list = value_list(command->arena);
    const char *const *folders = command->playbook_config.role_folders;

    for (size_t i = 0; folders != NULL && folders[i] != NULL; i++) {
        const char *there = project_path(command->arena, project, folders[i]);

        if (there != NULL)
            value_list_add(command->arena, list, value_string(command->arena, there));
    }
    return list;
}

static bool body_make(struct command *command, const char *kind, const struct project *project, struct value **out,
                      struct error *err)
{
    struct arena *arena = command->arena;
    struct value *body = value_map(arena), *choices = choices_sent(command);

    if (value_has_mark(command->extra_vars, VALUE_SECRET | VALUE_VAULT))
        return error_set(err, "-e gives a variable in a vault: the controller keeps what -e gave, and has no password");
    value_map_put_string(arena, body, "kind", kind);
    value_map_put(arena, body, "project", project_tree(arena, project));
    if (!paths_sent(command, project, body, err))
        return false;
    value_map_put(arena, choices, "role_folders", roles_sent(command, project));
    value_map_put(arena, body, "options", choices);
    value_map_put(arena, body, "extra_vars", command->extra_vars);
    value_map_put(arena, body, "settings", settings_sent(arena, command->settings.values));
    value_map_put(arena, body, "terminal", apply_via_terminal(arena, command->color));
    value_map_put(arena, body, "secrets", secrets_sent(command));
    *out = body;
    return true;
}

/* --- sending, following --- */

static bool begin(struct command *command, const char *kind, struct run_follow *follow, struct error *err)
{
    const struct project_options options = { .playbooks = command->options.playbooks.items,
                                             .config_file = command->settings.path,
                                             .role_folders = command->playbook_config.role_folders,
                                             .inventories = command->inventory->sources,
                                             .with_inventory = true };
    const struct value *answer = NULL, *id = NULL;
    struct project *project = NULL;
    struct value *body = NULL;

    if (!project_collect(command->arena, &options, &project, err))
        return false;
    project_tell_left_out(project, false, stderr);
    if (!body_make(command, kind, project, &body, err) || !project_send(follow->client, project, NULL, err) ||
        !center_client_ask(follow->client, "POST", "/api/v1/runs", body, &answer, err))
        return false;
    id = value_map_get(answer, "id");
    follow->run_id = value_is(id, VALUE_INT) ? id->as.integer : 0;
    return follow->run_id != 0 || error_set(err, "the controller gave the run no number");
}

int apply_via(struct command *command, const char *kind)
{
    struct run_follow follow = { .answers = true };
    struct error err = ERROR_INIT;
    int exit_code = RUN_ERROR;

    if (refuse(&command->options, &err) && center_client_open(command->arena, &follow.client, &err) &&
        command_prepare(command, &err) && begin(command, kind, &follow, &err) && run_follow(&follow, &exit_code, &err))
        return exit_code;
    return command_fail(command, &err);
}

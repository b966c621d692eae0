/* SPDX-License-Identifier: Apache-2.0 */
/* roost publish: a playbook and each node's slice of the inventory become the nodes' bundles. */
#include <fnmatch.h>
#include <string.h>

#include "cli/center_verb.h"
#include "cli/playbook_verb.h"
#include "cli/publish_hosts.h"
#include "cli/publish_slice.h"
#include "common/base/path.h"
#include "common/json/json.h"
#include "common/value/value_python.h"

VERB_DECLARE(publish);

#define NODES_AT_ONCE 200 /* in one request */
#define DAYS_MAX 3650

/* --- list, withdraw --- */

static const struct table_column layout[] = {
    { "NODE", "node", false },     { "PLAYBOOK", "playbook", false }, { "VERSION", "version", false },
    { "STATE", "state", false },   { "AT", "taken_at", true },        { "EXPIRES", "expires", true },
    { "BY", "created_by", false },
};

static bool list(struct center_verb *verb, struct error *err)
{
    const struct value *rows = NULL;

    if (!center_client_list(verb->client, "/api/v1/bundles", "after", &rows, err))
        return false;
    center_verb_print(verb, rows, layout, sizeof(layout) / sizeof(layout[0]), "Nothing is published yet");
    return true;
}

static bool withdraw(struct center_verb *verb, const char *pattern, struct error *err)
{
    const struct value *rows = NULL, *answer = NULL;
    size_t count = 0;

    if (!center_client_list(verb->client, "/api/v1/bundles", "after", &rows, err))
        return false;
    for (size_t i = 0; i < value_count(rows); i++) {
        const char *node = value_map_text(value_item(rows, i), "node");

        if (fnmatch(pattern, node, 0) != 0 || value_map_true(value_item(rows, i), "withdrawn"))
            continue;
        if (!center_client_ask(verb->client, "DELETE", arena_printf(verb->arena, "/api/v1/bundles/%s", node), NULL,
                               &answer, err))
            return false;
        count++;
        if (!verb->json)
            printf("%s: withdrawn; nothing is declared for it from now on\n", node);
    }
    if (count == 0)
        return error_set(err, "no node that '%s' matches has a bundle: roost publish --list", pattern);
    if (verb->json)
        center_verb_json(verb, value_int(verb->arena, (int64_t)count));
    return true;
}

static bool other_run(struct center_verb *verb, struct error *err)
{
    const char *pattern = center_verb_option(verb, "withdraw");

    if (!center_verb_at_most(verb, 0, err))
        return false;
    return pattern != NULL ? withdraw(verb, pattern, err) : list(verb, err);
}

static const struct center_option other_options[] = { { "list", true }, { "withdraw", false }, { NULL, false } };

/* --- for whom --- */

struct target {
    const struct inventory_host *host;
    const char *node;
};

struct publication {
    struct command command;
    struct center_client *client;
    struct target *targets;
    size_t count;
    struct text others;        /* hosts that are no nodes, for a line */
    struct text unmeant;       /* hosts that no play is for */
    const struct value *meant; /* map of those that one is for; NULL: it cannot be known */
    struct project *project, *common;
    struct value *nodes; /* for the request: list of {node, files} */
    int64_t expires_s;
    bool json;
};

/* What a host is called as a node: `roost_node`, else its own name. */
static bool node_name_of(struct publication *publication, const struct inventory_host *host, const char **out,
                         struct error *err)
{
    struct command *command = &publication->command;
    const struct inventory_vars_files files = {
        .playbook_folder = path_dirname(command->arena, command->options.playbooks.items[0]),
        .config = &command->inventory_config,
    };
    const struct value *vars = NULL, *named = NULL;

    if (!inventory_host_variables(command->inventory, command->arena, host, &files, &vars, err))
        return false;
    named = value_map_get(vars, "roost_node");
    if (named != NULL &&
        (value_text(named) == NULL || value_text_is_template(value_text(named), strlen(value_text(named)))))
        return error_set(err, "roost_node of host '%s' is no plain name", host->name);
    *out = named == NULL ? host->name : value_text(named);
    return true;
}

static bool target_add(struct publication *publication, const struct value *known, const struct inventory_host *host,
                       struct error *err)
{
    const char *node = NULL;

    if (!node_name_of(publication, host, &node, err))
        return false;
    if (value_map_get(known, node) == NULL) {
        text_printf(&publication->others, "%s%s", publication->others.length == 0 ? "" : ", ", host->name);
        return true;
    }
    if (publication->meant != NULL && value_map_get(publication->meant, host->name) == NULL) {
        text_printf(&publication->unmeant, "%s%s", publication->unmeant.length == 0 ? "" : ", ", host->name);
        return true;
    }
    for (size_t i = 0; i < publication->count; i++) {
        if (text_equal(publication->targets[i].node, node))
            return error_set(err, "the hosts '%s' and '%s' are both the node '%s'", publication->targets[i].host->name,
                             host->name, node);
    }
    publication->targets[publication->count++] = (struct target){ host, node };
    return true;
}

static bool nodes_ask(struct publication *publication, struct value *known, struct error *err)
{
    const struct value *rows = NULL;

    if (!center_client_list(publication->client, "/api/v1/nodes?state=active", "after", &rows, err))
        return false;
    for (size_t i = 0; i < value_count(rows); i++)
        value_map_put_bool(publication->command.arena, known, value_map_text(value_item(rows, i), "name"), true);
    return true;
}

static bool targets_find(struct publication *publication, struct error *err)
{
    struct command *command = &publication->command;
    const struct inventory_selection selection = { .pattern = value_string(command->arena, "all"),
                                                   .limit = command->options.limit,
                                                   .warnings = command->warnings };
    struct value *known = value_map(command->arena);
    struct inventory_host_list hosts = { 0 };

    if (!publish_hosts(command, command->options.playbooks.items[0], &publication->meant, err) ||
        !nodes_ask(publication, known, err) ||
        !inventory_match(command->inventory, command->arena, &selection, &hosts, err))
        return false;
    publication->targets = arena_new_array(command->arena, struct target, hosts.count + 1);
    publication->others = text_new(command->arena);
    publication->unmeant = text_new(command->arena);
    for (size_t i = 0; i < hosts.count; i++) {
        if (!target_add(publication, known, hosts.items[i], err))
            return false;
    }
    if (publication->count > 0)
        return true;
    if (publication->unmeant.length > 0)
        return error_set(err, "no play of %s is for any of the chosen nodes (%s)", command->options.playbooks.items[0],
                         publication->unmeant.data);
    return error_set(err,
                     hosts.count == 0 ? "no host is chosen"
                                      : "none of the chosen hosts is a node of the controller (%s): their names, or "
                                        "their variable roost_node, must be those of `roost nodes`",
                     publication->others.data);
}

/* --- sending --- */

static bool targets_send(struct publication *publication, const struct slice_request *request, struct error *err)
{
    struct arena *arena = publication->command.arena;
    struct project *slices = project_empty(arena);

    publication->nodes = value_list(arena);
    for (size_t i = 0; i < publication->count; i++) {
        const struct target *target = &publication->targets[i];
        struct project *slice = project_empty(arena);
        struct value *entry = value_map(arena);

        if (!slice_host(request, target->host, slice, err))
            return false;
        value_map_put_string(arena, entry, "node", target->node);
        value_map_put(arena, entry, "files", project_tree(arena, slice));
        value_list_add(arena, publication->nodes, entry);
        for (size_t j = 0; j < slice->count; j++) {
            if (!project_add(slices, slice->files[j].path, slice->files[j].data, slice->files[j].bytes,
                             slice->files[j].mode, err))
                return false;
        }
    }
    return project_send(publication->client, slices, NULL, err);
}

static const struct value *common_files(const struct publication *publication)
{
    struct arena *arena = publication->command.arena;
    const struct value *parts[] = { project_tree(arena, publication->project),
                                    project_tree(arena, publication->common) };
    struct value *out = value_list(arena);

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        for (size_t j = 0; j < value_count(parts[i]); j++)
            value_list_add(arena, out, value_item(parts[i], j));
    }
    return out;
}

static void published_print(const struct publication *publication, const struct value *published)
{
    for (size_t i = 0; i < value_count(published); i++) {
        const struct value *one = value_item(published, i);

        printf("%s: version %s\n", value_map_text(one, "node"),
               value_to_text(publication->command.arena, value_map_get(one, "version")));
    }
}

static bool bundles_post(struct publication *publication, const char *name, struct error *err)
{
    struct arena *arena = publication->command.arena;
    const struct value *files = common_files(publication), *answer = NULL;
    struct value *all = value_list(arena);

    for (size_t from = 0; from < value_count(publication->nodes); from += NODES_AT_ONCE) {
        struct value *body = value_map(arena), *nodes = value_list(arena);
        const struct value *published = NULL;

        for (size_t i = from; i < from + NODES_AT_ONCE && i < value_count(publication->nodes); i++)
            value_list_add(arena, nodes, value_item(publication->nodes, i));
        value_map_put_string(arena, body, "playbook", name);
        value_map_put_int(arena, body, "expires_s", publication->expires_s);
        value_map_put(arena, body, "files", files);
        value_map_put(arena, body, "nodes", nodes);
        if (!center_client_ask(publication->client, "POST", "/api/v1/bundles", body, &answer, err))
            return false;
        published = value_map_get(answer, "published");
        if (!publication->json)
            published_print(publication, published);
        for (size_t i = 0; i < value_count(published); i++)
            value_list_add(arena, all, value_item(published, i));
    }
    if (publication->json)
        printf("%s\n", json_text(arena, all, (struct json_style){ .indent = 2 }));
    return true;
}

static void left_out_tell(const struct publication *publication)
{
    if (publication->others.length > 0)
        fprintf(stderr, "No nodes of the controller, left out: %s\n", publication->others.data);
    if (publication->unmeant.length > 0)
        fprintf(stderr, "No play is for them, left out: %s\n", publication->unmeant.data);
    project_tell_left_out(publication->project, true, stderr);
    if (publication->project->ignored > 0)
        fprintf(stderr, "Left out, as git ignores it: %zu files or folders\n", publication->project->ignored);
}

/* Everything that can be known is looked at before the first byte is sent. */
static bool publish(struct publication *publication, struct error *err)
{
    struct command *command = &publication->command;
    const char *playbook = command->options.playbooks.items[0];
    const struct project_options options = { .playbooks = command->options.playbooks.items,
                                             .config_file = command->settings.path,
                                             .role_folders = command->playbook_config.role_folders,
                                             .inventories = command->inventory->sources };
    struct slice_request request = { command, NULL, playbook };

    command_print_warnings(command);
    if (!run_check_plan(command->arena, &command->run, err) ||
        !center_client_open(command->arena, &publication->client, err) || !targets_find(publication, err) ||
        !project_collect(command->arena, &options, &publication->project, err))
        return false;
    publication->project->prefix = SLICE_PROJECT;
    publication->common = project_empty(command->arena);
    request.project = publication->project;
    left_out_tell(publication);
    return slice_common(&request, publication->common, err) &&
           project_send(publication->client, publication->project, NULL, err) &&
           project_send(publication->client, publication->common, NULL, err) &&
           targets_send(publication, &request, err) &&
           bundles_post(publication, project_path(command->arena, publication->project, playbook), err);
}

/* --- the command line --- */

static bool expires_read(struct publication *publication, const char *text, struct error *err)
{
    int64_t days = 0;

    if (text == NULL || !text_to_int(text, &days) || days < 1 || days > DAYS_MAX)
        return error_set_kind(err, ERROR_OPTIONS, "--expires %s: expected days, from 1 to %d", text == NULL ? "" : text,
                              DAYS_MAX);
    publication->expires_s = days * 86400;
    return true;
}

/* Takes its own options out of the line; what stays is what every verb with an inventory knows. */
static bool own_options(struct publication *publication, int *argc, char **argv, struct error *err)
{
    int kept = 0;

    for (int i = 0; i < *argc; i++) {
        if (text_equal(argv[i], "--json"))
            publication->json = true;
        else if (text_starts(argv[i], "--expires=")) {
            if (!expires_read(publication, strchr(argv[i], '=') + 1, err))
                return false;
        } else if (text_equal(argv[i], "--expires")) {
            if (!expires_read(publication, i + 1 < *argc ? argv[++i] : NULL, err))
                return false;
        } else {
            argv[kept++] = argv[i];
        }
    }
    *argc = kept;
    return true;
}

static bool is_other(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (text_equal(argv[i], "--list") || text_equal(argv[i], "--withdraw") || text_starts(argv[i], "--withdraw="))
            return true;
    }
    return false;
}

static int publish_run(int argc, char **argv)
{
    static const struct center_action other = { &verb_publish, "", other_options, other_run };
    ARENA_SCOPED arena = arena_new();
    struct publication publication = { .command = { .arena = arena }, .expires_s = (int64_t)30 * 86400 };
    struct command *command = &publication.command;
    struct error err = ERROR_INIT;
    int exit_code = 0;

    if (is_other(argc, argv))
        return center_verb_run(&other, argc, argv);
    command->errors = stderr;
    if (!own_options(&publication, &argc, argv, &err))
        return command_fail(command, &err);
    if (!verb_start(command, &verb_publish, argc, argv, OPTIONS_PUBLISH, &exit_code))
        return exit_code;
    if (command->options.playbooks.count > 1)
        error_set_kind(&err, ERROR_OPTIONS, "one playbook at a time: a bundle is what a node is, as a whole");
    else if (verb_default_playbook(command, &err) && command_prepare(command, &err) && publish(&publication, &err))
        return 0;
    return command_fail(command, &err);
}

VERB_DEFINE(publish) = {
    .name = "publish",
    .summary = "Give nodes what they are to be: signed bundles, pulled and checked by their agents",
    .usage = "[PLAYBOOK] [-i INVENTORY] [-l PATTERN] [--expires DAYS] [-e VARS] | --list | "
             "--withdraw PATTERN [--json]",
    .run = publish_run
};

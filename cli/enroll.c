/* SPDX-License-Identifier: Apache-2.0 */
/*
 * roost enroll: hosts of the inventory become nodes of the controller. The role roost_agent does the work there, over ssh,
 * in a play of this program's own (enroll.yml); the join strings go with it in memory only.
 */
#include <string.h>

#include "cli/enroll_nodes.h"
#include "cli/enroll_play.h"
#include "cli/enroll_role.h"
#include "cli/hosts_none.h"
#include "cli/playbook_verb.h"
#include "common/yaml/yaml_reader.h"
#include "engine/command/interrupt.h"

VERB_DECLARE(enroll);

struct enroll {
    struct command command;
    const char *pattern;
    struct enroll_nodes nodes;
};

/* --- the play --- */

static bool play_make(struct enroll *enroll, const struct value **out, struct error *err)
{
    struct arena *arena = enroll->command.arena;
    const struct command_options *options = &enroll->command.options;
    const struct yaml_source source = { (const char *)enroll_play, enroll_play_length, "enroll.yml", true, 0, NULL };
    struct value *given = value_map(arena), *vars = value_map(arena), *head = value_map(arena),
                 *plays = value_list(arena);
    const struct value *read = NULL, *play = NULL;

    if (!yaml_read(arena, &source, &read, err))
        return false;
    play = value_item(read, 0);
    value_map_put(arena, given, "nodes", enroll_nodes_value(&enroll->nodes));
    value_map_put_bool(arena, given, "again", options->again);
    value_map_put_string(arena, given, "address", options->address == NULL ? "" : options->address);
    value_map_put(arena, vars, "roost_enroll", given);
    value_map_put_string(arena, head, "hosts", enroll->pattern);
    value_map_put(arena, head, "vars", value_merge(arena, value_map_get(play, "vars"), vars, false));
    value_list_add(arena, plays, value_merge(arena, play, head, false));
    *out = plays;
    return true;
}

/* --- how it ended on each host --- */

struct ends_sink {
    struct event_sink base;
    struct enroll_nodes *nodes;
};

static void ends_emit(struct event_sink *sink, const struct event *event)
{
    struct enroll_nodes *nodes = ((struct ends_sink *)(void *)sink)->nodes;

    if (event->kind != EVENT_STATS)
        return;
    for (size_t i = 0; i < nodes->count; i++) {
        if (text_equal(nodes->items[i].host, event->host))
            nodes->items[i].was_reached =
                event->stats.ok > 0 && event->stats.failed == 0 && event->stats.unreachable == 0;
    }
}

/* --- the verb --- */

static bool pattern_take(struct enroll *enroll, struct error *err)
{
    struct options_list *words = &enroll->command.options.playbooks;

    if (words->count != 1)
        return error_set_kind(err, ERROR_OPTIONS, "expected one host pattern, found %zu", words->count);
    enroll->pattern = words->items[0];
    words->items[0] = NULL;
    return true;
}

static bool hosts_find(struct enroll *enroll, struct error *err)
{
    struct command *command = &enroll->command;
    const struct inventory_selection selection = { .pattern = value_string(command->arena, enroll->pattern),
                                                   .limit = command->options.limit,
                                                   .warnings = command->warnings };
    struct inventory_host_list hosts;

    enroll->nodes.extra_vars = command->extra_vars;
    return inventory_match(command->inventory, command->arena, &selection, &hosts, err) &&
           (hosts.count > 0 || hosts_none(command, enroll->pattern, err)) &&
           center_client_open(command->arena, &enroll->nodes.client, err) &&
           enroll_nodes_find(&enroll->nodes, command->inventory, &hosts, err);
}

static int enroll_hosts(struct enroll *enroll)
{
    struct command *command = &enroll->command;
    struct ends_sink ends = { .base = { .emit = ends_emit }, .nodes = &enroll->nodes };
    const struct value *plays = NULL;
    struct error err = ERROR_INIT;
    int code = RUN_OK;

    command->extra_sink = &ends.base;
    if (enroll_nodes_invite(&enroll->nodes, command->options.again, command->options.approval, &err) &&
        play_make(enroll, &plays, &err)) {
        if (command->options.approval)
            fprintf(stderr,
                    "Each new node waits to be let in: roost joins shows it, roost joins approve ID lets it in\n");
        code = command_run(command, plays);
        if (!enroll_nodes_heard(&enroll->nodes, interrupt_flag()) && code == RUN_OK)
            code = RUN_HOSTS_FAILED;
    } else {
        code = command_fail(command, &err);
    }
    enroll_nodes_take_back(&enroll->nodes);
    return code;
}

static int enroll_run(int argc, char **argv)
{
    struct arena *secrets = arena_new();
    struct enroll enroll = { .command = { .arena = secrets }, .nodes = { .arena = secrets } };
    struct error err = ERROR_INIT;
    int code = 0;

    if (verb_start(&enroll.command, &verb_enroll, argc, argv, OPTIONS_ENROLL, &code)) {
        if (pattern_take(&enroll, &err) && command_prepare(&enroll.command, &err) && hosts_find(&enroll, &err) &&
            enroll_role_check(&enroll.command, &err))
            code = enroll_hosts(&enroll);
        else
            code = command_fail(&enroll.command, &err);
    }
    arena_free_secret(secrets);
    return code;
}

VERB_DEFINE(enroll) = { "enroll", "Make hosts of the inventory nodes of the controller",
                        "PATTERN [-i INVENTORY] [--approval] [--again] [--address HOST:PORT] [OPTIONS]", enroll_run };

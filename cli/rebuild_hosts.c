/* SPDX-License-Identifier: Apache-2.0 */
/* Hosts as nodes to be rebuilt. */
#include "cli/rebuild_hosts.h"

#include <stdlib.h>
#include <string.h>

#include "cli/hosts_none.h"
#include "cli/playbook_verb.h"
#include "cli/publish_hosts.h"
#include "common/base/path.h"
#include "common/trust/node_identity.h"
#include "common/yaml/yaml_reader.h"

#define OTHERS_MAX 12

static const char look_play[] = "- hosts: all\n"
                                "  gather_facts: false\n"
                                "  tasks:\n"
                                "    - name: Variables\n"
                                "      ansible.builtin.debug:\n"
                                "        msg:\n"
                                "          node: \"{{ roost_node | default(inventory_hostname, true) }}\"\n"
                                "          wipe: \"{{ roost_wipe_command | default('', true) }}\"\n"
                                "          key: \"{{ roost_host_key | default('', true) }}\"\n"
                                "          fingerprint: \"{{ roost_host_key_fingerprint | default('', true) }}\"\n"
                                "    - name: Way\n"
                                "      ansible.builtin.ping:\n"
                                "      ignore_errors: true\n";

/* --- connections that are noted --- */

struct noting {
    struct connection_factory base;
    struct rebuild *rebuild;
};

static struct rebuild_node *node_of(struct rebuild *rebuild, const char *host)
{
    for (size_t i = 0; i < rebuild->count; i++) {
        if (strcmp(rebuild->nodes[i].host, host) == 0)
            return &rebuild->nodes[i];
    }
    return NULL;
}

static bool noting_open(struct connection_factory *factory, const struct connection_target *target,
                        struct connection **out, struct error *err)
{
    struct rebuild *rebuild = ((struct noting *)(void *)factory)->rebuild;
    struct rebuild_node *node = node_of(rebuild, target->host);
    struct arena *arena = rebuild->arena;

    (void)out;
    if (node != NULL) {
        node->target = (struct connection_target){ .host = node->host,
                                                   .kind = arena_copy(arena, target->kind),
                                                   .address = arena_copy(arena, target->address),
                                                   .port = target->port,
                                                   .user = arena_copy(arena, target->user),
                                                   .private_key_file = arena_copy(arena, target->private_key_file),
                                                   .common_args = arena_copy(arena, target->common_args),
                                                   .extra_args = arena_copy(arena, target->extra_args),
                                                   .executable = arena_copy(arena, target->executable),
                                                   .timeout_s = target->timeout_s,
                                                   .host_key_checking = target->host_key_checking };
        node->address = node->target.address == NULL ? node->host : node->target.address;
    }
    return error_set(err, "only looked at");
}

struct connection_factory *rebuild_hosts_connections(struct rebuild *rebuild)
{
    struct noting *noting = arena_new_of(rebuild->arena, struct noting);

    noting->base.open = noting_open;
    noting->rebuild = rebuild;
    return &noting->base;
}

/* --- variables --- */

struct look_sink {
    struct event_sink base;
    struct rebuild *rebuild;
    struct error *err;
    bool has_failed;
};

static const char *word_of(struct arena *arena, const struct value *map, const char *key)
{
    const char *text = value_map_text(map, key);

    return text == NULL || *text == '\0' ? NULL : arena_copy(arena, text);
}

static bool variables_take(struct look_sink *look, struct rebuild_node *node, const struct value *told)
{
    struct arena *arena = look->rebuild->arena;

    node->name = word_of(arena, told, "node");
    node->wipe = word_of(arena, told, "wipe");
    node->declared.key = word_of(arena, told, "key");
    node->declared.fingerprint = word_of(arena, told, "fingerprint");
    if (look->rebuild->options.wipe != NULL)
        node->wipe = look->rebuild->options.wipe;
    return ((node->name != NULL && node_name_check(node->name, look->err)) &&
            rebuild_key_word_check(arena, &node->declared, look->err)) ||
           error_prefix(look->err, "host '%s'", node->host);
}

static void look_emit(struct event_sink *sink, const struct event *event)
{
    struct look_sink *look = (struct look_sink *)(void *)sink;
    struct rebuild_node *node = event->kind == EVENT_RESULT ? node_of(look->rebuild, event->host) : NULL;

    if (node == NULL || look->has_failed || !text_equal(event->name, "Variables"))
        return;
    if (event->outcome == OUTCOME_OK || event->outcome == OUTCOME_CHANGED) {
        look->has_failed = !variables_take(look, node, value_map_get(event->result, "msg"));
        return;
    }
    error_set(look->err, "host '%s': %s", event->host, value_map_text(event->result, "msg"));
    look->has_failed = true;
}

/* Those that the playbook is for and --limit leaves alone, for people; a long list is cut. */
static bool others_name(struct rebuild *rebuild, const struct value *meant, struct error *err)
{
    const struct inventory_selection everybody = { .pattern = value_string(rebuild->arena, "all") };
    struct text names = text_new(rebuild->arena);
    struct inventory_host_list hosts;
    size_t count = 0;

    if (!inventory_match(rebuild->command.inventory, rebuild->arena, &everybody, &hosts, err))
        return false;
    for (size_t i = 0; i < hosts.count; i++) {
        const char *host = hosts.items[i]->name;

        if (node_of(rebuild, host) != NULL || (meant != NULL && value_map_get(meant, host) == NULL))
            continue;
        if (count++ < OTHERS_MAX)
            text_printf(&names, "%s%s", names.length > 0 ? ", " : "", host);
    }
    if (count > OTHERS_MAX)
        text_printf(&names, " and %zu more", count - OTHERS_MAX);
    rebuild->others = count > 0 ? names.data : NULL;
    return true;
}

static bool nodes_list(struct rebuild *rebuild, struct error *err)
{
    struct command *command = &rebuild->command;
    const struct inventory_selection selection = { .pattern = value_string(rebuild->arena, "all"),
                                                   .limit = command->options.limit,
                                                   .warnings = command->warnings };
    const struct value *meant = NULL;
    struct inventory_host_list hosts;

    if (!publish_hosts(command, rebuild->playbook, &meant, err) ||
        !inventory_match(command->inventory, rebuild->arena, &selection, &hosts, err))
        return false;
    rebuild->nodes = arena_new_array(rebuild->arena, struct rebuild_node, hosts.count + 1);
    for (size_t i = 0; i < hosts.count; i++) {
        const char *host = hosts.items[i]->name;

        if (meant == NULL || value_map_get(meant, host) != NULL)
            rebuild->nodes[rebuild->count++] = (struct rebuild_node){ .host = host, .name = host };
    }
    if (hosts.count == 0)
        return hosts_none(command, selection.limit == NULL ? "all" : selection.limit, err);
    if (rebuild->count == 0)
        return error_set(err,
                         "no play of %s is for a host that is meant: -i names an inventory, --limit some of its hosts",
                         rebuild->playbook);
    return others_name(rebuild, meant, err);
}

static bool node_check(const struct rebuild *rebuild, size_t index, struct error *err)
{
    const struct rebuild_node *node = &rebuild->nodes[index];

    if (node->target.kind == NULL)
        return error_set(err, "host '%s': the way to it could not be found out", node->host);
    if (!text_equal(node->target.kind, "ssh"))
        return error_set(err, "host '%s' is reached by '%s': only what is reached over ssh can be rebuilt", node->host,
                         node->target.kind);
    for (size_t i = 0; i < index; i++) {
        if (text_equal(rebuild->nodes[i].name, node->name))
            return error_set(err, "the hosts '%s' and '%s' would both be the node '%s'", rebuild->nodes[i].host,
                             node->host, node->name);
    }
    return true;
}

bool rebuild_hosts_find(struct rebuild *rebuild, struct error *err)
{
    struct command *command = &rebuild->command;
    const struct yaml_source source = { look_play, sizeof(look_play) - 1, "rebuild.yml", true, 0, NULL };
    struct look_sink look = { .base = { .emit = look_emit }, .rebuild = rebuild, .err = err };
    const struct value *plays = NULL;
    int exit_code = 0;

    if (!nodes_list(rebuild, err) || !yaml_read(rebuild->arena, &source, &plays, err))
        return false;
    command->run.playbooks = NULL;
    command->run.sink = &look.base;
    command->run.plays = plays;
    if (!run_playbooks(rebuild->arena, &command->run, &exit_code, err) || look.has_failed)
        return false;
    for (size_t i = 0; i < rebuild->count; i++) {
        if (!node_check(rebuild, i, err))
            return false;
    }
    return true;
}

/* --- batches --- */

bool rebuild_hosts_batches(struct rebuild *rebuild, struct error *err)
{
    const char *serial = rebuild->options.serial;
    size_t length = serial == NULL ? 0 : strlen(serial), size = rebuild->count;
    bool is_share = length > 1 && serial[length - 1] == '%';
    int64_t number = 0;

    if (serial != NULL) {
        const char *digits = arena_copy_n(rebuild->arena, serial, is_share ? length - 1 : length);

        if (!text_to_int(digits, &number) || number < 1 || (is_share && number > 100))
            return error_set_kind(err, ERROR_OPTIONS, "--serial is '%s': expected a number of nodes, or 1%% to 100%%",
                                  serial);
        size = is_share ? rebuild->count * (size_t)number / 100 : (size_t)number;
        size = size == 0 ? 1 : size;
    }
    for (size_t i = 0; i < rebuild->count; i++)
        rebuild->nodes[i].batch = i / size;
    rebuild->batches = (rebuild->count + size - 1) / size;
    return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Hosts as nodes: names, join strings, being heard of. */
#include "cli/enroll_nodes.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/trust/node_identity.h"

#define JOIN_TTL_S 3600 /* a slow rack with --approval; what is left over is taken back */
#define HEARD_MS 30000
#define HEARD_STEP_MS 200

/* --- names --- */

static bool node_name(struct enroll_nodes *nodes, struct inventory *inventory, struct inventory_host *host,
                      struct enroll_node *out, struct error *err)
{
    const struct inventory_vars_files files = { .playbook_folder = NULL };
    const struct value *vars = NULL;

    if (!inventory_host_variables(inventory, nodes->arena, host, &files, &vars, err))
        return false;
    out->host = host->name;
    out->name = value_map_text(nodes->extra_vars, "roost_node");
    if (out->name == NULL)
        out->name = value_map_text(vars, "roost_node");
    if (out->name == NULL)
        out->name = host->name;
    return node_name_check(out->name, err) ||
           error_prefix(err, "host '%s' (the variable roost_node names it for the controller)", host->name);
}

static struct enroll_node *node_named(const struct enroll_nodes *nodes, const char *name, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(nodes->items[i].name, name) == 0)
            return &nodes->items[i];
    }
    return NULL;
}

static int64_t generation_of(const struct value *row)
{
    const struct value *generation = value_map_get(row, "generation");

    return text_equal(value_map_text(row, "state"), "active") && value_is(generation, VALUE_INT)
               ? generation->as.integer
               : 0;
}

bool enroll_nodes_find(struct enroll_nodes *nodes, struct inventory *inventory, const struct inventory_host_list *hosts,
                       struct error *err)
{
    const struct value *rows = NULL;

    nodes->items = arena_new_array(nodes->arena, struct enroll_node, hosts->count + 1);
    for (; nodes->count < hosts->count; nodes->count++) {
        struct enroll_node *node = &nodes->items[nodes->count];
        const struct enroll_node *other = NULL;

        *node = (struct enroll_node){ 0 };
        if (!node_name(nodes, inventory, hosts->items[nodes->count], node, err))
            return false;
        other = node_named(nodes, node->name, nodes->count);
        if (other != NULL)
            return error_set(err, "the hosts '%s' and '%s' would both be the node '%s'", other->host, node->host,
                             node->name);
    }
    if (!center_client_list(nodes->client, "/api/v1/nodes", "after", &rows, err))
        return false;
    for (size_t i = 0; i < value_count(rows); i++) {
        const struct value *row = value_item(rows, i);
        struct enroll_node *node = node_named(nodes, value_map_text(row, "name"), nodes->count);

        if (node != NULL)
            node->generation = generation_of(row);
    }
    return true;
}

/* --- join strings --- */

static bool invite(struct enroll_nodes *nodes, struct enroll_node *node, bool approval, struct error *err)
{
    struct value *body = value_map(nodes->arena);
    const struct value *answer = NULL;

    value_map_put_string(nodes->arena, body, "name", node->name);
    value_map_put_int(nodes->arena, body, "ttl_s", JOIN_TTL_S);
    value_map_put_bool(nodes->arena, body, "approval", approval);
    if (!center_client_ask(nodes->client, "POST", "/api/v1/join-tokens", body, &answer, err))
        return error_prefix(err, "a join string for '%s'", node->name);
    node->token = value_map_text(answer, "id");
    node->join = value_map_text(answer, "join");
    return (node->token != NULL && node->join != NULL) || error_set(err, "the controller gave no join string");
}

bool enroll_nodes_invite(struct enroll_nodes *nodes, bool again, bool approval, struct error *err)
{
    for (size_t i = 0; i < nodes->count; i++) {
        struct enroll_node *node = &nodes->items[i];

        if ((again || node->generation == 0) && !invite(nodes, node, approval, err))
            return false;
    }
    return true;
}

const struct value *enroll_nodes_value(const struct enroll_nodes *nodes)
{
    struct value *out = value_map(nodes->arena);

    for (size_t i = 0; i < nodes->count; i++) {
        const struct enroll_node *node = &nodes->items[i];
        struct value *item = value_map(nodes->arena);

        value_map_put_string(nodes->arena, item, "name", node->name);
        value_map_put_int(nodes->arena, item, "generation", node->generation);
        value_map_put_string(nodes->arena, item, "join", node->join == NULL ? "" : node->join);
        value_map_put(nodes->arena, out, node->host, item);
    }
    return out;
}

static bool is_unused(const struct value *tokens, const char *id)
{
    for (size_t i = 0; i < value_count(tokens); i++) {
        const struct value *token = value_item(tokens, i);

        if (text_equal(value_map_text(token, "id"), id))
            return value_map_text(token, "used") == NULL && value_map_text(token, "revoked") == NULL;
    }
    return false;
}

void enroll_nodes_take_back(struct enroll_nodes *nodes)
{
    const struct value *tokens = NULL, *answer = NULL;
    struct error err = ERROR_INIT;
    size_t made = 0;

    for (size_t i = 0; i < nodes->count; i++)
        made += nodes->items[i].token != NULL;
    if (made == 0)
        return;
    if (!center_client_list(nodes->client, "/api/v1/join-tokens", "after", &tokens, &err)) {
        fprintf(stderr, "The join strings that were not used could not be taken back; they end in an hour: %s\n",
                err.text);
        return;
    }
    for (size_t i = 0; i < nodes->count; i++) {
        const struct enroll_node *node = &nodes->items[i];

        if (node->token == NULL || !is_unused(tokens, node->token))
            continue;
        error_clear(&err);
        if (!center_client_ask(nodes->client, "DELETE",
                               arena_printf(nodes->arena, "/api/v1/join-tokens/%s", node->token), NULL, &answer, &err))
            fprintf(stderr, "The join string of %s could not be taken back; it ends in an hour: %s\n", node->name,
                    err.text);
    }
}

/* --- being heard of --- */

/* A new generation begins with no report: one is enough. One that was a node before has been in touch in the play. */
static bool is_heard(struct enroll_nodes *nodes, struct enroll_node *node, int64_t *generation_out)
{
    const struct value *row = NULL, *reported = NULL;
    struct error ignored = ERROR_INIT;

    *generation_out = 0;
    if (!center_client_ask(nodes->client, NULL, arena_printf(nodes->arena, "/api/v1/nodes/%s", node->name), NULL, &row,
                           &ignored))
        return false;
    *generation_out = generation_of(row);
    reported = value_map_get(row, "reported");
    return *generation_out > 0 && value_is(reported, VALUE_INT) && reported->as.integer > 0;
}

static void pause_step(void)
{
    const struct timespec step = { .tv_nsec = (long)HEARD_STEP_MS * 1000000 };

    nanosleep(&step, NULL);
}

bool enroll_nodes_heard(struct enroll_nodes *nodes, const volatile int *interrupted)
{
    int64_t deadline_ms = clock_monotonic_ms() + HEARD_MS;
    bool all = true;

    for (size_t i = 0; i < nodes->count; i++) {
        struct enroll_node *node = &nodes->items[i];
        int64_t generation = 0;
        bool heard = false;

        if (!node->was_reached)
            continue;
        while (!(heard = is_heard(nodes, node, &generation)) && !*interrupted && clock_monotonic_ms() < deadline_ms)
            pause_step();
        if (heard)
            printf("%s: %s, generation %" PRId64 "\n", node->name,
                   generation == node->generation ? "was a node before" : "has joined", generation);
        else
            printf("%s: the controller has not heard of it\n", node->name);
        all = all && heard;
    }
    return all;
}

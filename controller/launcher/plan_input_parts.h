/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of plan_input share. */
#pragma once

#include "controller/launcher/plan_input.h"

/* A node's row and what it told of its memory. */
struct gathered_node {
    int64_t id;
    const struct value *memory; /* its report, or NULL */
    struct plan_node *node;
};

struct gathering {
    struct store_connection *connection;
    struct arena *arena;
    const struct plan_input_options *options;
    struct gathered_node *nodes;
    size_t nodes_count;
    struct plan_input *out;
    struct error *err;
};

struct gathered_node *gathered_node_find(const struct gathering *gathering, int64_t node_id); /* NULL: not known */
const struct value *gathered_json(struct arena *arena, const char *text);                     /* NULL: none */
uint64_t gathered_bytes(const struct value *map, const char *key);                            /* 0: not told */

bool gather_nodes(struct gathering *gathering);  /* plan_input_node.c */
bool gather_places(struct gathering *gathering); /* plan_input_place.c: held, past */
bool gather_models(struct gathering *gathering); /* plan_input_model.c: models, peaks, which node has which */

/* SPDX-License-Identifier: Apache-2.0 */
/* The state of one reading, shared by the files that turn libyaml's events into values. */
#pragma once

#include <yaml.h>

#include "common/yaml/yaml_reader.h"

/* What an anchor stands for; value is NULL while the anchored node is still being read. */
struct yaml_anchor {
    const struct value *value;
    size_t nodes; /* beneath it, aliases followed */
};

struct yaml_loader {
    struct arena *arena;
    const struct yaml_source *source;
    yaml_parser_t parser;
    struct value *anchor_index; /* name -> position in `anchors`; a map of its own for each document */
    struct yaml_anchor *anchors;
    size_t anchor_count, anchor_capacity;
    size_t nodes;     /* of this document so far */
    int unsafe_depth; /* > 0 beneath !unsafe */
    struct error *err;
};

void yaml_event_guard(yaml_event_t *event);
#define YAML_EVENT_SCOPED __attribute__((cleanup(yaml_event_guard))) yaml_event_t

bool yaml_loader_next(struct yaml_loader *in, yaml_event_t *out);
struct source_position yaml_loader_position(const struct yaml_loader *in, const yaml_mark_t *mark);
bool yaml_loader_is_trusted(const struct yaml_loader *in);
/* Sets path, line and column. */
void yaml_loader_place(const struct yaml_loader *in, struct value *value, const yaml_mark_t *mark);

/* The value of the node that starts with `event`; NULL: failed. */
const struct value *yaml_node(struct yaml_loader *in, const yaml_event_t *event, int depth);
struct value *yaml_node_scalar(struct yaml_loader *in, const yaml_event_t *event);

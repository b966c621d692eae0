/* SPDX-License-Identifier: Apache-2.0 */
/* A plan as JSON. */
#include "controller/planner/plan.h"

static struct value *part_value(struct arena *arena, const struct plan_part *part)
{
    struct value *out = value_map(arena);

    value_map_put_string(arena, out, "node", part->node->name);
    value_map_put_string(arena, out, "role", part->role);
    value_map_put_int(arena, out, "gpu", (int64_t)part->gpu);
    value_map_put_int(arena, out, "host", (int64_t)part->host);
    value_map_put_int(arena, out, "layers", (int64_t)part->layers);
    value_map_put(arena, out, "share", value_real(arena, part->share));
    value_map_put_int(arena, out, "port", part->port);
    return out;
}

static struct value *place_value(struct arena *arena, const struct plan_place *place)
{
    struct value *out = value_map(arena), *parts = value_list(arena);

    value_map_put_string(arena, out, "workload", place->workload->name);
    value_map_put_int(arena, out, "replica", place->replica);
    value_map_put_bool(arena, out, "placed", place->is_placed);
    value_map_put_bool(arena, out, "measured", place->is_measured);
    value_map_put_string(arena, out, "code", place->code);
    value_map_put_string(arena, out, "sentence", place->sentence);
    value_map_put_string(arena, out, "build", place->build);
    for (size_t i = 0; i < place->parts_count; i++)
        value_list_add(arena, parts, part_value(arena, &place->parts[i]));
    value_map_put(arena, out, "parts", parts);
    return out;
}

struct value *plan_value(struct arena *arena, const struct plan *plan)
{
    struct value *out = value_map(arena), *places = value_list(arena);

    for (size_t i = 0; i < plan->count; i++)
        value_list_add(arena, places, place_value(arena, &plan->places[i]));
    value_map_put(arena, out, "places", places);
    return out;
}

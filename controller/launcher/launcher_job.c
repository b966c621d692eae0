/* SPDX-License-Identifier: Apache-2.0 */
/* From an instance's row to what an engine is asked with, and back. */
#include <string.h>

#include "common/base/text.h"
#include "common/json/json.h"
#include "controller/launcher/launcher_internal.h"

#define PARTS_MAX 256

/* --- to the store --- */

static const char *part_address(struct arena *arena, const struct plan_part *part, const struct workload *workload)
{
    const char *address = part->node->facts == NULL ? NULL : plan_address(arena, part->node->facts, workload->network);

    return address != NULL ? address : part->node->address;
}

static struct value *part_value(struct arena *arena, const struct plan_part *part, const struct workload *workload)
{
    struct value *out = value_map(arena);

    value_map_put_string(arena, out, "node", part->node->name);
    value_map_put_string(arena, out, "address", part_address(arena, part, workload));
    value_map_put_string(arena, out, "role", part->role);
    value_map_put_int(arena, out, "gpu", (int64_t)part->gpu);
    value_map_put_int(arena, out, "host", (int64_t)part->host);
    value_map_put_int(arena, out, "layers", (int64_t)part->layers);
    value_map_put(arena, out, "share", value_real(arena, part->share));
    value_map_put_int(arena, out, "port", part->port);
    value_map_put_bool(arena, out, "has_gpu", part->node->has_gpu);
    return out;
}

const char *job_plan_text(struct arena *arena, const struct plan_place *place, const struct value *models,
                          const struct workload *workload)
{
    struct value *out = value_map(arena), *parts = value_list(arena);

    for (size_t i = 0; i < place->parts_count; i++)
        value_list_add(arena, parts, part_value(arena, &place->parts[i], workload));
    value_map_put(arena, out, "parts", parts);
    value_map_put_string(arena, out, "build", place->build);
    value_map_put_bool(arena, out, "measured", place->is_measured);
    value_map_put_string(arena, out, "sentence", place->sentence);
    value_map_put(arena, out, "models", models == NULL ? value_list(arena) : models);
    return json_text(arena, out, JSON_COMPACT);
}

/* --- from the store --- */

static void part_read(struct arena *arena, const struct value *map, struct plan_part *out)
{
    const struct value *share = value_map_get(map, "share");
    struct plan_node *node = arena_new_of(arena, struct plan_node);

    *node = (struct plan_node){ .name = value_map_text(map, "node"),
                                .address = value_map_text(map, "address"),
                                .has_gpu = value_map_true(map, "has_gpu"),
                                .is_usable = true };
    *out = (struct plan_part){ .node = node,
                               .role = value_map_text(map, "role"),
                               .gpu = (uint64_t)value_map_int(map, "gpu", 0),
                               .host = (uint64_t)value_map_int(map, "host", 0),
                               .layers = (uint64_t)value_map_int(map, "layers", 0),
                               .share = value_is(share, VALUE_REAL) ? share->as.real : 0,
                               .port = value_map_int(map, "port", 0) };
}

static bool place_read(struct arena *arena, const struct value *plan, struct job *out, struct error *err)
{
    const struct value *parts = value_map_get(plan, "parts");
    size_t count = value_count(parts);

    if (!value_is(parts, VALUE_LIST) || count == 0 || count > PARTS_MAX)
        return error_set(err, "it has no place");
    out->place = (struct plan_place){ .workload = &out->workload,
                                      .is_placed = true,
                                      .is_measured = value_map_true(plan, "measured"),
                                      .sentence = value_map_text(plan, "sentence"),
                                      .build = value_map_text(plan, "build"),
                                      .parts = arena_new_array(arena, struct plan_part, count),
                                      .parts_count = count };
    for (size_t i = 0; i < count; i++)
        part_read(arena, value_item(parts, i), &out->place.parts[i]);
    return true;
}

static void models_read(struct arena *arena, const struct value *plan, struct job *out)
{
    const struct value *list = value_map_get(plan, "models");
    size_t count = value_count(list);
    const char **paths = arena_new_array(arena, const char *, count + 1);
    const struct plan_model **models = arena_new_array(arena, const struct plan_model *, count + 1);

    for (size_t i = 0; i < count; i++) {
        const struct value *item = value_item(list, i);
        struct plan_model *model = arena_new_of(arena, struct plan_model);

        *model = (struct plan_model){ .name = value_map_text(item, "name"),
                                      .digest = value_map_text(item, "digest"),
                                      .bytes = (uint64_t)value_map_int(item, "bytes", 0) };
        models[i] = model;
        paths[i] = value_map_text(item, "path");
    }
    out->job.model_paths = paths;
    out->job.models = models;
}

const char *job_prefix(struct arena *arena, const struct store_instance *row)
{
    return arena_printf(arena, "%s.%lld.%lld", row->workload, (long long)row->replica, (long long)row->attempt);
}

bool job_make(struct arena *arena, const char *declaration, const struct store_instance *row, struct job *out,
              struct error *err)
{
    const struct value *map = NULL, *plan = NULL;
    const char *text = arena_copy(arena, declaration), *plan_text = arena_copy(arena, row->plan);

    *out = (struct job){ .engine = NULL };
    if (plan_text == NULL)
        return error_set(err, "it has no place");
    if (!json_read(arena, text, strlen(text), NULL, &map, err) || !workload_bind(arena, map, &out->workload, err) ||
        !json_read(arena, plan_text, strlen(plan_text), NULL, &plan, err) || !place_read(arena, plan, out, err))
        return false;
    out->engine = engine_find(out->workload.engine);
    if (out->engine == NULL)
        return error_set(err, "there is no engine '%s'", out->workload.engine);
    out->place.replica = row->replica;
    out->job = (struct engine_job){ .workload = &out->workload,
                                    .place = &out->place,
                                    .key = arena_copy(arena, row->key),
                                    .prefix = job_prefix(arena, row),
                                    .attempt = (uint64_t)row->attempt };
    models_read(arena, plan, out);
    return true;
}

const char *job_url(struct arena *arena, const struct job *job, const char *path)
{
    const struct plan_part *head = &job->place.parts[0];
    const char *address = head->node->address == NULL ? "" : head->node->address;
    bool is_v6 = strchr(address, ':') != NULL;

    return arena_printf(arena, "http://%s%s%s:%lld%s", is_v6 ? "[" : "", address, is_v6 ? "]" : "",
                        (long long)(head->port != 0 ? head->port : job->engine->port), path);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Models for the planner: what the workloads name, what they are, who has them, what they were seen to take. */
#include <string.h>

#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/model/pull_value.h"
#include "common/model/model_shape_value.h"
#include "controller/launcher/plan_input_parts.h"
#include "controller/store/store_model.h"
#include "controller/store/store_shape.h"

struct model_rows {
    struct store_model *models;
    size_t count, capacity;
};

static bool rows_read(struct gathering *gathering, struct model_rows *rows)
{
    struct store_model_filter filter = { .limit = LIMIT_STORE_PAGE };

    do {
        struct store_model_page page;

        if (!store_model_page(gathering->connection, gathering->arena, &filter, &page, gathering->err))
            return false;
        rows->models = arena_grow(gathering->arena, rows->models, rows->capacity * sizeof(struct store_model),
                                  (rows->count + page.count + 1) * sizeof(struct store_model));
        rows->capacity = rows->count + page.count + 1;
        if (page.count > 0)
            memcpy(&rows->models[rows->count], page.models, page.count * sizeof(struct store_model));
        rows->count += page.count;
        filter.after_name = page.next_name;
        filter.after_node_id = page.next_node_id;
    } while (filter.after_name != NULL);
    return true;
}

static bool is_ready(const struct store_model *model)
{
    static const char *const states[] = { "complete", "ready", "running", NULL };

    return model->digest != NULL && text_in(model->state, states);
}

/* By its source, or a name of the node's own. */
static bool is_called(struct arena *arena, const struct store_model *model, const char *name)
{
    const char *links;
    size_t count = 0;
    char **parts;

    if (model_entry_is(arena, model->name, name))
        return true;
    if (model->detail == NULL || strstr(model->detail, name) == NULL)
        return false;
    links = value_map_text(gathered_json(arena, model->detail), "links");
    parts = text_split(arena, links == NULL ? "" : links, ',', &count);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(text_trim(arena, parts[i], strlen(parts[i])), name) == 0)
            return true;
    }
    return false;
}

/* The digests that each node has: rows come by name, so they are counted first. */
static void nodes_models(struct gathering *gathering, const struct model_rows *rows)
{
    for (size_t i = 0; i < gathering->nodes_count; i++) {
        const char **digests = NULL;
        size_t count = 0;

        for (size_t j = 0; j < rows->count; j++)
            count += rows->models[j].node_id == gathering->nodes[i].id && is_ready(&rows->models[j]);
        digests = arena_new_array(gathering->arena, const char *, count + 1);
        count = 0;
        for (size_t j = 0; j < rows->count; j++) {
            if (rows->models[j].node_id == gathering->nodes[i].id && is_ready(&rows->models[j]))
                digests[count++] = rows->models[j].digest;
        }
        gathering->nodes[i].node->models = digests;
    }
}

static bool shape_read(struct gathering *gathering, const char *key, struct plan_model *model)
{
    struct store_shape *row = NULL;
    struct model_shape *shape = NULL;
    struct error ignored = ERROR_INIT;

    if (key == NULL)
        return true;
    if (!store_shape_get(gathering->connection, gathering->arena, key, &row, gathering->err))
        return false;
    if (row == NULL || model->shape != NULL)
        return true;
    if (model->bytes == 0)
        model->bytes = (uint64_t)(row->bytes > 0 ? row->bytes : 0);
    if (model_shape_bind(gathering->arena, gathered_json(gathering->arena, row->shape), &shape, &ignored))
        model->shape = shape;
    return true;
}

/* One that a node has in full, else one that is known by its header alone. */
static bool model_take(struct gathering *gathering, const struct model_rows *rows, const char *name,
                       struct plan_model *models, size_t *count)
{
    struct plan_model model = { .name = name };

    for (size_t i = 0; i < *count; i++) {
        if (strcmp(models[i].name, name) == 0)
            return true;
    }
    for (size_t i = 0; model.digest == NULL && i < rows->count; i++) {
        if (!is_ready(&rows->models[i]) || !is_called(gathering->arena, &rows->models[i], name))
            continue;
        model.digest = rows->models[i].digest;
        model.bytes = (uint64_t)(rows->models[i].bytes > 0 ? rows->models[i].bytes : 0);
    }
    if (!shape_read(gathering, model.digest, &model) || !shape_read(gathering, name, &model))
        return false;
    if (model.digest != NULL || model.bytes > 0)
        models[(*count)++] = model;
    return true;
}

static bool peaks_read(struct gathering *gathering, const struct plan_model *models, size_t count)
{
    struct plan_peak *peaks = NULL;
    size_t all = 0;

    for (size_t i = 0; i < count; i++) {
        struct store_peak *rows = NULL;
        size_t found = 0;

        if (models[i].digest == NULL)
            continue;
        if (!store_peak_list(gathering->connection, gathering->arena, models[i].digest, &rows, &found, gathering->err))
            return false;
        peaks = arena_grow(gathering->arena, peaks, all * sizeof(*peaks), (all + found + 1) * sizeof(*peaks));
        for (size_t j = 0; j < found; j++)
            peaks[all++] = (struct plan_peak){ .digest = rows[j].digest,
                                               .build = rows[j].build,
                                               .kv = rows[j].kv,
                                               .options = rows[j].options,
                                               .context = rows[j].context,
                                               .slots = rows[j].slots,
                                               .nodes = (uint64_t)rows[j].nodes,
                                               .gpu = (uint64_t)rows[j].gpu,
                                               .host = (uint64_t)rows[j].host };
    }
    gathering->out->peaks = peaks;
    gathering->out->peaks_count = all;
    return true;
}

bool gather_models(struct gathering *gathering)
{
    const struct plan_input_options *options = gathering->options;
    struct model_rows rows = { 0 };
    struct plan_model *models;
    size_t room = 0, count = 0;

    if (!rows_read(gathering, &rows))
        return false;
    nodes_models(gathering, &rows);
    for (size_t i = 0; i < options->workloads_count; i++)
        room += value_count(options->workloads[i]->models);
    models = arena_new_array(gathering->arena, struct plan_model, room + 1);
    for (size_t i = 0; i < options->workloads_count; i++) {
        const struct value *names = options->workloads[i]->models;

        for (size_t j = 0; j < value_count(names); j++) {
            if (!model_take(gathering, &rows, value_text(value_item(names, j)), models, &count))
                return false;
        }
    }
    gathering->out->models = models;
    gathering->out->models_count = count;
    return peaks_read(gathering, models, count);
}

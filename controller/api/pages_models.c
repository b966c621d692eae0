/* SPDX-License-Identifier: Apache-2.0 */
/* Which node has which model: a matrix. */
#include <fnmatch.h>
#include <string.h>

#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/model/memory_need_fit.h"
#include "controller/api/pages.h"
#include "controller/store/store_fetch.h"
#include "controller/store/store_model.h"

#define COLUMNS 24
#define ROWS 120
#define PAGES 4 /* of LIMIT_STORE_PAGE rows that are read */

struct matrix {
    const char *nodes[COLUMNS];
    const char *models[ROWS];
    const struct store_model *cells[ROWS][COLUMNS];
    size_t node_count, model_count;
    int64_t left_out;
};

static size_t column_of(struct matrix *matrix, const char *node)
{
    size_t at = 0;

    while (at < matrix->node_count && strcmp(matrix->nodes[at], node) < 0)
        at++;
    if (at < matrix->node_count && strcmp(matrix->nodes[at], node) == 0)
        return at;
    if (matrix->node_count == COLUMNS)
        return COLUMNS;
    for (size_t i = matrix->node_count; i > at; i--) {
        matrix->nodes[i] = matrix->nodes[i - 1];
        for (size_t row = 0; row < matrix->model_count; row++)
            matrix->cells[row][i] = matrix->cells[row][i - 1];
    }
    for (size_t row = 0; row < matrix->model_count; row++)
        matrix->cells[row][at] = NULL;
    matrix->nodes[at] = node;
    matrix->node_count++;
    return at;
}

/* Models come by name: the last row is looked at first. */
static size_t row_of(struct matrix *matrix, const char *model)
{
    for (size_t i = matrix->model_count; i > 0; i--) {
        if (strcmp(matrix->models[i - 1], model) == 0)
            return i - 1;
    }
    if (matrix->model_count == ROWS)
        return ROWS;
    matrix->models[matrix->model_count] = model;
    return matrix->model_count++;
}

static bool is_asked_for(const char *match, const struct store_model *model)
{
    return match == NULL || fnmatch(match, model->name, 0) == 0 || fnmatch(match, model->node, 0) == 0;
}

static void model_take(struct matrix *matrix, const char *match, const struct store_model *model)
{
    size_t row, column;

    if (!is_asked_for(match, model))
        return;
    row = row_of(matrix, model->name);
    column = row == ROWS ? COLUMNS : column_of(matrix, model->node);
    if (column == COLUMNS)
        matrix->left_out++;
    else
        matrix->cells[row][column] = model;
}

/* What is on its way stands over what the node told last. */
static bool fetches_take(struct api_call *call, const char *match, struct matrix *matrix, struct error *err)
{
    struct store_fetch *fetches = NULL;
    size_t count = 0;

    if (!store_fetch_list(center_of(call)->reader, call->arena, &(struct store_fetch_filter){ .node_id = 0 }, &fetches,
                          &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        const struct store_fetch *fetch = &fetches[i];
        struct store_model *model = arena_new_of(call->arena, struct store_model);

        if (!text_in(fetch->state, ARG_NAMES("wanted", "fetching", "failed")) || fetch->node == NULL)
            continue;
        *model = (struct store_model){ .node_id = fetch->node_id,
                                       .node = fetch->node,
                                       .name = fetch->name == NULL ? fetch->source : fetch->name,
                                       .state = fetch->state,
                                       .bytes = fetch->total_bytes,
                                       .seen_us = fetch->at_us };
        if (fetch->total_bytes > 0 && strcmp(fetch->state, "fetching") == 0)
            model->detail =
                arena_printf(call->arena, "%.0f %%", 100.0 * (double)fetch->done_bytes / (double)fetch->total_bytes);
        model_take(matrix, match, model);
    }
    return true;
}

static bool matrix_read(struct api_call *call, const char *match, struct matrix *out, struct error *err)
{
    struct store_model_filter filter = { .limit = LIMIT_STORE_PAGE };
    struct store_model_page page;
    size_t pages = 0;

    do {
        if (!store_model_page(center_of(call)->reader, call->arena, &filter, &page, err))
            return false;
        for (size_t i = 0; i < page.count; i++) {
            page.models[i].detail = NULL; /* here: how far it is */
            model_take(out, match, &page.models[i]);
        }
        filter.after_name = page.next_name;
        filter.after_node_id = page.next_node_id;
    } while (filter.after_name != NULL && ++pages < PAGES);
    out->left_out += filter.after_name != NULL ? 1 : 0;
    return fetches_take(call, match, out, err);
}

/* --- as data --- */

/* What a newer agent tells and we do not know is drawn as unknown. */
static const char *class_of(const char *state)
{
    static const char *const classes[][2] = { { "complete", "ok" },      { "ready", "ok" },
                                              { "running", "running" },  { "incomplete", "waiting" },
                                              { "fetching", "waiting" }, { "wanted", "waiting" },
                                              { "failed", "failed" } };

    for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
        if (text_equal(classes[i][0], state))
            return classes[i][1];
    }
    return "unknown";
}

static const struct value *cell_value(struct api_call *call, const struct store_model *model)
{
    struct value *cell = value_map(call->arena);

    if (model == NULL)
        return value_null();
    value_map_put_string(call->arena, cell, "class", class_of(model->state));
    value_map_put_string(call->arena, cell, "word",
                         model->detail == NULL ? model->state
                                               : arena_printf(call->arena, "%s %s", model->state, model->detail));
    page_put_time(call, cell, "seen", model->seen_us);
    return cell;
}

static struct value *row_value(struct api_call *call, const struct matrix *matrix, size_t at)
{
    struct value *row = value_map(call->arena), *cells = value_list(call->arena);
    int64_t bytes = 0, nodes = 0;

    for (size_t i = 0; i < matrix->node_count; i++) {
        const struct store_model *model = matrix->cells[at][i];

        value_list_add(call->arena, cells, cell_value(call, model));
        nodes += model != NULL ? 1 : 0;
        bytes = model != NULL && model->bytes > bytes ? model->bytes : bytes;
    }
    value_map_put_string(call->arena, row, "name", matrix->models[at]);
    value_map_put(call->arena, row, "cells", cells);
    value_map_put(call->arena, row, "size", page_bytes(call->arena, bytes));
    value_map_put_int(call->arena, row, "nodes", nodes);
    return row;
}

void page_models(struct api_call *call)
{
    const struct page_match_query *query = call->query;
    const char *match = query->match == NULL || *query->match == '\0' ? NULL : query->match;
    struct value *data = value_map(call->arena), *rows = value_list(call->arena), *nodes = value_list(call->arena);
    struct matrix *matrix = arena_new_of(call->arena, struct matrix);
    struct error err = ERROR_INIT;

    *matrix = (struct matrix){ .left_out = 0 };
    if (!matrix_read(call,
                     match == NULL || strpbrk(match, "*?[") != NULL ? match : arena_printf(call->arena, "*%s*", match),
                     matrix, &err)) {
        center_read_failed(call, &err);
        return;
    }
    for (size_t i = 0; i < matrix->node_count; i++) {
        struct value *node = value_map(call->arena);

        value_map_put_string(call->arena, node, "name", matrix->nodes[i]);
        value_map_put_string(call->arena, node, "url", page_node_url(call->arena, matrix->nodes[i]));
        value_list_add(call->arena, nodes, node);
    }
    for (size_t i = 0; i < matrix->model_count; i++)
        value_list_add(call->arena, rows, row_value(call, matrix, i));
    value_map_put(call->arena, data, "nodes", nodes);
    value_map_put(call->arena, data, "rows", rows);
    value_map_put_string(call->arena, data, "match", match == NULL ? "" : match);
    value_map_put_int(call->arena, data, "left_out", matrix->left_out);
    value_map_put_bool(call->arena, data, "live", true);
    page_reply(call, 200, "models", "Models", data);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Models on nodes. */
#include "controller/store/store_model.h"

#include "controller/store/query.h"

static bool model_add(struct store_connection *writer, int64_t node_id, const struct store_model *model, int64_t now_us,
                      struct error *err)
{
    return query_run(writer,
                     "INSERT OR REPLACE INTO model (node_id, name, state, digest, bytes, detail, seen_us)"
                     " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                     BINDS(bind_int(node_id), bind_text(model->name), bind_text(model->state), bind_text(model->digest),
                           bind_int(model->bytes), bind_text(model->detail), bind_int(now_us)),
                     err);
}

bool store_model_replace(struct store_connection *writer, int64_t node_id, const struct store_model *models,
                         size_t count, int64_t now_us, struct error *err)
{
    bool ok = query_run(writer, "DELETE FROM model WHERE node_id = ?1", BINDS(bind_int(node_id)), err);

    for (size_t i = 0; ok && i < count; i++)
        ok = model_add(writer, node_id, &models[i], now_us, err);
    return ok;
}

static void model_read(const struct query *query, struct arena *arena, struct store_model *out)
{
    *out = (struct store_model){
        .node_id = query_int(query, 0),
        .node = query_text(query, arena, 1),
        .name = query_text(query, arena, 2),
        .state = query_text(query, arena, 3),
        .digest = query_text(query, arena, 4),
        .bytes = query_int(query, 5),
        .detail = query_text(query, arena, 6),
        .seen_us = query_int(query, 7),
    };
}

#define MODEL_PAGE                                                                                                     \
    "SELECT node_id, node.name, model.name, model.state, digest, bytes, detail, model.seen_us"                         \
    " FROM model JOIN node ON node.id = node_id WHERE (model.name, node_id) > (?1, ?2)"
#define MODEL_END " AND (?3 IS NULL OR model.name = ?3) ORDER BY model.name, node_id LIMIT ?4"

static const char MODEL_ALL[] = MODEL_PAGE MODEL_END;
static const char MODEL_NODE[] = MODEL_PAGE " AND node_id = ?5" MODEL_END;

bool store_model_page(struct store_connection *connection, struct arena *arena, const struct store_model_filter *filter,
                      struct store_model_page *out, struct error *err)
{
    struct query query;
    size_t limit = query_page_limit(filter->limit);
    struct store_model_page page = { .models = arena_new_array(arena, struct store_model, limit) };
    struct bind binds[] = { bind_text(filter->after_name == NULL ? "" : filter->after_name),
                            bind_int(filter->after_node_id),
                            bind_text(filter->name),
                            bind_int((int64_t)limit + 1),
                            filter->node_id == 0 ? (struct bind){ .kind = BIND_END } : bind_int(filter->node_id),
                            { .kind = BIND_END } };

    query_start(&query, connection, filter->node_id == 0 ? MODEL_ALL : MODEL_NODE, binds);
    while (query_next(&query)) {
        if (page.count < limit) {
            model_read(&query, arena, &page.models[page.count++]);
            continue;
        }
        page.next_name = page.models[limit - 1].name;
        page.next_node_id = page.models[limit - 1].node_id;
    }
    if (!query_end(&query, err))
        return false;
    *out = page;
    return true;
}

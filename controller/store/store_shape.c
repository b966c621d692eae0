/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes of models, and their peaks. */
#include "controller/store/store_shape.h"

#include "controller/store/query.h"

#define PEAKS_MAX 1000                                     /* of one model */
#define PEAK_OLD_US ((int64_t)7 * 24 * 3600 * 1000 * 1000) /* what serves has told again what it takes, long since */

bool store_shape_set(struct store_connection *writer, const struct store_shape *shape, struct error *err)
{
    return query_run(
        writer, "INSERT OR REPLACE INTO model_shape (key, bytes, shape, at_us) VALUES (?1, ?2, ?3, ?4)",
        BINDS(bind_text(shape->key), bind_int(shape->bytes), bind_text(shape->shape), bind_int(shape->at_us)), err);
}

bool store_shape_remove(struct store_connection *writer, const char *key, struct error *err)
{
    return query_run(writer, "DELETE FROM model_shape WHERE key = ?1", BINDS(bind_text(key)), err);
}

bool store_shape_get(struct store_connection *connection, struct arena *arena, const char *key,
                     struct store_shape **out, struct error *err)
{
    struct store_shape *shape = NULL;
    struct query query;

    query_start(&query, connection, "SELECT key, bytes, shape, at_us FROM model_shape WHERE key = ?1",
                BINDS(bind_text(key)));
    if (query_next(&query)) {
        shape = arena_new_of(arena, struct store_shape);
        *shape = (struct store_shape){ .key = query_text(&query, arena, 0),
                                       .bytes = query_int(&query, 1),
                                       .shape = query_text(&query, arena, 2),
                                       .at_us = query_int(&query, 3) };
    }
    if (!query_end(&query, err))
        return false;
    *out = shape;
    return true;
}

bool store_peak_learn(struct store_connection *writer, const struct store_peak *peak, struct error *err)
{
    return query_run(
        writer,
        "INSERT INTO model_peak (digest, build, context, slots, kv, nodes, gpu, host, at_us, options)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?11)"
        " ON CONFLICT (digest, build, context, slots, kv, options, nodes) DO UPDATE SET"
        " gpu = CASE WHEN excluded.at_us - at_us > ?10 THEN excluded.gpu ELSE max(gpu, excluded.gpu) END,"
        " host = CASE WHEN excluded.at_us - at_us > ?10 THEN excluded.host ELSE max(host, excluded.host) END,"
        " at_us = excluded.at_us"
        " WHERE excluded.gpu > gpu OR excluded.host > host OR excluded.at_us - at_us > ?10",
        BINDS(bind_text(peak->digest), bind_text(peak->build), bind_int(peak->context), bind_int(peak->slots),
              bind_text(peak->kv), bind_int(peak->nodes), bind_int(peak->gpu), bind_int(peak->host),
              bind_int(peak->at_us), bind_int(PEAK_OLD_US), bind_text(peak->options)),
        err);
}

static void peak_read(const struct query *query, struct arena *arena, struct store_peak *out)
{
    *out = (struct store_peak){ .digest = query_text(query, arena, 0),
                                .build = query_text(query, arena, 1),
                                .context = query_int(query, 2),
                                .slots = query_int(query, 3),
                                .kv = query_text(query, arena, 4),
                                .nodes = query_int(query, 5),
                                .gpu = query_int(query, 6),
                                .host = query_int(query, 7),
                                .at_us = query_int(query, 8),
                                .options = query_text(query, arena, 9) };
}

bool store_peak_list(struct store_connection *connection, struct arena *arena, const char *digest,
                     struct store_peak **out, size_t *count_out, struct error *err)
{
    struct store_peak *peaks = arena_new_array(arena, struct store_peak, PEAKS_MAX);
    struct query query;
    size_t count = 0;

    query_start(&query, connection,
                "SELECT digest, build, context, slots, kv, nodes, gpu, host, at_us, options FROM model_peak"
                " WHERE digest = ?1 ORDER BY at_us DESC LIMIT ?2",
                BINDS(bind_text(digest), bind_int(PEAKS_MAX)));
    while (query_next(&query))
        peak_read(&query, arena, &peaks[count++]);
    if (!query_end(&query, err))
        return false;
    *out = peaks;
    *count_out = count;
    return true;
}

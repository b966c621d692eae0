/* SPDX-License-Identifier: Apache-2.0 */
/* Records of what was built. */
#include "controller/store/store_build_record.h"

#include "controller/store/query.h"

bool store_build_record_add(struct store_connection *writer, const struct store_build_record *record, const char *told,
                            bool *known_out, int64_t *id_out, struct error *err)
{
    bool added = false;

    if (!query_number(
            writer,
            "SELECT id FROM build_record WHERE rebuild = ?1 AND node IS ?2 AND outcome = ?3 AND instr(record, ?4)",
            BINDS(bind_text(record->rebuild), bind_text(record->node), bind_text(record->outcome), bind_text(told)),
            id_out, known_out, err))
        return false;
    return *known_out || query_number(writer,
                                      "INSERT INTO build_record (at_us, by, rebuild, node, outcome, record, signature)"
                                      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) RETURNING id",
                                      BINDS(bind_int(record->at_us), bind_text(record->by), bind_text(record->rebuild),
                                            bind_text(record->node), bind_text(record->outcome),
                                            bind_text(record->record), bind_text(record->signature)),
                                      id_out, &added, err);
}

bool store_build_record_read(struct store_connection *connection, struct arena *arena,
                             const struct store_build_record_filter *filter, struct store_build_record **out,
                             size_t *count_out, struct error *err)
{
    size_t limit = query_page_limit(filter->limit), count = 0;
    struct store_build_record *records = arena_new_array(arena, struct store_build_record, limit);
    struct query query;

    query_start(&query, connection,
                "SELECT id, at_us, by, rebuild, node, outcome, record, signature FROM build_record"
                " WHERE (?1 IS NULL OR rebuild = ?1) AND (?2 IS NULL OR node = ?2) AND (?3 IS NULL OR id = ?3)"
                " AND (?4 IS NULL OR id < ?4) ORDER BY id DESC LIMIT ?5",
                BINDS(bind_text(filter->rebuild), bind_text(filter->node), bind_id(filter->id), bind_id(filter->before),
                      bind_int((int64_t)limit)));
    while (query_next(&query))
        records[count++] = (struct store_build_record){ .id = query_int(&query, 0),
                                                        .at_us = query_int(&query, 1),
                                                        .by = query_text(&query, arena, 2),
                                                        .rebuild = query_text(&query, arena, 3),
                                                        .node = query_text(&query, arena, 4),
                                                        .outcome = query_text(&query, arena, 5),
                                                        .record = query_text(&query, arena, 6),
                                                        .signature = query_text(&query, arena, 7) };
    if (!query_end(&query, err))
        return false;
    *out = records;
    *count_out = count;
    return true;
}

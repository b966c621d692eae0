/* SPDX-License-Identifier: Apache-2.0 */
/* The outcomes of a run, read out of its events by SQLite's own JSON functions. */
#include "controller/store/store_run_lane.h"

#include "controller/store/query.h"

bool store_run_blocks(struct store_connection *connection, struct arena *arena, int64_t run_id, size_t limit,
                      struct store_run_lane *out, struct error *err)
{
    struct query query;
    size_t most = limit == 0 || limit > STORE_RUN_BLOCKS ? STORE_RUN_BLOCKS : limit, count = 0;
    struct store_run_block *blocks = arena_new_array(arena, struct store_run_block, most);

    query_start(&query, connection,
                "SELECT sequence, at_us, host, body ->> '$.name', body ->> '$.outcome', body ->> '$.ignored'"
                " FROM (SELECT sequence, at_us, host, body FROM run_event WHERE run_id = ?1 AND kind = 'result'"
                " AND json_valid(body) ORDER BY sequence DESC LIMIT ?2) ORDER BY sequence",
                BINDS(bind_int(run_id), bind_int((int64_t)most)));
    while (query_next(&query))
        blocks[count++] = (struct store_run_block){
            .sequence = query_int(&query, 0),
            .at_us = query_int(&query, 1),
            .host = query_text(&query, arena, 2),
            .task = query_text(&query, arena, 3),
            .outcome = query_text(&query, arena, 4),
            .ignored = query_int(&query, 5) != 0,
        };
    if (!query_end(&query, err))
        return false;
    *out = (struct store_run_lane){ blocks, count };
    return true;
}

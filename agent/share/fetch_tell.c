/* SPDX-License-Identifier: Apache-2.0 */
/* Lines; who does not read them ends us. */
#include "agent/share/fetch_tell.h"

#include <string.h>

#include "common/base/clock.h"
#include "common/base/fd.h"
#include "common/base/text.h"
#include "common/json/json.h"

#define TELL_MS 1000

void fetch_tell_start(struct fetch_tell *tell, struct arena *arena, int fd, const char *source)
{
    *tell = (struct fetch_tell){ .fd = fd,
                                 .source = source,
                                 .arena = arena,
                                 .run = clock_wall_us(),
                                 .total_bytes = -1,
                                 .from = value_map(arena),
                                 .bad = value_list(arena) };
}

void fetch_tell_from(struct fetch_tell *tell, const char *where, int64_t bytes)
{
    const struct value *before = value_map_get(tell->from, where);

    if (bytes > 0)
        value_map_put_int(tell->arena, tell->from, where, bytes + (before == NULL ? 0 : before->as.integer));
}

void fetch_tell_bad(struct fetch_tell *tell, const char *node)
{
    for (size_t i = 0; i < value_count(tell->bad); i++) {
        if (text_equal(value_text(value_item(tell->bad, i)), node))
            return;
    }
    value_list_add(tell->arena, tell->bad, value_string(tell->arena, node));
}

static void line_write(struct fetch_tell *tell, const char *state, const char *sentence, const struct value *more)
{
    ARENA_SCOPED arena = arena_new();
    struct value *map = value_map(arena);
    struct error ignored = ERROR_INIT;
    const char *line;

    value_map_put_string(arena, map, "source", tell->source);
    value_map_put_int(arena, map, "run", tell->run);
    value_map_put_string(arena, map, "state", state);
    value_map_put_int(arena, map, "done_bytes", tell->done_bytes);
    value_map_put_int(arena, map, "total_bytes", tell->total_bytes < 0 ? 0 : tell->total_bytes);
    value_map_put(arena, map, "from", tell->from);
    value_map_put(arena, map, "bad", tell->bad);
    value_map_put_string(arena, map, "sentence", sentence);
    for (size_t i = 0; i < value_map_count(more); i++) {
        const struct value_pair *pair = value_pair_at(more, i);

        value_map_put_value(arena, map, pair->key, pair->item);
    }
    line = arena_printf(arena, "%s\n", json_text(arena, map, JSON_COMPACT));
    (void)fd_write_all(tell->fd, line, strlen(line), &ignored);
    tell->told_ms = clock_monotonic_ms();
    tell->told_state = state;
}

void fetch_tell_progress(struct fetch_tell *tell, const char *state, const char *sentence)
{
    if (text_equal(state, tell->told_state) && clock_monotonic_ms() - tell->told_ms < TELL_MS)
        return;
    line_write(tell, state, sentence, NULL);
}

void fetch_tell_end(struct fetch_tell *tell, const char *state, const char *sentence, const struct value *more)
{
    line_write(tell, state, sentence, more);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Two runs side by side. Made of the runs' events alone. */
#include "cli/runs_compare.h"

#include "common/base/text.h"

/* A difference in time worth a row: twice as long, and by more than this. */
#define SLOWER_MS 1000

/* One run, read once: tasks by host and name, in order. */
struct side {
    struct arena *arena;
    struct value *rows;    /* list of {key, host, task, outcome, ms} */
    struct value *by_key;  /* key -> row */
    struct value *turns;   /* host and name -> how often so far */
    struct value *started; /* host and task -> microseconds */
};

static const char *key_of(struct side *side, const char *host, const char *task)
{
    return arena_printf(side->arena, "%s\x1f%s", host, task);
}

static void result_take(struct side *side, const struct value *event, const char *host, const char *name)
{
    const char *key = key_of(side, host, name);
    int64_t turn = value_map_int(side->turns, key, 0) + 1;
    int64_t started_us = value_map_int(side->started, key, 0);
    const char *task = turn == 1 ? name : arena_printf(side->arena, "%s (%lld)", name, (long long)turn);
    struct value *row = value_map(side->arena);

    value_map_put_int(side->arena, side->turns, key, turn);
    value_map_put_string(side->arena, row, "host", host);
    value_map_put_string(side->arena, row, "task", task);
    value_map_put_string(side->arena, row, "outcome", value_map_text(event, "outcome"));
    value_map_put_int(side->arena, row, "ms",
                      started_us == 0 ? 0 : (value_map_int(event, "time_us", 0) - started_us) / 1000);
    value_map_put_string(side->arena, row, "key", key_of(side, host, task));
    value_list_add(side->arena, side->rows, row);
    value_map_put(side->arena, side->by_key, value_map_text(row, "key"), row);
}

static void side_read(struct side *side, struct arena *arena, const struct value *items)
{
    *side = (struct side){ arena, value_list(arena), value_map(arena), value_map(arena), value_map(arena) };
    for (size_t i = 0; i < value_count(items); i++) {
        const struct value *event = value_map_get(value_item(items, i), "event");
        const char *kind = value_map_text(event, "event"), *host = value_map_text(event, "host");
        const char *name = value_map_text(event, "name");

        if (host == NULL || name == NULL)
            continue;
        if (text_equal(kind, "host_start"))
            value_map_put_int(arena, side->started, key_of(side, host, name), value_map_int(event, "time_us", 0));
        else if (text_equal(kind, "result"))
            result_take(side, event, host, name);
    }
}

static const struct value *shown(struct arena *arena, const struct value *row)
{
    return row == NULL ? value_null()
                       : value_string(arena, arena_printf(arena, "%s %.1f s", value_map_text(row, "outcome"),
                                                          (double)value_map_int(row, "ms", 0) / 1000.0));
}

static const char *difference(const struct value *before, const struct value *after)
{
    int64_t was = value_map_int(before, "ms", 0), is = value_map_int(after, "ms", 0);

    if (before == NULL || after == NULL)
        return before == NULL ? "new" : "gone";
    if (!text_equal(value_map_text(before, "outcome"), value_map_text(after, "outcome")))
        return "outcome";
    if (is > 2 * was && is - was > SLOWER_MS)
        return "slower";
    return was > 2 * is && was - is > SLOWER_MS ? "faster" : "same";
}

static void row_add(struct arena *arena, struct value *out, const struct value *before, const struct value *after)
{
    const struct value *either = after != NULL ? after : before;
    struct value *row = value_map(arena);

    value_map_put_string(arena, row, "host", value_map_text(either, "host"));
    value_map_put_string(arena, row, "task", value_map_text(either, "task"));
    value_map_put(arena, row, "before", shown(arena, before));
    value_map_put(arena, row, "after", shown(arena, after));
    value_map_put_string(arena, row, "what", difference(before, after));
    value_list_add(arena, out, row);
}

const struct value *runs_compare(struct arena *arena, const struct value *before, const struct value *after)
{
    struct value *out = value_list(arena);
    struct side was, is;

    side_read(&was, arena, before);
    side_read(&is, arena, after);
    for (size_t i = 0; i < value_count(is.rows); i++) {
        const struct value *row = value_item(is.rows, i);

        row_add(arena, out, value_map_get(was.by_key, value_map_text(row, "key")), row);
    }
    for (size_t i = 0; i < value_count(was.rows); i++) {
        const struct value *row = value_item(was.rows, i);

        if (value_map_get(is.by_key, value_map_text(row, "key")) == NULL)
            row_add(arena, out, row, NULL);
    }
    return out;
}

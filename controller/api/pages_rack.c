/* SPDX-License-Identifier: Apache-2.0 */
/* The rack: a tile for each node, and the sums over all. */
#include <math.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/model/memory_need_fit.h"
#include "controller/api/pages.h"
#include "controller/store/store_fleet.h"

#define TILES 200
#define TILES_WALL 500
#define MODELS_SHOWN 2

/* --- one tile --- */

/* Which memory the models live in: GTT on boxes with one memory, else the card's, else the host's. */
static const struct value *memory_value(struct arena *arena, const struct store_sample *sample)
{
    static const struct {
        const char *name;
        enum store_sample_figure used, total;
    } kinds[] = {
        { "GTT", STORE_SAMPLE_GTT_USED, STORE_SAMPLE_GTT_TOTAL },
        { "VRAM", STORE_SAMPLE_VRAM_USED, STORE_SAMPLE_VRAM_TOTAL },
        { "RAM", STORE_SAMPLE_MEMORY_USED, STORE_SAMPLE_MEMORY_TOTAL },
    };

    for (size_t i = 0; sample->at_us != 0 && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        double used = sample->figures[kinds[i].used], total = sample->figures[kinds[i].total];
        struct value *out = value_map(arena);

        if (isnan(used) || isnan(total) || total <= 0 || used < 0)
            continue;
        value_map_put_string(arena, out, "name", kinds[i].name);
        value_map_put_string(arena, out, "used", memory_size_text(arena, (uint64_t)used));
        value_map_put_string(arena, out, "total", memory_size_text(arena, (uint64_t)total));
        value_map_put_string(arena, out, "percent", arena_printf(arena, "%.1f", fmin(100, used / total * 100)));
        value_map_put_bool(arena, out, "full", used / total > 0.95);
        return out;
    }
    return value_null();
}

/* "112 W"; null when it was not measured. */
static void figure_put(struct arena *arena, struct value *map, const char *key, double figure, const char *unit)
{
    value_map_put_string(arena, map, key, isnan(figure) ? NULL : arena_printf(arena, "%.0f %s", figure, unit));
}

static void models_put(struct api_call *call, struct value *tile, const struct store_fleet_row *row)
{
    const struct value *models = center_json(call, row->models);
    struct value *out = value_list(call->arena);
    size_t count = value_count(models), shown = count > MODELS_SHOWN ? MODELS_SHOWN : count;

    for (size_t i = 0; i < shown; i++) {
        struct value *model = value_map(call->arena);

        value_map_put(call->arena, model, "name", value_item(value_item(models, i), 0));
        value_map_put(call->arena, model, "state", value_item(value_item(models, i), 1));
        value_list_add(call->arena, out, model);
    }
    value_map_put(call->arena, tile, "models", out);
    value_map_put_int(call->arena, tile, "more_models", row->model_count - (int64_t)shown);
}

static struct value *tile_value(struct api_call *call, const struct store_fleet_row *row, int64_t now_us)
{
    struct value *tile = value_map(call->arena);
    const struct store_sample *sample = &row->sample;

    value_map_put_string(call->arena, tile, "name", row->name);
    value_map_put_string(call->arena, tile, "url", page_node_url(call->arena, row->name));
    value_map_put_string(call->arena, tile, "class", page_verdict_class(row->verdict));
    value_map_put_string(call->arena, tile, "word", page_verdict_word(row->verdict));
    value_map_put_string(call->arena, tile, "last_word",
                         row->last_verdict == NULL ? NULL : page_verdict_word(row->last_verdict));
    value_map_put_string(call->arena, tile, "reason", row->reason);
    value_map_put_int(call->arena, tile, "drift", row->open_drift);
    page_put_time(call, tile, "seen", center_heard(call, row->node_id, row->seen_us));
    page_put_time(call, tile, "sampled", sample->at_us);
    value_map_put_bool(call->arena, tile, "stale", sample->at_us < now_us - STORE_FLEET_FRESH_US);
    value_map_put(call->arena, tile, "memory", memory_value(call->arena, sample));
    figure_put(call->arena, tile, "watts", sample->figures[STORE_SAMPLE_WATTS], "W");
    figure_put(call->arena, tile, "celsius", sample->figures[STORE_SAMPLE_CELSIUS], "°C");
    models_put(call, tile, row);
    return tile;
}

/* --- sums --- */

static int64_t count_of(const struct store_fleet_sums *sums, const char *verdict)
{
    for (size_t i = 0; i < sums->count; i++) {
        if (strcmp(sums->counts[i].verdict, verdict) == 0)
            return sums->counts[i].nodes;
    }
    return 0;
}

/* Each verdict is a number and a filter; what a newer agent tells and we have no name for is shown by its own. */
static const struct value *counts_value(struct api_call *call, const struct store_fleet_sums *sums, const char *chosen)
{
    static const char *const always[] = { "ok", "drift", "failed", "lost", "unknown", NULL };
    struct value *out = value_list(call->arena);
    const char *names[64];
    size_t count = 0;

    for (; always[count] != NULL; count++)
        names[count] = always[count];
    for (size_t i = 0; i < sums->count && count < sizeof(names) / sizeof(names[0]); i++) {
        if (!text_in(sums->counts[i].verdict, always))
            names[count++] = sums->counts[i].verdict;
    }
    for (size_t i = 0; i < count; i++) {
        struct value *item = value_map(call->arena);
        const struct page_parameter filter[] = { { "verdict", names[i] }, { NULL, NULL } };

        value_map_put_string(call->arena, item, "word", page_verdict_word(names[i]));
        value_map_put_string(call->arena, item, "class", page_verdict_class(names[i]));
        value_map_put_string(call->arena, item, "url", page_link(call->arena, "/", filter));
        value_map_put_int(call->arena, item, "nodes", count_of(sums, names[i]));
        value_map_put_bool(call->arena, item, "chosen", text_equal(chosen, names[i]));
        value_list_add(call->arena, out, item);
    }
    return out;
}

static struct value *sums_value(struct api_call *call, const struct store_fleet_sums *sums, const char *chosen)
{
    struct value *out = value_map(call->arena);

    value_map_put(call->arena, out, "counts", counts_value(call, sums, chosen));
    value_map_put_int(call->arena, out, "nodes", sums->nodes);
    value_map_put_int(call->arena, out, "drift", sums->open_drift);
    value_map_put_int(call->arena, out, "drifting", sums->drifting);
    value_map_put_string(call->arena, out, "watts",
                         isnan(sums->watts)    ? NULL
                         : sums->watts < 10000 ? arena_printf(call->arena, "%.0f W", sums->watts)
                                               : arena_printf(call->arena, "%.1f kW", sums->watts / 1000));
    value_map_put_int(call->arena, out, "watts_nodes", sums->watts_nodes);
    page_put_time(call, out, "watts_oldest", sums->watts_oldest_us);
    return out;
}

/* --- the page --- */

static const char *given(const char *text)
{
    return text == NULL || *text == '\0' ? NULL : text;
}

/* "ai" means "*ai*". */
static const char *pattern_of(struct arena *arena, const char *match)
{
    return match == NULL || strpbrk(match, "*?[") != NULL ? match : arena_printf(arena, "*%s*", match);
}

void page_rack(struct api_call *call)
{
    const struct rack_query *query = call->query;
    const char *match = given(query->match), *verdict = given(query->verdict);
    bool wall = query->wall != NULL && !text_equal(query->wall, "0");
    const struct store_fleet_filter filter = { pattern_of(call->arena, match), verdict, given(query->after),
                                               wall ? TILES_WALL : TILES };
    struct value *data = value_map(call->arena), *tiles = value_list(call->arena);
    struct store_connection *reader = center_of(call)->reader;
    struct store_fleet_page page;
    struct store_fleet_sums sums;
    struct error err = ERROR_INIT;
    int64_t now_us = clock_wall_us();

    if (!store_fleet_page(reader, call->arena, &filter, &page, &err) ||
        !store_fleet_sums(reader, call->arena, now_us, &sums, &err)) {
        center_read_failed(call, &err);
        return;
    }
    for (size_t i = 0; i < page.count; i++)
        value_list_add(call->arena, tiles, tile_value(call, &page.rows[i], now_us));
    const struct page_parameter next[] = { { "match", match },
                                           { "verdict", verdict },
                                           { "after", page.next },
                                           { "wall", wall ? "1" : NULL },
                                           { NULL, NULL } };
    value_map_put(call->arena, data, "tiles", tiles);
    value_map_put(call->arena, data, "sums", sums_value(call, &sums, verdict));
    value_map_put_string(call->arena, data, "match", match == NULL ? "" : match);
    value_map_put_string(call->arena, data, "verdict", verdict == NULL ? "" : verdict);
    value_map_put_bool(call->arena, data, "filtered", match != NULL || verdict != NULL || given(query->after) != NULL);
    value_map_put_string(call->arena, data, "next", page.next == NULL ? NULL : page_link(call->arena, "/", next));
    value_map_put_bool(call->arena, data, "wall", wall);
    value_map_put_bool(call->arena, data, "live", true);
    page_reply(call, 200, "rack", "Rack", data);
}

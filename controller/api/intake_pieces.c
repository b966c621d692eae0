/* SPDX-License-Identifier: Apache-2.0 */
/* Pieces, engines and memory of nodes, as they tell. */
#include "controller/api/intake_pieces.h"

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/json/json.h"
#include "common/placement/piece.h"
#include "controller/store/store_piece.h"

#define ENGINES_MAX 100
#define TOLD_MAX ((size_t)4 * PIECES_MAX)

static bool is_state(const char *state)
{
    return text_in(state, ARG_NAMES("starting", "running", "ended", "failed", "refused", "stopping", "gone"));
}

bool intake_pieces(struct store_connection *writer, struct arena *arena, const struct intake_report *report,
                   struct error *err)
{
    const struct value *list = value_map_get(report->body, "pieces"), *epoch = value_map_get(report->body, "epoch");
    size_t count = value_is(list, VALUE_LIST) ? value_count(list) : 0, named = 0;
    const char **names = arena_new_array(arena, const char *, count + 1);
    bool is_beyond = false, is_whole = count <= TOLD_MAX && !value_map_true(report->body, "cut");

    if (!value_is(list, VALUE_LIST) || !value_is(epoch, VALUE_INT))
        return true;
    /* pieces of the same names may be others: the node gets the placement that holds, and tells anew */
    if (!store_placement_leap(writer, report->node_id, epoch->as.integer, clock_wall_us(), &is_beyond, err))
        return false;
    if (is_beyond)
        return true;
    for (size_t i = 0; i < count && i < TOLD_MAX; i++) {
        const struct value *item = value_item(list, i);
        const struct store_piece_told told = { .node_id = report->node_id,
                                               .name = value_map_text(item, "name"),
                                               .state = value_map_text(item, "state"),
                                               .body = json_text(arena, item, JSON_COMPACT),
                                               .at_us = report->report->at_us };

        if (told.name == NULL || !is_state(told.state))
            continue;
        names[named++] = told.name;
        if (!store_piece_tell(writer, &told, err))
            return false;
    }
    /* what is not named is gone, but not when the list was cut off somewhere */
    return !is_whole || store_piece_told_all(writer, report->node_id, epoch->as.integer, names, err);
}

static bool is_twice(const struct store_engine *engines, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (text_equal(engines[i].name, name))
            return true;
    }
    return false;
}

bool intake_engines(struct store_connection *writer, struct arena *arena, const struct intake_report *report,
                    struct error *err)
{
    const struct value *list = value_map_get(report->body, "engines");
    struct store_engine engines[ENGINES_MAX];
    size_t count = 0;

    if (!value_is(list, VALUE_LIST))
        return true;
    for (size_t i = 0; i < value_count(list) && count < ENGINES_MAX; i++) {
        const struct value *item = value_item(list, i), *detail = value_map_get(item, "detail");
        const char *name = value_map_text(item, "name"), *build = value_map_text(item, "build");
        const char *path = value_map_text(item, "path");

        if (name == NULL || is_twice(engines, count, name))
            continue;
        engines[count++] =
            (struct store_engine){ .name = name,
                                   .build = build != NULL ? build : "",
                                   .path = path != NULL ? path : "",
                                   .detail = detail == NULL ? NULL : json_text(arena, detail, JSON_COMPACT) };
    }
    return store_engine_replace(writer, report->node_id, engines, count, err);
}

bool intake_memory(struct store_connection *writer, const struct intake_report *report, struct error *err)
{
    const struct store_memory memory = { report->node_id, report->report->at_us, report->report->body };

    return !value_is(report->body, VALUE_MAP) || store_memory_set(writer, &memory, err);
}

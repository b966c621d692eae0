/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked of models, and what nodes are told because of it. */
#include "controller/launcher/launcher_models.h"

#include <string.h>

#include "common/base/clock.h"
#include "common/base/hash.h"
#include "common/base/text.h"
#include "common/json/json.h"
#include "common/model/model_settings.h"
#include "common/model/model_source.h"
#include "common/model/pull_value.h"
#include "controller/launcher/models_elect.h"
#include "controller/store/store_model.h"
#include "controller/store/store_node.h"
#include "controller/store/store_piece.h"
#include "controller/store/store_shape.h"

#define LOOK_AGAIN_US ((int64_t)60 * 1000000)
#define WANT_AGAIN_US ((int64_t)30 * 1000000)
#define HOLDERS_MAX 8

static const struct value *json_of(struct arena *arena, const char *text)
{
    const struct value *value = NULL;
    struct error ignored = ERROR_INIT;

    return text != NULL && json_read(arena, text, strlen(text), NULL, &value, &ignored) ? value : NULL;
}

/* --- what a node has, as it told --- */

static bool entry_is_called(struct arena *arena, const struct store_model *entry, const char *model)
{
    const char *links = value_map_text(json_of(arena, entry->detail), "links");
    size_t count = 0;
    char **parts;

    if (entry->digest == NULL || !text_equal(entry->state, "complete"))
        return false;
    if (model_entry_is(arena, entry->name, model))
        return true;
    parts = text_split(arena, links == NULL ? "" : links, ',', &count);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(parts[i], model) == 0)
            return true;
    }
    return false;
}

/* Complete ones of that name. */
struct entries {
    struct store_model items[HOLDERS_MAX];
    size_t room, count; /* room: HOLDERS_MAX at most */
};

/* `node_id` 0: on any node. */
static bool entries_find(struct store_connection *connection, struct arena *arena, int64_t node_id, const char *model,
                         struct entries *out, struct error *err)
{
    struct store_model_filter filter = { .node_id = node_id, .limit = 1000 };

    out->count = 0;
    do {
        struct store_model_page page;

        if (!store_model_page(connection, arena, &filter, &page, err))
            return false;
        for (size_t i = 0; i < page.count && out->count < out->room; i++) {
            if (entry_is_called(arena, &page.models[i], model))
                out->items[out->count++] = page.models[i];
        }
        filter.after_name = page.next_name;
        filter.after_node_id = page.next_node_id;
    } while (filter.after_name != NULL && out->count < out->room);
    return true;
}

/* --- looking --- */

static void place_of_row(struct arena *arena, const struct store_fetch *row, struct launcher_model_place *out)
{
    const struct value *detail = json_of(arena, row->detail);
    const char *sentence = value_map_text(detail, "sentence");

    *out = (struct launcher_model_place){ .state = LAUNCHER_MODEL_COMING,
                                          .path = value_map_text(detail, "path"),
                                          .digest = value_map_text(detail, "digest"),
                                          .bytes = row->total_bytes,
                                          .done_bytes = row->done_bytes,
                                          .sentence = sentence };
    if (row->total_bytes > 0)
        out->percent = (int)(row->done_bytes * 100 / row->total_bytes);
    if (text_equal(row->state, "ready"))
        out->state = LAUNCHER_MODEL_READY;
    else if (text_equal(row->state, "failed"))
        out->state = LAUNCHER_MODEL_FAILED;
    else if (text_equal(row->state, "look"))
        out->state = LAUNCHER_MODEL_ABSENT;
    else if (sentence == NULL)
        out->sentence = "waiting for the node to begin";
    else if (row->total_bytes > 0 && strstr(sentence, "%)") == NULL) /* from the origin it is told so already */
        out->sentence =
            arena_printf(arena, "%d%% of %s: %s", out->percent, model_size_text(arena, row->total_bytes), sentence);
}

static bool row_find(struct store_connection *connection, struct arena *arena, int64_t node_id, const char *model,
                     struct store_fetch **out, struct error *err)
{
    const struct store_fetch_filter filter = { .node_id = node_id };
    struct store_fetch *rows = NULL;
    size_t count = 0;

    *out = NULL;
    if (!store_fetch_list(connection, arena, &filter, &rows, &count, err))
        return false;
    for (size_t i = 0; i < count && *out == NULL; i++) {
        bool is_asked = !text_equal(rows[i].by, "planner"); /* that one wanted to know only */

        if (is_asked && (text_equal(rows[i].source, model) || text_equal(rows[i].name, model)))
            *out = &rows[i];
    }
    return true;
}

bool launcher_model_look(struct store_connection *connection, struct arena *arena, int64_t node_id, const char *model,
                         struct launcher_model_place *out, struct error *err)
{
    struct entries entries = { .room = 1 };
    const struct store_model *entry = &entries.items[0];
    struct store_fetch *row = NULL;

    *out = (struct launcher_model_place){ .state = LAUNCHER_MODEL_ABSENT, .sentence = "nobody has asked for it there" };
    if (!row_find(connection, arena, node_id, model, &row, err))
        return false;
    if (row != NULL)
        place_of_row(arena, row, out);
    if (out->state == LAUNCHER_MODEL_READY && out->path != NULL)
        return true;
    if (!entries_find(connection, arena, node_id, model, &entries, err))
        return false;
    if (entries.count == 0)
        return true;
    *out = (struct launcher_model_place){ .state = LAUNCHER_MODEL_READY,
                                          .path = value_map_text(json_of(arena, entry->detail), "path"),
                                          .digest = entry->digest,
                                          .bytes = entry->bytes,
                                          .done_bytes = entry->bytes,
                                          .percent = 100,
                                          .sentence = "it is there" };
    return true;
}

/* --- what nodes are told --- */

/* Rows of one source after the other. */
static bool elect_all(struct store_connection *writer, struct arena *arena, bool is_young, struct error *err)
{
    const struct store_fetch_filter filter = { .node_id = 0 };
    struct store_fetch *rows = NULL;
    size_t count = 0, first = 0;

    if (!store_fetch_list(writer, arena, &filter, &rows, &count, err))
        return false;
    while (first < count) {
        bool *changed = arena_new_array(arena, bool, count);
        size_t end = first;

        while (end < count && text_equal(rows[end].source, rows[first].source))
            end++;
        models_elect(arena, rows + first, end - first, clock_wall_us(), is_young, changed);
        for (size_t i = first; i < end; i++) {
            if (changed[i - first] && !store_fetch_put(writer, &rows[i], err))
                return false;
        }
        first = end;
    }
    return true;
}

/* What was there and is not any more: rm, gc, a node that was made anew. */
static bool gone_remove(struct store_connection *writer, struct arena *arena, struct error *err)
{
    const struct store_fetch_filter filter = { .node_id = 0 };
    struct store_fetch *rows = NULL;
    size_t count = 0;

    if (!store_fetch_list(writer, arena, &filter, &rows, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        const char *digest = value_map_text(json_of(arena, rows[i].detail), "digest");
        bool is_there = true;

        if (text_equal(rows[i].state, "ready") && digest != NULL &&
            !store_fetch_is_there(writer, rows[i].node_id, digest, &is_there, err))
            return false;
        if (!is_there && !store_fetch_remove(writer, rows[i].node_id, rows[i].source, err))
            return false;
    }
    return true;
}

static const char *told_digest(struct arena *arena, const struct value *told)
{
    const char *text;
    char *hex;

    if (value_count(value_map_get(told, "models")) == 0 && !value_is(value_map_get(told, "share"), VALUE_MAP))
        return NULL;
    text = json_text(arena, told, JSON_COMPACT);
    hex = arena_alloc(arena, HASH_HEX_MAX);
    hash_hex_of(HASH_SHA256, text, strlen(text), hex);
    return hex;
}

static bool told_all(struct store_connection *writer, struct arena *arena, int64_t **touched_out, struct error *err)
{
    int64_t *nodes = NULL, *touched;
    size_t count = 0, used = 0;

    if (!store_fetch_nodes(writer, arena, &nodes, &count, err))
        return false;
    touched = arena_new_array(arena, int64_t, count + 1);
    for (size_t i = 0; i < count; i++) {
        struct value *told = value_map(arena);
        bool changed = false;

        if (!launcher_models_placement(writer, arena, nodes[i], told, err) ||
            !store_fetch_told(writer, nodes[i], told_digest(arena, told), &changed, err))
            return false;
        if (!changed)
            continue;
        if (!store_placement_change(writer, nodes[i], clock_wall_us(), err))
            return false;
        touched[used++] = nodes[i];
    }
    touched[used] = 0;
    if (touched_out != NULL)
        *touched_out = used == 0 ? NULL : touched;
    return true;
}

bool launcher_models_step(struct store_connection *writer, struct arena *arena, bool is_young, int64_t **touched_out,
                          struct error *err)
{
    if (touched_out != NULL)
        *touched_out = NULL;
    return gone_remove(writer, arena, err) && elect_all(writer, arena, is_young, err) &&
           told_all(writer, arena, touched_out, err);
}

bool launcher_models_is_busy(struct store_connection *connection, bool *out, struct error *err)
{
    return store_fetch_is_busy(connection, out, err);
}

/* --- wanting --- */

/* What is under way for a source counts on; else it begins now. */
static bool fetch_number(struct store_connection *writer, struct arena *arena, const char *source, int64_t *out,
                         struct error *err)
{
    const struct store_fetch_filter filter = { .source = source };
    struct store_fetch *rows = NULL;
    size_t count = 0;

    *out = clock_wall_us();
    if (!store_fetch_list(writer, arena, &filter, &rows, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (models_is_active(&rows[i]))
            *out = rows[i].fetch;
    }
    return true;
}

static bool row_put(struct store_connection *writer, struct arena *arena, int64_t node_id, const char *source,
                    const struct store_fetch *wanted, struct error *err)
{
    const struct store_fetch_filter filter = { .node_id = node_id, .source = source };
    struct store_fetch row = *wanted, *before = NULL;
    size_t count = 0;

    if (!store_fetch_list(writer, arena, &filter, &before, &count, err))
        return false;
    if (count > 0 && (models_is_active(before) || text_equal(before->state, "ready")))
        return true;
    row.node_id = node_id;
    row.source = source;
    row.at_us = clock_wall_us();
    return fetch_number(writer, arena, source, &row.fetch, err) && store_fetch_put(writer, &row, err);
}

/* Nodes that have it and were not asked to: they give it to who wants it now. */
static bool holders_put(struct store_connection *writer, struct arena *arena, const struct store_model *entries,
                        size_t count, const char *source, struct error *err)
{
    const struct store_fetch holder = { .by = "holder", .state = "wanted" };

    for (size_t i = 0; i < count; i++) {
        if (!row_put(writer, arena, entries[i].node_id, source, &holder, err))
            return false;
    }
    return true;
}

/* The first of "@main,dev". */
static const char *source_of_entry(struct arena *arena, const char *name)
{
    const char *comma = strrchr(name, '@') == NULL ? NULL : strchr(strrchr(name, '@'), ',');

    return comma == NULL ? name : arena_copy_n(arena, name, (size_t)(comma - name));
}

static bool source_find(struct arena *arena, const char *model, const struct store_model *entries, size_t count,
                        const char **out, struct error *err)
{
    struct model_source source;

    if (strstr(model, "://") != NULL) {
        *out = model;
        return model_source_parse(arena, model, &source, err);
    }
    if (count == 0)
        return error_set(err, "'%s' is no source (hf://, https://, file:///), and no node has a model of that name",
                         model);
    *out = source_of_entry(arena, entries[0].name);
    return strstr(*out, "://") != NULL || error_set(err, "where '%s' comes from is not known", model);
}

bool launcher_model_want(struct store_connection *writer, struct arena *arena, const struct launcher_model_wish *wish,
                         int64_t **touched_out, struct error *err)
{
    struct entries entries = { .room = HOLDERS_MAX };
    struct store_fetch row = { .by = wish->by == NULL ? "" : wish->by, .state = "wanted", .name = wish->name };
    struct launcher_model_place place;
    struct store_fetch *before = NULL;
    const char *source = NULL;

    if (touched_out != NULL)
        *touched_out = NULL;
    if (!launcher_model_look(writer, arena, wish->node_id, wish->model, &place, err) ||
        !row_find(writer, arena, wish->node_id, wish->model, &before, err))
        return false;
    if (place.state == LAUNCHER_MODEL_READY || place.state == LAUNCHER_MODEL_COMING)
        return true;
    if (place.state == LAUNCHER_MODEL_FAILED && before != NULL && clock_wall_us() - before->at_us < WANT_AGAIN_US &&
        text_starts(row.by, "workload "))
        return true; /* who asks again and again has to wait */
    if (!entries_find(writer, arena, 0, wish->model, &entries, err) ||
        !source_find(arena, wish->model, entries.items, entries.count, &source, err))
        return false;
    if (row.name == NULL && strstr(wish->model, "://") == NULL)
        row.name = wish->model;
    return holders_put(writer, arena, entries.items, entries.count, source, err) &&
           row_put(writer, arena, wish->node_id, source, &row, err) &&
           launcher_models_step(writer, arena, false, touched_out, err);
}

/* --- shapes --- */

/* A node that was not asked yet, or the longest ago; 0: none, or one is being asked. */
static bool looker_find(struct store_connection *writer, struct arena *arena, const char *source, int64_t *out,
                        struct error *err)
{
    const struct store_fetch_filter filter = { .source = source };
    const struct store_node_filter nodes_filter = { .states = STORE_NODE_ACTIVE, .limit = 1000 };
    struct store_node_page nodes;
    struct store_fetch *rows = NULL;
    int64_t oldest_us = clock_wall_us() - LOOK_AGAIN_US;
    size_t count = 0;

    *out = 0;
    if (!store_fetch_list(writer, arena, &filter, &rows, &count, err) ||
        !store_node_page(writer, arena, &nodes_filter, &nodes, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (text_equal(rows[i].state, "look") && clock_wall_us() - rows[i].at_us < LOOK_AGAIN_US)
            return true;
    }
    for (size_t i = 0; i < nodes.count; i++) {
        int64_t at_us = 0;

        for (size_t k = 0; k < count; k++)
            at_us = rows[k].node_id == nodes.nodes[i].id ? rows[k].at_us : at_us;
        if (nodes.nodes[i].lost_us != 0 || at_us >= oldest_us)
            continue;
        oldest_us = at_us;
        *out = nodes.nodes[i].id;
    }
    return true;
}

bool launcher_model_shape_want(struct store_connection *writer, struct arena *arena, const char *source,
                               int64_t **touched_out, struct error *err)
{
    const struct store_fetch look = { .by = "planner", .state = "look" };
    struct store_shape *known = NULL;
    struct model_source parsed;
    struct error ignored = ERROR_INIT;
    int64_t node_id = 0;

    if (touched_out != NULL)
        *touched_out = NULL;
    if (strstr(source, "://") == NULL || !model_source_parse(arena, source, &parsed, &ignored))
        return true; /* a name: who has it has told its shape */
    if (!store_shape_get(writer, arena, source, &known, err))
        return false;
    if (known != NULL)
        return true;
    if (!looker_find(writer, arena, source, &node_id, err))
        return false;
    return node_id == 0 || (row_put(writer, arena, node_id, source, &look, err) &&
                            launcher_models_step(writer, arena, false, touched_out, err));
}

bool launcher_model_shape_told(struct store_connection *connection, struct arena *arena, const char *source,
                               const char **out, bool *looks_out, struct error *err)
{
    const struct store_fetch_filter filter = { .source = source };
    struct store_fetch *rows = NULL;
    int64_t newest_us = 0;
    size_t count = 0;

    *out = NULL;
    if (looks_out != NULL)
        *looks_out = false;
    if (!store_fetch_list(connection, arena, &filter, &rows, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        const char *why = value_map_text(json_of(arena, rows[i].detail), "sentence");
        bool is_look = text_equal(rows[i].state, "look");

        if (!text_equal(rows[i].by, "planner") || rows[i].at_us < newest_us || (!is_look && why == NULL))
            continue;
        newest_us = rows[i].at_us;
        if (looks_out != NULL)
            *looks_out = is_look;
        *out = is_look ? arena_printf(arena, "%s reads the header of %s", rows[i].node, source)
                       : arena_printf(arena, "%s could not read the header of %s: %s", rows[i].node, source, why);
    }
    return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* How far a node is with a model, into its row; what it told of bad neighbours, into theirs. Who fetches what from then on decides the launcher. */
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/json/json.h"
#include "common/model/model_shape_value.h"
#include "controller/api/center.h"
#include "controller/api/intake_measured.h"
#include "controller/launcher/models_elect.h"
#include "controller/store/store_fetch.h"
#include "controller/store/store_shape.h"

#define SENTENCE_MAX 1000

struct telling {
    struct store_connection *writer;
    struct arena *arena;
    const struct intake_report *in;
    struct store_fetch *rows, *row; /* of the source; the node's own */
    size_t count;
    const struct value *before; /* detail */
};

static int64_t number_of(const struct value *map, const char *key)
{
    const struct value *number = value_map_get(map, key);

    return value_is(number, VALUE_INT) && number->as.integer > 0 ? number->as.integer : 0;
}

static bool event_add(struct telling *telling, const char *kind, int64_t node_id, const char *node,
                      struct value *detail, struct error *err)
{
    const struct center_event event = { .kind = kind, .node_id = node_id, .node = node, .detail = detail };

    value_map_put_string(telling->arena, detail, "source", telling->row->source);
    return center_event_add(telling->writer, telling->arena, &event, err);
}

/* --- sums --- */

/* Bytes by where they came from: a child that was started again counts from nothing, the row does not. */
static const struct value *from_sum(struct telling *telling, const struct value *base)
{
    const struct value *from = value_map_get(telling->in->body, "from");
    struct value *sum = value_map(telling->arena);

    for (size_t i = 0; i < value_map_count(base); i++) {
        const char *where = value_text(value_pair_at(base, i)->key);

        if (where != NULL)
            value_map_put_int(telling->arena, sum, where, number_of(base, where));
    }
    for (size_t i = 0; i < value_map_count(from) && i < 300; i++) {
        const char *where = value_text(value_pair_at(from, i)->key);

        if (where != NULL && strlen(where) < 100)
            value_map_put_int(telling->arena, sum, where, number_of(from, where) + number_of(base, where));
    }
    return sum;
}

static void bad_put(struct telling *telling, struct value *detail)
{
    const struct value *lists[] = { value_map_get(telling->before, "bad"), value_map_get(telling->in->body, "bad") };
    struct value *out = value_list(telling->arena);

    for (size_t k = 0; k < 2; k++) {
        for (size_t i = 0; value_is(lists[k], VALUE_LIST) && i < value_count(lists[k]) && i < 300; i++) {
            const char *name = value_text(value_item(lists[k], i));
            bool is_known = name == NULL;

            for (size_t j = 0; !is_known && j < value_count(out); j++)
                is_known = text_equal(value_text(value_item(out, j)), name);
            if (!is_known)
                value_list_add(telling->arena, out, value_string(telling->arena, name));
        }
    }
    value_map_put(telling->arena, detail, "bad", out);
}

static struct value *detail_make(struct telling *telling)
{
    const struct value *body = telling->in->body, *run = value_map_get(body, "run");
    const struct value *base = value_map_get(telling->before, "base");
    struct value *detail = value_map(telling->arena);
    const char *sentence = value_map_text(body, "sentence");

    if (number_of(telling->before, "run") != number_of(body, "run"))
        base = value_map_get(telling->before, "from"); /* all that came before this child */
    if (value_is(run, VALUE_INT))
        value_map_put(telling->arena, detail, "run", run);
    if (value_map_count(base) > 0)
        value_map_put(telling->arena, detail, "base", base);
    value_map_put(telling->arena, detail, "from", from_sum(telling, base));
    bad_put(telling, detail);
    if (sentence != NULL)
        value_map_put_string(telling->arena, detail, "sentence",
                             arena_copy_n(telling->arena, sentence, strnlen(sentence, SENTENCE_MAX)));
    if (value_map_text(body, "path") != NULL)
        value_map_put_string(telling->arena, detail, "path", value_map_text(body, "path"));
    if (value_map_text(body, "digest") != NULL)
        value_map_put_string(telling->arena, detail, "digest", value_map_text(body, "digest"));
    return detail;
}

/* --- states --- */

static bool others_are_active(const struct telling *telling)
{
    for (size_t i = 0; i < telling->count; i++) {
        if (&telling->rows[i] != telling->row && models_is_active(&telling->rows[i]) && !telling->rows[i].origin_failed)
            return true;
    }
    return false;
}

/* One whose origin fails goes on as one that takes from others, while there are some. */
static const char *state_after_failure(struct telling *telling)
{
    const char *where = value_map_text(telling->in->body, "where");
    struct store_fetch *row = telling->row;

    row->is_seed = false;
    if (text_equal(row->state, "look"))
        return "failed";
    if (text_equal(where, "origin")) {
        row->origin_failed = true;
        return others_are_active(telling) ? "wanted" : "failed";
    }
    if (text_equal(where, "neighbours") && ++row->tries < MODELS_TRIES_MAX)
        return "wanted";
    return "failed";
}

static bool bad_mark(struct telling *telling, const char *name, struct error *err)
{
    struct value *detail = value_map(telling->arena);

    for (size_t i = 0; i < telling->count; i++) {
        struct store_fetch *row = &telling->rows[i];

        if (row == telling->row || !text_equal(row->node, name) || row->is_bad)
            continue;
        row->is_bad = true;
        row->is_seed = false;
        value_map_put_string(telling->arena, detail, "found_by", telling->in->node);
        return store_fetch_put(telling->writer, row, err) &&
               event_add(telling, "neighbour.bad", row->node_id, row->node, detail, err);
    }
    return true;
}

static bool bad_marks(struct telling *telling, struct error *err)
{
    const struct value *bad = value_map_get(telling->in->body, "bad");

    for (size_t i = 0; value_is(bad, VALUE_LIST) && i < value_count(bad) && i < 300; i++) {
        const char *name = value_text(value_item(bad, i));

        if (name != NULL && !bad_mark(telling, name, err))
            return false;
    }
    return true;
}

static bool fetched_tell(struct telling *telling, const struct value *detail, struct error *err)
{
    struct value *map = value_map(telling->arena);

    value_map_put_int(telling->arena, map, "bytes", telling->row->total_bytes);
    value_map_put(telling->arena, map, "from", value_map_get(detail, "from"));
    return event_add(telling, "model.fetched", telling->in->node_id, telling->in->node, map, err);
}

/* What it is, by its header; the row has done its work. */
static bool looked_take(struct telling *telling, struct error *err)
{
    const struct value *value = value_map_get(telling->in->body, "shape");
    struct store_shape shape = { .key = telling->row->source,
                                 .bytes = number_of(telling->in->body, "total_bytes"),
                                 .at_us = clock_wall_us() };
    struct model_shape *bound = NULL;
    struct error ignored = ERROR_INIT;

    if (value == NULL || !model_shape_bind(telling->arena, value, &bound, &ignored))
        shape.shape = "null"; /* no GGUF file: its length is known at least */
    else
        shape.shape = json_text(telling->arena, model_shape_value(telling->arena, bound), JSON_COMPACT);
    return store_shape_set(telling->writer, &shape, err) &&
           (!text_equal(telling->row->state, "look") ||
            store_fetch_remove(telling->writer, telling->row->node_id, telling->row->source, err));
}

static bool row_take(struct telling *telling, const char *state, struct error *err)
{
    struct store_fetch *row = telling->row;
    bool was_ready = text_equal(row->state, "ready"), had_come = row->total_bytes > 0 || row->done_bytes > 0;
    struct value *detail = detail_make(telling);

    had_come = had_come && value_map_count(value_map_get(detail, "from")) > 0;
    row->done_bytes = number_of(telling->in->body, "done_bytes");
    row->total_bytes = number_of(telling->in->body, "total_bytes");
    row->state = text_equal(state, "failed") ? state_after_failure(telling) : state;
    if (text_equal(row->state, "ready"))
        row->is_seed = row->origin_failed = row->is_bad = false;
    row->detail = json_text(telling->arena, detail, JSON_COMPACT);
    row->at_us = clock_wall_us();
    return store_fetch_put(telling->writer, row, err) && bad_marks(telling, err) &&
           (was_ready || !text_equal(row->state, "ready") || !had_come || fetched_tell(telling, detail, err));
}

bool intake_fetch(struct store_connection *writer, struct arena *arena, const struct intake_report *report,
                  struct error *err)
{
    const char *source = value_map_text(report->body, "source"), *state = value_map_text(report->body, "state");
    const struct store_fetch_filter filter = { .source = source };
    struct telling telling = { .writer = writer, .arena = arena, .in = report };
    struct error ignored = ERROR_INIT;

    if (source == NULL || !text_in(state, ARG_NAMES("fetching", "ready", "failed", "looked")))
        return true;
    if (!store_fetch_list(writer, arena, &filter, &telling.rows, &telling.count, err))
        return false;
    for (size_t i = 0; i < telling.count; i++) {
        if (telling.rows[i].node_id == report->node_id)
            telling.row = &telling.rows[i];
    }
    if (telling.row == NULL)
        return true; /* nobody wants it there any more */
    if (telling.row->detail != NULL)
        (void)json_read(arena, telling.row->detail, strlen(telling.row->detail), NULL, &telling.before, &ignored);
    if (text_equal(state, "looked"))
        return looked_take(&telling, err);
    /* a late word of what was failed or wanted to be looked at only changes nothing but that */
    if (text_equal(state, "fetching") && !models_is_active(telling.row))
        return true;
    return row_take(&telling, state, err);
}

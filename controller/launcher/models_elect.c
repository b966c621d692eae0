/* SPDX-License-Identifier: Apache-2.0 */
/* Rows in, rows out. */
#include "controller/launcher/models_elect.h"

#include <string.h>

#include "common/base/text.h"
#include "common/json/json.h"

bool models_is_active(const struct store_fetch *row)
{
    return text_equal(row->state, "wanted") || text_equal(row->state, "fetching");
}

bool models_is_giving(const struct store_fetch *row)
{
    return (models_is_active(row) || text_equal(row->state, "ready")) && !row->is_bad && row->node_is_active &&
           row->key != NULL;
}

static bool is_holder(const struct store_fetch *row)
{
    return models_is_giving(row) && text_equal(row->state, "ready") && row->node_lost_us == 0;
}

static bool is_alive(const struct store_fetch *row, int64_t now_us, bool is_young)
{
    return models_is_active(row) && row->node_is_active && (is_young || now_us - row->at_us < MODELS_SILENT_US);
}

/* It is said to have it, and will tell in a moment. */
static bool is_expected(const struct store_fetch *row, int64_t now_us)
{
    return models_is_giving(row) && text_equal(row->by, "holder") && text_equal(row->state, "wanted") &&
           row->node_lost_us == 0 && now_us - row->at_us < MODELS_SILENT_US;
}

bool models_is_authority(const struct store_fetch *rows, size_t count, size_t index)
{
    for (size_t i = 0; i < count; i++) {
        if (is_holder(&rows[i]))
            return is_holder(&rows[index]);
    }
    return rows[index].is_seed && models_is_giving(&rows[index]);
}

static bool may_seed(const struct store_fetch *row, int64_t now_us, bool is_young)
{
    return is_alive(row, now_us, is_young) && !row->origin_failed && !row->is_bad;
}

/* The one that has the most; of equals the seed of now, then the one that comes first. */
static size_t candidate(const struct store_fetch *rows, size_t count, int64_t now_us, bool is_young)
{
    size_t best = count;

    for (size_t i = 0; i < count; i++) {
        if (may_seed(&rows[i], now_us, is_young) && (best == count || rows[i].done_bytes > rows[best].done_bytes))
            best = i;
    }
    return best;
}

/* The seed that works goes on. */
static size_t seed_of_now(const struct store_fetch *rows, size_t count, int64_t now_us, bool is_young)
{
    for (size_t i = 0; i < count; i++) {
        if (rows[i].is_seed && may_seed(&rows[i], now_us, is_young))
            return i;
    }
    return count;
}

static void seed_set(struct store_fetch *rows, size_t count, size_t seed, int64_t now_us, bool *changed)
{
    for (size_t i = 0; i < count; i++) {
        if (rows[i].is_seed == (i == seed))
            continue;
        rows[i].is_seed = i == seed;
        if (i == seed)
            rows[i].at_us = now_us; /* it is told, and has its time to answer */
        changed[i] = true;
    }
}

/* Nobody is left who could ask the origin: the last reason is everybody's. */
static void give_up(struct arena *arena, struct store_fetch *rows, size_t count, bool *changed)
{
    const char *sentence = NULL;

    for (size_t i = 0; i < count; i++) {
        const struct value *detail = NULL;
        struct error ignored = ERROR_INIT;

        if (rows[i].origin_failed && rows[i].detail != NULL &&
            json_read(arena, rows[i].detail, strlen(rows[i].detail), NULL, &detail, &ignored) &&
            value_map_text(detail, "sentence") != NULL)
            sentence = value_map_text(detail, "sentence");
    }
    for (size_t i = 0; i < count; i++) {
        struct value *detail;

        if (!models_is_active(&rows[i]))
            continue;
        detail = value_map(arena);
        value_map_put_string(arena, detail, "sentence", sentence == NULL ? "no node could fetch it" : sentence);
        rows[i].state = "failed";
        rows[i].is_seed = false;
        rows[i].detail = json_text(arena, detail, JSON_COMPACT);
        changed[i] = true;
    }
}

void models_elect(struct arena *arena, struct store_fetch *rows, size_t count, int64_t now_us, bool is_young,
                  bool *changed_out)
{
    size_t seed = count, active = 0, hopeless = 0;

    memset(changed_out, 0, count * sizeof(*changed_out));
    for (size_t i = 0; i < count; i++) {
        active += models_is_active(&rows[i]);
        hopeless += models_is_active(&rows[i]) && (rows[i].origin_failed || rows[i].is_bad);
        if (is_holder(&rows[i]) || is_expected(&rows[i], now_us))
            seed = i;
    }
    if (active == 0) {
        seed_set(rows, count, count, now_us, changed_out);
        return;
    }
    if (seed < count) { /* somebody has it: nobody asks the origin */
        seed_set(rows, count, count, now_us, changed_out);
        return;
    }
    if (hopeless == active) {
        give_up(arena, rows, count, changed_out);
        return;
    }
    seed = seed_of_now(rows, count, now_us, is_young);
    if (seed == count)
        seed = candidate(rows, count, now_us, is_young);
    if (seed < count) /* else nobody is heard: what was decided stays */
        seed_set(rows, count, seed, now_us, changed_out);
}

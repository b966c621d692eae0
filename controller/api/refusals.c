/* SPDX-License-Identifier: Apache-2.0 */
/* The first refusal of a peer and kind is a row at once; those that follow within the minute are counted into its second. */
#include "controller/api/refusals.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/json/json.h"
#include "controller/store/store_audit.h"
#include "controller/store/store_writer.h"

struct slot {
    char kind[16], actor[96], peer[64], object[128], reason[96];
    int64_t began_ms; /* of the minute; 0: free */
    int64_t count;    /* not in a row yet */
};

struct refusals {
    struct store *store;
    pthread_mutex_t mutex;
    struct slot slots[REFUSALS_ROOM + 1]; /* the last one is for all that find no room */
};

struct refusals *refusals_new(struct store *store)
{
    struct refusals *refusals = calloc(1, sizeof(*refusals));

    if (refusals == NULL)
        return NULL;
    refusals->store = store;
    pthread_mutex_init(&refusals->mutex, NULL);
    return refusals;
}

/* --- rows --- */

static bool row_run(struct store_connection *writer, void *data, struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    const struct slot *slot = data;
    struct value *detail = value_map(arena);
    struct store_audit_row row = {
        .at_us = clock_wall_us(),
        .actor = slot->actor,
        .action = arena_printf(arena, "refused.%s", slot->kind),
        .object = slot->object,
        .peer = slot->peer,
    };

    value_map_put_string(arena, detail, "reason", slot->reason);
    value_map_put_int(arena, detail, "count", slot->count);
    row.detail = json_text(arena, detail, JSON_COMPACT);
    return store_audit_add(writer, &row, NULL, err);
}

static void row_done(void *data, const struct error *err)
{
    (void)err; /* a store that cannot write says so to everyone else */
    free(data);
}

static void row_write(struct refusals *refusals, const struct slot *slot, int64_t count)
{
    struct slot *row = malloc(sizeof(*row));
    struct error err = ERROR_INIT;

    if (row == NULL)
        return;
    *row = *slot;
    row->count = count;
    if (!store_write(refusals->store, &(struct store_work){ row_run, row_done, row }, &err))
        free(row);
}

/* --- counting --- */

static void slot_set(struct slot *slot, const struct refusal *refusal)
{
    snprintf(slot->kind, sizeof(slot->kind), "%s", refusal->kind);
    snprintf(slot->actor, sizeof(slot->actor), "%s", refusal->actor);
    snprintf(slot->peer, sizeof(slot->peer), "%s", refusal->peer);
    snprintf(slot->object, sizeof(slot->object), "%s", refusal->object);
    snprintf(slot->reason, sizeof(slot->reason), "%s", refusal->reason);
}

static bool slot_is(const struct slot *slot, const struct refusal *refusal)
{
    return slot->began_ms != 0 && strcmp(slot->kind, refusal->kind) == 0 && strcmp(slot->peer, refusal->peer) == 0 &&
           strcmp(slot->actor, refusal->actor) == 0;
}

/* The refusal's own, a free one, or the one for all others. */
static struct slot *slot_of(struct refusals *refusals, const struct refusal *refusal, bool *is_known)
{
    struct slot *others = &refusals->slots[REFUSALS_ROOM], *unused = others;

    for (struct slot *slot = refusals->slots; slot < others; slot++) {
        *is_known = slot_is(slot, refusal);
        if (*is_known)
            return slot;
        if (slot->began_ms == 0 && unused == others)
            unused = slot;
    }
    *is_known = unused == others && others->began_ms != 0;
    return unused;
}

void refusals_note(struct refusals *refusals, const struct refusal *refusal)
{
    static const struct refusal others = { "others", "nobody", "several", "", "more peers than are told apart" };
    struct slot *slot = NULL;
    bool is_known = false;

    if (refusals == NULL)
        return;
    pthread_mutex_lock(&refusals->mutex);
    slot = slot_of(refusals, refusal, &is_known);
    if (is_known) {
        slot->count++;
    } else {
        slot_set(slot, slot == &refusals->slots[REFUSALS_ROOM] ? &others : refusal);
        slot->began_ms = clock_monotonic_ms();
        slot->count = 0;
        row_write(refusals, slot, 1);
    }
    pthread_mutex_unlock(&refusals->mutex);
}

/* With a count, the minute begins anew: what follows is counted again instead of being a row at once. */
static void slots_write(struct refusals *refusals, int64_t now_ms, bool all)
{
    pthread_mutex_lock(&refusals->mutex);
    for (size_t i = 0; i <= REFUSALS_ROOM; i++) {
        struct slot *slot = &refusals->slots[i];

        if (slot->began_ms == 0 || (!all && now_ms - slot->began_ms < REFUSALS_MINUTE_MS))
            continue;
        if (slot->count > 0)
            row_write(refusals, slot, slot->count);
        slot->began_ms = slot->count > 0 ? now_ms : 0;
        slot->count = 0;
    }
    pthread_mutex_unlock(&refusals->mutex);
}

int64_t refusals_step(struct refusals *refusals)
{
    slots_write(refusals, clock_monotonic_ms(), false);
    return REFUSALS_MINUTE_MS / 4;
}

void refusals_free(struct refusals *refusals)
{
    if (refusals == NULL)
        return;
    slots_write(refusals, clock_monotonic_ms(), true);
    pthread_mutex_destroy(&refusals->mutex);
    free(refusals);
}

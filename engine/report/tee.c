/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Several sinks behind one.
 */
#include "engine/report/sinks.h"

struct tee {
    struct event_sink sink; /* first */
    struct event_sink **sinks;
    size_t count;
};

static void tee_emit(struct event_sink *sink, const struct event *event)
{
    struct tee *tee = (struct tee *)sink;

    for (size_t i = 0; i < tee->count; i++)
        tee->sinks[i]->emit(tee->sinks[i], event);
}

static void tee_close(struct event_sink *sink)
{
    struct tee *tee = (struct tee *)sink;

    for (size_t i = 0; i < tee->count; i++) {
        if (tee->sinks[i]->close != NULL)
            tee->sinks[i]->close(tee->sinks[i]);
    }
}

static void tee_tick(struct event_sink *sink)
{
    struct tee *tee = (struct tee *)sink;

    for (size_t i = 0; i < tee->count; i++) {
        if (tee->sinks[i]->tick != NULL)
            tee->sinks[i]->tick(tee->sinks[i]);
    }
}

struct event_sink *sink_tee(struct arena *arena, struct event_sink *const *sinks, size_t count)
{
    struct tee *tee = arena_new_of(arena, struct tee);

    tee->sink = (struct event_sink){ tee_emit, tee_close, tee_tick };
    tee->sinks = arena_new_array(arena, struct event_sink *, count);
    for (size_t i = 0; i < count; i++)
        tee->sinks[i] = sinks[i];
    tee->count = count;
    return &tee->sink;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lease that nodes were told. When the controller comes back with another one, a node goes by the one before until it has taken the
 * placement with the new one, and a timer that it had begun runs on for as long as the one before: until then the longer of the two counts.
 */
#include "controller/launcher/launcher_lease.h"

#include "common/base/clock.h"
#include "controller/launcher/launcher_internal.h"
#include "controller/store/store_writer.h"

/* Since when it is known that a node has taken its lease, by the monotonic clock: a restart of the controller counts anew. */
struct leased {
    struct leased *next;
    int64_t node_id, lease_epoch, since_ms;
};

int64_t lease_gone_ms(const struct store_placement *placement)
{
    int64_t lease_s = placement->lease_s, before_s = placement->lease_before_s;

    return ((lease_s > before_s ? lease_s : before_s) + LAUNCHER_LEASE_SLACK_S) * 1000;
}

static int64_t taken_since_ms(struct launcher *launcher, const struct store_placement *placement)
{
    struct leased *leased = launcher->leased;

    while (leased != NULL && leased->node_id != placement->node_id)
        leased = leased->next;
    if (leased == NULL) {
        leased = arena_new_of(launcher->arena, struct leased);
        *leased = (struct leased){ .next = launcher->leased, .node_id = placement->node_id };
        launcher->leased = leased;
    }
    if (leased->lease_epoch != placement->lease_epoch)
        leased->since_ms = clock_monotonic_ms();
    leased->lease_epoch = placement->lease_epoch;
    return leased->since_ms;
}

struct lease_work {
    int64_t lease_s, now_us;
    int64_t *changed, *over; /* nodes */
    size_t changed_count, over_count;
};

static bool work_run(struct store_connection *writer, void *data, struct error *err)
{
    const struct lease_work *work = data;

    for (size_t i = 0; i < work->changed_count; i++) {
        if (!store_placement_lease(writer, work->changed[i], work->lease_s, work->now_us, err))
            return false;
    }
    for (size_t i = 0; i < work->over_count; i++) {
        if (!store_placement_leased(writer, work->over[i], err))
            return false;
    }
    return true;
}

static void look_at(struct launcher *launcher, const struct store_placement *placement, struct lease_work *work)
{
    bool is_taken = placement->lease_before_s > 0 && placement->told_epoch >= placement->lease_epoch;

    if (placement->lease_s != work->lease_s)
        work->changed[work->changed_count++] = placement->node_id;
    else if (is_taken && clock_monotonic_ms() - taken_since_ms(launcher, placement) > placement->lease_before_s * 1000)
        work->over[work->over_count++] = placement->node_id;
}

bool leases_make(struct launcher *launcher, bool *changed_out, struct error *err)
{
    const struct view *view = &launcher->view;
    struct lease_work work = {
        .lease_s = launcher->options.lease_s > 0 ? launcher->options.lease_s : LAUNCHER_LEASE_S,
        .now_us = clock_wall_us(),
        .changed = arena_new_array(launcher->pass, int64_t, view->nodes_count + 1),
        .over = arena_new_array(launcher->pass, int64_t, view->nodes_count + 1),
    };

    for (size_t i = 0; i < view->nodes_count; i++) {
        if (view->nodes[i].placement != NULL)
            look_at(launcher, view->nodes[i].placement, &work);
        else if (work.lease_s != LAUNCHER_LEASE_S) /* what a placement has that is made in passing */
            work.changed[work.changed_count++] = view->nodes[i].id;
    }
    *changed_out = work.changed_count + work.over_count > 0;
    if (*changed_out && !store_write_wait(launcher->options.store, work_run, &work, err))
        return false;
    for (size_t i = 0; launcher->options.news.work != NULL && i < work.changed_count; i++)
        launcher->options.news.work(launcher->options.news.data, work.changed[i]);
    return true;
}

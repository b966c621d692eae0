/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A second instance of a replica that serves on a node that was drained: it starts beside it, takes its place when it serves, and then
 * the first one finishes what it has begun. The gateway knows only the one that has the place: clients see one head.
 */
#include "controller/launcher/launcher_beside.h"

#include <math.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "controller/launcher/launcher_internal.h"
#include "controller/store/store_writer.h"

#define SECOND_US ((int64_t)1000000)
#define FINISH_US (120 * SECOND_US) /* so long it may work on what it has begun */
#define GRACE_US SECOND_US          /* requests that were on their way to it */
#define QUIET_US (10 * SECOND_US)   /* nothing was heard of its work for so long: it has none */

bool beside_is(const struct store_instance *row)
{
    return row->replica >= STORE_INSTANCE_BESIDE;
}

static const struct store_instance *other_of(const struct launcher *launcher, const struct store_instance *row)
{
    const struct view *view = &launcher->view;
    int64_t replica =
        beside_is(row) ? row->replica - STORE_INSTANCE_BESIDE : row->replica + (int64_t)STORE_INSTANCE_BESIDE;

    for (size_t i = 0; i < view->instances_count; i++) {
        if (view->instances[i].workload_id == row->workload_id && view->instances[i].replica == replica)
            return &view->instances[i];
    }
    return NULL;
}

int64_t beside_other(const struct launcher *launcher, const struct store_instance *row)
{
    const struct store_instance *other = other_of(launcher, row);

    return other == NULL ? 0 : other->id;
}

static bool is_live(const struct launcher *launcher, const struct store_instance *row)
{
    for (size_t i = 0; i < launcher->view.pieces_count; i++) {
        const struct store_piece *piece = &launcher->view.pieces[i];

        if (piece->instance_id == row->id && piece->is_wanted && piece->attempt == row->attempt)
            return true;
    }
    return false;
}

static const char *leaves(const struct launcher *launcher, const struct store_instance *row)
{
    for (size_t i = 0; i < launcher->view.pieces_count; i++) {
        const struct store_piece *piece = &launcher->view.pieces[i];
        const struct view_node *node =
            piece->instance_id == row->id && piece->is_wanted ? view_node_find(launcher, piece->node_id) : NULL;

        if (node != NULL && node->is_drained)
            return node->name;
    }
    return NULL;
}

/* By the declaration: it is to run, as it runs, and may run elsewhere. */
static bool may_move(struct launcher *launcher, const struct store_instance *row)
{
    const struct store_workload *workload = view_workload_find(launcher, row->workload_id);
    const struct declared *declared = workload == NULL ? NULL : declared_of(launcher, workload);

    return declared != NULL && workload->is_wanted && row->version == workload->version && declared->is_readable &&
           declared->workload.kind == WORKLOAD_INFERENCE && !declared->workload.pinned &&
           row->replica < declared->workload.replicas;
}

/* It found a place, and its first start goes well so far. */
static bool has_hope(const struct store_instance *row)
{
    enum step_state state = step_state_of(row->state);

    return row->failures == 0 && state != STEP_PLACING && state != STEP_FAILED;
}

bool beside_is_wanted(struct launcher *launcher, const struct store_instance *row)
{
    const struct store_instance *other = other_of(launcher, row);

    return other != NULL && row->retires_us == 0 && may_move(launcher, other) && is_live(launcher, other) &&
           leaves(launcher, other) != NULL && has_hope(row);
}

/* --- finishing --- */

static bool has_finished(struct launcher *launcher, const struct turn *turn, int64_t now_us)
{
    struct launcher_figures figures;
    int64_t passed_ms = 0, since_us = turn->row.retires_us;
    bool is_told = false, is_quiet = false;

    pthread_mutex_lock(&launcher->mutex);
    figures = turn->watch->figures;
    passed_ms = turn->watch->passed_ms;
    pthread_mutex_unlock(&launcher->mutex);
    is_told = figures.attempt == turn->row.attempt && figures.at_us > since_us + GRACE_US &&
              !isnan(figures.figures.requests_running);
    is_quiet = now_us - since_us > QUIET_US && clock_monotonic_ms() - passed_ms > QUIET_US / 1000;
    if (is_told && now_us - figures.at_us < QUIET_US)
        return figures.figures.requests_running <= 0 && !(figures.figures.requests_waiting > 0);
    return is_quiet;
}

static bool finishes(struct launcher *launcher, const struct turn *turn)
{
    int64_t now_us = clock_wall_us(), gone_us = now_us - turn->row.retires_us;

    return turn->row.retires_us != 0 && turn->workload != NULL && turn->workload->is_wanted && gone_us >= 0 &&
           gone_us < FINISH_US && !has_finished(launcher, turn, now_us);
}

void beside_fill(struct launcher *launcher, struct turn *turn)
{
    const struct store_instance *other = other_of(launcher, &turn->row);
    struct step_instance *in = &turn->in;

    in->leaves = leaves(launcher, &turn->row);
    in->is_beside = beside_is(&turn->row);
    in->finishes = finishes(launcher, turn);
    if (in->leaves == NULL || other == NULL || in->is_beside)
        return;
    in->has_successor = other->retires_us == 0 ? may_move(launcher, &turn->row) && has_hope(other)
                                               : is_live(launcher, other); /* one after the other */
    if (other->retires_us == 0 && !has_hope(other))
        in->no_successor = other->sentence;
}

/* --- new ones, and those that take their places --- */

struct beside_work {
    struct store_instance *added;
    struct store_succession *succeeded;
    size_t added_count, succeeded_count;
};

static bool work_run(struct store_connection *writer, void *data, struct error *err)
{
    const struct beside_work *work = data;
    int64_t id = 0;

    for (size_t i = 0; i < work->added_count; i++) {
        if (!store_instance_add(writer, &work->added[i], &id, err))
            return false;
    }
    for (size_t i = 0; i < work->succeeded_count; i++) {
        if (!store_instance_succeed(writer, &work->succeeded[i], err))
            return false;
    }
    return true;
}

/* It serves; or the first one does no more, and it is on its way already. */
static bool is_ready(struct launcher *launcher, const struct store_instance *row, const struct store_instance *other)
{
    return row->retires_us == 0 && row->version == other->version && may_move(launcher, other) &&
           is_live(launcher, row) && has_hope(row) && (text_equal(row->state, "serving") || !is_live(launcher, other));
}

static void look_at(struct launcher *launcher, const struct store_instance *row, struct beside_work *work)
{
    const struct store_instance *other = other_of(launcher, row);
    int64_t now_us = clock_wall_us();

    if (beside_is(row) && other != NULL && is_ready(launcher, row, other))
        work->succeeded[work->succeeded_count++] =
            (struct store_succession){ other->id, row->id, other->replica, now_us };
    if (beside_is(row) || other != NULL || !text_equal(row->state, "serving") || !may_move(launcher, row) ||
        !is_live(launcher, row) || leaves(launcher, row) == NULL)
        return;
    work->added[work->added_count++] =
        (struct store_instance){ .workload_id = row->workload_id,
                                 .replica = row->replica + STORE_INSTANCE_BESIDE,
                                 .version = row->version,
                                 .attempt = row->attempt,
                                 .state = step_state_name(STEP_PENDING),
                                 .sentence = "it is to start beside the one that leaves its node",
                                 .since_us = now_us };
}

bool beside_make(struct launcher *launcher, bool *changed_out, struct error *err)
{
    const struct view *view = &launcher->view;
    struct beside_work work = {
        .added = arena_new_array(launcher->pass, struct store_instance, view->instances_count + 1),
        .succeeded = arena_new_array(launcher->pass, struct store_succession, view->instances_count + 1),
    };

    for (size_t i = 0; i < view->instances_count; i++)
        look_at(launcher, &view->instances[i], &work);
    *changed_out = work.added_count + work.succeeded_count > 0;
    return !*changed_out || store_write_wait(launcher->options.store, work_run, &work, err);
}

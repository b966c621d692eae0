/* SPDX-License-Identifier: Apache-2.0 */
/* The timer that ends pieces with a lease: begun anew each time the controller was heard, and left alone when it is not. */
#include <string.h>

#include "agent/pieces/piece_made.h"
#include "agent/pieces/piece_text.h"
#include "agent/pieces/pieces_parts.h"
#include "common/base/clock.h"

#define AGAIN_MS 1000
#define ANSWER_MS 2000 /* an answer that took longer does not count: the timer counts from the answer */

static int64_t margin_ms(int64_t lease_s)
{
    return lease_s * 1000 / 4 < ANSWER_MS ? lease_s * 1000 / 4 : ANSWER_MS;
}

bool pieces_has_lease(const struct pieces *pieces)
{
    for (size_t i = 0; pieces->placement_arena != NULL && i < pieces->placement.pieces_count; i++) {
        const struct placement_piece *piece = &pieces->placement.pieces[i];

        if (piece->wrong == NULL && piece->piece.lease)
            return true;
    }
    return false;
}

void pieces_heard(struct pieces *pieces, int64_t asked_ms)
{
    int64_t lease_ms = (pieces->placement_arena == NULL ? PLACEMENT_LEASE_S : pieces->placement.lease_s) * 1000;
    int64_t margin = margin_ms(lease_ms / 1000);

    if (clock_boot_ms() - asked_ms > margin)
        return;
    pieces->lease_until_ms = asked_ms + lease_ms - margin;
    pieces->is_lease_new = true;
}

int64_t pieces_lease_until_ms(const struct pieces *pieces)
{
    return pieces_has_lease(pieces) && pieces->lease_until_ms > 0 ? pieces->lease_until_ms : INT64_MAX;
}

bool pieces_lease_is_over(const struct pieces *pieces, int64_t boot_ms)
{
    return boot_ms >= pieces_lease_until_ms(pieces);
}

/* By the way that systemd's timer takes, too: all at once, killed when they do not end. */
static bool leases_end(struct round *round, struct error *err)
{
    const struct pieces *pieces = round->pieces;
    bool runs = false;

    for (size_t i = 0; i < pieces->entries_count; i++) {
        const struct piece_entry *entry = &pieces->entries[i];

        runs = runs || (entry->piece != NULL && entry->piece->wrong == NULL && entry->piece->piece.lease &&
                        !piece_now_is_down(&entry->now));
    }
    return !runs || unit_job_run(round->manager, PIECES_LEASE_TARGET, "Start", false, err);
}

static bool units_put(struct round *round, struct error *err)
{
    int64_t lease_s = round->pieces->placement.lease_s, timer_s = lease_s - (margin_ms(lease_s) + 999) / 1000;
    bool timer = false, target = false;

    if (!piece_unit_file_put(round->system, round->arena, PIECES_LEASE_TIMER,
                             piece_lease_timer_text(round->arena, timer_s < 1 ? 1 : timer_s), &timer, err) ||
        !piece_unit_file_put(round->system, round->arena, PIECES_LEASE_TARGET, piece_lease_target_text(round->arena),
                             &target, err))
        return false;
    return (!timer && !target) || unit_manager_reload(round->manager, err);
}

/* A lease that was over has left the target up. */
static bool target_stop(struct round *round, struct error *err)
{
    const char **loaded = NULL;

    return unit_loaded_names(round->manager, PIECES_LEASE_TARGET, &loaded, err) &&
           (loaded[0] == NULL || unit_job_run(round->manager, PIECES_LEASE_TARGET, "Stop", true, err));
}

static bool units_remove(struct round *round, struct error *err)
{
    bool timer = false, target = false;

    if (!piece_unit_file_remove(round->system, round->arena, PIECES_LEASE_TIMER, &timer, err) ||
        !piece_unit_file_remove(round->system, round->arena, PIECES_LEASE_TARGET, &target, err))
        return false;
    if (timer && (!unit_job_run(round->manager, PIECES_LEASE_TIMER, "Stop", true, err) ||
                  !unit_reset_failed(round->manager, PIECES_LEASE_TIMER, err)))
        return false;
    round->needs_reload = round->needs_reload || timer || target;
    return !target || target_stop(round, err);
}

void round_lease(struct round *round)
{
    struct pieces *pieces = round->pieces;
    struct error err = ERROR_INIT;
    bool ok = true;

    if (!pieces_has_lease(pieces)) {
        ok = units_remove(round, &err);
    } else if (pieces_lease_is_over(pieces, clock_boot_ms())) {
        ok = leases_end(round, &err);
        if (ok)
            pieces->lease_until_ms = 0;
        pieces->is_lease_new = false;
    } else if (pieces->is_lease_new) {
        ok = units_put(round, &err) && unit_job_run(round->manager, PIECES_LEASE_TIMER, "Restart", true, &err);
        pieces->is_lease_new = !ok;
        if (!ok)
            pieces->lease_until_ms = 0; /* nobody would end them */
    }
    if (ok)
        return;
    round_due(round, round->now_ms + AGAIN_MS);
    round_trouble(round, arena_printf(round->arena, "the lease of the pieces: %s", err.text));
}

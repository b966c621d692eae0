/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes this machine equal to a placement, again and again: units of systemd, rules of nftables, the lease's timer. Nothing waits for a
 * unit: each round does what can be done now and says when to come back. What a round finds it finds on the machine, so that it
 * does not matter who made it, or when. One thread.
 */
#pragma once

#include "agent/pieces/piece_look.h"
#include "agent/pieces/piece_program.h"

struct pieces;

struct pieces_options {
    const struct system *system; /* lives longer */
    const char *models_store;    /* its root; NULL: none */
};

struct pieces *pieces_new(const struct pieces_options *options);
void pieces_free(struct pieces *pieces); /* what runs goes on */

/* From now on this is to be; copied. `controller`: its address, or NULL while it is not known. */
bool pieces_set(struct pieces *pieces, const struct value *placement, const char *controller, struct error *err);
const struct placement *pieces_placement(const struct pieces *pieces); /* NULL: none yet */
/* The controller was asked at `asked_ms` (clock_boot_ms) and has answered: leases go on from then. */
void pieces_heard(struct pieces *pieces, int64_t asked_ms);
/* By clock_boot_ms, which goes on while the machine sleeps: a round is due then, before anything else; INT64_MAX: never. */
int64_t pieces_lease_until_ms(const struct pieces *pieces);
/* The rules of nftables may have been changed by others: the next round looks. */
void pieces_guard_doubt(struct pieces *pieces);
bool pieces_is_guarding(const struct pieces *pieces); /* there are rules to be doubted */
/* Its programs are looked for; the report `engines`, in `arena`. `cache` of piece_programs. */
const struct value *pieces_engines(struct pieces *pieces, struct arena *arena, struct arena *cache_arena,
                                   struct value *cache);

struct pieces_round {
    const struct value *report; /* `pieces`; NULL: nothing is new */
    int64_t due_ms; /* the next round is due then (CLOCK_MONOTONIC); INT64_MAX: when units or the placement change */
    bool wants_engines;  /* a program was not there, or of another build: look again */
    bool is_empty;       /* nothing is there and nothing is to be */
    bool is_settled;     /* nothing is under way */
    const char *trouble; /* a sentence, or NULL */
};
/* False: systemd cannot be talked to. */
bool pieces_round(struct pieces *pieces, struct arena *arena, struct pieces_round *out, struct error *err);

/* The units to be watched, NULL-terminated. */
const char **pieces_units(const struct pieces *pieces, struct arena *arena, size_t *count_out);
/* The report `memory`; peaks of pieces are kept for the report `pieces`. */
struct value *pieces_memory(struct pieces *pieces, struct arena *arena);
/* The whole report, whether it is new or not. */
struct value *pieces_report(const struct pieces *pieces, struct arena *arena);

/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of pieces.h share. */
#pragma once

#include "agent/pieces/pieces.h"
#include "agent/system/network/port_listen.h"

#define ENTRIES_MAX ((size_t)PIECES_MAX * 4) /* with those that are going */

/* A piece that is to be here, or still is. */
struct piece_entry {
    char name[PIECE_NAME_MAX + 1];
    bool is_placed;                      /* it is in the placement */
    bool is_orphan;                      /* nobody knows what it was made of */
    const struct placement_piece *piece; /* while it is placed */
    enum piece_state state;
    int64_t since_us;              /* of the state, wall time; 0: it has none yet */
    enum piece_state state_before; /* when the round began */
    int64_t since_before_us;
    char sentence[640];
    struct piece_now now; /* texts live in a round only */
    char group[256];      /* its control group */
    int64_t pid, exit_code, signal, restarts;
    int64_t memory_peak, gtt_peak, vram_peak;
    int64_t anon_peak, rss_peak; /* its own; with mapped files */
    int64_t tail_at_ms;          /* the log of its failure is looked at once more then; 0: no */
    struct arena *tail_arena;    /* of what follows */
    const struct value *log;     /* when it failed */
    const char *output;          /* of a job that is over */
    bool is_checked;             /* in this round: it may be started */
    bool is_unguarded;           /* ended because its ports could not be closed: it starts when they can */
};

struct pieces {
    struct pieces_options options;
    struct arena *placement_arena; /* NULL: no placement */
    struct placement placement;
    char controller[64];    /* "": not known */
    int64_t lease_until_ms; /* by clock_boot_ms; 0: the controller was not heard yet, or it is over */
    bool is_lease_new;

    struct arena *programs_arena;
    struct piece_program *programs;
    size_t programs_count;
    bool has_programs;

    struct piece_entry *entries; /* ENTRIES_MAX */
    size_t entries_count;
    bool is_cut; /* there is more than the entries take */
    int systemd_version;
    char boot[64];
    char rules_hash[136];     /* of the text that nft was given; "": none was yet */
    char loaded_hash[136];    /* of what it listed then */
    int64_t rules_checked_ms; /* 0: they are to be looked at */
    bool is_guarding;
    int guard_failures; /* in a row */
    int64_t guard_failed_ms, trimmed_ms;
    char told_hash[136];
    int64_t tidied_epoch, states_tidied_ms;
};

/* One round. */
struct round {
    struct pieces *pieces;
    struct arena *arena;
    struct unit_manager *manager;
    const struct system *system;
    struct sysfs fs;
    struct piece_host host;
    struct pieces_round *out;
    int64_t now_ms;
    bool needs_reload;
    struct port_listener *listeners; /* NULL: not read yet */
    size_t listeners_count;
};

void round_due(struct round *round, int64_t at_ms);
void round_trouble(struct round *round, const char *sentence);
const struct port_listener *round_port_taken(struct round *round, const char *address, int port);

/* pieces_entry.c */
struct piece_entry *entry_find(struct pieces *pieces, const char *name);
struct piece_entry *entry_get(struct pieces *pieces, const char *name); /* NULL: there are too many */
/* Of the placement and of those names. False: there are too many, or names that no piece can have; is_cut if it were too many. */
bool entries_collect(struct pieces *pieces, const char *const *names);
void entry_state_set(struct piece_entry *entry, enum piece_state state, const char *sentence);
void entry_free(struct piece_entry *entry);
struct value *entry_value(struct arena *arena, const struct piece_entry *entry);
bool entry_is_job(const struct piece_entry *entry);
/* Process ids of its control group. */
int64_t *entry_pids(const struct sysfs *fs, const struct piece_entry *entry, size_t *count_out);
/* The log of a failure, the output of a job. */
void entry_tail_take(struct round *round, struct piece_entry *entry);

/* pieces_start.c: may it be started now? If so, all is written; if not, the entry says why. */
bool entry_check(struct round *round, struct piece_entry *entry);
bool entry_write(struct round *round, struct piece_entry *entry);

/* pieces_guard.c: the rules fit to what is and what is going to be; false: they could not be loaded, nobody may be started that needs
 * them. */
bool round_guard(struct round *round, struct error *err);
/* They could not: what runs all the same says `why`, and after some tries it is to be ended: those are in `ended` (ENTRIES_MAX). */
size_t round_guard_failed(struct round *round, const char *why, struct piece_entry **ended);
/* pieces_lease.c: ends what has a lease when that is over, before anything else is done. */
void round_lease(struct round *round);
/* It was heard, and not for too long since: the machine has slept, or the timer's clock stood still. */
bool pieces_lease_is_over(const struct pieces *pieces, int64_t boot_ms);
bool pieces_has_lease(const struct pieces *pieces);

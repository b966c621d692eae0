/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of pieces_keeper.h share. */
#pragma once

#include "agent/daemon/controller_call.h"
#include "agent/daemon/identity.h"
#include "agent/daemon/pieces_keeper.h"
#include "agent/pieces/pieces.h"
#include "agent/system/unit/journal_mark.h"
#include "agent/system/unit/unit_watch.h"

#define FOLLOWED_MAX 32
#define LINES_MAX 2000 /* that wait to be sent; older ones are dropped */

enum keeper_asked { ASKED_NOTHING, ASKED_PLACEMENT, ASKED_LOGS };

/* A piece whose log somebody follows. */
struct keeper_followed {
    char name[PIECE_NAME_MAX + 1];
    struct journal_mark mark; /* what was taken */
    struct value *lines;      /* that wait, in lines_arena; NULL: none */
};

struct keeper_logs {
    struct journal_follow *follow; /* NULL: nothing is followed */
    struct keeper_followed followed[FOLLOWED_MAX];
    size_t count;
    struct arena *lines_arena;
    size_t lines;
    int64_t send_at_ms;
};

struct keeper {
    struct pieces_keeper_options options;
    struct arena *arena; /* of the identity */
    struct identity identity;
    struct pieces *pieces;
    struct unit_watch *watch;
    int signals;
    bool is_stopping;

    struct tls_client *tls;
    struct controller_link *link;
    enum keeper_asked asked;
    struct arena *request_arena;
    int64_t asked_ms;  /* by clock_boot_ms */
    int64_t ask_at_ms; /* the placement; INT64_MAX: not before it is told to */
    int failures;
    char etag[64];
    char controller[64]; /* its address; "": not known */
    char trouble[640];   /* that was said last */

    struct keeper_logs logs;
    struct arena *cache_arena; /* of engines */
    struct value *cache;
    bool is_engines_due;
    int64_t engines_ms; /* when they were looked for last */
    char engines_told[136];

    char watched[136];   /* the units, as a digest */
    int64_t round_at_ms; /* INT64_MAX: when something happens */
    int64_t memory_at_ms;
    int64_t available_told, gtt_told; /* told again when they have moved */
    int lease_clock;                  /* a timer that goes on while the machine sleeps; -1: none */
    int64_t lease_set_ms;
    int rules_watch;                      /* tells when rules of nftables change; -1: nobody does */
    int64_t rules_looked_ms, rules_at_ms; /* the next look; INT64_MAX: nobody has told */
    bool is_empty;
    int64_t linger_until_ms; /* after the last piece; 0: there was none */
};

/* A line for the daemon. */
void keeper_print(const char *kind, const struct value *body);
void keeper_say(struct keeper *keeper, const char *sentence);
/* A placement to be made from now on; *ok: it was taken. */
bool keeper_take(struct keeper *keeper, const struct value *placement, bool is_new, struct error *err);

/* keeper_talk.c */
void keeper_talk_start(struct keeper *keeper);
void keeper_talk_step(struct keeper *keeper);
void keeper_talk_close(struct keeper *keeper);
/* What follows from an answer to the question for the placement. */
void keeper_placement_answer(struct keeper *keeper, const struct controller_answer *answer);
/* What was kept of an earlier life; false: nothing. */
bool keeper_file_read(struct keeper *keeper, struct error *err);

/* keeper_logs.c */
void keeper_logs_set(struct keeper *keeper);
void keeper_logs_take(struct keeper *keeper);
/* The next request's body, or NULL: nothing is to be sent now. */
const struct value *keeper_logs_body(struct keeper *keeper, struct arena *arena);
void keeper_logs_close(struct keeper *keeper);

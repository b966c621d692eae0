/* SPDX-License-Identifier: Apache-2.0 */
/* What systemd says of a piece's unit, and what that means for the piece. */
#pragma once

#include "agent/pieces/piece_place.h"
#include "agent/system/unit/unit.h"

enum piece_state {
    PIECE_STARTING,
    PIECE_RUNNING,
    PIECE_ENDED, /* a job that went well */
    PIECE_FAILED,
    PIECE_REFUSED,
    PIECE_STOPPING,
    PIECE_GONE,
};

const char *piece_state_name(enum piece_state state);

struct piece_now {
    bool is_loaded;                    /* there is such a unit */
    const char *active, *sub, *result; /* as systemctl shows them; never NULL */
    const char *control_group;         /* NULL: none */
    int64_t pid;                       /* 0: none */
    int64_t exit_code, signal;         /* of its last end; -1: not ended so */
    int64_t restarts;
    int64_t memory_peak; /* bytes; 0: not known */
};

bool piece_look(struct unit_manager *manager, const char *name, struct piece_now *out, struct error *err);
/* The properties that unit_show gives, read. */
void piece_now_read(const struct value *properties, struct piece_now *out);
/* It takes part in nothing any more: it can be started or removed. */
bool piece_now_is_down(const struct piece_now *now);
/* False: it is down and never failed, so that it is to be started. Else what it is, and a sentence where there is something to say. A
 * service that runs is PIECE_RUNNING here, whether it listens or not. */
bool piece_now_judge(struct arena *arena, const struct piece_now *now, bool is_job, enum piece_state *state_out,
                     const char **sentence_out);

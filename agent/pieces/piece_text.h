/* SPDX-License-Identifier: Apache-2.0 */
/* The unit file of a piece, as text. Nothing is read or written here. */
#pragma once

#include "agent/pieces/piece_place.h"
#include "common/base/text.h"

struct piece_unit_parts {
    const struct piece *piece;
    const char *program; /* its absolute path */
    /* What lies in folders that are hidden from it: where it is, where it is to be seen, and so on; NULL at the end, or NULL. */
    const char *const *hidden_read;
    const struct piece_host *host;
};

char *piece_unit_text(struct arena *arena, const struct piece_unit_parts *parts);
/* KEY="value" lines of its secrets; "" when there are none. */
char *piece_secrets_text(struct arena *arena, const struct piece *piece);
/* What ends the pieces with a lease: a timer that starts a target which they conflict with. */
char *piece_lease_timer_text(struct arena *arena, int64_t lease_s);
char *piece_lease_target_text(struct arena *arena);

/* A word of ExecStart: quoted, and nothing in it means anything to systemd. */
void piece_word_add(struct text *out, const char *word);

/* SPDX-License-Identifier: Apache-2.0 */
/* What a question of a neighbour is answered with, from this node's store. Says no to anything that is not whole here and now. */
#pragma once

#include "agent/share/share_order.h"
#include "common/model/store.h"

struct share_reply {
    const char *head; /* the line, with its newline */
    const char *body; /* in the arena; NULL: it is in `fd` */
    int fd;           /* the caller's to close; -1: none */
    int64_t at, left; /* of the body: where it begins, how much of it */
};

/* Never fails: what cannot be answered is a refusal with a sentence. `node` and `fingerprint`: who asks. */
void share_answer_make(const struct model_store *store, const struct share_order *order, const struct share_peer *who,
                       const char *line, size_t length, struct share_reply *out);

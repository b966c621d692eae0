/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file while it is being fetched: it belongs to one process at a time, and a journal beside it says up to where
 * it is on the disk and verified, with the digest's state there. The journal has two slots that are written in turn, each
 * with a checksum: after a power cut the newest whole one counts, and the data it speaks of is on the disk.
 */
#pragma once

#include "common/model/digest.h"
#include "common/model/model_settings.h"
#include "common/model/store.h"

struct partial {
    const struct model_store *store;
    const char *path, *journal_path;
    int fd, journal_fd;
    char identity[DIGEST_HEX];    /* what is being fetched: another identity means another file */
    uint64_t sequence;            /* of the newest slot */
    struct digest_state verified; /* .length bytes need not be fetched or read again */
    bool keeps_behind; /* to be set before it is resumed: somebody else (chunk_map.h) vouches for what lies behind */
};

/* Opens partial/KEY and waits, with a note, until nobody else has it. */
bool partial_open(const struct model_store *store, const char *key, const struct model_settings *settings,
                  struct partial *out, struct error *err);
/* Takes up what the journal says, if it is of the same identity (any text: size, digest, etag); else starts anew. */
bool partial_resume(struct partial *partial, const char *identity, struct error *err);
/* Data first, then the journal: on the disk when it returns. */
bool partial_checkpoint(struct partial *partial, const struct digest_state *state, struct error *err);
/* Everything is there and has that digest: the file becomes a blob. */
bool partial_commit(struct partial *partial, const char *sha256, struct error *err);
void partial_restart(struct partial *partial); /* what is there is worth nothing */
void partial_discard(struct partial *partial); /* removes both files */
void partial_close(struct partial *partial);   /* keeps them for the next time */

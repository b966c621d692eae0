/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread that brings a file to the disk while it grows: it has the disk begin with what has come, and writes the
 * journal, so that neither the network nor the hashing ever waits for the disk. While it runs, nobody else writes the journal.
 */
#pragma once

#include "common/model/partial.h"

struct flusher;

bool flusher_start(struct partial *partial, struct flusher **out, struct error *err);
/* Everything before `front` has been written, and may go to the disk. False (err set): a journal could not be written. */
bool flusher_advance(struct flusher *flusher, int64_t front, struct error *err);
/* Everything before state->length is verified: to be journaled soon. A newer state takes the place of one that waits. */
void flusher_checkpoint(struct flusher *flusher, const struct digest_state *state);
/* Nothing more will be written: the disk gets the rest now. */
void flusher_complete(struct flusher *flusher);
/* Does what was asked for and ends the thread. Nothing on NULL and the second time. False: see err. */
bool flusher_stop(struct flusher *flusher, struct error *err);
void flusher_free(struct flusher *flusher);

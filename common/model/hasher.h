/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread that hashes a file while it grows, behind whoever writes it: reads what has come from the page cache, and says
 * what the journal may be told. It touches nothing but the partial file and its own state; the disk is the flusher's.
 */
#pragma once

#include "common/model/partial.h"

struct hasher;

/* Starts at what the partial file says is verified. While it runs, nobody else writes the journal. */
bool hasher_start(struct partial *partial, struct hasher **out, struct error *err);
/* Everything before `front` has been written. False (err set) when the hasher has failed. */
bool hasher_advance(struct hasher *hasher, int64_t front, struct error *err);
/* Waits until it is not behind that position any more, or for `wait_ms`, or until it has failed. */
void hasher_await(struct hasher *hasher, int64_t position, int wait_ms);
int64_t hasher_position(struct hasher *hasher);
/* Hashes up to the front and ends the thread. False: see err. */
bool hasher_finish(struct hasher *hasher, char sha256_out[DIGEST_HEX], struct error *err);
/* Ends the thread where it stands and writes the journal. Nothing after hasher_finish, and on NULL. */
void hasher_stop(struct hasher *hasher);
void hasher_free(struct hasher *hasher);

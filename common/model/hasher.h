/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread that hashes a file while it grows, behind whoever writes it: reads what has come from the page cache, keeps
 * the journal, and lets the disk begin early. It touches nothing but the partial file and its own state.
 */
#pragma once

#include "common/model/partial.h"

struct hasher;

/* Starts at what the partial file says is verified. While it runs, the partial file's journal is the hasher's. */
bool hasher_start(struct partial *partial, struct hasher **out, struct error *err);
/* Everything before `front` has been written. False (err set) when the hasher has failed. */
bool hasher_advance(struct hasher *hasher, int64_t front, struct error *err);
int64_t hasher_position(struct hasher *hasher);
/* Hashes up to the front and ends the thread. False: see err. */
bool hasher_finish(struct hasher *hasher, char sha256_out[DIGEST_HEX], struct error *err);
/* Ends the thread where it stands and writes the journal. Nothing after hasher_finish, and on NULL. */
void hasher_stop(struct hasher *hasher);
void hasher_free(struct hasher *hasher);

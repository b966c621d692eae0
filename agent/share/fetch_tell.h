/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a fetch tells the daemon, a JSON object a line: {source, run, state, done_bytes, total_bytes, from: {origin: n, NODE: n}, bad: [nodes],
 * path, digest, sentence, where, shape}. Once a second while it moves, and at each change of state.
 */
#pragma once

#include "common/base/arena.h"
#include "common/base/error.h"
#include "common/value/value.h"

#define FETCH_ORIGIN "origin"

struct fetch_tell {
    int fd;
    const char *source;
    struct arena *arena;
    int64_t run; /* tells one life of the child from the next */
    int64_t done_bytes, total_bytes;
    struct value *from; /* bytes by where they came from, in this run */
    struct value *bad;  /* names, each once */
    int64_t told_ms;
    const char *told_state;
};

void fetch_tell_start(struct fetch_tell *tell, struct arena *arena, int fd, const char *source);
void fetch_tell_from(struct fetch_tell *tell, const char *where, int64_t bytes); /* so many more */
void fetch_tell_bad(struct fetch_tell *tell, const char *node);
/* Not more than once a second, unless the state is another. */
void fetch_tell_progress(struct fetch_tell *tell, const char *state, const char *sentence);
/* The last word; `more`: members beside, or NULL. */
void fetch_tell_end(struct fetch_tell *tell, const char *state, const char *sentence, const struct value *more);

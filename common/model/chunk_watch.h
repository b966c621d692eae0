/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread that digests the chunks of a file while it comes from its origin, behind the front: so that neighbours can have each of them
 * as soon as it is whole. It reads the partial file from the page cache and writes the map; nothing waits for it but its end.
 */
#pragma once

#include "common/model/chunk_map.h"

struct chunk_watch;

/* `fd` and `map` stay the caller's, and live longer. Chunks that the map has are passed over. */
bool chunk_watch_start(struct chunk_map *map, int fd, struct chunk_watch **out, struct error *err);
/* Everything before `front` has been written. Never waits. */
void chunk_watch_advance(struct chunk_watch *watch, int64_t front);
/* Ends the thread: with `is_last` when it has digested all before the front, else where it stands. NULL is fine. False: the map could not
 * be written, or the file not be read. */
bool chunk_watch_end(struct chunk_watch *watch, bool is_last, struct error *err);

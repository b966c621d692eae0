/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was not as declared when this node was last looked at, and when each thing was last in order: so that a drift that is new
 * is known from an old one, what no longer drifts is told as mended, and a check of a few tasks says nothing of the others.
 * Kept on disk over restarts.
 */
#pragma once

#include "common/value/value.h"

#define DRIFT_MEMORY_MAX 5000 /* resources */

struct drift_memory;

/* A missing file is an empty memory; one that cannot be read is an error, and *out an empty memory all the same. */
bool drift_memory_open(const char *path, struct drift_memory **out, struct error *err);
void drift_memory_free(struct drift_memory *memory); /* NULL is fine */

/* The run has looked at it. */
void drift_memory_ok(struct drift_memory *memory, const char *resource);
/* True: it did not drift before. */
bool drift_memory_drifts(struct drift_memory *memory, const char *resource);
/* When it was last seen in order, microseconds; 0: never. */
int64_t drift_memory_last_ok_us(const struct drift_memory *memory, const char *resource);

struct drift_end {
    int64_t begin_us; /* of the run: what was found in order was so then */
    bool is_partial;  /* only some tasks were looked at: the others stay as they were */
    bool is_complete; /* false: the run broke off, and all that it did not find stays as it was */
    void (*mended)(void *data, const char *resource); /* drifted before and does not now */
    void *data;
};
bool drift_memory_end(struct drift_memory *memory, const struct drift_end *end, struct error *err);
/* Before the end: how many drifted as it was opened. */
size_t drift_memory_known(const struct drift_memory *memory);
/* After the end: how many drift; and whether the last whole run was complete, so that "none" means that all is in order. */
size_t drift_memory_count(const struct drift_memory *memory);
bool drift_memory_is_whole(const struct drift_memory *memory);

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reports on their way to the controller, on disk until they are acknowledged. Numbered from 1 without gaps; what was added
 * and synced survives a crash and a power cut, a record that was half written at that moment never existed. The folder holds
 * segments named by their first number, one record a line: the check sum and the JSON of {sequence, at_us, kind, body}. The
 * acknowledgement itself is not kept: after a restart the oldest segment is offered again, and the controller passes over what it has.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/value/value.h"

#define SPOOL_SEGMENT_BYTES ((int64_t)1024 * 1024) /* then a new one begins */
#define SPOOL_RECORD_MAX ((size_t)4 * 1024 * 1024) /* a longer one is refused */

struct spool;

/* `limit_bytes`: what the folder may take; 0: 256 MiB. The folder is made (0700) when it is not there. */
bool spool_open(const char *folder, int64_t limit_bytes, struct spool **out, struct error *err);
void spool_close(struct spool *spool); /* NULL is fine */

/* False with ERROR_LIMIT: the spool is full and nothing was numbered; spool_lost counts it. Not durable before spool_sync. */
bool spool_add(struct spool *spool, const char *kind, int64_t at_us, const struct value *body, struct error *err);
bool spool_sync(struct spool *spool, struct error *err);

/* The oldest records that are not acknowledged, as a list of maps; at most `count`, and about `bytes` of text. In place of
 * records that the disk has damaged stands one of kind "gap" {from, to, reason} with the number `to`, as the first of the list. */
bool spool_read(struct spool *spool, struct arena *arena, size_t count, size_t bytes, struct value **out,
                struct error *err);
/* All up to `sequence` are safe elsewhere. A number beyond the last one added is an error. */
bool spool_acknowledge(struct spool *spool, int64_t sequence, struct error *err);
/* Offers again what stands behind `sequence`, as far as it is still here: the other side has lost it. spool_acknowledged tells
 * how far that is. */
bool spool_rewind(struct spool *spool, int64_t sequence, struct error *err);

int64_t spool_last(const struct spool *spool);         /* number of the newest record; 0: none yet */
int64_t spool_acknowledged(const struct spool *spool); /* as far as is known here */
int64_t spool_lost(const struct spool *spool);         /* reports refused since the spool was opened */

/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files of fetch. */
#pragma once

#include "agent/share/fetch.h"
#include "agent/share/fetch_tell.h"
#include "agent/share/order_input.h"
#include "agent/share/share_talk.h"
#include "common/model/chunk_watch.h"
#include "common/model/download.h"
#include "common/model/pull.h"

struct fetch {
    struct arena *arena;
    const struct fetch_options *options;
    struct model_settings settings; /* with our watch */
    struct order_input input;
    struct arena *order_arena, *next_arena;
    struct fetch_order order; /* that holds */
    struct fetch_order next;  /* that came meanwhile, when there is next_arena */
    int changes;              /* counts orders that came */
    struct tls_client *tls;   /* NULL: not opened yet */
    struct fetch_tell tell;
    bool is_stopping;
    bool is_alone; /* neighbours gave what was wrong as a whole: the rest comes from the origin */

    struct model_plan plan;
    struct model_provider provider;
    const struct value *digests; /* of what is trusted at its first use, as told; or NULL */
    int64_t settled_bytes;       /* of files that are done */
    int64_t taken_bytes;         /* from neighbours, of the file under way */

    /* the file under way */
    struct chunk_map *map;
    struct chunk_watch *watch;
    struct download_ahead ahead;
    int fd;
    int64_t front;
    const struct progress *progress; /* at the origin; else NULL */
    int64_t received;                /* of it, told already */
    int origin_changes;              /* fetch.changes when the origin was asked */
    struct error watch_error;
};

/* Looks for a newer order; what was pointed to goes on to live until it is put in place. */
void fetch_orders_take(struct fetch *fetch);
void fetch_orders_place(struct fetch *fetch);
/* For model_settings.watch and share_stop: it is to end. */
bool fetch_is_stopping(void *data);
bool fetch_tls_open(struct fetch *fetch, struct error *err);
const struct share_peer *fetch_authority(const struct fetch *fetch, size_t index); /* that one of them; or NULL */
void fetch_progress(struct fetch *fetch, const char *sentence);

/* Which files: from what is here, from the authority, or from the origin. */
bool fetch_plan_find(struct fetch *fetch, struct error *err);
/* What the authority says now; NULL: nothing (sentence_out says why). In `arena`. */
const struct value *fetch_plan_ask(struct fetch *fetch, struct arena *arena, const char **sentence_out);

/* model_provider.bring and .judged; `data` is the fetch. */
bool fetch_bring(void *data, struct model_part *part, char sha256_out[DIGEST_HEX], int64_t *size_out,
                 struct error *err);
void fetch_judged(void *data, const struct model_part *part, bool is_good);

/* Chunk maps of what is complete, for neighbours. False: a blob is not what its name says. */
bool fetch_hold(struct fetch *fetch, struct error *err);
/* Reads the header from the origin; *out: members of the last line. */
bool fetch_look(struct fetch *fetch, struct value **out, struct error *err);

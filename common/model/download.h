/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fetches one file into its partial file over several connections, in ranges of bounded size, and hashes it meanwhile.
 * Repeats what breaks, waits where a server asks for it, asks for a new URL where one has expired, and takes up what an
 * earlier run has verified. Does not judge the digest.
 */
#pragma once

#include "common/model/partial.h"
#include "common/model/progress.h"
#include "common/model/remote.h"

/* A file whose parts come from elsewhere, too, and are wanted elsewhere while it comes. */
struct download_ahead {
    void *data;
    /* First byte from `from` on that is not there (the size: all is); *end_out: where that stretch ends. */
    int64_t (*missing)(void *data, int64_t from, int64_t *end_out);
    void (*front)(void *data, int64_t front); /* everything before it has been written; often */
    void (*restarted)(void *data);            /* nothing is there any more */
};

struct download {
    struct arena *arena;
    const struct model_settings *settings;
    struct partial *partial;            /* resumed */
    struct remote remote;               /* where the content is */
    const char *name;                   /* for messages */
    int64_t size;                       /* -1: not known */
    const char *etag;                   /* that every part must have; NULL: any */
    const char *modified;               /* the same for Last-Modified, where there is no ETag */
    bool no_ranges;                     /* the server gives the whole file only */
    struct progress *progress;          /* of all files together */
    const struct download_ahead *ahead; /* NULL: it is fetched as a whole */
    /* A new URL, when the old one has expired; NULL: there is none. */
    bool (*renew)(void *data, struct remote *out, struct error *err);
    void *renew_data;
};

bool download_run(struct download *download, char sha256_out[DIGEST_HEX], int64_t *size_out, struct error *err);

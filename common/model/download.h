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

struct download {
    struct arena *arena;
    const struct model_settings *settings;
    struct partial *partial;   /* resumed */
    struct remote remote;      /* where the content is */
    const char *name;          /* for messages */
    int64_t size;              /* -1: not known */
    const char *etag;          /* that every part must have; NULL: any */
    const char *modified;      /* the same for Last-Modified, where there is no ETag */
    bool no_ranges;            /* the server gives the whole file only */
    struct progress *progress; /* of all files together */
    /* A new URL, when the old one has expired; NULL: there is none. */
    bool (*renew)(void *data, struct remote *out, struct error *err);
    void *renew_data;
};

bool download_run(struct download *download, char sha256_out[DIGEST_HEX], int64_t *size_out, struct error *err);

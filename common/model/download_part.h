/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the files of download: a part of the file on its way over one connection. */
#pragma once

#include "common/http/http_group.h"
#include "common/model/download.h"

#define PART_BUFFER (256 * 1024)
#define PART_END_UNKNOWN INT64_MAX

enum part_state {
    PART_IDLE,
    PART_RUNNING,
    PART_WAITING, /* until `until_ms` */
};

enum part_verdict {
    PART_UNJUDGED,
    PART_TAKEN, /* the body is what was asked for */
    PART_WHOLE, /* the server gives the whole file only, and that is not where we stand */
    PART_REDIRECT,
    PART_EXPIRED, /* the URL is not good any more */
    PART_LATER,   /* wait `wanted_ms` */
    PART_FATAL,   /* `error` says why */
};

struct part {
    struct download *download;
    struct arena *arena; /* of the request */
    enum part_state state;
    enum part_verdict verdict;
    int64_t position, end;    /* what is still to come; position is what has been written */
    int64_t started_position; /* of this request */
    int64_t started_ms, until_ms, wanted_ms;
    int64_t rate;         /* bytes per second of the last request */
    int64_t latency_ms;   /* from that request to its answer; at least 1 */
    int attempt;          /* requests without any progress */
    int generation;       /* of the URL that was used */
    bool peer_is_private; /* who redirects */
    const char *location; /* of a redirect */
    struct error error;
    size_t buffered;
    char *buffer;
};

/* What one run of a download holds besides the parts. */
struct download_state {
    bool ranges_known; /* the server has answered with the range asked for */
    int generation;    /* counts the URLs */
    int renewals;      /* in a row, without any progress */
};

bool part_request(struct part *part, struct http_group *group, struct error *err);
/* The transfer is over: writes what is left and says how it went. The part's verdict is then TAKEN only if all went well or
 * some bytes have come. */
bool part_settle(struct part *part, const struct http_done *done, struct error *err);

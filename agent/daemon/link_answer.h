/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An answer of HTTP/1.1 (RFC 9112) as it comes in, piece by piece: status line, headers, a body with a length or in chunks.
 * Stricter than the standard allows, as there is one server only: no body without a length, no folded lines, both ways of
 * giving a length at once are an error. Bounded in every direction.
 */
#pragma once

#include "common/base/text.h"
#include "common/http/http.h"

#define LINK_HEAD_MAX ((size_t)32 * 1024) /* status line, headers and trailers */
#define LINK_HEADERS_MAX 64

enum link_answer_state {
    ANSWER_STATUS,
    ANSWER_HEADERS,
    ANSWER_BODY, /* `left` bytes */
    ANSWER_CHUNK_SIZE,
    ANSWER_CHUNK,
    ANSWER_CHUNK_END,
    ANSWER_TRAILERS,
    ANSWER_DONE,
};

struct link_answer {
    struct arena *arena;          /* of everything that is kept */
    const struct http_sink *sink; /* of a body with status 200; NULL: it is kept in `body`, as all others are */
    int64_t limit_bytes;          /* of the body; over it: ERROR_LIMIT */
    bool may_upgrade;             /* a 101 was asked for */

    enum link_answer_state state;
    struct http_header headers[LINK_HEADERS_MAX];
    struct http_response response; /* status and headers, from ANSWER_BODY on */
    struct text body;
    struct text line; /* the one that has not come whole */
    size_t head_bytes;
    int64_t left, declared; /* declared: Content-Length, -1 without one */
    bool is_chunked, keeps; /* keeps: the connection may be used again */
};

/* `limit_bytes` over 0. */
void link_answer_begin(struct link_answer *answer, struct arena *arena, int64_t limit_bytes);
/* Takes what has come. *used_out: how much of it belongs to this answer; less than `length` only when it is done. */
bool link_answer_take(struct link_answer *answer, const char *data, size_t length, size_t *used_out, struct error *err);
static inline bool link_answer_is_done(const struct link_answer *answer)
{
    return answer->state == ANSWER_DONE;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What neighbours say to each other, over TLS 1.3 with both certificates. A question is one line of JSON {ask, source, ...}, an answer one
 * line {ok, bytes, ...} or {ok: false, sentence}, and so many bytes:
 *   plan                          which files (model_told.h), as JSON
 *   have     file                 for each chunk 'h' or '.'; `size` of the file beside
 *   digests  file, first, count   64 hexadecimal digits for each; of chunks that are not there zeros
 *   chunk    file, chunk          its bytes
 */
#pragma once

#include "agent/share/share_order.h"
#include "common/trust/tls_stream.h"

#define SHARE_LINE_MAX 8192
#define SHARE_DIGESTS_MAX 4096 /* in one answer */
#define SHARE_SILENCE_MS 10000 /* who says nothing for so long is given up */

/* The asking end: waits, but not for who has been stopped. */
struct share_talk;

struct share_stop {
    bool (*is_stopped)(void *data);
    void *data;
};

struct share_answer {
    bool is_ok;
    const char *sentence; /* of a refusal; in the arena */
    int64_t bytes, size;
};

/* Connects, and checks that it is that node with that key. */
bool share_talk_open(const struct tls_client *tls, const struct share_peer *peer, const struct share_stop *stop,
                     struct share_talk **out, struct error *err);
void share_talk_close(struct share_talk *talk); /* NULL is fine */
/* False: the connection is good for nothing any more. The body of an answer is to be read to its end before the next question. */
bool share_talk_ask(struct share_talk *talk, struct arena *arena, const struct value *question,
                    struct share_answer *out, struct error *err);
/* Some bytes of the body, at least one. */
bool share_talk_read(struct share_talk *talk, void *data, size_t length, size_t *got_out, struct error *err);
bool share_talk_read_all(struct share_talk *talk, void *data, size_t length, struct error *err);

/* {ask, source}; file -1: not of one file. */
struct value *share_question(struct arena *arena, const char *ask, const char *source, int64_t file);

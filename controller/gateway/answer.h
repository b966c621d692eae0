/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an engine answers, on its way to the client: streams of server-sent events, cut into events and looked at one by one, and answers
 * in one piece. Bytes are passed on as they are but for the model's name and for usage, which the client may not have asked for. Pure.
 */
#pragma once

#include <stdint.h>

#include "common/base/text.h"
#include "common/value/value.h"

struct answer_facts {
    bool has_usage;
    int64_t tokens_in, tokens_out; /* as the engine told, once it has */
    int64_t pieces;                /* events with something of an answer in them */
    bool is_done;                  /* "[DONE]" */
    const char *error;             /* the engine's own, in the stream; NULL: none */
};

struct answer_stream {
    struct arena *arena;   /* of the error's text and what is not whole yet */
    struct arena *scratch; /* forgotten after each call */
    const char *model;     /* the client's name for it */
    bool wants_usage;
    struct text held; /* the beginning of an event */
    size_t searched;  /* of it */
    struct answer_facts facts;
};

/* Adds to `out` what the client gets; whole events only. False: an event is longer than LIMIT_GATEWAY_EVENT. */
bool answer_stream_take(struct answer_stream *stream, const char *bytes, size_t length, struct text *out);

/* An answer in one piece: the client's name of the model goes into it, usage comes out. False: it is no JSON object. */
bool answer_whole(struct arena *arena, const char *body, size_t length, const char *model, struct text *out,
                  struct answer_facts *facts);

/* {"error": {...}} in OpenAI's form. `param` and `code` may be NULL. */
struct value *answer_error(struct arena *arena, int status, const char *code, const char *param, const char *message);
/* What it adds to code and message. */
void answer_error_more(struct arena *arena, struct value *error, int status);
/* The sentence in an engine's answer that is no 200; NULL: there is none. */
const char *answer_error_of(struct arena *arena, const char *body, size_t length);

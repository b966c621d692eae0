/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a client asks of a model: the JSON body of a request in OpenAI's form, checked member by member against what is allowed, and
 * written anew for an engine. Nothing that was not looked at reaches an engine: it would be another program's parser that is tried out
 * (CVE-2026-21869: a negative n_discard wrote out of bounds). Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"

enum ask_kind {
    ASK_CHAT = 1, /* /v1/chat/completions */
    ASK_TEXT = 2, /* /v1/completions */
    ASK_EMBEDDINGS = 4,
};

struct ask {
    enum ask_kind kind;
    const char *model; /* as the client calls it */
    bool is_stream, wants_usage;
    unsigned weight;    /* slots it takes: answers times prompts */
    size_t text_bytes;  /* of what it says, pictures left out */
    int64_t max_tokens; /* of each answer; 0: not said */
    const char *rest;   /* what is sent behind the member "model", from a comma to the closing brace */
    size_t rest_length;
};

struct ask_refusal {
    const char *param; /* "messages[2].content"; NULL: the body as a whole */
    const char *code;  /* "unknown_parameter", "invalid_value", ... */
    const char *message;
};

/* False: *why. Texts are in the arena. */
bool ask_read(struct arena *arena, enum ask_kind kind, const char *body, size_t length, struct ask *out,
              struct ask_refusal *why);
/* "/v1/chat/completions" */
const char *ask_path(enum ask_kind kind);
/* The whole body, for an engine that calls the model so. */
const char *ask_body(struct arena *arena, const struct ask *ask, const char *model, size_t *length_out);

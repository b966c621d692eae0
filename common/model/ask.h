/* SPDX-License-Identifier: Apache-2.0 */
/* One question to a server, with the patience that hubs ask for: redirects, "later", and connections that break. */
#pragma once

#include "common/model/remote.h"

#define ASK_BODY_MAX (32 * 1024 * 1024)

struct ask {
    const char *method; /* NULL: GET */
    const char *range;
    bool head_only; /* a GET whose body is not wanted: the transfer ends when it begins */
    bool stay;      /* a redirect to another origin is an answer, not followed */
};

struct answer {
    struct http_response response;
    const char *body; /* "" when it was not wanted; response.size_bytes long */
};

/* An answer of any final status but the temporary ones. `remote` is where it came from. */
bool ask(struct arena *arena, const struct model_settings *settings, const struct ask *question, struct remote *remote,
         struct answer *out, struct error *err);

/* How long to wait before try number `attempt` (from 1); -1: no more. `wanted_ms` is what the server said, or -1. */
int64_t ask_pause_ms(const struct model_settings *settings, int attempt, int64_t wanted_ms);

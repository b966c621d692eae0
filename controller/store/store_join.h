/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may join, and who asked. A token brings in one key; the same key may ask again and gets the same answer. The secret
 * is compared by the caller (secret_matches of the row's hash) before it submits.
 */
#pragma once

#include "controller/store/store.h"

struct store_join_token {
    const char *id, *hash; /* secret_id_make, secret_hash */
    const char *pattern;   /* names it may bring in ("ai-7", "ai-*"); NULL: any */
    bool needs_approval;
    const char *created_by; /* operator */
    int64_t created_us, expires_us;
    int64_t used_us;      /* 0: not yet */
    const char *used_key; /* fingerprint of who used it, or NULL */
    int64_t revoked_us;
};

bool store_join_token_add(struct store_connection *writer, const struct store_join_token *token, struct error *err);
bool store_join_token_get(struct store_connection *connection, struct arena *arena, const char *id,
                          struct store_join_token **out, struct error *err); /* NULL: none */
bool store_join_token_revoke(struct store_connection *writer, const char *id, int64_t now_us, bool *found_out,
                             struct error *err);

struct store_join_token_page {
    struct store_join_token *tokens; /* newest first */
    size_t count;
    const char *next; /* NULL: that was all */
};
/* `after`: `next` of the page before, or NULL. */
bool store_join_token_page(struct store_connection *connection, struct arena *arena, const char *after, size_t limit,
                           struct store_join_token_page *out, struct error *err);

enum store_join_state { STORE_JOIN_PENDING = 1, STORE_JOIN_APPROVED = 2, STORE_JOIN_REFUSED = 4 };

struct store_join_request {
    int64_t id;
    const char *token_id, *name, *fingerprint;
    const char *request;      /* PEM as it came */
    const char *agent, *peer; /* version; address. May be NULL */
    enum store_join_state state;
    int64_t asked_us, decided_us;
    const char *decided_by;      /* operator; NULL: the token alone was enough */
    int64_t node_id, generation; /* approved: what it became */
};

enum store_join_answer {
    STORE_JOIN_OK, /* *out holds the request with its state: look at that */
    STORE_JOIN_TOKEN_UNKNOWN,
    STORE_JOIN_TOKEN_EXPIRED,
    STORE_JOIN_TOKEN_REVOKED,
    STORE_JOIN_TOKEN_USED,   /* by another key */
    STORE_JOIN_NAME_REFUSED, /* the token is not for this name */
    STORE_JOIN_NAME_KNOWN, /* there is a node of this name, in whatever state, and the token is not for exactly this name */
    STORE_JOIN_KEY_REFUSED, /* the key belongs to another node or generation, or was revoked */
};

/* `asked` has token_id, name, fingerprint, request, agent, peer, asked_us; `certificate_us` is the life of a certificate. All
 * answers but OK change nothing. */
struct store_join_submission {
    struct store_join_request asked;
    int64_t certificate_us;
};
bool store_join_submit(struct store_connection *writer, struct arena *arena,
                       const struct store_join_submission *submission, enum store_join_answer *answer,
                       struct store_join_request **out, struct error *err);

struct store_join_decision {
    int64_t id;
    bool approve;
    const char *by; /* operator */
    int64_t now_us, certificate_us;
};
/* *out: the request as it is now; NULL: there is none. One that was decided before stays as it was. An approval can end in
 * STORE_JOIN_KEY_REFUSED or _NAME_KNOWN, as there may be such a node by now: then the request stays pending. */
bool store_join_decide(struct store_connection *writer, struct arena *arena, const struct store_join_decision *decision,
                       enum store_join_answer *answer, struct store_join_request **out, struct error *err);
bool store_join_request_get(struct store_connection *connection, struct arena *arena, int64_t id,
                            struct store_join_request **out, struct error *err);

struct store_join_filter {
    unsigned states; /* bits; 0: all */
    int64_t before;  /* id of the last row of the page before; 0: from the newest */
    size_t limit;
};
struct store_join_request_page {
    struct store_join_request *requests; /* newest first */
    size_t count;
    int64_t next; /* 0: that was all */
};
bool store_join_request_page(struct store_connection *connection, struct arena *arena,
                             const struct store_join_filter *filter, struct store_join_request_page *out,
                             struct error *err);

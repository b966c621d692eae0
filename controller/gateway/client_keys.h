/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keys of clients, in memory: who asks, which models they may use, how often and how much. What is in the store is read once;
 * changes are told. For any thread; nothing here waits for anything but its own lock.
 */
#pragma once

#include <stdint.h>

#include "common/trust/secret.h"
#include "controller/store/store_gateway.h"

struct client_keys;

bool client_keys_open(struct store_connection *reader, struct client_keys **out, struct error *err);
void client_keys_free(struct client_keys *keys); /* NULL is fine */
/* A new one, or one that has changed. */
void client_keys_put(struct client_keys *keys, const struct store_gateway_key *key);
/* There is one that is worth something. */
bool client_keys_any(struct client_keys *keys, int64_t now_us);

enum client_known { CLIENT_UNKNOWN, CLIENT_KNOWN, CLIENT_REVOKED, CLIENT_EXPIRED };
struct client_who {
    const char *id, *name; /* in the arena */
    int64_t ends_us;       /* 0: never */
};
/* `shown`: as it came, "roost_<id>_<secret>". */
enum client_known client_keys_find(struct client_keys *keys, struct arena *arena, const char *shown, int64_t now_us,
                                   struct client_who *out);

bool client_keys_good(struct client_keys *keys, const char *id, int64_t now_us); /* it is worth something */
bool client_keys_may_use(struct client_keys *keys, const char *id, const char *model);

enum client_admission { CLIENT_ADMITTED, CLIENT_REVOKED_NOW, CLIENT_MODEL, CLIENT_REQUESTS, CLIENT_TOKENS };
struct client_wish {
    const char *model;
    int64_t prompt_tokens; /* about so many */
    int64_t answers;       /* 0: none, as of embeddings */
    int64_t answer_tokens; /* of each, at most; 0: not said */
};
struct client_ticket {
    int64_t reserved; /* tokens, when it is admitted; for client_keys_charge */
    int64_t limit;    /* a minute */
    int64_t retry_s;  /* it is worth trying again then */
};
/*
 * Takes one request from the key's bucket, and from that of tokens what the request is expected to take: what does not fit there is not
 * admitted, however many ask at once. A request that expects more than a minute has needs a full bucket. More than was reserved is taken
 * only by answers that did not say how long they may get, and by prompts of many tokens to the byte: that is owed until the bucket is level.
 */
enum client_admission client_keys_admit(struct client_keys *keys, const char *id, const struct client_wish *wish,
                                        int64_t now_us, struct client_ticket *out);
/* It is over: `tokens` instead of what was reserved. Once for each that was admitted. */
void client_keys_charge(struct client_keys *keys, const char *id, int64_t reserved, int64_t tokens, int64_t now_us);

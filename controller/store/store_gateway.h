/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gateway's keys, and what was used with them by the hour. A name means one key for ever, so that a revoked one keeps it.
 */
#pragma once

#include "controller/store/store.h"

#define STORE_HOUR_US ((int64_t)3600 * 1000000)

struct store_gateway_key {
    const char *id, *hash; /* as of an operator's token: api_token_make, secret_hash */
    const char *name;
    const char *models;                             /* JSON list of names; NULL: all */
    int64_t requests_per_minute, tokens_per_minute; /* 0: no limit */
    int64_t created_us, expires_us, revoked_us, used_us;
    const char *created_by;
};

/* *taken_out: the name is another key's, nothing changed. */
bool store_gateway_key_add(struct store_connection *writer, const struct store_gateway_key *key, bool *taken_out,
                           struct error *err);
/* *out: the row as it is now; NULL: there is none of that name. */
bool store_gateway_key_revoke(struct store_connection *writer, struct arena *arena, const char *name, int64_t now_us,
                              struct store_gateway_key **out, struct error *err);

struct store_gateway_key_page {
    struct store_gateway_key *keys; /* by name */
    size_t count;
    const char *next; /* a name; NULL: that was all */
};
bool store_gateway_key_page(struct store_connection *connection, struct arena *arena, const char *after, size_t limit,
                            struct store_gateway_key_page *out, struct error *err);

/* Of a key ("operator:NAME" for an operator) and a model in one hour, long ago in one month (store_retention.h), which is told as its first
 * hour. `requests`: all that have ended. */
struct store_gateway_usage {
    const char *key_id, *model;
    const char *key; /* its name, when read */
    int64_t hour_us;
    int64_t requests, failed, cancelled, refused, tokens_in, tokens_out;
};
/* Adds to what is there; used_us of the key becomes `used_us` if that is later. */
bool store_gateway_usage_add(struct store_connection *writer, const struct store_gateway_usage *usage, int64_t used_us,
                             struct error *err);

struct store_gateway_usage_filter {
    int64_t since_us; /* hours that end behind it */
    const char *key;  /* name; NULL: all */
    bool by_hour;     /* a row for each hour; else one for each key and model, hour_us the newest */
    size_t limit, skip;
};
struct store_gateway_usage_page {
    struct store_gateway_usage *rows; /* newest hour first, then by key and model */
    size_t count;
    bool more;
};
bool store_gateway_usage_page(struct store_connection *connection, struct arena *arena,
                              const struct store_gateway_usage_filter *filter, struct store_gateway_usage_page *out,
                              struct error *err);

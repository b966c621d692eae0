/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of clients: a table under a lock, with a bucket of requests and one of tokens each. */
#include "controller/gateway/client_keys.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/json/json.h"
#include "common/trust/api_token.h"

#define MINUTE_US 60e6
#define ANSWER_USUAL 512 /* tokens of an answer whose length is not bounded */
#define ANSWER_PART 10   /* but never more than this part of a minute */

struct bucket {
    double level; /* what may be taken; below 0: overdrawn */
    int64_t at_us;
};

struct client_key {
    struct client_key *next;
    struct arena *arena;
    struct store_gateway_key row;
    const struct value *models; /* NULL: all */
    struct bucket requests, tokens;
};

struct client_keys {
    pthread_mutex_t mutex;
    struct client_key *first;
};

/* --- the table, with the mutex held --- */

static struct client_key *key_of(struct client_keys *keys, const char *id)
{
    for (struct client_key *key = keys->first; key != NULL; key = key->next) {
        if (strcmp(key->row.id, id) == 0)
            return key;
    }
    return NULL;
}

static struct client_key *key_new(const struct store_gateway_key *row)
{
    struct arena *arena = arena_new();
    struct client_key *key = arena_new_of(arena, struct client_key);
    struct error ignored = ERROR_INIT;

    key->arena = arena;
    key->row = *row;
    key->row.id = arena_copy(arena, row->id);
    key->row.hash = arena_copy(arena, row->hash);
    key->row.name = arena_copy(arena, row->name);
    key->row.models = NULL;
    key->row.created_by = NULL;
    /* a list that cannot be read allows nothing */
    if (row->models != NULL && !json_read(arena, row->models, strlen(row->models), NULL, &key->models, &ignored))
        key->models = value_list(arena);
    key->requests = (struct bucket){ .level = (double)row->requests_per_minute };
    key->tokens = (struct bucket){ .level = (double)row->tokens_per_minute };
    return key;
}

static void key_put(struct client_keys *keys, const struct store_gateway_key *row)
{
    struct client_key *key = key_of(keys, row->id);

    if (key != NULL) { /* all that can change */
        key->row.revoked_us = row->revoked_us;
        key->row.expires_us = row->expires_us;
        return;
    }
    key = key_new(row);
    key->next = keys->first;
    keys->first = key;
}

static bool is_worth(const struct client_key *key, int64_t now_us)
{
    return key->row.revoked_us == 0 && (key->row.expires_us == 0 || key->row.expires_us > now_us);
}

static bool key_may_use(const struct client_key *key, const char *model)
{
    if (key->models == NULL)
        return true;
    for (size_t i = 0; i < value_count(key->models); i++) {
        if (text_equal(value_text(value_item(key->models, i)), model))
            return true;
    }
    return false;
}

/* --- buckets --- */

/* A clock that was set back gives nothing and takes nothing. */
static void bucket_fill(struct bucket *bucket, int64_t per_minute, int64_t now_us)
{
    if (bucket->at_us != 0 && now_us > bucket->at_us)
        bucket->level += (double)(now_us - bucket->at_us) * (double)per_minute / MINUTE_US;
    if (bucket->level > (double)per_minute)
        bucket->level = (double)per_minute;
    bucket->at_us = now_us;
}

/* Until there is `wanted` in it; whole seconds, rounded up. */
static int64_t bucket_wait_s(const struct bucket *bucket, int64_t per_minute, double wanted)
{
    double seconds = (wanted - bucket->level) * 60 / (double)per_minute;

    return seconds < 1 ? 1 : (int64_t)seconds + 1;
}

/* --- for everybody --- */

bool client_keys_open(struct store_connection *reader, struct client_keys **out, struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    struct client_keys *keys = calloc(1, sizeof(*keys));
    struct store_gateway_key_page page = { .next = NULL };

    if (keys == NULL)
        return error_set(err, "no memory");
    pthread_mutex_init(&keys->mutex, NULL);
    do {
        if (!store_gateway_key_page(reader, arena, page.next, 0, &page, err)) {
            client_keys_free(keys);
            return false;
        }
        for (size_t i = 0; i < page.count; i++)
            key_put(keys, &page.keys[i]);
    } while (page.next != NULL);
    *out = keys;
    return true;
}

void client_keys_free(struct client_keys *keys)
{
    if (keys == NULL)
        return;
    for (struct client_key *key = keys->first, *next = NULL; key != NULL; key = next) {
        next = key->next;
        arena_free(key->arena);
    }
    pthread_mutex_destroy(&keys->mutex);
    free(keys);
}

void client_keys_put(struct client_keys *keys, const struct store_gateway_key *key)
{
    pthread_mutex_lock(&keys->mutex);
    key_put(keys, key);
    pthread_mutex_unlock(&keys->mutex);
}

bool client_keys_any(struct client_keys *keys, int64_t now_us)
{
    bool any = false;

    pthread_mutex_lock(&keys->mutex);
    for (const struct client_key *key = keys->first; key != NULL && !any; key = key->next)
        any = is_worth(key, now_us);
    pthread_mutex_unlock(&keys->mutex);
    return any;
}

enum client_known client_keys_find(struct client_keys *keys, struct arena *arena, const char *shown, int64_t now_us,
                                   struct client_who *out)
{
    struct api_token token;
    struct error malformed = ERROR_INIT;
    const struct client_key *key = NULL;
    enum client_known known = CLIENT_UNKNOWN;

    if (shown == NULL || !api_token_read(arena, shown, &token, &malformed))
        return CLIENT_UNKNOWN;
    pthread_mutex_lock(&keys->mutex);
    key = key_of(keys, token.id);
    if (key != NULL && secret_matches(token.secret, key->row.hash)) {
        known = is_worth(key, now_us) ? CLIENT_KNOWN : key->row.revoked_us != 0 ? CLIENT_REVOKED : CLIENT_EXPIRED;
        *out = (struct client_who){ .id = arena_copy(arena, key->row.id),
                                    .name = arena_copy(arena, key->row.name),
                                    .ends_us = key->row.expires_us };
    }
    pthread_mutex_unlock(&keys->mutex);
    return known;
}

bool client_keys_good(struct client_keys *keys, const char *id, int64_t now_us)
{
    const struct client_key *key = NULL;
    bool good = false;

    pthread_mutex_lock(&keys->mutex);
    key = key_of(keys, id);
    good = key != NULL && is_worth(key, now_us);
    pthread_mutex_unlock(&keys->mutex);
    return good;
}

bool client_keys_may_use(struct client_keys *keys, const char *id, const char *model)
{
    const struct client_key *key = NULL;
    bool may = false;

    pthread_mutex_lock(&keys->mutex);
    key = key_of(keys, id);
    may = key != NULL && key_may_use(key, model);
    pthread_mutex_unlock(&keys->mutex);
    return may;
}

/* What is taken of the bucket until it is known. */
static int64_t expected_of(const struct client_wish *wish, int64_t per_minute)
{
    int64_t answer = wish->answer_tokens;

    if (answer == 0) {
        answer = per_minute / ANSWER_PART < ANSWER_USUAL ? per_minute / ANSWER_PART : ANSWER_USUAL;
        answer = answer < 1 ? 1 : answer;
    }
    return wish->prompt_tokens + wish->answers * answer;
}

static enum client_admission key_admit(struct client_key *key, const struct client_wish *wish, int64_t now_us,
                                       struct client_ticket *out)
{
    int64_t requests = 0, tokens = 0, expected = 0;
    double needed = 0;

    if (key == NULL || !is_worth(key, now_us))
        return CLIENT_REVOKED_NOW;
    if (!key_may_use(key, wish->model))
        return CLIENT_MODEL;
    requests = key->row.requests_per_minute;
    tokens = key->row.tokens_per_minute;
    expected = tokens > 0 ? expected_of(wish, tokens) : 0;
    needed = (double)(expected < tokens ? expected : tokens);
    bucket_fill(&key->requests, requests, now_us);
    bucket_fill(&key->tokens, tokens, now_us);
    if (requests > 0 && key->requests.level < 1) {
        *out = (struct client_ticket){ .limit = requests, .retry_s = bucket_wait_s(&key->requests, requests, 1) };
        return CLIENT_REQUESTS;
    }
    if (tokens > 0 && key->tokens.level < needed) {
        *out = (struct client_ticket){ .limit = tokens, .retry_s = bucket_wait_s(&key->tokens, tokens, needed) };
        return CLIENT_TOKENS;
    }
    key->requests.level -= 1;
    key->tokens.level -= (double)expected;
    *out = (struct client_ticket){ .reserved = expected };
    return CLIENT_ADMITTED;
}

enum client_admission client_keys_admit(struct client_keys *keys, const char *id, const struct client_wish *wish,
                                        int64_t now_us, struct client_ticket *out)
{
    enum client_admission admission = CLIENT_REVOKED_NOW;

    pthread_mutex_lock(&keys->mutex);
    admission = key_admit(key_of(keys, id), wish, now_us, out);
    pthread_mutex_unlock(&keys->mutex);
    return admission;
}

void client_keys_charge(struct client_keys *keys, const char *id, int64_t reserved, int64_t tokens, int64_t now_us)
{
    struct client_key *key = NULL;

    pthread_mutex_lock(&keys->mutex);
    key = key_of(keys, id);
    if (key != NULL && key->row.tokens_per_minute > 0) {
        bucket_fill(&key->tokens, key->row.tokens_per_minute, now_us);
        key->tokens.level += (double)(reserved - tokens);
    }
    pthread_mutex_unlock(&keys->mutex);
}

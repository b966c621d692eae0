/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gateway: one address that speaks OpenAI's API for all models that are served. An HTTP server of its own for clients with keys,
 * and one thread that speaks to the engines; requests wait for a free slot in a bounded queue. Every request ends as exactly one of done,
 * failed, cancelled, refused, in the counters and in the store.
 */
#pragma once

#include "controller/api/center.h"
#include "controller/gateway/usage.h"
#include "controller/launcher/launcher.h"

#define GATEWAY_LISTEN "127.0.0.1:8480"

/* Who serves what: the launcher, or a fixed list of a test. For any thread, without blocking. */
struct gateway_source {
    void *data;
    void (*route)(void *data, struct arena *arena, const char *model, struct launcher_route *out);
    void (*models)(void *data, struct arena *arena, struct launcher_model **out, size_t *count_out);
    void (*suspect)(void *data, int64_t instance_id);
    void (*passes)(void *data, int64_t instance_id); /* bytes of its answer have come; NULL: nobody asks */
};
struct gateway_source gateway_source_launcher(struct launcher *launcher);

struct gateway_options {
    struct center *center; /* store, refusals, address; both servers' context */
    struct gateway_source source;
    const char *listen;
    const char *certificate_pem, *key_pem; /* NULL: plain HTTP */
    bool plain_anywhere;                   /* plain HTTP beyond loopback too */
    int64_t queue_ms;                      /* 0: LIMIT_GATEWAY_QUEUE_MS */
    size_t queue_length;                   /* of each model; 0: LIMIT_GATEWAY_QUEUE */
};

/* Refused: an address beyond loopback while there is no key. The center's store is open. */
bool gateway_open(const struct gateway_options *options, struct gateway **out, struct error *err);
/* Ends what is under way, each with a word to its client, and the server. Then no other server may hand in requests. */
void gateway_stop(struct gateway *gateway); /* NULL is fine */
void gateway_free(
    struct gateway *gateway); /* after all servers have stopped, before the store is closed; NULL is fine */

int gateway_port(const struct gateway *gateway);
bool gateway_is_tls(const struct gateway *gateway);
/* Where there is no TLS nothing happens. */
bool gateway_certificate_set(struct gateway *gateway, const char *certificate_pem, const char *key_pem,
                             struct error *err);
/* For center->gateway. */
const struct gateway_link *gateway_link(const struct gateway *gateway);
void gateway_totals(struct gateway *gateway, struct usage_totals *out);
/* How many are under way, and wait. */
void gateway_load(struct gateway *gateway, size_t *running_out, size_t *waiting_out);

/* Its routes: for the controller's own server too, where operators use them (call->context is the center). */
extern const struct api_resource api_resource_gateway;

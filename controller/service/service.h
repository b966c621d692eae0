/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The controller as one thing: the store, the authority and the HTTP server, opened in order and closed in order, and what
 * happens by the clock. Its folder (0700) holds store/ and trust/. Whoever opens it blocks its signals first: threads are made.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/error.h"
#include "common/trust/secret.h"
#include "controller/store/store_retention.h"

#define SERVICE_FOLDER "/var/lib/roost/controller"
#define SERVICE_LISTEN "127.0.0.1:8470"

struct service_options {
    const char *folder;
    const char *listen;       /* address to listen on */
    const char *address;      /* "host:port" by which nodes reach it; NULL: the host's name and the port */
    const char *const *names; /* more names and addresses for the certificate, NULL at the end; may be NULL */
    const struct store_retention *retention; /* what is kept; NULL: store_retention_default */
    int64_t lost_after_s;                    /* a node that was not heard this long is lost; 0: 180 */
    int64_t lease_s;                         /* of workloads that may move (launcher.h); 0: 30 */
    const char *gateway;                     /* address that clients of models use; NULL: there is none */
    bool gateway_plain;                      /* plain HTTP there, beyond loopback too */
    bool gateway_optional;                   /* the controller runs without it where the address is taken */
};

struct service;

/* Beyond loopback it listens only when there is an administrator's token: see service_begin. */
bool service_open(const struct service_options *options, struct service **out, struct error *err);
void service_close(struct service *service); /* NULL is fine */
/* What is due by now: old rows are forgotten, silent nodes become lost, the certificate is made anew before it ends.
 * Milliseconds until it wants to be called again. */
int64_t service_step(struct service *service);

const char *service_url(const struct service *service);     /* https://address */
const char *service_listens(const struct service *service); /* ADDRESS:PORT */
/* Where clients ask for models, or NULL: then *trouble_out says why, or is NULL where none was wanted. */
const char *service_gateway(const struct service *service, const char **trouble_out);
const char *service_ca_pem(const struct service *service);
const char *service_fingerprint(const struct service *service); /* of the CA's key */

/* There is an administrator's token that is worth something. */
bool service_has_admin(struct service *service, bool *out, struct error *err);
/* The first administrator's token; *text_out is shown once. Where there is one that is worth something nothing is made and
 * *made_out is false, but `again` makes one more: who has the folder has the controller. */
bool service_begin(struct service *service, struct arena *arena, bool again, struct secret *text_out, bool *made_out,
                   struct error *err);

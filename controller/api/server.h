/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTTP server: libmicrohttpd with one epoll thread, TLS, and a table of routes. It refuses before it reads: path, method,
 * identity and access are looked at before a byte of the body is taken. Knows nothing of the store or of trust.
 */
#pragma once

#include <netinet/in.h>

#include "controller/api/call.h"

/* What a request brings to say who it is. */
struct api_credentials {
    const char *bearer;        /* of "Authorization: Bearer ...", or NULL. SECRET */
    void *tls_session;         /* gnutls_session_t with a client certificate in it perhaps, or NULL */
    const char *peer;          /* address */
    struct api_memory *memory; /* of the connection */
    bool is_again;             /* of a call that waited: who asks is looked up, but was not heard by it */
};

/* What the authenticator keeps with a connection, so that it need not look at its certificate again: NULL at first; forget
 * runs when the connection is over. */
struct api_memory {
    void *data;
    void (*forget)(void *data);
};

/* False: the store could not be asked (err); a stranger is no error but API_NOBODY. Runs in the HTTP thread. */
struct api_authenticator {
    bool (*identify)(void *data, struct arena *arena, const struct api_credentials *credentials,
                     struct api_identity *out, struct error *err);
    void *data;
    /* Told when a request is refused for who asks: "token" (none that is worth something), "role" (too little of one). May be
     * NULL. */
    void (*refused)(void *data, const struct api_call *call, const char *kind);
};

struct api_server_options {
    const char *listen;                    /* "127.0.0.1:8470", "[::]:8470"; port 0: any free one */
    const char *certificate_pem, *key_pem; /* NULL: plain HTTP, on loopback only... */
    bool plain_anywhere;                   /* ... unless this is wanted */
    const char *client_ca_pem;             /* client certificates are asked for; the authenticator verifies them */
    struct api_table table;
    struct api_authenticator authenticator;
    void *context;              /* call->context */
    unsigned connection_limit;  /* 0: LIMIT_API_CONNECTIONS */
    unsigned per_address_limit; /* 0: no limit */
    unsigned idle_timeout_s;    /* without a byte in either direction; 0: LIMIT_API_IDLE_S */
    /* Adds to the body of an error what this server's clients expect in it beside code and message; may be NULL. */
    void (*error_more)(struct arena *arena, struct value *error, int status);
};

struct api_server;

/* Texts of the options are copied, the table is borrowed. */
bool api_server_start(const struct api_server_options *options, struct api_server **out, struct error *err);
/* Ends the streams and waits, answers what is under way, closes. What was handed over by api_await must have been resumed or be
 * about to be by threads that still run. */
void api_server_stop(struct api_server *server);
int api_server_port(const struct api_server *server);
/* Another certificate from the next handshake on; connections go on. For a server with TLS. From any thread. */
bool api_server_certificate_set(struct api_server *server, const char *certificate_pem, const char *key_pem,
                                struct error *err);

/* Runs again every call and stream that waits for the topic. From any thread. */
void api_wake(struct api_server *server, uint64_t topic);
/* Who is called so may be worth nothing now: whatever waits or streams for them is looked at anew, at once. For the HTTP thread,
 * when the store knows it. */
void api_look_again(struct api_server *server, enum api_identity_kind kind, const char *name);
/* A topic of a kind ("work", "run") and a number. */
uint64_t api_topic(const char *kind, int64_t number);

struct api_server_counters {
    uint64_t requests, refused, failed; /* answered in all; with 4xx; with 5xx */
    unsigned connections, waiting;
};
void api_server_counters(struct api_server *server, struct api_server_counters *out);
/* "127.0.0.1:80", "[::1]:80", "host:80": addresses only, names are not resolved. */
bool api_listen_address(const char *text, struct sockaddr_in6 *out, bool *is_loopback_out, struct error *err);

/* SPDX-License-Identifier: Apache-2.0 */
/* Inside controller/gateway: what its threads work on. */
#pragma once

#include <pthread.h>

#include "common/http/http_group.h"
#include "controller/gateway/answer.h"
#include "controller/gateway/ask.h"
#include "controller/gateway/client_keys.h"
#include "controller/gateway/gateway.h"
#include "controller/gateway/request.h"
#include "controller/gateway/usage.h"

/* A key that has had its turn in this round. */
struct turn {
    struct turn *next;
    uint64_t turn;
    char key_id[];
};

/* A name that clients use; made when it is known to be one. */
struct model {
    struct model *next;
    struct request *first, *last; /* that wait, in their turn */
    size_t waiting, running;
    uint64_t turn;       /* of the one that got a slot last */
    struct turn *turns;  /* of keys that got one meanwhile; while somebody waits */
    int64_t deadline_ms; /* nobody who waits has an earlier one */
    double usual_us;     /* a request takes so long, of late; 0: not known */
    int64_t slots;       /* of all that served it when none was free; 0: that was never so */
    bool is_due;         /* a slot may be free */
    char *workload;      /* that served it last; changed under the mutex; NULL: none yet */
    char name[];
};

struct instance {
    struct instance *next;
    int64_t id;
    unsigned busy; /* slots */
};

struct gateway {
    struct gateway_options options;
    struct gateway_link link;
    struct api_server *server;
    struct client_keys *keys;
    struct usage *usage;
    struct reader *reader; /* of large bodies */
    pthread_t thread;
    bool is_started, is_tls;
    int wake, clients; /* eventfd; epoll of clients' sockets */

    pthread_mutex_t mutex;
    struct request *inbox, **inbox_end;
    size_t count;           /* requests that have not ended */
    size_t calls;           /* of requests, that are not over: the client may not have had the last byte yet */
    pthread_cond_t emptied; /* one of the two is 0 */
    size_t running, waiting;
    bool has_ends;    /* some request is wanted to end */
    bool has_revoked; /* some key */
    bool closing, must_exit;
    uint64_t next_id;

    /* of the proxy thread */
    struct http_group *group;
    struct arena *scratch, *outgoing; /* within one callback */
    struct request *requests;
    struct model *models;
    struct instance *instances;
    int64_t look_ms; /* queues are looked at then */
};

void gateway_wake(struct gateway *gateway); /* the proxy thread; request.c */

/* --- proxy.c --- */
void *proxy_run(void *gateway);
/* It ends so: counted, once, before its client has the last byte. */
void proxy_account(struct request *request, enum usage_outcome outcome);
void proxy_end(struct request *request); /* it is over: forgotten */
/* Answered with an error, whatever the client has seen yet; then ended. */
void proxy_fail(struct request *request, enum usage_outcome outcome, int status, const char *code, const char *format,
                ...) __attribute__((format(printf, 5, 6)));
/* What it took of the engine is free. */
void proxy_release(struct request *request);
void proxy_dispatch(struct request *request);

/* --- relay.c --- */
void relay_start(struct request *request, const struct launcher_backend *backend);
void relay_done(struct gateway *gateway, const struct http_done *done);

/* --- reader.c --- */
bool reader_start(struct reader **out, struct error *err);
void reader_stop(struct reader *reader); /* NULL is fine */
struct reading {
    struct reading *next;
    struct api_call *call; /* lent; resumed when it is read */
    struct request *request;
    const char *body;
    size_t length;
    bool is_good;
    struct ask_refusal why;
};
/* HTTP thread, after api_await. */
void reader_take(struct reader *reader, struct reading *reading);

/* --- routes.c --- */
extern const struct api_resource api_resource_gateway_health;
struct gateway *gateway_of(const struct api_call *call);

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the routes' functions work on: the store, the authority and the server that runs them. Reading is done at once, on the
 * HTTP thread's own connection; writing is handed to the store's writer while the call is suspended, so that an answer means
 * that it is on disk.
 */
#pragma once

#include "controller/api/gateway_link.h"
#include "controller/api/presence.h"
#include "controller/api/refusals.h"
#include "controller/api/server.h"
#include "controller/authority/authority.h"
#include "controller/files/file_store.h"
#include "controller/runs/runs.h"
#include "controller/store/store.h"
#include "controller/store/store_audit.h"
#include "controller/store/store_writer.h"

struct benches;
struct launcher;

struct center {
    struct store *store;
    struct store_connection *reader; /* of the HTTP thread */
    const struct authority *authority;
    struct file_store *files;
    struct facts_cache *facts;           /* for plans, of the HTTP thread; NULL: nodes' facts are read each time */
    struct presence *presence;           /* who was heard when; NULL: nobody keeps count */
    struct refusals *refusals;           /* what was refused, for the audit log; NULL: it is not kept */
    void (*deliveries_wake)(void *data); /* of webhooks, when there is one that no event makes; may be NULL */
    void *deliveries_data;
    int64_t wait_limit_s;               /* of a long poll; 0: what the route allows */
    struct runs *runs;                  /* from the centre; NULL: there are none */
    struct launcher *launcher;          /* of workloads; NULL: there is none */
    struct benches *benches;            /* NULL: nobody runs them */
    const struct gateway_link *gateway; /* NULL: there is none */
    struct api_server *server;          /* set right after it was started */
    const char *address;                /* "host:port" that join strings name */
};

/* The generated table of all resources. */
extern const struct api_resource *const api_resource_table[];
extern const size_t api_resource_table_count;

struct center *center_of(const struct api_call *call);
/* For api_server_options: tokens and certificates looked up in the store; `data` is the center. */
bool center_identify(void *data, struct arena *arena, const struct api_credentials *credentials,
                     struct api_identity *out, struct error *err);

/* A piece of work for the store's writer on behalf of a call. `run` may be run twice (store_writer.h), has the call's arena for
 * itself meanwhile, and keeps what it found in `data`; `then` answers, in the HTTP thread. Errors of the store are answered here. */
struct center_work {
    bool (*run)(struct store_connection *writer, struct api_call *call, void *data, struct error *err);
    void (*then)(struct api_call *call, void *data);
    void *data;
};
void center_write(struct api_call *call, const struct center_work *work);

/* For api_server_options: what was refused to whom goes to the audit log (refusals.h). */
void center_refused(void *data, const struct api_call *call, const char *kind);

/* In the writer's thread: one row of the audit log with who asks in it. `detail`: JSON or NULL; never a secret. */
bool center_audit(struct store_connection *writer, const struct api_call *call, const char *action, const char *object,
                  const char *detail, struct error *err);

/* In the writer's thread: an event of the fleet's log, now (store_event.h). `detail`: a map, or NULL. */
struct center_event {
    const char *kind;
    int64_t node_id, run_id; /* 0: none */
    const char *node;        /* name, or NULL */
    const struct value *detail;
};
bool center_event_add(struct store_connection *writer, struct arena *arena, const struct center_event *event,
                      struct error *err);

/* Rows of a page: what was asked for, within 1..LIMIT_STORE_PAGE. */
size_t center_limit(int64_t limit);
/* 500 with the store's sentence. */
void center_read_failed(struct api_call *call, const struct error *err);
/* A stored time for people and programs: null for never, else ISO 8601 in UTC. */
void center_put_time(struct api_call *call, struct value *map, const char *key, int64_t wall_us);
/* Stored JSON text as a value; null when there is none. */
const struct value *center_json(struct api_call *call, const char *text);
/* The node of the path's {name}; false: answered already (404 with the nearest name). nodes.c */
struct store_node;
bool center_node_of(struct api_call *call, struct store_node **out);
/* When a node was heard last: the store knows it only every now and then. nodes.c */
int64_t center_heard(const struct api_call *call, int64_t node_id, int64_t seen_us);
/* A key of the node is worth nothing now: what waits and runs with it ends at once. `generation`: the node's own now, 0: none. */
void center_node_cut(const struct api_call *call, const char *name, int64_t node_id, int64_t generation);
/* 404, with the nearest name. */
void center_node_unknown(struct api_call *call, const char *name);
/* The run of the path's {id}; false: answered already. */
struct store_run;
bool center_run_of(struct api_call *call, struct store_run **out);
/* {"items": [...], "next": ...}: `next` is the parameter `after` or `before` of the next page, or null. */
void center_reply_page(struct api_call *call, const struct value *items, const struct value *next);

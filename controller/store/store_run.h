/* SPDX-License-Identifier: Apache-2.0 */
/* Runs and their numbered events: an append-only log per run that a client resumes behind the last number it has. */
#pragma once

#include "controller/store/store.h"

/* Bits, for filters. LOST: its node or controller went away and never told the end. */
enum store_run_state {
    STORE_RUN_WAITING = 1,
    STORE_RUN_RUNNING = 2,
    STORE_RUN_PAUSED = 4,
    STORE_RUN_OK = 8,
    STORE_RUN_FAILED = 16,
    STORE_RUN_CANCELLED = 32,
    STORE_RUN_LOST = 64,
};
#define STORE_RUN_OPEN (STORE_RUN_WAITING | STORE_RUN_RUNNING | STORE_RUN_PAUSED)

struct store_run {
    int64_t id;          /* consecutive, never used again */
    const char *key;     /* for idempotence: the same key is the same run; NULL: none */
    const char *kind;    /* "apply", "check" */
    const char *title;   /* the playbook */
    const char *actor;   /* operator, or "node:<name>" */
    int64_t node_id;     /* of an agent's own run; 0: from the centre */
    const char *options; /* JSON of how it was started, or NULL */
    enum store_run_state state;
    const char *reason; /* a sentence for failed, cancelled, lost; or NULL */
    int64_t created_us, started_us, ended_us;
    int64_t events;   /* number of the last event */
    int64_t again_of; /* the run whose failed hosts this one takes up; 0: none */
    int exit_code;    /* of roost apply; -1: it has not ended, or there is none. Only read */
};

/* id, events are set here. A key that is known: *id_out is that run, *known_out, nothing changes. */
bool store_run_add(struct store_connection *writer, const struct store_run *run, int64_t *id_out, bool *known_out,
                   struct error *err);

struct store_run_change {
    int64_t id;
    enum store_run_state state;
    const char *reason;
    int64_t now_us;
    const int *exit_code; /* when it is over and has one; or NULL */
};
/* Sets started_us when it first runs, ended_us when it is over. A run that is over, or unknown, stays as it is: *changed_out
 * false. */
bool store_run_change(struct store_connection *writer, const struct store_run_change *change, bool *changed_out,
                      struct error *err);
/* Runs from the centre that were under way when the controller ended: nobody knows their end. */
bool store_run_lose(struct store_connection *writer, const char *reason, int64_t now_us, int64_t *count_out,
                    struct error *err);
bool store_run_get(struct store_connection *connection, struct arena *arena, int64_t id, struct store_run **out,
                   struct error *err); /* NULL: none */
bool store_run_by_key(struct store_connection *connection, struct arena *arena, const char *key, struct store_run **out,
                      struct error *err);

struct store_run_filter {
    unsigned states; /* bits; 0: all */
    int64_t node_id; /* runs that touched the node; 0: all */
    int64_t before;  /* id of the last row of the page before; 0: from the newest */
    size_t limit;
};
struct store_run_page {
    struct store_run *runs; /* newest first */
    size_t count;
    int64_t next; /* 0: that was all */
};
bool store_run_page(struct store_connection *connection, struct arena *arena, const struct store_run_filter *filter,
                    struct store_run_page *out, struct error *err);

struct store_run_event {
    int64_t sequence; /* from 1 without gaps; set when appended */
    int64_t at_us;
    const char *kind; /* "task_result", ... */
    const char *host; /* or NULL */
    const char *body; /* JSON */
};

/* Numbers them; *last_out (may be NULL): the last number. An unknown run is an error. */
bool store_run_event_append(struct store_connection *writer, int64_t run_id, const struct store_run_event *events,
                            size_t count, int64_t *last_out, struct error *err);

struct store_run_event_range {
    int64_t run_id, after; /* events behind this number */
    const char *host;      /* NULL: all */
    size_t limit, bytes;   /* of bodies together (one event always comes); 0: STORE_PAGE_DEFAULT, 1 MiB */
};
bool store_run_event_read(struct store_connection *connection, struct arena *arena,
                          const struct store_run_event_range *range, struct store_run_event **out, size_t *count_out,
                          struct error *err);

/* The files of its project: kept as long as the run is. */
bool store_run_files_set(struct store_connection *writer, int64_t run_id, const char *const *sha256, size_t count,
                         struct error *err);

/* What became of each host of a run. */
struct store_run_host {
    const char *host;
    int64_t node_id; /* 0: not a known node */
    enum store_run_state state;
    int64_t ok, changed, failed, unreachable, skipped, rescued, ignored;
};
bool store_run_host_set(struct store_connection *writer, int64_t run_id, const struct store_run_host *host,
                        struct error *err);

struct store_run_host_filter {
    int64_t run_id;
    unsigned states;   /* bits; 0: all */
    const char *after; /* host of the last row of the page before; NULL: from the first */
    size_t limit;
};
struct store_run_host_page {
    struct store_run_host *hosts; /* by name */
    size_t count;
    const char *next; /* NULL: that was all */
};
bool store_run_host_page(struct store_connection *connection, struct arena *arena,
                         const struct store_run_host_filter *filter, struct store_run_host_page *out,
                         struct error *err);

/* SPDX-License-Identifier: Apache-2.0 */
/* Benchmarks: what was run, on what, what came out of it, and the history. Functions that change need the writer's connection. */
#pragma once

#include "controller/store/store.h"

struct store_bench {
    int64_t id, at_us, began_us, ended_us;
    const char *by, *kind, *subject;
    const char *nodes;                   /* JSON list of names; until it is placed: those that it may use */
    int64_t nodes_count;                 /* that it runs on */
    const char *state, *sentence;        /* waiting, running, done, failed */
    const char *settings, *declaration;  /* JSON */
    const char *alike;                   /* NULL: not yet placed */
    const char *host, *figures, *output; /* JSON; figures, output: or NULL; output only from store_bench_get */
    double watts, change;                /* NAN: not known */
    int64_t compared;                    /* 0: with none */
    const char *causes;                  /* JSON, or NULL */
};

/* A new one, waiting; at_us, by, kind, subject, nodes, nodes_count, settings and declaration are looked at. */
bool store_bench_add(struct store_connection *writer, const struct store_bench *bench, int64_t *id_out,
                     struct error *err);
/* It runs; what is over stays as it is: *changed_out false. */
bool store_bench_begin(struct store_connection *writer, int64_t id, int64_t now_us, bool *changed_out,
                       struct error *err);
bool store_bench_say(struct store_connection *writer, int64_t id, const char *sentence, struct error *err);
/* It is over: state, sentence, ended_us and all that came out. One that is over already stays as it is: *changed_out false. */
bool store_bench_end(struct store_connection *writer, const struct store_bench *bench, bool *changed_out,
                     struct error *err);

/* NULL: there is none. */
bool store_bench_get(struct store_connection *connection, struct arena *arena, int64_t id, struct store_bench **out,
                     struct error *err);
/* Those that run or wait, in the order in which they were asked for. */
bool store_bench_open_list(struct store_connection *connection, struct arena *arena, struct store_bench **out,
                           size_t *count_out, struct error *err);
/* The newest one before `before` that is done and alike; NULL: none. */
bool store_bench_before(struct store_connection *connection, struct arena *arena, const char *alike, int64_t before,
                        struct store_bench **out, struct error *err);

struct store_bench_filter {
    const char *kind, *subject; /* NULL: all */
    const char *alike;          /* NULL: all */
    int64_t before;             /* id of the last row of the page before; 0: from the newest */
    size_t limit;
};
struct store_bench_page {
    struct store_bench *rows; /* newest first */
    size_t count;
    int64_t next; /* 0: that was all */
};
bool store_bench_page(struct store_connection *connection, struct arena *arena, const struct store_bench_filter *filter,
                      struct store_bench_page *out, struct error *err);

/* Watts of a node on average over that time, by its energy where that was measured over most of it, else by its samples; NAN: not known. */
bool store_bench_watts(struct store_connection *connection, int64_t node_id, int64_t from_us, int64_t to_us,
                       double *out, struct error *err);

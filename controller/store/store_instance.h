/* SPDX-License-Identifier: Apache-2.0 */
/* Replicas of workloads (and runs of batch ones): their states. Functions that change need the writer's connection. */
#pragma once

#include "controller/store/store.h"

struct store_instance {
    int64_t id, workload_id;
    const char *workload; /* name; only when read */
    int64_t replica;
    int64_t version;  /* of the declaration that it runs by */
    int64_t attempt;  /* counts starts */
    int64_t failures; /* failed starts in a row */
    const char *
        state; /* pending, placing, downloading, starting, loading, serving, degraded, failed, stopped; batch: running, done */
    const char *sentence;
    int64_t since_us; /* of the state */
    /* JSON: {parts: [{node, address, role, gpu, host, layers, share, port}], build, measured, models: [{name, path, digest, bytes}]};
     * NULL: not placed. The head is the first part. */
    const char *plan;
    const char *key;    /* SECRET: what the head is asked with; NULL: none */
    int64_t next_us;    /* not tried again before */
    int64_t began_us;   /* of this attempt: its pieces were told then */
    int64_t served_us;  /* last good probe */
    double probe_ms;    /* NAN: none */
    double load_s;      /* the last start took so long until it served; NAN: not known */
    const char *log;    /* JSON list of the last lines of what failed last, or NULL */
    const char *result; /* batch: JSON {figures, outputs}, or NULL */
    int64_t touched;    /* counts changes by others than who sets */
    int64_t retires_us; /* another one has its place since then, and it only finishes; 0: none has */
};

/* One that starts beside replica N before that leaves its node, and the one that has left: N plus this. Not among those declared. */
#define STORE_INSTANCE_BESIDE 64

/* A new one; *id_out. Its attempts go on behind `attempt`, and those of pieces that are left of one of the same name. */
bool store_instance_add(struct store_connection *writer, const struct store_instance *instance, int64_t *id_out,
                        struct error *err);
/* Writes everything but its workload, replica and retires_us. One that is gone, or was touched by others since it was read: nothing happens. */
bool store_instance_set(struct store_connection *writer, const struct store_instance *instance, bool *set_out,
                        struct error *err);
/* The new one, so far beside it, is the replica from now on, and the old one beside it, to finish. */
struct store_succession {
    int64_t old_id, new_id, replica, now_us;
};
bool store_instance_succeed(struct store_connection *writer, const struct store_succession *succession,
                            struct error *err);
bool store_instance_remove(struct store_connection *writer, int64_t id, struct error *err);

/* `workload_id` 0: all. By workload's name, then replica. */
bool store_instance_list(struct store_connection *connection, struct arena *arena, int64_t workload_id,
                         struct store_instance **out, size_t *count_out, struct error *err);
/* NULL: there is none. */
bool store_instance_get(struct store_connection *connection, struct arena *arena, int64_t id,
                        struct store_instance **out, struct error *err);

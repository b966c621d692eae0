/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections of a run: opened when first needed, shared by all calls to the same target, kept until the run ends, the host is
 * lost or the connection is reset. Calls under way are known by their number and lead back to the loop item that waits.
 */
#pragma once

#include "engine/run/run_state.h"

struct job_item;
struct link_call {
    uint32_t number;
    struct job_item *item;
};

struct link {
    struct link *next;
    struct connection *connection;
    struct connection_target target;
    struct arena *arena;   /* the target's texts */
    struct arena *replies; /* results; emptied between tasks */
    struct link_call *calls;
    size_t call_count, call_capacity;
};

bool link_get(struct run *run, const struct connection_target *target, struct link **out, struct error *err);
/* To the Python that runs action plugins. */
bool link_python(struct run *run, struct link **out, struct error *err);
/* What was started there by that call is ended. */
void link_python_end(struct run *run, int64_t number);
bool link_submit(struct link *link, struct job_item *item, const struct module_call *call, struct error *err);
void link_cancel(struct link *link, const struct job_item *item);
void link_close(struct run *run, struct link *link);
void link_close_all(struct run *run);
/* Closes what is open to this inventory host (meta: reset_connection). */
bool link_close_host(struct run *run, const char *host);

/* Waits until something happened (at most until wake_ms, a monotonic time; -1: no limit) and hands replies to their
 * items. Returns at once when a reply is ready. */
void link_wait(struct run *run, int64_t wake_ms);

/* SPDX-License-Identifier: Apache-2.0 */
/* The dashboard's pages: one function each, in the file of its noun. */
#pragma once

#include "controller/api/page.h"

struct rack_query {
    const char *match, *verdict, *after, *wall;
};
void page_rack(struct api_call *call);

void page_node(struct api_call *call);
/* page_kernel.c: the kernel's parameters, declared, at the next boot and running, out of facts: {release, words, rows,
 * differing}; null without such facts. `facts` as the node told them. */
const struct value *page_kernel(struct arena *arena, const struct value *facts);
/* "a.b[0].c" and text, for searching: a list of {key, text}, at most some thousand. */
const struct value *page_facts(struct arena *arena, const struct value *facts);
/* page_spark.c: a line of figures over a day: {segments, low, high, last, unit}, or null when nothing was measured. */
struct store_sample;
struct page_spark {
    int figure; /* enum store_sample_figure */
    const char *title, *unit;
    double divisor; /* of what is printed */
    int64_t from_us, step_us;
    size_t steps;
};
const struct value *page_spark(struct arena *arena, const struct page_spark *spark, const struct store_sample *samples,
                               size_t count);

struct page_runs_query {
    int64_t before;
};
void page_runs(struct api_call *call);
void page_run(struct api_call *call);
struct store_run;
/* A run as a row: {id, url, kind, title, actor, state, reason, started, took}. */
struct value *page_run_row(struct api_call *call, const struct store_run *run);

struct page_drift_query {
    const char *node, *cause;
    int64_t before;
    const char *resolved;
};
void page_drift(struct api_call *call);
struct store_drift;
struct value *page_drift_row(struct api_call *call, const struct store_drift *drift);

void page_trust(struct api_call *call);

struct login_form {
    const char *token, *next; /* SECRET */
};
void page_login(struct api_call *call);
void page_login_post(struct api_call *call);
void page_logout(struct api_call *call);
void page_asset(struct api_call *call);

/* --- what runs: pages_workloads.c, pages_workload.c, pages_models.c, pages_memory.c, pages_bench.c --- */

struct page_match_query {
    const char *match;
};
void page_workloads(struct api_call *call);
void page_workload(struct api_call *call);
void page_models(struct api_call *call);
void page_memory(struct api_call *call);
struct page_bench_query {
    const char *alike;
};
void page_bench(struct api_call *call);

/* What the pages of workloads share: pages_workload_parts.c. */
struct store_instance;
struct store_workload_sample;
/* {class, word} of a state; what is not known here is drawn as unknown. */
void page_workload_state_put(struct api_call *call, struct value *map, const char *state);
/* Replicas of one workload as one: what needs looking at comes first, and one of several that serves is still some service. */
struct page_replicas {
    size_t count, serving;
    const struct store_instance *worst; /* NULL: there is none */
};
void page_replicas_take(struct page_replicas *replicas, const struct store_instance *instance);
/* {class, word, sentence}. */
void page_replicas_put(struct api_call *call, struct value *map, const struct page_replicas *replicas, bool is_wanted);
const char *page_workload_url(struct arena *arena, const char *name);
/* "12.3", three figures; null: not known. */
const struct value *page_figure(struct arena *arena, double figure);
/* "18.2 GiB"; null for what is not above 0. */
const struct value *page_bytes(struct arena *arena, int64_t bytes);
/* A member of stored JSON that is a number; NAN: it is none. */
double page_number(const struct value *map, const char *key);
/* The parts of an instance's plan: [{node, url, role, gpu, host, layers, share, percent}]. */
struct value *page_plan_parts(struct api_call *call, const char *plan);

/* --- the playground: the form is pages_playground.c's, asking the gateway's (controller/gateway/playground.c) --- */

struct page_playground_query {
    const char *model;
};
void page_playground(struct api_call *call);
struct page_playground {
    const char *model, *prompt;    /* as they were given, or NULL */
    int64_t max_tokens;            /* 0: the usual */
    const char *answer, *trouble;  /* one of them once something was asked */
    int64_t tokens_in, tokens_out; /* 0: not told */
    double seconds;
};
void page_playground_reply(struct api_call *call, int status, const struct page_playground *playground);

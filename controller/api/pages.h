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

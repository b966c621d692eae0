/* SPDX-License-Identifier: Apache-2.0 */
/* Running one play: its hosts in batches, each batch through the strategy. */
#pragma once

#include "engine/run/run_state.h"

enum play_verdict { PLAY_OK, PLAY_FAILED, PLAY_UNREACHABLE, PLAY_BROKEN /* no hosts left, by end_play */ };

struct play_result {
    enum play_verdict verdict;
    bool stop;    /* no further plays */
    bool has_run; /* it had hosts: a play without any changes nothing about how the run went */
};

bool play_execute(struct run *run, const struct play *play, struct play_result *out, struct error *err);

/* batches.c */
struct host_batches {
    struct inventory_host **hosts; /* as `order` has them */
    struct inventory_host **all;   /* the same as the inventory has them */
    size_t count;
    size_t *sizes;
    size_t size_count;
    size_t canary; /* size of the first batch when it is tried before the others; 0: it is one like them */
};
bool play_hosts(struct run *run, struct arena *arena, const struct play *play, struct template_call *call,
                struct host_batches *out, struct error *err);
/* What --list-hosts shows of a play's pattern. */
bool play_pattern(struct arena *arena, const struct play *play, struct template_call *call, const struct value **out,
                  struct error *err);
/* The name a play is shown by: its name, else its hosts. */
const char *play_title(struct arena *arena, const struct play *play, struct template_call *call);

/* prompt.c: vars_prompt. *out: map or NULL. For a list nobody is asked: the variables have their defaults, or null. */
bool play_prompts(struct run *run, struct arena *arena, const struct play *play, bool is_listing,
                  const struct value **out, struct error *err);

/* gather.c: the first block of a play's plan: gathering facts; empty when tags leave it out. */
bool gather_block(struct run *run, struct play_run *play, struct plan_block **out, struct error *err);
bool gather_is_wanted(struct run *run, const struct value *written, const struct inventory_host *host);
/* A variable that is missing in a keyword of the play: an error of the playbook. Always false. */
bool play_keyword_undefined(enum keyword keyword, struct error *err);

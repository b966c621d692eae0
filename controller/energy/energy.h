/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose joules they are, and what they come to: pure, without store or clock. A stretch of a node is shared out so that the
 * parts and the rest add up to it exactly; figures of many stretches are sums of such parts. Joules are those of the sensor.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* --- how busy a workload was --- */

/* An engine's counters as read; NAN: not told. */
struct energy_counters {
    int64_t at_us;
    double seconds_in, seconds_out; /* of requests, since the engine started */
    double running;                 /* requests at that moment */
    int64_t attempt;                /* counters of another one say nothing of this one */
};
/*
 * Seconds of requests (two at once for a second are two) of one instance within the stretch. `counters`: oldest first, best
 * with one before and one behind. Engines count a request when it is over, so what they count in one go is held to what fits
 * the time between two readings, and a request that is seen running counts before. NAN: the engine tells neither.
 */
double energy_busy(const struct energy_counters *counters, size_t count, int64_t from_us, int64_t to_us);

/* --- whose they are --- */

struct energy_stretch {
    double joules, seconds;
    double idle_watts; /* of the node without work; NAN: not known, then nothing is idle */
};
/* A workload that stood on the node. */
struct energy_part {
    double busy;         /* seconds of requests; NAN: its engine tells nothing; a job: the stretch's seconds */
    double active, idle; /* out: joules */
};
struct energy_rest {
    double idle;         /* while no workload stood there */
    double unattributed; /* above idle, and nobody can be told to have taken it */
    double busy;         /* of all parts */
};
/*
 * Idle: idle_watts for the stretch's time (never more than there is), in equal parts for the workloads that stand there: they are what
 * the node is on for. Active: what is above, by their seconds of requests. One that tells nothing gets it when it stands there
 * alone; beside others it leaves the active part unattributed.
 */
void energy_split(const struct energy_stretch *stretch, struct energy_part *parts, size_t count,
                  struct energy_rest *rest_out);

/* --- what it comes to --- */

struct energy_account {
    double tokens_in, tokens_out, seconds_in, seconds_out;
    double active, idle; /* joules */
};
/* NAN: cannot be said (no tokens, no intensity, too little time for a rate). */
struct energy_figures {
    double prefill_per_second, decode_per_second; /* tokens */
    double
        joules_per_token; /* active, at the sensor, for each token that came out (in, where none comes out: embeddings) */
    double joules_per_token_all; /* with the idle share */
    double wh_per_1000;          /* the same tokens, with the idle share, at the wall */
    double wall_wh;              /* active and idle */
    double grams;                /* CO2e */
};
/* `intensity`: g/kWh, NAN: not set; `wall_factor`: watts at the wall for one at the sensor. */
struct energy_figures energy_figures_of(const struct energy_account *account, double intensity, double wall_factor);

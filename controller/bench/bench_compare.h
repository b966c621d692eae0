/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What makes two benchmarks comparable, what has changed between them, and what may be why: pure. Figures are what engine.result gives; hosts a map
 * by node's name of what bench_host makes of its facts.
 */
#pragma once

#include "common/base/arena.h"
#include "common/base/error.h"
#include "common/value/value.h"

#define BENCH_CHANGE_TOLD 0.05 /* of a figure: more than this is flagged */

/* Digest of kind, subject, nodes (in any order) and settings: equal for two that can be compared. */
const char *bench_alike(struct arena *arena, const char *kind, const char *subject, const struct value *nodes,
                        const char *settings);

/* A figure whose growth is good. */
struct bench_measure {
    const char *name, *unit; /* "pp512", "t/s"; "Gflop/s"; "ai-1 > ai-2", "bit/s" */
    double value, deviation; /* deviation: NAN when there is none */
};
void bench_measures(struct arena *arena, const char *kind, const struct value *figures, struct bench_measure **out,
                    size_t *count_out);

struct bench_change {
    const char *name, *unit;  /* of the measure */
    double before, now, part; /* part: (now - before) / before */
};
/*
 * Among the measures that both have the one that has lost most, where that is told, else the one that has won most, where that is, else the
 * one that has lost most; false: they share none. What lies within the deviations that both
 * tell is no change: part 0.
 */
bool bench_change_find(struct arena *arena, const char *kind, const struct value *before, const struct value *now,
                       struct bench_change *out);
/* "pp512: 7.1 % less than in bench 12 (643.2 instead of 692.4 t/s); bit/s are told in Gbit/s" */
const char *bench_change_text(struct arena *arena, const struct bench_change *change, int64_t id);

/* What matters of a node's facts, with the build of its engine (NULL: not known). */
struct value *bench_host(struct arena *arena, const struct value *facts, const char *build);
/* Adds a sentence for each thing that is other in `now` than in `before`: "ai-1: kernel 6.18.9, before 6.18.4". */
void bench_causes(struct arena *arena, const struct value *before, const struct value *now, struct value *list);

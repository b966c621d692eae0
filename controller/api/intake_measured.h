/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reports that are figures: kinds
 *   sample {at_us?, watts?, celsius?, gpu_busy?, memory_used?, ...}   names as in store_sample.h; what is no number >= 0 is "not measured"
 *   fetch {source, state, run, done_bytes, total_bytes, from, bad, path?, digest?, shape?, sentence, where?}   how far it is with a model
 *   models {models: [{name, state, digest?, bytes?}]}                 the node's whole list, 2,000 at most
 *   energy {from_us, to_us, joules, watts_min?, watts_max?, source?}  a stretch of time, ten seconds as a rule; the next begins where it ends
 */
#pragma once

#include "controller/api/intake.h"

#define INTAKE_ENERGY_LATE_US                                                                                          \
    (INT64_C(12) * 1000000) /* engines are asked every few seconds: their figures may come later */

/* A member of a body that is a number >= 0; NAN: it is none. */
double intake_figure(const struct value *body, const char *key);
/* In the writer's thread. False only for the store's own failures. */
bool intake_sample(struct store_connection *writer, const struct intake_report *report, struct error *err);
bool intake_energy(struct store_connection *writer, struct arena *arena, const struct intake_report *report,
                   struct error *err);
/* Shares out what the node told of the time before `until_us`, some stretches at a time. */
bool intake_energy_settle(struct store_connection *writer, struct arena *arena, int64_t node_id, const char *node,
                          int64_t until_us, struct error *err);
bool intake_fetch(struct store_connection *writer, struct arena *arena, const struct intake_report *report,
                  struct error *err);
bool intake_models(struct store_connection *writer, struct arena *arena, const struct intake_report *report,
                   struct error *err);

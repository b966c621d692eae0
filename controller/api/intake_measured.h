/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reports that are figures: kinds
 *   sample {at_us?, watts?, celsius?, gpu_busy?, memory_used?, ...}   names as in store_sample.h; what is no number >= 0 is "not measured"
 *   models {models: [{name, state, digest?, bytes?}]}                 the node's whole list, 2,000 at most
 */
#pragma once

#include "controller/api/intake.h"

/* In the writer's thread. False only for the store's own failures. */
bool intake_sample(struct store_connection *writer, const struct intake_report *report, struct error *err);
bool intake_models(struct store_connection *writer, struct arena *arena, const struct intake_report *report,
                   struct error *err);

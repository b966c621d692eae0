/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a node's reports change in the store, each in the transaction that acknowledges it. Kinds and their bodies:
 *   hello   {agent, boot_id}                          versions, at each start of the daemon
 *   facts   {...}                                     what the node is
 *   status  {verdict, reason}                         "ok", "drift", "failed", ... and a sentence
 *   drift   {resource, cause?, reason?, window_from_us?, window_to_us?, diff?}   one resource is not as declared
 *   mended  {resource, cause?}                        it is again
 *   run_start {run, kind, playbook}                   a run of the node's own; `run` is the node's name for it
 *   run_event {run, event}                            what happened in it (common/event), in order
 *   run_end   {run, outcome, reason?, ok, changed, failed, skipped}   "ok", "drift", "failed", "cancelled", "lost"
 *   bundle  {version, playbook?}                      the bundle it works from now
 *   sample, models                                    figures (intake_measured.h)
 *   pieces, engines, memory                           workloads (intake_pieces.h)
 * Kinds that are unknown here are kept as reports and change nothing: an agent may be newer than its controller.
 */
#pragma once

#include "common/value/value.h"
#include "controller/store/store_report.h"

struct intake_report {
    int64_t node_id, generation;
    const char *node; /* name */
    const struct store_report *report;
    const struct value *body;
};

/* In the writer's thread; `arena` is for what is needed on the way. False only for the store's own failures: a body that makes no
 * sense changes nothing. *run_out: the run that has something new, or 0. */
bool intake_take(struct store_connection *writer, struct arena *arena, const struct intake_report *report,
                 int64_t *run_out, struct error *err);

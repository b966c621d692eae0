/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What nodes tell of workloads, into the store:
 *   pieces   {epoch, pieces: [{name, state, ...}], orphans}    all that the node has; what is not there, and is not to be, is gone
 *   engines  {engines: [{name, program, path, build, detail}]} programs that are there, with their builds
 *   memory   {memory_total, ..., pieces: [{name, anon, gtt, vram, ...}]} what is free, who holds it
 * Each in the writer's thread; false only for the store's own failures.
 */
#pragma once

#include "controller/api/intake.h"

bool intake_pieces(struct store_connection *writer, struct arena *arena, const struct intake_report *report,
                   struct error *err);
bool intake_engines(struct store_connection *writer, struct arena *arena, const struct intake_report *report,
                    struct error *err);
bool intake_memory(struct store_connection *writer, const struct intake_report *report, struct error *err);

/* SPDX-License-Identifier: Apache-2.0 */
/* Inside controller/launcher: what an engine is asked with, kept in the store and brought back. Pure. */
#pragma once

#include "controller/engines/engine.h"
#include "controller/store/store_instance.h"

/* What an engine is asked with, from what is stored; everything in the arena, which then holds a secret. */
struct job {
    struct workload workload;
    struct plan_place place;
    const struct engine *engine;
    struct engine_job job;
};
bool job_make(struct arena *arena, const char *declaration, const struct store_instance *row, struct job *out,
              struct error *err);
/* A place for the store, and its models' paths (NULL: not there yet). */
const char *job_plan_text(struct arena *arena, const struct plan_place *place, const struct value *models,
                          const struct workload *workload);
const char *job_prefix(struct arena *arena, const struct store_instance *row);
const char *job_url(struct arena *arena, const struct job *job, const char *path);

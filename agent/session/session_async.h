/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A task that goes on after its answer: a process of its own, in a session of its own, that outlives the agent and writes
 * what came of it into a job file, as Ansible's async_wrapper does. TASK payload: async is a map with limit_s and folder.
 */
#pragma once

#include "agent/session/session_content.h"
#include "common/value/value.h"

bool session_async_is_wanted(const struct value *payload);
/* Starts it and gives {failed, started, finished, ansible_job_id, results_file}; what stands in the way is a failed
 * result. Content that stays at the engine cannot be had by such a task; what foreign_module runs is fetched before. */
const struct value *session_async_start(struct arena *arena, const struct value *payload,
                                        struct session_content *content);

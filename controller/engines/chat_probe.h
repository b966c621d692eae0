/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The completion (or embedding) that shows that an engine serves, in the words of OpenAI's API, which all of them speak. 200 alone
 * proves nothing: there must be text, and the right one where it is declared.
 */
#pragma once

#include "controller/engines/engine.h"

/* `model`: what the engine calls it. */
struct engine_request chat_probe(struct arena *arena, const struct engine_job *job, const char *model,
                                 int64_t max_tokens);
/* LOADS for 503, 404, 425, 429 and no answer at all (status 0): it may come yet. The sentence is the arena's. */
enum engine_answer chat_probe_read(struct arena *arena, const struct engine_job *job, int status, const char *body,
                                   const char **sentence_out);
/* The sentence in an answer that is an error: {"error": "..."}, {"error": {"message": ".."}}, {"message": ..}, {"detail": ..}; or NULL. */
const char *chat_error(struct arena *arena, const char *body);
/* A body's JSON, or NULL. */
const struct value *chat_json(struct arena *arena, const char *body);
/* The sum over all labels of a metric of the Prometheus text format; NAN: it is not there. */
double chat_metric(const char *body, const char *name);

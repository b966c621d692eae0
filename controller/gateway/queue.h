/* SPDX-License-Identifier: Apache-2.0 */
/* Inside controller/gateway, in the proxy thread: which engine a request goes to, and who waits for one. */
#pragma once

#include "controller/gateway/gateway_internal.h"

void queue_remove(struct request *request); /* one that does not wait: nothing */
/* Gives slots that are free to who waits; ends who has waited too long. Milliseconds until it is to be called again; -1: nobody waits. */
int64_t queue_step(struct gateway *gateway);
/* A request of it took so long in an engine. */
void queue_learn(struct model *model, int64_t took_us);
void queue_free(struct gateway *gateway); /* models and instances */

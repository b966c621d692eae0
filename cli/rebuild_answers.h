/* SPDX-License-Identifier: Apache-2.0 */
/* What serves is asked as its clients ask it: one completion (or embedding) of each workload through the gateway. */
#pragma once

#include "cli/rebuild.h"

/* Of all that serve, and all that are declared beside the inventory. *out: "chat, embed answered" for people; the answers' times are noted. False: one has
 * not answered, or not with the words that are declared. */
bool rebuild_answers(struct rebuild_call *call, const char **out, struct error *err);

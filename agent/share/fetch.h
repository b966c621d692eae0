/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `roost-agent fetch`: one model into this node's store, from neighbours or from its origin, as the order says (share_order.h). It may be
 * killed at any moment: what has come is taken up by the next. The origin's token is this node's own (model_settings).
 */
#pragma once

#include "agent/share/share_order.h"
#include "common/model/model_settings.h"

struct fetch_options {
    int input, output;                  /* orders, and what is told (fetch_tell.h) */
    const char *node;                   /* this node's name */
    const char *ca, *certificate, *key; /* PEM files; ca NULL: there are no neighbours to talk to */
    struct model_settings settings;     /* complete, but for its watch */
    int64_t lonely_ms;                  /* all neighbours have failed for so long: the origin; 0: FETCH_LONELY_MS */
};

#define FETCH_LONELY_MS 30000

/* 0: the model is there (or was looked at); 1: it was told why not; 2: nothing could be begun (err). */
int fetch_run(const struct fetch_options *options, struct error *err);

/* SPDX-License-Identifier: Apache-2.0 */
/* Inside controller/launcher: whether an engine that does not answer a probe in time works on what others asked of it. Pure. */
#pragma once

#include "controller/engines/engine.h"

#define BUSY_STILL_MAX 3 /* probes in a row at which nothing has moved */

/* What was known of its work at a moment. */
struct busy_mark {
    struct engine_figures figures;
    int64_t at_us;  /* when the engine told these; 0: never */
    int64_t passed; /* when the gateway had bytes of it last, in any unit; 0: never */
};

enum busy_verdict {
    BUSY_MOVES, /* it works: that it did not answer means nothing */
    BUSY_MAY,   /* it had work, and nothing moves: wait a little */
    BUSY_STUCK, /* and that for too long */
    BUSY_IDLE,  /* it had nothing to do, so it should have answered */
};

/* From when the probe was sent to when it was given up. *still counts the probes in a row at which nothing moved. */
enum busy_verdict busy_judge(const struct busy_mark *before, const struct busy_mark *now, int *still);

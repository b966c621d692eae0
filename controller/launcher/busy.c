/* SPDX-License-Identifier: Apache-2.0 */
/* Busy or hung: by what has moved. */
#include "controller/launcher/busy.h"

#include <math.h>

static bool grew(double before, double now)
{
    return !isnan(before) && !isnan(now) && now > before;
}

static bool has_moved(const struct busy_mark *before, const struct busy_mark *now)
{
    const struct engine_figures *old = &before->figures, *new = &now->figures;

    if (now->passed > before->passed)
        return true;
    return before->at_us != 0 && now->at_us != 0 &&
           (grew(old->tokens_in, new->tokens_in) || grew(old->tokens_out, new->tokens_out) ||
            grew(old->steps, new->steps));
}

/* An engine that tells figures and has told none since may be within one long step. */
static bool may_work(const struct busy_mark *before, const struct busy_mark *now)
{
    return now->at_us != 0 && (now->at_us == before->at_us || now->figures.requests_running > 0);
}

enum busy_verdict busy_judge(const struct busy_mark *before, const struct busy_mark *now, int *still)
{
    if (has_moved(before, now) || !may_work(before, now)) {
        *still = 0;
        return has_moved(before, now) ? BUSY_MOVES : BUSY_IDLE;
    }
    (*still)++;
    return *still < BUSY_STILL_MAX ? BUSY_MAY : BUSY_STUCK;
}

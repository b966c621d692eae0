/* SPDX-License-Identifier: Apache-2.0 */
/* Between two checks: a managed file that somebody touches brings the next check forward. */
#include <string.h>

#include "agent/daemon/daemon_internal.h"
#include "common/base/clock.h"

#define SETTLE_MS 300  /* an editor writes, renames and sets modes: one check for all of it */
#define PAUSE_MS 10000 /* between two such checks, should something touch without end */

void daemon_watch_set(struct daemon *daemon, bool is_complete)
{
    struct error err = ERROR_INIT;
    size_t count = 0;
    const char *const *paths = run_report_paths(daemon->report, &count);

    if (!(is_complete ? watch_set(daemon->watch, paths, count, &err) : watch_forget(daemon->watch, &err)))
        daemon_trouble(daemon, err.text);
}

/* While a run is under way it may be the run itself that touches: that is forgotten when the run has ended. */
void daemon_watch_take(struct daemon *daemon)
{
    ARENA_SCOPED arena = arena_new();
    struct watch_touched touched;
    struct error err = ERROR_INIT;
    int64_t now_ms = clock_monotonic_ms();

    if (!watch_take(daemon->watch, arena, &touched, &err)) {
        daemon_trouble(daemon, err.text);
        return;
    }
    if ((touched.count == 0 && !touched.all) || daemon->report != NULL || daemon->touched_ms > 0)
        return;
    daemon->touched_ms = now_ms + SETTLE_MS > daemon->touch_ms ? now_ms + SETTLE_MS : daemon->touch_ms;
    daemon->touch_ms = daemon->touched_ms + PAUSE_MS;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Samples and models, told when something else has woken the daemon: they need no wake-up of their own. */
#include "agent/daemon/daemon_internal.h"
#include "agent/daemon/daemon_models.h"
#include "common/base/clock.h"

#define SAMPLE_MS 55000                 /* the long poll ends every minute */
#define SAMPLE_AWAY_MS (10 * 60 * 1000) /* the spool is for what matters more */
#define MODELS_MS (5 * 60 * 1000)

static void sample_tell(struct daemon *daemon)
{
    ARENA_SCOPED arena = arena_new();
    const struct system system = { .root = "" };
    const struct sysfs fs = { .system = &system, .arena = arena };

    daemon_report(daemon, "sample", sample_read(&fs, &daemon->energy, clock_wall_us()));
}

void daemon_sample_step(struct daemon *daemon)
{
    int64_t now_ms = clock_monotonic_ms();
    bool is_connected = uplink_is_connected(daemon->uplink);

    if (daemon->is_stopping ||
        (daemon->sampled_ms > 0 && now_ms - daemon->sampled_ms < (is_connected ? SAMPLE_MS : SAMPLE_AWAY_MS)))
        return;
    daemon->sampled_ms = now_ms;
    sample_tell(daemon);
    if (daemon->models_ms > 0 && now_ms - daemon->models_ms < MODELS_MS)
        return;
    daemon->models_ms = now_ms;
    daemon_models_tell(daemon);
}

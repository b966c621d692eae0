/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When a node looks after itself. Pure arithmetic: times go in, times come out. Checks come at a phase of their own within the
 * interval, made of the node's identity, so that a rack does not wake up as one, and the same over restarts. Only the way to the
 * next one is computed, never more than an interval: a clock that is set back or forth by a day delays nothing.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/error.h"

#define SCHEDULE_INTERVAL_S 1800 /* between two drift checks, if nothing else is declared */

/* Microseconds from `wall_us` to the node's next check, 1..interval. `identity`: the node's name or key. */
int64_t schedule_wait_us(const char *identity, int64_t interval_us, int64_t wall_us);

/*
 * When repairs are allowed: "22:00-06:00", "Sat,Sun 08:00-20:00", "Mon-Fri 01:00-05:00", several joined by ";", or "always",
 * "never". Local time of the node. A window that ends before it begins goes on into the next day; its days are those on
 * which it begins. 24:00 is the end of a day.
 */
#define SCHEDULE_WINDOWS 16

struct schedule_window {
    unsigned char days;               /* bit 0: Sunday */
    int16_t begin_minute, end_minute; /* of the day; end <= begin: over midnight */
};

struct schedule_windows {
    struct schedule_window windows[SCHEDULE_WINDOWS];
    int count;
};

bool schedule_windows_read(const char *text, struct schedule_windows *out, struct error *err);
bool schedule_is_open(const struct schedule_windows *windows, int64_t wall_us);
/* Microseconds until a window opens: 0 when one is open, -1 when none ever does. */
int64_t schedule_opens_in_us(const struct schedule_windows *windows, int64_t wall_us);

/* SPDX-License-Identifier: Apache-2.0 */
/* Time: monotonic for durations, wall time for records. */
#pragma once

#include <stdint.h>

#include "common/base/arena.h"

int64_t clock_monotonic_ms(void);
int64_t clock_monotonic_us(void);
int64_t clock_boot_ms(void); /* as the first, but goes on while the machine sleeps */
int64_t clock_wall_us(void); /* since the epoch, UTC */
/* "2026-01-31 12:34:56.123456" in local time, as Ansible prints start and end of a command. */
char *clock_text_local(struct arena *arena, int64_t wall_us);
/* "2026-01-31T12:34:56.123456Z" */
char *clock_text_utc(struct arena *arena, int64_t wall_us);
/* "0:00:01.234567", as Python prints a timedelta. */
char *clock_text_delta(struct arena *arena, int64_t delta_us);

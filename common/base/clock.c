/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The clocks of the kernel, and times as Ansible's results show them (Python's datetime and timedelta).
 */
#include "common/base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define SECOND_US INT64_C(1000000)
#define DAY_S INT64_C(86400)

static int64_t clock_us(clockid_t id)
{
    struct timespec now = { 0 };

    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * SECOND_US + now.tv_nsec / 1000;
}

int64_t clock_monotonic_us(void)
{
    return clock_us(CLOCK_MONOTONIC);
}

int64_t clock_monotonic_ms(void)
{
    return clock_us(CLOCK_MONOTONIC) / 1000;
}

int64_t clock_boot_ms(void)
{
    return clock_us(CLOCK_BOOTTIME) / 1000;
}

int64_t clock_wall_us(void)
{
    return clock_us(CLOCK_REALTIME);
}

/* Splits into whole seconds (rounded down) and what remains. */
static int64_t clock_split(int64_t us, int64_t *rest_out)
{
    int64_t rest = us % SECOND_US;

    if (rest < 0)
        rest += SECOND_US;
    *rest_out = rest;
    return (us - rest) / SECOND_US;
}

char *clock_text_local(struct arena *arena, int64_t wall_us)
{
    char text[64];
    int64_t micros = 0;
    time_t seconds = (time_t)clock_split(wall_us, &micros);
    struct tm parts = { 0 };

    localtime_r(&seconds, &parts);
    if (strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &parts) == 0)
        return arena_copy(arena, "");
    if (micros == 0)
        return arena_copy(arena, text);
    return arena_printf(arena, "%s.%06d", text, (int)micros);
}

char *clock_text_utc(struct arena *arena, int64_t wall_us)
{
    char text[64];
    int64_t micros = 0;
    time_t seconds = (time_t)clock_split(wall_us, &micros);
    struct tm parts = { 0 };

    gmtime_r(&seconds, &parts);
    if (strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &parts) == 0)
        return arena_copy(arena, "");
    return arena_printf(arena, "%s.%06dZ", text, (int)micros);
}

char *clock_text_delta(struct arena *arena, int64_t delta_us)
{
    int64_t micros = 0;
    int64_t seconds = clock_split(delta_us, &micros);
    int64_t second_of_day = (seconds % DAY_S + DAY_S) % DAY_S;
    int64_t days = (seconds - second_of_day) / DAY_S;
    char day_text[48] = "", micro_text[16] = "";

    if (days != 0)
        (void)snprintf(day_text, sizeof(day_text), "%lld day%s, ", (long long)days, llabs(days) == 1 ? "" : "s");
    if (micros != 0)
        (void)snprintf(micro_text, sizeof(micro_text), ".%06d", (int)micros);
    return arena_printf(arena, "%s%d:%02d:%02d%s", day_text, (int)(second_of_day / 3600),
                        (int)(second_of_day / 60 % 60), (int)(second_of_day % 60), micro_text);
}

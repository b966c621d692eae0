/* SPDX-License-Identifier: Apache-2.0 */
/* The node's date and time, in the many forms that playbooks use. Local time, except where the name says iso8601. */
#include <time.h>

#include "agent/facts/fact_support.h"
#include "common/base/clock.h"

/* The formats are this file's own. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static const char *time_text(struct arena *arena, const struct tm *time, const char *format)
{
    char text[128] = "";

    (void)strftime(text, sizeof text, format, time);
    return arena_copy(arena, text);
}
#pragma GCC diagnostic pop

static void put_local(struct arena *arena, struct value *map, const struct tm *local)
{
    static const struct {
        const char *name, *format;
    } fields[] = {
        { "year", "%Y" },       { "month", "%m" },
        { "weekday", "%A" },    { "weekday_number", "%w" },
        { "weeknumber", "%W" }, { "day", "%d" },
        { "hour", "%H" },       { "minute", "%M" },
        { "second", "%S" },     { "date", "%Y-%m-%d" },
        { "time", "%H:%M:%S" }, { "iso8601_basic_short", "%Y%m%dT%H%M%S" },
        { "tz", "%Z" },         { "tz_offset", "%z" },
    };

    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        value_map_put_string(arena, map, fields[i].name, time_text(arena, local, fields[i].format));
}

static bool date_time_collect(const struct system *system, struct arena *arena, struct value *facts, struct error *err)
{
    int64_t now_us = clock_wall_us();
    time_t now = (time_t)(now_us / 1000000);
    int micro = (int)(now_us % 1000000);
    struct value *map = value_map(arena);
    struct tm local, utc;

    (void)system;
    (void)err;
    tzset();
    localtime_r(&now, &local);
    gmtime_r(&now, &utc);
    put_local(arena, map, &local);
    const char *epoch = arena_printf(arena, "%lld", (long long)now);
    value_map_put_string(arena, map, "epoch", epoch);
    value_map_put_string(arena, map, "epoch_int", epoch);
    const char *instant = time_text(arena, &utc, "%Y-%m-%dT%H:%M:%S");
    value_map_put_string(arena, map, "iso8601", arena_printf(arena, "%sZ", instant));
    value_map_put_string(arena, map, "iso8601_micro", arena_printf(arena, "%s.%06dZ", instant, micro));
    value_map_put_string(arena, map, "iso8601_basic",
                         arena_printf(arena, "%s%06d", time_text(arena, &local, "%Y%m%dT%H%M%S"), micro));
    value_map_put_string(arena, map, "tz_dst", tzname[1] && tzname[1][0] ? tzname[1] : tzname[0]);
    value_map_put(arena, facts, "date_time", map);
    return true;
}

FACT_GROUP_DEFINE(date_time) = { .name = "date_time", .names = FACT_NAMES("min"), .collect = date_time_collect };

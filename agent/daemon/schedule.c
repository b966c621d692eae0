/* SPDX-License-Identifier: Apache-2.0 */
/* The next check, and windows for repairs. */
#include "agent/daemon/schedule.h"

#include <ctype.h>
#include <string.h>
#include <time.h>

#include "common/base/arena.h"
#include "common/base/hash.h"
#include "common/base/text.h"

#define SECOND_US ((int64_t)1000000)
#define DAY_MINUTES 1440
#define ALL_DAYS 0x7f

static const char *const day_names[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };

int64_t schedule_wait_us(const char *identity, int64_t interval_us, int64_t wall_us)
{
    int64_t phase = (int64_t)(hash_quick(identity, strlen(identity)) % (uint64_t)interval_us);
    int64_t since = (wall_us - phase) % interval_us;

    return interval_us - (since < 0 ? since + interval_us : since);
}

/* --- reading windows --- */

struct window_reader {
    const char *text, *at;
    struct error *err;
};

static bool window_wrong(const struct window_reader *reader, const char *expected)
{
    return error_set(reader->err,
                     "'%s' is no window for repairs: expected %s at '%s'; for example \"22:00-06:00\" or "
                     "\"Mon-Fri 01:00-05:00; Sat,Sun 08:00-20:00\"",
                     reader->text, expected, reader->at);
}

static void skip_blanks(struct window_reader *reader)
{
    reader->at += strspn(reader->at, " \t");
}

static bool day_read(struct window_reader *reader, int *out)
{
    for (int i = 0; i < 7; i++) {
        if (strncmp(reader->at, day_names[i], 3) == 0 && !isalpha((unsigned char)reader->at[3])) {
            reader->at += 3;
            *out = i;
            return true;
        }
    }
    return window_wrong(reader, "a day (Mon, Tue, Wed, Thu, Fri, Sat, Sun)");
}

/* "Mon-Fri", "Sat,Sun"; a range may go over the end of the week. */
static bool days_read(struct window_reader *reader, unsigned char *out)
{
    *out = 0;
    for (;;) {
        int first = 0, last = 0;

        if (!day_read(reader, &first))
            return false;
        last = first;
        if (*reader->at == '-') {
            reader->at++;
            if (!day_read(reader, &last))
                return false;
        }
        for (int day = first;; day = (day + 1) % 7) {
            *out = (unsigned char)(*out | 1U << day);
            if (day == last)
                break;
        }
        if (*reader->at != ',')
            return true;
        reader->at++;
    }
}

static bool two_digits(struct window_reader *reader, int *out)
{
    if (!isdigit((unsigned char)reader->at[0]) || !isdigit((unsigned char)reader->at[1]))
        return false;
    *out = (reader->at[0] - '0') * 10 + reader->at[1] - '0';
    reader->at += 2;
    return true;
}

static bool minute_read(struct window_reader *reader, int16_t *out)
{
    const char *start = reader->at;
    int hour = 0, minute = 0;

    if (two_digits(reader, &hour) && *reader->at == ':') {
        reader->at++;
        if (two_digits(reader, &minute) && hour * 60 + minute <= DAY_MINUTES && minute < 60) {
            *out = (int16_t)(hour * 60 + minute);
            return true;
        }
    }
    reader->at = start;
    return window_wrong(reader, "a time HH:MM");
}

static bool window_read(struct window_reader *reader, struct schedule_window *out)
{
    out->days = ALL_DAYS;
    skip_blanks(reader);
    if (isalpha((unsigned char)*reader->at) && !days_read(reader, &out->days))
        return false;
    skip_blanks(reader);
    if (!minute_read(reader, &out->begin_minute))
        return false;
    if (*reader->at != '-')
        return window_wrong(reader, "'-'");
    reader->at++;
    if (!minute_read(reader, &out->end_minute))
        return false;
    skip_blanks(reader);
    if (out->begin_minute == out->end_minute)
        return error_set(reader->err,
                         "'%s' is no window for repairs: it begins and ends at the same minute; the whole day is "
                         "00:00-24:00",
                         reader->text);
    return true;
}

bool schedule_windows_read(const char *text, struct schedule_windows *out, struct error *err)
{
    struct window_reader reader = { .text = text, .at = text, .err = err };
    struct schedule_windows windows = { .count = 0 };

    if (strcmp(text, "always") == 0) {
        windows.windows[windows.count++] = (struct schedule_window){ ALL_DAYS, 0, DAY_MINUTES };
    } else if (strcmp(text, "never") != 0) {
        for (;;) {
            if (windows.count == SCHEDULE_WINDOWS)
                return error_set(err, "'%s' holds more than %d windows", text, SCHEDULE_WINDOWS);
            if (!window_read(&reader, &windows.windows[windows.count]))
                return false;
            windows.count++;
            if (*reader.at == '\0')
                break;
            if (*reader.at != ';')
                return window_wrong(&reader, "';' or the end");
            reader.at++;
        }
    }
    *out = windows;
    return true;
}

/* --- asking them --- */

static struct tm local_time(int64_t wall_us)
{
    time_t seconds = (time_t)(wall_us / SECOND_US);
    struct tm local;

    localtime_r(&seconds, &local);
    return local;
}

static bool window_is_open(const struct schedule_window *window, int day, int minute)
{
    bool began_today = (window->days >> day & 1) != 0;
    bool began_yesterday = (window->days >> ((day + 6) % 7) & 1) != 0;

    if (window->end_minute > window->begin_minute)
        return began_today && minute >= window->begin_minute && minute < window->end_minute;
    return (began_today && minute >= window->begin_minute) || (began_yesterday && minute < window->end_minute);
}

bool schedule_is_open(const struct schedule_windows *windows, int64_t wall_us)
{
    struct tm local = local_time(wall_us);

    for (int i = 0; i < windows->count; i++) {
        if (window_is_open(&windows->windows[i], local.tm_wday, local.tm_hour * 60 + local.tm_min))
            return true;
    }
    return false;
}

/* Minute by minute through the local calendar, so that a change to summer time needs no thought: 10,080 steps at most. */
int64_t schedule_opens_in_us(const struct schedule_windows *windows, int64_t wall_us)
{
    int64_t minute_us = 60 * SECOND_US;

    if (schedule_is_open(windows, wall_us))
        return 0;
    for (int64_t at = wall_us - wall_us % minute_us + minute_us; at < wall_us + 8 * DAY_MINUTES * minute_us;
         at += minute_us) {
        if (schedule_is_open(windows, at))
            return at - wall_us;
    }
    return -1;
}

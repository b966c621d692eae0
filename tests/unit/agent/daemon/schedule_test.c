/* SPDX-License-Identifier: Apache-2.0 */
/* Checks spread over the interval, windows by the local calendar. */
#include "agent/daemon/schedule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define SECOND_US ((int64_t)1000000)
#define HOUR_US (3600 * SECOND_US)

/* Local time of the test's zone: 2026-03-27 is a Friday, summer time begins on Sunday 29 at 02:00. */
static int64_t at(int day, int hour, int minute)
{
    struct tm local = {
        .tm_year = 126, .tm_mon = 2, .tm_mday = day, .tm_hour = hour, .tm_min = minute, .tm_isdst = -1
    };

    return (int64_t)mktime(&local) * SECOND_US;
}

static struct schedule_windows windows(const char *text)
{
    struct schedule_windows out;
    struct error err = ERROR_INIT;

    if (!schedule_windows_read(text, &out, &err))
        fail_msg("%s", err.text);
    return out;
}

static bool is_open(const char *text, int64_t wall_us)
{
    struct schedule_windows read = windows(text);

    return schedule_is_open(&read, wall_us);
}

static int64_t opens_in(const char *text, int64_t wall_us)
{
    struct schedule_windows read = windows(text);

    return schedule_opens_in_us(&read, wall_us);
}

static void nodes_are_spread(void **state)
{
    const int64_t interval = SCHEDULE_INTERVAL_S * SECOND_US;
    int buckets[6] = { 0 };

    (void)state;
    for (int i = 0; i < 600; i++) {
        char name[32];

        snprintf(name, sizeof(name), "ai-%d", i);
        int64_t wait = schedule_wait_us(name, interval, at(27, 12, 0));
        assert_in_range(wait, 1, interval);
        buckets[(wait - 1) * 6 / interval]++;
        /* the same phase an interval later, and right after a check a whole interval */
        assert_int_equal(schedule_wait_us(name, interval, at(27, 12, 0) + interval), wait);
        assert_int_equal(schedule_wait_us(name, interval, at(27, 12, 0) + wait), interval);
        assert_in_range(schedule_wait_us(name, interval, at(27, 12, 0) - 86400 * SECOND_US), 1, interval);
        assert_in_range(schedule_wait_us(name, interval, -5), 1, interval);
    }
    for (int i = 0; i < 6; i++)
        assert_in_range(buckets[i], 70, 130);
}

static void windows_open_and_close(void **state)
{
    (void)state;
    assert_true(is_open("always", at(27, 3, 0)));
    assert_false(is_open("never", at(27, 3, 0)));
    assert_true(is_open("01:00-05:00", at(27, 1, 0)));
    assert_true(is_open("01:00-05:00", at(27, 4, 59)));
    assert_false(is_open("01:00-05:00", at(27, 5, 0)));
    assert_true(is_open("00:00-24:00", at(27, 23, 59)));
    assert_true(is_open("Mon-Fri 22:00-06:00", at(27, 23, 0)));
    assert_true(is_open("Mon-Fri 22:00-06:00", at(28, 5, 59)));  /* began on Friday */
    assert_false(is_open("Mon-Fri 22:00-06:00", at(28, 23, 0))); /* Saturday */
    assert_false(is_open("Mon-Fri 22:00-06:00", at(30, 5, 0)));  /* Monday morning: began on Sunday */
    assert_true(is_open("Sat-Mon 08:00-09:00", at(30, 8, 30)));
    assert_true(is_open("Mon 01:00-02:00; Sat,Sun 08:00-20:00", at(28, 12, 0)));
    assert_false(is_open("Mon 01:00-02:00; Sat,Sun 08:00-20:00", at(27, 12, 0)));
}

static void knows_when_the_next_one_opens(void **state)
{
    (void)state;
    assert_int_equal(opens_in("always", at(27, 3, 0)), 0);
    assert_int_equal(opens_in("never", at(27, 3, 0)), -1);
    assert_int_equal(opens_in("04:00-05:00", at(27, 3, 0)), HOUR_US);
    assert_int_equal(opens_in("04:00-05:00", at(27, 3, 0) + 1), HOUR_US - 1);
    assert_int_equal(opens_in("Thu 04:00-05:00", at(27, 4, 0)), 6 * 24 * HOUR_US - HOUR_US); /* an hour is missing */
    assert_int_equal(opens_in("Sun 03:00-04:00", at(29, 1, 59)), 60 * SECOND_US);
}

static void says_what_is_wrong(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        { "", "expected a time HH:MM at ''" },
        { "22-06", "expected a time HH:MM at '22-06'" },
        { "22:00", "expected '-' at ''" },
        { "24:01-02:00", "expected a time HH:MM at '24:01-02:00'" },
        { "10:61-12:00", "expected a time HH:MM" },
        { "Mo 10:00-12:00", "expected a day (Mon, Tue, Wed, Thu, Fri, Sat, Sun) at 'Mo 10:00-12:00'" },
        { "Mon-Frx 10:00-12:00", "at 'Frx 10:00-12:00'" },
        { "10:00-12:00,", "expected ';' or the end at ','" },
        { "10:00-10:00", "the whole day is 00:00-24:00" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct schedule_windows out;
        struct error err = ERROR_INIT;

        assert_false(schedule_windows_read(cases[i].text, &out, &err));
        if (strstr(err.text, cases[i].message) == NULL)
            fail_msg("'%s' is not in: %s", cases[i].message, err.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nodes_are_spread),
        cmocka_unit_test(windows_open_and_close),
        cmocka_unit_test(knows_when_the_next_one_opens),
        cmocka_unit_test(says_what_is_wrong),
    };

    setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
    tzset();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What was taken of a journal that is read again from an earlier place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "agent/system/unit/journal_mark.h"

/* A line for each character: its cursor is its place, its time the digit. */
static void lines_pass(struct journal_mark *mark, const char *times, const char *first, char *out)
{
    for (size_t i = (size_t)(first - times); times[i] != '\0'; i++) {
        char cursor[32];
        struct journal_line line = { .unit = "u.service", .cursor = cursor, .at_us = times[i] - '0', .text = "x" };

        (void)snprintf(cursor, sizeof(cursor), "s=1;i=%zu", i);
        *out = journal_mark_pass(mark, &line) ? 'y' : 'n';
        out++;
    }
    *out = '\0';
}

/* Pairs: one of the same time was taken, the other was not written yet. */
static void test_second_of_a_pair(void **state)
{
    struct journal_mark mark;
    char taken[16];
    const char *first = "2334", *all = "233445", *more = "23344555";

    (void)state;
    journal_mark_begin(&mark, 3);
    lines_pass(&mark, first, first, taken);
    assert_string_equal(taken, "nyyy");
    journal_mark_resume(&mark);
    lines_pass(&mark, all, all, taken);
    assert_string_equal(taken, "nnnnyy");
    journal_mark_resume(&mark); /* nothing was written meanwhile, then something */
    lines_pass(&mark, all, all + 5, taken);
    assert_string_equal(taken, "n");
    journal_mark_resume(&mark);
    lines_pass(&mark, more, more + 5, taken);
    assert_string_equal(taken, "nyy");
}

static void test_clock_is_set_back(void **state)
{
    struct journal_mark mark;
    char taken[16];

    (void)state;
    journal_mark_begin(&mark, 0);
    lines_pass(&mark, "78", "78", taken);
    assert_string_equal(taken, "yy");
    journal_mark_resume(&mark);
    lines_pass(&mark, "7834", "7834", taken);
    assert_string_equal(taken, "nnyy");
}

/* The line that was taken last is in the journal no more. */
static void test_mark_is_gone(void **state)
{
    struct journal_mark mark = { .cursor = "s=0;i=f", .at_us = 5, .is_resuming = true };
    char taken[16];

    (void)state;
    lines_pass(&mark, "4566", "4566", taken);
    assert_string_equal(taken, "nnyy");
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_second_of_a_pair),
                                        cmocka_unit_test(test_clock_is_set_back), cmocka_unit_test(test_mark_is_gone) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

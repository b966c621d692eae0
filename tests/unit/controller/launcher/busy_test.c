/* SPDX-License-Identifier: Apache-2.0 */
/* An engine that does not answer its probe: busy, or hung? */
#include "controller/launcher/busy.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct busy_mark mark(int64_t at_us, double running, double steps)
{
    return (struct busy_mark){
        .figures = { .tokens_in = 10, .tokens_out = 100, .requests_running = running, .steps = steps }, .at_us = at_us
    };
}

/* One slot, taken by a request of a minute: tokens are counted at its end, steps move. */
static void one_that_computes_is_left_alone(void **state)
{
    int still = 0;

    (void)state;
    for (int i = 1; i <= 6; i++) {
        struct busy_mark before = mark(i, 1, i * 100), now = mark(i + 1, 1, i * 100 + 100);

        assert_int_equal(busy_judge(&before, &now, &still), BUSY_MOVES);
        assert_int_equal(still, 0);
    }
}

/* A worker's cable is cut: the head waits, what it tells stays as it was, or nothing is told any more. */
static void one_that_hangs_is_found(void **state)
{
    struct busy_mark before = mark(1, 1, 100), now = mark(2, 1, 100);
    int still = 0;

    (void)state;
    assert_int_equal(busy_judge(&before, &now, &still), BUSY_MAY);
    assert_int_equal(busy_judge(&before, &now, &still), BUSY_MAY);
    assert_int_equal(busy_judge(&before, &now, &still), BUSY_STUCK);
    still = 0;
    before = now = mark(2, 0, 100);
    assert_int_equal(busy_judge(&before, &now, &still), BUSY_MAY);
    assert_int_equal(busy_judge(&before, &now, &still), BUSY_MAY);
    assert_int_equal(busy_judge(&before, &now, &still), BUSY_STUCK);
}

static void one_without_work_has_no_excuse(void **state)
{
    struct busy_mark before = mark(1, 0, 100), now = mark(2, 0, 100), nothing = { .at_us = 0 };
    int still = 2;

    (void)state;
    assert_int_equal(busy_judge(&before, &now, &still), BUSY_IDLE);
    assert_int_equal(still, 0);
    assert_int_equal(busy_judge(&nothing, &nothing, &still), BUSY_IDLE);
}

/* Engines that tell no figures: what the gateway passes on speaks for them. */
static void bytes_of_an_answer_speak_for_it(void **state)
{
    struct busy_mark before = { .passed = 1000 }, now = { .passed = 2000 };
    int still = 2;

    (void)state;
    assert_int_equal(busy_judge(&before, &now, &still), BUSY_MOVES);
    assert_int_equal(still, 0);
    before = mark(1, 1, (double)NAN);
    now = mark(2, 1, (double)NAN);
    assert_int_equal(busy_judge(&before, &now, &still), BUSY_MAY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_that_computes_is_left_alone),
        cmocka_unit_test(one_that_hangs_is_found),
        cmocka_unit_test(one_without_work_has_no_excuse),
        cmocka_unit_test(bytes_of_an_answer_speak_for_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Times as users write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/system/file/file_times.h"

static void reads_times(void **state)
{
    struct error err = ERROR_INIT;
    struct file_time time = { 0 };

    (void)state;
    setenv("TZ", "UTC", 1);
    tzset();
    assert_true(file_time_parse("preserve", "%Y", &time, &err));
    assert_int_equal(time.kind, FILE_TIME_PRESERVE);
    assert_int_equal(file_time_resolve(&time, (struct timespec){ 5, 6 }).tv_nsec, 6);
    assert_true(file_time_parse("now", "%Y", &time, &err));
    assert_true(file_time_resolve(&time, (struct timespec){ 5, 6 }).tv_sec > 1600000000);
    assert_true(file_time_parse("202001020304.05", "%Y%m%d%H%M.%S", &time, &err));
    assert_int_equal(time.at.tv_sec, 1577934245);
    assert_false(file_time_parse("2020-01-02 more", "%Y-%m-%d", &time, &err));
    assert_string_equal(err.text, "time '2020-01-02 more' does not match format '%Y-%m-%d'");
    assert_true(file_time_seconds((struct timespec){ 1, 500000000 }) == 1.5);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(reads_times) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Honest progress: only what came in this run counts, and silence is called silence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "common/model/progress.h"

#define MIB (1024LL * 1024)

static void test_rate(void **state)
{
    struct progress progress;
    char text[PROGRESS_TEXT];

    (void)state;
    progress_start(&progress, 1000 * MIB, 500 * MIB, 1000);
    progress_text(&progress, 1100, text);
    assert_string_equal(text, "500.0 MiB of 1000.0 MiB (50%)"); /* no rate yet, so no time */
    for (int i = 1; i <= 40; i++)
        progress_add(&progress, 5 * MIB / 2, 1000 + i * 250);
    progress_text(&progress, 11000, text);
    assert_string_equal(text, "600.0 MiB of 1000.0 MiB (60%), 10.0 MiB/s, about 41 s left");
    /* it becomes slower: after ten seconds the old rate is forgotten */
    for (int i = 1; i <= 40; i++)
        progress_add(&progress, MIB / 4, 11000 + i * 250);
    progress_text(&progress, 21000, text);
    assert_non_null(strstr(text, ", 1.0 MiB/s, about 6 min 31 s left"));
    progress_text(&progress, 26000, text);
    assert_string_equal(text, "610.0 MiB of 1000.0 MiB (61%), nothing has come for 5 s");
}

static void test_unknown_size(void **state)
{
    struct progress progress;
    char text[PROGRESS_TEXT];

    (void)state;
    progress_start(&progress, -1, 0, 0);
    for (int i = 1; i <= 10; i++)
        progress_add(&progress, MIB, i * 500);
    progress_text(&progress, 5000, text);
    assert_string_equal(text, "10.0 MiB, 2.0 MiB/s");
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_rate), cmocka_unit_test(test_unknown_size) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/daemon/memory_trim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char changed[65536] = "as the file has it";

static long file_kb(void)
{
    char line[256];
    long kb = -1;
    FILE *status = fopen("/proc/self/status", "re");

    while (fgets(line, sizeof(line), status) != NULL)
        (void)sscanf(line, "RssFile: %ld", &kb);
    fclose(status);
    return kb;
}

/* Less is held, nothing is lost, and what was let go runs as before. */
static void test_trim(void **state)
{
    char *kept = malloc(1 << 20);
    long before, after;

    (void)state;
    memset(kept, 'k', 1 << 20);
    memset(changed, 'c', sizeof(changed));
    before = file_kb();
    memory_trim();
    after = file_kb();
    assert_true(before > 0 && after < before);
    for (size_t i = 0; i < sizeof(changed); i++)
        assert_int_equal(changed[i], 'c');
    for (size_t i = 0; i < 1 << 20; i++)
        assert_int_equal(kept[i], 'k');
    free(kept);
    memory_trim();
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_trim) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

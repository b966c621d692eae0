/* SPDX-License-Identifier: Apache-2.0 */
/* The thousandfold error of amdgpu's power is found, and nothing else is taken for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/system/hardware/hwmon.h"

struct power_case {
    int64_t microwatts, socket_milliwatts;
    enum power_unit unit;
    const char *evidence;
    double watts;
};

static void readings_are_checked(void **state)
{
    static const struct power_case cases[] = {
        /* the firmware's figure decides */
        { 112000000, 112480, POWER_UNIT_RIGHT, NULL, 112 },
        { 12000, 12035, POWER_UNIT_TOO_SMALL, "gpu_metrics", 12 },
        { 112000, 60000, POWER_UNIT_TOO_SMALL, "gpu_metrics", 112 },
        { 30000, 112480, POWER_UNIT_TOO_SMALL, "gpu_metrics", 30 },
        { 12000000000, 12035, POWER_UNIT_TOO_LARGE, "gpu_metrics", 12 },
        { 900000, 1000, POWER_UNIT_RIGHT, NULL, 0.9 },
        { 20000000, 112480, POWER_UNIT_RIGHT, NULL, 20 },
        /* only the range is known */
        { 5100000, -1, POWER_UNIT_RIGHT, NULL, 5.1 },
        { 12000, -1, POWER_UNIT_TOO_SMALL, "range", 12 },
        { 130000, 0, POWER_UNIT_TOO_SMALL, "range", 130 },
        { 900000, -1, POWER_UNIT_RIGHT, NULL, 0.9 }, /* 900 W is less likely than a sleeping 0.9 W */
        { 500, -1, POWER_UNIT_RIGHT, NULL, 0.0005 },
        { 303000000, -1, POWER_UNIT_RIGHT, NULL, 303 },
        { 112000000000, -1, POWER_UNIT_TOO_LARGE, "range", 112 },
        { 0, 12035, POWER_UNIT_RIGHT, NULL, 0 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct power_reading reading = { cases[i].microwatts, cases[i].socket_milliwatts };
        struct power_verdict verdict = power_check(&reading);
        if (verdict.unit != cases[i].unit || verdict.watts < cases[i].watts * 0.999999 ||
            verdict.watts > cases[i].watts * 1.000001)
            fail_msg("%lld uW: unit %d, %f W", (long long)cases[i].microwatts, (int)verdict.unit, verdict.watts);
        assert_true((verdict.evidence == NULL) == (cases[i].evidence == NULL));
        if (verdict.evidence)
            assert_string_equal(verdict.evidence, cases[i].evidence);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(readings_are_checked) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

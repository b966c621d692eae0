/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of systemctl and service. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agent/system/unit/service_list.h"

static const char *of(const struct value *services, const char *name, const char *key)
{
    return value_map_text(value_map_get(services, name), key);
}

static void reads_units(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct value *services = value_map(arena);

    (void)state;
    service_list_add_units(arena,
                           "  a.service loaded active running that failed once\n"
                           "\xe2\x97\x8f b.service not-found inactive dead b.service\n"
                           "* c.service loaded failed failed C\n  d.service loaded active exited D\n",
                           services);
    assert_string_equal(of(services, "a.service", "state"), "running");
    assert_string_equal(of(services, "a.service", "status"), "active");
    assert_string_equal(of(services, "b.service", "status"), "not-found");
    assert_string_equal(of(services, "c.service", "status"), "failed");
    assert_string_equal(of(services, "d.service", "state"), "stopped");
    assert_int_equal(value_count(services), 4);
}

static void reads_scripts(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct value *services = value_map(arena);

    (void)state;
    service_list_add_scripts(arena, " [ + ]  up\n [ - ]  down\n [ ? ]  mute\n", services);
    assert_string_equal(of(services, "up", "state"), "running");
    assert_string_equal(of(services, "down", "state"), "stopped");
    assert_int_equal(value_count(services), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_units),
        cmocka_unit_test(reads_scripts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

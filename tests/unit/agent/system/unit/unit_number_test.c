/* SPDX-License-Identifier: Apache-2.0 */
/* Unit names and numbers in systemctl's words, recorded from systemd 252. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <time.h>

#include "agent/system/unit/unit_bus.h"

static void completes_names(void **state)
{
    ARENA_SCOPED arena = arena_new();

    (void)state;
    assert_string_equal(unit_name_complete(arena, "ssh"), "ssh.service");
    assert_string_equal(unit_name_complete(arena, "ssh.socket"), "ssh.socket");
    assert_string_equal(unit_name_complete(arena, "getty@tty1"), "getty@tty1.service");
    assert_string_equal(unit_name_complete(arena, "a.b"), "a.b.service");
    assert_string_equal(unit_name_complete(arena, "/srv/my data"), "srv-my\\x20data.mount");
    assert_string_equal(unit_name_complete(arena, "/srv/a-b/"), "srv-a\\x2db.mount");
    assert_string_equal(unit_name_complete(arena, "/dev/sda"), "dev-sda.device");
    assert_string_equal(unit_name_complete(arena, "/"), "-.mount");
    assert_string_equal(unit_name_complete(arena, "odd name"), "odd\\x20name.service");
    assert_true(unit_name_is_template("getty@.service"));
    assert_false(unit_name_is_template("getty@tty1.service"));
}

static void prints_spans(void **state)
{
    ARENA_SCOPED arena = arena_new();

    (void)state;
    assert_string_equal(unit_text_timespan(arena, 0), "0");
    assert_string_equal(unit_text_timespan(arena, UINT64_MAX), "infinity");
    assert_string_equal(unit_text_timespan(arena, 90000000), "1min 30s");
    assert_string_equal(unit_text_timespan(arena, 100000), "100ms");
    assert_string_equal(unit_text_timespan(arena, 2223715233), "37min 3.715233s");
    assert_string_equal(unit_text_timespan(arena, 86400000000), "1d");
    assert_string_equal(unit_text_timespan(arena, 1500), "1.500ms");
}

static void prints_points_in_time(void **state)
{
    ARENA_SCOPED arena = arena_new();

    (void)state;
    setenv("TZ", "UTC", 1);
    tzset();
    assert_string_equal(unit_text_timestamp(arena, UINT64_C(1795223363000000)), "Sat 2026-11-21 01:09:23 UTC");
    assert_null(unit_text_timestamp(arena, 0));
}

static void prints_numbers_by_their_names(void **state)
{
    ARENA_SCOPED arena = arena_new();

    (void)state;
    assert_string_equal(unit_text_uint64(arena, "TasksMax", UINT64_MAX), "infinity");
    assert_string_equal(unit_text_uint64(arena, "LimitNOFILE", 524288), "524288");
    assert_string_equal(unit_text_uint64(arena, "LimitNOFILE", UINT64_MAX), "infinity");
    assert_string_equal(unit_text_uint64(arena, "CPUWeight", UINT64_MAX), "[not set]");
    assert_string_equal(unit_text_uint64(arena, "IPIngressBytes", UINT64_MAX), "[no data]");
    assert_string_equal(unit_text_uint64(arena, "RestartUSec", 100000), "100ms");
    assert_string_equal(unit_text_uint64(arena, "CapabilityBoundingSet", 0x21), "cap_chown cap_kill");
    assert_string_equal(unit_text_uint64(arena, "RestrictNamespaces", 0), "yes");
    assert_string_equal(unit_text_uint64(arena, "RestrictNamespaces", 0x7e020000), "no");
    assert_null(unit_text_uint64(arena, "ExecMainExitTimestamp", 0));
    assert_string_equal(unit_text_uint64(arena, "ExecMainExitTimestampMonotonic", 0), "0");
    assert_string_equal(unit_text_uint32(arena, "UMask", 022), "0022");
    assert_string_equal(unit_text_uint32(arena, "UID", UINT32_MAX), "[not set]");
    assert_string_equal(unit_text_uint32(arena, "MainPID", 30), "30");
}

static void says_where_systemd_is_not(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct system system = { .root = "/nonexistent" };
    struct unit_manager *manager = NULL;
    struct error err = ERROR_INIT;

    (void)state;
    assert_false(unit_manager_open(&system, arena, UNIT_SCOPE_SYSTEM, &manager, &err));
    assert_non_null(strstr(err.text, "System has not been booted with systemd"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(completes_names),           cmocka_unit_test(prints_spans),
        cmocka_unit_test(prints_points_in_time),     cmocka_unit_test(prints_numbers_by_their_names),
        cmocka_unit_test(says_where_systemd_is_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What apt-cache policy says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agent/system/package/package_list.h"

static void finds_origins(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct value *sources = package_list_sources(
        arena, "a:\n  Installed: 1\n  Version table:\n     2 500\n        500 http://x y amd64 Packages\n *** 1 500\n"
               "        500 http://h/d s/main amd64 Packages\n        100 /var/lib/dpkg/status\n"
               "b:i386:\n  Installed: (none)\n  Version table:\n     2 500\n        500 http://x y amd64 Packages\n");
    struct value *origins = package_list_origins(
        arena, "Package files:\n 100 /var/lib/dpkg/status\n     release a=now\n 500 http://h/d s/main amd64 Packages\n"
               "     release v=12,o=Debian,a=stable\n     origin h\n");

    (void)state;
    assert_string_equal(value_map_text(sources, "a"), "http://h/d s/main amd64 Packages");
    assert_null(value_map_text(sources, "b:i386"));
    assert_string_equal(value_map_text(origins, "http://h/d s/main amd64 Packages"), "Debian");
    assert_string_equal(value_map_text(origins, "/var/lib/dpkg/status"), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_origins),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

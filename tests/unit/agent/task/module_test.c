/* SPDX-License-Identifier: Apache-2.0 */
/* Finding modules by the names playbooks use, over a table of this test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "agent/task/module.h"

static const struct module copy = { .spec = { .name = "copy" } };
static const struct module systemd = { .spec = { .name = "systemd", .aliases = ARG_NAMES("systemd_service") } };
const struct module *const module_table[] = { &copy, &systemd, NULL };
const size_t module_table_count = 2;

static void finds_short_and_full_names(void **state)
{
    (void)state;
    assert_ptr_equal(module_named("copy"), &copy);
    assert_ptr_equal(module_named("ansible.builtin.copy"), &copy);
    assert_ptr_equal(module_named("ansible.legacy.copy"), &copy);
    assert_ptr_equal(module_named("ansible.builtin.systemd_service"), &systemd);
    assert_ptr_equal(module_named("community.general.systemd"), &systemd);
}

static void finds_nothing_else(void **state)
{
    (void)state;
    assert_null(module_named("cop"));
    assert_null(module_named("other.collection.copy"));
    assert_null(module_named(""));
    assert_null(module_named(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_short_and_full_names),
        cmocka_unit_test(finds_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

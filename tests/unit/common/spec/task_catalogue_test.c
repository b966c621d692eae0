/* SPDX-License-Identifier: Apache-2.0 */
/* Looking up task types by their names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "common/spec/arg_spec.h"

static const struct arg_spec copy_args[] = { ARG_END };
static const struct task_spec copy = { .name = "copy", .args = copy_args };
static const struct task_spec systemd = { .name = "systemd", .aliases = ARG_NAMES("systemd_service") };
static const struct task_spec lineinfile = { .name = "lineinfile" };
static const struct task_spec *const specs[] = { &copy, &lineinfile, &systemd };
static const struct task_catalogue catalogue = { .specs = specs, .count = 3 };

static void test_find(void **state)
{
    (void)state;
    assert_ptr_equal(task_catalogue_find(&catalogue, "copy"), &copy);
    assert_ptr_equal(task_catalogue_find(&catalogue, "ansible.builtin.copy"), &copy);
    assert_ptr_equal(task_catalogue_find(&catalogue, "ansible.legacy.copy"), &copy);
    assert_ptr_equal(task_catalogue_find(&catalogue, "community.general.copy"), &copy);
    assert_ptr_equal(task_catalogue_find(&catalogue, "ansible.posix.copy"), &copy);
    assert_ptr_equal(task_catalogue_find(&catalogue, "ansible.builtin.systemd_service"), &systemd);
    assert_null(task_catalogue_find(&catalogue, "other.collection.copy"));
    assert_null(task_catalogue_find(&catalogue, "cop"));
}

static void test_nearest(void **state)
{
    (void)state;
    assert_string_equal(task_catalogue_nearest(&catalogue, "linefile"), "lineinfile");
    assert_string_equal(task_catalogue_nearest(&catalogue, "ansible.builtin.copyy"), "copy");
    assert_string_equal(task_catalogue_nearest(&catalogue, "systemd_servce"), "systemd_service");
    assert_null(task_catalogue_nearest(&catalogue, "kubernetes"));
}

/* A spec of its own wins; without one the module of that name has it; a module that is not there changes nothing. */
static void test_table(void **state)
{
    static const struct arg_spec own_args[] = { ARG_END };
    static const struct task_spec front = { .name = "copy" }, own = { .name = "copy", .args = own_args },
                                  alone = { .name = "reboot" };

    (void)state;
    assert_ptr_equal(task_catalogue_table(&catalogue, &front), &copy);
    assert_ptr_equal(task_catalogue_table(&catalogue, &own), &own);
    assert_ptr_equal(task_catalogue_table(&catalogue, &alone), &alone);
    assert_ptr_equal(task_catalogue_table(NULL, &front), &front);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_nearest),
        cmocka_unit_test(test_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

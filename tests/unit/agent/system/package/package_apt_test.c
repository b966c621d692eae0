/* SPDX-License-Identifier: Apache-2.0 */
/* What apt-cache prints, recorded from apt 2.6; the age of the lists; waiting for a lock with a fake apt-get. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <time.h>
#include <utime.h>

#include "agent/system/package/package_apt.h"
#include "tests/unit/agent/system/recorded_tree.h"

static const char policy[] = "nginx:\n"
                             "  Installed: 1.22.1-9\n"
                             "  Candidate: 1.22.1-9+deb12u1\n"
                             "  Package pin: 1.22\n"
                             "  Version table:\n"
                             "     1.22.1-9+deb12u1 500\n"
                             "        500 http://mirror.example/debian bookworm/main amd64 Packages\n"
                             " *** 1.22.1-9 100\n"
                             "        100 /var/lib/dpkg/status\n"
                             "mail-transport-agent:\n"
                             "  Installed: (none)\n"
                             "  Candidate: (none)\n"
                             "  Version table:\n";

static void reads_policies(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct apt_policies policies;

    (void)state;
    apt_policies_parse(arena, policy, &policies);
    assert_int_equal(policies.count, 2);
    const struct apt_policy *nginx = apt_policies_find(&policies, "nginx");
    assert_string_equal(nginx->installed, "1.22.1-9");
    assert_string_equal(nginx->candidate, "1.22.1-9+deb12u1");
    assert_int_equal(nginx->version_count, 2);
    assert_string_equal(nginx->versions[1], "1.22.1-9");
    assert_ptr_equal(apt_policies_find(&policies, "nginx:amd64"), nginx);
    const struct apt_policy *virtual = apt_policies_find(&policies, "mail-transport-agent");
    assert_null(virtual->installed);
    assert_null(virtual->candidate);
    assert_int_equal(virtual->version_count, 0);
    assert_null(apt_policies_find(&policies, "apache2"));
}

static void finds_the_highest_version_a_glob_matches(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct apt_policies policies;

    (void)state;
    apt_policies_parse(arena, policy, &policies);
    assert_string_equal(apt_policy_best_match(&policies.items[0], "1.22*"), "1.22.1-9+deb12u1");
    assert_string_equal(apt_policy_best_match(&policies.items[0], "1.22.1-9"), "1.22.1-9");
    assert_null(apt_policy_best_match(&policies.items[0], "1.18*"));
}

static void reads_providers(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct value *pairs = value_list(arena);

    (void)state;
    apt_providers_parse(arena,
                        "Package: awk\nVersions: \n\nReverse Depends: \n  base-files,awk\nDependencies: \nProvides: \n"
                        "Reverse Provides: \ngawk 1:5.2.1-2 (= )\nmawk 1.3.4.20200120-3.1 (= )\n",
                        pairs);
    assert_int_equal(value_count(pairs), 4);
    assert_string_equal(value_text(value_item(pairs, 0)), "gawk");
    assert_string_equal(value_text(value_item(pairs, 1)), "1:5.2.1-2");
    assert_string_equal(value_text(value_item(pairs, 2)), "mawk");
}

static void takes_the_stamp_before_the_folder(void **state)
{
    struct recorded_tree tree = recorded_tree_new();
    struct utimbuf times = { .actime = 1000, .modtime = 1000 };

    (void)state;
    assert_int_equal(apt_lists_time(recorded_tree_system(&tree), tree.arena), 0);
    recorded_tree_put(&tree, "/var/lib/apt/lists/lock", "");
    assert_true(apt_lists_time(&tree.system, tree.arena) > 1000);
    recorded_tree_put(&tree, "/var/lib/apt/periodic/update-success-stamp", "");
    assert_int_equal(utime(arena_printf(tree.arena, "%s/var/lib/apt/periodic/update-success-stamp", tree.root), &times),
                     0);
    assert_int_equal(apt_lists_time(&tree.system, tree.arena), 1000);
    recorded_tree_free(&tree);
}

/* A fake apt-get that finds the lock taken twice. */
static void waits_for_a_lock(void **state)
{
    struct recorded_tree tree = recorded_tree_new();
    struct process_result result;
    struct error err = ERROR_INIT;

    (void)state;
    recorded_tree_put(
        &tree, "/apt-get",
        "#!/bin/sh\necho x >> \"$0.runs\"\n[ $(wc -l < \"$0.runs\") -ge 3 ] && exec echo \"$DEBIAN_FRONTEND\"\n"
        "echo 'E: Could not get lock /var/lib/dpkg/lock-frontend.' >&2\nexit 100\n");
    const char *program = arena_printf(tree.arena, "%s/apt-get", tree.root);
    assert_int_equal(chmod(program, 0755), 0);
    assert_true(apt_run(&(struct system){ 0 }, tree.arena, PROCESS_ARGV(program), 0, &result, &err));
    assert_int_equal(result.status, 100);
    assert_true(apt_run(&(struct system){ 0 }, tree.arena, PROCESS_ARGV(program), 30, &result, &err));
    assert_int_equal(result.status, 0);
    assert_string_equal(result.output, "noninteractive\n");
    recorded_tree_free(&tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_policies),   cmocka_unit_test(finds_the_highest_version_a_glob_matches),
        cmocka_unit_test(reads_providers),  cmocka_unit_test(takes_the_stamp_before_the_folder),
        cmocka_unit_test(waits_for_a_lock),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

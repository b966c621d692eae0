/* SPDX-License-Identifier: Apache-2.0 */
/* dpkg status files as they are found: states, architectures, continuation lines, the journal; marks of apt. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/system/package/package_dpkg.h"
#include "tests/unit/agent/system/recorded_tree.h"

static const char recorded[] = "Package: dpkg\n"
                               "Essential: yes\n"
                               "Status: install ok installed\n"
                               "Architecture: amd64\n"
                               "Version: 1.21.22\n"
                               "\n"
                               "Package: libc6\n"
                               "Status: install ok installed\n"
                               "Architecture: i386\n"
                               "Multi-Arch: same\n"
                               "Version: 2.36-9\n"
                               "Description: GNU C Library\n"
                               " Package: not-a-package\n"
                               " .\n"
                               " Version: 9\n"
                               "\n"
                               "Package: libc6\n"
                               "Status: hold ok installed\n"
                               "Architecture: amd64\n"
                               "Version: 2.36-10\n"
                               "\n"
                               "Package: gone\n"
                               "Status: deinstall ok config-files\n"
                               "Architecture: amd64\n"
                               "Version: 1.0\n"
                               "\n"
                               "Package: half\n"
                               "Status: install ok half-configured\n"
                               "Architecture: all\n"
                               "Version: 3.0\n"
                               "Provides: virtual, other (= 3.0)\n";

static struct dpkg_status *read_status(struct recorded_tree *tree)
{
    struct dpkg_status *status = NULL;
    struct error err = ERROR_INIT;

    assert_true(dpkg_status_read(recorded_tree_system(tree), tree->arena, &status, &err));
    return status;
}

static void finds_packages_and_their_state(void **state)
{
    struct recorded_tree tree = recorded_tree_new();

    (void)state;
    recorded_tree_put(&tree, "/var/lib/dpkg/status", recorded);
    struct dpkg_status *status = read_status(&tree);
    assert_int_equal(dpkg_status_count(status), 5);
    assert_string_equal(dpkg_status_architecture(status), "amd64");
    const struct dpkg_package *gone = dpkg_status_find(status, "gone");
    assert_false(gone->is_installed);
    assert_string_equal(gone->state, "config-files");
    assert_string_equal(gone->want, "deinstall");
    const struct dpkg_package *half = dpkg_status_find(status, "half");
    assert_false(half->is_installed);
    assert_string_equal(half->provides, "virtual, other (= 3.0)");
    assert_null(dpkg_status_find(status, "not-a-package"));
    assert_null(dpkg_status_find(status, "hal"));
    assert_null(dpkg_status_find(status, "virtual"));
    recorded_tree_free(&tree);
}

static void prefers_the_native_architecture(void **state)
{
    struct recorded_tree tree = recorded_tree_new();

    (void)state;
    recorded_tree_put(&tree, "/var/lib/dpkg/status", recorded);
    struct dpkg_status *status = read_status(&tree);
    assert_string_equal(dpkg_status_find(status, "libc6")->version, "2.36-10");
    assert_string_equal(dpkg_status_find(status, "libc6")->want, "hold");
    assert_string_equal(dpkg_status_find(status, "libc6:i386")->version, "2.36-9");
    assert_string_equal(dpkg_status_find(status, "libc6:amd64")->version, "2.36-10");
    assert_string_equal(dpkg_status_find(status, "half:amd64")->version, "3.0");
    assert_null(dpkg_status_find(status, "libc6:arm64"));
    recorded_tree_free(&tree);
}

static void lets_the_journal_win(void **state)
{
    struct recorded_tree tree = recorded_tree_new();

    (void)state;
    recorded_tree_put(&tree, "/var/lib/dpkg/status", recorded);
    recorded_tree_put(&tree, "/var/lib/dpkg/updates/0001",
                      "Package: gone\nStatus: install ok unpacked\nArchitecture: amd64\nVersion: 2.0\n");
    recorded_tree_put(&tree, "/var/lib/dpkg/updates/0002",
                      "Package: gone\nStatus: install ok installed\nArchitecture: amd64\nVersion: 2.0\n");
    recorded_tree_put(&tree, "/var/lib/dpkg/updates/tmp.i", "Package: gone\nStatus: bad\n");
    recorded_tree_put(&tree, "/var/lib/dpkg/updates/0003",
                      "Package: fresh\nStatus: install ok installed\nArchitecture: all\nVersion: 1\n");
    struct dpkg_status *status = read_status(&tree);
    assert_int_equal(dpkg_status_count(status), 6);
    assert_true(dpkg_status_find(status, "gone")->is_installed);
    assert_string_equal(dpkg_status_find(status, "gone")->version, "2.0");
    assert_true(dpkg_status_find(status, "fresh")->is_installed);
    recorded_tree_free(&tree);
}

static void takes_a_missing_file_as_nothing_installed(void **state)
{
    struct recorded_tree tree = recorded_tree_new();

    (void)state;
    struct dpkg_status *status = read_status(&tree);
    assert_int_equal(dpkg_status_count(status), 0);
    assert_null(dpkg_status_find(status, "dpkg"));
    recorded_tree_free(&tree);
}

static void knows_what_has_files(void **state)
{
    struct recorded_tree tree = recorded_tree_new();

    (void)state;
    recorded_tree_put(&tree, "/var/lib/dpkg/status", recorded);
    recorded_tree_put(&tree, "/var/lib/dpkg/info/gone.list", "/etc/gone.conf\n");
    recorded_tree_put(&tree, "/var/lib/dpkg/info/libc6:i386.list", "/.\n");
    recorded_tree_put(&tree, "/var/lib/dpkg/info/half.list", "");
    struct dpkg_status *status = read_status(&tree);
    assert_true(dpkg_has_files(&tree.system, tree.arena, dpkg_status_find(status, "gone")));
    assert_true(dpkg_has_files(&tree.system, tree.arena, dpkg_status_find(status, "libc6:i386")));
    assert_false(dpkg_has_files(&tree.system, tree.arena, dpkg_status_find(status, "half")));
    assert_false(dpkg_has_files(&tree.system, tree.arena, dpkg_status_find(status, "dpkg")));
    recorded_tree_free(&tree);
}

static void knows_apts_marks(void **state)
{
    struct recorded_tree tree = recorded_tree_new();
    struct error err = ERROR_INIT;
    bool any = true;

    (void)state;
    assert_true(dpkg_any_automatic(recorded_tree_system(&tree), tree.arena, (const char *[]){ "a", NULL }, &any, &err));
    assert_false(any);
    recorded_tree_put(&tree, "/var/lib/apt/extended_states",
                      "Package: a\nArchitecture: amd64\nAuto-Installed: 1\n\n"
                      "Package: b\nArchitecture: amd64\nAuto-Installed: 0\n");
    assert_true(dpkg_any_automatic(&tree.system, tree.arena, (const char *[]){ "b", "c", NULL }, &any, &err));
    assert_false(any);
    assert_true(dpkg_any_automatic(&tree.system, tree.arena, (const char *[]){ "b", "a:amd64", NULL }, &any, &err));
    assert_true(any);
    recorded_tree_free(&tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_packages_and_their_state), cmocka_unit_test(prefers_the_native_architecture),
        cmocka_unit_test(lets_the_journal_win),           cmocka_unit_test(takes_a_missing_file_as_nothing_installed),
        cmocka_unit_test(knows_what_has_files),           cmocka_unit_test(knows_apts_marks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

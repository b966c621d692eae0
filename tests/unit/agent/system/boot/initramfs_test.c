/* SPDX-License-Identifier: Apache-2.0 */
/* Images found in /boot, listed and made anew by stand-ins of the distribution's programs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/system/boot/initramfs.h"
#include "tests/unit/agent/system/recorded_tree.h"

static struct recorded_tree tree;

static void program(const char *name, const char *body)
{
    recorded_tree_program(&tree, name, body);
}

static int make_tree(void **state)
{
    (void)state;
    tree = recorded_tree_new();
    recorded_tree_system(&tree);
    setenv("PATH", arena_printf(tree.arena, "%s/bin:/usr/bin:/bin", tree.root), 1);
    return 0;
}

static int drop_tree(void **state)
{
    (void)state;
    recorded_tree_free(&tree);
    return 0;
}

static void finds_ttm_in_debians_images(void **state)
{
    struct initramfs found;
    struct error err = ERROR_INIT;
    const char *image = NULL;

    (void)state;
    program("lsinitramfs", "case $1 in *6.2*) echo usr/lib/modules/6.2/kernel/drivers/gpu/drm/ttm/ttm.ko.zst ;;"
                           " *) echo usr/lib/modules/6.1/ttm.kox; echo x/ttm_helper.ko ;; esac\n");
    program("update-initramfs", "exit 0\n");
    recorded_tree_put(&tree, "/boot/initrd.img-6.1", "x");
    recorded_tree_put(&tree, "/boot/initrd.img-6.2", "x");
    recorded_tree_put(&tree, "/boot/initrd.img-6.2.old-dkms.bak", "x");
    initramfs_find(&tree.system, tree.arena, &found);
    assert_int_equal(found.count, 2);
    assert_string_equal(found.command, "update-initramfs -u -k all");
    assert_true(initramfs_with_module(&tree.system, tree.arena, &found, "ttm", &image, &err));
    assert_string_equal(image, "/boot/initrd.img-6.2");
    assert_true(initramfs_refresh(&tree.system, tree.arena, &found, &err));
    assert_non_null(strstr(recorded_tree_get(&tree, "/calls"), "update-initramfs -u -k all\n"));
}

static void says_what_is_missing(void **state)
{
    struct initramfs found = { .images = { "/boot/initramfs-6.1.img" }, .count = 1 };
    struct error err = ERROR_INIT;
    const char *image = NULL;

    (void)state;
    assert_false(initramfs_with_module(&tree.system, tree.arena, &found, "ttm", &image, &err));
    assert_string_equal(err.text,
                        "cannot tell whether /boot/initramfs-6.1.img holds the module ttm: neither lsinitramfs nor "
                        "lsinitrd is there");
    assert_false(initramfs_refresh(&tree.system, tree.arena, &found, &err));
    assert_string_equal(err.text,
                        "/boot/initramfs-6.1.img must be made anew, but neither update-initramfs nor dracut is "
                        "there");
    found.count = 0;
    assert_true(initramfs_with_module(&tree.system, tree.arena, &found, "ttm", &image, &err));
    assert_null(image);
}

static void passes_failures_on(void **state)
{
    struct initramfs found;
    struct error err = ERROR_INIT;
    const char *image = NULL;

    (void)state;
    program("lsinitramfs", "echo 'cpio: premature end of archive' >&2; exit 2\n");
    recorded_tree_put(&tree, "/boot/initrd.img-6.1", "x");
    initramfs_find(&tree.system, tree.arena, &found);
    assert_false(initramfs_with_module(&tree.system, tree.arena, &found, "ttm", &image, &err));
    assert_non_null(strstr(err.text, "listing /boot/initrd.img-6.1"));
    assert_non_null(strstr(err.text, "premature end of archive"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(finds_ttm_in_debians_images, make_tree, drop_tree),
        cmocka_unit_test_setup_teardown(says_what_is_missing, make_tree, drop_tree),
        cmocka_unit_test_setup_teardown(passes_failures_on, make_tree, drop_tree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Plain assignments in /etc/default/grub: found, changed, and everything else kept byte by byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/system/boot/grub_config.h"

static struct kernel_goal absent(const char *name)
{
    return (struct kernel_goal){ .name = name };
}

static const char file_text[] = "# GRUB_CMDLINE_LINUX=\"no\"\n"
                                "GRUB_DEFAULT=0\n"
                                "GRUB_CMDLINE_LINUX_DEFAULT=\"quiet  splash \\\"x\\\"\"  # GRUB\n"
                                "GRUB_CMDLINE_LINUX='a=1 b'\n"
                                "  export GRUB_CMDLINE_LINUX+=\" c\"\n"
                                "GRUB_CMDLINE_LINUX_DEFAULT=\"$GRUB_CMDLINE_LINUX_DEFAULT d=2\"\n"
                                "GRUB_CMDLINE_LINUX=bare\n"
                                "GRUB_CMDLINE_LINUX=\"$(not plain)\"x\n"
                                "GRUB_CMDLINE_LINUX_RECOVERY=\"r\"\n"
                                "GRUB_CMDLINE_LINUX=\"open\n";

static void finds_assignments(void **state)
{
    ARENA_SCOPED arena = arena_new();
    const char *wanted[] = { "1 quiet splash \\\"x\\\"", "1 a=1 b", "0 c", "0 d=2", "1 bare" };
    struct grub_assignment found;
    size_t cursor = 0;

    (void)state;
    for (size_t i = 0; i < 5; i++) {
        assert_true(grub_assignment_next(file_text, &cursor, &found));
        struct kernel_words words = grub_assignment_words(arena, file_text, &found);
        assert_string_equal(arena_printf(arena, "%d %s", found.resets, kernel_words_text(&words)), wanted[i]);
    }
}

static void takes_words_out(void **state)
{
    ARENA_SCOPED arena = arena_new();
    const char *text = "x\nGRUB_CMDLINE_LINUX_DEFAULT=\"a=1  quiet a=2 splash\" # a=1\nGRUB_CMDLINE_LINUX=a=1\n";
    const char *one[] = { "1" };
    struct kernel_goal all = absent("a"), only = { .name = "a", .values = one, .value_count = 1 };
    struct kernel_goal other = { .name = "a", .is_present = true, .values = one, .value_count = 1 };

    (void)state;
    assert_string_equal(grub_config_without(arena, text, &all),
                        "x\nGRUB_CMDLINE_LINUX_DEFAULT=\"quiet splash\" # a=1\nGRUB_CMDLINE_LINUX=\n");
    assert_string_equal(grub_config_without(arena, text, &only),
                        "x\nGRUB_CMDLINE_LINUX_DEFAULT=\"quiet a=2 splash\" # a=1\nGRUB_CMDLINE_LINUX=\n");
    assert_string_equal(grub_config_without(arena, text, &other),
                        "x\nGRUB_CMDLINE_LINUX_DEFAULT=\"a=1  quiet splash\" # a=1\nGRUB_CMDLINE_LINUX=a=1\n");
    struct kernel_goal none = absent("zz");
    assert_ptr_equal(grub_config_without(arena, text, &none), text);
}

static void puts_words_in(void **state)
{
    ARENA_SCOPED arena = arena_new();
    const char *one[] = { "1" };
    struct kernel_goal goal = { .name = "a", .is_present = true, .values = one, .value_count = 1 };

    (void)state;
    assert_string_equal(grub_config_with(arena, "GRUB_CMDLINE_LINUX=\"rhgb\"\nB=1\n", GRUB_LINUX, &goal),
                        "GRUB_CMDLINE_LINUX=\"rhgb a=1\"\nB=1\n");
    assert_string_equal(grub_config_with(arena, "GRUB_CMDLINE_LINUX=\"a=1\"\n", GRUB_LINUX, &goal),
                        "GRUB_CMDLINE_LINUX=\"a=1\"\n");
    assert_string_equal(grub_config_with(arena, "B=1\n", GRUB_LINUX, &goal), "B=1\n");
    assert_string_equal(grub_config_with(arena, "GRUB_CMDLINE_LINUX=bare\n", GRUB_LINUX, &goal),
                        "GRUB_CMDLINE_LINUX=bare\n");
}

static void reads_linux_entries(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct boot_lines lines = { 0 };
    const char *cfg = "### BEGIN /etc/grub.d/10_linux ###\n"
                      "menuentry 'Debian GNU/Linux' --class debian $menuentry_id_option 'gnulinux-simple-1' {\n"
                      "\tlinux\t/boot/vmlinuz-6 root=/dev/vda1 ro  quiet\n}\n"
                      "submenu 'Advanced' {\n"
                      "\tmenuentry 'Debian, 6 (recovery mode)' $menuentry_id_option 'gnulinux-6-recovery-1' {\n"
                      "\t\tlinux\t/boot/vmlinuz-6 root=/dev/vda1 ro single\n\t}\n}\n"
                      "### END /etc/grub.d/10_linux ###\n"
                      "### BEGIN /etc/grub.d/30_os-prober ###\n"
                      "menuentry 'Other' {\n\tlinux /vmlinuz root=/dev/sdb1\n}\n"
                      "### END /etc/grub.d/30_os-prober ###\n";

    (void)state;
    grub_cfg_lines(arena, "/boot/grub/grub.cfg", cfg, &lines);
    assert_int_equal(lines.count, 1);
    assert_string_equal(lines.items[0].source, "entry 'Debian GNU/Linux' of /boot/grub/grub.cfg");
    assert_string_equal(kernel_words_text(&lines.items[0].words), "root=/dev/vda1 ro quiet");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_assignments),
        cmocka_unit_test(takes_words_out),
        cmocka_unit_test(puts_words_in),
        cmocka_unit_test(reads_linux_entries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Which boot loader a recorded host has, and what each backend reads and makes of its files. Programs are stand-ins. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/system/boot/boot_bls.h"
#include "tests/unit/agent/system/recorded_tree.h"

static struct recorded_tree tree;
static struct boot_job job;
static struct error err;

static void program(const char *name, const char *body)
{
    recorded_tree_program(&tree, name, body);
}

static int make_tree(void **state)
{
    (void)state;
    tree = recorded_tree_new();
    err = (struct error)ERROR_INIT;
    job = (struct boot_job){ .system = recorded_tree_system(&tree), .arena = tree.arena };
    setenv("PATH", arena_printf(tree.arena, "%s/bin:/usr/bin:/bin", tree.root), 1);
    return 0;
}

static int drop_tree(void **state)
{
    (void)state;
    recorded_tree_free(&tree);
    return 0;
}

static void want(const struct kernel_goal *goals, size_t count)
{
    job.goals = goals;
    job.goal_count = count;
}

static const char *const pt[] = { "pt" };
static const struct kernel_goal iommu_pt = { .name = "iommu", .is_present = true, .values = pt, .value_count = 1 };

static const char *edit_of(const char *path)
{
    for (size_t i = 0; i < job.edit_count; i++)
        if (strcmp(job.edits[i].path, path) == 0)
            return job.edits[i].after != NULL ? job.edits[i].after : "(removed)";
    return "(none)";
}

static void says_what_it_looked_for(void **state)
{
    (void)state;
    assert_false(boot_loader_detect(&job, "auto", &err));
    assert_string_equal(
        err.text, "no boot loader found whose kernel parameters can be set; looked for: the file /run/ostree-booted "
                  "and the program rpm-ostree (rpm-ostree); the program grubby and entries in /boot/loader/entries "
                  "(grubby); the program update-grub and the folder /boot/grub (grub); the program kernel-install "
                  "and entries in loader/entries below /efi, /boot or /boot/efi (systemd-boot)");
    assert_false(boot_loader_detect(&job, "grub", &err));
    assert_string_equal(err.text,
                        "boot_loader is 'grub', but this was not found: the program update-grub and the folder "
                        "/boot/grub");
}

static void prefers_ostree_then_grubby_then_grub(void **state)
{
    const char info[] = "\6";
    char utf16[64] = { info[0], 0, 0, 0 };

    (void)state;
    program("kernel-install", "");
    recorded_tree_put(&tree, "/boot/loader/entries/x.conf", "linux /x\n");
    assert_true(boot_loader_detect(&job, "auto", &err));
    assert_string_equal(job.loader->name, "systemd-boot");
    program("update-grub", "");
    recorded_tree_put(&tree, "/boot/grub/grub.cfg", "");
    assert_true(boot_loader_detect(&job, "auto", &err));
    assert_string_equal(job.loader->name, "grub");
    program("grubby", "");
    assert_true(boot_loader_detect(&job, "auto", &err));
    assert_string_equal(job.loader->name, "grubby");
    program("rpm-ostree", "");
    recorded_tree_put(&tree, "/run/ostree-booted", "");
    assert_true(boot_loader_detect(&job, "auto", &err));
    assert_string_equal(job.loader->name, "rpm-ostree");
    assert_true(boot_loader_detect(&job, "grub", &err));
    assert_string_equal(job.detected_by,
                        "the task says so, and the program update-grub and the folder /boot/grub are there");
    /* What the firmware says of this boot counts most. */
    for (size_t i = 0; i < strlen("systemd-boot 257"); i++)
        utf16[4 + 2 * i] = "systemd-boot 257"[i];
    recorded_tree_put(&tree, "/sys/firmware/efi/efivars/LoaderInfo-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f", "");
    FILE *file =
        fopen(arena_printf(tree.arena, "%s/sys/firmware/efi/efivars/LoaderInfo-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f",
                           tree.root),
              "w");
    assert_non_null(file);
    assert_int_equal(fwrite(utf16, 1, 40, file), 40);
    assert_int_equal(fclose(file), 0);
    assert_true(boot_loader_detect(&job, "auto", &err));
    assert_string_equal(job.loader->name, "systemd-boot");
    assert_non_null(strstr(job.detected_by, "the firmware says systemd-boot booted this machine"));
}

#define CFG(words_)                                                                                                    \
    "### BEGIN /etc/grub.d/10_linux ###\nmenuentry 'D' {\n\tlinux /vmlinuz root=/dev/vda1 ro " words_                  \
    "\n}\n### END /etc/grub.d/10_linux ###\n"

static void plans_grubs_drop_in(void **state)
{
    (void)state;
    program("update-grub", "cat > $2 <<'END'\n" CFG("quiet iommu=pt") "END\n");
    recorded_tree_put(&tree, "/boot/grub/grub.cfg", CFG("quiet"));
    recorded_tree_put(&tree, "/etc/default/grub", "GRUB_CMDLINE_LINUX_DEFAULT=\"quiet\"\n");
    want(&iommu_pt, 1);
    assert_true(boot_loader_detect(&job, "auto", &err) && boot_job_look(&job, &err));
    assert_int_equal(job.edit_count, 1);
    assert_non_null(strstr(edit_of("/etc/default/grub.d/zz-roost.cfg"),
                           "\nGRUB_CMDLINE_LINUX_DEFAULT=\"$GRUB_CMDLINE_LINUX_DEFAULT iommu=pt\"\n"));
    assert_string_equal(job.stale, "entry 'D' of /boot/grub/grub.cfg lacks 'iommu=pt'");
    recorded_tree_put(&tree, "/etc/default/grub.d/zz-roost.cfg", edit_of("/etc/default/grub.d/zz-roost.cfg"));
    assert_true(job.loader->apply(&job, &err));
    assert_string_equal(recorded_tree_get(&tree, "/boot/grub/grub.cfg"), CFG("quiet iommu=pt"));
    assert_true(boot_job_look(&job, &err));
    assert_int_equal(job.edit_count, 0);
    assert_null(job.stale);
    assert_null(recorded_tree_get(&tree, "/boot/grub/grub.cfg.roost"));
}

static void keeps_grub_cfg_when_the_new_one_is_wrong(void **state)
{
    (void)state;
    program("update-grub", "cat > $2 <<'END'\n" CFG("quiet iommu=off") "END\n");
    recorded_tree_put(&tree, "/boot/grub/grub.cfg", CFG("quiet"));
    want(&iommu_pt, 1);
    assert_true(boot_loader_detect(&job, "auto", &err) && boot_job_look(&job, &err));
    assert_false(job.loader->apply(&job, &err));
    assert_non_null(strstr(err.text,
                           "update-grub was run, but entry 'D' of /boot/grub/grub.cfg has 'iommu=off' instead of "
                           "'iommu=pt'"));
    assert_string_equal(recorded_tree_get(&tree, "/boot/grub/grub.cfg"), CFG("quiet"));
    program("update-grub", "exit 0\n");
    assert_true(job.loader->apply(&job, &err));
    assert_true(boot_job_look(&job, &err));
    assert_non_null(job.stale); /* and the task says so */
    program("update-grub", ": > $2\n");
    assert_false(job.loader->apply(&job, &err));
    assert_non_null(strstr(err.text, "wrote no configuration"));
    assert_string_equal(recorded_tree_get(&tree, "/boot/grub/grub.cfg"), CFG("quiet"));
    program("update-grub", "echo half > $2; echo 'no space left' >&2; exit 1\n");
    assert_false(job.loader->apply(&job, &err));
    assert_non_null(strstr(err.text, "no space left"));
    assert_string_equal(recorded_tree_get(&tree, "/boot/grub/grub.cfg"), CFG("quiet"));
}

static void tells_others_values(void **state)
{
    (void)state;
    program("update-grub", "");
    recorded_tree_put(&tree, "/boot/grub/grub.cfg", CFG("iommu=soft quiet"));
    recorded_tree_put(&tree, "/etc/default/grub.d/10.cfg", "GRUB_CMDLINE_LINUX=\"iommu=off\"\n");
    want(&iommu_pt, 1);
    assert_true(boot_loader_detect(&job, "auto", &err) && boot_job_look(&job, &err));
    assert_int_equal(job.other_count, 2);
    assert_string_equal(job.others[0].source, "/etc/default/grub.d/10.cfg");
    assert_string_equal(job.others[0].value, "off");
    assert_string_equal(job.others[1].source, "/boot/grub/grub.cfg"); /* no file says soft: a script does */
    assert_string_equal(job.others[1].value, "soft");
    job.conflict = BOOT_REMOVE;
    assert_true(boot_job_look(&job, &err));
    assert_string_equal(edit_of("/etc/default/grub.d/10.cfg"), "GRUB_CMDLINE_LINUX=\"\"\n");
}

static void writes_entries(void **state)
{
    struct bls_entries *entries = arena_new_of(tree.arena, struct bls_entries);
    struct kernel_words words = kernel_words_read(tree.arena, "a b=1");

    (void)state;
    recorded_tree_put(&tree, "/e/b.conf", "title X\nversion 6.1\noptions root=1\nlinux /l\n  options x\noptions\tro\n");
    recorded_tree_put(&tree, "/e/a.conf", "title Memory test\nefi /memtest.efi");
    assert_true(bls_has_entries(&tree.system, tree.arena, "/e"));
    assert_false(bls_has_entries(&tree.system, tree.arena, "/none"));
    assert_true(bls_read(&tree.system, tree.arena, "/e", entries, &err));
    assert_int_equal(entries->count, 2);
    assert_false(entries->items[0].is_linux);
    assert_true(entries->items[1].is_linux);
    assert_string_equal(entries->items[1].version, "6.1");
    assert_string_equal(kernel_words_text(&entries->items[1].options), "root=1 ro");
    assert_string_equal(bls_entry_with(tree.arena, &entries->items[1], &words),
                        "title X\nversion 6.1\noptions a b=1\nlinux /l\n  options x\n");
    assert_string_equal(bls_entry_with(tree.arena, &entries->items[0], &words),
                        "title Memory test\nefi /memtest.efi\noptions a b=1\n");
}

static void mends_what_grubby_breaks(void **state)
{
    const struct kernel_goal no_splash = { .name = "splash" };

    (void)state;
    program("grubby", "sed -i 's/ro[^ ]*//;s/splash//' $ROOT/boot/loader/entries/*.conf\n");
    recorded_tree_put(&tree, "/boot/loader/entries/a.conf", "version 6.1\nlinux /l\noptions root=1 ro splash q\n");
    want(&no_splash, 1);
    assert_true(boot_loader_detect(&job, "auto", &err) && boot_job_look(&job, &err));
    assert_string_equal(job.stale, "/boot/loader/entries/a.conf still has 'splash'");
    assert_true(job.loader->apply(&job, &err));
    assert_string_equal(recorded_tree_get(&tree, "/calls"), "grubby --update-kernel=ALL --remove-args=splash\n");
    assert_string_equal(recorded_tree_get(&tree, "/boot/loader/entries/a.conf"),
                        "version 6.1\nlinux /l\noptions root=1 ro q\n");
}

static void takes_kernel_installs_fallback(void **state)
{
    (void)state;
    program("kernel-install", "sed -i 's/^options.*/options root=1 ro iommu=pt/' $ROOT/efi/loader/entries/*.conf\n");
    recorded_tree_put(&tree, "/proc/cmdline", "initrd=\\x\\i BOOT_IMAGE=/x root=1 ro\n");
    recorded_tree_put(&tree, "/boot/vmlinuz-6.1", "k");
    recorded_tree_put(&tree, "/efi/loader/entries/a.conf", "version 6.1\nlinux /l\noptions root=1 ro\n");
    recorded_tree_put(&tree, "/efi/loader/entries/other.conf", "version 5.0\nlinux /other\noptions root=2\n");
    want(&iommu_pt, 1);
    assert_true(boot_loader_detect(&job, "auto", &err) && boot_job_look(&job, &err));
    assert_string_equal(edit_of("/etc/kernel/cmdline"), "root=1 ro iommu=pt\n");
    assert_int_equal(job.lines.count, 1); /* not the other system's */
    assert_true(job.loader->apply(&job, &err));
    assert_string_equal(recorded_tree_get(&tree, "/calls"),
                        arena_printf(tree.arena, "kernel-install add 6.1 %s/boot/vmlinuz-6.1\n", tree.root));
    assert_true(boot_job_look(&job, &err));
    assert_null(job.stale);
}

static void keeps_comments_of_the_command_line(void **state)
{
    (void)state;
    program("kernel-install", "true\n");
    recorded_tree_put(&tree, "/efi/loader/entries/a.conf", "version 6.1\nlinux /l\noptions root=1 ro\n");
    recorded_tree_put(&tree, "/boot/vmlinuz-6.1", "k");
    recorded_tree_put(&tree, "/etc/kernel/cmdline", "# by hand: iommu=off\nroot=1\nro\n");
    want(&iommu_pt, 1);
    assert_true(boot_loader_detect(&job, "auto", &err) && boot_job_look(&job, &err));
    assert_string_equal(edit_of("/etc/kernel/cmdline"), "# by hand: iommu=off\nroot=1 ro iommu=pt\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(says_what_it_looked_for, make_tree, drop_tree),
        cmocka_unit_test_setup_teardown(prefers_ostree_then_grubby_then_grub, make_tree, drop_tree),
        cmocka_unit_test_setup_teardown(plans_grubs_drop_in, make_tree, drop_tree),
        cmocka_unit_test_setup_teardown(keeps_grub_cfg_when_the_new_one_is_wrong, make_tree, drop_tree),
        cmocka_unit_test_setup_teardown(tells_others_values, make_tree, drop_tree),
        cmocka_unit_test_setup_teardown(writes_entries, make_tree, drop_tree),
        cmocka_unit_test_setup_teardown(mends_what_grubby_breaks, make_tree, drop_tree),
        cmocka_unit_test_setup_teardown(keeps_comments_of_the_command_line, make_tree, drop_tree),
        cmocka_unit_test_setup_teardown(takes_kernel_installs_fallback, make_tree, drop_tree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

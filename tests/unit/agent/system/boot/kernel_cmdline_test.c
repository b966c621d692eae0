/* SPDX-License-Identifier: Apache-2.0 */
/* Command lines as words: reading as the kernel does, goals met and applied. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/system/boot/kernel_cmdline.h"
#include "tests/unit/agent/system/recorded_tree.h"

static struct kernel_goal goal_of(const char *name, bool is_present, const char *const *values, size_t count)
{
    return (struct kernel_goal){ .name = name, .is_present = is_present, .values = values, .value_count = count };
}

static const char *applied(struct arena *arena, const char *line, struct kernel_goal goal, bool *changed)
{
    struct kernel_words words = kernel_words_read(arena, line);

    *changed = kernel_goal_apply(&goal, &words);
    return kernel_words_text(&words);
}

static void reads_words(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct kernel_words words =
        kernel_words_read(arena, "  ro a=1\troot=UUID=x dyndbg=\"file a +p; file b\"  b -- single a=9\n");

    (void)state;
    assert_int_equal(words.count, 8);
    assert_string_equal(words.items[2].name, "root");
    assert_string_equal(words.items[2].value, "UUID=x");
    assert_string_equal(words.items[3].value, "file a +p; file b");
    assert_null(words.items[4].value);
    assert_string_equal(kernel_words_last(&words, "a")->value, "1"); /* what is behind -- is init's */
    assert_string_equal(kernel_words_text(&words), "ro a=1 root=UUID=x dyndbg=\"file a +p; file b\" b -- single a=9");
}

static void takes_the_last_value_and_both_dashes(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct kernel_words words =
        kernel_words_read(arena, "ttm.pages-limit=1 console=tty0 ttm.pages_limit=2 console=ttyS0");
    const char *two[] = { "2" };
    struct kernel_goal goal = goal_of("ttm.pages_limit", true, two, 1);

    (void)state;
    assert_string_equal(kernel_words_values(&words, "ttm.pages-limit"), "2");
    assert_string_equal(kernel_words_values(&words, "console"), "tty0 ttyS0");
    assert_null(kernel_words_values(&words, "quiet"));
    assert_int_equal(kernel_words_count(&words, "ttm.pages_limit"), 2);
    assert_true(kernel_goal_met(&goal, &words));
    assert_true(kernel_name_equal("a-b_c", "a_b-c"));
    assert_false(kernel_name_equal("a", "ab"));
}

static void sets_one_value(void **state)
{
    ARENA_SCOPED arena = arena_new();
    const char *pt[] = { "pt" }, *bare[] = { NULL };
    bool changed;

    (void)state;
    assert_string_equal(applied(arena, "ro quiet", goal_of("iommu", true, pt, 1), &changed), "ro quiet iommu=pt");
    assert_true(changed);
    assert_string_equal(applied(arena, "ro iommu=pt quiet", goal_of("iommu", true, pt, 1), &changed),
                        "ro iommu=pt quiet");
    assert_false(changed);
    assert_string_equal(applied(arena, "iommu=off ro iommu=soft", goal_of("iommu", true, pt, 1), &changed),
                        "iommu=pt ro");
    assert_string_equal(applied(arena, "iommu ro", goal_of("iommu", true, pt, 1), &changed), "iommu=pt ro");
    assert_string_equal(applied(arena, "ro", goal_of("nomodeset", true, bare, 1), &changed), "ro nomodeset");
    assert_string_equal(applied(arena, "ro -- 1", goal_of("iommu", true, pt, 1), &changed), "ro iommu=pt -- 1");
    assert_string_equal(applied(arena, "iommu=off -- iommu=1", goal_of("iommu", true, pt, 1), &changed),
                        "iommu=pt -- iommu=1");
}

static void adds_to_parameters_that_add_up(void **state)
{
    ARENA_SCOPED arena = arena_new();
    const char *serial[] = { "ttyS0,115200" }, *both[] = { "a", "b" };
    bool changed;

    (void)state;
    assert_string_equal(applied(arena, "console=tty0 ro", goal_of("console", true, serial, 1), &changed),
                        "console=tty0 ro console=ttyS0,115200");
    assert_string_equal(applied(arena, "x=b ro", goal_of("x", true, both, 2), &changed), "x=b ro x=a");
    assert_true(kernel_param_is_cumulative("rd.luks.uuid"));
    assert_false(kernel_param_is_cumulative("ttm.pages_limit"));
}

static void takes_words_away(void **state)
{
    ARENA_SCOPED arena = arena_new();
    const char *off[] = { "off" };
    bool changed;

    (void)state;
    assert_string_equal(applied(arena, "a=1 ro a=2 a", goal_of("a", false, NULL, 0), &changed), "ro");
    assert_true(changed);
    assert_string_equal(applied(arena, "a=1 ro", goal_of("a", false, off, 1), &changed), "a=1 ro");
    assert_false(changed);
    assert_string_equal(applied(arena, "a=off ro a=1", goal_of("a", false, off, 1), &changed), "ro a=1");
    assert_string_equal(applied(arena, "root=1 ro", goal_of("ro", false, NULL, 0), &changed), "root=1");
}

static void reads_the_running_one(void **state)
{
    struct recorded_tree tree = recorded_tree_new();
    struct error err = ERROR_INIT;
    struct kernel_words words;

    (void)state;
    assert_true(kernel_cmdline_running(recorded_tree_system(&tree), tree.arena, &words, &err));
    assert_int_equal(words.count, 0);
    recorded_tree_put(&tree, "/proc/cmdline", "root=/dev/vda1 ro\n");
    assert_true(kernel_cmdline_running(&tree.system, tree.arena, &words, &err));
    assert_int_equal(words.count, 2);
    recorded_tree_free(&tree);
}

static void keeps_comments_of_files(void **state)
{
    ARENA_SCOPED arena = arena_new();
    const char *comments = NULL;
    struct kernel_words words =
        kernel_words_read_file(arena, "# made by hand\nroot=/dev/sda1 quiet\n \t# iommu=off\nro#1\n", &comments);

    (void)state;
    assert_string_equal(kernel_words_text(&words), "root=/dev/sda1 quiet ro#1");
    assert_string_equal(comments, "# made by hand\n \t# iommu=off\n");
    words = kernel_words_read_file(arena, "", &comments);
    assert_int_equal(words.count, 0);
    assert_string_equal(comments, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_comments_of_files),
        cmocka_unit_test(reads_words),
        cmocka_unit_test(takes_the_last_value_and_both_dashes),
        cmocka_unit_test(sets_one_value),
        cmocka_unit_test(adds_to_parameters_that_add_up),
        cmocka_unit_test(takes_words_away),
        cmocka_unit_test(reads_the_running_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

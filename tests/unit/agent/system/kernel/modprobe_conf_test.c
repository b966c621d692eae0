/* SPDX-License-Identifier: Apache-2.0 */
/* modprobe.d: which files count, and options taken out of their text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/system/kernel/modprobe_conf.h"
#include "tests/unit/agent/system/recorded_tree.h"

static const struct modprobe_option options[] = { { "ttm", "pages_limit" }, { "amdttm", NULL } };

static void takes_options_out(void **state)
{
    ARENA_SCOPED arena = arena_new();
    const char *text = "# options ttm pages_limit=1\n"
                       "options  ttm pages-limit=1 page_pool_size=2\n"
                       "options amdttm pages_limit=1 x=2\n"
                       "blacklist ttm\n"
                       "options amdgpu a=\"b c\" \\\n  d\n"
                       "options ttm pages_limit=1";

    (void)state;
    assert_true(modprobe_conf_sets(arena, text, options, 2));
    assert_string_equal(modprobe_conf_without(arena, text, options, 2), "# options ttm pages_limit=1\n"
                                                                        "options ttm page_pool_size=2\n"
                                                                        "blacklist ttm\n"
                                                                        "options amdgpu a=\"b c\" \\\n  d\n");
    assert_null(modprobe_conf_without(arena, "\noptions ttm pages_limit=1\n\n", options, 2));
    assert_string_equal(modprobe_conf_without(arena, "options ttm \\\n pages_limit=1 x\n", options, 2),
                        "options ttm x\n");
    const char *other = "options ttmx pages_limit=1\n";
    assert_ptr_equal(modprobe_conf_without(arena, other, options, 2), other);
    assert_string_equal(modprobe_conf_value(arena, text, "ttm", "page_pool_size"), "2");
    assert_string_equal(modprobe_conf_value(arena, text, "amdgpu", "d"), "");
    assert_null(modprobe_conf_value(arena, text, "ttm", "zz"));
}

static void reads_files_by_precedence(void **state)
{
    struct recorded_tree tree = recorded_tree_new();
    struct modprobe_files *files = arena_new_of(tree.arena, struct modprobe_files);
    struct error err = ERROR_INIT;

    (void)state;
    recorded_tree_put(&tree, "/etc/modprobe.d/a.conf", "mine\n");
    recorded_tree_put(&tree, "/etc/modprobe.d/a.conf.bak", "no\n");
    recorded_tree_put(&tree, "/usr/lib/modprobe.d/a.conf", "masked\n");
    recorded_tree_put(&tree, "/usr/lib/modprobe.d/b.conf", "theirs\n");
    assert_true(modprobe_files_read(recorded_tree_system(&tree), tree.arena, files, &err));
    assert_int_equal(files->count, 2);
    assert_string_equal(files->items[0].text, "mine\n");
    assert_true(files->items[0].is_editable);
    assert_string_equal(files->items[1].path, "/usr/lib/modprobe.d/b.conf");
    assert_false(files->items[1].is_editable);
    recorded_tree_free(&tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_options_out),
        cmocka_unit_test(reads_files_by_precedence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

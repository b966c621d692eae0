/* SPDX-License-Identifier: Apache-2.0 */
/* The module modprobe below a root folder: containers and many test machines have no /proc/modules. The program modprobe is a
 * stand-in that keeps that list. Expectations are what community.general 6.6.2 gives for the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/task/module.h"
#include "agent/task/task_run.h"
#include "common/json/json.h"
#include "tests/unit/agent/system/recorded_tree.h"

static struct recorded_tree tree;

static const char stand_in[] =
    "case \"$*\" in\n"
    "*nosuch*) echo 'modprobe: FATAL: Module nosuch not found.' >&2; exit 1 ;;\n"
    "*busy*) echo 'modprobe: FATAL: Module busy is in use.' >&2; exit 1 ;;\n"
    "'-n --first-time'*) echo 'modprobe: ERROR: not there' >&2; exit 1 ;;\n"
    "-n*|-r*-n) ;;\n"
    "-r*) grep -v \"^$2 \" $ROOT/proc/modules > $ROOT/next; mv $ROOT/next $ROOT/proc/modules ;;\n"
    "else*) ;;\n"
    "*) echo \"$(echo $1 | tr - _) 16384 0 - Live 0x0\" >> $ROOT/proc/modules ;;\n"
    "esac\n";

static int make_tree(void **state)
{
    (void)state;
    assert_true(module_table_count > 0); /* links the table of modules */
    tree = recorded_tree_new();
    recorded_tree_system(&tree);
    recorded_tree_program(&tree, "modprobe", stand_in);
    recorded_tree_put(&tree, "/proc/modules", "ext4 1048576 1 - Live 0x0\nbusy 1 1 - Live 0x0\n");
    recorded_tree_put(&tree, "/proc/sys/kernel/osrelease", "6.1.0\n");
    recorded_tree_put(&tree, "/lib/modules/6.1.0/modules.builtin", "kernel/fs/ext2/ext2.ko\nkernel/x/n_null.ko\n");
    return 0;
}

static int drop_tree(void **state)
{
    (void)state;
    recorded_tree_free(&tree);
    return 0;
}

/* Runs the task with arguments as JSON; the result as JSON, without the invocation. */
static const char *run(const char *args, bool check_mode)
{
    const struct value *map = NULL;
    struct error err = ERROR_INIT;
    struct task_request request = { .module = "community.general.modprobe", .check_mode = check_mode };
    struct value *out = value_map(tree.arena);

    assert_true(json_read(tree.arena, args, strlen(args), "args", &map, &err));
    request.args = map;
    const struct value *result = task_run(tree.arena, &tree.system, &request, NULL);
    for (size_t i = 0; i < value_count(result); i++)
        if (strcmp(value_text(value_pair_at(result, i)->key), "invocation") != 0)
            value_map_put_value(tree.arena, out, value_pair_at(result, i)->key, value_pair_at(result, i)->item);
    return json_text(tree.arena, out, JSON_PYTHON);
}

static const char *calls(void)
{
    const char *text = recorded_tree_get(&tree, "/calls");

    return text != NULL ? text : "";
}

static void loads(void **state)
{
    const char *args = "{\"name\": \"snd-dummy\", \"params\": \"a=2 b='c d'\"}";
    const char *changed =
        "{\"name\": \"snd-dummy\", \"params\": \"a=2 b='c d'\", \"state\": \"present\", \"changed\": true}";

    (void)state;
    assert_string_equal(run(args, true), changed);
    assert_string_equal(calls(), "modprobe -n snd-dummy a=2 b=c d\n");
    assert_string_equal(run(args, false), changed);
    assert_non_null(strstr(calls(), "\nmodprobe snd-dummy a=2 b=c d\n"));
    assert_non_null(strstr(run(args, false), "\"changed\": false"));
    assert_non_null(strstr(run("{\"name\": \"ext2\"}", false), "\"changed\": false"));
    assert_non_null(strstr(run("{\"name\": \"ext4\"}", false), "\"changed\": false"));
}

static void unloads(void **state)
{
    const char *args = "{\"name\": \"ext4\", \"state\": \"absent\"}";

    (void)state;
    assert_non_null(strstr(run(args, true), "\"changed\": true"));
    assert_string_equal(calls(), "modprobe -r ext4 -n\n");
    assert_non_null(strstr(run(args, false), "\"changed\": true"));
    assert_string_equal(recorded_tree_get(&tree, "/proc/modules"), "busy 1 1 - Live 0x0\n");
    assert_non_null(strstr(run(args, false), "\"changed\": false"));
    assert_string_equal(
        run("{\"name\": \"busy\", \"state\": \"absent\"}", false),
        "{\"rc\": 1, \"stdout\": \"\", \"stderr\": \"modprobe: FATAL: Module busy is in use.\\n\", \"name\": \"busy\", "
        "\"params\": \"\", \"state\": \"absent\", \"failed\": true, \"msg\": \"modprobe: FATAL: Module busy is in "
        "use.\\n\"}");
}

static void passes_on_what_modprobe_says(void **state)
{
    const char *failed =
        "{\"rc\": 1, \"stdout\": \"\", \"stderr\": \"modprobe: FATAL: Module nosuch not found.\\n\", \"name\": \"nosuch\", "
        "\"params\": \"\", \"state\": \"present\", \"failed\": true, \"msg\": \"modprobe: FATAL: Module nosuch not "
        "found.\\n\"}";

    (void)state;
    assert_string_equal(run("{\"name\": \"nosuch\"}", true), failed);
    assert_string_equal(run("{\"name\": \"nosuch\"}", false), failed);
    /* modprobe did something else, as modprobe.d told it. */
    const char *other = run("{\"name\": \"else\"}", false);
    assert_non_null(strstr(other, "\"changed\": false"));
    assert_non_null(strstr(other, "\"warnings\": [\"modprobe: ERROR: not there\\n\"]"));
    assert_non_null(strstr(run("{\"name\": \"../x\"}", false), "is not the name of a kernel module"));
}

static void says_which_list_is_missing(void **state)
{
    (void)state;
    assert_int_equal(remove(arena_printf(tree.arena, "%s/lib/modules/6.1.0/modules.builtin", tree.root)), 0);
    assert_non_null(strstr(run("{\"name\": \"dummy\"}", false),
                           "[Errno 2] No such file or directory: '/lib/modules/6.1.0/modules.builtin'"));
    assert_int_equal(remove(arena_printf(tree.arena, "%s/proc/modules", tree.root)), 0);
    assert_non_null(
        strstr(run("{\"name\": \"dummy\"}", false), "[Errno 2] No such file or directory: '/proc/modules'"));
}

static void writes_files_of_the_next_boot(void **state)
{
    const char *args = "{\"name\": \"ext4\", \"params\": \"a=2 b=c\", \"persistent\": \"present\"}";

    (void)state;
    assert_non_null(strstr(run(args, true), "\"changed\": true"));
    assert_null(recorded_tree_get(&tree, "/etc/modules-load.d/ext4.conf"));
    assert_non_null(strstr(run(args, false), "\"changed\": true"));
    assert_string_equal(recorded_tree_get(&tree, "/etc/modules-load.d/ext4.conf"), "ext4\n");
    assert_string_equal(recorded_tree_get(&tree, "/etc/modprobe.d/ext4.conf"), "options ext4 a=2\noptions ext4 b=c\n");
    assert_non_null(strstr(run(args, false), "\"changed\": false"));
}

static void keeps_other_files_in_mind(void **state)
{
    const char *present = "{\"name\": \"ext4\", \"params\": \"a=2\", \"persistent\": \"present\"}";
    const char *absent = "{\"name\": \"ext4\", \"persistent\": \"absent\"}";

    (void)state;
    recorded_tree_put(&tree, "/etc/modules-load.d/all", "# c\n  ext4  # here\nloop\n");
    recorded_tree_put(&tree, "/etc/modprobe.d/all.conf",
                      "options ext4 a=1 # old\noptions loop m=8\noptions ext4 x=1 y=2\n");
    assert_non_null(strstr(run(present, false), "\"changed\": true"));
    assert_null(recorded_tree_get(&tree, "/etc/modules-load.d/ext4.conf"));
    assert_string_equal(recorded_tree_get(&tree, "/etc/modprobe.d/all.conf"),
                        "#options ext4 a=1 # old\noptions loop m=8\noptions ext4 x=1 y=2\n");
    assert_string_equal(recorded_tree_get(&tree, "/etc/modprobe.d/ext4.conf"), "options ext4 a=2\n");
    assert_non_null(strstr(run(absent, true), "\"changed\": true"));
    assert_non_null(strstr(run(absent, false), "\"changed\": true"));
    assert_string_equal(recorded_tree_get(&tree, "/etc/modules-load.d/all"), "# c\n#  ext4  # here\nloop\n");
    assert_string_equal(recorded_tree_get(&tree, "/etc/modprobe.d/ext4.conf"), "#options ext4 a=2\n");
    assert_non_null(strstr(run(absent, false), "\"changed\": false"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(loads, make_tree, drop_tree),
        cmocka_unit_test_setup_teardown(unloads, make_tree, drop_tree),
        cmocka_unit_test_setup_teardown(passes_on_what_modprobe_says, make_tree, drop_tree),
        cmocka_unit_test_setup_teardown(says_which_list_is_missing, make_tree, drop_tree),
        cmocka_unit_test_setup_teardown(writes_files_of_the_next_boot, make_tree, drop_tree),
        cmocka_unit_test_setup_teardown(keeps_other_files_in_mind, make_tree, drop_tree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A recorded host for tests of kernel_params and unified_memory: a root folder, stand-ins for its programs in its /bin, and
 * tasks run on it. */
#pragma once

#include "agent/task/module.h"
#include "agent/task/task_run.h"
#include "common/json/json.h"
#include "tests/unit/agent/system/recorded_tree.h"

static struct recorded_tree tree;

static void program(const char *name, const char *body)
{
    recorded_tree_program(&tree, name, body);
}

/* A box with 128 GiB whose boot entries grubby keeps. */
static int make_tree(void **state)
{
    (void)state;
    assert_true(module_table_count > 0); /* links the table of modules */
    tree = recorded_tree_new();
    recorded_tree_system(&tree);
    setenv("PATH", arena_printf(tree.arena, "%s/bin:/usr/bin:/bin", tree.root), 1);
    program("grubby", "for word; do case $word in --args=*) add=\" ${word#--args=}\" ;; --remove-args=*) "
                      "remove=${word#--remove-args=} ;; esac; done\n"
                      "for name in $remove; do sed -i -E \"/^options/s/ $name(=[^ ]*)?//\" "
                      "$ROOT/boot/loader/entries/*.conf; done\n"
                      "sed -i \"/^options/s/\\$/$add/\" $ROOT/boot/loader/entries/*.conf\n");
    recorded_tree_put(&tree, "/boot/loader/entries/a.conf", "version 6.18.9\nlinux /l\noptions root=1 ro quiet\n");
    recorded_tree_put(&tree, "/proc/cmdline", "root=1 ro quiet\n");
    recorded_tree_put(&tree, "/proc/meminfo", "MemTotal:       131048576 kB\n");
    recorded_tree_put(&tree, "/proc/stat", "btime 4000000000\n"); /* started after everything here was written */
    recorded_tree_put(&tree, "/proc/sys/kernel/osrelease", "6.18.9\n");
    return 0;
}

static int drop_tree(void **state)
{
    (void)state;
    recorded_tree_free(&tree);
    return 0;
}

static const struct value *run(const char *module, const char *args, bool check_mode)
{
    const struct value *map = NULL;
    struct error err = ERROR_INIT;
    struct task_request request = {
        .module = module, .check_mode = check_mode, .diff_mode = true, .wants_changes = true
    };

    assert_true(json_read(tree.arena, args, strlen(args), "args", &map, &err));
    request.args = map;
    return task_run(tree.arena, &tree.system, &request, NULL);
}

/* A field of a result as JSON. */
static const char *field(const struct value *result, const char *key)
{
    const struct value *value = value_map_get(result, key);

    return value != NULL ? json_text(tree.arena, value, JSON_PYTHON) : "(absent)";
}

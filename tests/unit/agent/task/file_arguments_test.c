/* SPDX-License-Identifier: Apache-2.0 */
/* Owner, mode and so on behind the gate: check mode changes nothing, the diff says what. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/task/file_arguments.h"

static struct task_context task_new(struct arena *arena, struct system *system, bool check_mode)
{
    return (struct task_context){ .system = system,
                                  .scratch = arena,
                                  .result = result_new(arena),
                                  .module_name = "test",
                                  .check_mode = check_mode,
                                  .diff_mode = true };
}

static mode_t mode_of(const char *path)
{
    struct stat info;

    assert_int_equal(stat(path, &info), 0);
    return info.st_mode & 07777;
}

static void sets_the_mode(void **state)
{
    ARENA_SCOPED arena = arena_new();
    char path[] = "/tmp/roost-arguments-XXXXXX";
    struct system system = { .root = "" };
    struct error err = ERROR_INIT;
    struct file_arguments arguments = { .mode = "u=rw,g=r,o=" };
    struct file_arguments_diff diff = { value_map(arena), value_map(arena) };

    (void)state;
    close(mkstemp(path));
    struct task_context check = task_new(arena, &system, true);
    assert_true(file_arguments_apply_diff(&check, path, &arguments, false, &diff, &err));
    assert_true(check.result->changed);
    assert_int_equal(mode_of(path), 0600);
    assert_string_equal(value_map_text(diff.before, "mode"), "0600");
    assert_string_equal(value_map_text(diff.after, "mode"), "0640");

    struct task_context task = task_new(arena, &system, false), again = task_new(arena, &system, false);
    assert_true(file_arguments_apply(&task, path, &arguments, false, &err));
    assert_true(task.result->changed);
    assert_int_equal(mode_of(path), 0640);
    assert_true(file_arguments_apply(&again, path, &arguments, false, &err));
    assert_false(again.result->changed);
    assert_true(file_arguments_describe(&again, path, &err));
    assert_string_equal(value_map_text(again.result->fields, "mode"), "0640");
    assert_string_equal(value_map_text(again.result->fields, "state"), "file");
    unlink(path);
}

static void fails_by_name(void **state)
{
    ARENA_SCOPED arena = arena_new();
    char path[] = "/tmp/roost-arguments-XXXXXX";
    struct system system = { .root = "" };
    struct error err = ERROR_INIT;
    struct task_context task = task_new(arena, &system, false), check = task_new(arena, &system, true);
    const struct file_arguments user = { .owner = "no-such-user" }, group = { .group = "no-such-group" };

    (void)state;
    close(mkstemp(path));
    assert_false(file_arguments_apply(&task, path, &user, false, &err));
    assert_string_equal(err.text, "chown failed: failed to look up user no-such-user");
    assert_false(file_arguments_apply(&task, path, &group, false, &err));
    assert_string_equal(err.text, "chgrp failed: failed to look up group no-such-group");
    unlink(path);
    /* What is not there yet is going to be changed. */
    assert_true(file_arguments_apply(&check, path, &user, false, &err));
    assert_true(check.result->changed);
}

static void leaves_links_alone_or_follows(void **state)
{
    ARENA_SCOPED arena = arena_new();
    char path[] = "/tmp/roost-arguments-XXXXXX";
    const char *link = arena_printf(arena, "/tmp/roost-arguments-link-%ld", (long)getpid());
    struct system system = { .root = "" };
    struct error err = ERROR_INIT;
    struct task_context task = task_new(arena, &system, false);
    const struct file_arguments arguments = { .mode = "0644" };

    (void)state;
    close(mkstemp(path));
    assert_int_equal(symlink(path, link), 0);
    assert_true(file_arguments_apply(&task, link, &arguments, false, &err));
    assert_false(task.result->changed);
    assert_true(file_arguments_apply(&task, link, &arguments, true, &err));
    assert_int_equal(mode_of(path), 0644);
    unlink(link);
    unlink(path);
}

static void resolves_names_once(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct system system = { .root = "" };
    struct task_context task = task_new(arena, &system, false);
    const struct file_arguments arguments = { .owner = "root", .group = "no-such-group", .mode = "0600" };
    struct file_arguments resolved = file_arguments_resolve(&task, &arguments);

    (void)state;
    assert_string_equal(resolved.owner, "0");
    assert_string_equal(resolved.group, "no-such-group");
    assert_string_equal(resolved.mode, "0600");
    assert_true(file_arguments_given(&resolved));
    assert_false(file_arguments_given(&(struct file_arguments){ .setype = "etc_t" }));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sets_the_mode),
        cmocka_unit_test(fails_by_name),
        cmocka_unit_test(leaves_links_alone_or_follows),
        cmocka_unit_test(resolves_names_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Trees: walking, making, copying, removing; and what links mean in them. Also links, states and real paths. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/system/file/file_link.h"
#include "agent/system/file/file_state.h"
#include "agent/system/file/file_tree.h"
#include "common/base/path.h"
#include "common/base/text.h"

struct world {
    struct arena *arena;
    char folder[64];
    struct error err;
    struct text seen;
};

static int world_setup(void **state)
{
    struct world *world = calloc(1, sizeof *world);

    world->arena = arena_new();
    world->seen = text_new(world->arena);
    snprintf(world->folder, sizeof world->folder, "/tmp/roost-tree-XXXXXX");
    *state = world;
    return mkdtemp(world->folder) && chdir(world->folder) == 0 ? 0 : -1;
}

static int world_teardown(void **state)
{
    struct world *world = *state;
    bool removed = chdir("/") == 0 && file_tree_remove(world->folder, &world->err);

    arena_free(world->arena);
    free(world);
    return removed ? 0 : -1;
}

static void put(const char *path, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, mode);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, path, strlen(path)), strlen(path));
    close(fd);
}

static void make_tree(struct world *world)
{
    assert_true(file_tree_make(world->arena, "d/a/b", &world->err));
    put("d/1", 0640);
    put("d/a/2", 0755);
    assert_int_equal(symlink("a", "d/link"), 0);
    assert_int_equal(symlink("nowhere", "d/dangling"), 0);
}

static bool note(void *context, const char *path, const struct stat *info, struct error *err)
{
    struct world *world = context;

    (void)err;
    text_printf(&world->seen, "%s%s ", path, S_ISDIR(info->st_mode) ? "/" : S_ISLNK(info->st_mode) ? "@" : "");
    return true;
}

static void walks_in_order(void **state)
{
    struct world *world = *state;
    struct file_tree_visitor visitor = { .visit = note, .context = world };

    make_tree(world);
    assert_true(file_tree_walk(world->arena, "d", &visitor, &world->err));
    assert_string_equal(world->seen.data, "d/1 d/a/ d/dangling@ d/link@ d/a/2 d/a/b/ ");
    assert_false(file_tree_walk(world->arena, "none", &visitor, &world->err));
    assert_string_equal(world->err.text, "cannot list 'none': No such file or directory");
}

static void removes_without_following(void **state)
{
    struct world *world = *state;

    make_tree(world);
    assert_true(file_tree_make(world->arena, "keep", &world->err));
    put("keep/f", 0600);
    assert_int_equal(symlink("../../keep", "d/a/out"), 0);
    assert_true(file_tree_remove("d", &world->err));
    assert_false(path_exists("d"));
    assert_true(path_exists("keep/f"));
    assert_true(file_tree_remove("d", &world->err)); /* gone already */
}

static void copies_with_links_or_what_they_name(void **state)
{
    struct world *world = *state;
    struct stat info;

    make_tree(world);
    assert_true(file_tree_copy(world->arena, "d", "kept", true, &world->err));
    assert_string_equal(file_link_target(world->arena, "kept/link"), "a");
    assert_int_equal(stat("kept/a/2", &info), 0);
    assert_int_equal(info.st_mode & 0777, 0755);
    assert_false(file_tree_copy(world->arena, "d", "followed", false, &world->err));
    assert_non_null(strstr(world->err.text, "cannot follow the link 'd/dangling'"));
    assert_int_equal(unlink("d/dangling"), 0);
    assert_true(file_tree_copy(world->arena, "d", "whole", false, &world->err));
    assert_false(file_is_link("whole/link"));
    assert_true(path_is_file("whole/link/2"));
}

static void tells_states(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *path, *state;
    } cases[] = {
        { "d", "directory" }, { "d/link", "link" }, { "d/1", "file" },
        { "d/a/2", "hard" },  { "no", "absent" },   { "d/1/x", "absent" },
    };

    make_tree(world);
    assert_int_equal(link("d/a/2", "d/3"), 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum file_state found = FILE_ABSENT;
        assert_true(file_state_get(cases[i].path, &found, &world->err));
        assert_string_equal(file_state_name(found), cases[i].state);
    }
}

static void finds_real_paths(void **state)
{
    struct world *world = *state;
    const char *base = file_real_path(world->arena, world->folder);

    make_tree(world);
    assert_string_equal(file_real_path(world->arena, "d/link/../link/2"), path_join(world->arena, base, "d/a/2"));
    assert_string_equal(file_real_path(world->arena, "d/dangling/x"), path_join(world->arena, base, "d/nowhere/x"));
    assert_string_equal(file_real_path(world->arena, "/"), "/");
    assert_string_equal(file_real_path(world->arena, "/../.."), "/");
    assert_int_equal(symlink("loop", "loop"), 0);
    assert_non_null(file_real_path(world->arena, "loop/x")); /* ends */
}

static void replaces_by_links(void **state)
{
    struct world *world = *state;
    struct stat one, two;

    make_tree(world);
    put("f", 0600);
    assert_false(file_link_symbolic(world->arena, "x", "f", false, &world->err));
    assert_true(file_link_symbolic(world->arena, "x", "f", true, &world->err));
    assert_string_equal(file_link_target(world->arena, "f"), "x");
    assert_true(file_link_hard(world->arena, "d/1", "f", true, &world->err));
    assert_true(file_link_hard(world->arena, "d/1", "f", true, &world->err)); /* the same already */
    assert_int_equal(stat("f", &one) + stat("d/1", &two), 0);
    assert_int_equal(one.st_ino, two.st_ino);
    assert_int_equal(one.st_nlink, 2);
    assert_false(file_link_symbolic(world->arena, "x", "d", true, &world->err));
    assert_true(path_is_file("d/a/2"));
    assert_true(file_link_symbolic(world->arena, "x", "d/a/b", true, &world->err)); /* an empty folder */
}

/* Its owner puts a link in place of a folder that was just seen. */
static bool swap_a(void *context, const char *path, const struct stat *info, struct error *err)
{
    struct world *world = context;

    (void)info, (void)err;
    text_printf(&world->seen, "%s ", path);
    if (strcmp(path, "a") == 0)
        assert_int_equal(rename("d/a", "kept") + symlink("../precious", "d/a"), 0);
    return true;
}

static bool only_see(void *context, const char *path, const struct stat *info, struct error *err)
{
    struct world *world = context;

    (void)info, (void)err;
    text_printf(&world->seen, "%s ", path);
    return true;
}

static void stays_inside_what_others_change(void **state)
{
    struct world *world = *state;
    int fd;

    make_tree(world);
    assert_true(file_tree_make(world->arena, "precious", &world->err));
    put("precious/2", 0600);
    put("precious/secret", 0600);
    fd = open("d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(file_tree_walk_at(world->arena, fd, &(struct file_tree_visitor){ .visit = only_see, .context = world },
                                  &world->err));
    assert_non_null(strstr(world->seen.data, "a/2 "));
    text_truncate(&world->seen, 0);

    assert_true(file_tree_walk_at(world->arena, fd, &(struct file_tree_visitor){ .visit = swap_a, .context = world },
                                  &world->err));
    assert_non_null(strstr(world->seen.data, "a "));
    assert_null(strstr(world->seen.data, "secret")); /* swapped before it was entered */
    assert_false(file_tree_unlink_at(fd, "a/2"));    /* swapped after it was walked */
    assert_true(path_is_file("precious/2"));

    assert_int_equal(unlink("d/a") + rename("kept", "d/a"), 0);
    assert_true(file_tree_unlink_at(fd, "a/2"));
    assert_true(file_tree_unlink_at(fd, "1"));
    assert_false(path_exists("d/a/2") || path_exists("d/1"));
    close(fd);
}

#define CASE(name_) cmocka_unit_test_setup_teardown(name_, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(walks_in_order),
        CASE(removes_without_following),
        CASE(copies_with_links_or_what_they_name),
        CASE(tells_states),
        CASE(finds_real_paths),
        CASE(replaces_by_links),
        CASE(stays_inside_what_others_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

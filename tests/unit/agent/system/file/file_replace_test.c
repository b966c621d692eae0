/* SPDX-License-Identifier: Apache-2.0 */
/* Replacing files: what stays, what goes, and what a failure leaves behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/system/file/file_replace.h"
#include "agent/system/file/file_tree.h"
#include "common/base/fd.h"
#include "common/base/path.h"

struct world {
    struct arena *arena;
    char folder[64];
    struct system system;
    struct error err;
};

static int world_setup(void **state)
{
    struct world *world = calloc(1, sizeof *world);

    world->arena = arena_new();
    world->system.root = "";
    snprintf(world->folder, sizeof world->folder, "/tmp/roost-replace-XXXXXX");
    if (!mkdtemp(world->folder))
        return -1;
    umask(022);
    *state = world;
    return 0;
}

static int world_teardown(void **state)
{
    struct world *world = *state;
    bool removed = file_tree_remove(world->folder, &world->err);

    arena_free(world->arena);
    free(world);
    return removed ? 0 : -1;
}

static const char *at(struct world *world, const char *name)
{
    return path_join(world->arena, world->folder, name);
}

static void put(struct world *world, const char *name, const char *text, mode_t mode)
{
    int fd = open(at(world, name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

    assert_true(fd >= 0);
    assert_true(fd_write_all(fd, text, strlen(text), &world->err));
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

static void assert_holds(struct world *world, const char *name, const char *text)
{
    char *data = NULL;
    size_t length = 0;

    assert_true(file_read(world->arena, at(world, name), 1 << 20, &data, &length, &world->err));
    assert_string_equal(data, text);
}

static size_t names_in(struct world *world, const char *folder)
{
    char **names = NULL;
    size_t count = 0;

    assert_true(file_tree_names(world->arena, folder, &names, &count, &world->err));
    return count;
}

static mode_t mode_of(const char *path)
{
    struct stat info;

    assert_int_equal(stat(path, &info), 0);
    return info.st_mode & 07777;
}

static bool replace_text(struct world *world, const char *path, const char *text,
                         const struct file_replace_options *options)
{
    error_clear(&world->err);
    return file_replace_text(&world->system, world->arena, path, text, options, &world->err);
}

static void makes_new_files_with_the_umask(void **state)
{
    struct world *world = *state;
    const struct file_replace_options secret = { .mode = 0600 };

    assert_true(replace_text(world, at(world, "a"), "one", NULL));
    assert_true(replace_text(world, at(world, "b"), "two", &secret));
    assert_holds(world, "a", "one");
    assert_int_equal(mode_of(at(world, "a")), 0644);
    assert_int_equal(mode_of(at(world, "b")), 0600);
    assert_int_equal(names_in(world, world->folder), 2);
}

static void keeps_mode_owner_and_attributes(void **state)
{
    struct world *world = *state;
    char value[16] = "";
    struct stat info;
    const char *path = at(world, "f");

    put(world, "f", "old", 0640);
    bool has_xattr = setxattr(path, "user.note", "kept", 4, 0) == 0;
    if (geteuid() == 0) {
        assert_int_equal(chown(path, 1, 2), 0);
        assert_int_equal(chmod(path, 04751), 0);
    }
    assert_true(replace_text(world, path, "new", NULL));
    assert_holds(world, "f", "new");
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 07777, geteuid() == 0 ? 04751 : 0640);
    if (geteuid() == 0) {
        assert_int_equal(info.st_uid, 1);
        assert_int_equal(info.st_gid, 2);
    }
    if (has_xattr) {
        assert_int_equal(getxattr(path, "user.note", value, sizeof value), 4);
        assert_memory_equal(value, "kept", 4);
    }
}

/* POSIX ACL, version 2: user::rw- user:1:r-- group::r-- mask::r-- other::--- */
static const unsigned char acl[] = {
    2, 0, 0,   0,   1,   0,   6,  0, 255, 255, 255, 255, 2,   0,   4,  0, 1, 0, 0,   0,   4,   0,
    4, 0, 255, 255, 255, 255, 16, 0, 4,   0,   255, 255, 255, 255, 32, 0, 0, 0, 255, 255, 255, 255,
};

static void keeps_the_acl_and_takes_none_from_the_folder(void **state)
{
    struct world *world = *state;
    char value[256];

    put(world, "with", "old", 0640);
    put(world, "without", "old", 0640);
    if (setxattr(at(world, "with"), "system.posix_acl_access", acl, sizeof acl, 0) != 0)
        skip();
    assert_int_equal(setxattr(world->folder, "system.posix_acl_default", acl, sizeof acl, 0), 0);
    assert_true(replace_text(world, at(world, "with"), "new", NULL));
    assert_true(replace_text(world, at(world, "without"), "new", NULL));
    assert_int_equal(getxattr(at(world, "with"), "system.posix_acl_access", value, sizeof value), sizeof acl);
    assert_memory_equal(value, acl, sizeof acl);
    assert_true(getxattr(at(world, "without"), "system.posix_acl_access", value, sizeof value) < 0);
    assert_int_equal(mode_of(at(world, "without")), 0640);
}

static void follows_links_or_replaces_them(void **state)
{
    struct world *world = *state;
    const struct file_replace_options instead = { .replace_link = true };
    struct stat info;

    put(world, "target", "old", 0600);
    assert_int_equal(symlink("target", at(world, "link")), 0);
    assert_int_equal(symlink("later", at(world, "dangling")), 0);
    assert_int_equal(symlink("loop", at(world, "loop")), 0);
    assert_true(replace_text(world, at(world, "link"), "new", NULL));
    assert_holds(world, "target", "new");
    assert_true(replace_text(world, at(world, "dangling"), "made", NULL));
    assert_holds(world, "later", "made");
    assert_false(replace_text(world, at(world, "loop"), "x", NULL));
    assert_non_null(strstr(world->err.text, "too many levels of symbolic links"));
    assert_true(replace_text(world, at(world, "link"), "own", &instead));
    assert_int_equal(lstat(at(world, "link"), &info), 0);
    assert_true(S_ISREG(info.st_mode));
    assert_int_equal(info.st_mode & 07777, 0644);
    assert_holds(world, "target", "new");
}

static void refuses_what_is_no_file(void **state)
{
    struct world *world = *state;

    assert_int_equal(mkfifo(at(world, "pipe"), 0600), 0);
    assert_false(replace_text(world, world->folder, "x", NULL));
    assert_non_null(strstr(world->err.text, "it is a directory"));
    assert_false(replace_text(world, at(world, "pipe"), "x", NULL));
    assert_non_null(strstr(world->err.text, "it is not a regular file"));
    assert_false(replace_text(world, at(world, "none/f"), "x", NULL));
    assert_non_null(strstr(world->err.text, "no file can be made in"));
    assert_non_null(strstr(world->err.text, "No such file or directory"));
}

static void an_aborted_replace_leaves_nothing(void **state)
{
    struct world *world = *state;

    put(world, "f", "old", 0600);
    {
        FILE_REPLACE_SCOPED replace = NULL;
        assert_true(file_replace_begin(&world->system, world->arena, at(world, "f"), NULL, &replace, &world->err));
        assert_true(fd_write_all(file_replace_fd(replace), "half", 4, &world->err));
        assert_int_equal(mode_of(file_replace_temp_path(replace)), 0600);
        assert_int_equal(path_basename(file_replace_temp_path(replace))[0], '.');
    }
    assert_holds(world, "f", "old");
    assert_int_equal(names_in(world, world->folder), 1);
    file_replace_abort(NULL);
}

static void takes_another_name_in_the_same_folder(void **state)
{
    struct world *world = *state;
    FILE_REPLACE_SCOPED replace = NULL;

    assert_true(file_replace_begin(&world->system, world->arena, at(world, "first"), NULL, &replace, &world->err));
    assert_false(file_replace_retarget(replace, "/tmp/elsewhere", &world->err));
    assert_true(file_replace_retarget(replace, at(world, "second"), &world->err));
    assert_true(file_replace_commit(replace, &world->err));
    assert_int_equal(names_in(world, world->folder), 1);
    assert_true(path_is_file(at(world, "second")));
}

static void puts_the_root_before_paths(void **state)
{
    struct world *world = *state;

    world->system.root = world->folder;
    assert_true(replace_text(world, "/f", "text", NULL));
    world->system.root = "";
    assert_holds(world, "f", "text");
}

static void two_backups_in_one_second_have_two_names(void **state)
{
    struct world *world = *state;
    const char *one = NULL, *two = NULL, *none = "x";

    put(world, "f", "old", 0640);
    assert_true(file_backup(&world->system, world->arena, at(world, "f"), &one, &world->err));
    assert_true(file_backup(&world->system, world->arena, at(world, "f"), &two, &world->err));
    assert_string_not_equal(one, two);
    assert_int_equal(mode_of(one), 0640);
    assert_holds(world, path_basename(two), "old");
    assert_int_equal(one[strlen(one) - 1], '~');
    assert_true(file_backup(&world->system, world->arena, at(world, "none"), &none, &world->err));
    assert_string_equal(none, "");
}

/* Runs in a mount namespace of its own; exit status 77: not possible here. */
static int mounts_child(struct world *world)
{
    const struct file_replace_options unsafe = { .unsafe = true };
    char *large = arena_alloc(world->arena, 200001);

    memset(large, 'x', 200000);
    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("tmpfs", world->folder, "tmpfs", 0, "size=64k") != 0)
        return 77;
    put(world, "f", "old", 0600);
    if (replace_text(world, at(world, "f"), large, NULL) || !strstr(world->err.text, "No space left on device"))
        return 1;
    if (names_in(world, world->folder) != 1)
        return 2;
    put(world, "g", "mounted", 0600);
    if (mount(at(world, "f"), at(world, "g"), NULL, MS_BIND, NULL) != 0)
        return 77;
    if (replace_text(world, at(world, "g"), "new", NULL) || !strstr(world->err.text, "unsafe_writes"))
        return 3;
    if (!replace_text(world, at(world, "g"), "new", &unsafe))
        return 4;
    assert_holds(world, "f", "new");
    return names_in(world, world->folder) == 2 ? 0 : 5;
}

static void a_full_disk_and_a_mounted_file(void **state)
{
    int status = 0;
    pid_t child = fork();

    if (child == 0)
        _exit(mounts_child(*state));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77)
        skip();
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void takes_the_content_of_a_file(void **state)
{
    struct world *world = *state;
    const struct file_replace_options secret = { .mode = 0600 };

    put(world, "from", "new", 0644);
    assert_true(
        file_replace_from(&world->system, world->arena, at(world, "to"), at(world, "from"), &secret, &world->err));
    assert_holds(world, "to", "new");
    assert_int_equal(mode_of(at(world, "to")), 0600);
    assert_false(
        file_replace_from(&world->system, world->arena, at(world, "to"), at(world, "gone"), NULL, &world->err));
    assert_non_null(strstr(world->err.text, "cannot open '"));
    assert_holds(world, "to", "new");
    assert_int_equal(names_in(world, world->folder), 2);
}

#define CASE(name_) cmocka_unit_test_setup_teardown(name_, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(makes_new_files_with_the_umask),
        CASE(keeps_mode_owner_and_attributes),
        CASE(keeps_the_acl_and_takes_none_from_the_folder),
        CASE(follows_links_or_replaces_them),
        CASE(refuses_what_is_no_file),
        CASE(an_aborted_replace_leaves_nothing),
        CASE(takes_another_name_in_the_same_folder),
        CASE(puts_the_root_before_paths),
        CASE(takes_the_content_of_a_file),
        CASE(two_backups_in_one_second_have_two_names),
        CASE(a_full_disk_and_a_mounted_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

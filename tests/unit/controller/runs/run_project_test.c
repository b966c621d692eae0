/* SPDX-License-Identifier: Apache-2.0 */
/* Where a project's files may lie, and a program that is kept to its folder. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/fd.h"
#include "controller/runs/run_confine.h"
#include "controller/runs/run_order.h"

static int entry_remove(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info, (void)kind, (void)walk;
    return remove(path);
}

static void paths_stay_below_the_project(void **state)
{
    static const char *const fine[] = { "site.yml", "roles/a/tasks/main.yml", ".hidden", "a..b", "..." };
    static const char *const wrong[] = { "", "/etc/passwd", "..", "../x", "a/../../b", "a//b", "a/", "./a", "a/." };

    (void)state;
    for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++)
        assert_true(run_path_is_fine(fine[i]));
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_false(run_path_is_fine(wrong[i]));
}

static void put(struct arena *arena, struct value *project, const char *path, const char *from, int mode)
{
    struct value *entry = value_map(arena);

    value_map_put_string(arena, entry, "path", path);
    value_map_put_string(arena, entry, "from", from);
    value_map_put_int(arena, entry, "mode", mode);
    value_list_add(arena, project, entry);
}

static void files_are_copied(void **state)
{
    ARENA_SCOPED arena = arena_new();
    char folder[] = "/tmp/roost-project-XXXXXX", *text = NULL;
    struct value *project = value_list(arena), *bad = value_list(arena);
    struct error err = ERROR_INIT;
    const char *from = NULL, *copy = NULL;
    struct stat status;
    size_t length = 0;
    FILE *file = NULL;

    (void)state;
    assert_non_null(mkdtemp(folder));
    from = arena_printf(arena, "%s/stored", folder);
    file = fopen(from, "w");
    fputs("content", file);
    fclose(file);
    put(arena, project, "roles/a/x.sh", from, 0755);
    put(arena, project, "site.yml", from, 0644);
    assert_true(run_project_lay_out(arena, project, arena_printf(arena, "%s/p", folder), &err));
    copy = arena_printf(arena, "%s/p/roles/a/x.sh", folder);
    assert_true(file_read(arena, copy, 100, &text, &length, &err));
    assert_string_equal(text, "content");
    assert_int_equal(stat(copy, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0700);
    assert_int_equal(status.st_nlink, 1);
    put(arena, bad, "../x", from, 0644);
    assert_false(run_project_lay_out(arena, bad, arena_printf(arena, "%s/q", folder), &err));
    bad = value_list(arena);
    put(arena, bad, "gone.yml", "/nonexistent", 0644);
    assert_false(run_project_lay_out(arena, bad, arena_printf(arena, "%s/r", folder), &err));
    assert_non_null(strstr(err.text, "gone.yml: its content is not at the controller"));
    nftw(folder, entry_remove, 16, FTW_DEPTH | FTW_PHYS);
}

static bool child_reads(const char *path)
{
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

        dup2(null, STDOUT_FILENO);
        dup2(null, STDERR_FILENO);
        execlp("cat", "cat", path, (char *)NULL);
        _exit(127);
    }
    return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* Of this process, and of what it starts: a line of /proc/self/status that is all zeros. */
static bool child_has_no(const char *set)
{
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        execlp("grep", "grep", "-qE", set, "/proc/self/status", (char *)NULL);
        _exit(127);
    }
    return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool has_no_powers(bool was_root)
{
    return child_has_no("^CapEff:\\s0+$") && child_has_no("^CapPrm:\\s0+$") && child_has_no("^CapInh:\\s0+$") &&
           child_has_no("^CapAmb:\\s0+$") && (!was_root || child_has_no("^CapBnd:\\s0+$")) &&
           child_has_no("^NoNewPrivs:\\s1$");
}

/* What the confined one sees, as an exit code: 0 is all as it should be. */
static int look_around(const char *folder)
{
    ARENA_SCOPED arena = arena_new();
    struct error err = ERROR_INIT;
    bool was_root = geteuid() == 0;
    int fd = -1;

    if (chdir(folder) != 0 || !run_confine(".", &err))
        return strstr(err.text, "no Landlock") != NULL ? 77 : 1;
    if (open("/etc/shadow", O_RDONLY | O_CLOEXEC) >= 0 || open("../secret", O_RDONLY | O_CLOEXEC) >= 0)
        return 2;
    if (open("../made", O_WRONLY | O_CREAT | O_CLOEXEC, 0600) >= 0)
        return 3;
    fd = open("mine", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, "x", 1) != 1 || unlink("mine") != 0)
        return 4;
    if (open("/usr/bin/env", O_RDONLY | O_CLOEXEC) < 0 || open("/dev/null", O_WRONLY | O_CLOEXEC) < 0)
        return 5;
    if (geteuid() == 0 || chmod("/usr/bin/env", 0755) == 0) /* root runs the controller, and nobody the run */
        return 8;
    if (!has_no_powers(was_root) || sethostname("mine", 4) == 0)
        return 7;
    if (access(folder, R_OK | W_OK | X_OK) != 0) /* by its full name too */
        return 9;
    return child_reads("../secret") || child_reads(arena_printf(arena, "/proc/%d/environ", (int)getppid())) ? 6 : 0;
}

static void a_confined_program_sees_its_folder_only(void **state)
{
    ARENA_SCOPED arena = arena_new();
    char folder[] = "/tmp/roost-confine-XXXXXX";
    const char *inner = NULL;
    int status = 0;
    pid_t child = -1;
    FILE *file = NULL;

    (void)state;
    assert_non_null(mkdtemp(folder));
    inner = arena_printf(arena, "%s/inner", folder);
    assert_int_equal(mkdir(inner, 0700), 0);
    file = fopen(arena_printf(arena, "%s/secret", folder), "w");
    fputs("secret", file);
    fclose(file);
    child = fork();
    if (child == 0)
        _exit(look_around(inner));
    assert_int_equal(waitpid(child, &status, 0), child);
    nftw(folder, entry_remove, 16, FTW_DEPTH | FTW_PHYS);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        skip();
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_stay_below_the_project),
        cmocka_unit_test(files_are_copied),
        cmocka_unit_test(a_confined_program_sees_its_folder_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

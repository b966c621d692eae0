/* SPDX-License-Identifier: Apache-2.0 */
/* Whole reads and writes over pipes, and files into an arena. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "common/base/fd.h"

#define BIG (300 * 1000)

static void test_large_write_through_a_nonblocking_pipe(void **state)
{
    static char data[BIG], back[BIG + 10];
    struct error err = ERROR_INIT;
    size_t got = 0;
    int ends[2];
    pid_t child;

    (void)state;
    memset(data, 'd', sizeof(data));
    assert_int_equal(pipe(ends), 0);
    assert_true(fd_set_nonblocking(ends[1], true, &err));
    child = fork();
    if (child == 0) {
        close(ends[0]);
        _exit(fd_write_all(ends[1], data, sizeof(data), &err) ? 0 : 1);
    }
    close(ends[1]);
    assert_true(fd_read_all(ends[0], back, sizeof(back), &got, &err));
    assert_int_equal(got, sizeof(data));
    assert_memory_equal(back, data, sizeof(data));
    close(ends[0]);
    waitpid(child, NULL, 0);
}

static void test_errors_are_told(void **state)
{
    struct error err = ERROR_INIT;
    size_t got = 77;
    char c;

    (void)state;
    assert_false(fd_write_all(-1, "x", 1, &err));
    assert_string_equal(err.text, "write failed: Bad file descriptor");
    assert_false(fd_read_all(-1, &c, 1, &got, &err));
    assert_string_equal(err.text, "read failed: Bad file descriptor");
    assert_int_equal(got, 77);
}

static void test_file_read(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct error err = ERROR_INIT;
    char path[] = "/tmp/roost-fd-XXXXXX";
    int fd = mkstemp(path);
    char *data = NULL;
    size_t length = 0;

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "hello\0you", 9), 9);
    assert_true(file_read(arena, path, 100, &data, &length, &err));
    assert_int_equal(length, 9);
    assert_memory_equal(data, "hello\0you", 10);
    assert_true(file_read(arena, path, 9, &data, &length, &err));
    assert_false(file_read(arena, path, 8, &data, &length, &err));
    assert_int_equal(err.kind, ERROR_LIMIT);
    assert_non_null(strstr(err.text, path));
    assert_non_null(strstr(err.text, "larger than the 8 bytes"));
    close(fd);
    unlink(path);
    assert_false(file_read(arena, path, 8, &data, &length, &err));
    assert_non_null(strstr(err.text, "No such file"));
    assert_false(file_read(arena, "/", 8, &data, &length, &err));
    assert_string_equal(err.text, "cannot read '/': it is a folder");
    assert_true(file_read(arena, "/proc/self/status", 1 << 20, &data, &length, &err));
    assert_true(length > 100);
}

static void test_folder_create(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct error err = ERROR_INIT;
    char parent[] = "/tmp/roost-fd-XXXXXX";
    struct stat status;

    (void)state;
    assert_non_null(mkdtemp(parent));
    const char *deep = arena_printf(arena, "%s/a/b", parent), *file = arena_printf(arena, "%s/file", parent);
    assert_true(folder_create(arena, deep, 0700, &err));
    assert_int_equal(stat(deep, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0700);
    assert_true(folder_create(arena, deep, 0755, &err)); /* stays as it is */
    assert_int_equal(stat(deep, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0700);
    close(open(file, O_CREAT | O_WRONLY, 0600));
    assert_false(folder_create(arena, file, 0700, &err));
    assert_false(folder_create(arena, arena_printf(arena, "%s/x", file), 0700, &err));
    unlink(file);
    rmdir(deep);
    rmdir(arena_printf(arena, "%s/a", parent));
    assert_int_equal(rmdir(parent), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_large_write_through_a_nonblocking_pipe),
        cmocka_unit_test(test_errors_are_told),
        cmocka_unit_test(test_file_read),
        cmocka_unit_test(test_folder_create),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

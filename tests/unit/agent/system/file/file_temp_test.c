/* SPDX-License-Identifier: Apache-2.0 */
/* Temporary files and folders: nobody else's, and new each time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/system/file/file_temp.h"

static void makes_folders(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct error err = ERROR_INIT;
    struct stat info;
    const char *one = file_temp_folder(arena, "/tmp/roost-temp-XXXXXX", &err);
    const char *two = file_temp_folder(arena, "/tmp/roost-temp-XXXXXX", &err);

    (void)state;
    assert_non_null(one);
    assert_non_null(two);
    assert_string_not_equal(one, two);
    assert_int_equal(stat(one, &info), 0);
    assert_int_equal(info.st_mode, S_IFDIR | 0700);
    assert_int_equal(rmdir(one), 0);
    assert_int_equal(rmdir(two), 0);
    assert_null(file_temp_folder(arena, "/tmp/roost-gone/x-XXXXXX", &err));
    assert_non_null(strstr(err.text, "cannot make a temporary folder '/tmp/roost-gone/x-XXXXXX': No such file"));
}

static void makes_files_without_a_name(void **state)
{
    struct error err = ERROR_INIT;
    struct stat info;
    int fd = file_temp_open(&err);

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &info), 0);
    assert_int_equal(info.st_nlink, 0);
    assert_int_equal(write(fd, "a", 1), 1);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(makes_folders),
        cmocka_unit_test(makes_files_without_a_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

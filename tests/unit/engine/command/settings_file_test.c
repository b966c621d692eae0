/* SPDX-License-Identifier: Apache-2.0 */
/* Which ansible.cfg counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
/* cmocka wants the five above first */
#include <cmocka.h>

#include "common/base/path.h"
#include "common/base/text.h"
#include "engine/command/settings_file.h"

struct fixture {
    struct arena *arena;
    struct value *warnings;
    char home[64], here[80];
};

static void touch(const char *path)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fclose(file);
}

/* In a folder with a file, and with another one at home. */
static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    f->arena = arena_new();
    f->warnings = value_list(f->arena);
    snprintf(f->home, sizeof(f->home), "/tmp/roost-settings-home-XXXXXX");
    assert_non_null(mkdtemp(f->home));
    snprintf(f->here, sizeof(f->here), "%s/here", f->home);
    assert_int_equal(mkdir(f->here, 0755), 0);
    assert_int_equal(chdir(f->here), 0);
    touch("ansible.cfg");
    touch("../.ansible.cfg");
    setenv("HOME", f->home, 1);
    unsetenv("ANSIBLE_CONFIG");
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    unlink("ansible.cfg");
    unlink("../.ansible.cfg");
    assert_int_equal(chdir("/"), 0);
    rmdir(f->here);
    rmdir(f->home);
    arena_free(f->arena);
    free(f);
    return 0;
}

static void test_current_folder(void **state)
{
    struct fixture *f = *state;

    assert_string_equal(settings_file_find(f->arena, f->warnings), path_join(f->arena, f->here, "ansible.cfg"));
    assert_int_equal(value_count(f->warnings), 0);
}

/* There anybody could have put it. */
static void test_folder_of_everybody(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(chmod(f->here, 0777), 0);
    assert_string_equal(settings_file_find(f->arena, f->warnings), path_join(f->arena, f->home, ".ansible.cfg"));
    assert_int_equal(value_count(f->warnings), 1);
    assert_string_equal(value_text(value_item(f->warnings, 0)),
                        arena_printf(f->arena,
                                     "Ansible is being run in a world writable directory (%s), ignoring it as an "
                                     "ansible.cfg source.",
                                     f->here));
}

/* Without a file there is nothing to ignore. */
static void test_folder_of_everybody_without_a_file(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(chmod(f->here, 0777), 0);
    assert_int_equal(unlink("ansible.cfg"), 0);
    assert_string_equal(settings_file_find(f->arena, f->warnings), path_join(f->arena, f->home, ".ansible.cfg"));
    assert_int_equal(value_count(f->warnings), 0);
}

/* Who names the file wants it. */
static void test_named_file(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(chmod(f->here, 0777), 0);
    setenv("ANSIBLE_CONFIG", f->here, 1);
    assert_string_equal(settings_file_find(f->arena, f->warnings), path_join(f->arena, f->here, "ansible.cfg"));
    assert_int_equal(value_count(f->warnings), 0);
}

#define TEST(test_) cmocka_unit_test_setup_teardown(test_, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_current_folder),
        TEST(test_folder_of_everybody),
        TEST(test_folder_of_everybody_without_a_file),
        TEST(test_named_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

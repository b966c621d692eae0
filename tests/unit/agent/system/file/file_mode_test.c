/* SPDX-License-Identifier: Apache-2.0 */
/* Modes as text. Expected values come from ansible-core 2.14's file module. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "agent/system/file/file_mode.h"

static void reads_modes(void **state)
{
    static const struct {
        const char *text;
        mode_t current, wanted;
    } cases[] = {
        { "0644", S_IFREG | 0700, 0644 },
        { "644", S_IFREG | 0700, 0644 },
        { "0o1777", S_IFREG, 01777 },
        { "4755", S_IFREG | 0644, 04755 },
        { "u+x", S_IFREG | 0644, 0744 },
        { "a+X", S_IFREG | 0644, 0644 },
        { "a+X", S_IFREG | 0744, 0755 },
        { "a+X", S_IFDIR | 0600, 0711 },
        { "u=rwX,g=rX,o=", S_IFDIR | 0777, 0750 },
        { "u=rwX,g=rX,o=", S_IFREG | 0666, 0640 },
        { "g=u", S_IFREG | 0640, 0660 },
        { "u+x,g=u,o-r", S_IFREG | 0644, 0760 },
        { "o=u-x", S_IFREG | 0750, 0756 },
        { "u+s,g+s,+t", S_IFREG | 0744, 07744 },
        { "u-s", S_IFREG | 04755, 0755 },
        { "u=rw", S_IFREG | 04755, 0655 },
        { "+rw", S_IFREG | 0600, 0644 },
        { "=rw", S_IFREG | 0777, 0644 },
        { "a=rw", S_IFREG | 0777, 0666 },
        { "ug+w,o-rwx", S_IFREG | 0644, 0660 },
        { "u+r+w-x", S_IFREG | 0100, 0600 },
        { "", S_IFREG | 0640, 0640 },
    };
    struct error err = ERROR_INIT;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        mode_t mode = 0;
        assert_true(file_mode_parse(cases[i].text, cases[i].current, 022, &mode, &err));
        if (mode != cases[i].wanted)
            fail_msg("%s on %o gives %o, not %o", cases[i].text, cases[i].current, mode, cases[i].wanted);
    }
}

static void refuses_what_is_no_mode(void **state)
{
    static const char *const cases[] = { "rw", "u+q", "x+r", "ua+r", "u+r,foo", "0888", "010644" };
    struct error err = ERROR_INIT;
    mode_t mode = 1;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_false(file_mode_parse(cases[i], S_IFREG | 0644, 022, &mode, &err));
    assert_int_equal(mode, 1);
    assert_string_equal(err.text, "mode '010644' holds more than permissions");
}

static void writes_modes(void **state)
{
    char text[8];

    (void)state;
    file_mode_format(S_IFREG | 0644, text, sizeof text);
    assert_string_equal(text, "0644");
    file_mode_format(01777, text, sizeof text);
    assert_string_equal(text, "01777");
    file_mode_format(0, text, sizeof text);
    assert_string_equal(text, "0000");
}

static void reads_umasks(void **state)
{
    static const char *const wrong[] = { "", "0o", "8", "u=rw", "-22", " 22", "22 ", "0x12", "777777777777" };
    mode_t mask = 1;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_false(file_mode_umask(wrong[i], &mask));
    assert_int_equal(mask, 1);
    assert_true(file_mode_umask("0022", &mask));
    assert_int_equal(mask, 022);
    assert_true(file_mode_umask("0o77", &mask));
    assert_int_equal(mask, 077);
    assert_true(file_mode_umask("7027", &mask));
    assert_int_equal(mask, 027);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_modes),
        cmocka_unit_test(refuses_what_is_no_mode),
        cmocka_unit_test(writes_modes),
        cmocka_unit_test(reads_umasks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Command lines as messages show them, and the part of apt's output that diff mode shows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "agent/task/apt_parts.h"

static void shows_the_blanks_of_options_left_out(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct apt_command command;
    static const char *const wanted[] = {
        "/usr/bin/apt-get", "-y",  "-o", "Dpkg::Options::=--force-confdef", "-o", "Dpkg::Options::=--force-confold",
        "install",          "a=1", NULL
    };

    (void)state;
    apt_command_begin(&command, arena, "/usr/bin/apt-get");
    apt_command_add(&command, "-y");
    apt_command_add_dpkg_options(&command, "force-confdef,force-confold");
    apt_command_add_if(&command, false, "--force-yes");
    apt_command_add(&command, "install");
    apt_command_add_quoted(&command, "a=1");
    assert_string_equal(command.shown.data, "/usr/bin/apt-get -y -o \"Dpkg::Options::=--force-confdef\" "
                                            "-o \"Dpkg::Options::=--force-confold\"  install 'a=1'");
    assert_int_equal(command.count, 8);
    for (size_t i = 0; i < 8; i++)
        assert_string_equal(command.argv[i], wanted[i]);
    assert_null(command.argv[8]);
}

static void cuts_what_diff_mode_shows(void **state)
{
    ARENA_SCOPED arena = arena_new();

    (void)state;
    assert_string_equal(apt_diff_text(arena, "Reading package lists...\nReading state information...\nNEW:\n  hello\n"
                                             "0 upgraded, 1 newly installed, 0 to remove.\nInst hello\n"),
                        "NEW:\n  hello\n0 upgraded, 1 newly installed, 0 to remove.");
    assert_string_equal(apt_diff_text(arena, "Selecting hello\nUnpacking\n"), "Selecting hello\nUnpacking");
    assert_string_equal(apt_diff_text(arena, ""), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shows_the_blanks_of_options_left_out),
        cmocka_unit_test(cuts_what_diff_mode_shows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The command lines of the become methods. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/session/become_command.h"
#include "agent/session/become_terminal.h"
#include "common/base/text.h"

static struct arena *arena;
static const char *const self[] = { "/opt/ld.so", "--library-path", "/opt/lib", "/opt/roost-agent", NULL };

static int set_up(void **state)
{
    (void)state;
    arena = arena_new();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static const char *line_of(struct become_request request)
{
    const char *const *words = NULL;
    struct error err = ERROR_INIT;
    struct text line = text_new(arena);

    if (!become_command(arena, &request, self, &words, &err))
        return arena_copy(arena, err.text);
    for (; *words; words++)
        text_printf(&line, "%s<%s>", line.length ? " " : "", *words);
    return line.data;
}

#define SELF "</opt/ld.so> <--library-path> </opt/lib> </opt/roost-agent> <session>"

static void sudo_has_ansibles_flags(void **state)
{
    (void)state;
    assert_string_equal(line_of((struct become_request){ .user = "x" }), "<sudo> <-H> <-S> <-n> <-u> <x> <--> " SELF);
    assert_string_equal(line_of((struct become_request){ .method = "sudo", .flags = "-E -n", .exe = "/usr/bin/sudo" }),
                        "</usr/bin/sudo> <-E> <-n> <-u> <root> <--> " SELF);
}

static void sudo_asks_when_there_is_a_password(void **state)
{
    const char *line = line_of((struct become_request){ .user = "x", .password = "hush" });

    (void)state;
    assert_string_equal(line, "<sudo> <-H> <-S> <-S> <-p> <" BECOME_PROMPT "> <-u> <x> <--> " SELF);
    assert_null(strstr(line, "hush"));
}

static void su_and_doas_have_their_limits(void **state)
{
    (void)state;
    if (geteuid() == 0)
        assert_string_equal(line_of((struct become_request){ .method = "su", .user = "x" }),
                            "<su> <x> <-c> <exec /opt/ld.so --library-path /opt/lib /opt/roost-agent session>");
    setenv("LC_ALL", "de_DE.UTF-8", 1);
    unsetenv("LANGUAGE");
    assert_string_equal(line_of((struct become_request){ .method = "su", .user = "x", .flags = "-", .password = "p" }),
                        "<su> <-> <x> <-c> <exec /bin/sh -c 'LC_ALL=de_DE.UTF-8; export LC_ALL; unset LANGUAGE; "
                        "exec /opt/ld.so --library-path /opt/lib /opt/roost-agent session <&3 >&4 3<&- 4>&-'>");
    assert_string_equal(line_of((struct become_request){ .method = "doas", .user = "x" }),
                        "<doas> <-n> <-u> <x> " SELF);
    assert_non_null(strstr(line_of((struct become_request){ .method = "doas", .password = "p" }), "nopass"));
}

static void knows_the_question_of_su(void **state)
{
    struct value *own = value_list(arena);

    (void)state;
    value_list_add(arena, own, value_string(arena, "Losung"));
    assert_true(become_terminal_asks("Password: ", NULL));
    assert_true(become_terminal_asks("Last login: never\nbob's password:", NULL));
    assert_true(become_terminal_asks("\nパスワード：", NULL));
    assert_false(become_terminal_asks("Password: \n", NULL));
    assert_false(become_terminal_asks("The password has expired", NULL));
    assert_false(become_terminal_asks("Verification code: ", NULL));
    assert_true(become_terminal_asks("losung: ", own));
    assert_false(become_terminal_asks("Password: ", own));
    assert_false(become_terminal_asks("", NULL));
}

static void refuses_what_it_does_not_know(void **state)
{
    (void)state;
    assert_string_equal(line_of((struct become_request){ .method = "pbrun" }),
                        "become method 'pbrun' is not supported; there are sudo, su and doas");
    assert_string_equal(line_of((struct become_request){ .user = "-u root" }), "'-u root' is no user name");
    assert_string_equal(line_of((struct become_request){ .flags = "-H 'x" }),
                        "become flags '-H 'x': No closing quotation");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sudo_has_ansibles_flags),  TEST(sudo_asks_when_there_is_a_password), TEST(su_and_doas_have_their_limits),
        TEST(knows_the_question_of_su), TEST(refuses_what_it_does_not_know),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What `roost enroll` takes, and what only other verbs do. */
#include "engine/command/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static bool parse(struct arena *arena, char **argv, struct command_options *out, struct error *err)
{
    int argc = 0;

    while (argv[argc] != NULL)
        argc++;
    return options_parse(arena, argc, argv, OPTIONS_ENROLL, out, err);
}

static void test_taken(void **state)
{
    ARENA_SCOPED arena = arena_new();
    char *argv[] = { "enroll", "rack", "-i", "hosts", "--again", "--address=rack.lan:8470", "-b", "--approval", NULL };
    struct command_options options = { 0 };
    struct error err = ERROR_INIT;

    (void)state;
    assert_true(parse(arena, argv, &options, &err));
    assert_true(options.again && options.approval && options.become);
    assert_string_equal(options.address, "rack.lan:8470");
    assert_string_equal(options.playbooks.items[0], "rack");
    assert_string_equal(options.inventories.items[0], "hosts");
}

static void test_refused(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct command_options options = { 0 };
    struct error err = ERROR_INIT;

    (void)state;
    assert_false(parse(arena, (char *[]){ "enroll", "rack", "--aproval", NULL }, &options, &err));
    assert_non_null(strstr(err.text, "did you mean '--approval'"));
    error_clear(&err);
    assert_false(parse(arena, (char *[]){ "enroll", "rack", "--check", NULL }, &options, &err));
    assert_non_null(strstr(err.text, "other verbs have it"));
    error_clear(&err);
    assert_false(
        options_parse(arena, 3, (char *[]){ "apply", "site.yml", "--again", NULL }, OPTIONS_PLAYBOOK, &options, &err));
    assert_non_null(strstr(err.text, "other verbs have it"));
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_taken), cmocka_unit_test(test_refused) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

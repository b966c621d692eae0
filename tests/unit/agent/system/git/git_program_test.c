/* SPDX-License-Identifier: Apache-2.0 */
/* Running git: no questions, ssh as it was asked for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/system/git/git_program.h"
#include "common/base/text.h"

static void open_program(struct arena *arena, struct system *system, const char *program, struct git_program *out)
{
    struct error err = ERROR_INIT;

    *system = (struct system){ .root = "", .environment = value_map(arena) };
    assert_true(git_program_open(system, arena, program, out, &err));
}

static void asks_nothing(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct system system;
    struct git_program git;

    (void)state;
    open_program(arena, &system, "/bin/sh", &git);
    assert_string_equal(git_ask(&git, NULL, GIT_WORDS("-c", "echo $GIT_TERMINAL_PROMPT; echo; echo")), "0");
    assert_null(git_ask(&git, NULL, GIT_WORDS("-c", "echo no; exit 1")));
    open_program(arena, &system, "/nowhere/git", &git);
    assert_null(git_ask(&git, NULL, GIT_WORDS("status")));
}

static const char *ssh_command(struct arena *arena, const struct value *environment, const struct git_ssh *ssh)
{
    struct system system = { .root = "", .environment = environment };
    struct git_program git;
    struct error err = ERROR_INIT;

    assert_true(git_program_open(&system, arena, "/bin/sh", &git, &err));
    git_program_set_ssh(&git, ssh);
    return git_ask(&git, NULL, GIT_WORDS("-c", "echo \"$GIT_SSH_COMMAND\""));
}

static void calls_ssh(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct value *environment = value_map(arena);

    (void)state;
    assert_string_equal(ssh_command(arena, environment, &(struct git_ssh){ 0 }), "ssh -o BatchMode=yes");
    assert_string_equal(ssh_command(arena, environment, &(struct git_ssh){ .options = "-o BatchMode=yes -v" }),
                        "ssh -o BatchMode=yes -v");
    assert_string_equal(ssh_command(arena, environment, &(struct git_ssh){ .key_file = "'/a b'" }),
                        "ssh -o BatchMode=yes -i '/a b' -o IdentitiesOnly=yes");
    value_map_put_string(arena, environment, "GIT_SSH", "/opt/ssh");
    value_map_put_string(arena, environment, "GIT_SSH_OPTS", "-4");
    assert_string_equal(ssh_command(arena, environment, &(struct git_ssh){ .options = "-v" }),
                        "/opt/ssh -4 -v -o BatchMode=yes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(asks_nothing),
        cmocka_unit_test(calls_ssh),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

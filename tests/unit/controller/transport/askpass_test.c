/* SPDX-License-Identifier: Apache-2.0 */
/* The program as ssh's password helper: it answers the password once, to a question for a password, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/fd.h"
#include "controller/transport/askpass.h"
#include "controller/transport/transport.h"

/* Asks in a child, as ssh does; its standard output in `got`. Gives transport_askpass_answer's word. */
static bool ask(const struct askpass *askpass, const char *prompt, char *got, size_t size)
{
    int ends[2];
    size_t length = 0;
    struct error err = ERROR_INIT;
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(ends[1], 1);
        for (size_t i = 0; askpass && askpass->environment[i]; i++)
            putenv(strdup(askpass->environment[i]));
        _exit(transport_askpass_answer(prompt) ? 0 : 1);
    }
    close(ends[1]);
    assert_true(fd_read_all(ends[0], got, size - 1, &length, &err));
    got[length] = '\0';
    close(ends[0]);
    int status = -1;
    waitpid(pid, &status, 0);
    return WEXITSTATUS(status) == 0;
}

static void it_answers_once(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct askpass askpass;
    struct error err = ERROR_INIT;
    char got[64];
    (void)state;
    assert_true(askpass_prepare(arena, "hunter 2", &askpass, &err));
    assert_true(ask(&askpass, "ops@box1's password: ", got, sizeof(got)));
    assert_string_equal(got, "hunter 2\n");
    assert_true(ask(&askpass, "ops@box1's password: ", got, sizeof(got)));
    assert_string_equal(got, "");
    close(askpass.fd);
}

static void other_questions_are_answered_no(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct askpass askpass;
    struct error err = ERROR_INIT;
    char got[64];
    (void)state;
    assert_true(askpass_prepare(arena, "hunter2", &askpass, &err));
    assert_true(ask(&askpass, "Are you sure you want to continue connecting (yes/no)? ", got, sizeof(got)));
    assert_string_equal(got, "no\n");
    assert_true(ask(&askpass, NULL, got, sizeof(got)));
    assert_string_equal(got, "no\n");
    close(askpass.fd);
}

static void without_the_variable_it_is_no_helper(void **state)
{
    char got[64];
    (void)state;
    assert_false(ask(NULL, "password:", got, sizeof(got)));
    assert_string_equal(got, "");
}

static void the_environment_names_no_password(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct askpass askpass;
    struct error err = ERROR_INIT;
    (void)state;
    assert_true(askpass_prepare(arena, "hunter2", &askpass, &err));
    for (size_t i = 0; askpass.environment[i]; i++)
        assert_null(strstr(askpass.environment[i], "hunter2"));
    close(askpass.fd);
}

static void a_password_longer_than_a_pipe_takes_is_refused(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct askpass askpass;
    struct error err = ERROR_INIT;
    char *password = arena_alloc(arena, 8192);
    (void)state;
    memset(password, 'x', 8191);
    assert_false(askpass_prepare(arena, password, &askpass, &err));
    assert_string_equal(err.text, "the ssh password is longer than 4095 bytes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_answers_once),
        cmocka_unit_test(other_questions_are_answered_no),
        cmocka_unit_test(without_the_variable_it_is_no_helper),
        cmocka_unit_test(the_environment_names_no_password),
        cmocka_unit_test(a_password_longer_than_a_pipe_takes_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The ssh command line: order, quoting, what is refused; and the script that runs on the node. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/text.h"
#include "controller/transport/ssh.h"

#define KEYS_ONLY                                                                                                      \
    "-o KbdInteractiveAuthentication=no -o PreferredAuthentications=gssapi-with-mic,gssapi-keyex,hostbased,publickey " \
    "-o PasswordAuthentication=no "
#define OURS "-o EscapeChar=none -o ServerAliveInterval=10 -o ServerAliveCountMax=3 -- "

static const char *joined(struct arena *arena, const struct connection_target *target)
{
    const char *const *words = NULL;
    struct error err = ERROR_INIT;
    struct text line = text_new(arena);
    if (!ssh_arguments(arena, target, "REMOTE", &words, &err))
        return arena_copy(arena, err.text);
    for (size_t i = 0; words[i]; i++)
        text_printf(&line, "%s%s", i ? " " : "", words[i]);
    return line.data;
}

static void plain(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct connection_target target = { .host = "box1", .host_key_checking = true };
    (void)state;
    assert_string_equal(joined(arena, &target), "ssh -T " KEYS_ONLY "-o ConnectTimeout=10 " OURS "box1 REMOTE");
}

static void all_that_has_a_variable_precedes_the_users_words(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct connection_target target = { .host = "box1",
                                        .address = "192.0.2.7",
                                        .port = 2222,
                                        .user = "ops",
                                        .timeout_s = 3,
                                        .private_key_file = "/k y",
                                        .executable = "/opt/ssh",
                                        .common_args = "-o A=1 -J gate",
                                        .extra_args = "-v" };
    (void)state;
    assert_string_equal(joined(arena, &target),
                        "/opt/ssh -T -o StrictHostKeyChecking=no -o Port=2222 -o IdentityFile=\"/k y\" " KEYS_ONLY
                        "-o User=\"ops\" -o ConnectTimeout=3 -o A=1 -J gate -v " OURS "192.0.2.7 REMOTE");
}

static void a_password_is_in_no_argument(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct connection_target target = { .host = "box1", .host_key_checking = true, .password = "hunter2" };
    const char *line = joined(arena, &target);
    (void)state;
    assert_string_equal(line, "ssh -T -o NumberOfPasswordPrompts=1 -o ConnectTimeout=10 " OURS "box1 REMOTE");
    assert_null(strstr(line, "hunter2"));
}

static void expect_words(const char *text, const char *const *expected)
{
    ARENA_SCOPED arena = arena_new();
    struct connection_target target = { .host = "box1", .host_key_checking = true, .common_args = text };
    const char *const *words = NULL;
    struct error err = ERROR_INIT;
    assert_true(ssh_arguments(arena, &target, "REMOTE", &words, &err));
    size_t first = 10; /* behind ssh -T, three options of authentication, the time-out */
    for (; *expected; expected++)
        assert_string_equal(words[first++], *expected);
    assert_string_equal(words[first + 1], "EscapeChar=none");
}

static void words_are_read_as_a_shell_reads_them(void **state)
{
    (void)state;
    expect_words("", (const char *[]){ NULL });
    expect_words("  \t\n ", (const char *[]){ NULL });
    expect_words("-o 'ProxyCommand=ssh -W %h:%p \"gate way\"'",
                 (const char *[]){ "-o", "ProxyCommand=ssh -W %h:%p \"gate way\"", NULL });
    expect_words("a\\ b \"c \\\" d\" e'f'\"g\"h ''", (const char *[]){ "a b", "c \" d", "efgh", "", NULL });
    expect_words("'back\\slash' $HOME `id` *", (const char *[]){ "back\\slash", "$HOME", "`id`", "*", NULL });
}

static void what_is_refused(void **state)
{
    ARENA_SCOPED arena = arena_new();
    (void)state;
    struct connection_target dash = { .host = "box1", .address = "-oProxyCommand=reboot" };
    assert_string_equal(joined(arena, &dash), "'-oProxyCommand=reboot' is not an address that ssh can be given");
    struct connection_target empty = { .host = "" };
    assert_string_equal(joined(arena, &empty), "'' is not an address that ssh can be given");
    struct connection_target open = { .host = "box1", .extra_args = "-o 'A" };
    assert_string_equal(joined(arena, &open), "ansible_ssh_extra_args has a quote that is not closed: -o 'A");
    char many[600];
    memset(many, ' ', sizeof(many));
    for (size_t i = 0; i < sizeof(many); i += 2)
        many[i] = 'x';
    many[sizeof(many) - 1] = '\0';
    struct connection_target crowded = { .host = "box1", .common_args = many };
    assert_string_equal(joined(arena, &crowded), "ansible_ssh_common_args has more than 128 words");
    many[114 * 2] = '\0'; /* the user's words fit, ours do not */
    assert_string_equal(joined(arena, &crowded), "the ssh command line has more than 128 words");
}

/* The script is one word for the node's login shell, whichever that is: it must not hold what only some quote alike. */
static void the_script_is_one_word(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct bundle bundle = { .path = "/x", .size = 12345, .sha256 = "abcdef", .id = "0123456789abcdef" };
    const char *script = ssh_bootstrap_script(arena, &bundle);
    (void)state;
    const char *prefix = "exec sh -c '";
    assert_true(text_starts(script, prefix));
    assert_ptr_equal(strchr(script + strlen(prefix), '\''), script + strlen(script) - 1);
    assert_non_null(strstr(script, "/agent-0123456789abcdef"));
    assert_non_null(strstr(script, "head -c 12345 "));
    assert_non_null(strstr(script, "= abcdef ]"));
    assert_null(strchr(script, '\n'));
}

static void the_script_is_valid_shell(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct bundle bundle = { .path = "/x", .size = 1, .sha256 = "ab", .id = "0123456789abcdef" };
    const char *script = ssh_bootstrap_script(arena, &bundle);
    char *inner = arena_copy(arena, script + strlen("exec sh -c '"));
    (void)state;
    inner[strlen(inner) - 1] = '\0';
    pid_t pid = fork();
    if (pid == 0) {
        execl("/bin/sh", "sh", "-n", "-c", inner, (char *)NULL);
        _exit(126);
    }
    int status = -1;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain),
        cmocka_unit_test(all_that_has_a_variable_precedes_the_users_words),
        cmocka_unit_test(a_password_is_in_no_argument),
        cmocka_unit_test(words_are_read_as_a_shell_reads_them),
        cmocka_unit_test(what_is_refused),
        cmocka_unit_test(the_script_is_one_word),
        cmocka_unit_test(the_script_is_valid_shell),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

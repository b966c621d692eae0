/* SPDX-License-Identifier: Apache-2.0 */
/* One sentence from what ssh said and how it ended. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "controller/transport/ssh.h"

#define EXIT(code) ((code) << 8)
#define PREFIX "Failed to connect to the host via ssh: "

#define LOST "The connection to the host was lost: "

struct sentence {
    int status;
    const char *notes, *expected;
};

static const struct sentence sentences[] = {
    { EXIT(255), "ssh: connect to host 192.0.2.7 port 22: Connection refused\r\n",
      PREFIX "ssh: connect to host 192.0.2.7 port 22: Connection refused" },
    { EXIT(255), "ssh: connect to host 192.0.2.7 port 22: Connection timed out\r\n",
      PREFIX "ssh: connect to host 192.0.2.7 port 22: Connection timed out" },
    { EXIT(255), "ssh: Could not resolve hostname nowhere: Name or service not known\r\n",
      PREFIX "ssh: Could not resolve hostname nowhere: Name or service not known" },
    { EXIT(255), "ssh: connect to host 192.0.2.7 port 22: No route to host\r\n",
      PREFIX "ssh: connect to host 192.0.2.7 port 22: No route to host" },
    { EXIT(255), "Welcome to the rack\r\nops@192.0.2.7: Permission denied (publickey,password).\r\n",
      PREFIX "ops@192.0.2.7: Permission denied (publickey,password)." },
    { EXIT(255),
      "@@@@@@@@@@@@@@@@@@\n@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\n@@@@@@\nHost key verification failed.\r\n",
      PREFIX
      "192.0.2.7: the host key is not the one on record: the machine was reinstalled, or something sits in between; "
      "when you know why, remove the old key with ssh-keygen -R" },
    { EXIT(255),
      "No ED25519 host key is known for 192.0.2.7 and you have requested strict checking.\r\nHost key verification failed.\r\n",
      PREFIX
      "192.0.2.7: the host key is unknown: add it to known_hosts (ssh-keyscan) or set host_key_checking = False" },
    { EXIT(255), "Connection closed by 192.0.2.7 port 22\r\n", PREFIX "Connection closed by 192.0.2.7 port 22" },
    { EXIT(255), "Timeout, server 192.0.2.7 not responding.\r\n", PREFIX "Timeout, server 192.0.2.7 not responding." },
    { EXIT(255), "/etc/x: line 3: Bad configuration option: foo\r\n",
      PREFIX "/etc/x: line 3: Bad configuration option: foo" },
    { EXIT(255), "something new\nsaid in two lines\n", PREFIX "said in two lines" },
    { EXIT(255), "", PREFIX "connection closed by 192.0.2.7" },
    { EXIT(127), "sh: 1: loader: not found\n",
      "The agent on the host ended early with status 127: sh: 1: loader: not found" },
    { EXIT(3), "", "The agent on the host ended early with status 3" },
    { 9, "", "ssh to 192.0.2.7 was killed by signal 9 (Killed)" },
};

/* The session on the node had begun. */
static const struct sentence lost[] = {
    { EXIT(255), "", LOST "the agent was killed, or ssh was, on 192.0.2.7" },
    { EXIT(255), "Timeout, server 192.0.2.7 not responding.\r\n", LOST "Timeout, server 192.0.2.7 not responding." },
    { EXIT(255), "client_loop: send disconnect: Broken pipe\r\n", LOST "client_loop: send disconnect: Broken pipe" },
    { EXIT(1), "out of memory\n", "The agent on the host ended early with status 1: out of memory" },
};

static void expect_sentences(const struct sentence *table, size_t count, bool started)
{
    struct connection_target target = { .host = "box1", .address = "192.0.2.7" };
    for (size_t i = 0; i < count; i++) {
        ARENA_SCOPED arena = arena_new();
        struct ssh_end end = { started, table[i].status, table[i].notes };
        const char *told = ssh_explain(arena, &target, &end);
        assert_string_equal(told, table[i].expected);
        assert_null(strpbrk(told, "\r\n"));
    }
}

static void every_end_has_a_sentence(void **state)
{
    (void)state;
    expect_sentences(sentences, sizeof(sentences) / sizeof(sentences[0]), false);
    expect_sentences(lost, sizeof(lost) / sizeof(lost[0]), true);
}

static void the_host_stands_in_for_its_address(void **state)
{
    (void)state;
    ARENA_SCOPED arena = arena_new();
    struct connection_target target = { .host = "box1" };
    struct ssh_end end = { false, EXIT(255), "" };
    assert_string_equal(ssh_explain(arena, &target, &end), PREFIX "connection closed by box1");
}

static void a_missing_program_is_told_at_once(void **state)
{
    (void)state;
    struct connection_target target = { .host = "box1", .executable = "/nowhere/ssh", .host_key_checking = true };
    struct bundle bundle = { .path = "/x", .size = 1, .sha256 = "ab", .id = "0" };
    struct connection *connection = NULL;
    struct error err = ERROR_INIT;
    assert_false(ssh_open(&bundle, &target, &connection, &err));
    assert_string_equal(err.text, "ssh connection to 'box1': cannot start '/nowhere/ssh': No such file or directory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_end_has_a_sentence),
        cmocka_unit_test(the_host_stands_in_for_its_address),
        cmocka_unit_test(a_missing_program_is_told_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

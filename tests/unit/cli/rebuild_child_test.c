/* SPDX-License-Identifier: Apache-2.0 */
/* Programs that a step starts: their end, their output, their log, the sentence about them. */
#include "cli/rebuild_child.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/fd.h"
#include "common/protocol/control.h"

static void sentences(void **state)
{
    struct arena *arena = arena_new();

    (void)state;
    assert_string_equal(
        rebuild_child_sentence(arena,
                               "TASK [x] ***\nfatal: [n1]: FAILED! => {\"changed\": false, \"msg\": \"no room\"}\n\n"
                               "PLAY RECAP ***\nn1 : ok=1 failed=1\n"),
        "no room");
    assert_string_equal(rebuild_child_sentence(arena, "fatal: [n1]: UNREACHABLE! => {\"msg\": \"gone\"}\n"), "gone");
    assert_string_equal(rebuild_child_sentence(arena, "one\n  two  \n\n"), "two");
    assert_string_equal(rebuild_child_sentence(arena, ""), "it says nothing");
    arena_free(arena);
}

static void runs(void **state)
{
    char log[] = "/tmp/roost-child-XXXXXX", *text = NULL;
    struct arena *arena = arena_new();
    struct rebuild rebuild = { .arena = arena };
    struct rebuild_node node = { .host = "n1", .log = log };
    struct rebuild_call call = { .rebuild = &rebuild, .node = &node, .arena = arena };
    const char *const argv[] = { "sh", "-c", "echo to $ROOST_NODE; echo from >&2; exit 3", NULL };
    const char *const killed[] = { "sh", "-c", "kill -9 $$", NULL };
    const char *const missing[] = { "/nowhere/program", NULL };
    const char *const environment[] = { "ROOST_NODE=n1", NULL };
    const char *const reads[] = { "cat", "/dev/fd/3", NULL };
    struct rebuild_child_end end;
    struct error err = ERROR_INIT;
    size_t length = 0;
    int fd = mkstemp(log);

    (void)state;
    assert_true(
        rebuild_child_run(&call, &(struct rebuild_child){ .argv = argv, .environment = environment }, &end, &err));
    assert_int_equal(end.status, 3);
    assert_string_equal(end.output, "to n1\nfrom\n");
    assert_true(file_read(arena, log, 10000, &text, &length, &err));
    assert_non_null(strstr(text, "== 20"));
    assert_non_null(strstr(text, "to n1\nfrom\n"));
    for (int i = 0; i < 2; i++) { /* handed from whatever number */
        int memory = control_memory("for the child", 13, &err), hand = i == 0 ? memory : dup2(memory, REBUILD_HAND);

        assert_true(rebuild_child_run(&call, &(struct rebuild_child){ .argv = reads, .is_silent = true, .hand = hand },
                                      &end, &err));
        assert_string_equal(end.output, "for the child");
        close(memory);
    }
    assert_true(rebuild_child_run(&call, &(struct rebuild_child){ .argv = killed, .is_silent = true }, &end, &err));
    assert_int_equal(end.status, 137);
    assert_true(rebuild_child_run(&call, &(struct rebuild_child){ .argv = missing, .is_silent = true }, &end, &err));
    assert_int_equal(end.status, 127);
    close(fd);
    unlink(log);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(sentences), cmocka_unit_test(runs) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

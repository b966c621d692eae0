/* SPDX-License-Identifier: Apache-2.0 */
/* From systemd's properties to the state of a piece, with a sentence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "agent/pieces/piece_look.h"

static struct piece_now now_of(struct arena *arena, const char *active, const char *sub, const char *result, int code,
                               int status)
{
    struct value *map = value_map(arena);
    struct piece_now now;

    value_map_put_string(arena, map, "LoadState", "loaded");
    value_map_put_string(arena, map, "ActiveState", active);
    value_map_put_string(arena, map, "SubState", sub);
    value_map_put_string(arena, map, "Result", result);
    value_map_put_string(arena, map, "ExecMainCode", arena_printf(arena, "%d", code));
    value_map_put_string(arena, map, "ExecMainStatus", arena_printf(arena, "%d", status));
    piece_now_read(map, &now);
    return now;
}

static void test_judge(void **state)
{
    static const struct {
        const char *active, *sub, *result;
        int code, status; /* CLD_EXITED 1, CLD_KILLED 2 */
        bool is_job;
        enum piece_state wanted;
        const char *sentence;
    } cases[] = {
        { "active", "running", "success", 0, 0, false, PIECE_RUNNING, NULL },
        { "active", "exited", "success", 1, 0, true, PIECE_ENDED, NULL },
        { "active", "exited", "success", 1, 0, false, PIECE_FAILED,
          "it ended with exit code 0, though it is to run on" },
        { "activating", "start", "success", 0, 0, true, PIECE_RUNNING, NULL },
        { "activating", "start", "success", 0, 0, false, PIECE_STARTING, NULL },
        { "activating", "auto-restart", "exit-code", 1, 3, false, PIECE_STARTING,
          "it ended with exit code 3; it is started again" },
        { "deactivating", "stop-sigterm", "success", 0, 0, false, PIECE_STOPPING, NULL },
        { "failed", "failed", "exit-code", 1, 7, false, PIECE_FAILED, "it ended with exit code 7" },
        { "failed", "failed", "signal", 2, 9, false, PIECE_FAILED, "signal 9 (KILL) ended it" },
        { "failed", "failed", "core-dump", 3, 6, false, PIECE_FAILED, "signal 6 (ABRT) ended it" },
        { "failed", "failed", "timeout", 2, 15, true, PIECE_FAILED, "its time was up" },
        { "failed", "failed", "oom-kill", 2, 9, false, PIECE_FAILED, "the kernel ran out of memory for it" },
        { "failed", "failed", "exit-code", 1, 226, false, PIECE_FAILED,
          "systemd could not start it (status 226 of systemd.exec(5))" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ARENA_SCOPED arena = arena_new();
        struct piece_now now =
            now_of(arena, cases[i].active, cases[i].sub, cases[i].result, cases[i].code, cases[i].status);
        enum piece_state found = PIECE_GONE;
        const char *sentence = NULL;

        assert_true(piece_now_judge(arena, &now, cases[i].is_job, &found, &sentence));
        assert_string_equal(piece_state_name(found), piece_state_name(cases[i].wanted));
        assert_string_equal(sentence == NULL ? "" : sentence, cases[i].sentence == NULL ? "" : cases[i].sentence);
    }
}

static void test_down(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct piece_now now = now_of(arena, "inactive", "dead", "success", 0, 0);
    enum piece_state found;
    const char *sentence;

    (void)state;
    assert_false(piece_now_judge(arena, &now, false, &found, &sentence));
    assert_true(piece_now_is_down(&now));
    now = now_of(arena, "failed", "failed", "signal", 2, 9);
    assert_true(piece_now_is_down(&now));
    assert_int_equal(now.signal, 9);
    assert_int_equal(now.exit_code, -1);
    now = now_of(arena, "deactivating", "stop-sigterm", "success", 0, 0);
    assert_false(piece_now_is_down(&now));
    piece_now_read(value_map(arena), &now); /* no such unit */
    assert_true(piece_now_is_down(&now));
    assert_false(now.is_loaded);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_judge), cmocka_unit_test(test_down) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

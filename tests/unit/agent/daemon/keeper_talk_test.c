/* SPDX-License-Identifier: Apache-2.0 */
/* What the keeper makes of the controller's answers: a placement that is wrong keeps no lease alive, a revoked node has nothing to run. */
#include "agent/daemon/pieces_keeper_parts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "agent/pieces/pieces_parts.h"
#include "common/base/clock.h"
#include "common/json/json.h"
#include "tests/unit/agent/system/recorded_tree.h"

#define PIECE "{\"name\": \"chat.0.1\", \"kind\": \"service\", \"lease\": true, \"program\": \"/bin/true\"}"
#define PLACED "{\"epoch\": 7, \"lease_s\": 30, \"pieces\": [" PIECE "]}"
#define WRONG "{\"epoch\": 8, \"lease_s\": 30, \"pieces\": [" PIECE ", " PIECE "]}"

struct fixture {
    struct recorded_tree tree;
    struct keeper keeper;
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    fixture->tree = recorded_tree_new();
    fixture->keeper = (struct keeper){
        .arena = arena_new(),
        .signals = -1,
        .ask_at_ms = INT64_MAX,
        .pieces = pieces_new(&(struct pieces_options){ .system = recorded_tree_system(&fixture->tree) }),
    };
    fixture->keeper.identity.paths.folder = fixture->tree.root;
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    keeper_logs_close(&fixture->keeper);
    pieces_free(fixture->keeper.pieces);
    arena_free(fixture->keeper.arena);
    recorded_tree_free(&fixture->tree);
    free(fixture);
    return 0;
}

static void answered(struct fixture *fixture, int status, const char *text, const char *code, int64_t asked_ms)
{
    struct controller_answer answer = { .status = status, .body = value_null(), .code = code, .message = "as told" };
    struct error err = ERROR_INIT;

    if (text != NULL)
        assert_true(json_read(fixture->tree.arena, text, strlen(text), NULL, &answer.body, &err));
    answer.etag = "\"7\"";
    fixture->keeper.asked_ms = asked_ms;
    keeper_placement_answer(&fixture->keeper, &answer);
}

static void what_cannot_be_taken_keeps_no_lease(void **state)
{
    struct fixture *fixture = *state;
    struct keeper *keeper = &fixture->keeper;
    int64_t now_ms = clock_boot_ms(), until_ms;

    answered(fixture, 200, PLACED, "", now_ms - 500);
    assert_int_equal(pieces_placement(keeper->pieces)->epoch, 7);
    assert_null(pieces_placement(keeper->pieces)->pieces[0].wrong);
    until_ms = keeper->pieces->lease_until_ms;
    assert_true(until_ms > 0);
    answered(fixture, 200, WRONG, "", now_ms);
    assert_int_equal(keeper->pieces->lease_until_ms, until_ms);
    assert_int_equal(pieces_placement(keeper->pieces)->epoch, 7);
    assert_non_null(strstr(keeper->trouble, "another of its name"));
    assert_string_equal(keeper->etag, ""); /* a 304 would keep the lease alive as well */
    assert_true(keeper->ask_at_ms < INT64_MAX);
    answered(fixture, 304, NULL, "", now_ms);
    assert_true(keeper->pieces->lease_until_ms > until_ms);
}

static void revoked_is_empty(void **state)
{
    struct fixture *fixture = *state;
    struct keeper *keeper = &fixture->keeper;
    struct keeper again = { .pieces = keeper->pieces, .identity = keeper->identity };
    struct error err = ERROR_INIT;

    answered(fixture, 200, PLACED, "", clock_boot_ms());
    answered(fixture, 401, NULL, "unauthenticated", clock_boot_ms()); /* its clock may be wrong, say */
    assert_int_equal(pieces_placement(keeper->pieces)->pieces_count, 1);
    answered(fixture, 401, NULL, "key_revoked", clock_boot_ms());
    assert_int_equal(pieces_placement(keeper->pieces)->pieces_count, 0);
    assert_string_equal(keeper->etag, "");
    assert_non_null(strstr(keeper->trouble, "was revoked"));
    answered(fixture, 200, PLACED, "", clock_boot_ms());
    assert_int_equal(pieces_placement(keeper->pieces)->pieces_count, 1);
    answered(fixture, 401, NULL, "key_revoked", clock_boot_ms());
    assert_true(keeper_file_read(&again, &err)); /* nor does a restart bring them back */
    assert_int_equal(pieces_placement(again.pieces)->pieces_count, 0);
    assert_int_equal(keeper->ask_at_ms, INT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_cannot_be_taken_keeps_no_lease, setup, teardown),
        cmocka_unit_test_setup_teardown(revoked_is_empty, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

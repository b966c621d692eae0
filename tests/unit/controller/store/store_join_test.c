/* SPDX-License-Identifier: Apache-2.0 */
/* Join tokens and requests. */
#include "controller/store/store_join.h"

#include "store_fixture.h"

static void token_new(struct fixture *fixture, const char *id, const char *pattern, bool needs_approval)
{
    struct store_join_token token = { .id = id,
                                      .hash = "h",
                                      .pattern = pattern,
                                      .needs_approval = needs_approval,
                                      .created_by = "op",
                                      .created_us = 1,
                                      .expires_us = 1000 };

    OK(store_join_token_add(fixture->writer, &token, &fixture->err));
}

static enum store_join_answer submit(struct fixture *fixture, const char *token, const char *name, int key,
                                     struct store_join_request **out)
{
    struct store_join_submission submission = {
        .asked = { .token_id = token,
                   .name = name,
                   .fingerprint = fingerprint(fixture, key),
                   .request = "pem",
                   .asked_us = 500 },
        .certificate_us = 700,
    };
    enum store_join_answer answer;

    OK(store_join_submit(fixture->writer, fixture->arena, &submission, &answer, out, &fixture->err));
    assert_true((answer == STORE_JOIN_OK) == (*out != NULL));
    return answer;
}

static void test_at_once(void **state)
{
    struct fixture *fixture = *state;
    struct store_join_request *request = NULL;
    struct store_join_token *token = NULL;
    struct store_node_key *key = NULL;
    bool found = false;

    token_new(fixture, "t1", "ai-*", false);
    token_new(fixture, "t2", NULL, false);
    assert_int_equal(submit(fixture, "none", "ai-1", 1, &request), STORE_JOIN_TOKEN_UNKNOWN);
    assert_int_equal(submit(fixture, "t1", "db-1", 1, &request), STORE_JOIN_NAME_REFUSED);
    assert_int_equal(submit(fixture, "t1", "ai-1", 1, &request), STORE_JOIN_OK);
    assert_int_equal(request->state, STORE_JOIN_APPROVED);
    assert_int_equal(request->generation, 1);
    OK(store_node_key_find(fixture->writer, fixture->arena, fingerprint(fixture, 1), &key, &fixture->err));
    assert_int_equal(key->expires_us, 1200);
    assert_int_equal(submit(fixture, "t1", "ai-1", 1, &request), STORE_JOIN_OK); /* the answer was lost */
    assert_int_equal(request->generation, 1);
    assert_int_equal(submit(fixture, "t1", "ai-2", 1, &request), STORE_JOIN_NAME_REFUSED);
    assert_int_equal(submit(fixture, "t1", "ai-2", 2, &request), STORE_JOIN_TOKEN_USED);
    assert_int_equal(submit(fixture, "t2", "ai-2", 1, &request), STORE_JOIN_KEY_REFUSED);
    OK(store_join_token_get(fixture->writer, fixture->arena, "t2", &token, &fixture->err));
    assert_int_equal(token->used_us, 0); /* what was refused cost no token */
    assert_int_equal(submit(fixture, "t2", "ai-1", 2, &request), STORE_JOIN_NAME_KNOWN);
    token_new(fixture, "t3", "ai-1", false);
    assert_int_equal(submit(fixture, "t3", "ai-1", 2, &request), STORE_JOIN_OK);
    assert_int_equal(request->generation, 2);
    assert_int_equal(submit(fixture, "t1", "ai-1", 1, &request), STORE_JOIN_KEY_REFUSED); /* of the old generation */
    OK(store_node_revoke(fixture->writer, "ai-1", 1, &found, &fixture->err));
    assert_int_equal(submit(fixture, "t3", "ai-1", 2, &request), STORE_JOIN_KEY_REFUSED);
    assert_int_equal(submit(fixture, "t2", "ai-1", 3, &request), STORE_JOIN_NAME_KNOWN); /* a revoked node's name too */
    token_new(fixture, "t4", "ai-1", false);
    assert_int_equal(submit(fixture, "t4", "ai-1", 3, &request), STORE_JOIN_OK);
}

/* Both asked before there was such a node: who is approved second must not push the first out. */
static void test_two_ask_for_one_name(void **state)
{
    struct fixture *fixture = *state;
    struct store_join_request *first = NULL, *second = NULL, *exact = NULL, *out = NULL;
    struct store_join_decision decision = { .approve = true, .by = "kim", .now_us = 600, .certificate_us = 700 };
    struct store_node_key *key = NULL;
    enum store_join_answer answer;

    token_new(fixture, "t1", NULL, true);
    token_new(fixture, "t2", "a*", true);
    token_new(fixture, "t3", "a", true);
    assert_int_equal(submit(fixture, "t1", "a", 1, &first), STORE_JOIN_OK);
    assert_int_equal(submit(fixture, "t2", "a", 2, &second), STORE_JOIN_OK);
    assert_int_equal(submit(fixture, "t3", "a", 3, &exact), STORE_JOIN_OK);
    decision.id = first->id;
    OK(store_join_decide(fixture->writer, fixture->arena, &decision, &answer, &out, &fixture->err));
    assert_int_equal(answer, STORE_JOIN_OK);
    decision.id = second->id;
    OK(store_join_decide(fixture->writer, fixture->arena, &decision, &answer, &out, &fixture->err));
    assert_int_equal(answer, STORE_JOIN_NAME_KNOWN);
    assert_int_equal(out->state, STORE_JOIN_PENDING);
    OK(store_node_key_find(fixture->writer, fixture->arena, fingerprint(fixture, 1), &key, &fixture->err));
    assert_int_equal(key->revoked_us, 0);
    assert_int_equal(key->node_generation, 1);
    decision.approve = false; /* refusing is always possible */
    OK(store_join_decide(fixture->writer, fixture->arena, &decision, &answer, &out, &fixture->err));
    assert_int_equal(out->state, STORE_JOIN_REFUSED);
    decision = (struct store_join_decision){ exact->id, true, "kim", 700, 700 };
    OK(store_join_decide(fixture->writer, fixture->arena, &decision, &answer, &out, &fixture->err));
    assert_int_equal(answer, STORE_JOIN_OK);
    assert_int_equal(out->generation, 2);
}

static void test_token_ends(void **state)
{
    struct fixture *fixture = *state;
    struct store_join_request *request = NULL;
    struct store_join_token late = { .id = "late", .hash = "h", .created_by = "op", .expires_us = 500 };
    struct store_join_token_page page;
    bool found = false;

    OK(store_join_token_add(fixture->writer, &late, &fixture->err));
    token_new(fixture, "t1", NULL, false);
    OK(store_join_token_revoke(fixture->writer, "t1", 9, &found, &fixture->err));
    assert_true(found);
    OK(store_join_token_revoke(fixture->writer, "none", 9, &found, &fixture->err));
    assert_false(found);
    assert_int_equal(submit(fixture, "late", "a", 1, &request), STORE_JOIN_TOKEN_EXPIRED);
    assert_int_equal(submit(fixture, "t1", "a", 1, &request), STORE_JOIN_TOKEN_REVOKED);
    OK(store_join_token_page(fixture->writer, fixture->arena, NULL, 1, &page, &fixture->err));
    assert_string_equal(page.tokens[0].id, "t1");
    assert_int_equal(page.tokens[0].revoked_us, 9);
    OK(store_join_token_page(fixture->writer, fixture->arena, page.next, 1, &page, &fixture->err));
    assert_string_equal(page.tokens[0].id, "late");
    assert_null(page.next);
}

static void test_by_hand(void **state)
{
    struct fixture *fixture = *state;
    struct store_join_request *request = NULL, *again = NULL;
    struct store_join_decision decision = { .approve = true, .by = "kim", .now_us = 600, .certificate_us = 700 };
    struct store_join_filter pending = { .states = STORE_JOIN_PENDING };
    struct store_join_request_page page;
    struct store_node_key *key = NULL;
    enum store_join_answer answer;

    token_new(fixture, "t1", NULL, true);
    token_new(fixture, "t2", NULL, true);
    assert_int_equal(submit(fixture, "t1", "a", 1, &request), STORE_JOIN_OK);
    assert_int_equal(request->state, STORE_JOIN_PENDING);
    assert_int_equal(submit(fixture, "t2", "b", 2, &again), STORE_JOIN_OK);
    OK(store_node_key_find(fixture->writer, fixture->arena, fingerprint(fixture, 1), &key, &fixture->err));
    assert_null(key); /* nothing is valid before the approval */
    decision.id = request->id;
    OK(store_join_decide(fixture->writer, fixture->arena, &decision, &answer, &request, &fixture->err));
    assert_int_equal(answer, STORE_JOIN_OK);
    assert_int_equal(submit(fixture, "t1", "a", 1, &again), STORE_JOIN_OK);
    assert_int_equal(again->state, STORE_JOIN_APPROVED);
    assert_string_equal(again->decided_by, "kim");
    decision.approve = false;
    OK(store_join_decide(fixture->writer, fixture->arena, &decision, &answer, &again, &fixture->err));
    assert_int_equal(again->state, STORE_JOIN_APPROVED); /* decided is decided */
    OK(store_join_request_page(fixture->writer, fixture->arena, &pending, &page, &fixture->err));
    assert_int_equal(page.count, 1);
    decision.id = page.requests[0].id;
    OK(store_join_decide(fixture->writer, fixture->arena, &decision, &answer, &again, &fixture->err));
    assert_int_equal(again->state, STORE_JOIN_REFUSED);
    assert_int_equal(submit(fixture, "t2", "b", 2, &again), STORE_JOIN_OK);
    assert_int_equal(again->state, STORE_JOIN_REFUSED);
    decision.id = 99;
    OK(store_join_decide(fixture->writer, fixture->arena, &decision, &answer, &again, &fixture->err));
    assert_null(again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_at_once, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_token_ends, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_two_ask_for_one_name, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_by_hand, fixture_setup, fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

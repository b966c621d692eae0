/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes, generations, keys, pages. */
#include "controller/store/store_node.h"

#include "store_fixture.h"

static enum store_enroll enroll(struct fixture *fixture, const char *name, int key, int64_t *generation)
{
    struct store_enrollment enrollment = { name, fingerprint(fixture, key), 5000, 3000 };
    enum store_enroll outcome;
    int64_t id = 0;

    OK(store_node_enroll(fixture->writer, &enrollment, &outcome, &id, generation, &fixture->err));
    return outcome;
}

static struct store_node_key *key_of(struct fixture *fixture, int number)
{
    struct store_node_key *key = NULL;

    OK(store_node_key_find(fixture->writer, fixture->arena, fingerprint(fixture, number), &key, &fixture->err));
    return key;
}

static struct store_node *node_of(struct fixture *fixture, const char *name)
{
    struct store_node *node = NULL;

    OK(store_node_by_name(fixture->writer, fixture->arena, name, &node, &fixture->err));
    return node;
}

static void test_generations(void **state)
{
    struct fixture *fixture = *state;
    int64_t id = node_new(fixture, "ai-1", 1), generation = 0;
    bool found = false;

    assert_null(key_of(fixture, 9));
    assert_int_equal(key_of(fixture, 1)->generation, 1);
    assert_int_equal(enroll(fixture, "ai-1", 1, &generation), STORE_ENROLL_KNOWN);
    assert_int_equal(generation, 1);
    assert_int_equal(enroll(fixture, "ai-2", 1, &generation), STORE_ENROLL_KEY_TAKEN);
    assert_null(node_of(fixture, "ai-2"));
    assert_int_equal(enroll(fixture, "ai-1", 2, &generation), STORE_ENROLLED);
    assert_int_equal(generation, 2);
    assert_int_equal(key_of(fixture, 1)->revoked_us, 3000);
    assert_int_equal(key_of(fixture, 1)->generation, 1);
    assert_int_equal(key_of(fixture, 1)->node_generation, 2);
    assert_int_equal(key_of(fixture, 2)->node_id, id);
    assert_int_equal(enroll(fixture, "ai-1", 1, &generation), STORE_ENROLL_KEY_REVOKED);
    OK(store_node_revoke(fixture->writer, "ai-1", 4000, &found, &fixture->err));
    assert_true(found);
    assert_int_equal(key_of(fixture, 2)->revoked_us, 4000);
    assert_int_equal(key_of(fixture, 2)->node_state, STORE_NODE_REVOKED);
    assert_int_equal(enroll(fixture, "ai-1", 2, &generation), STORE_ENROLL_KEY_REVOKED);
    assert_int_equal(enroll(fixture, "ai-1", 3, &generation), STORE_ENROLLED);
    assert_int_equal(generation, 3);
    OK(store_node_revoke(fixture->writer, "nobody", 4000, &found, &fixture->err));
    assert_false(found);
}

static void test_renew(void **state)
{
    struct fixture *fixture = *state;
    int64_t id = node_new(fixture, "a", 1);
    struct store_enrollment same = { "a", fingerprint(fixture, 1), 9000, 8000 };
    struct store_enrollment other = { "a", fingerprint(fixture, 2), 9500, 8000 };
    struct store_enrollment taken = { "a", fingerprint(fixture, 3), 9500, 8000 };
    struct store_node_key *keys = NULL;
    size_t count = 0;
    bool found = false;

    node_new(fixture, "b", 3);
    OK(store_node_key_renew(fixture->writer, id, &same, &fixture->err));
    assert_int_equal(key_of(fixture, 1)->expires_us, 9000);
    OK(store_node_key_renew(fixture->writer, id, &other, &fixture->err));
    assert_int_equal(key_of(fixture, 1)->revoked_us, 0);
    assert_string_equal(node_of(fixture, "a")->key, other.fingerprint);
    OK(store_node_keys(fixture->writer, fixture->arena, id, &keys, &count, &fixture->err));
    assert_int_equal(count, 2);
    assert_string_equal(keys[0].fingerprint, other.fingerprint);
    assert_false(store_node_key_renew(fixture->writer, id, &taken, &fixture->err));
    OK(store_node_revoke(fixture->writer, "a", 1, &found, &fixture->err));
    assert_false(store_node_key_renew(fixture->writer, id, &same, &fixture->err));
}

static void test_told(void **state)
{
    struct fixture *fixture = *state;
    int64_t id = node_new(fixture, "a", 1);
    struct store_node *node = node_of(fixture, "a");

    assert_null(node->verdict);
    assert_null(node->facts);
    OK(store_node_seen(fixture->writer, id, 1050, &fixture->err));
    OK(store_node_seen(fixture->writer, id, 1040, &fixture->err));
    OK(store_node_hello_set(fixture->writer, id, "1.2", "boot", &fixture->err));
    OK(store_node_facts_set(fixture->writer, id, "{\"old\":1}", 70, &fixture->err));
    OK(store_node_facts_set(fixture->writer, id, "{\"new\":1}", 60, &fixture->err)); /* the node's clock was set back */
    OK(store_node_verdict_set(fixture->writer, id, "ok", "", 80, &fixture->err));
    OK(store_node_verdict_set(fixture->writer, id, "drift", "2 files", 79, &fixture->err));
    node = node_of(fixture, "a");
    assert_int_equal(node->seen_us, 1050);
    OK(store_node_seen(fixture->writer, id, 1050 + (int64_t)86400 * 1000000, &fixture->err)); /* this machine's clock */
    OK(store_node_seen(fixture->writer, id, 1060, &fixture->err));
    assert_int_equal(node_of(fixture, "a")->seen_us, 1060);
    assert_string_equal(node->facts, "{\"new\":1}");
    assert_string_equal(node->verdict, "drift");
    assert_string_equal(node->reason, "2 files");
    assert_string_equal(node->agent, "1.2");
    enroll(fixture, "a", 2, &id);
    assert_null(node_of(fixture, "a")->verdict); /* a rebuilt node is unknown again */
}

static struct store_node_page page_of(struct fixture *fixture, struct store_node_filter filter)
{
    struct store_node_page page;

    OK(store_node_page(fixture->writer, fixture->arena, &filter, &page, &fixture->err));
    return page;
}

static void test_pages(void **state)
{
    struct fixture *fixture = *state;
    struct store_node_page page;
    struct store_node_count *counts = NULL;
    const char *after = NULL;
    int64_t id = 0;
    size_t seen = 0, count = 0;

    OK(connection_execute(fixture->writer, "BEGIN", &fixture->err));
    for (int i = 0; i < 250; i++)
        node_new(fixture, arena_printf(fixture->arena, "n-%03d", i), i);
    OK(store_node_expect(fixture->writer, "expected", 1, &id, &fixture->err));
    OK(store_node_verdict_set(fixture->writer, 1, "ok", "", 1, &fixture->err));
    OK(connection_execute(fixture->writer, "COMMIT", &fixture->err));
    do {
        page = page_of(fixture, (struct store_node_filter){ .after = after, .pattern = "n-*" });
        for (size_t i = 0; i < page.count; i++, seen++)
            assert_string_equal(page.nodes[i].name, arena_printf(fixture->arena, "n-%03zu", seen));
        after = page.next;
    } while (after != NULL);
    assert_int_equal(seen, 250);
    assert_int_equal(page.count, 50);
    assert_int_equal(page_of(fixture, (struct store_node_filter){ .limit = 100000 }).count, 251);
    page = page_of(fixture, (struct store_node_filter){ .states = STORE_NODE_PENDING });
    assert_int_equal(page.count, 1);
    assert_string_equal(page.nodes[0].name, "expected");
    assert_int_equal(page_of(fixture, (struct store_node_filter){ .verdict = "ok" }).count, 1);
    assert_int_equal(page_of(fixture, (struct store_node_filter){ .verdict = "unknown", .limit = 300 }).count, 250);
    assert_int_equal(page_of(fixture, (struct store_node_filter){ .pattern = "n-?[02]5" }).count, 6);
    assert_int_equal(page_of(fixture, (struct store_node_filter){ .seen_before = 1001, .limit = 9 }).count, 9);
    OK(store_node_counts(fixture->writer, fixture->arena, &counts, &count, &fixture->err));
    assert_int_equal(count, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_generations, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_renew, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_told, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_pages, fixture_setup, fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

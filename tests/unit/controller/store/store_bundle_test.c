/* SPDX-License-Identifier: Apache-2.0 */
/* Bundles' rows: replaced, taken, due, and which files are in use. */
#include "controller/store/store_bundle.h"

#include "controller/store/store_run.h"
#include "tests/unit/controller/store/store_fixture.h"

#define DAY_US (INT64_C(86400) * 1000000)

static int64_t node_add(struct fixture *fixture, const char *name)
{
    const struct store_enrollment enrollment = {
        .name = name, .fingerprint = name, .expires_us = 100 * DAY_US, .now_us = 1
    };
    enum store_enroll outcome = STORE_ENROLLED;
    int64_t id = 0, generation = 0;

    OK(store_node_enroll(fixture->writer, &enrollment, &outcome, &id, &generation, &fixture->err));
    return id;
}

static void bundle_put(struct fixture *fixture, int64_t node_id, int64_t version, const char *const *files,
                       size_t count)
{
    const struct store_bundle bundle = { .node_id = node_id,
                                         .generation = 1,
                                         .version = version,
                                         .created_us = DAY_US,
                                         .expires_us = 11 * DAY_US,
                                         .created_by = "anna",
                                         .playbook = "site.yml",
                                         .manifest = "signed\n{}" };

    OK(store_bundle_set(fixture->writer, &bundle, files, count, &fixture->err));
}

static struct store_bundle *bundle_get(struct fixture *fixture, int64_t node_id)
{
    struct store_bundle *bundle = NULL;

    OK(store_bundle_get(fixture->writer, fixture->arena, node_id, &bundle, &fixture->err));
    return bundle;
}

static void a_newer_one_takes_the_place(void **state)
{
    struct fixture *fixture = *state;
    int64_t one = node_add(fixture, "ai-1"), two = node_add(fixture, "ai-2");
    bool has = false, used = true;

    assert_null(bundle_get(fixture, one));
    bundle_put(fixture, one, 5, (const char *const[]){ "aa", "bb", "aa" }, 3);
    OK(store_bundle_taken(fixture->writer, one, 5, 7, &fixture->err));
    bundle_put(fixture, one, 6, (const char *const[]){ "bb" }, 1);
    assert_int_equal(bundle_get(fixture, one)->version, 6);
    assert_int_equal(bundle_get(fixture, one)->taken_version, 5);
    assert_int_equal(bundle_get(fixture, one)->file_count, 1);
    assert_string_equal(bundle_get(fixture, one)->manifest, "signed\n{}");
    OK(store_bundle_has_file(fixture->writer, one, "bb", &has, &fixture->err));
    assert_true(has);
    OK(store_bundle_has_file(fixture->writer, two, "bb", &has, &fixture->err));
    assert_false(has);
    OK(store_file_used(fixture->writer, "aa", &used, &fixture->err));
    assert_false(used);
    OK(store_file_used(fixture->writer, "bb", &used, &fixture->err));
    assert_true(used);
    OK(store_bundle_taken(fixture->writer, one, 4, 6, &fixture->err)); /* told late */
    assert_int_equal(bundle_get(fixture, one)->taken_version, 5);
    OK(store_bundle_taken(fixture->writer, one, 6, 1, &fixture->err)); /* its clock was set back */
    assert_int_equal(bundle_get(fixture, one)->taken_version, 6);
}

static void pages_are_by_name(void **state)
{
    static const char *const names[] = { "c", "a", "b" };
    struct fixture *fixture = *state;
    struct store_bundle_page page;

    for (size_t i = 0; i < 3; i++)
        bundle_put(fixture, node_add(fixture, names[i]), 1, NULL, 0);
    OK(store_bundle_page(fixture->writer, fixture->arena, NULL, 2, &page, &fixture->err));
    assert_int_equal(page.count, 2);
    assert_string_equal(page.bundles[0].node, "a");
    assert_string_equal(page.next, "b");
    OK(store_bundle_page(fixture->writer, fixture->arena, page.next, 2, &page, &fixture->err));
    assert_int_equal(page.count, 1);
    assert_null(page.next);
}

static size_t due_count(struct fixture *fixture, int64_t now_us)
{
    struct store_bundle *bundles = NULL;
    size_t count = 0;

    OK(store_bundle_due(fixture->writer, fixture->arena, now_us, &bundles, &count, &fixture->err));
    return count;
}

static void half_way_through_it_is_due(void **state)
{
    struct fixture *fixture = *state;
    bool found = false;

    bundle_put(fixture, node_add(fixture, "ai-1"), 1, NULL, 0);
    assert_int_equal(due_count(fixture, 5 * DAY_US), 0);
    assert_int_equal(due_count(fixture, 6 * DAY_US), 1);
    assert_int_equal(due_count(fixture, 0), 1); /* a clock that was set back */
    OK(store_node_revoke(fixture->writer, "ai-1", 1, &found, &fixture->err));
    assert_int_equal(due_count(fixture, 6 * DAY_US), 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_newer_one_takes_the_place),
        CASE(pages_are_by_name),
        CASE(half_way_through_it_is_due),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

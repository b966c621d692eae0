/* SPDX-License-Identifier: Apache-2.0 */
/* Pieces: a row stays until its node has said that the piece is gone, or is another node; placements count every change. */
#include "controller/store/store_piece.h"

#include "controller/store/store_instance.h"
#include "controller/store/store_node_work.h"
#include "controller/store/store_workload.h"
#include "store_fixture.h"

static int64_t workload_new(struct fixture *fixture)
{
    const struct store_workload workload = {
        .name = "chat", .declaration = "{}", .is_wanted = true, .changed_us = 10, .changed_by = "ada"
    };
    int64_t id = 0;

    OK(store_workload_put(fixture->writer, &workload, false, &id, &fixture->err));
    return id;
}

static int64_t instance_new(struct fixture *fixture, int64_t workload_id)
{
    const struct store_instance instance = {
        .workload_id = workload_id, .version = 1, .state = "pending", .sentence = "it is to start", .since_us = 10
    };
    int64_t id = 0;

    OK(store_instance_add(fixture->writer, &instance, &id, &fixture->err));
    return id;
}

static void piece_new(struct fixture *fixture, int64_t node_id, int64_t instance_id, const char *name, bool is_due)
{
    const struct store_piece piece = { .node_id = node_id,
                                       .name = name,
                                       .instance_id = instance_id,
                                       .attempt = 1,
                                       .role = "worker",
                                       .body = "{}",
                                       .gpu = 5,
                                       .port = 50052,
                                       .is_due = is_due };

    OK(store_piece_add(fixture->writer, &piece, 100, &fixture->err));
}

static size_t pieces(struct fixture *fixture, struct store_piece **out)
{
    const struct store_piece_filter all = { 0 };
    size_t count = 0;

    OK(store_piece_list(fixture->writer, fixture->arena, &all, out, &count, &fixture->err));
    return count;
}

static int64_t epoch(struct fixture *fixture, int64_t node_id)
{
    struct store_placement placement;

    OK(store_placement_get(fixture->writer, fixture->arena, node_id, &placement, &fixture->err));
    return placement.epoch;
}

static void told(struct fixture *fixture, int64_t node_id, const char *name, const char *state)
{
    const struct store_piece_told tell = { node_id, name, state, "{\"sentence\":\"x\"}", 200 };

    OK(store_piece_tell(fixture->writer, &tell, &fixture->err));
}

static void a_piece_stays_until_it_is_told_gone(void **state)
{
    struct fixture *fixture = *state;
    int64_t a = node_new(fixture, "a", 1), b = node_new(fixture, "b", 2);
    int64_t id = instance_new(fixture, workload_new(fixture));
    struct store_piece *list = NULL;
    struct store_node_work *works = NULL;
    const struct store_node_work_range range = { .node_id = a, .now_us = 1 };
    size_t count = 0;

    piece_new(fixture, a, id, "chat.0.1.worker-1", true);
    piece_new(fixture, b, id, "chat.0.1.head", false);
    assert_int_equal(epoch(fixture, a), 1);
    assert_int_equal(epoch(fixture, b), 0); /* not told yet */
    OK(store_piece_due(fixture->writer, b, "chat.0.1.head", 101, &fixture->err));
    OK(store_piece_due(fixture->writer, b, "chat.0.1.head", 102, &fixture->err));
    assert_int_equal(epoch(fixture, b), 1);
    told(fixture, a, "chat.0.1.worker-1", "running");
    told(fixture, a, "chat.0.1.unknown", "running");
    told(fixture, a, "chat.0.1.worker-1", "gone"); /* it is wanted: it does not vanish */
    assert_int_equal(pieces(fixture, &list), 2);
    assert_string_equal(list[0].state, "gone");
    OK(store_piece_take_away(fixture->writer, id, 1, 103, &fixture->err));
    assert_int_equal(epoch(fixture, a), 2);
    assert_int_equal(pieces(fixture, &list), 2);
    assert_false(list[0].is_wanted);
    told(fixture, a, "chat.0.1.worker-1", "gone");
    assert_int_equal(pieces(fixture, &list), 1);
    OK(store_node_work_read(fixture->writer, fixture->arena, &range, &works, &count, &fixture->err));
    assert_int_equal(count, 1); /* only the newest is worth telling */
    assert_string_equal(works[0].kind, "placement");
    assert_string_equal(works[0].body, "{\"epoch\":2}");
}

/* What a job wrote is large: it is kept apart from what each look at the pieces reads. */
static void output_is_kept_apart(void **state)
{
    struct fixture *fixture = *state;
    int64_t a = node_new(fixture, "a", 1), id = instance_new(fixture, workload_new(fixture));
    const struct store_piece_told tell = { a, "chat.0.1.job", "ended", "{\"exit_code\":0,\"output\":\"PASSED\"}", 200 };
    struct store_piece *list = NULL;
    const char *output = NULL;

    piece_new(fixture, a, id, "chat.0.1.job", true);
    OK(store_piece_output(fixture->writer, fixture->arena, a, "chat.0.1.job", &output, &fixture->err));
    assert_null(output);
    OK(store_piece_tell(fixture->writer, &tell, &fixture->err));
    assert_int_equal(pieces(fixture, &list), 1);
    assert_string_equal(list[0].told, "{\"exit_code\":0}");
    OK(store_piece_output(fixture->writer, fixture->arena, a, "chat.0.1.job", &output, &fixture->err));
    assert_string_equal(output, "\"PASSED\"");
}

static void what_an_old_report_does_not_name_is_not_gone(void **state)
{
    struct fixture *fixture = *state;
    int64_t a = node_new(fixture, "a", 1), id = instance_new(fixture, workload_new(fixture));
    const char *const none[] = { NULL }, *const named[] = { "chat.0.1.head", NULL };
    struct store_piece *list = NULL;

    piece_new(fixture, a, id, "chat.0.1.head", true);
    OK(store_piece_told_all(fixture->writer, a, 1, none, &fixture->err));
    assert_int_equal(pieces(fixture, &list), 1); /* wanted */
    OK(store_piece_take_away(fixture->writer, id, 1, 103, &fixture->err));
    OK(store_piece_told_all(fixture->writer, a, 1, none, &fixture->err)); /* of the placement before */
    assert_int_equal(pieces(fixture, &list), 1);
    OK(store_piece_told_all(fixture->writer, a, 2, named, &fixture->err));
    assert_int_equal(pieces(fixture, &list), 1);
    OK(store_piece_told_all(fixture->writer, a, 2, none, &fixture->err));
    assert_int_equal(pieces(fixture, &list), 0);
}

/* The node heard of placements that this store, put back from a backup, does not know. */
static void a_number_from_the_future_is_passed(void **state)
{
    struct fixture *fixture = *state;
    int64_t a = node_new(fixture, "a", 1), id = instance_new(fixture, workload_new(fixture));
    bool has_leapt = true;

    OK(store_placement_leap(fixture->writer, a, 0, 99, &has_leapt, &fixture->err));
    assert_false(has_leapt);
    piece_new(fixture, a, id, "chat.0.1.head", true);
    OK(store_placement_leap(fixture->writer, a, 1, 100, &has_leapt, &fixture->err));
    assert_false(has_leapt);
    assert_int_equal(epoch(fixture, a), 1);
    OK(store_placement_leap(fixture->writer, a, 900, 100, &has_leapt, &fixture->err));
    assert_true(has_leapt);
    assert_int_equal(epoch(fixture, a), 901);
    OK(store_placement_leap(fixture->writer, a, INT64_MAX, 100, &has_leapt, &fixture->err));
    assert_true(has_leapt); /* not believed, and not followed */
    assert_int_equal(epoch(fixture, a), 901);
}

static void what_was_never_told_goes_at_once(void **state)
{
    struct fixture *fixture = *state;
    int64_t a = node_new(fixture, "a", 1), id = instance_new(fixture, workload_new(fixture));
    struct store_piece *list = NULL;

    piece_new(fixture, a, id, "chat.0.1.head", false);
    OK(store_piece_take_away(fixture->writer, id, 1, 103, &fixture->err));
    assert_int_equal(pieces(fixture, &list), 0);
    assert_int_equal(epoch(fixture, a), 0);
}

static void pieces_of_nobody_and_of_a_node_before_are_tidied(void **state)
{
    struct fixture *fixture = *state;
    int64_t a = node_new(fixture, "a", 1), b = node_new(fixture, "b", 2);
    int64_t id = instance_new(fixture, workload_new(fixture)), changed = 0, other = 0;
    struct store_enrollment again = { "b", fingerprint(fixture, 3), 5000, 3000 };
    const char *const none[] = { NULL };
    struct store_piece *list = NULL;
    enum store_enroll outcome;
    bool found = false;

    piece_new(fixture, a, id, "chat.0.1.worker-1", true);
    piece_new(fixture, b, id, "chat.0.1.head", true);
    OK(store_piece_tidy(fixture->writer, 104, &changed, &fixture->err));
    assert_int_equal(changed, 0);
    OK(store_node_enroll(fixture->writer, &again, &outcome, &other, &changed, &fixture->err));
    OK(store_piece_tidy(fixture->writer, 105, &changed, &fixture->err));
    assert_int_equal(pieces(fixture, &list), 2); /* who has enrolled anew may still run what ran before */
    OK(store_workload_remove(fixture->writer, "chat", &found, &fixture->err));
    assert_true(found);
    OK(store_piece_tidy(fixture->writer, 106, &changed, &fixture->err));
    assert_int_equal(pieces(fixture, &list), 2); /* still there until the nodes have ended them */
    assert_false(list[0].is_wanted);
    assert_int_equal(epoch(fixture, a), 2);
    OK(store_piece_told_all(fixture->writer, b, epoch(fixture, b), none, &fixture->err));
    assert_int_equal(pieces(fixture, &list), 1);
}

static void a_row_that_others_touched_is_not_overwritten(void **state)
{
    struct fixture *fixture = *state;
    int64_t id = instance_new(fixture, workload_new(fixture));
    const struct store_workload_wish wish = { .name = "chat", .is_wanted = true, .by = "ada", .now_us = 50 };
    struct store_instance *row = NULL, *now = NULL;
    bool found = false, is_set = true;

    OK(store_instance_get(fixture->writer, fixture->arena, id, &row, &fixture->err));
    row->state = "failed";
    row->failures = 5;
    OK(store_instance_set(fixture->writer, row, &is_set, &fixture->err));
    assert_true(is_set);
    OK(store_workload_want(fixture->writer, &wish, &found, &fixture->err)); /* an operator tries again */
    row->state = "stopped";
    OK(store_instance_set(fixture->writer, row, &is_set, &fixture->err));
    assert_false(is_set);
    OK(store_instance_get(fixture->writer, fixture->arena, id, &now, &fixture->err));
    assert_string_equal(now->state, "pending");
    assert_int_equal(now->failures, 0);
}

static void declarations_count_versions_and_revisions(void **state)
{
    struct fixture *fixture = *state;
    struct store_workload workload = {
        .name = "chat", .declaration = "{\"a\":1}", .changed_us = 20, .changed_by = "bob"
    };
    struct store_workload *row = NULL;
    int64_t first = workload_new(fixture), id = 0;

    OK(store_workload_put(fixture->writer, &workload, false, &id, &fixture->err));
    assert_int_equal(id, first);
    OK(store_workload_put(fixture->writer, &workload, true, &id, &fixture->err));
    OK(store_workload_get(fixture->writer, fixture->arena, "chat", &row, &fixture->err));
    assert_int_equal(row->version, 2);
    assert_int_equal(row->revision, 3);
    assert_int_equal(row->created_us, 10);
    assert_string_equal(row->changed_by, "bob");
    OK(store_workload_get(fixture->writer, fixture->arena, "chta", &row, &fixture->err));
    assert_null(row);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_piece_stays_until_it_is_told_gone, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(output_is_kept_apart, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(what_an_old_report_does_not_name_is_not_gone, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_number_from_the_future_is_passed, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(what_was_never_told_goes_at_once, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(pieces_of_nobody_and_of_a_node_before_are_tidied, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_row_that_others_touched_is_not_overwritten, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(declarations_count_versions_and_revisions, fixture_setup, fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

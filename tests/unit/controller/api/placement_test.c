/* SPDX-License-Identifier: Apache-2.0 */
/* Placements over the API: a node gets its own and no other's, and what it tells is of its own pieces. */
#include "center_fixture.h"
#include "controller/store/store_instance.h"
#include "controller/store/store_piece.h"
#include "controller/store/store_workload.h"

/* A piece on each of the first two nodes, both with a secret. */
static bool pieces_put(struct store_connection *writer, void *data, struct error *err)
{
    const struct store_workload workload = {
        .name = "chat", .declaration = "{}", .is_wanted = true, .changed_us = 1, .changed_by = "test"
    };
    struct store_instance instance = { .version = 1, .state = "starting", .sentence = "x", .since_us = 1 };
    struct store_piece piece = { .attempt = 1, .role = "head", .is_due = true };
    int64_t workload_id = 0;

    (void)data;
    if (!store_workload_put(writer, &workload, true, &workload_id, err))
        return false;
    instance.workload_id = workload_id;
    if (!store_instance_add(writer, &instance, &piece.instance_id, err))
        return false;
    piece.node_id = 1;
    piece.name = "chat.0.1.head";
    piece.body = "{\"name\":\"chat.0.1.head\",\"secrets\":{\"KEY\":\"of-one\"}}";
    if (!store_piece_add(writer, &piece, 1, err))
        return false;
    piece.node_id = 2;
    piece.name = "chat.0.1.worker-1";
    piece.body = "{\"name\":\"chat.0.1.worker-1\",\"secrets\":{\"KEY\":\"of-two\"}}";
    return store_piece_add(writer, &piece, 1, err);
}

static void cluster_put(struct fixture *fixture)
{
    struct error err = ERROR_INIT;

    node_in(fixture, "one");
    node_in(fixture, "two");
    must(store_write_wait(fixture->center.store, pieces_put, NULL, &err), &err);
}

static const struct store_piece *piece_of(struct fixture *fixture, int64_t node_id, const char *name)
{
    struct store_piece *piece = NULL;
    struct error err = ERROR_INIT;

    must(store_piece_get(fixture->center.reader, fixture->arena, node_id, name, &piece, &err), &err);
    assert_non_null(piece);
    return piece;
}

static struct answer report(struct fixture *fixture, const char *node, int sequence, const char *kind, const char *body)
{
    const char *text =
        arena_printf(fixture->arena, "{\"reports\":[{\"sequence\":%d,\"at_us\":%lld,\"kind\":\"%s\",\"body\":%s}]}",
                     sequence, (long long)clock_wall_us(), kind, body);

    return expect(fixture, "/agent/v1/reports", (struct asked){ .node = node, .body = text }, 200);
}

static void a_node_gets_its_own_placement(void **state)
{
    struct fixture *fixture = *state;
    struct answer one, two;

    cluster_put(fixture);
    one = expect(fixture, "/agent/v1/placement", (struct asked){ .node = "one" }, 200);
    two = expect(fixture, "/agent/v1/placement", (struct asked){ .node = "two" }, 200);
    assert_non_null(strstr(one.text, "of-one"));
    assert_null(strstr(one.text, "of-two"));
    assert_int_equal(value_count(value_map_get(one.body, "pieces")), 1);
    assert_non_null(strstr(two.text, "of-two"));
    assert_null(strstr(two.text, "of-one"));

    /* there is no way to name another one */
    for (const char *const *path =
             (const char *const[]){ "/agent/v1/placement?node=two", "/agent/v1/placement?node_id=2",
                                    "/agent/v1/placement/two", "/agent/v1/placement/2", NULL };
         *path != NULL; path++) {
        struct answer answer = ask(fixture, *path, (struct asked){ .node = "one" });

        assert_null(strstr(answer.text, "of-two"));
    }

    /* nobody else gets any: not people, whatever their role, nor who shows no certificate */
    expect(fixture, "/agent/v1/placement", (struct asked){ .token = fixture->tokens[API_ADMIN] }, 403);
    expect(fixture, "/agent/v1/placement", (struct asked){ 0 }, 401);
    expect(fixture, "/api/v1/placements", (struct asked){ .node = "one" }, 403);
}

static void a_node_tells_of_its_own_pieces_alone(void **state)
{
    struct fixture *fixture = *state;
    static const char told[] = "{\"epoch\":1,\"node\":\"two\",\"node_id\":2,\"orphans\":[],\"pieces\":["
                               "{\"name\":\"chat.0.1.head\",\"state\":\"running\"},"
                               "{\"name\":\"chat.0.1.worker-1\",\"state\":\"failed\",\"node\":\"two\",\"node_id\":2}]}";

    cluster_put(fixture);
    report(fixture, "one", 1, "pieces", told);
    assert_string_equal(piece_of(fixture, 1, "chat.0.1.head")->state, "running");
    assert_null(piece_of(fixture, 2, "chat.0.1.worker-1")->state);
}

static void a_node_sends_lines_of_its_own_pieces_alone(void **state)
{
    struct fixture *fixture = *state;
    struct asked lines = { .node = "one", .body = "{\"piece\":\"chat.0.1.worker-1\",\"node\":\"two\",\"lines\":[]}" };
    struct answer answer;

    cluster_put(fixture);
    assert_int_equal(ask(fixture, "/agent/v1/logs", lines).status, 400); /* there is no word for another node */
    lines.body = "{\"piece\":\"chat.0.1.worker-1\",\"lines\":[{\"at_us\":1,\"text\":\"x\"}]}";
    answer = expect(fixture, "/agent/v1/logs", lines, 200);
    assert_true(value_is(value_map_get(answer.body, "followed"), VALUE_BOOL));
    assert_false(value_map_true(answer.body, "followed"));
    lines.node = NULL;
    lines.token = fixture->tokens[API_ADMIN];
    expect(fixture, "/agent/v1/logs", lines, 403);
}

/* A controller that came back from a backup: what the node tells of a placement that it never gave is of other pieces. */
static void a_report_from_the_future_is_not_believed(void **state)
{
    struct fixture *fixture = *state;
    struct answer answer;

    cluster_put(fixture);
    report(fixture, "one", 1, "pieces",
           "{\"epoch\":900,\"orphans\":[],\"pieces\":[{\"name\":\"chat.0.1.head\",\"state\":\"running\"}]}");
    assert_null(piece_of(fixture, 1, "chat.0.1.head")->state);
    answer = expect(fixture, "/agent/v1/placement", (struct asked){ .node = "one" }, 200);
    assert_int_equal(number(answer.body, "epoch"), 901);
    answer = expect(fixture, "/agent/v1/work?after=0&wait_s=0", (struct asked){ .node = "one" }, 200);
    assert_string_equal(value_map_text(value_item(value_map_get(answer.body, "work"), 0), "kind"), "placement");
    report(fixture, "one", 2, "pieces",
           "{\"epoch\":901,\"orphans\":[],\"pieces\":[{\"name\":\"chat.0.1.head\",\"state\":\"running\"}]}");
    assert_string_equal(piece_of(fixture, 1, "chat.0.1.head")->state, "running");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_node_gets_its_own_placement, setup, teardown),
        cmocka_unit_test_setup_teardown(a_node_tells_of_its_own_pieces_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(a_node_sends_lines_of_its_own_pieces_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(a_report_from_the_future_is_not_believed, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What a node tells of its pieces: what it does not name is gone, unless it could not name all. */
#include "controller/api/intake_pieces.h"

#include "common/base/text.h"
#include "common/json/json.h"
#include "common/placement/piece.h"
#include "controller/store/store_piece.h"
#include "tests/unit/controller/store/store_fixture.h"

static size_t rows(struct fixture *fixture, int64_t node)
{
    const struct store_piece_filter filter = { .node_id = node };
    struct store_piece *pieces = NULL;
    size_t count = 0;

    OK(store_piece_list(fixture->writer, fixture->arena, &filter, &pieces, &count, &fixture->err));
    return count;
}

static void told(struct fixture *fixture, int64_t node, const char *body)
{
    const struct store_report report = { .kind = "pieces", .at_us = 1, .body = body };
    struct intake_report in = { .node_id = node, .generation = 1, .node = "ai-1", .report = &report };

    OK(json_read(fixture->arena, body, strlen(body), NULL, &in.body, &fixture->err));
    OK(intake_pieces(fixture->writer, fixture->arena, &in, &fixture->err));
}

/* A piece that the node has been told of and is to end now; the placement's number. */
static int64_t one_is_to_go(struct fixture *fixture, int64_t node)
{
    const struct store_piece piece = { .node_id = node,
                                       .name = "chat.0.1",
                                       .instance_id = 7,
                                       .attempt = 1,
                                       .role = "head",
                                       .body = "{}",
                                       .is_due = true,
                                       .is_wanted = true,
                                       .generation = 1 };
    struct store_placement placement;

    OK(store_piece_add(fixture->writer, &piece, 1, &fixture->err));
    OK(store_piece_take_away(fixture->writer, 7, 1, 1, &fixture->err));
    assert_int_equal(rows(fixture, node), 1);
    OK(store_placement_get(fixture->writer, fixture->arena, node, &placement, &fixture->err));
    return placement.epoch;
}

static void a_list_that_was_cut_ends_nothing(void **state)
{
    struct fixture *fixture = *state;
    int64_t node = node_new(fixture, "ai-1", 1), epoch = one_is_to_go(fixture, node);
    struct text many = text_new(fixture->arena);

    told(fixture, node, arena_printf(fixture->arena, "{\"epoch\":%lld,\"pieces\":[],\"cut\":true}", (long long)epoch));
    assert_int_equal(rows(fixture, node), 1);
    text_printf(&many, "{\"epoch\":%lld,\"pieces\":[", (long long)epoch);
    for (int i = 0; i < 4 * PIECES_MAX; i++)
        text_printf(&many, "{\"name\":\"x%d\",\"state\":\"stopping\"},", i);
    text_add(&many, "{\"name\":\"chat.0.1\",\"state\":\"stopping\"}]}"); /* one more than is read */
    told(fixture, node, many.data);
    assert_int_equal(rows(fixture, node), 1);
    told(fixture, node, arena_printf(fixture->arena, "{\"epoch\":%lld,\"pieces\":[]}", (long long)epoch));
    assert_int_equal(rows(fixture, node), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_list_that_was_cut_ends_nothing, fixture_setup, fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

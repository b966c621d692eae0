/* SPDX-License-Identifier: Apache-2.0 */
/* The placement document: a mistake in a piece is the piece's, a mistake in the whole is the whole's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "common/json/json.h"
#include "common/placement/placement.h"

static bool bind(struct arena *arena, const char *text, struct placement *out, struct error *err)
{
    const struct value *value = NULL;

    if (!json_read(arena, text, strlen(text), NULL, &value, err))
        fail_msg("%s", err->text);
    return placement_bind(arena, value, out, err);
}

static void test_whole(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct placement placement;
    struct error err = ERROR_INIT;

    (void)state;
    if (!bind(
            arena,
            "{\"epoch\":7,\"measure\":true,\"logs\":[\"a\"],\"models\":[1],\"share\":{\"x\":1},\"later\":[],\"pieces\":["
            "{\"name\":\"a\",\"program\":\"x\"},{\"name\":\"b\",\"program\":\"../x\"}]}",
            &placement, &err))
        fail_msg("%s", err.text);
    assert_int_equal(placement.epoch, 7);
    assert_int_equal(placement.lease_s, PLACEMENT_LEASE_S);
    assert_true(placement.measure);
    assert_int_equal(placement.pieces_count, 2);
    assert_null(placement.pieces[0].wrong);
    assert_non_null(strstr(placement.pieces[1].wrong, "piece 'b': 'program'"));
    assert_ptr_equal(placement_find(&placement, "b"), &placement.pieces[1]);
    assert_null(placement_find(&placement, "c"));
    assert_true(placement_is_followed(&placement, "a"));
    assert_false(placement_is_followed(&placement, "b"));
    assert_int_equal(value_count(placement.models), 1);
    assert_non_null(placement.share);
}

static void test_refused(void **state)
{
    static const char *const cases[][2] = {
        { "[]", "must be a map" },
        { "{\"pieces\":[]}", "member missing: epoch" },
        { "{\"epoch\":1}", "member missing: pieces" },
        { "{\"epoch\":-1,\"pieces\":[]}", "'epoch' is -1" },
        { "{\"epoch\":1,\"pieces\":{}}", "'pieces' must be a list" },
        { "{\"epoch\":1,\"lease_s\":0,\"pieces\":[]}", "'lease_s' is 0" },
        { "{\"epoch\":1,\"logs\":[1],\"pieces\":[]}", "'logs', item 1" },
        { "{\"epoch\":1,\"pieces\":[{\"program\":\"x\"}]}", "'pieces', item 1: it has no 'name'" },
        { "{\"epoch\":1,\"pieces\":[1]}", "it has no 'name'" },
        { "{\"epoch\":1,\"pieces\":[{\"name\":\"A\"}]}", "its name 'A'" },
        { "{\"epoch\":1,\"pieces\":[{\"name\":\"a\"},{\"name\":\"a\"}]}", "item 2: there is another of its name, 'a'" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ARENA_SCOPED arena = arena_new();
        struct placement placement;
        struct error err = ERROR_INIT;

        assert_false(bind(arena, cases[i][0], &placement, &err));
        if (strstr(err.text, cases[i][1]) == NULL)
            fail_msg("%s: %s", cases[i][0], err.text);
    }
}

static void test_too_many(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct value *map = value_map(arena), *list = value_list(arena);
    struct placement placement;
    struct error err = ERROR_INIT;

    (void)state;
    for (int i = 0; i <= PIECES_MAX; i++)
        value_list_add(arena, list, value_null());
    value_map_put_int(arena, map, "epoch", 1);
    value_map_put(arena, map, "pieces", list);
    assert_false(placement_bind(arena, map, &placement, &err));
    assert_non_null(strstr(err.text, "'pieces' has 257 items; 256 are the most"));
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_whole), cmocka_unit_test(test_refused),
                                        cmocka_unit_test(test_too_many) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

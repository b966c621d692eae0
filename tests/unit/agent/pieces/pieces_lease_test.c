/* SPDX-License-Identifier: Apache-2.0 */
/* When leases are over, by a clock that goes on while the machine sleeps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "agent/pieces/pieces_parts.h"
#include "common/base/clock.h"
#include "common/json/json.h"
#include "tests/unit/agent/system/recorded_tree.h"

struct fixture {
    struct recorded_tree tree;
    struct pieces *pieces;
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    fixture->tree = recorded_tree_new();
    fixture->pieces = pieces_new(&(struct pieces_options){ .system = recorded_tree_system(&fixture->tree) });
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    pieces_free(fixture->pieces);
    recorded_tree_free(&fixture->tree);
    free(fixture);
    return 0;
}

static void place(struct fixture *fixture, const char *piece)
{
    const char *text = arena_printf(fixture->tree.arena, "{\"epoch\": 1, \"lease_s\": 30, \"pieces\": [%s]}", piece);
    const struct value *map = NULL;
    struct error err = ERROR_INIT;

    assert_true(json_read(fixture->tree.arena, text, strlen(text), NULL, &map, &err));
    assert_true(pieces_set(fixture->pieces, map, NULL, &err));
}

#define LEASED "{\"name\": \"chat.0.1\", \"program\": \"/bin/true\", \"lease\": true}"
#define STEADY "{\"name\": \"chat.0.2\", \"program\": \"/bin/true\"}"

static void it_is_over_when_the_time_is_up(void **state)
{
    struct fixture *fixture = *state;
    int64_t now_ms = clock_boot_ms();

    place(fixture, LEASED);
    /* an agent that has begun: what runs is the timer's, which an earlier life has started */
    assert_false(pieces_lease_is_over(fixture->pieces, now_ms + 3600000));
    pieces_heard(fixture->pieces, now_ms);
    assert_int_equal(pieces_lease_until_ms(fixture->pieces), now_ms + 28000);
    assert_false(pieces_lease_is_over(fixture->pieces, now_ms + 27999));
    assert_true(pieces_lease_is_over(fixture->pieces, now_ms + 28000));
    assert_true(pieces_lease_is_over(fixture->pieces, now_ms + 3600000)); /* it has slept */
}

/* The question was asked before the machine slept, and the answer is read after it. */
static void an_old_answer_prolongs_nothing(void **state)
{
    struct fixture *fixture = *state;
    int64_t now_ms = clock_boot_ms();

    place(fixture, LEASED);
    pieces_heard(fixture->pieces, now_ms - 1000);
    assert_int_equal(pieces_lease_until_ms(fixture->pieces), now_ms + 27000);
    pieces_heard(fixture->pieces, now_ms - 600000);
    assert_int_equal(pieces_lease_until_ms(fixture->pieces), now_ms + 27000);
}

static void what_has_no_lease_goes_on(void **state)
{
    struct fixture *fixture = *state;
    int64_t now_ms = clock_boot_ms();

    place(fixture, STEADY);
    pieces_heard(fixture->pieces, now_ms);
    assert_int_equal(pieces_lease_until_ms(fixture->pieces), INT64_MAX);
    assert_false(pieces_lease_is_over(fixture->pieces, now_ms + 3600000));
    place(fixture, STEADY ", " LEASED);
    assert_true(pieces_lease_is_over(fixture->pieces, now_ms + 3600000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_is_over_when_the_time_is_up, setup, teardown),
        cmocka_unit_test_setup_teardown(an_old_answer_prolongs_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(what_has_no_lease_goes_on, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

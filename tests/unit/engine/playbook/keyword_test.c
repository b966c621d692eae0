/* SPDX-License-Identifier: Apache-2.0 */
/* The keyword table: every keyword is found by its name, in its places only. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
/* cmocka wants the five above first */
#include <cmocka.h>

#include "engine/playbook/keyword.h"

static int count_in(unsigned places)
{
    int count = 0;
    enum keyword found;

    for (int i = 0; i < KEYWORD_COUNT; i++)
        count += keyword_find(keyword_name((enum keyword)i), places, &found);
    return count;
}

static void test_every_keyword_is_found(void **state)
{
    enum keyword found;

    (void)state;
    for (int i = 0; i < KEYWORD_COUNT; i++) {
        const char *name = keyword_name((enum keyword)i);

        assert_non_null(name);
        assert_true(keyword_find(name, IN_PLAY | IN_ROLE | IN_BLOCK | IN_TASK | IN_HANDLER, &found));
        assert_int_equal(found, i);
    }
    assert_false(keyword_find("nothing", IN_PLAY | IN_TASK, &found));
    assert_false(keyword_find("", IN_PLAY | IN_TASK, &found));
}

/* ansible-core 2.14: Play 41 and user; RoleInclude 28; Block 31; Task 41 with loop_with for our args; Handler one more. */
static void test_set_sizes(void **state)
{
    (void)state;
    assert_int_equal(count_in(IN_PLAY), 42);
    assert_int_equal(count_in(IN_ROLE), 28);
    assert_int_equal(count_in(IN_BLOCK), 31);
    assert_int_equal(count_in(IN_TASK), 41);
    assert_int_equal(count_in(IN_HANDLER), 42);
}

static void test_places(void **state)
{
    enum keyword found;

    (void)state;
    assert_false(keyword_find("listen", IN_TASK, &found));
    assert_true(keyword_find("listen", IN_HANDLER, &found));
    assert_false(keyword_find("when", IN_PLAY, &found));
    assert_false(keyword_find("hosts", IN_TASK, &found));
}

static void test_nearest(void **state)
{
    (void)state;
    assert_string_equal(keyword_nearest("whne", IN_TASK), "when");
    assert_string_equal(keyword_nearest("taskss", IN_PLAY), "tasks");
    assert_null(keyword_nearest("zzzzzzzz", IN_TASK));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_keyword_is_found),
        cmocka_unit_test(test_set_sizes),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_nearest),
    };

    return cmocka_run_group_tests_name("keyword", tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Tables on terminals of several widths, ages, and what a node may not do to a terminal. */
#include "cli/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/json/json.h"

static const struct table_column layout[] = {
    { "NODE", "name", false },
    { "SEEN", "seen", true },
    { "REASON", "reason", false },
};

static char *printed(struct arena *arena, const char *rows_text, int columns)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    const struct value *rows = NULL;
    struct error err = ERROR_INIT;

    assert_true(json_read(arena, rows_text, strlen(rows_text), NULL, &rows, &err));
    table_print(arena, out, rows, layout, 3, columns);
    fclose(out);
    return text;
}

static void columns_are_as_wide_as_needed(void **state)
{
    ARENA_SCOPED arena = arena_new();
    char *text = printed(arena,
                         "[{\"name\":\"ai-1\",\"seen\":null,\"reason\":\"the file /etc/motd was edited by hand\"},"
                         "{\"name\":\"bücherei\",\"reason\":3}]",
                         0);

    (void)state;
    assert_string_equal(text, "NODE      SEEN  REASON\n"
                              "ai-1      -     the file /etc/motd was edited by hand\n"
                              "bücherei  -     3\n");
    free(text);
}

static void the_last_one_is_cut_at_the_edge(void **state)
{
    ARENA_SCOPED arena = arena_new();
    char *text = printed(arena, "[{\"name\":\"ai-1\",\"reason\":\"the file /etc/fstab was edited\"}]", 31);

    (void)state;
    assert_string_equal(text, "NODE  SEEN  REASON\n"
                              "ai-1  -     the file /etc/fsta…\n");
    free(text);
}

static void the_others_give_way_to_the_last_until_all_fits(void **state)
{
    ARENA_SCOPED arena = arena_new();
    char *text = printed(arena, "[{\"name\":\"a-name-of-20-letters\",\"reason\":\"a reason of more\"}]", 30);

    (void)state;
    assert_string_equal(text, "NODE      SEEN  REASON\n"
                              "a-name-…  -     a reason of m…\n");
    free(text);
}

static void control_characters_are_shown_as_question_marks(void **state)
{
    ARENA_SCOPED arena = arena_new();
    char *text = printed(arena, "[{\"name\":\"a\\u001b[2J\\u009b\",\"reason\":\"x\\ny\"}]", 0);

    (void)state;
    assert_string_equal(text, "NODE    SEEN  REASON\n"
                              "a?[2J?  -     x?y\n");
    free(text);
}

static void ages_are_rounded_down(void **state)
{
    ARENA_SCOPED arena = arena_new();
    const int64_t second = 1000000;
    static const struct {
        int64_t seconds;
        const char *age;
    } cases[] = {
        { 0, "just now" }, { 59, "59 s" },   { 60, "1 min" },     { 3599, "59 min" },
        { 7200, "2 h" },   { 86400, "1 d" }, { -61, "in 1 min" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_string_equal(table_age(arena, 1000 * second, (1000 + cases[i].seconds) * second), cases[i].age);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_as_wide_as_needed),
        cmocka_unit_test(the_last_one_is_cut_at_the_edge),
        cmocka_unit_test(the_others_give_way_to_the_last_until_all_fits),
        cmocka_unit_test(control_characters_are_shown_as_question_marks),
        cmocka_unit_test(ages_are_rounded_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

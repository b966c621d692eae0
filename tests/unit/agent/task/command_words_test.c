/* SPDX-License-Identifier: Apache-2.0 */
/* Words of command lines: expectations were taken from Python 3.11's shlex.split, os.path and shlex.join. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "agent/task/command_words.h"
#include "common/json/json.h"

static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static const char *words_of(const char *line)
{
    struct error err = ERROR_INIT;
    struct value *words = NULL;

    return command_split(arena, line, &words, &err) ? json_text(arena, words, JSON_PYTHON)
                                                    : arena_copy(arena, err.text);
}

static void splits_like_shlex(void **state)
{
    (void)state;
    assert_string_equal(words_of(""), "[]");
    assert_string_equal(words_of("  a\tb\nc "), "[\"a\", \"b\", \"c\"]");
    assert_string_equal(words_of("a 'b c' \"d e\""), "[\"a\", \"b c\", \"d e\"]");
    assert_string_equal(words_of("a'b'\"c\"d"), "[\"abcd\"]");
    assert_string_equal(words_of("'' \"\" x"), "[\"\", \"\", \"x\"]");
    assert_string_equal(words_of("a\\ b \\\"c"), "[\"a b\", \"\\\"c\"]");
    assert_string_equal(words_of("\"a\\\"b\\\\c\\nx\""), "[\"a\\\"b\\\\c\\\\nx\"]");
    assert_string_equal(words_of("'a\\b'"), "[\"a\\\\b\"]");
    assert_string_equal(words_of("a # b"), "[\"a\", \"#\", \"b\"]");
    assert_string_equal(words_of("a;b|c"), "[\"a;b|c\"]");
}

static void refuses_like_shlex(void **state)
{
    (void)state;
    assert_string_equal(words_of("a 'b"), "No closing quotation");
    assert_string_equal(words_of("a \"b"), "No closing quotation");
    assert_string_equal(words_of("a \\"), "No escaped character");
}

static void expands_like_os_path(void **state)
{
    struct value *environment = value_map(arena);
    struct system system = { .root = "", .environment = environment };

    (void)state;
    value_map_put_string(arena, environment, "ROOST_TASK", "task");
    value_map_put_string(arena, environment, "HOME", "/home/x/");
    setenv("ROOST_PROCESS", "process", 1);
    assert_string_equal(command_expand(&system, arena, "plain"), "plain");
    assert_string_equal(command_expand(&system, arena, "$ROOST_TASK/${ROOST_PROCESS}es"), "task/processes");
    assert_string_equal(command_expand(&system, arena, "$ROOST_NOPE ${ROOST_NOPE} $ ${ $1x"),
                        "$ROOST_NOPE ${ROOST_NOPE} $ ${ $1x");
    assert_string_equal(command_expand(&system, arena, "~/a"), "/home/x/a");
    assert_string_equal(command_expand(&system, arena, "~"), "/home/x");
    assert_string_equal(command_expand(&system, arena, "~root/a"), "/root/a");
    assert_string_equal(command_expand(&system, arena, "a~"), "a~");
}

static void joins_what_a_shell_reads_back(void **state)
{
    struct value *words = value_list(arena);

    (void)state;
    value_list_add(arena, words, value_string(arena, "a-b/c=1"));
    value_list_add(arena, words, value_string(arena, ""));
    value_list_add(arena, words, value_string(arena, "it's"));
    value_list_add(arena, words, value_string(arena, "$x y"));
    assert_string_equal(command_join(arena, words), "a-b/c=1 '' 'it'\"'\"'s' '$x y'");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(splits_like_shlex),
        TEST(refuses_like_shlex),
        TEST(expands_like_os_path),
        TEST(joins_what_a_shell_reads_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include "common/base/text.h"
#include "engine/command/extra_vars.h"

static struct arena *arena;
static struct error err;
static const struct value *vars;

#define READ(...) extra_vars_read(arena, NULL, (const char *const[]){ __VA_ARGS__, NULL }, false, &vars, &err)

static void test_pairs(void **state)
{
    (void)state;
    assert_true(READ("a=1 b='two words' c=\"x y\" d={{ e | default('f g') }}", "a=2"));
    assert_string_equal(value_map_text(vars, "a"), "2");
    assert_string_equal(value_map_text(vars, "b"), "two words");
    assert_string_equal(value_map_text(vars, "c"), "x y");
    assert_string_equal(value_map_text(vars, "d"), "{{ e | default('f g') }}");
    assert_true(value_map_get(vars, "d")->marks & VALUE_TRUSTED);
    assert_false(value_map_get(vars, "d")->marks & VALUE_STATIC);
}

/* Recorded with ansible-core 2.14.18. */
static void test_words_and_quotes(void **state)
{
    static const struct {
        const char *item, *raw, *a;
    } cases[] = {
        { "word: x", "word: x", NULL },
        { "word", "word", NULL },
        { "a=1 word b=2", "word", "1" },
        { "a = 1", "a = 1", NULL },
        { "=x", "=x", NULL },
        { "w1   w2\tw3", "w1   w2\tw3", NULL },
        { "a=q \"quoted word\"", "\"quoted word\"", "q" },
        { "a=x'y z'w", NULL, "x'y z'w" },
        { "a='it\\'s'", NULL, "it's" },
        { "a=\"x\"\"y\"", NULL, "x\"\"y" },
        { "a==b", NULL, "=b" },
        { "a=", NULL, "" },
        { "a=\"x\\ny\"", NULL, "x\ny" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_true(READ(cases[i].item));
        if (!text_equal(value_map_text(vars, "_raw_params"), cases[i].raw) ||
            !text_equal(value_map_text(vars, "a"), cases[i].a))
            fail_msg("%s", cases[i].item);
    }
}

static void test_structures(void **state)
{
    (void)state;
    assert_true(READ("{\"n\": 3, \"list\": [1, two]}", "{n: 4}"));
    assert_int_equal(value_map_get(vars, "n")->as.integer, 4);
    assert_int_equal(value_count(value_map_get(vars, "list")), 2);
    assert_true(
        extra_vars_read(arena, NULL, (const char *const[]){ "{m: {a: 1}}", "{m: {b: 2}}", NULL }, true, &vars, &err));
    assert_int_equal(value_count(value_map_get(vars, "m")), 2);
    assert_true(READ("{m: {a: 1}}", "", "{m: {b: 2}}"));
    assert_int_equal(value_count(value_map_get(vars, "m")), 1);
}

/* As a rebuild hands them to the programs that it starts. */
static void test_descriptors_are_not_inherited(void **state)
{
    int fd = memfd_create("vars", 0);
    const char *item = arena_printf(arena, "@/dev/fd/%d", fd);

    (void)state;
    assert_int_equal(write(fd, "a: 7\n", 5), 5);
    assert_int_equal(fcntl(fd, F_GETFD), 0);
    assert_true(READ(item));
    assert_int_equal(value_map_get(vars, "a")->as.integer, 7);
    assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
    close(fd);
}

static void test_errors(void **state)
{
    (void)state;
    assert_false(READ("a='open"));
    assert_non_null(strstr(err.text, "failed at splitting arguments, either an unbalanced jinja2 block or quotes"));
    assert_int_equal(err.kind, ERROR_PARSE); /* exit code 4 */
    error_clear(&err);
    assert_false(READ("[1, 2]"));
    assert_non_null(strstr(err.text, "expected a mapping"));
    error_clear(&err);
    assert_false(READ("@/does/not/exist.yml"));
    assert_string_equal(err.text, "extra vars file '/does/not/exist.yml' does not exist");
    assert_int_equal(err.kind, ERROR_GENERIC); /* exit code 1 */
    assert_false(READ("@/tmp"));
    assert_int_equal(err.kind, ERROR_PARSE);
    assert_false(READ("{a"));
    assert_int_equal(err.kind, ERROR_PARSE);
}

static int setup(void **state)
{
    (void)state;
    arena = arena_new();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pairs),      cmocka_unit_test(test_words_and_quotes),
        cmocka_unit_test(test_structures), cmocka_unit_test(test_descriptors_are_not_inherited),
        cmocka_unit_test(test_errors),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Small files of a piece: names that stay in their folder, texts of any lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "common/json/json.h"
#include "common/placement/piece.h"

static bool bind(struct arena *arena, const char *files, struct piece *out, struct error *err)
{
    const char *text = arena_printf(arena, "{\"name\": \"a.0.job\", \"program\": \"/bin/sh\", \"files\": %s}", files);
    const struct value *map = NULL;

    if (!json_read(arena, text, strlen(text), NULL, &map, err))
        fail_msg("%s: %s", text, err->text);
    return piece_bind(arena, map, out, err);
}

static void test_taken(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct error err = ERROR_INIT;
    struct piece piece, again;

    (void)state;
    if (!bind(arena, "{\"HPL.dat\": \"one\\ntwo\\n\", \"run-1_x.sh\": \"\"}", &piece, &err))
        fail_msg("%s", err.text);
    assert_string_equal(value_map_text(piece.files, "HPL.dat"), "one\ntwo\n");
    assert_true(piece_bind(arena, piece_value(arena, &piece), &again, &err));
    assert_true(value_equal(piece.files, again.files));
}

static void refused(const char *files, const char *part)
{
    ARENA_SCOPED arena = arena_new();
    struct error err = ERROR_INIT;
    struct piece piece;

    if (bind(arena, files, &piece, &err))
        fail_msg("%s was taken", files);
    if (strstr(err.text, part) == NULL)
        fail_msg("'%s' does not hold '%s'", err.text, part);
}

static void test_refused(void **state)
{
    (void)state;
    refused("{\"../x\": \"\"}", "'files' names '../x'");
    refused("{\"a/b\": \"\"}", "'files' names 'a/b'");
    refused("{\".profile\": \"\"}", "'files' names '.profile'");
    refused("{\"\": \"\"}", "0 characters");
    refused("{\"a b\": \"\"}", "'files' names 'a b'");
    refused("{\"a\": \"x\\u0000y\"}", "without NUL");
    refused("{\"a\": 1}", "'a' must be a text");
    refused("[1]", "must be a map of texts");
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_taken), cmocka_unit_test(test_refused) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

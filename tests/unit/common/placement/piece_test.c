/* SPDX-License-Identifier: Apache-2.0 */
/* Pieces from JSON: what is taken comes back the same; each thing that has no place in a unit file or a rule is refused by name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "common/json/json.h"
#include "common/placement/piece.h"

static const struct value *read(struct arena *arena, const char *text)
{
    const struct value *value = NULL;
    struct error err = ERROR_INIT;

    if (!json_read(arena, text, strlen(text), NULL, &value, &err))
        fail_msg("%s", err.text);
    return value;
}

static const char whole[] =
    "{\"name\":\"chat.0.1.head\",\"kind\":\"service\",\"program\":\"llama_cpp\",\"build\":\"b11669-Debian\","
    "\"arguments\":[\"-m\",\"/m/a b.gguf\"],\"environment\":{\"A\":\"1\"},\"secrets\":{\"LLAMA_API_KEY\":\"s3cret\"},"
    "\"user\":\"mpi\",\"devices\":[\"gpu\"],\"read\":[\"/m/a b.gguf\"],\"state\":\"rpc-cache\",\"state_max\":5,"
    "\"memory_max\":6,\"ports\":[{\"port\":8100,\"address\":\"10.0.0.2\",\"from\":[\"controller\",\"fd00::1\"]}],"
    "\"restart\":\"on-failure\",\"lease\":true,\"timeout_s\":7,\"stop_s\":8,\"node\":\"ai-1\"}";

static void test_there_and_back(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct piece piece;
    struct error err = ERROR_INIT;

    (void)state;
    if (!piece_bind(arena, read(arena, whole), &piece, &err))
        fail_msg("%s", err.text);
    assert_string_equal(piece.name, "chat.0.1.head");
    assert_true(piece.lease);
    assert_int_equal(piece.state_max, 5);
    assert_true(value_has_mark(piece.secrets, VALUE_SECRET));
    assert_string_equal(json_text(arena, piece_value(arena, &piece), JSON_COMPACT), whole);
}

static void test_what_is_left_out(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct piece piece;
    struct error err = ERROR_INIT;

    (void)state;
    assert_true(piece_bind(arena, read(arena, "{\"name\":\"a\",\"program\":\"/bin/true\"}"), &piece, &err));
    assert_string_equal(piece.kind, "service");
    assert_string_equal(piece.restart, "no");
    assert_null(piece.ports);
    assert_null(piece.state);
    assert_int_equal(piece.stop_s, 0);
    assert_string_equal(json_text(arena, piece_value(arena, &piece), JSON_COMPACT),
                        "{\"name\":\"a\",\"kind\":\"service\",\"program\":\"/bin/true\",\"restart\":\"no\"}");
}

static void test_refused(void **state)
{
    /* members beside name and program; the error must hold the words */
    static const struct {
        const char *members, *words;
    } cases[] = {
        { "\"stat\":1", "there is no member stat (did you mean 'state'?)" },
        { "\"kind\":\"servise\"", "did you mean 'service'?" },
        { "\"program\":\"bin/x\"", "no absolute path" },
        { "\"program\":\"/bin/../x\"", "'.' or '..'" },
        { "\"program\":\"/bin//x\"", "an empty part" },
        { "\"program\":\"Llama\"", "neither a name" },
        { "\"program\":\"/bin/a\\nb\"", "control character 0x0a" },
        { "\"program\":\"/bin/a\\u0000b\"", "NUL" },
        { "\"build\":\"a\\nb\"", "'build' holds the control character 0x0a" },
        { "\"arguments\":\"-x\"", "'arguments' must be a list of texts, but it is a string" },
        { "\"arguments\":[1]", "'arguments', item 1: it must be a text, but it is a integer" },
        { "\"arguments\":[\"a\",\"b\\nc\"]", "item 2: it holds the control character 0x0a" },
        { "\"arguments\":[\"a\\u0000\"]", "0x00" },
        { "\"environment\":{\"1A\":\"x\"}", "'1A', which is no name of a variable" },
        { "\"environment\":{\"A B\":\"x\"}", "no name of a variable" },
        { "\"environment\":{\"A\":1}", "'environment', variable A: it must be a text" },
        { "\"environment\":[]", "'environment' must be a map" },
        { "\"secrets\":{\"A\":\"hunter2\\n\"}", "'secrets', variable A" },
        { "\"user\":\"a b\"", "no name of an account" },
        { "\"user\":\"\"", "'user' is empty" },
        { "\"devices\":[\"disk\"]", "'disk'; only 'gpu'" },
        { "\"read\":[\"m\"]", "no absolute path" },
        { "\"read\":[\"/m/../etc\"]", "'.' or '..'" },
        { "\"read\":[\"/\"]", "no absolute path below" },
        { "\"state\":\"../x\"", "character that does not belong there" },
        { "\"state\":\"a/b\"", "character that does not belong there" },
        { "\"state_max\":-1", "'state_max' is -1" },
        { "\"memory_max\":-5", "'memory_max' is -5" },
        { "\"stop_s\":99999", "'stop_s' is 99999; it must be 0 to 3600" },
        { "\"restart\":\"always\"", "'restart' must be one of no, on-failure" },
        { "\"ports\":[{\"port\":0,\"address\":\"10.0.0.1\"}]", "'ports', item 1: 'port' is 0" },
        { "\"ports\":[{\"port\":70000,\"address\":\"10.0.0.1\"}]", "it must be 1 to 65535" },
        { "\"ports\":[{\"port\":1,\"address\":\"ai-1\"}]", "'address' is 'ai-1', which is no address" },
        { "\"ports\":[{\"port\":1}]", "member missing: address" },
        { "\"ports\":[{\"port\":1,\"address\":\"::\",\"from\":[\"10.0.0.0/8\"]}]",
          "neither an address nor 'controller'" },
        { "\"ports\":[{\"port\":1,\"address\":\"::\",\"form\":[]}]", "did you mean 'from'?" },
        { "\"ports\":{}", "'ports' must be a list of maps" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ARENA_SCOPED arena = arena_new();
        struct piece piece = { .name = "untouched" };
        struct error err = ERROR_INIT;

        assert_false(piece_bind(
            arena, read(arena, arena_printf(arena, "{\"name\":\"a\",\"program\":\"x\",%s}", cases[i].members)), &piece,
            &err));
        if (strstr(err.text, cases[i].words) == NULL || strncmp(err.text, "piece 'a'", 9) != 0)
            fail_msg("%s: %s", cases[i].members, err.text);
        assert_null(strstr(err.text, "hunter2"));
        assert_string_equal(piece.name, "untouched");
    }
}

static void test_names(void **state)
{
    static const char *const bad[] = { "", "A", "a..b", ".a", "a.", "-a", "a-", "a/b", "a b", "a_b", "\\u00e4" };
    static const char *const good[] = { "a", "chat.0.head", "a-b.c", "0" };
    ARENA_SCOPED arena = arena_new();
    struct piece piece;
    struct error err = ERROR_INIT;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(piece_bind(arena, read(arena, arena_printf(arena, "{\"name\":\"%s\",\"program\":\"x\"}", bad[i])),
                                &piece, &err));
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_true(piece_bind(arena, read(arena, arena_printf(arena, "{\"name\":\"%s\",\"program\":\"x\"}", good[i])),
                               &piece, &err));
    assert_false(piece_bind(arena, read(arena, "[]"), &piece, &err));
    assert_false(piece_bind(arena, read(arena, "{}"), &piece, &err));
}

static void test_units(void **state)
{
    ARENA_SCOPED arena = arena_new();

    (void)state;
    assert_string_equal(piece_unit(arena, "chat.0.head"), "roost-piece-chat.0.head.service");
    assert_string_equal(piece_of_unit(arena, "roost-piece-chat.0.head.service"), "chat.0.head");
    assert_null(piece_of_unit(arena, "roost-piece-.service"));
    assert_null(piece_of_unit(arena, "roost-agent.service"));
    assert_null(piece_of_unit(arena, "roost-piece-x.timer"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_there_and_back), cmocka_unit_test(test_what_is_left_out),
        cmocka_unit_test(test_refused),        cmocka_unit_test(test_names),
        cmocka_unit_test(test_units),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

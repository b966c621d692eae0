/* SPDX-License-Identifier: Apache-2.0 */
/* Answers on their way through, in pieces of every size. */
#include "controller/gateway/answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/limits.h"
#include "common/json/json.h"

struct through {
    struct arena *arena, *scratch;
    struct answer_stream stream;
    struct text out;
};

static void through_begin(struct through *through, bool wants_usage)
{
    through->arena = arena_new();
    through->scratch = arena_new();
    through->out = text_new(through->arena);
    through->stream = (struct answer_stream){ .arena = through->arena,
                                              .scratch = through->scratch,
                                              .model = "mine",
                                              .wants_usage = wants_usage,
                                              .held = text_new(through->arena) };
}

static void through_end(struct through *through)
{
    arena_free(through->scratch);
    arena_free(through->arena);
}

static const char events[] =
    ": a comment\n\n"
    "data: {\"model\":\"theirs\",\"choices\":[{\"delta\":{\"content\":\"say \\\"usage\\\":1\"}}]}\n\n"
    "data: {\"choices\":[{\"delta\":{\"content\":\"b\"},\"finish_reason\":\"stop\"}],\"model\": \"theirs\",\"usage\":null}\r\n\r\n"
    "data: {\"choices\":[],\"model\":\"theirs\",\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":2,\"x\":{}}}\n\n"
    "data: [DONE]\n\n";

static void events_cut_anywhere(void **state)
{
    (void)state;
    for (size_t step = 1; step < sizeof(events); step++) {
        struct through through;

        through_begin(&through, false);
        for (size_t at = 0; at < sizeof(events) - 1; at += step) {
            size_t left = sizeof(events) - 1 - at;

            assert_true(answer_stream_take(&through.stream, events + at, left < step ? left : step, &through.out));
        }
        assert_string_equal(
            through.out.data,
            ": a comment\n\n"
            "data: {\"model\":\"mine\",\"choices\":[{\"delta\":{\"content\":\"say \\\"usage\\\":1\"}}]}\n\n"
            "data: {\"choices\":[{\"delta\":{\"content\":\"b\"},\"finish_reason\":\"stop\"}],\"model\":\"mine\"}\n\n"
            "data: [DONE]\n\n");
        assert_true(through.stream.facts.has_usage);
        assert_int_equal(through.stream.facts.tokens_in, 7);
        assert_int_equal(through.stream.facts.tokens_out, 2);
        assert_int_equal(through.stream.facts.pieces, 2);
        assert_true(through.stream.facts.is_done);
        through_end(&through);
    }
}

static void usage_when_wanted(void **state)
{
    struct through through;

    (void)state;
    through_begin(&through, true);
    assert_true(answer_stream_take(&through.stream, events, sizeof(events) - 1, &through.out));
    assert_non_null(strstr(through.out.data, "\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":2,\"x\":{}}"));
    through_end(&through);
}

static void errors_in_streams(void **state)
{
    static const char bad[] = "data: {\"error\":{\"code\":500,\"message\":\"out of memory\"}}\n\n";
    struct through through;

    (void)state;
    through_begin(&through, false);
    assert_true(answer_stream_take(&through.stream, bad, sizeof(bad) - 1, &through.out));
    assert_string_equal(through.stream.facts.error, "out of memory");
    assert_int_equal(through.out.length, 0);
    assert_false(through.stream.facts.is_done);
    through_end(&through);
}

static void endless_events(void **state)
{
    struct through through;
    char *block = calloc(1, 65536);
    bool goes_on = true;
    int count = 0;

    (void)state;
    memset(block, 'x', 65536);
    through_begin(&through, false);
    for (; goes_on && count < 100; count++)
        goes_on = answer_stream_take(&through.stream, block, 65536, &through.out);
    assert_false(goes_on);
    assert_true(count * 65536 <= LIMIT_GATEWAY_EVENT + 65536);
    through_end(&through);
    free(block);
}

static void whole_answers(void **state)
{
    struct arena *arena = arena_new();
    struct answer_facts facts = { .has_usage = false };
    struct text out;
    const char body[] = " {\"choices\":[{\"message\":{\"content\":\"\\\"model\\\":\\\"no\\\"\"}}],\"model\":\"a\\\"b\","
                        "\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4,\"total_tokens\":7}}\n";

    (void)state;
    assert_true(answer_whole(arena, body, sizeof(body) - 1, "mine", &out, &facts));
    assert_non_null(strstr(out.data, "\"model\":\"mine\","));
    assert_non_null(strstr(out.data, "\\\"model\\\":\\\"no\\\""));
    assert_int_equal(facts.tokens_in, 3);
    assert_int_equal(facts.tokens_out, 4);
    assert_false(answer_whole(arena, "<html>", 6, "mine", &out, &facts));
    assert_false(answer_whole(arena, "", 0, "mine", &out, &facts));
    assert_string_equal(answer_error_of(arena, "{\"error\":\"no\"}", 14), "no");
    assert_string_equal(answer_error_of(arena, "{\"error\":{\"message\":\"so\"}}", 26), "so");
    assert_null(answer_error_of(arena, "<html>", 6));
    assert_string_equal(json_text(arena, answer_error(arena, 429, "c", NULL, "m"), JSON_COMPACT),
                        "{\"error\":{\"code\":\"c\",\"message\":\"m\",\"param\":null,\"type\":\"rate_limit_error\"}}");
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_cut_anywhere), cmocka_unit_test(usage_when_wanted), cmocka_unit_test(errors_in_streams),
        cmocka_unit_test(endless_events),      cmocka_unit_test(whole_answers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

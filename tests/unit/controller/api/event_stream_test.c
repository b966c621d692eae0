/* SPDX-License-Identifier: Apache-2.0 */
/* Server-sent events: what is told by others stays within its own event. */
#include "controller/api/event_stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void fill_nothing(struct api_call *call, struct event_stream *stream)
{
    (void)call;
    (void)stream;
}

static void a_kind_is_one_word(void **state)
{
    static const struct {
        int64_t id;
        const char *kind, *expected;
    } cases[] = {
        { 1, "result", "id: 1\nevent: result\ndata: {}\n\n" },
        { 2, "node.joined", "id: 2\nevent: node.joined\ndata: {}\n\n" },
        { 0, NULL, "data: {}\n\n" },
        { 3, "output\ndata: {\"text\":\"x\"}\n\nevent: end", "id: 3\nevent: unknown\ndata: {}\n\n" },
        { 4, "a\rb", "id: 4\nevent: unknown\ndata: {}\n\n" },
        { 5, "", "id: 5\nevent: unknown\ndata: {}\n\n" },
    };
    ARENA_SCOPED arena = arena_new();
    struct api_call call = { .arena = arena };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct event_stream stream;

        event_stream_init(&call, &stream, fill_nothing);
        event_stream_put(&stream, cases[i].id, cases[i].kind, "{}");
        assert_string_equal(stream.text.data, cases[i].expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(a_kind_is_one_word) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Plans for people: bars that add up and fit, sentences that wrap, nothing that a node told reaches the terminal as it is. */
#include "cli/plan_print.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/text.h"
#include "common/json/json.h"

static const char nodes_text[] =
    "[{\"node\": \"ai-1\", \"usable\": true, \"shared\": true, \"gpu_name\": \"GTT\", \"gpu_total\": 107374182400,"
    " \"gpu_free\": 26843545600, \"host_total\": 137438953472, \"host_free\": 50000000000, \"items\": ["
    "{\"what\": \"head\", \"workload\": \"chat\", \"bytes\": 53687091200, \"where\": \"gpu\", \"planned\": false},"
    "{\"what\": \"head\", \"workload\": \"next\", \"bytes\": 16106127360, \"where\": \"gpu\", \"planned\": true},"
    "{\"what\": \"kept free\", \"workload\": null, \"bytes\": 10737418240, \"where\": \"gpu\"},"
    "{\"what\": \"in use besides\", \"workload\": null, \"bytes\": 1000, \"where\": \"gpu\"}]},"
    " {\"node\": \"b\\u001b[2J\", \"usable\": false, \"why_not\": \"drained by kit\", \"gpu_name\": null, \"host_total\": 68719476736,"
    " \"host_free\": 68719476736, \"items\": []}, {\"node\": \"c\", \"host_total\": 0, \"items\": []}]";

static const struct value *read_json(struct arena *arena, const char *text)
{
    const struct value *value = NULL;
    struct error err = ERROR_INIT;

    if (!json_read(arena, text, strlen(text), NULL, &value, &err))
        fail_msg("%s", err.text);
    return value;
}

static void test_bars(void **state)
{
    static const int widths[] = { 0, 60, 80, 200 };
    ARENA_SCOPED arena = arena_new();
    const struct value *nodes = read_json(arena, nodes_text);

    (void)state;
    for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
        char *shown = NULL;
        size_t length = 0, count = 0;
        FILE *out = open_memstream(&shown, &length);
        char **lines;

        plan_print_nodes(arena, out, nodes, widths[i]);
        fclose(out);
        lines = text_split(arena, shown, '\n', &count);
        for (size_t j = 0; j < 5; j++)
            assert_true(strlen(lines[j]) <= (size_t)(widths[i] > 0 ? widths[i] : 80));
        assert_non_null(strstr(lines[0], "25.0 GiB of 100.0 GiB free"));
        assert_null(strchr(shown, '\x1b'));
        assert_non_null(strstr(shown, "nothing new is placed there: drained by kit"));
        assert_non_null(strstr(shown, "it has not told its memory yet"));
        assert_non_null(strstr(shown, "  A chat 50.0 GiB\n  B next 15.0 GiB\n"));
        free(shown);
    }
}

/* Half of the bar is the half of the memory. */
static void test_shares(void **state)
{
    ARENA_SCOPED arena = arena_new();
    char *shown = NULL;
    size_t length = 0, width, counts[128] = { 0 };
    FILE *out = open_memstream(&shown, &length);
    const char *bar, *end;

    (void)state;
    plan_print_nodes(arena, out, read_json(arena, nodes_text), 120);
    fclose(out);
    bar = strchr(shown, '|') + 1;
    end = strchr(bar, '|');
    width = (size_t)(end - bar);
    for (; bar < end; bar++)
        counts[(unsigned char)*bar & 127]++;
    assert_int_equal(counts['A'], (width + 1) / 2);
    assert_true(counts['b'] * 100 / width >= 13 && counts['b'] * 100 / width <= 17);
    assert_true(counts['~'] * 100 / width >= 8 && counts['~'] * 100 / width <= 12);
    assert_true(counts['.'] * 100 / width >= 23 && counts['.'] * 100 / width <= 27);
    free(shown);
}

static void test_places(void **state)
{
    ARENA_SCOPED arena = arena_new();
    char *shown = NULL;
    size_t length = 0, count = 0;
    FILE *out = open_memstream(&shown, &length);
    char **lines;

    (void)state;
    assert_false(plan_print_places(
        arena, out,
        read_json(arena,
                  "[{\"workload\": \"chat\", \"replica\": 0, \"placed\": true, \"sentence\": \"on ai-1\"},"
                  "{\"workload\": \"chat\", \"replica\": 1, \"placed\": false, \"sentence\": \"it needs a great many "
                  "words to be told, more than a line has room for\"}]"),
        40));
    fclose(out);
    lines = text_split(arena, shown, '\n', &count);
    assert_string_equal(lines[0], "chat: on ai-1");
    assert_true(strncmp(lines[1], "chat.1: NO PLACE: it needs", 26) == 0);
    for (size_t i = 0; i < count; i++)
        assert_true(strlen(lines[i]) <= 40);
    free(shown);
}

static void test_waiting(void **state)
{
    ARENA_SCOPED arena = arena_new();
    char *shown = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&shown, &length);

    (void)state;
    plan_print_waiting(arena, out, NULL);
    plan_print_waiting(arena, out,
                       read_json(arena, "[{\"workload\": \"chat\", \"placed\": true, \"sentence\": \"on ai-1\"},"
                                        "{\"workload\": \"x\", \"replica\": 0, \"placed\": false, \"sentence\": "
                                        "\"no node has the model 'tinny'\"}]"));
    fclose(out);
    assert_string_equal(shown, "x waits: no node has the model 'tinny'\n");
    free(shown);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_bars), cmocka_unit_test(test_shares),
                                        cmocka_unit_test(test_places), cmocka_unit_test(test_waiting) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

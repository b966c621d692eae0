/* SPDX-License-Identifier: Apache-2.0 */
/* Findings as lines: wrapped on a terminal, whole elsewhere. */
#include "cli/doctor_report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/json/json.h"

static const char entry_text[] =
    "{\"worst\": \"warning\", \"findings\": [{\"id\": \"some-rule\", \"severity\": \"warning\", \"sentence\": \"the limit "
    "that was declared is not the limit that is in effect\", \"remedy\": \"reboot\", \"source\": "
    "\"https://example.org/a/rather/long/address/that/must/stay/whole\"}]}";

static char *printed(struct arena *arena, int columns)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    const struct value *entry = NULL;
    struct error err = ERROR_INIT;

    assert_true(json_read(arena, entry_text, strlen(entry_text), NULL, &entry, &err));
    doctor_print_host(arena, out, "ai-1", entry, (struct doctor_look){ .columns = columns });
    fclose(out);
    return text;
}

static void whole_lines_without_a_terminal(void **state)
{
    ARENA_SCOPED arena = arena_new();
    char *text = printed(arena, 0);

    (void)state;
    assert_string_equal(text, "ai-1: 1 warning\n"
                              "  warning: the limit that was declared is not the limit that is in effect [some-rule]\n"
                              "    remedy: reboot\n"
                              "    source: https://example.org/a/rather/long/address/that/must/stay/whole\n");
    free(text);
}

static void wrapped_on_a_terminal(void **state)
{
    ARENA_SCOPED arena = arena_new();
    char *text = printed(arena, 50);

    (void)state;
    assert_string_equal(text, "ai-1: 1 warning\n"
                              "  warning: the limit that was declared is not\n"
                              "    the limit that is in effect [some-rule]\n"
                              "    remedy: reboot\n"
                              "    source: https://example.org/a/rather/long/address/that/must/stay/whole\n");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_lines_without_a_terminal),
        cmocka_unit_test(wrapped_on_a_terminal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of benchmarks: sizes in units that fit, columns for each test, nothing of others that breaks a table. */
#include "cli/bench_print.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/json/json.h"

#define ROW(nodes, size, parameters, more)                                                                             \
    "{\"state\": \"done\", \"kind\": \"llama_bench\", \"nodes_count\": " nodes                                         \
    ", \"figures\": {\"model\": \"llama | F16\", \"size_bytes\": " size ", \"parameters\": " parameters                \
    ", \"backend\": \"CPU\", \"tests\": [{\"name\": \"pp32\", \"tokens_per_s\": 12.5, \"deviation\": 0.25}" more "]}}"
#define TG ", {\"name\": \"tg8\", \"tokens_per_s\": 3, \"deviation\": null}"

static void tables(struct arena *arena, FILE *out, const struct value *rows)
{
    bench_print_tables(arena, out, rows);
}

static void failures(struct arena *arena, FILE *out, const struct value *rows)
{
    (void)arena;
    bench_print_failures(out, rows);
}

static char *shown_by(struct arena *arena, void (*print)(struct arena *, FILE *, const struct value *),
                      const char *text)
{
    const struct value *rows = NULL;
    struct error err = ERROR_INIT;
    char *out = NULL, *copy = NULL;
    size_t length = 0;
    FILE *file = open_memstream(&out, &length);

    if (!json_read(arena, text, strlen(text), NULL, &rows, &err))
        fail_msg("%s", err.text);
    print(arena, file, rows);
    fclose(file);
    copy = arena_copy(arena, out);
    free(out);
    return copy;
}

static char *shown(struct arena *arena, const char *text)
{
    return shown_by(arena, tables, text);
}

static void test_failures_tell_the_last_lines(void **state)
{
    ARENA_SCOPED arena = arena_new();
    const char *told = shown_by(
        arena, failures,
        "[{\"state\": \"done\", \"output\": [{\"node\": \"n0\", \"output\": \"fine\"}]}, {\"state\": \"failed\","
        " \"output\": [{\"node\": \"n1\", \"output\": \"0\\n1\\n2\\n3\\n4\\n5\\n6\\n7\\n8\\n9\\n10\\n11\\n12\\n13"
        "\\n14\\n15\\n16\\n17\\n\\nssh: \\u001b[2Jno route\\n----\\n\\n\"}, {\"node\": \"n2\", \"output\": \"\"}]}]");

    (void)state;
    assert_non_null(strstr(told, "what it wrote last on n1:\n    1\n    2\n"));
    assert_non_null(strstr(told, "    17\n    ssh: ?[2Jno route\n    ----\n"));
    assert_null(strstr(told, "fine"));
    assert_null(strstr(told, "n2"));
}

static void test_llama_table(void **state)
{
    ARENA_SCOPED arena = arena_new();

    (void)state;
    assert_string_equal(
        shown(arena, "[" ROW("1", "4693504", "2344000", TG) ", " ROW("2", "4693504", "2344000", "") "]"),
        "| model | size | params | backend | nodes | pp32 t/s | tg8 t/s | watts |\n"
        "| --- | ---: | ---: | --- | ---: | ---: | ---: | ---: |\n"
        "| llama / F16 | 4.48 MiB | 2.34 M | CPU | 1 | 12.50 ± 0.25 | 3.00 ± 0.00 | - |\n"
        "| llama / F16 | 4.48 MiB | 2.34 M | CPU | 2 | 12.50 ± 0.25 | - | - |\n");
}

static void test_units(void **state)
{
    static const struct {
        const char *row, *told;
    } cases[] = {
        { ROW("1", "512", "900", ""), "| 512 B | 900 |" },
        { ROW("1", "20480", "9000", ""), "| 20.00 KiB | 9.00 K |" },
        { ROW("1", "1073741823", "999999999", ""), "| 1024.00 MiB | 1000.00 M |" },
        { ROW("1", "1073741824", "1000000000", ""), "| 1.00 GiB | 1.00 B |" },
        { ROW("1", "2748779069440", "1000000000000", ""), "| 2560.00 GiB | 1000.00 B |" },
        { ROW("1", "null", "null", ""), "| - | - |" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ARENA_SCOPED arena = arena_new();
        char *table = shown(arena, arena_printf(arena, "[%s]", cases[i].row));

        if (strstr(table, cases[i].told) == NULL)
            fail_msg("'%s' is not in %s", cases[i].told, table);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_failures_tell_the_last_lines),
                                        cmocka_unit_test(test_llama_table), cmocka_unit_test(test_units) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

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

static char *shown(struct arena *arena, const char *text)
{
    const struct value *rows = NULL;
    struct error err = ERROR_INIT;
    char *out = NULL, *copy = NULL;
    size_t length = 0;
    FILE *file = open_memstream(&out, &length);

    if (!json_read(arena, text, strlen(text), NULL, &rows, &err))
        fail_msg("%s", err.text);
    bench_print_tables(arena, file, rows);
    fclose(file);
    copy = arena_copy(arena, out);
    free(out);
    return copy;
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
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_llama_table), cmocka_unit_test(test_units) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

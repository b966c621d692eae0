/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of benchmarks. What models and programs call themselves is told by others: control characters and "|" do not get through. */
#include "cli/bench_print.h"

#include <math.h>
#include <string.h>

#include "cli/table.h"
#include "common/base/text.h"
#include "controller/bench/bench_compare.h"

#define SHORT_MOST 3
#define OUTPUT_LINES 20 /* of a job that failed */

static void cell_text(struct text *line, const char *text)
{
    struct text told = text_new(line->arena);

    table_add_told(&told, text == NULL ? "-" : text);
    text_add_char(line, ' ');
    for (size_t i = 0; i < told.length; i++)
        text_add_char(line, told.data[i] == '|' ? '/' : told.data[i]);
    text_add(line, " |");
}

static void cell_number(struct text *line, double value, int digits)
{
    if (isnan(value))
        text_add(line, " - |");
    else
        text_printf(line, " %.*f |", digits, value);
}

/* In the largest of its units (the smallest is first) that leaves a digit before the point, as llama-bench has GiB and MiB, B and M. */
static void cell_unit(struct text *line, double value, double step, const char *const units[4])
{
    size_t unit = 0;

    if (isnan(value)) {
        text_add(line, " - |");
        return;
    }
    while (value >= step && unit < 3) {
        value /= step;
        unit++;
    }
    text_printf(line, " %.*f%s%s |", unit == 0 ? 0 : 2, value, units[unit][0] == '\0' ? "" : " ", units[unit]);
}

static bool is_done(const struct value *row, const char *kind)
{
    return text_equal(value_map_text(row, "state"), "done") && text_equal(value_map_text(row, "kind"), kind);
}

/* --- llama-bench: a column for each test that any of them has --- */

#define TESTS_MOST 16

static size_t tests_gather(const struct value *rows, const char **names)
{
    size_t count = 0;

    for (size_t i = 0; i < value_count(rows); i++) {
        const struct value *row = value_item(rows, i), *tests = value_map_get(value_map_get(row, "figures"), "tests");

        for (size_t j = 0; is_done(row, "llama_bench") && j < value_count(tests); j++) {
            const char *name = value_map_text(value_item(tests, j), "name");
            bool is_new = name != NULL && count < TESTS_MOST;

            for (size_t k = 0; k < count && is_new; k++)
                is_new = !text_equal(names[k], name);
            if (is_new)
                names[count++] = name;
        }
    }
    return count;
}

static void test_cell(struct text *line, const struct value *tests, const char *name)
{
    for (size_t i = 0; i < value_count(tests); i++) {
        const struct value *test = value_item(tests, i);

        if (!text_equal(value_map_text(test, "name"), name))
            continue;
        text_printf(line, " %.2f ± %.2f |", value_map_real(test, "tokens_per_s"),
                    isnan(value_map_real(test, "deviation")) ? 0 : value_map_real(test, "deviation"));
        return;
    }
    text_add(line, " - |");
}

static void llama_row(struct text *out, const struct value *row, const char *const *tests, size_t count)
{
    static const char *const sizes[] = { "B", "KiB", "MiB", "GiB" }, *const counts[] = { "", "K", "M", "B" };
    const struct value *figures = value_map_get(row, "figures");

    text_add_char(out, '|');
    cell_text(out, value_map_text(figures, "model"));
    cell_unit(out, value_map_real(figures, "size_bytes"), 1024, sizes);
    cell_unit(out, value_map_real(figures, "parameters"), 1000, counts);
    cell_text(out, value_map_text(figures, "backend"));
    text_printf(out, " %.0f |", value_map_real(row, "nodes_count"));
    for (size_t i = 0; i < count; i++)
        test_cell(out, value_map_get(figures, "tests"), tests[i]);
    cell_number(out, value_map_real(row, "watts"), 1);
    text_add_char(out, '\n');
}

static void llama_table(struct text *out, const struct value *rows)
{
    const char *tests[TESTS_MOST];
    size_t count = tests_gather(rows, tests);

    if (count == 0)
        return;
    text_add(out, "| model | size | params | backend | nodes |");
    for (size_t i = 0; i < count; i++) {
        cell_text(out, tests[i]);
        text_truncate(out, out->length - 2);
        text_add(out, " t/s |");
    }
    text_add(out, " watts |\n| --- | ---: | ---: | --- | ---: |");
    for (size_t i = 0; i < count; i++)
        text_add(out, " ---: |");
    text_add(out, " ---: |\n");
    for (size_t i = 0; i < value_count(rows); i++) {
        if (is_done(value_item(rows, i), "llama_bench"))
            llama_row(out, value_item(rows, i), tests, count);
    }
}

/* --- HPL --- */

static void hpl_table(struct text *out, const struct value *rows)
{
    bool has_head = false;

    for (size_t i = 0; i < value_count(rows); i++) {
        const struct value *row = value_item(rows, i), *figures = value_map_get(row, "figures");
        double watts = value_map_real(row, "watts"), rate = value_map_real(figures, "gflops");

        if (!is_done(row, "hpl"))
            continue;
        if (!has_head)
            text_add(out, "| nodes | N | NB | P x Q | seconds | Gflop/s | watts | Gflop/s/W | result |\n"
                          "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |\n");
        has_head = true;
        text_printf(out, "| %.0f | %.0f | %.0f | %.0f x %.0f |", value_map_real(row, "nodes_count"),
                    value_map_real(figures, "n"), value_map_real(figures, "nb"), value_map_real(figures, "p"),
                    value_map_real(figures, "q"));
        cell_number(out, value_map_real(figures, "seconds"), 2);
        cell_number(out, rate, 2);
        cell_number(out, watts, 1);
        cell_number(out, watts > 0 ? rate / watts : (double)NAN, 2);
        text_printf(out, " %s |\n", value_map_true(figures, "passed") ? "PASSED" : "FAILED");
    }
}

/* --- iperf3: from each to each --- */

static double pair_rate(const struct value *pairs, const char *from, const char *to)
{
    for (size_t i = 0; i < value_count(pairs); i++) {
        const struct value *pair = value_item(pairs, i);

        if (text_equal(value_map_text(pair, "from"), from) && text_equal(value_map_text(pair, "to"), to))
            return value_map_real(pair, "bits_per_s") / 1e9;
    }
    return (double)NAN;
}

static void iperf3_table(struct text *out, const struct value *row)
{
    const struct value *pairs = value_map_get(value_map_get(row, "figures"), "pairs");
    const struct value *nodes = value_map_get(row, "nodes");

    text_add(out, "| Gbit/s from \\ to |");
    for (size_t i = 0; i < value_count(nodes); i++)
        cell_text(out, value_text(value_item(nodes, i)));
    text_add(out, "\n| --- |");
    for (size_t i = 0; i < value_count(nodes); i++)
        text_add(out, " ---: |");
    text_add_char(out, '\n');
    for (size_t i = 0; i < value_count(nodes); i++) {
        const char *from = value_text(value_item(nodes, i));

        text_add_char(out, '|');
        cell_text(out, from);
        for (size_t j = 0; j < value_count(nodes); j++)
            cell_number(out, pair_rate(pairs, from, value_text(value_item(nodes, j))), 2);
        text_add_char(out, '\n');
    }
}

void bench_print_tables(struct arena *arena, FILE *out, const struct value *rows)
{
    struct text text = text_new(arena);

    llama_table(&text, rows);
    hpl_table(&text, rows);
    for (size_t i = 0; i < value_count(rows); i++) {
        if (is_done(value_item(rows, i), "iperf3"))
            iperf3_table(&text, value_item(rows, i));
    }
    if (text.length > 0)
        fputs(text.data, out);
}

/* --- flags, comparisons --- */

static void told(FILE *out, struct arena *arena, const char *before, const char *text)
{
    struct text line = text_new(arena);

    table_add_told(&line, text);
    fprintf(out, "%s%s\n", before, line.data == NULL ? "" : line.data);
}

void bench_print_flags(FILE *out, const struct value *rows)
{
    ARENA_SCOPED arena = arena_new();

    for (size_t i = 0; i < value_count(rows); i++) {
        const struct value *row = value_item(rows, i), *causes = value_map_get(row, "causes");
        const char *sentence = value_map_text(row, "sentence");

        if (!value_map_true(row, "is_flagged") || sentence == NULL)
            continue;
        told(out, arena, "", arena_printf(arena, "bench %.0f: %s", value_map_real(row, "id"), sentence));
        for (size_t j = 0; j < value_count(causes); j++)
            told(out, arena, "    ", value_text(value_item(causes, j)));
        if (value_count(causes) == 0)
            told(out, arena, "    ", "nothing that is known is different on its nodes since");
    }
}

/* Blank lines at the end are not counted. */
static const char *last_lines(const char *text, size_t most)
{
    const char *at = text + strlen(text);

    while (at > text && (at[-1] == '\n' || at[-1] == '\r' || at[-1] == ' '))
        at--;
    for (; at > text; at--)
        if (at[-1] == '\n' && --most == 0)
            break;
    return at;
}

static void output_print(FILE *out, struct arena *arena, const struct value *job)
{
    const char *text = value_map_text(job, "output"), *node = value_map_text(job, "node");
    char **lines;
    size_t count = 0;

    if (text == NULL || text[0] == '\0')
        return;
    told(out, arena, "", arena_printf(arena, "what it wrote last on %s:", node == NULL ? "its node" : node));
    lines = text_split(arena, last_lines(text, OUTPUT_LINES), '\n', &count);
    for (size_t i = 0; i < count; i++)
        if (lines[i][0] != '\0')
            told(out, arena, "    ", lines[i]);
}

void bench_print_failures(FILE *out, const struct value *rows)
{
    ARENA_SCOPED arena = arena_new();

    for (size_t i = 0; i < value_count(rows); i++) {
        const struct value *row = value_item(rows, i), *jobs = value_map_get(row, "output");

        for (size_t j = 0; text_equal(value_map_text(row, "state"), "failed") && j < value_count(jobs); j++)
            output_print(out, arena, value_item(jobs, j));
    }
}

void bench_print_compared(struct arena *arena, FILE *out, const struct value *before, const struct value *now)
{
    const char *kind = value_map_text(now, "kind");
    struct bench_measure *old = NULL, *new = NULL;
    size_t old_count = 0, new_count = 0;
    struct value *causes = value_list(arena);

    bench_measures(arena, kind, value_map_get(before, "figures"), &old, &old_count);
    bench_measures(arena, kind, value_map_get(now, "figures"), &new, &new_count);
    for (size_t i = 0; i < new_count; i++) {
        for (size_t j = 0; j < old_count; j++) {
            if (text_equal(new[i].name, old[j].name) && old[j].value > 0)
                told(out, arena, "",
                     arena_printf(arena, "%s: %.6g %s, before %.6g (%+.1f %%)", new[i].name, new[i].value, new[i].unit,
                                  old[j].value, (new[i].value - old[j].value) / old[j].value * 100));
        }
    }
    bench_causes(arena, value_map_get(before, "host"), value_map_get(now, "host"), causes);
    for (size_t i = 0; i < value_count(causes); i++)
        told(out, arena, "", value_text(value_item(causes, i)));
    if (value_count(causes) == 0)
        told(out, arena, "", "nothing that is known is different on their nodes");
}

const char *bench_print_short(struct arena *arena, const struct value *row)
{
    struct bench_measure *list = NULL;
    struct text out = text_new(arena);
    size_t count = 0;

    bench_measures(arena, value_map_text(row, "kind"), value_map_get(row, "figures"), &list, &count);
    for (size_t i = 0; i < count && i < SHORT_MOST; i++) {
        bool is_bits = text_equal(list[i].unit, "bit/s");

        text_printf(&out, "%s%s %.4g%s", i > 0 ? ", " : "", list[i].name, is_bits ? list[i].value / 1e9 : list[i].value,
                    is_bits ? " Gbit/s" : "");
    }
    if (count > SHORT_MOST)
        text_printf(&out, ", and %zu more", count - SHORT_MOST);
    return out.data == NULL ? "" : out.data;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Benchmarks: the history of those that can be compared as plots, the last of all kinds, and the links between nodes. */
#include <math.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "controller/api/pages.h"
#include "controller/bench/bench_compare.h"
#include "controller/store/store_bench.h"

#define ROWS 60
#define PLOT_ROWS 60
#define PLOTS 6
#define LINK_BENCHES 20
#define LINK_NODES 24
#define WIDTH 288.0
#define HEIGHT 72.0
#define SLOW_LINK 0.8 /* of the middle one: drawn as slow */

/* --- rows --- */

static const char *state_class(const char *state)
{
    static const char *const classes[][2] = {
        { "done", "ok" }, { "failed", "failed" }, { "running", "running" }, { "waiting", "waiting" }
    };

    for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
        if (text_equal(classes[i][0], state))
            return classes[i][1];
    }
    return "unknown";
}

/* "3.21 Gbit/s", "643 t/s" */
static const char *measure_text(struct arena *arena, double value, const char *unit)
{
    if (text_equal(unit, "bit/s"))
        return arena_printf(arena, "%.2f Gbit/s", value / 1e9);
    return arena_printf(arena, value < 99.95 ? "%.1f %s" : "%.0f %s", value, unit == NULL ? "" : unit);
}

/* Of all pairs: the matrix has each. */
static const struct value *links_measured(struct api_call *call, const struct value *figures)
{
    static const char *const names[][2] = { { "least", "least_bits_per_s" },
                                            { "mean", "mean_bits_per_s" },
                                            { "most", "most_bits_per_s" } };
    struct value *out = value_list(call->arena);

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        double rate = page_number(figures, names[i][1]);

        if (rate > 0)
            value_list_add(call->arena, out,
                           value_string(call->arena, arena_printf(call->arena, "%s %s", names[i][0],
                                                                  measure_text(call->arena, rate, "bit/s"))));
    }
    return out;
}

static const struct value *measures_value(struct api_call *call, const struct store_bench *bench)
{
    struct value *out = value_list(call->arena);
    struct bench_measure *measures = NULL;
    size_t count = 0;

    if (bench->figures == NULL)
        return out;
    if (text_equal(bench->kind, "iperf3"))
        return links_measured(call, center_json(call, bench->figures));
    bench_measures(call->arena, bench->kind, center_json(call, bench->figures), &measures, &count);
    for (size_t i = 0; i < count && i < PLOTS; i++)
        value_list_add(
            call->arena, out,
            value_string(call->arena, arena_printf(call->arena, "%s %s", measures[i].name,
                                                   measure_text(call->arena, measures[i].value, measures[i].unit))));
    return out;
}

static const char *names_text(struct api_call *call, const char *json)
{
    const struct value *names = center_json(call, json);
    struct text out = text_new(call->arena);
    size_t count = value_is(names, VALUE_LIST) ? value_count(names) : 0;

    text_add(&out, "");
    for (size_t i = 0; i < count && i < 6; i++)
        text_printf(&out, "%s%s", i == 0 ? "" : ", ",
                    value_text(value_item(names, i)) == NULL ? "?" : value_text(value_item(names, i)));
    if (count > 6)
        text_printf(&out, " and %zu more", count - 6);
    return out.data;
}

static void change_put(struct api_call *call, struct value *row, const struct store_bench *bench)
{
    bool is_told = !isnan(bench->change) && fabs(bench->change) > BENCH_CHANGE_TOLD;
    const struct value *causes = center_json(call, bench->causes);

    value_map_put_string(call->arena, row, "change",
                         isnan(bench->change) ? NULL : arena_printf(call->arena, "%+.1f %%", bench->change * 100));
    value_map_put_string(call->arena, row, "change_class", !is_told ? "" : bench->change < 0 ? "drift" : "ok");
    value_map_put(call->arena, row, "causes",
                  is_told && value_is(causes, VALUE_LIST) ? causes : value_list(call->arena));
}

static struct value *row_value(struct api_call *call, const struct store_bench *bench)
{
    struct value *row = value_map(call->arena);

    value_map_put_int(call->arena, row, "id", bench->id);
    value_map_put_string(call->arena, row, "kind", bench->kind);
    value_map_put_string(call->arena, row, "subject", bench->subject);
    value_map_put_string(call->arena, row, "nodes", names_text(call, bench->nodes));
    value_map_put_string(call->arena, row, "class", state_class(bench->state));
    value_map_put_string(call->arena, row, "word", bench->state);
    value_map_put_string(call->arena, row, "sentence", bench->sentence);
    value_map_put_string(call->arena, row, "by", bench->by);
    page_put_time(call, row, "at", bench->ended_us > 0 ? bench->ended_us : bench->at_us);
    value_map_put(call->arena, row, "measures", measures_value(call, bench));
    value_map_put_string(call->arena, row, "watts",
                         isnan(bench->watts) ? NULL : arena_printf(call->arena, "%.0f W", bench->watts));
    change_put(call, row, bench);
    return row;
}

/* --- plots --- */

struct point {
    int64_t at_us, id;
    double value;
};

/* One measure by its name over all rows, oldest first. */
static size_t points_of(struct api_call *call, const struct store_bench_page *page, const char *name, struct point *out)
{
    size_t count = 0;

    for (size_t i = page->count; i > 0; i--) {
        const struct store_bench *bench = &page->rows[i - 1];
        struct bench_measure *measures = NULL;
        size_t measured = 0;

        if (bench->figures == NULL || !text_equal(bench->state, "done"))
            continue;
        bench_measures(call->arena, bench->kind, center_json(call, bench->figures), &measures, &measured);
        for (size_t k = 0; k < measured; k++) {
            if (text_equal(measures[k].name, name)) {
                out[count++] = (struct point){ bench->at_us, bench->id, measures[k].value };
                break;
            }
        }
    }
    return count;
}

static struct value *plot_value(struct api_call *call, const struct bench_measure *measure, const struct point *points,
                                size_t count)
{
    struct arena *arena = call->arena;
    struct value *out = value_map(arena), *dots = value_list(arena);
    struct text line = text_new(arena);
    double low = points[0].value, high = points[0].value, top;

    for (size_t i = 0; i < count; i++) {
        low = fmin(low, points[i].value);
        high = fmax(high, points[i].value);
    }
    top = high > 0 ? high * 1.08 : 1; /* from zero: a small change looks small */
    for (size_t i = 0; i < count; i++) {
        struct value *dot = value_map(arena);
        double x = count == 1 ? WIDTH / 2 : 6 + (WIDTH - 12) * (double)i / (double)(count - 1);
        double y = HEIGHT - 1 - fmax(0, points[i].value) / top * (HEIGHT - 8);
        bool is_worse = i > 0 && points[i].value < points[i - 1].value * (1 - BENCH_CHANGE_TOLD);

        text_printf(&line, "%s%.1f,%.1f", i == 0 ? "" : " ", x, y);
        value_map_put_string(arena, dot, "x", arena_printf(arena, "%.1f", x));
        value_map_put_string(arena, dot, "y", arena_printf(arena, "%.1f", y));
        value_map_put_bool(arena, dot, "worse", is_worse);
        value_map_put_string(arena, dot, "text",
                             arena_printf(arena, "bench %lld: %s", (long long)points[i].id,
                                          measure_text(arena, points[i].value, measure->unit)));
        value_list_add(arena, dots, dot);
    }
    value_map_put_string(arena, out, "name", measure->name);
    value_map_put_string(arena, out, "line", line.data);
    value_map_put(arena, out, "dots", dots);
    value_map_put_string(arena, out, "low", measure_text(arena, low, measure->unit));
    value_map_put_string(arena, out, "high", measure_text(arena, high, measure->unit));
    value_map_put_string(arena, out, "last", measure_text(arena, points[count - 1].value, measure->unit));
    page_put_time(call, out, "first_at", points[0].at_us);
    page_put_time(call, out, "last_at", points[count - 1].at_us);
    return out;
}

static bool plots_put(struct api_call *call, struct value *data, const struct store_bench *chosen, struct error *err)
{
    struct value *plots = value_list(call->arena);
    struct store_bench_filter filter = { .limit = PLOT_ROWS };
    struct store_bench_page page = { .count = 0 };
    struct bench_measure *measures = NULL;
    struct point points[PLOT_ROWS];
    size_t count = 0;

    value_map_put(call->arena, data, "plots", plots);
    value_map_put(call->arena, data, "chosen", chosen == NULL ? value_null() : row_value(call, chosen));
    if (chosen == NULL || chosen->alike == NULL || chosen->figures == NULL)
        return true;
    filter.alike = chosen->alike;
    if (!store_bench_page(center_of(call)->reader, call->arena, &filter, &page, err))
        return false;
    bench_measures(call->arena, chosen->kind, center_json(call, chosen->figures), &measures, &count);
    for (size_t i = 0; i < count && i < PLOTS; i++) {
        size_t many = points_of(call, &page, measures[i].name, points);

        if (many > 0)
            value_list_add(call->arena, plots, plot_value(call, &measures[i], points, many));
    }
    return true;
}

/* Each row that is comparable with none before it in the list is a choice. */
static void choices_put(struct api_call *call, struct value *data, const struct store_bench_page *page,
                        const struct store_bench *chosen)
{
    struct value *out = value_list(call->arena);

    for (size_t i = 0; i < page->count && value_count(out) < 12; i++) {
        const struct store_bench *bench = &page->rows[i];
        const struct page_parameter link[] = { { "alike", bench->alike }, { NULL, NULL } };
        struct value *choice = value_map(call->arena);
        bool is_again = bench->alike == NULL || !text_equal(bench->state, "done");

        for (size_t k = 0; k < i && !is_again; k++)
            is_again = text_equal(page->rows[k].alike, bench->alike) && text_equal(page->rows[k].state, "done");
        if (is_again)
            continue;
        value_map_put_string(call->arena, choice, "url", page_link(call->arena, "/bench", link));
        value_map_put_string(call->arena, choice, "text",
                             arena_printf(call->arena, "%s%s%s on %s", bench->kind, *bench->subject == '\0' ? "" : " ",
                                          bench->subject, names_text(call, bench->nodes)));
        value_map_put_bool(call->arena, choice, "chosen", chosen != NULL && text_equal(chosen->alike, bench->alike));
        value_list_add(call->arena, out, choice);
    }
    value_map_put(call->arena, data, "choices", out);
}

/* What was asked for; else the newest that is done and is no measurement of links. */
static const struct store_bench *chosen_of(const struct store_bench_page *page, const char *alike)
{
    for (size_t i = 0; i < page->count; i++) {
        const struct store_bench *bench = &page->rows[i];

        if (text_equal(bench->state, "done") && bench->alike != NULL &&
            (alike != NULL ? text_equal(alike, bench->alike) : !text_equal(bench->kind, "iperf3")))
            return bench;
    }
    return NULL;
}

/* --- links --- */

struct links {
    const char *nodes[LINK_NODES];
    double rates[LINK_NODES][LINK_NODES]; /* bit/s; 0: not measured */
    int64_t at_us[LINK_NODES][LINK_NODES];
    size_t count, left_out;
};

static size_t node_index(struct links *links, const char *name)
{
    for (size_t i = 0; i < links->count; i++) {
        if (text_equal(links->nodes[i], name))
            return i;
    }
    if (name == NULL || links->count == LINK_NODES)
        return LINK_NODES;
    links->nodes[links->count] = name;
    return links->count++;
}

/* The newest of each pair stays: the page has the newest first. */
static void links_take(struct api_call *call, struct links *links, const struct store_bench *bench)
{
    const struct value *pairs = value_map_get(center_json(call, bench->figures), "pairs");

    for (size_t i = 0; value_is(pairs, VALUE_LIST) && i < value_count(pairs) && i < 4096; i++) {
        const struct value *pair = value_item(pairs, i);
        size_t from = node_index(links, value_map_text(pair, "from")),
               to = node_index(links, value_map_text(pair, "to"));
        double rate = page_number(pair, "bits_per_s");

        if (from == LINK_NODES || to == LINK_NODES) {
            links->left_out++;
        } else if (links->at_us[from][to] == 0 && rate > 0) {
            links->rates[from][to] = rate;
            links->at_us[from][to] = bench->ended_us > 0 ? bench->ended_us : bench->at_us;
        }
    }
}

static double median_of(const struct links *links)
{
    double all[LINK_NODES * LINK_NODES];
    size_t count = 0;

    for (size_t i = 0; i < links->count * links->count; i++) {
        double rate = links->rates[i / links->count][i % links->count];
        size_t at = count;

        if (rate <= 0)
            continue;
        for (; at > 0 && all[at - 1] > rate; at--)
            all[at] = all[at - 1];
        all[at] = rate;
        count++;
    }
    return count == 0 ? (double)NAN : all[count / 2];
}

static struct value *link_value(struct api_call *call, const struct links *links, size_t from, size_t to, double middle)
{
    struct value *cell = value_map(call->arena);
    double rate = links->rates[from][to];

    value_map_put_string(call->arena, cell, "kind",
                         from == to                  ? "self"
                         : rate <= 0                 ? "unknown"
                         : rate < middle * SLOW_LINK ? "slow"
                                                     : "ok");
    value_map_put_string(call->arena, cell, "text",
                         rate <= 0 ? NULL : arena_printf(call->arena, rate < 9.95e9 ? "%.2f" : "%.1f", rate / 1e9));
    page_put_time(call, cell, "at", links->at_us[from][to]);
    return cell;
}

static bool links_put(struct api_call *call, struct value *data, struct error *err)
{
    const struct store_bench_filter filter = { .kind = "iperf3", .limit = LINK_BENCHES };
    struct value *rows = value_list(call->arena);
    struct links *links = arena_new_of(call->arena, struct links);
    struct store_bench_page page;
    double middle;

    if (!store_bench_page(center_of(call)->reader, call->arena, &filter, &page, err))
        return false;
    for (size_t i = 0; i < page.count; i++) {
        if (page.rows[i].figures != NULL)
            links_take(call, links, &page.rows[i]);
    }
    middle = median_of(links);
    for (size_t from = 0; from < links->count; from++) {
        struct value *row = value_map(call->arena), *cells = value_list(call->arena);

        for (size_t to = 0; to < links->count; to++)
            value_list_add(call->arena, cells, link_value(call, links, from, to, middle));
        value_map_put_string(call->arena, row, "node", links->nodes[from]);
        value_map_put(call->arena, row, "cells", cells);
        value_list_add(call->arena, rows, row);
    }
    value_map_put(call->arena, data, "links", rows);
    value_map_put_int(call->arena, data, "links_left_out", (int64_t)links->left_out);
    value_map_put_string(call->arena, data, "links_middle",
                         isnan(middle) ? NULL : measure_text(call->arena, middle, "bit/s"));
    return true;
}

/* --- the page --- */

void page_bench(struct api_call *call)
{
    const struct page_bench_query *query = call->query;
    const struct store_bench_filter filter = { .limit = ROWS };
    struct value *data = value_map(call->arena), *rows = value_list(call->arena);
    struct store_connection *reader = center_of(call)->reader;
    const struct store_bench *chosen = NULL;
    struct store_bench_page page;
    struct error err = ERROR_INIT;

    if (!store_bench_page(reader, call->arena, &filter, &page, &err)) {
        center_read_failed(call, &err);
        return;
    }
    for (size_t i = 0; i < page.count; i++)
        value_list_add(call->arena, rows, row_value(call, &page.rows[i]));
    chosen = chosen_of(&page, query->alike);
    value_map_put(call->arena, data, "rows", rows);
    choices_put(call, data, &page, chosen);
    if (!plots_put(call, data, chosen, &err) || !links_put(call, data, &err)) {
        center_read_failed(call, &err);
        return;
    }
    value_map_put_bool(call->arena, data, "live", true);
    page_reply(call, 200, "bench", "Benchmarks", data);
}

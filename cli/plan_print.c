/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bars of memory: a capital letter for each workload that is there, the small one for what would come, "+" for what others use, "!" for
 * what no process holds, "~" for what stays free by rule, "." for what is free.
 */
#include "cli/plan_print.h"

#include <string.h>

#include "cli/table.h"
#include "common/base/text.h"
#include "common/model/memory_need_fit.h"

#define LETTERS 26
#define COLUMNS_DEFAULT 80
#define BAR_LEAST 10
#define BAR_MOST 100
#define NAME_MOST 20

struct plan_printer {
    struct arena *arena;
    FILE *out;
    int columns;
    const char **workloads; /* A, B, C ... in the order in which they are met */
    uint64_t *sizes;        /* of all nodes */
    size_t count;
    int name_width;
};

static uint64_t bytes_of(const struct value *map, const char *key)
{
    const struct value *item = value_map_get(map, key);

    return value_is(item, VALUE_INT) && item->as.integer > 0 ? (uint64_t)item->as.integer : 0;
}

static const char *told(struct arena *arena, const char *text)
{
    struct text out = text_new(arena);

    table_add_told(&out, text == NULL ? "-" : text);
    return out.data;
}

/* --- places --- */

/* Words on lines of at most `columns`, those behind the first indented. */
static void print_wrapped(struct arena *arena, FILE *out, const char *text, int columns)
{
    size_t count = 0, used = 0;
    char **words = text_split(arena, text, ' ', &count);

    for (size_t i = 0; i < count; i++) {
        size_t length = text_utf8_count(words[i], strlen(words[i]));

        if (columns > 0 && i > 0 && used + 1 + length > (size_t)columns) {
            (void)fputs("\n     ", out);
            used = 5;
        }
        (void)fprintf(out, "%s%s", i == 0 ? "" : " ", words[i]);
        used += length + (i == 0 ? 0 : 1);
    }
    (void)fputc('\n', out);
}

static const char *replica_text(struct arena *arena, const struct value *place)
{
    const struct value *replica = value_map_get(place, "replica");

    return value_is(replica, VALUE_INT) && replica->as.integer > 0
               ? arena_printf(arena, ".%d", (int)replica->as.integer)
               : "";
}

void plan_print_waiting(struct arena *arena, FILE *out, const struct value *places)
{
    for (size_t i = 0; i < value_count(places); i++) {
        const struct value *place = value_item(places, i);

        if (!value_map_true(place, "placed"))
            (void)fprintf(out, "%s%s waits: %s\n", told(arena, value_map_text(place, "workload")),
                          replica_text(arena, place), told(arena, value_map_text(place, "sentence")));
    }
}

bool plan_print_places(struct arena *arena, FILE *out, const struct value *places, int columns)
{
    bool all = true;

    for (size_t i = 0; i < value_count(places); i++) {
        const struct value *place = value_item(places, i);
        bool is_placed = value_map_true(place, "placed");
        const char *number = replica_text(arena, place);

        all = all && is_placed;
        print_wrapped(arena, out,
                      arena_printf(arena, "%s%s: %s%s", told(arena, value_map_text(place, "workload")), number,
                                   is_placed ? "" : "NO PLACE: ", told(arena, value_map_text(place, "sentence"))),
                      columns);
    }
    return all;
}

/* --- bars --- */

static size_t workload_index(struct plan_printer *printer, const char *name)
{
    for (size_t i = 0; i < printer->count; i++) {
        if (strcmp(printer->workloads[i], name) == 0)
            return i;
    }
    printer->workloads[printer->count] = name;
    return printer->count++;
}

static char item_letter(struct plan_printer *printer, const struct value *item)
{
    const char *workload = value_map_text(item, "workload"), *what = value_map_text(item, "what");

    if (workload != NULL)
        return (char)((value_map_true(item, "planned") ? 'a' : 'A') +
                      (int)(workload_index(printer, workload) % LETTERS));
    return text_equal(what, "kept free") ? '~' : text_equal(what, "held by no process") ? '!' : '+';
}

/* Fills up by the sums so far, so that the rounding of many pieces never adds up. */
static const char *bar_text(struct plan_printer *printer, const struct value *node, bool is_gpu, size_t width)
{
    const struct value *items = value_map_get(node, "items");
    uint64_t total = bytes_of(node, is_gpu ? "gpu_total" : "host_total"), sum = 0;
    bool is_shared = value_map_true(node, "shared");
    char *bar = arena_alloc(printer->arena, width + 1);
    size_t at = 0;

    memset(bar, '.', width);
    for (size_t i = 0; i < value_count(items); i++) {
        const struct value *item = value_item(items, i);
        bool is_gpu_item = text_equal(value_map_text(item, "where"), "gpu");
        bool is_rule = text_equal(value_map_text(item, "what"), "kept free");
        bool is_other = is_rule || text_equal(value_map_text(item, "what"), "in use besides");
        size_t end;

        if (is_gpu ? !is_gpu_item : is_gpu_item && (!is_shared || is_other))
            continue;
        sum += bytes_of(item, "bytes");
        end = total == 0 ? 0 : (size_t)((double)sum / (double)total * (double)width + 0.5);
        end = end == at && value_map_text(item, "workload") != NULL ? at + 1 : end; /* small, but not hidden */
        for (end = end > width ? width : end; at < end; at++)
            bar[at] = item_letter(printer, item);
    }
    return bar;
}

static void bar_print(struct plan_printer *printer, const struct value *node, bool is_gpu, const char *label)
{
    struct arena *arena = printer->arena;
    const char *kind = is_gpu ? value_map_text(node, "gpu_name") : "host";
    const char *end = arena_printf(arena, "%10s of %9s free",
                                   memory_size_text(arena, bytes_of(node, is_gpu ? "gpu_free" : "host_free")),
                                   memory_size_text(arena, bytes_of(node, is_gpu ? "gpu_total" : "host_total")));
    int room = printer->columns - printer->name_width - 11 - 2 - (int)strlen(end) - 1;
    size_t width = room < BAR_LEAST ? BAR_LEAST : room > BAR_MOST ? BAR_MOST : (size_t)room;

    (void)fprintf(printer->out, "%-*.*s  %-9.9s|%s| %s\n", printer->name_width, printer->name_width, label, kind,
                  bar_text(printer, node, is_gpu, width), end);
}

/* Letters in the order of the nodes, and how much each workload has. */
static void workloads_count(struct plan_printer *printer, const struct value *node)
{
    const struct value *items = value_map_get(node, "items");

    for (size_t i = 0; i < value_count(items); i++) {
        const char *workload = value_map_text(value_item(items, i), "workload");

        if (workload != NULL)
            printer->sizes[workload_index(printer, workload)] += bytes_of(value_item(items, i), "bytes");
    }
}

static void node_print(struct plan_printer *printer, const struct value *node)
{
    struct arena *arena = printer->arena;
    const char *name = told(arena, value_map_text(node, "node")), *why_not = value_map_text(node, "why_not");
    bool has_gpu = value_map_text(node, "gpu_name") != NULL;

    if (bytes_of(node, "host_total") == 0) {
        (void)fprintf(printer->out, "%-*s  it has not told its memory yet\n", printer->name_width, name);
        return;
    }
    if (has_gpu)
        bar_print(printer, node, true, name);
    bar_print(printer, node, false, has_gpu ? "" : name);
    if (!value_map_true(node, "usable"))
        (void)fprintf(printer->out, "%-*s  nothing new is placed there: %s\n", printer->name_width, "",
                      told(arena, why_not));
}

static void legend_print(struct plan_printer *printer)
{
    (void)fputc('\n', printer->out);
    for (size_t i = 0; i < printer->count; i++)
        (void)fprintf(printer->out, "  %c %s %s\n", 'A' + (int)(i % LETTERS),
                      told(printer->arena, printer->workloads[i]), memory_size_text(printer->arena, printer->sizes[i]));
    if (printer->count > 0)
        (void)fputs("  small letters: what is not taken yet\n", printer->out);
    (void)fputs("  ~ stays free  + in use besides  ! held by no process (a reboot gives it back)  . free\n",
                printer->out);
}

void plan_print_nodes(struct arena *arena, FILE *out, const struct value *nodes, int columns)
{
    struct plan_printer printer = { .arena = arena, .out = out, .columns = columns > 0 ? columns : COLUMNS_DEFAULT };
    size_t items = 0;

    for (size_t i = 0; i < value_count(nodes); i++) {
        const char *name = told(arena, value_map_text(value_item(nodes, i), "node"));
        int width = (int)strlen(name) > NAME_MOST ? NAME_MOST : (int)strlen(name);

        printer.name_width = width > printer.name_width ? width : printer.name_width;
        items += value_count(value_map_get(value_item(nodes, i), "items"));
    }
    printer.workloads = arena_new_array(arena, const char *, items + 1);
    printer.sizes = arena_new_array(arena, uint64_t, items + 1);
    for (size_t i = 0; i < value_count(nodes); i++)
        workloads_count(&printer, value_item(nodes, i));
    for (size_t i = 0; i < value_count(nodes); i++)
        node_print(&printer, value_item(nodes, i));
    if (value_count(nodes) > 0)
        legend_print(&printer);
}

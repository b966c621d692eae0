/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The recap, as ansible-playbook's default callback prints it.
 */
#include "engine/report/recap.h"

#include <stdlib.h>
#include <string.h>

#include "common/value/value_python.h"
#include "engine/report/log_file.h"

void recap_keep(struct recap *recap, struct screen *screen, const struct event *event)
{
    struct arena *arena = screen->arena;

    if (event->kind == EVENT_CUSTOM_STATS) {
        recap->custom = value_copy(arena, event->result);
        return;
    }
    if (recap->count == recap->room) {
        size_t room = recap->room == 0 ? 16 : recap->room * 2;

        recap->rows = arena_grow(arena, recap->rows, recap->room * sizeof(*recap->rows), room * sizeof(*recap->rows));
        recap->room = room;
    }
    recap->rows[recap->count++] = (struct recap_row){ arena_copy(arena, event->host), event->stats };
    if (value_count(event->result) > 0) {
        if (recap->host_custom == NULL)
            recap->host_custom = value_map(arena);
        value_map_put(arena, recap->host_custom, event->host, value_copy(arena, event->result));
    }
}

static int stats_compare(const void *a, const void *b)
{
    return strcmp(((const struct recap_row *)a)->host, ((const struct recap_row *)b)->host);
}

static void stats_cell(struct text *out, const char *name, int count, enum paint paint, const struct palette *palette)
{
    char *cell = arena_printf(out->arena, "%s=%-4d", name, count);

    text_add_char(out, ' ');
    paint_add(out, cell, strlen(cell), count == 0 ? PAINT_NONE : paint, palette);
}

/* `palette` NULL: without colours. */
static void stats_row(struct text *out, const struct recap_row *row, const struct palette *palette, size_t width)
{
    const struct event_stats *stats = &row->stats;
    enum paint paint = stats->failed != 0 || stats->unreachable != 0 ? PAINT_ERROR
                       : stats->changed != 0                         ? PAINT_CHANGED
                                                                     : PAINT_OK;

    paint_add(out, row->host, strlen(row->host), paint, palette);
    for (size_t n = text_utf8_count(out->data, out->length); n < width; n++)
        text_add_char(out, ' ');
    text_add(out, " :");
    stats_cell(out, "ok", stats->ok, PAINT_OK, palette);
    stats_cell(out, "changed", stats->changed, PAINT_CHANGED, palette);
    stats_cell(out, "unreachable", stats->unreachable, PAINT_UNREACHABLE, palette);
    stats_cell(out, "failed", stats->failed, PAINT_ERROR, palette);
    stats_cell(out, "skipped", stats->skipped, PAINT_SKIP, palette);
    stats_cell(out, "rescued", stats->rescued, PAINT_OK, palette);
    stats_cell(out, "ignored", stats->ignored, PAINT_WARN, palette);
}

/* The log has its rows without colours. */
static void stats_show(struct screen *screen, const struct recap_row *row)
{
    struct text shown = text_new(screen->scratch), plain = text_new(screen->scratch);

    stats_row(&shown, row, screen->palette, screen->options.color ? 37 : 26);
    screen_print_only(screen, shown.data, PAINT_NONE);
    stats_row(&plain, row, NULL, 26);
    log_file_add(screen->options.log, plain.data, plain.length);
}

/* "\tNAME: {...}" of set_stats; JSON with one blank a level, its lines put together. */
static void custom_line(struct screen *screen, const char *name, const struct value *stats)
{
    struct result_style style = screen_style(screen);
    struct text out = text_new(screen->scratch), dumped = text_new(screen->scratch);

    if (value_has_mark(stats, VALUE_SECRET))
        stats = value_masked(screen->scratch, stats);
    style.indent = 1;
    result_dump(&dumped, stats, &style);
    text_printf(&out, "\t%s: ", name);
    for (size_t i = 0; i < dumped.length; i++) {
        if (dumped.data[i] != '\n')
            text_add_char(&out, dumped.data[i]);
    }
    screen_print_text(screen, &out, PAINT_NONE);
}

static void custom_show(const struct recap *recap, struct screen *screen)
{
    size_t hosts = value_count(recap->host_custom);

    if (!screen->options.show_custom_stats || (hosts == 0 && recap->custom == NULL))
        return;
    screen_banner(screen, "CUSTOM STATS:");
    for (size_t i = 0; i < hosts; i++) {
        const struct value_pair *pair = value_pair_at(recap->host_custom, i);

        custom_line(screen, value_text(pair->key), pair->item);
    }
    if (recap->custom != NULL) {
        screen_print_only(screen, "", PAINT_NONE);
        custom_line(screen, "RUN", recap->custom);
    }
    screen_print_only(screen, "", PAINT_NONE);
}

void recap_show(struct recap *recap, struct screen *screen, bool check_mode)
{
    screen_banner(screen, "PLAY RECAP");
    if (recap->count > 0)
        qsort(recap->rows, recap->count, sizeof(*recap->rows), stats_compare);
    for (size_t i = 0; i < recap->count; i++)
        stats_show(screen, &recap->rows[i]);
    screen_print_only(screen, "", PAINT_NONE);
    custom_show(recap, screen);
    if (check_mode && screen->options.check_markers)
        screen_banner(screen, "DRY RUN");
    recap->count = 0;
}

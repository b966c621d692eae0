/* SPDX-License-Identifier: Apache-2.0 */
/* Logs of pieces that somebody follows: from the journal to the controller, in small lots, never kept on the disk. */
#include <stdio.h>
#include <string.h>

#include "agent/daemon/pieces_keeper_parts.h"
#include "agent/pieces/piece_made.h"
#include "common/base/clock.h"
#include "common/base/text.h"

#define SEND_EVERY_MS 200
#define LOT_MAX ((size_t)500)

static struct keeper_followed *followed_find(struct keeper_logs *logs, const char *name)
{
    for (size_t i = 0; i < logs->count; i++) {
        if (strcmp(logs->followed[i].name, name) == 0)
            return &logs->followed[i];
    }
    return NULL;
}

/* When it was made; a little before now while it is not. */
static int64_t made_us(const char *name)
{
    ARENA_SCOPED arena = arena_new();
    const struct system system = { .root = "" };
    int64_t at_us = piece_made_us(&system, arena, name);

    return at_us > 0 ? at_us : clock_wall_us() - 1000000;
}

static bool is_same(const struct keeper_logs *logs, const struct placement *placement)
{
    size_t count = 0;

    for (size_t i = 0; i < placement->pieces_count; i++)
        count += placement_is_followed(placement, placement->pieces[i].name) ? 1 : 0;
    for (size_t i = 0; i < logs->count; i++) {
        if (!placement_is_followed(placement, logs->followed[i].name) ||
            placement_find(placement, logs->followed[i].name) == NULL)
            return false;
    }
    return count == logs->count || (count > FOLLOWED_MAX && logs->count == FOLLOWED_MAX);
}

static void follow_begin(struct keeper_logs *logs)
{
    ARENA_SCOPED arena = arena_new();
    const char *units[FOLLOWED_MAX];
    struct journal_from from = { .since_us = INT64_MAX, .cursor = "" };

    journal_follow_free(logs->follow);
    logs->follow = NULL;
    for (size_t i = 0; i < logs->count; i++) {
        struct journal_mark *mark = &logs->followed[i].mark;

        journal_mark_resume(mark);
        units[i] = piece_unit(arena, logs->followed[i].name);
        if (mark->at_us < from.since_us)
            from = (struct journal_from){ mark->at_us, mark->cursor };
    }
    if (logs->count > 0)
        logs->follow = journal_follow_new(units, logs->count, &from);
}

void keeper_logs_set(struct keeper *keeper)
{
    struct keeper_logs *logs = &keeper->logs;
    const struct placement *placement = pieces_placement(keeper->pieces);
    struct keeper_followed kept[FOLLOWED_MAX];
    size_t count = 0;

    if (placement == NULL || is_same(logs, placement))
        return;
    memset(kept, 0, sizeof(kept));
    for (size_t i = 0; i < placement->pieces_count && count < FOLLOWED_MAX; i++) {
        const char *name = placement->pieces[i].name;
        const struct keeper_followed *before = followed_find(logs, name);

        if (!placement_is_followed(placement, name))
            continue;
        if (before != NULL)
            kept[count] = *before;
        else
            journal_mark_begin(&kept[count].mark, made_us(name));
        (void)snprintf(kept[count].name, sizeof(kept[count].name), "%s", name);
        count++;
    }
    memcpy(logs->followed, kept, sizeof(kept));
    logs->count = count;
    follow_begin(logs);
    keeper_logs_take(keeper);
}

static void line_keep(struct keeper_logs *logs, struct keeper_followed *followed, const struct journal_line *line)
{
    struct value *map;

    if (logs->lines_arena == NULL)
        logs->lines_arena = arena_new();
    if (followed->lines == NULL)
        followed->lines = value_list(logs->lines_arena);
    map = value_map(logs->lines_arena);
    value_map_put_int(logs->lines_arena, map, "at_us", line->at_us);
    value_map_put_string(logs->lines_arena, map, "text", line->text);
    value_list_add(logs->lines_arena, followed->lines, map);
    logs->lines++;
}

void keeper_logs_take(struct keeper *keeper)
{
    struct keeper_logs *logs = &keeper->logs;
    struct journal_line line;

    if (logs->follow == NULL)
        return;
    /* more of them wait in the journal until these are sent */
    for (;;) {
        ARENA_SCOPED arena = arena_new();
        struct keeper_followed *followed;
        const char *name;

        if (logs->lines >= LINES_MAX || !journal_follow_next(logs->follow, arena, &line))
            break;
        name = piece_of_unit(arena, line.unit);
        followed = name == NULL ? NULL : followed_find(logs, name);
        /* when what is followed has changed, the journal is read from the oldest end of all */
        if (followed != NULL && journal_mark_pass(&followed->mark, &line))
            line_keep(logs, followed, &line);
    }
    if (logs->lines > 0 && logs->send_at_ms == 0)
        logs->send_at_ms = clock_monotonic_ms();
}

static const struct value *lot_take(struct keeper_followed *followed, struct arena *arena, size_t *count_out)
{
    struct value *lot = value_list(arena);
    size_t count = value_count(followed->lines);

    *count_out = count < LOT_MAX ? count : LOT_MAX;
    for (size_t i = 0; i < *count_out; i++)
        value_list_add(arena, lot, value_copy(arena, value_item(followed->lines, i)));
    if (*count_out == count)
        followed->lines = NULL;
    for (size_t i = 0; *count_out < count && i < *count_out; i++)
        value_list_remove(followed->lines, 0);
    return lot;
}

const struct value *keeper_logs_body(struct keeper *keeper, struct arena *arena)
{
    struct keeper_logs *logs = &keeper->logs;
    struct value *body = value_map(arena);
    size_t taken = 0;

    if (logs->lines == 0 || clock_monotonic_ms() < logs->send_at_ms)
        return NULL;
    for (size_t i = 0; i < logs->count && taken == 0; i++) {
        if (logs->followed[i].lines == NULL)
            continue;
        value_map_put_string(arena, body, "piece", logs->followed[i].name);
        value_map_put(arena, body, "lines", lot_take(&logs->followed[i], arena, &taken));
    }
    logs->lines = taken == 0 ? 0 : logs->lines - taken;
    if (logs->lines == 0) {
        for (size_t i = 0; i < logs->count; i++)
            logs->followed[i].lines = NULL;
        arena_free(logs->lines_arena);
        logs->lines_arena = NULL;
        logs->send_at_ms = 0;
    }
    if (logs->lines == 0 && logs->follow != NULL)
        logs->send_at_ms = clock_monotonic_ms() + SEND_EVERY_MS;
    return taken == 0 ? NULL : body;
}

void keeper_logs_close(struct keeper *keeper)
{
    journal_follow_free(keeper->logs.follow);
    arena_free(keeper->logs.lines_arena);
}

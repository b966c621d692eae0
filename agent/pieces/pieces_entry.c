/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of each piece, and how it is told. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/pieces/piece_made.h"
#include "agent/pieces/piece_state.h"
#include "agent/pieces/pieces_parts.h"
#include "agent/system/unit/journal.h"
#include "common/base/clock.h"
#include "common/base/path.h"
#include "common/base/text.h"

#define PIDS_MAX ((size_t)4096)
#define TAIL_AGAIN_MS 300 /* journald is a moment behind */

struct piece_entry *entry_find(struct pieces *pieces, const char *name)
{
    for (size_t i = 0; i < pieces->entries_count; i++) {
        if (strcmp(pieces->entries[i].name, name) == 0)
            return &pieces->entries[i];
    }
    return NULL;
}

struct piece_entry *entry_get(struct pieces *pieces, const char *name)
{
    struct piece_entry *entry = entry_find(pieces, name);

    if (entry != NULL || pieces->entries_count == ENTRIES_MAX || strlen(name) > PIECE_NAME_MAX)
        return entry;
    entry = &pieces->entries[pieces->entries_count++];
    *entry = (struct piece_entry){ .exit_code = -1, .signal = -1 };
    (void)snprintf(entry->name, sizeof(entry->name), "%s", name);
    return entry;
}

bool entries_collect(struct pieces *pieces, const char *const *names)
{
    bool is_whole = true;

    for (size_t i = 0; pieces->placement_arena != NULL && i < pieces->placement.pieces_count; i++) {
        struct piece_entry *entry = entry_get(pieces, pieces->placement.pieces[i].name);

        is_whole = is_whole && entry != NULL;
        if (entry == NULL)
            continue;
        entry->piece = &pieces->placement.pieces[i];
        entry->is_placed = true;
    }
    pieces->is_cut = pieces->is_cut || !is_whole;
    for (size_t i = 0; names[i] != NULL; i++) {
        if (entry_get(pieces, names[i]) != NULL)
            continue;
        is_whole = false;
        pieces->is_cut = pieces->is_cut || strlen(names[i]) <= PIECE_NAME_MAX;
    }
    return is_whole;
}

void entry_free(struct piece_entry *entry)
{
    arena_free(entry->tail_arena);
    entry->tail_arena = NULL;
}

bool entry_is_job(const struct piece_entry *entry)
{
    return entry->piece != NULL && entry->piece->wrong == NULL && strcmp(entry->piece->piece.kind, "job") == 0;
}

void entry_state_set(struct piece_entry *entry, enum piece_state state, const char *sentence)
{
    if (entry->since_us == 0 || entry->state != state) {
        entry->since_us = clock_wall_us();
        entry->tail_at_ms = 0;
        if (state != PIECE_FAILED && state != PIECE_ENDED) {
            entry_free(entry);
            entry->log = NULL;
            entry->output = NULL;
        }
    }
    entry->state = state;
    (void)snprintf(entry->sentence, sizeof(entry->sentence), "%s", sentence == NULL ? "" : sentence);
}

/* --- its processes --- */

static void group_pids(const struct sysfs *fs, const char *folder, int64_t *pids, size_t *count)
{
    const char *cursor = sysfs_document(fs, path_join(fs->arena, folder, "cgroup.procs"), SYSFS_TEXT_MAX), *line;
    const char *end = cursor == NULL ? NULL : cursor + strlen(cursor);
    size_t length;

    while (cursor != NULL && *count < PIDS_MAX && text_line(&cursor, end, &line, &length)) {
        if (text_to_int(text_trim(fs->arena, line, length), &pids[*count]))
            (*count)++;
    }
}

int64_t *entry_pids(const struct sysfs *fs, const struct piece_entry *entry, size_t *count_out)
{
    static const char *const roots[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified" };
    int64_t *pids = arena_new_array(fs->arena, int64_t, PIDS_MAX);

    *count_out = 0;
    for (size_t i = 0; entry->group[0] != '\0' && *count_out == 0 && i < sizeof(roots) / sizeof(roots[0]); i++)
        group_pids(fs, arena_printf(fs->arena, "%s%s", roots[i], entry->group), pids, count_out);
    if (*count_out == 0 && entry->pid > 0)
        pids[(*count_out)++] = entry->pid;
    return pids;
}

/* --- log and output --- */

void entry_tail_take(struct round *round, struct piece_entry *entry)
{
    bool is_first = entry->tail_arena == NULL;
    struct journal_query query = { .unit = piece_unit(round->arena, entry->name),
                                   .since_us = piece_made_us(round->system, round->arena, entry->name),
                                   .lines = PIECE_LOG_LINES };

    if (!is_first && (entry->tail_at_ms == 0 || round->now_ms < entry->tail_at_ms)) {
        if (entry->tail_at_ms > 0)
            round_due(round, entry->tail_at_ms);
        return;
    }
    entry_free(entry);
    entry->tail_arena = arena_new();
    entry->log = entry->state == PIECE_FAILED ? journal_last(entry->tail_arena, &query) : NULL;
    entry->output = entry_is_job(entry) ? piece_output_read(round->system, entry->tail_arena, entry->name) : NULL;
    entry->tail_at_ms = is_first && entry->log != NULL ? round->now_ms + TAIL_AGAIN_MS : 0;
    if (entry->tail_at_ms > 0)
        round_due(round, entry->tail_at_ms);
}

/* --- telling --- */

static void number_put(struct arena *arena, struct value *map, const char *key, int64_t number, int64_t none)
{
    if (number != none)
        value_map_put_int(arena, map, key, number);
}

/* Where it can be reached: of its first port. */
static const char *address_of(const struct piece_entry *entry)
{
    if (entry->piece == NULL || entry->piece->wrong != NULL || value_count(entry->piece->piece.ports) == 0)
        return NULL;
    return value_map_text(value_item(entry->piece->piece.ports, 0), "address");
}

struct value *entry_value(struct arena *arena, const struct piece_entry *entry)
{
    struct value *map = value_map(arena);

    value_map_put_string(arena, map, "name", entry->name);
    value_map_put_string(arena, map, "state", piece_state_name(entry->state));
    value_map_put_int(arena, map, "since_us", entry->since_us);
    if (entry->sentence[0] != '\0')
        value_map_put_string(arena, map, "sentence", entry->sentence);
    number_put(arena, map, "pid", entry->pid, 0);
    number_put(arena, map, "exit_code", entry->exit_code, -1);
    number_put(arena, map, "signal", entry->signal, -1);
    number_put(arena, map, "restarts", entry->restarts, 0);
    number_put(arena, map, "memory_peak", entry->memory_peak, 0);
    number_put(arena, map, "anon_peak", entry->anon_peak, 0);
    number_put(arena, map, "rss_peak", entry->rss_peak, 0);
    number_put(arena, map, "gtt_peak", entry->gtt_peak, 0);
    number_put(arena, map, "vram_peak", entry->vram_peak, 0);
    if (address_of(entry) != NULL)
        value_map_put_string(arena, map, "address", address_of(entry));
    if (entry->state == PIECE_FAILED && entry->log != NULL)
        value_map_put(arena, map, "log", value_copy(arena, entry->log));
    if ((entry->state == PIECE_FAILED || entry->state == PIECE_ENDED) && entry->output != NULL)
        value_map_put_string(arena, map, "output", entry->output);
    return map;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A round: what is there, what is to go, what is to be, and in which order. */
#include "agent/pieces/pieces.h"

#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/pieces/piece_firewall.h"
#include "agent/pieces/piece_made.h"
#include "agent/pieces/piece_state.h"
#include "agent/pieces/piece_unused.h"
#include "agent/pieces/pieces_parts.h"
#include "common/base/clock.h"
#include "common/base/hash.h"
#include "common/base/text.h"
#include "common/json/json.h"

#define LISTEN_AGAIN_MS 100 /* and a tenth of how long it takes already */
#define LISTEN_MOST_MS 2000
#define WAY_AGAIN_MS 5000 /* while something is under way; systemd tells, this is in case it does not */
#define TRIM_MS 60000
#define OUTPUT_MS 2000
#define STATES_MS ((int64_t)3600 * 1000)

struct pieces *pieces_new(const struct pieces_options *options)
{
    struct pieces *pieces = calloc(1, sizeof(*pieces));

    if (pieces != NULL)
        pieces->entries = calloc(ENTRIES_MAX, sizeof(*pieces->entries));
    if (pieces == NULL || pieces->entries == NULL)
        abort();
    pieces->options = *options;
    pieces->tidied_epoch = -1;
    return pieces;
}

void pieces_free(struct pieces *pieces)
{
    if (pieces == NULL)
        return;
    for (size_t i = 0; i < pieces->entries_count; i++)
        entry_free(&pieces->entries[i]);
    arena_free_secret(pieces->placement_arena);
    arena_free(pieces->programs_arena);
    free(pieces->entries);
    free(pieces);
}

const struct placement *pieces_placement(const struct pieces *pieces)
{
    return pieces->placement_arena == NULL ? NULL : &pieces->placement;
}

bool pieces_set(struct pieces *pieces, const struct value *placement, const char *controller, struct error *err)
{
    struct arena *arena = arena_new();
    struct placement bound;

    if (!placement_bind(arena, value_copy(arena, placement), &bound, err)) {
        arena_free_secret(arena);
        return false;
    }
    arena_free_secret(pieces->placement_arena);
    pieces->placement_arena = arena;
    pieces->placement = bound;
    (void)snprintf(pieces->controller, sizeof(pieces->controller), "%s", controller == NULL ? "" : controller);
    for (size_t i = 0; i < pieces->entries_count; i++)
        pieces->entries[i].piece = NULL;
    return true;
}

const struct value *pieces_engines(struct pieces *pieces, struct arena *arena, struct arena *cache_arena,
                                   struct value *cache)
{
    struct arena *kept = arena_new();
    const struct sysfs fs = { .system = pieces->options.system, .arena = kept };

    arena_free(pieces->programs_arena);
    pieces->programs_arena = kept;
    pieces->programs = piece_programs(&fs, cache_arena, cache, &pieces->programs_count);
    pieces->has_programs = true;
    return piece_programs_value(arena, pieces->programs, pieces->programs_count);
}

/* --- helpers of a round --- */

void round_due(struct round *round, int64_t at_ms)
{
    if (at_ms < round->out->due_ms)
        round->out->due_ms = at_ms;
}

void round_trouble(struct round *round, const char *sentence)
{
    if (round->out->trouble == NULL)
        round->out->trouble = arena_copy(round->arena, sentence);
}

const struct port_listener *round_port_taken(struct round *round, const char *address, int port)
{
    if (round->listeners == NULL)
        round->listeners = port_listeners(&round->fs, &round->listeners_count);
    return port_taken(round->listeners, round->listeners_count, address, port);
}

/* --- what is there --- */

static bool entries_look(struct round *round, struct error *err)
{
    struct pieces *pieces = round->pieces;
    const char **made = piece_made_names(round->system, round->arena), **loaded = NULL;
    size_t count = 0;

    for (size_t i = 0; i < pieces->entries_count; i++) {
        struct piece_entry *entry = &pieces->entries[i];

        entry->is_placed = entry->is_checked = false;
        entry->piece = NULL;
        entry->state_before = entry->state;
        entry->since_before_us = entry->since_us;
    }
    if (!unit_loaded_names(round->manager, PIECE_UNIT_PREFIX, &loaded, err))
        return false;
    for (size_t i = 0; loaded[i] != NULL; i++) {
        const char *name = piece_of_unit(round->arena, loaded[i]);

        if (name != NULL)
            loaded[count++] = name;
    }
    loaded[count] = NULL;
    pieces->is_cut = false;
    if (!entries_collect(pieces, made) || !entries_collect(pieces, loaded))
        round_trouble(round, "there are more units of pieces than can be looked after");
    for (size_t i = 0; i < pieces->entries_count; i++) {
        struct piece_entry *entry = &pieces->entries[i];

        if (!piece_look(round->manager, entry->name, &entry->now, err))
            return false;
        (void)snprintf(entry->group, sizeof(entry->group), "%s",
                       entry->now.control_group == NULL ? "" : entry->now.control_group);
        entry->pid = entry->now.pid;
        entry->restarts = entry->now.restarts;
        if (entry->now.memory_peak > entry->memory_peak)
            entry->memory_peak = entry->now.memory_peak;
    }
    return true;
}

/* --- what is to go --- */

static void job_ask(struct round *round, struct piece_entry *entry, const char *verb)
{
    struct error err = ERROR_INIT;

    if (!unit_job_run(round->manager, piece_unit(round->arena, entry->name), verb, false, &err))
        round_trouble(round, arena_printf(round->arena, "piece '%s': %s", entry->name, err.text));
    round_due(round, round->now_ms + WAY_AGAIN_MS);
}

static void entry_leave(struct round *round, struct piece_entry *entry)
{
    struct error err = ERROR_INIT;
    bool was_there;

    if (!piece_now_is_down(&entry->now)) {
        entry->is_orphan = entry->is_orphan || entry->since_us == 0;
        entry_state_set(entry, PIECE_STOPPING, NULL);
        job_ask(round, entry, "Stop");
        return;
    }
    was_there = entry->now.is_loaded || piece_made_definition(round->system, round->arena, entry->name) != NULL;
    (void)unit_reset_failed(round->manager, piece_unit(round->arena, entry->name), &err);
    if (!piece_made_remove(round->system, round->arena, entry->name, &err)) {
        round_trouble(round, arena_printf(round->arena, "piece '%s': %s", entry->name, err.text));
        return;
    }
    round->needs_reload = round->needs_reload || was_there;
    piece_output_remove(round->system, round->arena, entry->name);
    entry_state_set(entry, PIECE_GONE, NULL);
}

/* --- what is to be --- */

/* Its ports are what others wait for. Who takes one caller alone (a worker of distributed-llama) listens no more once that one is there. */
static bool listens(struct round *round, const struct piece_entry *entry)
{
    const struct value *ports = entry->piece->piece.ports;
    size_t count = 0;
    int64_t *pids = value_count(ports) == 0 ? NULL : entry_pids(&round->fs, entry, &count);

    for (size_t i = 0; i < value_count(ports); i++) {
        const struct value *port = value_item(ports, i);
        int number = (int)value_map_get(port, "port")->as.integer;
        const struct port_listener *taken = round_port_taken(round, value_map_text(port, "address"), number);

        if ((taken == NULL || !port_is_of(&round->fs, taken->inode, pids, count)) &&
            !port_is_connected(&round->fs, number, pids, count))
            return false;
    }
    return true;
}

static int64_t listen_wait_ms(const struct piece_entry *entry)
{
    int64_t wait_ms = (clock_wall_us() - entry->since_us) / 10000;

    return wait_ms < LISTEN_AGAIN_MS ? LISTEN_AGAIN_MS : wait_ms > LISTEN_MOST_MS ? LISTEN_MOST_MS : wait_ms;
}

static void entry_judge(struct round *round, struct piece_entry *entry, enum piece_state state, const char *sentence)
{
    bool is_job = entry_is_job(entry);

    if (state == PIECE_RUNNING && !is_job && entry->state != PIECE_RUNNING && !listens(round, entry)) {
        state = PIECE_STARTING;
        sentence = "it does not listen yet";
        round_due(round, round->now_ms + listen_wait_ms(entry));
    }
    if (state == PIECE_STARTING || state == PIECE_STOPPING)
        round_due(round, round->now_ms + WAY_AGAIN_MS);
    if (is_job && state == PIECE_RUNNING) {
        piece_output_bound(round->system, round->arena, entry->name);
        round_due(round, round->now_ms + OUTPUT_MS);
    }
    entry_state_set(entry, state, sentence);
    entry->exit_code = state == PIECE_FAILED || state == PIECE_ENDED ? entry->now.exit_code : -1;
    entry->signal = state == PIECE_FAILED ? entry->now.signal : -1;
    if (state == PIECE_FAILED || state == PIECE_ENDED)
        entry_tail_take(round, entry);
}

/* True: it is to be started in this round, if it may be. */
static bool entry_keep(struct round *round, struct piece_entry *entry)
{
    const char *made = piece_made_definition(round->system, round->arena, entry->name), *sentence = NULL;
    bool is_same = made != NULL && strcmp(made, piece_definition(round->arena, entry->piece->written)) == 0;
    enum piece_state state;

    entry->is_orphan = false;
    if (is_same && entry->is_unguarded && piece_now_is_down(&entry->now))
        return true;
    if (is_same && entry->now.is_loaded &&
        piece_now_judge(round->arena, &entry->now, entry_is_job(entry), &state, &sentence)) {
        entry->is_checked = true;
        entry_judge(round, entry, state, sentence);
        return false;
    }
    if (!piece_now_is_down(&entry->now)) { /* it is to be another one */
        entry_state_set(entry, PIECE_STARTING, "what it was before is being ended");
        job_ask(round, entry, "Stop");
        return false;
    }
    if (made != NULL && !is_same)
        piece_output_remove(round->system, round->arena, entry->name);
    return true;
}

static void entry_start(struct round *round, struct piece_entry *entry)
{
    const char *unit = piece_unit(round->arena, entry->name);
    struct error err = ERROR_INIT;

    (void)unit_reset_failed(round->manager, unit, &err);
    if (!unit_job_run(round->manager, unit, "Start", false, &err)) {
        entry_state_set(entry, PIECE_REFUSED, err.text);
        round_due(round, round->now_ms + WAY_AGAIN_MS);
        return;
    }
    entry->is_unguarded = false;
    entry_state_set(entry, PIECE_STARTING, NULL);
    round_due(round, round->now_ms + (value_count(entry->piece->piece.ports) > 0 ? LISTEN_AGAIN_MS : WAY_AGAIN_MS));
}

static void starts_refuse(struct round *round, struct piece_entry **starts, size_t count, const char *sentence,
                          bool only_guarded)
{
    for (size_t i = 0; i < count; i++) {
        if (starts[i] == NULL || (only_guarded && !piece_is_guarded(&starts[i]->piece->piece)))
            continue;
        entry_state_set(starts[i], PIECE_REFUSED, sentence);
        round_due(round, round->now_ms + WAY_AGAIN_MS);
        starts[i] = NULL;
    }
}

/* Rules first, then files, then systemd reads them, then all start together. */
static void starts_do(struct round *round, struct piece_entry **starts, size_t count)
{
    struct error err = ERROR_INIT;

    if (!round_guard(round, &err)) {
        struct piece_entry **ended = arena_new_array(round->arena, struct piece_entry *, ENTRIES_MAX);
        size_t ended_count = round_guard_failed(round, err.text, ended);

        starts_refuse(round, starts, count, err.text, true);
        for (size_t i = 0; i < ended_count; i++)
            job_ask(round, ended[i], "Stop");
        round_trouble(round, err.text);
    }
    for (size_t i = 0; i < count; i++) {
        if (starts[i] != NULL && !entry_write(round, starts[i]))
            starts[i] = NULL;
    }
    error_clear(&err);
    if (round->needs_reload && !unit_manager_reload(round->manager, &err)) {
        starts_refuse(round, starts, count, err.text, false);
        round_trouble(round, err.text);
    }
    for (size_t i = 0; i < count; i++) {
        if (starts[i] != NULL)
            entry_start(round, starts[i]);
    }
}

static void entries_do(struct round *round)
{
    struct pieces *pieces = round->pieces;
    struct piece_entry **starts = arena_new_array(round->arena, struct piece_entry *, ENTRIES_MAX);
    size_t wanted = 0, count = 0;

    for (size_t i = 0; i < pieces->entries_count; i++) {
        if (!pieces->entries[i].is_placed)
            entry_leave(round, &pieces->entries[i]);
    }
    for (size_t i = 0; i < pieces->entries_count; i++) {
        if (pieces->entries[i].is_placed && entry_keep(round, &pieces->entries[i]))
            starts[wanted++] = &pieces->entries[i];
    }
    for (size_t i = 0; i < wanted; i++) {
        if (!entry_check(round, starts[i]))
            continue;
        starts[i]->is_checked = true;
        entry_state_set(starts[i], PIECE_STARTING, NULL);
        starts[count++] = starts[i];
    }
    starts_do(round, starts, count);
}

/* --- what is done from time to time --- */

static void states_trim(struct round *round)
{
    struct pieces *pieces = round->pieces;
    bool is_due = round->now_ms - pieces->trimmed_ms >= TRIM_MS;

    for (size_t i = 0; i < pieces->entries_count; i++) {
        const struct piece_entry *entry = &pieces->entries[i];
        struct piece_trim trim = { .young_s = STATE_YOUNG_S };
        struct error err = ERROR_INIT;
        int64_t freed = 0;

        if (!entry->is_placed || entry->piece->wrong != NULL || entry->piece->piece.state == NULL ||
            entry->piece->piece.state_max == 0)
            continue;
        round_due(round, is_due ? round->now_ms + TRIM_MS : pieces->trimmed_ms + TRIM_MS);
        trim.state = entry->piece->piece.state;
        trim.most = entry->piece->piece.state_max;
        if (is_due && !piece_state_trim(round->system, round->arena, &trim, &freed, &err))
            round_trouble(round, err.text);
    }
    if (is_due)
        pieces->trimmed_ms = round->now_ms;
}

/* What jobs of an earlier life have left, once for each placement. */
static void outputs_tidy(struct round *round)
{
    struct pieces *pieces = round->pieces;
    const char **names;

    if (pieces->placement_arena == NULL || pieces->tidied_epoch == pieces->placement.epoch)
        return;
    names = arena_new_array(round->arena, const char *, pieces->entries_count + 1);
    for (size_t i = 0; i < pieces->entries_count; i++)
        names[i] = pieces->entries[i].name;
    piece_outputs_tidy(round->system, round->arena, names);
    pieces->tidied_epoch = pieces->placement.epoch;
}

/* Only when it is certain what is in use: nothing is on its way out, and every piece of the placement is understood. */
static void states_tidy(struct round *round)
{
    struct pieces *pieces = round->pieces;
    struct piece_named *named = arena_new_array(round->arena, struct piece_named, pieces->entries_count + 1);
    struct error err = ERROR_INIT;
    size_t count = 0;

    if (pieces->placement_arena == NULL ||
        (pieces->states_tidied_ms > 0 && round->now_ms - pieces->states_tidied_ms < STATES_MS))
        return;
    for (size_t i = 0; i < pieces->entries_count; i++) {
        const struct piece_entry *entry = &pieces->entries[i];
        const struct piece *piece = entry->is_placed ? &entry->piece->piece : NULL;

        if ((piece == NULL && entry->state != PIECE_GONE) || (piece != NULL && entry->piece->wrong != NULL))
            return;
        if (piece != NULL && piece->state != NULL)
            named[count++] = (struct piece_named){ piece->state, piece->state_max > 0 };
    }
    pieces->states_tidied_ms = round->now_ms;
    if (!piece_states_tidy(round->system, round->arena, named, count, clock_wall_us() / 1000000, &err))
        round_trouble(round, err.text);
}

/* --- telling --- */

struct value *pieces_report(const struct pieces *pieces, struct arena *arena)
{
    struct value *body = value_map(arena), *list = value_list(arena), *orphans = value_list(arena);

    for (size_t i = 0; i < pieces->entries_count; i++) {
        const struct piece_entry *entry = &pieces->entries[i];

        if (entry->is_orphan)
            value_list_add(arena, orphans, value_string(arena, entry->name));
        if (entry->since_us > 0)
            value_list_add(arena, list, entry_value(arena, entry));
    }
    value_map_put_int(arena, body, "epoch", pieces->placement_arena == NULL ? 0 : pieces->placement.epoch);
    value_map_put(arena, body, "pieces", list);
    value_map_put(arena, body, "orphans", orphans);
    if (pieces->is_cut)
        value_map_put_bool(arena, body, "cut", true); /* what is not named may be there all the same */
    return body;
}

/* Those that are told to be gone are forgotten. */
static void gone_forget(struct pieces *pieces)
{
    size_t kept = 0;

    for (size_t i = 0; i < pieces->entries_count; i++) {
        if (!pieces->entries[i].is_placed && pieces->entries[i].state == PIECE_GONE) {
            entry_free(&pieces->entries[i]);
            continue;
        }
        pieces->entries[kept] = pieces->entries[i];
        kept++;
    }
    pieces->entries_count = kept;
}

/* What was tried again and came to the same is no news. */
static void sinces_keep(struct pieces *pieces)
{
    for (size_t i = 0; i < pieces->entries_count; i++) {
        struct piece_entry *entry = &pieces->entries[i];

        if (entry->since_before_us > 0 && entry->state == entry->state_before)
            entry->since_us = entry->since_before_us;
    }
}

static void round_tell(struct round *round)
{
    struct pieces *pieces = round->pieces;

    sinces_keep(pieces);
    const struct value *body = pieces_report(pieces, round->arena);
    const char *text = json_text(round->arena, body, JSON_COMPACT);
    char hash[HASH_HEX_MAX];

    hash_hex_of(HASH_SHA256, text, strlen(text), hash);
    round->out->is_settled = true;
    for (size_t i = 0; i < pieces->entries_count; i++) {
        struct piece_entry *entry = &pieces->entries[i];
        enum piece_state state = entry->state;

        round->out->is_settled =
            round->out->is_settled && state != PIECE_STARTING && state != PIECE_STOPPING && entry->tail_at_ms == 0;
    }
    gone_forget(pieces);
    round->out->is_empty = pieces->entries_count == 0;
    if (strcmp(hash, pieces->told_hash) == 0)
        return;
    memcpy(pieces->told_hash, hash, sizeof(hash));
    round->out->report = body;
}

/* --- a round --- */

static const char *gpu_groups(struct arena *arena)
{
    static const char *const names[] = { "render", "video" };
    struct text out = text_new(arena);

    for (size_t i = 0; i < 2; i++) {
        if (getgrnam(names[i]) != NULL)
            text_printf(&out, "%s%s", out.length == 0 ? "" : " ", names[i]);
    }
    return out.data;
}

static void host_read(struct round *round)
{
    struct pieces *pieces = round->pieces;

    if (pieces->systemd_version == 0)
        pieces->systemd_version = unit_manager_version(round->manager);
    if (pieces->boot[0] == '\0') {
        const char *boot = sysfs_text(&round->fs, "/proc/sys/kernel/random", "boot_id");

        (void)snprintf(pieces->boot, sizeof(pieces->boot), "%s", boot == NULL ? "?" : boot);
    }
    round->host = (struct piece_host){ .systemd_version = pieces->systemd_version,
                                       .gpu_groups = gpu_groups(round->arena),
                                       .models_store = pieces->options.models_store };
}

bool pieces_round(struct pieces *pieces, struct arena *arena, struct pieces_round *out, struct error *err)
{
    UNIT_MANAGER_SCOPED manager = NULL;
    struct round round = { .pieces = pieces,
                           .arena = arena,
                           .system = pieces->options.system,
                           .fs = { pieces->options.system, arena },
                           .out = out,
                           .now_ms = clock_monotonic_ms() };

    *out = (struct pieces_round){ .due_ms = INT64_MAX };
    if (!unit_manager_open(round.system, arena, UNIT_SCOPE_SYSTEM, &manager, err))
        return false;
    round.manager = manager;
    host_read(&round);
    if (!entries_look(&round, err))
        return false;
    round_lease(&round);
    entries_do(&round);
    states_trim(&round);
    outputs_tidy(&round);
    states_tidy(&round);
    round_tell(&round);
    return true;
}

const char **pieces_units(const struct pieces *pieces, struct arena *arena, size_t *count_out)
{
    const char **units = arena_new_array(arena, const char *, pieces->entries_count + 1);

    for (size_t i = 0; i < pieces->entries_count; i++)
        units[i] = piece_unit(arena, pieces->entries[i].name);
    *count_out = pieces->entries_count;
    return units;
}

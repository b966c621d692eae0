/* SPDX-License-Identifier: Apache-2.0 */
/* Rules for what is to be and for what is still going: before the first packet, until after the last. */
#include <string.h>

#include "agent/pieces/piece_firewall.h"
#include "agent/pieces/piece_made.h"
#include "agent/pieces/pieces_parts.h"
#include "agent/system/network/nft.h"
#include "agent/system/process/process.h"
#include "common/base/hash.h"
#include "common/json/json.h"

#define RULES_CHECK_MS 30000 /* somebody may have changed them; usually that is told (network_watch.h) */
#define GUARD_TRIES 5
#define GUARD_AGAIN_MS 2000
#define NO_RULES "table inet " PIECES_TABLE "\ndelete table inet " PIECES_TABLE "\n"

/* Of one that is going, or to be another one; NULL: it is down, or what is placed. */
static const struct piece *made_piece(struct round *round, const struct piece_entry *entry,
                                      const struct placement_piece *placed)
{
    const char *text =
        piece_now_is_down(&entry->now) ? NULL : piece_made_definition(round->system, round->arena, entry->name);
    struct piece *piece = arena_new_of(round->arena, struct piece);
    const struct value *map = NULL;
    struct error ignored = ERROR_INIT;

    if (text == NULL || (placed != NULL && strcmp(text, piece_definition(round->arena, placed->written)) == 0))
        return NULL;
    return json_read(round->arena, text, strlen(text), NULL, &map, &ignored) &&
                   piece_bind(round->arena, map, piece, &ignored)
               ? piece
               : NULL;
}

/* Each once, in the same order when it is started: the rules are the same then. */
static size_t guarded(struct round *round, const struct piece **out)
{
    struct pieces *pieces = round->pieces;
    size_t count = 0;

    for (size_t i = 0; i < pieces->entries_count; i++) {
        const struct piece_entry *entry = &pieces->entries[i];
        bool is_placed = entry->is_placed && entry->piece->wrong == NULL && entry->state != PIECE_REFUSED;
        const struct piece *made = made_piece(round, entry, is_placed ? entry->piece : NULL);

        if (made != NULL && piece_is_guarded(made))
            out[count++] = made;
        if (is_placed && piece_is_guarded(&entry->piece->piece))
            out[count++] = &entry->piece->piece;
    }
    return count;
}

static void text_hash(const char *text, char out[HASH_HEX_MAX])
{
    hash_hex_of(HASH_SHA256, text, strlen(text), out);
}

/* What is loaded now, as nft tells it; "": no table. */
static bool loaded_list(struct round *round, const char **out, char hash_out[HASH_HEX_MAX], struct error *err)
{
    if (!nft_table_list(round->system, round->arena, "inet", PIECES_TABLE, out, err))
        return false;
    *out = *out == NULL ? "" : *out;
    text_hash(*out, hash_out);
    return true;
}

static size_t rules_count(const char *text)
{
    size_t count = 0;

    while ((text = strstr(text, " dport ")) != NULL) {
        text++;
        count++;
    }
    return count;
}

/* *needed_out: the rules are not those that were loaded last, or what is loaded is something else by now. */
static bool is_needed(struct round *round, const char *hash, bool has_rules, bool *needed_out, struct error *err)
{
    struct pieces *pieces = round->pieces;
    bool is_same = strcmp(hash, pieces->rules_hash) == 0;
    const char *listing = NULL;
    char now[HASH_HEX_MAX] = "";

    *needed_out = has_rules && !is_same;
    if (*needed_out)
        return true;
    if (is_same &&
        (!has_rules || (pieces->rules_checked_ms > 0 && round->now_ms - pieces->rules_checked_ms < RULES_CHECK_MS)))
        return true;
    if (!has_rules && process_find(round->system, round->arena, "nft") == NULL)
        return true;
    if (!loaded_list(round, &listing, now, err))
        return false;
    pieces->rules_checked_ms = round->now_ms;
    *needed_out = has_rules ? strcmp(now, pieces->loaded_hash) != 0 : listing[0] != '\0';
    if (has_rules && *needed_out)
        round_trouble(round, "somebody has changed the rules that close the ports of pieces: they are loaded again");
    return true;
}

static bool rules_load(struct round *round, const char *text, struct error *err)
{
    struct pieces *pieces = round->pieces;
    const char *listing = NULL;

    if (!nft_load(round->system, round->arena, text, err) || !loaded_list(round, &listing, pieces->loaded_hash, err))
        return false;
    pieces->rules_checked_ms = round->now_ms;
    return rules_count(listing) == rules_count(text) || /* else it is not them that are compared with later */
           error_set(err, "nft has loaded the rules, and lists others");
}

bool round_guard(struct round *round, struct error *err)
{
    struct pieces *pieces = round->pieces;
    const struct piece **list = arena_new_array(round->arena, const struct piece *, 2 * ENTRIES_MAX);
    size_t count = guarded(round, list);
    const char *rules =
        piece_firewall_rules(round->arena, list, count, pieces->controller[0] == '\0' ? NULL : pieces->controller);
    bool has_rules = rules[0] != '\0', needed = false;
    const char *text = has_rules ? nft_table_text(round->arena, "inet", PIECES_TABLE, rules) : NO_RULES;
    char hash[HASH_HEX_MAX];

    text_hash(text, hash);
    pieces->is_guarding = has_rules;
    if (has_rules)
        round_due(round, round->now_ms + RULES_CHECK_MS);
    if (!is_needed(round, hash, has_rules, &needed, err) || (needed && !rules_load(round, text, err))) {
        pieces->rules_hash[0] = '\0';
        return error_prefix(err, "its ports cannot be closed to others");
    }
    memcpy(pieces->rules_hash, hash, sizeof(hash));
    pieces->guard_failures = 0;
    return true;
}

size_t round_guard_failed(struct round *round, const char *why, struct piece_entry **ended)
{
    struct pieces *pieces = round->pieces;
    size_t count = 0;

    if (pieces->guard_failures == 0 || round->now_ms - pieces->guard_failed_ms >= GUARD_AGAIN_MS) {
        pieces->guard_failures++;
        pieces->guard_failed_ms = round->now_ms;
    }
    round_due(round, round->now_ms + GUARD_AGAIN_MS);
    for (size_t i = 0; i < pieces->entries_count; i++) {
        struct piece_entry *entry = &pieces->entries[i];

        if (!entry->is_placed || entry->piece->wrong != NULL || !piece_is_guarded(&entry->piece->piece) ||
            piece_now_is_down(&entry->now))
            continue;
        entry->is_unguarded = entry->is_unguarded || pieces->guard_failures >= GUARD_TRIES;
        if (entry->is_unguarded)
            ended[count++] = entry;
        entry_state_set(entry, entry->is_unguarded ? PIECE_STOPPING : entry->state,
                        entry->is_unguarded ? why
                                            : arena_printf(round->arena, "%s; if that stays so it is ended", why));
    }
    return count;
}

void pieces_guard_doubt(struct pieces *pieces)
{
    pieces->rules_checked_ms = 0;
}

bool pieces_is_guarding(const struct pieces *pieces)
{
    return pieces->is_guarding;
}

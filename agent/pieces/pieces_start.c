/* SPDX-License-Identifier: Apache-2.0 */
/* What must hold before a piece is started, and what is written then. */
#include <inttypes.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/pieces/piece_made.h"
#include "agent/pieces/piece_state.h"
#include "agent/pieces/piece_text.h"
#include "agent/pieces/pieces_parts.h"
#include "common/base/clock.h"
#include "common/base/path.h"
#include "common/base/text.h"

#define REFUSED_AGAIN_MS 5000
#define WAIT_AGAIN_MS 250

static const char *const hidden_folders[] = { "/home", "/root", "/run/user", "/var/lib/roost" };

static bool refuse(struct round *round, struct piece_entry *entry, const char *sentence)
{
    entry_state_set(entry, PIECE_REFUSED, sentence);
    round_due(round, round->now_ms + REFUSED_AGAIN_MS);
    return false;
}

static bool wait_for(struct round *round, struct piece_entry *entry, const char *sentence)
{
    entry_state_set(entry, PIECE_STARTING, sentence);
    round_due(round, round->now_ms + WAIT_AGAIN_MS);
    return false;
}

/* --- the program --- */

static bool program_of(struct round *round, const struct piece *piece, struct piece_program *out, struct error *err)
{
    const struct pieces *pieces = round->pieces;

    return piece_program_find(pieces->programs, pieces->programs_count, &round->fs, piece->program, out, err);
}

static bool program_check(struct round *round, struct piece_entry *entry)
{
    const struct piece *piece = &entry->piece->piece;
    struct piece_program program;
    struct error err = ERROR_INIT;

    if (!program_of(round, piece, &program, &err)) {
        round->out->wants_engines = true;
        return refuse(round, entry, err.text);
    }
    if (piece->build == NULL)
        return true;
    if (program.build == NULL)
        program.build = piece_program_digest(&round->fs, program.path);
    if (strcmp(program.build, piece->build) == 0)
        return true;
    round->out->wants_engines = true;
    return refuse(round, entry,
                  arena_printf(round->arena, "%s on this node is of build '%s', and '%s' is asked for", piece->program,
                               program.build, piece->build));
}

/* --- ports --- */

static const char *holder_sentence(struct round *round, const struct port_listener *taken, const char *what,
                                   bool *is_ours_out)
{
    struct port_holder holder;

    *is_ours_out = false;
    if (!port_holder_find(&round->fs, taken->inode, &holder))
        return arena_printf(round->arena, "%s is in use already, by a process that cannot be seen", what);
    *is_ours_out = holder.unit != NULL && piece_of_unit(round->arena, holder.unit) != NULL;
    return arena_printf(round->arena, "%s is in use already, by '%s' (process %" PRId64 "%s%s)", what, holder.program,
                        holder.pid, holder.unit == NULL ? "" : " of ", holder.unit == NULL ? "" : holder.unit);
}

static bool port_check(struct round *round, struct piece_entry *entry, const struct value *port)
{
    const char *address = value_map_text(port, "address"), *what, *sentence;
    int number = (int)value_map_get(port, "port")->as.integer;
    const struct port_listener *taken = round_port_taken(round, address, number);
    bool is_ours = false;

    if (taken == NULL)
        return true;
    what = arena_printf(round->arena, "port %d of %s", number, address);
    sentence = holder_sentence(round, taken, what, &is_ours);
    return is_ours ? wait_for(round, entry, sentence) : refuse(round, entry, sentence);
}

/* Two pieces that are both to be here must not want the same. */
static bool port_is_free(struct round *round, struct piece_entry *entry, const struct value *port)
{
    const struct pieces *pieces = round->pieces;

    for (size_t i = 0; i < pieces->entries_count; i++) {
        const struct piece_entry *other = &pieces->entries[i];

        if (other == entry || !other->is_placed || other->piece->wrong != NULL || !other->is_checked)
            continue;
        for (size_t j = 0; j < value_count(other->piece->piece.ports); j++) {
            const struct value *theirs = value_item(other->piece->piece.ports, j);

            if (value_equal(value_map_get(theirs, "port"), value_map_get(port, "port")) &&
                text_equal(value_map_text(theirs, "address"), value_map_text(port, "address")))
                return refuse(round, entry,
                              arena_printf(round->arena, "port %" PRId64 " is %s's",
                                           value_map_get(port, "port")->as.integer, other->name));
        }
    }
    return port_check(round, entry, port);
}

static bool ports_check(struct round *round, struct piece_entry *entry)
{
    const struct value *ports = entry->piece->piece.ports;

    for (size_t i = 0; i < value_count(ports); i++) {
        if (!port_is_free(round, entry, value_item(ports, i)))
            return false;
    }
    return true;
}

/* --- files and accounts --- */

static bool files_check(struct round *round, struct piece_entry *entry)
{
    const struct piece *piece = &entry->piece->piece;
    struct arena *arena = round->arena;

    for (size_t i = 0; i < value_count(piece->read); i++) {
        const char *path = value_text(value_item(piece->read, i));

        if (!path_exists(system_path(round->system, arena, path)))
            return refuse(round, entry, arena_printf(arena, "there is no '%s' on this node, which it must read", path));
    }
    if (piece->user != NULL && getpwnam(piece->user) == NULL)
        return refuse(round, entry, arena_printf(arena, "there is no account '%s' on this node", piece->user));
    return true;
}

static bool is_hidden(const char *path)
{
    for (size_t i = 0; i < sizeof(hidden_folders) / sizeof(hidden_folders[0]); i++) {
        if (path_is_inside(path, hidden_folders[i]))
            return true;
    }
    return false;
}

/* Links are seen as what they lead to, wherever that is. */
static const char *const *hidden_read(struct round *round, const struct piece *piece)
{
    size_t count = 0, most = value_count(piece->read) * 4 + 1;
    const char **pairs = arena_new_array(round->arena, const char *, most);
    const char *store = round->host.models_store;

    for (size_t i = 0; i < value_count(piece->read); i++) {
        const char *path = value_text(value_item(piece->read, i));
        char *real = realpath(path, NULL);
        const char *from = real == NULL ? path : arena_copy(round->arena, real);

        free(real);
        if (is_hidden(path) && (store == NULL || !path_is_inside(path, store))) {
            pairs[count++] = from;
            pairs[count++] = path;
        }
        if (strcmp(from, path) != 0 && is_hidden(from) && (store == NULL || !path_is_inside(from, store))) {
            pairs[count++] = from;
            pairs[count++] = from;
        }
    }
    return pairs;
}

/* --- a job runs once --- */

static bool job_check(struct round *round, struct piece_entry *entry)
{
    const char *begun;

    if (!entry_is_job(entry))
        return true;
    begun = piece_begun_read(round->system, round->arena, entry->name);
    if (begun == NULL)
        return true;
    entry_state_set(entry, PIECE_FAILED,
                    strcmp(begun, round->pieces->boot) == 0 ? "it was stopped before it was done"
                                                            : "the node was restarted while it ran");
    entry_tail_take(round, entry);
    return false;
}

static bool lease_check(struct round *round, struct piece_entry *entry)
{
    if (!entry->piece->piece.lease || clock_boot_ms() < round->pieces->lease_until_ms)
        return true;
    entry_state_set(entry, PIECE_STARTING,
                    arena_printf(round->arena, "waits until the controller is heard: it has a lease of %" PRId64 " s",
                                 round->pieces->placement.lease_s));
    return false;
}

bool entry_check(struct round *round, struct piece_entry *entry)
{
    if (entry->piece->wrong != NULL)
        return refuse(round, entry, entry->piece->wrong);
    return job_check(round, entry) && lease_check(round, entry) && program_check(round, entry) &&
           files_check(round, entry) && ports_check(round, entry);
}

/* --- writing --- */

static bool state_ready(struct round *round, const struct piece *piece, struct error *err)
{
    struct piece_trim trim = { .state = piece->state, .most = piece->state_max };
    int64_t freed = 0;

    return piece->state == NULL || piece_state_trim(round->system, round->arena, &trim, &freed, err);
}

bool entry_write(struct round *round, struct piece_entry *entry)
{
    const struct piece *piece = &entry->piece->piece;
    struct piece_program program = { .name = NULL };
    struct error err = ERROR_INIT;
    struct piece_unit_parts parts = { .piece = piece, .host = &round->host };

    if (program_of(round, piece, &program, &err)) {
        parts.program = program.path;
        parts.hidden_read = hidden_read(round, piece);
        if (state_ready(round, piece, &err) &&
            (!entry_is_job(entry) ||
             (piece_output_begin(round->system, round->arena, entry->name, &err) &&
              piece_begun_write(round->system, round->arena, entry->name, round->pieces->boot, &err))) &&
            piece_made_write(round->system, round->arena, entry->piece, piece_unit_text(round->arena, &parts), &err)) {
            round->needs_reload = true;
            return true;
        }
    }
    return refuse(round, entry, err.text);
}

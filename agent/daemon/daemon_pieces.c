/* SPDX-License-Identifier: Apache-2.0 */
/* See the header. What the child says is passed on: reports to the spool, sentences to the log, the rest to who asked for it. */
#include "agent/daemon/daemon_pieces.h"

#include <signal.h>
#include <string.h>

#include "agent/daemon/daemon_internal.h"
#include "agent/daemon/daemon_models.h"
#include "agent/daemon/pieces_keeper.h"
#include "agent/pieces/piece_place.h"
#include "common/base/clock.h"
#include "common/base/path.h"
#include "common/json/json.h"

#define AGAIN_FIRST_MS 1000
#define AGAIN_MOST_MS 60000
#define MISSED_MS 2000 /* news that came so shortly before its end it may not have seen */
#define END_MS 3000
#define DAY_MS ((int64_t)24 * 3600 * 1000)

static void start_at(struct daemon *daemon, int64_t at_ms)
{
    if (daemon->pieces.start_at_ms == 0 || at_ms < daemon->pieces.start_at_ms)
        daemon->pieces.start_at_ms = at_ms;
}

void daemon_pieces_begin(struct daemon *daemon)
{
    ARENA_SCOPED arena = arena_new();

    /* a node that never had a placement waits for its controller */
    if (path_exists(path_join(arena, daemon->identity.paths.folder, PIECES_KEEPER_FILE)))
        start_at(daemon, clock_monotonic_ms());
}

static void tell(struct daemon *daemon, int signal)
{
    if (daemon->pieces.runner != NULL && daemon->pieces.is_ready)
        runner_signal(daemon->pieces.runner, signal);
    else if (daemon->pieces.runner == NULL)
        start_at(daemon, clock_monotonic_ms());
    daemon->pieces.asked_ms = clock_monotonic_ms();
}

void daemon_pieces_ask(struct daemon *daemon)
{
    tell(daemon, SIGUSR1);
}

void daemon_pieces_look(struct daemon *daemon)
{
    tell(daemon, SIGUSR2);
}

/* --- what it says --- */

static void placement_heed(struct daemon *daemon, const struct value *placement)
{
    daemon_energy_measure(daemon, value_map_true(placement, "measure"));
    daemon_models_take(daemon, value_map_get(placement, "models"), value_map_get(placement, "share"));
}

static void line_take(void *data, const char *line, size_t length)
{
    struct daemon *daemon = data;
    struct arena *arena = arena_new();
    const struct value *map = NULL, *placement;
    const char *kind, *sentence;
    struct error err = ERROR_INIT;

    if (!json_read(arena, line, length, NULL, &map, &err))
        daemon_trouble(daemon, "the child that looks after pieces said what is no JSON");
    daemon->pieces.is_ready = true;
    kind = value_map_text(map, "report");
    sentence = value_map_text(map, "say");
    placement = value_map_get(map, "placement");
    if (kind != NULL)
        daemon_report(daemon, kind, value_map_get(map, "body"));
    if (sentence != NULL)
        daemon_trouble(daemon, sentence);
    if (placement != NULL)
        placement_heed(daemon, placement);
    arena_free_secret(arena);
}

/* --- its life --- */

static void child_start(struct daemon *daemon)
{
    const char *const argv[] = { daemon->options.program,      "pieces", "keep", "--state",
                                 daemon->identity.paths.state, NULL };
    struct error err = ERROR_INIT;

    daemon->pieces.start_at_ms = 0;
    daemon->pieces.is_ready = false;
    if (runner_start(argv, line_take, daemon, &daemon->pieces.runner, &err))
        return;
    daemon_trouble(daemon, err.text);
    start_at(daemon, clock_monotonic_ms() + AGAIN_MOST_MS);
}

static void child_ended(struct daemon *daemon, const struct runner_end *end)
{
    ARENA_SCOPED arena = arena_new();
    struct daemon_pieces *pieces = &daemon->pieces;
    int64_t now_ms = clock_monotonic_ms(), wait_ms = AGAIN_FIRST_MS;

    runner_free(pieces->runner);
    pieces->runner = NULL;
    daemon->is_bloated = true;
    if (daemon->is_stopping)
        return;
    if (end->status == 0) {
        pieces->failures = 0;
        if (pieces->asked_ms > 0 && now_ms - pieces->asked_ms < MISSED_MS)
            start_at(daemon, now_ms + AGAIN_FIRST_MS);
        pieces->asked_ms = 0;
        return;
    }
    for (int i = 0; i < pieces->failures && wait_ms < AGAIN_MOST_MS; i++)
        wait_ms *= 2;
    pieces->failures++;
    start_at(daemon, now_ms + wait_ms);
    daemon_trouble(daemon, arena_printf(arena, "pieces are not looked after for a moment: %s",
                                        end->errors[0] == '\0' ? "the child for it died" : end->errors));
}

/* Folders of state are looked at once a day also when nothing runs (piece_unused.h); without any nothing is started. */
static void daily_look(struct daemon *daemon, int64_t now_ms)
{
    struct daemon_pieces *pieces = &daemon->pieces;

    if (pieces->daily_ms > 0 && now_ms - pieces->daily_ms < DAY_MS)
        return;
    if (pieces->daily_ms > 0 && path_is_folder(PIECES_STATES))
        daemon_pieces_ask(daemon);
    pieces->daily_ms = now_ms;
}

void daemon_pieces_step(struct daemon *daemon)
{
    struct daemon_pieces *pieces = &daemon->pieces;
    bool is_connected = uplink_is_connected(daemon->uplink);
    struct runner_end end;

    if (is_connected && !pieces->was_connected)
        daemon_pieces_ask(daemon);
    pieces->was_connected = is_connected;
    daily_look(daemon, clock_monotonic_ms());
    if (pieces->runner != NULL && runner_step(pieces->runner, &end))
        child_ended(daemon, &end);
    if (pieces->runner == NULL && pieces->start_at_ms > 0 && clock_monotonic_ms() >= pieces->start_at_ms &&
        !daemon->is_stopping && !daemon->is_draining)
        child_start(daemon);
}

size_t daemon_pieces_fds(const struct daemon *daemon, struct pollfd *out)
{
    return daemon->pieces.runner == NULL ? 0 : runner_fds(daemon->pieces.runner, out);
}

int64_t daemon_pieces_due_ms(const struct daemon *daemon)
{
    const struct daemon_pieces *pieces = &daemon->pieces;

    return pieces->runner != NULL || pieces->start_at_ms == 0 || daemon->is_stopping || daemon->is_draining
               ? -1
               : pieces->start_at_ms;
}

void daemon_pieces_free(struct daemon *daemon)
{
    int64_t end_ms = clock_monotonic_ms() + END_MS;
    struct runner *runner = daemon->pieces.runner;
    struct runner_end end;

    if (runner == NULL)
        return;
    runner_stop(runner);
    while (!runner_step(runner, &end) && clock_monotonic_ms() < end_ms) {
        struct pollfd fds[RUNNER_FDS];
        size_t count = runner_fds(runner, fds);

        (void)poll(fds, (nfds_t)count, 100);
    }
    runner_free(runner);
    daemon->pieces.runner = NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The keeper's loop. */
#include "agent/daemon/pieces_keeper.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "agent/daemon/network_watch.h"
#include "agent/daemon/pieces_keeper_parts.h"
#include "common/base/clock.h"
#include "common/base/fd.h"
#include "common/base/hash.h"
#include "common/base/text.h"
#include "common/json/json.h"

#define MEMORY_MS 10000                          /* peaks are looked for so often */
#define MEMORY_STEP ((int64_t)256 * 1024 * 1024) /* told again when it has moved so far */
#define ENGINES_AGAIN_MS 30000
#define TROUBLE_MS 5000
#define LINGER_MS                                                                                                      \
    60000 /* after the last piece: the next ones often come at once, and starting a child anew takes its time */
#define RULES_MS 100 /* who changes rules changes several */
#define RULES_AGAIN_MS 1000
#define WATCHED_MS 300 /* one more look: what happens until the bus listens is not told */

/* --- for the daemon --- */

static void line_print(struct arena *arena, const struct value *map)
{
    struct error ignored = ERROR_INIT;
    struct text text = text_new(arena);
    const struct json_style style = JSON_COMPACT;

    json_write(&text, map, &style);
    text_add_char(&text, '\n');
    (void)fd_write_all(STDOUT_FILENO, text.data, text.length, &ignored);
}

void keeper_print(const char *kind, const struct value *body)
{
    ARENA_SCOPED arena = arena_new();
    struct value *map = value_map(arena);

    value_map_put_string(arena, map, "report", kind);
    value_map_put(arena, map, "body", body);
    line_print(arena, map);
}

void keeper_say(struct keeper *keeper, const char *sentence)
{
    ARENA_SCOPED arena = arena_new();
    struct value *map = value_map(arena);

    if (strncmp(keeper->trouble, sentence, sizeof(keeper->trouble) - 1) == 0)
        return;
    (void)snprintf(keeper->trouble, sizeof(keeper->trouble), "%s", sentence);
    value_map_put_string(arena, map, "say", sentence);
    line_print(arena, map);
}

/* Signals are taken from now on. */
static void keeper_ready(void)
{
    ARENA_SCOPED arena = arena_new();
    struct value *map = value_map(arena);

    value_map_put_bool(arena, map, "ready", true);
    line_print(arena, map);
}

/* What others of the daemon make of it. */
static void others_tell(const struct placement *placement)
{
    ARENA_SCOPED arena = arena_new();
    struct value *map = value_map(arena), *told = value_map(arena);

    value_map_put_bool(arena, told, "measure", placement->measure);
    if (placement->models != NULL)
        value_map_put(arena, told, "models", placement->models);
    if (placement->share != NULL)
        value_map_put(arena, told, "share", placement->share);
    value_map_put(arena, map, "placement", told);
    line_print(arena, map);
}

bool keeper_take(struct keeper *keeper, const struct value *placement, bool is_new, struct error *err)
{
    if (!pieces_set(keeper->pieces, placement, keeper->controller[0] == '\0' ? NULL : keeper->controller, err))
        return error_prefix(err,
                            is_new ? "the controller's placement cannot be taken" : "what was kept of a placement");
    others_tell(pieces_placement(keeper->pieces));
    keeper_logs_set(keeper);
    keeper->round_at_ms = clock_monotonic_ms();
    keeper->available_told = 0;
    return true;
}

/* --- what is done --- */

static void engines_look(struct keeper *keeper)
{
    ARENA_SCOPED arena = arena_new();
    const struct value *body = pieces_engines(keeper->pieces, arena, keeper->cache_arena, keeper->cache);
    const char *text = json_text(arena, body, JSON_COMPACT);
    char hash[HASH_HEX_MAX];

    keeper->is_engines_due = false;
    keeper->engines_ms = clock_monotonic_ms();
    hash_hex_of(HASH_SHA256, text, strlen(text), hash);
    if (strcmp(hash, keeper->engines_told) == 0)
        return;
    memcpy(keeper->engines_told, hash, sizeof(hash));
    keeper_print("engines", body);
    keeper->round_at_ms = keeper->engines_ms;
}

static int64_t figure(const struct value *body, const char *key)
{
    const struct value *value = value_map_get(body, key);

    return value_is(value, VALUE_INT) ? value->as.integer : 0;
}

static void memory_look(struct keeper *keeper, bool is_told)
{
    ARENA_SCOPED arena = arena_new();
    const struct value *body = pieces_memory(keeper->pieces, arena);
    int64_t available = figure(body, "memory_available"), gtt = figure(body, "gtt_used");

    keeper->memory_at_ms = keeper->is_empty ? INT64_MAX : clock_monotonic_ms() + MEMORY_MS;
    if (!is_told && llabs(available - keeper->available_told) < MEMORY_STEP &&
        llabs(gtt - keeper->gtt_told) < MEMORY_STEP)
        return;
    keeper->available_told = available;
    keeper->gtt_told = gtt;
    keeper_print("memory", body);
}

static void units_watch(struct keeper *keeper)
{
    ARENA_SCOPED arena = arena_new();
    size_t count = 0;
    const char **units = pieces_units(keeper->pieces, arena, &count);
    struct text names = text_new(arena);
    char hash[HASH_HEX_MAX];
    struct error err = ERROR_INIT;

    for (size_t i = 0; i < count; i++)
        text_printf(&names, "%s\n", units[i]);
    hash_hex_of(HASH_SHA256, names.data, names.length, hash);
    if (strcmp(hash, keeper->watched) == 0)
        return;
    memcpy(keeper->watched, hash, sizeof(hash));
    if (count > 0 && keeper->round_at_ms > clock_monotonic_ms() + WATCHED_MS)
        keeper->round_at_ms = clock_monotonic_ms() + WATCHED_MS;
    if (!unit_watch_set(keeper->watch, units, count, &err))
        keeper_say(keeper, err.text);
}

static void round_do(struct keeper *keeper)
{
    ARENA_SCOPED arena = arena_new();
    struct pieces_round round;
    struct error err = ERROR_INIT;

    if (pieces_placement(keeper->pieces) == NULL) {
        keeper->round_at_ms = INT64_MAX;
        keeper->is_empty = true;
        return;
    }
    if (!pieces_round(keeper->pieces, arena, &round, &err)) {
        keeper_say(keeper, err.text);
        keeper->round_at_ms = clock_monotonic_ms() + TROUBLE_MS;
        return;
    }
    keeper->round_at_ms = round.due_ms;
    if (!round.is_empty || !keeper->is_empty)
        keeper->linger_until_ms = clock_monotonic_ms() + LINGER_MS;
    keeper->is_empty = round.is_empty;
    if (round.trouble != NULL)
        keeper_say(keeper, round.trouble);
    if (round.wants_engines && clock_monotonic_ms() - keeper->engines_ms >= ENGINES_AGAIN_MS)
        keeper->is_engines_due = true;
    if (round.report == NULL)
        return;
    keeper_print("pieces", round.report);
    units_watch(keeper);
    memory_look(keeper, true);
}

/* --- waiting --- */

static void signals_read(struct keeper *keeper)
{
    struct signalfd_siginfo info;

    while (read(keeper->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        if (info.ssi_signo == SIGUSR1) {
            keeper->failures = 0;
            keeper->ask_at_ms = clock_monotonic_ms();
        } else if (info.ssi_signo == SIGUSR2) {
            keeper->is_engines_due = true;
        } else {
            keeper->is_stopping = true;
        }
    }
}

static void watch_take(struct keeper *keeper)
{
    ARENA_SCOPED arena = arena_new();
    struct unit_watch_touched touched;
    struct error err = ERROR_INIT;

    if (!unit_watch_take(keeper->watch, arena, &touched, &err))
        keeper_say(keeper, err.text);
    if (touched.count > 0 || touched.all)
        keeper->round_at_ms = clock_monotonic_ms();
}

/* The lease is over by a clock that does not sleep: what has one ends now, before an answer is read that came meanwhile. */
static void lease_over(struct keeper *keeper)
{
    uint64_t count;

    if (read(keeper->lease_clock, &count, sizeof(count)) != (ssize_t)sizeof(count))
        return;
    round_do(keeper);
    keeper->failures = 0;
    keeper->ask_at_ms = clock_monotonic_ms();
}

static void lease_clock_set(struct keeper *keeper)
{
    int64_t until_ms = pieces_lease_until_ms(keeper->pieces), at_ms = until_ms == INT64_MAX ? 0 : until_ms;
    const struct itimerspec at = { .it_value = { .tv_sec = at_ms / 1000, .tv_nsec = at_ms % 1000 * 1000000 } };

    if (keeper->lease_clock < 0 || until_ms == keeper->lease_set_ms)
        return;
    if (timerfd_settime(keeper->lease_clock, TFD_TIMER_ABSTIME, &at, NULL) == 0)
        keeper->lease_set_ms = until_ms;
}

/* Our own are told, too: then all is as it was. */
static void rules_take(struct keeper *keeper)
{
    int64_t at_ms = clock_monotonic_ms() + RULES_MS, again_ms = keeper->rules_looked_ms + RULES_AGAIN_MS;

    network_watch_drain(keeper->rules_watch);
    if (pieces_is_guarding(keeper->pieces) && keeper->rules_at_ms == INT64_MAX)
        keeper->rules_at_ms = at_ms > again_ms ? at_ms : again_ms;
}

static void rules_look(struct keeper *keeper)
{
    keeper->rules_at_ms = INT64_MAX;
    keeper->rules_looked_ms = clock_monotonic_ms();
    pieces_guard_doubt(keeper->pieces);
    round_do(keeper);
}

static void sooner(int64_t *until_ms, int64_t other_ms)
{
    if (other_ms < *until_ms)
        *until_ms = other_ms;
}

/* There is nothing to look after, for all that is known. */
static bool is_idle(const struct keeper *keeper)
{
    return keeper->is_empty && keeper->asked == ASKED_NOTHING && keeper->ask_at_ms == INT64_MAX &&
           keeper->round_at_ms == INT64_MAX;
}

static int64_t wait_until(struct keeper *keeper, struct pollfd *link)
{
    const struct keeper_logs *logs = &keeper->logs;
    int64_t until_ms = keeper->round_at_ms, link_ms = INT64_MAX, watch_ms = unit_watch_due_ms(keeper->watch);

    sooner(&until_ms, keeper->memory_at_ms);
    sooner(&until_ms, keeper->rules_at_ms);
    if (keeper->asked == ASKED_NOTHING)
        sooner(&until_ms, keeper->ask_at_ms);
    if (keeper->asked == ASKED_NOTHING && logs->lines > 0)
        sooner(&until_ms, logs->send_at_ms);
    if (watch_ms >= 0)
        sooner(&until_ms, watch_ms);
    if (logs->follow != NULL && journal_follow_due_ms(logs->follow) >= 0)
        sooner(&until_ms, journal_follow_due_ms(logs->follow));
    if (is_idle(keeper))
        sooner(&until_ms, keeper->linger_until_ms);
    *link = (struct pollfd){ .fd = -1 };
    if (keeper->link != NULL)
        *link = controller_link_wait(keeper->link, &link_ms);
    sooner(&until_ms, link_ms);
    return until_ms;
}

static void loop_wait(struct keeper *keeper)
{
    const struct keeper_logs *logs = &keeper->logs;
    bool reads = logs->follow != NULL && logs->lines < LINES_MAX;
    struct pollfd fds[7] = { { .fd = keeper->signals, .events = POLLIN },
                             { .fd = unit_watch_fd(keeper->watch), .events = unit_watch_events(keeper->watch) },
                             { .fd = reads ? journal_follow_fd(logs->follow) : -1,
                               .events = reads ? journal_follow_events(logs->follow) : 0 },
                             { .fd = -1 },
                             { .fd = STDOUT_FILENO },
                             { .fd = keeper->lease_clock, .events = POLLIN },
                             { .fd = keeper->rules_watch, .events = POLLIN } };
    int64_t until_ms = wait_until(keeper, &fds[3]), left_ms = until_ms - clock_monotonic_ms();

    (void)poll(fds, 7, until_ms == INT64_MAX ? -1 : left_ms <= 0 ? 0 : left_ms < 60000 ? (int)left_ms : 60000);
    if ((fds[4].revents & (POLLERR | POLLHUP)) != 0)
        keeper->is_stopping = true; /* the daemon is gone: another one starts another child */
    if (fds[5].revents != 0)
        lease_over(keeper);
    if (fds[6].revents != 0)
        rules_take(keeper);
    signals_read(keeper);
    watch_take(keeper);
    keeper_logs_take(keeper);
    keeper_talk_step(keeper);
}

static bool is_over(const struct keeper *keeper)
{
    return keeper->is_stopping || (is_idle(keeper) && clock_monotonic_ms() >= keeper->linger_until_ms);
}

static void loop(struct keeper *keeper)
{
    while (!is_over(keeper)) {
        int64_t now_ms = clock_monotonic_ms();

        if (keeper->is_engines_due)
            engines_look(keeper);
        if (now_ms >= keeper->rules_at_ms)
            rules_look(keeper);
        if (now_ms >= keeper->round_at_ms)
            round_do(keeper);
        if (now_ms >= keeper->memory_at_ms)
            memory_look(keeper, false);
        keeper_talk_start(keeper);
        lease_clock_set(keeper);
        if (!is_over(keeper))
            loop_wait(keeper);
    }
}

/* --- beginning and end --- */

static bool keeper_open(struct keeper *keeper, struct error *err)
{
    sigset_t set;
    bool missing = false;
    struct error kept = ERROR_INIT;

    if (!identity_load(keeper->arena, keeper->options.state, &keeper->identity, &missing, err))
        return false;
    if (missing)
        return error_set(err, "this node has not joined a controller; 'roost-agent pieces apply FILE' works without");
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGUSR2);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
        return error_set_errno(err, "cannot block signals");
    (void)signal(SIGPIPE, SIG_IGN);
    keeper->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (keeper->signals < 0)
        return error_set_errno(err, "cannot watch signals");
    keeper_ready();
    if (!keeper_file_read(keeper, &kept) && kept.text[0] != '\0')
        keeper_say(keeper, kept.text);
    return true;
}

bool pieces_keeper_run(const struct pieces_keeper_options *options, struct error *err)
{
    const struct system system = { .root = "" };
    struct keeper keeper = { .options = *options,
                             .arena = arena_new(),
                             .watch = unit_watch_new(NULL),
                             .signals = -1,
                             .lease_clock = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK),
                             .rules_watch = network_watch_rules_open(),
                             .rules_at_ms = INT64_MAX,
                             .ask_at_ms = clock_monotonic_ms(),
                             .round_at_ms = INT64_MAX,
                             .memory_at_ms = clock_monotonic_ms(),
                             .is_engines_due = true,
                             .is_empty = true };
    bool ok;

    keeper.pieces = pieces_new(&(struct pieces_options){ .system = &system, .models_store = options->models_store });
    keeper.cache_arena = arena_new();
    keeper.cache = value_map(keeper.cache_arena);
    unit_watch_closely(keeper.watch);
    ok = keeper_open(&keeper, err);
    if (ok)
        loop(&keeper);
    keeper_talk_close(&keeper);
    keeper_logs_close(&keeper);
    unit_watch_free(keeper.watch);
    pieces_free(keeper.pieces);
    fd_close(keeper.signals);
    fd_close(keeper.lease_clock);
    fd_close(keeper.rules_watch);
    arena_free(keeper.cache_arena);
    arena_free(keeper.arena);
    return ok;
}

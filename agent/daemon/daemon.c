/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon's loop: signals, timers, the uplink, the child under way. */
#include "agent/daemon/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "agent/daemon/daemon_internal.h"
#include "agent/daemon/daemon_models.h"
#include "agent/daemon/memory_trim.h"
#include "common/base/clock.h"
#include "common/base/fd.h"
#include "common/base/path.h"

#define BUNDLE_LOOK_MS ((int64_t)3600 * 1000)
#define RENEW_LOOK_MS ((int64_t)6 * 3600 * 1000)
#define RENEW_LOOK_AWAY_MS ((int64_t)3600 * 1000) /* a certificate that has run out may be why */
#define STOP_MS 10000                             /* for a runner to end by itself */
#define TROUBLE_WAIT_MS 5000

static const int watched_signals[] = { SIGTERM, SIGINT, SIGHUP, SIGUSR1 };

/* --- starting --- */

static bool lock_take(struct daemon *daemon, struct error *err)
{
    const char *path = path_join(daemon->arena, daemon->options.state, "daemon.lock");

    daemon->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (daemon->lock < 0)
        return error_set_errno(err, "cannot open '%s'", path);
    if (flock(daemon->lock, LOCK_EX | LOCK_NB) == 0)
        return true;
    return errno == EWOULDBLOCK ? error_set(err, "another daemon works in '%s'", daemon->options.state)
                                : error_set_errno(err, "cannot lock '%s'", path);
}

static bool signals_take(struct daemon *daemon, struct error *err)
{
    sigset_t set;

    sigemptyset(&set);
    for (size_t i = 0; i < sizeof(watched_signals) / sizeof(watched_signals[0]); i++)
        sigaddset(&set, watched_signals[i]);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
        return error_set_errno(err, "cannot block signals");
    signal(SIGPIPE, SIG_IGN);
    daemon->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return daemon->signals >= 0 || error_set_errno(err, "cannot watch signals");
}

static void uplink_says(void *data, const char *sentence)
{
    daemon_log(data, "%s", sentence);
}

static bool identity_take(struct daemon *daemon, struct error *err)
{
    bool missing = false;

    if (!identity_load(daemon->arena, daemon->options.state, &daemon->identity, &missing, err))
        return false;
    return !missing ||
           error_set(err,
                     "this node has not joined a controller (there is no '%s/identity'): roost-agent join - "
                     "reads a join string",
                     daemon->options.state);
}

static bool daemon_open(struct daemon *daemon, struct error *err)
{
    struct uplink_options uplink = {
        .identity = &daemon->identity, .work = daemon_work, .tell = uplink_says, .data = daemon
    };

    if (!identity_take(daemon, err) || !lock_take(daemon, err) ||
        !daemon_config_read(daemon->config_arena, daemon->options.config_path, &daemon->config, err) ||
        !signals_take(daemon, err) || !daemon_watch_open(daemon, err) || !daemon_brought_open(daemon, err) ||
        !spool_open(daemon->identity.paths.spool, 0, &daemon->spool, err))
        return false;
    uplink.spool = daemon->spool;
    uplink.work_after = daemon_work_after(daemon);
    return uplink_open(&uplink, &daemon->uplink, err);
}

static void daemon_close(struct daemon *daemon)
{
    struct error err = ERROR_INIT;

    if (daemon->spool != NULL)
        daemon_energy_close(daemon);
    daemon_pieces_free(daemon);
    daemon_models_free(daemon);
    daemon_sessions_free(daemon);
    runner_free(daemon->runner);
    run_report_free(daemon->report);
    arena_free(daemon->output_arena);
    uplink_close(daemon->uplink);
    if (daemon->spool != NULL && !spool_sync(daemon->spool, &err))
        daemon_log(daemon, "%s", err.text);
    spool_close(daemon->spool);
    daemon_watch_close(daemon);
    daemon_brought_close(daemon);
    notify_close(&daemon->notify);
    fd_close(daemon->signals);
    fd_close(daemon->lock);
    arena_free(daemon->config_arena);
    arena_free(daemon->arena);
}

/* --- timers --- */

static void check_schedule(struct daemon *daemon)
{
    daemon->next_check_ms =
        clock_monotonic_ms() +
        schedule_wait_us(daemon->identity.node.name, daemon->config.check_interval_us, clock_wall_us()) / 1000;
}

/* Asks the first time, and does not ask the second. */
static void children_stop(struct daemon *daemon)
{
    if (daemon->runner != NULL)
        runner_stop(daemon->runner);
    daemon_sessions_stop(daemon);
    daemon_models_stop(daemon);
    daemon->kill_at_ms = clock_monotonic_ms() + STOP_MS;
}

static void timers_run(struct daemon *daemon)
{
    int64_t now_ms = clock_monotonic_ms();
    int64_t renew_ms = uplink_is_connected(daemon->uplink) ? RENEW_LOOK_MS : RENEW_LOOK_AWAY_MS;

    if (daemon->kill_at_ms > 0 && now_ms >= daemon->kill_at_ms)
        children_stop(daemon);
    if (daemon->is_draining)
        return;
    if (now_ms >= daemon->next_check_ms) {
        (void)daemon_queue(daemon, &(struct job){ .kind = JOB_CHECK, .why = "schedule" });
        (void)daemon_queue(daemon, &(struct job){ .kind = JOB_FACTS, .why = "schedule" });
        check_schedule(daemon);
    }
    if (now_ms >= daemon->next_bundle_ms) {
        (void)daemon_queue(daemon, &(struct job){ .kind = JOB_BUNDLE, .why = "schedule" });
        daemon->next_bundle_ms = now_ms + BUNDLE_LOOK_MS;
    }
    if (now_ms + RENEW_LOOK_MS - renew_ms >= daemon->next_renew_ms) {
        (void)daemon_queue(daemon, &(struct job){ .kind = JOB_RENEW, .why = "schedule" });
        daemon->next_renew_ms = now_ms + RENEW_LOOK_MS;
    }
    if (watches_due_ms(daemon->watches) >= 0 && now_ms >= watches_due_ms(daemon->watches))
        daemon_watch_take(daemon);
    daemon_touch_step(daemon);
}

/* The watchdog is told whenever something else wakes us, so that it needs no wake-up of its own. */
static void watchdog_feed(struct daemon *daemon)
{
    int64_t now_ms = clock_monotonic_ms();

    if (daemon->notify.watchdog_ms == 0)
        return;
    if (now_ms + daemon->notify.watchdog_ms / 4 >= daemon->next_watchdog_ms) {
        notify_send(&daemon->notify, "WATCHDOG=1");
        daemon->next_watchdog_ms = now_ms + daemon->notify.watchdog_ms / 2;
    }
}

/* When the next timer begins something; a daemon that ends begins nothing. */
static int64_t timers_next_ms(const struct daemon *daemon, int64_t now_ms)
{
    int64_t next_ms = daemon->next_check_ms < daemon->next_renew_ms ? daemon->next_check_ms : daemon->next_renew_ms;
    int64_t touch_ms = daemon_watch_due_ms(daemon), energy_ms = daemon_energy_due_ms(daemon);
    int64_t pieces_ms = daemon_pieces_due_ms(daemon), models_ms = daemon_models_due_ms(daemon);

    if (daemon->is_draining)
        return now_ms + RENEW_LOOK_MS;
    if (daemon->next_bundle_ms < next_ms)
        next_ms = daemon->next_bundle_ms;
    if (energy_ms >= 0 && energy_ms < next_ms)
        next_ms = energy_ms;
    if (pieces_ms >= 0 && pieces_ms < next_ms)
        next_ms = pieces_ms;
    if (models_ms < next_ms)
        next_ms = models_ms;
    if (daemon_brought_due_ms(daemon) < next_ms)
        next_ms = daemon_brought_due_ms(daemon);
    return touch_ms >= 0 && touch_ms < next_ms ? touch_ms : next_ms;
}

static int wait_ms(const struct daemon *daemon)
{
    int64_t now_ms = clock_monotonic_ms(), next_ms = timers_next_ms(daemon, now_ms);

    if (daemon->notify.watchdog_ms > 0 && daemon->next_watchdog_ms < next_ms)
        next_ms = daemon->next_watchdog_ms;
    if (daemon->kill_at_ms > 0 && daemon->kill_at_ms < next_ms)
        next_ms = daemon->kill_at_ms;
    return next_ms <= now_ms ? 0 : (int)(next_ms - now_ms) + 1;
}

static void status_tell(struct daemon *daemon)
{
    char status[sizeof(daemon->status)];
    const char *trouble = uplink_trouble(daemon->uplink);

    snprintf(status, sizeof(status), "STATUS=%s%s%s%s", daemon->is_draining ? "ends when its work is done; " : "",
             uplink_is_connected(daemon->uplink) ? "connected"
             : trouble[0] == '\0'                ? "connecting"
                                                 : trouble,
             daemon->last_run[0] == '\0' ? "" : "; last ", daemon->last_run);
    if (strcmp(status, daemon->status) == 0)
        return;
    memcpy(daemon->status, status, sizeof(status));
    notify_send(&daemon->notify, status);
}

/* --- signals --- */

static void config_reload(struct daemon *daemon)
{
    struct arena *arena = arena_new();
    struct daemon_config config;
    enum daemon_policy before = daemon->config.policy;
    struct error err = ERROR_INIT;

    if (!daemon_config_read(arena, daemon->options.config_path, &config, &err)) {
        daemon_log(daemon, "the configuration stays as it was: %s", err.text);
        arena_free(arena);
        return;
    }
    arena_free(daemon->config_arena);
    daemon->config_arena = arena;
    daemon->config = config;
    check_schedule(daemon);
    daemon_log(daemon, "the configuration was read again; policy %s", daemon_policy_name(config.policy));
    if (config.policy != before)
        daemon_hello(daemon);
    daemon_repair_known(daemon);
}

/* Work that was taken and not begun: nobody else would tell. */
static void queue_give_up(struct daemon *daemon)
{
    for (size_t i = 0; i < daemon->queued; i++) {
        if (daemon->queue[i].work > 0)
            daemon_note(daemon, "this was not begun: the daemon was told to end", daemon->queue[i].work);
    }
    daemon->queued = 0;
}

static void stop_begin(struct daemon *daemon)
{
    if (!daemon->is_stopping)
        notify_send(&daemon->notify, "STOPPING=1");
    daemon->is_stopping = true;
    queue_give_up(daemon);
    children_stop(daemon);
}

/* After an upgrade, which may be the work of the very run that is under way: nothing is cut off. */
static void drain_begin(struct daemon *daemon)
{
    if (!daemon->is_draining)
        daemon_log(daemon, daemon->runner == NULL && daemon->queued == 0 && !daemon_has_sessions(daemon)
                               ? "told to begin anew"
                               : "told to begin anew: after what is under way");
    daemon->is_draining = true;
}

static void signals_read(struct daemon *daemon)
{
    struct signalfd_siginfo info;

    while (read(daemon->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        if (info.ssi_signo == SIGHUP)
            config_reload(daemon);
        else if (info.ssi_signo == SIGUSR1)
            drain_begin(daemon);
        else
            stop_begin(daemon);
    }
}

/* --- the loop --- */

/* What the spool could not take is told when it has room again. */
static void losses_tell(struct daemon *daemon)
{
    ARENA_SCOPED arena = arena_new();
    int64_t lost = spool_lost(daemon->spool);

    if (lost == daemon->lost_told || !uplink_is_connected(daemon->uplink) ||
        spool_acknowledged(daemon->spool) < spool_last(daemon->spool))
        return;
    daemon->lost_told = lost;
    daemon_note(daemon,
                arena_printf(arena, "%lld reports did not fit on this node's disk and are lost", (long long)lost), 0);
}

/* Waits for anything. Trouble of the uplink's own (no memory, a disk that fails) is logged and waited out. */
static void loop_wait(struct daemon *daemon)
{
    struct pollfd fds[3 + (2 + SESSIONS_MAX) * RUNNER_FDS + DAEMON_MODELS_FDS] = {
        { .fd = daemon->signals, .events = POLLIN },
        { .fd = watches_fd(daemon->watches), .events = POLLIN },
        { .fd = daemon_brought_fd(daemon), .events = POLLIN }
    };
    size_t count = 3 + (daemon->runner == NULL ? 0 : runner_fds(daemon->runner, fds + 3));
    struct error err = ERROR_INIT;

    count += daemon_sessions_fds(daemon, fds + count);
    count += daemon_pieces_fds(daemon, fds + count);
    count += daemon_models_fds(daemon, fds + count);

    if (uplink_step(daemon->uplink, fds, count, wait_ms(daemon), &err)) {
        if (fds[1].revents != 0)
            daemon_watch_take(daemon);
        if (fds[2].revents != 0)
            daemon_brought_take(daemon);
        return;
    }
    daemon_trouble(daemon, err.text);
    (void)poll(fds, (nfds_t)count, TROUBLE_WAIT_MS);
}

/* A certificate that has ended may be renewed and nothing else, so that is tried at once, and then every hour. */
static void refusal_answer(struct daemon *daemon)
{
    bool was_refused = uplink_was_refused(daemon->uplink);

    if (uplink_is_connected(daemon->uplink)) {
        daemon->is_refused = false;
    } else if (was_refused && !daemon->is_refused) {
        daemon->is_refused = true;
        (void)daemon_queue(daemon, &(struct job){ .kind = JOB_RENEW, .why = "refused" });
        daemon_pieces_ask(daemon); /* of a node that was revoked they end */
    }
}

/* Once after each row of jobs, when what they had to tell is told: megabytes of events, facts and code. */
static void memory_give_back(struct daemon *daemon)
{
    bool is_telling =
        uplink_is_connected(daemon->uplink) && spool_acknowledged(daemon->spool) < spool_last(daemon->spool);

    if (!daemon->is_bloated || daemon->runner != NULL || daemon->queued > 0 || is_telling)
        return;
    daemon->is_bloated = false;
    memory_trim();
}

static bool is_over(const struct daemon *daemon)
{
    return (daemon->is_stopping || (daemon->is_draining && daemon->queued == 0)) && daemon->runner == NULL &&
           !daemon_has_sessions(daemon) && !(daemon->is_stopping && daemon_models_has_children(daemon));
}

static void loop(struct daemon *daemon)
{
    while (!is_over(daemon)) {
        daemon_jobs_step(daemon);
        daemon_sessions_step(daemon);
        daemon_pieces_step(daemon);
        daemon_models_step(daemon);
        daemon_brought_step(daemon);
        losses_tell(daemon);
        memory_give_back(daemon);
        refusal_answer(daemon);
        daemon_sample_step(daemon);
        daemon_energy_step(daemon);
        status_tell(daemon);
        watchdog_feed(daemon);
        if (is_over(daemon))
            break;
        loop_wait(daemon);
        signals_read(daemon);
        timers_run(daemon);
    }
}

static void loop_begin(struct daemon *daemon)
{
    daemon_log(daemon, "node '%s', generation %lld, policy %s", daemon->identity.node.name,
               (long long)daemon->identity.node.generation, daemon_policy_name(daemon->config.policy));
    daemon_lost_run(daemon);
    daemon_hello(daemon);
    (void)daemon_queue(daemon, &(struct job){ .kind = JOB_RENEW, .why = "start" });
    (void)daemon_queue(daemon, &(struct job){ .kind = JOB_BUNDLE, .why = "start" });
    (void)daemon_queue(daemon, &(struct job){ .kind = JOB_FACTS, .why = "start" });
    check_schedule(daemon);
    daemon_pieces_begin(daemon);
    daemon->next_bundle_ms = clock_monotonic_ms() + BUNDLE_LOOK_MS;
    daemon->next_renew_ms = clock_monotonic_ms() + RENEW_LOOK_MS;
    notify_send(&daemon->notify, "READY=1");
}

bool daemon_run(const struct daemon_options *options, struct error *err)
{
    struct daemon daemon = {
        .options = *options, .arena = arena_new(), .config_arena = arena_new(), .signals = -1, .lock = -1
    };
    bool ok;

    notify_open(&daemon.notify);
    ok = daemon_open(&daemon, err);
    if (ok) {
        loop_begin(&daemon);
        loop(&daemon);
        daemon_log(&daemon, "ended");
    }
    daemon_close(&daemon);
    return ok;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Between two checks: what somebody touches of what is managed is looked at at once, and nothing else. */
#include <string.h>

#include "agent/daemon/daemon_internal.h"
#include "common/base/clock.h"
#include "common/base/path.h"
#include "common/trust/private_file.h"

#define SETTLE_MS 300      /* an editor writes, renames and sets modes: one check for all of it */
#define CHECKS_AT_ONCE 10  /* such checks may follow each other; */
#define CHECK_EACH_MS 5000 /* should something touch without end, one comes so often */
#define CHAIN_MAX 2 /* checks because of what was touched during such a check: it may be the check that touches */

static const char *managed_path(struct daemon *daemon, struct arena *arena)
{
    return path_join(arena, daemon->identity.paths.folder, "managed");
}

static void trouble(void *data, const char *sentence)
{
    daemon_trouble(data, sentence);
}

static void touch_forget(struct daemon_touch *touch)
{
    arena_free(touch->arena);
    touch->arena = arena_new();
    touch->places = value_map(touch->arena);
    touch->all = false;
    touch->first_us = 0;
    touch->due_ms = 0;
}

bool daemon_watch_open(struct daemon *daemon, struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    const struct watches_options options = { .tell = trouble, .data = daemon };

    touch_forget(&daemon->touch);
    if (!watches_open(&options, &daemon->watches, err))
        return false;
    daemon->managed = managed_read(managed_path(daemon, arena));
    watches_set(daemon->watches, daemon->managed);
    return true;
}

void daemon_watch_close(struct daemon *daemon)
{
    watches_close(daemon->watches);
    managed_free(daemon->managed);
    arena_free(daemon->touch.arena);
    arena_free(daemon->touch.looked_arena);
}

int64_t daemon_watch_due_ms(const struct daemon *daemon)
{
    int64_t watches = watches_due_ms(daemon->watches), touch = daemon->touch.due_ms;

    if (touch == 0)
        return watches;
    return watches >= 0 && watches < touch ? watches : touch;
}

/* --- what was touched --- */

static bool is_running(const struct daemon *daemon, enum job_kind kind)
{
    return daemon->runner != NULL && daemon->report != NULL && daemon->job.kind == kind;
}

static void touch_plan(struct daemon *daemon)
{
    struct daemon_touch *touch = &daemon->touch;
    int64_t now_ms = clock_monotonic_ms();

    if (touch->due_ms > 0 || (value_count(touch->places) == 0 && !touch->all))
        return;
    if (touch->first_us == 0)
        touch->first_us = clock_wall_us();
    if (touch->paid_ms < now_ms - (int64_t)CHECKS_AT_ONCE * CHECK_EACH_MS)
        touch->paid_ms = now_ms - (int64_t)CHECKS_AT_ONCE * CHECK_EACH_MS;
    touch->paid_ms += CHECK_EACH_MS;
    touch->due_ms = touch->paid_ms > now_ms + SETTLE_MS ? touch->paid_ms : now_ms + SETTLE_MS;
}

/* True: something was touched that is to be looked at. */
static bool touched_take(struct daemon *daemon)
{
    ARENA_SCOPED arena = arena_new();
    struct value *places = value_map(arena);
    struct daemon_touch *touch = &daemon->touch;
    bool all = false;

    watches_take(daemon->watches, arena, places, &all);
    if ((value_count(places) == 0 && !all) || is_running(daemon, JOB_APPLY)) /* the run itself touches */
        return false;
    for (size_t i = 0; i < value_count(places); i++)
        value_map_put(touch->arena, touch->places, value_text(value_pair_at(places, i)->key), value_bool(true));
    touch->all = touch->all || all;
    return true;
}

void daemon_watch_take(struct daemon *daemon)
{
    bool in_touched = is_running(daemon, JOB_TOUCHED);

    if (!touched_take(daemon))
        return;
    if (in_touched)
        daemon->touch.during = true;
    else
        daemon->touch.chain = 0;
    touch_plan(daemon);
}

/* --- checks --- */

/* One of them is known to need the results of others. */
static bool needs_all(const struct daemon *daemon)
{
    const struct value *places = daemon->touch.places;

    for (size_t i = 0; i < value_count(places); i++)
        if (value_map_get(daemon->managed->needs_all, value_text(value_pair_at(places, i)->key)) != NULL)
            return true;
    return daemon->touch.all;
}

void daemon_touch_step(struct daemon *daemon)
{
    struct daemon_touch *touch = &daemon->touch;

    if (touch->due_ms == 0 || clock_monotonic_ms() < touch->due_ms)
        return;
    touch->due_ms = 0;
    (void)daemon_queue(daemon, &(struct job){ .kind = needs_all(daemon) ? JOB_CHECK : JOB_TOUCHED, .why = "touched" });
}

/* For the job that begins. */
bool daemon_touch_begin(struct daemon *daemon, const char *path, bool *none_out, struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    struct text text = text_new(arena);
    const struct value *places = daemon->touch.places;

    for (size_t i = 0; i < value_count(places); i++)
        text_printf(&text, "%s\n", value_text(value_pair_at(places, i)->key));
    *none_out = value_count(places) == 0;
    if (*none_out)
        return true;
    arena_free(daemon->touch.looked_arena);
    daemon->touch.looked_arena = daemon->touch.arena;
    daemon->touch.looked = daemon->touch.places;
    daemon->touch.arena = NULL;
    daemon_touch_all(daemon);
    return private_file_write(path, text.data, text.length, err);
}

void daemon_touch_all(struct daemon *daemon)
{
    if (daemon->touch.first_us > 0) /* else it is for what was looked at in part just now */
        daemon->touch.told_us = daemon->touch.first_us;
    touch_forget(&daemon->touch);
}

void daemon_touch_too_few(struct daemon *daemon)
{
    for (size_t i = 0; i < value_count(daemon->touch.looked); i++)
        value_map_put(daemon->managed->arena, daemon->managed->needs_all,
                      value_text(value_pair_at(daemon->touch.looked, i)->key), value_bool(true));
    (void)daemon_queue(daemon, &(struct job){ .kind = JOB_CHECK, .why = "touched" });
}

/* What was touched while a look at a few tasks was under way may be its own doing. */
static void chain_end(struct daemon *daemon)
{
    struct daemon_touch *touch = &daemon->touch;

    if (touch->during && ++touch->chain > CHAIN_MAX)
        touch_forget(touch);
    touch->during = false;
}

static void managed_renew(struct daemon *daemon)
{
    ARENA_SCOPED arena = arena_new();
    struct managed *now = run_report_managed(daemon->report), *before = daemon->managed;
    struct error err = ERROR_INIT;

    if (now == NULL)
        return;
    if (!managed_write(now, managed_path(daemon, arena), &err))
        daemon_trouble(daemon, err.text);
    for (size_t i = 0; i < value_count(before->needs_all); i++)
        value_map_put(now->arena, now->needs_all, value_text(value_pair_at(before->needs_all, i)->key),
                      value_bool(true));
    daemon->managed = now;
    watches_set(daemon->watches, now);
    managed_free(before);
}

void daemon_watch_set(struct daemon *daemon, bool is_complete)
{
    bool is_touched = touched_take(daemon);

    if (daemon->job.kind == JOB_TOUCHED) {
        daemon->touch.during = daemon->touch.during || is_touched;
        chain_end(daemon);
    } else if (is_complete) {
        managed_renew(daemon);
    }
    touch_plan(daemon);
}

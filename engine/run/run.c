/* SPDX-License-Identifier: Apache-2.0 */
/* A whole run: load every playbook, then play after play, the recap, the exit code. */
#include "engine/run/run.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "engine/run/emit.h"
#include "engine/run/methods.h"
#include "engine/run/places.h"
#include "engine/run/play_run.h"
#include "engine/run/retry_file.h"
#include "engine/run/run_load.h"
#include "engine/run/run_setup.h"

static int by_name(const void *a, const void *b)
{
    return strcmp((*(struct run_host *const *)a)->host->name, (*(struct run_host *const *)b)->host->name);
}

static void emit_stats(struct run *run)
{
    struct run_host **hosts = arena_new_array(run->arena, struct run_host *, run->host_capacity + 1);
    size_t count = 0;

    for (size_t i = 0; i < run->host_capacity; i++)
        if (run->hosts[i] != NULL && run->hosts[i]->is_counted)
            hosts[count++] = run->hosts[i];
    qsort(hosts, count, sizeof(*hosts), by_name);
    if (run->custom_stats != NULL) {
        struct event event = { .kind = EVENT_CUSTOM_STATS, .result = run->custom_stats };

        emit(run, &event);
    }
    for (size_t i = 0; i < count; i++) {
        struct event event = { .kind = EVENT_STATS,
                               .host = hosts[i]->host->name,
                               .stats = hosts[i]->stats,
                               .result = hosts[i]->custom_stats };

        emit(run, &event);
    }
}

static void emit_config(struct run *run)
{
    const char *path = run->options->config_file;

    if (run->options->verbosity > 1)
        emit_message(
            run, EVENT_VERBOSE,
            arena_printf(run->arena, "roost %s\n  config file = %s", ROOST_VERSION, path == NULL ? "None" : path));
    if (run->options->verbosity > 0)
        emit_message(run, EVENT_VERBOSE,
                     path == NULL ? "No config file found; using defaults"
                                  : arena_printf(run->arena, "Using %s as config file", path));
}

/* Which plugin has read which inventory. */
static void emit_inventory(struct run *run)
{
    const struct inventory_config *config = run->options->inventory_config;

    if (run->options->verbosity < 3 || config == NULL)
        return;
    for (size_t i = 0; i < value_count(config->notes); i++)
        emit_message(run, EVENT_VERBOSE, value_text(value_item(config->notes, i)));
}

static void emit_plays(struct run *run, const struct playbook *playbook, size_t index)
{
    const char *const *paths = run->options->playbooks;

    if (run->options->verbosity > 1 && playbook->path != NULL && paths != NULL && paths[index] != NULL)
        emit_message(run, EVENT_VERBOSE,
                     arena_printf(run->arena, "%zu plays in %s", playbook->play_count, paths[index]));
}

static int exit_code(const struct run *run, enum play_verdict verdict)
{
    if (run_is_interrupted(run))
        return RUN_INTERRUPTED;
    return verdict == PLAY_UNREACHABLE ? RUN_UNREACHABLE
           : verdict == PLAY_BROKEN    ? RUN_BROKEN
           : verdict == PLAY_FAILED    ? RUN_HOSTS_FAILED
                                       : RUN_OK;
}

/* All plays of one playbook and the recap after it. */
static bool playbook_run(struct run *run, const struct playbook *playbook, enum play_verdict *verdict,
                         struct error *err)
{
    for (size_t i = 0; i < playbook->play_count && !run_is_interrupted(run); i++) {
        struct play_result result;

        if (!play_execute(run, playbook->plays[i], &result, err))
            return false;
        if (result.has_run)
            *verdict = result.verdict;
        if (result.stop)
            break;
    }
    if (run->is_quit)
        return true;
    retry_file_write(run, playbook);
    emit_stats(run);
    return true;
}

/* As in Ansible this is called an error, yet the run counts as good. */
static void emit_not_started(struct run *run)
{
    struct event event = { .kind = EVENT_WARNING, .outcome = OUTCOME_FAILED };

    event.message = arena_printf(
        run->arena, "No matching task \"%s\" found. Note: --start-at-task can only follow static includes.",
        run->start_at_task);
    emit(run, &event);
}

bool run_playbooks(struct arena *arena, const struct run_options *options, int *exit_out, struct error *err)
{
    enum play_verdict verdict = PLAY_OK;
    struct playbook **playbooks = NULL;
    size_t count = 0;
    struct event start = { .kind = EVENT_RUN_START }, end = { .kind = EVENT_RUN_END };
    struct run run;
    bool ok;

    if (!run_load(arena, options, &playbooks, &count, err))
        return false;
    run_open(&run, arena, options);
    if (!run_caching_check(&run, err) || !methods_check(&run, playbooks, count, err)) {
        run_close(&run);
        return false;
    }
    emit_config(&run);
    emit_inventory(&run);
    emit_notes(&run);
    start.name = count > 0 ? playbooks[0]->path : NULL;
    start.check_mode = options->check_mode;
    emit(&run, &start);
    emit_warnings(&run);
    ok = true;
    for (size_t i = 0; ok && i < count && verdict == PLAY_OK && !run_is_interrupted(&run); i++) {
        emit_plays(&run, playbooks[i], i);
        ok = playbook_run(&run, playbooks[i], &verdict, err);
    }
    if (ok && run.start_at_task != NULL)
        emit_not_started(&run);
    if (ok && verdict == PLAY_OK && run.places != NULL && !run_is_interrupted(&run))
        ok = run_places_check(run.places, err);
    *exit_out = exit_code(&run, verdict);
    if (ok && run_is_interrupted(&run) && !run.is_quit)
        ok = error_set_kind(err, ERROR_CANCELLED, "User interrupted execution");
    end.outcome = ok && !run.is_quit ? OUTCOME_OK : OUTCOME_FAILED;
    emit(&run, &end);
    run_close(&run);
    return ok;
}

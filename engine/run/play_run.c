/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One play: who takes part, what is asked, then batch after batch through the strategy. Hosts that failed before take no further part;
 * when a whole batch has failed the run ends.
 */
#include "engine/run/play_run.h"

#include <string.h>

#include "common/base/text.h"
#include "common/value/value_python.h"
#include "engine/run/emit.h"
#include "engine/run/job_parts.h"
#include "engine/run/strategy.h"

static bool is_removed(void *context, const struct inventory_host *host)
{
    struct run *run = context;

    return run_host_of(run, host)->removals > 0;
}

static bool is_failed(void *context, const struct inventory_host *host)
{
    struct run *run = context;
    const struct run_host *entry = run_host_of(run, host);

    return entry->is_failed || entry->is_unreachable;
}

static bool gathers(void *context, size_t host)
{
    struct run *run = context;

    return gather_is_wanted(run, run->play->gathers, run->play->hosts[host]->host);
}

/* Everything about the play that does not change from batch to batch. */
struct play_frame {
    struct run *run;
    const struct play *play;
    struct arena *arena;
    struct vars_play vars;
    struct host_batches batches;
    const struct value *prompted;
    const struct value *gathers;
    double max_fail_percentage;
    bool force_handlers;
    const struct strategy *strategy;
};

static bool play_value(struct play_frame *frame, enum keyword keyword, const struct value **out, struct error *err)
{
    struct vars_place place = { 0 };
    struct template_call call;
    struct vars_scope scope;

    *out = frame->play->keywords[keyword];
    if (*out == NULL || !value_is(*out, VALUE_STRING))
        return true;
    if (!vars_scope_open(&scope, frame->run->vars, frame->arena, &place, err))
        return false;
    call = vars_scope_call(&scope, frame->arena);
    return template_value(&call, *out, out, err) || error_locate(err, &frame->play->at);
}

static bool frame_keywords(struct play_frame *frame, struct error *err)
{
    const struct value *percentage = NULL, *force = NULL, *strategy = NULL;
    const char *given = frame->run->options->max_fail_percentage;

    frame->max_fail_percentage = -1;
    frame->force_handlers = frame->run->options->force_handlers || setting_bool(frame->run, "force_handlers", false);
    if (!play_value(frame, KEYWORD_GATHER_FACTS, &frame->gathers, err))
        return play_keyword_undefined(KEYWORD_GATHER_FACTS, err);
    if (!play_value(frame, KEYWORD_MAX_FAIL_PERCENTAGE, &percentage, err) ||
        !play_value(frame, KEYWORD_FORCE_HANDLERS, &force, err) ||
        !play_value(frame, KEYWORD_STRATEGY, &strategy, err) ||
        !strategy_choose(frame->run, strategy, &frame->play->at, &frame->strategy, err))
        return false;
    if (force != NULL && !value_is(force, VALUE_NULL) && !value_as_bool(force, &frame->force_handlers))
        return error_set_at(err, &frame->play->at,
                            "the field 'force_handlers' has an invalid value (%s), and could not be converted to an "
                            "bool.",
                            value_to_text(frame->arena, force));
    if (given != NULL)
        percentage = value_string(frame->arena, given);
    if (percentage != NULL && !value_is(percentage, VALUE_NULL) &&
        !text_to_real(value_to_text(frame->arena, percentage), &frame->max_fail_percentage))
        return error_set_at(err, &frame->play->at, "max_fail_percentage must be a number");
    return true;
}

/* Variables that are called like keywords work, but surprise. */
static void warn_reserved(struct play_frame *frame, const struct value *map)
{
    enum keyword keyword;

    for (size_t i = 0; i < value_count(map); i++) {
        const char *name = value_text(value_pair_at(map, i)->key);

        if (name != NULL && strcmp(name, "vars") != 0 &&
            keyword_find(name, IN_PLAY | IN_ROLE | IN_BLOCK | IN_TASK, &keyword) && keyword != KEYWORD_USER &&
            keyword != KEYWORD_ROLE)
            emit_message(frame->run, EVENT_WARNING,
                         arena_printf(frame->arena, "Found variable using reserved name: %s", name));
    }
}

static bool frame_prepare(struct play_frame *frame, struct error *err)
{
    struct run *run = frame->run;
    struct vars_place place = { 0 };
    struct template_call call;
    struct vars_scope scope;

    frame->vars = (struct vars_play){
        .play = frame->play, .name = frame->play->name, .is_removed = is_removed, .is_failed = is_failed, .context = run
    };
    vars_world_enter(run->vars, &frame->vars);
    if (!play_prompts(run, frame->arena, frame->play, false, &frame->prompted, err))
        return false;
    frame->vars.prompted = frame->prompted;
    if (!frame_keywords(frame, err) || !vars_scope_open(&scope, run->vars, frame->arena, &place, err))
        return false;
    call = vars_scope_call(&scope, frame->arena);
    frame->vars.name = play_title(frame->arena, frame->play, &call);
    if (!play_hosts(run, frame->arena, frame->play, &call, &frame->batches, err))
        return false;
    frame->vars.all = frame->batches.all;
    frame->vars.all_count = frame->batches.count;
    return true;
}

static bool batch_plan(struct play_frame *frame, struct play_run *play, struct error *err)
{
    struct run *run = frame->run;
    struct vars_place place = { 0 };
    struct template_call call;
    struct plan_block *gather = NULL;
    struct vars_scope scope;

    if (!vars_scope_open(&scope, run->vars, play->arena, &place, err))
        return false;
    call = vars_scope_call(&scope, play->arena);
    play->tags = (struct plan_tags){
        .only = run->options->tags, .skip = run->options->skip_tags, .call = &call, .places = run->places
    };
    play->plan = (struct plan){ .arena = play->arena, .play = frame->play };
    if (!gather_block(run, play, &gather, err))
        return false;
    plan_add_block(&play->plan, gather);
    if (!plan_add(&play->plan, &frame->play->tasks, &play->tags, frame->force_handlers, err))
        return false;
    play->tags.call = NULL;
    play->iterator = (struct iterator_play){ .arena = play->arena,
                                             .plan = &play->plan,
                                             .context = run,
                                             .gathers = gathers,
                                             .is_notified = handler_is_notified };
    handlers_list(play, &frame->play->handlers);
    return true;
}

static void batch_hosts(struct play_frame *frame, struct play_run *play, size_t from, size_t count)
{
    struct run *run = frame->run;

    for (size_t i = 0; i < run->host_capacity; i++) /* each batch begins anew, also for hosts that are not in it */
        if (run->hosts[i] != NULL)
            run->hosts[i]->removals = run->hosts[i]->is_failed || run->hosts[i]->is_unreachable ? 1 : 0;
    play->hosts = arena_new_array(play->arena, struct run_host *, count + 1);
    play->host_count = count;
    for (size_t i = 0; i < count; i++) {
        struct run_host *host = run_host_of(run, frame->batches.hosts[from + i]);

        play->hosts[i] = host;
        host->index = i;
        host->removals = 0;
        host->role_count = 0;
        host->is_busy = false;
        host->position = host->ahead = (struct iterator_position){ 0 };
    }
}

/* --start-at-task: hosts skip to the first task of that name; nothing before it is run, facts are. */
static void start_at(struct run *run, struct play_run *play)
{
    bool found = false;

    for (size_t i = 0; run->start_at_task != NULL && i < play->host_count; i++) {
        struct run_host *host = play->hosts[i];
        bool matched = false;

        for (;;) {
            host_look_ahead(run, host);
            if (host->next == NULL)
                break;
            matched = start_matches(play->arena, host->next, run->start_at_task);
            if (matched)
                break;
            iterator_copy(&play->iterator, &host->position, &host->ahead);
        }
        if (!matched)
            continue;
        found = true;
        host->position.started_at_task = true;
        host->position.levels[0].state = ITERATOR_SETUP;
        host->position.pending_setup = false;
    }
    if (found)
        run->start_at_task = NULL;
}

static void batch_positions(struct run *run, struct play_run *play)
{
    for (size_t i = 0; i < play->host_count; i++)
        iterator_start(&play->iterator, &play->hosts[i]->position);
    start_at(run, play);
    for (size_t i = 0; i < play->host_count; i++) {
        struct run_host *host = play->hosts[i];

        if (host->is_unreachable)
            host->removals++;
        if (host->is_failed)
            host_mark_failed(host);
        host->is_failed = false;
    }
}

static enum play_verdict batch_verdict(const struct run *run, const struct play_run *play)
{
    enum play_verdict verdict = PLAY_OK;

    if (play->break_play)
        return play->end_play ? PLAY_BROKEN : PLAY_FAILED;
    for (size_t i = 0; i < run->host_capacity; i++) {
        if (run->hosts[i] != NULL && run->hosts[i]->is_unreachable)
            return PLAY_UNREACHABLE;
        if (run->hosts[i] != NULL && run->hosts[i]->is_failed)
            verdict = PLAY_FAILED;
    }
    return verdict;
}

static size_t count_gone(const struct run *run)
{
    size_t count = 0;

    for (size_t i = 0; i < run->host_capacity; i++)
        if (run->hosts[i] != NULL)
            count += (run->hosts[i]->is_failed ? 1u : 0u) + (run->hosts[i]->is_unreachable ? 1u : 0u);
    return count;
}

static void emit_play(struct play_frame *frame, size_t host_count)
{
    struct event event = { .kind = EVENT_PLAY_START,
                           .name = frame->vars.name,
                           .path = frame->play->at.path,
                           .line = frame->play->at.line,
                           .check_mode = frame->run->options->check_mode,
                           .host_count = host_count };
    const struct value *check_mode = frame->play->keywords[KEYWORD_CHECK_MODE];

    if (value_is(check_mode, VALUE_BOOL))
        event.check_mode = check_mode->as.boolean;
    emit(frame->run, &event);
}

/* A file of vars_files that is not there ends the run, not the hosts' first tasks. */
static bool vars_files_check(struct run *run, const struct play_run *play, struct error *err)
{
    struct vars_place place = { .host = play->hosts[0]->host };
    struct vars_scope scope;

    return play->play->keywords[KEYWORD_VARS_FILES] == NULL ||
           vars_scope_open(&scope, run->vars, play->arena, &place, err);
}

/* So do variables of the inventory that cannot be read: a file with an error, or one that no password opens. */
static bool inventory_vars_check(struct run *run, const struct play_run *play, struct error *err)
{
    for (size_t i = 0; i < play->host_count; i++)
        if (!vars_world_read_host(run->vars, play->hosts[i]->host, err)) {
            err->kind = ERROR_PARSE;
            return false;
        }
    return true;
}

static bool batch_run(struct play_frame *frame, struct play_run *play, struct error *err)
{
    struct run *run = frame->run;

    run->play = play;
    vars_world_enter(run->vars, &frame->vars);
    emit_play(frame, play->host_count);
    if (!inventory_vars_check(run, play, err) || !vars_files_check(run, play, err) || !batch_plan(frame, play, err))
        return false;
    batch_positions(run, play);
    if (!frame->strategy->run(run, err))
        return false;
    for (size_t i = 0; i < play->host_count; i++) {
        struct run_host *host = play->hosts[i];

        if (!host->is_unreachable) /* moves everybody to the very end: only there a failure is final */
            (void)iterator_next(&play->iterator, &host->position, host->index);
        if (iterator_has_failed(&host->position))
            host->is_failed = true;
    }
    return true;
}

/* add_host and refresh_inventory have changed who is among all hosts of the play: a batch begins with whom its pattern names now. */
static bool all_again(struct play_frame *frame, struct error *err)
{
    struct vars_place place = { 0 };
    struct host_batches found;
    struct template_call call;
    struct vars_scope scope;

    if (frame->vars.all == frame->batches.all)
        return true;
    vars_world_enter(frame->run->vars, &frame->vars);
    if (!vars_scope_open(&scope, frame->run->vars, frame->arena, &place, err))
        return false;
    call = vars_scope_call(&scope, frame->arena);
    if (!play_hosts(frame->run, frame->arena, frame->play, &call, &found, err))
        return false;
    frame->vars.all = found.all;
    frame->vars.all_count = found.count;
    return true;
}

static bool batch_execute(struct play_frame *frame, size_t from, size_t count, struct play_result *out, bool *end_play,
                          struct error *err)
{
    struct run *run = frame->run;
    struct play_run play = { .arena = arena_new(),
                             .play = frame->play,
                             .vars = &frame->vars,
                             .is_free = frame->strategy->is_free,
                             .is_pinned = frame->strategy->is_pinned,
                             .debugs = frame->strategy->debugs,
                             .max_fail_percentage = frame->max_fail_percentage,
                             .gathers = frame->gathers };
    bool ok;

    frame->vars.batch = frame->batches.hosts + from;
    frame->vars.batch_count = count;
    batch_hosts(frame, &play, from, count);
    ok = batch_run(frame, &play, err);
    if (ok) {
        out->verdict = batch_verdict(run, &play);
        out->stop = out->stop || (play.break_play && !play.end_play); /* as in Ansible end_play wins */
        *end_play = play.end_play;
    }
    for (size_t i = 0; i < count; i++) {
        play.hosts[i]->position = play.hosts[i]->ahead = (struct iterator_position){ 0 };
        play.hosts[i]->next = play.hosts[i]->current = NULL;
    }
    run->play = NULL;
    arena_free(play.arena);
    return ok;
}

/* After the first batch: the others are left alone when it was the canary and did not do well. */
static bool canary_stops(struct play_frame *frame, size_t gone)
{
    const struct host_batches *batches = &frame->batches;
    size_t rest = batches->count - batches->canary;

    if (batches->canary == 0 || rest == 0 || gone == 0)
        return false;
    emit_message(frame->run, EVENT_WARNING,
                 arena_printf(frame->arena,
                              "The canary did not do well (%zu of %zu failed): %zu other host%s left alone", gone,
                              batches->canary, rest, rest == 1 ? " is" : "s are"));
    return true;
}

static bool batches_execute(struct play_frame *frame, struct play_result *out, struct error *err)
{
    size_t from = 0;

    for (size_t i = 0; i < frame->batches.size_count && !run_is_interrupted(frame->run); i++) {
        size_t count = frame->batches.sizes[i], gone = count_gone(frame->run);
        bool end_play = false;

        if (!all_again(frame, err) || !batch_execute(frame, from, count, out, &end_play, err))
            return false;
        from += count;
        if (end_play)
            return true;
        if ((i == 0 && count_gone(frame->run) > gone && canary_stops(frame, count_gone(frame->run) - gone)) ||
            (count_gone(frame->run) - gone == count && count_gone(frame->run) >= gone)) {
            out->stop = true;
            return true;
        }
    }
    return true;
}

bool play_execute(struct run *run, const struct play *play, struct play_result *out, struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    struct play_frame frame = { .run = run, .play = play, .arena = arena };
    bool ok;

    *out = (struct play_result){ .verdict = PLAY_OK };
    ok = frame_prepare(&frame, err);
    emit_warnings(run);
    if (ok && frame.batches.count == 0) {
        emit_play(&frame, 0);
        emit_message(run, EVENT_NO_HOSTS, NULL);
    }
    if (ok && frame.batches.count > 0) {
        warn_reserved(&frame, play->vars);
        warn_reserved(&frame, run->options->extra_vars);
    }
    out->has_run = frame.batches.count > 0;
    ok = ok && batches_execute(&frame, out, err);
    emit_warnings(run);
    vars_world_enter(run->vars, NULL);
    return ok;
}

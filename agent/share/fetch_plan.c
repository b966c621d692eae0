/* SPDX-License-Identifier: Apache-2.0 */
/* Which files a source means: one node asks the hub, the others ask that node. */
#include <string.h>
#include <unistd.h>

#include "agent/share/fetch_parts.h"
#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/json/json.h"
#include "common/model/model_told.h"

#define ASK_MS 300

static const struct value *ask_one(struct fetch *fetch, struct arena *arena, const struct share_peer *authority,
                                   const char **sentence_out)
{
    const struct share_stop stop = { fetch_is_stopping, fetch };
    const struct value *told = NULL;
    struct share_talk *talk = NULL;
    struct share_answer answer = { .is_ok = false };
    struct error err = ERROR_INIT;
    char *body = NULL;
    bool ok;

    ok = fetch_tls_open(fetch, &err) && share_talk_open(fetch->tls, authority, &stop, &talk, &err) &&
         share_talk_ask(talk, arena, share_question(arena, "plan", fetch->order.source, -1), &answer, &err);
    if (ok && answer.is_ok && answer.bytes <= (int64_t)MODEL_TOLD_MAX) {
        body = arena_alloc(arena, (size_t)answer.bytes + 1);
        ok = share_talk_read_all(talk, body, (size_t)answer.bytes, &err) &&
             json_read(arena, body, (size_t)answer.bytes, NULL, &told, &err);
    }
    share_talk_close(talk);
    *sentence_out = !ok             ? arena_copy(arena, err.text)
                    : !answer.is_ok ? arena_printf(arena, "node '%s': %s", authority->node, answer.sentence)
                                    : "";
    return ok ? told : NULL;
}

const struct value *fetch_plan_ask(struct fetch *fetch, struct arena *arena, const char **sentence_out)
{
    const struct share_peer *authority;
    const struct value *told = NULL;

    *sentence_out = "no node has it, and none fetches it yet";
    for (size_t i = 0; told == NULL && (authority = fetch_authority(fetch, i)) != NULL; i++)
        told = ask_one(fetch, arena, authority, sentence_out);
    return told;
}

static struct model_request request_of(const struct fetch *fetch)
{
    return (struct model_request){ .source = arena_copy(fetch->arena, fetch->order.source),
                                   .name =
                                       fetch->order.name == NULL ? NULL : arena_copy(fetch->arena, fetch->order.name),
                                   .projector = true };
}

static bool sizes_are_known(const struct model_plan *plan)
{
    return plan->size_bytes >= 0;
}

/* What an earlier life or a run of this node has brought already. */
static bool plan_here(struct fetch *fetch)
{
    struct model_settings *quiet = arena_new_of(fetch->arena, struct model_settings);
    const struct model_request request = request_of(fetch);
    const struct model_store store = { fetch->arena, fetch->settings.store };
    const struct value *told = model_told_read(&store, fetch->arena, request.source), *digests = NULL;
    struct error ignored = ERROR_INIT;
    struct model_plan plan;
    bool is_same = told != NULL && value_is(value_map_get(told, "fetch"), VALUE_INT) &&
                   value_map_get(told, "fetch")->as.integer == fetch->order.fetch;

    *quiet = fetch->settings;
    quiet->offline = true;
    if (model_plan_make(fetch->arena, quiet, &request, &plan, &ignored) && plan.is_there) {
        plan.settings = &fetch->settings;
        fetch->plan = plan;
        return true;
    }
    if (told == NULL ||
        !model_told_plan(fetch->arena, &(struct model_told){ &fetch->settings, &request, told }, &plan, &digests,
                         &ignored) ||
        !(plan.is_there || (is_same && fetch->order.role == FETCH_SEED && sizes_are_known(&plan) &&
                            plan.source.kind == MODEL_SOURCE_HUB)))
        return false;
    fetch->plan = plan;
    fetch->digests = digests;
    return true;
}

static bool plan_origin(struct fetch *fetch, struct error *err)
{
    const struct model_request request = request_of(fetch);

    fetch_progress(fetch, "asking the origin which files it is");
    return model_plan_make(fetch->arena, &fetch->settings, &request, &fetch->plan, err);
}

/* False without an error: not yet. */
static bool plan_told(struct fetch *fetch, const char **sentence_out, struct error *err)
{
    const struct model_request request = request_of(fetch);
    const struct value *told = fetch_plan_ask(fetch, fetch->arena, sentence_out), *digests = NULL;
    struct model_plan plan;

    if (told == NULL)
        return false;
    if (!model_told_plan(fetch->arena, &(struct model_told){ &fetch->settings, &request, told }, &plan, &digests, err))
        return false;
    *sentence_out = "its length is not known before it has come";
    if (!sizes_are_known(&plan))
        return false;
    fetch->plan = plan;
    fetch->digests = digests;
    return true;
}

bool fetch_plan_find(struct fetch *fetch, struct error *err)
{
    int64_t began_ms = clock_monotonic_ms();
    int64_t lonely_ms = fetch->options->lonely_ms > 0 ? fetch->options->lonely_ms : FETCH_LONELY_MS;
    bool was_heard = false;

    if (plan_here(fetch))
        return true;
    for (;;) {
        const char *sentence = "";

        if (fetch_is_stopping(fetch))
            return error_set_kind(err, ERROR_CANCELLED, "cancelled");
        fetch_orders_place(fetch);
        if (fetch->order.role != FETCH_TAKE || fetch->is_alone)
            return plan_origin(fetch, err);
        if (plan_told(fetch, &sentence, err))
            return true;
        if (err->text[0] != '\0')
            return false;
        was_heard = text_starts(sentence, "node '") && strstr(sentence, "nothing is known") != NULL;
        if (was_heard)
            began_ms = clock_monotonic_ms();
        if (clock_monotonic_ms() - began_ms > lonely_ms)
            return plan_origin(fetch, err);
        fetch_progress(fetch, sentence);
        (void)usleep(ASK_MS * 1000);
    }
}

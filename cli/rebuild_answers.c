/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The launcher probes engines directly; here the whole way is taken, by the model's name through the gateway's routes, with the workload's
 * own prompt and the words that it declares. Who is just loading or busy is asked again for a while.
 */
#include "cli/rebuild_answers.h"

#include <string.h>

#include "cli/rebuild_center.h"
#include "cli/rebuild_progress.h"
#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/json/json.h"
#include "controller/engines/chat_probe.h"
#include "controller/workload/workload.h"

#define PATIENCE_MS 60000 /* until an answer; it served a moment ago */
#define QUEUE_MS 30000    /* as long as the gateway lets requests wait */
#define PAUSE_MS 500

/* --- asking --- */

/* Of one try: it has answered (SERVES), it may yet (LOADS), or never will. */
static enum engine_answer ask_once(struct rebuild_call *call, const struct workload *workload, const char **sentence,
                                   struct error *err)
{
    const char *model = workload->alias != NULL ? workload->alias : workload->name, *body = NULL, *text = NULL;
    const struct engine_job job = { .workload = workload };
    const struct engine_request request = chat_probe(call->arena, &job, model, workload->health.max_tokens);
    struct rebuild_ask ask = { .method = request.method, .path = request.path };
    enum engine_answer answer;
    int status = 0;

    body = request.body;
    if (!json_read(call->arena, body, strlen(body), NULL, &ask.body, err) ||
        !rebuild_center_once(call, &ask, (int)workload->health.timeout_s * 1000 + QUEUE_MS, &status, &text, err))
        return ENGINE_WRONG;
    if (status == 0) {
        *sentence = text;
        return ENGINE_LOADS;
    }
    answer = chat_probe_read(call->arena, &job, status, text, sentence);
    return answer == ENGINE_WRONG && status >= 500 ? ENGINE_LOADS : answer; /* an engine that broke is started again */
}

static bool one_answers(struct rebuild_call *call, const struct workload *workload, struct error *err)
{
    int64_t began_ms = clock_monotonic_ms(), asked_ms = began_ms;
    const char *sentence = "it does not answer";
    enum engine_answer answer;

    for (;;) {
        rebuild_progress_say(call, false, "asking %s", workload->name);
        asked_ms = clock_monotonic_ms();
        answer = ask_once(call, workload, &sentence, err);
        if (answer == ENGINE_SERVES)
            break;
        if (err->text[0] != '\0')
            return false;
        if (answer == ENGINE_WRONG || clock_monotonic_ms() - began_ms > PATIENCE_MS)
            return error_set(err, "%s, asked through the gateway: %s", workload->name, sentence);
        rebuild_progress_say(call, true, "%s: %s", workload->name, sentence);
        if (!rebuild_pause(PAUSE_MS))
            return error_set_kind(err, ERROR_CANCELLED, "interrupted");
    }
    rebuild_note(call, arena_printf(call->arena, "answer %s", workload->name),
                 arena_printf(call->arena, "%lld ms", (long long)(clock_monotonic_ms() - asked_ms)));
    return true;
}

/* --- who is asked --- */

static bool is_declared(const struct rebuild *rebuild, const char *name)
{
    for (size_t i = 0; i < rebuild->workloads.count; i++) {
        if (text_equal(rebuild->workloads.workloads[i].name, name))
            return true;
    }
    return false;
}

/* What serves, and what should: declared beside the inventory. */
static bool is_asked(const struct rebuild *rebuild, const struct value *item)
{
    return text_equal(value_map_text(item, "kind"), "inference") &&
           (text_equal(value_map_text(item, "state"), "serving") || is_declared(rebuild, value_map_text(item, "name")));
}

/* With the declaration that the controller has. */
static bool named_answers(struct rebuild_call *call, const char *name, struct error *err)
{
    const char *path = arena_printf(call->arena, "/api/v1/workloads/%s", name);
    const struct value *answer = NULL;
    struct workload workload;

    if (!rebuild_center_ask(call, &(struct rebuild_ask){ .path = path }, &answer, err) ||
        !workload_bind(call->arena, value_map_get(answer, "declaration"), &workload, err))
        return error_prefix(err, "%s", name);
    return one_answers(call, &workload, err);
}

bool rebuild_answers(struct rebuild_call *call, const char **out, struct error *err)
{
    const struct value *answer = NULL, *items = NULL;
    struct text served = text_new(call->arena);

    if (!rebuild_center_ask(call, &(struct rebuild_ask){ .path = "/api/v1/workloads" }, &answer, err))
        return false;
    items = value_map_get(answer, "items");
    for (size_t i = 0; i < value_count(items); i++) {
        const char *name = value_map_text(value_item(items, i), "name");

        if (!is_asked(call->rebuild, value_item(items, i)))
            continue;
        if (!named_answers(call, name, err))
            return false;
        text_printf(&served, "%s%s", served.length > 0 ? ", " : "", name);
    }
    if (served.length > 0)
        rebuild_note(call, "serves", served.data);
    *out = served.length > 0 ? arena_printf(call->arena, "%s answered", served.data) : "nobody to ask";
    return true;
}

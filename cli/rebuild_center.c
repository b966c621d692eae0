/* SPDX-License-Identifier: Apache-2.0 */
/* Asking the controller while it comes and goes. */
#include "cli/rebuild_center.h"

#include <string.h>

#include "cli/center_client.h"
#include "cli/rebuild_progress.h"
#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/json/json.h"

#define AWAY_PAUSE_MS 500
#define LOOK_PAUSE_MS 500
#define STATUS_AWAY 502 /* and above: what stands before a controller that is away */

/* One try in an arena of its own. */
struct trying {
    struct arena *arena;
    int timeout_ms;     /* 0: the usual */
    int status;         /* 0: no answer */
    const char *answer; /* text */
    struct center_client *client;
};

/* False (err): there is no account. Where nobody answers `why` says so. */
static bool send_once(const struct rebuild_ask *ask, struct trying *trying, struct error *why, struct error *err)
{
    const char *text = ask->body == NULL ? NULL : json_text(trying->arena, ask->body, JSON_COMPACT);
    const struct center_sending sending = { ask->method, ask->path, text == NULL ? NULL : "application/json", text,
                                            text == NULL ? 0 : strlen(text) };
    struct http_request request;
    struct http_response response;
    char *answer = NULL;

    trying->status = 0;
    if (!center_client_open(trying->arena, &trying->client, err))
        return false;
    request = center_client_request(trying->client, trying->arena, &sending);
    if (trying->timeout_ms > 0)
        request.timeout_ms = trying->timeout_ms;
    if (!http_fetch(trying->arena, &request, &response, &answer, why))
        return true;
    trying->status = response.status;
    trying->answer = answer;
    return true;
}

/* An answer that is an error is one. */
static bool try_once(const struct rebuild_ask *ask, struct trying *trying, struct error *err)
{
    if (!send_once(ask, trying, err, err))
        return false;
    if (trying->status == 0 || trying->status >= STATUS_AWAY)
        return true;
    error_clear(err);
    return (ask->not_found != 0 && trying->status == ask->not_found) ||
           center_client_answer(trying->client, trying->arena, trying->status, trying->answer,
                                &(const struct value *){ NULL }, err);
}

bool rebuild_center_once(struct rebuild_call *call, const struct rebuild_ask *ask, int timeout_ms, int *status_out,
                         const char **text_out, struct error *err)
{
    struct trying trying = { .arena = call->arena, .timeout_ms = timeout_ms };
    struct error why = ERROR_INIT;

    if (!send_once(ask, &trying, &why, err))
        return false;
    *status_out = trying.status;
    *text_out = trying.status == 0 ? arena_copy(call->arena, why.text) : trying.answer;
    return true;
}

static bool is_away(const struct trying *trying)
{
    return trying->status == 0 || trying->status >= STATUS_AWAY;
}

bool rebuild_center_ask(struct rebuild_call *call, const struct rebuild_ask *ask, const struct value **out,
                        struct error *err)
{
    for (bool was_away = false;; was_away = true) {
        ARENA_SCOPED arena = arena_new();
        struct trying trying = { .arena = arena };
        struct error why = ERROR_INIT;
        bool is_good = try_once(ask, &trying, &why);

        if (!is_good) {
            *err = why;
            return false;
        }
        if (!is_away(&trying)) {
            if (was_away)
                rebuild_progress_say(call, true, "the controller is back");
            if (out == NULL)
                return true;
            *out = NULL;
            return trying.status == ask->not_found ||
                   json_read(call->arena, trying.answer, strlen(trying.answer), NULL, out, err);
        }
        rebuild_progress_say(call, true, "the controller is away, trying again: %s", why.text);
        if (!rebuild_pause(AWAY_PAUSE_MS))
            return error_set_kind(err, ERROR_CANCELLED, "interrupted");
    }
}

bool rebuild_center_wait(struct rebuild_call *call, const struct rebuild_wait *wait, struct error *err)
{
    int64_t deadline_ms = clock_monotonic_ms() + wait->timeout_s * 1000;
    struct arena *kept = call->arena;
    bool is_done = false, is_good = true;

    while (is_good && !is_done) {
        ARENA_SCOPED arena = arena_new();
        const struct value *answer = NULL;

        call->arena = arena;
        is_good =
            rebuild_center_ask(call, &(struct rebuild_ask){ .path = wait->path, .not_found = 404 }, &answer, err) &&
            wait->look(call, wait->data, answer, &is_done, err);
        call->arena = kept;
        if (is_good && !is_done && clock_monotonic_ms() > deadline_ms)
            is_good = error_set(err, "%s for %lld s: %s", wait->what, (long long)wait->timeout_s,
                                call->node->progress.sentence);
        if (is_good && !is_done && !rebuild_pause(LOOK_PAUSE_MS))
            is_good = error_set_kind(err, ERROR_CANCELLED, "interrupted");
    }
    return is_good;
}

bool rebuild_center_is_away(void)
{
    ARENA_SCOPED arena = arena_new();
    struct trying trying = { .arena = arena };
    struct error ignored = ERROR_INIT;

    return !try_once(&(struct rebuild_ask){ .path = "/api/v1/status" }, &trying, &ignored) || is_away(&trying);
}

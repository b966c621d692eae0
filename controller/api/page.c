/* SPDX-License-Identifier: Apache-2.0 */
/* Pages as answers. */
#include "controller/api/page.h"

#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/http/http_url.h"
#include "controller/pages/pages.h"

#define SECOND_US INT64_C(1000000)
#define DIFF_LINES 400

/* Nothing but what comes from here is loaded or run; no page of another site may show this one in a frame. */
#define CONTENT_POLICY                                                                                                 \
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self';" \
    " base-uri 'none'; frame-ancestors 'none'"

void page_security_headers(struct api_call *call)
{
    api_reply_header(call, "Content-Security-Policy", CONTENT_POLICY);
    /* not no-referrer: browsers would then send "Origin: null" with our own forms */
    api_reply_header(call, "Referrer-Policy", "same-origin");
    api_reply_header(call, "Cross-Origin-Opener-Policy", "same-origin");
    api_reply_header(call, "Cross-Origin-Resource-Policy", "same-origin");
}

/* --- what every page knows --- */

static const struct value *user_value(struct api_call *call)
{
    const struct api_identity *who = &call->identity;
    struct value *user = value_map(call->arena);

    if (who->kind != API_IS_OPERATOR)
        return value_null();
    value_map_put_string(call->arena, user, "name", who->name);
    value_map_put_string(call->arena, user, "role", api_access_name(who->role));
    value_map_put_bool(call->arena, user, "operates", who->role >= API_OPERATOR);
    value_map_put_bool(call->arena, user, "rules", who->role >= API_ADMIN);
    return user;
}

static void put_if_absent(struct api_call *call, struct value *data, const char *key, const struct value *item)
{
    if (value_map_get(data, key) == NULL)
        value_map_put(call->arena, data, key, item);
}

void page_reply(struct api_call *call, int status, const char *name, const char *title, struct value *data)
{
    const char *html = NULL;
    struct error err = ERROR_INIT;
    size_t length = 0;

    if (data == NULL)
        data = value_map(call->arena);
    value_map_put_string(call->arena, data, "title", title);
    value_map_put_string(call->arena, data, "page", name);
    value_map_put(call->arena, data, "user", user_value(call));
    value_map_put_string(call->arena, data, "version", ROOST_VERSION);
    page_put_time(call, data, "now", clock_wall_us());
    put_if_absent(call, data, "wall", value_bool(false));
    put_if_absent(call, data, "live", value_bool(false));
    page_security_headers(call);
    if (!pages_render(call->arena, name, data, &html, &length, &err)) {
        html = arena_printf(call->arena, "this page could not be made: %s\n", err.text);
        api_reply_bytes(call, 500, "text/plain; charset=utf-8", html, strlen(html));
        return;
    }
    api_reply_bytes(call, status, "text/html; charset=utf-8", html, length);
}

void page_problem(struct api_call *call, int status, const char *message)
{
    struct value *data = value_map(call->arena);
    const char *path = api_path(call);

    /* that somebody is not signed in needs no sentence; why a session has ended does */
    value_map_put_string(call->arena, data, "message", status != 401 || call->identity.why != NULL ? message : NULL);
    if (status == 401) {
        value_map_put_string(call->arena, data, "next", page_path_is_local(path) ? path : "/");
        page_reply(call, status, "login", "Sign in", data);
        return;
    }
    page_reply(call, status, "problem",
               status == 403   ? "Not for you"
               : status == 404 ? "Not here"
               : status >= 500 ? "Something failed"
                               : "That did not work",
               data);
}

void page_go_back(struct api_call *call)
{
    struct text to = text_new(call->arena);

    for (const char *at = call->route->form_back; *at != '\0'; at++) {
        size_t length = strcspn(at, "}");

        if (*at != '{') {
            text_add_char(&to, *at);
            continue;
        }
        text_add(&to,
                 http_url_escape(call->arena, api_path_value(call, arena_copy_n(call->arena, at + 1, length - 1)), ""));
        at += length;
    }
    api_reply_header(call, "Location", to.data);
    api_reply_bytes(call, 303, "text/plain; charset=utf-8", "", 0);
}

/* --- time --- */

const char *page_age_text(struct arena *arena, int64_t at_us, int64_t now_us)
{
    int64_t seconds = (now_us - at_us) / SECOND_US;
    bool ahead = seconds < 0;
    const char *amount = NULL;

    seconds = ahead ? -seconds : seconds;
    if (seconds < 2 && !ahead)
        return "just now";
    if (seconds < 120)
        amount = arena_printf(arena, "%lld s", (long long)seconds);
    else if (seconds < 7200)
        amount = arena_printf(arena, "%lld min", (long long)(seconds / 60));
    else if (seconds < 172800)
        amount = arena_printf(arena, "%lld h", (long long)(seconds / 3600));
    else
        amount = arena_printf(arena, "%lld d", (long long)(seconds / 86400));
    return ahead ? arena_printf(arena, "in %s", amount) : arena_printf(arena, "%s ago", amount);
}

void page_put_time(struct api_call *call, struct value *map, const char *key, int64_t at_us)
{
    struct value *time = value_map(call->arena);

    if (at_us == 0) {
        value_map_put(call->arena, map, key, value_null());
        return;
    }
    value_map_put_string(call->arena, time, "iso", clock_text_utc(call->arena, at_us));
    value_map_put_string(call->arena, time, "text", page_age_text(call->arena, at_us, clock_wall_us()));
    value_map_put(call->arena, map, key, time);
}

/* --- addresses --- */

const char *page_node_url(struct arena *arena, const char *name)
{
    return arena_printf(arena, "/nodes/%s", http_url_escape(arena, name, ""));
}

const char *page_link(struct arena *arena, const char *path, const struct page_parameter *parameters)
{
    struct text out = text_new(arena);
    char separator = '?';

    text_add(&out, path);
    for (; parameters->name != NULL; parameters++) {
        if (parameters->value == NULL)
            continue;
        text_printf(&out, "%c%s=%s", separator, parameters->name, http_url_escape(arena, parameters->value, ""));
        separator = '&';
    }
    return out.data;
}

/* --- diffs --- */

static const char *diff_kind(const char *line, size_t length)
{
    if (length >= 2 && line[0] == '@' && line[1] == '@')
        return "at";
    if (length >= 3 && (strncmp(line, "---", 3) == 0 || strncmp(line, "+++", 3) == 0))
        return "at";
    return length == 0 || (line[0] != '+' && line[0] != '-') ? "same" : line[0] == '+' ? "add" : "del";
}

static void diff_line(struct arena *arena, struct value *list, const char *kind, const char *line, size_t length)
{
    struct value *item = value_map(arena);

    value_map_put_string(arena, item, "kind", kind);
    value_map_put_string(arena, item, "text", arena_copy_n(arena, line, length));
    value_list_add(arena, list, item);
}

const struct value *page_diff(struct arena *arena, const char *diff)
{
    struct value *list = value_list(arena);
    const char *cursor = diff, *end = diff == NULL ? NULL : diff + strlen(diff);
    const char *line = NULL;
    size_t length = 0;

    while (diff != NULL && text_line(&cursor, end, &line, &length)) {
        if (value_count(list) == DIFF_LINES) {
            static const char more[] = "... the rest is printed by `roost drift NODE`";

            diff_line(arena, list, "at", more, sizeof(more) - 1);
            break;
        }
        diff_line(arena, list, diff_kind(line, length), line, length);
    }
    return list;
}

/* --- verdicts --- */

static const struct {
    const char *verdict, *class, *word;
} verdicts[] = {
    { "ok", "ok", "in order" },          { "drift", "drift", "drift" },        { "failed", "failed", "failed" },
    { "lost", "lost", "lost" },          { "pending", "waiting", "expected" }, { "revoked", "revoked", "revoked" },
    { "unknown", "unknown", "unknown" },
};

const char *page_verdict_word(const char *verdict)
{
    for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++) {
        if (strcmp(verdicts[i].verdict, verdict) == 0)
            return verdicts[i].word;
    }
    return verdict;
}

/* A verdict that a newer agent tells and we do not know is not drawn as "ok". */
const char *page_verdict_class(const char *verdict)
{
    for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++) {
        if (strcmp(verdicts[i].verdict, verdict) == 0)
            return verdicts[i].class;
    }
    return "unknown";
}

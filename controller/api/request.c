/* SPDX-License-Identifier: Apache-2.0 */
/* A request as it comes in: who asks for what, the parameters and the body, each refused by name as early as it can be. */
#include <string.h>

#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/json/json.h"
#include "controller/api/page.h"
#include "controller/api/server_internal.h"

#define BEARER "Bearer "
#define API_DOCUMENT "/api/v1/openapi.json"
#define SMALL_TABLE 16 /* paths that a sentence can hold */

struct call *call_new(struct api_server *server, struct MHD_Connection *connection, const char *target)
{
    struct arena *arena = arena_new();
    struct call *call = arena_new_of(arena, struct call);

    call->base.arena = arena;
    call->base.table = &server->options.table;
    call->base.context = server->options.context;
    call->server = server;
    call->connection = connection;
    call->target = arena_copy(arena, target);
    call->received = text_new(arena);
    call->headers = text_new(arena);
    return call;
}

/* What came in may have held secrets. */
void call_free(struct call *call)
{
    room_leave(&call->server->room, call);
    if (call->has_sink)
        call->match.route->sink->drop(&call->base);
    if (call->response != NULL)
        MHD_destroy_response(call->response);
    arena_free_secret(call->base.arena);
}

/* --- before the body --- */

/* Its paths, each once. False: there are too many for a sentence, or one is the document that lists them. */
static bool paths_of(const struct api_table *table, const char **names, struct text *list)
{
    size_t count = 0;

    for (size_t i = 0; i < table->count; i++) {
        for (size_t k = 0; k < table->resources[i]->count; k++) {
            const char *name = table->resources[i]->routes[k].path;

            if (text_in(name, names))
                continue;
            if (count == SMALL_TABLE || text_equal(name, API_DOCUMENT))
                return false;
            names[count++] = name;
            text_printf(list, "%s%s", list->length > 0 ? ", " : "", name);
        }
    }
    return count > 0;
}

/* A table with the API's document names that; a small one, as the gateway's, its own paths and the nearest of them. */
static void refuse_path(struct api_call *base, const char *path)
{
    const char *names[SMALL_TABLE + 1] = { NULL }, *nearest = NULL;
    struct text list = text_new(base->arena);
    size_t count = 0;

    if (!paths_of(base->table, names, &list)) {
        api_reply_error(base, 404, "route_unknown", "there is no %s; " API_DOCUMENT " lists what there is", path);
        return;
    }
    while (names[count] != NULL)
        count++;
    nearest = text_nearest(path, names, count);
    api_reply_error(base, 404, "route_unknown", "there is no %s%s%s%s; there are %s", path,
                    nearest != NULL ? ", did you mean " : "", nearest != NULL ? nearest : "",
                    nearest != NULL ? "?" : "", list.data);
}

static bool admit_path(struct call *call, const char *method, const char *path)
{
    struct api_call *base = &call->base;

    if (strstr(call->target, "%00") != NULL)
        api_reply_error(base, 400, "bad_request", "the path holds a NUL byte");
    else if (call->match.route == NULL && call->match.allow[0] == '\0')
        refuse_path(base, path);
    else if (call->match.route == NULL) {
        api_reply_header(base, "Allow", call->match.allow);
        api_reply_error(base, 405, "method_not_allowed", "%s does not take %s; it takes %s", path, method,
                        call->match.allow);
    }
    return call->match.route != NULL && call->response == NULL;
}

static const char *peer_address(struct arena *arena, struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

    return info == NULL ? "unknown" : api_address_text(arena, info->client_addr);
}

static bool identify(struct call *call, bool is_again, struct arena *arena, struct api_identity *out, struct error *err)
{
    const struct api_authenticator *authenticator = &call->server->options.authenticator;
    const union MHD_ConnectionInfo *tls = MHD_get_connection_info(call->connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    const struct api_credentials credentials = { .bearer = call->bearer,
                                                 .tls_session = tls == NULL ? NULL : tls->tls_session,
                                                 .peer = call->base.peer,
                                                 .memory = server_memory(call->connection),
                                                 .is_again = is_again };

    call->looked = call->server->looks;
    return authenticator->identify(authenticator->data, arena, &credentials, out, err);
}

static void bearer_find(struct call *call)
{
    const char *authorization = api_header(&call->base, "Authorization"), *bearer = NULL;

    if (authorization != NULL && strncmp(authorization, BEARER, strlen(BEARER)) == 0)
        bearer = authorization + strlen(BEARER);
    else if (authorization == NULL) {
        bearer = MHD_lookup_connection_value(call->connection, MHD_COOKIE_KIND, PAGE_SESSION_COOKIE);
        call->by_cookie = bearer != NULL;
    }
    call->bearer = arena_copy(call->base.arena, bearer);
}

static bool may(const struct api_identity *who, enum api_access access)
{
    switch (access) {
    case API_PUBLIC:
        return true;
    case API_NODE:
        return who->kind == API_IS_NODE && !who->expired;
    case API_NODE_EXPIRED:
        return who->kind == API_IS_NODE;
    case API_CLIENT:
        return who->kind == API_IS_CLIENT || who->kind == API_IS_OPERATOR;
    default:
        return who->kind == API_IS_OPERATOR && who->role >= access;
    }
}

static void refuse(struct call *call)
{
    const struct api_identity *who = &call->base.identity;
    const struct api_route *route = call->match.route;
    const struct api_authenticator *authenticator = &call->server->options.authenticator;

    /* a page without a cookie is how signing in begins */
    if (authenticator->refused != NULL && (!route->is_page || call->bearer != NULL) && !who->expired)
        authenticator->refused(authenticator->data, &call->base, who->kind == API_NOBODY ? "token" : "role");
    if (who->kind == API_NOBODY && who->why != NULL) {
        api_reply_error(&call->base, 401, who->why_code == NULL ? "unauthenticated" : who->why_code, "%s", who->why);
    } else if (who->kind == API_NOBODY) {
        if (!route->is_page)
            api_reply_header(&call->base, "WWW-Authenticate", "Bearer realm=\"roost\"");
        api_reply_error(&call->base, 401, "unauthenticated", "%s %s is for %s; no valid %s was shown", route->method,
                        route->path, api_access_name(route->access),
                        route->access <= API_NODE_EXPIRED ? "node certificate" : "token");
    } else if (who->kind == API_IS_NODE && who->expired) {
        api_reply_error(&call->base, 403, "certificate_expired", "the certificate of node %s has run out: renew it",
                        who->name);
    } else {
        api_reply_error(&call->base, 403, "forbidden", "%s %s is for %s; %s is %s", route->method, route->path,
                        api_access_name(route->access), who->name,
                        who->kind == API_IS_NODE ? "a node" : api_access_name(who->role));
    }
}

static bool content_type_is(const char *content_type, const char *name)
{
    size_t length = strlen(name);

    return content_type != NULL && strncmp(content_type, name, length) == 0 &&
           strchr("; ", content_type[length]) != NULL;
}

/* A body that goes elsewhere is refused by what the headers say of it, before it is sent. */
static bool sink_begin(struct call *call)
{
    struct api_call *base = &call->base;
    const struct api_sink *sink = base->route->sink;
    const char *length = api_header(base, "Content-Length");
    int64_t expected = 0;

    if (length != NULL && !text_to_int(length, &expected))
        expected = INT64_MAX;
    if (!content_type_is(api_header(base, "Content-Type"), sink->content_type))
        api_reply_error(base, 415, "wrong_type", "the body must come with Content-Type: %s", sink->content_type);
    else if (expected < 0 || (uint64_t)expected > sink->limit_bytes)
        api_reply_error(base, 413, "body_too_large", "the body has more than %zu bytes", sink->limit_bytes);
    else
        call->has_sink = sink->begin(base, (size_t)expected);
    return call->has_sink;
}

/* A browser sends its cookie along whoever wrote the form: a change by cookie, and a login, must come from a page of ours. */
static bool is_from_here(struct call *call)
{
    const struct api_route *route = call->match.route;
    const char *origin = api_header(&call->base, "Origin");
    bool is_login = route->form_back != NULL && route->access == API_PUBLIC;

    if (text_equal(route->method, "GET") || (!call->by_cookie && !(is_login && origin != NULL)) ||
        page_origin_matches(origin, api_header(&call->base, "Host")))
        return true;
    api_reply_error(
        &call->base, 403, "foreign_origin",
        "a change by a browser's session must come from a page of this controller: the Origin is %s, the host "
        "asked is %s",
        origin == NULL ? "not told" : origin, api_header(&call->base, "Host"));
    return false;
}

bool call_admit(struct call *call, const char *method, const char *path)
{
    struct error err = ERROR_INIT;

    call->state = CALL_READING;
    call->base.peer = peer_address(call->base.arena, call->connection);
    api_match(&call->server->options.table, method, arena_copy(call->base.arena, path), &call->match);
    call->base.route = call->match.route;
    if (!admit_path(call, method, path) || !body_has_one_length(call))
        return false;
    bearer_find(call);
    if (!identify(call, false, call->base.arena, &call->base.identity, &err)) {
        api_reply_error(&call->base, 503, "store_unavailable", "who asks cannot be looked up: %s", err.text);
        return false;
    }
    if (call->base.identity.kind != API_NOBODY)
        server_identified(call->connection);
    if (!may(&call->base.identity, call->match.route->access)) {
        refuse(call);
        return false;
    }
    if (!is_from_here(call) || !body_is_wanted(call))
        return false;
    return call->match.route->sink == NULL || sink_begin(call);
}

/* --- after a wait --- */

bool call_still_may(struct call *call)
{
    ARENA_SCOPED arena = arena_new();
    struct api_identity who = { .kind = API_NOBODY };
    struct error err = ERROR_INIT;

    if (call->match.route->access == API_PUBLIC)
        return true;
    if (!identify(call, true, arena, &who, &err)) {
        api_reply_error(&call->base, 503, "store_unavailable", "who asks cannot be looked up: %s", err.text);
        return false;
    }
    if (may(&who, call->match.route->access))
        return true;
    call->base.identity = who; /* its texts last until the answer is written, which is here */
    refuse(call);
    call->base.identity = (struct api_identity){ .kind = API_NOBODY };
    return false;
}

int64_t call_patience_ms(const struct call *call, int64_t wanted_ms)
{
    int64_t left_ms = (call->base.identity.ends_us - clock_wall_us()) / 1000 + 1;

    if (call->base.identity.ends_us == 0 || call->match.route->access == API_PUBLIC || left_ms > wanted_ms)
        return wanted_ms;
    return left_ms < 1 ? 1 : left_ms;
}

/* --- the body --- */

static void sink_take(struct call *call, const char *data, size_t length)
{
    const struct api_sink *sink = call->match.route->sink;

    if (call->response != NULL)
        return;
    call->sunk += length;
    if (call->sunk > sink->limit_bytes)
        api_reply_error(&call->base, 413, "body_too_large", "the body has more than %zu bytes", sink->limit_bytes);
    else
        (void)sink->take(&call->base, data, length);
}

bool call_receive(struct call *call, const char *data, size_t length)
{
    size_t limit = call->match.route->body_limit_bytes > 0 ? call->match.route->body_limit_bytes : LIMIT_API_BODY;

    if (!body_goes_on(call, length))
        return false;
    if (call->has_sink) {
        sink_take(call, data, length);
        return true;
    }
    call->too_large = call->too_large || call->match.route->body == NULL || length > limit - call->received.length;
    if (!call->too_large)
        text_add_n(&call->received, data, length);
    return true;
}

static bool form_read(struct call *call)
{
    struct api_call *base = &call->base;
    struct error err = ERROR_INIT;

    if (!content_type_is(api_header(base, "Content-Type"), "application/x-www-form-urlencoded"))
        api_reply_error(base, 415, "not_a_form", "this takes a form: application/x-www-form-urlencoded");
    else if (!page_form_read(base->arena, call->received.data, call->received.length, &base->body_value, &err))
        api_reply_error(base, 400, "bad_form", "%s", err.text);
    else
        return true;
    return false;
}

static bool body_read(struct call *call)
{
    struct api_call *base = &call->base;
    const struct api_route *route = call->match.route;
    struct error err = ERROR_INIT;

    if (call->too_large)
        body_refuse(call);
    else if (route->body == NULL)
        return true;
    else if (route->form_back != NULL)
        return form_read(call);
    else if (!content_type_is(api_header(base, "Content-Type"), "application/json"))
        api_reply_error(base, 415, "not_json", "the body must be JSON, with Content-Type: application/json");
    else if (!json_read(base->arena, call->received.data, call->received.length, NULL, &base->body_value, &err))
        api_reply_error(base, 400, "bad_json", "the body is no JSON: %d:%d: %s", err.line, err.column, err.text);
    else if (!value_is(base->body_value, VALUE_MAP))
        api_reply_error(base, 400, "bad_json", "the body must be an object, but it is a %s",
                        value_kind_text(base->body_value));
    else
        return true;
    return false;
}

/* --- parameters and members by the route's tables --- */

static const char *unknown_hint(struct arena *arena, const struct task_spec *spec, const char *name)
{
    const char *names[64];
    size_t count = 0;
    const char *nearest = NULL;

    for (const struct arg_spec *arg = spec == NULL ? NULL : spec->args; arg != NULL && arg->name != NULL; arg++) {
        if (count < sizeof(names) / sizeof(names[0]))
            names[count++] = arg->name;
    }
    if (count == 0)
        return "none is taken";
    nearest = text_nearest(name, names, count);
    if (nearest != NULL)
        return arena_printf(arena, "did you mean %s?", nearest);
    struct text all = text_new(arena);
    for (size_t i = 0; i < count; i++)
        text_printf(&all, "%s%s", i > 0 ? ", " : "there are ", names[i]);
    return all.data;
}

static bool bind_by(struct call *call, const char *what, const struct task_spec *spec, const struct value *given,
                    const void **out)
{
    struct api_call *base = &call->base;
    struct error err = ERROR_INIT;
    void *target = NULL;

    for (size_t i = 0; i < value_count(given); i++) {
        const char *name = value_text(value_pair_at(given, i)->key);

        if (spec != NULL && (spec->any_args || arg_find(spec, name) != NULL))
            continue;
        api_reply_error(base, 400, "unknown_member", "there is no %s '%s'; %s", what, name,
                        unknown_hint(base->arena, spec, name));
        return false;
    }
    if (spec == NULL)
        return true;
    target = arena_alloc(base->arena, spec->args_size > 0 ? spec->args_size : 1);
    if (!arg_bind_plain(base->arena, spec, given, what, target, &err)) {
        api_reply_error(base, 400, "bad_member", "%s", err.text);
        return false;
    }
    *out = target;
    return true;
}

struct query_reading {
    struct arena *arena;
    struct value *map;
    const char *wrong;
};

static enum MHD_Result query_take(void *data, enum MHD_ValueKind kind, const char *key, size_t key_size,
                                  const char *value, size_t value_size)
{
    struct query_reading *reading = data;

    (void)kind;
    if (memchr(key, '\0', key_size) != NULL || (value != NULL && memchr(value, '\0', value_size) != NULL))
        reading->wrong = "a parameter holds a NUL byte";
    else if (value_map_get_n(reading->map, key, key_size) != NULL)
        reading->wrong = arena_printf(reading->arena, "the parameter '%.*s' is given twice", (int)key_size, key);
    else
        value_map_put(reading->arena, reading->map, arena_copy_n(reading->arena, key, key_size),
                      value_string_n(reading->arena, value == NULL ? "" : value, value == NULL ? 0 : value_size));
    return reading->wrong == NULL ? MHD_YES : MHD_NO;
}

bool call_bind(struct call *call)
{
    struct api_call *base = &call->base;
    struct query_reading reading = { .arena = base->arena, .map = value_map(base->arena) };

    if (call->response != NULL) /* the sink's */
        return false;
    MHD_get_connection_values_n(call->connection, MHD_GET_ARGUMENT_KIND, query_take, &reading);
    if (reading.wrong != NULL) {
        api_reply_error(base, 400, "bad_request", "%s", reading.wrong);
        return false;
    }
    if (!body_read(call) || !bind_by(call, "parameter", call->match.route->query, reading.map, &base->query))
        return false;
    return call->match.route->body == NULL ||
           bind_by(call, "member", call->match.route->body, base->body_value, &base->body);
}

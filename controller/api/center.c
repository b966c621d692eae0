/* SPDX-License-Identifier: Apache-2.0 */
/* Who asks, work for the writer, and the few forms that all answers share. */
#include "controller/api/center.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/json/json.h"
#include "common/trust/api_token.h"
#include "controller/store/store_api_token.h"
#include "controller/store/store_event.h"
#include "controller/store/store_node.h"
#include "controller/store/store_node_lost.h"

struct center *center_of(const struct api_call *call)
{
    return call->context;
}

/* --- who asks --- */

struct token_use {
    char id[SECRET_ID_LENGTH + 1];
    int64_t now_us;
};

static bool token_use_run(struct store_connection *writer, void *data, struct error *err)
{
    const struct token_use *use = data;

    return store_api_token_used(writer, use->id, use->now_us, err);
}

static void token_use_done(void *data, const struct error *err)
{
    (void)err; /* that a token was used is told to the minute, and best effort */
    free(data);
}

static void token_note_use(struct center *center, const struct store_api_token *row, int64_t now_us)
{
    struct token_use *use = NULL;
    struct error err = ERROR_INIT;

    if (!store_api_token_is_stale(row, now_us) || (use = calloc(1, sizeof(*use))) == NULL)
        return;
    memcpy(use->id, row->id, sizeof(use->id));
    use->now_us = now_us;
    if (!store_write(center->store, &(struct store_work){ token_use_run, token_use_done, use }, &err))
        free(use);
}

static enum api_access role_of(const char *name)
{
    return strcmp(name, "admin") == 0 ? API_ADMIN : strcmp(name, "operator") == 0 ? API_OPERATOR : API_VIEWER;
}

static bool identify_token(struct center *center, struct arena *arena, const struct api_credentials *credentials,
                           struct api_identity *out, struct error *err)
{
    struct api_token token;
    struct store_api_token *row = NULL;
    struct error malformed = ERROR_INIT;
    int64_t now_us = clock_wall_us();

    if (!api_token_read(arena, credentials->bearer, &token, &malformed))
        return true;
    if (!store_api_token_get(center->reader, arena, token.id, &row, err))
        return false;
    if (row == NULL || !secret_matches(token.secret, row->hash))
        return true;
    if (row->revoked_us != 0 || (row->expires_us != 0 && row->expires_us <= now_us)) {
        bool revoked = row->revoked_us != 0;

        out->why_code = revoked ? "token_revoked" : "token_expired";
        out->name = row->name;
        out->why = arena_printf(arena, revoked ? "the token '%s' was revoked" : "the token '%s' has ended", row->name);
        return true;
    }
    if (!credentials->is_again)
        token_note_use(center, row, now_us);
    *out = (struct api_identity){
        .kind = API_IS_OPERATOR, .role = role_of(row->role), .name = row->name, .ends_us = row->expires_us
    };
    return true;
}

/* The certificate that a connection has shown, verified once for all its requests. */
struct shown {
    bool is_ours; /* else: none, or none of ours */
    int64_t not_before_us, not_after_us;
    char name[LIMIT_NODE_NAME + 1], fingerprint[PUBLIC_KEY_FINGERPRINT + 1];
};

static void shown_look(const struct center *center, struct arena *arena, void *tls_session, int64_t now_us,
                       struct shown *out)
{
    const struct certificate *certificate =
        authority_peer_of(center->authority, arena, tls_session, now_us).certificate;

    *out = (struct shown){ .is_ours = certificate != NULL && strlen(certificate->node.name) < sizeof(out->name) };
    if (!out->is_ours)
        return;
    out->not_before_us = certificate->not_before_us;
    out->not_after_us = certificate->not_after_us;
    memcpy(out->name, certificate->node.name, strlen(certificate->node.name) + 1);
    memcpy(out->fingerprint, certificate->key.fingerprint, sizeof(out->fingerprint));
}

/* False: nobody of ours, or not at this time. */
static bool shown_read(const struct center *center, struct arena *arena, const struct api_credentials *credentials,
                       struct shown *out)
{
    struct api_memory *memory = credentials->memory;
    int64_t now_us = clock_wall_us();

    if (credentials->tls_session == NULL)
        return false;
    if (memory == NULL || memory->data == NULL) {
        shown_look(center, arena, credentials->tls_session, now_us, out);
        if (memory != NULL && (memory->data = malloc(sizeof(*out))) != NULL) {
            *(struct shown *)memory->data = *out;
            memory->forget = free;
        }
    } else {
        *out = *(const struct shown *)memory->data;
    }
    return out->is_ours && authority_span_counts(center->authority, out->not_before_us, out->not_after_us, now_us);
}

/* --- lost ones come back --- */

struct node_return {
    int64_t node_id;
};

static bool node_return_run(struct store_connection *writer, void *data, struct error *err)
{
    const struct node_return *back = data;

    return store_node_back(writer, back->node_id, clock_wall_us(), err);
}

static void node_return_done(void *data, const struct error *err)
{
    (void)err; /* its next request tries again */
    free(data);
}

static void node_heard(struct center *center, const struct store_node_key *key)
{
    struct node_return *back = NULL;
    struct error err = ERROR_INIT;

    presence_touch(center->presence, key->node_id);
    if (key->node_lost_us == 0 || (back = calloc(1, sizeof(*back))) == NULL)
        return;
    back->node_id = key->node_id;
    if (!store_write(center->store, &(struct store_work){ node_return_run, node_return_done, back }, &err))
        free(back);
}

static bool identify_node(struct center *center, struct arena *arena, const struct api_credentials *credentials,
                          struct api_identity *out, struct error *err)
{
    struct store_node_key *key = NULL;
    struct shown shown;

    if (!shown_read(center, arena, credentials, &shown))
        return true;
    if (!store_node_key_find(center->reader, arena, shown.fingerprint, &key, err))
        return false;
    if (key == NULL || strcmp(key->node, shown.name) != 0)
        return true;
    if (key->revoked_us != 0 || key->node_state != STORE_NODE_ACTIVE || key->generation != key->node_generation) {
        out->name = arena_printf(arena, "node:%s", key->node);
        if (key->node_state != STORE_NODE_PENDING)
            out->why_code = "key_revoked"; /* an agent that reads this ends its pieces */
        out->why = arena_printf(arena, "the key of node %s, generation %lld, was revoked", key->node,
                                (long long)key->generation);
        return true;
    }
    if (!credentials->is_again)
        node_heard(center, key);
    *out = (struct api_identity){ .kind = API_IS_NODE,
                                  .name = key->node,
                                  .fingerprint = key->fingerprint,
                                  .node_id = key->node_id,
                                  .generation = key->generation,
                                  .expired = clock_wall_us() > shown.not_after_us,
                                  .ends_us = shown.not_after_us };
    return true;
}

bool center_identify(void *data, struct arena *arena, const struct api_credentials *credentials,
                     struct api_identity *out, struct error *err)
{
    struct center *center = data;

    *out = (struct api_identity){ .kind = API_NOBODY };
    if (credentials->bearer != NULL)
        return identify_token(center, arena, credentials, out, err);
    return identify_node(center, arena, credentials, out, err);
}

/* --- work for the writer --- */

struct pending {
    struct api_call *call;
    struct center_work work;
    struct error err;
    bool failed;
};

static bool pending_run(struct store_connection *writer, void *data, struct error *err)
{
    struct pending *pending = data;

    return pending->work.run(writer, pending->call, pending->work.data, err);
}

static void pending_done(void *data, const struct error *err)
{
    struct pending *pending = data;

    pending->failed = err != NULL;
    if (err != NULL)
        pending->err = *err;
    api_resume(pending->call);
}

static void pending_answer(struct api_call *call)
{
    struct pending *pending = call->state;

    if (!pending->failed) {
        pending->work.then(call, pending->work.data);
    } else if (pending->err.kind == ERROR_LIMIT) {
        api_reply_header(call, "Retry-After", "1");
        api_reply_error(call, 503, "busy", "%s", pending->err.text);
    } else {
        api_reply_error(call, 500, "store_failed", "%s", pending->err.text);
    }
}

void center_write(struct api_call *call, const struct center_work *work)
{
    struct pending *pending = arena_new_of(call->arena, struct pending);
    struct error err = ERROR_INIT;

    *pending = (struct pending){ .call = call, .work = *work };
    call->state = pending;
    api_await(call, pending_answer);
    if (!store_write(center_of(call)->store, &(struct store_work){ pending_run, pending_done, pending }, &err))
        pending_done(pending, &err);
}

/* --- the audit log --- */

static const char *actor_of(const struct api_call *call)
{
    const struct api_identity *who = &call->identity;

    if (who->kind == API_IS_NODE)
        return arena_printf(call->arena, "node:%s", who->name);
    return who->name == NULL ? "nobody" : who->name;
}

void center_refused(void *data, const struct api_call *call, const char *kind)
{
    const struct api_identity *who = &call->identity;
    const struct center *center = data;

    refusals_note(
        center->refusals,
        &(struct refusal){ .kind = kind,
                           .actor = actor_of(call),
                           .peer = call->peer,
                           .object = arena_printf(call->arena, "%s %s", call->route->method, call->route->path),
                           .reason = who->why != NULL          ? who->why
                                     : who->kind == API_NOBODY ? "nothing valid was shown"
                                                               : api_access_name(call->route->access) });
}

bool center_audit(struct store_connection *writer, const struct api_call *call, const char *action, const char *object,
                  const char *detail, struct error *err)
{
    const struct store_audit_row row = {
        .at_us = clock_wall_us(),
        .actor = actor_of(call),
        .action = action,
        .object = object,
        .detail = detail,
        .peer = call->peer,
    };

    return store_audit_add(writer, &row, NULL, err);
}

bool center_event_add(struct store_connection *writer, struct arena *arena, const struct center_event *event,
                      struct error *err)
{
    const struct store_event row = {
        .at_us = clock_wall_us(),
        .kind = event->kind,
        .node_id = event->node_id,
        .node = event->node,
        .run_id = event->run_id,
        .body = event->detail == NULL ? NULL : json_text(arena, event->detail, JSON_COMPACT),
    };

    return store_event_add(writer, &row, NULL, err);
}

/* --- what is over --- */

void center_node_cut(const struct api_call *call, const char *name, int64_t node_id, int64_t generation)
{
    struct center *center = center_of(call);

    api_look_again(center->server, API_IS_NODE, name);
    if (center->runs != NULL)
        runs_sessions_cut(center->runs, node_id, generation);
}

/* --- forms --- */

size_t center_limit(int64_t limit)
{
    return limit < 1 ? 1 : limit > LIMIT_STORE_PAGE ? LIMIT_STORE_PAGE : (size_t)limit;
}

void center_read_failed(struct api_call *call, const struct error *err)
{
    api_reply_error(call, 500, "store_failed", "%s", err->text);
}

void center_put_time(struct api_call *call, struct value *map, const char *key, int64_t wall_us)
{
    value_map_put_string(call->arena, map, key, wall_us == 0 ? NULL : clock_text_utc(call->arena, wall_us));
}

const struct value *center_json(struct api_call *call, const char *text)
{
    const struct value *out = NULL;
    struct error err = ERROR_INIT;

    if (text == NULL || !json_read(call->arena, text, strlen(text), NULL, &out, &err))
        return value_null();
    return out;
}

void center_reply_page(struct api_call *call, const struct value *items, const struct value *next)
{
    struct value *page = value_map(call->arena);

    value_map_put(call->arena, page, "items", items);
    value_map_put(call->arena, page, "next", next == NULL ? value_null() : next);
    api_reply(call, 200, page);
}

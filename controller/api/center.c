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
#include "controller/store/store_node.h"

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

static bool identify_token(struct center *center, struct arena *arena, const char *bearer, struct api_identity *out,
                           struct error *err)
{
    struct api_token token;
    struct store_api_token *row = NULL;
    struct error malformed = ERROR_INIT;
    int64_t now_us = clock_wall_us();

    if (!api_token_read(arena, bearer, &token, &malformed))
        return true;
    if (!store_api_token_get(center->reader, arena, token.id, &row, err))
        return false;
    if (row == NULL || !secret_matches(token.secret, row->hash) || row->revoked_us != 0 ||
        (row->expires_us != 0 && row->expires_us <= now_us))
        return true;
    token_note_use(center, row, now_us);
    *out = (struct api_identity){ .kind = API_IS_OPERATOR, .role = role_of(row->role), .name = row->name };
    return true;
}

static bool identify_node(struct center *center, struct arena *arena, void *tls_session, struct api_identity *out,
                          struct error *err)
{
    struct authority_peer peer = authority_peer_of(center->authority, arena, tls_session, clock_wall_us());
    struct store_node_key *key = NULL;

    if (peer.certificate == NULL)
        return true;
    if (!store_node_key_find(center->reader, arena, peer.certificate->key.fingerprint, &key, err))
        return false;
    if (key == NULL || key->revoked_us != 0 || key->node_state != STORE_NODE_ACTIVE ||
        key->generation != key->node_generation || strcmp(key->node, peer.certificate->node.name) != 0)
        return true;
    *out = (struct api_identity){ .kind = API_IS_NODE,
                                  .name = key->node,
                                  .fingerprint = key->fingerprint,
                                  .node_id = key->node_id,
                                  .generation = key->generation,
                                  .expired = peer.is_expired };
    return true;
}

bool center_identify(void *data, struct arena *arena, const struct api_credentials *credentials,
                     struct api_identity *out, struct error *err)
{
    struct center *center = data;

    *out = (struct api_identity){ .kind = API_NOBODY };
    if (credentials->bearer != NULL)
        return identify_token(center, arena, credentials->bearer, out, err);
    return identify_node(center, arena, credentials->tls_session, out, err);
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

bool center_audit(struct store_connection *writer, const struct api_call *call, const char *action, const char *object,
                  const char *detail, struct error *err)
{
    const struct api_identity *who = &call->identity;
    const struct store_audit_row row = {
        .at_us = clock_wall_us(),
        .actor = who->kind == API_IS_NODE ? arena_printf(call->arena, "node:%s", who->name)
                                          : (who->name == NULL ? "nobody" : who->name),
        .action = action,
        .object = object,
        .detail = detail,
        .peer = call->peer,
    };

    return store_audit_add(writer, &row, NULL, err);
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

/* SPDX-License-Identifier: Apache-2.0 */
/* Trust: who wants in, who is in and until when, who may ask, and who did what. */
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/value/value_words.h"
#include "controller/api/pages.h"
#include "controller/store/store_api_token.h"
#include "controller/store/store_fleet.h"
#include "controller/store/store_join.h"

#define ROWS 50
#define SOON_US (INT64_C(86400) * 1000000)

static bool joins_put(struct api_call *call, struct value *data, struct error *err)
{
    const struct store_join_filter filter = { .states = STORE_JOIN_PENDING, .limit = ROWS };
    struct value *out = value_list(call->arena);
    struct store_join_request_page page;

    if (!store_join_request_page(center_of(call)->reader, call->arena, &filter, &page, err))
        return false;
    for (size_t i = 0; i < page.count; i++) {
        const struct store_join_request *request = &page.requests[i];
        struct value *row = value_map(call->arena);

        value_map_put_int(call->arena, row, "id", request->id);
        value_map_put_string(call->arena, row, "name", request->name);
        value_map_put_string(call->arena, row, "fingerprint", request->fingerprint);
        value_map_put_string(call->arena, row, "peer", request->peer);
        value_map_put_string(call->arena, row, "agent", request->agent);
        page_put_time(call, row, "asked", request->asked_us);
        value_list_add(call->arena, out, row);
    }
    value_map_put(call->arena, data, "joins", out);
    return true;
}

/* Join strings that still bring somebody in. */
static bool strings_put(struct api_call *call, struct value *data, struct error *err)
{
    struct value *out = value_list(call->arena);
    struct store_join_token_page page;
    int64_t now_us = clock_wall_us();

    if (!store_join_token_page(center_of(call)->reader, call->arena, NULL, 200, &page, err))
        return false;
    for (size_t i = 0; i < page.count && value_count(out) < ROWS; i++) {
        const struct store_join_token *token = &page.tokens[i];
        struct value *row = value_map(call->arena);

        if (token->used_us != 0 || token->revoked_us != 0 || token->expires_us <= now_us)
            continue;
        value_map_put_string(call->arena, row, "id", token->id);
        value_map_put_string(call->arena, row, "pattern", token->pattern);
        value_map_put_bool(call->arena, row, "approval", token->needs_approval);
        value_map_put_string(call->arena, row, "by", token->created_by);
        page_put_time(call, row, "ends", token->expires_us);
        value_list_add(call->arena, out, row);
    }
    value_map_put(call->arena, data, "strings", out);
    return true;
}

static void certificate_add(struct api_call *call, struct value *list, const char *name, const char *key,
                            int64_t ends_us)
{
    struct value *row = value_map(call->arena);
    int64_t now_us = clock_wall_us();

    value_map_put_string(call->arena, row, "name", name);
    value_map_put_string(call->arena, row, "key", key);
    value_map_put_string(call->arena, row, "url", NULL);
    page_put_time(call, row, "ends", ends_us);
    value_map_put_string(call->arena, row, "class",
                         ends_us <= now_us             ? "failed"
                         : ends_us - now_us <= SOON_US ? "drift"
                                                       : "ok");
    value_map_put_string(call->arena, row, "word",
                         ends_us <= now_us             ? "ended"
                         : ends_us - now_us <= SOON_US ? "ends soon"
                                                       : "valid");
    value_list_add(call->arena, list, row);
}

static bool certificates_put(struct api_call *call, struct value *data, struct error *err)
{
    const struct authority *authority = center_of(call)->authority;
    struct value *own = value_list(call->arena), *nodes = value_list(call->arena);
    struct store_node_key *keys = NULL;
    size_t count = 0;

    if (!store_fleet_keys(center_of(call)->reader, call->arena, ROWS, &keys, &count, err))
        return false;
    certificate_add(call, own, "authority (CA)", authority->ca->key.fingerprint, authority->ca->not_after_us);
    certificate_add(call, own, "this controller", authority->server->key.fingerprint, authority->server->not_after_us);
    for (size_t i = 0; i < count; i++)
        certificate_add(call, nodes, keys[i].node, keys[i].fingerprint, keys[i].expires_us);
    value_map_put(call->arena, data, "own", own);
    value_map_put(call->arena, data, "certificates", nodes);
    value_map_put_bool(call->arena, data, "more_certificates", count == ROWS);
    return true;
}

/* Administrators only, as the API has it. */
static bool tokens_put(struct api_call *call, struct value *data, struct error *err)
{
    struct value *out = value_list(call->arena);
    struct store_api_token_page page;
    int64_t now_us = clock_wall_us();

    value_map_put(call->arena, data, "tokens", out);
    if (call->identity.role < API_ADMIN)
        return true;
    if (!store_api_token_page(center_of(call)->reader, call->arena, NULL, 200, &page, err))
        return false;
    for (size_t i = 0; i < page.count; i++) {
        const struct store_api_token *token = &page.tokens[i];
        struct value *row = value_map(call->arena);
        bool ended = token->expires_us != 0 && token->expires_us <= now_us;

        value_map_put_string(call->arena, row, "name", token->name);
        value_map_put_string(call->arena, row, "role", token->role);
        value_map_put_string(call->arena, row, "by", token->created_by);
        value_map_put_string(call->arena, row, "class", token->revoked_us != 0 || ended ? "revoked" : "ok");
        value_map_put_string(call->arena, row, "word", token->revoked_us != 0 ? "revoked" : ended ? "ended" : "valid");
        page_put_time(call, row, "used", token->used_us);
        page_put_time(call, row, "ends", token->expires_us);
        value_list_add(call->arena, out, row);
    }
    return true;
}

static bool audit_put(struct api_call *call, struct value *data, struct error *err)
{
    const struct store_audit_filter filter = { .limit = ROWS };
    struct value *out = value_list(call->arena);
    struct store_audit_page page;

    if (!store_audit_page(center_of(call)->reader, call->arena, &filter, &page, err))
        return false;
    for (size_t i = 0; i < page.count; i++) {
        const struct store_audit_row *audit = &page.rows[i];
        struct value *row = value_map(call->arena);

        value_map_put_int(call->arena, row, "id", audit->id);
        value_map_put_string(call->arena, row, "actor", audit->actor);
        value_map_put_string(call->arena, row, "action", audit->action);
        value_map_put_string(call->arena, row, "object", audit->object);
        value_map_put_string(call->arena, row, "detail", value_words(call->arena, center_json(call, audit->detail)));
        value_map_put_string(call->arena, row, "peer", audit->peer);
        page_put_time(call, row, "at", audit->at_us);
        value_list_add(call->arena, out, row);
    }
    value_map_put(call->arena, data, "audit", out);
    return true;
}

void page_trust(struct api_call *call)
{
    struct value *data = value_map(call->arena);
    struct error err = ERROR_INIT;

    if (!joins_put(call, data, &err) || !strings_put(call, data, &err) || !certificates_put(call, data, &err) ||
        !tokens_put(call, data, &err) || !audit_put(call, data, &err)) {
        center_read_failed(call, &err);
        return;
    }
    value_map_put_bool(call->arena, data, "live", true);
    page_reply(call, 200, "trust", "Trust", data);
}

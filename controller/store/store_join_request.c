/* SPDX-License-Identifier: Apache-2.0 */
/* Requests to join: what a token allows, the same answer for the same key, decisions by hand. */
#include <fnmatch.h>
#include <string.h>

#include "controller/store/query.h"
#include "controller/store/store_join.h"
#include "controller/store/store_node.h"

#define REQUEST_COLUMNS                                                                                                \
    "id, token_id, name, fingerprint, request, agent, peer, state, asked_us, decided_us, decided_by, node_id,"         \
    " generation"

static void request_read(const struct query *query, struct arena *arena, struct store_join_request *out)
{
    *out = (struct store_join_request){
        .id = query_int(query, 0),
        .token_id = query_text(query, arena, 1),
        .name = query_text(query, arena, 2),
        .fingerprint = query_text(query, arena, 3),
        .request = query_text(query, arena, 4),
        .agent = query_text(query, arena, 5),
        .peer = query_text(query, arena, 6),
        .state = (enum store_join_state)query_int(query, 7),
        .asked_us = query_int(query, 8),
        .decided_us = query_int(query, 9),
        .decided_by = query_text(query, arena, 10),
        .node_id = query_int(query, 11),
        .generation = query_int(query, 12),
    };
}

static bool request_one(struct query *query, struct arena *arena, struct store_join_request **out, struct error *err)
{
    struct store_join_request *request = NULL;

    if (query_next(query)) {
        request = arena_new_of(arena, struct store_join_request);
        request_read(query, arena, request);
    }
    if (!query_end(query, err))
        return false;
    *out = request;
    return true;
}

bool store_join_request_get(struct store_connection *connection, struct arena *arena, int64_t id,
                            struct store_join_request **out, struct error *err)
{
    struct query query;

    query_start(&query, connection, "SELECT " REQUEST_COLUMNS " FROM join_request WHERE id = ?1", BINDS(bind_int(id)));
    return request_one(&query, arena, out, err);
}

static bool request_of_key(struct store_connection *connection, struct arena *arena,
                           const struct store_join_request *asked, struct store_join_request **out, struct error *err)
{
    struct query query;

    query_start(&query, connection,
                "SELECT " REQUEST_COLUMNS " FROM join_request WHERE token_id = ?1 AND fingerprint = ?2",
                BINDS(bind_text(asked->token_id), bind_text(asked->fingerprint)));
    return request_one(&query, arena, out, err);
}

/* --- asking --- */

static enum store_join_answer token_answer(const struct store_join_token *token, const struct store_join_request *asked)
{
    if (token == NULL)
        return STORE_JOIN_TOKEN_UNKNOWN;
    if (token->revoked_us != 0)
        return STORE_JOIN_TOKEN_REVOKED;
    if (token->used_us != 0)
        return STORE_JOIN_TOKEN_USED;
    if (token->expires_us <= asked->asked_us)
        return STORE_JOIN_TOKEN_EXPIRED;
    if (token->pattern != NULL && fnmatch(token->pattern, asked->name, 0) != 0)
        return STORE_JOIN_NAME_REFUSED;
    return STORE_JOIN_OK;
}

/* The node behind a request that is approved. False in *ok_out: the key cannot be a new node's. */
static bool request_enroll(struct store_connection *writer, struct store_join_request *request, int64_t certificate_us,
                           bool *ok_out, struct error *err)
{
    enum store_enroll outcome = STORE_ENROLLED;
    struct store_enrollment enrollment = { .name = request->name,
                                           .fingerprint = request->fingerprint,
                                           .now_us = request->decided_us,
                                           .expires_us = request->decided_us + certificate_us };

    if (!store_node_enroll(writer, &enrollment, &outcome, &request->node_id, &request->generation, err))
        return false;
    *ok_out = outcome == STORE_ENROLLED || outcome == STORE_ENROLL_KNOWN;
    return true;
}

static bool request_add(struct store_connection *writer, const struct store_join_request *request, struct error *err)
{
    return query_run(writer,
                     "INSERT INTO join_request (token_id, name, fingerprint, request, agent, peer, state, asked_us,"
                     " decided_us, node_id, generation) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
                     BINDS(bind_text(request->token_id), bind_text(request->name), bind_text(request->fingerprint),
                           bind_text(request->request), bind_text(request->agent), bind_text(request->peer),
                           bind_int(request->state), bind_int(request->asked_us), bind_int(request->decided_us),
                           bind_int(request->node_id), bind_int(request->generation)),
                     err) &&
           query_run(writer, "UPDATE join_token SET used_us = ?2, used_key = ?3 WHERE id = ?1",
                     BINDS(bind_text(request->token_id), bind_int(request->asked_us), bind_text(request->fingerprint)),
                     err);
}

/* A key that is known cannot be approved later either: said at once. */
static bool key_is_free(struct store_connection *writer, const struct store_join_request *asked, bool *free_out,
                        struct error *err)
{
    int64_t one = 0;
    bool found = false;

    if (!query_number(writer, "SELECT 1 FROM node_key WHERE fingerprint = ?1", BINDS(bind_text(asked->fingerprint)),
                      &one, &found, err))
        return false;
    *free_out = !found;
    return true;
}

/* A name that is known, also one of a node that was revoked, is given away only by a token for exactly this name: two boxes with
 * one host name must not push each other out, and a name brings a bundle with its secrets. */
static bool name_may_be_given(struct store_connection *writer, const struct store_join_token *token, const char *name,
                              bool *out, struct error *err)
{
    int64_t one = 0;
    bool found = false;

    *out = token != NULL && token->pattern != NULL && strcmp(token->pattern, name) == 0;
    if (*out)
        return true;
    if (!query_number(writer, "SELECT 1 FROM node WHERE name = ?1", BINDS(bind_text(name)), &one, &found, err))
        return false;
    *out = !found;
    return true;
}

static bool submit_new(struct store_connection *writer, const struct store_join_submission *submission,
                       const struct store_join_token *token, enum store_join_answer *answer, struct error *err)
{
    struct store_join_request request = submission->asked;
    bool needs_approval = token->needs_approval, is_free = false, is_given = false;

    if (!key_is_free(writer, &request, &is_free, err) ||
        !name_may_be_given(writer, token, request.name, &is_given, err))
        return false;
    if (is_free && !is_given) {
        *answer = STORE_JOIN_NAME_KNOWN;
        return true;
    }
    request.state = needs_approval ? STORE_JOIN_PENDING : STORE_JOIN_APPROVED;
    request.decided_us = needs_approval ? 0 : request.asked_us;
    request.node_id = request.generation = 0;
    if (is_free && !needs_approval && !request_enroll(writer, &request, submission->certificate_us, &is_free, err))
        return false;
    *answer = is_free ? STORE_JOIN_OK : STORE_JOIN_KEY_REFUSED;
    return !is_free || request_add(writer, &request, err);
}

/* The same key asked before: the same answer, as long as what it became is still valid. */
static bool answer_again(struct store_connection *writer, struct arena *arena, const struct store_join_request *asked,
                         const struct store_join_request *known, enum store_join_answer *answer, struct error *err)
{
    struct store_node_key *key = NULL;

    *answer = strcmp(known->name, asked->name) == 0 ? STORE_JOIN_OK : STORE_JOIN_NAME_REFUSED;
    if (known->state != STORE_JOIN_APPROVED || *answer != STORE_JOIN_OK)
        return true;
    if (!store_node_key_find(writer, arena, known->fingerprint, &key, err))
        return false;
    if (key == NULL || key->revoked_us != 0 || key->generation != key->node_generation)
        *answer = STORE_JOIN_KEY_REFUSED;
    return true;
}

bool store_join_submit(struct store_connection *writer, struct arena *arena,
                       const struct store_join_submission *submission, enum store_join_answer *answer,
                       struct store_join_request **out, struct error *err)
{
    const struct store_join_request *asked = &submission->asked;
    struct store_join_request *known = NULL;
    struct store_join_token *token = NULL;

    if (!request_of_key(writer, arena, asked, &known, err) ||
        !store_join_token_get(writer, arena, asked->token_id, &token, err))
        return false;
    *out = NULL;
    if (known != NULL) {
        if (!answer_again(writer, arena, asked, known, answer, err))
            return false;
        *out = *answer == STORE_JOIN_OK ? known : NULL;
        return true;
    }
    *answer = token_answer(token, asked);
    if (*answer != STORE_JOIN_OK)
        return true;
    if (!submit_new(writer, submission, token, answer, err))
        return false;
    return *answer != STORE_JOIN_OK || request_of_key(writer, arena, asked, out, err);
}

/* --- deciding --- */

/* What came in between counts: another node may bear the name by now. */
static bool approve(struct store_connection *writer, struct arena *arena, struct store_join_request *request,
                    int64_t certificate_us, enum store_join_answer *answer, struct error *err)
{
    struct store_join_token *token = NULL;
    bool is_given = false, ok = true;

    *answer = STORE_JOIN_NAME_KNOWN;
    if (!store_join_token_get(writer, arena, request->token_id, &token, err) ||
        !name_may_be_given(writer, token, request->name, &is_given, err))
        return false;
    if (!is_given)
        return true;
    if (!request_enroll(writer, request, certificate_us, &ok, err))
        return false;
    *answer = ok ? STORE_JOIN_OK : STORE_JOIN_KEY_REFUSED;
    return true;
}

bool store_join_decide(struct store_connection *writer, struct arena *arena, const struct store_join_decision *decision,
                       enum store_join_answer *answer, struct store_join_request **out, struct error *err)
{
    struct store_join_request *request = NULL;

    if (!store_join_request_get(writer, arena, decision->id, &request, err))
        return false;
    *answer = STORE_JOIN_OK;
    *out = request;
    if (request == NULL || request->state != STORE_JOIN_PENDING)
        return true;
    request->decided_us = decision->now_us;
    if (decision->approve && !approve(writer, arena, request, decision->certificate_us, answer, err))
        return false;
    if (*answer != STORE_JOIN_OK) {
        request->decided_us = 0;
        return true;
    }
    request->state = decision->approve ? STORE_JOIN_APPROVED : STORE_JOIN_REFUSED;
    request->decided_by = arena_copy(arena, decision->by);
    return query_run(writer,
                     "UPDATE join_request SET state = ?2, decided_us = ?3, decided_by = ?4, node_id = ?5,"
                     " generation = ?6 WHERE id = ?1",
                     BINDS(bind_int(request->id), bind_int(request->state), bind_int(request->decided_us),
                           bind_text(request->decided_by), bind_int(request->node_id), bind_int(request->generation)),
                     err);
}

/* --- lists --- */

bool store_join_request_page(struct store_connection *connection, struct arena *arena,
                             const struct store_join_filter *filter, struct store_join_request_page *out,
                             struct error *err)
{
    struct query query;
    size_t limit = query_page_limit(filter->limit);
    struct store_join_request_page page = { .requests = arena_new_array(arena, struct store_join_request, limit) };

    query_start(&query, connection,
                "SELECT " REQUEST_COLUMNS " FROM join_request WHERE id < ?1 AND (state & ?2) <> 0"
                " ORDER BY id DESC LIMIT ?3",
                BINDS(bind_int(filter->before == 0 ? INT64_MAX : filter->before),
                      bind_int(filter->states == 0 ? ~INT64_C(0) : filter->states), bind_int((int64_t)limit + 1)));
    while (query_next(&query)) {
        if (page.count == limit)
            page.next = page.requests[limit - 1].id;
        else
            request_read(&query, arena, &page.requests[page.count++]);
    }
    if (!query_end(&query, err))
        return false;
    *out = page;
    return true;
}

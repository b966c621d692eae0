/* SPDX-License-Identifier: Apache-2.0 */
/* How nodes come in: the CA for everyone, a certificate for who has a join token, and the queue of those who wait for approval. */
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/trust/certificate_request.h"
#include "common/trust/join_string.h"
#include "controller/api/center.h"
#include "controller/store/store_join.h"
#include "controller/store/store_node.h"

#define SECOND_US ((int64_t)1000000)
#define RETRY_AFTER_S 5

struct join_work {
    struct store_join_submission submission;
    struct store_join_decision decision;
    enum store_join_answer answer;
    struct store_join_request *request; /* as it is now */
};

/* --- the CA --- */

static void ca_get(struct api_call *call)
{
    const char *pem = center_of(call)->authority->ca_pem;

    api_reply_bytes(call, 200, "application/x-pem-file", pem, strlen(pem));
}

/* --- asking to join --- */

struct join_body {
    const char *token, *secret, *name, *request, *agent;
};

static const struct arg_spec join_body_args[] = {
    ARG(join_body, token, ARG_STRING, .required = true, .help = "id of the join token"),
    ARG(join_body, secret, ARG_STRING, .required = true, .no_log = true, .help = "secret of the join token"),
    ARG(join_body, name, ARG_STRING, .required = true, .help = "name of the node"),
    ARG(join_body, request, ARG_STRING, .required = true, .help = "certificate request of the node's key, PEM"),
    ARG(join_body, agent, ARG_STRING, .help = "version of the agent"),
    ARG_END,
};
static const struct task_spec join_body_spec = { .name = "join",
                                                 .args = join_body_args,
                                                 .args_size = sizeof(struct join_body) };

/* For the audit log. What a stranger calls itself is not told before its token was right. */
static void note_refused(struct api_call *call, const char *name, const char *reason)
{
    refusals_note(center_of(call)->refusals,
                  &(struct refusal){ "join", "nobody", call->peer, name == NULL ? "" : name, reason });
}

static const char *answer_name(enum store_join_answer answer)
{
    switch (answer) {
    case STORE_JOIN_TOKEN_EXPIRED:
        return "the join token has run out";
    case STORE_JOIN_TOKEN_REVOKED:
        return "the join token was revoked";
    case STORE_JOIN_TOKEN_USED:
        return "the join token was used, with another key";
    case STORE_JOIN_NAME_REFUSED:
        return "the join token is not for this name";
    case STORE_JOIN_NAME_KNOWN:
        return "the name is a node's, and the join token is not for exactly this name";
    case STORE_JOIN_KEY_REFUSED:
        return "the key is another node's or was revoked";
    default:
        return "no such join token, or another secret";
    }
}

/* One sentence for all that is wrong with a token and its secret: who guesses learns nothing. */
static bool token_opens(struct api_call *call, const struct join_body *body, struct error *err)
{
    struct store_join_token *row = NULL;
    struct secret secret;
    struct error malformed = ERROR_INIT;

    if (!store_join_token_get(center_of(call)->reader, call->arena, body->token, &row, err)) {
        center_read_failed(call, err);
        return false;
    }
    if (row != NULL && secret_read(call->arena, body->secret, strlen(body->secret), &secret, &malformed) &&
        secret_matches(secret, row->hash))
        return true;
    note_refused(call, NULL, answer_name(STORE_JOIN_TOKEN_UNKNOWN));
    api_reply_error(call, 403, "token_unknown", "there is no such join token, or its secret is another");
    return false;
}

/* The node is in, or waits to be let in: told once, however often it asks. */
static bool join_tell(struct store_connection *writer, struct api_call *call, const struct store_join_request *request,
                      struct error *err)
{
    struct value *detail = value_map(call->arena);
    bool joined = request->state == STORE_JOIN_APPROVED;

    value_map_put_string(call->arena, detail, "key", request->fingerprint);
    value_map_put_string(call->arena, detail, "peer", request->peer);
    if (joined)
        value_map_put_int(call->arena, detail, "generation", request->generation);
    return center_event_add(writer, call->arena,
                            &(struct center_event){ .kind = joined ? "node.joined" : "join.asked",
                                                    .node_id = request->node_id,
                                                    .node = request->name,
                                                    .detail = detail },
                            err);
}

static bool join_run(struct store_connection *writer, struct api_call *call, void *data, struct error *err)
{
    struct join_work *work = data;
    const struct store_join_request *asked = &work->submission.asked;

    if (!store_join_submit(writer, call->arena, &work->submission, &work->answer, &work->request, err))
        return false;
    if (work->answer != STORE_JOIN_OK || work->request->asked_us != asked->asked_us)
        return true; /* refused, or the same key asking again */
    return center_audit(
               writer, call, "node.join", asked->name,
               arena_printf(call->arena, "{\"token\":\"%s\",\"key\":\"%s\"}", asked->token_id, asked->fingerprint),
               err) &&
           join_tell(writer, call, work->request, err);
}

static void answer_refused(struct api_call *call, const struct join_work *work)
{
    const char *name = work->submission.asked.name;

    note_refused(call, name, answer_name(work->answer));
    switch (work->answer) {
    case STORE_JOIN_TOKEN_EXPIRED:
        api_reply_error(call, 403, "token_expired", "the join token has run out: make a new one");
        break;
    case STORE_JOIN_TOKEN_REVOKED:
        api_reply_error(call, 403, "token_revoked", "the join token was revoked");
        break;
    case STORE_JOIN_TOKEN_USED:
        api_reply_error(call, 403, "token_used",
                        "the join token was used before, with another key: a token brings in one node");
        break;
    case STORE_JOIN_NAME_REFUSED:
        api_reply_error(call, 403, "name_refused", "the join token is not for a node named '%s'", name);
        break;
    case STORE_JOIN_NAME_KNOWN:
        api_reply_error(
            call, 403, "name_refused",
            "there is a node named '%s' already, or was one: only a join string for exactly this name (roost joins token "
            "--name %s) puts another machine in its place",
            name, name);
        break;
    case STORE_JOIN_KEY_REFUSED:
        api_reply_error(call, 403, "key_refused",
                        "this key belongs to another node or was revoked: the node must make a new one");
        break;
    default:
        api_reply_error(call, 403, "token_unknown", "there is no such join token, or its secret is another");
    }
}

/* The node is in: everything it needs from now on. */
static void answer_joined(struct api_call *call, const struct store_join_request *request, int status)
{
    const struct authority *authority = center_of(call)->authority;
    struct public_key key;
    const struct authority_wish wish = { &key, { request->name, request->generation }, clock_wall_us() };
    struct value *out = value_map(call->arena);
    struct error err = ERROR_INIT;
    char *certificate = NULL;

    if (!certificate_request_read(request->request, strlen(request->request), &key, &err) ||
        !authority_certify(authority, call->arena, &wish, &certificate, &err)) {
        api_reply_error(call, 500, "not_certified", "%s", err.text);
        return;
    }
    value_map_put_string(call->arena, out, "state", "joined");
    value_map_put_string(call->arena, out, "node", request->name);
    value_map_put_int(call->arena, out, "generation", request->generation);
    value_map_put_string(call->arena, out, "certificate", certificate);
    value_map_put_string(call->arena, out, "ca", authority->ca_pem);
    value_map_put_string(call->arena, out, "signing_key", authority->signing_key_pem);
    api_reply(call, status, out);
}

static void join_then(struct api_call *call, void *data)
{
    const struct join_work *work = data;
    struct value *out = value_map(call->arena);

    if (work->answer != STORE_JOIN_OK) {
        answer_refused(call, work);
    } else if (work->request->state == STORE_JOIN_APPROVED) {
        presence_touch(center_of(call)->presence, work->request->node_id);
        center_node_cut(call, work->request->name, work->request->node_id, work->request->generation);
        answer_joined(call, work->request, 200);
    } else if (work->request->state == STORE_JOIN_REFUSED) {
        api_reply_error(call, 403, "join_refused", "an operator has refused node '%s' with this key",
                        work->request->name);
    } else {
        value_map_put_string(call->arena, out, "state", "pending");
        value_map_put_string(call->arena, out, "fingerprint", work->request->fingerprint);
        value_map_put_int(call->arena, out, "retry_after_s", RETRY_AFTER_S);
        api_reply(call, 202, out);
    }
}

static void join_post(struct api_call *call)
{
    const struct join_body *body = call->body;
    struct join_work *work = arena_new_of(call->arena, struct join_work);
    struct public_key *key = arena_new_of(call->arena, struct public_key);
    struct error err = ERROR_INIT;

    if (!token_opens(call, body, &err))
        return;
    if (!node_name_check(body->name, &err)) {
        api_reply_error(call, 400, "bad_name", "%s", err.text);
        return;
    }
    if (!certificate_request_read(body->request, strlen(body->request), key, &err)) {
        api_reply_error(call, 400, "bad_request", "the certificate request: %s", err.text);
        return;
    }
    work->submission = (struct store_join_submission){ .asked = { .token_id = body->token,
                                                                  .name = body->name,
                                                                  .fingerprint = key->fingerprint,
                                                                  .request = body->request,
                                                                  .agent = body->agent,
                                                                  .peer = call->peer,
                                                                  .asked_us = clock_wall_us() },
                                                       .certificate_us = AUTHORITY_NODE_LIFE_S * SECOND_US };
    center_write(call, &(struct center_work){ join_run, join_then, work });
}

/* --- those who ask, for operators --- */

struct joins_query {
    const char *state;
    int64_t before, limit;
};

static const struct arg_spec joins_query_args[] = {
    ARG(joins_query, state, ARG_STRING, .choices = ARG_NAMES("pending", "approved", "refused"), .help = "only these"),
    ARG(joins_query, before, ARG_INT, .default_text = "0", .help = "the page before this id"),
    ARG(joins_query, limit, ARG_INT, .default_text = "100", .help = "rows of a page"),
    ARG_END,
};
static const struct task_spec joins_query_spec = { .name = "joins",
                                                   .args = joins_query_args,
                                                   .args_size = sizeof(struct joins_query) };

static const char *join_state_name(enum store_join_state state)
{
    return state == STORE_JOIN_PENDING ? "pending" : state == STORE_JOIN_APPROVED ? "approved" : "refused";
}

static struct value *join_value(struct api_call *call, const struct store_join_request *request)
{
    struct value *out = value_map(call->arena);

    value_map_put_int(call->arena, out, "id", request->id);
    value_map_put_string(call->arena, out, "name", request->name);
    value_map_put_string(call->arena, out, "state", join_state_name(request->state));
    value_map_put_string(call->arena, out, "fingerprint", request->fingerprint);
    value_map_put_string(call->arena, out, "token", request->token_id);
    value_map_put_string(call->arena, out, "agent", request->agent);
    value_map_put_string(call->arena, out, "peer", request->peer);
    center_put_time(call, out, "asked", request->asked_us);
    center_put_time(call, out, "decided", request->decided_us);
    value_map_put_string(call->arena, out, "decided_by", request->decided_by);
    return out;
}

static void joins_list(struct api_call *call)
{
    const struct joins_query *query = call->query;
    struct store_join_filter filter = { .before = query->before, .limit = center_limit(query->limit) };
    struct value *items = value_list(call->arena);
    struct store_join_request_page page;
    struct error err = ERROR_INIT;

    for (unsigned state = STORE_JOIN_PENDING; query->state != NULL && state <= STORE_JOIN_REFUSED; state <<= 1)
        filter.states |= strcmp(join_state_name((enum store_join_state)state), query->state) == 0 ? state : 0;
    if (!store_join_request_page(center_of(call)->reader, call->arena, &filter, &page, &err)) {
        center_read_failed(call, &err);
        return;
    }
    for (size_t i = 0; i < page.count; i++)
        value_list_add(call->arena, items, join_value(call, &page.requests[i]));
    center_reply_page(call, items, page.next == 0 ? NULL : value_int(call->arena, page.next));
}

static bool decide_run(struct store_connection *writer, struct api_call *call, void *data, struct error *err)
{
    struct join_work *work = data;

    if (!store_join_decide(writer, call->arena, &work->decision, &work->answer, &work->request, err))
        return false;
    if (work->request == NULL || work->answer != STORE_JOIN_OK || work->request->decided_us != work->decision.now_us)
        return true;
    return center_audit(writer, call, work->decision.approve ? "node.approve" : "node.refuse", work->request->name,
                        NULL, err) &&
           (!work->decision.approve || join_tell(writer, call, work->request, err));
}

static void decide_then(struct api_call *call, void *data)
{
    const struct join_work *work = data;

    if (work->request != NULL && work->request->state == STORE_JOIN_APPROVED) {
        presence_touch(center_of(call)->presence, work->request->node_id);
        center_node_cut(call, work->request->name, work->request->node_id, work->request->generation);
    }
    if (work->request == NULL)
        api_reply_error(call, 404, "join_unknown", "there is no join request %lld", (long long)work->decision.id);
    else if (work->answer == STORE_JOIN_NAME_KNOWN)
        api_reply_error(
            call, 409, "name_refused",
            "there is a node named '%s' by now: refuse this request, and if the machine is to take the node's "
            "place, give it a join string for exactly this name (roost joins token --name %s)",
            work->request->name, work->request->name);
    else if (work->answer != STORE_JOIN_OK)
        api_reply_error(call, 409, "key_refused", "the key of this request belongs to another node or was revoked");
    else if ((work->request->state == STORE_JOIN_APPROVED) != work->decision.approve)
        api_reply_error(call, 409, "decided_before", "join request %lld was %s before", (long long)work->request->id,
                        join_state_name(work->request->state));
    else
        api_reply(call, 200, join_value(call, work->request));
}

static void decide(struct api_call *call, bool approve)
{
    struct join_work *work = arena_new_of(call->arena, struct join_work);

    work->decision = (struct store_join_decision){ .approve = approve,
                                                   .by = call->identity.name,
                                                   .now_us = clock_wall_us(),
                                                   .certificate_us = AUTHORITY_NODE_LIFE_S * SECOND_US };
    if (!text_to_int(api_path_value(call, "id"), &work->decision.id)) {
        api_reply_error(call, 404, "join_unknown", "there is no join request '%s'", api_path_value(call, "id"));
        return;
    }
    center_write(call, &(struct center_work){ decide_run, decide_then, work });
}

static void join_approve(struct api_call *call)
{
    decide(call, true);
}

static void join_refuse(struct api_call *call)
{
    decide(call, false);
}

static const struct api_route routes[] = {
    API_ROUTE(API_PUBLIC, "GET", "/join/v1/ca", ca_get,
              .summary = "The CA's certificate; hold the SHA-256 of its key against the join string", .reply = "PEM"),
    API_ROUTE(API_PUBLIC, "POST", "/join/v1/join", join_post,
              .summary = "Ask to join; the same key may ask again and gets the same answer",
              .reply = "200: certificate, CA, signing key; 202: pending, ask again", .body = &join_body_spec),
    API_ROUTE(API_OPERATOR, "GET", "/api/v1/joins", joins_list, .summary = "Who asked to join, newest first",
              .reply = "a page of requests", .query = &joins_query_spec),
    API_ROUTE(API_OPERATOR, "POST", "/api/v1/joins/{id}/approve", join_approve, .summary = "Let a waiting node in",
              .reply = "the request"),
    API_ROUTE(API_OPERATOR, "POST", "/api/v1/joins/{id}/refuse", join_refuse, .summary = "Turn a waiting node away",
              .reply = "the request"),
    API_ROUTE(API_OPERATOR, "POST", "/trust/joins/{id}/approve", join_approve,
              .summary = "The same, from the dashboard", .form_back = "/trust"),
    API_ROUTE(API_OPERATOR, "POST", "/trust/joins/{id}/refuse", join_refuse, .summary = "The same, from the dashboard",
              .form_back = "/trust"),
};

API_RESOURCE_DEFINE(joins) = {
    .name = "joins", .summary = "How nodes come in", .routes = routes, .count = sizeof(routes) / sizeof(routes[0])
};

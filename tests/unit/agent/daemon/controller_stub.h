/* SPDX-License-Identifier: Apache-2.0 */
/* A controller of a few routes for the tests of the agent's side: the real HTTP server with TLS, a CA of its own, and a
 * memory of what it was told. What its routes do is set by fields that the test changes. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/daemon/join.h"
#include "agent/system/file/file_tree.h"
#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/json/json.h"
#include "common/trust/certificate.h"
#include "common/trust/certificate_request.h"
#include "common/trust/peer_certificate.h"
#include "controller/api/server.h"

#define DAY_S ((int64_t)24 * 3600)
#define DAY_US (DAY_S * 1000000)
#define TOPIC_WORK 7

struct stub {
    struct arena *arena;
    struct api_server *server;
    struct private_key *ca_key, *server_key, *other_ca_key, *signing_key;
    const struct certificate *ca, *other_ca, *shown_ca;
    struct certificate_authority authority;
    char folder[64], state[96], address[32];
    pthread_mutex_t lock; /* of the texts: the server has a thread of its own */

    /* join */
    const char *refuse_code;
    atomic_int refuse_status, pending; /* so many times 202 first */
    int64_t certificate_shift_us;
    int64_t clock_shift_us; /* of the controller's clock */
    atomic_int joins;
    char joined_key[PUBLIC_KEY_FINGERPRINT + 1], first_key[PUBLIC_KEY_FINGERPRINT + 1];
    char name[80], secret[64];

    /* uplink */
    _Atomic int64_t acknowledged, asked_after;
    atomic_int fail_reports; /* so many answers of 503 */
    atomic_int refuse_work;  /* so many of 429 */
    atomic_bool refuse_node;
    atomic_int posts, reports, works, renewals;
    char kinds[32768];
    char last_body[131072]; /* reports as they came, one a line */
    char work[1024];        /* what a poll gives; emptied by it */

    /* bundle */
    const char *_Atomic manifest, *_Atomic manifest_version; /* signed; NULL: there is none */
    const struct value *_Atomic files;                       /* map: SHA-256 -> content */
    atomic_int fetches;
};

static inline void must(bool ok, const struct error *err)
{
    if (!ok) {
        fprintf(stderr, "stub: %s\n", err->text);
        abort();
    }
}

/* So long on a machine that has nothing else to do; longer where others want its processors as well. */
static inline int64_t patient_ms(int64_t calm_ms)
{
    double load = 0;

    return getloadavg(&load, 1) == 1
               ? calm_ms + (int64_t)((double)calm_ms * load / (double)sysconf(_SC_NPROCESSORS_ONLN))
               : calm_ms;
}

/* --- routes --- */

static inline void stub_ca(struct api_call *call)
{
    struct stub *stub = call->context;
    const char *pem = certificate_pem(call->arena, stub->shown_ca);

    api_reply_bytes(call, 200, "application/x-pem-file", pem, strlen(pem));
}

static inline void stub_grant(struct api_call *call, const struct public_key *key)
{
    struct stub *stub = call->context;
    struct value *out = value_map(call->arena);
    const struct certificate *made = NULL;
    struct error err = ERROR_INIT;
    struct certificate_wish wish = { key, clock_wall_us() + stub->clock_shift_us + stub->certificate_shift_us,
                                     7 * DAY_S };

    must(certificate_make_node(call->arena, &stub->authority, &wish, &(struct node_identity){ stub->name, 1 }, &made,
                               &err),
         &err);
    value_map_put_string(call->arena, out, "node", stub->name);
    value_map_put_int(call->arena, out, "generation", 1);
    value_map_put_string(call->arena, out, "certificate", certificate_pem(call->arena, made));
    value_map_put_string(call->arena, out, "signing_key",
                         public_key_pem(call->arena, private_key_public(stub->signing_key)));
    api_reply(call, 200, out);
}

struct stub_join_body {
    const char *token, *secret, *name, *request, *agent;
};
static const struct arg_spec stub_join_args[] = {
    ARG(stub_join_body, token, ARG_STRING, .required = true),
    ARG(stub_join_body, secret, ARG_STRING, .required = true),
    ARG(stub_join_body, name, ARG_STRING, .required = true),
    ARG(stub_join_body, request, ARG_STRING, .required = true),
    ARG(stub_join_body, agent, ARG_STRING, .required = true),
    ARG_END,
};
static const struct task_spec stub_join_spec = { .name = "join",
                                                 .args = stub_join_args,
                                                 .args_size = sizeof(struct stub_join_body) };

static inline void stub_join(struct api_call *call)
{
    struct stub *stub = call->context;
    const struct stub_join_body *body = call->body;
    struct public_key key;
    struct error err = ERROR_INIT;

    must(certificate_request_read(body->request, strlen(body->request), &key, &err), &err);
    stub->joins++;
    if (stub->first_key[0] == '\0')
        memcpy(stub->first_key, key.fingerprint, sizeof(key.fingerprint));
    memcpy(stub->joined_key, key.fingerprint, sizeof(key.fingerprint));
    snprintf(stub->name, sizeof(stub->name), "%s", body->name);
    snprintf(stub->secret, sizeof(stub->secret), "%s", body->secret);
    if (stub->refuse_code != NULL) {
        api_reply_error(call, stub->refuse_status, stub->refuse_code, "because of %s", stub->refuse_code);
        return;
    }
    if (stub->pending > 0) {
        struct value *out = value_map(call->arena);

        stub->pending--;
        value_map_put_string(call->arena, out, "state", "pending");
        value_map_put_int(call->arena, out, "retry_after_s", 1);
        api_reply(call, 202, out);
        return;
    }
    stub_grant(call, &key);
}

struct stub_renew_body {
    const char *request;
};
static const struct arg_spec stub_renew_args[] = { ARG(stub_renew_body, request, ARG_STRING, .required = true),
                                                   ARG_END };
static const struct task_spec stub_renew_spec = { .name = "renew",
                                                  .args = stub_renew_args,
                                                  .args_size = sizeof(struct stub_renew_body) };

static inline void stub_renew(struct api_call *call)
{
    struct stub *stub = call->context;
    const struct stub_renew_body *body = call->body;
    struct public_key key;
    struct error err = ERROR_INIT;

    must(certificate_request_read(body->request, strlen(body->request), &key, &err), &err);
    stub->renewals++;
    stub_grant(call, &key);
}

struct stub_reports_body {
    const struct value *reports;
};
static const struct arg_spec stub_reports_args[] = { ARG(stub_reports_body, reports, ARG_VALUES, .required = true),
                                                     ARG_END };
static const struct task_spec stub_reports_spec = { .name = "reports",
                                                    .args = stub_reports_args,
                                                    .args_size = sizeof(struct stub_reports_body) };

static inline void stub_report_take(struct stub *stub, struct arena *arena, const struct value *report)
{
    const char *text = json_text(arena, report, JSON_COMPACT);
    size_t length = strlen(stub->kinds);

    stub->acknowledged = value_map_get(report, "sequence")->as.integer;
    stub->reports++;
    if (length + 64 < sizeof(stub->kinds))
        snprintf(stub->kinds + length, sizeof(stub->kinds) - length, "%s ", value_map_text(report, "kind"));
    length = strlen(stub->last_body);
    if (length + strlen(text) + 2 < sizeof(stub->last_body))
        snprintf(stub->last_body + length, sizeof(stub->last_body) - length, "%s\n", text);
}

static inline void stub_reports(struct api_call *call)
{
    struct stub *stub = call->context;
    const struct stub_reports_body *body = call->body;
    struct value *out = value_map(call->arena);

    pthread_mutex_lock(&stub->lock);
    stub->posts++;
    if (stub->fail_reports > 0) {
        stub->fail_reports--;
        api_reply_error(call, 503, "busy", "the store is away");
        pthread_mutex_unlock(&stub->lock);
        return;
    }
    for (size_t i = 0; i < value_count(body->reports); i++) {
        const struct value *report = value_item(body->reports, i);
        int64_t sequence = value_map_get(report, "sequence")->as.integer;
        bool skips = strcmp(value_map_text(report, "kind"), "gap") == 0;

        if (sequence <= stub->acknowledged)
            continue;
        if (sequence != stub->acknowledged + 1 && !skips) {
            struct value *error = value_map(call->arena);

            value_map_put_string(call->arena, error, "code", "gap");
            value_map_put_string(call->arena, error, "message", "reports are missing");
            value_map_put(call->arena, out, "error", error);
            value_map_put_int(call->arena, out, "expected", stub->acknowledged + 1);
            api_reply(call, 409, out);
            pthread_mutex_unlock(&stub->lock);
            return;
        }
        stub_report_take(stub, call->arena, report);
    }
    value_map_put_int(call->arena, out, "acknowledged", stub->acknowledged);
    api_reply(call, 200, out);
    pthread_mutex_unlock(&stub->lock);
}

struct stub_work_query {
    int64_t after, wait_s;
};
static const struct arg_spec stub_work_args[] = { ARG(stub_work_query, after, ARG_INT, .default_text = "0"),
                                                  ARG(stub_work_query, wait_s, ARG_INT, .default_text = "0"), ARG_END };
static const struct task_spec stub_work_spec = { .name = "work",
                                                 .args = stub_work_args,
                                                 .args_size = sizeof(struct stub_work_query) };

static inline void stub_work(struct api_call *call)
{
    struct stub *stub = call->context;
    const struct stub_work_query *query = call->query;
    struct value *out = value_map(call->arena);
    const struct value *list = NULL;
    struct error err = ERROR_INIT;

    api_watch(call, api_topic("work", TOPIC_WORK));
    pthread_mutex_lock(&stub->lock);
    stub->asked_after = query->after;
    if (stub->refuse_work > 0) {
        stub->refuse_work--;
        api_reply_error(call, 429, "busy", "too many at once");
        pthread_mutex_unlock(&stub->lock);
        return;
    }
    if (stub->work[0] == '\0' && !call->timed_out) {
        pthread_mutex_unlock(&stub->lock);
        api_wait(call, query->wait_s * 1000);
        return;
    }
    stub->works++;
    must(json_read(call->arena, stub->work[0] == '\0' ? "[]" : stub->work,
                   strlen(stub->work[0] == '\0' ? "[]" : stub->work), NULL, &list, &err),
         &err);
    value_map_put(call->arena, out, "work", value_copy(call->arena, list));
    stub->work[0] = '\0';
    pthread_mutex_unlock(&stub->lock);
    api_reply(call, 200, out);
}

static inline void stub_work_set(struct stub *stub, const char *json)
{
    pthread_mutex_lock(&stub->lock);
    snprintf(stub->work, sizeof(stub->work), "%s", json);
    pthread_mutex_unlock(&stub->lock);
    api_wake(stub->server, api_topic("work", TOPIC_WORK));
}

/* --- a bundle --- */

static inline void stub_bundle(struct api_call *call)
{
    struct stub *stub = call->context;

    if (stub->manifest == NULL)
        api_reply_error(call, 404, "bundle_none", "nothing was published for node %s yet", call->identity.name);
    else if (!api_not_modified(call, stub->manifest_version))
        api_reply_bytes(call, 200, "application/vnd.roost.bundle", stub->manifest, strlen(stub->manifest));
}

static inline void stub_bundle_file(struct api_call *call)
{
    struct stub *stub = call->context;
    const char *text = value_map_text(stub->files, api_path_value(call, "sha256"));

    stub->fetches++;
    if (text == NULL)
        api_reply_error(call, 404, "file_unknown", "there is no such file");
    else
        api_reply_bytes(call, 200, "application/octet-stream", text, strlen(text));
}

static const struct api_route stub_routes[] = {
    API_ROUTE(API_NODE, "GET", "/agent/v1/bundle", stub_bundle),
    API_ROUTE(API_NODE, "GET", "/agent/v1/bundle/{sha256}", stub_bundle_file),
    API_ROUTE(API_PUBLIC, "GET", "/join/v1/ca", stub_ca),
    API_ROUTE(API_PUBLIC, "POST", "/join/v1/join", stub_join, .body = &stub_join_spec),
    API_ROUTE(API_NODE_EXPIRED, "POST", "/agent/v1/renew", stub_renew, .body = &stub_renew_spec),
    API_ROUTE(API_NODE, "POST", "/agent/v1/reports", stub_reports, .body = &stub_reports_spec,
              .body_limit_bytes = 8 * 1024 * 1024),
    API_ROUTE(API_NODE, "GET", "/agent/v1/work", stub_work, .query = &stub_work_spec),
};
static const struct api_resource stub_resource = { .name = "agent",
                                                   .routes = stub_routes,
                                                   .count = sizeof(stub_routes) / sizeof(stub_routes[0]) };
static const struct api_resource *const stub_resources[] = { &stub_resource };

static inline bool stub_identify(void *data, struct arena *arena, const struct api_credentials *credentials,
                                 struct api_identity *out, struct error *err)
{
    struct stub *stub = data;
    const struct certificate *peer = NULL;
    struct certificate_check check = { .now_us = clock_wall_us() + stub->clock_shift_us,
                                       .purpose = CERTIFICATE_CLIENT,
                                       .expired_allowed_s = 90 * DAY_S };

    if (credentials->tls_session == NULL || !peer_certificate_read(arena, credentials->tls_session, &peer, err) ||
        peer == NULL || stub->refuse_node)
        return true;
    if (!certificate_verify(peer, stub->ca, &check, err))
        return true;
    *out = (struct api_identity){ .kind = API_IS_NODE,
                                  .name = arena_copy(arena, peer->node.name),
                                  .fingerprint = peer->key.fingerprint,
                                  .node_id = 1,
                                  .expired = certificate_is_expired(peer, check.now_us),
                                  .generation = peer->node.generation };
    return true;
}

/* --- its life --- */

static inline void stub_listen(struct stub *stub, const struct certificate_authority *signer, int port)
{
    struct error err = ERROR_INIT;
    const struct certificate *certificate = NULL;
    static const char *const no_names[] = { NULL };
    struct certificate_wish wish = { private_key_public(stub->server_key), clock_wall_us() + stub->clock_shift_us,
                                     30 * DAY_S };
    struct api_server_options options = { .listen = arena_printf(stub->arena, "127.0.0.1:%d", port),
                                          .table = { stub_resources, 1 },
                                          .authenticator = { .identify = stub_identify, .data = stub },
                                          .context = stub,
                                          .client_ca_pem = certificate_pem(stub->arena, stub->ca),
                                          .key_pem = private_key_pem(stub->arena, stub->server_key) };

    must(certificate_make_server(stub->arena, signer, &wish, no_names, &certificate, &err), &err);
    options.certificate_pem = certificate_pem(stub->arena, certificate);
    must(api_server_start(&options, &stub->server, &err), &err);
    snprintf(stub->address, sizeof(stub->address), "127.0.0.1:%d", api_server_port(stub->server));
}

static inline struct stub *stub_new(void)
{
    struct stub *stub = calloc(1, sizeof(*stub));
    struct error err = ERROR_INIT;

    stub->arena = arena_new();
    pthread_mutex_init(&stub->lock, NULL);
    snprintf(stub->folder, sizeof(stub->folder), "/tmp/roost-agent-XXXXXX");
    must(mkdtemp(stub->folder) != NULL, &err);
    snprintf(stub->state, sizeof(stub->state), "%s/state", stub->folder);
    must(private_key_generate(KEY_ECDSA_P256, &stub->ca_key, &err), &err);
    must(private_key_generate(KEY_ECDSA_P256, &stub->other_ca_key, &err), &err);
    must(private_key_generate(KEY_ECDSA_P256, &stub->server_key, &err), &err);
    must(private_key_generate(KEY_ED25519, &stub->signing_key, &err), &err);
    must(certificate_make_ca(stub->arena, stub->ca_key, clock_wall_us(), &stub->ca, &err), &err);
    must(certificate_make_ca(stub->arena, stub->other_ca_key, clock_wall_us(), &stub->other_ca, &err), &err);
    stub->authority = (struct certificate_authority){ stub->ca, stub->ca_key };
    stub->shown_ca = stub->ca;
    stub_listen(stub, &stub->authority, 0);
    return stub;
}

/* Whoever waits is answered before the end. */
static inline void stub_stop(struct stub *stub)
{
    struct api_server_counters counters = { .waiting = 1 };

    stub_work_set(stub, "[]");
    for (int64_t end_ms = clock_monotonic_ms() + patient_ms(1000);
         counters.waiting > 0 && clock_monotonic_ms() < end_ms;) {
        api_server_counters(stub->server, &counters);
        usleep(10000);
    }
    api_server_stop(stub->server);
    stub->server = NULL;
}

static inline void stub_free(struct stub *stub)
{
    struct error err = ERROR_INIT;

    if (stub->server != NULL)
        stub_stop(stub);
    must(file_tree_remove(stub->folder, &err), &err);
    private_key_free(stub->ca_key);
    private_key_free(stub->other_ca_key);
    private_key_free(stub->server_key);
    private_key_free(stub->signing_key);
    pthread_mutex_destroy(&stub->lock);
    arena_free(stub->arena);
    free(stub);
}

static inline struct join_string stub_join_string(struct stub *stub)
{
    struct join_string string = { 0 };
    struct error err = ERROR_INIT;

    memcpy(string.ca_fingerprint, private_key_public(stub->ca_key)->fingerprint, SECRET_HASH_LENGTH);
    memcpy(string.token_id, "0123456789abcdef", SECRET_ID_LENGTH);
    must(secret_make(stub->arena, &string.secret, &err), &err);
    return string;
}

/* Joined as `name`, by the real exchange. */
static inline void stub_join_node(struct stub *stub, const char *name)
{
    struct join_string string = stub_join_string(stub);
    struct join_request request = {
        .state = stub->state, .string = &string, .controller = stub->address, .name = name
    };
    struct node_identity node;
    struct error err = ERROR_INIT;

    must(join_run(stub->arena, &request, &node, &err) == JOIN_DONE, &err);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A controller's routes over TLS with a store and an authority of their own, and nodes that join it. */
#pragma once

#include "controller/api/center.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/clock.h"
#include "common/base/fd.h"
#include "common/base/text.h"
#include "common/http/http.h"
#include "common/json/json.h"
#include "common/trust/api_token.h"
#include "common/trust/certificate_request.h"
#include "common/trust/join_string.h"
#include "controller/store/store_api_token.h"
#include "controller/store/store_event.h"
#include "controller/store/store_node.h"
#include "controller/store/store_retention.h"

struct fixture {
    struct arena *arena;
    char folder[64];
    struct authority *authority;
    struct center center;
    const char *tokens[API_ADMIN + 1]; /* by role */
    const char *ca_path;
};

static const char *const fixture_names[] = { "127.0.0.1", NULL };

static inline const char *in(struct fixture *fixture, const char *name)
{
    return arena_printf(fixture->arena, "%s/%s", fixture->folder, name);
}

static inline void must(bool ok, const struct error *err)
{
    if (!ok)
        fail_msg("%s", err->text);
}

static inline bool token_put(struct store_connection *writer, void *data, struct error *err)
{
    bool taken = false;

    return store_api_token_add(writer, data, &taken, err);
}

static inline const char *token_make(struct fixture *fixture, const char *role)
{
    struct error err = ERROR_INIT;
    struct api_token token;
    char hash[SECRET_HASH_LENGTH + 1];
    struct store_api_token row = { .name = role, .role = role, .created_by = "test", .created_us = clock_wall_us() };

    must(api_token_make(fixture->arena, &token, &err), &err);
    row.id = token.id;
    row.hash = secret_hash(token.secret, hash);
    must(store_write_wait(fixture->center.store, token_put, &row, &err), &err);
    return secret_reveal(api_token_text(fixture->arena, &token));
}

static inline void put_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static inline void events_told(void *data)
{
    const struct center *center = data;

    api_wake(center->server, api_topic("event", 0));
}

static inline int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    struct center *center = &fixture->center;
    struct error err = ERROR_INIT;
    struct api_server_options options = { .listen = "127.0.0.1:0", .context = center };

    fixture->arena = arena_new();
    snprintf(fixture->folder, sizeof(fixture->folder), "/tmp/roost-center-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    must(store_open(in(fixture, "store"), &center->store, &err), &err);
    must(store_reader_open(center->store, &center->reader, &err), &err);
    must(authority_open(in(fixture, "trust"), fixture_names, clock_wall_us(), &fixture->authority, &err), &err);
    center->authority = fixture->authority;
    center->address = "127.0.0.1:8470";
    options.certificate_pem = fixture->authority->server_chain_pem;
    options.key_pem = fixture->authority->server_key_pem;
    options.client_ca_pem = fixture->authority->ca_pem;
    options.table = (struct api_table){ api_resource_table, api_resource_table_count };
    options.authenticator =
        (struct api_authenticator){ .identify = center_identify, .data = center, .refused = center_refused };
    must(file_store_open(in(fixture, "files"), &center->files, &err), &err);
    center->presence = presence_new();
    center->refusals = refusals_new(center->store);
    must(api_server_start(&options, &center->server, &err), &err);
    store_events_watch(center->store, events_told, center);
    fixture->tokens[API_VIEWER] = token_make(fixture, "viewer");
    fixture->tokens[API_OPERATOR] = token_make(fixture, "operator");
    fixture->tokens[API_ADMIN] = token_make(fixture, "admin");
    fixture->ca_path = in(fixture, "ca-for-clients.pem");
    put_file(fixture->ca_path, fixture->authority->ca_pem);
    *state = fixture;
    return 0;
}

static inline int teardown(void **state)
{
    struct fixture *fixture = *state;
    pid_t child = -1;

    store_events_watch(fixture->center.store, NULL, NULL);
    api_server_stop(fixture->center.server);
    refusals_free(fixture->center.refusals);
    store_reader_close(fixture->center.reader);
    store_close(fixture->center.store);
    presence_free(fixture->center.presence);
    file_store_close(fixture->center.files);
    authority_close(fixture->authority);
    child = fork();
    if (child == 0) {
        execlp("rm", "rm", "-r", fixture->folder, (char *)NULL);
        _exit(1);
    }
    waitpid(child, NULL, 0);
    arena_free(fixture->arena);
    free(fixture);
    return 0;
}

/* --- asking --- */

struct asked {
    const char *method, *token, *body;
    const char *type; /* of the body; NULL: JSON */
    const char *node; /* its certificate and key, files NODE.pem and NODE.key */
};

struct answer {
    int status;
    const struct value *body;
    const char *text;
};

static inline struct answer ask(struct fixture *fixture, const char *path, struct asked asked)
{
    struct error err = ERROR_INIT;
    struct http_response response;
    struct http_header headers[2];
    char *text = NULL;
    struct answer out = { 0 };
    struct http_request request = { .url = arena_printf(fixture->arena, "https://127.0.0.1:%d%s",
                                                        api_server_port(fixture->center.server), path),
                                    .method = asked.method,
                                    .headers = headers,
                                    .body = asked.body,
                                    .body_length = asked.body == NULL ? 0 : strlen(asked.body),
                                    .ca_path = fixture->ca_path,
                                    .no_proxy = true };

    if (asked.token != NULL)
        headers[request.header_count++] =
            (struct http_header){ "Authorization", arena_printf(fixture->arena, "Bearer %s", asked.token) };
    if (asked.body != NULL)
        headers[request.header_count++] =
            (struct http_header){ "Content-Type", asked.type == NULL ? "application/json" : asked.type };
    if (asked.node != NULL) {
        request.client_cert = in(fixture, arena_printf(fixture->arena, "%s.pem", asked.node));
        request.client_key = in(fixture, arena_printf(fixture->arena, "%s.key", asked.node));
    }
    must(http_fetch(fixture->arena, &request, &response, &text, &err), &err);
    out.status = response.status;
    out.text = text;
    if (!json_read(fixture->arena, text, strlen(text), NULL, &out.body, &err))
        out.body = NULL;
    return out;
}

static inline struct answer expect(struct fixture *fixture, const char *path, struct asked asked, int status)
{
    struct answer answer = ask(fixture, path, asked);

    if (answer.status != status)
        fail_msg("%s %s: %d, not %d: %s", asked.method == NULL ? "GET" : asked.method, path, answer.status, status,
                 answer.text);
    return answer;
}

static inline void expect_code(struct fixture *fixture, const char *path, struct asked asked, int status,
                               const char *code)
{
    struct answer answer = expect(fixture, path, asked, status);

    assert_string_equal(value_map_text(value_map_get(answer.body, "error"), "code"), code);
}

/* --- a node --- */

static inline struct join_string join_token(struct fixture *fixture, const char *body)
{
    struct answer answer = expect(fixture, "/api/v1/join-tokens",
                                  (struct asked){ .token = fixture->tokens[API_OPERATOR], .body = body }, 201);
    struct join_string join;
    struct error err = ERROR_INIT;

    must(join_string_read(fixture->arena, value_map_text(answer.body, "join"), &join, &err), &err);
    return join;
}

/* What a node sends to join; its key is made at the first time and kept in NODE.key. */
static inline const char *join_body(struct fixture *fixture, const struct join_string *join, const char *node,
                                    const char *name)
{
    struct value *body = value_map(fixture->arena);
    const char *path = in(fixture, arena_printf(fixture->arena, "%s.key", node));
    PRIVATE_KEY_SCOPED key = NULL;
    struct error err = ERROR_INIT;
    bool missing = false;
    char *request = NULL;

    must(private_key_load(path, &key, &missing, &err), &err);
    if (missing) {
        must(private_key_generate(KEY_ECDSA_P256, &key, &err), &err);
        must(private_key_save(key, path, &err), &err);
    }
    must(certificate_request_make(fixture->arena, key, name, &request, &err), &err);
    value_map_put_string(fixture->arena, body, "token", join->token_id);
    value_map_put_string(fixture->arena, body, "secret", secret_reveal(join->secret));
    value_map_put_string(fixture->arena, body, "name", name);
    value_map_put_string(fixture->arena, body, "request", request);
    return json_text(fixture->arena, body, JSON_COMPACT);
}

static inline void keep_certificate(struct fixture *fixture, const char *node, const struct value *body)
{
    put_file(in(fixture, arena_printf(fixture->arena, "%s.pem", node)), value_map_text(body, "certificate"));
}

static inline void node_in(struct fixture *fixture, const char *node)
{
    struct join_string join = join_token(fixture, "{}");
    struct answer answer =
        expect(fixture, "/join/v1/join", (struct asked){ .body = join_body(fixture, &join, node, node) }, 200);

    keep_certificate(fixture, node, answer.body);
}

static inline int64_t number(const struct value *map, const char *key)
{
    return value_map_get(map, key)->as.integer;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The gateway over loopback, with stand-ins for engines: answers, streams, queues, keys, what breaks, who goes away. */
#include "controller/gateway/gateway.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/clock.h"
#include "common/base/path.h"
#include "common/http/http_group.h"
#include "common/json/json.h"
#include "common/trust/api_token.h"
#include "controller/gateway/gateway_internal.h"
#include "controller/store/connection.h"
#include "controller/store/store_gateway.h"
#include "engine_stand_in.h"

#define PATIENCE_MS 20000
#define ENGINES 2
#define STREAMS 500

/* What the source says of the models: "chat" is at all engines, "two" too, "embed" makes embeddings, "slow-start" loads, "broken" fails. */
struct world {
    struct arena *arena;
    char folder[64];
    struct center center;
    struct gateway *gateway;
    struct stand_in engines[ENGINES];
    int engine_count;
    int64_t slots;
    atomic_int suspected;
    atomic_bool serves, first_is_gone; /* nobody listens on port 1 */
    const char *key, *key_id;
};

static struct world *world;

/* --- the source --- */

static void route(void *data, struct arena *arena, const char *model, struct launcher_route *out)
{
    struct world *at = data;

    *out = (struct launcher_route){ .state = LAUNCHER_UNKNOWN, .nearest = "chat" };
    if (strcmp(model, "slow-start") == 0)
        *out = (struct launcher_route){ .state = LAUNCHER_LOADS, .sentence = "reading 3 of 9 GB", .eta_s = 42 };
    if (strcmp(model, "silent") == 0)
        *out = (struct launcher_route){ .state = LAUNCHER_LOADS, .sentence = "it does not answer", .late_s = 90 };
    if (strcmp(model, "broken") == 0)
        *out = (struct launcher_route){ .state = LAUNCHER_FAILED, .sentence = "out of memory" };
    if (strcmp(model, "chat") != 0 && strcmp(model, "embed") != 0)
        return;
    if (!atomic_load(&at->serves)) {
        *out = (struct launcher_route){ .state = LAUNCHER_LOADS, .sentence = "starting again", .eta_s = 7 };
        return;
    }
    *out = (struct launcher_route){ .state = LAUNCHER_SERVES,
                                    .backends = arena_new_array(arena, struct launcher_backend, ENGINES),
                                    .count = (size_t)at->engine_count };
    for (int i = 0; i < at->engine_count; i++)
        out->backends[i] =
            (struct launcher_backend){ .instance_id = i + 1,
                                       .address = "127.0.0.1",
                                       .port = i == 0 && atomic_load(&at->first_is_gone) ? 1 : at->engines[i].port,
                                       .key = "engine-key",
                                       .model = STAND_IN_MODEL,
                                       .slots = at->slots,
                                       .workload = model,
                                       .is_embedding = strcmp(model, "embed") == 0 };
}

static void models(void *data, struct arena *arena, struct launcher_model **out, size_t *count_out)
{
    (void)data;
    *out = arena_new_array(arena, struct launcher_model, 2);
    (*out)[0] =
        (struct launcher_model){ .name = "chat", .workload = "chat", .state = LAUNCHER_SERVES, .since_us = 5000000 };
    (*out)[1] = (struct launcher_model){ .name = "slow-start", .workload = "slow", .state = LAUNCHER_LOADS };
    *count_out = 2;
}

static void suspect(void *data, int64_t instance_id)
{
    struct world *at = data;

    assert_true(instance_id == 1 || instance_id == 2);
    atomic_fetch_add(&at->suspected, 1);
}

/* --- the world --- */

static void must(bool ok, const struct error *err)
{
    if (!ok)
        fail_msg("%s", err->text);
}

struct key_work {
    struct store_gateway_key row;
    bool taken;
};

static bool key_put(struct store_connection *writer, void *data, struct error *err)
{
    struct key_work *work = data;

    return store_gateway_key_add(writer, &work->row, &work->taken, err);
}

static const char *key_make(struct world *at, const char *name, const char *allowed, int64_t requests, int64_t tokens)
{
    struct api_token token;
    char *hash = arena_alloc(at->arena, SECRET_HASH_LENGTH + 1);
    struct error err = ERROR_INIT;
    struct key_work work = { .row = { .name = name,
                                      .models = allowed,
                                      .requests_per_minute = requests,
                                      .tokens_per_minute = tokens,
                                      .created_us = 1,
                                      .created_by = "kim" } };

    must(api_token_make(at->arena, &token, &err), &err);
    work.row.id = at->key_id = arena_copy(at->arena, token.id);
    work.row.hash = secret_hash(token.secret, hash);
    must(store_write_wait(at->center.store, key_put, &work, &err), &err);
    if (at->gateway != NULL)
        at->center.gateway->key_changed(at->gateway, &work.row);
    return secret_reveal(api_token_text(at->arena, &token));
}

static void gateway_begin(struct world *at, int64_t queue_ms, size_t queue_length)
{
    const struct gateway_options options = { .center = &at->center,
                                             .source = { at, route, models, suspect, NULL },
                                             .listen = "127.0.0.1:0",
                                             .queue_ms = queue_ms,
                                             .queue_length = queue_length };
    struct error err = ERROR_INIT;

    must(gateway_open(&options, &at->gateway, &err), &err);
}

static int setup_with(int engines, int64_t slots, int64_t queue_ms, size_t queue_length)
{
    struct error err = ERROR_INIT;

    world = calloc(1, sizeof(*world));
    world->arena = arena_new();
    world->slots = slots;
    atomic_store(&world->serves, true);
    snprintf(world->folder, sizeof(world->folder), "/tmp/roost-gateway-XXXXXX");
    assert_non_null(mkdtemp(world->folder));
    must(store_open(path_join(world->arena, world->folder, "store"), &world->center.store, &err), &err);
    for (; world->engine_count < engines; world->engine_count++)
        stand_in_start(&world->engines[world->engine_count], 0, "engine-key");
    world->key = key_make(world, "kim-laptop", NULL, 0, 0);
    gateway_begin(world, queue_ms, queue_length);
    return 0;
}

static int setup(void **state)
{
    (void)state;
    return setup_with(1, 4, 0, 0);
}

static int setup_two(void **state)
{
    (void)state;
    return setup_with(2, 1, 0, 0);
}

static int setup_tight(void **state)
{
    (void)state;
    return setup_with(1, 1, 2000, 2);
}

static int setup_pair(void **state)
{
    (void)state;
    return setup_with(1, 2, 60000, 2);
}

static int setup_hasty_pair(void **state)
{
    (void)state;
    return setup_with(1, 2, 2000, 4);
}

static int setup_many(void **state)
{
    (void)state;
    return setup_with(1, 30, 0, 0);
}

static int setup_wide(void **state)
{
    (void)state;
    return setup_with(2, STREAMS, 0, 0);
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info, (void)kind, (void)walk;
    return remove(path);
}

static int teardown(void **state)
{
    (void)state;
    gateway_stop(world->gateway);
    gateway_free(world->gateway);
    for (int i = 0; i < world->engine_count; i++)
        stand_in_stop(&world->engines[i]);
    store_close(world->center.store);
    nftw(world->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    arena_free(world->arena);
    free(world);
    return 0;
}

/* --- asking --- */

struct reply {
    struct http_response head;
    char *body;
    const struct value *value; /* NULL: no JSON */
};

static const char *url(const char *path)
{
    return arena_printf(world->arena, "http://127.0.0.1:%d%s", gateway_port(world->gateway), path);
}

static void ask_at(const char *path, const char *key, const char *body, struct reply *out)
{
    const struct http_header headers[] = { { "Authorization", arena_printf(world->arena, "Bearer %s", key) },
                                           { "Content-Type", "application/json" } };
    const struct http_request request = { .url = url(path),
                                          .headers = headers,
                                          .header_count = 2,
                                          .body = body,
                                          .body_length = body == NULL ? 0 : strlen(body),
                                          .no_proxy = true };
    struct error err = ERROR_INIT;

    memset(out, 0, sizeof(*out));
    must(http_fetch(world->arena, &request, &out->head, &out->body, &err), &err);
    (void)json_read(world->arena, out->body, strlen(out->body), NULL, &out->value, &err);
}

static const char *chat_body(const char *model, const char *words, const char *more)
{
    return arena_printf(world->arena, "{\"model\":\"%s\",\"messages\":[{\"role\":\"user\",\"content\":\"%s\"}]%s}",
                        model, words, more);
}

static void chat(const char *words, const char *more, struct reply *out)
{
    ask_at("/v1/chat/completions", world->key, chat_body("chat", words, more), out);
}

static const char *error_of(const struct reply *reply, const char *member)
{
    return value_map_text(value_map_get(reply->value, "error"), member);
}

static void is_error(const struct reply *reply, int status, const char *code, const char *message)
{
    const char *told = error_of(reply, "message");

    if (reply->head.status != status || told == NULL || strstr(told, message) == NULL ||
        !text_equal(error_of(reply, "code"), code))
        fail_msg("expected %d %s '%s', found %d: %s", status, code, message, reply->head.status, reply->body);
    assert_non_null(error_of(reply, "type"));
}

static bool patient(bool (*is)(void *data), void *data)
{
    int64_t until_ms = clock_monotonic_ms() + PATIENCE_MS;

    while (clock_monotonic_ms() < until_ms) {
        if (is(data))
            return true;
        usleep(2000);
    }
    return false;
}

struct totals_wanted {
    uint64_t done, failed, cancelled, refused;
};

static bool totals_are(void *data)
{
    const struct totals_wanted *wanted = data;
    struct usage_totals totals;

    gateway_totals(world->gateway, &totals);
    return totals.outcomes[USAGE_DONE] == wanted->done && totals.outcomes[USAGE_FAILED] == wanted->failed &&
           totals.outcomes[USAGE_CANCELLED] == wanted->cancelled && totals.outcomes[USAGE_REFUSED] == wanted->refused;
}

static bool nobody_is_there(void *data)
{
    size_t running = 0, waiting = 0;

    (void)data;
    gateway_load(world->gateway, &running, &waiting);
    return running == 0 && waiting == 0;
}

/* Every request that was made has ended as exactly one of these. */
static void is_counted(uint64_t done, uint64_t failed, uint64_t cancelled, uint64_t refused)
{
    struct totals_wanted wanted = { done, failed, cancelled, refused };
    struct usage_totals totals;

    if (!patient(totals_are, &wanted)) {
        gateway_totals(world->gateway, &totals);
        fail_msg("done %llu, failed %llu, cancelled %llu, refused %llu", (unsigned long long)totals.outcomes[0],
                 (unsigned long long)totals.outcomes[1], (unsigned long long)totals.outcomes[2],
                 (unsigned long long)totals.outcomes[3]);
    }
    assert_true(patient(nobody_is_there, NULL));
}

static bool engine_is_busy(void *data)
{
    return atomic_load(&((struct stand_in *)data)->open) > 0;
}

static bool engine_is_left(void *data)
{
    struct stand_in *engine = data;

    return atomic_load(&engine->gone) > 0 && atomic_load(&engine->open) == 0;
}

static bool one_waits(void *data)
{
    size_t running = 0, waiting = 0;

    (void)data;
    gateway_load(world->gateway, &running, &waiting);
    return waiting > 0;
}

/* --- bare connections --- */

static int connect_to(int port)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static int raw_chat(const char *words, const char *more)
{
    const char *body = chat_body("chat", words, more);
    const char *head = arena_printf(world->arena,
                                    "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n"
                                    "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
                                    world->key, strlen(body), body);
    int fd = connect_to(gateway_port(world->gateway));

    assert_true(stand_in_say(fd, head));
    return fd;
}

/* Reads until the text is there. */
static bool raw_take(int fd, const char *text, char *data, size_t size)
{
    size_t length = 0;

    data[0] = '\0';
    while (length < size - 1 && strstr(data, text) == NULL) {
        ssize_t got = recv(fd, data + length, size - 1 - length, 0);

        if (got <= 0)
            return false;
        length += (size_t)got;
        data[length] = '\0';
    }
    return strstr(data, text) != NULL;
}

static bool raw_until(int fd, const char *text)
{
    char data[16384];

    return raw_take(fd, text, data, sizeof(data));
}

/* Of who has waited in vain; 0: none was told. */
static long raw_retry_s(int fd)
{
    char data[16384];
    const char *retry = NULL;

    assert_true(raw_take(fd, "queue_timeout", data, sizeof(data)));
    retry = strstr(data, "Retry-After: ");
    return retry == NULL ? 0 : strtol(retry + strlen("Retry-After: "), NULL, 10);
}

/* The status of an answer that has come as a whole. */
static int raw_status(int fd)
{
    char data[16] = "";
    size_t length = 0;

    while (length < sizeof(data) - 1) {
        ssize_t got = recv(fd, data + length, sizeof(data) - 1 - length, 0);

        if (got <= 0)
            return 0;
        length += (size_t)got;
    }
    return (int)strtol(data + strlen("HTTP/1.1 "), NULL, 10);
}

/* --- tests --- */

static void answers(void **state)
{
    struct reply reply;

    (void)state;
    chat("hello", ",\"temperature\":0", &reply);
    assert_int_equal(reply.head.status, 200);
    assert_string_equal(value_map_text(reply.value, "model"), "chat");
    assert_non_null(strstr(world->engines[0].last, "{\"model\":\"engine-model\",\"messages\""));
    assert_non_null(strstr(world->engines[0].last, "Authorization: Bearer engine-key\r\n"));
    assert_null(strstr(world->engines[0].last, world->key));
    ask_at("/v1/models", world->key, NULL, &reply);
    assert_int_equal(reply.head.status, 200);
    assert_non_null(strstr(reply.body, "\"id\":\"chat\""));
    assert_non_null(strstr(reply.body, "\"status\":\"loading\""));
    ask_at("/v1/models/chat", world->key, NULL, &reply);
    assert_string_equal(value_map_text(reply.value, "object"), "model");
    ask_at("/health", "nothing", NULL, &reply);
    assert_int_equal(reply.head.status, 200);
    ask_at("/v1/embeddings", world->key, "{\"model\":\"embed\",\"input\":\"x\"}", &reply);
    assert_int_equal(reply.head.status, 200);
    is_counted(2, 0, 0, 0);
}

static void streams(void **state)
{
    struct reply reply;

    (void)state;
    chat("tokens=5", ",\"stream\":true", &reply);
    assert_int_equal(reply.head.status, 200);
    assert_string_equal(http_header_get(&reply.head, "Content-Type"), "text/event-stream");
    assert_non_null(strstr(reply.body, "\"content\":\" t4\""));
    assert_non_null(strstr(reply.body, "\"model\":\"chat\""));
    assert_null(strstr(reply.body, "engine-model"));
    assert_null(strstr(reply.body, "usage"));
    assert_true(text_ends(reply.body, "data: [DONE]\n\n"));
    chat("tokens=5", ",\"stream\":true,\"stream_options\":{\"include_usage\":true}", &reply);
    assert_non_null(strstr(reply.body, "\"completion_tokens\":5"));
    is_counted(2, 0, 0, 0);
}

/* What an engine, or the way to it, may do. The only engine: there is no other to ask. */
static void engines_fail(void **state)
{
    struct reply reply;

    (void)state;
    chat("say-400", "", &reply);
    is_error(&reply, 400, "upstream_refused", "the request exceeds the context");
    chat("say-500", "", &reply);
    is_error(&reply, 502, "upstream_error", "decode failed");
    chat("say-503", "", &reply);
    is_error(&reply, 502, "upstream_broken", "the engine answered 503");
    chat("no-json", "", &reply);
    is_error(&reply, 502, "upstream_broken", "no JSON");
    chat("cut-head", "", &reply);
    is_error(&reply, 502, "upstream_broken", "the engine: ");
    assert_null(strstr(reply.body, "127.0.0.1"));
    chat("cut-head", ",\"stream\":true", &reply);
    is_error(&reply, 502, "upstream_broken", "the engine: ");
    chat("cut-middle tokens=9", ",\"stream\":true", &reply);
    assert_int_equal(reply.head.status, 200);
    assert_non_null(strstr(reply.body, "\"content\":\" t1\""));
    assert_non_null(strstr(reply.body, "data: {\"error\":{\"code\":\"upstream_broken\""));
    assert_null(strstr(reply.body, "[DONE]"));
    chat("no-end", ",\"stream\":true", &reply);
    assert_non_null(strstr(reply.body, "without its end mark"));
    chat("say-error", ",\"stream\":true", &reply);
    assert_non_null(strstr(reply.body, "the graph failed"));
    assert_int_equal(atomic_load(&world->suspected), 6);
    is_counted(0, 8, 0, 1);
}

static void other_engine(void **state)
{
    struct reply reply;

    (void)state;
    atomic_store(&world->first_is_gone, true);
    for (int i = 0; i < 4; i++) {
        chat("hello", i % 2 == 0 ? "" : ",\"stream\":true", &reply);
        assert_int_equal(reply.head.status, 200);
    }
    assert_int_equal(atomic_load(&world->engines[1].requests), 4);
    assert_true(atomic_load(&world->suspected) >= 1);
    is_counted(4, 0, 0, 0);
}

static void unserved(void **state)
{
    struct reply reply;

    (void)state;
    ask_at("/v1/chat/completions", world->key, chat_body("chatt", "x", ""), &reply);
    is_error(&reply, 404, "model_not_found", "no model 'chatt' is served here; did you mean 'chat'?");
    ask_at("/v1/chat/completions", world->key, chat_body("slow-start", "x", ""), &reply);
    is_error(&reply, 503, "model_loading", "in about 42 s: reading 3 of 9 GB");
    assert_string_equal(http_header_get(&reply.head, "Retry-After"), "42");
    ask_at("/v1/chat/completions", world->key, chat_body("silent", "x", ""), &reply);
    is_error(&reply, 503, "model_loading", "is not ready yet: it does not answer");
    assert_string_equal(http_header_get(&reply.head, "Retry-After"), "90");
    ask_at("/v1/chat/completions", world->key, chat_body("broken", "x", ""), &reply);
    is_error(&reply, 503, "model_failed", "out of memory");
    ask_at("/v1/chat/completions", world->key, chat_body("embed", "x", ""), &reply);
    is_error(&reply, 400, "model_not_supported", "makes embeddings");
    ask_at("/v1/embeddings", world->key, "{\"model\":\"chat\",\"input\":\"x\"}", &reply);
    is_error(&reply, 400, "model_not_supported", "makes no embeddings");
    chat("x", ",\"n\":5", &reply);
    is_error(&reply, 400, "invalid_value", "5 answers at once");
    chat("x", ",\"n_discard\":-1", &reply);
    is_error(&reply, 400, "unsupported_parameter", "n_discard");
    assert_string_equal(error_of(&reply, "param"), "n_discard");
    assert_int_equal(atomic_load(&world->engines[0].requests), 0);
    is_counted(0, 0, 0, 8);
}

static void queues(void **state)
{
    struct reply reply;
    int holder = -1, waiter = -1, second = -1;

    (void)state;
    holder = raw_chat("hold", "");
    assert_true(patient(engine_is_busy, &world->engines[0]));
    waiter = raw_chat("hello", "");
    assert_true(patient(one_waits, NULL));
    second = raw_chat("hello", ",\"stream\":true");
    chat("hello", "", &reply); /* waits, or finds two before it */
    assert_true(reply.head.status == 429 || reply.head.status == 503);
    assert_non_null(http_header_get(&reply.head, "Retry-After"));
    assert_true(raw_until(waiter, "queue_timeout"));
    assert_true(raw_until(second, "queue_timeout"));
    assert_int_equal(atomic_load(&world->engines[0].requests), 1);
    close(waiter);
    close(second);
    waiter = raw_chat("hello", "");
    assert_true(patient(one_waits, NULL));
    atomic_store(&world->engines[0].let_go, true);
    assert_true(raw_until(holder, " alpha"));
    assert_true(raw_until(waiter, " alpha"));
    close(holder);
    close(waiter);
    is_counted(2, 0, 0, 3);
}

static void queue_is_full(void **state)
{
    struct reply reply;
    int fds[3];

    (void)state;
    world->slots = 1;
    gateway_stop(world->gateway);
    gateway_free(world->gateway);
    gateway_begin(world, 60000, 2);
    for (int i = 0; i < 3; i++) {
        fds[i] = raw_chat("hold", "");
        assert_true(patient(i == 0 ? engine_is_busy : one_waits, &world->engines[0]));
    }
    do
        chat("hello", "", &reply);
    while (reply.head.status == 200);
    is_error(&reply, 429, "queue_full", "wait already");
    assert_non_null(http_header_get(&reply.head, "Retry-After"));
    for (int i = 0; i < 3; i++)
        close(fds[i]); /* those that wait as well */
    is_counted(0, 0, 3, 1);
}

static bool so_many_wait(void *data)
{
    size_t running = 0, waiting = 0;

    gateway_load(world->gateway, &running, &waiting);
    return waiting == *(const size_t *)data;
}

static int raw_waiting(const char *words, size_t waiting)
{
    int fd = raw_chat(words, "");

    assert_true(patient(so_many_wait, &waiting));
    return fd;
}

/* All slots are taken, and a request is known to take 20 s. */
static void slots_take(int fds[2])
{
    struct reply reply;

    chat("hello", "", &reply);
    is_counted(1, 0, 0, 0);
    world->gateway->models->usual_us = 20e6;
    for (int i = 0; i < 2; i++) {
        fds[i] = raw_chat("hold", "");
        while (atomic_load(&world->engines[0].open) < i + 1)
            usleep(1000);
    }
}

static void a_full_queue_tells_how_long(void **state)
{
    struct reply reply;
    int64_t now_ms = 0;
    int fds[4];

    (void)state;
    slots_take(fds);
    now_ms = clock_monotonic_ms();
    fds[2] = raw_waiting("hello", 1);
    assert_in_range(world->gateway->models->deadline_ms, now_ms + 60000, clock_monotonic_ms() + 60000);
    fds[3] = raw_waiting("hello", 2);
    chat("hello", "", &reply);
    is_error(&reply, 429, "queue_full", "2 requests for 'chat' wait already: try again in 30 s");
    assert_string_equal(http_header_get(&reply.head, "Retry-After"), "30");
    for (int i = 3; i >= 0; i--) {
        if (i == 1) /* those that wait are gone before there is a slot for them */
            assert_true(patient(so_many_wait, &(size_t){ 0 }));
        close(fds[i]);
    }
    is_counted(1, 0, 4, 1);
}

/* Those behind the first one as well, who never was asked for alone. */
static void who_waits_in_vain_is_told_how_long(void **state)
{
    int fds[2], first = -1, second = -1, between = -1;

    (void)state;
    slots_take(fds);
    first = raw_waiting("hello", 1);
    second = raw_waiting("hello", 2);
    world->key = key_make(world, "modest", NULL, 0, 0);
    between = raw_waiting("hello", 3);
    assert_int_equal(raw_retry_s(first), 40); /* four at two slots: all that wait, and one more */
    assert_in_range(raw_retry_s(second), 20, 40);
    assert_in_range(raw_retry_s(between), 20, 40);
    for (int i = 0; i < 2; i++)
        close(fds[i]);
    close(first);
    close(second);
    close(between);
    is_counted(1, 0, 2, 3);
}

/* One key has a queue full of requests, and another comes: it does not wait behind all of them, and not for nothing. */
static void keys_take_turns(void **state)
{
    const char *greedy = world->key;
    int first = -1, fds[4], others[2];

    (void)state;
    world->slots = 1;
    gateway_stop(world->gateway);
    gateway_free(world->gateway);
    gateway_begin(world, 60000, 5);
    first = raw_chat("hold who=a", "");
    assert_true(patient(engine_is_busy, &world->engines[0]));
    fds[0] = raw_waiting("who=b", 1);
    fds[1] = raw_waiting("who=c", 2);
    fds[2] = raw_waiting("who=d", 3);
    fds[3] = raw_waiting("who=e", 4);
    world->key = key_make(world, "modest", NULL, 0, 0);
    others[0] = raw_waiting("who=x", 5);
    assert_int_equal(world->center.gateway->waiting(world->gateway, "chat"), 5);
    assert_int_equal(world->center.gateway->waiting(world->gateway, "embed"), 0);
    others[1] = raw_chat("who=y", "");
    assert_true(raw_until(fds[3], "queue_full")); /* the queue's last place is another's now */
    world->key = greedy;
    close(fds[3]);
    fds[3] = raw_chat("who=f", "");
    assert_true(raw_until(fds[3], "queue_full"));
    atomic_store(&world->engines[0].let_go, true);
    assert_int_equal(raw_status(first), 200);
    for (int i = 0; i < 3; i++)
        assert_int_equal(raw_status(fds[i]), 200);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(raw_status(others[i]), 200);
        close(others[i]);
    }
    assert_string_equal(world->engines[0].order, "abxcyd");
    for (int i = 0; i < 4; i++)
        close(fds[i]);
    close(first);
    is_counted(6, 0, 0, 2);
}

static bool so_far(void *data)
{
    bool is = false;

    pthread_mutex_lock(&world->engines[0].mutex);
    is = strcmp(world->engines[0].order, data) == 0;
    pthread_mutex_unlock(&world->engines[0].mutex);
    return is;
}

static void is_so_far(char *order)
{
    if (!patient(so_far, order))
        fail_msg("%s, not %s", world->engines[0].order, order);
}

/* A key that always has another request ready when one of its own ends has no turn more than who sent many. */
static void turns_are_remembered(void **state)
{
    int first = -1, fds[4], others[3];

    (void)state;
    world->slots = 1;
    first = raw_chat("step who=a", "");
    assert_true(patient(engine_is_busy, &world->engines[0]));
    fds[0] = raw_waiting("step who=b", 1);
    fds[1] = raw_waiting("step who=c", 2);
    fds[2] = raw_waiting("step who=d", 3);
    fds[3] = raw_waiting("step who=e", 4);
    world->key = key_make(world, "busy", NULL, 0, 0);
    others[0] = raw_waiting("step who=x", 5);
    atomic_store(&world->engines[0].steps, 2);
    is_so_far("abx");
    others[1] = raw_waiting("step who=y", 4);
    atomic_store(&world->engines[0].steps, 2);
    is_so_far("abxcy");
    others[2] = raw_waiting("step who=z", 3);
    atomic_store(&world->engines[0].steps, 4);
    is_so_far("abxcydze");
    for (int i = 0; i < 4; i++)
        assert_int_equal(raw_status(fds[i]), 200);
    for (int i = 0; i < 3; i++)
        assert_int_equal(raw_status(others[i]), 200);
    assert_int_equal(raw_status(first), 200);
    for (int i = 0; i < 4; i++)
        close(fds[i]);
    for (int i = 0; i < 3; i++)
        close(others[i]);
    close(first);
    is_counted(8, 0, 0, 0);
}

static void clients_leave(void **state)
{
    int fd = raw_chat("hold", "");

    (void)state;
    assert_true(patient(engine_is_busy, &world->engines[0]));
    close(fd); /* nothing has been answered yet */
    assert_true(patient(engine_is_left, &world->engines[0]));
    fd = raw_chat("hold tokens=9", ",\"stream\":true");
    assert_true(raw_until(fd, " t0"));
    atomic_store(&world->engines[0].gone, 0);
    close(fd); /* in the middle of a stream in which nothing moves */
    assert_true(patient(engine_is_left, &world->engines[0]));
    is_counted(0, 0, 2, 0);
}

static void keys(void **state)
{
    struct reply reply;
    const char *narrow = NULL, *few = NULL, *thrifty = NULL, *all = world->key;

    (void)state;
    narrow = key_make(world, "narrow", "[\"other\"]", 0, 0);
    few = key_make(world, "few", NULL, 2, 0);
    thrifty = key_make(world, "thrifty", "[\"chat\"]", 0, 9);
    ask_at("/v1/models", "roost_0000000000000000_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", NULL, &reply);
    is_error(&reply, 401, "invalid_api_key", "no valid key was shown");
    ask_at("/v1/chat/completions", "sk-nothing", chat_body("chat", "x", ""), &reply);
    is_error(&reply, 401, "invalid_api_key", "no valid key was shown");
    ask_at("/v1/chat/completions", narrow, chat_body("chat", "x", ""), &reply);
    is_error(&reply, 403, "model_not_allowed", "the key 'narrow' may not use the model 'chat'");
    ask_at("/v1/models", narrow, NULL, &reply);
    assert_string_equal(reply.body, "{\"object\":\"list\",\"data\":[]}\n");
    for (int i = 0; i < 2; i++) {
        ask_at("/v1/chat/completions", few, chat_body("chat", "x", ""), &reply);
        assert_int_equal(reply.head.status, 200);
    }
    ask_at("/v1/chat/completions", few, chat_body("chat", "x", ""), &reply);
    is_error(&reply, 429, "rate_limit_exceeded", "the key 'few' has a limit of 2 requests a minute");
    assert_in_range(strtol(http_header_get(&reply.head, "Retry-After"), NULL, 10), 1, 31);
    ask_at("/v1/chat/completions", thrifty, chat_body("chat", "tokens=40", ""), &reply); /* 47: overdrawn by 38 */
    assert_int_equal(reply.head.status, 200);
    ask_at("/v1/chat/completions", thrifty, chat_body("chat", "x", ""), &reply);
    is_error(&reply, 429, "rate_limit_exceeded", "the key 'thrifty' has a limit of 9 tokens a minute");
    assert_in_range(strtol(http_header_get(&reply.head, "Retry-After"), NULL, 10), 250, 340);
    ask_at("/v1/chat/completions", all, chat_body("chat", "x", ""), &reply);
    assert_int_equal(reply.head.status, 200);
    is_counted(4, 0, 0, 3);
}

static void revoked_at_once(void **state)
{
    struct reply reply;
    struct store_gateway_key row = { .id = world->key_id, .hash = "", .name = "kim-laptop", .revoked_us = 9 };
    int streaming = raw_chat("hold tokens=9", ",\"stream\":true"), asking = -1;

    (void)state;
    assert_true(raw_until(streaming, " t0"));
    asking = raw_chat("hold", "");
    world->center.gateway->key_changed(world->gateway, &row);
    assert_true(raw_until(streaming, "the key was revoked"));
    assert_true(raw_until(asking, "revoked"));
    chat("hello", "", &reply);
    is_error(&reply, 401, "invalid_api_key", "the key 'kim-laptop' was revoked");
    close(streaming);
    close(asking);
    assert_true(patient(engine_is_left, &world->engines[0]));
}

struct usage_wanted {
    const char *key_id;
    int64_t requests, tokens_in, tokens_out;
};

static bool usage_is(void *data)
{
    const struct usage_wanted *wanted = data;
    struct store_connection *reader = NULL;
    struct store_gateway_usage_page page = { .count = 0 };
    struct error err = ERROR_INIT;
    bool is = false;

    must(store_reader_open(world->center.store, &reader, &err), &err);
    must(store_gateway_usage_page(reader, world->arena, &(struct store_gateway_usage_filter){ .since_us = 0 }, &page,
                                  &err),
         &err);
    for (size_t i = 0; i < page.count; i++)
        is = is || (strcmp(page.rows[i].key_id, wanted->key_id) == 0 && strcmp(page.rows[i].model, "chat") == 0 &&
                    page.rows[i].requests == wanted->requests && page.rows[i].tokens_in == wanted->tokens_in &&
                    page.rows[i].tokens_out == wanted->tokens_out);
    store_reader_close(reader);
    return is;
}

static void usage_is_kept(void **state)
{
    struct reply reply;
    struct usage_wanted wanted = { world->key_id, 3, 21, 3 + 5 + 2 };

    (void)state;
    chat("hello", "", &reply);
    chat("tokens=5", ",\"stream\":true", &reply);
    chat("tokens=2", ",\"stream\":true,\"stream_options\":{\"include_usage\":true}", &reply);
    assert_true(patient(usage_is, &wanted));
    chat("tokens=4 no-usage", ",\"stream\":true", &reply); /* counted by its pieces */
    wanted = (struct usage_wanted){ world->key_id, 4, 21, 14 };
    assert_true(patient(usage_is, &wanted));
}

static void each_key_has_its_own_books(void **state)
{
    struct usage *usage = usage_new(world->center.store);
    struct usage_wanted one = { "one", 1, 5, 7 }, two = { "two", 2, 6, 4 };

    (void)state;
    usage_note(usage, &(struct usage_entry){ .key_id = "one", .model = "chat", .tokens_in = 5, .tokens_out = 7 });
    usage_note(usage, &(struct usage_entry){ .key_id = "two", .model = "chat", .tokens_in = 3, .tokens_out = 2 });
    usage_note(usage, &(struct usage_entry){ .key_id = "two", .model = "chat", .tokens_in = 3, .tokens_out = 2 });
    usage_free(usage);
    assert_true(usage_is(&one));
    assert_true(usage_is(&two));
}

static bool execute(struct store_connection *writer, void *data, struct error *err)
{
    return connection_execute(writer, data, err);
}

static void store_does(char *statement)
{
    struct error err = ERROR_INIT;

    must(store_write_wait(world->center.store, execute, statement, &err), &err);
}

static bool is_taken(void *data)
{
    return usage_step(data) == -1;
}

/* The store fails once: the next write has it all, once. */
static void what_was_not_stored_is_stored_later(void **state)
{
    const struct usage_entry entry = { .key_id = "one", .model = "chat", .tokens_in = 5, .tokens_out = 7 };
    struct usage *usage = usage_new(world->center.store);
    struct usage_wanted one = { "one", 1, 5, 7 }, both = { "one", 2, 10, 14 };

    (void)state;
    store_does("CREATE TRIGGER full BEFORE INSERT ON gateway_usage BEGIN SELECT RAISE(ABORT, 'no room'); END");
    usage_note(usage, &entry);
    assert_true(patient(is_taken, usage)); /* when it is due */
    store_does("DROP TRIGGER full");
    assert_false(usage_is(&one));
    usage_note(usage, &entry);
    usage_free(usage);
    assert_true(usage_is(&both));
}

/* Many at once with one key: no more of them come through than it has tokens for. */
static void tokens_at_once(void **state)
{
    struct usage_wanted wanted = { NULL, 4, 4 * 7, 4 * 40 };
    int fds[30], admitted = 0, refused = 0;
    struct reply reply;

    (void)state;
    world->key = key_make(world, "thrifty", NULL, 0, 300);
    wanted.key_id = world->key_id;
    for (int i = 0; i < 30; i++)
        fds[i] = raw_chat("hold tokens=40", ",\"max_tokens\":50");
    while (atomic_load(&world->engines[0].open) < 4) /* of 65 each */
        usleep(1000);
    chat("x", ",\"max_tokens\":50", &reply);
    is_error(&reply, 429, "rate_limit_exceeded", "has a limit of 300 tokens a minute");
    atomic_store(&world->engines[0].let_go, true);
    for (int i = 0; i < 30; i++) {
        int status = raw_status(fds[i]);

        admitted += status == 200;
        refused += status == 429;
        close(fds[i]);
    }
    assert_int_equal(admitted, 4);
    assert_int_equal(refused, 26);
    assert_true(patient(usage_is, &wanted));
    chat("tokens=1", ",\"max_tokens\":50", &reply); /* what was not taken was given back */
    assert_int_equal(reply.head.status, 200);
    is_counted(5, 0, 0, 27);
}

/* Who cuts every answer short has no more prompts read than its key has tokens for. */
static void prompts_of_those_who_leave(void **state)
{
    char *words = arena_alloc(world->arena, 4096 + 1);
    struct reply reply;
    int fd = -1;

    (void)state;
    memset(words, 'x', 4096);
    words[4096] = '\0';
    memcpy(words, "hold ", strlen("hold "));
    world->key = key_make(world, "hasty", NULL, 0, 1500);
    fd = raw_chat(words, ",\"max_tokens\":50,\"stream\":true");
    assert_true(raw_until(fd, " t0"));
    close(fd);
    assert_true(patient(engine_is_left, &world->engines[0]));
    chat(words, ",\"max_tokens\":50", &reply);
    is_error(&reply, 429, "rate_limit_exceeded", "has a limit of 1500 tokens a minute");
    chat("x", ",\"max_tokens\":50", &reply); /* that of the answer was given back */
    assert_int_equal(reply.head.status, 200);
    is_counted(1, 0, 1, 1);
}

static void hostile(void **state)
{
    struct reply reply;
    struct text body = text_new(world->arena);
    int fd = connect_to(gateway_port(world->gateway));

    (void)state;
    stand_in_say(fd, "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n");
    assert_true(raw_until(fd, "invalid_api_key"));
    close(fd);
    fd = connect_to(gateway_port(world->gateway));
    stand_in_say(fd, arena_printf(world->arena,
                                  "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n"
                                  "Content-Type: application/json\r\nContent-Length: 999999999\r\n\r\n{",
                                  world->key));
    assert_true(raw_until(fd, "413"));
    close(fd);
    ask_at("/v1/chat/completions", world->key, "{", &reply);
    is_error(&reply, 400, "invalid_json", "the body is no JSON");
    ask_at("/v1/chat/completion", world->key, "{}", &reply);
    is_error(&reply, 404, "route_unknown",
             "no /v1/chat/completion, did you mean /v1/chat/completions?; there are /v1/");
    assert_non_null(strstr(reply.body, "/v1/embeddings"));
    assert_null(strstr(reply.body, "openapi"));
    /* large, read by a thread of its own: a good one, and one whose client is gone meanwhile */
    for (int i = 0; i < 20000; i++)
        text_add(&body, "many words ");
    chat(body.data, "", &reply);
    assert_int_equal(reply.head.status, 200);
    chat(body.data, ",\"n_keep\":1", &reply);
    is_error(&reply, 400, "unsupported_parameter", "n_keep");
    close(raw_chat(body.data, ""));
    chat("hello", "", &reply);
    assert_int_equal(reply.head.status, 200);
}

static void goes_down(void **state)
{
    struct totals_wanted wanted = { 0, 2, 0, 0 };
    int streaming = raw_chat("hold tokens=9", ",\"stream\":true"), asking = -1;

    (void)state;
    assert_true(raw_until(streaming, " t0"));
    asking = raw_chat("hold", "");
    while (atomic_load(&world->engines[0].open) < 2)
        usleep(1000);
    gateway_stop(world->gateway);
    assert_true(raw_until(streaming, "the gateway is going down"));
    assert_true(raw_until(asking, "going down"));
    assert_true(totals_are(&wanted));
    close(streaming);
    close(asking);
}

/* --- many at once --- */

struct many {
    size_t length;
    char tail[64];
    bool is_over;
};

static bool many_take(void *data, const char *bytes, size_t length, struct error *err)
{
    struct many *one = data;
    size_t room = sizeof(one->tail) - 1;
    size_t keep = length > room ? room : length;

    (void)err;
    one->length += length;
    memmove(one->tail, one->tail + keep, room - keep);
    memcpy(one->tail + room - keep, bytes + length - keep, keep);
    return true;
}

static void many_streams(void **state)
{
    struct many *many = calloc(STREAMS, sizeof(*many));
    const struct http_header headers[] = { { "Authorization", arena_printf(world->arena, "Bearer %s", world->key) },
                                           { "Content-Type", "application/json" } };
    const char *body = chat_body("chat", "hold tokens=20", ",\"stream\":true");
    struct http_group *group = NULL;
    struct error err = ERROR_INIT;
    struct http_done done;
    int over = 0;

    (void)state;
    must(http_group_new(&group, &err), &err);
    for (int i = 0; i < STREAMS; i++) {
        const struct http_job job = { .request = { .url = url("/v1/chat/completions"),
                                                   .headers = headers,
                                                   .header_count = 2,
                                                   .body = body,
                                                   .body_length = strlen(body),
                                                   .deadline_ms = 120000,
                                                   .timeout_ms = 60000,
                                                   .no_proxy = true,
                                                   .http1 = true },
                                      .sink = { many_take, &many[i] } };

        must(http_group_start(group, &job, &err), &err);
    }
    while (over < STREAMS) {
        must(http_group_step(group, 20, &err), &err);
        if (atomic_load(&world->engines[0].open) + atomic_load(&world->engines[1].open) == STREAMS) {
            atomic_store(&world->engines[0].let_go, true);
            atomic_store(&world->engines[1].let_go, true);
        }
        while (http_group_next(group, &done)) {
            const struct many *one = done.data;

            if (!done.is_ok || done.response->status != 200 || strstr(one->tail, "data: [DONE]\n\n") == NULL)
                fail_msg("a stream of %zu bytes ended with '%s': %s", one->length, one->tail,
                         done.is_ok ? "200" : done.error->text);
            over++;
        }
    }
    http_group_free(group);
    /* the least busy one each time */
    assert_int_equal(atomic_load(&world->engines[0].most_open), STREAMS / 2);
    assert_int_equal(atomic_load(&world->engines[1].most_open), STREAMS / 2);
    free(many);
    is_counted(STREAMS, 0, 0, 0);
}

static void beyond_loopback(void **state)
{
    struct gateway_options options = { .center = &world->center, .listen = "0.0.0.0:0", .plain_anywhere = true };
    const struct gateway_link *link = world->center.gateway;
    struct store_gateway_key row = { .id = world->key_id, .name = "kim-laptop", .revoked_us = 9 };
    struct gateway *other = NULL;
    struct error err = ERROR_INIT;

    (void)state;
    (void)row;
    must(gateway_open(&options, &other, &err), &err); /* there is a key */
    gateway_stop(other);
    gateway_free(other);
    options.plain_anywhere = false; /* no certificate here: TLS cannot be */
    assert_false(gateway_open(&options, &other, &err));
    assert_non_null(strstr(err.text, "without TLS"));
    world->center.gateway = link;
}

static void no_key_no_listening(void **state)
{
    char folder[] = "/tmp/roost-gateway-XXXXXX";
    struct center center = { .store = NULL };
    struct gateway_options options = { .center = &center, .listen = "0.0.0.0:0", .plain_anywhere = true };
    struct gateway *gateway = NULL;
    struct error err = ERROR_INIT;

    (void)state;
    assert_non_null(mkdtemp(folder));
    must(store_open(path_join(world->arena, folder, "store"), &center.store, &err), &err);
    assert_false(gateway_open(&options, &gateway, &err));
    assert_non_null(strstr(err.text, "there is no key yet"));
    store_close(center.store);
    nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(answers, setup, teardown),
        cmocka_unit_test_setup_teardown(streams, setup, teardown),
        cmocka_unit_test_setup_teardown(engines_fail, setup, teardown),
        cmocka_unit_test_setup_teardown(other_engine, setup_two, teardown),
        cmocka_unit_test_setup_teardown(unserved, setup, teardown),
        cmocka_unit_test_setup_teardown(queues, setup_tight, teardown),
        cmocka_unit_test_setup_teardown(queue_is_full, setup, teardown),
        cmocka_unit_test_setup_teardown(a_full_queue_tells_how_long, setup_pair, teardown),
        cmocka_unit_test_setup_teardown(who_waits_in_vain_is_told_how_long, setup_hasty_pair, teardown),
        cmocka_unit_test_setup_teardown(keys_take_turns, setup, teardown),
        cmocka_unit_test_setup_teardown(turns_are_remembered, setup, teardown),
        cmocka_unit_test_setup_teardown(clients_leave, setup, teardown),
        cmocka_unit_test_setup_teardown(keys, setup, teardown),
        cmocka_unit_test_setup_teardown(revoked_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(usage_is_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(each_key_has_its_own_books, setup, teardown),
        cmocka_unit_test_setup_teardown(what_was_not_stored_is_stored_later, setup, teardown),
        cmocka_unit_test_setup_teardown(tokens_at_once, setup_many, teardown),
        cmocka_unit_test_setup_teardown(prompts_of_those_who_leave, setup, teardown),
        cmocka_unit_test_setup_teardown(hostile, setup, teardown),
        cmocka_unit_test_setup_teardown(goes_down, setup, teardown),
        cmocka_unit_test_setup_teardown(beyond_loopback, setup, teardown),
        cmocka_unit_test_setup_teardown(no_key_no_listening, setup, teardown),
        cmocka_unit_test_setup_teardown(many_streams, setup_wide, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

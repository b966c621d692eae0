/* SPDX-License-Identifier: Apache-2.0 */
/* The playground's form against a gateway with a stand-in for an engine: an answer, what the gateway says, what is wrong with a form. */
#include "controller/gateway/playground.h"

#include <fcntl.h>
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
#include "common/http/http.h"
#include "common/trust/api_token.h"
#include "controller/api/page.h"
#include "controller/gateway/gateway.h"
#include "controller/store/store_api_token.h"
#include "controller/store/store_workload.h"
#include "engine_stand_in.h"

struct world {
    struct arena *arena;
    char folder[64];
    struct center center;
    struct gateway *gateway;
    struct stand_in engine;
    const char *operator_token, *viewer_token;
};

static void must(bool ok, const struct error *err)
{
    if (!ok)
        fail_msg("%s", err->text);
}

static void route(void *data, struct arena *arena, const char *model, struct launcher_route *out)
{
    struct world *world = data;

    *out = (struct launcher_route){ .state = LAUNCHER_UNKNOWN, .nearest = "chat" };
    if (strcmp(model, "chat") != 0)
        return;
    *out = (struct launcher_route){ .state = LAUNCHER_SERVES,
                                    .backends = arena_new_array(arena, struct launcher_backend, 1),
                                    .count = 1 };
    out->backends[0] = (struct launcher_backend){ .instance_id = 1,
                                                  .address = "127.0.0.1",
                                                  .port = world->engine.port,
                                                  .key = "engine-key",
                                                  .model = STAND_IN_MODEL,
                                                  .slots = 2 };
}

static void models(void *data, struct arena *arena, struct launcher_model **out, size_t *count_out)
{
    (void)data, (void)arena;
    *out = NULL;
    *count_out = 0;
}

static void suspect(void *data, int64_t instance_id)
{
    (void)data, (void)instance_id;
}

static bool token_put(struct store_connection *writer, void *data, struct error *err)
{
    bool taken = false;

    return store_api_token_add(writer, data, &taken, err);
}

static bool workload_put(struct store_connection *writer, void *data, struct error *err)
{
    const struct store_workload chat = { .name = "chat",
                                         .declaration = "{\"kind\":\"inference\"}",
                                         .is_wanted = true,
                                         .changed_us = 1,
                                         .changed_by = "test" };
    int64_t id = 0;

    (void)data;
    return store_workload_put(writer, &chat, true, &id, err);
}

static const char *token_make(struct world *world, const char *role)
{
    struct error err = ERROR_INIT;
    struct api_token token;
    char hash[SECRET_HASH_LENGTH + 1];
    struct store_api_token row = { .name = role, .role = role, .created_by = "test", .created_us = clock_wall_us() };

    must(api_token_make(world->arena, &token, &err), &err);
    row.id = token.id;
    row.hash = secret_hash(token.secret, hash);
    must(store_write_wait(world->center.store, token_put, &row, &err), &err);
    return secret_reveal(api_token_text(world->arena, &token));
}

static int setup(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    struct center *center = &world->center;
    const struct gateway_options gateway = { .center = center,
                                             .source = { world, route, models, suspect, NULL },
                                             .listen = "127.0.0.1:0" };
    struct api_server_options options = { .listen = "127.0.0.1:0",
                                          .context = center,
                                          .authenticator = { .identify = center_identify, .data = center } };
    const struct api_resource **resources;
    struct error err = ERROR_INIT;

    world->arena = arena_new();
    snprintf(world->folder, sizeof(world->folder), "/tmp/roost-play-XXXXXX");
    assert_non_null(mkdtemp(world->folder));
    must(store_open(path_join(world->arena, world->folder, "store"), &center->store, &err), &err);
    must(store_reader_open(center->store, &center->reader, &err), &err);
    world->operator_token = token_make(world, "operator");
    world->viewer_token = token_make(world, "viewer");
    must(store_write_wait(center->store, workload_put, NULL, &err), &err);
    stand_in_start(&world->engine, 0, "engine-key");
    must(gateway_open(&gateway, &world->gateway, &err), &err);
    center->gateway = gateway_link(world->gateway);
    resources = arena_new_array(world->arena, const struct api_resource *, api_resource_table_count + 1);
    memcpy(resources, api_resource_table, api_resource_table_count * sizeof(*resources));
    resources[api_resource_table_count] = &api_resource_gateway_playground;
    options.table = (struct api_table){ resources, api_resource_table_count + 1 };
    must(api_server_start(&options, &center->server, &err), &err);
    *state = world;
    return 0;
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info, (void)kind, (void)walk;
    return remove(path);
}

static int teardown(void **state)
{
    struct world *world = *state;

    gateway_stop(world->gateway);
    api_server_stop(world->center.server);
    gateway_free(world->gateway);
    stand_in_stop(&world->engine);
    store_reader_close(world->center.reader);
    store_close(world->center.store);
    nftw(world->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    arena_free(world->arena);
    free(world);
    return 0;
}

static const char *post(struct world *world, const char *token, const char *form, int status)
{
    const char *host = arena_printf(world->arena, "127.0.0.1:%d", api_server_port(world->center.server));
    const struct http_header headers[] = {
        { "Cookie", arena_printf(world->arena, PAGE_SESSION_COOKIE "=%s", token) },
        { "Content-Type", "application/x-www-form-urlencoded" },
        { "Origin", arena_printf(world->arena, "https://%s", host) },
    };
    const struct http_request request = { .url = arena_printf(world->arena, "http://%s/playground", host),
                                          .headers = headers,
                                          .header_count = 3,
                                          .body = form,
                                          .body_length = strlen(form),
                                          .no_proxy = true };
    struct http_response response;
    struct error err = ERROR_INIT;
    char *text = NULL;

    must(http_fetch(world->arena, &request, &response, &text, &err), &err);
    if (response.status != status)
        fail_msg("%s: %d, not %d: %s", form, response.status, status, text);
    assert_non_null(strstr(text, "<h1")); /* always a page */
    return text;
}

static void has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("'%s' is not in: %s", part, text);
}

static void test_answer(void **state)
{
    struct world *world = *state;
    const char *text = post(world, world->operator_token, "model=chat&prompt=Say+%3Cb%3Ehi&max_tokens=4", 200);

    has(text, "Say &lt;b&gt;hi</textarea>");
    has(text, "id=\"answer-text\"");
    assert_null(
        strstr(text, "id=\"answer-text\" tabindex=\"0\" role=\"group\" aria-label=\"Text of the answer\" hidden"));
    has(text, " tokens in, ");
}

static void test_what_the_gateway_says(void **state)
{
    struct world *world = *state;

    has(post(world, world->operator_token, "model=chut&prompt=x&max_tokens=4", 404), "chat");
}

static void test_forms_that_are_wrong(void **state)
{
    struct world *world = *state;

    has(post(world, world->operator_token, "", 400), "choose a model");
    has(post(world, world->operator_token, "model=chat&max_tokens=4", 400), "write what it is to answer");
    has(post(world, world->operator_token, "model=chat&prompt=x&max_tokens=0", 400), "1 to 4096");
    has(post(world, world->operator_token, "model=chat&prompt=x&max_tokens=99999", 400), "1 to 4096");
    has(post(world, world->operator_token, "model=%zz", 400), "hexadecimal");
    post(world, world->viewer_token, "model=chat&prompt=x&max_tokens=4", 403);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = { TEST(test_answer), TEST(test_what_the_gateway_says),
                                        TEST(test_forms_that_are_wrong) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Keys in memory: who they are, what they may, how often; with a clock of the test's own. */
#include "controller/gateway/client_keys.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/trust/api_token.h"

#define SECOND INT64_C(1000000)

struct world {
    struct arena *arena;
    char parent[64], folder[80];
    struct store *store;
    struct store_connection *reader;
    struct client_keys *keys;
};

static int setup(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    struct error err = ERROR_INIT;

    world->arena = arena_new();
    snprintf(world->parent, sizeof(world->parent), "/tmp/roost-keys-XXXXXX");
    assert_non_null(mkdtemp(world->parent));
    snprintf(world->folder, sizeof(world->folder), "%s/store", world->parent);
    assert_true(store_open(world->folder, &world->store, &err));
    assert_true(store_reader_open(world->store, &world->reader, &err));
    assert_true(client_keys_open(world->reader, &world->keys, &err));
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

    client_keys_free(world->keys);
    store_reader_close(world->reader);
    store_close(world->store);
    nftw(world->parent, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    arena_free(world->arena);
    free(world);
    return 0;
}

static const char *put(struct world *world, struct store_gateway_key *row)
{
    struct api_token token;
    struct error err = ERROR_INIT;
    char *hash = arena_alloc(world->arena, SECRET_HASH_LENGTH + 1);

    assert_true(api_token_make(world->arena, &token, &err));
    row->id = arena_copy(world->arena, token.id);
    row->hash = secret_hash(token.secret, hash);
    client_keys_put(world->keys, row);
    return secret_reveal(api_token_text(world->arena, &token));
}

static enum client_admission admit(struct world *world, const struct store_gateway_key *key, int64_t now_us,
                                   struct client_ticket *out)
{
    const struct client_wish wish = { .model = "chat", .answers = 1, .answer_tokens = 1 };

    return client_keys_admit(world->keys, key->id, &wish, now_us, out);
}

static void who(void **state)
{
    struct world *world = *state;
    struct store_gateway_key kim = { .name = "kim", .models = "[\"chat\"]" },
                             lee = { .name = "lee", .expires_us = 50 * SECOND }, odd = { .name = "odd", .models = "[" };
    const char *first = put(world, &kim), *second = put(world, &lee);
    struct client_who found = { .id = NULL };

    (void)put(world, &odd);
    assert_true(client_keys_any(world->keys, 0));
    assert_int_equal(client_keys_find(world->keys, world->arena, first, 0, &found), CLIENT_KNOWN);
    assert_string_equal(found.name, "kim");
    assert_int_equal(client_keys_find(world->keys, world->arena, NULL, 0, &found), CLIENT_UNKNOWN);
    assert_int_equal(client_keys_find(world->keys, world->arena, "roost_", 0, &found), CLIENT_UNKNOWN);
    assert_int_equal(client_keys_find(world->keys, world->arena,
                                      arena_printf(world->arena, "roost_%s_%s", kim.id, second + 6 + 16 + 1), 0,
                                      &found),
                     CLIENT_UNKNOWN); /* another's secret */
    assert_int_equal(client_keys_find(world->keys, world->arena, second, 49 * SECOND, &found), CLIENT_KNOWN);
    assert_int_equal(client_keys_find(world->keys, world->arena, second, 50 * SECOND, &found), CLIENT_EXPIRED);
    assert_true(client_keys_may_use(world->keys, kim.id, "chat"));
    assert_false(client_keys_may_use(world->keys, kim.id, "other"));
    assert_true(client_keys_may_use(world->keys, lee.id, "other"));
    assert_false(client_keys_may_use(world->keys, odd.id, "chat")); /* a list that cannot be read allows nothing */
    kim.revoked_us = 1;
    client_keys_put(world->keys, &kim);
    assert_int_equal(client_keys_find(world->keys, world->arena, first, 0, &found), CLIENT_REVOKED);
    assert_false(client_keys_good(world->keys, kim.id, 0));
    assert_int_equal(admit(world, &kim, 0, NULL), CLIENT_REVOKED_NOW);
}

static void requests_a_minute(void **state)
{
    struct world *world = *state;
    struct store_gateway_key key = { .name = "kim", .requests_per_minute = 6 };
    struct client_ticket ticket;
    int64_t now_us = 1000 * SECOND;

    (void)put(world, &key);
    for (int i = 0; i < 6; i++)
        assert_int_equal(admit(world, &key, now_us, &ticket), CLIENT_ADMITTED);
    assert_int_equal(admit(world, &key, now_us, &ticket), CLIENT_REQUESTS);
    assert_int_equal(ticket.limit, 6);
    assert_in_range(ticket.retry_s, 10, 11);
    assert_int_equal(admit(world, &key, now_us + 9 * SECOND, &ticket), CLIENT_REQUESTS);
    assert_int_equal(admit(world, &key, now_us - 900 * SECOND, &ticket), CLIENT_REQUESTS);
    assert_int_equal(admit(world, &key, now_us - 889 * SECOND, &ticket), CLIENT_ADMITTED);
    for (int i = 0; i < 6; i++) /* a day away: no more than a minute's worth */
        assert_int_equal(admit(world, &key, now_us + 86400 * SECOND, &ticket), CLIENT_ADMITTED);
    assert_int_equal(admit(world, &key, now_us + 86400 * SECOND, &ticket), CLIENT_REQUESTS);
}

static void tokens_a_minute(void **state)
{
    struct world *world = *state;
    struct store_gateway_key key = { .name = "kim", .tokens_per_minute = 60 };
    struct client_ticket ticket;
    int64_t now_us = 1000 * SECOND;

    (void)put(world, &key);
    assert_int_equal(admit(world, &key, now_us, &ticket), CLIENT_ADMITTED);
    assert_int_equal(ticket.reserved, 1);
    client_keys_charge(world->keys, key.id, ticket.reserved, 90, now_us); /* overdrawn by 30 */
    assert_int_equal(admit(world, &key, now_us + 29 * SECOND, &ticket), CLIENT_TOKENS);
    assert_int_equal(ticket.limit, 60);
    assert_in_range(ticket.retry_s, 2, 3);
    assert_int_equal(admit(world, &key, now_us + 31 * SECOND, &ticket), CLIENT_ADMITTED);
    client_keys_charge(world->keys, "nobody", 0, 5, now_us);
}

static int admitted_of(struct world *world, const struct store_gateway_key *key, const struct client_wish *wish,
                       int64_t now_us)
{
    struct client_ticket ticket;
    int count = 0;

    while (count < 1000 && client_keys_admit(world->keys, key->id, wish, now_us, &ticket) == CLIENT_ADMITTED)
        count++;
    return count;
}

/* Of many at once none overdraws what the others have been let in for. */
static void tokens_reserved(void **state)
{
    struct world *world = *state;
    struct store_gateway_key key = { .name = "kim", .tokens_per_minute = 1000 }, wide = { .name = "wide" },
                             other = { .name = "lee", .tokens_per_minute = 1000 };
    const struct client_wish bounded = { .model = "m", .prompt_tokens = 20, .answers = 2, .answer_tokens = 40 },
                             open = { .model = "m", .prompt_tokens = 20, .answers = 1 },
                             huge = { .model = "m", .prompt_tokens = 20, .answers = 1, .answer_tokens = 5000 },
                             vector = { .model = "m", .prompt_tokens = 500 };
    struct client_ticket ticket;
    int64_t now_us = 1000 * SECOND;

    (void)put(world, &key);
    (void)put(world, &wide);
    (void)put(world, &other);
    assert_int_equal(admitted_of(world, &key, &bounded, now_us), 10); /* of 100 tokens each */
    for (int i = 0; i < 10; i++)
        client_keys_charge(world->keys, key.id, 100, 30, now_us); /* 70 are given back */
    assert_int_equal(admitted_of(world, &key, &bounded, now_us), 7);
    assert_int_equal(admitted_of(world, &other, &open, now_us), 8); /* 20 and a tenth of the minute */
    for (int i = 0; i < 8; i++)
        client_keys_charge(world->keys, other.id, 120, 0, now_us);
    assert_int_equal(admitted_of(world, &other, &vector, now_us), 2);
    for (int i = 0; i < 2; i++)
        client_keys_charge(world->keys, other.id, 500, 500, now_us);
    /* more than a minute has: with a full bucket, and alone */
    assert_int_equal(client_keys_admit(world->keys, other.id, &huge, now_us + 59 * SECOND, &ticket), CLIENT_TOKENS);
    assert_int_equal(client_keys_admit(world->keys, other.id, &huge, now_us + 61 * SECOND, &ticket), CLIENT_ADMITTED);
    assert_int_equal(ticket.reserved, 5020);
    assert_int_equal(client_keys_admit(world->keys, other.id, &vector, now_us + 61 * SECOND, &ticket), CLIENT_TOKENS);
    client_keys_charge(world->keys, other.id, 5020, 10, now_us + 61 * SECOND);
    assert_int_equal(client_keys_admit(world->keys, other.id, &vector, now_us + 61 * SECOND, &ticket), CLIENT_ADMITTED);
    assert_int_equal(admitted_of(world, &wide, &huge, now_us), 1000); /* no limit: nothing is reserved */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(who, setup, teardown),
        cmocka_unit_test_setup_teardown(requests_a_minute, setup, teardown),
        cmocka_unit_test_setup_teardown(tokens_a_minute, setup, teardown),
        cmocka_unit_test_setup_teardown(tokens_reserved, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

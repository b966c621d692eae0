/* SPDX-License-Identifier: Apache-2.0 */
/* A controller's folder with an authority, a viewer's token and nodes: made by the controller's own libraries, as joins would. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/base/path.h"
#include "common/trust/api_token.h"
#include "controller/authority/authority.h"
#include "controller/store/store_api_token.h"
#include "controller/store/store_node.h"
#include "controller/store/store_writer.h"
#include "tests/bench/fleet/fleet.h"

#define BLOCK 1000 /* nodes of one work of the writer */

struct seeding {
    struct seed *seed;
    struct authority *authority;
    struct private_key **keys;
    struct store_api_token token;
    size_t from;
    int64_t now_us;
};

static bool nodes_run(struct store_connection *writer, void *data, struct error *err)
{
    struct seeding *seeding = data;
    size_t end = seeding->from + BLOCK < seeding->seed->nodes ? seeding->from + BLOCK : seeding->seed->nodes;

    for (size_t i = seeding->from; i < end; i++) {
        char name[24], fingerprint[PUBLIC_KEY_FINGERPRINT + 1];
        struct store_enrollment enrollment = { .name = name,
                                               .fingerprint = fingerprint,
                                               .expires_us = seeding->now_us + AUTHORITY_NODE_LIFE_S * (int64_t)1000000,
                                               .now_us = seeding->now_us };
        enum store_enroll outcome;
        int64_t id = 0, generation = 0;

        snprintf(name, sizeof(name), "ai-%05zu", i);
        snprintf(fingerprint, sizeof(fingerprint), "%064zx", i);
        if (i < seeding->seed->agents)
            enrollment.fingerprint = private_key_public(seeding->keys[i])->fingerprint;
        if (!store_node_enroll(writer, &enrollment, &outcome, &id, &generation, err) ||
            !store_node_verdict_set(writer, id, i % 50 == 0 ? "drift" : "ok", "nothing differs from what is declared",
                                    seeding->now_us, err))
            return false;
    }
    return true;
}

static bool token_run(struct store_connection *writer, void *data, struct error *err)
{
    struct seeding *seeding = data;
    bool taken = false;

    return store_api_token_add(writer, &seeding->token, &taken, err);
}

static bool token_seed(struct seeding *seeding, struct store *store, struct arena *arena, struct error *err)
{
    struct api_token token;
    char hash[SECRET_HASH_LENGTH + 1];

    if (!api_token_make(arena, &token, err))
        return false;
    seeding->token = (struct store_api_token){ .id = token.id,
                                               .hash = secret_hash(token.secret, hash),
                                               .name = "bench",
                                               .role = "viewer",
                                               .created_by = "bench",
                                               .created_us = seeding->now_us };
    snprintf(seeding->seed->viewer, sizeof(seeding->seed->viewer), "%s", secret_reveal(api_token_text(arena, &token)));
    return store_write_wait(store, token_run, seeding, err);
}

/* Keys and certificates of those that will talk. */
static bool agents_make(struct seeding *seeding, struct arena *arena, struct error *err)
{
    struct seed *seed = seeding->seed;

    seed->made = calloc(seed->agents, sizeof(*seed->made));
    seeding->keys = calloc(seed->agents, sizeof(struct private_key *));
    if (seed->made == NULL || seeding->keys == NULL)
        return error_set(err, "no memory");
    for (size_t i = 0; i < seed->agents; i++) {
        struct seed_node *node = &seed->made[i];
        struct authority_wish wish = { .node = { node->name, 1 }, .now_us = seeding->now_us };
        char *certificate = NULL;

        snprintf(node->name, sizeof(node->name), "ai-%05zu", i);
        if (!private_key_generate(KEY_ECDSA_P256, &seeding->keys[i], err))
            return false;
        wish.key = private_key_public(seeding->keys[i]);
        if (!authority_certify(seeding->authority, arena, &wish, &certificate, err))
            return false;
        node->certificate = strdup(certificate);
        node->key = strdup(private_key_pem(arena, seeding->keys[i]));
    }
    return true;
}

static bool nodes_seed(struct seeding *seeding, struct store *store, struct error *err)
{
    for (seeding->from = 0; seeding->from < seeding->seed->nodes; seeding->from += BLOCK) {
        if (!store_write_wait(store, nodes_run, seeding, err))
            return false;
    }
    return true;
}

bool seed_make(struct seed *seed, struct error *err)
{
    static const char *const names[] = { "127.0.0.1", "localhost", NULL };
    struct arena *arena = arena_new();
    struct seeding seeding = { .seed = seed, .now_us = clock_wall_us() };
    struct store *store = NULL;
    bool ok = (mkdir(seed->state, 0700) == 0 || error_set_errno(err, "cannot make %s", seed->state)) &&
              authority_open(path_join(arena, seed->state, "trust"), names, seeding.now_us, &seeding.authority, err) &&
              store_open(path_join(arena, seed->state, "store"), &store, err) && agents_make(&seeding, arena, err) &&
              nodes_seed(&seeding, store, err) && token_seed(&seeding, store, arena, err);

    store_close(store);
    authority_close(seeding.authority);
    for (size_t i = 0; seeding.keys != NULL && i < seed->agents; i++)
        private_key_free(seeding.keys[i]);
    free(seeding.keys);
    arena_free_secret(arena);
    return ok;
}

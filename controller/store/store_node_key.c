/* SPDX-License-Identifier: Apache-2.0 */
/* Whose key is whose: enrolling, renewing, finding. */
#include <string.h>

#include "controller/store/query.h"
#include "controller/store/store_node.h"

#define KEY_COLUMNS                                                                                                    \
    "fingerprint, node_key.node_id, node.name, node_key.generation, node_key.created_us, expires_us, revoked_us,"      \
    " node.state, node.generation, node.lost_us"

static void key_read(const struct query *query, struct arena *arena, struct store_node_key *out)
{
    *out = (struct store_node_key){
        .fingerprint = query_text(query, arena, 0),
        .node_id = query_int(query, 1),
        .node = query_text(query, arena, 2),
        .generation = query_int(query, 3),
        .created_us = query_int(query, 4),
        .expires_us = query_int(query, 5),
        .revoked_us = query_int(query, 6),
        .node_state = (enum store_node_state)query_int(query, 7),
        .node_generation = query_int(query, 8),
        .node_lost_us = query_int(query, 9),
    };
}

bool store_node_key_find(struct store_connection *connection, struct arena *arena, const char *fingerprint,
                         struct store_node_key **out, struct error *err)
{
    struct query query;
    struct store_node_key *key = NULL;

    query_start(&query, connection,
                "SELECT " KEY_COLUMNS " FROM node_key JOIN node ON node.id = node_id WHERE fingerprint = ?1",
                BINDS(bind_text(fingerprint)));
    if (query_next(&query)) {
        key = arena_new_of(arena, struct store_node_key);
        key_read(&query, arena, key);
    }
    if (!query_end(&query, err))
        return false;
    *out = key;
    return true;
}

bool store_node_keys(struct store_connection *connection, struct arena *arena, int64_t node_id,
                     struct store_node_key **out, size_t *count_out, struct error *err)
{
    struct query query;
    struct store_node_key *keys = arena_new_array(arena, struct store_node_key, STORE_PAGE_DEFAULT);
    size_t count = 0;

    query_start(&query, connection,
                "SELECT " KEY_COLUMNS " FROM node_key JOIN node ON node.id = node_id WHERE node_id = ?1"
                " ORDER BY node_key.generation DESC, node_key.created_us DESC LIMIT ?2",
                BINDS(bind_int(node_id), bind_int(STORE_PAGE_DEFAULT)));
    while (query_next(&query))
        key_read(&query, arena, &keys[count++]);
    if (!query_end(&query, err))
        return false;
    *out = keys;
    *count_out = count;
    return true;
}

static bool key_add(struct store_connection *writer, int64_t node_id, int64_t generation,
                    const struct store_enrollment *enrollment, struct error *err)
{
    return query_run(writer,
                     "INSERT INTO node_key (fingerprint, node_id, generation, created_us, expires_us)"
                     " VALUES (?1, ?2, ?3, ?4, ?5)",
                     BINDS(bind_text(enrollment->fingerprint), bind_int(node_id), bind_int(generation),
                           bind_int(enrollment->now_us), bind_int(enrollment->expires_us)),
                     err);
}

bool store_is_in_use(struct store_connection *connection, bool *out, struct error *err)
{
    int64_t one = 0;

    return query_number(connection, "SELECT 1 FROM node_key UNION ALL SELECT 1 FROM api_token LIMIT 1", NULL, &one, out,
                        err);
}

/* --- enrolling --- */

/* What the key is already: true in *decided_out when that decides. */
static bool key_look(struct store_connection *writer, const struct store_enrollment *enrollment,
                     enum store_enroll *outcome, struct store_node_key *found, struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    struct store_node_key *key = NULL;

    *found = (struct store_node_key){ 0 };
    *outcome = STORE_ENROLLED;
    if (!store_node_key_find(writer, arena, enrollment->fingerprint, &key, err))
        return false;
    if (key == NULL)
        return true;
    if (strcmp(key->node, enrollment->name) != 0)
        *outcome = STORE_ENROLL_KEY_TAKEN;
    else if (key->revoked_us != 0 || key->node_state != STORE_NODE_ACTIVE)
        *outcome = STORE_ENROLL_KEY_REVOKED;
    else
        *outcome = key->generation == key->node_generation ? STORE_ENROLL_KNOWN : STORE_ENROLL_KEY_TAKEN;
    if (*outcome == STORE_ENROLL_KNOWN)
        *found = (struct store_node_key){ .node_id = key->node_id, .generation = key->generation };
    return true;
}

/* The name with its next generation; the keys, the count of reports and the work of the one before go. */
static bool generation_begin(struct store_connection *writer, const struct store_enrollment *enrollment,
                             int64_t *id_out, int64_t *generation_out, struct error *err)
{
    bool found = false;

    return query_run(
               writer,
               "INSERT INTO node (name, state, generation, created_us, key, seen_us) VALUES (?1, 2, 1, ?2, ?3, ?2)"
               " ON CONFLICT (name) DO UPDATE SET state = 2, generation = generation + 1, reported = 0,"
               " key = excluded.key, verdict = NULL, reason = NULL, verdict_us = 0, boot_id = NULL, lost_us = 0,"
               " seen_us = max(seen_us, excluded.seen_us)",
               BINDS(bind_text(enrollment->name), bind_int(enrollment->now_us), bind_text(enrollment->fingerprint)),
               err) &&
           query_number(writer, "SELECT id FROM node WHERE name = ?1", BINDS(bind_text(enrollment->name)), id_out,
                        &found, err) &&
           query_number(writer, "SELECT generation FROM node WHERE id = ?1", BINDS(bind_int(*id_out)), generation_out,
                        &found, err) &&
           query_run(writer, "UPDATE node_key SET revoked_us = ?2 WHERE node_id = ?1 AND revoked_us = 0",
                     BINDS(bind_int(*id_out), bind_int(enrollment->now_us)), err) &&
           query_run(writer, "DELETE FROM node_work WHERE node_id = ?1", BINDS(bind_int(*id_out)), err) &&
           store_node_things_end(writer, *id_out, enrollment->now_us, err);
}

bool store_node_enroll(struct store_connection *writer, const struct store_enrollment *enrollment,
                       enum store_enroll *outcome, int64_t *id_out, int64_t *generation_out, struct error *err)
{
    struct store_node_key known;

    if (!key_look(writer, enrollment, outcome, &known, err))
        return false;
    *id_out = known.node_id;
    *generation_out = known.generation;
    if (*outcome != STORE_ENROLLED)
        return true;
    return generation_begin(writer, enrollment, id_out, generation_out, err) &&
           key_add(writer, *id_out, *generation_out, enrollment, err);
}

/* --- renewing --- */

bool store_node_key_renew(struct store_connection *writer, int64_t node_id, const struct store_enrollment *enrollment,
                          struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    struct store_node_key *key = NULL;
    struct store_node *node = NULL;

    if (!store_node_key_find(writer, arena, enrollment->fingerprint, &key, err) ||
        !store_node_by_id(writer, arena, node_id, &node, err))
        return false;
    if (node == NULL || node->state != STORE_NODE_ACTIVE)
        return error_set(err, "node %lld is not active", (long long)node_id);
    if (key != NULL && (key->node_id != node_id || key->generation != node->generation || key->revoked_us != 0))
        return error_set(err, "the key belongs to another node or generation, or was revoked");
    if (key != NULL)
        return query_run(writer, "UPDATE node_key SET expires_us = ?2 WHERE fingerprint = ?1",
                         BINDS(bind_text(enrollment->fingerprint), bind_int(enrollment->expires_us)), err);
    return key_add(writer, node_id, node->generation, enrollment, err) &&
           query_run(writer, "UPDATE node SET key = ?2 WHERE id = ?1",
                     BINDS(bind_int(node_id), bind_text(enrollment->fingerprint)), err);
}

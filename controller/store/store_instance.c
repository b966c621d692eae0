/* SPDX-License-Identifier: Apache-2.0 */
/* Instances: one row for each replica, with its state. */
#include "controller/store/store_instance.h"

#include "controller/store/query.h"

bool store_instance_add(struct store_connection *writer, const struct store_instance *instance, int64_t *id_out,
                        struct error *err)
{
    bool found = false;

    return query_number(writer,
                        "INSERT INTO instance (workload_id, replica, version, state, sentence, since_us, attempt)"
                        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, max(?7, coalesce((SELECT max(attempt) FROM piece WHERE"
                        " name GLOB (SELECT name FROM workload WHERE id = ?1) || '.' || ?2 || '.*'), 0)))"
                        " RETURNING id",
                        BINDS(bind_int(instance->workload_id), bind_int(instance->replica), bind_int(instance->version),
                              bind_text(instance->state), bind_text(instance->sentence), bind_int(instance->since_us),
                              bind_int(instance->attempt)),
                        id_out, &found, err);
}

bool store_instance_set(struct store_connection *writer, const struct store_instance *instance, bool *set_out,
                        struct error *err)
{
    int64_t changed = 0;

    if (!query_change(writer,
                      "UPDATE instance SET version = ?2, attempt = ?3, failures = ?4, state = ?5, sentence = ?6,"
                      " since_us = ?7, plan = ?8, key = ?9, next_us = ?10, began_us = ?11, served_us = ?12,"
                      " probe_ms = ?13, load_s = ?14, log = ?15, result = ?16 WHERE id = ?1 AND touched = ?17",
                      BINDS(bind_int(instance->id), bind_int(instance->version), bind_int(instance->attempt),
                            bind_int(instance->failures), bind_text(instance->state), bind_text(instance->sentence),
                            bind_int(instance->since_us), bind_text(instance->plan), bind_text(instance->key),
                            bind_int(instance->next_us), bind_int(instance->began_us), bind_int(instance->served_us),
                            bind_real(instance->probe_ms), bind_real(instance->load_s), bind_text(instance->log),
                            bind_text(instance->result), bind_int(instance->touched)),
                      &changed, err))
        return false;
    *set_out = changed > 0;
    return true;
}

static bool replica_set(struct store_connection *writer, int64_t id, int64_t replica, struct error *err)
{
    return query_run(writer, "UPDATE instance SET replica = ?2 WHERE id = ?1", BINDS(bind_int(id), bind_int(replica)),
                     err);
}

bool store_instance_succeed(struct store_connection *writer, const struct store_succession *succession,
                            struct error *err)
{
    return replica_set(writer, succession->old_id, -1, err) &&
           replica_set(writer, succession->new_id, succession->replica, err) &&
           replica_set(writer, succession->old_id, succession->replica + STORE_INSTANCE_BESIDE, err) &&
           query_run(writer, "UPDATE instance SET retires_us = ?2 WHERE id = ?1",
                     BINDS(bind_int(succession->old_id), bind_int(succession->now_us)), err);
}

bool store_instance_remove(struct store_connection *writer, int64_t id, struct error *err)
{
    return query_run(writer, "DELETE FROM instance WHERE id = ?1", BINDS(bind_int(id)), err);
}

#define INSTANCE_COLUMNS                                                                                               \
    "SELECT instance.id, workload_id, workload.name, replica, instance.version, attempt, failures, state, sentence,"   \
    " since_us, plan, key, next_us, began_us, served_us, probe_ms, load_s, log, result, touched,"                      \
    " retires_us FROM instance JOIN workload ON workload.id = workload_id"

static void instance_read(const struct query *query, struct arena *arena, struct store_instance *out)
{
    *out = (struct store_instance){
        .id = query_int(query, 0),
        .workload_id = query_int(query, 1),
        .workload = query_text(query, arena, 2),
        .replica = query_int(query, 3),
        .version = query_int(query, 4),
        .attempt = query_int(query, 5),
        .failures = query_int(query, 6),
        .state = query_text(query, arena, 7),
        .sentence = query_text(query, arena, 8),
        .since_us = query_int(query, 9),
        .plan = query_text(query, arena, 10),
        .key = query_text(query, arena, 11),
        .next_us = query_int(query, 12),
        .began_us = query_int(query, 13),
        .served_us = query_int(query, 14),
        .probe_ms = query_real(query, 15),
        .load_s = query_real(query, 16),
        .log = query_text(query, arena, 17),
        .result = query_text(query, arena, 18),
        .touched = query_int(query, 19),
        .retires_us = query_int(query, 20),
    };
}

bool store_instance_list(struct store_connection *connection, struct arena *arena, int64_t workload_id,
                         struct store_instance **out, size_t *count_out, struct error *err)
{
    struct query query;
    struct store_instance *list = NULL;
    size_t count = 0;

    query_start(&query, connection,
                INSTANCE_COLUMNS " WHERE ?1 = 0 OR workload_id = ?1 ORDER BY workload.name, replica",
                BINDS(bind_int(workload_id)));
    while (query_next(&query)) {
        list = arena_grow(arena, list, count * sizeof(*list), (count + 1) * sizeof(*list));
        instance_read(&query, arena, &list[count++]);
    }
    if (!query_end(&query, err))
        return false;
    *out = list;
    *count_out = count;
    return true;
}

bool store_instance_get(struct store_connection *connection, struct arena *arena, int64_t id,
                        struct store_instance **out, struct error *err)
{
    struct query query;
    struct store_instance *instance = NULL;

    query_start(&query, connection, INSTANCE_COLUMNS " WHERE instance.id = ?1", BINDS(bind_int(id)));
    if (query_next(&query)) {
        instance = arena_new_of(arena, struct store_instance);
        instance_read(&query, arena, instance);
    }
    if (!query_end(&query, err))
        return false;
    *out = instance;
    return true;
}

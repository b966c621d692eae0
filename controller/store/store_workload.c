/* SPDX-License-Identifier: Apache-2.0 */
/* Workloads as declared. */
#include "controller/store/store_workload.h"

#include "controller/store/query.h"

bool store_workload_put(struct store_connection *writer, const struct store_workload *workload, bool anew,
                        int64_t *id_out, struct error *err)
{
    bool found = false;

    return query_number(writer,
                        "INSERT INTO workload (name, declaration, wanted, version, revision, created_us, changed_us,"
                        " changed_by) VALUES (?1, ?2, ?3, 1, 1, ?4, ?4, ?5)"
                        " ON CONFLICT (name) DO UPDATE SET declaration = ?2, wanted = ?3, version = version + ?6,"
                        " revision = revision + 1, changed_us = ?4, changed_by = ?5 RETURNING id",
                        BINDS(bind_text(workload->name), bind_text(workload->declaration),
                              bind_text(workload->is_wanted ? "run" : "stop"), bind_int(workload->changed_us),
                              bind_text(workload->changed_by), bind_int(anew ? 1 : 0)),
                        id_out, &found, err);
}

/* What had failed, or was done, is tried again at once. */
static bool instances_wake(struct store_connection *writer, const struct store_workload_wish *wish, struct error *err)
{
    return !wish->is_wanted ||
           query_run(writer,
                     "UPDATE instance SET failures = 0, next_us = 0, state = 'pending', sentence = 'it is to start',"
                     " since_us = ?2, touched = touched + 1 WHERE state IN ('failed', 'stopped', 'done', 'pending')"
                     " AND workload_id = (SELECT id FROM workload WHERE name = ?1)",
                     BINDS(bind_text(wish->name), bind_int(wish->now_us)), err);
}

bool store_workload_want(struct store_connection *writer, const struct store_workload_wish *wish, bool *found_out,
                         struct error *err)
{
    int64_t changed = 0;

    if (!query_change(writer,
                      "UPDATE workload SET wanted = ?2, version = version + ?3, changed_us = ?4, changed_by = ?5"
                      " WHERE name = ?1",
                      BINDS(bind_text(wish->name), bind_text(wish->is_wanted ? "run" : "stop"),
                            bind_int(wish->anew ? 1 : 0), bind_int(wish->now_us), bind_text(wish->by)),
                      &changed, err) ||
        !instances_wake(writer, wish, err))
        return false;
    *found_out = changed > 0;
    return true;
}

bool store_workload_node(struct store_connection *connection, struct arena *arena, const char *name, const char **out,
                         struct error *err)
{
    struct query query;

    *out = NULL;
    query_start(&query, connection,
                "SELECT node.name FROM piece JOIN node ON node.id = node_id JOIN instance ON instance.id = instance_id"
                " JOIN workload ON workload.id = workload_id WHERE workload.name = ?1 AND node.state = 2 LIMIT 1",
                BINDS(bind_text(name)));
    if (query_next(&query))
        *out = query_text(&query, arena, 0);
    return query_end(&query, err);
}

bool store_workload_remove(struct store_connection *writer, const char *name, bool *found_out, struct error *err)
{
    int64_t changed = 0;

    if (!query_change(writer, "DELETE FROM workload WHERE name = ?1", BINDS(bind_text(name)), &changed, err))
        return false;
    *found_out = changed > 0;
    return true;
}

#define WORKLOAD_COLUMNS                                                                                               \
    "SELECT id, name, declaration, wanted = 'run', version, revision, created_us, changed_us, changed_by FROM workload"

static void workload_read(const struct query *query, struct arena *arena, struct store_workload *out)
{
    *out = (struct store_workload){
        .id = query_int(query, 0),
        .name = query_text(query, arena, 1),
        .declaration = query_text(query, arena, 2),
        .is_wanted = query_int(query, 3) != 0,
        .version = query_int(query, 4),
        .revision = query_int(query, 5),
        .created_us = query_int(query, 6),
        .changed_us = query_int(query, 7),
        .changed_by = query_text(query, arena, 8),
    };
}

bool store_workload_get(struct store_connection *connection, struct arena *arena, const char *name,
                        struct store_workload **out, struct error *err)
{
    struct query query;
    struct store_workload *workload = NULL;

    query_start(&query, connection, WORKLOAD_COLUMNS " WHERE name = ?1", BINDS(bind_text(name)));
    if (query_next(&query)) {
        workload = arena_new_of(arena, struct store_workload);
        workload_read(&query, arena, workload);
    }
    if (!query_end(&query, err))
        return false;
    *out = workload;
    return true;
}

bool store_workload_list(struct store_connection *connection, struct arena *arena, struct store_workload **out,
                         size_t *count_out, struct error *err)
{
    struct query query;
    struct store_workload *list = NULL;
    size_t count = 0;

    query_start(&query, connection, WORKLOAD_COLUMNS " ORDER BY name", NULL);
    while (query_next(&query)) {
        list = arena_grow(arena, list, count * sizeof(*list), (count + 1) * sizeof(*list));
        workload_read(&query, arena, &list[count++]);
    }
    if (!query_end(&query, err))
        return false;
    *out = list;
    *count_out = count;
    return true;
}

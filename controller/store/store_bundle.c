/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of bundles and of their files. */
#include "controller/store/store_bundle.h"

#include "controller/store/query.h"

bool store_bundle_set(struct store_connection *writer, const struct store_bundle *bundle, const char *const *files,
                      size_t count, struct error *err)
{
    if (!query_run(
            writer,
            "INSERT INTO bundle (node_id, generation, version, created_us, expires_us, created_by, playbook, manifest)"
            " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (node_id) DO UPDATE SET generation = ?2, version = ?3,"
            " created_us = ?4, expires_us = ?5, created_by = ?6, playbook = ?7, manifest = ?8",
            BINDS(bind_int(bundle->node_id), bind_int(bundle->generation), bind_int(bundle->version),
                  bind_int(bundle->created_us), bind_int(bundle->expires_us), bind_text(bundle->created_by),
                  bind_text(bundle->playbook), bind_text(bundle->manifest)),
            err) ||
        !query_run(writer, "DELETE FROM bundle_file WHERE node_id = ?1", BINDS(bind_int(bundle->node_id)), err))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!query_run(writer, "INSERT OR IGNORE INTO bundle_file (node_id, sha256) VALUES (?1, ?2)",
                       BINDS(bind_int(bundle->node_id), bind_text(files[i])), err))
            return false;
    }
    return true;
}

#define BUNDLE_COLUMNS                                                                                                 \
    "bundle.node_id, node.name, bundle.generation, node.generation,"                                                   \
    " (SELECT count(*) FROM bundle_file WHERE bundle_file.node_id = bundle.node_id), version, bundle.created_us,"      \
    " bundle.expires_us, created_by, playbook, taken_version, taken_us"
#define BUNDLE_FROM " FROM bundle JOIN node ON node.id = bundle.node_id "
#define MANIFEST_COLUMN 12

static void bundle_read(const struct query *query, struct arena *arena, bool with_manifest, struct store_bundle *out)
{
    *out = (struct store_bundle){
        .node_id = query_int(query, 0),
        .node = query_text(query, arena, 1),
        .generation = query_int(query, 2),
        .node_generation = query_int(query, 3),
        .file_count = query_int(query, 4),
        .version = query_int(query, 5),
        .created_us = query_int(query, 6),
        .expires_us = query_int(query, 7),
        .created_by = query_text(query, arena, 8),
        .playbook = query_text(query, arena, 9),
        .taken_version = query_int(query, 10),
        .taken_us = query_int(query, 11),
        .manifest = with_manifest ? query_text(query, arena, MANIFEST_COLUMN) : NULL,
    };
}

bool store_bundle_get(struct store_connection *connection, struct arena *arena, int64_t node_id,
                      struct store_bundle **out, struct error *err)
{
    struct query query;
    struct store_bundle *bundle = NULL;

    query_start(&query, connection, "SELECT " BUNDLE_COLUMNS ", manifest" BUNDLE_FROM "WHERE bundle.node_id = ?1",
                BINDS(bind_int(node_id)));
    if (query_next(&query)) {
        bundle = arena_new_of(arena, struct store_bundle);
        bundle_read(&query, arena, true, bundle);
    }
    if (!query_end(&query, err))
        return false;
    *out = bundle;
    return true;
}

bool store_bundle_has_file(struct store_connection *connection, int64_t node_id, const char *sha256, bool *out,
                           struct error *err)
{
    int64_t one = 0;

    return query_number(connection, "SELECT 1 FROM bundle_file WHERE node_id = ?1 AND sha256 = ?2",
                        BINDS(bind_int(node_id), bind_text(sha256)), &one, out, err);
}

bool store_bundle_taken(struct store_connection *writer, int64_t node_id, int64_t version, int64_t at_us,
                        struct error *err)
{
    return query_run(writer,
                     "UPDATE bundle SET taken_version = ?2, taken_us = ?3 WHERE node_id = ?1 AND taken_version <= ?2",
                     BINDS(bind_int(node_id), bind_int(version), bind_int(at_us)), err);
}

bool store_bundle_page(struct store_connection *connection, struct arena *arena, const char *after, size_t limit,
                       struct store_bundle_page *out, struct error *err)
{
    struct query query;
    size_t most = query_page_limit(limit);
    struct store_bundle_page page = { .bundles = arena_new_array(arena, struct store_bundle, most) };

    query_start(&query, connection,
                "SELECT " BUNDLE_COLUMNS BUNDLE_FROM "WHERE node.name > ?1 ORDER BY node.name LIMIT ?2",
                BINDS(bind_text(after == NULL ? "" : after), bind_int((int64_t)most + 1)));
    while (query_next(&query)) {
        if (page.count == most)
            page.next = page.bundles[most - 1].node;
        else
            bundle_read(&query, arena, false, &page.bundles[page.count++]);
    }
    if (!query_end(&query, err))
        return false;
    *out = page;
    return true;
}

bool store_bundle_due(struct store_connection *connection, struct arena *arena, int64_t now_us,
                      struct store_bundle **out, size_t *count_out, struct error *err)
{
    struct query query;
    size_t count = 0;
    struct store_bundle *bundles = arena_new_array(arena, struct store_bundle, STORE_BUNDLE_DUE);

    query_start(&query, connection,
                "SELECT " BUNDLE_COLUMNS ", manifest" BUNDLE_FROM
                "WHERE node.state = 2 AND (bundle.created_us + (bundle.expires_us - bundle.created_us) / 2 <= ?1"
                " OR bundle.created_us > ?1) ORDER BY bundle.expires_us LIMIT ?2",
                BINDS(bind_int(now_us), bind_int(STORE_BUNDLE_DUE)));
    while (query_next(&query))
        bundle_read(&query, arena, true, &bundles[count++]);
    if (!query_end(&query, err))
        return false;
    *out = bundles;
    *count_out = count;
    return true;
}

bool store_file_used(struct store_connection *connection, const char *sha256, bool *out, struct error *err)
{
    int64_t one = 0;

    return query_number(connection,
                        "SELECT 1 FROM bundle_file WHERE sha256 = ?1 UNION ALL SELECT 1 FROM run_file WHERE sha256 = ?1"
                        " LIMIT 1",
                        BINDS(bind_text(sha256)), &one, out, err);
}

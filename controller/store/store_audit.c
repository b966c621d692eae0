/* SPDX-License-Identifier: Apache-2.0 */
/* The audit log and its chain. */
#include "controller/store/store_audit.h"

#include <stdio.h>
#include <string.h>

#include "common/base/hash.h"
#include "controller/store/query.h"

#define AUDIT_COLUMNS "id, at_us, actor, action, object, detail, peer, previous, hash"

static const char FIRST_PREVIOUS[] = "0000000000000000000000000000000000000000000000000000000000000000";

/* One field as "<length>:<bytes>,", NULL as "-,": no two rows have the same text. */
static void field_add(struct hash *hash, const char *text)
{
    char length[32];

    if (text == NULL) {
        hash_add(hash, "-,", 2);
        return;
    }
    hash_add(hash, length, (size_t)snprintf(length, sizeof(length), "%zu:", strlen(text)));
    hash_add(hash, text, strlen(text));
    hash_add(hash, ",", 1);
}

static void number_add(struct hash *hash, int64_t number)
{
    char text[32];

    snprintf(text, sizeof(text), "%lld", (long long)number);
    field_add(hash, text);
}

/* Of all fields but the hash itself, in the order of the table. */
static const char *row_hash(const struct store_audit_row *row, char out[HASH_HEX_MAX])
{
    ARENA_SCOPED arena = arena_new();
    struct hash *hash = hash_new(arena, HASH_SHA256);

    number_add(hash, row->id);
    number_add(hash, row->at_us);
    field_add(hash, row->actor);
    field_add(hash, row->action);
    field_add(hash, row->object);
    field_add(hash, row->detail);
    field_add(hash, row->peer);
    field_add(hash, row->previous);
    return hash_hex(hash, out);
}

static void row_read(const struct query *query, struct arena *arena, struct store_audit_row *out)
{
    *out = (struct store_audit_row){
        .id = query_int(query, 0),
        .at_us = query_int(query, 1),
        .actor = query_text(query, arena, 2),
        .action = query_text(query, arena, 3),
        .object = query_text(query, arena, 4),
        .detail = query_text(query, arena, 5),
        .peer = query_text(query, arena, 6),
        .previous = query_text(query, arena, 7),
        .hash = query_text(query, arena, 8),
    };
}

/* --- adding --- */

static bool last_read(struct store_connection *writer, struct arena *arena, int64_t *id_out, const char **hash_out,
                      struct error *err)
{
    struct query query;

    *id_out = 0;
    *hash_out = FIRST_PREVIOUS;
    query_start(&query, writer, "SELECT id, hash FROM audit ORDER BY id DESC LIMIT 1", NULL);
    if (query_next(&query)) {
        *id_out = query_int(&query, 0);
        *hash_out = query_text(&query, arena, 1);
    }
    return query_end(&query, err);
}

bool store_audit_add(struct store_connection *writer, const struct store_audit_row *row, int64_t *id_out,
                     struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    struct store_audit_row made = *row;
    char hash[HASH_HEX_MAX];

    if (!last_read(writer, arena, &made.id, &made.previous, err))
        return false;
    made.id++;
    if (made.object == NULL)
        made.object = "";
    row_hash(&made, hash);
    if (!query_run(writer, "INSERT INTO audit (" AUDIT_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                   BINDS(bind_int(made.id), bind_int(made.at_us), bind_text(made.actor), bind_text(made.action),
                         bind_text(made.object), bind_text(made.detail), bind_text(made.peer), bind_text(made.previous),
                         bind_text(hash)),
                   err))
        return false;
    if (id_out != NULL)
        *id_out = made.id;
    return true;
}

/* --- reading --- */

bool store_audit_page(struct store_connection *connection, struct arena *arena, const struct store_audit_filter *filter,
                      struct store_audit_page *out, struct error *err)
{
    struct query query;
    size_t limit = query_page_limit(filter->limit);
    struct store_audit_page page = { .rows = arena_new_array(arena, struct store_audit_row, limit) };

    query_start(&query, connection,
                "SELECT " AUDIT_COLUMNS " FROM audit WHERE id < ?1 AND (?2 IS NULL OR actor = ?2)"
                " AND (?3 IS NULL OR action = ?3) ORDER BY id DESC LIMIT ?4",
                BINDS(bind_int(filter->before == 0 ? INT64_MAX : filter->before), bind_text(filter->actor),
                      bind_text(filter->action), bind_int((int64_t)limit + 1)));
    while (query_next(&query)) {
        if (page.count == limit)
            page.next = page.rows[limit - 1].id;
        else
            row_read(&query, arena, &page.rows[page.count++]);
    }
    if (!query_end(&query, err))
        return false;
    *out = page;
    return true;
}

/* --- proving --- */

/* False: the row does not follow the one that *verdict ends with. */
static bool row_follows(const struct store_audit_row *row, struct store_audit_verdict *verdict)
{
    char hash[HASH_HEX_MAX];

    if (row->id != verdict->rows + 1)
        snprintf(verdict->reason, sizeof(verdict->reason), "row %lld was expected: one or more are missing before it",
                 (long long)verdict->rows + 1);
    else if (strcmp(row->previous, verdict->hash) != 0)
        snprintf(verdict->reason, sizeof(verdict->reason), "it does not carry the hash of row %lld",
                 (long long)verdict->rows);
    else if (strcmp(row_hash(row, hash), row->hash) != 0)
        snprintf(verdict->reason, sizeof(verdict->reason), "its content does not have its hash: it was changed");
    else
        return true;
    verdict->first_bad = row->id;
    return false;
}

bool store_audit_verify(struct store_connection *connection, struct store_audit_verdict *out, struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    struct store_audit_verdict verdict = { 0 };
    struct query query;
    bool whole = true;

    snprintf(verdict.hash, sizeof(verdict.hash), "%s", FIRST_PREVIOUS);
    query_start(&query, connection, "SELECT " AUDIT_COLUMNS " FROM audit ORDER BY id", NULL);
    while (whole && query_next(&query)) {
        struct store_audit_row row;

        arena_reset(arena);
        row_read(&query, arena, &row);
        whole = row_follows(&row, &verdict);
        if (!whole)
            break;
        verdict.rows++;
        snprintf(verdict.hash, sizeof(verdict.hash), "%s", row.hash);
    }
    if (!query_end(&query, err))
        return false;
    *out = verdict;
    return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looks names and numbers up in passwd and group. Reads only; keeps nothing (a task before may have added the
 * user).
 */
#include "agent/system/file/file_owner.h"

#include <grp.h>
#include <pwd.h>
#include <string.h>

#include "common/base/fd.h"
#include "common/base/text.h"

#define ACCOUNT_FILE_MAX (64 * 1024 * 1024)
#define ENTRY_BUFFER (64 * 1024)

struct account_query {
    const char *name; /* NULL: by id */
    unsigned id;
};

/* One line "name:x:number:...": true if it answers the query. */
static bool line_matches(struct arena *arena, const char *line, size_t length, struct account_query *query)
{
    size_t count = 0;
    int64_t number = 0;
    char **parts = text_split(arena, arena_copy_n(arena, line, length), ':', &count);

    if (count < 3 || !text_to_int(parts[2], &number) || number < 0 || number > UINT32_MAX)
        return false;
    if (query->name ? strcmp(parts[0], query->name) != 0 : (unsigned)number != query->id)
        return false;
    query->name = parts[0];
    query->id = (unsigned)number;
    return true;
}

static bool file_lookup(const struct system *system, struct arena *arena, enum file_owner_kind kind,
                        struct account_query *query)
{
    struct error ignored = ERROR_INIT;
    const char *path = kind == FILE_OWNER_USER ? "/etc/passwd" : "/etc/group", *line = NULL;
    char *data = NULL;
    size_t size = 0, length = 0;

    if (!file_read(arena, system_path(system, arena, path), ACCOUNT_FILE_MAX, &data, &size, &ignored))
        return false;
    const char *cursor = data, *end = data + size;
    while (text_line(&cursor, end, &line, &length)) {
        if (line_matches(arena, line, length, query))
            return true;
    }
    return false;
}

static bool user_lookup(struct arena *arena, struct account_query *query)
{
    struct passwd entry, *found = NULL;
    char *buffer = arena_alloc(arena, ENTRY_BUFFER);

    if (query->name)
        (void)getpwnam_r(query->name, &entry, buffer, ENTRY_BUFFER, &found);
    else
        (void)getpwuid_r(query->id, &entry, buffer, ENTRY_BUFFER, &found);
    if (!found)
        return false;
    *query = (struct account_query){ arena_copy(arena, found->pw_name), found->pw_uid };
    return true;
}

static bool group_lookup(struct arena *arena, struct account_query *query)
{
    struct group entry, *found = NULL;
    char *buffer = arena_alloc(arena, ENTRY_BUFFER);

    if (query->name)
        (void)getgrnam_r(query->name, &entry, buffer, ENTRY_BUFFER, &found);
    else
        (void)getgrgid_r(query->id, &entry, buffer, ENTRY_BUFFER, &found);
    if (!found)
        return false;
    *query = (struct account_query){ arena_copy(arena, found->gr_name), found->gr_gid };
    return true;
}

static bool lookup(const struct system *system, struct arena *arena, enum file_owner_kind kind,
                   struct account_query *query)
{
    if (file_lookup(system, arena, kind, query))
        return true;
    if (system->root && system->root[0])
        return false;
    return kind == FILE_OWNER_USER ? user_lookup(arena, query) : group_lookup(arena, query);
}

bool file_owner_id(const struct system *system, struct arena *arena, enum file_owner_kind kind, const char *text,
                   unsigned *out)
{
    struct account_query query = { .name = text };
    int64_t number = 0;

    if (text_to_int(text, &number)) {
        if (number < 0 || number >= UINT32_MAX)
            return false;
        *out = (unsigned)number;
        return true;
    }
    if (!lookup(system, arena, kind, &query))
        return false;
    *out = query.id;
    return true;
}

const char *file_owner_name(const struct system *system, struct arena *arena, enum file_owner_kind kind, unsigned id)
{
    struct account_query query = { .id = id };

    return lookup(system, arena, kind, &query) ? query.name : NULL;
}

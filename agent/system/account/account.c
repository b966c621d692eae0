/* SPDX-License-Identifier: Apache-2.0 */
/* Parses the account files. Reading only. */
#include "agent/system/account/account.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/base/text.h"

#define ACCOUNT_FILE_LIMIT ((size_t)64 * 1024 * 1024)

/* Takes the fields of one line. */
typedef void account_adder(struct account_database *database, struct arena *arena, char **fields);

struct table {
    const char *path;
    size_t fields; /* at least so many a line */
    account_adder *add;
};

static bool read_table(const struct system *system, struct arena *arena, const struct table *table,
                       struct account_database *database, struct error *err)
{
    const char *real = system_path(system, arena, table->path), *line;
    char *data = NULL;
    size_t length = 0;

    if (!path_exists(real))
        return true;
    if (!file_read(arena, real, ACCOUNT_FILE_LIMIT, &data, &length, err))
        return false;
    const char *cursor = data, *end = data + length;
    while (text_line(&cursor, end, &line, &length)) {
        size_t count = 0;
        char **parts = text_split(arena, arena_copy_n(arena, line, length), ':', &count);

        if (count >= table->fields && parts[0][0] != '\0' && parts[0][0] != '#')
            table->add(database, arena, parts);
    }
    return true;
}

/* Room for one more in an array that doubles at powers of two. */
static void *grown(struct arena *arena, void *items, size_t count, size_t size)
{
    if (count == 0)
        return arena_alloc(arena, 16 * size);
    if (count < 16 || (count & (count - 1)) != 0)
        return items;
    return arena_grow(arena, items, count * size, 2 * count * size);
}

static void add_user(struct account_database *database, struct arena *arena, char **fields)
{
    struct account_user user = {
        .name = fields[0], .password = fields[1], .comment = fields[4], .home = fields[5], .shell = fields[6]
    };

    if (!text_to_int(fields[2], &user.uid) || !text_to_int(fields[3], &user.gid))
        return;
    database->users = grown(arena, database->users, database->user_count, sizeof(user));
    database->users[database->user_count++] = user;
}

static void add_group(struct account_database *database, struct arena *arena, char **fields)
{
    static char *nobody[] = { NULL };
    struct account_group group = { .name = fields[0], .members = nobody };

    if (!text_to_int(fields[2], &group.gid))
        return;
    if (fields[3][0] != '\0')
        group.members = text_split(arena, fields[3], ',', NULL);
    database->groups = grown(arena, database->groups, database->group_count, sizeof(group));
    database->groups[database->group_count++] = group;
}

static int64_t shadow_number(const char *field)
{
    int64_t number = ACCOUNT_UNSET;

    return text_to_int(field, &number) ? number : ACCOUNT_UNSET;
}

static void add_shadow(struct account_database *database, struct arena *arena, char **fields)
{
    struct account_shadow shadow = {
        .name = fields[0],
        .password = fields[1],
        .last_change = shadow_number(fields[2]),
        .min = shadow_number(fields[3]),
        .max = shadow_number(fields[4]),
        .warn = shadow_number(fields[5]),
        .inactive = shadow_number(fields[6]),
        .expires = shadow_number(fields[7]),
    };

    database->shadows = grown(arena, database->shadows, database->shadow_count, sizeof(shadow));
    database->shadows[database->shadow_count++] = shadow;
}

bool account_database_read(const struct system *system, struct arena *arena, struct account_database *out,
                           struct error *err)
{
    static const struct table passwd = { "/etc/passwd", 7, add_user };
    static const struct table group = { "/etc/group", 4, add_group };
    static const struct table shadow = { "/etc/shadow", 8, add_shadow };
    struct account_database database = { 0 };

    if (!read_table(system, arena, &passwd, &database, err) || !read_table(system, arena, &group, &database, err))
        return error_prefix(err, "reading accounts");
    if (access(system_path(system, arena, shadow.path), R_OK) == 0 &&
        !read_table(system, arena, &shadow, &database, err))
        return error_prefix(err, "reading accounts");
    *out = database;
    return true;
}

const struct account_user *account_user_find(const struct account_database *database, const char *name)
{
    for (size_t i = 0; i < database->user_count; i++) {
        if (strcmp(database->users[i].name, name) == 0)
            return &database->users[i];
    }
    return NULL;
}

const struct account_shadow *account_shadow_find(const struct account_database *database, const char *name)
{
    for (size_t i = 0; i < database->shadow_count; i++) {
        if (strcmp(database->shadows[i].name, name) == 0)
            return &database->shadows[i];
    }
    return NULL;
}

const struct account_group *account_group_by_name(const struct account_database *database, const char *name)
{
    for (size_t i = 0; i < database->group_count; i++) {
        if (strcmp(database->groups[i].name, name) == 0)
            return &database->groups[i];
    }
    return NULL;
}

const struct account_group *account_group_find(const struct account_database *database, const char *name)
{
    int64_t gid = 0;
    bool is_number = text_to_int(name, &gid);

    for (size_t i = 0; is_number && i < database->group_count; i++) {
        if (database->groups[i].gid == gid)
            return &database->groups[i];
    }
    return account_group_by_name(database, name);
}

bool account_group_has(const struct account_group *group, const char *user)
{
    for (size_t i = 0; group->members[i] != NULL; i++) {
        if (strcmp(group->members[i], user) == 0)
            return true;
    }
    return false;
}

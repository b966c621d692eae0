/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Accounts as /etc/passwd, /etc/group and /etc/shadow state them: read directly, no process. Directory services
 * (LDAP, SSSD) are not asked. Changes go through shadow's own programs (account_user.h, account_group.h).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/system/host/system.h"

struct account_user {
    const char *name, *password, *comment, *home, *shell;
    int64_t uid, gid;
};

struct account_group {
    const char *name;
    int64_t gid;
    char **members; /* NULL-terminated */
};

#define ACCOUNT_UNSET INT64_C(-1) /* an empty field of shadow */

struct account_shadow {
    const char *name, *password;
    int64_t last_change, min, max, warn, inactive, expires; /* days */
};

struct account_database {
    struct account_user *users;
    size_t user_count;
    struct account_group *groups;
    size_t group_count;
    struct account_shadow *shadows; /* empty when the file may not be read */
    size_t shadow_count;
};

/* Missing files are empty ones; lines that make no sense are passed over. Limit: 64 MiB each. */
bool account_database_read(const struct system *system, struct arena *arena, struct account_database *out,
                           struct error *err);
const struct account_user *account_user_find(const struct account_database *database, const char *name);
const struct account_shadow *account_shadow_find(const struct account_database *database, const char *name);
/* By name, or by number when `name` is one (numbers win, as in Ansible). */
const struct account_group *account_group_find(const struct account_database *database, const char *name);
const struct account_group *account_group_by_name(const struct account_database *database, const char *name);
bool account_group_has(const struct account_group *group, const char *user);

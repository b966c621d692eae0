/* SPDX-License-Identifier: Apache-2.0 */
/* The account that the tasks run as. */
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/facts/fact_support.h"

/* The name as Python's getpass.getuser finds it. */
static const char *user_name(struct arena *arena)
{
    static const char *const variables[] = { "LOGNAME", "USER", "LNAME", "USERNAME", NULL };
    const struct passwd *account;

    for (const char *const *variable = variables; *variable; variable++) {
        const char *name = getenv(*variable);
        if (name && name[0])
            return name;
    }
    account = getpwuid(getuid());
    return account ? arena_copy(arena, account->pw_name) : NULL;
}

static void put_account(struct arena *arena, struct value *facts, const struct passwd *account)
{
    value_map_put_int(arena, facts, "user_uid", account->pw_uid);
    value_map_put_int(arena, facts, "user_gid", account->pw_gid);
    value_map_put_string(arena, facts, "user_gecos", account->pw_gecos);
    value_map_put_string(arena, facts, "user_dir", account->pw_dir);
    value_map_put_string(arena, facts, "user_shell", account->pw_shell);
}

static bool user_collect(const struct system *system, struct arena *arena, struct value *facts, struct error *err)
{
    const char *name = user_name(arena);
    const struct passwd *account = name ? getpwnam(name) : NULL;

    (void)system;
    (void)err;
    if (!account)
        account = getpwuid(getuid());
    if (name)
        value_map_put_string(arena, facts, "user_id", name);
    if (account)
        put_account(arena, facts, account);
    value_map_put_int(arena, facts, "real_user_id", getuid());
    value_map_put_int(arena, facts, "effective_user_id", geteuid());
    value_map_put_int(arena, facts, "real_group_id", getgid());
    value_map_put_int(arena, facts, "effective_group_id", getegid());
    return true;
}

FACT_GROUP_DEFINE(user) = {
    .name = "user",
    .names = FACT_NAMES("min", "user_id", "user_uid", "user_gid", "user_gecos", "user_dir", "user_shell",
                        "real_user_id", "effective_user_id", "effective_group_ids"),
    .collect = user_collect,
};

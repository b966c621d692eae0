/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making, changing and removing users with shadow's programs (useradd, usermod, userdel, chage, chpasswd), so
 * that login.defs, skeletons, mail spools and locks are honoured; libuser's (luseradd ...) when only local
 * accounts are meant. Commands are composed first, as data, and run later: an empty list means there is nothing
 * to change.
 */
#pragma once

#include "agent/system/account/account.h"
#include "agent/system/host/system.h"

enum account_lock { ACCOUNT_LOCK_LEAVE, ACCOUNT_LOCK_NO, ACCOUNT_LOCK_YES };

struct account_wish {
    const char *name, *group, *comment, *home, *shell, *password, *skeleton, *umask;
    int64_t uid;                    /* ACCOUNT_UNSET: any */
    const struct value *groups;     /* list of names; NULL: leave; empty: none but the primary group */
    double expires;                 /* seconds since the epoch; negative: never; NAN: leave */
    int64_t expire_min, expire_max; /* days; ACCOUNT_UNSET: leave */
    enum account_lock lock;
    bool non_unique, is_system, create_home, move_home, append, remove, force, is_local, change_password;
};

struct account_command {
    const char **argv; /* NULL-terminated */
    const char *input; /* for standard input, or NULL */
    bool is_secret;    /* input is a password hash */
};

struct account_commands {
    struct account_command items[64];
    size_t count;
};

/* Each false when the wish cannot be met (a group does not exist). */
bool account_user_create(struct arena *arena, const struct account_database *database, const struct account_wish *wish,
                         struct account_commands *out, struct error *err);
bool account_user_modify(struct arena *arena, const struct account_database *database, const struct account_wish *wish,
                         struct account_commands *out, struct error *err);
void account_user_remove(struct arena *arena, const struct account_wish *wish, struct account_commands *out);
/* chage for the password's least and greatest age; nothing when shadow has no line for the user. */
void account_user_age(struct arena *arena, const struct account_database *database, const struct account_wish *wish,
                      struct account_commands *out);

struct account_outcome {
    int status; /* of the first command that failed, else 0 */
    const char *output, *errors;
};

/* Runs all, ending at the first that fails. False: a program is missing or could not be started. */
bool account_commands_run(const struct system *system, struct arena *arena, const struct account_commands *commands,
                          struct account_outcome *out, struct error *err);
void account_commands_add(struct arena *arena, struct account_commands *commands, const char *const *argv);

/* Fills a home folder from the skeleton with the mode that login.defs asks for, and gives it to the user. */
bool account_home_create(const struct system *system, struct arena *arena, const char *home, const char *skeleton,
                         struct error *err);
bool account_home_give(struct arena *arena, const char *home, int64_t uid, int64_t gid, struct error *err);

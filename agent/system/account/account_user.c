/* SPDX-License-Identifier: Apache-2.0 */
/* Composes the commands that make, change and remove users. Looks only at the account database it is given. */
#include "agent/system/account/account_user.h"

#include <math.h>
#include <string.h>
#include <time.h>

#include "agent/system/file/word_list.h"
#include "common/base/text.h"

#define SECONDS_A_DAY 86400.0

struct words {
    struct arena *arena;
    const char **argv;
    size_t count;
};

static void words_add(struct words *words, const char *word)
{
    size_t size = (words->count + 1) * sizeof(char *);

    words->argv = arena_grow(words->arena, words->argv, words->argv == NULL ? 0 : size, size + sizeof(char *));
    words->argv[words->count++] = word;
}

static void words_option(struct words *words, const char *option, const char *value)
{
    words_add(words, option);
    words_add(words, value);
}

static const char *number_text(struct arena *arena, int64_t number)
{
    return arena_printf(arena, "%lld", (long long)number);
}

void account_commands_add(struct arena *arena, struct account_commands *commands, const char *const *argv)
{
    struct words words = { .arena = arena };

    for (size_t i = 0; argv[i] != NULL; i++)
        words_add(&words, argv[i]);
    if (commands->count < sizeof(commands->items) / sizeof(commands->items[0]))
        commands->items[commands->count++] = (struct account_command){ .argv = words.argv };
}

#define ADD_COMMAND(arena_, commands_, ...)                                                                            \
    account_commands_add((arena_), (commands_), (const char *const[]){ __VA_ARGS__, NULL })

static bool groups_check(const struct account_database *database, const struct account_wish *wish, struct error *err)
{
    if (wish->group != NULL && account_group_find(database, wish->group) == NULL)
        return error_set(err, "Group %s does not exist", wish->group);
    for (size_t i = 0; i < value_count(wish->groups); i++) {
        const char *name = value_text(value_item(wish->groups, i));

        if (account_group_find(database, name) == NULL)
            return error_set(err, "Group %s does not exist", name);
    }
    return true;
}

/* Day of the account's end as shadow counts; -1: never. Call with a number only. */
static int64_t expiry_day(double expires)
{
    return expires < 0 ? ACCOUNT_UNSET : (int64_t)floor(expires / SECONDS_A_DAY);
}

/* usermod's and useradd's -e: a day, or nothing for never. */
static const char *expiry_text(struct arena *arena, double expires)
{
    time_t seconds = (time_t)floor(expires);
    struct tm utc;

    if (expires < 0 || gmtime_r(&seconds, &utc) == NULL)
        return "";
    return arena_printf(arena, "%04d-%02d-%02d", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday);
}

/* The hash goes through standard input: arguments are there for everybody to read. */
static void add_password(struct arena *arena, struct account_commands *commands, const struct account_wish *wish)
{
    const char *lock = wish->lock == ACCOUNT_LOCK_YES ? "!" : "";

    if (wish->is_local) { /* libuser has no program that reads a hash from its input */
        ADD_COMMAND(arena, commands, "lusermod", "-p", arena_printf(arena, "%s%s", lock, wish->password), wish->name);
        return;
    }
    ADD_COMMAND(arena, commands, "chpasswd", "-e");
    commands->items[commands->count - 1].input = arena_printf(arena, "%s:%s%s\n", wish->name, lock, wish->password);
    commands->items[commands->count - 1].is_secret = true;
}

static void create_home_options(struct words *words, const struct account_wish *wish)
{
    if (!wish->create_home) {
        words_add(words, "-M");
        return;
    }
    if (!wish->is_local)
        words_add(words, "-m");
    if (wish->skeleton != NULL)
        words_option(words, "-k", wish->skeleton);
    if (wish->umask != NULL)
        words_option(words, "-K", arena_printf(words->arena, "UMASK=%s", wish->umask));
}

static void create_local_rest(struct arena *arena, const struct account_wish *wish, struct account_commands *out)
{
    if (!isnan(wish->expires))
        ADD_COMMAND(arena, out, "lchage", "-E", number_text(arena, expiry_day(wish->expires)), wish->name);
    for (size_t i = 0; i < value_count(wish->groups); i++)
        ADD_COMMAND(arena, out, "lgroupmod", "-M", wish->name, value_text(value_item(wish->groups, i)));
}

static void create_options(struct words *words, const struct account_database *database,
                           const struct account_wish *wish)
{
    if (wish->uid != ACCOUNT_UNSET) {
        words_option(words, "-u", number_text(words->arena, wish->uid));
        if (wish->non_unique)
            words_add(words, "-o");
    }
    if (wish->group != NULL)
        words_option(words, "-g", wish->group);
    else if (account_group_find(database, wish->name) != NULL)
        words_add(words, wish->is_local ? "-n" : "-N");
    if (value_count(wish->groups) > 0 && !wish->is_local)
        words_option(words, "-G", word_list_join_values(words->arena, wish->groups, ","));
    if (wish->comment != NULL)
        words_option(words, "-c", wish->comment);
    if (wish->home != NULL)
        words_option(words, "-d", wish->home);
    if (wish->shell != NULL)
        words_option(words, "-s", wish->shell);
    if (!isnan(wish->expires) && !wish->is_local)
        words_option(words, "-e", expiry_text(words->arena, wish->expires));
    create_home_options(words, wish);
    if (wish->is_system)
        words_add(words, "-r");
}

bool account_user_create(struct arena *arena, const struct account_database *database, const struct account_wish *wish,
                         struct account_commands *out, struct error *err)
{
    struct words words = { .arena = arena };

    if (!groups_check(database, wish, err))
        return false;
    words_add(&words, wish->is_local ? "luseradd" : "useradd");
    create_options(&words, database, wish);
    words_add(&words, wish->name);
    account_commands_add(arena, out, words.argv);
    if (wish->password != NULL)
        add_password(arena, out, wish);
    if (wish->is_local)
        create_local_rest(arena, wish, out);
    return true;
}

static bool list_has(const struct value *list, const char *name)
{
    for (size_t i = 0; i < value_count(list); i++) {
        if (text_equal(value_text(value_item(list, i)), name))
            return true;
    }
    return false;
}

static struct value *groups_of(struct arena *arena, const struct account_database *database, const char *user)
{
    struct value *names = value_list(arena);

    for (size_t i = 0; i < database->group_count; i++) {
        if (account_group_has(&database->groups[i], user))
            value_list_add(arena, names, value_string(arena, database->groups[i].name));
    }
    return names;
}

static bool any_missing(const struct value *from, const struct value *list)
{
    for (size_t i = 0; i < value_count(list); i++) {
        if (!list_has(from, value_text(value_item(list, i))))
            return true;
    }
    return false;
}

static void modify_groups(struct words *words, const struct account_database *database, const struct account_wish *wish,
                          struct account_commands *out)
{
    struct value *current = groups_of(words->arena, database, wish->name);
    bool lacks = any_missing(current, wish->groups), has_more = any_missing(wish->groups, current);

    if (wish->groups == NULL || !(lacks || (has_more && !wish->append)))
        return;
    if (!wish->is_local) {
        if (wish->append)
            words_add(words, "-a");
        words_option(words, "-G", word_list_join_values(words->arena, wish->groups, ","));
        return;
    }
    for (size_t i = 0; i < value_count(wish->groups); i++) {
        const char *name = value_text(value_item(wish->groups, i));
        if (!list_has(current, name))
            ADD_COMMAND(words->arena, out, "lgroupmod", "-M", wish->name, name);
    }
    for (size_t i = 0; i < value_count(current) && !wish->append; i++) {
        const char *name = value_text(value_item(current, i));
        if (!list_has(wish->groups, name))
            ADD_COMMAND(words->arena, out, "lgroupmod", "-m", wish->name, name);
    }
}

static void modify_expiry(struct words *words, const struct account_shadow *shadow, const struct account_wish *wish,
                          struct account_commands *out)
{
    int64_t current = shadow != NULL ? shadow->expires : ACCOUNT_UNSET;

    if (isnan(wish->expires) || current == expiry_day(wish->expires))
        return;
    if (wish->is_local)
        ADD_COMMAND(words->arena, out, "lchage", "-E", number_text(words->arena, expiry_day(wish->expires)),
                    wish->name);
    else
        words_option(words, "-e", expiry_text(words->arena, wish->expires));
}

static bool same_hash(const char *current, const char *wanted)
{
    return strcmp(current + strspn(current, "!"), wanted + strspn(wanted, "!")) == 0;
}

static const char *current_password(const struct account_user *user, const struct account_shadow *shadow)
{
    return strlen(user->password) <= 1 && shadow != NULL ? shadow->password : user->password;
}

/* A new password sets the lock along with it, so -L and -U are left out then. */
static bool modify_password(struct words *words, const struct account_user *user, const struct account_shadow *shadow,
                            const struct account_wish *wish)
{
    const char *current = current_password(user, shadow);
    bool is_new = wish->password != NULL && wish->change_password && !same_hash(current, wish->password);

    if (is_new)
        return true;
    if (wish->lock == ACCOUNT_LOCK_YES && current[0] != '!')
        words_add(words, "-L");
    else if (wish->lock == ACCOUNT_LOCK_NO && current[0] == '!')
        words_add(words, "-U");
    return false;
}

static void modify_identity(struct words *words, const struct account_database *database,
                            const struct account_user *user, const struct account_wish *wish)
{
    const struct account_group *group = wish->group != NULL ? account_group_find(database, wish->group) : NULL;

    if (wish->uid != ACCOUNT_UNSET && wish->uid != user->uid) {
        words_option(words, "-u", number_text(words->arena, wish->uid));
        if (wish->non_unique)
            words_add(words, "-o");
    }
    if (group != NULL && group->gid != user->gid)
        words_option(words, "-g", number_text(words->arena, group->gid));
}

bool account_user_modify(struct arena *arena, const struct account_database *database, const struct account_wish *wish,
                         struct account_commands *out, struct error *err)
{
    const struct account_user *user = account_user_find(database, wish->name);
    const struct account_shadow *shadow = account_shadow_find(database, wish->name);
    struct account_commands later = { .count = 0 };
    struct words words = { .arena = arena };

    if (!groups_check(database, wish, err))
        return false;
    words_add(&words, wish->is_local ? "lusermod" : "usermod");
    modify_identity(&words, database, user, wish);
    modify_groups(&words, database, wish, &later);
    if (wish->comment != NULL && strcmp(wish->comment, user->comment) != 0)
        words_option(&words, "-c", wish->comment);
    if (wish->home != NULL && strcmp(wish->home, user->home) != 0) {
        words_option(&words, "-d", wish->home);
        if (wish->move_home)
            words_add(&words, "-m");
    }
    if (wish->shell != NULL && strcmp(wish->shell, user->shell) != 0)
        words_option(&words, "-s", wish->shell);
    modify_expiry(&words, shadow, wish, &later);
    bool new_password = modify_password(&words, user, shadow, wish);
    if (words.count > 1) {
        words_add(&words, wish->name);
        account_commands_add(arena, out, words.argv);
    }
    if (new_password)
        add_password(arena, out, wish);
    for (size_t i = 0; i < later.count; i++)
        account_commands_add(arena, out, later.items[i].argv);
    return true;
}

void account_user_remove(struct arena *arena, const struct account_wish *wish, struct account_commands *out)
{
    struct words words = { .arena = arena };

    words_add(&words, wish->is_local ? "luserdel" : "userdel");
    if (wish->force && !wish->is_local)
        words_add(&words, "-f");
    if (wish->remove)
        words_add(&words, "-r");
    words_add(&words, wish->name);
    account_commands_add(arena, out, words.argv);
}

void account_user_age(struct arena *arena, const struct account_database *database, const struct account_wish *wish,
                      struct account_commands *out)
{
    const struct account_shadow *shadow = account_shadow_find(database, wish->name);
    struct words words = { .arena = arena };

    if (shadow == NULL)
        return;
    words_add(&words, "chage");
    if (wish->expire_min != ACCOUNT_UNSET && wish->expire_min != shadow->min)
        words_option(&words, "-m", number_text(arena, wish->expire_min));
    if (wish->expire_max != ACCOUNT_UNSET && wish->expire_max != shadow->max)
        words_option(&words, "-M", number_text(arena, wish->expire_max));
    if (words.count == 1)
        return;
    words_add(&words, wish->name);
    account_commands_add(arena, out, words.argv);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Which commands make or change a user: against a small database, without running any. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>

#include "agent/system/account/account_user.h"
#include "common/base/text.h"

static char *nobody[] = { NULL };
static char casey_name[] = "casey";
static char *casey_only[] = { casey_name, NULL };
static struct account_user users[] = {
    { .name = "casey",
      .password = "x",
      .comment = "Old",
      .home = "/home/casey",
      .shell = "/bin/sh",
      .uid = 1000,
      .gid = 1000 },
};
static struct account_group groups[] = {
    { .name = "casey", .gid = 1000, .members = nobody },
    { .name = "one", .gid = 2001, .members = casey_only },
    { .name = "two", .gid = 2002, .members = nobody },
};
static struct account_shadow shadows[] = {
    { .name = "casey", .password = "$6$old", .min = 0, .max = 99999, .expires = ACCOUNT_UNSET },
};
static const struct account_database database = {
    .users = users,
    .user_count = 1,
    .groups = groups,
    .group_count = 3,
    .shadows = shadows,
    .shadow_count = 1,
};

static struct account_wish wish_for(const char *name)
{
    return (struct account_wish){
        .name = name,
        .uid = ACCOUNT_UNSET,
        .expires = (double)NAN,
        .expire_min = ACCOUNT_UNSET,
        .expire_max = ACCOUNT_UNSET,
        .create_home = true,
        .change_password = true,
    };
}

static const char *shown(struct arena *arena, const struct account_commands *commands)
{
    struct text text = text_new(arena);

    text_add(&text, "");
    for (size_t i = 0; i < commands->count; i++) {
        text_add(&text, i > 0 ? "; " : "");
        for (size_t k = 0; commands->items[i].argv[k] != NULL; k++)
            text_printf(&text, "%s%s", k > 0 ? " " : "", commands->items[i].argv[k]);
        if (commands->items[i].input != NULL)
            text_printf(&text, " < %s", commands->items[i].input);
    }
    return text.data != NULL ? text.data : "";
}

static const char *created(struct arena *arena, const struct account_wish *wish)
{
    struct account_commands commands = { .count = 0 };
    struct error err = ERROR_INIT;

    return account_user_create(arena, &database, wish, &commands, &err) ? shown(arena, &commands)
                                                                        : arena_copy(arena, err.text);
}

static const char *modified(struct arena *arena, const struct account_wish *wish)
{
    struct account_commands commands = { .count = 0 };
    struct error err = ERROR_INIT;

    return account_user_modify(arena, &database, wish, &commands, &err) ? shown(arena, &commands)
                                                                        : arena_copy(arena, err.text);
}

static const struct value *list(struct arena *arena, const char *a, const char *b)
{
    struct value *items = value_list(arena);

    if (a != NULL)
        value_list_add(arena, items, value_string(arena, a));
    if (b != NULL)
        value_list_add(arena, items, value_string(arena, b));
    return items;
}

static void composes_useradd(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct account_wish wish = wish_for("new");

    (void)state;
    assert_string_equal(created(arena, &wish), "useradd -m new");
    wish.uid = 1234;
    wish.non_unique = true;
    wish.group = "two";
    wish.groups = list(arena, "one", "casey");
    wish.comment = "A B";
    wish.home = "/srv/new";
    wish.shell = "/bin/bash";
    wish.expires = 1893456000;
    wish.skeleton = "/etc/other";
    wish.umask = "027";
    wish.is_system = true;
    wish.password = "$6$x";
    wish.lock = ACCOUNT_LOCK_YES;
    assert_string_equal(created(arena, &wish),
                        "useradd -u 1234 -o -g two -G one,casey -c A B -d /srv/new -s /bin/bash -e 2030-01-01 -m "
                        "-k /etc/other -K UMASK=027 -r new; chpasswd -e < new:!$6$x\n");
}

static void makes_no_group_where_there_is_one(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct account_wish wish = wish_for("two");

    (void)state;
    wish.create_home = false;
    assert_string_equal(created(arena, &wish), "useradd -N -M two");
}

static void names_missing_groups(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct account_wish wish = wish_for("casey");

    (void)state;
    wish.groups = list(arena, "one", "nosuch");
    assert_string_equal(modified(arena, &wish), "Group nosuch does not exist");
    wish.groups = NULL;
    wish.group = "neither";
    assert_string_equal(created(arena, &wish), "Group neither does not exist");
}

static void changes_only_what_differs(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct account_wish wish = wish_for("casey");

    (void)state;
    wish.uid = 1000;
    wish.group = "1000";
    wish.comment = "Old";
    wish.home = "/home/casey";
    wish.shell = "/bin/sh";
    wish.password = "!$6$old";
    wish.expires = -1;
    wish.groups = list(arena, "one", NULL);
    assert_string_equal(modified(arena, &wish), "");
    wish.comment = "New";
    wish.home = "/srv/c";
    wish.move_home = true;
    wish.group = "two";
    assert_string_equal(modified(arena, &wish), "usermod -g 2002 -c New -d /srv/c -m casey");
}

static void adds_to_and_replaces_groups(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct account_wish wish = wish_for("casey");

    (void)state;
    wish.groups = list(arena, "two", NULL);
    assert_string_equal(modified(arena, &wish), "usermod -G two casey");
    wish.append = true;
    assert_string_equal(modified(arena, &wish), "usermod -a -G two casey");
    wish.groups = list(arena, "one", NULL);
    assert_string_equal(modified(arena, &wish), "");
    wish.groups = list(arena, NULL, NULL);
    assert_string_equal(modified(arena, &wish), "");
    wish.append = false;
    assert_string_equal(modified(arena, &wish), "usermod -G  casey");
}

static void sets_and_locks_passwords(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct account_wish wish = wish_for("casey");

    (void)state;
    wish.lock = ACCOUNT_LOCK_YES;
    assert_string_equal(modified(arena, &wish), "usermod -L casey");
    wish.password = "$6$new";
    assert_string_equal(modified(arena, &wish), "chpasswd -e < casey:!$6$new\n");
    wish.change_password = false;
    assert_string_equal(modified(arena, &wish), "usermod -L casey");
    wish.lock = ACCOUNT_LOCK_NO;
    assert_string_equal(modified(arena, &wish), "");
}

static void sets_the_end_and_the_ages(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct account_wish wish = wish_for("casey");
    struct account_commands commands = { .count = 0 };

    (void)state;
    wish.expires = 1893456000.5;
    assert_string_equal(modified(arena, &wish), "usermod -e 2030-01-01 casey");
    wish.expire_min = 0;
    wish.expire_max = 90;
    account_user_age(arena, &database, &wish, &commands);
    assert_string_equal(shown(arena, &commands), "chage -M 90 casey");
}

static void uses_libuser_for_local_accounts(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct account_wish wish = wish_for("casey");

    (void)state;
    wish.is_local = true;
    wish.groups = list(arena, "two", NULL);
    wish.expires = 86400;
    assert_string_equal(modified(arena, &wish), "lgroupmod -M casey two; lgroupmod -m casey one; lchage -E 1 casey");
    wish.name = "new";
    assert_string_equal(created(arena, &wish), "luseradd new; lchage -E 1 new; lgroupmod -M new two");
}

static void composes_userdel(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct account_wish wish = wish_for("casey");
    struct account_commands commands = { .count = 0 };

    (void)state;
    wish.force = wish.remove = true;
    account_user_remove(arena, &wish, &commands);
    assert_string_equal(shown(arena, &commands), "userdel -f -r casey");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(composes_useradd),
        cmocka_unit_test(makes_no_group_where_there_is_one),
        cmocka_unit_test(names_missing_groups),
        cmocka_unit_test(changes_only_what_differs),
        cmocka_unit_test(adds_to_and_replaces_groups),
        cmocka_unit_test(sets_and_locks_passwords),
        cmocka_unit_test(sets_the_end_and_the_ages),
        cmocka_unit_test(uses_libuser_for_local_accounts),
        cmocka_unit_test(composes_userdel),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* firewalld's programs: what they are called with, and what is made of their answers. A stand-in answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/system/network/firewall_cmd.h"
#include "agent/system/process/process.h"
#include "tests/unit/agent/system/recorded_tree.h"

static struct recorded_tree tree;
static struct error err;

/* As firewalld's own: --state ends with 252 when it does not run, a query that is not so with 1, errors with more. */
static const char stand_in[] =
    "case \"$(basename $0) $*\" in\n"
    "*--state) test -e $ROOT/running || { echo 'not running' >&2; exit 252; } ;;\n"
    "'firewall-cmd --get-default-zone') test -e $ROOT/running || exit 252\n"
    "    test ! -e $ROOT/broken || { echo 'Error: COMMAND_FAILED' >&2; exit 13; }\n"
    "    echo '  public ' ;;\n"
    "*--get-default-zone) test ! -e $ROOT/broken || { echo 'Error: COMMAND_FAILED' >&2; exit 13; }\n"
    "    echo public ;;\n"
    "*--query-service=http) ;;\n"
    "*--query-service=ssh) echo no; exit 1 ;;\n"
    "*service=nosuch*) echo 'Error: INVALID_SERVICE: nosuch' >&2; exit 101 ;;\n"
    "*--get-target) echo default ;;\n"
    "*--get-zones) echo 'public work' ;;\n"
    "*--new-zone=public) echo 'NAME_CONFLICT: public'; exit 26 ;;\n"
    "esac\n";

static int make_tree(void **state)
{
    (void)state;
    tree = recorded_tree_new();
    err = (struct error)ERROR_INIT;
    recorded_tree_system(&tree);
    recorded_tree_program(&tree, "firewall-cmd", stand_in);
    recorded_tree_program(&tree, "firewall-offline-cmd", stand_in);
    recorded_tree_put(&tree, "/running", "");
    return 0;
}

static int drop_tree(void **state)
{
    (void)state;
    recorded_tree_free(&tree);
    return 0;
}

/* The firewall of a zone, and no call noted yet. */
static struct firewall opened(const char *zone)
{
    struct firewall firewall;

    assert_true(firewall_open(&tree.system, tree.arena, zone, &firewall, &err));
    recorded_tree_put(&tree, "/calls", "");
    return firewall;
}

static void assert_calls(const char *expected)
{
    assert_string_equal(recorded_tree_get(&tree, "/calls"), expected);
}

static void wants_firewalld(void **state)
{
    struct firewall firewall;

    (void)state;
    setenv("PATH", arena_printf(tree.arena, "%s/empty", tree.root), 1);
    if (process_find(&tree.system, tree.arena, "firewall-cmd") != NULL)
        skip(); /* this machine has one in /usr/sbin, which is always looked into */
    assert_false(firewall_open(&tree.system, tree.arena, NULL, &firewall, &err));
    assert_string_equal(err.text, "there is no firewalld on this node: firewall-cmd is missing");
}

static void takes_the_default_zone(void **state)
{
    struct firewall firewall;

    (void)state;
    assert_true(firewall_open(&tree.system, tree.arena, NULL, &firewall, &err));
    assert_string_equal(firewall.zone, "public");
    assert_false(firewall.is_offline);
    assert_calls("firewall-cmd --get-default-zone\n"); /* which says that it runs, too */
    assert_string_equal(opened("work").zone, "work");
}

static void says_why_there_is_no_default_zone(void **state)
{
    struct firewall firewall = { .zone = "untouched" };

    (void)state;
    recorded_tree_put(&tree, "/broken", "");
    assert_false(firewall_open(&tree.system, tree.arena, NULL, &firewall, &err));
    assert_string_equal(err.text, "COMMAND_FAILED");
    assert_string_equal(firewall.zone, "untouched");
}

static void asks_what_runs_and_what_is_stored(void **state)
{
    struct firewall firewall = opened("work");
    bool yes = false;

    (void)state;
    assert_true(firewall_ask(&firewall, false, "--query-service=http", &yes, NULL, &err));
    assert_true(yes);
    assert_true(firewall_ask(&firewall, true, "--query-service=ssh", &yes, NULL, &err));
    assert_false(yes);
    assert_calls("firewall-cmd --zone=work --query-service=http\n"
                 "firewall-cmd --permanent --zone=work --query-service=ssh\n");
}

static void gives_what_is_printed(void **state)
{
    struct firewall firewall = opened("work");
    const char *text = NULL;

    (void)state;
    assert_true(firewall_ask(&firewall, true, "--get-target", NULL, &text, &err));
    assert_string_equal(text, "default");
}

/* 1 is "no" for a query only; anything else is an error, in firewalld's words. */
static void tells_no_from_an_error(void **state)
{
    struct firewall firewall = opened("work");
    const char *text = "untouched";
    bool yes = true;

    (void)state;
    assert_false(firewall_ask(&firewall, false, "--query-service=nosuch", &yes, NULL, &err));
    assert_string_equal(err.text, "INVALID_SERVICE: nosuch");
    assert_true(yes);
    assert_false(firewall_ask(&firewall, false, "--query-service=ssh", NULL, &text, &err));
    assert_string_equal(text, "untouched");
}

static void tells_for_a_while(void **state)
{
    struct firewall firewall = opened("work");

    (void)state;
    assert_true(firewall_tell(&firewall, false, "--add-port=1/tcp", 600, &err));
    assert_true(firewall_tell(&firewall, true, "--add-port=1/tcp", 600, &err)); /* what is stored has no time */
    assert_true(firewall_tell(&firewall, false, "--add-port=1/tcp", 0, &err));
    assert_calls("firewall-cmd --zone=work --timeout=600 --add-port=1/tcp\n"
                 "firewall-cmd --permanent --zone=work --add-port=1/tcp\n"
                 "firewall-cmd --zone=work --add-port=1/tcp\n");
    assert_false(firewall_tell(&firewall, false, "--add-service=nosuch", 0, &err));
    assert_string_equal(err.text, "INVALID_SERVICE: nosuch");
}

static void tells_without_a_zone(void **state)
{
    struct firewall firewall = opened("work");
    const char *text = "untouched";

    (void)state;
    assert_true(firewall_tell_stored(&firewall, "--get-zones", &text, &err));
    assert_string_equal(text, "public work");
    assert_false(firewall_tell_stored(&firewall, "--new-zone=public", &text, &err));
    assert_string_equal(err.text, "NAME_CONFLICT: public"); /* it was on standard output */
    assert_string_equal(text, "public work");
    assert_calls("firewall-cmd --permanent --get-zones\nfirewall-cmd --permanent --new-zone=public\n");
}

/* While firewalld is down its files are changed by the other program, which knows no --permanent. */
static void works_offline(void **state)
{
    struct firewall firewall;
    bool yes = false;

    (void)state;
    assert_int_equal(unlink(arena_printf(tree.arena, "%s/running", tree.root)), 0);
    assert_true(firewall_open(&tree.system, tree.arena, NULL, &firewall, &err));
    assert_true(firewall.is_offline);
    assert_true(firewall_ask(&firewall, true, "--query-service=http", &yes, NULL, &err));
    assert_true(firewall_tell(&firewall, true, "--add-service=http", 0, &err));
    assert_true(firewall_tell_stored(&firewall, "--get-zones", NULL, &err));
    assert_calls("firewall-cmd --get-default-zone\nfirewall-cmd --state\nfirewall-offline-cmd --get-default-zone\n"
                 "firewall-offline-cmd --zone=public --query-service=http\n"
                 "firewall-offline-cmd --zone=public --add-service=http\nfirewall-offline-cmd --get-zones\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(wants_firewalld, make_tree, drop_tree),
        cmocka_unit_test_setup_teardown(takes_the_default_zone, make_tree, drop_tree),
        cmocka_unit_test_setup_teardown(says_why_there_is_no_default_zone, make_tree, drop_tree),
        cmocka_unit_test_setup_teardown(asks_what_runs_and_what_is_stored, make_tree, drop_tree),
        cmocka_unit_test_setup_teardown(gives_what_is_printed, make_tree, drop_tree),
        cmocka_unit_test_setup_teardown(tells_no_from_an_error, make_tree, drop_tree),
        cmocka_unit_test_setup_teardown(tells_for_a_while, make_tree, drop_tree),
        cmocka_unit_test_setup_teardown(tells_without_a_zone, make_tree, drop_tree),
        cmocka_unit_test_setup_teardown(works_offline, make_tree, drop_tree),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

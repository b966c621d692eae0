/* SPDX-License-Identifier: Apache-2.0 */
/* A pattern that is for nobody: the nearest host, or the inventory that is not there. And inventories as Ansible shows them. */
#include "cli/hosts_none.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/verb.h"
#include "common/base/arena.h"
#include "tests/unit/cli/inventory_recorded.h"
#include "tests/unit/cli/verb_output.h"

VERB_DECLARE(enroll);
VERB_DECLARE(inventory);

static void enroll_says(const char *pattern, const char *inventory, const char *sentence)
{
    ARENA_SCOPED arena = arena_new();
    char *words[] = { (char *)"enroll", arena_copy(arena, pattern), (char *)"-i", arena_copy(arena, inventory), NULL };
    char *output = NULL;

    assert_int_equal(verb_output(arena, verb_enroll.run, 4, words, &output), 1);
    if (strstr(output, sentence) == NULL)
        fail_msg("'%s' is not in: %s", sentence, output);
}

static void test_says(void **state)
{
    (void)state;
    setenv("ANSIBLE_CONFIG", "/dev/null", 1);
    enroll_says("ai-9", "ai-1,box,", "no host of the inventory matches 'ai-9', did you mean 'ai-1'?");
    enroll_says("elsewhere", "ai-1,box,", "no host of the inventory matches 'elsewhere'\n");
    enroll_says("all", "/nowhere/inventry",
                "no host of the inventory matches 'all': the inventory /nowhere/inventry does not exist");
}

static void test_vars_plugins_in_python(void **state)
{
    ARENA_SCOPED arena = arena_new();
    char *words[] = { (char *)"enroll", (char *)"all", (char *)"-i", (char *)"ai-1,", NULL }, *output = NULL;
    int code;

    (void)state;
    setenv("ANSIBLE_CONFIG", "/dev/null", 1);
    setenv("ANSIBLE_VARS_ENABLED", "host_group_vars,community.sops.sops", 1);
    code = verb_output(arena, verb_enroll.run, 4, words, &output);
    unsetenv("ANSIBLE_VARS_ENABLED");
    assert_int_equal(code, 5);
    assert_non_null(strstr(output, "vars_plugins_enabled: 'community.sops.sops' is a vars plugin in Python"));
    setenv("ANSIBLE_VARS_PLUGINS", TEST_DATA "/inventory/vars_plugins", 1);
    code = verb_output(arena, verb_enroll.run, 4, words, &output);
    assert_int_equal(code, 5);
    assert_non_null(strstr(output, "/inventory/vars_plugins/always.py is a vars plugin in Python"));
    setenv("ANSIBLE_VARS_PLUGINS", TEST_DATA "/inventory", 1); /* folders of folders, too */
    code = verb_output(arena, verb_enroll.run, 4, words, &output);
    unsetenv("ANSIBLE_VARS_PLUGINS");
    assert_int_equal(code, 5);
    assert_non_null(strstr(output, "/inventory/vars_plugins/always.py is a vars plugin in Python"));
}

/* A word that is a group is no playbook: what lies in this folder is not beside it. */
static void test_vars_plugins_beside_no_playbook(void **state)
{
    ARENA_SCOPED arena = arena_new();
    char *words[] = { (char *)"inventory", (char *)"--graph", (char *)"all", (char *)"-i", (char *)"ai-1,", NULL };
    char *output = NULL, before[LIMIT_PATH];
    int code;

    (void)state;
    setenv("ANSIBLE_CONFIG", "/dev/null", 1);
    assert_non_null(getcwd(before, sizeof(before)));
    assert_int_equal(chdir(TEST_DATA "/inventory"), 0);
    code = verb_output(arena, verb_inventory.run, 5, words, &output);
    assert_int_equal(chdir(before), 0);
    assert_string_equal(output, "@all:\n  |--@ungrouped:\n  |  |--ai-1\n");
    assert_int_equal(code, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_says),
        cmocka_unit_test(test_vars_plugins_in_python),
        cmocka_unit_test(test_vars_plugins_beside_no_playbook),
        cmocka_unit_test(test_as_recorded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Every playbook of tests/playbooks: each checks itself and is run by ansible-playbook too. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/engine/run/run_fixture.h"

static int is_playbook(const struct dirent *entry)
{
    return text_ends(entry->d_name, ".yml");
}

static void run_all(const char *folder, const char *hosts, bool level_2_19)
{
    struct dirent **list = NULL;
    int count = scandir(folder, &list, is_playbook, alphasort);

    assert_true(count > 0);
    for (int i = 0; i < count; i++) {
        struct fixture *fixture = fixture_new_at(hosts, level_2_19);
        char *path = arena_printf(fixture->arena, "%s/%s", folder, list[i]->d_name);

        fixture->log_results = true;
        if (!fixture_run_file(fixture, path) || fixture->exit_code != RUN_OK)
            fail_msg("%s: %s", path, fixture->log.data);
        fixture_free(fixture);
        free(list[i]);
    }
    free(list);
}

static void test_one_host(void **state)
{
    (void)state;
    run_all(SOURCE_FOLDER "/tests/playbooks", "localhost,", false);
}

static void test_several_hosts(void **state)
{
    (void)state;
    run_all(SOURCE_FOLDER "/tests/playbooks", "one,two,three,", false);
}

static void test_level_2_19(void **state)
{
    (void)state;
    run_all(SOURCE_FOLDER "/tests/playbooks/level_2_19", "one,two,", true);
}

/* A variable that holds all of them is shown as it is written there. */
static void test_all_variables_in_variables(void **state)
{
    struct fixture *fixture = fixture_new_at("one,", true);

    (void)state;
    assert_true(fixture_run(fixture,
                            "- hosts: all\n  gather_facts: false\n  vars: {x: \"{{ vars }}\", y: \"{{ vars }}\"}\n"
                            "  tasks:\n    - assert: {that: vars | to_json | length < 20000}\n"));
    assert_int_equal(fixture->exit_code, RUN_OK);
    fixture_free(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_one_host), cmocka_unit_test(test_several_hosts),
                                        cmocka_unit_test(test_level_2_19),
                                        cmocka_unit_test(test_all_variables_in_variables) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The workloads beside the inventory: found by what configuration says, checked with their engines. */
#include "cli/workload_files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/verb.h"
#include "tests/unit/cli/verb_output.h"

VERB_DECLARE(workloads);

static void put_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void test_find(void **state)
{
    ARENA_SCOPED arena = arena_new();
    char folder[] = "/tmp/roost-files-XXXXXX";
    struct workload_files files;
    const struct workload *found = NULL;
    struct error err = ERROR_INIT;

    (void)state;
    assert_non_null(mkdtemp(folder));
    assert_int_equal(chdir(folder), 0);
    unsetenv("ANSIBLE_INVENTORY");
    unsetenv("ANSIBLE_CONFIG");
    assert_int_equal(mkdir("rack", 0755), 0);
    assert_int_equal(mkdir("rack/workloads", 0755), 0);
    put_file("rack/hosts.yml", "all: {}\n");
    put_file("rack/workloads/a.yml", "{name: chat, engine: llama_cpp, model: m}\n");
    assert_true(workload_files_read(arena, NULL, NULL, &files, &err));
    assert_int_equal(files.count, 0);
    assert_false(workload_files_find(&files, "chat", &found, &err));
    assert_non_null(strstr(err.text, "nothing is declared there"));
    put_file("ansible.cfg", "[defaults]\ninventory = none, rack/hosts.yml\n");
    assert_true(workload_files_read(arena, NULL, NULL, &files, &err));
    assert_int_equal(files.count, 1);
    assert_true(workload_files_find(&files, "chat", &found, &err));
    assert_string_equal(found->engine, "llama_cpp");
    assert_false(workload_files_find(&files, "chta", &found, &err));
    assert_non_null(strstr(err.text, "did you mean 'chat'?"));
    assert_true(workload_files_read(arena, NULL, "rack", &files, &err));
    assert_int_equal(files.count, 1);
    assert_true(workload_files_read(arena, "rack/workloads/a.yml", NULL, &files, &err));
    assert_int_equal(files.count, 1);
    assert_false(workload_files_read(arena, "nowhere", NULL, &files, &err));
    assert_string_equal(err.text, "there is no file and no folder 'nowhere'");
    put_file("rack/workloads/b.yml", "\n{name: b, engine: llama_cp, model: m}\n");
    assert_false(workload_files_read(arena, NULL, "rack", &files, &err));
    assert_non_null(strstr(err.text, "llama_cpp"));
    assert_non_null(strstr(err.text, "no engine 'llama_cp' (did you mean 'llama_cpp'?); there are: "));
    assert_int_equal(err.line, 2);
    assert_int_equal(err.column, 19);
    for (size_t i = 0; i < 4; i++)
        unlink(((const char *const[]){ "rack/workloads/a.yml", "rack/workloads/b.yml", "rack/hosts.yml",
                                       "ansible.cfg" })[i]);
    rmdir("rack/workloads");
    rmdir("rack");
    assert_int_equal(chdir("/"), 0);
    assert_int_equal(rmdir(folder), 0);
}

/* What was not there was not checked. */
static void test_check_of_nothing(void **state)
{
    ARENA_SCOPED arena = arena_new();
    char *words[] = { (char *)"workloads", (char *)"check", (char *)"-i", (char *)"/nowhere/hosts.yml", NULL };
    char *output = NULL;

    (void)state;
    setenv("ANSIBLE_CONFIG", "/dev/null", 1);
    setenv("ROOST_CONTROLLER", "/nowhere/controller.json", 1);
    assert_int_equal(verb_output(arena, verb_workloads.run, 4, words, &output), 1);
    assert_non_null(strstr(output, "there is no folder '/nowhere/workloads': nothing is declared"));
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_find), cmocka_unit_test(test_check_of_nothing) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

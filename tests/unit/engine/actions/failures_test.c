/* SPDX-License-Identifier: Apache-2.0 */
/* What is told when a task, or the whole run, cannot go on: words, places, and what stands in the events. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/engine/run/run_fixture.h"

#define HEAD "- name: p\n  hosts: all\n  gather_facts: false\n  tasks:\n"

static struct fixture *run(const char *playbook)
{
    struct fixture *fixture = fixture_new("a,");

    fixture->log_results = true;
    fixture_run(fixture, playbook);
    return fixture;
}

static void has(const struct fixture *fixture, const char *text)
{
    if (strstr(fixture->log.data, text) == NULL)
        fail_msg("no '%s' in:\n%s", text, fixture->log.data);
}

static void has_not(const struct fixture *fixture, const char *text)
{
    if (strstr(fixture->log.data, text) != NULL)
        fail_msg("'%s' in:\n%s", text, fixture->log.data);
}

/* An item that cannot be evaluated ends the loop: the task's own result says why, it is no list of items. */
static void test_loop_ends_early(void **state)
{
    struct fixture *fixture = run(HEAD "    - echo: { x: '{{ item.x }}' }\n      loop: [{x: 1}, {y: 2}]\n");

    (void)state;
    has(fixture, "  a item {'x': 1} ok\n");
    has(fixture, "'dict object' has no attribute 'x'");
    has_not(fixture, "\"item\":{\"y\"");
    assert_int_equal(fixture->exit_code, RUN_HOSTS_FAILED);
    fixture_free(fixture);
}

/* A rescue may use what a task with no_log had, but not show it. */
static void test_failed_task_keeps_secrets(void **state)
{
    struct fixture *fixture = run(HEAD "    - block:\n"
                                       "        - fail: {msg: gone}\n"
                                       "          no_log: true\n"
                                       "          tags: marked\n"
                                       "          vars: {key: swordfish}\n"
                                       "          environment: {KEY: '{{ key }}'}\n"
                                       "          module_defaults: {debug: {msg: swordfish}}\n"
                                       "      rescue:\n"
                                       "        - debug: {var: ansible_failed_task}\n"
                                       "        - debug: {var: ansible_failed_task.environment}\n"
                                       "        - assert:\n"
                                       "            that:\n"
                                       "              - ansible_failed_task.vars.key == 'sword' ~ 'fish'\n"
                                       "              - ansible_failed_task.environment[0].KEY == 'sword' ~ 'fish'\n"
                                       "              - ansible_failed_task.tags == ['marked']\n");

    (void)state;
    has_not(fixture, "swordfish");
    has(fixture, "\"loop_with\":null");
    assert_int_equal(fixture->exit_code, RUN_OK);
    fixture_free(fixture);
}

static void note_items(struct event_sink *sink, const struct event *event)
{
    if (event->kind == EVENT_RESULT)
        assert_false(event->has_items);
    if (event->kind == EVENT_TASK_START || event->kind == EVENT_RESULT)
        assert_int_not_equal(event->task, 0);
    fixture_emit(sink, event);
}

static void test_loop_that_ended_is_shown(void **state)
{
    struct fixture *fixture = fixture_new("a,");

    (void)state;
    fixture->sink.emit = note_items;
    assert_true(fixture_run(fixture, HEAD "    - echo: { x: '{{ item.x }}' }\n      loop: [{y: 2}]\n"));
    has(fixture, "  a failed\n");
    fixture_free(fixture);
}

static void test_unresolved_module(void **state)
{
    struct fixture *fixture = run(HEAD "    - nosuch.module.thing: { a: 1 }\n      when: x is defined\n"
                                       "    - nosuch.module.thing: { a: 1 }\n      when: y is not defined\n");

    (void)state;
    has(fixture, "  a skipped");
    has(fixture, "couldn't resolve module/action 'nosuch.module.thing'");
    assert_string_equal(fixture->calls.data, "");
    assert_int_equal(fixture->exit_code, RUN_HOSTS_FAILED);
    fixture_free(fixture);
}

static void test_unknown_handler(void **state)
{
    struct fixture *fixture = run(HEAD "    - command: x\n      notify: Nobody\n");

    (void)state;
    assert_false(fixture->ran);
    has(fixture, "end without recap\nerror The requested handler 'Nobody' was not found");
    has_not(fixture, "recap a");
    fixture_free(fixture);
}

static void test_interrupted(void **state)
{
    static volatile const int interrupted = 1;
    struct fixture *fixture = fixture_new("a,");

    (void)state;
    fixture->options.interrupted = &interrupted;
    assert_false(fixture_run(fixture, HEAD "    - command: x\n"));
    assert_int_equal(fixture->exit_code, RUN_INTERRUPTED);
    assert_int_equal(fixture->error.kind, ERROR_CANCELLED);
    assert_string_equal(fixture->error.text, "User interrupted execution");
    assert_string_equal(fixture->calls.data, "");
    fixture_free(fixture);
}

static void test_template_file_names_its_place(void **state)
{
    struct fixture *fixture = fixture_new("a,");

    (void)state;
    fixture->log_results = true;
    fixture_write(fixture, "templates/undefined.j2", "a\nb\n  {{ nope }}\n");
    fixture_write(fixture, "templates/filter.j2", "a\n{{ 1 | nofilter }}\n");
    fixture_run(fixture, HEAD "    - template: { src: undefined.j2, dest: /x }\n      ignore_errors: true\n"
                              "    - template: { src: filter.j2, dest: /x }\n");
    has(fixture, "AnsibleUndefinedVariable: 'nope' is undefined (");
    has(fixture, "/templates/undefined.j2:3:");
    has(fixture, "AnsibleError: template error while templating string");
    has(fixture, "/templates/filter.j2:2:");
    fixture_free(fixture);
}

static const struct value *never(struct fixture *fixture, struct arena *arena, const char *host,
                                 const struct module_call *call, int64_t *delay_ms)
{
    (void)fixture;
    (void)arena;
    (void)host;
    assert_true(call->receive_fd >= 0);
    *delay_ms = 60000;
    return NULL;
}

static int file_count(const char *folder)
{
    DIR *entries = opendir(folder);
    int count = 0;

    assert_non_null(entries);
    for (const struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries))
        count += entry->d_name[0] != '.';
    closedir(entries);
    return count;
}

/* What came until then is no file of anybody's. */
static void test_fetch_that_takes_too_long_leaves_nothing(void **state)
{
    struct fixture *fixture = fixture_new("a,");
    int descriptors = file_count("/proc/self/fd");

    (void)state;
    fixture->answer = never;
    fixture_write(fixture, "got/there", "");
    fixture_run(fixture, HEAD "    - fetch: { src: /x, dest: got/, flat: true }\n      timeout: 1\n");
    has(fixture, "  a failed\n");
    assert_int_equal(file_count(arena_printf(fixture->arena, "%s/got", fixture->folder)), 1);
    assert_int_equal(file_count("/proc/self/fd"), descriptors);
    fixture_free(fixture);
}

/* The folders too: here the temporary file's name is longer than a name may be. */
static void test_fetch_that_cannot_write_leaves_nothing(void **state)
{
    struct fixture *fixture = fixture_new("a,");

    (void)state;
    fixture->log_results = true;
    fixture_write(fixture, "got/there", "");
    fixture_run(fixture, arena_printf(fixture->arena,
                                      HEAD "    - fetch: { src: /x/%0250d, dest: got/new/deep/, flat: true }\n", 1));
    has(fixture, "Failed to fetch the file");
    assert_int_equal(file_count(arena_printf(fixture->arena, "%s/got", fixture->folder)), 1);
    fixture_free(fixture);
}

static void test_debug_null(void **state)
{
    struct fixture *fixture =
        run(HEAD "    - debug: { msg: '{{ item }}' }\n      loop: [null, 1]\n      register: r\n"
                 "    - assert: { that: ['r.results[0].msg is none', 'r.results[1].msg == 1'] }\n"
                 "    - debug:\n        msg:\n      register: r\n    - assert: { that: r.msg is none }\n");

    (void)state;
    assert_int_equal(fixture->exit_code, RUN_OK);
    fixture_free(fixture);
}

static void test_raw_has_no_environment(void **state)
{
    struct fixture *fixture = run(HEAD "    - raw: env\n      environment: { A: b }\n    - raw: env\n");

    (void)state;
    has(fixture, "warning raw module does not support the environment keyword\n");
    assert_null(strstr(strstr(fixture->log.data, "warning raw") + 5, "warning raw"));
    fixture_free(fixture);
}

static void test_nobody_to_work_on(void **state)
{
    struct fixture *fixture = fixture_new("a,b,");

    (void)state;
    fixture->options.limit = "none";
    assert_false(fixture_run(fixture, HEAD "    - debug:\n"));
    assert_string_equal(fixture->error.text, "Specified inventory, host pattern and/or --limit leaves us with no hosts "
                                             "to target.");
    fixture_free(fixture);
    fixture = fixture_new("");
    assert_true(fixture_run(fixture, HEAD "    - debug:\n"));
    has(fixture, "warning provided hosts list is empty, only localhost is available.");
    fixture_free(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loop_ends_early),
        cmocka_unit_test(test_loop_that_ended_is_shown),
        cmocka_unit_test(test_unresolved_module),
        cmocka_unit_test(test_unknown_handler),
        cmocka_unit_test(test_interrupted),
        cmocka_unit_test(test_template_file_names_its_place),
        cmocka_unit_test(test_debug_null),
        cmocka_unit_test(test_fetch_that_takes_too_long_leaves_nothing),
        cmocka_unit_test(test_fetch_that_cannot_write_leaves_nothing),
        cmocka_unit_test(test_raw_has_no_environment),
        cmocka_unit_test(test_nobody_to_work_on),
        cmocka_unit_test(test_failed_task_keeps_secrets),
    };

    return cmocka_run_group_tests_name("failures", tests, NULL, NULL);
}

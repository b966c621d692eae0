/* SPDX-License-Identifier: Apache-2.0 */
/* Sequences that were compared with ansible-playbook 2.14 (-c local -f 1) and must stay as they are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/engine/run/run_fixture.h"

static void expect(const char *hosts, const char *playbook, int exit_code, const char *wanted)
{
    struct fixture *fixture = fixture_new(hosts);

    assert_true(fixture_run(fixture, playbook));
    assert_string_equal(fixture->log.data, wanted);
    assert_int_equal(fixture->exit_code, exit_code);
    fixture_free(fixture);
}

static void test_any_errors_fatal(void **state)
{
    (void)state;
    expect(
        "a,b,c,",
        "- name: one\n  hosts: all\n  gather_facts: false\n  any_errors_fatal: true\n  tasks:\n    - fail: {msg: x}\n"
        "      when: inventory_hostname == 'b'\n    - debug:\n- name: two\n  hosts: all\n  gather_facts: false\n"
        "  tasks:\n    - debug:\n",
        RUN_HOSTS_FAILED,
        "play one\ntask fail\n  a skipped\n  b failed\n  c skipped\nno hosts left\n"
        "recap a ok=0 changed=0 unreachable=0 failed=0 skipped=1 rescued=0 ignored=0\n"
        "recap b ok=0 changed=0 unreachable=0 failed=1 skipped=0 rescued=0 ignored=0\n"
        "recap c ok=0 changed=0 unreachable=0 failed=0 skipped=1 rescued=0 ignored=0\n");
}

static void test_max_fail_percentage(void **state)
{
    (void)state;
    expect(
        "a,b,c,d,",
        "- name: one\n  hosts: all\n  gather_facts: false\n  max_fail_percentage: 30\n  tasks:\n    - fail: {msg: x}\n"
        "      when: inventory_hostname in ['b', 'c']\n    - debug:\n",
        RUN_HOSTS_FAILED,
        "play one\ntask fail\n  a skipped\n  b failed\n  c failed\n  d skipped\nno hosts left\nno hosts left\n"
        "recap a ok=0 changed=0 unreachable=0 failed=0 skipped=1 rescued=0 ignored=0\n"
        "recap b ok=0 changed=0 unreachable=0 failed=1 skipped=0 rescued=0 ignored=0\n"
        "recap c ok=0 changed=0 unreachable=0 failed=1 skipped=0 rescued=0 ignored=0\n"
        "recap d ok=0 changed=0 unreachable=0 failed=0 skipped=1 rescued=0 ignored=0\n");
}

/* Members of a list of tags are never split; a text is. */
static void test_tags_of_text_and_list(void **state)
{
    static const char *const wanted[] = { "b", NULL };
    struct fixture *fixture = fixture_new("a,");

    (void)state;
    fixture->options.tags = wanted;
    assert_true(fixture_run(fixture, "- name: one\n  hosts: all\n  gather_facts: false\n  tasks:\n"
                                     "    - name: text\n      debug:\n      tags: a, b\n"
                                     "    - name: member\n      debug:\n      tags: ['a,b']\n"));
    assert_string_equal(fixture->log.data,
                        "play one\ntask text\n  a ok\n"
                        "recap a ok=1 changed=0 unreachable=0 failed=0 skipped=0 rescued=0 ignored=0\n");
    fixture_free(fixture);
}

static void test_serial(void **state)
{
    (void)state;
    expect(
        "a,b,c,",
        "- name: one\n  hosts: all\n  gather_facts: false\n  serial: [1, '100%']\n  tasks:\n"
        "    - name: batch {{ ansible_play_batch }}\n      debug:\n- hosts: none\n  gather_facts: false\n  tasks: []\n",
        RUN_OK,
        "play one\ntask batch ['a']\n  a ok\nplay one\ntask batch ['b', 'c']\n  b ok\n  c ok\n"
        "warning Could not match supplied host pattern, ignoring: none\nplay none\nno hosts\n"
        "recap a ok=1 changed=0 unreachable=0 failed=0 skipped=0 rescued=0 ignored=0\n"
        "recap b ok=1 changed=0 unreachable=0 failed=0 skipped=0 rescued=0 ignored=0\n"
        "recap c ok=1 changed=0 unreachable=0 failed=0 skipped=0 rescued=0 ignored=0\n");
}

static void test_whole_batch_failed(void **state)
{
    (void)state;
    expect(
        "a,b,",
        "- name: one\n  hosts: all\n  gather_facts: false\n  serial: 1\n  tasks:\n    - fail: {msg: x}\n"
        "      when: inventory_hostname == 'a'\n- name: two\n  hosts: all\n  gather_facts: false\n  tasks:\n    - debug:\n",
        RUN_HOSTS_FAILED,
        "play one\ntask fail\n  a failed\n"
        "recap a ok=0 changed=0 unreachable=0 failed=1 skipped=0 rescued=0 ignored=0\n");
}

static void test_rescue_per_host(void **state)
{
    (void)state;
    expect(
        "a,b,",
        "- name: p\n  hosts: all\n  gather_facts: false\n  tasks:\n    - block:\n        - name: one\n          fail: {msg: x}\n"
        "          when: inventory_hostname == 'b'\n        - name: two\n          debug:\n      rescue:\n"
        "        - name: rescue\n          debug:\n      always:\n        - name: always\n          debug:\n",
        RUN_OK,
        "play p\ntask one\n  a skipped\n  b failed\ntask two\n  a ok\ntask rescue\n  b ok\ntask always\n  a ok\n  b ok\n"
        "recap a ok=2 changed=0 unreachable=0 failed=0 skipped=1 rescued=0 ignored=0\n"
        "recap b ok=2 changed=0 unreachable=0 failed=0 skipped=0 rescued=1 ignored=0\n");
}

#define NOTIFYING                                                                                                            \
    "- name: p\n  hosts: all\n  gather_facts: false\n  tasks:\n    - name: change\n      debug:\n      changed_when: true\n" \
    "      notify: [h1, h2]\n    - name: fails\n      fail: {msg: x}\n      when: inventory_hostname == 'b'\n"               \
    "  handlers:\n    - name: h1\n      debug:\n    - name: h2\n      debug:\n"

static void test_handlers(void **state)
{
    (void)state;
    expect(
        "a,b,", NOTIFYING, RUN_HOSTS_FAILED,
        "play p\ntask change\n  notified h1\n  notified h2\n  a changed\n  notified h1\n  notified h2\n  b changed\ntask fails\n"
        "  a skipped\n  b failed\nhandler h1\n  a ok\nhandler h2\n  a ok\n"
        "recap a ok=3 changed=1 unreachable=0 failed=0 skipped=1 rescued=0 ignored=0\n"
        "recap b ok=1 changed=1 unreachable=0 failed=1 skipped=0 rescued=0 ignored=0\n");
}

static void test_forced_handlers(void **state)
{
    struct fixture *fixture = fixture_new("a,b,");

    (void)state;
    fixture->options.force_handlers = true;
    assert_true(fixture_run(fixture, NOTIFYING));
    assert_non_null(strstr(fixture->log.data, "handler h1\n  a ok\n  b ok\nhandler h2\n  a ok\n  b ok\n"));
    assert_int_equal(fixture->exit_code, RUN_HOSTS_FAILED);
    fixture_free(fixture);
}

static void test_run_once_and_delegation(void **state)
{
    (void)state;
    expect(
        "a,b,",
        "- name: p\n  hosts: all\n  gather_facts: false\n  tasks:\n    - name: once\n      ping:\n      run_once: true\n"
        "      delegate_to: b\n      register: r\n    - name: seen by all\n      assert: {that: r.ping == 'pong'}\n",
        RUN_OK,
        "play p\ntask once\n  a -> b ok\ntask seen by all\n  a ok\n  b ok\n"
        "recap a ok=2 changed=0 unreachable=0 failed=0 skipped=0 rescued=0 ignored=0\n"
        "recap b ok=1 changed=0 unreachable=0 failed=0 skipped=0 rescued=0 ignored=0\n");
}

static void test_metas(void **state)
{
    (void)state;
    expect(
        "a,b,",
        "- name: p\n  hosts: all\n  gather_facts: false\n  tasks:\n    - meta: end_host\n      when: inventory_hostname == 'a'\n"
        "    - name: only b\n      debug:\n    - meta: end_play\n    - name: never\n      debug:\n",
        RUN_OK,
        "play p\ntask meta\ntask meta\n  b skipped\ntask only b\n  b ok\ntask meta\n"
        "recap b ok=1 changed=0 unreachable=0 failed=0 skipped=0 rescued=0 ignored=0\n");
}

static void test_tags(void **state)
{
    static const char *const tags[] = { "one", NULL }, *const skipped[] = { "two", NULL };
    struct fixture *fixture = fixture_new("a,");

    (void)state;
    fixture->options.tags = tags;
    fixture->options.skip_tags = skipped;
    assert_true(fixture_run(
        fixture, "- name: p\n  hosts: all\n  gather_facts: false\n  tasks:\n"
                 "    - {name: plain, debug: }\n    - {name: one, debug: , tags: one}\n"
                 "    - {name: both, debug: , tags: [one, two]}\n    - {name: always, debug: , tags: always}\n"
                 "    - {name: never, debug: , tags: [never]}\n"));
    assert_string_equal(fixture->log.data,
                        "play p\ntask one\n  a ok\ntask always\n  a ok\n"
                        "recap a ok=2 changed=0 unreachable=0 failed=0 skipped=0 rescued=0 ignored=0\n");
    fixture_free(fixture);
}

static void test_start_at_task(void **state)
{
    struct fixture *fixture = fixture_new("a,");

    (void)state;
    fixture->options.start_at_task = "tw*";
    assert_true(fixture_run(fixture,
                            "- name: p\n  hosts: all\n  gather_facts: false\n  tasks:\n    - {name: one, debug: }\n"
                            "    - {name: two, debug: }\n    - {name: three, debug: }\n"));
    assert_string_equal(fixture->log.data,
                        "play p\ntask two\n  a ok\ntask three\n  a ok\n"
                        "recap a ok=2 changed=0 unreachable=0 failed=0 skipped=0 rescued=0 ignored=0\n");
    fixture_free(fixture);
}

static void test_start_at_a_task_that_is_not_there(void **state)
{
    struct fixture *fixture = fixture_new("a,");

    (void)state;
    fixture->options.start_at_task = "four";
    assert_true(
        fixture_run(fixture, "- name: p\n  hosts: all\n  gather_facts: false\n  tasks:\n    - {name: one, debug: }\n"));
    assert_int_equal(fixture->exit_code, RUN_OK);
    assert_non_null(strstr(fixture->log.data, "error No matching task \"four\" found. Note: --start-at-task can only "
                                              "follow static includes.\n"));
    assert_null(strstr(fixture->log.data, "task one"));
    fixture_free(fixture);
}

static void test_braces_in_conditions_are_warned_of(void **state)
{
    struct fixture *fixture = fixture_new("a,b,");

    (void)state;
    assert_true(fixture_run(fixture, "- name: p\n  hosts: all\n  gather_facts: false\n  tasks:\n"
                                     "    - {name: one, debug: , when: '{{ true }}'}\n"));
    assert_non_null(strstr(fixture->log.data,
                           "warning conditional statements should not include jinja2 templating delimiters such as "
                           "{{ }} or {% %}. Found: {{ true }}\n"));
    fixture_free(fixture);
}

static bool answer_prompt(void *context, const char *prompt, bool secret, struct arena *arena, const char **out)
{
    struct fixture *fixture = context;

    (void)arena;
    text_printf(&fixture->log, "asked %s%s\n", prompt, secret ? "(secret)" : "");
    *out = "blue";
    return true;
}

static void test_vars_prompt(void **state)
{
    struct fixture *fixture = fixture_new("a,");

    (void)state;
    fixture->options.ask = answer_prompt;
    fixture->options.ask_context = fixture;
    assert_true(fixture_run(fixture,
                            "- name: p\n  hosts: all\n  gather_facts: false\n  vars_prompt:\n    - name: color\n"
                            "      prompt: which\n      private: false\n  tasks:\n"
                            "    - assert: {that: color == 'blue'}\n"));
    assert_non_null(strstr(fixture->log.data, "asked which: \nplay p\n"));
    assert_int_equal(fixture->exit_code, RUN_OK);
    fixture_free(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_errors_fatal),
        cmocka_unit_test(test_max_fail_percentage),
        cmocka_unit_test(test_tags_of_text_and_list),
        cmocka_unit_test(test_serial),
        cmocka_unit_test(test_whole_batch_failed),
        cmocka_unit_test(test_rescue_per_host),
        cmocka_unit_test(test_handlers),
        cmocka_unit_test(test_forced_handlers),
        cmocka_unit_test(test_run_once_and_delegation),
        cmocka_unit_test(test_metas),
        cmocka_unit_test(test_tags),
        cmocka_unit_test(test_start_at_task),
        cmocka_unit_test(test_braces_in_conditions_are_warned_of),
        cmocka_unit_test(test_start_at_a_task_that_is_not_there),
        cmocka_unit_test(test_vars_prompt),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

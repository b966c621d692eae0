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

/* --- hosts at their own pace --- */

#define FREE_PLAY(strategy_)                                                                                           \
    "- name: p\n  hosts: all\n  gather_facts: false\n  strategy: " strategy_                                           \
    "\n  tasks:\n    - name: one {{ inventory_hostname }}\n      command: /bin/true\n      notify: h\n"                \
    "    - name: fails\n      fail: {msg: x}\n      when: inventory_hostname == 'a'\n    - name: last\n      debug:\n" \
    "      run_once: true\n  handlers:\n    - name: h\n      debug:\n"

static void run_with_one_fork(const char *playbook, const char *wanted)
{
    struct fixture *fixture = fixture_new("a,b,");

    fixture->options.forks = 1;
    assert_true(fixture_run(fixture, playbook));
    assert_string_equal(fixture->log.data, wanted);
    assert_int_equal(fixture->exit_code, RUN_HOSTS_FAILED);
    fixture_free(fixture);
}

/* One task for each host in turn; the name that the first host gave a task stays; a failure is the host's own. */
static void test_free_strategy(void **state)
{
    (void)state;
    run_with_one_fork(
        FREE_PLAY("free"),
        "play p\ntask one a\n  notified h\n  a changed\ntask one a\n  notified h\n  b changed\ntask fails\n"
        "  a failed\ntask fails\n  b skipped\n"
        "warning Using run_once with the free strategy is not currently supported. This task will still be "
        "executed for every host in the inventory list.\n"
        "task last\n  b ok\nhandler h\n  b ok\n"
        "recap a ok=1 changed=1 unreachable=0 failed=1 skipped=0 rescued=0 ignored=0\n"
        "recap b ok=3 changed=1 unreachable=0 failed=0 skipped=1 rescued=0 ignored=0\n");
}

/* As many hosts as there are forks go through the whole play. */
static void test_host_pinned(void **state)
{
    (void)state;
    run_with_one_fork(
        FREE_PLAY("ansible.builtin.host_pinned"),
        "play p\ntask one a\n  notified h\n  a changed\ntask fails\n  a failed\n"
        "task one a\n  notified h\n  b changed\ntask fails\n  b skipped\n"
        "warning Using run_once with the free strategy is not currently supported. This task will still be "
        "executed for every host in the inventory list.\n"
        "task last\n  b ok\nhandler h\n  b ok\n"
        "recap a ok=1 changed=1 unreachable=0 failed=1 skipped=0 rescued=0 ignored=0\n"
        "recap b ok=3 changed=1 unreachable=0 failed=0 skipped=1 rescued=0 ignored=0\n");
}

static void test_no_such_strategy(void **state)
{
    struct fixture *fixture = fixture_new("a,");

    (void)state;
    assert_false(fixture_run(fixture, FREE_PLAY("fre")));
    assert_string_equal(fixture->error.text,
                        "Invalid play strategy specified: fre; there are linear, free, host_pinned and debug");
    fixture_free(fixture);
}

/* --- jobs --- */

static const struct value *job_answer(struct fixture *fixture, struct arena *arena, const char *host,
                                      const struct module_call *call, int64_t *delay_ms)
{
    struct value *result = value_map(arena);

    (void)fixture;
    (void)host;
    (void)delay_ms;
    value_map_put_string(arena, result, "ansible_job_id", "j1.2");
    value_map_put_int(arena, result, "started", 1);
    value_map_put_int(arena, result, "finished", strcmp(call->module, "async_status") == 0 ? 1 : 0);
    if (strcmp(call->module, "async_status") == 0)
        value_map_put_string(arena, result, "stdout", "done");
    else
        assert_int_equal(call->async_s, 60);
    return result;
}

/* Started, looked at until it is over, its file removed; with poll 0 only started. Actions at the centre cannot be jobs. */
static void test_async(void **state)
{
    struct fixture *fixture = fixture_new("a,");

    (void)state;
    fixture->answer = job_answer;
    assert_true(fixture_run(fixture,
                            "- name: p\n  hosts: all\n  gather_facts: false\n  vars: {ansible_async_dir: /jobs}\n"
                            "  tasks:\n    - name: wait\n      command: x\n      async: 60\n      poll: 30\n"
                            "      register: r\n      failed_when: r.stdout != 'done'\n"
                            "    - name: forget\n      command: y\n      async: 60\n      poll: 0\n"
                            "      register: r\n      failed_when: r is finished\n"
                            "    - name: centre\n      set_fact: {a: b}\n      async: 60\n"));
    assert_string_equal(fixture->log.data,
                        "play p\ntask wait\nmessage ASYNC OK on a: jid=j1.2\n  a ok\ntask forget\n  a changed\n"
                        "task centre\n  a failed\n"
                        "recap a ok=2 changed=1 unreachable=0 failed=1 skipped=0 rescued=0 ignored=0\n");
    assert_string_equal(fixture->calls.data,
                        "a command {\"_raw_params\":\"x\"}\n"
                        "a async_status {\"jid\":\"j1.2\",\"mode\":\"status\",\"_async_dir\":\"/jobs\"}\n"
                        "a async_status {\"jid\":\"j1.2\",\"mode\":\"cleanup\",\"_async_dir\":\"/jobs\"}\n"
                        "a command {\"_raw_params\":\"y\"}\n");
    fixture_free(fixture);
}

/* --- the debugger --- */

static const char *const *debug_lines;

static bool debug_line(void *context, const char *prompt, bool secret, struct arena *arena, const char **out)
{
    (void)context;
    (void)arena;
    assert_false(secret);
    assert_string_equal(prompt, "[a] TASK: one (debug)> ");
    *out = *debug_lines;
    if (*debug_lines != NULL)
        debug_lines++;
    return *out != NULL;
}

static struct fixture *run_debugged(const char *const *lines)
{
    struct fixture *fixture = fixture_new("a,");

    debug_lines = lines;
    fixture->options.ask_debugger = debug_line;
    assert_true(fixture_run(fixture,
                            "- name: p\n  hosts: all\n  gather_facts: false\n  strategy: debug\n"
                            "  vars: {what: /bin/false}\n  tasks:\n    - name: one\n      command: '{{ what }}'\n"
                            "    - name: two\n      debug:\n"));
    return fixture;
}

static void test_debugger(void **state)
{
    static const char *const args[] = {
        "p task.args", "p result._result.rc", "", "task.args['_raw_params'] = '/bin/true'", "redo", NULL
    };
    static const char *const vars[] = { "task_vars['what'] = '/bin/true'", "p nonsense(", "r", NULL };
    static const char *const none[] = { NULL };
    struct fixture *fixture = run_debugged(args);

    (void)state;
    assert_string_equal(
        fixture->log.data,
        "play p\ntask one\n  a failed\nmessage {'_raw_params': '/bin/false'}\nmessage 1\n  a changed\n"
        "task two\n  a ok\nrecap a ok=2 changed=1 unreachable=0 failed=0 skipped=0 rescued=0 ignored=0\n");
    assert_int_equal(fixture->exit_code, RUN_OK);
    fixture_free(fixture);
    fixture = run_debugged(vars);
    assert_non_null(strstr(fixture->log.data, "message ***"));
    assert_non_null(strstr(fixture->calls.data, "a command {\"_raw_params\":\"/bin/true\"}\n"));
    assert_int_equal(fixture->exit_code, RUN_OK);
    fixture_free(fixture);
    fixture = run_debugged(none);
    assert_string_equal(fixture->log.data,
                        "play p\ntask one\n  a failed\nmessage User interrupted execution\nend without recap\n");
    assert_int_equal(fixture->exit_code, RUN_INTERRUPTED);
    fixture_free(fixture);
}

static void test_break_when(void **state)
{
    (void)state;
    expect("a,",
           "- name: p\n  hosts: all\n  gather_facts: false\n  tasks:\n    - name: one\n      echo: {n: '{{ item }}'}\n"
           "      loop: [1, 2, 3]\n      register: r\n      loop_control: {break_when: r.n | int == 2}\n"
           "    - debug:\n      failed_when: r.results | length != 2\n",
           RUN_OK,
           "play p\ntask one\n  a item 1 ok\n  a item 2 ok\n  a ok\ntask debug\n  a ok\n"
           "recap a ok=2 changed=0 unreachable=0 failed=0 skipped=0 rescued=0 ignored=0\n");
}

/* The host that asks for it goes to the end of the role, the others do not. */
static void test_end_role(void **state)
{
    struct fixture *fixture = fixture_new("a,b,");

    (void)state;
    fixture_write(fixture, "roles/r/tasks/main.yml",
                  "- meta: end_role\n  when: inventory_hostname == 'a'\n- block:\n    - name: inside\n      debug:\n"
                  "  always:\n    - name: always\n      debug:\n");
    assert_true(fixture_run(fixture, "- name: p\n  hosts: all\n  gather_facts: false\n  roles: [r]\n  tasks:\n"
                                     "    - name: after\n      debug:\n"));
    assert_string_equal(fixture->log.data,
                        "play p\ntask r : meta\ntask r : meta\n  b skipped\ntask r : inside\n  b ok\ntask r : always\n"
                        "  b ok\ntask after\n  a ok\n  b ok\n"
                        "recap a ok=1 changed=0 unreachable=0 failed=0 skipped=0 rescued=0 ignored=0\n"
                        "recap b ok=3 changed=0 unreachable=0 failed=0 skipped=0 rescued=0 ignored=0\n");
    fixture_free(fixture);
}

/* The hosts are new ones to Ansible: what was notified before is forgotten, what is notified after it runs. */
static void test_refresh_forgets_notifications(void **state)
{
    (void)state;
    expect(
        "a,b,",
        "- name: p\n  hosts: all\n  gather_facts: false\n  tasks:\n    - name: one\n      debug:\n      changed_when: true\n"
        "      notify: h1\n    - add_host: {name: c}\n    - meta: refresh_inventory\n"
        "    - name: two {{ ansible_play_hosts }} {{ ansible_play_batch }}\n      debug:\n"
        "      changed_when: inventory_hostname == 'b'\n      notify: h2\n"
        "  handlers:\n    - name: h1\n      debug:\n    - name: h2\n      debug:\n",
        RUN_OK,
        "play p\ntask one\n  notified h1\n  a changed\n  notified h1\n  b changed\ntask add_host\n  a changed\ntask meta\n"
        "task two ['c', 'a', 'b'] ['a', 'b']\n  a ok\n  notified h2\n  b changed\nhandler h2\n  b ok\n"
        "recap a ok=3 changed=2 unreachable=0 failed=0 skipped=0 rescued=0 ignored=0\n"
        "recap b ok=3 changed=2 unreachable=0 failed=0 skipped=0 rescued=0 ignored=0\n");
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
        cmocka_unit_test(test_free_strategy),
        cmocka_unit_test(test_host_pinned),
        cmocka_unit_test(test_no_such_strategy),
        cmocka_unit_test(test_async),
        cmocka_unit_test(test_debugger),
        cmocka_unit_test(test_break_when),
        cmocka_unit_test(test_refresh_forgets_notifications),
        cmocka_unit_test(test_end_role),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

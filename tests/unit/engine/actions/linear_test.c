/* SPDX-License-Identifier: Apache-2.0 */
/* Whole plays over fake nodes: what happens, in which order, and how it is counted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/engine/run/run_fixture.h"

#define PLAY "- name: p\n  hosts: all\n  gather_facts: false\n"

static void expect_log(struct fixture *fixture, const char *wanted)
{
    assert_string_equal(fixture->log.data, wanted);
}

static void test_straight_line(void **state)
{
    struct fixture *fixture = fixture_new("a,");

    (void)state;
    assert_true(fixture_run(fixture,
                            PLAY "  vars: {x: 1}\n  tasks:\n    - echo: {v: '{{ x + 1 }}'}\n      register: r\n"
                                 "    - name: see {{ r.v }}\n      debug: {msg: '{{ r.v }}'}\n      when: r.v == '2'\n"
                                 "    - debug: {msg: no}\n      when: false\n"));
    expect_log(fixture, "play p\ntask echo\n  a ok\ntask see 2\n  a ok\ntask debug\n  a skipped\n"
                        "recap a ok=2 changed=0 unreachable=0 failed=0 skipped=1 rescued=0 ignored=0\n");
    assert_int_equal(fixture->exit_code, RUN_OK);
    assert_string_equal(fixture->calls.data, "a echo {\"v\":\"2\"}\n");
    fixture_free(fixture);
}

static void test_lockstep_and_failure(void **state)
{
    struct fixture *fixture = fixture_new("a,b,");

    (void)state;
    assert_true(fixture_run(fixture, PLAY "  tasks:\n    - command: 'false'\n      when: inventory_hostname == 'a'\n"
                                          "    - command: echo hi\n"));
    expect_log(fixture, "play p\ntask command\n  b skipped\n  a failed\ntask command\n  b changed\n"
                        "recap a ok=0 changed=0 unreachable=0 failed=1 skipped=0 rescued=0 ignored=0\n"
                        "recap b ok=1 changed=1 unreachable=0 failed=0 skipped=1 rescued=0 ignored=0\n");
    assert_int_equal(fixture->exit_code, RUN_HOSTS_FAILED);
    fixture_free(fixture);
}

static const struct value *lose_b(struct fixture *fixture, struct arena *arena, const char *host,
                                  const struct module_call *call, int64_t *delay_ms)
{
    (void)fixture;
    (void)call;
    (void)delay_ms;
    return strcmp(host, "b") == 0 ? value_string(arena, "b: connection closed") : NULL;
}

static void test_lost_connection(void **state)
{
    struct fixture *fixture = fixture_new("a,b,");

    (void)state;
    fixture->answer = lose_b;
    fixture->log_results = true;
    assert_true(fixture_run(fixture, PLAY "  tasks:\n    - ping:\n    - ping:\n"));
    expect_log(fixture, "play p\ntask ping\n  a ok {\"changed\":false,\"ping\":\"pong\"}\n"
                        "  b unreachable {\"changed\":false,\"msg\":\"b: connection closed\",\"unreachable\":true}\n"
                        "task ping\n  a ok {\"changed\":false,\"ping\":\"pong\"}\n"
                        "recap a ok=2 changed=0 unreachable=0 failed=0 skipped=0 rescued=0 ignored=0\n"
                        "recap b ok=0 changed=0 unreachable=1 failed=0 skipped=0 rescued=0 ignored=0\n");
    assert_int_equal(fixture->exit_code, RUN_UNREACHABLE);
    fixture_free(fixture);
}

static void test_ignore_unreachable(void **state)
{
    struct fixture *fixture = fixture_new("b,");

    (void)state;
    fixture->answer = lose_b;
    assert_true(fixture_run(fixture, PLAY
                            "  tasks:\n    - ping:\n      ignore_unreachable: true\n    - debug: {msg: still here}\n"));
    expect_log(fixture, "play p\ntask ping\n  b unreachable ignored\ntask debug\n  b ok\n"
                        "recap b ok=2 changed=0 unreachable=0 failed=0 skipped=0 rescued=0 ignored=1\n");
    assert_int_equal(fixture->exit_code, RUN_OK);
    fixture_free(fixture);
}

static const struct value *slow(struct fixture *fixture, struct arena *arena, const char *host,
                                const struct module_call *call, int64_t *delay_ms)
{
    (void)fixture;
    (void)arena;
    (void)host;
    (void)call;
    *delay_ms = 30;
    return NULL;
}

static void test_forks(void **state)
{
    struct fixture *fixture = fixture_new("a,b,c,d,e,f,");

    (void)state;
    fixture->answer = slow;
    fixture->options.forks = 2;
    assert_true(fixture_run(fixture, PLAY "  tasks:\n    - ping:\n"));
    assert_int_equal(fixture->most_in_flight, 2);
    fixture_free(fixture);
}

static void test_throttle(void **state)
{
    struct fixture *fixture = fixture_new("a,b,c,d,");

    (void)state;
    fixture->answer = slow;
    assert_true(fixture_run(fixture, PLAY "  tasks:\n    - ping:\n      throttle: 1\n"));
    assert_int_equal(fixture->most_in_flight, 1);
    fixture_free(fixture);
}

static void test_items_are_sent_ahead(void **state)
{
    struct fixture *fixture = fixture_new("a,");

    (void)state;
    fixture->answer = slow;
    assert_true(fixture_run(fixture,
                            PLAY "  tasks:\n    - echo: {v: '{{ item }}'}\n      loop: [1, 2, 3]\n      register: r\n"
                                 "    - assert:\n        that: r.results | map(attribute='v') | list == [1, 2, 3]\n"));
    assert_int_equal(fixture->most_in_flight, 3);
    assert_int_equal(fixture->exit_code, RUN_OK);
    fixture_free(fixture);
}

/* An item that looks at the result of the one before it, even through another variable, is not sent ahead. */
static void test_items_that_depend_wait(void **state)
{
    struct fixture *fixture = fixture_new("a,");

    (void)state;
    fixture->answer = slow;
    assert_true(fixture_run(fixture,
                            PLAY "  vars: {seen: \"{{ r.v | default('') }}\"}\n  tasks:\n"
                                 "    - echo: {v: '{{ seen }}{{ item }}'}\n      loop: [1, 2, 3]\n      register: r\n"
                                 "    - assert:\n        that: r.results[2].v == '123'\n"));
    assert_int_equal(fixture->most_in_flight, 1);
    assert_int_equal(fixture->exit_code, RUN_OK);
    fixture_free(fixture);
}

static const struct value *stuck(struct fixture *fixture, struct arena *arena, const char *host,
                                 const struct module_call *call, int64_t *delay_ms)
{
    (void)fixture;
    (void)arena;
    (void)host;
    *delay_ms = strcmp(call->module, "echo") == 0 ? 60000 : 0;
    return NULL;
}

static void test_timeout(void **state)
{
    struct fixture *fixture = fixture_new("a,");

    (void)state;
    fixture->answer = stuck;
    fixture->log_results = true;
    assert_true(
        fixture_run(fixture, PLAY "  tasks:\n    - echo:\n      timeout: 1\n      ignore_errors: true\n    - ping:\n"));
    expect_log(
        fixture,
        "play p\ntask echo\n  a failed ignored {\"changed\":false,\"msg\":\"The echo action failed to execute in the "
        "expected time frame (1) and was terminated\"}\ntask ping\n  a ok {\"changed\":false,\"ping\":\"pong\"}\n"
        "recap a ok=2 changed=0 unreachable=0 failed=0 skipped=0 rescued=0 ignored=1\n");
    fixture_free(fixture);
}

static void test_become_and_connection_variables(void **state)
{
    struct fixture *fixture = fixture_new("a,");

    (void)state;
    assert_true(fixture_run(fixture, PLAY
                            "  become: true\n  vars: {ansible_become_user: bob, ansible_host: 10.0.0.1}\n  tasks:\n"
                            "    - ping:\n    - ping:\n      become: false\n"
                            "    - ping:\n      delegate_to: other\n"));
    assert_string_equal(fixture->calls.data, "a ping {}\na ping {}\nother ping {}\n");
    assert_int_equal(fixture->open_count, 2);
    fixture_free(fixture);
}

static void test_no_log(void **state)
{
    struct fixture *fixture = fixture_new("a,");

    (void)state;
    fixture->log_results = true;
    assert_true(fixture_run(fixture,
                            PLAY "  tasks:\n    - echo: {secret: swordfish}\n      no_log: true\n      register: r\n"
                                 "    - assert: {that: r.secret == 'swordfish', quiet: true}\n"));
    assert_null(strstr(fixture->log.data, "swordfish"));
    assert_non_null(strstr(fixture->log.data,
                           "\"censored\":\"the output has been hidden due to the fact that 'no_log: true' was "
                           "specified for this result\""));
    assert_int_equal(fixture->exit_code, RUN_OK);
    fixture_free(fixture);
}

static void test_facts_are_not_templated(void **state)
{
    struct fixture *fixture = fixture_new("a,");

    (void)state;
    assert_true(fixture_run(fixture, "- hosts: all\n  tasks:\n    - assert:\n        that:\n"
                                     "          - ansible_distribution == 'Debian'\n"
                                     "          - ansible_facts.distribution == 'Debian'\n"
                                     "          - ansible_env_text == '{{ '{{' }} not_templated }}'\n"));
    assert_non_null(strstr(fixture->log.data, "task Gathering Facts\n  a ok\n"));
    assert_int_equal(fixture->exit_code, RUN_OK);
    fixture_free(fixture);
}

static void test_parse_error_starts_nothing(void **state)
{
    struct fixture *fixture = fixture_new("a,");

    (void)state;
    assert_false(fixture_run(fixture, PLAY "  tasks:\n    - ping:\n    - nosuchmodule:\n"));
    assert_int_equal(fixture->error.kind, ERROR_PARSE);
    assert_non_null(strstr(fixture->error.text, "nosuchmodule"));
    assert_int_equal(fixture->open_count, 0);
    fixture_free(fixture);
}

static void expect_refused(const char *tasks, const char *words)
{
    struct fixture *fixture = fixture_new("a,");

    assert_false(fixture_run(fixture, tasks));
    assert_non_null(strstr(fixture->error.text, words));
    assert_int_equal(fixture->open_count, 0);
    fixture_free(fixture);
}

#define REFUSED_CONNECTION "connection 'docker' is not one of local, ssh"
#define REFUSED_METHOD "become method 'pbrun' is not supported; there are sudo, su and doas"
#define AS_PBRUN "  become: true\n  become_method: pbrun\n"

/* Words of a playbook that name what Roost does not have: before the first connection, with their line. */
static void test_refused_with_line(void **state)
{
    static const struct {
        const char *play, *words;
        int line;
    } cases[] = {
        { PLAY "  strategy: fast\n  tasks:\n    - ping:\n", "Invalid play strategy specified: fast", 4 },
        { PLAY "  tasks:\n    - ping:\n      with_itmes: [1]\n", "did you mean 'with_items'?", 6 },
        { PLAY "  tasks:\n    - ping: x={{ [] | json_qery('a') }}\n", "(did you mean 'json_query'?)", 5 },
        { PLAY "  connection: docker\n  tasks:\n    - debug:\n    - ping:\n", REFUSED_CONNECTION, 4 },
        { PLAY "  tasks:\n    - ping:\n    - ping:\n      connection: docker\n", REFUSED_CONNECTION, 7 },
        { PLAY "  vars: {ansible_connection: docker}\n  tasks:\n    - ping:\n", "host 'a': " REFUSED_CONNECTION, 4 },
        { PLAY AS_PBRUN "  tasks:\n    - ping:\n", REFUSED_METHOD, 5 },
        { PLAY "  tasks:\n    - block:\n        - ping:\n          become: true\n      become_method: pbrun\n",
          REFUSED_METHOD, 8 },
        { "- hosts: all\n" AS_PBRUN "  tasks: []\n", REFUSED_METHOD, 3 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fixture *fixture = fixture_new("a,");

        assert_false(fixture_run(fixture, cases[i].play));
        if (strstr(fixture->error.text, cases[i].words) == NULL || fixture->error.line != cases[i].line)
            fail_msg("wanted line %d: %s, got line %d: %s", cases[i].line, cases[i].words, fixture->error.line,
                     fixture->error.text);
        assert_int_equal(fixture->open_count, 0);
        assert_int_equal(fixture->error.kind, ERROR_PARSE);
        fixture_free(fixture);
    }
}

/* Tasks that may be skipped, that somebody waits for, or that need no such way: the run goes on. */
static void test_refused_when_reached(void **state)
{
    static const struct {
        const char *play, *log; /* NULL: nothing of it is told */
    } cases[] = {
        { PLAY AS_PBRUN "  tasks:\n    - ping:\n      when: x is defined\n", NULL },
        { PLAY AS_PBRUN "  tasks:\n    - ping:\n      become: false\n    - debug:\n", NULL },
        { PLAY AS_PBRUN "  tasks:\n    - meta: end_play\n    - ping:\n", NULL },
        { PLAY AS_PBRUN "  vars: {ansible_become_method: su}\n  tasks:\n    - ping:\n", NULL },
        { PLAY "  connection: docker\n  tasks:\n    - ping:\n      vars: {ansible_connection: local}\n", NULL },
        { PLAY AS_PBRUN "  tasks:\n    - set_fact: {ansible_become_method: su}\n    - ping:\n", NULL },
        { PLAY "  connection: docker\n  tasks:\n    - set_fact: {ansible_connection: local}\n" PLAY
               "  tasks:\n    - ping:\n",
          NULL },
        { PLAY AS_PBRUN "  tasks:\n    - ping:\n      ignore_errors: true\n", REFUSED_METHOD " (" },
        { PLAY "  connection: docker\n  tasks:\n    - ping:\n      when: x is not defined\n",
          "host 'a': " REFUSED_CONNECTION " (" },
        { PLAY "  become: true\n  become_method: nonsense\n  tasks:\n    - ping:\n",
          "\"Invalid become method specified, could not find matching plugin: 'nonsense'. Use `ansible-doc -t become -l` "
          "to list available plugins.\"" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fixture *fixture = fixture_new("a,");

        fixture->log_results = true;
        if (!fixture_run(fixture, cases[i].play) ||
            (strstr(fixture->log.data, cases[i].log != NULL ? cases[i].log : "not ") != NULL) != (cases[i].log != NULL))
            fail_msg("%zu: wanted %s, got %s", i, cases[i].log, fixture->log.data);
        fixture_free(fixture);
    }
}

static void test_options_refused(void **state)
{
    struct fixture *fixture = fixture_new("a,");

    (void)state;
    fixture->options.connection_kind = "docker";
    assert_false(fixture_run(fixture, PLAY "  tasks:\n    - ping:\n"));
    assert_string_equal(fixture->error.text, "-c: " REFUSED_CONNECTION);
    fixture->options.connection_kind = NULL;
    fixture->options.become = (struct become){ .active = true, .method = "community.general.ksu" };
    assert_false(fixture_run(fixture, PLAY "  tasks:\n    - ping:\n"));
    assert_non_null(strstr(fixture->error.text, "--become-method: become method 'community.general.ksu' is not supp"));
    fixture->options.become.method = "ansible.builtin.su";
    assert_true(fixture_run(fixture, PLAY "  tasks:\n    - ping:\n"));
    fixture_free(fixture);
}

/* --syntax-check as its own command: what was read before is not known. */
static bool check_syntax(struct fixture *fixture)
{
    const char *paths[] = { arena_printf(fixture->arena, "%s/play.yml", fixture->folder), NULL };
    struct text out = text_new(fixture->arena);
    bool is_fine;

    fixture->options.playbooks = paths;
    fixture->options.loader = playbook_loader_new(fixture->arena, &fixture->loader_config);
    is_fine = run_list(fixture->arena, &fixture->options, LIST_SYNTAX, &out, &fixture->error);
    fixture->options.playbooks = NULL;
    return is_fine;
}

/* --syntax-check and --list-tasks tell of modules that tasks with conditions would be refused for. */
static void test_missing_modules_are_noted(void **state)
{
    struct fixture *fixture = fixture_new("a,");

    (void)state;
    fixture_write(fixture, "play.yml",
                  PLAY "  tasks:\n    - a.b.c:\n      when: x is defined\n"
                       "    - a.b.c:\n      when: x is defined\n");
    assert_true(check_syntax(fixture));
    assert_int_equal(value_count(fixture->warnings), 1);
    assert_non_null(
        strstr(value_text(value_item(fixture->warnings, 0)), "play.yml:5:7: couldn't resolve module/action 'a.b.c'"));
    fixture_free(fixture);
}

/* As in Ansible a play's own variables are read even if only syntax is looked at; who is asked for is nobody then. */
static void test_syntax_reads_variables(void **state)
{
    struct fixture *fixture = fixture_new("a,");

    (void)state;
    fixture_write(fixture, "play.yml",
                  "- hosts: '{{ chosen }}'\n  vars_prompt: [{name: chosen, default: a}]\n"
                  "  vars_files: [v.yml]\n  tasks: [{debug: }]\n");
    fixture_write(fixture, "v.yml", "x: 1\n");
    assert_true(check_syntax(fixture));
    fixture_write(fixture, "v.yml", "x: [1\n");
    assert_false(check_syntax(fixture));
    assert_non_null(strstr(fixture->error.path, "v.yml"));
    fixture_free(fixture);
}

/* A pipe answers as a terminal does; only whole words count. */
static bool answer_step(void *context, const char *prompt, bool secret, struct arena *arena, const char **out)
{
    static const char *const answers[] = { "Y", "nyet", "continue" };
    struct fixture *fixture = context;

    (void)prompt;
    (void)secret;
    (void)arena;
    *out = answers[fixture->open_count++ % 3];
    return true;
}

static void test_step(void **state)
{
    struct fixture *fixture = fixture_new("a,");

    (void)state;
    fixture->options.step = true;
    fixture->options.ask_step = answer_step;
    fixture->options.ask_context = fixture;
    assert_true(fixture_run(fixture, PLAY "  tasks:\n    - debug:\n      name: one\n    - debug:\n      name: two\n"
                                          "    - debug:\n      name: three\n    - debug:\n      name: four\n"));
    assert_non_null(strstr(fixture->log.data, "task one\n"));
    assert_null(strstr(fixture->log.data, "task two\n"));
    assert_non_null(strstr(fixture->log.data, "task three\n"));
    assert_non_null(strstr(fixture->log.data, "task four\n"));
    fixture_free(fixture);
}

static void test_missing_vars_file_has_its_line(void **state)
{
    struct fixture *fixture = fixture_new("a,");

    (void)state;
    assert_false(fixture_run(fixture, PLAY "  vars_files:\n    - none.yml\n  tasks:\n    - ping:\n"));
    assert_non_null(strstr(fixture->error.text, "vars file none.yml was not found"));
    assert_int_equal(fixture->error.line, 5);
    fixture_free(fixture);
}

static void test_refused_by_name(void **state)
{
    (void)state;
    expect_refused(PLAY "  tasks:\n    - ping:\n      debugger: sometimes\n", "'sometimes' is not a valid value");
    expect_refused(PLAY "  tasks:\n    - meta: end_role\n", "Cannot execute 'end_role' from outside of a role");
}

static void test_missing_handler_ends_the_run(void **state)
{
    struct fixture *fixture = fixture_new("a,");

    (void)state;
    assert_false(fixture_run(fixture, PLAY "  tasks:\n    - command: echo hi\n      notify: nobody\n"));
    assert_string_equal(fixture->error.text,
                        "The requested handler 'nobody' was not found in either the main handlers list nor "
                        "in the listening handlers list");
    fixture_free(fixture);
}

static void test_module_defaults_and_omit(void **state)
{
    struct fixture *fixture = fixture_new("a,");

    (void)state;
    assert_true(fixture_run(fixture, PLAY
                            "  module_defaults: {echo: {a: 1, b: '{{ 1 + 1 }}'}}\n  tasks:\n"
                            "    - echo: {b: 3, c: '{{ nothing | default(omit) }}', d: {e: '{{ omit }}', f: 1}}\n"));
    assert_string_equal(fixture->calls.data, "a echo {\"a\":1,\"b\":3,\"d\":{\"f\":1}}\n");
    fixture->calls.length = 0;
    assert_true(fixture_run(fixture, PLAY "  tasks:\n    - echo: {l: ['{{ omit }}', {e: '{{ omit }}'}]}\n"));
    assert_string_equal(fixture->calls.data, "a echo {\"l\":[\"" RUN_OMIT_TEXT "\",{}]}\n"); /* items of lists stay */
    fixture_free(fixture);
}

static void test_module_defaults_of_the_manager(void **state)
{
    struct fixture *fixture = fixture_new("a,");

    (void)state;
    assert_true(fixture_run(fixture, PLAY "  module_defaults: {apt: {a: 1, b: 1}, package: {b: 2}, dnf: {a: 9}}\n"
                                          "  tasks:\n    - package: {use: apt, c: 3}\n    - package: {c: 4}\n"
                                          "      register: r\n      ignore_errors: true\n"
                                          "    - echo: {msg: '{{ r.msg }}'}\n"));
    assert_non_null(strstr(fixture->calls.data, "a package {\"a\":1,\"b\":2,\"use\":\"apt\",\"c\":3}\n"));
    assert_null(strstr(fixture->calls.data, "\"c\":4"));
    assert_non_null(strstr(fixture->calls.data, "module_defaults of 'apt' would count for 'package' too"));
    fixture_free(fixture);
}

static void test_action_of_a_fact(void **state)
{
    struct fixture *fixture = fixture_new("a,");

    (void)state;
    assert_true(fixture_run(fixture,
                            PLAY "  tasks:\n    - setup:\n"
                                 "    - {action: \"{{ {'Debian': 'echo'}[ansible_facts.os_family] }}\", args: {a: 1}}\n"
                                 "    - {action: \"{{ ansible_facts.os_family }}\", register: r, ignore_errors: true}\n"
                                 "    - {action: \"{{ ['file', 'stat'][item] }} a=2\", loop: [0, 1]}\n"
                                 "    - {action: \"{{ nothing }}\", when: false}\n"
                                 "    - {action: \"{{ 'include' ~ inventory_hostname[1:] }}\", ignore_errors: true}\n"
                                 "    - echo: {msg: '{{ r.msg }}'}\n"));
    assert_non_null(
        strstr(fixture->calls.data, "a echo {\"a\":1}\na file {\"a\":\"2\"}\na stat {\"a\":\"2\"}\na echo"));
    assert_non_null(strstr(fixture->calls.data, "couldn't resolve module/action 'Debian'"));
    fixture_free(fixture);
}

static void test_many_tasks_stay_small(void **state)
{
    struct fixture *fixture = fixture_new("a,");
    struct text play = text_new(fixture->arena);
    size_t before;

    (void)state;
    text_add(&play, PLAY "  tasks:\n    - echo: {v: '");
    for (int i = 0; i < 1000; i++)
        text_add(&play, "0123456789");
    text_add(&play, "'}\n      loop: '{{ range(2000) | list }}'\n      register: r\n");
    before = arena_used(fixture->arena);
    assert_true(fixture_run(fixture, play.data));
    /* 20 MB of results went by: what stays is the log of the fixture (the calls), not the run's */
    assert_true(arena_used(fixture->arena) - before < 90u * 1024 * 1024);
    fixture_free(fixture);
}

static struct fixture *hosts_are(const char *value)
{
    struct fixture *fixture = fixture_new("a,b,");

    (void)fixture_run(fixture,
                      arena_printf(fixture->arena, "- hosts: '{{ t }}'\n  vars: {t: %s}\n  tasks: [ping: ]\n", value));
    assert_string_equal(fixture->calls.data, "");
    return fixture;
}

/* A template that leaves nothing is not "all hosts". */
static void test_hosts_that_become_empty(void **state)
{
    static const char *const empty[] = { "''", "'  '", "['']", "[a, ' ']" };
    static const char *const wrong[] = { "1", "[1]", "[a, null]", "{a: 1}", "[a, [b]]", "[[]]" };

    (void)state;
    for (size_t i = 0; i < sizeof(empty) / sizeof(*empty); i++) {
        struct fixture *fixture = hosts_are(empty[i]);

        assert_false(fixture->ran);
        assert_string_equal(fixture->error.text, "the field 'hosts' is required, and cannot have empty values");
        assert_int_equal(fixture->error.kind, ERROR_PARSE);
        fixture_free(fixture);
    }
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        struct fixture *fixture = hosts_are(wrong[i]);

        assert_false(fixture->ran);
        assert_non_null(strstr(fixture->error.text, "the field 'hosts' should be a list of strings, but the item '"));
        fixture_free(fixture);
    }
}

static void test_hosts_of_an_empty_list(void **state)
{
    static const char *const nobody[] = { "[]", "null" };

    (void)state;
    for (size_t i = 0; i < sizeof(nobody) / sizeof(*nobody); i++) {
        struct fixture *fixture = hosts_are(nobody[i]);

        assert_true(fixture->ran);
        assert_int_equal(fixture->exit_code, RUN_OK);
        fixture_free(fixture);
    }
}

static void test_order_that_does_not_exist(void **state)
{
    struct fixture *fixture = fixture_new("a,b,");

    (void)state;
    assert_false(fixture_run(fixture, "- hosts: all\n  order: \"{{ 'up' }}wards\"\n  tasks: [ping: ]\n"));
    assert_string_equal(fixture->error.text, "Invalid 'order' specified for inventory hosts: upwards");
    assert_string_equal(fixture->calls.data, "");
    fixture_free(fixture);
}

static void test_force_handlers_that_is_no_bool(void **state)
{
    struct fixture *fixture = fixture_new("a,b,");

    (void)state;
    assert_false(fixture_run(fixture, "- hosts: all\n  force_handlers: \"{{ 'may' }}be\"\n  tasks: [ping: ]\n"));
    assert_non_null(strstr(fixture->error.text, "the field 'force_handlers' has an invalid value (maybe)"));
    assert_int_equal(fixture->error.kind, ERROR_PARSE);
    assert_string_equal(fixture->calls.data, "");
    fixture_free(fixture);
}

/* A host that has failed and waits for the handlers counts when a task of any_errors_fatal or run_once ends. */
static void test_waiting_failed_hosts_count(void **state)
{
    struct fixture *fixture = fixture_new("a,b,");

    (void)state;
    assert_true(fixture_run(fixture, PLAY "  force_handlers: true\n  tasks:\n    - command: 'false'\n"
                                          "      when: inventory_hostname == 'a'\n"
                                          "    - ping:\n      any_errors_fatal: true\n    - command: echo hi\n"));
    assert_null(strstr(fixture->calls.data, "b command"));
    assert_non_null(strstr(fixture->calls.data, "b ping"));
    assert_int_equal(fixture->exit_code, RUN_HOSTS_FAILED);
    fixture_free(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_straight_line),
        cmocka_unit_test(test_lockstep_and_failure),
        cmocka_unit_test(test_lost_connection),
        cmocka_unit_test(test_ignore_unreachable),
        cmocka_unit_test(test_forks),
        cmocka_unit_test(test_throttle),
        cmocka_unit_test(test_items_are_sent_ahead),
        cmocka_unit_test(test_items_that_depend_wait),
        cmocka_unit_test(test_timeout),
        cmocka_unit_test(test_become_and_connection_variables),
        cmocka_unit_test(test_no_log),
        cmocka_unit_test(test_facts_are_not_templated),
        cmocka_unit_test(test_parse_error_starts_nothing),
        cmocka_unit_test(test_refused_by_name),
        cmocka_unit_test(test_refused_with_line),
        cmocka_unit_test(test_refused_when_reached),
        cmocka_unit_test(test_options_refused),
        cmocka_unit_test(test_missing_modules_are_noted),
        cmocka_unit_test(test_syntax_reads_variables),
        cmocka_unit_test(test_step),
        cmocka_unit_test(test_missing_vars_file_has_its_line),
        cmocka_unit_test(test_missing_handler_ends_the_run),
        cmocka_unit_test(test_module_defaults_and_omit),
        cmocka_unit_test(test_module_defaults_of_the_manager),
        cmocka_unit_test(test_action_of_a_fact),
        cmocka_unit_test(test_many_tasks_stay_small),
        cmocka_unit_test(test_hosts_that_become_empty),
        cmocka_unit_test(test_hosts_of_an_empty_list),
        cmocka_unit_test(test_order_that_does_not_exist),
        cmocka_unit_test(test_force_handlers_that_is_no_bool),
        cmocka_unit_test(test_waiting_failed_hosts_count),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

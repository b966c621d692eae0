/* SPDX-License-Identifier: Apache-2.0 */
/* --serial, --canary, --max-fail-percentage and being held, over playbooks that say otherwise. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/engine/run/run_fixture.h"

#define TWO_TASKS                                                                                                      \
    "- name: one\n  hosts: all\n  gather_facts: false\n  tasks:\n    - name: first\n      fail: {msg: x}\n"            \
    "      when: inventory_hostname in bad\n    - name: second\n      debug:\n"

static struct fixture *prepared(const char *bad)
{
    struct fixture *fixture = fixture_new("a,b,c,d,");
    struct value *vars = value_map(fixture->arena), *list = value_list(fixture->arena);

    for (const char *name = bad; *name != '\0'; name++)
        value_list_add(fixture->arena, list, value_string_n(fixture->arena, name, 1));
    value_map_put(fixture->arena, vars, "bad", list);
    fixture->options.extra_vars = vars;
    return fixture;
}

static void expect_log(struct fixture *fixture, int exit_code, const char *wanted)
{
    assert_true(fixture_run(fixture, TWO_TASKS));
    *strstr(fixture->log.data, "recap ") = '\0';
    assert_string_equal(fixture->log.data, wanted);
    assert_int_equal(fixture->exit_code, exit_code);
    fixture_free(fixture);
}

static void test_serial(void **state)
{
    struct fixture *fixture = prepared("");

    (void)state;
    fixture->options.serial = "50%";
    expect_log(fixture, RUN_OK,
               "play one\ntask first\n  a skipped\n  b skipped\ntask second\n  a ok\n  b ok\n"
               "play one\ntask first\n  c skipped\n  d skipped\ntask second\n  c ok\n  d ok\n");
}

static void test_canary_by_name(void **state)
{
    struct fixture *fixture = prepared("");

    (void)state;
    fixture->options.canary = "c";
    expect_log(fixture, RUN_OK,
               "play one\ntask first\n  c skipped\ntask second\n  c ok\n"
               "play one\ntask first\n  a skipped\n  b skipped\n  d skipped\ntask second\n  a ok\n  b ok\n  d ok\n");
}

static void test_canary_and_serial(void **state)
{
    struct fixture *fixture = prepared("");

    (void)state;
    fixture->options.canary = "1";
    fixture->options.serial = "2";
    expect_log(fixture, RUN_OK,
               "play one\ntask first\n  a skipped\ntask second\n  a ok\n"
               "play one\ntask first\n  b skipped\n  c skipped\ntask second\n  b ok\n  c ok\n"
               "play one\ntask first\n  d skipped\ntask second\n  d ok\n");
}

/* One of two failed: Ansible would go on with the next batch, a canary does not. */
static void test_failed_canary(void **state)
{
    struct fixture *fixture = prepared("b");

    (void)state;
    fixture->options.canary = "2";
    expect_log(fixture, RUN_HOSTS_FAILED,
               "play one\ntask first\n  a skipped\n  b failed\ntask second\n  a ok\n"
               "warning The canary did not do well (1 of 2 failed): 2 other hosts are left alone\n");
}

static void test_max_fail_percentage(void **state)
{
    struct fixture *fixture = prepared("ab");

    (void)state;
    fixture->options.max_fail_percentage = "25";
    expect_log(
        fixture, RUN_HOSTS_FAILED,
        "play one\ntask first\n  a failed\n  b failed\n  c skipped\n  d skipped\nno hosts left\nno hosts left\n");
}

static void refused(const char *serial, const char *canary, const char *most, const char *wanted)
{
    struct fixture *fixture = prepared("");

    fixture->options.serial = serial;
    fixture->options.canary = canary;
    fixture->options.max_fail_percentage = most;
    assert_false(fixture_run(fixture, TWO_TASKS));
    assert_int_equal(fixture->error.kind, ERROR_OPTIONS);
    assert_non_null(strstr(fixture->error.text, wanted));
    assert_int_equal(fixture->open_count, 0);
    fixture_free(fixture);
}

static void test_refused(void **state)
{
    (void)state;
    refused("few", NULL, NULL, "--serial 'few': expected how many hosts");
    refused("0", NULL, NULL, "--serial '0'");
    refused(NULL, "0", NULL, "at least one host goes first");
    refused(NULL, "aa", NULL, "--canary 'aa' is neither a number nor a host of the inventory; did you mean 'a'?");
    refused(NULL, NULL, "101", "--max-fail-percentage '101': expected a number from 0 to 100");
}

/* --- being held --- */

static volatile int interrupted;

static void hold(void *context)
{
    text_add(&((struct fixture *)context)->log, "held\n");
}

static void hold_and_end(void *context)
{
    hold(context);
    interrupted = 1;
}

static void test_held_before_each_task(void **state)
{
    struct fixture *fixture = prepared("");

    (void)state;
    fixture->options.limit = "a";
    fixture->options.hold = hold;
    fixture->options.hold_context = fixture;
    assert_true(fixture_run(fixture, TWO_TASKS));
    assert_non_null(strstr(fixture->log.data, "held\ntask first\n  a skipped\nheld\n"));
    assert_non_null(strstr(fixture->log.data, "held\ntask second\n"));
    fixture_free(fixture);
}

static void test_ended_while_held(void **state)
{
    struct fixture *fixture = prepared("");

    (void)state;
    interrupted = 0;
    fixture->options.hold = hold_and_end;
    fixture->options.hold_context = fixture;
    fixture->options.interrupted = &interrupted;
    assert_false(fixture_run(fixture, TWO_TASKS));
    assert_int_equal(fixture->error.kind, ERROR_CANCELLED);
    assert_null(strstr(fixture->log.data, "task first"));
    fixture_free(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_serial),
        cmocka_unit_test(test_canary_by_name),
        cmocka_unit_test(test_canary_and_serial),
        cmocka_unit_test(test_failed_canary),
        cmocka_unit_test(test_max_fail_percentage),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_held_before_each_task),
        cmocka_unit_test(test_ended_while_held),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A run of a few tasks by their places: what is run, what is passed over, and when it must say that it cannot tell. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/engine/run/run_fixture.h"

/* Tasks begin in line 5. */
#define PLAY "- name: p\n  hosts: all\n  gather_facts: false\n  tasks:\n"

static struct fixture *fixture_at(const char *place, const char *other)
{
    struct fixture *fixture = fixture_new("a,");
    struct value *places = value_list(fixture->arena);

    value_list_add(fixture->arena, places,
                   value_string(fixture->arena, arena_printf(fixture->arena, "%s/%s", fixture->folder, place)));
    if (other != NULL)
        value_list_add(fixture->arena, places,
                       value_string(fixture->arena, arena_printf(fixture->arena, "%s/%s", fixture->folder, other)));
    fixture->options.places = places;
    return fixture;
}

static void expect_partial(struct fixture *fixture, const char *playbook, const char *why)
{
    assert_false(fixture_run(fixture, playbook));
    assert_int_equal(fixture->error.kind, ERROR_PARTIAL);
    assert_non_null(strstr(fixture->error.text, why));
    fixture_free(fixture);
}

static void test_only_these(void **state)
{
    struct fixture *fixture = fixture_at("play.yml:6", "play.yml:9");

    (void)state;
    assert_true(fixture_run(fixture, PLAY "    - echo: {v: 1}\n"
                                          "    - echo: {v: 2}\n"
                                          "    - block:\n"
                                          "        - echo: {v: 3}\n"
                                          "        - echo: {v: 4, changed: true}\n"
                                          "          notify: h\n"
                                          "      rescue:\n"
                                          "        - echo: {v: 5}\n"
                                          "  handlers:\n"
                                          "    - name: h\n      echo: {v: 6}\n"));
    assert_string_equal(fixture->calls.data, "a echo {\"v\":2}\na echo {\"v\":4,\"changed\":true}\n");
    assert_null(strstr(fixture->log.data, "notified"));
    fixture_free(fixture);
}

static void test_facts_are_there(void **state)
{
    struct fixture *fixture = fixture_at("play.yml:5", NULL);

    (void)state;
    assert_true(fixture_run(fixture, "- name: p\n  hosts: all\n  tasks:\n    - echo: {v: 1}\n"
                                     "    - echo: {v: '{{ ansible_hostname }}'}\n"));
    assert_non_null(strstr(fixture->calls.data, "a setup "));
    assert_non_null(strstr(fixture->calls.data, "a echo {\"v\":\"a\"}\n"));
    assert_null(strstr(fixture->calls.data, "\"v\":1"));
    fixture_free(fixture);
}

/* Directly, by way of another variable, or only asked whether it is there. */
static void test_needs_results(void **state)
{
    (void)state;
    expect_partial(fixture_at("play.yml:7", NULL),
                   PLAY "    - echo: {v: 1}\n      register: r\n    - echo: {v: '{{ r.v }}'}\n", "'r'");
    expect_partial(fixture_at("play.yml:7", NULL),
                   PLAY
                   "    - echo: {v: 1}\n      register: r\n    - echo: {v: '{{ w }}'}\n      vars: {w: '{{ r.v }}'}\n",
                   "'r'");
    expect_partial(fixture_at("play.yml:7", NULL),
                   PLAY "    - echo: {v: 1}\n      register: r\n    - echo: {v: 2}\n      when: r is not defined\n",
                   "'r'");
    expect_partial(
        fixture_at("play.yml:7", NULL),
        PLAY
        "    - echo: {v: 1}\n      register: r\n    - echo: {v: '{{ r.v | default(3) }}'}\n      ignore_errors: true\n",
        "'r'");
    expect_partial(fixture_at("play.yml:6", NULL), PLAY "    - set_fact: {x: 1}\n    - echo: {v: '{{ x }}'}\n", "'x'");
}

/* Its own result, or that of another chosen task, is there. */
static void test_has_results(void **state)
{
    struct fixture *fixture = fixture_at("play.yml:6", "play.yml:8");

    (void)state;
    assert_true(fixture_run(fixture, PLAY "    - echo: {v: 1}\n"
                                          "    - echo: {v: 2}\n      register: r\n"
                                          "    - echo: {v: '{{ r.v }}'}\n"));
    assert_string_equal(fixture->calls.data, "a echo {\"v\":2}\na echo {\"v\":\"2\"}\n");
    fixture_free(fixture);
}

static void test_includes_are_followed(void **state)
{
    struct fixture *fixture = fixture_at("more.yml:2", NULL);

    (void)state;
    fixture_write(fixture, "more.yml", "- echo: {v: 2}\n- echo: {v: 3}\n- echo: {v: 4}\n");
    assert_true(fixture_run(fixture, PLAY "    - echo: {v: 1}\n    - include_tasks: more.yml\n"));
    assert_string_equal(fixture->calls.data, "a echo {\"v\":3}\n");
    fixture_free(fixture);
    /* what a file that is included registers is known too */
    fixture = fixture_at("play.yml:6", NULL);
    fixture_write(fixture, "more.yml", "- echo: {v: 2}\n  register: r\n");
    expect_partial(fixture, PLAY "    - include_tasks: more.yml\n    - echo: {v: '{{ r is defined }}'}\n", "'r'");
}

static void test_not_come_to(void **state)
{
    (void)state;
    expect_partial(fixture_at("play.yml:99", NULL), PLAY "    - echo: {v: 1}\n", "play.yml:99");
    expect_partial(fixture_at("play.yml:8", NULL),
                   PLAY "    - block:\n        - echo: {v: 1}\n      rescue:\n        - echo: {v: 2}\n", "play.yml:8");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_these),
        cmocka_unit_test(test_facts_are_there),
        cmocka_unit_test(test_needs_results),
        cmocka_unit_test(test_has_results),
        cmocka_unit_test(test_includes_are_followed),
        cmocka_unit_test(test_not_come_to),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of a run that the recorded plays of tests/data/callbacks cannot show; expected as ansible-core 2.14 has it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/engine/run/run_fixture.h"

#define PLAY "- name: p\n  hosts: all\n  gather_facts: false\n"

/* --- when the debugger asks --- */

#define OUTCOMES "fine,failed,ignored,skipped,gone,"

/* Hosts have the outcome that they are called after. */
static const struct value *as_called(struct fixture *fixture, struct arena *arena, const char *host,
                                     const struct module_call *call, int64_t *delay_ms)
{
    struct value *result = value_map(arena);

    (void)fixture;
    (void)call;
    (void)delay_ms;
    if (strcmp(host, "gone") == 0)
        return value_string(arena, "connection lost");
    if (strcmp(host, "failed") == 0 || strcmp(host, "ignored") == 0)
        value_map_put_bool(arena, result, "failed", true);
    return result;
}

/* Writes down the host that is asked about, and goes on. */
static bool note_host(void *context, const char *prompt, bool secret, struct arena *arena, const char **out)
{
    struct text *asked = context;

    (void)secret;
    (void)arena;
    text_printf(asked, "%.*s ", (int)strcspn(prompt + 1, "]"), prompt + 1);
    *out = "c";
    return true;
}

/* One of ansible.cfg; "no NAME": it is off. NULL: none. */
static const struct value *one_setting(struct arena *arena, const char *setting)
{
    struct value *settings = value_map(arena);

    if (setting != NULL && text_starts(setting, "no "))
        value_map_put_bool(arena, settings, setting + 3, false);
    else if (setting != NULL)
        value_map_put_bool(arena, settings, setting, true);
    return settings;
}

static void expect_asked(const char *word, const char *setting, const char *wanted)
{
    struct fixture *fixture = fixture_new(OUTCOMES);
    struct text asked = text_new(fixture->arena);

    text_add(&asked, "");
    fixture->answer = as_called;
    fixture->options.forks = 1;
    fixture->options.settings = one_setting(fixture->arena, setting);
    fixture->options.ask_debugger = note_host;
    fixture->options.ask_context = &asked;
    assert_true(
        fixture_run(fixture, arena_printf(fixture->arena,
                                          PLAY "  tasks:\n    - ping:\n      debugger: %s\n"
                                               "      when: inventory_hostname != 'skipped'\n"
                                               "      ignore_errors: \"{{ inventory_hostname == 'ignored' }}\"\n",
                                          word)));
    if (strcmp(asked.data, wanted) != 0)
        fail_msg("debugger: %s, %s: wanted %s, got %s", word, setting, wanted, asked.data);
    fixture_free(fixture);
}

static void test_debugger_asks(void **state)
{
    static const struct asking {
        const char *word, *setting, *wanted;
    } cases[] = {
        { "always", NULL, "fine failed ignored skipped gone " },
        { "never", NULL, "" },
        { "never", "enable_task_debugger", "" },
        { "on_failed", NULL, "failed " },
        { "on_failed", "no task_debugger_ignore_errors", "failed ignored " },
        { "on_failed", "enable_task_debugger", "failed gone " },
        { "on_unreachable", NULL, "gone " },
        { "on_unreachable", "enable_task_debugger", "failed gone " },
        { "on_skipped", NULL, "skipped " },
        { "on_skipped", "enable_task_debugger", "failed skipped gone " },
        { "null", NULL, "" },
        { "null", "enable_task_debugger", "failed gone " },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        expect_asked(cases[i].word, cases[i].setting, cases[i].wanted);
}

/* --- connections --- */

static void test_connections_are_reset(void **state)
{
    struct fixture *fixture = fixture_new("a,b,");

    (void)state;
    assert_true(fixture_run(fixture, PLAY "  tasks:\n    - ping:\n    - meta: reset_connection\n    - ping:\n"));
    assert_string_equal(fixture->calls.data, "a ping {}\nb ping {}\na ping {}\nb ping {}\n");
    assert_int_equal(fixture->open_count, 4);
    fixture_free(fixture);
}

/* A host that was lost is back in its place, and in the next play. */
static const struct value *lost_once(struct fixture *fixture, struct arena *arena, const char *host,
                                     const struct module_call *call, int64_t *delay_ms)
{
    (void)fixture;
    (void)delay_ms;
    if (strcmp(host, "a") == 0 && strcmp(call->module, "stat") == 0)
        return value_string(arena, "connection lost");
    return NULL;
}

static void test_unreachable_hosts_come_back(void **state)
{
    struct fixture *fixture = fixture_new("a,b,");

    (void)state;
    fixture->answer = lost_once;
    assert_true(fixture_run(fixture,
                            PLAY "  tasks:\n    - stat:\n    - file:\n    - meta: clear_host_errors\n    - ping:\n" PLAY
                                 "  tasks:\n    - echo:\n"));
    assert_string_equal(fixture->log.data,
                        "play p\ntask stat\n  a unreachable\n  b ok\ntask file\n  b ok\ntask meta\ntask ping\n  b ok\n"
                        "task file\n  a ok\ntask meta\ntask ping\n  a ok\nplay p\ntask echo\n  a ok\n  b ok\n"
                        "recap a ok=3 changed=0 unreachable=1 failed=0 skipped=0 rescued=0 ignored=0\n"
                        "recap b ok=4 changed=0 unreachable=0 failed=0 skipped=0 rescued=0 ignored=0\n");
    fixture_free(fixture);
}

/* --- settings --- */

/* That of ansible.cfg counts where the play says nothing, and the play's own word counts more. */
static void expect_forced(const char *keyword, const char *setting, bool is_forced)
{
    struct fixture *fixture = fixture_new("a,");

    fixture->options.settings = one_setting(fixture->arena, setting);
    assert_true(fixture_run(fixture, arena_printf(fixture->arena,
                                                  PLAY "%s  tasks:\n    - command: x\n      notify: h\n    - fail:\n"
                                                       "  handlers:\n    - name: h\n      ping:\n",
                                                  keyword)));
    if ((strstr(fixture->calls.data, "a ping") != NULL) != is_forced)
        fail_msg("%s, %s: wanted %d, got %s", keyword, setting, is_forced, fixture->calls.data);
    fixture_free(fixture);
}

static void test_forced_handlers(void **state)
{
    (void)state;
    expect_forced("", NULL, false);
    expect_forced("", "force_handlers", true);
    expect_forced("  force_handlers: true\n", NULL, true);
    expect_forced("  force_handlers: false\n", "force_handlers", false);
}

/* --- hosts at once --- */

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

static void test_throttle_of_free_hosts(void **state)
{
    struct fixture *fixture = fixture_new("a,b,c,d,");

    (void)state;
    fixture->answer = slow;
    assert_true(fixture_run(fixture, PLAY "  strategy: free\n  tasks:\n    - ping:\n      throttle: 2\n"));
    assert_int_equal(fixture->most_in_flight, 2);
    assert_int_equal(fixture->exit_code, RUN_OK);
    fixture_free(fixture);
}

/* --- inventories that are made --- */

/* What is said of an inventory that is made by `rules`. */
static const char *made_by(const char *strict, const char *rules, struct fixture **out)
{
    struct fixture *fixture = *out = fixture_new("a,");
    const char *text = arena_printf(fixture->arena, "plugin: constructed\nstrict: %s\n%s", strict, rules);
    const char *sources[] = { "a,", fixture_write(fixture, "constructed.yml", text), NULL };

    if (!inventory_load(fixture->arena, sources, &fixture->inventory_config, &fixture->inventory, &fixture->error))
        fail_msg("%s", fixture->error.text);
    return value_to_text(fixture->arena, fixture->warnings);
}

static void test_strict_inventories(void **state)
{
    static const struct rule {
        const char *text, *wanted;
    } rules[] = {
        { "compose: {x: nothing.at_all}\n", "Could not set x for host a: 'nothing' is undefined" },
        { "groups: {g: nothing.at_all}\n", "Could not add host a to group g: 'nothing' is undefined" },
        { "keyed_groups: [{key: nothing}]\n", "Could not generate group for host a from nothing entry: 'nothing' is" },
        { "keyed_groups: [{key: \"''\"}]\n", "No key or key resulted empty for '' in host a, invalid entry" },
        { "keyed_groups: [{key: \"'k'\", parent_group: '{{ nothing }}'}]\n", "Could not generate parent group" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        struct fixture *fixture;
        const char *said = made_by("false", rules[i].text, &fixture);

        assert_string_equal(said, "[]");
        fixture_free(fixture);
        said = made_by("true", rules[i].text, &fixture);
        if (strstr(said, rules[i].wanted) == NULL)
            fail_msg("wanted %s, got %s", rules[i].wanted, said);
        fixture_free(fixture);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_debugger_asks),
        cmocka_unit_test(test_connections_are_reset),
        cmocka_unit_test(test_unreachable_hosts_come_back),
        cmocka_unit_test(test_forced_handlers),
        cmocka_unit_test(test_throttle_of_free_hosts),
        cmocka_unit_test(test_strict_inventories),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

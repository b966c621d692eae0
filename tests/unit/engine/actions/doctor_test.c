/* SPDX-License-Identifier: Apache-2.0 */
/* The task doctor: when it fails a host, what is in its result, what it asks the node for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/engine/run/run_fixture.h"

#define HEAD "- name: p\n  hosts: all\n  gather_facts: false\n  tasks:\n"
#define RULES                                                                                                              \
    "dated: 2026-11-21\nrules:\n"                                                                                          \
    "  - {id: bad, since: 2026-11-21, severity: error, when: roost.level == 3, sentence: \"level {{ roost.level }}\",\n"   \
    "     remedy: r, source: s}\n"                                                                                         \
    "  - {id: poor, since: 2026-11-21, severity: warning, when: roost.level >= 2, sentence: poor, remedy: r, source: s}\n" \
    "  - {id: odd, since: 2026-11-21, severity: info, when: ansible_facts.hostname == 'a', sentence: odd, remedy: r,\n"    \
    "     source: s}\n"

static int level;

static const struct value *answer(struct fixture *fixture, struct arena *arena, const char *host,
                                  const struct module_call *call, int64_t *delay_ms)
{
    struct value *result = value_map(arena), *facts = value_map(arena), *roost = value_map(arena);

    (void)fixture, (void)delay_ms;
    if (strcmp(call->module, "setup") != 0)
        return NULL;
    if (level < 0) {
        value_map_put_bool(arena, result, "failed", true);
        value_map_put_string(arena, result, "msg", "no facts today");
        return result;
    }
    value_map_put_int(arena, roost, "level", level);
    value_map_put_string(arena, facts, "ansible_hostname", host);
    value_map_put(arena, facts, "ansible_roost", roost);
    value_map_put(arena, result, "ansible_facts", facts);
    return result;
}

static struct fixture *run(int box_level, const char *rules, const char *tasks)
{
    struct fixture *fixture = fixture_new("a,");

    level = box_level;
    fixture->log_results = true;
    fixture->answer = answer;
    fixture_write(fixture, "files/rules.yml", rules);
    fixture_run(fixture, arena_printf(fixture->arena, "%s%s", HEAD, tasks));
    return fixture;
}

static void has(const struct fixture *fixture, const char *text)
{
    if (strstr(fixture->log.data, text) == NULL)
        fail_msg("no '%s' in:\n%s", text, fixture->log.data);
}

static void ends(struct fixture *fixture, int code, const char *text)
{
    has(fixture, text);
    assert_int_equal(fixture->exit_code, code);
    fixture_free(fixture);
}

static void test_gate(void **state)
{
    (void)state;
    ends(run(3, RULES, "    - doctor: { rules: rules.yml }\n"), RUN_HOSTS_FAILED, "\"msg\":\"error: level 3\"");
    ends(run(2, RULES, "    - doctor: { rules: rules.yml }\n"), RUN_OK,
         "\"msg\":\"2 findings, none as bad as 'error'\"");
    ends(run(2, RULES, "    - doctor: { rules: rules.yml, severity: warning }\n"), RUN_HOSTS_FAILED,
         "\"msg\":\"warning: poor\"");
    ends(run(2, RULES, "    - doctor: { rules: rules.yml, severity: info }\n"), RUN_HOSTS_FAILED,
         "\"msg\":\"warning: poor\\ninfo: odd\"");
    ends(run(3, RULES, "    - doctor: { rules: rules.yml, ignore: [bad] }\n"), RUN_OK, "\"worst\":\"warning\"");
    ends(run(1, RULES, "    - doctor: { rules: rules.yml, ignore: odd }\n"), RUN_OK, "\"msg\":\"nothing found\"");
}

static void test_result(void **state)
{
    struct fixture *fixture = run(
        2, RULES,
        "    - doctor: { rules: rules.yml }\n      register: d\n    - assert:\n        that:\n"
        "          - d.findings[0].id == 'poor'\n          - d.findings[1].id == 'odd'\n          - not d.changed\n");

    (void)state;
    assert_int_equal(fixture->exit_code, RUN_OK);
    assert_non_null(strstr(fixture->calls.data, "a setup {\"gather_subset\":[\"!all\",\"min\",\"roost\"]}"));
    fixture_free(fixture);
}

static void test_check_mode(void **state)
{
    (void)state;
    ends(run(3, RULES, "    - doctor: { rules: rules.yml }\n      check_mode: true\n"), RUN_HOSTS_FAILED,
         "\"msg\":\"error: level 3\"");
}

static void test_what_fails(void **state)
{
    struct fixture *fixture;

    (void)state;
    ends(run(-1, RULES, "    - doctor: { rules: rules.yml }\n"), RUN_HOSTS_FAILED, "\"msg\":\"no facts today\"");
    ends(run(1, RULES, "    - doctor: { rules: rules.yml, ignore: [od] }\n"), RUN_HOSTS_FAILED, "has no rule 'od'");
    ends(run(1, RULES, "    - doctor: { rules: other.yml }\n"), RUN_HOSTS_FAILED, "other.yml");
    fixture = run(1, "dated: 2026-11-21\nrules:\n  - {id: a, sinc: x}\n", "    - doctor: { rules: rules.yml }\n");
    assert_string_equal(fixture->calls.data == NULL ? "" : fixture->calls.data, ""); /* before the node is asked */
    ends(fixture, RUN_HOSTS_FAILED, "'sinc' is not a key of a rule; did you mean 'since'?");
    ends(
        run(1,
            "dated: 2026-11-21\nrules:\n  - {id: a, since: 2026-11-21, severity: info, when: no_such == 1, sentence: s,\n"
            "     remedy: r, source: s}\n",
            "    - doctor: { rules: rules.yml }\n"),
        RUN_HOSTS_FAILED, "rules.yml:3:54: rule 'a': ");
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_gate), cmocka_unit_test(test_result),
                                        cmocka_unit_test(test_check_mode), cmocka_unit_test(test_what_fails) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

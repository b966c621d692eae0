/* SPDX-License-Identifier: Apache-2.0 */
/* The rule file: what is refused, with the place and the nearest name; what is undecided and what is a mistake. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/text.h"
#include "common/json/json.h"
#include "engine/doctor/doctor.h"

struct world {
    struct arena *arena;
    struct template_env *env;
    char path[64];
};

static int setup(void **state)
{
    struct arena *arena = arena_new();
    struct world *world = arena_new_of(arena, struct world);
    struct template_config config = { .strict_undefined = true, .omit_text = "__omit__" };

    world->arena = arena;
    world->env = template_env_new(arena, &config);
    memcpy(world->path, "/tmp/roost-rules-XXXXXX", sizeof "/tmp/roost-rules-XXXXXX");
    int fd = mkstemp(world->path);
    if (fd < 0)
        return -1;
    close(fd);
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;

    unlink(world->path);
    arena_free(world->arena);
    return 0;
}

static bool read_rules(struct world *world, const char *text, struct doctor_rules *out, struct error *err)
{
    FILE *file = fopen(world->path, "w");

    if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0)
        abort();
    return doctor_rules_read(world->arena, world->env, world->path, out, err);
}

static void refused(struct world *world, const char *text, int line, int column, const char *expected)
{
    struct doctor_rules rules;
    struct error err = ERROR_INIT;

    if (read_rules(world, text, &rules, &err))
        fail_msg("accepted: %s", text);
    assert_string_equal(err.text, expected);
    assert_int_equal(err.line, line);
    assert_int_equal(err.column, column);
    if (line > 0)
        assert_string_equal(err.path, world->path);
}

#define FILE_HEAD "dated: 2026-11-21\nrules:\n"
#define RULE(fields_) FILE_HEAD "  - {id: a, since: 2026-11-21, sentence: s, remedy: r, source: x,\n     " fields_ "}\n"

static void wrong_forms(void **state)
{
    struct world *world = *state;

    refused(world, "", 1, 1, "a rule file is a mapping with 'dated' and 'rules', this is empty");
    refused(world, "dated: 2026-11-21\nrule: []\n", 2, 1, "'rule' is not a key of a rule file; did you mean 'rules'?");
    refused(world, "rules: []\n", 1, 1, "the rule file has no 'dated'");
    refused(world, "dated: soon\nrules: []\n", 1, 8,
            "the rule file: 'dated' must be a date as 2026-11-21, this is 'soon'");
    refused(world, "dated: 2026-11-21\n", 1, 1, "the rule file has no list 'rules'");
    refused(world, FILE_HEAD "  - hello\n", 3, 5, "a rule is a mapping, not string");
    refused(world, FILE_HEAD "  - id: A b\n", 3, 9, "id 'A b' may hold lower-case letters, digits, '-' and '_' only");
    refused(world, FILE_HEAD "  - id: a\n", 3, 5, "rule 'a' has no 'since'");
    refused(world, RULE("severity: error, when: true, remdy: x"), 4, 35,
            "'remdy' is not a key of a rule; did you mean 'remedy'?");
    refused(world, RULE("severity: errors, when: true"), 4, 16,
            "rule 'a': severity is error, warning or info, not 'errors'; did you mean 'error'?");
    refused(world, RULE("severity: error, when: 7"), 4, 29, "rule 'a': 'when' must be a text, not integer");
    refused(world, RULE("severity: error, when: ''"), 4, 29, "rule 'a': 'when' must be a text, not an empty one");
    refused(world, RULE("severity: error"), 3, 5, "rule 'a' has no 'when'");
    refused(world, RULE("severity: info, when: true}\n  - {id: a"), 5, 10, "two rules have the id 'a'");
}

static void wrong_values(void **state)
{
    struct world *world = *state;

    refused(world, "dated: 2026-11-21\nvalues: [a]\nrules: []\n", 2, 9,
            "'values' is a mapping from names to expressions, not list");
    refused(world, "dated: 2026-11-21\nvalues: {roost: '1'}\nrules: []\n", 2, 10,
            "'roost' cannot be the name of a value");
    refused(world, "dated: 2026-11-21\nvalues: {a: 1}\nrules: []\n", 2, 10,
            "value 'a' must be an expression, not integer");
}

static void wrong_expressions(void **state)
{
    struct world *world = *state;
    struct doctor_rules rules;
    struct error err = ERROR_INIT;

    assert_false(read_rules(world, RULE("severity: error, when: 1 +"), &rules, &err));
    assert_non_null(strstr(err.text, "rule 'a': "));
    assert_int_equal(err.line, 4);
    assert_false(read_rules(world, RULE("severity: error, when: a | lengths > 0"), &rules, &err));
    assert_non_null(strstr(err.text, "lengths"));
    assert_int_equal(err.line, 4);
    assert_false(read_rules(world,
                            FILE_HEAD "  - {id: a, since: 2026-11-21, severity: info, when: true, source: x,\n"
                                      "     sentence: \"{{ x \", remedy: r}\n",
                            &rules, &err));
    assert_int_equal(err.line, 4);
}

static struct doctor_report examine(struct world *world, const char *text)
{
    struct doctor_rules rules;
    struct doctor_report report = { 0 };
    const struct value *facts = NULL;
    struct error err = ERROR_INIT;
    static const char json[] = "{\"roost\": {\"a\": 1, \"list\": [3, 4], \"text\": \"{{ 1 + 1 }}\"}}";

    if (!read_rules(world, text, &rules, &err))
        fail_msg("%d:%d: %s", err.line, err.column, err.text);
    assert_true(json_read(world->arena, json, sizeof json - 1, "facts", &facts, &err));
    assert_true(doctor_examine(world->arena, world->env, &rules, facts, &report, &err));
    return report;
}

static void json_is(struct world *world, const struct value *value, const char *expected)
{
    assert_string_equal(json_text(world->arena, value, JSON_PYTHON), expected);
}

static void the_worst_comes_first(void **state)
{
    struct world *world = *state;
    struct doctor_report report =
        examine(world, FILE_HEAD
                "  - {id: i, since: 2026-11-21, severity: info, when: roost.a == 1, sentence: \"{{ roost.text }}\",\n"
                "     remedy: r, source: x}\n"
                "  - {id: e, since: 2026-11-20, severity: error, each: roost.list, when: item > 3,\n"
                "     sentence: \"item {{ item }}\", remedy: \"{{ ansible_facts.roost.a }}\", source: x}\n"
                "  - {id: n, since: 2026-11-20, severity: error, when: false, sentence: s, remedy: r, "
                "source: x}\n");

    json_is(world, report.findings,
            "[{\"id\": \"e\", \"severity\": \"error\", \"sentence\": \"item 4\", \"remedy\": \"1\", \"source\": \"x\", "
            "\"since\": \"2026-11-20\"}, {\"id\": \"i\", \"severity\": \"info\", \"sentence\": \"{{ 1 + 1 }}\", "
            "\"remedy\": \"r\", \"source\": \"x\", \"since\": \"2026-11-21\"}]");
    assert_int_equal(report.worst, DOCTOR_ERROR);
}

static void an_absent_fact_is_undecided(void **state)
{
    struct world *world = *state;
    struct doctor_report report = examine(world, RULE("severity: error, when: roost.b > 1"));

    assert_int_equal(value_count(report.findings), 0);
    assert_int_equal(value_count(report.problems), 0);
    assert_int_equal(value_count(report.undecided), 1);
    assert_string_equal(value_map_text(value_item(report.undecided, 0), "id"), "a");
    assert_non_null(strstr(value_map_text(value_item(report.undecided, 0), "why"), "'b'"));
}

static void problem_is(struct world *world, const char *text, const char *place, const char *said)
{
    struct doctor_report report = examine(world, text);

    assert_int_equal(value_count(report.findings), 0);
    assert_int_equal(value_count(report.undecided), 0);
    assert_int_equal(value_count(report.problems), 1);
    const char *problem = value_text(value_item(report.problems, 0));
    if (!text_starts(problem, arena_printf(world->arena, "%s:%s: rule 'a': ", world->path, place)) ||
        strstr(problem, said) == NULL)
        fail_msg("%s", problem);
}

static void mistakes_of_rules_are_told_with_their_place(void **state)
{
    struct world *world = *state;

    problem_is(world, RULE("severity: error, when: rooost.a == 1"), "4:29", "'rooost' is undefined");
    problem_is(world, RULE("severity: error, when: item == 1"), "4:29", "'item' is undefined");
    problem_is(world, RULE("severity: error, when: roost.a + 'x' == 1"), "4:29", "unsupported operand");
    problem_is(world, RULE("severity: error, each: roost.a, when: true"), "4:29", "'each' must give a list");
    problem_is(world,
               FILE_HEAD "  - {id: a, since: 2026-11-21, severity: info, when: true, source: x,\n"
                         "     sentence: \"{{ roost.b }}\", remedy: r}\n",
               "4:24", "'b'");
    problem_is(world,
               "dated: 2026-11-21\nvalues: {x: y, y: x}\nrules:\n"
               "  - {id: a, since: 2026-11-21, severity: info, when: x, source: x, sentence: s, remedy: r}\n",
               "2:19", "needs itself");
}

static void rules_can_be_left_out(void **state)
{
    struct world *world = *state;
    struct doctor_rules rules;
    struct value *ids = value_list(world->arena);
    struct error err = ERROR_INIT;

    assert_true(doctor_rules_read(world->arena, world->env, NULL, &rules, &err));
    size_t count = rules.count;
    assert_true(count > 30);
    value_list_add(world->arena, ids, value_string(world->arena, "nomodeset"));
    assert_true(doctor_rules_ignore(world->arena, &rules, NULL, &err));
    assert_true(doctor_rules_ignore(world->arena, &rules, ids, &err));
    assert_int_equal(rules.count, count - 1);
    ids = value_list(world->arena);
    value_list_add(world->arena, ids, value_string(world->arena, "power-units"));
    assert_false(doctor_rules_ignore(world->arena, &rules, ids, &err));
    assert_string_equal(err.text, "ignore: engine/doctor/rules.yml (built in) has no rule 'power-units'; did you mean "
                                  "'power-unit'?");
}

static void facts_in_every_form(void **state)
{
    static const char *const forms[] = {
        "{\"gpus\": [], \"parameters\": {}}",
        "{\"roost\": {\"gpus\": [], \"parameters\": {}}, \"os_family\": \"Debian\"}",
        "{\"ansible_facts\": {\"ansible_roost\": {\"gpus\": [], \"parameters\": {}}}, \"changed\": false}",
        "{\"n\": {\"roost\": {\"gpus\": [], \"parameters\": {}}}}",
    };
    struct world *world = *state;
    const struct value *document = NULL, *hosts = NULL;
    struct error err = ERROR_INIT;

    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        assert_true(json_read(world->arena, forms[i], strlen(forms[i]), "f", &document, &err));
        assert_true(doctor_facts_of(world->arena, document, "n", &hosts, &err));
        assert_int_equal(value_count(hosts), 1);
        assert_non_null(value_map_get(value_map_get(value_map_get(hosts, "n"), "roost"), "gpus"));
    }
    assert_true(json_read(world->arena, "{\"a\": {\"os_family\": 1}}", 23, "f", &document, &err));
    assert_false(doctor_facts_of(world->arena, document, "n", &hosts, &err));
    assert_string_equal(err.text, "n holds no facts of an AI box (roost) for a");
    assert_false(doctor_facts_of(world->arena, value_list(world->arena), "n", &hosts, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(wrong_forms, setup, teardown),
        cmocka_unit_test_setup_teardown(wrong_values, setup, teardown),
        cmocka_unit_test_setup_teardown(wrong_expressions, setup, teardown),
        cmocka_unit_test_setup_teardown(the_worst_comes_first, setup, teardown),
        cmocka_unit_test_setup_teardown(an_absent_fact_is_undecided, setup, teardown),
        cmocka_unit_test_setup_teardown(mistakes_of_rules_are_told_with_their_place, setup, teardown),
        cmocka_unit_test_setup_teardown(rules_can_be_left_out, setup, teardown),
        cmocka_unit_test_setup_teardown(facts_in_every_form, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

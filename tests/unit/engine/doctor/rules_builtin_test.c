/* SPDX-License-Identifier: Apache-2.0 */
/* Every built-in rule: facts it finds something in, facts it leaves alone (cases.yml), and the recorded boxes whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/fd.h"
#include "common/base/text.h"
#include "common/json/json.h"
#include "common/yaml/yaml_reader.h"
#include "engine/doctor/doctor.h"

struct world {
    struct arena *arena;
    struct template_env *env;
    struct doctor_rules rules;
    const struct value *cases, *base;
};

static int setup(void **state)
{
    struct arena *arena = arena_new();
    struct world *world = arena_new_of(arena, struct world);
    struct template_config config = { .strict_undefined = true, .omit_text = "__omit__" };
    const struct value *file = NULL;
    struct error err = ERROR_INIT;

    world->arena = arena;
    world->env = template_env_new(arena, &config);
    if (!doctor_rules_read(arena, world->env, NULL, &world->rules, &err) ||
        !yaml_read_file(arena, SOURCE_FOLDER "/tests/unit/engine/doctor/cases.yml", false, &file, &err))
        fail_msg("%s:%d:%d: %s", err.path, err.line, err.column, err.text);
    world->base = value_map_get(file, "base");
    world->cases = value_map_get(file, "cases");
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    arena_free(((struct world *)*state)->arena);
    return 0;
}

/* Maps are merged, null takes away, all else replaces; nulls within lists' maps go too. */
static const struct value *patched(struct arena *arena, const struct value *base, const struct value *patch)
{
    struct value *out = value_is(patch, VALUE_MAP) ? value_map(arena) : value_list(arena);

    if (!value_is(patch, VALUE_MAP) && !value_is(patch, VALUE_LIST))
        return patch;
    for (size_t i = 0; value_is(patch, VALUE_LIST) && i < value_count(patch); i++)
        value_list_add(arena, out, patched(arena, NULL, value_item(patch, i)));
    if (value_is(patch, VALUE_LIST))
        return out;
    for (size_t i = 0; value_is(base, VALUE_MAP) && i < value_count(base); i++)
        if (value_map_get_value(patch, value_pair_at(base, i)->key) == NULL)
            value_map_put_value(arena, out, value_pair_at(base, i)->key, value_pair_at(base, i)->item);
    for (size_t i = 0; i < value_count(patch); i++) {
        const struct value_pair *pair = value_pair_at(patch, i);
        if (!value_is(pair->item, VALUE_NULL))
            value_map_put_value(arena, out, pair->key,
                                patched(arena, value_map_get_value(base, pair->key), pair->item));
    }
    return out;
}

static struct doctor_report examine(struct world *world, const struct value *roost)
{
    struct doctor_report report = { 0 };
    struct value *facts = value_map(world->arena);
    struct error err = ERROR_INIT;

    value_map_put(world->arena, facts, "roost", roost);
    if (!doctor_examine(world->arena, world->env, &world->rules, facts, &report, &err))
        fail_msg("%s", err.text);
    if (value_count(report.problems) > 0)
        fail_msg("%s", value_text(value_item(report.problems, 0)));
    return report;
}

static const struct value *finding_of(const struct doctor_report *report, const char *id)
{
    for (size_t i = 0; i < value_count(report->findings); i++)
        if (text_equal(value_map_text(value_item(report->findings, i), "id"), id))
            return value_item(report->findings, i);
    return NULL;
}

static void a_well_box_has_no_findings(void **state)
{
    struct world *world = *state;
    struct doctor_report report = examine(world, world->base);

    if (value_count(report.findings) > 0)
        fail_msg("%s", json_text(world->arena, report.findings, JSON_PYTHON));
    assert_int_equal(value_count(report.undecided), 0);
    assert_int_equal(report.worst, DOCTOR_NOTHING);
}

static void case_run(struct world *world, const struct value *one)
{
    const char *id = value_map_text(one, "rule"), *says = value_map_text(one, "says");
    struct doctor_report report = examine(world, patched(world->arena, world->base, value_map_get(one, "found")));
    const struct value *finding = finding_of(&report, id);

    if (finding == NULL)
        fail_msg("%s (line %d): not found; undecided %s", id, value_position(one).line,
                 json_text(world->arena, report.undecided, JSON_PYTHON));
    if (says == NULL || strstr(value_map_text(finding, "sentence"), says) == NULL)
        fail_msg("%s (line %d): '%s' does not say '%s'", id, value_position(one).line,
                 value_map_text(finding, "sentence"), says == NULL ? "?" : says);
    if (strstr(value_map_text(finding, "remedy"), "{{") != NULL || *value_map_text(finding, "source") == '\0')
        fail_msg("%s: remedy '%s'", id, value_map_text(finding, "remedy"));
    assert_non_null(value_map_get(one, "quiet"));
    report = examine(world, patched(world->arena, world->base, value_map_get(one, "quiet")));
    if (finding_of(&report, id) != NULL)
        fail_msg("%s (line %d): found in the facts that it should leave alone: %s", id, value_position(one).line,
                 value_map_text(finding_of(&report, id), "sentence"));
}

static void every_case(void **state)
{
    struct world *world = *state;

    assert_true(value_count(world->cases) > 0);
    for (size_t i = 0; i < value_count(world->cases); i++)
        case_run(world, value_item(world->cases, i));
}

static void every_rule_has_a_case(void **state)
{
    struct world *world = *state;

    for (size_t rule = 0; rule < world->rules.count; rule++) {
        bool has_case = false;
        for (size_t i = 0; i < value_count(world->cases); i++)
            has_case = has_case ||
                       text_equal(value_map_text(value_item(world->cases, i), "rule"), world->rules.items[rule].id);
        if (!has_case)
            fail_msg("rule '%s' has no case", world->rules.items[rule].id);
    }
}

/* docs/doctor.md names every rule twice: by what it is about, and by what it rests on. */
static void every_rule_is_in_the_documentation(void **state)
{
    static const char *const sections[] = { "## What the built-in rules know", "### What each rule rests on", NULL };
    struct world *world = *state;
    struct error err = ERROR_INIT;
    char *data = NULL;
    size_t length = 0;

    assert_true(file_read(world->arena, SOURCE_FOLDER "/docs/doctor.md", 1024 * 1024, &data, &length, &err));
    for (size_t i = 0; sections[i] != NULL; i++) {
        const char *from = strstr(data, sections[i]);
        assert_non_null(from);
        const char *to = strstr(from + 3, "\n\n#") == NULL ? data + length : strstr(from + 3, "\n\n#");
        const char *section = arena_copy_n(world->arena, from, (size_t)(to - from));
        for (size_t rule = 0; rule < world->rules.count; rule++)
            if (strstr(section, arena_printf(world->arena, "`%s`", world->rules.items[rule].id)) == NULL)
                fail_msg("'%s' of docs/doctor.md lacks rule '%s'", sections[i], world->rules.items[rule].id);
    }
}

static void check_box(struct world *world, const char *name, const char *expected)
{
    const char *path = arena_printf(world->arena, TEST_DATA "/boxes/%s.json", name);
    const struct value *roost = NULL;
    struct text ids = text_new(world->arena);
    struct error err = ERROR_INIT;
    char *data = NULL;
    size_t length = 0;

    assert_true(file_read(world->arena, path, 1024 * 1024, &data, &length, &err));
    assert_true(json_read(world->arena, data, length, path, &roost, &err));
    struct doctor_report report = examine(world, roost);
    assert_int_equal(value_count(report.undecided), 0);
    for (size_t i = 0; i < value_count(report.findings); i++)
        text_printf(&ids, "%s%s", i > 0 ? " " : "", value_map_text(value_item(report.findings, i), "id"));
    assert_string_equal(ids.data == NULL ? "" : ids.data, expected);
}

static void recorded_boxes(void **state)
{
    check_box(*state, "strix-halo-fedora43", "host-memory-tight");
    check_box(*state, "strix-halo-debian13",
              "gfx1151-cwsr firmware-mes-83 amdgpu-dkms host-memory-short host-memory-next-boot host-memory-next-boot "
              "unit-without-program kernel-rocm-memory firmware-dkms nomodeset-declared carve-out-large "
              "gttsize-and-pages-limit parameter-misspelt parameter-declared-twice parameter-declared-twice "
              "gpu-group-missing npu-without-iommu power-unit nic-pcie tuned-profile");
    check_box(*state, "server-ubuntu2404", "nic-slow-trained");
    check_box(*state, "dgx-spark", "");
    check_box(*state, "discrete-amd", "parameter-not-in-effect");
}

/* Facts of which most is not known: nothing is claimed, and no rule breaks. */
static void an_unknown_box(void **state)
{
    static const char *const lists[] = { "gpus", "kfd_nodes", "npus", "nics", "device_nodes", "udev_rules" };
    static const char *const maps[] = { "memory", "kernel",      "parameters", "modules", "packages",
                                        "groups", "thunderbolt", "power",      "iommu",   "tuned" };
    struct world *world = *state;
    struct value *roost = value_map(world->arena);

    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        value_map_put(world->arena, roost, lists[i], value_list(world->arena));
    for (size_t i = 0; i < sizeof maps / sizeof maps[0]; i++)
        value_map_put(world->arena, roost, maps[i], value_map(world->arena));
    struct doctor_report report = examine(world, roost);
    if (value_count(report.findings) > 0)
        fail_msg("%s", json_text(world->arena, report.findings, JSON_PYTHON));
    assert_int_equal(value_count(examine(world, value_map(world->arena)).findings), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_well_box_has_no_findings, setup, teardown),
        cmocka_unit_test_setup_teardown(every_case, setup, teardown),
        cmocka_unit_test_setup_teardown(every_rule_has_a_case, setup, teardown),
        cmocka_unit_test_setup_teardown(every_rule_is_in_the_documentation, setup, teardown),
        cmocka_unit_test_setup_teardown(recorded_boxes, setup, teardown),
        cmocka_unit_test_setup_teardown(an_unknown_box, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

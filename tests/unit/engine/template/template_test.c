/* SPDX-License-Identifier: Apache-2.0 */
/* The doors: arguments with omit, conditions and trust, bare expressions, files, checks at plan time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/value/value_python.h"
#include "engine/template/template_plugin.h"

struct world {
    struct arena *arena;
    struct value *vars;
    struct template_vars source;
    struct template_call call;
    const char *folders[2];
};

static bool world_get(void *data, struct arena *arena, const char *name, size_t length, const struct value **out,
                      struct error *err)
{
    struct world *world = data;
    const struct value *raw = value_map_get_n(world->vars, name, length);
    struct template_call call = world->call;

    *out = NULL;
    call.arena = arena;
    call.depth++;
    return raw == NULL || template_value(&call, raw, out, err);
}

static struct value *trusted(struct world *world, const char *text)
{
    struct value *value = value_string(world->arena, text);

    value->marks |= VALUE_TRUSTED;
    return value;
}

static int setup(void **state)
{
    struct arena *arena = arena_new();
    struct world *world = arena_new_of(arena, struct world);
    struct template_config config = { .strict_undefined = true, .omit_text = "__omit__" };

    world->arena = arena;
    world->vars = value_map(arena);
    world->source = (struct template_vars){ .context = world, .get = world_get };
    world->folders[0] = TEST_DATA "/template/folder";
    world->call = (struct template_call){ .env = template_env_new(arena, &config),
                                          .arena = arena,
                                          .vars = &world->source,
                                          .search_folders = world->folders };
    value_map_put_string(arena, world->vars, "omit", "__omit__");
    value_map_put_int(arena, world->vars, "n", 5);
    value_map_put_string(arena, world->vars, "fact", "n == 5");
    value_map_put(arena, world->vars, "rule", trusted(world, "n == 5"));
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;

    arena_free(world->arena);
    return 0;
}

static void check_repr(struct world *world, const struct value *value, const char *wanted)
{
    struct text text = text_new(world->arena);

    value_repr(&text, value);
    assert_string_equal(text.data, wanted);
}

static void arguments_leave_out_omit(void **state)
{
    struct world *world = *state;
    struct value *args = value_map(world->arena), *inner = value_map(world->arena);
    const struct value *out = NULL;
    struct error err = ERROR_INIT;

    value_map_put(world->arena, inner, "mode", trusted(world, "{{ mode | default(omit) }}"));
    value_map_put(world->arena, inner, "size", trusted(world, "{{ n }}"));
    value_map_put(world->arena, args, "path", trusted(world, "/x{{ n }}"));
    value_map_put(world->arena, args, "owner", trusted(world, "{{ owner | default(omit) }}"));
    value_map_put(world->arena, args, "inner", inner);
    value_map_put(world->arena, args, "key{{ n }}", trusted(world, "{{ n > 3 }}"));
    assert_true(template_arguments(&world->call, args, &out, &err));
    check_repr(world, out, "{'path': '/x5', 'inner': {'size': 5}, 'key{{ n }}': True}");
}

/* Without a password: as arguments at once, in a variable only where it is used. */
static void vault_values_need_a_password(void **state)
{
    struct world *world = *state;
    struct value *args = value_map(world->arena), *vault = trusted(world, "$ANSIBLE_VAULT;1.1;AES256\n3130\n");
    const struct value *out = NULL;
    struct error err = ERROR_INIT;

    vault->marks |= VALUE_VAULT;
    vault->path = "group_vars/all.yml";
    vault->line = 3;
    vault->column = 9;
    value_map_put(world->arena, args, "password", vault);
    assert_false(template_arguments(&world->call, args, &out, &err));
    assert_string_equal(err.text, "Attempting to decrypt but no vault secrets found");
    assert_string_equal(err.path, "group_vars/all.yml");
    assert_int_equal(err.line, 3);
    assert_int_equal(err.column, 9);
    assert_false(template_value(&world->call, vault, &out, NULL));
    world->call.depth = 1;
    assert_true(template_value(&world->call, args, &out, &err));
    assert_true(value_is_envelope(value_map_get(out, "password")));
    assert_false(template_is_opened(&world->call, out, &err));
}

static void keys_are_no_templates(void **state)
{
    struct world *world = *state;
    struct value *args = value_map(world->arena);
    const struct value *out = NULL;

    value_map_put_value(world->arena, args, trusted(world, "k{{ n }}"), value_int(world->arena, 1));
    assert_true(template_value(&world->call, args, &out, NULL));
    check_repr(world, out, "{'k{{ n }}': 1}");
    assert_true(template_arguments(&world->call, args, &out, NULL));
    check_repr(world, out, "{'k{{ n }}': 1}");
}

static bool holds(struct world *world, const struct value *condition)
{
    struct error err = ERROR_INIT;
    bool truth = false;

    if (!template_condition(&world->call, condition, &truth, NULL, &err))
        fail_msg("%s", err.text);
    return truth;
}

static void conditions(void **state)
{
    struct world *world = *state;
    struct value *all = value_list(world->arena), *last = trusted(world, "n == 6");
    const struct value *failed = NULL;
    bool truth = true;

    assert_true(holds(world, value_bool(true)));
    assert_true(holds(world, value_null()));
    assert_true(holds(world, trusted(world, "n == 5")));
    assert_true(holds(world, trusted(world, "rule")));
    assert_true(holds(world, trusted(world, "{{ rule }}")));
    assert_false(holds(world, trusted(world, "n is not defined")));
    value_list_add(world->arena, all, trusted(world, "n > 1"));
    value_list_add(world->arena, all, last);
    value_list_add(world->arena, all, trusted(world, "nope == 1"));
    assert_true(template_condition(&world->call, all, &truth, &failed, NULL));
    assert_false(truth);
    assert_ptr_equal(failed, last);
}

static void check_refused(struct world *world, const struct value *condition, const char *text)
{
    struct error err = ERROR_INIT;
    bool truth = false;

    assert_false(template_condition(&world->call, condition, &truth, NULL, &err));
    if (strstr(err.text, text) == NULL)
        fail_msg("%s", err.text);
}

/* Text from outside is never evaluated as a condition, not even by way of a template. */
static void conditions_from_outside_are_refused(void **state)
{
    struct world *world = *state;

    check_refused(world, value_string(world->arena, "n == 5"), "Conditional is marked as unsafe");
    check_refused(world, trusted(world, "{{ fact }}"), "Conditional is marked as unsafe");
    check_refused(world, trusted(world, "{{ fact ~ ' and true' }}"), "Conditional is marked as unsafe");
    check_refused(world, trusted(world, "{{ [fact] | join }}"), "Conditional is marked as unsafe");
    check_refused(world, trusted(world, "{{ lookup('pipe', 'echo n') }}"), "Conditional is marked as unsafe");
    check_refused(world, trusted(world, "nope == 5"),
                  "The conditional check 'nope == 5' failed. The error was: error while evaluating conditional "
                  "(nope == 5): 'nope' is undefined");
}

static unsigned marks_within(struct world *world, const char *text)
{
    const struct value *out = NULL;
    struct error err = ERROR_INIT;

    if (!template_value(&world->call, trusted(world, text), &out, &err))
        fail_msg("%s: %s", text, err.text);
    while (out->kind == VALUE_LIST || out->kind == VALUE_MAP)
        out = out->kind == VALUE_LIST ? value_item(out, 0) : value_pair_at(out, 0)->item;
    return out->marks & (VALUE_TRUSTED | VALUE_STATIC);
}

/* What lists and dicts hold is trusted as single texts are: made of nothing from outside, and no template. */
static void members_are_trusted(void **state)
{
    struct world *world = *state;
    struct value *keyed = value_map(world->arena);

    value_map_put_int(world->arena, keyed, "lookup('pipe', 'n')", 1);
    value_map_put(world->arena, world->vars, "keyed", keyed);
    assert_int_equal(marks_within(world, "{{ ['N'] | map('lower') | list }}"), VALUE_TRUSTED | VALUE_STATIC);
    assert_int_equal(marks_within(world, "{{ {'a': [rule ~ '']} }}"), VALUE_TRUSTED | VALUE_STATIC);
    assert_int_equal(marks_within(world, "{{ [1] | map('regex_replace', '1', '{' ~ '{ n }' ~ '}') | list }}"), 0);
    assert_int_equal(marks_within(world, "{{ ['N', fact] | map('lower') | list }}"), 0);
    assert_int_equal(marks_within(world, "{{ {'a': ['n'], 'b': fact} }}"), 0);
    assert_int_equal(marks_within(world, "{{ ['N' ~ lookup('pipe', 'echo n')] }}"), 0);
    assert_int_equal(marks_within(world, "{{ keyed.keys() | list }}"), 0);
    assert_int_equal(marks_within(world, "{{ keyed.keys() | map('trim') | list }}"), 0);
    value_map_remove(world->arena, keyed, value_string(world->arena, "lookup('pipe', 'n')"));
    value_map_put_int(world->arena, keyed, "n", 1); /* a name that can do nothing by itself, as in Ansible */
    assert_int_equal(marks_within(world, "{{ keyed.keys() | list }}"), VALUE_TRUSTED | VALUE_STATIC);
}

/* What has very many members is not copied to be trusted. */
static void many_members_stay_data(void **state)
{
    struct world *world = *state;

    assert_int_equal(marks_within(world, "{{ range(1100000) | map('string') | list }}"), 0);
    assert_int_equal(marks_within(world, "{{ range(1000) | map('string') | list }}"), VALUE_TRUSTED | VALUE_STATIC);
}

static void expressions_keep_their_type(void **state)
{
    struct world *world = *state;
    const struct value *out = NULL;

    assert_true(template_expression(&world->call, "n + 1", 5, NULL, &out, NULL));
    assert_int_equal(out->kind, VALUE_INT);
    assert_int_equal(out->as.integer, 6);
}

static bool render_text(struct world *world, const char *text, const struct value **out, struct error *err)
{
    struct template_file_options options = TEMPLATE_FILE_OPTIONS;

    *err = (struct error)ERROR_INIT;
    return template_text(&world->call, text, strlen(text), &options, out, err);
}

static void files(void **state)
{
    struct world *world = *state;
    const struct value *out = NULL;
    struct error err;

    assert_true(render_text(world, "#jinja2: variable_start_string: '[%', variable_end_string: '%]'\n[% n %] {{\n",
                            &out, &err));
    assert_string_equal(value_text(out), "5 {{\n");
    assert_true(render_text(world, "{% if n == 5 %}\nyes\n{% endif %}\n", &out, &err));
    assert_string_equal(value_text(out), "yes\n");
    assert_true(render_text(world, "{% set foo = 1 %}{% include 'header' %}", &out, &err));
    assert_string_equal(value_text(out), "[1|23]");
    assert_true(render_text(world,
                            "{% include '../folder/header' ignore missing %}{% include '/etc/../etc/passwd' "
                            "ignore missing %}",
                            &out, &err));
    assert_string_equal(value_text(out), "");
    assert_false(render_text(world, "#jinja2: nonsense: 1\n", &out, &err));
    assert_non_null(strstr(err.text, "nonsense"));
}

static void check_plan(struct world *world, const char *text, bool is_condition, const char *wanted)
{
    struct error err = ERROR_INIT;
    bool good = template_check(world->call.env, trusted(world, text), is_condition, &err);

    if (good != (wanted == NULL))
        fail_msg("%s: %s", text, good ? "accepted" : err.text);
    if (wanted != NULL && strstr(err.text, wanted) == NULL)
        fail_msg("%s: %s", text, err.text);
}

/* What cannot work is found without evaluating anything, wherever it stands. */
static void checks_at_plan_time(void **state)
{
    struct world *world = *state;

    check_plan(world, "{{ x | uper }}", false, "'upper'");
    check_plan(world, "{% if false %}{{ x | map('uper') }}{% endif %}", false, "uper");
    check_plan(world, "{{ x is defind }}", false, "'defined'");
    check_plan(world, "{{ lookup('fil', 'x') }}", false, "'file'");
    check_plan(world, "{{ x is defined and x | bool }}", false, NULL);
    check_plan(world, "x | uper == 'a'", true, "'upper'");
    check_plan(world, "x == ", true, "unexpected 'end of statement block'");
    check_plan(world, "{{ x | nope_at_all }}", false, "nope_at_all");
    assert_true(template_lookup_known(NULL, "ansible.builtin.file", NULL));
    assert_false(template_lookup_known(NULL, "nonesuch", NULL));
}

/* Plugins named py_* that give back what they get; py_fail fails as it is told, py_ask asks for a variable. */
static const char *plugin_find(void *context, enum template_plugin kind, const char *name, bool is_ours,
                               const char **why_out)
{
    (void)context;
    (void)kind;
    (void)is_ours;
    *why_out = NULL;
    return strncmp(name, "py_", 3) == 0 ? "/plugin.py" : NULL;
}

static bool plugin_ask(void *context, struct arena *arena, const struct foreign_question *question,
                       const struct value **out, struct error *err)
{
    struct value *answer = value_map(arena), *asked = value_map(arena);
    const char *name = value_map_text(question->map, "name");
    const struct value *reply = NULL;

    (void)context;
    *out = answer;
    if (strcmp(name, "py_dead") == 0)
        return error_set(err, "Python ended without an answer");
    if (strcmp(name, "py_fail") == 0) {
        value_map_put_string(arena, answer, "failed", "its own words");
        value_map_put(arena, answer, "kind", value_map_get(question->map, "input"));
        return true;
    }
    if (strcmp(name, "py_ask") == 0) {
        value_map_put_string(arena, asked, "ask", "variable");
        value_map_put(arena, asked, "name", value_map_get(question->map, "input"));
        assert_true(question->back->reply(question->back->context, arena, asked, &reply, err));
        value_map_put(arena, answer, "value", reply);
        return true;
    }
    value_map_put(arena, answer, "value",
                  value_map_get(question->map, strcmp(name, "py_look") == 0 ? "terms" : "input"));
    return true;
}

static void plugins_in_python(void **state)
{
    static const struct template_plugins plugins = { .find = plugin_find, .ask = plugin_ask };
    static const struct {
        const char *text, *wanted; /* begins with "!": an error */
    } cases[] = {
        { "{{ [1, 'a', (2, None), {3: 'b'}, {'__roost': 1}] | py_same | string }}",
          "[1, 'a', (2, None), {3: 'b'}, {'__roost': 1}]" },
        { "{{ [nope | py_same is undefined, 5 is py_same, ['x'] | map('py_same') | list] }}", "[True, 5, ['x']]" },
        { "{{ nope | py_same }}", "!'nope' is undefined" },
        { "{{ [('2020-01-02 03:04:05' | to_datetime) | py_same] | string }}",
          "[datetime.datetime(2020, 1, 2, 3, 4, 5)]" },
        { "{{ query('py_look', 'a', 'b') }}", "['a', 'b']" },
        { "{{ lookup('py_look', 'a', 'b') }}", "a,b" },
        { "{% set here = 7 %}{{ ['n' | py_ask, 'here' | py_ask, 'nope' | py_ask] }}",
          "[{'value': 5}, {'value': 7}, {}]" },
        { "{{ 'plain' | py_fail }}", "!its own words" },
        { "{{ 1 | py_dead }}", "!the plugin 'py_dead' in Python: Python ended without an answer" },
        { "{{ range | py_same }}", "!cannot be handed to a plugin in Python" },
    };
    struct world *world = *state;
    const struct value *out = NULL;

    template_env_plugins(world->call.env, &plugins);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error err = ERROR_INIT;
        bool good = template_value(&world->call, trusted(world, cases[i].text), &out, &err);

        if (good == (cases[i].wanted[0] == '!'))
            fail_msg("%s: %s", cases[i].text, good ? value_to_text(world->arena, out) : err.text);
        if (good ? strcmp(value_to_text(world->arena, out), cases[i].wanted) != 0
                 : strstr(err.text, cases[i].wanted + 1) == NULL)
            fail_msg("%s: %s", cases[i].text, good ? value_to_text(world->arena, out) : err.text);
    }
    struct value *secret = value_string(world->arena, "hidden");
    struct error err = ERROR_INIT;

    secret->marks |= VALUE_SECRET;
    value_map_put(world->arena, world->vars, "secret", secret);
    assert_true(template_value(&world->call, trusted(world, "{{ 'x' | py_same(secret) }}"), &out, &err));
    assert_true(value_has_mark(out, VALUE_SECRET));
    assert_true(template_value(&world->call, trusted(world, "{{ 'secret' | py_ask }}"), &out, &err));
    assert_true(value_has_mark(out, VALUE_SECRET));
    assert_true(template_value(&world->call, trusted(world, "{{ 'x' | py_same }}"), &out, &err));
    assert_false(value_has_mark(out, VALUE_SECRET));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(arguments_leave_out_omit, setup, teardown),
        cmocka_unit_test_setup_teardown(vault_values_need_a_password, setup, teardown),
        cmocka_unit_test_setup_teardown(keys_are_no_templates, setup, teardown),
        cmocka_unit_test_setup_teardown(conditions, setup, teardown),
        cmocka_unit_test_setup_teardown(conditions_from_outside_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(members_are_trusted, setup, teardown),
        cmocka_unit_test_setup_teardown(many_members_stay_data, setup, teardown),
        cmocka_unit_test_setup_teardown(expressions_keep_their_type, setup, teardown),
        cmocka_unit_test_setup_teardown(files, setup, teardown),
        cmocka_unit_test_setup_teardown(checks_at_plan_time, setup, teardown),
        cmocka_unit_test_setup_teardown(plugins_in_python, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

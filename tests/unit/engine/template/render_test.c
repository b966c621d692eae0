/* SPDX-License-Identifier: Apache-2.0 */
/* What a rendering carries besides its value: marks, positions of failures, limits, memory of parsed trees. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine/template/template.h"

struct world {
    struct arena *arena;
    struct value *vars;
    struct template_env *env;
    struct template_vars source;
    struct template_call call;
};

static bool world_get(void *data, struct arena *arena, const char *name, size_t length, const struct value **out,
                      struct error *err)
{
    struct world *world = data;
    const struct value *raw = value_map_get_n(world->vars, name, length);
    struct template_call call = world->call;
    bool done;

    *out = NULL;
    if (raw == NULL)
        return true;
    call.arena = arena;
    call.depth = ++world->call.depth;
    done = template_value(&call, raw, out, err);
    world->call.depth--;
    return done;
}

static int setup(void **state)
{
    struct arena *arena = arena_new();
    struct world *world = arena_new_of(arena, struct world);
    struct template_config config = { .strict_undefined = true, .omit_text = "__omit__" };

    world->arena = arena;
    world->vars = value_map(arena);
    world->env = template_env_new(arena, &config);
    world->source = (struct template_vars){ .context = world, .get = world_get };
    world->call = (struct template_call){ .env = world->env, .arena = arena, .vars = &world->source };
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;

    arena_free(world->arena);
    return 0;
}

static struct value *trusted(struct world *world, const char *text)
{
    struct value *value = value_string(world->arena, text);

    value->marks |= VALUE_TRUSTED;
    return value;
}

static const struct value *render(struct world *world, const char *text)
{
    struct error err = ERROR_INIT;
    const struct value *out = NULL;

    if (!template_value(&world->call, trusted(world, text), &out, &err))
        fail_msg("%s: %s", text, err.text);
    return out;
}

static void check_secret(struct world *world, const char *text, bool secret)
{
    const struct value *out = render(world, text);

    if (value_has_mark(out, VALUE_SECRET) != secret)
        fail_msg("%s is %ssecret", text, secret ? "not " : "");
}

/* Whatever is made from a secret is one; what is not, is not. */
static void secrets_spread(void **state)
{
    struct world *world = *state;
    struct value *secret = trusted(world, "hunter2"), *list = value_list(world->arena);

    secret->marks |= VALUE_SECRET;
    value_list_add(world->arena, list, secret);
    value_map_put(world->arena, world->vars, "secret", secret);
    value_map_put(world->arena, world->vars, "secrets", list);
    value_map_put(world->arena, world->vars, "lazy", trusted(world, "pw={{ secret }}"));
    value_map_put(world->arena, world->vars, "open", trusted(world, "word"));
    check_secret(world, "{{ secret }}", true);
    check_secret(world, "x{{ secret }}y", true);
    check_secret(world, "{{ lazy }}", true);
    check_secret(world, "{{ secret | upper }}", true);
    check_secret(world, "{{ secret ~ 1 }}", true);
    check_secret(world, "{{ 'a' + secret }}", true);
    check_secret(world, "{{ '%s' % secret }}", true);
    check_secret(world, "{{ secret[0] }}", true);
    check_secret(world, "{{ secret[1:3] }}", true);
    check_secret(world, "{{ secret.upper() }}", true);
    check_secret(world, "{{ secret.split('t') }}", true);
    check_secret(world, "{{ secrets | join(',') }}", true);
    check_secret(world, "{{ secrets | to_json }}", true);
    check_secret(world, "{{ secrets | map('b64encode') | list }}", true);
    check_secret(world, "{{ open | regex_replace('o', secret) }}", true);
    check_secret(world, "{{ 'q' | default(secret) }}", false);
    check_secret(world, "{% set x = secret %}{{ x }}", true);
    check_secret(world, "{% for s in secrets %}{{ s }};{% endfor %}", true);
    check_secret(world, "{% macro m(a) %}<{{ a }}>{% endmacro %}{{ m(secret) }}", true);
    check_secret(world, "{{ open }}", false);
    check_secret(world, "{{ secrets | length }}", false);
    check_secret(world, "{{ [open, secrets[0]] | first }}", false);
}

/* Numbers are no less secret than text, and text that is made from them. */
static void secret_numbers_spread(void **state)
{
    static const char *const secret[] = {
        "{{ pin }}",
        "pin is {{ pin }}",
        "{{ pin }}{{ pin }}",
        "{{ pin + 1 }}",
        "{{ 1 - pin }}",
        "{{ -pin }}",
        "{{ +pin }}",
        "{{ pin * 1.0 }}",
        "{{ pin // 10 }}",
        "{{ pin ** 2 }}",
        "{{ 10 ** 30 + pin }}",
        "{{ 'x' * pin }}",
        "{{ '%d' % pin }}",
        "{{ pin | string }}",
        "{{ pin | float }}",
        "{{ pin | int }}",
        "{{ '12' | int(pin) }}",
        "{{ pin | abs }} ",
        "{{ pin | round }}",
        "{{ pin | log }}",
        "{{ pin | pow(2) }}",
        "{{ 2 | pow(pin) }}",
        "{{ pin | root }}",
        "{{ digits | int }}",
        "{{ digits | float }}",
        "{{ [1, pin] | sum }}",
        "{{ [1, pin] | max }}",
        "{{ [1, pin] | join }}",
        "{{ [pin] }}",
        "{{ {'a': pin} }}.",
        "{{ range(pin, pin + 1) }}",
        "{{ 1 in range(pin) }}{{ range(pin) }}",
        "{{ real }}.",
        "{% set x = pin %}{{ x }}{{ 1 }}",
        "{% for x in [pin] %}{{ x }};{% endfor %}",
        "{% macro m(a) %}<{{ a }}>{% endmacro %}{{ m(pin) }}",
        "{% filter upper %}x{{ pin }}{% endfilter %}",
    };
    static const char *const open[] = { "{{ 1 + 1 }}", "{{ [pin, 2][1] }}.", "{{ pin > 3 }}", "{{ [pin] | length }}" };
    struct world *world = *state;
    struct value *pin = value_int(world->arena, 12), *real = value_real(world->arena, 1.5),
                 *digits = trusted(world, "12");

    pin->marks |= VALUE_SECRET;
    real->marks |= VALUE_SECRET;
    digits->marks |= VALUE_SECRET;
    value_map_put(world->arena, world->vars, "pin", pin);
    value_map_put(world->arena, world->vars, "real", real);
    value_map_put(world->arena, world->vars, "digits", digits);
    for (size_t i = 0; i < sizeof(secret) / sizeof(secret[0]); i++)
        check_secret(world, secret[i], true);
    for (size_t i = 0; i < sizeof(open) / sizeof(open[0]); i++)
        check_secret(world, open[i], false);
}

/* Text that a template makes is not a template: neither from facts nor from literals. */
static void results_are_not_templated(void **state)
{
    struct world *world = *state;

    value_map_put_string(world->arena, world->vars, "fact", "{{ 1 + 1 }}");
    value_map_put(world->arena, world->vars, "made", trusted(world, "{{ fact }}"));
    assert_string_equal(value_text(render(world, "{{ fact }}")), "{{ 1 + 1 }}");
    assert_string_equal(value_text(render(world, "{{ made }}")), "{{ 1 + 1 }}");
    assert_string_equal(value_text(render(world, "{{ '{{' ~ ' 2 }}' }}")), "{{ 2 }}");
}

static void static_values_come_back_as_they_are(void **state)
{
    struct world *world = *state;
    struct value *input = trusted(world, "plain");
    const struct value *out = NULL;
    size_t before;

    input->marks |= VALUE_STATIC;
    before = arena_used(world->arena);
    assert_true(template_value(&world->call, input, &out, NULL));
    assert_ptr_equal(out, input);
    assert_int_equal(arena_used(world->arena), before);
}

static void failures_have_positions(void **state)
{
    struct world *world = *state;
    struct value *input = trusted(world, "a {{ nope }}");
    struct error err = ERROR_INIT;
    const struct value *out = NULL;

    input->path = "site.yml";
    input->line = 7;
    input->column = 11;
    assert_false(template_value(&world->call, input, &out, &err));
    assert_int_equal(err.kind, ERROR_UNDEFINED);
    assert_string_equal(err.text, "'nope' is undefined");
    assert_string_equal(err.path, "site.yml");
    assert_int_equal(err.line, 7);
    assert_int_equal(err.column, 11 + 5);
    input = trusted(world, "{{ 1 }}\n{{ 2 | upperr }}");
    input->path = "site.yml";
    input->line = 3;
    input->column = 5;
    err = (struct error)ERROR_INIT;
    assert_false(template_value(&world->call, input, &out, &err));
    assert_int_equal(err.line, 4);
    assert_non_null(strstr(err.text, "did you mean 'upper'?"));
}

static void file_failures_have_exact_positions(void **state)
{
    struct world *world = *state;
    struct template_file_options options = TEMPLATE_FILE_OPTIONS;
    struct error err = ERROR_INIT;
    const struct value *out = NULL;
    const char *text = "one\n{% if true %}\n  {{ 1 / 0 }}\n{% endif %}\n";

    options.path = "conf.j2";
    assert_false(template_text(&world->call, text, strlen(text), &options, &out, &err));
    assert_string_equal(err.text, "division by zero");
    assert_string_equal(err.path, "conf.j2");
    assert_int_equal(err.line, 3);
    assert_int_equal(err.column, 6);
    text = "a\nb {% endfor %}";
    err = (struct error)ERROR_INIT;
    assert_false(template_text(&world->call, text, strlen(text), &options, &out, &err));
    assert_int_equal(err.kind, ERROR_PARSE);
    assert_int_equal(err.line, 2);
    assert_int_equal(err.column, 6);
}

static void check_limit(struct world *world, const char *text, const char *message)
{
    struct error err = ERROR_INIT;
    const struct value *out = NULL;

    assert_false(template_value(&world->call, trusted(world, text), &out, &err));
    if (strstr(err.text, message) == NULL)
        fail_msg("%s: %s", text, err.text);
}

static void limits_hold(void **state)
{
    struct world *world = *state;
    char deep[1024] = "{{ ";

    memset(deep + 3, '(', 200);
    deep[203] = '1';
    memset(deep + 204, ')', 200);
    memcpy(deep + 404, " }}", 4);
    value_map_put(world->arena, world->vars, "a", trusted(world, "{{ b }}"));
    value_map_put(world->arena, world->vars, "b", trusted(world, "x{{ a }}"));
    check_limit(world, "{{ a }}", "recursive loop detected in template string");
    check_limit(world, "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "recursive loop detected");
    check_limit(world, "{{ range(99999999) }}", "Range too big");
    check_limit(world, "{{ 'x' * 99999999 }}", "larger than");
    check_limit(world, deep, "nested");
    check_limit(world, "{{ ('a' * 60 ~ 'bc') is match('(a|aa)+c') }}", "match limit");
    check_limit(world, "{% for a in range(9999) %}{{ range(9999) | length }}{% endfor %}", "bytes of memory");
    check_limit(world, "{% set r = range(9999) %}{% for a in r %}{% for b in r %}{% endfor %}{% endfor %}", "steps");
}

/* A variable is looked up once per rendering, whatever it is made of. */
static void variables_are_resolved_once(void **state)
{
    struct world *world = *state;

    value_map_put(world->arena, world->vars, "chance", trusted(world, "{{ 1000000000 | random }}"));
    assert_true(value_truthy(render(world, "{{ chance == chance }}")));
}

/* Changing a list changes what this rendering sees of it, and nothing else. */
static void changes_stay_in_the_rendering(void **state)
{
    struct world *world = *state;
    struct value *list = value_list(world->arena);

    value_list_add(world->arena, list, value_int(world->arena, 1));
    value_map_put(world->arena, world->vars, "list", list);
    assert_int_equal(value_count(render(world, "{% set _ = list.append(2) %}{{ list }}")), 2);
    assert_int_equal(value_count(list), 1);
    assert_int_equal(value_count(render(world, "{{ list }}")), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(secrets_spread, setup, teardown),
        cmocka_unit_test_setup_teardown(secret_numbers_spread, setup, teardown),
        cmocka_unit_test_setup_teardown(results_are_not_templated, setup, teardown),
        cmocka_unit_test_setup_teardown(static_values_come_back_as_they_are, setup, teardown),
        cmocka_unit_test_setup_teardown(failures_have_positions, setup, teardown),
        cmocka_unit_test_setup_teardown(file_failures_have_exact_positions, setup, teardown),
        cmocka_unit_test_setup_teardown(limits_hold, setup, teardown),
        cmocka_unit_test_setup_teardown(variables_are_resolved_once, setup, teardown),
        cmocka_unit_test_setup_teardown(changes_stay_in_the_rendering, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

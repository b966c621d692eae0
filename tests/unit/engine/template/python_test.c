/* SPDX-License-Identifier: Apache-2.0 */
/* What has no fixed result and so cannot be a recorded case: chance, the clock, random salts, secrets, limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "engine/template/python_random.h"
#include "engine/template/template.h"

struct fixture {
    struct arena *arena;
    struct template_call call;
    struct template_vars vars;
    const struct value *deep, *map; /* variables */
    struct error err;
};

static bool get_variable(void *context, struct arena *arena, const char *name, size_t length, const struct value **out,
                         struct error *err)
{
    const struct fixture *fixture = context;

    (void)err;
    if (length == 6 && memcmp(name, "secret", 6) == 0)
        *out = value_mark(arena, value_string(arena, "swordfish"), VALUE_SECRET, 0);
    else if (length == 4 && memcmp(name, "deep", 4) == 0)
        *out = fixture->deep;
    else
        *out = length == 3 && memcmp(name, "map", 3) == 0 ? fixture->map : NULL;
    return true;
}

static int set_up(void **state)
{
    static const struct template_config config = { .strict_undefined = true };
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    fixture->arena = arena_new();
    fixture->vars = (struct template_vars){ .context = fixture, .get = get_variable };
    fixture->call = (struct template_call){ .env = template_env_new(fixture->arena, &config),
                                            .arena = fixture->arena,
                                            .vars = &fixture->vars };
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    arena_free(fixture->arena);
    free(fixture);
    return 0;
}

static const struct value *render(struct fixture *fixture, const char *text)
{
    struct value *source = value_string(fixture->arena, text);
    const struct value *out = NULL;

    source->marks |= VALUE_TRUSTED;
    error_clear(&fixture->err);
    return template_value(&fixture->call, source, &out, &fixture->err) ? out : NULL;
}

static const char *text_of(struct fixture *fixture, const char *text)
{
    const struct value *made = render(fixture, text);

    if (made == NULL)
        fail_msg("%s: %s", text, fixture->err.text);
    return value_text(made);
}

static void test_random_is_in_range(void **state)
{
    bool seen[3] = { false };

    for (int i = 0; i < 300; i++) {
        long number = strtol(text_of(*state, "{{ 16 | random(start=10, step=2) }}"), NULL, 10);

        assert_true(number == 10 || number == 12 || number == 14);
        seen[(number - 10) / 2] = true;
    }
    assert_true(seen[0] && seen[1] && seen[2]);
}

static void test_shuffle_keeps_all(void **state)
{
    assert_true(render(*state, "{{ range(50) | shuffle | sort == range(50) | list }}")->as.boolean);
    assert_true(render(*state, "{{ range(200) | shuffle != range(200) | list }}")->as.boolean);
}

static void test_random_word_of_twister(void **state)
{
    struct fixture *fixture = *state;
    struct random random;

    /* What Python's Random(0) draws, in one and in two words. */
    assert_true(random_from_seed(fixture->arena, value_int(fixture->arena, 0), &random));
    assert_int_equal(random_below(&random, 1000), 864);
    assert_int_equal(random_below(&random, 1000), 394);
    assert_int_equal(random_below(&random, 1000), 776);
    assert_true(random_from_seed(fixture->arena, value_int(fixture->arena, 0), &random));
    assert_true(random_below(&random, UINT64_C(1) << 40) == UINT64_C(849735321549));
    assert_false(random_from_seed(fixture->arena, value_list(fixture->arena), &random));
}

static void test_now_is_now(void **state)
{
    long long before = (long long)time(NULL),
              made = strtoll(text_of(*state, "{{ now().timestamp() | int }}"), NULL, 10);

    assert_true(made >= before && made <= before + 5);
    assert_int_equal(strlen(text_of(*state, "{{ now(utc=true) }}")), strlen("2024-01-01 00:00:00.000000"));
}

static void test_salts_differ(void **state)
{
    const char *first = text_of(*state, "{{ 'x' | password_hash('sha256', rounds=1000) }}");
    const char *second = text_of(*state, "{{ 'x' | password_hash('sha256', rounds=1000) }}");

    assert_string_not_equal(first, second);
    assert_memory_equal(first, "$5$rounds=1000$", 15);
    assert_int_equal(strcspn(first + 15, "$"), 16);
    assert_int_equal(strcspn(text_of(*state, "{{ 'x' | password_hash('md5', salt_size=3) }}") + 3, "$"), 3);
    assert_memory_equal(text_of(*state, "{{ 'x' | password_hash('blowfish', rounds=4) }}"), "$2b$04$", 7);
}

static void test_secrets_spread(void **state)
{
    static const char *const sources[] = {
        "{{ '%s!' % secret }}",
        "{{ '{}'.format(secret) }}",
        "{{ 'x{a}'.format(a=secret) }}",
        "{{ secret | escape }}",
        "{{ secret | urlencode }}",
        "{{ secret | indent }}",
        "{{ secret | comment }}",
        "{{ [secret] | pprint }}",
        "{{ secret | password_hash('md5') }}",
        "{{ secret | wordwrap(3) }}",
        "{{ 'a' | comment(prefix=secret) }}",
    };

    for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
        const struct value *made = render(*state, sources[i]);

        assert_non_null(made);
        if ((made->marks & VALUE_SECRET) == 0)
            fail_msg("%s is not secret", sources[i]);
    }
}

static void test_sizes_are_bounded(void **state)
{
    static const char *const sources[] = {
        "{{ '%999999999d' % 1 }}",
        "{{ '%.999999999f' % 1.5 }}",
        "{{ '{:999999999}'.format(1) }}",
        "{{ '{:.99999999999999999999f}'.format(1.5) }}",
        "{{ 'a' | indent(999999999999, true) }}",
        "{{ 'a' | comment(prefix_count=99999999) }}",
        "{{ '%*d' % (9223372036854775807, 1) }}",
        "{{ '%*d' % (2 ** 70, 1) }}",
        "{{ range(2 ** 70, 2 ** 71) }}",
        "{{ range(2 ** 70, 2 ** 71, 2 ** 45) }}",
        "{{ 10 ** 400000 }}",
        "{{ [[[[[['x' ~ 'y'] * 1000] * 1000] * 1000] * 1000] * 1000] * 0 }}",
        "{% set x = [[[1] * 1000] * 1000] * 1000 %}{% if x == x | list %}{% endif %}",
        "{{ [1] | batch(2 ** 40, 0) | list | length }}",
        "{% set x = 2 ** 1000000 %}{% for i in range(100000) %}{% if x % x > 7 %}{% endif %}{% endfor %}",
        "{% for i in range(100000) %}{% if 2 ** 1000000 > 7 and false %}{% endif %}{% endfor %}",
        "{% set x = 2 ** 1000000 %}{% for i in range(100000) %}{% if x.bit_length() < 7 %}{% endif %}{% endfor %}",
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
        assert_null(render(fixture, sources[i]));
        assert_string_not_equal(fixture->err.text, "");
    }
}

/* Values of any depth, which no namespace keeps: what walks through them ends. */
static void test_depths_are_bounded(void **state)
{
    static const char *const sources[] = {
        "{{ deep | flatten }}",
        "{{ map | combine(map, recursive=true) }}",
        "{{ deep | to_json }}",
        "{{ deep | string }}",
        "{{ '%s' % deep }}",
        "{{ lookup('community.general.flattened', deep) }}",
        "{{ deep | hash }}",
        "{{ deep | pprint }}",
        "{% set ns = namespace() %}{% set ns.x = deep %}",
        "{{ [].append(deep) }}",
    };
    struct fixture *fixture = *state;
    const struct value *deep = value_list(fixture->arena), *map = value_map(fixture->arena);

    for (int i = 0; i < 5000; i++) {
        struct value *list = value_list(fixture->arena), *outer = value_map(fixture->arena);

        value_list_add(fixture->arena, list, deep);
        value_map_put(fixture->arena, outer, "a", map);
        deep = list;
        map = outer;
    }
    fixture->deep = deep;
    fixture->map = map;
    for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
        assert_null(render(fixture, sources[i]));
        if (strstr(fixture->err.text, "nested deeper than 1000 levels") == NULL)
            fail_msg("%s: %s", sources[i], fixture->err.text);
    }
}

/* Parts that are shared count as often as they are used. */
static void test_shapes_are_bounded(void **state)
{
    static const struct template_config native = { .strict_undefined = true, .native = true };
    struct fixture *fixture = *state;

    for (int i = 0; i < 2; i++) {
        assert_null(render(fixture,
                           "{% set ns = namespace(x=[1]) %}{% for i in range(60) %}{% set ns.x = [ns.x, ns.x] %}"
                           "{% endfor %}{{ ns.x }}"));
        assert_non_null(strstr(fixture->err.text, "bytes of text"));
        assert_null(render(fixture, "{% set ns = namespace(x=[]) %}{% for j in range(3) %}{% for i in range(99000) %}"
                                    "{% set ns.x = [ns.x] %}{% endfor %}{% endfor %}{{ ns.x }}"));
        assert_non_null(strstr(fixture->err.text, "nested deeper than 1000 levels"));
        fixture->call.env = template_env_new(fixture->arena, &native);
    }
}

static void test_nothing_many_times(void **state)
{
    struct fixture *fixture = *state;

    assert_string_equal(value_text(render(fixture, "{{ ('' * 2 ** 62) ~ ([] * 2 ** 62) ~ (() * 2 ** 62) }}")), "[]()");
}

static void test_vault_filters(void **state)
{
    struct fixture *fixture = *state;

    assert_string_equal(value_text(render(fixture, "{{ 'x' | vault('pw') | unvault('pw') }}")), "x");
    assert_string_equal(value_text(render(fixture, "{{ 'x' | vault('pw', wrap_object=true) | type_debug }}")),
                        "AnsibleVaultEncryptedUnicode");
    assert_string_equal(value_text(render(fixture, "{{ ('x' | vault('pw', salt=1))[:40] }}")),
                        "$ANSIBLE_VAULT;1.2;AES256;filter_default");
    assert_string_equal(value_text(render(fixture, "{{ 'plain' | unvault('pw') }}")), "plain");
    assert_null(render(fixture, "{{ 'x' | vault('pw') | unvault('other') }}"));
    assert_non_null(strstr(fixture->err.text, "Unable to decrypt: Decryption failed"));
    assert_null(render(fixture, "{{ 'x' | vault(1) }}"));
    assert_non_null(strstr(fixture->err.text, "Secret passed is required to be a string"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_random_is_in_range, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_shuffle_keeps_all, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_random_word_of_twister, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_now_is_now, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_salts_differ, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_secrets_spread, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_sizes_are_bounded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_shapes_are_bounded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_depths_are_bounded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_nothing_many_times, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_vault_filters, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

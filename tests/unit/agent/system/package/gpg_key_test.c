/* SPDX-License-Identifier: Apache-2.0 */
/* Keys in keyrings: IDs, expiry, adding and removing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agent/system/package/gpg_key.h"
#include "tests/unit/agent/system/package/openpgp_keys.h"

#define IN_2024 1720000000
#define IN_2026 1780000000

static struct gpg_keys parsed(struct arena *arena, const char *text)
{
    struct error err = ERROR_INIT;
    struct gpg_keys keys;

    assert_true(gpg_keys_parse(arena, text, strlen(text), &keys, &err));
    return keys;
}

static void reads_keys(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct gpg_keys keys = parsed(arena, one);

    (void)state;
    assert_int_equal(keys.count, 2);
    assert_string_equal(keys.items[0].fingerprint, "90960B0DA098809F77A632CD35896376D21F045E");
    assert_string_equal(keys.items[0].id, "35896376D21F045E");
    assert_false(keys.items[0].is_sub);
    assert_true(keys.items[1].is_sub);
    assert_int_equal(keys.items[0].end, keys.length);
}

static void knows_when_keys_expire(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct gpg_keys keys = parsed(arena, one), gone = parsed(arena, old);

    (void)state;
    assert_false(gpg_key_is_expired(&keys.items[0], IN_2026));
    assert_false(gpg_key_is_expired(&keys.items[1], IN_2024));
    assert_true(gpg_key_is_expired(&keys.items[1], IN_2026));
    assert_false(gpg_key_is_expired(&gone.items[0], IN_2024));
    assert_true(gpg_key_is_expired(&gone.items[0], IN_2026));
}

static void adds_and_removes(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct gpg_keys keys = parsed(arena, one), more = parsed(arena, old), both;
    struct error err = ERROR_INIT;
    size_t length = 0, rest = 0;
    char *data = gpg_keys_with(arena, &keys, &more, &length);

    (void)state;
    assert_int_equal(length, keys.length + more.length);
    assert_true(gpg_keys_parse(arena, data, length, &both, &err));
    assert_int_equal(both.count, 3);
    data = gpg_keys_with(arena, &both, &more, &rest);
    assert_int_equal(rest, length);
    data = gpg_keys_without(arena, &both, "D21F045E", &rest);
    assert_int_equal(rest, more.length);
    assert_memory_equal(data, more.data, rest);
    struct gpg_keys again = parsed(arena, gpg_armor(arena, data, rest));
    assert_string_equal(again.items[0].id, "2723D07A081BCACF");
}

static void refuses_what_is_no_key(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct error err = ERROR_INIT;
    struct gpg_keys keys = parsed(arena, one), out;

    (void)state;
    assert_false(gpg_keys_parse(arena, "text", 4, &out, &err));
    assert_string_equal(err.text, "no valid OpenPGP data found");
    for (size_t length = 1; length < keys.length; length++)
        (void)gpg_keys_parse(arena, keys.data, length, &out, &err);
    assert_false(gpg_keys_parse(arena, keys.data, keys.length - 1, &out, &err));
    assert_false(gpg_keys_parse(arena, one, sizeof(one) - 30, &out, &err));
    assert_false(gpg_keys_parse(arena, "\0\0\0\0\1\1\0\2KBXf\0\0", 14, &out, &err));
    assert_non_null(strstr(err.text, "keybox"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_keys),
        cmocka_unit_test(knows_when_keys_expire),
        cmocka_unit_test(adds_and_removes),
        cmocka_unit_test(refuses_what_is_no_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of authorized_keys: parsed, compared, written back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/system/account/authorized_keys.h"

static void parses_a_key(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct authorized_key key;

    (void)state;
    assert_true(authorized_key_parse(arena, "from=\"a,b\",no-pty  ssh-rsa\tAAAA  two  words ", &key));
    assert_string_equal(key.id, "AAAA");
    assert_string_equal(key.type, "ssh-rsa");
    assert_string_equal(key.comment, "two words");
    assert_int_equal(value_count(key.order), 2);
    assert_string_equal(value_text(value_item(key.order, 0)), "from");
    assert_string_equal(value_text(value_item(value_map_get(key.options, "from"), 0)), "\"a,b\"");
    assert_true(authorized_key_parse(arena, "sk-ssh-ed25519@openssh.com AAAA", &key));
    assert_string_equal(key.comment, "");
}

static void knows_what_is_no_key(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct authorized_key key;

    (void)state;
    assert_false(authorized_key_parse(arena, "", &key));
    assert_false(authorized_key_parse(arena, "# ssh-rsa AAAA", &key));
    assert_false(authorized_key_parse(arena, "ssh-rsa", &key));
    assert_false(authorized_key_parse(arena, "ssh-unknown AAAA", &key));
}

static void compares_options_as_a_set(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct authorized_key a, b;

    (void)state;
    assert_true(authorized_key_parse(arena, "no-pty,from=\"x\" ssh-rsa AAAA c", &a));
    assert_true(authorized_key_parse(arena, "from=\"x\",no-pty ssh-rsa AAAA c", &b));
    assert_true(authorized_key_equal(&a, &b));
    authorized_key_set_options(arena, &b, "from=\"y\",no-pty");
    assert_false(authorized_key_equal(&a, &b));
    authorized_key_set_options(arena, &b, "permitopen=\"a:1\",permitopen=\"b:2\"");
    authorized_key_set_options(arena, &a, "permitopen=\"b:2\",permitopen=\"a:1\"");
    assert_false(authorized_key_equal(&a, &b));
}

static void writes_back_what_it_read(void **state)
{
    ARENA_SCOPED arena = arena_new();
    const char *text =
        "# top\n\nno key\npermitopen=\"a:1\",permitopen=\"b:2\" ssh-rsa AAAA one\n\nssh-rsa BBBB\nlast line";
    struct authorized_keys keys;

    (void)state;
    authorized_keys_parse(arena, text, strlen(text), &keys);
    assert_string_equal(
        authorized_keys_text(&keys),
        "# top\nno key\npermitopen=\"a:1\",permitopen=\"b:2\" ssh-rsa AAAA one\n\nssh-rsa BBBB \nlast line\n");
    authorized_keys_find(&keys, "AAAA")->is_removed = true;
    assert_null(authorized_keys_find(&keys, "AAAA"));
    assert_int_equal(authorized_keys_count(&keys), 5);
    assert_string_equal(authorized_keys_text(&keys), "# top\nno key\n\nssh-rsa BBBB \nlast line\n");
}

static void takes_the_later_of_equal_keys(void **state)
{
    ARENA_SCOPED arena = arena_new();
    const char *text = "ssh-rsa AAAA one\nssh-rsa BBBB two\nssh-rsa AAAA three\n";
    struct authorized_keys keys;

    (void)state;
    authorized_keys_parse(arena, text, strlen(text), &keys);
    assert_string_equal(authorized_keys_text(&keys), "ssh-rsa BBBB two\nssh-rsa AAAA three\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parses_a_key),
        cmocka_unit_test(knows_what_is_no_key),
        cmocka_unit_test(compares_options_as_a_set),
        cmocka_unit_test(writes_back_what_it_read),
        cmocka_unit_test(takes_the_later_of_equal_keys),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

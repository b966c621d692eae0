/* SPDX-License-Identifier: Apache-2.0 */
/* apt's keyrings in a tree of their own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agent/system/package/keyring.h"
#include "tests/unit/agent/system/recorded_tree.h"
#include "tests/unit/agent/system/package/openpgp_keys.h"

static size_t ids(struct recorded_tree *tree, const struct keyring *keyring, bool with_expired)
{
    return value_count(keyring_ids(tree->arena, keyring, 16, with_expired));
}

static void adds_to_a_file_and_keeps_its_form(void **state)
{
    struct recorded_tree tree = recorded_tree_new();
    const struct system *system = recorded_tree_system(&tree);
    struct error err = ERROR_INIT;
    struct keyring ring;
    struct gpg_keys more;

    (void)state;
    recorded_tree_put(&tree, "/k.asc", old);
    assert_true(keyring_read(system, tree.arena, "/k.asc", &ring, &err));
    assert_int_equal(ids(&tree, &ring, false), 0);
    assert_int_equal(ids(&tree, &ring, true), 1);
    assert_true(gpg_keys_parse(tree.arena, one, strlen(one), &more, &err));
    assert_true(keyring_add(system, tree.arena, &ring, &more, &err));
    assert_non_null(strstr(recorded_tree_get(&tree, "/k.asc"), "BEGIN PGP PUBLIC KEY BLOCK"));
    assert_true(keyring_read(system, tree.arena, "/k.asc", &ring, &err));
    assert_int_equal(ids(&tree, &ring, true), 3);
    recorded_tree_free(&tree);
}

static void removes_from_all_that_apt_trusts(void **state)
{
    struct recorded_tree tree = recorded_tree_new();
    const struct system *system = recorded_tree_system(&tree);
    const char *folder = arena_printf(tree.arena, "%s/etc/apt/trusted.gpg.d", tree.root);
    struct error err = ERROR_INIT;
    struct keyring ring;

    (void)state;
    recorded_tree_put(&tree, "/etc/apt/trusted.gpg.d/one.asc", one);
    recorded_tree_put(&tree, "/etc/apt/trusted.gpg.d/old.asc", old);
    recorded_tree_put(&tree, "/etc/apt/trusted.gpg.d/broken.gpg", "text");
    recorded_tree_put(&tree, "/etc/apt/trusted.gpg.d/other.txt", one);
    assert_true(keyring_read(system, tree.arena, NULL, &ring, &err));
    assert_int_equal(ids(&tree, &ring, true), 3);
    assert_true(keyring_remove(system, tree.arena, &ring, "35896376D21F045E", &err));
    assert_false(path_exists(arena_printf(tree.arena, "%s/one.asc", folder)));
    assert_true(path_exists(arena_printf(tree.arena, "%s/old.asc", folder)));
    assert_true(path_exists(arena_printf(tree.arena, "%s/other.txt", folder)));
    recorded_tree_free(&tree);
}

static void names_a_file_that_is_no_keyring(void **state)
{
    struct recorded_tree tree = recorded_tree_new();
    struct error err = ERROR_INIT;
    struct keyring ring;

    (void)state;
    recorded_tree_put(&tree, "/k.gpg", "text");
    assert_false(keyring_read(recorded_tree_system(&tree), tree.arena, "/k.gpg", &ring, &err));
    assert_string_equal(err.text, "'/k.gpg': no valid OpenPGP data found");
    recorded_tree_free(&tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adds_to_a_file_and_keeps_its_form),
        cmocka_unit_test(removes_from_all_that_apt_trusts),
        cmocka_unit_test(names_a_file_that_is_no_keyring),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

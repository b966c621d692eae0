/* SPDX-License-Identifier: Apache-2.0 */
#include "common/trust/bundle_state.h"

#include "trust_fixture.h"

#define HASH_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HASH_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static void test_only_forward(void **state)
{
    struct fixture *fixture = *state;
    const char *path = fixture_path(fixture, "state");
    struct bundle_highest five = { 5, HASH_A }, five_other = { 5, HASH_B }, four = { 4, HASH_A }, six = { 6, HASH_B };
    struct bundle_highest out = { 1, "x" };
    struct stat info;

    fixture_must(fixture, bundle_state_load(path, &out, &fixture->err));
    assert_int_equal(out.version, 0);
    assert_string_equal(out.sha256, "");
    fixture_must(fixture, bundle_state_save(path, &five, &fixture->err));
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
    assert_string_equal(fixture_read(fixture, "state"), "roost-bundle-state1 5 " HASH_A "\n");
    fixture_must(fixture, bundle_state_save(path, &five, &fixture->err));
    fixture_refused(fixture, bundle_state_save(path, &four, &fixture->err),
                    arena_printf(fixture->arena, "'%s' says version 5, and 4 is older", path));
    fixture_refused(fixture, bundle_state_save(path, &five_other, &fixture->err),
                    arena_printf(fixture->arena, "'%s' says version 5 with another content", path));
    fixture_must(fixture, bundle_state_save(path, &six, &fixture->err));
    fixture_must(fixture, bundle_state_load(path, &out, &fixture->err));
    assert_int_equal(out.version, 6);
    assert_string_equal(out.sha256, HASH_B);
}

/* A node whose memory is damaged must not begin at zero. */
static void test_damage(void **state)
{
    struct fixture *fixture = *state;
    static const char *const cases[] = {
        "",
        "\n",
        "roost-bundle-state1",
        "roost-bundle-state1 ",
        "roost-bundle-state1 5",
        "roost-bundle-state1 5 " HASH_A,
        "roost-bundle-state1 0 " HASH_A "\n",
        "roost-bundle-state1 -5 " HASH_A "\n",
        "roost-bundle-state1 05 " HASH_A "\n",
        "roost-bundle-state1  5 " HASH_A "\n",
        "roost-bundle-state1 5 " HASH_A "\nx",
        "roost-bundle-state1 " HASH_A "\n",
        "roost-bundle-state2 5 " HASH_A "\n",
        "roost-bundle-state1 99999999999999999999 " HASH_A "\n",
        "roost-bundle-state1 5 AAAAaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n",
    };
    struct bundle_highest out, ten = { 10, HASH_A };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *path = fixture_write_text(fixture, "state", cases[i]);
        char *why = arena_printf(fixture->arena, "'%s' is damaged: it does not say which manifest was the last", path);

        chmod(path, 0600);
        fixture_refused(fixture, bundle_state_load(path, &out, &fixture->err), why);
        fixture_refused(fixture, bundle_state_save(path, &ten, &fixture->err), why);
    }
    chmod(fixture_write_text(fixture, "state", "roost-bundle-state1 5 " HASH_A "\n"), 0666);
    fixture_refused_with(fixture, bundle_state_load(fixture_path(fixture, "state"), &out, &fixture->err),
                         "is open to others (mode 0666): chmod 600");
}

int main(void)
{
    const struct CMUnitTest tests[] = { FIXTURE_TEST(test_only_forward), FIXTURE_TEST(test_damage) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

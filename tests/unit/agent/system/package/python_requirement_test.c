/* SPDX-License-Identifier: Apache-2.0 */
/* What pip is asked for: expectations from the library packaging. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "agent/system/package/python_requirement.h"
#include "agent/system/package/python_specifier.h"

static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static void writes_the_normal_form(void **state)
{
    static const struct {
        const char *given, *normal;
    } cases[] = {
        { "foo", "foo" },
        { " foo ", "foo" },
        { "Foo[b,a] >= 1.0 , <2", "Foo[a,b]<2,>=1.0" },
        { "foo (>=1.0)", "foo>=1.0" },
        { "foo>=1.0a1,!=1.1", "foo!=1.1,>=1.0a1" },
        { "foo === 1.x", "foo===1.x" },
        { "foo==1.*", "foo==1.*" },
        { "a_b.C", "a_b.C" },
        { "foo @ https://x/y.whl", "foo@ https://x/y.whl" },
        { "foo@https://x ; os_name=='a'", "foo@ https://x ; os_name == \"a\"" },
        { "foo ; python_version<'3' and (os_name=='posix' or 'x' in sys_platform)",
          "foo; python_version < \"3\" and (os_name == \"posix\" or \"x\" in sys_platform)" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct python_requirement got = python_requirement_read(arena, cases[i].given);
        assert_true(got.is_plain);
        assert_string_equal(got.text, cases[i].normal);
    }
}

static void leaves_the_rest_to_pip(void **state)
{
    static const char *const others[] = {
        "",         "./x",      "/x/y.whl", "git+https://x", "-e .",     "foo 1.0",      "foo.",        "foo==",
        "foo>=abc", "foo>=1.*", "foo~=1",   "foo[a",         "foo (>=1", "foo; a == 'b", "foo==1 || 2",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        struct python_requirement got = python_requirement_read(arena, others[i]);
        assert_false(got.is_plain);
        assert_string_equal(got.text, others[i]);
        assert_false(python_requirement_met(&got, "1.0"));
    }
}

static void names_have_one_key(void **state)
{
    (void)state;
    assert_string_equal(python_name_key(arena, "Alpha._-Beta", 12), "alpha-beta");
    assert_string_equal(python_requirement_read(arena, "Zope.Interface>1").key, "zope-interface");
}

static bool met(const char *requirement, const char *version)
{
    struct python_requirement wanted = python_requirement_read(arena, requirement);

    assert_true(wanted.is_plain);
    return python_requirement_met(&wanted, version);
}

static void versions_meet_specifiers(void **state)
{
    (void)state;
    assert_true(met("foo", "anything"));
    assert_true(met("foo==1.0", "1.0+local"));
    assert_false(met("foo==1.0+cu1", "1.0"));
    assert_false(met("foo==1.0", "1.0.post1"));
    assert_true(met("foo==1.*", "1a1"));
    assert_false(met("foo!=1.*", "1.2"));
    assert_true(met("foo==1.0.*", "1"));
    assert_false(met("foo>1.0", "1.0.post1"));
    assert_false(met("foo>1.0", "1.0+l"));
    assert_true(met("foo>1.0", "1.1.dev1"));
    assert_false(met("foo<2.0", "2.0a1"));
    assert_true(met("foo<2.0rc1", "2.0b1"));
    assert_true(met("foo<=1.0", "1.0+x"));
    assert_true(met("foo~=1.4.5", "1.4.9"));
    assert_false(met("foo~=1.4.5", "1.5"));
    assert_false(met("foo~=1.4", "1.4a1"));
    assert_true(met("foo===1.X", "1.x"));
    assert_false(met("foo>=1", "no version"));
    assert_false(met("foo>=1,<2", "2.1"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(writes_the_normal_form, set_up, tear_down),
        cmocka_unit_test_setup_teardown(leaves_the_rest_to_pip, set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_have_one_key, set_up, tear_down),
        cmocka_unit_test_setup_teardown(versions_meet_specifiers, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

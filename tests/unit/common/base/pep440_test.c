/* SPDX-License-Identifier: Apache-2.0 */
/* Order of Python's versions: expectations from PEP 440 and the library packaging. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/pep440.h"

static struct pep440 version(const char *text)
{
    struct pep440 out;

    assert_true(pep440_read(text, strlen(text), &out));
    return out;
}

static int order(const char *a, const char *b)
{
    struct pep440 x = version(a), y = version(b);
    int result = pep440_order_local(&x, &y);

    return (result > 0) - (result < 0);
}

static void orders_every_kind(void **state)
{
    static const char *const sorted[] = {
        "0.9",
        "1.0.dev1",
        "1.0a1.dev2",
        "1.0a1",
        "1.0a2",
        "1.0b1",
        "1.0rc1",
        "1.0",
        "1.0+abc",
        "1.0+cu.2",
        "1.0+cu128",
        "1.0+2",
        "1.0+2.1",
        "1.0+10",
        "1.0.post1.dev3",
        "1.0.post1",
        "1.0.1",
        "1.1",
        "1.9",
        "1.10",
        "2.9.1",
        "2.9.1+rocm7.12.0",
        "1!0.1",
    };
    size_t count = sizeof(sorted) / sizeof(sorted[0]);

    (void)state;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < count; k++)
            assert_int_equal(order(sorted[i], sorted[k]), (i > k) - (i < k));
}

static void knows_other_spellings(void **state)
{
    (void)state;
    assert_int_equal(order("1.0", "v1.0.0"), 0);
    assert_int_equal(order(" 1.0RC1\n", "1.0-c-1"), 0);
    assert_int_equal(order("1.0-1", "1.0.rev1"), 0);
    assert_int_equal(order("1.0_alpha", "1.0a0"), 0);
    assert_int_equal(order("1.0.post", "1.0r0"), 0);
    assert_int_equal(order("1.0+CU-1", "1.0+cu.1"), 0);
}

static void refuses_what_is_none(void **state)
{
    static const char *const bad[] = { "", "abc", "1.0.", "1.0-x", "1.0+", "1.0+a..b", "1.0+a!", "1!", "1.*", "1.0 2" };
    struct pep440 out;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(pep440_read(bad[i], strlen(bad[i]), &out));
}

static void tells_prereleases(void **state)
{
    struct pep440 candidate = version("1.0rc1"), unfinished = version("1.0.post1.dev1"), release = version("1.0.post1");

    (void)state;
    assert_true(pep440_is_prerelease(&candidate));
    assert_true(pep440_is_prerelease(&unfinished));
    assert_false(pep440_is_prerelease(&release));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(orders_every_kind),
        cmocka_unit_test(knows_other_spellings),
        cmocka_unit_test(refuses_what_is_none),
        cmocka_unit_test(tells_prereleases),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* SELinux contexts as text; no SELinux is needed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "agent/system/file/file_context.h"

static const char *merged(struct arena *arena, const char *current, const char *user, const char *role,
                          const char *type, const char *level)
{
    struct error err = ERROR_INIT;
    const char *out = NULL;

    assert_true(file_context_merge(arena, current, (const char *const[4]){ user, role, type, level }, &out, &err));
    return out;
}

static void merges_parts(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct error err = ERROR_INIT;
    const char *out = NULL;

    (void)state;
    assert_string_equal(merged(arena, "u:r:t:s0", NULL, NULL, "etc_t", NULL), "u:r:etc_t:s0");
    assert_string_equal(merged(arena, "u:r:t:s0:c1,c2", NULL, NULL, NULL, NULL), "u:r:t:s0:c1,c2");
    assert_string_equal(merged(arena, "u:r:t:s0", "a", "b", "c", "s0:c3"), "a:b:c:s0:c3");
    assert_string_equal(merged(arena, "u:r:t", NULL, NULL, "etc_t", "s0"), "u:r:etc_t");
    assert_false(
        file_context_merge(arena, "u:r:t:s0", (const char *const[4]){ NULL, NULL, "_default", NULL }, &out, &err));
    assert_non_null(strstr(err.text, "_default"));
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(merges_parts) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

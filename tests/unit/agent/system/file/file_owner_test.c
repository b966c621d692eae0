/* SPDX-License-Identifier: Apache-2.0 */
/* Users and groups of a root of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/system/file/file_owner.h"
#include "agent/system/file/file_tree.h"

static void put(const char *folder, const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void looks_up_names_and_numbers(void **state)
{
    ARENA_SCOPED arena = arena_new();
    char root[] = "/tmp/roost-owner-XXXXXX", etc[64];
    struct error err = ERROR_INIT;
    unsigned id = 7;

    (void)state;
    assert_non_null(mkdtemp(root));
    snprintf(etc, sizeof etc, "%s/etc", root);
    assert_int_equal(mkdir(etc, 0755), 0);
    put(etc, "passwd", "# comment\nbroken\nroot:x:0:0::/root:/bin/sh\nllama:x:4711:100:a:b:c\nbad:x:-1:0\n");
    put(etc, "group", "gpu:x:44:llama\n");
    struct system system = { .root = root };

    assert_true(file_owner_id(&system, arena, FILE_OWNER_USER, "llama", &id));
    assert_int_equal(id, 4711);
    assert_true(file_owner_id(&system, arena, FILE_OWNER_GROUP, "gpu", &id));
    assert_int_equal(id, 44);
    assert_true(file_owner_id(&system, arena, FILE_OWNER_USER, "12345", &id));
    assert_int_equal(id, 12345);
    assert_false(file_owner_id(&system, arena, FILE_OWNER_USER, "gpu", &id));
    assert_false(file_owner_id(&system, arena, FILE_OWNER_USER, "bad", &id));
    assert_false(file_owner_id(&system, arena, FILE_OWNER_USER, "-1", &id));
    assert_string_equal(file_owner_name(&system, arena, FILE_OWNER_USER, 4711), "llama");
    assert_null(file_owner_name(&system, arena, FILE_OWNER_USER, 4712));
    assert_true(file_tree_remove(root, &err));

    system.root = "";
    assert_string_equal(file_owner_name(&system, arena, FILE_OWNER_USER, 0), "root");
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(looks_up_names_and_numbers) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Walking a folder that is copied: the order of its entries, links, and the bound of how many there may be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/limits.h"
#include "common/base/text.h"
#include "engine/run/file_walk.h"

static const char *const files[] = { "b", "a", "in/c", "in/deep/d", "Z" };

static char *tree_make(struct arena *arena)
{
    char *folder = arena_copy(arena, "/tmp/roost-walk-XXXXXX");

    assert_non_null(mkdtemp(folder));
    assert_int_equal(mkdir(arena_printf(arena, "%s/in", folder), 0755), 0);
    assert_int_equal(mkdir(arena_printf(arena, "%s/in/deep", folder), 0755), 0);
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        fclose(fopen(arena_printf(arena, "%s/%s", folder, files[i]), "w"));
    assert_int_equal(symlink("..", arena_printf(arena, "%s/in/up", folder)), 0);
    return folder;
}

static void tree_remove(struct arena *arena, const char *folder)
{
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        unlink(arena_printf(arena, "%s/%s", folder, files[i]));
    unlink(arena_printf(arena, "%s/in/up", folder));
    rmdir(arena_printf(arena, "%s/in/deep", folder));
    rmdir(arena_printf(arena, "%s/in", folder));
    assert_int_equal(rmdir(folder), 0);
}

static void files_come_before_folders(void **state)
{
    ARENA_SCOPED arena = arena_new();
    char *folder = tree_make(arena);
    struct file_walk walk = { 0 };
    struct error err = ERROR_INIT;
    struct text names = text_new(arena);

    (void)state;
    assert_true(file_walk_make(arena, folder, false, true, &walk, &err));
    for (size_t i = 0; i < walk.count; i++)
        text_printf(&names, "%s%s%s ", walk.entries[i].name, walk.entries[i].kind == FILE_ENTRY_FOLDER ? "/" : "",
                    walk.entries[i].kind == FILE_ENTRY_LINK ? "@" : "");
    assert_string_equal(names.data, "Z a b in/ in/c in/deep/ in/deep/d in/up@ ");
    tree_remove(arena, folder);
}

/* As if the walk had found nearly as many as it may. */
static void there_is_a_bound(void **state)
{
    ARENA_SCOPED arena = arena_new();
    char *folder = tree_make(arena);
    const size_t room = LIMIT_COPY_ENTRIES + 8;
    struct error err = ERROR_INIT;

    (void)state;
    for (size_t left = 6; left <= 8; left++) {
        struct file_walk walk = { arena_new_array(arena, struct file_entry, room), LIMIT_COPY_ENTRIES - left, room };
        bool fits = left == 8;

        assert_true(file_walk_make(arena, folder, false, false, &walk, &err) == fits);
        assert_true(fits || text_starts(err.text, "more than 1000000 files and folders to copy, found at '/tmp/"));
        assert_true(walk.count <= LIMIT_COPY_ENTRIES);
    }
    tree_remove(arena, folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_come_before_folders),
        cmocka_unit_test(there_is_a_bound),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What the answer of a remote means, and where a work tree says its repository is. */
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

#include "agent/system/file/file_tree.h"
#include "agent/system/git/git_repository.h"
#include "common/base/path.h"
#include "common/base/text.h"

static void check(const char *answer, const char *version, enum git_reference_kind kind, const char *commit)
{
    ARENA_SCOPED arena = arena_new();
    const struct git_reference found = git_reference_read(arena, answer, version);

    assert_int_equal(found.kind, kind);
    if (commit)
        assert_string_equal(found.commit, commit);
    else
        assert_null(found.commit);
}

static void reads_references(void **state)
{
    (void)state;
    check("aa\tHEAD\nbb\trefs/remotes/origin/HEAD\n", "HEAD", GIT_HEAD, "aa");
    check("bb\trefs/remotes/origin/HEAD\n", "HEAD", GIT_NONE, NULL);
    check("", "HEAD", GIT_NONE, NULL);
    check("aa\trefs/heads/x\nbb\trefs/tags/x\n", "x", GIT_BRANCH, "aa");
    check("bb\trefs/tags/x\ncc\trefs/tags/x^{}\n", "x", GIT_TAG, "cc");
    check("bb\trefs/tags/x", "x", GIT_TAG, "bb");
    check("aa\trefs/heads/a/refs/heads/x\n", "x", GIT_NONE, NULL);
    check("aa\trefs/heads/xx\n", "x", GIT_NONE, NULL);
    check("no tab here\n\n", "x", GIT_NONE, NULL);
}

static void write_file(struct arena *arena, const char *folder, const char *text)
{
    FILE *file = fopen(path_join(arena, folder, ".git"), "w");

    assert_non_null(file);
    assert_int_equal(fputs(text, file) < 0, 0);
    assert_int_equal(fclose(file), 0);
}

static void finds_the_folder(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct error err = ERROR_INIT;
    char folder[] = "/tmp/git-repository-XXXXXX";
    const char *found = NULL;

    (void)state;
    assert_non_null(mkdtemp(folder));
    assert_true(git_repository_folder(arena, folder, true, &found, &err));
    assert_string_equal(found, folder);
    assert_true(git_repository_folder(arena, folder, false, &found, &err));
    assert_string_equal(found, path_join(arena, folder, ".git"));

    write_file(arena, folder, "gitdir: elsewhere\n");
    assert_false(git_repository_folder(arena, folder, false, &found, &err));
    assert_non_null(strstr(err.text, "elsewhere is not a directory"));
    assert_int_equal(mkdir(path_join(arena, folder, "elsewhere"), 0700), 0);
    assert_true(git_repository_folder(arena, folder, false, &found, &err));
    assert_string_equal(found, path_join(arena, folder, "elsewhere"));

    write_file(arena, folder, "something else\n");
    assert_false(git_repository_folder(arena, folder, false, &found, &err));
    assert_string_equal(err.text, ".git file has invalid git dir reference format");
    assert_true(file_tree_remove(folder, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_references),
        cmocka_unit_test(finds_the_folder),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

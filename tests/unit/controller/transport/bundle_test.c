/* SPDX-License-Identifier: Apache-2.0 */
/* Packing a program with its libraries, and that what comes out runs from the folder it is unpacked to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/path.h"
#include "controller/transport/bundle.h"
#include "controller/transport/elf_needed.h"

static int shell(const char *folder, const char *script)
{
    pid_t pid = fork();
    if (pid == 0) {
        if (chdir(folder) == 0)
            execl("/bin/sh", "sh", "-ec", script, (char *)NULL);
        _exit(126);
    }
    int status = -1;
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int folder_make(void **state)
{
    char *folder = strdup("/tmp/bundle-test-XXXXXX");
    *state = folder;
    return mkdtemp(folder) ? 0 : -1;
}

static int folder_remove(void **state)
{
    int code = shell("/", "true") + shell(*state, "rm -rf -- \"$PWD\"");
    free(*state);
    return code;
}

/* Any dynamic program will do in the agent's place. */
static void it_runs_where_it_is_unpacked(void **state)
{
    const char *folder = *state;
    ARENA_SCOPED arena = arena_new();
    struct bundle bundle = { 0 }, again = { 0 };
    struct error err = ERROR_INIT;
    struct stat first, second;
    char sha256[HASH_HEX_MAX];
    const char *cache = path_join(arena, folder, "deep/cache");
    assert_true(bundle_prepare(arena, "/bin/ls", cache, &bundle, &err));
    assert_int_equal(stat(bundle.path, &first), 0);
    assert_int_equal(first.st_size, bundle.size);
    assert_int_equal(strlen(bundle.id), 16);
    assert_true(hash_hex_of_file(HASH_SHA256, bundle.path, sha256, &err));
    assert_string_equal(sha256, bundle.sha256);
    assert_int_equal(shell(folder,
                           "tar -xzf deep/cache/agent-*.tar.gz; test -x agent/roost-agent; test -x agent/loader;"
                           "agent/loader --inhibit-cache --library-path agent/lib agent/roost-agent agent >out;"
                           "grep -qx lib out; ! ls deep/cache | grep -v '^agent-'"),
                     0);
    assert_true(bundle_prepare(arena, "/bin/ls", cache, &again, &err));
    assert_string_equal(again.path, bundle.path);
    assert_string_equal(again.sha256, bundle.sha256);
    assert_int_equal(stat(again.path, &second), 0);
    assert_int_equal(first.st_ino, second.st_ino);
}

static void another_program_is_another_bundle(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct bundle one = { 0 }, other = { 0 };
    struct error err = ERROR_INIT;
    assert_true(bundle_prepare(arena, "/bin/ls", *state, &one, &err));
    assert_true(bundle_prepare(arena, "/bin/cat", *state, &other, &err));
    assert_string_not_equal(one.id, other.id);
}

static void a_lost_archive_is_packed_again(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct bundle one = { 0 }, again = { 0 };
    struct error err = ERROR_INIT;
    assert_true(bundle_prepare(arena, "/bin/ls", *state, &one, &err));
    assert_int_equal(unlink(one.path), 0);
    assert_true(bundle_prepare(arena, "/bin/ls", *state, &again, &err));
    assert_string_equal(one.id, again.id);
    assert_true(path_is_file(again.path));
}

static void what_is_no_program_is_refused(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct bundle bundle = { 0 };
    struct error err = ERROR_INIT;
    const char *name = NULL;
    assert_false(bundle_prepare(arena, "/etc/passwd", *state, &bundle, &err));
    assert_string_equal(err.text, "agent bundle: '/etc/passwd' is not a 64-bit ELF program");
    assert_false(elf_interpreter(arena, "/nowhere", &name, &err));
    assert_string_equal(err.text, "cannot read '/nowhere': No such file or directory");
    assert_true(elf_interpreter(arena, "/bin/ls", &name, &err));
    assert_int_equal(*name, '/');
}

static void a_folder_that_cannot_be_made(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct bundle bundle = { 0 };
    struct error err = ERROR_INIT;
    (void)state;
    assert_false(bundle_prepare(arena, "/bin/ls", "/proc/nowhere/cache", &bundle, &err));
    assert_non_null(strstr(err.text, "agent bundle: cannot make folder '/proc/nowhere"));
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_make, folder_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(it_runs_where_it_is_unpacked),   IN_FOLDER(another_program_is_another_bundle),
        IN_FOLDER(a_lost_archive_is_packed_again), IN_FOLDER(what_is_no_program_is_refused),
        IN_FOLDER(a_folder_that_cannot_be_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

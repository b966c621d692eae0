/* SPDX-License-Identifier: Apache-2.0 */
/* What a session leaves for the daemon, in a /run of this test's own; and that the daemon's reader understands it. */
#include "agent/session/session_note.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/fd.h"

static bool has_own_run(void)
{
    unsetenv(SESSION_NOTE_FOLDER);
    return unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("none", "/run", "tmpfs", 0, NULL) == 0;
}

static char *noted(struct arena *arena)
{
    struct error err = ERROR_INIT;
    char *text = NULL;
    size_t length = 0;

    return file_read(arena, SESSION_NOTE_PATH, 1 << 20, &text, &length, &err) ? text : arena_copy(arena, "");
}

static void test_notes(void **state)
{
    ARENA_SCOPED arena = arena_new();
    const char *line = arena_printf(arena, " %d ops 10.79.0.1\n", (int)getpid());
    struct stat info;
    char *text;

    (void)state;
    if (geteuid() != 0 || !has_own_run())
        skip();
    setenv("SUDO_USER", "ops", 1);
    setenv("SSH_CONNECTION", "10.79.0.1 46160 10.79.0.11 22", 1);
    session_note_end();
    session_note("setup");
    assert_string_equal(noted(arena), "");
    setenv(SESSION_NOTE_DAEMON, "1", 1);
    session_note("copy");
    assert_string_equal(noted(arena), "");
    unsetenv(SESSION_NOTE_DAEMON);
    session_note("copy");
    session_note("file"); /* the same few seconds */
    text = noted(arena);
    assert_non_null(strstr(text, line));
    assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
    session_note_end();
    assert_non_null(strstr(noted(arena), arena_printf(arena, " %d ops 10.79.0.1 end\n", (int)getpid())));
    assert_int_equal(stat(SESSION_NOTE_PATH, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
}

/* Nobody's link is followed, and a file that has grown begins anew. */
static void test_file(void **state)
{
    ARENA_SCOPED arena = arena_new();
    char *much = arena_alloc(arena, 300 * 1024);
    struct stat info;
    FILE *file;

    (void)state;
    if (geteuid() != 0 || !has_own_run())
        skip();
    mkdir("/run/roost", 0755);
    assert_int_equal(symlink("/run/elsewhere", SESSION_NOTE_PATH), 0);
    session_note("copy");
    assert_int_equal(access("/run/elsewhere", F_OK), -1);
    unlink(SESSION_NOTE_PATH);
    memset(much, '\n', 300 * 1024 - 1);
    file = fopen(SESSION_NOTE_PATH, "w");
    fputs(much, file);
    fclose(file);
    session_note("copy");
    assert_int_equal(stat(SESSION_NOTE_PATH, &info), 0);
    assert_true(info.st_size > 0 && info.st_size < 200);
}

/* Tests have a place of their own; one that another could write into, or that is none, changes nothing. */
static void test_folder(void **state)
{
    struct stat info;

    (void)state;
    if (geteuid() != 0 || !has_own_run())
        skip();
    assert_int_equal(mkdir("/run/test", 0755), 0);
    assert_int_equal(symlink("/run/test", "/run/link"), 0);
    setenv(SESSION_NOTE_FOLDER, "/run/test", 1);
    session_note("copy");
    session_note_end();
    assert_int_equal(access("/run/roost", F_OK), -1);
    assert_int_equal(stat("/run/test/runs", &info), 0);
    assert_true(info.st_size > 0 && (info.st_mode & 07777) == 0600);
    assert_int_equal(unlink("/run/test/runs"), 0);
    assert_int_equal(chmod("/run/test", 0775), 0);
    for (const char *const *folder =
             (const char *const[]){ "/run/test", "/run/link", "/run/none", "run/test", "", NULL };
         *folder != NULL; folder++) {
        setenv(SESSION_NOTE_FOLDER, *folder, 1);
        session_note("copy");
        assert_int_equal(access("/run/test/runs", F_OK), -1);
        assert_int_equal(access(SESSION_NOTE_PATH, F_OK), 0);
        assert_int_equal(unlink(SESSION_NOTE_PATH), 0);
    }
    unsetenv(SESSION_NOTE_FOLDER);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_notes), cmocka_unit_test(test_file),
                                        cmocka_unit_test(test_folder) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

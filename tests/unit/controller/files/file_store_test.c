/* SPDX-License-Identifier: Apache-2.0 */
/* Files by their hash: whole or not at all, whatever is cut off where. */
#include "controller/files/file_store.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/clock.h"
#include "common/base/fd.h"
#include "common/base/hash.h"
#include "common/base/path.h"
#include "common/base/text.h"

struct fixture {
    struct arena *arena;
    char folder[64];
    struct file_store *store;
};

static void must(bool ok, const struct error *err)
{
    if (!ok)
        fail_msg("%s", err->text);
}

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    struct error err = ERROR_INIT;

    fixture->arena = arena_new();
    snprintf(fixture->folder, sizeof(fixture->folder), "/tmp/roost-files-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    must(file_store_open(fixture->folder, &fixture->store, &err), &err);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    pid_t child = -1;

    file_store_close(fixture->store);
    child = fork();
    if (child == 0) {
        execlp("rm", "rm", "-r", fixture->folder, (char *)NULL);
        _exit(1);
    }
    waitpid(child, NULL, 0);
    arena_free(fixture->arena);
    free(fixture);
    return 0;
}

static const char *hash_of(struct fixture *fixture, const char *text)
{
    char hex[HASH_HEX_MAX];

    return arena_copy(fixture->arena, hash_hex_of(HASH_SHA256, text, strlen(text), hex));
}

/* Entries of the folder. */
static int entries(struct fixture *fixture)
{
    DIR *stream = opendir(fixture->folder);
    int count = -2;

    assert_non_null(stream);
    while (readdir(stream) != NULL)
        count++;
    closedir(stream);
    return count;
}

static struct file_store_part *begin(struct fixture *fixture, const char *sha256)
{
    struct file_store_part *part = NULL;
    struct error err = ERROR_INIT;

    must(file_store_begin(fixture->store, sha256, 0, &part, &err), &err);
    return part;
}

static void put(struct fixture *fixture, const char *text)
{
    struct file_store_part *part = begin(fixture, hash_of(fixture, text));
    struct error err = ERROR_INIT;

    must(file_store_add(part, text, strlen(text) / 2, &err), &err);
    must(file_store_add(part, text + strlen(text) / 2, strlen(text) - strlen(text) / 2, &err), &err);
    must(file_store_finish(part, &err), &err);
}

static void a_file_is_kept_and_read(void **state)
{
    struct fixture *fixture = *state;
    const char *sha256 = hash_of(fixture, "hello");
    struct error err = ERROR_INIT;
    struct stat info;
    int64_t size = 0;
    char text[16] = "";

    assert_false(file_store_has(fixture->store, sha256));
    put(fixture, "hello");
    put(fixture, "hello"); /* once more does no harm */
    assert_true(file_store_has(fixture->store, sha256));
    assert_int_equal(entries(fixture), 1);
    assert_int_equal(stat(file_store_path(fixture->store, fixture->arena, sha256), &info), 0);
    assert_int_equal(info.st_mode & 07777, 0400);
    FD_SCOPED fd = file_store_read(fixture->store, sha256, &size, &err);
    assert_true(fd >= 0);
    assert_int_equal(size, 5);
    assert_int_equal(read(fd, text, sizeof(text)), 5);
    assert_string_equal(text, "hello");
}

static void names_that_are_no_hashes_reach_nothing(void **state)
{
    static const char *const names[] = { "", "../../etc/passwd", "ABCDEF", ".part-0",
                                         "2CF24DBA5FB0A30E26E83B2AC5B9E29E1B161E5C1FA7425E73043362938B9824" };
    struct fixture *fixture = *state;
    struct file_store_part *part = NULL;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct error err = ERROR_INIT;
        int64_t size = 0;

        assert_false(file_store_has(fixture->store, names[i]));
        assert_false(file_store_hold(fixture->store, names[i], NULL));
        assert_int_equal(file_store_read(fixture->store, names[i], &size, &err), -1);
        assert_false(file_store_begin(fixture->store, names[i], 0, &part, &err));
        assert_non_null(strstr(err.text, "not a SHA-256"));
    }
}

static void the_wrong_content_is_not_kept(void **state)
{
    struct fixture *fixture = *state;
    struct file_store_part *part = begin(fixture, hash_of(fixture, "this"));
    struct error err = ERROR_INIT;

    must(file_store_add(part, "that", 4, &err), &err);
    assert_false(file_store_finish(part, &err));
    assert_non_null(strstr(err.text, "have the SHA-256"));
    assert_int_equal(entries(fixture), 0);
}

static void what_is_too_large_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct file_store_part *part = NULL;
    struct error err = ERROR_INIT;
    char *block = calloc(1, FILE_STORE_FILE_MAX);

    assert_false(file_store_begin(fixture->store, hash_of(fixture, "x"), FILE_STORE_FILE_MAX + 1, &part, &err));
    assert_int_equal(err.kind, ERROR_LIMIT);
    part = begin(fixture, hash_of(fixture, "x")); /* whose size nobody told */
    must(file_store_add(part, block, FILE_STORE_FILE_MAX, &err), &err);
    assert_false(file_store_add(part, "y", 1, &err));
    assert_non_null(strstr(err.text, "more than"));
    file_store_abandon(part);
    assert_int_equal(entries(fixture), 0);
    free(block);
}

static void too_many_at_once_are_told_to_come_again(void **state)
{
    struct fixture *fixture = *state;
    struct file_store_part *parts[FILE_STORE_PARTS], *more = NULL;
    struct error err = ERROR_INIT;

    for (size_t i = 0; i < FILE_STORE_PARTS; i++)
        parts[i] = begin(fixture, hash_of(fixture, "x"));
    assert_false(file_store_begin(fixture->store, hash_of(fixture, "x"), 0, &more, &err));
    assert_int_equal(err.kind, ERROR_LIMIT);
    for (size_t i = 0; i < FILE_STORE_PARTS; i++)
        file_store_abandon(parts[i]);
    file_store_abandon(begin(fixture, hash_of(fixture, "x")));
    assert_int_equal(entries(fixture), 0);
}

/* The power goes: a process that ends at some point of a file on its way in. */
static void cut(struct fixture *fixture, int point, const char *text)
{
    pid_t child = fork();
    int status = 0;

    assert_true(child >= 0);
    if (child == 0) {
        struct file_store_part *part = begin(fixture, hash_of(fixture, text));
        struct error err = ERROR_INIT;

        if (point > 0)
            (void)file_store_add(part, text, point == 1 ? 1 : strlen(text), &err);
        if (point > 2)
            (void)file_store_finish(part, &err);
        kill(getpid(), SIGKILL);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
}

static void a_cut_leaves_nothing_or_all(void **state)
{
    struct fixture *fixture = *state;

    for (int point = 0; point <= 3; point++) {
        struct error err = ERROR_INIT;

        cut(fixture, point, "some content");
        assert_int_equal(entries(fixture), 1);
        file_store_close(fixture->store);
        must(file_store_open(fixture->folder, &fixture->store, &err), &err);
        assert_int_equal(entries(fixture), point == 3);
        assert_int_equal(file_store_has(fixture->store, hash_of(fixture, "some content")), point == 3);
    }
}

static bool is_used(void *data, const char *sha256)
{
    return text_equal(data, sha256);
}

static void what_nobody_uses_is_forgotten_after_an_hour(void **state)
{
    struct fixture *fixture = *state;
    const char *used = hash_of(fixture, "used"), *held = hash_of(fixture, "held"), *old = hash_of(fixture, "old");
    const char *all[] = { used, held, old };
    struct file_store_use use = { is_used, arena_copy(fixture->arena, used), clock_wall_us() };
    struct timespec past[2] = { { .tv_sec = time(NULL) - 7200 }, { .tv_sec = time(NULL) - 7200 } };
    struct error err = ERROR_INIT;
    int64_t size = 0;
    size_t count = 9;

    put(fixture, "used");
    put(fixture, "held");
    put(fixture, "old");
    must(file_store_forget(fixture->store, &use, &count, &err), &err);
    assert_int_equal(count, 0);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(utimensat(AT_FDCWD, file_store_path(fixture->store, fixture->arena, all[i]), past, 0), 0);
    assert_true(file_store_hold(fixture->store, held, &size));
    assert_int_equal(size, 4);
    must(file_store_forget(fixture->store, &use, &count, &err), &err);
    assert_int_equal(count, 1);
    assert_true(file_store_has(fixture->store, used));
    assert_true(file_store_has(fixture->store, held));
    assert_false(file_store_has(fixture->store, old));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_file_is_kept_and_read),
        CASE(names_that_are_no_hashes_reach_nothing),
        CASE(the_wrong_content_is_not_kept),
        CASE(what_is_too_large_is_refused),
        CASE(too_many_at_once_are_told_to_come_again),
        CASE(a_cut_leaves_nothing_or_all),
        CASE(what_nobody_uses_is_forgotten_after_an_hour),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The calls that matter for a power cut are watched by standing in for libc's fsync and rename. */
#include "common/trust/private_file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "trust_fixture.h"

static struct {
    char log[64]; /* f: fsync of a file, d: of a folder, r: rename */
    mode_t mode_at_rename;
    bool fail_rename;
} seen;

int fsync(int fd);
int fsync(int fd)
{
    struct stat info;

    assert_int_equal(fstat(fd, &info), 0);
    strncat(seen.log, S_ISDIR(info.st_mode) ? "d" : "f", 2);
    return (int)syscall(SYS_fsync, fd);
}

int rename(const char *from, const char *to)
{
    struct stat info;

    assert_int_equal(stat(from, &info), 0);
    seen.mode_at_rename = info.st_mode & 07777;
    strncat(seen.log, "r", 2);
    if (seen.fail_rename) {
        errno = EROFS;
        return -1;
    }
    return renameat(AT_FDCWD, from, AT_FDCWD, to);
}

static void begin(void)
{
    memset(&seen, 0, sizeof(seen));
}

static bool write_text(struct fixture *fixture, const char *path, const char *text)
{
    return private_file_write(path, text, strlen(text), &fixture->err);
}

static bool read_it(struct fixture *fixture, const char *path, size_t limit, struct der *out)
{
    return private_file_read(fixture->arena, path, limit, out, NULL, &fixture->err);
}

static void check_content(struct fixture *fixture, const char *path, const char *text)
{
    struct der data;

    fixture_must(fixture, read_it(fixture, path, 100, &data));
    assert_int_equal(data.length, strlen(text));
    assert_memory_equal(data.data, text, data.length);
}

static size_t files_in(struct fixture *fixture)
{
    char *list;

    fixture_shell(fixture, "ls -A", &list);
    size_t count = 0;
    for (const char *at = list; (at = strchr(at, '\n')) != NULL; at++)
        count++;
    return count;
}

static void test_order_and_mode_whatever_the_umask(void **state)
{
    struct fixture *fixture = *state;
    const char *path = fixture_path(fixture, "key");
    static const mode_t masks[] = { 0, 022, 077, 0777 };

    for (size_t i = 0; i < sizeof(masks) / sizeof(masks[0]); i++) {
        mode_t old = umask(masks[i]);

        begin();
        fixture_must(fixture, write_text(fixture, path, i % 2 ? "one" : "two"));
        umask(old);
        assert_string_equal(seen.log, "frd"); /* content on the disk, then its name, then the folder */
        assert_int_equal(seen.mode_at_rename, 0600);
        check_content(fixture, path, i % 2 ? "one" : "two");
    }
    assert_int_equal(files_in(fixture), 1);
}

static void test_failures_leave_the_old_file(void **state)
{
    struct fixture *fixture = *state;
    const char *path = fixture_path(fixture, "key");
    struct rlimit none = { 0, RLIM_INFINITY }, old;

    begin();
    fixture_must(fixture, write_text(fixture, path, "old"));
    seen.fail_rename = true;
    fixture_refused(fixture, write_text(fixture, path, "new"),
                    arena_printf(fixture->arena, "cannot rename to '%s': Read-only file system", path));
    seen.fail_rename = false;
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old);
    none.rlim_max = old.rlim_max;
    setrlimit(RLIMIT_FSIZE, &none);
    bool ok = write_text(fixture, path, "new");
    setrlimit(RLIMIT_FSIZE, &old);
    fixture_refused(fixture, ok, arena_printf(fixture->arena, "cannot write '%s': write failed: File too large", path));
    check_content(fixture, path, "old");
    assert_int_equal(files_in(fixture), 1);
}

static void test_rights(void **state)
{
    struct fixture *fixture = *state;
    const char *path = fixture_write_text(fixture, "key", "text");
    static const mode_t open_modes[] = { 0644, 0640, 0604, 0610, 0602 };
    struct der data;

    for (size_t i = 0; i < sizeof(open_modes) / sizeof(open_modes[0]); i++) {
        chmod(path, open_modes[i]);
        fixture_refused(fixture, read_it(fixture, path, 100, &data),
                        arena_printf(fixture->arena, "'%s' is open to others (mode %04o): chmod 600 '%s'", path,
                                     open_modes[i], path));
    }
    chmod(path, 0400);
    check_content(fixture, path, "text");
    if (geteuid() != 0) {
        print_message("not root: a file of another user's is not tried\n");
        return;
    }
    assert_int_equal(chown(path, 65534, 65534), 0);
    fixture_refused(
        fixture, read_it(fixture, path, 100, &data),
        arena_printf(fixture->arena, "'%s' belongs to user 65534, not to user 0: chown 0 '%s'", path, path));
}

static void test_what_is_no_plain_file(void **state)
{
    struct fixture *fixture = *state;
    const char *link = fixture_path(fixture, "link"), *fifo = fixture_path(fixture, "fifo");
    struct der data;
    bool is_missing;

    assert_int_equal(symlink("/etc/shadow", link), 0);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    fixture_refused(fixture, read_it(fixture, link, 100, &data),
                    arena_printf(fixture->arena, "'%s' is a symbolic link, which is not followed", link));
    fixture_refused(fixture, read_it(fixture, fifo, 100, &data), /* and does not wait for a writer */
                    arena_printf(fixture->arena, "'%s' is no plain file", fifo));
    fixture_refused(fixture, read_it(fixture, fixture->folder, 100, &data),
                    arena_printf(fixture->arena, "'%s' is no plain file", fixture->folder));
    fixture_refused_with(fixture, read_it(fixture, fixture_path(fixture, "none"), 100, &data),
                         "No such file or directory");
    fixture_must(fixture, private_file_read(fixture->arena, fixture_path(fixture, "none"), 100, &data, &is_missing,
                                            &fixture->err));
    assert_true(is_missing);
}

static void test_size_is_bounded(void **state)
{
    struct fixture *fixture = *state;
    const char *path = fixture_path(fixture, "key");
    struct der data;

    fixture_must(fixture, write_text(fixture, path, "12345"));
    fixture_must(fixture, read_it(fixture, path, 5, &data));
    fixture_refused(fixture, read_it(fixture, path, 4, &data),
                    arena_printf(fixture->arena, "'%s' is larger than the 4 bytes that are read at most", path));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_order_and_mode_whatever_the_umask),
        FIXTURE_TEST(test_failures_leave_the_old_file),
        FIXTURE_TEST(test_rights),
        FIXTURE_TEST(test_what_is_no_plain_file),
        FIXTURE_TEST(test_size_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Partial files: the journal after every kind of end, and the hasher behind a growing file. */
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/syscall.h>

#include "common/base/hash.h"
#include "common/model/hasher.h"
#include "common/model/partial.h"
#include "tests/unit/common/model/model_store_fixture.h"

/* The system calls whose order or failure matters, in the place of the C library's. */
static struct {
    int interruptions; /* so many flock() end with EINTR */
    int failing_syncs; /* so many fdatasync() fail */
    int watched_fd;    /* the journal */
    char sequence[16]; /* t: watched_fd was cut off, s: it was synced, T: another one was cut off */
} calls;

static void call_note(char what)
{
    size_t length = strlen(calls.sequence);

    if (length + 1 < sizeof(calls.sequence))
        calls.sequence[length] = what;
}

int flock(int fd, int operation)
{
    if (calls.interruptions > 0) {
        calls.interruptions--;
        errno = EINTR;
        return -1;
    }
    return (int)syscall(SYS_flock, fd, operation);
}

int fdatasync(int fd)
{
    if (calls.failing_syncs > 0) {
        calls.failing_syncs--;
        errno = EIO;
        return -1;
    }
    if (calls.watched_fd > 0 && fd == calls.watched_fd)
        call_note('s');
    return (int)syscall(SYS_fdatasync, fd);
}

int ftruncate(int fd, off_t length)
{
    if (calls.watched_fd > 0)
        call_note(fd == calls.watched_fd ? 't' : 'T');
    return (int)syscall(SYS_ftruncate, fd, length);
}

static struct partial opened(struct world *world, const char *identity)
{
    struct error err = ERROR_INIT;
    struct partial partial;

    assert_true(partial_open(&world->store, "key", &world->settings, &partial, &err));
    assert_true(partial_resume(&partial, identity, &err));
    return partial;
}

static void write_bytes(struct partial *partial, int64_t from, int64_t to)
{
    for (int64_t at = from; at < to; at++) {
        char byte = (char)(at * 13 + at / 251);

        assert_int_equal(pwrite(partial->fd, &byte, 1, at), 1);
    }
}

static void wanted_hex(int64_t size, char out[HASH_HEX_MAX])
{
    char *data = malloc((size_t)size + 1);

    for (int64_t at = 0; at < size; at++)
        data[at] = (char)(at * 13 + at / 251);
    hash_hex_of(HASH_SHA256, data, (size_t)size, out);
    free(data);
}

/* Fetches up to `front` as a download would, and is stopped there. */
static void fetch_some(struct world *world, int64_t front)
{
    struct partial partial = opened(world, "same");
    struct hasher *hasher = NULL;
    struct error err = ERROR_INIT;
    int64_t start = partial.verified.length;

    assert_true(hasher_start(&partial, &hasher, &err));
    write_bytes(&partial, start, front);
    assert_true(hasher_advance(hasher, front, &err));
    while (hasher_position(hasher) < front - front % 64) /* stopped earlier, it would have saved less */
        usleep(100);
    hasher_stop(hasher);
    hasher_free(hasher);
    partial_close(&partial);
}

static void test_goes_on(void **state)
{
    struct world *world = *state;
    char wanted[HASH_HEX_MAX], got[DIGEST_HEX];
    struct hasher *hasher = NULL;
    struct error err = ERROR_INIT;
    struct partial partial;

    fetch_some(world, 1000);
    fetch_some(world, 5000);
    partial = opened(world, "same");
    assert_int_equal(partial.verified.length, 5000 - 5000 % 64);
    assert_int_equal(lseek(partial.fd, 0, SEEK_END), partial.verified.length); /* what was not verified is gone */
    /* what was verified is not read again: damage there would show in the digest */
    assert_int_equal(pwrite(partial.fd, "damage", 6, 0), 6);
    assert_true(hasher_start(&partial, &hasher, &err));
    write_bytes(&partial, partial.verified.length, 7777);
    assert_true(hasher_advance(hasher, 7777, &err));
    assert_true(hasher_finish(hasher, got, &err));
    wanted_hex(7777, wanted);
    assert_string_equal(got, wanted);
    hasher_free(hasher);
    partial_close(&partial);
}

static void write_much(struct partial *partial, int64_t from, int64_t to)
{
    char *data = malloc((size_t)(to - from));

    for (int64_t at = from; at < to; at++)
        data[at - from] = (char)(at * 13 + at / 251);
    assert_int_equal(pwrite(partial->fd, data, (size_t)(to - from), from), to - from);
    free(data);
}

/* Large pieces are hashed where they lie, from any place on. */
static void test_large(void **state)
{
    const int64_t stops[] = { 300 * 1024 + 64, 300 * 1024 + 128 + 1024 * 1024, 4 * 1024 * 1024 + 77 };
    struct world *world = *state;
    struct partial partial = opened(world, "same");
    char wanted[HASH_HEX_MAX], got[DIGEST_HEX];
    struct hasher *hasher = NULL;
    struct error err = ERROR_INIT;
    int64_t at = 0;

    for (int i = 0; i < 3; i++) {
        assert_true(hasher_start(&partial, &hasher, &err));
        write_much(&partial, at, stops[i]);
        at = stops[i];
        assert_true(hasher_advance(hasher, at, &err));
        if (i == 2)
            break;
        while (hasher_position(hasher) < at)
            usleep(100);
        hasher_free(hasher);
        assert_int_equal(partial.verified.length, at);
    }
    assert_true(hasher_finish(hasher, got, &err));
    wanted_hex(at, wanted);
    assert_string_equal(got, wanted);
    hasher_free(hasher);
    partial_close(&partial);
}

/* Somebody cuts the file off: an error, and no signal. */
static void test_cut_off(void **state)
{
    struct world *world = *state;
    struct partial partial = opened(world, "same");
    char got[DIGEST_HEX];
    struct hasher *hasher = NULL;
    struct error err = ERROR_INIT;

    write_much(&partial, 0, 1000 * 1000);
    assert_true(hasher_start(&partial, &hasher, &err));
    (void)hasher_advance(hasher, 3 * 1024 * 1024, &err);
    assert_false(hasher_finish(hasher, got, &err));
    assert_non_null(strstr(err.text, "cannot read what was written to '"));
    hasher_free(hasher);
    partial_close(&partial);
}

static void test_other_identity(void **state)
{
    struct world *world = *state;
    struct partial partial;

    fetch_some(world, 1000);
    partial = opened(world, "another");
    assert_int_equal(partial.verified.length, 0);
    assert_int_equal(lseek(partial.fd, 0, SEEK_END), 0);
    partial_discard(&partial);
    assert_int_not_equal(access(partial.path, F_OK), 0);
    assert_int_not_equal(access(partial.journal_path, F_OK), 0);
}

/* A slot that was half written counts for nothing: the one before it does. */
static void test_torn_journal(void **state)
{
    struct world *world = *state;
    struct partial partial;
    uint64_t newest;
    int64_t length;

    fetch_some(world, 1000);
    fetch_some(world, 5000);
    partial = opened(world, "same");
    newest = partial.sequence;
    assert_int_equal(pwrite(partial.journal_fd, "torn", 4, (off_t)(newest % 2) * 512 + 20), 4);
    partial_close(&partial);
    partial = opened(world, "same");
    assert_int_equal(partial.verified.length, 1000 - 1000 % 64);
    length = partial.verified.length;
    /* the file is shorter than the journal says (a disk that lied): nothing is believed */
    assert_int_equal(ftruncate(partial.fd, length - 1), 0);
    partial_close(&partial);
    partial = opened(world, "same");
    assert_int_equal(partial.verified.length, 0);
    partial_close(&partial);
}

static void test_garbage_journal(void **state)
{
    struct world *world = *state;
    struct partial partial = opened(world, "same");
    char garbage[1024];

    memset(garbage, 0x5a, sizeof(garbage));
    assert_int_equal(pwrite(partial.journal_fd, garbage, sizeof(garbage), 0), sizeof(garbage));
    partial_close(&partial);
    partial = opened(world, "same");
    assert_int_equal(partial.verified.length, 0);
    partial_close(&partial);
}

/* What speaks of data goes first, and is gone from the disk before the data is. */
static void test_restart_order(void **state)
{
    struct world *world = *state;
    struct partial partial;

    fetch_some(world, 1000);
    partial = opened(world, "same");
    memset(&calls, 0, sizeof(calls));
    calls.watched_fd = partial.journal_fd;
    partial_restart(&partial);
    assert_string_equal(calls.sequence, "tsT");
    /* nothing to be said any more: no sync */
    memset(&calls, 0, sizeof(calls));
    calls.watched_fd = partial.journal_fd;
    partial_restart(&partial);
    assert_string_equal(calls.sequence, "tT");
    memset(&calls, 0, sizeof(calls));
    partial_close(&partial);
    partial = opened(world, "same");
    assert_int_equal(partial.verified.length, 0);
    partial_close(&partial);
}

/* The journal cannot be brought to the disk: it goes as a whole, and the data it speaks of stays. */
static void test_restart_fails(void **state)
{
    struct world *world = *state;
    struct partial partial;

    fetch_some(world, 1000);
    partial = opened(world, "same");
    memset(&calls, 0, sizeof(calls));
    calls.watched_fd = partial.journal_fd;
    calls.failing_syncs = 1;
    partial_restart(&partial);
    assert_string_equal(calls.sequence, "t");
    assert_int_not_equal(access(partial.journal_path, F_OK), 0);
    memset(&calls, 0, sizeof(calls));
    partial_close(&partial);
}

/* A signal while it waits for a lock is no failure. */
static void test_interrupted(void **state)
{
    struct world *world = *state;
    struct error err = ERROR_INIT;
    struct partial partial;
    int lock = -1;

    calls.interruptions = 3;
    assert_true(store_lock(&world->store, &lock, &err));
    assert_int_equal(calls.interruptions, 0);
    close(lock);
    calls.interruptions = 1;
    assert_true(partial_open(&world->store, "key", &world->settings, &partial, &err));
    assert_int_equal(calls.interruptions, 0);
    partial_close(&partial);
}

/* The disk fails at the end: the digest is right, and yet there is no success, as a later sync would tell nothing of it. */
static void test_sync_fails(void **state)
{
    struct world *world = *state;
    struct partial partial = opened(world, "same");
    char got[DIGEST_HEX];
    struct hasher *hasher = NULL;
    struct error err = ERROR_INIT;

    write_much(&partial, 0, 1000 * 1000);
    assert_true(hasher_start(&partial, &hasher, &err));
    assert_true(hasher_advance(hasher, 1000 * 1000, &err));
    calls.failing_syncs = 1;
    assert_false(hasher_finish(hasher, got, &err));
    assert_non_null(strstr(err.text, "to the disk: Input/output error"));
    assert_int_equal(calls.failing_syncs, 0);
    hasher_free(hasher);
    partial_close(&partial);
}

/* Who is ahead of the hashing waits for it; who is not does not. */
static void test_await(void **state)
{
    const int64_t size = 3000 * 1000;
    struct world *world = *state;
    struct partial partial = opened(world, "same");
    struct hasher *hasher = NULL;
    struct error err = ERROR_INIT;

    write_much(&partial, 0, size);
    assert_true(hasher_start(&partial, &hasher, &err));
    assert_true(hasher_advance(hasher, size, &err));
    hasher_await(hasher, size - size % 64, 60 * 1000);
    assert_int_equal(hasher_position(hasher), size - size % 64);
    hasher_await(hasher, 1000, 60 * 1000);
    hasher_await(hasher, size * 2, 1); /* which does not come */
    hasher_free(hasher);
    partial_close(&partial);
}

static bool always(void *data)
{
    (void)data;
    return true;
}

static void test_lock_and_commit(void **state)
{
    struct world *world = *state;
    struct partial partial = opened(world, "same"), other;
    struct model_settings cancelled = { .watch = { .is_cancelled = always } };
    struct error err = ERROR_INIT;
    char hex[HASH_HEX_MAX];
    struct stat info;

    assert_false(partial_open(&world->store, "key", &cancelled, &other, &err)); /* it is locked: it waited */
    assert_int_equal(err.kind, ERROR_CANCELLED);
    write_bytes(&partial, 0, 100);
    wanted_hex(100, hex);
    assert_true(partial_commit(&partial, hex, &err));
    partial_close(&partial);
    assert_true(store_has(&world->store, hex, 100, NULL));
    assert_false(store_has(&world->store, hex, 99, NULL));
    assert_int_equal(stat(store_blob(&world->store, hex), &info), 0);
    assert_int_equal(info.st_mode & 07777, 0444);
    assert_int_not_equal(access(partial.path, F_OK), 0);
}

#define DIGEST_ONES "1111111111111111111111111111111111111111111111111111111111111111"

static bool commit_once(void *data)
{
    struct partial *first = data;
    struct error err = ERROR_INIT;

    if (first->fd >= 0) {
        assert_true(partial_commit(first, DIGEST_ONES, &err));
        partial_close(first);
    }
    return false;
}

/* Who has waited gets a file of its own, and not the one that has become a blob meanwhile. */
static void test_committed_meanwhile(void **state)
{
    struct world *world = *state;
    struct partial first = opened(world, "same"), second;
    const struct model_settings settings = { .watch = { .data = &first, .is_cancelled = commit_once } };
    struct error err = ERROR_INIT;
    struct stat info;

    write_much(&first, 0, 1000);
    assert_true(partial_open(&world->store, "key", &settings, &second, &err));
    assert_true(partial_resume(&second, "same", &err)); /* begins with nothing */
    assert_int_equal(stat(store_blob(&world->store, DIGEST_ONES), &info), 0);
    assert_int_equal(info.st_size, 1000);
    assert_int_equal(stat(second.path, &info), 0);
    assert_int_equal(info.st_size, 0);
    partial_discard(&second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_goes_on, world_start_prepared, world_end),
        cmocka_unit_test_setup_teardown(test_large, world_start_prepared, world_end),
        cmocka_unit_test_setup_teardown(test_cut_off, world_start_prepared, world_end),
        cmocka_unit_test_setup_teardown(test_other_identity, world_start_prepared, world_end),
        cmocka_unit_test_setup_teardown(test_torn_journal, world_start_prepared, world_end),
        cmocka_unit_test_setup_teardown(test_garbage_journal, world_start_prepared, world_end),
        cmocka_unit_test_setup_teardown(test_restart_order, world_start_prepared, world_end),
        cmocka_unit_test_setup_teardown(test_restart_fails, world_start_prepared, world_end),
        cmocka_unit_test_setup_teardown(test_interrupted, world_start_prepared, world_end),
        cmocka_unit_test_setup_teardown(test_sync_fails, world_start_prepared, world_end),
        cmocka_unit_test_setup_teardown(test_await, world_start_prepared, world_end),
        cmocka_unit_test_setup_teardown(test_lock_and_commit, world_start_prepared, world_end),
        cmocka_unit_test_setup_teardown(test_committed_meanwhile, world_start_prepared, world_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

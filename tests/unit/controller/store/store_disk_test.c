/* SPDX-License-Identifier: Apache-2.0 */
/* A real disk that runs full: a small tmpfs in a mount namespace of this program. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>

#include "controller/store/store_writer.h"
#include "store_fixture.h"

#define BALLAST (512 * 1024)

struct row {
    int number;
    const char *facts;
};

static bool row_run(struct store_connection *writer, void *data, struct error *err)
{
    struct row *row = data;
    char name[32];
    int64_t id = 0;

    snprintf(name, sizeof(name), "node-%d", row->number);
    return store_node_expect(writer, name, 1, &id, err) && store_node_facts_set(writer, id, row->facts, 2, err);
}

static bool file_put(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY);
    bool ok = write(fd, text, strlen(text)) == (ssize_t)strlen(text);

    close(fd);
    return ok;
}

/* Who is not root is in a user namespace of its own, where files need an owner and a group that exist. */
static bool namespace_new(void)
{
    char user[64], group[64];

    snprintf(user, sizeof(user), "%u %u 1", geteuid(), geteuid());
    snprintf(group, sizeof(group), "%u %u 1", getegid(), getegid());
    if (geteuid() == 0)
        return unshare(CLONE_NEWNS) == 0;
    return unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 && file_put("/proc/self/setgroups", "deny") &&
           file_put("/proc/self/uid_map", user) && file_put("/proc/self/gid_map", group);
}

static bool disk_new(struct fixture *fixture)
{
    return namespace_new() && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("tmpfs", fixture->parent, "tmpfs", 0, "size=3m,mode=0700") == 0;
}

/* Facts on disk: as many as names, and each whole. */
static int64_t rows_whole(struct fixture *fixture, struct store *store, size_t length)
{
    struct store_connection *reader = NULL;
    int64_t nodes = -1, facts = -1;

    OK(store_reader_open(store, &reader, &fixture->err));
    OK(connection_number(reader, "SELECT count(*) FROM node", &nodes, &fixture->err));
    OK(connection_number(
        reader, arena_printf(fixture->arena, "SELECT count(*) FROM node_facts WHERE length(body) = %zu", length),
        &facts, &fixture->err));
    store_reader_close(reader);
    assert_int_equal(nodes, facts);
    return nodes;
}

static void test_full(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = NULL;
    const char *ballast = arena_printf(fixture->arena, "%s/ballast", fixture->parent);
    char *facts = arena_alloc(fixture->arena, 4001);
    struct row row = { 0, facts };
    int fd = -1;

    if (!disk_new(fixture)) {
        print_message("no mount namespace here: %s\n", strerror(errno));
        skip();
    }
    memset(facts, 'x', 4000);
    fd = open(ballast, O_WRONLY | O_CREAT, 0600);
    assert_int_equal(posix_fallocate(fd, 0, BALLAST), 0);
    close(fd);
    OK(store_open(fixture->folder, &store, &fixture->err));
    while (store_write_wait(store, row_run, &row, &fixture->err) && row.number < 5000)
        row.number++;
    assert_in_range(row.number, 10, 4999);
    assert_int_equal(fixture->err.kind, ERROR_LIMIT);
    assert_non_null(strstr(fixture->err.text, "no room on the disk of the store in "));
    assert_int_equal(rows_whole(fixture, store, 4000), row.number);
    assert_false(store_write_wait(store, row_run, &row, &fixture->err)); /* and again: it refuses, it does not break */
    assert_int_equal(unlink(ballast), 0);
    OK(store_write_wait(store, row_run, &row, &fixture->err));
    assert_int_equal(rows_whole(fixture, store, 4000), row.number + 1);
    store_close(store);
    OK(store_open(fixture->folder, &store, &fixture->err));
    assert_int_equal(rows_whole(fixture, store, 4000), row.number + 1);
    store_close(store);
    nftw(fixture->parent, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    assert_int_equal(umount(fixture->parent), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_full, fixture_new, fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

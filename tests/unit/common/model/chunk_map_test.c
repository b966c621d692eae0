/* SPDX-License-Identifier: Apache-2.0 */
/* What a map says, over openings; what of it is not believed. */
#include <fcntl.h>

#include "common/model/chunk_map.h"
#include "common/model/chunk_watch.h"
#include "tests/unit/common/model/model_store_fixture.h"

#define SIZE (2 * CHUNK_SIZE + 100)

static struct chunk_map *map_open(struct world *world, const char *identity, bool *kept)
{
    struct chunk_map *map = NULL;
    struct error err = ERROR_INIT;

    if (!chunk_map_open(&(struct chunk_map_place){ &world->store, "key", identity, SIZE }, &map, kept, &err))
        fail_msg("%s", err.text);
    return map;
}

static int file_make(struct world *world, int64_t size)
{
    const char *path = arena_printf(world->arena, "%s/file", world->root);
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, size), 0);
    return fd;
}

static void test_says(void **state)
{
    struct world *world = *state;
    struct error err = ERROR_INIT;
    char digest[DIGEST_HEX], back[DIGEST_HEX];
    struct chunk_list list;
    bool kept = true, found = false;
    struct chunk_map *map = map_open(world, "a", &kept);
    int fd = file_make(world, SIZE);
    int64_t end = 0;

    assert_false(kept);
    assert_int_equal(chunk_map_count(map), 3);
    assert_int_equal(chunk_map_front(map), 0);
    assert_true(chunk_digest_of(fd, SIZE, 1, digest, &err));
    chunk_map_know(map, 2, digest);
    assert_true(chunk_map_have(map, 1, digest, &err));
    assert_int_equal(chunk_map_state(map, 0, NULL), CHUNK_MISSING);
    assert_int_equal(chunk_map_state(map, 2, back), CHUNK_KNOWN);
    assert_string_equal(back, digest);
    assert_int_equal(chunk_map_have_bytes(map), CHUNK_SIZE);
    assert_int_equal(chunk_map_missing(map, 5, &end), 5);
    assert_int_equal(end, CHUNK_SIZE);
    assert_int_equal(chunk_map_missing(map, CHUNK_SIZE, &end), 2 * CHUNK_SIZE);
    assert_int_equal(end, SIZE);
    chunk_map_know(map, 1, "0000000000000000000000000000000000000000000000000000000000000000");
    assert_int_equal(chunk_map_state(map, 1, back), CHUNK_HAVE); /* what is there stays what it is */
    assert_string_equal(back, digest);
    chunk_map_close(map);
    assert_true(chunk_list_read(&world->store, world->arena, "key", &list, &found, &err) && found);
    assert_int_equal(list.size, SIZE);
    assert_false(list.is_doubted);
    assert_int_equal(chunk_list_state(&list, 1), CHUNK_HAVE);
    assert_int_equal(chunk_list_state(&list, 99), CHUNK_MISSING);
    map = map_open(world, "a", &kept);
    assert_true(kept);
    assert_int_equal(chunk_map_state(map, 1, NULL), CHUNK_HAVE);
    chunk_map_close(map);
    map = map_open(world, "b", &kept);
    assert_false(kept);
    assert_int_equal(chunk_map_state(map, 1, NULL), CHUNK_MISSING);
    chunk_map_close(map);
    close(fd);
}

/* Behind the end of the file nothing is there; before what the journal vouches for everything is. */
static void test_check(void **state)
{
    struct world *world = *state;
    struct error err = ERROR_INIT;
    char digest[DIGEST_HEX];
    bool kept = false;
    struct chunk_map *map = map_open(world, "a", &kept);
    int fd = file_make(world, CHUNK_SIZE + 5);

    assert_true(chunk_digest_of(fd, SIZE, 0, digest, &err));
    assert_true(chunk_map_have(map, 2, digest, &err));
    assert_true(chunk_map_check(map, fd, CHUNK_SIZE, &err));
    assert_int_equal(chunk_map_state(map, 0, NULL), CHUNK_HAVE);
    assert_int_equal(chunk_map_state(map, 1, NULL), CHUNK_MISSING);
    assert_int_equal(chunk_map_state(map, 2, NULL), CHUNK_KNOWN);
    assert_int_equal(chunk_map_front(map), CHUNK_SIZE);
    chunk_map_reset(map);
    assert_int_equal(chunk_map_state(map, 0, NULL), CHUNK_MISSING);
    chunk_map_close(map);
    close(fd);
}

/* A map of before the machine's start: content is held against it. */
static void test_doubt(void **state)
{
    struct world *world = *state;
    struct error err = ERROR_INIT;
    const char *path = arena_printf(world->arena, "%s/chunks/key", world->store.root);
    char digest[DIGEST_HEX];
    struct chunk_list list;
    bool kept = false, found = false;
    struct chunk_map *map = map_open(world, "a", &kept);
    int fd = file_make(world, SIZE), map_fd;

    assert_true(chunk_digest_of(fd, SIZE, 0, digest, &err));
    assert_true(chunk_map_have(map, 0, digest, &err) && chunk_map_have(map, 1, digest, &err));
    chunk_map_close(map);
    map_fd = open(path, O_RDWR);
    assert_int_equal(pwrite(map_fd, "another-boot", 13, 8 + 16 + DIGEST_HEX), 13);
    close(map_fd);
    assert_int_equal(pwrite(fd, "x", 1, CHUNK_SIZE + 7), 1); /* what a power cut may do */
    assert_true(chunk_list_read(&world->store, world->arena, "key", &list, &found, &err) && found);
    assert_true(list.is_doubted);
    map = map_open(world, "a", &kept);
    assert_true(kept);
    assert_true(chunk_map_check(map, fd, 0, &err));
    assert_int_equal(chunk_map_state(map, 0, NULL), CHUNK_HAVE);
    assert_int_equal(chunk_map_state(map, 1, NULL), CHUNK_KNOWN);
    chunk_map_close(map);
    close(fd);
}

static void test_watch(void **state)
{
    struct world *world = *state;
    struct error err = ERROR_INIT;
    struct chunk_watch *watch = NULL;
    bool kept = false;
    struct chunk_map *map = map_open(world, "a", &kept);
    int fd = file_make(world, SIZE);

    assert_true(chunk_watch_start(map, fd, &watch, &err));
    chunk_watch_advance(watch, CHUNK_SIZE + 1);
    assert_true(chunk_watch_end(watch, true, &err));
    assert_int_equal(chunk_map_front(map), CHUNK_SIZE);
    assert_true(chunk_watch_start(map, fd, &watch, &err));
    chunk_watch_advance(watch, SIZE);
    assert_true(chunk_watch_end(watch, true, &err));
    assert_int_equal(chunk_map_front(map), SIZE);
    chunk_map_close(map);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_says, world_start_prepared, world_end),
        cmocka_unit_test_setup_teardown(test_check, world_start_prepared, world_end),
        cmocka_unit_test_setup_teardown(test_doubt, world_start_prepared, world_end),
        cmocka_unit_test_setup_teardown(test_watch, world_start_prepared, world_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

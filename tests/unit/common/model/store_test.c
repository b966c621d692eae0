/* SPDX-License-Identifier: Apache-2.0 */
/* Names, links, removal, collection and users of the store. */
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

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "common/model/store_clean.h"

#define COMMIT_A "names/hf/hub/org/repo/commits/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define COMMIT_B "names/hf/hub/org/repo/commits/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

struct world {
    struct arena *arena;
    char root[32];
    struct model_store store;
    const char *replaced; /* by replace_once */
};

static int world_start(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    struct error err = ERROR_INIT;

    world->arena = arena_new();
    snprintf(world->root, sizeof(world->root), "/tmp/roost-store-XXXXXX");
    assert_non_null(mkdtemp(world->root));
    world->store = (struct model_store){ world->arena, world->root };
    *state = world;
    return store_prepare(&world->store, &err) ? 0 : -1;
}

static int world_end(void **state)
{
    struct world *world = *state;
    pid_t child = fork();

    if (child == 0)
        execlp("rm", "rm", "-rf", world->root, (char *)NULL);
    waitpid(child, NULL, 0);
    arena_free(world->arena);
    free(world);
    return 0;
}

/* A blob of that content, with its true digest; a name for it. */
static const char *put(struct world *world, const char *folder, const char *path, const char *content)
{
    struct digest digest;
    struct error err = ERROR_INIT;
    char *hex = arena_alloc(world->arena, DIGEST_HEX);
    FILE *file;

    digest_start(&digest);
    digest_add(&digest, content, strlen(content));
    digest_hex(&digest, hex);
    file = fopen(store_blob(&world->store, hex), "w");
    assert_non_null(file);
    fputs(content, file);
    fclose(file);
    if (folder != NULL)
        assert_true(store_name_set(&world->store, folder, path, hex, &err));
    return hex;
}

static void revision(struct world *world, const char *name, const char *commit)
{
    struct error err = ERROR_INIT;

    assert_true(store_link_set(&world->store, arena_printf(world->arena, "names/hf/hub/org/repo/revisions/%s", name),
                               arena_printf(world->arena, "../commits/%s", strrchr(commit, '/') + 1), &err));
}

static void test_names(void **state)
{
    struct world *world = *state;
    const char *one = put(world, COMMIT_A, "q/m.gguf", "one"), *two = put(world, "names/url/h-1", "u.gguf", "two");
    struct store_name *names;
    struct error err = ERROR_INIT;
    char content[8] = "";
    size_t count = 0;
    int fd;

    revision(world, "main", COMMIT_A);
    assert_true(store_names(&world->store, "names", &names, &count, &err));
    assert_int_equal(count, 2);
    assert_string_equal(names[0].folder, COMMIT_A);
    assert_string_equal(names[0].path, "q/m.gguf");
    assert_string_equal(names[0].sha256, one);
    assert_int_equal(names[0].size, 3);
    assert_string_equal(names[1].folder, "names/url/h-1");
    assert_string_equal(store_name_get(&world->store, "names/url/h-1", "u.gguf"), two);
    assert_null(store_name_get(&world->store, "names/url/h-1", "none"));
    fd = open(store_path(&world->store, "names/hf/hub/org/repo/revisions/main/q/m.gguf"), O_RDONLY);
    assert_int_equal(read(fd, content, 3), 3);
    assert_string_equal(content, "one");
    close(fd);
    /* a name that leads to no blob is known, with no size */
    unlink(store_blob(&world->store, two));
    assert_true(store_names(&world->store, "names/url", &names, &count, &err));
    assert_int_equal(names[0].size, -1);
}

static void test_remove(void **state)
{
    struct world *world = *state;
    const char *shared = put(world, COMMIT_A, "m.gguf", "shared"), *own = put(world, COMMIT_A, "own.gguf", "own");
    struct store_cleaned cleaned = { 0 };
    struct error err = ERROR_INIT;
    struct store_name *names;
    size_t count = 0;

    put(world, "names/url/h-1", "u.gguf", "shared");
    revision(world, "main", COMMIT_A);
    assert_true(store_names(&world->store, COMMIT_A, &names, &count, &err));
    assert_true(store_remove(&world->store, names, count, true, &cleaned, &err));
    assert_true(store_has(&world->store, own, -1, NULL)); /* it only looked */
    assert_int_equal(cleaned.names, 2);
    assert_int_equal(cleaned.blobs, 1);
    assert_int_equal(cleaned.bytes, 3);
    assert_true(store_remove(&world->store, names, count, false, &cleaned, &err));
    assert_false(store_has(&world->store, own, -1, NULL));
    assert_true(store_has(&world->store, shared, -1, NULL)); /* another name has it */
    assert_int_not_equal(access(store_path(&world->store, "names/hf/hub"), F_OK), 0);
}

static void test_collect(void **state)
{
    struct world *world = *state;
    const char *old = put(world, COMMIT_A, "m.gguf", "old"), *new = put(world, COMMIT_B, "m.gguf", "new"),
               *stray = put(world, NULL, NULL, "stray");
    struct store_cleaned cleaned = { 0 };
    struct error err = ERROR_INIT;
    FILE *partial = fopen(store_path(&world->store, "partial/x"), "w");

    fclose(partial);
    revision(world, "main", COMMIT_B);
    assert_true(store_collect(&world->store, false, true, &cleaned, &err));
    assert_true(store_has(&world->store, old, -1, NULL) && store_has(&world->store, stray, -1, NULL));
    assert_int_equal(cleaned.blobs, 2);
    assert_true(store_collect(&world->store, false, false, &cleaned, &err));
    assert_false(store_has(&world->store, old, -1, NULL) || store_has(&world->store, stray, -1, NULL));
    assert_true(store_has(&world->store, new, -1, NULL));
    assert_int_equal(access(store_path(&world->store, "partial/x"), F_OK), 0);
    assert_true(store_collect(&world->store, true, false, &cleaned, &err));
    assert_int_equal(cleaned.partials, 1);
    assert_int_not_equal(access(store_path(&world->store, "partial/x"), F_OK), 0);
}

/* A child that uses the blob in its way, until it is killed. */
static pid_t user_start(struct world *world, const char *blob, int how)
{
    int ready[2];
    char byte;
    pid_t child;

    assert_int_equal(pipe(ready), 0);
    child = fork();
    if (child == 0) {
        const char *path = store_blob(&world->store, blob);
        int fd = open(path, O_RDONLY);

        if (how == 1) {
            (void)!mmap(NULL, 1, PROT_READ, MAP_SHARED, fd, 0);
            close(fd);
        } else if (how == 2) {
            flock(fd, LOCK_SH);
        } else if (how == 3) {
            close(fd);
            close(ready[0]);
            dup2(ready[1], 1);
            execlp("sh", "sh", "-c", "echo; exec sleep 1000", "name", arena_printf(world->arena, "--model=%s", path),
                   (char *)NULL);
        }
        (void)!write(ready[1], "x", 1);
        pause();
        _exit(0);
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    return child;
}

static void test_users(void **state)
{
    struct world *world = *state;
    const char *blob = put(world, COMMIT_A, "m.gguf", "in use by a test"),
               *stray = put(world, NULL, NULL, "in use as well");
    struct store_cleaned cleaned = { 0 };
    struct error err = ERROR_INIT;
    struct store_name *names;
    size_t count = 0;

    revision(world, "main", COMMIT_A);
    assert_true(store_names(&world->store, COMMIT_A, &names, &count, &err));
    for (int how = 0; how < 3; how++) { /* open, mapped, locked */
        pid_t user = user_start(world, blob, how), other = user_start(world, stray, how);

        assert_false(store_remove(&world->store, names, count, false, &cleaned, &err));
        assert_non_null(strstr(err.text, arena_printf(world->arena, "m.gguf is in use by process %d (", user)));
        assert_true(store_collect(&world->store, false, false, &cleaned, &err));
        assert_int_equal(cleaned.in_use, 1);
        assert_true(store_has(&world->store, blob, -1, NULL) && store_has(&world->store, stray, -1, NULL));
        kill(user, SIGKILL);
        kill(other, SIGKILL);
        waitpid(user, NULL, 0);
        waitpid(other, NULL, 0);
    }
    assert_true(store_remove(&world->store, names, count, false, &cleaned, &err));
    assert_false(store_has(&world->store, blob, -1, NULL));
}

/* A lock counts by itself, also where the process that has it cannot be seen (this one does not look at itself). */
static void test_locks(void **state)
{
    struct world *world = *state;
    const char *stray = put(world, NULL, NULL, "no name, but a lock");
    const char *part = store_path(&world->store, "partial/key"), *named = put(world, COMMIT_A, "m.gguf", "named");
    int lock = open(store_blob(&world->store, stray), O_RDONLY), work = open(part, O_RDWR | O_CREAT, 0600);
    int held = open(store_blob(&world->store, named), O_RDONLY);
    struct store_cleaned cleaned = { 0 };
    struct error err = ERROR_INIT;
    struct store_name *names;
    size_t count = 0;

    assert_true(flock(lock, LOCK_SH) == 0 && flock(work, LOCK_EX) == 0 && flock(held, LOCK_SH) == 0);
    assert_true(store_collect(&world->store, true, false, &cleaned, &err));
    assert_int_equal(cleaned.in_use, 1);
    assert_int_equal(cleaned.partials, 0);
    assert_true(store_has(&world->store, stray, -1, NULL) && access(part, F_OK) == 0);
    assert_true(store_names(&world->store, COMMIT_A, &names, &count, &err));
    assert_false(store_remove(&world->store, names, count, false, &cleaned, &err));
    assert_string_equal(err.text, "m.gguf is locked by a process that uses it: not removed");
    close(lock);
    close(work);
    close(held);
    assert_true(store_collect(&world->store, true, false, &cleaned, &err));
    assert_int_equal(cleaned.partials, 1);
    assert_false(store_has(&world->store, stray, -1, NULL) || access(part, F_OK) == 0);
}

/* A server that has read its model into memory: only its command line tells. */
static void command_line(struct world *world, bool is_relative)
{
    const char *blob = put(world, COMMIT_A, "m.gguf", "named by a command line");
    struct store_users users = { 0 };
    struct error err = ERROR_INIT;
    pid_t child = fork();
    char comm[64] = "";

    if (child == 0) {
        const char *path = store_path(&world->store, COMMIT_A "/m.gguf");

        if (is_relative)
            (void)(chdir(store_path(&world->store, COMMIT_A)) == 0);
        execlp("tail", "tail", "-f", "/dev/null", "-s", "1000", is_relative ? "m.gguf" : path, (char *)NULL);
        _exit(1);
    }
    while (strncmp(comm, "tail", 4) != 0) {
        int fd = open(arena_printf(world->arena, "/proc/%d/comm", child), O_RDONLY);

        assert_true(fd >= 0 && read(fd, comm, sizeof(comm)) > 0);
        close(fd);
    }
    assert_true(store_users_find(&world->store, &users, &err));
    assert_non_null(store_user_of(&users, blob));
    assert_int_equal(store_user_of(&users, blob)->pid, child);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

static void test_command_line(void **state)
{
    command_line(*state, false);
    command_line(*state, true);
}

static void test_verify(void **state)
{
    struct world *world = *state;
    const char *blob = put(world, COMMIT_A, "m.gguf", "whole");
    const struct model_settings settings = { 0 };
    struct error err = ERROR_INIT;
    bool good = false;
    FILE *file;

    assert_true(store_verify(&world->store, blob, &settings, false, &good, &err) && good);
    file = fopen(store_blob(&world->store, blob), "w");
    fputs("broken", file);
    fclose(file);
    assert_true(store_verify(&world->store, blob, &settings, true, &good, &err) && !good);
    assert_true(store_has(&world->store, blob, -1, NULL));
    assert_true(store_verify(&world->store, blob, &settings, false, &good, &err) && !good);
    assert_false(store_has(&world->store, blob, -1, NULL));
    assert_int_equal(access(store_path(&world->store, arena_printf(world->arena, "damaged/%s", blob)), F_OK), 0);
}

/* The damaged blob is replaced by a good one after it was read: the good one stays. */
static bool replace_once(void *data)
{
    struct world *world = data;
    const char *path = store_blob(&world->store, world->replaced);
    const char *fresh = arena_printf(world->arena, "%s.fresh", path);
    FILE *file = fopen(fresh, "w");

    assert_non_null(file);
    fputs("whole", file);
    fclose(file);
    assert_int_equal(rename(fresh, path), 0);
    return false;
}

static void test_verify_race(void **state)
{
    struct world *world = *state;
    const char *blob = put(world, COMMIT_A, "m.gguf", "whole");
    const struct model_settings settings = { .watch = { .data = world, .is_cancelled = replace_once } };
    struct error err = ERROR_INIT;
    bool good = true;
    FILE *file = fopen(store_blob(&world->store, blob), "w");

    fputs("broken", file);
    fclose(file);
    world->replaced = blob;
    assert_true(store_verify(&world->store, blob, &settings, false, &good, &err));
    assert_false(good); /* what was read */
    assert_true(store_has(&world->store, blob, 5, NULL));
    assert_true(store_verify(&world->store, blob, &(struct model_settings){ 0 }, false, &good, &err) && good);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_names, world_start, world_end),
        cmocka_unit_test_setup_teardown(test_remove, world_start, world_end),
        cmocka_unit_test_setup_teardown(test_collect, world_start, world_end),
        cmocka_unit_test_setup_teardown(test_users, world_start, world_end),
        cmocka_unit_test_setup_teardown(test_locks, world_start, world_end),
        cmocka_unit_test_setup_teardown(test_command_line, world_start, world_end),
        cmocka_unit_test_setup_teardown(test_verify, world_start, world_end),
        cmocka_unit_test_setup_teardown(test_verify_race, world_start, world_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

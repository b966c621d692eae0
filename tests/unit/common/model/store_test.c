/* SPDX-License-Identifier: Apache-2.0 */
/* Names, links, removal, collection and users of the store. */
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/mman.h>

#include "common/model/store_clean.h"
#include "common/model/store_link.h"
#include "tests/unit/common/model/model_store_fixture.h"

#define COMMIT_A "names/hf/hub/org/repo/commits/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define COMMIT_B "names/hf/hub/org/repo/commits/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static void revision(struct world *world, const char *name, const char *commit)
{
    struct error err = ERROR_INIT;

    assert_true(store_link_set(&world->store, arena_printf(world->arena, "names/hf/hub/org/repo/revisions/%s", name),
                               arena_printf(world->arena, "../commits/%s", strrchr(commit, '/') + 1), &err));
}

static void test_names(void **state)
{
    struct world *world = *state;
    const char *one = blob_put(world, COMMIT_A, "q/m.gguf", "one"),
               *two = blob_put(world, "names/url/h-1", "u.gguf", "two");
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
    const char *shared = blob_put(world, COMMIT_A, "m.gguf", "shared"),
               *own = blob_put(world, COMMIT_A, "own.gguf", "own");
    struct store_cleaned cleaned = { 0 };
    struct error err = ERROR_INIT;
    struct store_name *names;
    size_t count = 0;

    blob_put(world, "names/url/h-1", "u.gguf", "shared");
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
    const char *old = blob_put(world, COMMIT_A, "m.gguf", "old"), *new = blob_put(world, COMMIT_B, "m.gguf", "new"),
               *stray = blob_put(world, NULL, NULL, "stray");
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
    const char *blob = blob_put(world, COMMIT_A, "m.gguf", "in use by a test"),
               *stray = blob_put(world, NULL, NULL, "in use as well");
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
    const char *stray = blob_put(world, NULL, NULL, "no name, but a lock");
    const char *part = store_path(&world->store, "partial/key"), *named = blob_put(world, COMMIT_A, "m.gguf", "named");
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
    const char *blob = blob_put(world, COMMIT_A, "m.gguf", "named by a command line");
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

/* A stand-in for systemctl that shows one unit, with these lines. */
static void unit_put(struct world *world, const char *state, const char *lines)
{
    const char *shown = file_put(world, "shown",
                                 arena_printf(world->arena,
                                              "Id=other.service\nActiveState=active\n\n"
                                              "%s\nId=chat.service\n%s\n",
                                              state, lines));
    const char *program = file_put(world, "systemctl", arena_printf(world->arena, "#!/bin/sh\ncat %s\n", shown));

    assert_int_equal(chmod(program, 0755), 0);
}

static bool unit_uses(struct world *world, const char *sha256)
{
    struct store_users users = { 0 };
    struct error err = ERROR_INIT;

    assert_true(store_users_find(&world->store, &users, &err));
    const struct store_user *user = store_user_of(&users, sha256);
    assert_true(user == NULL || (user->pid == 0 && strcmp(user->command, "chat.service") == 0));
    return user != NULL;
}

/* Between two tries, and before the next boot, no process tells; removing would break the next start. */
static void test_units(void **state)
{
    struct world *world = *state;
    struct arena *arena = world->arena;
    const char *blob = blob_put(world, COMMIT_A, "m.gguf", "named by a unit");
    const char *folder = store_path(&world->store, COMMIT_A);
    const char *line = arena_printf(arena,
                                    "ExecStart={ path=/usr/bin/llama-server ; argv[]=/usr/bin/llama-server -m "
                                    "\"%s/m.gguf\" --port 1 ; ignore_errors=no }",
                                    folder);
    char *path = arena_copy(arena, getenv("PATH"));
    struct store_cleaned cleaned = { 0 };
    struct error err = ERROR_INIT;
    struct store_name *names;
    size_t count = 0;

    setenv("PATH", arena_printf(arena, "%s:%s", world->root, path), 1);
    unit_put(world, "ActiveState=activating\nUnitFileState=disabled", line);
    assert_true(unit_uses(world, blob));
    assert_true(store_names(&world->store, COMMIT_A, &names, &count, &err));
    assert_false(store_remove(&world->store, names, count, false, &cleaned, &err));
    assert_string_equal(err.text, "m.gguf is in use by unit chat.service, which will start again: not removed");
    unit_put(world, "ActiveState=failed\nUnitFileState=enabled", line);
    assert_true(unit_uses(world, blob));
    unit_put(world, "ActiveState=inactive\nUnitFileState=disabled", line);
    assert_false(unit_uses(world, blob));
    unit_put(world, "UnitFileState=generated",
             arena_printf(arena, "WorkingDirectory=!%s\nExecStart={ argv[]=x -m m.gguf }", folder));
    assert_true(unit_uses(world, blob));
    unit_put(world, "UnitFileState=enabled", arena_printf(arena, "Environment=A=b LLAMA_ARG_MODEL=%s/m.gguf", folder));
    assert_true(unit_uses(world, blob));
    unit_put(world, "UnitFileState=enabled", arena_printf(arena, "ExecStart={ argv[]=vllm serve %s }", folder));
    assert_true(unit_uses(world, blob));
    unit_put(world, "UnitFileState=enabled",
             arena_printf(arena, "ExecStart={ argv[]=x --store %s }", world->store.root));
    assert_false(unit_uses(world, blob));
    const char *file = file_put(world, "environment", arena_printf(arena, "# of chat\nMODEL='%s/m.gguf'\n", folder));
    unit_put(world, "UnitFileState=enabled", arena_printf(arena, "EnvironmentFiles=%s (ignore_errors=yes)", file));
    assert_true(unit_uses(world, blob));
    unit_put(world, "UnitFileState=enabled", "");
    assert_true(store_remove(&world->store, names, count, false, &cleaned, &err));
    setenv("PATH", path, 1);
}

static void test_verify(void **state)
{
    struct world *world = *state;
    const char *blob = blob_put(world, COMMIT_A, "m.gguf", "whole");
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

struct replaced {
    struct world *world;
    const char *sha256;
};

/* The damaged blob is replaced by a good one after it was read: the good one stays. */
static bool replace_once(void *data)
{
    const struct replaced *replaced = data;
    const char *path = store_blob(&replaced->world->store, replaced->sha256);
    const char *fresh = arena_printf(replaced->world->arena, "%s.fresh", path);
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
    const char *blob = blob_put(world, COMMIT_A, "m.gguf", "whole");
    struct replaced replaced = { world, blob };
    const struct model_settings settings = { .watch = { .data = &replaced, .is_cancelled = replace_once } };
    struct error err = ERROR_INIT;
    bool good = true;
    FILE *file = fopen(store_blob(&world->store, blob), "w");

    fputs("broken", file);
    fclose(file);
    assert_true(store_verify(&world->store, blob, &settings, false, &good, &err));
    assert_false(good); /* what was read */
    assert_true(store_has(&world->store, blob, 5, NULL));
    assert_true(store_verify(&world->store, blob, &(struct model_settings){ 0 }, false, &good, &err) && good);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_names, world_start_prepared, world_end),
        cmocka_unit_test_setup_teardown(test_remove, world_start_prepared, world_end),
        cmocka_unit_test_setup_teardown(test_collect, world_start_prepared, world_end),
        cmocka_unit_test_setup_teardown(test_users, world_start_prepared, world_end),
        cmocka_unit_test_setup_teardown(test_locks, world_start_prepared, world_end),
        cmocka_unit_test_setup_teardown(test_command_line, world_start_prepared, world_end),
        cmocka_unit_test_setup_teardown(test_units, world_start_prepared, world_end),
        cmocka_unit_test_setup_teardown(test_verify, world_start_prepared, world_end),
        cmocka_unit_test_setup_teardown(test_verify_race, world_start_prepared, world_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

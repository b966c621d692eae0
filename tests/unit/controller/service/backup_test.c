/* SPDX-License-Identifier: Apache-2.0 */
/* A controller in one file and back, while it runs; a file that is damaged changes nothing. */
#include "controller/service/backup.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "common/base/fd.h"
#include "common/base/path.h"
#include "controller/service/archive_header.h"
#include "controller/service/service.h"
#include "tests/unit/controller/store/store_fixture.h"

struct world {
    struct arena *arena;
    char parent[64];
    const char *folder, *file;
    struct error err;
};

static int setup(void **state)
{
    struct world *world = calloc(1, sizeof(*world));

    world->arena = arena_new();
    snprintf(world->parent, sizeof(world->parent), "/tmp/roost-backup-XXXXXX");
    assert_non_null(mkdtemp(world->parent));
    world->folder = path_join(world->arena, world->parent, "controller");
    world->file = path_join(world->arena, world->parent, "backup.tar");
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;

    nftw(world->parent, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    arena_free(world->arena);
    free(world);
    return 0;
}

static void must(struct world *world, bool ok)
{
    if (!ok)
        fail_msg("%s", world->err.text);
}

static struct service *service_up(struct world *world)
{
    const struct service_options options = { .folder = world->folder, .listen = "127.0.0.1:0" };
    struct service *service = NULL;

    must(world, service_open(&options, &service, &world->err));
    return service;
}

static const char *in(struct world *world, const char *name)
{
    return path_join(world->arena, world->folder, name);
}

static void put(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static const char *content(struct world *world, const char *path)
{
    char *data = NULL;
    size_t length = 0;

    must(world, file_read(world->arena, path, SIZE_MAX, &data, &length, &world->err));
    return data;
}

static void all_comes_back(void **state)
{
    struct world *world = *state;
    struct service *service = service_up(world);
    struct secret token;
    struct stat status;
    bool made = false, has_admin = false;
    const char *fingerprint = arena_copy(world->arena, service_fingerprint(service));
    const char *const *aside = NULL;

    must(world, service_begin(service, world->arena, false, &token, &made, &world->err));
    put(in(world, "files/00"), "a file");
    must(world, backup_make(world->folder, world->file, &world->err)); /* while it runs */
    assert_int_equal(stat(world->file, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_false(backup_restore(world->folder, world->file, world->arena, &aside, &world->err));
    assert_non_null(strstr(world->err.text, "another controller uses the store"));
    error_clear(&world->err);
    service_close(service);

    must(world, rename(world->folder, path_join(world->arena, world->parent, "gone")) == 0);
    must(world, backup_restore(world->folder, world->file, world->arena, &aside, &world->err));
    assert_null(aside[0]);
    service = service_up(world);
    assert_string_equal(service_fingerprint(service), fingerprint);
    must(world, service_has_admin(service, &has_admin, &world->err));
    assert_true(has_admin);
    assert_string_equal(content(world, in(world, "files/00")), "a file");
    service_close(service);
}

static void what_was_there_is_kept(void **state)
{
    struct world *world = *state;
    const char *const *aside = NULL;
    size_t count = 0;

    service_close(service_up(world));
    must(world, backup_make(world->folder, world->file, &world->err));
    put(in(world, "trust/later"), "x");
    must(world, backup_restore(world->folder, world->file, world->arena, &aside, &world->err));
    for (; aside[count] != NULL; count++)
        assert_true(path_exists(aside[count]));
    assert_int_equal(count, 3);
    assert_string_equal(content(world, arena_printf(world->arena, "%s/later", aside[1])), "x");
    assert_false(path_exists(in(world, "trust/later")));
}

/* Killed between two renames: what is there is of two controllers, and none is started from it. */
static void a_restore_that_was_cut_is_done_again(void **state)
{
    struct world *world = *state;
    const struct service_options options = { .folder = world->folder, .listen = "127.0.0.1:0" };
    struct service *service = service_up(world);
    const char *const *aside = NULL;
    const char *fingerprint = arena_copy(world->arena, service_fingerprint(service));

    service_close(service);
    must(world, backup_make(world->folder, world->file, &world->err));
    put(in(world, "restore-unfinished"), "");
    must(world, rename(in(world, "trust"), in(world, "trust.before-1")) == 0);
    must(world, mkdir(in(world, "restore-999999999"), 0700) == 0);
    assert_false(service_open(&options, &service, &world->err));
    assert_non_null(strstr(world->err.text, "a restore was interrupted"));
    assert_false(path_exists(in(world, "restore-999999999"))); /* it holds all keys */
    assert_false(path_exists(in(world, "trust/ca.key")));
    error_clear(&world->err);
    must(world, backup_restore(world->folder, world->file, world->arena, &aside, &world->err));
    assert_false(path_exists(in(world, "restore-unfinished")));
    assert_false(path_exists(in(world, "restore-999999999")));
    service = service_up(world);
    assert_string_equal(service_fingerprint(service), fingerprint);
    service_close(service);
}

/* Nodes and operators know one authority. */
static void no_authority_is_made_for_a_store_in_use(void **state)
{
    static const char *const parts[] = { "trust/ca.key", "trust/ca.pem", "trust/signing.key" };
    struct world *world = *state;
    const struct service_options options = { .folder = world->folder, .listen = "127.0.0.1:0" };
    struct service *service = service_up(world);
    struct secret token;
    bool made = false;

    must(world, service_begin(service, world->arena, false, &token, &made, &world->err));
    service_close(service);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        must(world, rename(in(world, parts[i]), in(world, "kept")) == 0);
        assert_false(service_open(&options, &service, &world->err));
        assert_non_null(strstr(world->err.text, path_basename(parts[i])));
        assert_non_null(strstr(world->err.text, "but the store is in use"));
        assert_false(path_exists(in(world, parts[i])));
        error_clear(&world->err);
        must(world, rename(in(world, "kept"), in(world, parts[i])) == 0);
    }
    must(world, remove(in(world, "trust/server.key")) == 0); /* that one is made anew */
    service_close(service_up(world));
}

static void what_killed_backups_left_goes(void **state)
{
    struct world *world = *state;
    const char *dead = path_join(world->arena, world->parent, ".roost-backup-999999999.store");
    const char *alive = path_join(world->arena, world->parent, ".roost-backup-1.new");
    const char *other = path_join(world->arena, world->parent, ".roost-backup-notes");
    const char *young = path_join(world->arena, world->parent, ".roost-backup-999999999.new");
    const char *tree = path_join(world->arena, world->parent, ".roost-backup-999999999.tree");
    const struct timespec old[2] = { { .tv_sec = 1 }, { .tv_sec = 1 } };

    service_close(service_up(world));
    put(dead, "keys");
    put(alive, "another's, under way");
    put(other, "somebody's");
    put(young, "another machine's, under way");
    must(world, mkdir(tree, 0700) == 0);
    must(world, utimensat(AT_FDCWD, dead, old, 0) == 0 && utimensat(AT_FDCWD, alive, old, 0) == 0);
    must(world, backup_make(world->folder, world->file, &world->err));
    assert_false(path_exists(dead));
    assert_true(path_exists(alive));
    assert_true(path_exists(other));
    assert_true(path_exists(young));
    assert_true(path_exists(tree));
    assert_true(path_is_file(world->file));
}

/* Byte by byte in steps: whatever is broken is refused, and the controller is as it was. */
static void damage_changes_nothing(void **state)
{
    struct world *world = *state;
    const char *const *aside = NULL;
    const char *key = NULL;
    char *bytes = NULL;
    size_t length = 0;

    service_close(service_up(world));
    must(world, backup_make(world->folder, world->file, &world->err));
    key = content(world, in(world, "trust/ca.key"));
    must(world, file_read(world->arena, world->file, SIZE_MAX, &bytes, &length, &world->err));
    for (size_t at = 100; at < length; at += length / 7) {
        FILE *file = fopen(world->file, "w");

        assert_int_equal(fwrite(bytes, 1, at, file), at); /* cut off */
        fclose(file);
        assert_false(backup_restore(world->folder, world->file, world->arena, &aside, &world->err));
        error_clear(&world->err);
    }
    bytes[3 * ARCHIVE_BLOCK + 7] ^= 1; /* in the store */
    FILE *file = fopen(world->file, "w");
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    fclose(file);
    assert_false(backup_restore(world->folder, world->file, world->arena, &aside, &world->err));
    assert_non_null(strstr(world->err.text, "it is damaged"));
    error_clear(&world->err);
    put(world->file, "no archive at all, but longer than nothing");
    assert_false(backup_restore(world->folder, world->file, world->arena, &aside, &world->err));
    error_clear(&world->err);
    assert_string_equal(content(world, in(world, "trust/ca.key")), key);
    service_close(service_up(world));
}

static void names_stay_inside(void **state)
{
    struct world *world = *state;
    static const char *const names[] = { "../x", "/etc/x", "a/../b", "trust/../../x", "a/b/c", ".hidden", "" };
    const char *const *aside = NULL;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        union archive_block block;
        FILE *file = fopen(world->file, "w");

        archive_header_put(&block, names[i], 0);
        assert_int_equal(fwrite(&block, sizeof(block), 1, file), 1);
        fclose(file);
        assert_false(backup_restore(world->folder, world->file, world->arena, &aside, &world->err));
        assert_non_null(strstr(world->err.text, "which no backup of a controller has"));
        error_clear(&world->err);
    }
}

static void sizes_go_beyond_octal(void **state)
{
    static const int64_t sizes[] = { 0, 511, INT64_C(077777777777), INT64_C(0100000000000), INT64_C(1) << 50 };
    union archive_block block;
    char name[101];

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        int64_t size = -1;

        archive_header_put(&block, "store.db", sizes[i]);
        assert_true(archive_header_get(&block, name, &size));
        assert_int_equal(size, sizes[i]);
        block.bytes[5] ^= 1;
        assert_false(archive_header_get(&block, name, &size));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(all_comes_back, setup, teardown),
        cmocka_unit_test_setup_teardown(what_was_there_is_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(a_restore_that_was_cut_is_done_again, setup, teardown),
        cmocka_unit_test_setup_teardown(no_authority_is_made_for_a_store_in_use, setup, teardown),
        cmocka_unit_test_setup_teardown(what_killed_backups_left_goes, setup, teardown),
        cmocka_unit_test_setup_teardown(damage_changes_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(names_stay_inside, setup, teardown),
        cmocka_unit_test(sizes_go_beyond_octal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

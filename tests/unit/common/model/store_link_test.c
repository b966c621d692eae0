/* SPDX-License-Identifier: Apache-2.0 */
/* Links of the user's own and the records beside them. */
#include "common/model/store_link.h"
#include "tests/unit/common/model/model_store_fixture.h"

#define REPOSITORY "names/hf/hub/org/repo"
#define COMMIT "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define FOLDER REPOSITORY "/commits/" COMMIT

static bool is_there(struct world *world, const char *path)
{
    struct stat info;

    return lstat(store_path(&world->store, path), &info) == 0;
}

static void link_put(struct world *world, const char *name, const char *target, const char *file)
{
    struct value *files = value_list(world->arena);
    const struct store_link link = { target, FOLDER, files };
    struct error err = ERROR_INIT;

    value_list_add(world->arena, files, value_string(world->arena, file));
    assert_true(store_link_write(&world->store, name, &link, &err));
}

static void sweep(struct world *world)
{
    struct error err = ERROR_INIT;

    assert_true(store_links_sweep(&world->store, &err));
}

static void test_record(void **state)
{
    const struct store_name one = { .folder = FOLDER, .path = "q/one.gguf" },
                            two = { .folder = FOLDER, .path = "q/two.gguf" };
    struct world *world = *state;
    struct store_link link, same;
    struct error err = ERROR_INIT;

    assert_false(store_link_read(&world->store, "chat", &link));
    link_put(world, "chat", FOLDER "/q", "q/one.gguf");
    assert_true(store_link_read(&world->store, "chat", &link));
    assert_string_equal(link.target, FOLDER "/q");
    assert_string_equal(link.folder, FOLDER);
    assert_true(store_link_is_for(&world->store, &link, &one));
    assert_false(store_link_is_for(&world->store, &link, &two));
    same = link;
    assert_true(store_link_equal(&link, &same));
    same.files = NULL;
    assert_false(store_link_equal(&link, &same));
    /* the link was changed by hand, or power was lost between the two: nobody knows */
    assert_true(store_link_set(&world->store, "links/chat", "../names/file/key", &err));
    assert_true(store_link_read(&world->store, "chat", &link));
    assert_null(link.files);
    assert_string_equal(link.folder, "names/file/key");
    assert_false(store_link_is_for(&world->store, &link, &one));
    /* without a record all of its folder counts */
    assert_true(store_link_set(&world->store, "links/by-hand", "../" FOLDER "/q", &err));
    assert_true(store_link_read(&world->store, "by-hand", &link));
    assert_true(store_link_is_for(&world->store, &link, &one) && store_link_is_for(&world->store, &link, &two));
    assert_true(store_link_set(&world->store, "links/away", "/etc", &err));
    assert_false(store_link_read(&world->store, "away", &link));
    assert_true(store_link_set(&world->store, "links/up", "../../etc", &err));
    assert_true(store_link_read(&world->store, "up", &link));
    assert_null(link.folder);
}

static void test_sweep(void **state)
{
    struct world *world = *state;
    struct error err = ERROR_INIT;

    blob_put(world, FOLDER, "one.gguf", "one");
    blob_put(world, FOLDER, "two.gguf", "two");
    link_put(world, "one", FOLDER, "one.gguf");
    link_put(world, "two", FOLDER, "two.gguf");
    assert_true(store_link_set(&world->store, REPOSITORY "/revisions/main:=one", "../commits/" COMMIT, &err));
    assert_true(store_link_set(&world->store, REPOSITORY "/revisions/main:=two", "../commits/" COMMIT, &err));
    assert_true(store_link_set(&world->store, "links/by-hand", "../" FOLDER, &err));
    sweep(world);
    assert_true(is_there(world, "links/one") && is_there(world, "links/.one.json"));
    /* the file has gone, the folder has not */
    assert_true(store_name_remove(&world->store, FOLDER, "one.gguf", &err));
    sweep(world);
    assert_false(is_there(world, "links/one") || is_there(world, "links/.one.json"));
    assert_false(is_there(world, REPOSITORY "/revisions/main:=one"));
    assert_true(is_there(world, "links/two") && is_there(world, "links/.two.json") && is_there(world, "links/by-hand"));
    assert_true(is_there(world, REPOSITORY "/revisions/main:=two"));
    /* a record whose link was removed by hand */
    assert_int_equal(unlink(store_path(&world->store, "links/two")), 0);
    sweep(world);
    assert_false(is_there(world, "links/.two.json"));
    assert_true(store_name_remove(&world->store, FOLDER, "two.gguf", &err));
    sweep(world);
    assert_false(is_there(world, "links/by-hand"));
}

static void test_names(void **state)
{
    struct world *world = *state;
    struct error err = ERROR_INIT;
    char **names = NULL, *longest = arena_alloc(world->arena, 130);
    size_t count = 0;

    memset(longest, 'x', 128);
    assert_true(store_link_is_name(longest));
    longest[128] = 'x';
    assert_false(store_link_is_name(longest) || store_link_is_name(".x") || store_link_is_name("a/b"));
    link_put(world, "b", FOLDER, "b.gguf");
    link_put(world, "a", FOLDER, "a.gguf");
    assert_true(store_links(&world->store, &names, &count, &err));
    assert_int_equal(count, 2);
    assert_string_equal(names[0], "a");
    assert_string_equal(names[1], "b");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_record, world_start_prepared, world_end),
        cmocka_unit_test_setup_teardown(test_sweep, world_start_prepared, world_end),
        cmocka_unit_test_setup_teardown(test_names, world_start_prepared, world_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

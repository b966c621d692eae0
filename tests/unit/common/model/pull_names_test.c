/* SPDX-License-Identifier: Apache-2.0 */
/* Which names a link means, and what goes with it: models that lie in one folder do not take one another along. */
#include "common/model/pull_parts.h"
#include "common/model/store_clean.h"
#include "tests/unit/common/model/model_store_fixture.h"

static void pulled(struct world *world, const char *file, const char *name)
{
    const struct model_request request = { .source = arena_printf(world->arena, "file://%s/%s", world->root, file),
                                           .name = name,
                                           .projector = true };
    struct error err = ERROR_INIT;
    struct model_plan plan;

    if (!model_plan_make(world->arena, &world->settings, &request, &plan, &err) || !model_plan_execute(&plan, &err) ||
        !model_plan_make(world->arena, &world->settings, &request, &plan, &err))
        fail_msg("%s", err.text);
    assert_true(plan.is_there);
}

/* Sorted names of what a source or link means, with blanks. */
static const char *meant(struct world *world, const char *source)
{
    struct store_name *names = NULL;
    struct error err = ERROR_INIT;
    char *text = arena_copy(world->arena, "");
    size_t count = 0;

    if (!model_names_of(world->arena, &world->settings, source, &names, &count, &err))
        return arena_copy(world->arena, err.text);
    for (size_t i = 0; i < count; i++)
        text = arena_printf(world->arena, "%s%s%s", text, i > 0 ? " " : "", names[i].path);
    return text;
}

/* What `roost models rm` does with these; how many blobs went. */
static int removed(struct world *world, const char *const *sources, size_t source_count)
{
    struct store_cleaned cleaned = { 0 };
    struct store_name all[8] = { 0 };
    struct error err = ERROR_INIT;
    size_t total = 0;

    for (size_t i = 0; i < source_count; i++) {
        const struct model_removal removal = { sources, source_count, i };
        struct store_name *names = NULL;
        size_t count = 0;

        if (!model_names_going(world->arena, &world->settings, &removal, &names, &count, &err))
            fail_msg("%s", err.text);
        for (size_t k = 0; k < count; k++)
            all[total++] = names[k];
    }
    assert_true(store_remove(&world->store, all, total, false, &cleaned, &err));
    for (size_t i = 0; i < source_count; i++)
        assert_true(model_forget(world->arena, &world->settings, sources[i], &err));
    return cleaned.blobs;
}

static void test_one_of_two(void **state)
{
    struct world *world = *state;
    struct store_link link;

    file_put(world, "a.gguf", "first");
    file_put(world, "b-00001-of-00002.gguf", "second");
    file_put(world, "b-00002-of-00002.gguf", "third");
    file_put(world, "mmproj-F16.gguf", "eyes");
    pulled(world, "a.gguf", "a");
    pulled(world, "b-00001-of-00002.gguf", "b");
    assert_string_equal(meant(world, "a"), "a.gguf");
    assert_string_equal(meant(world, "b"), "b-00001-of-00002.gguf b-00002-of-00002.gguf");
    assert_int_equal(removed(world, (const char *const[]){ "a" }, 1), 1);
    assert_false(store_link_read(&world->store, "a", &link));
    assert_string_equal(meant(world, "a"), "there is no model of the name 'a' in the store, and it is no source");
    /* the last one takes the projector along */
    assert_string_equal(meant(world, "b"), "b-00001-of-00002.gguf b-00002-of-00002.gguf mmproj-F16.gguf");
    assert_int_equal(removed(world, (const char *const[]){ "b" }, 1), 3);
}

static void test_two_of_one(void **state)
{
    struct world *world = *state;
    struct store_link link;

    file_put(world, "a.gguf", "first");
    pulled(world, "a.gguf", "one");
    pulled(world, "a.gguf", "two");
    assert_int_equal(removed(world, (const char *const[]){ "one" }, 1), 0);
    assert_false(store_link_read(&world->store, "one", &link));
    assert_string_equal(meant(world, "two"), "a.gguf");
    pulled(world, "a.gguf", "one");
    assert_int_equal(removed(world, (const char *const[]){ "one", "two" }, 2), 1);
    assert_false(store_link_read(&world->store, "one", &link) || store_link_read(&world->store, "two", &link));
}

/* A link that is given to another model of the folder is for that one from then on. */
static void test_moved(void **state)
{
    struct world *world = *state;

    file_put(world, "a.gguf", "first");
    file_put(world, "b.gguf", "second");
    pulled(world, "b.gguf", NULL);
    pulled(world, "a.gguf", "chat");
    pulled(world, "b.gguf", "chat");
    assert_string_equal(meant(world, "chat"), "b.gguf");
}

static void test_without_record(void **state)
{
    struct world *world = *state;
    const char *record = store_path(&world->store, "links/.chat.json");

    file_put(world, "a-00001-of-00002.gguf", "first");
    file_put(world, "a-00002-of-00002.gguf", "second");
    file_put(world, "b.gguf", "third");
    pulled(world, "a-00001-of-00002.gguf", "chat");
    assert_int_equal(unlink(record), 0);
    assert_string_equal(meant(world, "chat"), "a-00001-of-00002.gguf a-00002-of-00002.gguf");
    pulled(world, "b.gguf", NULL);
    assert_non_null(strstr(meant(world, "chat"), "leads to a folder with several models"));
    pulled(world, "a-00001-of-00002.gguf", "chat");
    assert_string_equal(meant(world, "chat"), "a-00001-of-00002.gguf a-00002-of-00002.gguf");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_one_of_two, world_start, world_end),
        cmocka_unit_test_setup_teardown(test_two_of_one, world_start, world_end),
        cmocka_unit_test_setup_teardown(test_moved, world_start, world_end),
        cmocka_unit_test_setup_teardown(test_without_record, world_start, world_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

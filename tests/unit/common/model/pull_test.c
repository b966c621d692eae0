/* SPDX-License-Identifier: Apache-2.0 */
/* Plans and their execution, with files as the source; hubs and URLs are in tests/acceptance/models.sh. */
#include "common/model/pull_parts.h"
#include "common/model/pull_value.h"
#include "common/model/store_clean.h"
#include "tests/unit/common/model/model_store_fixture.h"

static const char *source_put(struct world *world, const char *name, const char *content)
{
    return arena_printf(world->arena, "file://%s", file_put(world, name, content));
}

static struct model_plan planned(struct world *world, const struct model_request *request)
{
    struct error err = ERROR_INIT;
    struct model_plan plan;

    if (!model_plan_make(world->arena, &world->settings, request, &plan, &err))
        fail_msg("%s", err.text);
    return plan;
}

static void test_plan_and_execute(void **state)
{
    struct world *world = *state;
    struct model_request request = { .source = source_put(world, "m-00001-of-00002.gguf", "one"),
                                     .name = "chat",
                                     .projector = true };
    struct error err = ERROR_INIT;
    struct model_plan plan;
    struct store_name *names = NULL;
    size_t count = 0;

    file_put(world, "m-00002-of-00002.gguf", "second");
    file_put(world, "mmproj-F16.gguf", "eyes");
    plan = planned(world, &request);
    assert_int_equal(plan.files.count, 3);
    assert_int_equal(plan.missing_bytes, 13);
    assert_false(plan.is_there);
    assert_int_not_equal(access(world->settings.store, F_OK), 0); /* a plan changes nothing */
    assert_true(model_plan_execute(&plan, &err));
    plan = planned(world, &request);
    assert_true(plan.is_there);
    assert_int_equal(plan.missing_bytes, 0);
    assert_string_equal(plan.files.items[model_plan_projector(&plan)].path, "mmproj-F16.gguf");
    assert_string_equal(plan.files.items[0].sha256, "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed");
    /* by its source and by its link */
    assert_true(model_names_of(world->arena, &world->settings, request.source, &names, &count, &err));
    assert_int_equal(count, 3);
    assert_true(model_names_of(world->arena, &world->settings, "chat", &names, &count, &err));
    assert_int_equal(count, 3);
    assert_false(model_names_of(world->arena, &world->settings, "../names", &names, &count, &err));
    assert_true(model_names_of(world->arena, &world->settings, "hf://a/b/c", &names, &count, &err));
    assert_int_equal(count, 0);
    /* another link is work again */
    request.name = "other";
    plan = planned(world, &request);
    assert_false(plan.is_there);
    assert_int_equal(plan.missing_bytes, 0);
}

/* A blob that has lost its end keeps nobody from having the whole one. */
static void test_short_blob(void **state)
{
    struct world *world = *state;
    struct value *list = value_list(world->arena);
    struct model_request request = { .source = source_put(world, "m.gguf", "whole content") };
    struct error err = ERROR_INIT;
    struct model_plan plan = planned(world, &request);
    struct stat info;

    assert_true(model_plan_execute(&plan, &err));
    const char *sha256 = plan.files.items[0].sha256, *blob = store_blob(&plan.store, sha256);
    assert_int_equal(chmod(blob, 0600), 0);
    assert_int_equal(truncate(blob, 3), 0);
    value_list_add(world->arena, list, value_string(world->arena, sha256));
    request.checksums = list;
    plan = planned(world, &request);
    assert_false(plan.is_there);
    assert_true(model_plan_execute(&plan, &err));
    assert_int_equal(stat(blob, &info), 0);
    assert_int_equal(info.st_size, 13);
    assert_true(planned(world, &request).is_there);
}

/* Another process removes the first shard while the second one comes. */
static void remove_first(void *data, const char *text)
{
    struct model_plan *plan = data;
    struct error err = ERROR_INIT;
    struct store_cleaned cleaned = { 0 };
    struct store_name *names = NULL;
    size_t count = 0;

    (void)text;
    assert_true(store_names(&plan->store, plan->folder, &names, &count, &err));
    if (count > 0)
        assert_true(store_remove(&plan->store, names, count, false, &cleaned, &err));
}

static void test_removed_meanwhile(void **state)
{
    struct world *world = *state;
    struct model_request request = { .source = source_put(world, "m-00001-of-00002.gguf", "one") };
    struct error err = ERROR_INIT;
    struct model_plan plan;

    file_put(world, "m-00002-of-00002.gguf", "second");
    plan = planned(world, &request);
    world->settings.watch.data = &plan;
    world->settings.watch.progress = remove_first;
    assert_false(model_plan_execute(&plan, &err));
    assert_string_equal(err.text, "'m-00001-of-00002.gguf' was removed from the store by another process meanwhile");
    world->settings.watch.progress = NULL;
    plan = planned(world, &request);
    assert_false(plan.is_there);
    error_clear(&err);
    assert_true(model_plan_execute(&plan, &err));
    assert_true(planned(world, &request).is_there);
}

static void test_entries(void **state)
{
    struct world *world = *state;
    struct model_request request = { .source = source_put(world, "m-00001-of-00002.gguf", "one") };
    struct model_entry *entries = NULL;
    struct store_name *names = NULL;
    struct error err = ERROR_INIT;
    struct model_plan plan;
    size_t count = 0;

    file_put(world, "m-00002-of-00002.gguf", "second");
    plan = planned(world, &request);
    assert_true(model_plan_execute(&plan, &err));
    assert_int_equal(unlink(store_blob(&world->store, plan.files.items[1].sha256)), 0);
    assert_true(store_names(&world->store, "names", &names, &count, &err));
    model_entries(&world->store, names, count, &entries, &count);
    assert_int_equal(count, 1);
    assert_string_equal(entries[0].source, request.source);
    assert_int_equal(entries[0].files, 2);
    assert_int_equal(entries[0].missing, 1);
    assert_int_equal(entries[0].size, 3);
}

static void test_folders(void **state)
{
    struct world *world = *state;
    struct model_source one, two;
    struct error err = ERROR_INIT;
    const char *folder;

    assert_true(model_source_parse(world->arena, "https://h.example:8/a/m.gguf?x=1", &one, &err));
    assert_true(model_source_parse(world->arena, "https://h.example:8/a/m.gguf?x=2", &two, &err));
    folder = pull_folder_of(world->arena, &one);
    assert_int_equal(strncmp(folder, "names/url/h.example_8-", 22), 0);
    assert_int_equal(strlen(folder), 22 + 16);
    assert_string_not_equal(folder, pull_folder_of(world->arena, &two));
    assert_string_equal(pull_revision_entry(world->arena, "refs/pr/1%"), "refs%2Fpr%2F1%25");
    assert_string_equal(pull_revision_of_entry(world->arena, "refs%2Fpr%2F1%25:=chat"), "refs/pr/1%");
    assert_string_equal(pull_revision_of_entry(world->arena, "main:0123"), "main");
    assert_string_equal(pull_revision_of_entry(world->arena, "%zz%2"), "%zz%2");
}

static void test_refused(void **state)
{
    static const char *const names[] = { "../x", "a/b", ".", "", ".hidden" };
    struct world *world = *state;
    struct model_request request = { .source = source_put(world, "m.gguf", "one") };
    struct error err = ERROR_INIT;
    struct model_plan plan;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        request.name = names[i];
        assert_false(model_plan_make(world->arena, &world->settings, &request, &plan, &err));
        assert_non_null(strstr(err.text, "cannot be used for a link"));
    }
    request.name = NULL;
    world->settings.store = "relative";
    assert_false(model_plan_make(world->arena, &world->settings, &request, &plan, &err));
    assert_string_equal(err.text, "the store 'relative' is no absolute path");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_plan_and_execute, world_start, world_end),
        cmocka_unit_test_setup_teardown(test_short_blob, world_start, world_end),
        cmocka_unit_test_setup_teardown(test_removed_meanwhile, world_start, world_end),
        cmocka_unit_test_setup_teardown(test_entries, world_start, world_end),
        cmocka_unit_test_setup_teardown(test_folders, world_start, world_end),
        cmocka_unit_test_setup_teardown(test_refused, world_start, world_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

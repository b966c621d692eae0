/* SPDX-License-Identifier: Apache-2.0 */
/* What a branch means for which model: nobody moves another. */
#include "common/model/pull_parts.h"
#include "tests/unit/common/model/model_store_fixture.h"

#define COMMIT_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define COMMIT_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static struct model_plan plan_of(struct world *world, const char *source, const char *name, const char *commit)
{
    struct model_plan plan = { .arena = world->arena,
                               .store = world->store,
                               .request = { .name = name },
                               .repository = "names/hf/hub/acme/pair",
                               .revision = commit };
    struct error err = ERROR_INIT;

    assert_true(model_source_parse(world->arena, source, &plan.source, &err));
    return plan;
}

static void pulled(struct world *world, const char *source, const char *name, const char *commit, bool is_update)
{
    struct model_plan plan = plan_of(world, source, name, commit);
    struct error err = ERROR_INIT;

    plan.request.update = is_update;
    assert_true(pull_revision_begin(&plan, &err));
    assert_true(pull_revision_finish(&plan, &err));
    assert_true(pull_revision_is_set(&plan));
}

static const char *known(struct world *world, const char *source, const char *name)
{
    struct model_plan plan = plan_of(world, source, name, "");

    return pull_revision_known(&plan);
}

static void test_nobody_moves_another(void **state)
{
    struct world *world = *state;

    assert_null(known(world, "hf://acme/pair/a.gguf", NULL));
    pulled(world, "hf://acme/pair/a.gguf", NULL, COMMIT_A, false);
    pulled(world, "hf://acme/pair/a.gguf", "one", COMMIT_A, false);
    pulled(world, "hf://acme/pair/b.gguf", NULL, COMMIT_B, true);
    assert_string_equal(known(world, "hf://acme/pair/a.gguf", NULL), COMMIT_A);
    assert_string_equal(known(world, "hf://acme/pair/a.gguf", "one"), COMMIT_A);
    assert_string_equal(known(world, "hf://acme/pair/b.gguf", NULL), COMMIT_B);
    pulled(world, "hf://acme/pair/a.gguf", "one", COMMIT_B, true);
    assert_string_equal(known(world, "hf://acme/pair/a.gguf", NULL), COMMIT_A);
    /* a link that is new begins where its files are; a model that is new, where the hub was last */
    assert_string_equal(known(world, "hf://acme/pair/a.gguf", "two"), COMMIT_A);
    assert_string_equal(known(world, "hf://acme/pair/c.gguf", NULL), COMMIT_B);
    /* another branch is another question, also one whose name begins alike */
    assert_null(known(world, "hf://acme/pair/a.gguf@mai", NULL));
    assert_null(known(world, "hf://acme/pair/a.gguf@main2", "one"));
}

/* What is repeated without an update does not say where the branch is now. */
static void test_repeated(void **state)
{
    struct world *world = *state;

    pulled(world, "hf://acme/pair/a.gguf", NULL, COMMIT_A, false);
    pulled(world, "hf://acme/pair/b.gguf", NULL, COMMIT_B, true);
    pulled(world, "hf://acme/pair/a.gguf", NULL, COMMIT_A, false);
    assert_string_equal(known(world, "hf://acme/pair/c.gguf", NULL), COMMIT_B);
}

static void test_commits_and_forgetting(void **state)
{
    struct world *world = *state;
    struct model_plan plan = plan_of(world, "hf://acme/pair/a.gguf", NULL, COMMIT_A);
    struct error err = ERROR_INIT;
    char **commits = NULL;
    size_t count = 0;

    assert_true(pull_revision_begin(&plan, &err)); /* what is being fetched is nobody's answer */
    assert_true(pull_revision_commits(&world->store, plan.repository, "main", &commits, &count, &err));
    assert_int_equal(count, 0);
    pulled(world, "hf://acme/pair/a.gguf", NULL, COMMIT_A, false);
    pulled(world, "hf://acme/pair/a.gguf", "one", COMMIT_A, false);
    pulled(world, "hf://acme/pair/b.gguf", NULL, COMMIT_B, true);
    assert_true(pull_revision_commits(&world->store, plan.repository, "main", &commits, &count, &err));
    assert_int_equal(count, 2);
    assert_true(pull_revision_commits(&world->store, plan.repository, "mai", &commits, &count, &err));
    assert_int_equal(count, 0);
    pull_revision_forget(&world->store, plan.repository, &plan.source);
    assert_string_equal(known(world, "hf://acme/pair/a.gguf", NULL), COMMIT_B);
    assert_string_equal(known(world, "hf://acme/pair/a.gguf", "one"), COMMIT_A);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_nobody_moves_another, world_start, world_end),
        cmocka_unit_test_setup_teardown(test_repeated, world_start, world_end),
        cmocka_unit_test_setup_teardown(test_commits_and_forgetting, world_start, world_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

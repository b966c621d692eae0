/* SPDX-License-Identifier: Apache-2.0 */
/* Positions of hosts: the order of tasks with and without failures, nesting, inserting, flushing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/text.h"
#include "engine/run/iterator.h"

struct world {
    struct arena *arena;
    struct plan plan;
    struct iterator_play play;
    struct iterator_position position;
    const struct node *handlers[2];
    bool notified[2];
};

static struct node *task(struct world *world, const char *name)
{
    struct node *node = arena_new_of(world->arena, struct node);

    node->kind = NODE_TASK;
    node->name = name;
    return node;
}

static struct plan_list list_of(struct world *world, const char *names)
{
    struct plan_list list = { 0 };
    size_t count = 0;
    char **parts = text_split(world->arena, names, ' ', &count);

    for (size_t i = 0; i < count; i++)
        if (*parts[i] != '\0')
            plan_list_add(world->arena, &list, (struct plan_item){ .task = task(world, parts[i]) });
    return list;
}

static struct plan_block *block_of(struct world *world, const char *tasks, const char *rescue, const char *always)
{
    struct plan_block *block = arena_new_of(world->arena, struct plan_block);

    block->tasks = list_of(world, tasks);
    block->rescue = list_of(world, rescue);
    block->always = list_of(world, always);
    return block;
}

static bool gathers(void *context, size_t host)
{
    (void)context;
    (void)host;
    return true;
}

static bool is_notified(void *context, size_t host, const struct node *handler)
{
    struct world *world = context;

    (void)host;
    return handler == world->handlers[0] ? world->notified[0] : world->notified[1];
}

static void start(struct world *world)
{
    world->arena = arena_new();
    world->plan = (struct plan){ .arena = world->arena };
    plan_add_block(&world->plan, block_of(world, "setup", "", ""));
    world->handlers[0] = task(world, "h0");
    world->handlers[1] = task(world, "h1");
    world->play = (struct iterator_play){ .arena = world->arena,
                                          .plan = &world->plan,
                                          .context = world,
                                          .gathers = gathers,
                                          .is_notified = is_notified,
                                          .handlers = world->handlers,
                                          .handler_count = 2 };
}

/* Walks to the end; tasks whose names start with '!' fail, "flush" flushes. Gives the names. */
static const char *walk(struct world *world)
{
    struct text out = text_new(world->arena);
    const struct node *node;

    iterator_start(&world->play, &world->position);
    while ((node = iterator_next(&world->play, &world->position, 0)) != NULL) {
        text_printf(&out, "%s ", node->name);
        assert_true(out.length < 500);
        if (node->name[0] == '!')
            iterator_fail(&world->position);
        if (strcmp(node->name, "flush") == 0)
            iterator_flush(&world->position);
        if (node->name[0] == 'h')
            world->notified[node == world->handlers[1]] = false;
    }
    return out.data;
}

static void test_plain(void **state)
{
    struct world world = { 0 };

    (void)state;
    start(&world);
    plan_add_block(&world.plan, block_of(&world, "a b", "r", "z"));
    plan_add_block(&world.plan, block_of(&world, "c", "", ""));
    assert_string_equal(walk(&world), "setup a b z c ");
    assert_false(iterator_has_failed(&world.position));
    arena_free(world.arena);
}

static void test_rescued(void **state)
{
    struct world world = { 0 };

    (void)state;
    start(&world);
    plan_add_block(&world.plan, block_of(&world, "!a b", "r s", "z"));
    plan_add_block(&world.plan, block_of(&world, "c", "", ""));
    assert_string_equal(walk(&world), "setup !a r s z c ");
    assert_false(iterator_has_failed(&world.position));
    arena_free(world.arena);
}

static void test_failed(void **state)
{
    struct world world = { 0 };

    (void)state;
    start(&world);
    plan_add_block(&world.plan, block_of(&world, "!a b", "", "z"));
    plan_add_block(&world.plan, block_of(&world, "c", "", ""));
    assert_string_equal(walk(&world), "setup !a z ");
    assert_true(iterator_has_failed(&world.position));
    arena_free(world.arena);
}

static void test_nested(void **state)
{
    struct world world = { 0 };
    struct plan_block *outer, *inner;

    (void)state;
    start(&world);
    inner = block_of(&world, "!i j", "!k", "l");
    outer = block_of(&world, "a", "r", "z");
    plan_list_add(world.arena, &outer->tasks, (struct plan_item){ .block = inner });
    plan_list_add(world.arena, &outer->tasks, (struct plan_item){ .task = task(&world, "never") });
    plan_add_block(&world.plan, outer);
    assert_string_equal(walk(&world), "setup a !i !k l r z ");
    assert_false(iterator_has_failed(&world.position));
    arena_free(world.arena);
}

static void test_flush(void **state)
{
    struct world world = { .notified = { false, true } };

    (void)state;
    start(&world);
    plan_add_block(&world.plan, block_of(&world, "a flush b", "", ""));
    assert_string_equal(walk(&world), "setup a flush h1 b ");
    arena_free(world.arena);
}

static void test_insert(void **state)
{
    struct world world = { 0 };
    struct iterator_position ahead = { 0 };
    const struct plan_block *included;

    (void)state;
    start(&world);
    plan_add_block(&world.plan, block_of(&world, "a b", "", ""));
    included = block_of(&world, "x y", "", "");
    iterator_start(&world.play, &world.position);
    assert_string_equal(iterator_next(&world.play, &world.position, 0)->name, "setup");
    assert_string_equal(iterator_next(&world.play, &world.position, 0)->name, "a");
    iterator_insert(&world.play, &world.position, &included, 1);
    iterator_copy(&world.play, &ahead, &world.position);
    assert_string_equal(iterator_next(&world.play, &ahead, 0)->name, "x");
    assert_string_equal(iterator_next(&world.play, &ahead, 0)->name, "y");
    assert_string_equal(iterator_next(&world.play, &ahead, 0)->name, "b");
    assert_null(iterator_next(&world.play, &ahead, 0));
    assert_string_equal(iterator_next(&world.play, &world.position, 0)->name, "x"); /* looking ahead did not move it */
    arena_free(world.arena);
}

static void test_end(void **state)
{
    struct world world = { 0 };

    (void)state;
    start(&world);
    plan_add_block(&world.plan, block_of(&world, "a b", "", "z"));
    iterator_start(&world.play, &world.position);
    (void)iterator_next(&world.play, &world.position, 0);
    iterator_end(&world.position);
    assert_null(iterator_next(&world.play, &world.position, 0));
    assert_false(iterator_has_failed(&world.position));
    arena_free(world.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),  cmocka_unit_test(test_rescued), cmocka_unit_test(test_failed),
        cmocka_unit_test(test_nested), cmocka_unit_test(test_flush),   cmocka_unit_test(test_insert),
        cmocka_unit_test(test_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

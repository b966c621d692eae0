/* SPDX-License-Identifier: Apache-2.0 */
/* Which of several variables of one name wins, that values are templated late, and that loops are found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/json/json.h"
#include "engine/vars/vars.h"
#include "engine/vars/vars_internal.h"

struct world {
    struct arena *arena;
    struct vars_world *vars;
    struct inventory *inventory;
    struct role role, other;
    struct role *roles[2];
    struct play play;
    struct node include, block, task;
    struct vars_play run;
    struct vars_scope scope;
    struct value *extra;
};

static struct value *text(struct world *world, const char *string)
{
    struct value *value = value_string(world->arena, string);

    value->marks |= VALUE_TRUSTED;
    return value;
}

static const struct value *one(struct world *world, const char *name, const char *string)
{
    struct value *map = value_map(world->arena);

    value_map_put(world->arena, map, name, text(world, string));
    return map;
}

static const struct value *nested(struct world *world, const char *name, const struct value *map)
{
    struct value *outer = value_map(world->arena);

    value_map_put(world->arena, outer, name, map);
    return outer;
}

static bool nobody(void *context, const struct inventory_host *host)
{
    (void)context;
    (void)host;
    return false;
}

static void world_open_with(struct world *world, bool merge_hashes)
{
    static const char *const sources[] = { "a,b,", NULL };
    struct template_config config = { .strict_undefined = true, .omit_text = "omit" };
    static const struct inventory_config inventory_config;
    struct vars_config vars = { .inject_facts = true,
                                .merge_hashes = merge_hashes,
                                .inventory_config = &inventory_config };
    struct error err = ERROR_INIT;

    memset(world, 0, sizeof(*world));
    world->arena = arena_new();
    world->extra = value_map(world->arena);
    assert_true(inventory_load(world->arena, sources, &inventory_config, &world->inventory, &err));
    vars.inventory = world->inventory;
    vars.templates = template_env_new(world->arena, &config);
    vars.extra_vars = world->extra;
    world->vars = vars_world_new(world->arena, &vars);
    world->role = (struct role){ .name = "role", .path = "/roles/role", .is_public = true };
    world->other = (struct role){ .name = "other", .path = "/roles/other", .is_public = true };
    world->roles[0] = &world->role;
    world->roles[1] = &world->other;
    world->play = (struct play){ .folder = "/play", .roles = world->roles, .role_count = 2 };
    world->include =
        (struct node){ .kind = NODE_TASK, .task_kind = TASK_INCLUDE_TASKS, .play = &world->play, .role = &world->role };
    world->block =
        (struct node){ .kind = NODE_BLOCK, .play = &world->play, .role = &world->role, .parent = &world->include };
    world->task =
        (struct node){ .kind = NODE_TASK, .play = &world->play, .role = &world->role, .parent = &world->block };
    world->run = (struct vars_play){ .play = &world->play,
                                     .name = "p",
                                     .all = world->inventory->hosts,
                                     .all_count = 2,
                                     .batch = world->inventory->hosts,
                                     .batch_count = 1,
                                     .is_removed = nobody,
                                     .is_failed = nobody };
}

static void world_open(struct world *world)
{
    world_open_with(world, false);
}

static void world_close(struct world *world)
{
    vars_world_free(world->vars);
    arena_free(world->arena);
}

/* The value of `name` as JSON in a scope opened now. */
static const char *get(struct world *world, const char *name)
{
    struct vars_place place = { .host = world->inventory->hosts[0], .task = &world->task };
    const struct value *value = NULL;
    struct error err = ERROR_INIT;

    vars_world_enter(world->vars, NULL);
    vars_world_enter(world->vars, &world->run);
    assert_true(vars_scope_open(&world->scope, world->vars, world->arena, &place, &err));
    if (!vars_scope_get(&world->scope, world->arena, name, &value, &err))
        return arena_printf(world->arena, "error: %s", err.text);
    return value == NULL ? "none" : json_text(world->arena, value, JSON_COMPACT);
}

/* Each step sets v at a higher level than the one before. */
static void test_precedence(void **state)
{
    struct world w;
    const struct inventory_host *a;
    struct value *facts;

    (void)state;
    world_open(&w);
    a = w.inventory->hosts[0];
    assert_string_equal(get(&w, "v"), "none");
    w.other.defaults = one(&w, "v", "defaults of another role");
    assert_string_equal(get(&w, "v"), "\"defaults of another role\"");
    world_close(&w);

    world_open(&w);
    a = w.inventory->hosts[0];
    w.other.defaults = one(&w, "v", "defaults of another role");
    w.role.defaults = one(&w, "v", "own defaults");
    assert_string_equal(get(&w, "v"), "\"own defaults\"");
    w.inventory->hosts[0]->vars = value_map(w.arena);
    value_map_put(w.arena, w.inventory->hosts[0]->vars, "v", text(&w, "inventory"));
    vars_world_inventory_changed(w.vars);
    assert_string_equal(get(&w, "v"), "\"inventory\"");
    facts = value_map(w.arena);
    value_map_put_string(w.arena, facts, "v", "fact");
    vars_host_add_facts(w.vars, a, facts);
    assert_string_equal(get(&w, "v"), "\"fact\"");
    w.play.vars = one(&w, "v", "play");
    assert_string_equal(get(&w, "v"), "\"play\"");
    w.run.prompted = one(&w, "v", "prompt");
    assert_string_equal(get(&w, "v"), "\"prompt\"");
    w.other.vars = one(&w, "v", "vars of another role");
    assert_string_equal(get(&w, "v"), "\"vars of another role\"");
    w.block.keywords[KEYWORD_VARS] = one(&w, "v", "block");
    assert_string_equal(get(&w, "v"), "\"block\"");
    w.task.keywords[KEYWORD_VARS] = one(&w, "v", "task");
    assert_string_equal(get(&w, "v"), "\"task\"");
    vars_host_include(w.vars, a, "v", text(&w, "include_vars"));
    assert_string_equal(get(&w, "v"), "\"include_vars\"");
    vars_host_set(w.vars, a, "v", text(&w, "set_fact"));
    assert_string_equal(get(&w, "v"), "\"set_fact\"");
    w.include.keywords[KEYWORD_VARS] = one(&w, "v", "include");
    assert_string_equal(get(&w, "v"), "\"include\"");
    value_map_put(w.arena, w.extra, "v", text(&w, "extra"));
    assert_string_equal(get(&w, "v"), "\"extra\"");
    world_close(&w);
}

static void test_role_levels(void **state)
{
    struct world w;

    (void)state;
    world_open(&w);
    w.role.vars = one(&w, "v", "own vars");
    w.other.vars = one(&w, "v", "vars of another role");
    assert_string_equal(get(&w, "v"), "\"own vars\"");
    world_close(&w);

    world_open(&w);
    vars_host_set(w.vars, w.inventory->hosts[0], "v", text(&w, "set_fact"));
    w.role.params = one(&w, "v", "parameter");
    assert_string_equal(get(&w, "v"), "\"parameter\"");
    world_close(&w);
}

static void test_late(void **state)
{
    struct world w;

    (void)state;
    world_open(&w);
    w.play.vars =
        value_merge(w.arena, one(&w, "a", "{{ b }} and {{ c | default('nothing') }}"), one(&w, "b", "B"), false);
    assert_string_equal(get(&w, "a"), "\"B and nothing\"");
    vars_host_set(w.vars, w.inventory->hosts[0], "c", text(&w, "C"));
    assert_string_equal(get(&w, "a"), "\"B and C\"");
    vars_host_set(w.vars, w.inventory->hosts[0], "d", text(&w, "{{ never templated again }}"));
    assert_string_equal(get(&w, "d"), "\"{{ never templated again }}\"");
    world_close(&w);
}

static void test_loop(void **state)
{
    struct world w;

    (void)state;
    world_open(&w);
    w.play.vars = value_merge(w.arena, one(&w, "a", "x{{ b }}"), one(&w, "b", "y{{ a }}"), false);
    assert_non_null(strstr(get(&w, "a"), "recursive loop detected in template string: x{{ b }}"));
    world_close(&w);
}

/* hash_behaviour = merge: keys in the order of the levels, also where vars_files were named with the extra vars. */
static void test_merge(void **state)
{
    struct value *entries;
    struct world w;

    (void)state;
    world_open_with(&w, true);
    entries = value_list(w.arena);
    value_list_add(w.arena, entries, text(&w, "{{ nowhere }}.yml"));
    w.play.keywords[KEYWORD_VARS_FILES] = entries;
    value_map_put(w.arena, w.extra, "d", one(&w, "extra", "4"));
    w.play.vars = nested(&w, "d", one(&w, "play", "1"));
    w.task.keywords[KEYWORD_VARS] = nested(&w, "d", one(&w, "task", "3"));
    assert_string_equal(get(&w, "d"), "{\"play\":\"1\",\"task\":\"3\",\"extra\":\"4\"}");
    world_close(&w);
}

/* What the run says of itself may stand in a condition; where it holds template syntax it may not. */
static void test_own_text(void **state)
{
    struct arena *arena = arena_new();

    (void)state;
    assert_true((vars_own_text(arena, "/role", 5)->marks & VALUE_TRUSTED) != 0);
    assert_true((vars_own_text(arena, "{{ x }}", 7)->marks & VALUE_TRUSTED) == 0);
    arena_free(arena);
}

static void test_magic(void **state)
{
    struct world w;

    (void)state;
    world_open(&w);
    w.play.vars = one(&w, "play_hosts", "mine");
    assert_string_equal(get(&w, "inventory_hostname"), "\"a\"");
    assert_string_equal(get(&w, "play_hosts"), "[\"a\"]");
    assert_string_equal(get(&w, "ansible_play_hosts_all"), "[\"a\",\"b\"]");
    assert_string_equal(get(&w, "group_names"), "[\"ungrouped\"]");
    assert_string_equal(get(&w, "role_name"), "\"role\"");
    assert_string_equal(get(&w, "playbook_dir"), "\"/play\"");
    assert_string_equal(get(&w, "groups"), "{\"all\":[\"a\",\"b\"],\"ungrouped\":[\"a\",\"b\"]}");
    vars_scope_put(&w.scope, "item", text(&w, "thing"));
    world_close(&w);
}

static void test_facts(void **state)
{
    struct world w;
    struct value *facts;

    (void)state;
    world_open(&w);
    facts = value_map(w.arena);
    value_map_put(w.arena, facts, "ansible_os", text(&w, "{{ x }}"));
    value_map_put_string(w.arena, facts, "ansible_connection", "evil");
    value_map_put_string(w.arena, facts, "ansible_python_interpreter", "evil");
    value_map_put_string(w.arena, facts, "packages", "p");
    vars_host_add_facts(w.vars, w.inventory->hosts[0], facts);
    assert_string_equal(get(&w, "ansible_os"), "\"{{ x }}\"");
    assert_string_equal(get(&w, "ansible_connection"), "none");
    assert_string_equal(get(&w, "ansible_python_interpreter"), "none");
    assert_string_equal(get(&w, "packages"), "\"p\"");
    assert_string_equal(
        get(&w, "ansible_facts"),
        "{\"os\":\"{{ x }}\",\"connection\":\"evil\",\"python_interpreter\":\"evil\",\"packages\":\"p\"}");
    vars_host_clear_facts(w.vars, w.inventory->hosts[0]);
    assert_string_equal(get(&w, "ansible_facts"), "{}");
    world_close(&w);
}

static void test_memory_is_given_back(void **state)
{
    struct world w;
    char big[10000];

    (void)state;
    world_open(&w);
    memset(big, 'x', sizeof(big) - 1);
    big[sizeof(big) - 1] = '\0';
    vars_host_set(w.vars, w.inventory->hosts[0], "kept", text(&w, "value"));
    for (int i = 0; i < 2000; i++) {
        ARENA_SCOPED scratch = arena_new();

        vars_host_set(w.vars, w.inventory->hosts[0], "r", value_string(scratch, big));
        vars_world_collect(w.vars);
    }
    assert_string_equal(get(&w, "kept"), "\"value\"");
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_precedence),
        cmocka_unit_test(test_role_levels),
        cmocka_unit_test(test_late),
        cmocka_unit_test(test_loop),
        cmocka_unit_test(test_merge),
        cmocka_unit_test(test_own_text),
        cmocka_unit_test(test_magic),
        cmocka_unit_test(test_facts),
        cmocka_unit_test(test_memory_is_given_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

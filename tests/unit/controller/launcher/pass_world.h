/* SPDX-License-Identifier: Apache-2.0 */
/* For tests of the launcher: passes over a store without its thread, and a workload that serves. */
#pragma once

#include "controller/launcher/launcher_internal.h"

#include "../store/store_fixture.h"
#include "common/base/clock.h"
#include "controller/store/store_model.h"
#include "controller/store/store_writer.h"

#define DECLARED                                                                                                       \
    "{\"name\":\"chat\",\"kind\":\"inference\",\"engine\":\"llama_cpp\",\"models\":[\"m\"],\"replicas\":1,"            \
    "\"on_node_loss\":\"move\"}"

struct world {
    struct fixture *fixture;
    struct store *store;
    struct launcher launcher;
};

static inline void world_begin(struct world *world, struct fixture *fixture)
{
    *world = (struct world){ .fixture = fixture };
    OK(store_open(fixture->folder, &world->store, &fixture->err));
    world->launcher = (struct launcher){ .arena = arena_new(),
                                         .options = { .store = world->store },
                                         .wake = -1,
                                         .opened_ms = clock_monotonic_ms(),
                                         .pass = arena_new(),
                                         .facts = facts_cache_new() };
    pthread_mutex_init(&world->launcher.mutex, NULL);
    OK(store_reader_open(world->store, &world->launcher.reader, &fixture->err));
}

static inline void world_end(struct world *world)
{
    if (world->launcher.group != NULL)
        http_group_free(world->launcher.group);
    asks_free(&world->launcher);
    store_reader_close(world->launcher.reader);
    view_free(&world->launcher);
    facts_cache_free(world->launcher.facts);
    log_free(&world->launcher.log);
    if (world->launcher.routes_arena != NULL)
        arena_free(world->launcher.routes_arena);
    arena_free(world->launcher.pass);
    arena_free(world->launcher.arena);
    pthread_mutex_destroy(&world->launcher.mutex);
    store_close(world->store);
}

static inline void declare(struct fixture *fixture)
{
    const struct store_workload row = {
        .name = "chat", .declaration = DECLARED, .is_wanted = true, .changed_us = 1, .changed_by = "me"
    };
    int64_t id = 0;

    OK(store_workload_put(fixture->writer, &row, false, &id, &fixture->err));
}

static inline struct store_instance *instance(struct fixture *fixture)
{
    struct store_instance *list = NULL;
    size_t count = 0;

    OK(store_instance_list(fixture->writer, fixture->arena, 0, &list, &count, &fixture->err));
    assert_int_equal(count, 1);
    return list;
}

static inline bool replica_find(struct fixture *fixture, int64_t replica, struct store_instance *out)
{
    struct store_instance *list = NULL;
    size_t count = 0;

    OK(store_instance_list(fixture->writer, fixture->arena, 0, &list, &count, &fixture->err));
    for (size_t i = 0; i < count; i++) {
        if (list[i].replica != replica)
            continue;
        *out = list[i];
        return true;
    }
    return false;
}

static inline struct store_instance *replica_of(struct fixture *fixture, int64_t replica)
{
    struct store_instance *found = arena_new_of(fixture->arena, struct store_instance);

    assert_true(replica_find(fixture, replica, found));
    return found;
}

static inline void head_put(struct fixture *fixture, int64_t node, int64_t instance_id, int64_t attempt)
{
    const struct store_piece piece = { .node_id = node,
                                       .name = arena_printf(fixture->arena, "chat.0.%lld.head", (long long)attempt),
                                       .instance_id = instance_id,
                                       .attempt = attempt,
                                       .role = "head",
                                       .body = "{\"kind\":\"service\"}",
                                       .is_due = true };
    const struct store_piece_told told = { node, piece.name, "running", "{}", 1 };

    OK(store_piece_add(fixture->writer, &piece, 1, &fixture->err));
    OK(store_piece_tell(fixture->writer, &told, &fixture->err));
}

#define PLAN_ON(node) "{\"parts\":[{\"node\":\"" node "\",\"address\":\"127.0.0.1\",\"port\":9}]}"

/* The declared one serves on n1, with one piece. */
static inline int64_t chat_serves(struct fixture *fixture, struct world *world, int64_t node)
{
    struct store_instance *row = NULL;
    bool is_set = false;

    declare(fixture);
    world_begin(world, fixture);
    pass_run(&world->launcher);
    row = instance(fixture);
    row->attempt = 1;
    row->state = "serving";
    row->plan = PLAN_ON("n1");
    OK(store_instance_set(fixture->writer, row, &is_set, &fixture->err));
    assert_true(is_set);
    head_put(fixture, node, row->id, 1);
    return row->id;
}

static inline struct store_placement placement_of(struct fixture *fixture, int64_t node)
{
    struct store_placement placement;

    OK(store_placement_get(fixture->writer, fixture->arena, node, &placement, &fixture->err));
    return placement;
}

#define GIB ((int64_t)1024 * 1024 * 1024)

/* What the node has left; of 32 GiB. */
static inline void node_has(struct fixture *fixture, int64_t node, int64_t gib)
{
    const struct store_memory memory = { node, 6,
                                         arena_printf(fixture->arena,
                                                      "{\"memory_total\": %lld, \"memory_available\": %lld}",
                                                      (long long)(32 * GIB), (long long)(gib * GIB)) };

    OK(store_memory_set(fixture->writer, &memory, &fixture->err));
}

static inline void node_has_model(struct fixture *fixture, int64_t node, int64_t at_us)
{
    const struct store_model model = { .name = "m@main",
                                       .state = "complete",
                                       .digest = "d1",
                                       .bytes = GIB,
                                       .detail = "{\"links\":\"m\",\"path\":\"/models/m.gguf\"}" };

    OK(store_model_replace(fixture->writer, node, &model, 1, at_us, &fixture->err));
}

/* One where `chat` can run: it has the engine, and memory; and the model. */
static inline int64_t node_ready(struct fixture *fixture, const char *name, uint64_t number, bool has_model)
{
    int64_t node = node_new(fixture, name, number);
    const struct store_engine engine = { .name = "llama_cpp", .build = "b1", .path = "/usr/bin/llama-server" };
    const char *facts =
        arena_printf(fixture->arena, "{\"default_ipv4\": {\"address\": \"10.0.0.%llu\"}}", (unsigned long long)number);

    OK(store_node_facts_set(fixture->writer, node, facts, 1, &fixture->err));
    OK(store_engine_replace(fixture->writer, node, &engine, 1, &fixture->err));
    node_has(fixture, node, 30);
    if (has_model)
        node_has_model(fixture, node, 1);
    return node;
}

static inline void it_is_so(struct fixture *fixture, const char *state, const char *plan)
{
    struct store_instance *row = instance(fixture);
    bool is_set = false;

    row->state = state;
    row->plan = plan;
    OK(store_instance_set(fixture->writer, row, &is_set, &fixture->err));
    assert_true(is_set);
}

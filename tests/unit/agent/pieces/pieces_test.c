/* SPDX-License-Identifier: Apache-2.0 */
/* Rounds over a piece that runs, with stand-ins for what systemd says: its folder of state is kept to its size, also before a start. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <fcntl.h>
#include <cmocka.h>

#include "agent/pieces/pieces.h"
#include "agent/pieces/piece_made.h"
#include "agent/system/unit/unit.h"

static bool open_stand_in(const struct system *system, struct arena *arena, enum unit_scope scope,
                          struct unit_manager **out, struct error *err)
{
    (void)system, (void)arena, (void)scope, (void)err;
    *out = NULL;
    return true;
}

static bool names_stand_in(struct unit_manager *manager, const char *prefix, const char ***out, struct error *err)
{
    static const char *none[1];

    (void)manager, (void)prefix, (void)err;
    *out = none;
    return true;
}

static bool look_stand_in(struct unit_manager *manager, const char *name, struct piece_now *out, struct error *err)
{
    (void)manager, (void)name, (void)err;
    *out = (struct piece_now){ .is_loaded = true, .active = "active", .sub = "running", .result = "" };
    return true;
}

#define unit_manager_open open_stand_in
#define unit_loaded_names names_stand_in
#define piece_look look_stand_in
#include "agent/pieces/pieces.c"
#include "tests/unit/agent/system/recorded_tree.h"

#define BYTES 8192
#define OLD "/var/lib/roost-pieces/rpc/old"
#define NEW "/var/lib/roost-pieces/rpc/new"
#define PLACED                                                                                                         \
    "{\"epoch\": 1, \"pieces\": [{\"name\": \"w\", \"program\": \"/bin/worker\", \"state\": \"rpc\", "                 \
    "\"state_max\": 8192}]}"

struct fixture {
    struct recorded_tree tree;
    struct pieces *pieces;
    struct pieces_round out;
    struct error err;
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    const char *const none[] = { NULL };
    const struct value *map = NULL;

    fixture->tree = recorded_tree_new();
    fixture->pieces = pieces_new(&(struct pieces_options){ .system = recorded_tree_system(&fixture->tree) });
    fixture->pieces->systemd_version = 252;
    recorded_tree_program(&fixture->tree, "worker", "");
    recorded_tree_program(&fixture->tree, "nft", "");
    assert_true(json_read(fixture->tree.arena, PLACED, strlen(PLACED), NULL, &map, &fixture->err));
    assert_true(pieces_set(fixture->pieces, map, NULL, &fixture->err));
    assert_true(entries_collect(fixture->pieces, none));
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    pieces_free(fixture->pieces);
    recorded_tree_free(&fixture->tree);
    free(fixture);
    return 0;
}

/* Of as many bytes as the folder may hold, used so many seconds ago. */
static void put(struct fixture *fixture, const char *path, int64_t ago_s)
{
    const struct timespec at = { .tv_sec = clock_wall_us() / 1000000 - ago_s }, times[2] = { at, at };

    recorded_tree_put(&fixture->tree, path, arena_printf(fixture->tree.arena, "%0*d", BYTES, 0));
    assert_int_equal(utimensat(AT_FDCWD, arena_printf(fixture->tree.arena, "%s%s", fixture->tree.root, path), times, 0),
                     0);
}

static bool is_there(struct fixture *fixture, const char *path)
{
    return path_exists(arena_printf(fixture->tree.arena, "%s%s", fixture->tree.root, path));
}

static void round_run(struct fixture *fixture)
{
    if (!pieces_round(fixture->pieces, fixture->tree.arena, &fixture->out, &fixture->err))
        fail_msg("%s", fixture->err.text);
    assert_null(fixture->out.trouble);
    assert_int_equal(entry_find(fixture->pieces, "w")->state, PIECE_RUNNING);
}

static void state_is_trimmed_every_minute(void **state)
{
    struct fixture *fixture = *state;
    const struct placement_piece *piece = entry_find(fixture->pieces, "w")->piece;

    assert_true(piece_made_write(&fixture->tree.system, fixture->tree.arena, piece, "[Service]\n", &fixture->err));
    put(fixture, OLD, 4000);
    put(fixture, NEW, 3000);
    fixture->pieces->trimmed_ms = clock_monotonic_ms(); /* a round that came for another reason */
    round_run(fixture);
    assert_true(is_there(fixture, OLD));
    assert_int_equal(fixture->out.due_ms, fixture->pieces->trimmed_ms + 60000);
    fixture->pieces->trimmed_ms -= 60000;
    round_run(fixture);
    assert_false(is_there(fixture, OLD));
    assert_true(is_there(fixture, NEW));
    assert_int_equal(fixture->out.due_ms, fixture->pieces->trimmed_ms + 60000);
}

/* What was used a moment ago, too: nothing uses it before the start. */
static void state_is_trimmed_before_a_start(void **state)
{
    struct fixture *fixture = *state;
    struct round round = { .pieces = fixture->pieces,
                           .arena = fixture->tree.arena,
                           .system = &fixture->tree.system,
                           .fs = { &fixture->tree.system, fixture->tree.arena },
                           .host = { .gpu_groups = "" },
                           .out = &fixture->out };
    struct piece_entry *worker = entry_find(fixture->pieces, "w");

    put(fixture, OLD, 10);
    put(fixture, NEW, 0);
    if (!entry_write(&round, worker))
        fail_msg("%s", worker->sentence);
    assert_false(is_there(fixture, OLD));
    assert_true(is_there(fixture, NEW));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(state_is_trimmed_every_minute, setup, teardown),
        cmocka_unit_test_setup_teardown(state_is_trimmed_before_a_start, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
